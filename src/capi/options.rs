//! How a client is opened: who it is, what it may do. Policy, limits, trust and callbacks are in files of their own.
use super::{
    bytes,
    credential::mls_credential_t,
    error::{mls_error_t, mls_status_t},
    guard::{self, guard},
    handle::{self, Handle, Tag, edit},
    identity::mls_signing_key_t,
};
use crate::{CipherSuite, Device, Options, Result, Role};
use std::{ffi::c_char, sync::Mutex};

/// Everything. The default.
pub const MLS_ROLE_FULL: i32 = 0;
/// A notification extension: it may receive and look, not acknowledge, send, join or change a group by itself.
pub const MLS_ROLE_EXTENSION: i32 = 1;

/// How to open a client. Filled by its setters and read when a client is opened; it can be used again, and freed at
/// once.
///
/// The credential is needed when the store is new, and checked when it is not; who decides on other members'
/// credentials (`mls_options_set_trust_on_first_use`, `mls_options_push_trust_root`, `mls_options_set_validator` or
/// `mls_options_set_insecure_accept_any`) is needed always. Everything else has a default, written at its setter.
pub struct mls_options_t {
    _opaque: [u8; 0],
}

impl Handle for mls_options_t {
    type Object = Mutex<Options>;
    const TAG: Tag = Tag::Options;
}

/// Options with nothing chosen yet. Yours: `mls_options_free`. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_options_new() -> *mut mls_options_t {
    guard::answer(|| Ok(guard::New(Mutex::default())))
}

/// Lets options go; callbacks stay with the clients that use them. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_options_free(options: *mut mls_options_t) {
    guard::free(options);
}

/// Who this device is: a basic credential (RFC 9420 section 5.3) of a user and a device, both non-empty UTF-8. Its
/// bytes are the user's name, a NUL, the device's name, or what the codec makes of them. Replaces a credential.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if a name is empty.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_device(
    options: *mut mls_options_t,
    user: *const c_char,
    device: *const c_char,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let device = Device::new(bytes::text(user)?, bytes::text(device)?)?;
        edit(options, |options| (options.device, options.credential) = (Some(device), None))
    })
}

/// Who this device is, by any credential, which is copied. X.509 needs `mls_options_set_signing_key` too. Replaces a
/// device.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_credential(
    options: *mut mls_options_t,
    credential: *const mls_credential_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let credential = handle::value(credential)?;
        edit(options, |options| (options.device, options.credential) = (None, Some(credential)))
    })
}

/// The signature key of a new store, which is copied. Default: one is generated.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_signing_key(
    options: *mut mls_options_t,
    key: *const mls_signing_key_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let key = handle::get(key)?;
        edit(options, |options| options.signing_key.replace(key.as_ref().clone())).map(drop)
    })
}

/// The cipher suite of new groups and key packages, by its IANA number. Default `MLS_CIPHER_SUITE_X25519_AES128`.
/// A suite that this build does not have is `MLS_ERROR_UNSUPPORTED` when the client is opened.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_cipher_suite(
    options: *mut mls_options_t,
    cipher_suite: u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.cipher_suite = Some(CipherSuite(cipher_suite))))
}

/// What the client may do, one of `MLS_ROLE_*`. Default `MLS_ROLE_FULL`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another number.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_role(
    options: *mut mls_options_t,
    role: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let role = role_of(role)?;
        edit(options, |options| options.role = role)
    })
}

/// Says that this device knows an extension type beyond RFC 9420's defaults (section 7.2). May be called for several.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_push_extension_capability(
    options: *mut mls_options_t,
    kind: u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.capabilities.extensions.push(kind)))
}

/// Says that this device knows a proposal type beyond RFC 9420's defaults (section 7.2). May be called for several.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_push_proposal_capability(
    options: *mut mls_options_t,
    kind: u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.capabilities.proposals.push(kind)))
}

/// Says that this device knows a credential type beyond its own (RFC 9420 section 7.2). May be called for several.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_push_credential_capability(
    options: *mut mls_options_t,
    kind: u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.capabilities.credentials.push(kind)))
}

fn role_of(role: i32) -> Result<Role> {
    match role {
        MLS_ROLE_FULL => Ok(Role::Full),
        MLS_ROLE_EXTENSION => Ok(Role::Extension),
        _ => guard::no_such("role", role),
    }
}

const _: () = {
    assert!(MLS_ROLE_FULL == Role::Full as i32 && MLS_ROLE_EXTENSION == Role::Extension as i32);
};
