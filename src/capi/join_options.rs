//! How to join by an external commit (RFC 9420 section 12.4.3.2). Flags are 0 for no and anything else for yes.
use super::{
    bytes,
    error::{mls_error_t, mls_status_t},
    extension::mls_extensions_t,
    guard::{self, New, guard},
    handle::{self, Handle, Tag, edit},
};
use crate::JoinOptions;
use std::sync::Mutex;

/// How to join by an external commit. Every default is written at its setter.
pub struct mls_join_options_t {
    _opaque: [u8; 0],
}

impl Handle for mls_join_options_t {
    type Object = Mutex<JoinOptions>;
    const TAG: Tag = Tag::JoinOptions;
}

/// Options with every default. Yours: `mls_join_options_free`. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_join_options_new() -> *mut mls_join_options_t {
    guard::answer(|| Ok(New(Mutex::default())))
}

/// Lets them go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_join_options_free(options: *mut mls_join_options_t) {
    guard::free(options);
}

/// The ratchet tree, which is copied, if the GroupInfo does not carry it.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_join_options_set_tree(
    options: *mut mls_join_options_t,
    tree: *const u8,
    tree_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let bytes = bytes::read(tree, tree_len)?;
        edit(options, |options| options.tree = Some(bytes))
    })
}

/// Whether to take the place of this device's old leaf. Default 0.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_join_options_set_resync(
    options: *mut mls_join_options_t,
    yes: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.resync = yes != 0))
}

/// Mixes in an external pre-shared key, by its id, that `mls_client_add_psk` was given.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_join_options_push_psk(
    options: *mut mls_join_options_t,
    id: *const u8,
    id_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let id = bytes::read(id, id_len)?;
        edit(options, |options| options.psks.push(id))
    })
}

/// Authenticated data that anyone can read, which is copied. Default: none.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_join_options_set_aad(
    options: *mut mls_join_options_t,
    aad: *const u8,
    aad_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let bytes = bytes::read(aad, aad_len)?;
        edit(options, |options| options.aad = bytes)
    })
}

/// Extensions of our own leaf, which are copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_join_options_set_leaf_extensions(
    options: *mut mls_join_options_t,
    extensions: *const mls_extensions_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let extensions = handle::value(extensions)?;
        edit(options, |options| options.leaf_extensions = extensions)
    })
}
