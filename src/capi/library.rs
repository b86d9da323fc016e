//! What this build of the library is and has.
use super::guard;
use crate::{CipherSuite, MEDIA_TYPE};
use std::ffi::{CString, c_char};
use std::sync::OnceLock;

/// The version of the header: major. Compare with `mls_version`.
pub const MLS_VERSION_MAJOR: i32 = 0;
/// The version of the header: minor.
pub const MLS_VERSION_MINOR: i32 = 1;
/// The version of the header: patch.
pub const MLS_VERSION_PATCH: i32 = 0;
/// The ABI of the header. Compare with `mls_abi_version`: equal numbers fit each other.
pub const MLS_ABI_VERSION: u32 = 0;

/// MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, the default and the one every implementation has (RFC 9420 section
/// 17.1).
pub const MLS_CIPHER_SUITE_X25519_AES128: u16 = 1;
/// MLS_128_DHKEMP256_AES128GCM_SHA256_P256.
pub const MLS_CIPHER_SUITE_P256_AES128: u16 = 2;
/// MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519.
pub const MLS_CIPHER_SUITE_X25519_CHACHA: u16 = 3;
/// MLS_256_DHKEMP521_AES256GCM_SHA512_P521.
pub const MLS_CIPHER_SUITE_P521_AES256: u16 = 5;
/// MLS_256_DHKEMP384_AES256GCM_SHA384_P384.
pub const MLS_CIPHER_SUITE_P384_AES256: u16 = 7;

/// Bytes of a store key.
pub const MLS_STORE_KEY_LEN: usize = 32;

/// The library's version, as `"0.1.0"`. The string is static.
#[unsafe(no_mangle)]
pub extern "C" fn mls_version() -> *const c_char {
    guard::answer(|| Ok(concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()))
}

/// The library's ABI: a program that was built with an `MLS_ABI_VERSION` of another number must not go on.
#[unsafe(no_mangle)]
pub extern "C" fn mls_abi_version() -> u32 {
    guard::answer(|| Ok(MLS_ABI_VERSION))
}

/// `MLS_STORE_KEY_LEN`, for callers that do not read the header.
#[unsafe(no_mangle)]
pub extern "C" fn mls_store_key_len() -> usize {
    guard::answer(|| Ok(MLS_STORE_KEY_LEN))
}

/// The media type of an MLS message, `MLS_MEDIA_TYPE` (RFC 9420 section 17.10). The string is static.
#[unsafe(no_mangle)]
pub extern "C" fn mls_media_type() -> *const c_char {
    static TYPE: OnceLock<CString> = OnceLock::new();
    guard::answer(|| Ok(TYPE.get_or_init(|| super::bytes::c_string(MEDIA_TYPE)).as_ptr()))
}

/// How many cipher suites this build has.
#[unsafe(no_mangle)]
pub extern "C" fn mls_cipher_suites_count() -> usize {
    guard::answer(|| Ok(CipherSuite::SUPPORTED.len()))
}

/// The IANA number of a cipher suite that this build has; 0 past the end.
#[unsafe(no_mangle)]
pub extern "C" fn mls_cipher_suites_at(index: usize) -> u16 {
    guard::answer(|| Ok(CipherSuite::SUPPORTED.get(index).map_or(0, |suite| suite.0)))
}

/// Whether this build has a cipher suite. 4 and 6 (X448, Ed448) it has not.
#[unsafe(no_mangle)]
pub extern "C" fn mls_cipher_suites_contains(cipher_suite: u16) -> bool {
    guard::answer(|| Ok(CipherSuite::SUPPORTED.contains(&CipherSuite(cipher_suite))))
}

const _: () = {
    assert!(MLS_CIPHER_SUITE_X25519_AES128 == CipherSuite::X25519_AES128.0);
    assert!(MLS_CIPHER_SUITE_P256_AES128 == CipherSuite::P256_AES128.0);
    assert!(MLS_CIPHER_SUITE_X25519_CHACHA == CipherSuite::X25519_CHACHA.0);
    assert!(MLS_CIPHER_SUITE_P521_AES256 == CipherSuite::P521_AES256.0);
    assert!(MLS_CIPHER_SUITE_P384_AES256 == CipherSuite::P384_AES256.0);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_s_version_is_the_crate_s() {
        let header = format!("{MLS_VERSION_MAJOR}.{MLS_VERSION_MINOR}.{MLS_VERSION_PATCH}");
        assert_eq!(header, env!("CARGO_PKG_VERSION"));
    }
}
