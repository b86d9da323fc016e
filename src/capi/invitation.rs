//! A group before this device is in it.
use super::{
    bytes::mls_bytes_t,
    error::{mls_error_t, mls_status_t},
    guard::{self, New, give},
    handle::{self, Handle, Tag},
    sender::mls_senders_t,
};
use crate::GroupPreview;

/// A group as its GroupInfo shows it (RFC 9420 section 12.4.3).
pub struct mls_preview_t {
    _opaque: [u8; 0],
}

impl Handle for mls_preview_t {
    type Object = GroupPreview;
    const TAG: Tag = Tag::Preview;
}

/// Lets a preview go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_preview_free(preview: *mut mls_preview_t) {
    guard::free(preview);
}

/// The group's cipher suite. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_preview_cipher_suite(preview: *const mls_preview_t) -> u16 {
    guard::answer(|| Ok(handle::get(preview)?.cipher_suite))
}

/// The group's id. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_preview_group_id(
    preview: *const mls_preview_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(preview)?.group_id.clone()))
}

/// The group's epoch.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_preview_epoch(
    preview: *const mls_preview_t,
    out: *mut u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(preview)?.epoch))
}

/// Who signed the GroupInfo; none while the tree is not known. Yours: `mls_senders_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_preview_inviter(
    preview: *const mls_preview_t,
    out: *mut *mut mls_senders_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(New(handle::get(preview)?.inviter.iter().cloned().collect())))
}

/// The group's members; none while the tree is not known. Yours: `mls_senders_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_preview_members(
    preview: *const mls_preview_t,
    out: *mut *mut mls_senders_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(New(handle::get(preview)?.members.clone())))
}

/// Whether the ratchet tree has to be given to join.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_preview_needs_tree(
    preview: *const mls_preview_t,
    out: *mut bool,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(preview)?.needs_tree))
}

/// The group that it succeeds or branches off; absent if this device does not know of one. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_preview_parent(
    preview: *const mls_preview_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(preview)?.parent.clone()))
}
