//! mls-rs alone: in memory it writes nothing, with its SQLite provider the application writes the group after each step.

use crate::{
    contestant::{ALICE, BOB, Change, Contestant},
    meter::Meter,
};
use mls_rs::{
    CipherSuite, CipherSuiteProvider, Client, CryptoProvider, ExtensionList, Group, MlsMessage,
    client_builder::{MlsConfig, PaddingMode},
    crypto::SignatureSecretKey,
    identity::{
        SigningIdentity,
        basic::{BasicCredential, BasicIdentityProvider},
    },
    mls_rules::{CommitOptions, DefaultMlsRules, EncryptionOptions},
};
use mls_rs_crypto_awslc::AwsLcCryptoProvider;
use mls_rs_provider_sqlite::{JournalMode, SqLiteDataStorageEngine, connection_strategy::FileConnectionStrategy};
use std::path::Path;

pub const SUITE: CipherSuite = CipherSuite::CURVE25519_AES128;

pub fn identity(name: &str) -> (SigningIdentity, SignatureSecretKey) {
    let crypto = AwsLcCryptoProvider::new().cipher_suite_provider(SUITE).expect("the suite");
    let (secret, public) = crypto.signature_key_generate().expect("a key");
    (SigningIdentity::new(BasicCredential::new(name.as_bytes().to_vec()).into_credential(), public), secret)
}

/// Handshakes are encrypted, as by libmls and OpenMLS, and the Welcome brings the tree.
fn rules() -> DefaultMlsRules {
    DefaultMlsRules::new()
        .with_encryption_options(EncryptionOptions::new(true, PaddingMode::StepFunction))
        .with_commit_options(CommitOptions::new().with_ratchet_tree_extension(true))
}

pub fn memory() -> Box<dyn Contestant> {
    let devices = ["alice", "bob"].map(|name| {
        let (identity, secret) = identity(name);
        let client = Client::builder()
            .identity_provider(BasicIdentityProvider)
            .crypto_provider(AwsLcCryptoProvider::new())
            .mls_rules(rules())
            .signing_identity(identity, secret, SUITE)
            .build();
        Device { client, group: None }
    });
    Box::new(Engine { devices, durable: false })
}

pub fn sqlite(directory: &Path) -> Box<dyn Contestant> {
    let devices = ["alice", "bob"].map(|name| {
        let (identity, secret) = identity(name);
        let storage = SqLiteDataStorageEngine::new(FileConnectionStrategy::new(&directory.join(name)))
            .expect("a database")
            .with_journal_mode(Some(JournalMode::Wal));
        let client = Client::builder()
            .key_package_repo(storage.key_package_storage().expect("a table"))
            .psk_store(storage.pre_shared_key_storage().expect("a table"))
            .group_state_storage(storage.group_state_storage().expect("a table").with_max_epoch_retention(3))
            .identity_provider(BasicIdentityProvider)
            .crypto_provider(AwsLcCryptoProvider::new())
            .mls_rules(rules())
            .signing_identity(identity, secret, SUITE)
            .build();
        Device { client, group: None }
    });
    Box::new(Engine { devices, durable: true })
}

struct Device<C: MlsConfig> {
    client: Client<C>,
    group: Option<Group<C>>,
}

struct Engine<C: MlsConfig> {
    devices: [Device<C>; 2],
    durable: bool,
}

impl<C: MlsConfig> Engine<C> {
    fn group(&mut self, device: usize) -> &mut Group<C> {
        self.devices[device].group.as_mut().expect("a group")
    }

    /// What the application does after a step.
    fn save(&mut self, device: usize) {
        if self.durable {
            self.group(device).write_to_storage().expect("written");
        }
    }
}

fn message(bytes: &[u8]) -> MlsMessage {
    MlsMessage::from_bytes(bytes).expect("a message")
}

impl<C: MlsConfig> Contestant for Engine<C> {
    fn forget(&mut self) {
        // A stored one is overwritten by the next.
        self.devices.iter_mut().for_each(|device| device.group = None);
    }

    fn key_package(&mut self, device: usize) -> Vec<u8> {
        let package = self.devices[device]
            .client
            .generate_key_package_message(ExtensionList::new(), ExtensionList::new(), None)
            .expect("a key package");
        package.to_bytes().expect("encoded")
    }

    fn create(&mut self) {
        let mut group =
            self.devices[ALICE].client.create_group(ExtensionList::new(), ExtensionList::new(), None).expect("a group");
        if self.durable {
            group.write_to_storage().expect("written");
        }
    }

    fn start(&mut self) {
        let alice = &mut self.devices[ALICE];
        alice.group =
            Some(alice.client.create_group(ExtensionList::new(), ExtensionList::new(), None).expect("a group"));
        self.save(ALICE);
    }

    fn join(&mut self, device: usize, welcome: &[u8]) {
        let one = &mut self.devices[device];
        one.group = Some(one.client.join_group(None, &message(welcome), None).expect("joined").0);
        self.save(device);
    }

    fn commit(&mut self, change: &Change) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut builder = self.group(ALICE).commit_builder();
        match change {
            Change::Path => {}
            Change::Add(packages) => {
                for package in packages {
                    builder = builder.add_member(message(package)).expect("a key package");
                }
            }
            Change::Remove(leaf) => builder = builder.remove_member(*leaf).expect("a member"),
        }
        let output = builder.build().expect("a commit");
        self.save(ALICE);
        let welcome = output.welcome_messages().first().map(|welcome| welcome.to_bytes().expect("encoded"));
        (output.commit_message().to_bytes().expect("encoded"), welcome)
    }

    fn accept(&mut self) {
        self.group(ALICE).apply_pending_commit().expect("applied");
        self.save(ALICE);
    }

    fn process(&mut self, commit: &[u8]) {
        self.group(BOB).process_incoming_message(message(commit)).expect("processed");
        self.save(BOB);
    }

    fn encrypt(&mut self, data: &[u8]) -> Vec<u8> {
        let message = self.group(ALICE).encrypt_application_message(data, Vec::new()).expect("encrypted");
        self.save(ALICE);
        message.to_bytes().expect("encoded")
    }

    fn decrypt(&mut self, messages: &[Vec<u8>]) {
        for bytes in messages {
            self.group(BOB).process_incoming_message(message(bytes)).expect("decrypted");
        }
        self.save(BOB);
    }

    fn last_leaf(&self) -> u32 {
        let group = self.devices[ALICE].group.as_ref().expect("a group");
        group.roster().members_iter().map(|member| member.index).max().expect("a member")
    }

    fn load(&mut self, meter: &mut Meter) {
        if !self.durable {
            return;
        }
        let id = self.group(ALICE).group_id().to_vec();
        self.devices[ALICE].group = None;
        let client = &self.devices[ALICE].client;
        let group = meter.measure("load", || client.load_group(&id).expect("loaded"));
        self.devices[ALICE].group = Some(group);
    }
}
