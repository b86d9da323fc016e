//! Errors: a status that every call returns, and a handle with the words for it.
use super::{
    bytes, guard,
    handle::{self, Handle, Tag},
};
use crate::{Advice, ErrorCode, MlsError};
use std::{
    ffi::{CString, c_char},
    ptr,
    sync::OnceLock,
};

/// What a call answers: `MLS_OK`, or one of `MLS_ERROR_*`.
pub type mls_status_t = i32;

/// The call did what it says.
pub const MLS_OK: i32 = 0;
/// An argument is out of its documented range.
pub const MLS_ERROR_INVALID_ARGUMENT: i32 = 1;
/// A required pointer is NULL.
pub const MLS_ERROR_NULL_POINTER: i32 = 2;
/// A string is not UTF-8.
pub const MLS_ERROR_INVALID_UTF8: i32 = 3;
/// The object was freed or closed, or was never made here.
pub const MLS_ERROR_CLOSED: i32 = 4;
/// The handle is of another type.
pub const MLS_ERROR_WRONG_TYPE: i32 = 5;
/// A callback called into the object that is calling it.
pub const MLS_ERROR_REENTRANT: i32 = 6;
/// The process forked after the handle was made; open the client again in the child.
pub const MLS_ERROR_FORKED: i32 = 7;
/// A bug in libmls: a panic was caught. The group is read again from its store at the next call.
pub const MLS_ERROR_PANIC: i32 = 8;
/// The role the client was opened with does not allow this call.
pub const MLS_ERROR_NOT_ALLOWED: i32 = 9;
/// Cipher suite, extension, or feature that this build does not have.
pub const MLS_ERROR_UNSUPPORTED: i32 = 10;
/// A callback of the application failed.
pub const MLS_ERROR_CALLBACK_FAILED: i32 = 11;
/// The store cannot be read yet: the device is locked or another process holds it.
pub const MLS_ERROR_STORE_LOCKED: i32 = 20;
/// The store key does not open this store. The store is untouched.
pub const MLS_ERROR_STORE_KEY_WRONG: i32 = 21;
/// The store's content is damaged, or is no libmls store. It is untouched.
pub const MLS_ERROR_STORE_CORRUPT: i32 = 22;
/// A newer libmls wrote the store. It is untouched.
pub const MLS_ERROR_STORE_NEWER: i32 = 23;
/// No space is left; nothing was changed.
pub const MLS_ERROR_STORE_FULL: i32 = 24;
/// Reading or writing failed; nothing was changed.
pub const MLS_ERROR_STORE_IO: i32 = 25;
/// Another handle or process kept changing the group; nothing was changed.
pub const MLS_ERROR_STALE: i32 = 26;
/// The client is suspended; resume it first.
pub const MLS_ERROR_SUSPENDED: i32 = 27;
/// The store belongs to another device than the options say.
pub const MLS_ERROR_STORE_IDENTITY: i32 = 28;
/// The store is an older copy of itself, a restored backup: sending would use keys twice. Join the group again by an
/// external commit.
pub const MLS_ERROR_STORE_ROLLED_BACK: i32 = 29;
/// This device has no such group.
pub const MLS_ERROR_GROUP_NOT_FOUND: i32 = 40;
/// A group of this id exists already.
pub const MLS_ERROR_GROUP_EXISTS: i32 = 41;
/// This device was removed, or the group was replaced: it can no longer be used.
pub const MLS_ERROR_GROUP_CLOSED: i32 = 42;
/// The external commit that joins this group is not accepted yet.
pub const MLS_ERROR_GROUP_JOINING: i32 = 43;
/// Proposals wait: commit them first (RFC 9420 section 12.4).
pub const MLS_ERROR_COMMIT_REQUIRED: i32 = 44;
/// No successor is announced for this group, or it cannot be joined this way.
pub const MLS_ERROR_NO_SUCCESSOR: i32 = 46;
/// No such commit is pending.
pub const MLS_ERROR_COMMIT_NOT_FOUND: i32 = 50;
/// Another commit won the epoch.
pub const MLS_ERROR_SUPERSEDED: i32 = 51;
/// The commit is not accepted yet, so its Welcomes must not leave the device.
pub const MLS_ERROR_COMMIT_NOT_ACCEPTED: i32 = 52;
/// Four commits are pending in this epoch already.
pub const MLS_ERROR_TOO_MANY_COMMITS: i32 = 53;
/// A proposal is not valid in this group now.
pub const MLS_ERROR_INVALID_PROPOSAL: i32 = 60;
/// No such proposal is cached.
pub const MLS_ERROR_PROPOSAL_NOT_FOUND: i32 = 61;
/// No member is at this leaf.
pub const MLS_ERROR_MEMBER_NOT_FOUND: i32 = 62;
/// The device is a member already.
pub const MLS_ERROR_DUPLICATE_MEMBER: i32 = 63;
/// The key package is malformed, or its signature or suite does not fit.
pub const MLS_ERROR_INVALID_KEY_PACKAGE: i32 = 70;
/// The key package's lifetime does not include now.
pub const MLS_ERROR_KEY_PACKAGE_EXPIRED: i32 = 71;
/// No such key package is in the inventory.
pub const MLS_ERROR_KEY_PACKAGE_NOT_FOUND: i32 = 72;
/// The credential is malformed.
pub const MLS_ERROR_INVALID_CREDENTIAL: i32 = 80;
/// The validator or the roots turned the credential down.
pub const MLS_ERROR_CREDENTIAL_DENIED: i32 = 81;
/// The validator answered "later".
pub const MLS_ERROR_CREDENTIAL_LATER: i32 = 82;
/// The private key does not belong to the credential or the suite.
pub const MLS_ERROR_INVALID_SIGNING_KEY: i32 = 83;
/// The bytes are no MLS message.
pub const MLS_ERROR_INVALID_MESSAGE: i32 = 90;
/// A message of this kind does not belong in this call.
pub const MLS_ERROR_UNEXPECTED_MESSAGE: i32 = 91;
/// The input is over a documented limit.
pub const MLS_ERROR_TOO_LARGE: i32 = 92;
/// No such invitation waits.
pub const MLS_ERROR_INVITATION_NOT_FOUND: i32 = 93;
/// The ratchet tree has to be given with this Welcome or GroupInfo.
pub const MLS_ERROR_TREE_REQUIRED: i32 = 94;
/// The ratchet tree does not fit the group.
pub const MLS_ERROR_INVALID_TREE: i32 = 95;
/// The Welcome cannot be opened, or what is in it is not valid.
pub const MLS_ERROR_INVALID_WELCOME: i32 = 96;
/// The GroupInfo is not valid, or does not allow an external commit.
pub const MLS_ERROR_INVALID_GROUP_INFO: i32 = 97;
/// A pre-shared key is missing or has another value.
pub const MLS_ERROR_PSK_NOT_FOUND: i32 = 98;
/// The inbox is full: acknowledge events first. No key was consumed.
pub const MLS_ERROR_INBOX_FULL: i32 = 100;
/// This device's own policy denies it.
pub const MLS_ERROR_DENIED: i32 = 101;
/// A cryptographic operation failed.
pub const MLS_ERROR_CRYPTO: i32 = 110;
/// The engine failed in a way that has no code of its own; see the detail.
pub const MLS_ERROR_ENGINE: i32 = 111;
/// The same call can succeed later.
pub const MLS_ADVICE_RETRY: i32 = 1;
/// The call, not the state, is at fault.
pub const MLS_ADVICE_FIX_CALL: i32 = 2;
/// Use the object again: it is read afresh from the store.
pub const MLS_ADVICE_RELOAD: i32 = 3;
/// Join the group again by an external commit, with the user's consent.
pub const MLS_ADVICE_REJOIN: i32 = 4;
/// Wait until the device is unlocked or the other process is done.
pub const MLS_ADVICE_UNLOCK: i32 = 5;
/// Restore the store, or start anew.
pub const MLS_ADVICE_RESTORE: i32 = 6;
/// No retry will help.
pub const MLS_ADVICE_GIVE_UP: i32 = 7;

