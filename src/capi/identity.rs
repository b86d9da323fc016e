//! Signature keys, and new identities for a member.
use super::{
    bytes::{self, mls_bytes_t},
    credential::mls_credential_t,
    error::{mls_error_t, mls_status_t},
    guard::{self, New, give, guard},
    handle::{self, Handle, Tag, edit},
};
use crate::{NewIdentity, SigningKey};
use std::sync::Mutex;

/// A signature key pair (RFC 9420 section 5.1.2). Wiped when it is freed.
pub struct mls_signing_key_t {
    _opaque: [u8; 0],
}

impl Handle for mls_signing_key_t {
    type Object = SigningKey;
    const TAG: Tag = Tag::SigningKey;
}

/// A key pair of the application's, which is copied. The secret key is 64 bytes (seed and public key) or the 32-byte
/// seed for Ed25519, the scalar for NIST curves; the public key is 32 bytes or the uncompressed point. Yours:
/// `mls_signing_key_free`. Whether the halves belong together is checked where it is used
/// (`MLS_ERROR_INVALID_SIGNING_KEY`).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_signing_key_new(
    secret_key: *const u8,
    secret_key_len: usize,
    public_key: *const u8,
    public_key_len: usize,
    out: *mut *mut mls_signing_key_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let public = bytes::read(public_key, public_key_len)?;
        Ok(New(SigningKey { secret: bytes::read(secret_key, secret_key_len)?.into(), public }))
    })
}

/// Wipes and lets a key go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_signing_key_free(key: *mut mls_signing_key_t) {
    guard::free(key);
}

/// The secret key, as `mls_signing_key_new` takes it. Yours: `mls_bytes_free`, which wipes it.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_signing_key_secret(
    key: *const mls_signing_key_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(key)?.secret.to_vec()))
}

/// The public key, as `mls_signing_key_new` takes it. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_signing_key_public(
    key: *const mls_signing_key_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(key)?.public.clone()))
}

/// A new credential and signature key of a member. What is not set: the credential stays, the key is generated.
pub struct mls_identity_t {
    _opaque: [u8; 0],
}

impl Handle for mls_identity_t {
    type Object = Mutex<NewIdentity>;
    const TAG: Tag = Tag::Identity;
}

/// A new identity with nothing set. Yours: `mls_identity_free`. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_identity_new() -> *mut mls_identity_t {
    guard::answer(|| Ok(New(Mutex::default())))
}

/// Lets a new identity go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_identity_free(identity: *mut mls_identity_t) {
    guard::free(identity);
}

/// The new credential, which is copied. Default: unchanged.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_identity_set_credential(
    identity: *mut mls_identity_t,
    credential: *const mls_credential_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let credential = handle::value(credential)?;
        edit(identity, |identity| identity.credential = Some(credential))
    })
}

/// The new signature key, which is copied. Default: one is generated.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_identity_set_signing_key(
    identity: *mut mls_identity_t,
    key: *const mls_signing_key_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let key = handle::get(key)?;
        edit(identity, |identity| identity.signing_key = Some(key.as_ref().clone()))
    })
}
