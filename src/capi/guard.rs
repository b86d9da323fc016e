//! The guard that every export runs in, and how a result leaves it.
//!
//! On entry the error and the result are cleared; a NULL for the result is answered before anything is done; a panic
//! is caught and becomes `Panic`. So a call either answers `MLS_OK` with a result, or another status with none.
use super::{
    bytes::mls_bytes_t,
    error::{self, MLS_OK, mls_error_t, mls_status_t},
    handle::{self, Handle},
};
use crate::{ErrorCode, MlsError, Result, error::fail};
use std::{
    any::Any,
    ffi::{c_char, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::Arc,
};

/// How a Rust value looks in C.
pub(super) trait Out {
    type C: Copy;
    /// What C sees when there is no result.
    const NONE: Self::C;
    fn into_c(self) -> Result<Self::C>;
}

macro_rules! out_as_it_is {
    ($($number:ty = $none:literal),*) => {
        $(impl Out for $number {
            type C = Self;
            const NONE: Self = $none;
            fn into_c(self) -> Result<Self> {
                Ok(self)
            }
        })*
    };
}

out_as_it_is!(bool = false, i32 = 0, u16 = 0, u32 = 0, u64 = 0, usize = 0);

/// A C string that lives elsewhere; never NULL.
impl Out for *const c_char {
    type C = Self;
    const NONE: Self = c"".as_ptr();
    fn into_c(self) -> Result<Self> {
        Ok(self)
    }
}

impl Out for Vec<u8> {
    type C = mls_bytes_t;
    const NONE: mls_bytes_t = mls_bytes_t::NONE;
    fn into_c(self) -> Result<mls_bytes_t> {
        Ok(self.into())
    }
}

impl Out for String {
    type C = mls_bytes_t;
    const NONE: mls_bytes_t = mls_bytes_t::NONE;
    fn into_c(self) -> Result<mls_bytes_t> {
        Ok(self.into_bytes().into())
    }
}

/// Absent bytes have no data; empty ones have.
impl<T: Out<C = mls_bytes_t>> Out for Option<T> {
    type C = mls_bytes_t;
    const NONE: mls_bytes_t = mls_bytes_t::NONE;
    fn into_c(self) -> Result<mls_bytes_t> {
        self.map_or(Ok(Self::NONE), T::into_c)
    }
}

/// An object that leaves as a new handle.
pub(super) struct New<H: Handle>(pub H::Object);

impl<H: Handle> Out for New<H> {
    type C = *mut H;
    const NONE: *mut H = ptr::null_mut();
    fn into_c(self) -> Result<*mut H> {
        handle::new(self.0)
    }
}

/// Runs a call that has no result but its status.
///
/// # Safety
/// `error` is NULL or can be written.
#[inline(never)] // once, and not in each of hundreds of exports: it is a tenth of their code
pub(super) unsafe fn guard(error: *mut *mut mls_error_t, body: &mut dyn FnMut() -> Result<()>) -> mls_status_t {
    // SAFETY: the caller's contract.
    unsafe { error::clear(error) };
    match caught(body) {
        Ok(()) => MLS_OK,
        // SAFETY: the caller's contract.
        Err(failure) => unsafe { error::give(error, failure) },
    }
}

/// Runs a call that has a result. Nothing is done if there is no place for it.
///
/// # Safety
/// `out` and `error` are each NULL or can be written.
pub(super) unsafe fn give<T: Out>(
    out: *mut T::C,
    error: *mut *mut mls_error_t,
    mut body: impl FnMut() -> Result<T>,
) -> mls_status_t {
    if !out.is_null() {
        // SAFETY: it is not NULL, and the caller's contract.
        unsafe { out.write(T::NONE) };
    }
    let mut body = || {
        if out.is_null() {
            return fail(ErrorCode::NullPointer, "there is no place for the result");
        }
        let value = body()?.into_c()?;
        // SAFETY: as above.
        unsafe { out.write(value) };
        Ok(())
    };
    // SAFETY: the caller's contract.
    unsafe { guard(error, &mut body) }
}

/// Runs a look-up that answers by its value: 0 or NULL for a handle or an index that is none.
pub(super) fn answer<T: Out>(mut body: impl FnMut() -> Result<T>) -> T::C {
    let mut answer = T::NONE;
    let _ = caught(&mut || {
        answer = body()?.into_c()?;
        Ok(())
    });
    answer
}

/// Lets a handle go. Never fails; a panic while the object ends stays here.
pub(super) fn free<H: Handle>(handle: *mut H) {
    let _ = caught(&mut || {
        handle::free(handle);
        Ok(())
    });
}

#[inline(never)]
fn caught(body: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    let body = || {
        #[cfg(feature = "faults")]
        faults::panic_if_asked();
        body()
    };
    // What a panic can leave behind is behind locks that recover, or in a group that reloads itself.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

fn panicked(panic: &(dyn Any + Send)) -> MlsError {
    let word = panic.downcast_ref::<&str>().copied();
    let word = word.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default();
    MlsError::new(ErrorCode::Panic, "libmls panicked: this is a bug in it").with_detail(word)
}

/// A value that is not always there: `InvalidArgument` if it is not.
pub(super) fn present<T>(value: Option<T>) -> Result<T> {
    match value {
        Some(value) => Ok(value),
        None => fail(ErrorCode::InvalidArgument, "there is no such value in this object"),
    }
}

/// An enum's number that is none of its values.
pub(super) fn no_such<T>(what: &str, value: i32) -> Result<T> {
    fail(ErrorCode::InvalidArgument, format!("{value} is no {what}"))
}

/// A function that the application must give.
pub(super) fn required<T>(function: Option<T>) -> Result<T> {
    match function {
        Some(function) => Ok(function),
        None => fail(ErrorCode::NullPointer, "the callback is NULL"),
    }
}

/// Called once with the `user` pointer of a callback when libmls does not need it any more. It must not unwind, and
/// may come from any thread.
pub type mls_drop_fn = Option<extern "C" fn(user: *mut c_void)>;

/// What an application's callback is called with, shared. Let go exactly once, whatever becomes of the call that brought it.
#[derive(Clone)]
pub(super) struct User(Arc<Lent>);

struct Lent {
    data: *mut c_void,
    release: mls_drop_fn,
}

// SAFETY: libmls never follows the pointer; the setters' contract is that callbacks may come from any thread.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl User {
    pub(super) fn new(data: *mut c_void, release: mls_drop_fn) -> Self {
        Self(Arc::new(Lent { data, release }))
    }

    pub(super) fn data(&self) -> *mut c_void {
        self.0.data
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            release(self.data);
        }
    }
}

