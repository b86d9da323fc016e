//! libmls, through its public Rust surface.

use crate::peer::*;
use mls::{
    Capabilities, CipherSuite, Client, Commit, CommitOptions, Credential, EncryptOptions, EventKind, Extension,
    ExternalJoin, Group, GroupOptions, HandshakeEncryption, JoinOptions, KeyPackageOptions, Options, Proposal, Trust,
    store::MemoryStorage,
};
use std::sync::Arc;

pub struct Ours {
    storage: Arc<MemoryStorage>,
    options: Options,
    client: Client,
    group_id: Option<Vec<u8>>,
    group: Option<Group>,
    pending: Option<Commit>,
}

fn told(error: mls::MlsError) -> String {
    format!("{:?}: {error} ({})", error.code(), error.detail())
}

fn proposal(change: &Change) -> Proposal {
    match change {
        Change::Add { key_package } => Proposal::add(key_package.clone()),
        Change::Update => Proposal::update(),
        Change::Remove { leaf } => Proposal::remove(*leaf),
        Change::Psk { id } => Proposal::external_psk(id.clone()),
        Change::Resumption { epoch } => Proposal::ResumptionPsk { epoch: *epoch },
        Change::Context { extensions } => Proposal::GroupContextExtensions {
            extensions: extensions.iter().map(|(kind, data)| Extension { kind: *kind, data: data.clone() }).collect(),
        },
    }
}

impl Ours {
    pub fn new(identity: &str, suite: u16, public: bool) -> Result<Self> {
        let mut options = Options::new().trust(Trust::InsecureAcceptAny);
        // Bytes that are not of our own form: what other implementations use.
        options.credential = Some(Credential::Basic { identity: identity.into() });
        options.cipher_suite = Some(CipherSuite(suite));
        options.policy.external_join = ExternalJoin::Trusted;
        options.policy.handshake_encryption =
            if public { HandshakeEncryption::Public } else { HandshakeEncryption::Private };
        options.capabilities = Capabilities { extensions: vec![CONTEXT_EXTENSION], ..Capabilities::default() };
        let storage = MemoryStorage::new();
        let client = Client::open_storage(storage.clone(), vec![7; 32], options.clone()).map_err(told)?;
        Ok(Self { storage, options, client, group_id: None, group: None, pending: None })
    }

    /// The private keys of a key package: init, encryption, signature.
    pub fn secrets(&self, key_package: &[u8]) -> Result<[Vec<u8>; 3]> {
        let all = self.client.key_packages().map_err(told)?;
        let known = all.iter().find(|known| known.message == key_package).ok_or("no such key package")?;
        let secrets = self.client.export_key_package(known.reference.clone()).map_err(told)?;
        Ok([secrets.init_key.to_vec(), secrets.encryption_key.to_vec(), secrets.signature_key.to_vec()])
    }

    fn group(&self) -> Result<&Group> {
        self.group.as_ref().ok_or_else(|| "not in the group".into())
    }

    fn set(&mut self, group: Group) {
        self.group_id = Some(group.id().to_vec());
        self.group = Some(group);
    }
}

