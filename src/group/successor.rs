//! Groups that continue a group: branches, and successors after a ReInit (RFC 9420 sections 11.2, 11.3).

use super::{Group, GroupStatus, Locked, commit::CommitRow, session::run};
use crate::{
    CipherSuite, Commit, Committed, ErrorCode, EventKind, Result, SenderKind,
    client::ClientCore,
    engine::{self, EngineGroup, Own, Parts, Snapshot},
    error::fail,
    ledger::encode,
    trust::Purpose,
};
use mls_rs::{MlsMessage, group::ExportedTree, group::NewMemberInfo};

impl Group {
    /// Makes a new group of some members of this one, bound to this epoch: a key package for each of them but this
    /// device. They have to join while they are in the same epoch. The returned commit is accepted already: its
    /// `group` is the new group, its `welcomes` are for the members.
    ///
    /// Errors: `GroupExists`, `InvalidKeyPackage`, `NoSuccessor` if somebody is not a member of this group, and those
    /// of [`encrypt`](Self::encrypt) but `CommitRequired`.
    pub fn branch(&self, group_id: Option<Vec<u8>>, key_packages: Vec<Vec<u8>>) -> Result<Commit> {
        let id = super::propose::reinit_id(&group_id)?;
        let now = engine::time(self.client.settings.now());
        let packages = decode_all(&key_packages)?;
        let (group, welcomes, parts) = {
            let mut locked = self.lock_whole()?;
            self.check_sending(locked.session())?;
            let session = locked.session();
            let made = run(|| session.engine.branch(id.clone(), packages, Some(now)));
            let (group, welcomes) = locked.settle(made)?;
            (group, welcomes, locked.session().parts.clone())
        };
        self.store_successor(group, &parts, &welcomes)
    }

    /// Makes the successor that a ReInit announced, with a key package for every other member. The returned commit is
    /// accepted already, as for [`branch`](Self::branch).
    ///
    /// Errors: `NoSuccessor` if none is announced or the members are not the same, `GroupExists`, `InvalidKeyPackage`.
    pub fn create_successor(&self, key_packages: Vec<Vec<u8>>) -> Result<Commit> {
        self.client.settings.full()?;
        let now = engine::time(self.client.settings.now());
        let packages = decode_all(&key_packages)?;
        let mut locked = self.lock_whole()?;
        if locked.session().row.status != GroupStatus::Replaced {
            return fail(ErrorCode::NoSuccessor, "no successor is announced for this group");
        }
        let own = self.client.successor_identity(&mut locked)?;
        let session = locked.session();
        let parts = session.parts.clone();
        let (signer, identity) = own.map(|own| (own.signer, own.identity)).unzip();
        let engine = session.engine.clone();
        let (group, welcomes) = run(|| {
            let client = engine.get_reinit_client(signer, identity)?;
            client.commit(packages, mls_rs::ExtensionList::new(), Some(now))
        })?;
        drop(locked);
        self.store_successor(group, &parts, &welcomes)
    }

    /// Stores a group that this device has made, with its Welcomes.
    fn store_successor(&self, mut engine: EngineGroup, parts: &Parts, welcomes: &[MlsMessage]) -> Result<Commit> {
        let client = &self.client;
        let group = client.group(engine.group_id());
        let slot = group.core.session.enter()?;
        client.absent(&group)?;
        let trust = super::join::ask_trust(client, parts, &engine, Purpose::Add)?.into_result()?;
        run(|| engine.write_to_storage())?;
        let written = parts.provider.take_written().expect("the engine has just written");
        let snapshot = Snapshot::cut(&written.snapshot)?;
        let welcomes: Vec<Vec<u8>> = welcomes.iter().map(|welcome| welcome.to_bytes()).collect::<Result<_, _>>()?;
        let own = engine.current_member_index();
        let members: Vec<_> = engine.roster().members();
        let sender = |leaf: u32, id| client.settings.sender(SenderKind::Member, Some(leaf), Some(id));
        let by = members.iter().find(|member| member.index == own).map(|member| sender(own, &member.signing_identity));
        let Some(by) = by else { return fail(ErrorCode::Engine, "the new group is without its maker") };
        let epoch = engine.context().epoch;
        let id = client.step(|tx| {
            client.absent(&group)?;
            let id = tx.id();
            let folded = tx.id();
            group.first_rows(&mut tx.batch, &snapshot, &engine, None, folded);
            let row = CommitRow::accepted(id, epoch, Vec::new(), welcomes.clone());
            tx.batch.put(CommitRow::key(&group, id), encode(&row));
            trust.remember(&mut tx.batch);
            let committed = Committed {
                sender: by.clone(),
                epoch,
                commit: Some(id),
                added: members
                    .iter()
                    .filter(|member| member.index != own)
                    .map(|member| sender(member.index, &member.signing_identity))
                    .collect(),
                removed: Vec::new(),
                updated: Vec::new(),
                psks: Vec::new(),
                context_changed: false,
                custom: Vec::new(),
                dropped: Vec::new(),
                aad: Vec::new(),
            };
            tx.event(Some(group.core.tag), &group.core.id, EventKind::Committed(committed));
            Ok(id)
        })?;
        drop(slot);
        Ok(Commit { group, id })
    }
}

fn decode_all(key_packages: &[Vec<u8>]) -> Result<Vec<MlsMessage>> {
    key_packages
        .iter()
        .map(|bytes| {
            let message = engine::decode(bytes)?;
            match message.as_key_package() {
                Some(_) => Ok(message),
                None => fail(ErrorCode::UnexpectedMessage, "not a key package"),
            }
        })
        .collect()
}

impl ClientCore {
    /// This device's key for a successor of another suite.
    fn successor_identity(&self, locked: &mut Locked) -> Result<Option<Own>> {
        let session = locked.session();
        let Some(suite) = session.announced_suite() else { return Ok(None) };
        if suite.0 == session.row.cipher_suite {
            return Ok(None);
        }
        self.own(engine::suite(suite)?).map(Some)
    }

    /// Joins what continues one of our groups.
    pub(super) fn join_successor(
        &self,
        parts: &Parts,
        parent: &[u8],
        own: &Own,
        welcome: &MlsMessage,
        tree: Option<ExportedTree<'static>>,
    ) -> Result<(EngineGroup, NewMemberInfo)> {
        // The parent as a group of this engine client's: its storage has the key package.
        let tag = self.store.group_tag(parent);
        let session = super::Session::load(self, tag)?;
        let (_, nodes) = super::row::StoredTree::read(&self.store, tag, &session.row)?;
        let snapshot = Snapshot::join(&session.row.snapshot, &nodes)?;
        let engine = self.load_engine(parts, parent, snapshot)?;
        Ok(match session.row.status {
            GroupStatus::Replaced => run(|| {
                let client = engine.get_reinit_client(Some(own.signer.clone()), Some(own.identity.clone()))?;
                client.join(welcome, tree, None)
            })?,
            _ => run(|| engine.join_subgroup(welcome, tree, None))?,
        })
    }
}

impl super::Session {
    /// The suite of the successor that a ReInit announced.
    fn announced_suite(&self) -> Option<CipherSuite> {
        engine::announced_suite(&self.row.snapshot).ok().flatten().map(CipherSuite)
    }
}