#[cfg(feature = "faults")]
mod faults {
    //! A panic behind an export, for tests.
    use std::sync::atomic::{AtomicBool, Ordering};

    static ASKED: AtomicBool = AtomicBool::new(false);

    pub(super) fn panic_if_asked() {
        if ASKED.swap(false, Ordering::Relaxed) {
            panic!("a fault was asked for");
        }
    }

    /// Makes the next export of any thread panic. Not in a release.
    #[unsafe(no_mangle)]
    pub extern "C" fn mls_faults_panic_next() {
        ASKED.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_and_leaves_no_result() {
        let (mut out, mut error) = (7_u32, ptr::null_mut());
        // SAFETY: both places are locals.
        let status = unsafe { give(&mut out, &mut error, || -> Result<u32> { panic!("a bug") }) };
        assert_eq!((status, out), (ErrorCode::Panic as i32, 0));
        // SAFETY: it is a handle, or NULL.
        unsafe {
            assert_eq!(error::mls_error_code(error), status);
            error::mls_error_free(error);
        }
    }

    #[test]
    fn a_call_without_a_place_for_its_result_is_not_made() {
        // SAFETY: NULL is fine.
        let status = unsafe { give(ptr::null_mut(), ptr::null_mut(), || -> Result<u32> { unreachable!() }) };
        assert_eq!(status, ErrorCode::NullPointer as i32);
    }

    #[test]
    fn a_failed_call_clears_its_result() {
        let mut out = mls_bytes_t { data: ptr::dangling_mut(), len: 9 };
        let body = || -> Result<Vec<u8>> { fail(ErrorCode::Denied, "no") };
        // SAFETY: the place is a local.
        assert_eq!(unsafe { give(&mut out, ptr::null_mut(), body) }, ErrorCode::Denied as i32);
        assert!(out.data.is_null() && out.len == 0);
    }
}