impl Peer for Ours {
    fn kind(&self) -> &'static str {
        "libmls"
    }

    fn key_package(&mut self) -> Result<Vec<u8>> {
        Ok(self.client.create_key_packages(1, KeyPackageOptions::default()).map_err(told)?.remove(0))
    }

    fn add_psk(&mut self, id: &[u8], secret: &[u8]) -> Result<()> {
        self.client.add_psk(id.to_vec(), secret.to_vec()).map_err(told)
    }

    fn create(&mut self, group_id: &[u8]) -> Result<()> {
        let options = GroupOptions { id: Some(group_id.to_vec()), ..GroupOptions::default() };
        let group = self.client.create_group(options).map_err(told)?;
        self.set(group);
        Ok(())
    }

    fn join(&mut self, welcome: &[u8], tree: Option<&[u8]>) -> Result<()> {
        let events = self.client.receive(welcome.to_vec()).map_err(told)?;
        for event in &events {
            if let EventKind::Invited(invitation) = &event.kind {
                if invitation.preview.needs_tree != tree.is_some() {
                    return Err("the preview is wrong about the tree".into());
                }
                let group = self.client.join(invitation.id, tree.map(<[u8]>::to_vec)).map_err(told)?;
                self.client.acknowledge(event.id).map_err(told)?;
                self.set(group);
                return Ok(());
            }
        }
        Err(format!("no invitation: {events:?}"))
    }

    fn join_external(&mut self, info: &[u8], tree: Option<&[u8]>, psk: Option<&[u8]>, resync: bool) -> Result<Vec<u8>> {
        let options = JoinOptions {
            tree: tree.map(<[u8]>::to_vec),
            psks: psk.iter().map(|id| id.to_vec()).collect(),
            resync,
            aad: b"external".to_vec(),
            ..JoinOptions::default()
        };
        let commit = self.client.join_external(info.to_vec(), options).map_err(told)?;
        let message = commit.message().map_err(told)?;
        self.set(commit.group());
        self.pending = Some(commit);
        Ok(message)
    }

    fn propose(&mut self, change: &Change, aad: &[u8]) -> Result<Vec<u8>> {
        Ok(self.group()?.propose(vec![proposal(change)], aad.to_vec()).map_err(told)?.remove(0))
    }

    fn commit(&mut self, by_value: &[Change], how: &How) -> Result<Made> {
        let options = CommitOptions {
            force_path: how.path,
            aad: how.aad.clone(),
            tree_out_of_band: !how.tree_inside,
            ..CommitOptions::default()
        };
        let commit = self.group()?.commit(by_value.iter().map(proposal).collect(), options).map_err(told)?;
        let bundle = commit.bundle().map_err(told)?;
        self.pending = Some(commit);
        Ok(Made { commit: bundle.message, welcome: bundle.welcomes.into_iter().next() })
    }

    fn accept(&mut self) -> Result<()> {
        self.pending.take().ok_or("no commit is pending")?.accept().map_err(told)
    }

    fn reject(&mut self) -> Result<()> {
        self.pending.take().ok_or("no commit is pending")?.reject().map_err(told)
    }

    fn handle(&mut self, message: &[u8]) -> Result<Got> {
        let events = self.client.receive(message.to_vec()).map_err(told)?;
        let mut got = None;
        for event in events {
            let new = match event.kind {
                EventKind::Proposed(_) => Got::Proposal,
                EventKind::Committed(_) => Got::Commit,
                EventKind::Removed(_) => Got::Removed,
                EventKind::Message(message) => Got::Message { data: message.data, aad: message.aad },
                EventKind::Superseded(_) => continue,
                EventKind::Ignored(_) | EventKind::Undecryptable(_) | EventKind::Denied(_) => {
                    Got::Nothing(format!("{:?}", event.kind))
                }
                other => return Err(format!("{other:?}")),
            };
            self.client.acknowledge(event.id).map_err(told)?;
            if got.replace(new).is_some() {
                return Err("more than one outcome".into());
            }
        }
        got.ok_or_else(|| "no outcome".into())
    }

    fn encrypt(&mut self, data: &[u8], aad: &[u8]) -> Result<Vec<u8>> {
        self.group()?.encrypt(data.to_vec(), EncryptOptions { aad: aad.to_vec() }).map_err(told)
    }

    fn state(&mut self) -> Result<State> {
        let group = self.group()?;
        Ok(State {
            epoch: group.epoch().map_err(told)?,
            authenticator: group.epoch_authenticator().map_err(told)?,
            tree_hash: group.tree_hash().map_err(told)?,
            exported: group.export_secret(EXPORT.0, EXPORT.1.to_vec(), EXPORT.2).map_err(told)?,
            members: group
                .members()
                .map_err(told)?
                .into_iter()
                .map(|member| (member.leaf, member.credential.bytes().to_vec()))
                .collect(),
        })
    }

    fn info(&mut self, with_tree: bool) -> Result<Vec<u8>> {
        self.group()?.group_info(true, with_tree).map_err(told)
    }

    fn tree(&mut self) -> Result<Vec<u8>> {
        self.group()?.ratchet_tree().map_err(told)
    }

    fn restart(&mut self) -> Result<()> {
        // Dropped, not closed: as if the process had been killed.
        self.pending = None;
        self.group = None;
        self.client = Client::open_storage(self.storage.clone(), vec![7; 32], self.options.clone()).map_err(told)?;
        if let Some(id) = &self.group_id {
            let group = self.client.group(id.to_vec()).map_err(told)?;
            self.pending = group.pending_commits().map_err(told)?.pop();
            self.group = Some(group);
        }
        Ok(())
    }

    fn survives_tampering(&self) -> bool {
        true
    }
}
