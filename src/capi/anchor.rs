//! The application's anchor, by which a restored backup is noticed: a setter of [`mls_options_t`].
use super::{
    error::{MLS_OK, mls_error_t, mls_status_t},
    guard::{self, User, guard, mls_drop_fn},
    handle::edit,
    options::mls_options_t,
};
use crate::{Anchor, CallbackError};
use std::{ffi::c_void, sync::Arc};

/// Reads the mark into `mark` and answers `MLS_OK`; leaves it 0 if there is none yet. Another answer is a failure. It
/// must not call into a client, nor unwind.
pub type mls_anchor_load_fn = Option<extern "C" fn(user: *mut c_void, mark: *mut u64) -> i32>;

/// Keeps a mark that is larger than any before, and answers `MLS_OK`. Another answer is a failure. It must not call
/// into a client, nor unwind.
pub type mls_anchor_store_fn = Option<extern "C" fn(user: *mut c_void, mark: u64) -> i32>;

/// Where the store's high-water mark is kept: a place that is not part of the same backup as the store (a platform's
/// keystore, a server). With it, a client that opens an older copy of its store refuses to send and asks for a rejoin
/// (`MLS_ERROR_STORE_ROLLED_BACK`); without it the same is noticed only from messages that the old copy does not know.
///
/// `load` is called once when a client opens, `store` after writes that could lose a key if rolled back. When it fails,
/// the write stays and its call succeeds; the next such write tells the anchor, and flush, suspend and close answer
/// `MLS_ERROR_CALLBACK_FAILED` if it fails again, when they have done everything else. `user` goes to every call, from any thread, and once to `release` when nothing needs it any more, also if this call fails;
/// `release` may be NULL.
///
/// Errors: `MLS_ERROR_NULL_POINTER` if `load` or `store` is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_anchor(
    options: *mut mls_options_t,
    load: mls_anchor_load_fn,
    store: mls_anchor_store_fn,
    user: *mut c_void,
    release: mls_drop_fn,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    let user = User::new(user, release);
    guard(error, &mut || {
        let (load, store) = (guard::required(load)?, guard::required(store)?);
        edit(options, |options| options.anchor.replace(Arc::new(Callback { load, store, user: user.clone() })))
            .map(drop)
    })
}

struct Callback {
    load: extern "C" fn(*mut c_void, *mut u64) -> i32,
    store: extern "C" fn(*mut c_void, u64) -> i32,
    user: User,
}

impl Anchor for Callback {
    fn load(&self) -> Result<Option<u64>, CallbackError> {
        let mut mark = 0;
        answered((self.load)(self.user.data(), &mut mark))?;
        Ok((mark != 0).then_some(mark))
    }

    fn store(&self, mark: u64) -> Result<(), CallbackError> {
        answered((self.store)(self.user.data(), mark))
    }
}

fn answered(status: i32) -> Result<(), CallbackError> {
    if status == MLS_OK { Ok(()) } else { Err(CallbackError::new(format!("the anchor answered {status}"))) }
}
