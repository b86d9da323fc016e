//! The fields of an encoded KeyPackage (RFC 9420 section 10) that the engine does not show.

use super::{Reader, suite_provider};
use crate::{CipherSuite, ErrorCode, KeyPackageSecrets, MlsError, Result, SigningKey, error::fail};
use mls_rs::{CipherSuiteProvider, extension::ExtensionType};
use zeroize::{Zeroize, Zeroizing};

/// Where in a key package message its KeyPackage begins: after version and wire format.
const HEADER: usize = 4;
/// The extension type `last_resort`.
const LAST_RESORT: u16 = 0x000a;

/// The message around a KeyPackage.
pub(crate) fn key_package_message(key_package: &[u8]) -> Vec<u8> {
    [&[0, 1, 0, 5], key_package].concat()
}

/// The extension that marks a key package of last resort.
pub(crate) fn last_resort_extension() -> mls_rs::Extension {
    mls_rs::Extension::new(ExtensionType::new(LAST_RESORT), Vec::new())
}

pub(crate) struct KeyPackageFields<'a> {
    /// The KeyPackage without the message's header.
    pub(crate) key_package: &'a [u8],
    pub(crate) suite: CipherSuite,
    init_key: &'a [u8],
    encryption_key: &'a [u8],
    signature_key: &'a [u8],
    pub(crate) not_before: u64,
    pub(crate) not_after: u64,
    pub(crate) last_resort: bool,
}

/// Private keys that belong to a key package.
pub(crate) struct CheckedSecrets {
    pub(crate) init_key: Zeroizing<Vec<u8>>,
    pub(crate) encryption_key: Zeroizing<Vec<u8>>,
    pub(crate) signing_key: SigningKey,
}

impl<'a> KeyPackageFields<'a> {
    /// Reads a key package message. `InvalidMessage` or `UnexpectedMessage` if it is none.
    pub(crate) fn read(message: &'a [u8]) -> Result<Self> {
        let mut reader = Reader::new(message);
        if reader.u16()? != 1 || reader.u16()? != 5 {
            return fail(ErrorCode::UnexpectedMessage, "not a key package");
        }
        reader.skip(2)?; // version
        let suite = CipherSuite(reader.u16()?);
        let init_key = reader.vector()?;
        let encryption_key = reader.vector()?;
        let signature_key = reader.vector()?;
        reader.skip(2)?; // credential type
        reader.vectors(6)?; // credential, capabilities
        if reader.u8()? != 1 {
            return fail(ErrorCode::InvalidKeyPackage, "the leaf is not made for a key package");
        }
        let (not_before, not_after) = (reader.u64()?, reader.u64()?);
        reader.vectors(2)?; // leaf extensions, signature
        let mut extensions = Reader::new(reader.vector()?);
        let mut last_resort = false;
        while !extensions.is_empty() {
            last_resort |= extensions.u16()? == LAST_RESORT;
            extensions.vectors(1)?;
        }
        Ok(Self {
            key_package: &message[HEADER..],
            suite,
            init_key,
            encryption_key,
            signature_key,
            not_before,
            not_after,
            last_resort,
        })
    }

    /// The public key that a Welcome is encrypted to.
    pub(crate) fn init_key(&self) -> &'a [u8] {
        self.init_key
    }

    /// `KeyPackageExpired` if its lifetime does not include `now`.
    pub(crate) fn check_lifetime(&self, now: u64) -> Result<()> {
        if !(self.not_before..=self.not_after).contains(&now) {
            return fail(ErrorCode::KeyPackageExpired, "the key package's lifetime does not include now");
        }
        Ok(())
    }

    /// Brings private keys to the size that RFC 9180 section 7.1.2 gives them: the engine leaves out leading zeros.
    pub(crate) fn pad_secrets(&self, secrets: &mut KeyPackageSecrets) {
        let padded = |public: &[u8], secret: &mut Vec<u8>| {
            let padded = super::private_key(public, secret);
            std::mem::replace(secret, padded.to_vec()).zeroize();
        };
        padded(self.init_key, &mut secrets.init_key);
        padded(self.encryption_key, &mut secrets.encryption_key);
        padded(self.signature_key, &mut secrets.signature_key);
    }

    /// Whether the private keys belong to the public ones. `InvalidKeyPackage`, `InvalidSigningKey` else.
    /// Answers them in the engine's form.
    pub(crate) fn check_secrets(&self, secrets: &KeyPackageSecrets) -> Result<CheckedSecrets> {
        let provider = suite_provider(self.suite)?;
        let wrong = |_| MlsError::new(ErrorCode::InvalidKeyPackage, "a private key does not belong to the key package");
        let checked = |public: &[u8], secret: &[u8]| -> Result<Zeroizing<Vec<u8>>> {
            let secret = super::private_key(public, secret);
            let public = public.to_vec().into();
            let sealed = provider.hpke_seal(&public, b"libmls", None, b"key check").map_err(wrong)?;
            provider.hpke_open(&sealed, &secret.to_vec().into(), &public, b"libmls", None).map_err(wrong)?;
            Ok(secret)
        };
        let key = SigningKey { secret: secrets.signature_key.clone(), public: self.signature_key.to_vec() };
        Ok(CheckedSecrets {
            init_key: checked(self.init_key, &secrets.init_key)?,
            encryption_key: checked(self.encryption_key, &secrets.encryption_key)?,
            signing_key: super::check_signing_key(self.suite, &key)?,
        })
    }
}