/// Why a call failed. It never carries a secret.
pub struct mls_error_t {
    _opaque: [u8; 0],
}

impl Handle for mls_error_t {
    type Object = Report;
    const TAG: Tag = Tag::Error;
}

/// An error with its words as C strings, which live as long as the handle.
pub(super) struct Report {
    code: ErrorCode,
    message: CString,
    detail: CString,
}

/// Takes away what an error pointer held. Whoever reuses one frees the error first.
///
/// # Safety
/// `error` is NULL or can be written.
pub(super) unsafe fn clear(error: *mut *mut mls_error_t) {
    if !error.is_null() {
        // SAFETY: it is not NULL, and the caller's contract.
        unsafe { error.write(ptr::null_mut()) };
    }
}

/// Answers a failure: its code, and its words if there is a place for them.
///
/// # Safety
/// `error` is NULL or can be written.
pub(super) unsafe fn give(error: *mut *mut mls_error_t, failure: MlsError) -> mls_status_t {
    let code = failure.code();
    if !error.is_null() {
        let (message, detail) = (bytes::c_string(&failure.message()), bytes::c_string(&failure.detail()));
        // Without a handle to spare the status alone has to do.
        let report = handle::new(Report { code, message, detail }).unwrap_or(ptr::null_mut());
        // SAFETY: it is not NULL, and the caller's contract.
        unsafe { error.write(report) };
    }
    code as mls_status_t
}

