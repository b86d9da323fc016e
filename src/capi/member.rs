//! The roster: who is in a group.
use super::{
    bytes::mls_bytes_t,
    credential::mls_credential_t,
    error::{mls_error_t, mls_status_t},
    extension::mls_extensions_t,
    guard::{self, New, give},
    handle::{self, Handle, Tag, item},
};
use crate::{Member, Result};
use std::sync::Mutex;

/// Extension types that a member knows.
pub const MLS_CAPABILITY_EXTENSION: i32 = 1;
/// Proposal types that a member knows.
pub const MLS_CAPABILITY_PROPOSAL: i32 = 2;
/// Credential types that a member knows.
pub const MLS_CAPABILITY_CREDENTIAL: i32 = 3;
/// Cipher suites that a member knows.
pub const MLS_CAPABILITY_CIPHER_SUITE: i32 = 4;

/// Members of a group, in the order of their leaves.
pub struct mls_members_t {
    _opaque: [u8; 0],
}

impl Handle for mls_members_t {
    type Object = Vec<Member>;
    const TAG: Tag = Tag::Members;
}

/// How many members there are. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_members_count(members: *const mls_members_t) -> usize {
    guard::answer(|| handle::count(members))
}

/// Lets a list go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_members_free(members: *mut mls_members_t) {
    guard::free(members);
}

/// Where a member's leaf is in the tree. Stable while it is a member.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_members_leaf(
    members: *const mls_members_t,
    index: usize,
    out: *mut u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(members, index, |member| member.leaf))
}

/// A member's credential. Yours: `mls_credential_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_members_credential(
    members: *const mls_members_t,
    index: usize,
    out: *mut *mut mls_credential_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(members, index, |member| New(Mutex::new(member.credential.clone()))))
}

/// The user that a member's credential names, UTF-8; absent if it is not of the client's form. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_members_user(
    members: *const mls_members_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(members, index, |member| member.user.clone()))
}

/// The device that a member's credential names, UTF-8; absent if it is not of the client's form. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_members_device(
    members: *const mls_members_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(members, index, |member| member.device.clone()))
}

/// A member's public signature key. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_members_signature_key(
    members: *const mls_members_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(members, index, |member| member.signature_key.clone()))
}

/// The epoch in which a member's keys last changed, as far as this device has seen (at first the epoch of its own
/// join).
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_members_last_update(
    members: *const mls_members_t,
    index: usize,
    out: *mut u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(members, index, |member| member.last_update))
}

/// The extensions of a member's leaf. Yours: `mls_extensions_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_members_extensions(
    members: *const mls_members_t,
    index: usize,
    out: *mut *mut mls_extensions_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(members, index, |member| New(Mutex::new(member.extensions.clone()))))
}

/// How many types a member says it knows (RFC 9420 section 7.2), those of RFC 9420's defaults left out. `capability`
/// is one of `MLS_CAPABILITY_*`. 0 past the end, and for another capability.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_members_capabilities_count(
    members: *const mls_members_t,
    index: usize,
    capability: i32,
) -> usize {
    guard::answer(|| item(members, index, |member| known(member, capability).map(<[u16]>::len))?)
}

/// One of the types that a member says it knows, by its position among them. `capability` is one of
/// `MLS_CAPABILITY_*`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end, and for another capability.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_members_capability(
    members: *const mls_members_t,
    index: usize,
    capability: i32,
    position: usize,
    out: *mut u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let kind = item(members, index, |member| known(member, capability).map(|kinds| kinds.get(position).copied()))?;
        guard::present(kind?)
    })
}

fn known(member: &Member, capability: i32) -> Result<&[u16]> {
    match capability {
        MLS_CAPABILITY_EXTENSION => Ok(&member.capabilities_extensions),
        MLS_CAPABILITY_PROPOSAL => Ok(&member.capabilities_proposals),
        MLS_CAPABILITY_CREDENTIAL => Ok(&member.capabilities_credentials),
        MLS_CAPABILITY_CIPHER_SUITE => Ok(&member.capabilities_cipher_suites),
        _ => guard::no_such("capability", capability),
    }
}
