//! How to commit (RFC 9420 section 12.4). Flags are 0 for no and anything else for yes.
use super::{
    bytes,
    error::{mls_error_t, mls_status_t},
    extension::mls_extensions_t,
    guard::{self, New, guard},
    handle::{self, Handle, Tag, edit},
    identity::mls_identity_t,
};
use crate::CommitOptions;
use std::sync::Mutex;

/// How to commit. Every default is written at its setter.
pub struct mls_commit_options_t {
    _opaque: [u8; 0],
}

impl Handle for mls_commit_options_t {
    type Object = Mutex<CommitOptions>;
    const TAG: Tag = Tag::CommitOptions;
}

/// Options with every default. Yours: `mls_commit_options_free`. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_commit_options_new() -> *mut mls_commit_options_t {
    guard::answer(|| Ok(New(Mutex::default())))
}

/// Lets them go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_commit_options_free(options: *mut mls_commit_options_t) {
    guard::free(options);
}

/// Whether to make new keys for our path even where RFC 9420 does not ask for it. Default 0.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_options_set_force_path(
    options: *mut mls_commit_options_t,
    yes: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.force_path = yes != 0))
}

/// Authenticated data that anyone can read, which is copied. Default: none.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_options_set_aad(
    options: *mut mls_commit_options_t,
    aad: *const u8,
    aad_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let bytes = bytes::read(aad, aad_len)?;
        edit(options, |options| options.aad = bytes)
    })
}

/// A new credential and key for our own leaf in this group, which are copied; forces a path.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_options_set_identity(
    options: *mut mls_commit_options_t,
    identity: *const mls_identity_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let identity = handle::value(identity)?;
        edit(options, |options| options.new_identity.replace(identity)).map(drop)
    })
}

/// New extensions of our own leaf, which are copied; forces a path. Default: the old ones stay.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_options_set_leaf_extensions(
    options: *mut mls_commit_options_t,
    extensions: *const mls_extensions_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let extensions = handle::value(extensions)?;
        edit(options, |options| options.leaf_extensions = Some(extensions))
    })
}

/// Whether to leave the ratchet tree out of the Welcome; joiners get it from `mls_group_ratchet_tree`. Default 0.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_options_set_tree_out_of_band(
    options: *mut mls_commit_options_t,
    yes: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.tree_out_of_band = yes != 0))
}

/// Whether to make one Welcome for each joiner in place of one for all. Default 0.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_options_set_welcome_for_each(
    options: *mut mls_commit_options_t,
    yes: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.welcome_for_each = yes != 0))
}

/// Whether the bundle has a GroupInfo of the new epoch. Default: as `mls_options_set_publish_group_info` says.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_options_set_group_info(
    options: *mut mls_commit_options_t,
    yes: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.group_info = Some(yes != 0)))
}
