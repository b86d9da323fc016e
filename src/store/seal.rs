//! Sealing one value, and deriving the keys to do it with.
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hkdf, hmac, rand};
use zeroize::{Zeroize, Zeroizing};

use crate::{ErrorCode, MlsError, Result};

pub(super) const KEY_LEN: usize = 32;
pub(super) const TAG_LEN: usize = 16;
/// What sealing adds to a value.
pub(super) const OVERHEAD: usize = NONCE_LEN + TAG_LEN;

pub(super) type Secret = Zeroizing<[u8; KEY_LEN]>;

impl From<Unspecified> for MlsError {
    fn from(_: Unspecified) -> Self {
        Self::new(ErrorCode::Crypto, "a cryptographic operation failed")
    }
}

/// A key ready for use. AES-256-GCM-SIV, because the random nonces of a store that lives for years, is copied and
/// restored, may one day repeat.
pub(super) struct Sealer(LessSafeKey);

impl Sealer {
    pub(super) fn new(key: &[u8; KEY_LEN]) -> Result<Self> {
        Ok(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, key)?)))
    }

    /// `head | nonce | sealed value`. `head` is neither sealed nor authenticated unless it is in `aad` too.
    pub(super) fn seal(&self, head: &[u8], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce)?;
        // All at once: a vector that grows leaves the plaintext behind.
        let mut out = Vec::with_capacity(head.len() + OVERHEAD + plain.len());
        out.extend_from_slice(head);
        out.extend_from_slice(&nonce);
        let start = out.len();
        out.extend_from_slice(plain);
        let nonce = Nonce::assume_unique_for_key(nonce);
        match self.0.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut out[start..]) {
            Ok(tag) => out.extend_from_slice(tag.as_ref()),
            Err(error) => {
                out.zeroize();
                return Err(error.into());
            }
        }
        Ok(out)
    }

    /// The value in `nonce | sealed value`, or `None` if it was not sealed by this key for this `aad`.
    pub(super) fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plain = Zeroizing::new(body.to_vec());
        let len = self.0.open_in_place(nonce, Aad::from(aad), &mut plain).ok()?.len();
        plain.truncate(len);
        Some(plain)
    }
}

pub(super) fn random() -> Result<Secret> {
    let mut key = Secret::default();
    rand::fill(key.as_mut_slice())?;
    Ok(key)
}

/// HKDF-Expand with SHA-256 (RFC 5869 section 2.3); `key` is uniform already, so nothing is extracted.
pub(super) fn derive(key: &[u8; KEY_LEN], label: &str) -> Result<Secret> {
    let mut derived = Secret::default();
    let info = [label.as_bytes()];
    hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, key).expand(&info, hkdf::HKDF_SHA256)?.fill(derived.as_mut_slice())?;
    Ok(derived)
}

pub(super) fn mac_key(key: &[u8; KEY_LEN], label: &str) -> Result<hmac::Key> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, derive(key, label)?.as_slice()))
}
