//! Publishing key packages, and what is left of them (RFC 9420 section 10).

use crate::CipherSuite;
use std::fmt;

/// A key package of this device that was not used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyPackageInfo {
    /// Its reference (RFC 9420 section 5.2).
    pub reference: Vec<u8>,
    /// Its cipher suite.
    pub cipher_suite: CipherSuite,
    /// Whether it may be used more than once.
    pub last_resort: bool,
    /// Valid from, seconds since 1970.
    pub not_before: u64,
    /// Valid until, seconds since 1970.
    pub not_after: u64,
    /// The message to publish.
    pub message: Vec<u8>,
}

/// A key package with its private keys, for a move to another store or a conformance test. Whoever has it can read
/// the Welcome that uses it. Encodings are RFC 9420's for the cipher suite; the secrets are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyPackageSecrets {
    /// The key package message.
    pub message: Vec<u8>,
    /// The private key of its `init_key`.
    pub init_key: Vec<u8>,
    /// The private key of its leaf's `encryption_key`.
    pub encryption_key: Vec<u8>,
    /// The private key of its leaf's `signature_key`.
    pub signature_key: Vec<u8>,
}

impl fmt::Debug for KeyPackageSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPackageSecrets(..)")
    }
}

impl Drop for KeyPackageSecrets {
    fn drop(&mut self) {
        for secret in [&mut self.init_key, &mut self.encryption_key, &mut self.signature_key] {
            zeroize::Zeroize::zeroize(secret);
        }
    }
}
