//! Who sent something, or whom it is about.
use super::{
    bytes::mls_bytes_t,
    credential::mls_credential_t,
    error::{mls_error_t, mls_status_t},
    guard::{self, New, give},
    handle::{self, Handle, Tag, item},
};
use crate::{Sender, SenderKind};
use std::sync::Mutex;

/// A member of the group.
pub const MLS_SENDER_MEMBER: i32 = 1;
/// A sender of the `external_senders` extension.
pub const MLS_SENDER_EXTERNAL: i32 = 2;
/// Somebody who proposes to be added.
pub const MLS_SENDER_NEW_MEMBER_PROPOSAL: i32 = 3;
/// Somebody who joined by this external commit.
pub const MLS_SENDER_NEW_MEMBER_COMMIT: i32 = 4;

/// Who sent something, or whom it is about (RFC 9420 section 6): several, one, or none where it is not known.
pub struct mls_senders_t {
    _opaque: [u8; 0],
}

impl Handle for mls_senders_t {
    type Object = Vec<Sender>;
    const TAG: Tag = Tag::Senders;
}

/// How many senders there are. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_senders_count(senders: *const mls_senders_t) -> usize {
    guard::answer(|| handle::count(senders))
}

/// Lets a list go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_senders_free(senders: *mut mls_senders_t) {
    guard::free(senders);
}

/// Where a sender stands, one of `MLS_SENDER_*`. 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_senders_kind(senders: *const mls_senders_t, index: usize) -> i32 {
    guard::answer(|| item(senders, index, |sender| sender.kind as i32))
}

/// A member's leaf; an external sender's place in `external_senders`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end, and for others, who have none.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_senders_leaf(
    senders: *const mls_senders_t,
    index: usize,
    out: *mut u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || guard::present(item(senders, index, |sender| sender.leaf)?))
}

/// A sender's credential. Yours: `mls_credential_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end, and if it is not known.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_senders_credential(
    senders: *const mls_senders_t,
    index: usize,
    out: *mut *mut mls_credential_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let credential = guard::present(item(senders, index, |sender| sender.credential.clone())?)?;
        Ok(New(Mutex::new(credential)))
    })
}

/// The user that a sender's credential names, UTF-8; absent if it is not of the client's form. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_senders_user(
    senders: *const mls_senders_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(senders, index, |sender| sender.user.clone()))
}

/// The device that a sender's credential names, UTF-8; absent if it is not of the client's form. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_senders_device(
    senders: *const mls_senders_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(senders, index, |sender| sender.device.clone()))
}

/// A sender's public signature key; empty if it is not known. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_senders_signature_key(
    senders: *const mls_senders_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(senders, index, |sender| sender.signature_key.clone()))
}

const _: () = {
    assert!(MLS_SENDER_MEMBER == SenderKind::Member as i32 && MLS_SENDER_EXTERNAL == SenderKind::External as i32);
    assert!(MLS_SENDER_NEW_MEMBER_PROPOSAL == SenderKind::NewMemberProposal as i32);
    assert!(MLS_SENDER_NEW_MEMBER_COMMIT == SenderKind::NewMemberCommit as i32);
};
