//! The allocator that wipes what is freed, so that no copy of a secret outlives its owner on the heap.
//!
//! Only where the C library brings its own: a Rust program keeps the allocator it has. AWS-LC wipes what it frees by
//! itself, and SQLite sees sealed values only.
use std::alloc::{GlobalAlloc, Layout, System};

#[global_allocator]
static WIPING: Wiping = Wiping;

struct Wiping;

// SAFETY: every method is `System`'s, with a write to memory that is allocated and about to be freed.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block has this size and is not used any more.
        unsafe { block.write_bytes(0, layout.size()) };
        // SAFETY: no layout here is empty. The barrier keeps the compiler from leaving the write out.
        unsafe { zeroize::optimization_barrier(&*block) };
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(block, layout) }
    }

    // `realloc` is the default one: a new block, a copy, and `dealloc` of the old one.
}
