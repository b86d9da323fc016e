//! The application's clock: a setter of [`mls_options_t`].
use super::{
    error::{mls_error_t, mls_status_t},
    guard::{self, User, guard, mls_drop_fn},
    handle::edit,
    options::mls_options_t,
};
use crate::{CallbackError, Clock};
use std::{ffi::c_void, sync::Arc};

/// Now, seconds since 1970. Called from any thread; it must not call into a client, nor unwind.
pub type mls_clock_fn = Option<extern "C" fn(user: *mut c_void) -> u64>;

/// The time, in place of the system's. `user` goes to every call of `now`, and once to `release` when nothing needs
/// it any more, also if this call fails; `release` may be NULL.
///
/// Errors: `MLS_ERROR_NULL_POINTER` if `now` is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_clock(
    options: *mut mls_options_t,
    now: mls_clock_fn,
    user: *mut c_void,
    release: mls_drop_fn,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    let user = User::new(user, release);
    guard(error, &mut || {
        let now = guard::required(now)?;
        edit(options, |options| options.clock.replace(Arc::new(Callback { now, user: user.clone() }))).map(drop)
    })
}

struct Callback {
    now: extern "C" fn(*mut c_void) -> u64,
    user: User,
}

impl Clock for Callback {
    fn now(&self) -> Result<u64, CallbackError> {
        Ok((self.now)(self.user.data()))
    }
}
