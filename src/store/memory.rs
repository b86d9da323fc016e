//! A storage that forgets: for tests, and for clients that keep nothing.
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{KeyRange, Row, Storage, StorageError, Write};

/// A [`Storage`] in memory. Clients that share one behave as they would on one file.
pub struct MemoryStorage {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    version: u64,
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    suspended: bool,
}

impl MemoryStorage {
    /// An empty storage. Share it by cloning the `Arc`.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { inner: Mutex::default() })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // No code that holds the lock can panic halfway through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn awake(&self) -> Result<MutexGuard<'_, Inner>, StorageError> {
        let inner = self.inner();
        if inner.suspended {
            return Err(StorageError::Suspended { detail: String::new() });
        }
        Ok(inner)
    }
}

impl Inner {
    fn apply(&mut self, write: &Write) {
        match write {
            Write::Put { key, value } => {
                self.rows.insert(key.clone(), value.clone());
            }
            Write::Delete { key } => {
                self.rows.remove(key);
            }
            Write::DeleteRange { from, to } => {
                if from < to {
                    self.rows.retain(|key, _| key < from || key >= to);
                }
            }
        }
    }
}

impl Storage for MemoryStorage {
    fn version(&self) -> Result<u64, StorageError> {
        Ok(self.awake()?.version)
    }

    fn get(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.awake()?.rows.get(&key).cloned())
    }

    fn scan(&self, range: KeyRange, reverse: bool, limit: u32) -> Result<Vec<Row>, StorageError> {
        let inner = self.awake()?;
        if range.from >= range.to {
            return Ok(Vec::new());
        }
        let bounds = (Bound::Included(range.from), Bound::Excluded(range.to));
        let rows = inner.rows.range(bounds).map(|(key, value)| Row { key: key.clone(), value: value.clone() });
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(if reverse { rows.rev().take(limit).collect() } else { rows.take(limit).collect() })
    }

    fn commit(&self, version: u64, writes: Vec<Write>) -> Result<Option<u64>, StorageError> {
        let mut inner = self.awake()?;
        if inner.version != version {
            return Ok(None);
        }
        for write in &writes {
            inner.apply(write);
        }
        inner.version += 1;
        Ok(Some(inner.version))
    }

    fn checkpoint(&self) -> Result<(), StorageError> {
        self.awake().map(drop)
    }

    fn suspend(&self) -> Result<(), StorageError> {
        self.inner().suspended = true;
        Ok(())
    }

    fn resume(&self) -> Result<(), StorageError> {
        let mut inner = self.inner();
        if inner.suspended {
            inner.suspended = false;
            inner.version += 1;
        }
        Ok(())
    }
}
