//! How to make a group (RFC 9420 section 11). Flags are 0 for no and anything else for yes.
use super::{
    bytes,
    credential::mls_credential_t,
    error::{mls_error_t, mls_status_t},
    extension::mls_extensions_t,
    guard::{self, New, guard},
    handle::{self, Handle, Tag, edit},
};
use crate::{Capabilities, CipherSuite, ExternalSender, GroupOptions};
use std::sync::Mutex;

/// How to make a group. Every default is written at its setter.
pub struct mls_group_options_t {
    _opaque: [u8; 0],
}

impl Handle for mls_group_options_t {
    type Object = Mutex<GroupOptions>;
    const TAG: Tag = Tag::GroupOptions;
}

/// Options with every default. Yours: `mls_group_options_free`. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_group_options_new() -> *mut mls_group_options_t {
    guard::answer(|| Ok(New(Mutex::default())))
}

/// Lets them go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_group_options_free(options: *mut mls_group_options_t) {
    guard::free(options);
}

/// The group's id, which is copied. Default: 16 random bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_options_set_id(
    options: *mut mls_group_options_t,
    id: *const u8,
    id_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let bytes = bytes::read(id, id_len)?;
        edit(options, |options| options.id = Some(bytes))
    })
}

/// The cipher suite, by its IANA number. Default: the client's.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_options_set_cipher_suite(
    options: *mut mls_group_options_t,
    cipher_suite: u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.cipher_suite = Some(CipherSuite(cipher_suite))))
}

/// Extensions of the group context, which are copied. Types that have setters here do not belong among them.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_options_set_extensions(
    options: *mut mls_group_options_t,
    extensions: *const mls_extensions_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let extensions = handle::value(extensions)?;
        edit(options, |options| options.extensions = extensions)
    })
}

/// Adds an extension type to what every member must be able to do (RFC 9420 section 11.1).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_options_push_required_extension(
    options: *mut mls_group_options_t,
    kind: u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| required(options).extensions.push(kind)))
}

/// Adds a proposal type to what every member must be able to do (RFC 9420 section 11.1).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_options_push_required_proposal(
    options: *mut mls_group_options_t,
    kind: u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| required(options).proposals.push(kind)))
}

/// Adds a credential type to what every member must be able to do (RFC 9420 section 11.1).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_options_push_required_credential(
    options: *mut mls_group_options_t,
    kind: u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| required(options).credentials.push(kind)))
}

/// Adds somebody who may propose from outside (RFC 9420 section 12.1.8.1), by a signature key and a credential, which
/// are copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_options_push_external_sender(
    options: *mut mls_group_options_t,
    signature_key: *const u8,
    signature_key_len: usize,
    credential: *const mls_credential_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let signature_key = bytes::read(signature_key, signature_key_len)?;
        let sender = ExternalSender { signature_key, credential: handle::value(credential)? };
        edit(options, |options| options.external_senders.push(sender))
    })
}

/// Extensions of our own leaf, which are copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_options_set_leaf_extensions(
    options: *mut mls_group_options_t,
    extensions: *const mls_extensions_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let extensions = handle::value(extensions)?;
        edit(options, |options| options.leaf_extensions = extensions)
    })
}

fn required(options: &mut GroupOptions) -> &mut Capabilities {
    options.required_capabilities.get_or_insert_default()
}
