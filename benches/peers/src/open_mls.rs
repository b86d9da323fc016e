//! OpenMLS with RustCrypto, its own default. With its SQLite provider each step is one transaction, the best that an
//! application can do with it; values are encoded in JSON, as in OpenMLS's own tests.

use crate::{
    contestant::{ALICE, BOB, Change, Contestant},
    meter::Meter,
};
use openmls::prelude::{tls_codec::*, *};
use openmls::treesync::LeafNodeParameters;
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::{MemoryStorage, RustCrypto};
use openmls_sqlite_storage::{Codec, Connection, SqliteStorageProvider};
use openmls_traits::storage::{CURRENT_VERSION, StorageProvider};
use std::path::Path;

const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;

#[derive(Default)]
pub struct Json;

impl Codec for Json {
    type Error = serde_json::Error;

    fn to_vec<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Self::Error> {
        serde_json::to_vec(value)
    }

    fn from_slice<T: serde::de::DeserializeOwned>(slice: &[u8]) -> Result<T, Self::Error> {
        serde_json::from_slice(slice)
    }
}

struct Provider<S> {
    crypto: RustCrypto,
    storage: S,
}

impl<S: StorageProvider<CURRENT_VERSION>> OpenMlsProvider for Provider<S> {
    type CryptoProvider = RustCrypto;
    type RandProvider = RustCrypto;
    type StorageProvider = S;

    fn storage(&self) -> &S {
        &self.storage
    }

    fn crypto(&self) -> &RustCrypto {
        &self.crypto
    }

    fn rand(&self) -> &RustCrypto {
        &self.crypto
    }
}

pub fn memory() -> Box<dyn Contestant> {
    Box::new(OpenMls { devices: ["alice", "bob"].map(|name| Device::new(name, MemoryStorage::default(), None)) })
}

