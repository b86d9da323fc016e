//! Credentials (RFC 9420 section 5.3).
use super::{
    bytes::{self, mls_bytes_t},
    error::{mls_error_t, mls_status_t},
    guard::{self, New, give, guard},
    handle::{self, Handle, Tag, edit},
};
use crate::{Credential, Device, ErrorCode, Result, error::fail};
use std::{ffi::c_char, sync::Mutex};

/// A basic credential: bytes that name somebody.
pub const MLS_CREDENTIAL_BASIC: u16 = 1;
/// A chain of X.509 certificates.
pub const MLS_CREDENTIAL_X509: u16 = 2;

/// Who a member says it is. Whether to believe it is the matter of the trust that was chosen in `mls_options_t`.
pub struct mls_credential_t {
    _opaque: [u8; 0],
}

impl Handle for mls_credential_t {
    type Object = Mutex<Credential>;
    const TAG: Tag = Tag::Credential;
}

/// The basic credential of a user's device: the user's name, a NUL, the device's name, both non-empty UTF-8. Yours:
/// `mls_credential_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if a name is empty.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_credential_new_device(
    user: *const c_char,
    device: *const c_char,
    out: *mut *mut mls_credential_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let device = Device::new(bytes::text(user)?, bytes::text(device)?)?;
        Ok(New(Mutex::new(Credential::basic(&device))))
    })
}

/// The basic credential of any bytes, which are copied. Yours: `mls_credential_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_credential_new_basic(
    identity: *const u8,
    identity_len: usize,
    out: *mut *mut mls_credential_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let identity = bytes::read(identity, identity_len)?;
        Ok(New(Mutex::new(Credential::Basic { identity })))
    })
}

/// An X.509 credential without certificates yet: push the member's own first, then each one's issuer. Yours:
/// `mls_credential_free`. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_credential_new_x509() -> *mut mls_credential_t {
    guard::answer(|| Ok(New(Mutex::new(Credential::x509(Vec::new())))))
}

/// Appends a certificate, DER, to an X.509 credential; it is copied, and read when it is used.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if the credential is not X.509.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_credential_push_certificate(
    credential: *mut mls_credential_t,
    der: *const u8,
    der_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let der = bytes::read(der, der_len)?;
        edit(credential, |credential| push_certificate(credential, der))?
    })
}

/// Lets a credential go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_credential_free(credential: *mut mls_credential_t) {
    guard::free(credential);
}

/// The IANA number of the credential's type: `MLS_CREDENTIAL_*`, or another. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_credential_kind(credential: *const mls_credential_t) -> u16 {
    guard::answer(|| edit(credential, |credential| credential.kind()))
}

/// The credential's bytes: a basic identity, the first certificate's DER, or what a type that libmls does not read
/// carries. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_credential_bytes(
    credential: *const mls_credential_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || edit(credential, |credential| credential.bytes().to_vec()))
}

/// How many certificates there are; 0 for a credential that is not X.509.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_credential_certificates_count(credential: *const mls_credential_t) -> usize {
    guard::answer(|| Ok(chain(handle::value(credential)?).len()))
}

/// A certificate of the chain, DER, the member's own first. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end of the chain.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_credential_certificate(
    credential: *const mls_credential_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let certificate = chain(handle::value(credential)?).into_iter().nth(index);
        guard::present(certificate)
    })
}

fn chain(credential: Credential) -> Vec<Vec<u8>> {
    match credential {
        Credential::X509 { chain } => chain,
        _ => Vec::new(),
    }
}

fn push_certificate(credential: &mut Credential, der: Vec<u8>) -> Result<()> {
    match credential {
        Credential::X509 { chain } => chain.push(der),
        _ => return fail(ErrorCode::InvalidArgument, "only an X.509 credential has certificates"),
    }
    Ok(())
}
