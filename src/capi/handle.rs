//! Handles: one generation-checked table of everything that C holds.
//!
//! A handle's pointer value is not an address but a token: slot, generation, type tag. It is looked up, never
//! followed, so a freed, foreign, forged or inherited handle is an answer and not undefined behaviour. Every call
//! clones the `Arc` in the slot: an object that another thread frees meanwhile lives until the call is over.
//!
//! | the token | the answer |
//! |---|---|
//! | NULL | `NullPointer` |
//! | its generation is over, or there never was one | `Closed` |
//! | it is of another noun | `WrongType` |
//! | it was made before the process forked | `Forked` |
//!
//! This file knows nothing of what the objects are. It has no locks that outlive a lookup and calls nobody.
mod table;

use crate::{ErrorCode, Result, error::fail};
use std::ptr;
use sync::{Arc, Mutex, OnceLock};
use table::Table;
pub(super) use table::{Tag, lock};

/// What the table locks with.
mod sync {
    pub(super) use std::sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    };
}

/// An opaque C type: what it stands for, and its tag.
pub(super) trait Handle {
    type Object: Send + Sync + 'static;
    const TAG: Tag;
}

/// Puts an object into the table.
pub(super) fn new<H: Handle>(object: H::Object) -> Result<*mut H> {
    static AT_FORK: OnceLock<libc::c_int> = OnceLock::new();
    // SAFETY: `forked` is async-signal-safe: it stores two atomics of a static.
    let registered = *AT_FORK.get_or_init(|| unsafe { libc::pthread_atfork(None, None, Some(forked)) });
    if registered != 0 {
        return fail(ErrorCode::Engine, "the system cannot watch for fork");
    }
    TABLE.insert(H::TAG, Arc::new(object)).map(ptr::without_provenance_mut)
}

/// The object of a handle.
pub(super) fn get<H: Handle>(handle: *const H) -> Result<Arc<H::Object>> {
    let object = TABLE.get(handle.addr(), H::TAG)?;
    Ok(object.downcast().expect("the tag tells the type"))
}

/// Takes a handle out of the table. What is not a live handle of this noun is left alone: `free` never fails.
pub(super) fn free<H: Handle>(handle: *mut H) {
    // The object may end here, and may call the application: no lock is held any more.
    drop(TABLE.remove(handle.addr(), H::TAG));
}

/// Changes a builder. What `change` returns is dropped without the lock: it may be the application's.
pub(super) fn edit<H, T, R>(builder: *const H, change: impl FnOnce(&mut T) -> R) -> Result<R>
where
    H: Handle<Object = Mutex<T>>,
    T: Send + 'static,
{
    Ok(change(&mut lock(&*get(builder)?)))
}

/// What a builder holds now.
pub(super) fn value<H, T>(builder: *const H) -> Result<T>
where
    H: Handle<Object = Mutex<T>>,
    T: Clone + Send + 'static,
{
    edit(builder, |value| value.clone())
}

/// What a builder holds now, or the defaults for `MLS_DEFAULTS`.
pub(super) fn value_or_default<H, T>(builder: *const H) -> Result<T>
where
    H: Handle<Object = Mutex<T>>,
    T: Clone + Default + Send + 'static,
{
    if builder.is_null() { Ok(T::default()) } else { value(builder) }
}

/// Reads an element of a list.
pub(super) fn item<H, T, R>(list: *const H, index: usize, read: impl FnOnce(&T) -> R) -> Result<R>
where
    H: Handle<Object = Vec<T>>,
    T: Send + Sync + 'static,
{
    match get(list)?.get(index) {
        Some(element) => Ok(read(element)),
        None => fail(ErrorCode::InvalidArgument, "the index is past the end of the list"),
    }
}

/// How many elements a list has.
pub(super) fn count<H, T>(list: *const H) -> Result<usize>
where
    H: Handle<Object = Vec<T>>,
    T: Send + Sync + 'static,
{
    Ok(get(list)?.len())
}

/// Lends an object to a callback: its handle is gone when the callback returns.
pub(super) fn lend<H: Handle, R>(object: H::Object, call: impl FnOnce(*mut H) -> R) -> Result<R> {
    let handle = new(object)?;
    let answer = call(handle);
    free(handle);
    Ok(answer)
}

static TABLE: Table = Table::new(1);

extern "C" fn forked() {
    TABLE.forked();
}

#[cfg(test)]
mod tests;
