//! How to encrypt an application message (RFC 9420 section 6.3).
use super::{
    bytes,
    error::{mls_error_t, mls_status_t},
    guard::{self, New, guard},
    handle::{Handle, Tag, edit},
};
use crate::EncryptOptions;
use std::sync::Mutex;

/// How to encrypt an application message. Every default is written at its setter.
pub struct mls_encrypt_options_t {
    _opaque: [u8; 0],
}

impl Handle for mls_encrypt_options_t {
    type Object = Mutex<EncryptOptions>;
    const TAG: Tag = Tag::EncryptOptions;
}

/// Options with every default. Yours: `mls_encrypt_options_free`. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_encrypt_options_new() -> *mut mls_encrypt_options_t {
    guard::answer(|| Ok(New(Mutex::default())))
}

/// Lets them go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_encrypt_options_free(options: *mut mls_encrypt_options_t) {
    guard::free(options);
}

/// Authenticated data that anyone can read, which is copied. Default: none.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_encrypt_options_set_aad(
    options: *mut mls_encrypt_options_t,
    aad: *const u8,
    aad_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let bytes = bytes::read(aad, aad_len)?;
        edit(options, |options| options.aad = bytes)
    })
}