pub fn sqlite(directory: &Path) -> Box<dyn Contestant> {
    let devices = ["alice", "bob"].map(|name| {
        let mut connection = Connection::open(directory.join(name)).expect("a database");
        connection.pragma_update(None, "journal_mode", "WAL").expect("a mode");
        connection.pragma_update(None, "synchronous", "FULL").expect("a mode");
        SqliteStorageProvider::<Json, &mut Connection>::new(&mut connection).run_migrations().expect("tables");
        // It lives as long as the process.
        let connection: &'static Connection = Box::leak(Box::new(connection));
        Device::new(name, SqliteStorageProvider::<Json, &'static Connection>::new(connection), Some(connection))
    });
    Box::new(OpenMls { devices })
}

struct Device<S> {
    provider: Provider<S>,
    database: Option<&'static Connection>,
    signer: SignatureKeyPair,
    credential: CredentialWithKey,
    group: Option<MlsGroup>,
}

struct OpenMls<S> {
    devices: [Device<S>; 2],
}

fn config() -> MlsGroupCreateConfig {
    MlsGroupCreateConfig::builder().ciphersuite(SUITE).use_ratchet_tree_extension(true).max_past_epochs(3).build()
}

fn message(bytes: &[u8]) -> MlsMessageIn {
    MlsMessageIn::tls_deserialize_exact_bytes(bytes).expect("a message")
}

impl<S: StorageProvider<CURRENT_VERSION>> Device<S> {
    fn new(name: &str, storage: S, database: Option<&'static Connection>) -> Self {
        let signer = SignatureKeyPair::new(SUITE.signature_algorithm()).expect("a key");
        signer.store(&storage).expect("stored");
        let credential = CredentialWithKey {
            credential: BasicCredential::new(name.into()).into(),
            signature_key: signer.to_public_vec().into(),
        };
        Self {
            provider: Provider { crypto: RustCrypto::default(), storage },
            database,
            signer,
            credential,
            group: None,
        }
    }

    /// One step, in one transaction if there is a database.
    fn step<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> T {
        let run = |sql| self.database.into_iter().for_each(|database| database.execute_batch(sql).expect("done"));
        run("BEGIN IMMEDIATE");
        let database = self.database;
        let answer = step(self);
        database.into_iter().for_each(|database| database.execute_batch("COMMIT").expect("done"));
        answer
    }

    fn create(&mut self) -> MlsGroup {
        MlsGroup::new(&self.provider, &self.signer, &config(), self.credential.clone()).expect("a group")
    }

    fn process(&mut self, bytes: &[u8]) {
        let group = self.group.as_mut().expect("a group");
        let message = message(bytes).try_into_protocol_message().expect("for a group");
        let processed = group.process_message(&self.provider, message).expect("processed");
        match processed.into_content() {
            ProcessedMessageContent::StagedCommitMessage(commit) => {
                group.merge_staged_commit(&self.provider, *commit).expect("merged");
            }
            ProcessedMessageContent::ApplicationMessage(_) => {}
            _ => panic!("another message"),
        }
    }
}

impl<S: StorageProvider<CURRENT_VERSION>> Contestant for OpenMls<S> {
    fn forget(&mut self) {
        for device in &mut self.devices {
            device.step(|me| {
                if let Some(mut group) = me.group.take() {
                    group.delete(&me.provider.storage).expect("deleted");
                }
            });
        }
    }

    fn key_package(&mut self, device: usize) -> Vec<u8> {
        self.devices[device].step(|me| {
            let bundle = KeyPackage::builder()
                .build(SUITE, &me.provider, &me.signer, me.credential.clone())
                .expect("a key package");
            MlsMessageOut::from(bundle.key_package().clone()).to_bytes().expect("encoded")
        })
    }

    fn create(&mut self) {
        self.devices[ALICE].step(|me| drop(me.create()));
    }

    fn start(&mut self) {
        self.devices[ALICE].step(|me| me.group = Some(me.create()));
    }

    fn join(&mut self, device: usize, welcome: &[u8]) {
        self.devices[device].step(|me| {
            let MlsMessageBodyIn::Welcome(welcome) = message(welcome).extract() else { panic!("no Welcome") };
            let staged = StagedWelcome::new_from_welcome(&me.provider, config().join_config(), welcome, None)
                .expect("for this device");
            me.group = Some(staged.into_group(&me.provider).expect("joined"));
        });
    }

    fn commit(&mut self, change: &Change) -> (Vec<u8>, Option<Vec<u8>>) {
        self.devices[ALICE].step(|me| {
            let (provider, signer) = (&me.provider, &me.signer);
            let group = me.group.as_mut().expect("a group");
            let (commit, welcome) = match change {
                Change::Path => {
                    let bundle = group.self_update(provider, signer, LeafNodeParameters::default()).expect("a commit");
                    (bundle.into_commit(), None)
                }
                Change::Add(packages) => {
                    let packages: Vec<KeyPackage> = packages
                        .iter()
                        .map(|bytes| {
                            let MlsMessageBodyIn::KeyPackage(package) = message(bytes).extract() else {
                                panic!("no key package")
                            };
                            package.validate(provider.crypto(), ProtocolVersion::Mls10).expect("valid")
                        })
                        .collect();
                    let (commit, welcome, _) = group.add_members(provider, signer, &packages).expect("a commit");
                    (commit, Some(welcome))
                }
                Change::Remove(leaf) => {
                    let (commit, _, _) =
                        group.remove_members(provider, signer, &[LeafNodeIndex::new(*leaf)]).expect("a commit");
                    (commit, None)
                }
            };
            (commit.to_bytes().expect("encoded"), welcome.map(|welcome| welcome.to_bytes().expect("encoded")))
        })
    }

    fn accept(&mut self) {
        self.devices[ALICE].step(|me| {
            me.group.as_mut().expect("a group").merge_pending_commit(&me.provider).expect("merged");
        });
    }

    fn process(&mut self, commit: &[u8]) {
        self.devices[BOB].step(|me| me.process(commit));
    }

    fn encrypt(&mut self, data: &[u8]) -> Vec<u8> {
        self.devices[ALICE].step(|me| {
            let group = me.group.as_mut().expect("a group");
            group.create_message(&me.provider, &me.signer, data).expect("encrypted").to_bytes().expect("encoded")
        })
    }

    fn decrypt(&mut self, messages: &[Vec<u8>]) {
        self.devices[BOB].step(|me| messages.iter().for_each(|bytes| me.process(bytes)));
    }

    fn last_leaf(&self) -> u32 {
        let group = self.devices[ALICE].group.as_ref().expect("a group");
        group.members().map(|member| member.index.u32()).max().expect("a member")
    }

    fn load(&mut self, meter: &mut Meter) {
        let alice = &mut self.devices[ALICE];
        let id = alice.group.take().expect("a group").group_id().clone();
        let storage = &alice.provider.storage;
        alice.group = meter.measure("load", || MlsGroup::load(storage, &id).expect("read"));
        assert!(alice.group.is_some());
    }
}
