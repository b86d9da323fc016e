//! The engine's three storage traits over plain memory: what the engine writes is caught here and stored by the core
//! in one transaction with everything it belongs with; what it reads is put here, or asked of the core.

use mls_rs::{GroupStateStorage, KeyPackageStorage, PreSharedKeyStorage};
use mls_rs::{
    error::IntoAnyError,
    psk::{ExternalPskId, PreSharedKey},
    storage_provider::KeyPackageData,
};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};
use zeroize::Zeroizing;

/// Where secrets come from that the engine asks for in the middle of an operation.
pub(crate) trait Vault: Send + Sync {
    /// The record of a past epoch, for its resumption secret.
    fn epoch(&self, group_id: &[u8], epoch: u64) -> crate::Result<Option<Zeroizing<Vec<u8>>>>;
    /// An external pre-shared key.
    fn psk(&self, id: &[u8]) -> crate::Result<Option<Zeroizing<Vec<u8>>>>;
}

/// A record that the engine made of a past epoch.
pub(crate) struct EpochRecord {
    pub(crate) epoch: u64,
    pub(crate) data: Zeroizing<Vec<u8>>,
}

/// What the engine wrote.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) snapshot: Zeroizing<Vec<u8>>,
    pub(crate) new_epochs: Vec<EpochRecord>,
}

#[derive(Default)]
struct Inner {
    snapshot: Option<Zeroizing<Vec<u8>>>,
    written: Option<Written>,
    recent: Vec<EpochRecord>,
    key_packages: HashMap<Vec<u8>, KeyPackageData>,
    new_key_packages: Vec<(Vec<u8>, KeyPackageData)>,
    failure: Option<crate::MlsError>,
}

/// A handle on the memory; clones share it.
#[derive(Clone)]
pub(crate) struct Provider {
    vault: Arc<dyn Vault>,
    inner: Arc<Mutex<Inner>>,
}

impl Provider {
    pub(crate) fn new(vault: Arc<dyn Vault>) -> Self {
        Self { vault, inner: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere cannot leave these maps half-written.
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What the next load reads.
    pub(crate) fn put_snapshot(&self, snapshot: Zeroizing<Vec<u8>>) {
        self.lock().snapshot = Some(snapshot);
    }

    pub(crate) fn put_key_package(&self, reference: Vec<u8>, data: KeyPackageData) {
        self.lock().key_packages.insert(reference, data);
    }

    /// What the engine wrote since the last call.
    pub(crate) fn take_written(&self) -> Option<Written> {
        self.lock().written.take()
    }

    /// Epochs that the vault will have soon, for an engine that asks before.
    pub(crate) fn put_recent(&self, epochs: Vec<EpochRecord>) {
        self.lock().recent = epochs;
    }

    /// Key packages that the engine made since the last call.
    pub(crate) fn take_key_packages(&self) -> Vec<(Vec<u8>, KeyPackageData)> {
        std::mem::take(&mut self.lock().new_key_packages)
    }

    /// Why the vault could not answer: the engine wraps errors beyond recognition.
    pub(crate) fn take_failure(&self) -> Option<crate::MlsError> {
        self.lock().failure.take()
    }

    fn asked<T>(&self, answer: crate::Result<T>) -> Result<T, VaultError> {
        answer.map_err(|error| {
            self.lock().failure = Some(error);
            VaultError
        })
    }
}

/// The vault could not answer; the reason is kept in the provider.
#[derive(Debug)]
pub(crate) struct VaultError;

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store could not answer")
    }
}

impl std::error::Error for VaultError {}
impl IntoAnyError for VaultError {
    fn into_dyn_error(self) -> Result<Box<dyn std::error::Error + Send + Sync>, Self> {
        Ok(Box::new(self))
    }
}

impl GroupStateStorage for Provider {
    type Error = VaultError;

    fn state(&self, _group_id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        Ok(self.lock().snapshot.take())
    }

    fn epoch(&self, group_id: &[u8], epoch: u64) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        if let Some(recent) = self.lock().recent.iter().find(|record| record.epoch == epoch) {
            return Ok(Some(recent.data.clone()));
        }
        self.asked(self.vault.epoch(group_id, epoch))
    }

    fn write(
        &mut self,
        state: mls_rs_core::group::GroupState,
        inserts: Vec<mls_rs_core::group::EpochRecord>,
        // Late messages are read elsewhere: see `Graft`.
        _updates: Vec<mls_rs_core::group::EpochRecord>,
    ) -> Result<(), VaultError> {
        let new_epochs =
            inserts.into_iter().map(|record| EpochRecord { epoch: record.id, data: record.data }).collect();
        self.lock().written = Some(Written { snapshot: state.data, new_epochs });
        Ok(())
    }

    fn max_epoch_id(&self, _group_id: &[u8]) -> Result<Option<u64>, VaultError> {
        // The engine would refuse an epoch that does not follow the last stored one, for instance after a resync. The
        // core keeps the order by itself.
        Ok(None)
    }
}

impl KeyPackageStorage for Provider {
    type Error = VaultError;

    fn delete(&mut self, _id: &[u8]) -> Result<(), VaultError> {
        Ok(()) // the core deletes it with the join
    }

    fn insert(&mut self, id: Vec<u8>, pkg: KeyPackageData) -> Result<(), VaultError> {
        self.lock().new_key_packages.push((id, pkg));
        Ok(())
    }

    fn get(&self, id: &[u8]) -> Result<Option<KeyPackageData>, VaultError> {
        Ok(self.lock().key_packages.get(id).cloned())
    }
}

impl PreSharedKeyStorage for Provider {
    type Error = VaultError;

    fn get(&self, id: &ExternalPskId) -> Result<Option<PreSharedKey>, VaultError> {
        Ok(self.asked(self.vault.psk(id))?.map(PreSharedKey::from))
    }
}
