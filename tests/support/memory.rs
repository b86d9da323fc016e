//! SQLite without memory: its allocator, with one allocation of a call that answers nothing.
//!
//! Each kind of call is made with its first allocation failing, then its second, and so on, until it meets no failure any
//! more. An allocation that SQLite can do without does not end the call, and counts as tried.
#![allow(unsafe_code)] // SQLite's configuration is made of pointers
use rusqlite::ffi;
use std::{
    collections::HashMap,
    ffi::{c_int, c_void},
    ptr,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

type Allocate = unsafe extern "C" fn(c_int) -> *mut c_void;
type Reallocate = unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void;

/// SQLite's own.
static REAL: OnceLock<(Allocate, Reallocate)> = OnceLock::new();
/// How many allocations are left until the one that fails. 0: none will.
static LEFT: AtomicU64 = AtomicU64::new(0);
static FAILED: AtomicU64 = AtomicU64::new(0);

fn fails() -> bool {
    let left = LEFT.load(Ordering::Relaxed);
    if left > 0 {
        LEFT.store(left - 1, Ordering::Relaxed);
        FAILED.fetch_add(u64::from(left == 1), Ordering::Relaxed);
    }
    left == 1
}

unsafe extern "C" fn allocate(len: c_int) -> *mut c_void {
    let (real, _) = REAL.get().expect("installed");
    // SAFETY: SQLite's own, with its own argument.
    if fails() { ptr::null_mut() } else { unsafe { real(len) } }
}

unsafe extern "C" fn reallocate(block: *mut c_void, len: c_int) -> *mut c_void {
    let (_, real) = REAL.get().expect("installed");
    // SAFETY: as above.
    if fails() { ptr::null_mut() } else { unsafe { real(block, len) } }
}

/// What each kind of call has been through.
pub struct Scarce {
    step: u64,
    /// Which allocation of a call fails next; `None` if it has had its last one.
    next: HashMap<String, Option<u64>>,
}

impl Scarce {
    /// To be called before anything else uses SQLite. Every `step`-th allocation of a call fails in its turn.
    pub fn every(step: usize) -> Self {
        let mut methods = ffi::sqlite3_mem_methods {
            xMalloc: None,
            xFree: None,
            xRealloc: None,
            xSize: None,
            xRoundup: None,
            xInit: None,
            xShutdown: None,
            pAppData: ptr::null_mut(),
        };
        // SAFETY: SQLite is not in use yet, and copies what it is given. Without its small own pools everything it needs
        // comes from here.
        unsafe {
            assert_eq!(ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, &raw mut methods), ffi::SQLITE_OK);
            assert_eq!(ffi::sqlite3_config(ffi::SQLITE_CONFIG_LOOKASIDE, 0 as c_int, 0 as c_int), ffi::SQLITE_OK);
        }
        let failing = ffi::sqlite3_mem_methods { xMalloc: Some(allocate), xRealloc: Some(reallocate), ..methods };
        let real = (methods.xMalloc.expect("there is one"), methods.xRealloc.expect("there is one"));
        assert!(REAL.set(real).is_ok(), "once a process");
        // SAFETY: as above.
        unsafe {
            assert_eq!(ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const failing), ffi::SQLITE_OK);
        }
        Self { step: step as u64, next: HashMap::new() }
    }

    /// Makes a call, with the failure that is its turn.
    pub fn during<T>(&mut self, call: &str, make: impl FnOnce() -> T) -> T {
        let next = self.next.entry(call.to_owned()).or_insert(Some(1 + call.len() as u64 % self.step));
        let before = FAILED.load(Ordering::Relaxed);
        LEFT.store(next.unwrap_or(0), Ordering::Relaxed);
        let made = make();
        LEFT.store(0, Ordering::Relaxed);
        let has_failed = FAILED.load(Ordering::Relaxed) > before;
        *next = next.filter(|_| has_failed).map(|at| at + self.step);
        made
    }

    /// How many allocations have failed in this process.
    pub fn failures() -> u64 {
        FAILED.load(Ordering::Relaxed)
    }
}
