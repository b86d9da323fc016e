//! Publishing key packages, and what is left of them (RFC 9420 section 10).

use crate::{
    CipherSuite, Client, ErrorCode, KeyPackageOptions, Result,
    client::ClientCore,
    engine::{self, KeyPackageFields, Own, Parts},
    error::fail,
    ledger::{decode, encode},
    store::{Batch, Key, Store},
};
use minicbor::{Decode, Encode};
use mls_rs::storage_provider::KeyPackageData;
use std::fmt;
use zeroize::Zeroizing;

/// A key package of this device that was not used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
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
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct KeyPackageSecrets {
    /// The key package message.
    pub message: Vec<u8>,
    /// The private key of its `init_key`.
    pub init_key: Zeroizing<Vec<u8>>,
    /// The private key of its leaf's `encryption_key`.
    pub encryption_key: Zeroizing<Vec<u8>>,
    /// The private key of its leaf's `signature_key`.
    pub signature_key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for KeyPackageSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPackageSecrets(..)")
    }
}

/// A key package that was not used yet.
const KEY_PACKAGE: u8 = b'K';
/// How many are made in one call.
const COUNT_MAX: u32 = 1_000;

/// A key package as it is stored.
#[derive(Encode, Decode)]
pub(crate) struct KeyPackageRow {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    reference: Vec<u8>,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    message: Vec<u8>,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    init_key: Vec<u8>,
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    encryption_key: Vec<u8>,
    /// The signature key that it was made under: the client's may be another one by now.
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    signature_key: Vec<u8>,
    #[n(5)]
    pub(crate) last_resort: bool,
}

impl Drop for KeyPackageRow {
    fn drop(&mut self) {
        for secret in [&mut self.init_key, &mut self.encryption_key, &mut self.signature_key] {
            zeroize::Zeroize::zeroize(secret);
        }
    }
}

impl KeyPackageRow {
    pub(crate) fn key(store: &Store, reference: &[u8]) -> Key {
        Key::client(KEY_PACKAGE, &store.tag("key package", reference))
    }

    pub(crate) fn get(store: &Store, reference: &[u8]) -> Result<Option<Self>> {
        store.get(&Self::key(store, reference))?.map(|row| decode(&row)).transpose()
    }

    pub(crate) fn put(&self, store: &Store, batch: &mut Batch) {
        batch.put(Self::key(store, &self.reference), encode(self));
    }

    fn all(store: &Store) -> Result<Vec<Self>> {
        let rows = store.scan_prefix(&Key::from_bytes(vec![KEY_PACKAGE]), false, u32::MAX)?;
        rows.iter().map(|(_, row)| decode(row)).collect()
    }

    /// The key packages that the engine has just made.
    pub(crate) fn made(parts: &Parts, own: &Own) -> Result<Vec<Self>> {
        let rows = parts.provider.take_key_packages().into_iter().map(|(reference, data)| {
            let message = engine::key_package_message(&data.key_package_bytes);
            let last_resort = KeyPackageFields::read(&message)?.last_resort;
            Ok(Self {
                reference,
                message,
                init_key: data.init_key.to_vec(),
                encryption_key: data.leaf_node_key.to_vec(),
                signature_key: own.signer.as_bytes().to_vec(),
                last_resort,
            })
        });
        rows.collect()
    }

    /// An engine that can use it, and as whom.
    pub(crate) fn engine(&self, client: &ClientCore) -> Result<(Parts, Own, CipherSuite)> {
        let fields = KeyPackageFields::read(&self.message)?;
        let decoded = client.settings.decode(&self.message)?;
        let Some(package) = decoded.as_key_package() else {
            return fail(ErrorCode::StoreCorrupt, "a key package in the store is damaged");
        };
        let parts = client.parts();
        let data = KeyPackageData::new(
            fields.key_package.to_vec(),
            self.init_key.clone().into(),
            self.encryption_key.clone().into(),
            fields.not_after,
        );
        parts.provider.put_key_package(self.reference.clone(), data);
        let own = Own { identity: package.signing_identity().clone(), signer: self.signature_key.clone().into() };
        Ok((parts, own, fields.suite))
    }

    /// The KeyPackage without the message around it.
    pub(crate) fn key_package(&self) -> Result<&[u8]> {
        Ok(KeyPackageFields::read(&self.message)?.key_package)
    }

    /// The group that a Welcome for it continues, if it does.
    pub(crate) fn continued(&self, welcome: &[u8]) -> Result<Option<engine::Continued>> {
        engine::continued(welcome, &self.reference, &KeyPackageFields::read(&self.message)?, &self.init_key)
    }

