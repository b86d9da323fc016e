//! Key packages (RFC 9420 section 10): how to make them, what is left of them, and their private keys.
use super::{
    bytes::{self, mls_bytes_t},
    error::{mls_error_t, mls_status_t},
    extension::mls_extensions_t,
    guard::{self, New, give, guard},
    handle::{self, Handle, Tag, edit, item},
};
use crate::{CipherSuite, KeyPackageInfo, KeyPackageOptions, KeyPackageSecrets};
use std::sync::Mutex;

/// How to make key packages. Every default is written at its setter.
pub struct mls_key_package_options_t {
    _opaque: [u8; 0],
}

impl Handle for mls_key_package_options_t {
    type Object = Mutex<KeyPackageOptions>;
    const TAG: Tag = Tag::KeyPackageOptions;
}

/// Options with every default. Yours: `mls_key_package_options_free`. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_key_package_options_new() -> *mut mls_key_package_options_t {
    guard::answer(|| Ok(New(Mutex::default())))
}

/// Lets them go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_key_package_options_free(options: *mut mls_key_package_options_t) {
    guard::free(options);
}

/// The cipher suite, by its IANA number. Default: the client's.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_options_set_cipher_suite(
    options: *mut mls_key_package_options_t,
    cipher_suite: u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.cipher_suite = Some(CipherSuite(cipher_suite))))
}

/// Whether the key package may be used more than once, when nothing else is left; 0 for no. Default 0.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_options_set_last_resort(
    options: *mut mls_key_package_options_t,
    yes: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.last_resort = yes != 0))
}

/// Seconds that the key package lives. Default: as `mls_options_set_key_package_lifetime` says.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_options_set_lifetime(
    options: *mut mls_key_package_options_t,
    seconds: u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.lifetime = Some(seconds)))
}

/// Extensions of the key package, which are copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_options_set_extensions(
    options: *mut mls_key_package_options_t,
    extensions: *const mls_extensions_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let extensions = handle::value(extensions)?;
        edit(options, |options| options.extensions = extensions)
    })
}

/// Extensions of the leaf, which are copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_options_set_leaf_extensions(
    options: *mut mls_key_package_options_t,
    extensions: *const mls_extensions_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let extensions = handle::value(extensions)?;
        edit(options, |options| options.leaf_extensions = extensions)
    })
}

/// Key packages of this device that were not used yet.
pub struct mls_key_packages_t {
    _opaque: [u8; 0],
}

impl Handle for mls_key_packages_t {
    type Object = Vec<KeyPackageInfo>;
    const TAG: Tag = Tag::KeyPackages;
}

/// How many key packages there are. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_key_packages_count(key_packages: *const mls_key_packages_t) -> usize {
    guard::answer(|| handle::count(key_packages))
}

/// Lets a list go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_key_packages_free(key_packages: *mut mls_key_packages_t) {
    guard::free(key_packages);
}

/// A key package's reference (RFC 9420 section 5.2). Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_packages_reference(
    key_packages: *const mls_key_packages_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(key_packages, index, |package| package.reference.clone()))
}

/// A key package's cipher suite.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_packages_cipher_suite(
    key_packages: *const mls_key_packages_t,
    index: usize,
    out: *mut u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(key_packages, index, |package| package.cipher_suite.0))
}

/// Whether a key package may be used more than once.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_packages_last_resort(
    key_packages: *const mls_key_packages_t,
    index: usize,
    out: *mut bool,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(key_packages, index, |package| package.last_resort))
}

/// Since when a key package is valid, seconds since 1970.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_packages_not_before(
    key_packages: *const mls_key_packages_t,
    index: usize,
    out: *mut u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(key_packages, index, |package| package.not_before))
}

/// Until when a key package is valid, seconds since 1970.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_packages_not_after(
    key_packages: *const mls_key_packages_t,
    index: usize,
    out: *mut u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(key_packages, index, |package| package.not_after))
}

/// The message to publish. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_packages_message(
    key_packages: *const mls_key_packages_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(key_packages, index, |package| package.message.clone()))
}

/// A key package with its private keys, for a move to another store or a conformance test. Encodings are RFC 9420's
/// for the cipher suite; the keys are wiped when it is freed.
pub struct mls_key_package_secrets_t {
    _opaque: [u8; 0],
}

impl Handle for mls_key_package_secrets_t {
    type Object = Mutex<KeyPackageSecrets>;
    const TAG: Tag = Tag::KeyPackageSecrets;
}

/// A key package with everything empty: set all of it. Yours: `mls_key_package_secrets_free`. NULL only if too many
/// handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_key_package_secrets_new() -> *mut mls_key_package_secrets_t {
    let empty = Vec::new;
    guard::answer(|| {
        let (init_key, encryption_key, signature_key) = (empty().into(), empty().into(), empty().into());
        Ok(New(Mutex::new(KeyPackageSecrets { message: empty(), init_key, encryption_key, signature_key })))
    })
}

/// Wipes and lets it go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_key_package_secrets_free(secrets: *mut mls_key_package_secrets_t) {
    guard::free(secrets);
}

/// Sets the key package message, which is copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_secrets_set_message(
    secrets: *mut mls_key_package_secrets_t,
    message: *const u8,
    message_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let bytes = bytes::read(message, message_len)?;
        edit(secrets, |secrets| secrets.message = bytes)
    })
}

/// The key package message. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_secrets_message(
    secrets: *const mls_key_package_secrets_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || edit(secrets, |secrets| secrets.message.clone()))
}

/// Sets the private key of its `init_key`, which is copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_secrets_set_init_key(
    secrets: *mut mls_key_package_secrets_t,
    init_key: *const u8,
    init_key_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let bytes = bytes::read(init_key, init_key_len)?;
        edit(secrets, |secrets| secrets.init_key = bytes.into())
    })
}

/// The private key of its `init_key`. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_secrets_init_key(
    secrets: *const mls_key_package_secrets_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || edit(secrets, |secrets| secrets.init_key.to_vec()))
}

/// Sets the private key of its leaf's `encryption_key`, which is copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_secrets_set_encryption_key(
    secrets: *mut mls_key_package_secrets_t,
    encryption_key: *const u8,
    encryption_key_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let bytes = bytes::read(encryption_key, encryption_key_len)?;
        edit(secrets, |secrets| secrets.encryption_key = bytes.into())
    })
}

/// The private key of its leaf's `encryption_key`. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_secrets_encryption_key(
    secrets: *const mls_key_package_secrets_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || edit(secrets, |secrets| secrets.encryption_key.to_vec()))
}

/// Sets the private key of its leaf's `signature_key`, which is copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_secrets_set_signature_key(
    secrets: *mut mls_key_package_secrets_t,
    signature_key: *const u8,
    signature_key_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let bytes = bytes::read(signature_key, signature_key_len)?;
        edit(secrets, |secrets| secrets.signature_key = bytes.into())
    })
}

/// The private key of its leaf's `signature_key`. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_key_package_secrets_signature_key(
    secrets: *const mls_key_package_secrets_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || edit(secrets, |secrets| secrets.signature_key.to_vec()))
}