/// The error's code, one of `MLS_ERROR_*`. 0 if it is no error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_error_code(error: *const mls_error_t) -> mls_status_t {
    guard::answer(|| Ok(handle::get(error)?.code as i32))
}

/// What to do about it, one of `MLS_ADVICE_*`. 0 if it is no error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_error_advice(error: *const mls_error_t) -> i32 {
    guard::answer(|| Ok(handle::get(error)?.code.advice() as i32))
}

/// One sentence for the developer, in English. Not stable. The string is the error's: it ends with it. Empty if it
/// is no error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_error_message(error: *const mls_error_t) -> *const c_char {
    guard::answer(|| Ok(handle::get(error)?.message.as_ptr()))
}

/// The engine's or the database's own word for it, possibly empty. Not stable. The string is the error's: it ends
/// with it. Empty if it is no error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_error_detail(error: *const mls_error_t) -> *const c_char {
    guard::answer(|| Ok(handle::get(error)?.detail.as_ptr()))
}

/// The name of the error's code: `"GROUP_NOT_FOUND"` for `MLS_ERROR_GROUP_NOT_FOUND`. The string is static. Empty if
/// it is no error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_error_name(error: *const mls_error_t) -> *const c_char {
    guard::answer(|| Ok(name(handle::get(error)?.code as i32)))
}

/// Lets an error go, with its strings. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_error_free(error: *mut mls_error_t) {
    guard::free(error);
}

/// The name of a status: `"OK"`, or what `mls_error_name` says. The string is static. Empty if there is no such
/// status.
#[unsafe(no_mangle)]
pub extern "C" fn mls_status_name(status: mls_status_t) -> *const c_char {
    guard::answer(|| Ok(if status == MLS_OK { c"OK".as_ptr() } else { name(status) }))
}

/// What to do about a status, one of `MLS_ADVICE_*`. 0 for `MLS_OK` and what is no status.
#[unsafe(no_mangle)]
pub extern "C" fn mls_status_advice(status: mls_status_t) -> i32 {
    guard::answer(|| Ok(ErrorCode::from_value(status).map_or(0, |code| code.advice() as i32)))
}

fn name(status: mls_status_t) -> *const c_char {
    static NAMES: OnceLock<Vec<(i32, CString)>> = OnceLock::new();
    let all = || ErrorCode::ALL.iter().map(|code| (*code as i32, bytes::c_string(code.name()))).collect();
    let names = NAMES.get_or_init(all);
    names.iter().find(|(value, _)| *value == status).map_or(c"".as_ptr(), |(_, name)| name.as_ptr())
}

const _: () = {
    assert!(MLS_ADVICE_RETRY == Advice::Retry as i32 && MLS_ADVICE_FIX_CALL == Advice::FixCall as i32);
    assert!(MLS_ADVICE_RELOAD == Advice::Reload as i32 && MLS_ADVICE_REJOIN == Advice::Rejoin as i32);
    assert!(MLS_ADVICE_UNLOCK == Advice::Unlock as i32 && MLS_ADVICE_RESTORE == Advice::Restore as i32);
    assert!(MLS_ADVICE_GIVE_UP == Advice::GiveUp as i32);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_every_code_with_its_number() {
        let header = include_str!("../../include/mls.h");
        for code in ErrorCode::ALL {
            let line = format!("#define MLS_ERROR_{} {}\n", code.name(), *code as i32);
            assert!(header.contains(&line), "missing: {line}");
        }
        assert_eq!(header.matches("#define MLS_ERROR_").count(), ErrorCode::ALL.len());
    }
}