    fn info(&self) -> Result<KeyPackageInfo> {
        let fields = KeyPackageFields::read(&self.message)?;
        Ok(KeyPackageInfo {
            reference: self.reference.clone(),
            cipher_suite: fields.suite,
            last_resort: self.last_resort,
            not_before: fields.not_before,
            not_after: fields.not_after,
            message: self.message.clone(),
        })
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Client {
    /// Makes key packages to publish, 1 to 1,000 at once, their private keys stored before they are returned. Each is
    /// deleted by the join that uses it, but for those of last resort. `not_before` is set back for peers with slow
    /// clocks (see [`Policy`](crate::Policy)).
    ///
    /// Errors: `InvalidArgument`, `Unsupported` (cipher suite), `InvalidSigningKey` if the client's certificate is for
    /// another suite, `InvalidProposal` for extensions that this device does not have.
    pub fn create_key_packages(&self, count: u32, options: KeyPackageOptions) -> Result<Vec<Vec<u8>>> {
        self.core.open()?;
        self.core.settings.full()?;
        let policy = &self.core.settings.policy;
        let lifetime = options.lifetime.unwrap_or(policy.key_package_lifetime);
        if count == 0 || count > COUNT_MAX || lifetime == 0 || lifetime > 100 * 365 * 86_400 {
            return fail(ErrorCode::InvalidArgument, "1 to 1,000 key packages, which live a second to 100 years");
        }
        let suite = self.core.suite(options.cipher_suite)?;
        let own = self.core.own(suite)?;
        let parts = self.core.parts();
        let lifetime = lifetime + policy.key_package_backdate;
        let client = engine::client(&parts, Some((&own, suite)), &self.core.settings.capabilities, lifetime);
        let not_before = engine::time(self.core.settings.now()?.saturating_sub(policy.key_package_backdate));
        let mut extensions = engine::extensions(&options.extensions)?;
        if options.last_resort {
            extensions.set(engine::last_resort_extension());
        }
        let leaf = self.core.settings.leaf_extensions(&options.leaf_extensions)?;
        for _ in 0..count {
            client.generate_key_package_message(extensions.clone(), leaf.clone(), Some(not_before))?;
        }
        let rows = KeyPackageRow::made(&parts, &own)?;
        self.core.step(|tx| {
            rows.iter().for_each(|row| row.put(&self.core.store, &mut tx.batch));
            Ok(())
        })?;
        Ok(rows.iter().map(|row| row.message.clone()).collect())
    }

    /// The key packages that were not used yet: publish more when few are left.
    pub fn key_packages(&self) -> Result<Vec<KeyPackageInfo>> {
        self.core.open()?;
        KeyPackageRow::all(&self.core.store)?.iter().map(KeyPackageRow::info).collect()
    }

    /// Deletes a key package with its private keys: Welcomes that use it cannot be opened any more. `KeyPackageNotFound`
    /// if there is none.
    pub fn delete_key_package(&self, reference: Vec<u8>) -> Result<()> {
        self.core.open()?;
        self.core.settings.full()?;
        self.key_package(&reference)?;
        self.core.step(|tx| {
            tx.batch.delete(KeyPackageRow::key(&self.core.store, &reference));
            Ok(())
        })
    }

    /// Deletes those whose lifetime is over; answers how many.
    pub fn delete_expired_key_packages(&self) -> Result<u32> {
        self.core.open()?;
        self.core.settings.full()?;
        let now = self.core.settings.now()?;
        let mut expired = Vec::new();
        for info in self.key_packages()? {
            if info.not_after < now {
                expired.push(info.reference);
            }
        }
        if !expired.is_empty() {
            self.core.step(|tx| {
                expired.iter().for_each(|id| tx.batch.delete(KeyPackageRow::key(&self.core.store, id)));
                Ok(())
            })?;
        }
        Ok(expired.len() as u32)
    }

    /// Takes over a key package with its private keys; answers its reference. Errors: `UnexpectedMessage`,
    /// `InvalidKeyPackage` or `InvalidSigningKey` if a private key does not belong to it, `Unsupported`.
    pub fn import_key_package(&self, secrets: KeyPackageSecrets) -> Result<Vec<u8>> {
        self.core.open()?;
        self.core.settings.full()?;
        let fields = KeyPackageFields::read(&secrets.message)?;
        let checked = fields.check_secrets(&secrets)?;
        let message = self.core.settings.decode(&secrets.message)?;
        let reference = message.key_package_reference(&engine::suite_provider(fields.suite)?)?;
        let Some(reference) = reference else {
            return fail(ErrorCode::UnexpectedMessage, "not a key package");
        };
        let row = KeyPackageRow {
            reference: reference.to_vec(),
            message: secrets.message.clone(),
            init_key: checked.init_key.to_vec(),
            encryption_key: checked.encryption_key.to_vec(),
            signature_key: checked.signing_key.secret.to_vec(),
            last_resort: fields.last_resort,
        };
        self.core.step(|tx| {
            row.put(&self.core.store, &mut tx.batch);
            Ok(())
        })?;
        Ok(reference.to_vec())
    }

    /// A key package with its private keys. It stays in this store too: two devices must not both use it.
    /// `KeyPackageNotFound` if there is none.
    pub fn export_key_package(&self, reference: Vec<u8>) -> Result<KeyPackageSecrets> {
        self.core.open()?;
        self.core.settings.full()?;
        let row = self.key_package(&reference)?;
        let mut secrets = KeyPackageSecrets {
            message: row.message.clone(),
            init_key: row.init_key.clone().into(),
            encryption_key: row.encryption_key.clone().into(),
            signature_key: row.signature_key.clone().into(),
        };
        KeyPackageFields::read(&row.message)?.pad_secrets(&mut secrets);
        Ok(secrets)
    }
}

impl Client {
    fn key_package(&self, reference: &[u8]) -> Result<KeyPackageRow> {
        match KeyPackageRow::get(&self.core.store, reference)? {
            Some(row) => Ok(row),
            None => fail(ErrorCode::KeyPackageNotFound, "no such key package is in the inventory"),
        }
    }
}
