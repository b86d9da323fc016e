//! The header row: which schema this is, who may read and write it, and the data key, wrapped.
//!
//! `magic (8) | schema (2) | min_reader (2) | min_writer (2) | wrapped data key (60) | MAC (32) | checksum (8)`
//!
//! The wrap authenticates what precedes it to whoever has the store key; the MAC, to whoever has the data key, for
//! another process may have changed the store key. The checksum tells damage from a wrong key. It comes last in
//! every schema and covers everything before it, and the first 14 bytes never change, so that every release can
//! tell a newer header from a damaged one.
use aws_lc_rs::{digest, hmac};
use zeroize::Zeroizing;

use super::StorageError;
use super::key::HEADER;
use super::seal::{self, KEY_LEN, OVERHEAD, Sealer, Secret};
use crate::error::fail;
use crate::{ErrorCode, Result};

/// What this release writes, and the newest that it reads.
pub(crate) const SCHEMA: u16 = 1;

const MAGIC: [u8; 8] = *b"libmls\0s";
const LIMITS_END: usize = 14;
const WRAP_END: usize = LIMITS_END + KEY_LEN + OVERHEAD;
const MAC_END: usize = WRAP_END + 32;
const CHECKSUM_LEN: usize = 8;

pub(super) struct Header {
    bytes: Vec<u8>,
}

impl Header {
    /// A header of this release around `data_key`.
    pub(super) fn create(store_key: &[u8; KEY_LEN], data_key: &Secret) -> Result<Self> {
        let limits: Vec<u8> = [SCHEMA; 3].iter().flat_map(|limit| limit.to_be_bytes()).collect();
        Self::wrap(&[MAGIC.as_slice(), &limits].concat(), store_key, data_key)
    }

    /// This header under another store key.
    pub(super) fn rewrap(&self, store_key: &[u8; KEY_LEN], data_key: &Secret) -> Result<Self> {
        Self::wrap(&self.bytes[..LIMITS_END], store_key, data_key)
    }

    fn wrap(limits: &[u8], store_key: &[u8; KEY_LEN], data_key: &Secret) -> Result<Self> {
        let mut bytes = wrapper(store_key)?.seal(limits, &aad(limits), data_key.as_slice())?;
        let mac = hmac::sign(&mac_key(data_key)?, &bytes);
        bytes.extend_from_slice(mac.as_ref());
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        Ok(Self { bytes })
    }

    /// Errors: `Corrupt`, and `Newer` if this release must not read the store.
    pub(super) fn decode(bytes: Vec<u8>) -> Result<Self, StorageError> {
        let sum_at = bytes.len().saturating_sub(CHECKSUM_LEN);
        let damaged = sum_at < LIMITS_END || bytes[..8] != MAGIC || checksum(&bytes[..sum_at]) != bytes[sum_at..];
        if damaged {
            return Err(StorageError::Corrupt { detail: "header".into() });
        }
        let header = Self { bytes };
        let min_reader = header.number(10);
        if min_reader > SCHEMA {
            return Err(StorageError::Newer { detail: format!("reading takes schema {min_reader}") });
        }
        if header.bytes.len() != MAC_END + CHECKSUM_LEN {
            return Err(StorageError::Corrupt { detail: "header".into() });
        }
        Ok(header)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The data key. Errors: `StoreKeyWrong`.
    pub(super) fn unwrap(&self, store_key: &[u8; KEY_LEN]) -> Result<Secret> {
        let sealed = &self.bytes[LIMITS_END..WRAP_END];
        let Some(plain) = wrapper(store_key)?.open(&aad(&self.bytes[..LIMITS_END]), sealed) else {
            return fail(ErrorCode::StoreKeyWrong, "the store key does not open this store");
        };
        let mut key = Secret::default();
        key.copy_from_slice(&plain);
        Ok(key)
    }

    /// Whether the holder of the data key wrote it.
    pub(super) fn is_genuine(&self, key: &hmac::Key) -> bool {
        hmac::verify(key, &self.bytes[..WRAP_END], &self.bytes[WRAP_END..MAC_END]).is_ok()
    }

    /// The oldest schema whose releases may write.
    pub(super) fn min_writer(&self) -> u16 {
        self.number(12)
    }

    fn number(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    #[cfg(test)]
    pub(super) fn with_limits(&self, min_reader: u16, min_writer: u16, store_key: &[u8; KEY_LEN]) -> Self {
        let key = self.unwrap(store_key).expect("the right key");
        let schema = min_reader.max(min_writer);
        let limits = [MAGIC.as_slice(), &schema.to_be_bytes(), &min_reader.to_be_bytes(), &min_writer.to_be_bytes()];
        Self::wrap(&limits.concat(), store_key, &key).expect("sealing works")
    }
}

pub(super) fn mac_key(data_key: &Secret) -> Result<hmac::Key> {
    seal::mac_key(data_key, "libmls store header")
}

fn wrapper(store_key: &[u8; KEY_LEN]) -> Result<Sealer> {
    let key: Zeroizing<_> = seal::derive(store_key, "libmls store wrap")?;
    Sealer::new(&key)
}

fn aad(limits: &[u8]) -> Vec<u8> {
    [&[HEADER], limits].concat()
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_LEN] {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut sum = [0; CHECKSUM_LEN];
    sum.copy_from_slice(&digest.as_ref()[..CHECKSUM_LEN]);
    sum
}
