//! Commits of ours: made, stored, answered by the service (the protocol at [`Commit`]).

use super::{
    COMMIT, Group, GroupRow, JOINING, Locked, Session,
    propose::{check_key_package, check_proposal, describe, new_own, now, reinit_id},
    session::{Failure, run},
};
use crate::{
    Commit, CommitBundle, CommitOptions, CommitStatus, ErrorCode, GroupStatus, HeldFor, NewIdentity, Proposal,
    ProposalInfo, Result,
    engine::{self, CommitShape, Own, PendingSecrets, Tree, extensions},
    error::fail,
    ledger::{decode, encode},
    store::Key,
};
use minicbor::{Decode, Encode};
use mls_rs::{
    group::{
        CommitBuilder, CommitOutput, CommitSecrets, Sender as EngineSender,
        proposal::{CustomProposal, Proposal as EngineProposal, ProposalType},
    },
    mls_rs_codec::MlsDecode,
    psk::ExternalPskId,
};

/// How many commits can be pending in an epoch, and how many rejected ones are remembered.
const PENDING_MAX: usize = 4;

/// A commit as it is stored.
#[derive(Encode, Decode)]
pub(crate) struct CommitRow {
    #[n(0)]
    pub(super) id: u64,
    #[n(1)]
    pub(super) status: u8,
    /// The epoch that it would end, and the authenticator of that epoch.
    #[n(2)]
    pub(super) epoch: u64,
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    authenticator: Vec<u8>,
    /// SHA-256 of the message: how its echo is known.
    #[n(4)]
    pub(super) hash: [u8; 32],
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) message: Vec<u8>,
    #[n(6)]
    pub(super) welcomes: Vec<minicbor::bytes::ByteVec>,
    #[n(7)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) group_info: Option<Vec<u8>>,
    /// The engine's secrets without the tree. Empty for an external commit and after acceptance.
    #[n(8)]
    #[cbor(with = "minicbor::bytes")]
    secrets: Vec<u8>,
    #[n(9)]
    tree: TreeDiff,
    /// What it proposes by value.
    #[n(10)]
    pub(super) by_value: Vec<ProposalInfo>,
}

impl Drop for CommitRow {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.secrets);
    }
}

/// How a tree differs from the group's.
#[derive(Default, Encode, Decode)]
struct TreeDiff {
    #[n(0)]
    node_count: u32,
    #[n(1)]
    hash_count: u32,
    #[n(2)]
    nodes: Vec<Changed>,
    #[n(3)]
    hashes: Vec<Changed>,
}

#[derive(Encode, Decode)]
struct Changed {
    #[n(0)]
    index: u32,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    bytes: Vec<u8>,
}

fn diff(base: &[Vec<u8>], new: &[Vec<u8>]) -> Vec<Changed> {
    (0u32..)
        .zip(new)
        .filter(|(index, bytes)| base.get(*index as usize) != Some(bytes))
        .map(|(index, bytes)| Changed { index, bytes: bytes.clone() })
        .collect()
}

fn patch(base: &[Vec<u8>], len: u32, changes: &[Changed]) -> Vec<Vec<u8>> {
    let mut patched = base.to_vec();
    patched.resize(len as usize, Vec::new());
    for change in changes {
        if let Some(place) = patched.get_mut(change.index as usize) {
            place.clone_from(&change.bytes);
        }
    }
    patched
}

impl TreeDiff {
    fn new(base: &Tree, new: &Tree) -> Self {
        Self {
            node_count: new.nodes.len() as u32,
            hash_count: new.hashes.len() as u32,
            nodes: diff(&base.nodes, &new.nodes),
            hashes: diff(&base.hashes, &new.hashes),
        }
    }

    fn apply(&self, base: &Tree) -> Tree {
        Tree {
            nodes: patch(&base.nodes, self.node_count, &self.nodes),
            hashes: patch(&base.hashes, self.hash_count, &self.hashes),
        }
    }
}

impl CommitRow {
    pub(crate) fn key(group: &Group, id: u64) -> Key {
        Key::group(COMMIT, group.core.tag, &id.to_be_bytes())
    }

    pub(super) fn status(&self) -> CommitStatus {
        match self.status {
            1 => CommitStatus::Pending,
            2 => CommitStatus::Rejected,
            3 => CommitStatus::Accepted,
            _ => CommitStatus::Superseded,
        }
    }

    /// A commit whose epoch is there already.
    pub(super) fn accepted(id: u64, epoch: u64, message: Vec<u8>, welcomes: Vec<Vec<u8>>) -> Self {
        Self {
            id,
            status: CommitStatus::Accepted as u8,
            epoch,
            authenticator: Vec::new(),
            hash: engine::hash(&message),
            message,
            welcomes: welcomes.into_iter().map(Into::into).collect(),
            group_info: None,
            secrets: Vec::new(),
            tree: TreeDiff::default(),
            by_value: Vec::new(),
        }
    }

    /// A commit that joins: its secrets are the state in the joining row.
    pub(super) fn joining(id: u64, epoch: u64, message: Vec<u8>) -> Self {
        let mut row = Self::accepted(id, epoch, message, Vec::new());
        row.status = CommitStatus::Pending as u8;
        row
    }

    /// As it is kept until its event is acknowledged.
    pub(super) fn into_accepted(mut self) -> Self {
        zeroize::Zeroize::zeroize(&mut self.secrets);
        self.status = CommitStatus::Accepted as u8;
        self.tree = TreeDiff::default();
        self.by_value.clear();
        self
    }
}

/// What is to be committed: the application's proposals, or encoded ones of a superseded commit.
pub(super) enum Content {
    Proposals(Vec<Proposal>),
    Encoded(Vec<Vec<u8>>),
}

impl Group {
    /// Commits these proposals by value, and by reference those that are cached (RFC 9420 section 12.4). The commit is
    /// stored before it is returned; send its message, and tell it what the service says. Until it is accepted the
    /// group stays in the old epoch. An empty list renews this device's keys.
    ///
    /// Cached proposals that would make peers refuse the commit are left out: a second Update of one sender, an Update
    /// of somebody who is removed, an Add of somebody who is added by value.
    ///
    /// Errors: `TooManyCommits` with four pending in this epoch, `InvalidProposal`, `InvalidKeyPackage`,
    /// `KeyPackageExpired`, `DuplicateMember`, `MemberNotFound`, `PskNotFound`, `CredentialDenied`, `CredentialLater`,
    /// `InvalidSigningKey`, `InvalidCredential`, and those of [`encrypt`](Self::encrypt) but `CommitRequired`.
    pub fn commit(&self, proposals: Vec<Proposal>, options: CommitOptions) -> Result<Commit> {
        self.make_commit(&Content::Proposals(proposals), &options)
    }

    /// Commits proposals of a superseded commit again: the `encoded` bytes of
    /// [`Superseded::still_valid`](crate::Superseded). Errors as for [`commit`](Self::commit), and `InvalidMessage`.
    pub fn commit_again(&self, encoded: Vec<Vec<u8>>, options: CommitOptions) -> Result<Commit> {
        self.make_commit(&Content::Encoded(encoded), &options)
    }

    fn make_commit(&self, content: &Content, options: &CommitOptions) -> Result<Commit> {
        self.attempt(|locked| {
            self.check_sending(locked.session())?;
            let epoch = locked.session().row.epoch;
            let rows = self.commit_rows()?;
            let pending = rows.iter().filter(|row| row.status() == CommitStatus::Pending && row.epoch == epoch).count();
            if pending >= PENDING_MAX {
                return fail(ErrorCode::TooManyCommits, "four commits are pending in this epoch");
            }
            let shape = self.shape(content, options);
            let new = new_identity(locked.session(), content, options)?;
            if let Content::Proposals(proposals) = content {
                let limit = self.client.settings.limits.proposals_per_commit as usize;
                if proposals.len() > limit {
                    return fail(ErrorCode::TooLarge, "too many proposals for one commit");
                }
                proposals.iter().try_for_each(|proposal| check_proposal(&self.client, locked.session(), proposal))?;
            }
            let built = build(self, locked.session(), content, options, shape, new);
            let (output, secrets) = locked.settle(built)?;
            let trust = locked.session().ask_trust(&self.client, &|_| None).and_then(|answer| answer.into_result());
            let answer = locked.settle(trust)?;
            let row = self.commit_row(locked, content, &output, &secrets);
            let mut row = locked.settle(row)?;
            let snapshot = locked.session().snapshot();
            let (snapshot, _) = locked.settle(snapshot)?;
            let group_row = locked.session().new_row(self.core.tag, &snapshot);
            let done = locked.write(|tx| {
                row.id = tx.id();
                tx.batch.put(CommitRow::key(self, row.id), encode(&row));
                group_row.put(tx);
                answer.remember(&mut tx.batch);
                tx.raise_mark(&self.client);
                Ok(row.id)
            })?;
            let Some(done) = done else { return Ok(None) };
            group_row.stored(locked.session(), &self.core);
            Ok(Some(Commit { group: self.clone(), id: done.value }))
        })
    }

    fn shape(&self, content: &Content, options: &CommitOptions) -> CommitShape {
        let by_value: &[Proposal] = match content {
            Content::Proposals(proposals) => proposals,
            Content::Encoded(_) => &[],
        };
        let renews = |proposal: &Proposal| matches!(proposal, Proposal::Update { .. } | Proposal::Custom { .. });
        CommitShape {
            // A new signer without a path would sign everything with a key that is in no leaf.
            force_path: options.force_path
                || options.new_identity.is_some()
                || options.leaf_extensions.is_some()
                || by_value.iter().any(renews)
                || matches!(content, Content::Encoded(_)),
            tree_out_of_band: options.tree_out_of_band,
            welcome_for_each: options.welcome_for_each,
            group_info: options.group_info.unwrap_or(self.client.settings.policy.publish_group_info),
        }
    }

    fn commit_row(
        &self,
        locked: &mut Locked,
        content: &Content,
        output: &CommitOutput,
        secrets: &CommitSecrets,
    ) -> Result<CommitRow> {
        let session = locked.session();
        let base = session.current_tree()?;
        let cut = PendingSecrets::cut(&zeroize::Zeroizing::new(secrets.to_bytes()?))?;
        let message = output.commit_message.to_bytes()?;
        let mut by_value = Vec::new();
        let own = EngineSender::Member(session.engine.current_member_index());
        let at = |leaf: u32| session.engine.member_at_index(leaf).map(|member| member.signing_identity);
        for proposal in engine_proposals(content)? {
            by_value.push(describe(&self.client, &at, &proposal, &own)?);
        }
        Ok(CommitRow {
            id: 0,
            status: CommitStatus::Pending as u8,
            epoch: session.row.epoch,
            authenticator: run(|| session.engine.epoch_authenticator())?.as_bytes().to_vec(),
            hash: engine::hash(&message),
            message,
            welcomes: output
                .welcome_messages
                .iter()
                .map(|welcome| Ok(welcome.to_bytes()?.into()))
                .collect::<Result<_>>()?,
            group_info: output.external_commit_group_info.as_ref().map(|info| info.to_bytes()).transpose()?,
            secrets: cut.small.to_vec(),
            tree: TreeDiff::new(&base, &cut.tree),
            by_value,
        })
    }

    /// Commits of ours that are stored for this group.
    pub(super) fn commit_rows(&self) -> Result<Vec<CommitRow>> {
        let prefix = Key::group(COMMIT, self.core.tag, &[]);
        let rows = self.client.store.scan_prefix(&prefix, false, u32::MAX)?;
        rows.iter().map(|(_, row)| decode(row)).collect()
    }

    fn stored_commit(&self, id: u64) -> Result<Option<CommitRow>> {
        self.client.open()?;
        self.client.store.get(&CommitRow::key(self, id))?.map(|row| decode(&row)).transpose()
    }

    /// The commits that the service has not answered, after a restart too.
    pub fn pending_commits(&self) -> Result<Vec<Commit>> {
        self.client.open()?;
        let rows = self.commit_rows()?;
        let pending = rows.iter().filter(|row| row.status() == CommitStatus::Pending);
        Ok(pending.map(|row| Commit { group: self.clone(), id: row.id }).collect())
    }

    /// A commit of this device's by its id, as `committed` and `superseded` name it: while it is pending or remembered
    /// as rejected, and, once accepted, until its `committed` event is acknowledged. So a restart between acceptance
    /// and the delivery of the Welcomes loses nothing. `CommitNotFound` else.
    pub fn find_commit(&self, id: u64) -> Result<Commit> {
        match self.stored_commit(id)? {
            Some(_) => Ok(Commit { group: self.clone(), id }),
            None => fail(ErrorCode::CommitNotFound, "this commit is not kept any more"),
        }
    }

    pub(crate) fn commit_status(&self, id: u64) -> Result<CommitStatus> {
        Ok(self.stored_commit(id)?.map_or(CommitStatus::Superseded, |row| row.status()))
    }

    pub(crate) fn commit_bundle(&self, id: u64) -> Result<CommitBundle> {
        let Some(mut row) = self.stored_commit(id)? else {
            return fail(ErrorCode::CommitNotFound, "this commit is not kept any more");
        };
        Ok(CommitBundle {
            message: std::mem::take(&mut row.message),
            welcomes: row.welcomes.iter().map(|welcome| welcome.to_vec()).collect(),
            group_info: row.group_info.take(),
        })
    }

    pub(crate) fn commit_welcomes(&self, id: u64) -> Result<Vec<Vec<u8>>> {
        match self.stored_commit(id)? {
            Some(row) if row.status() == CommitStatus::Accepted => {
                Ok(row.welcomes.iter().map(|welcome| welcome.to_vec()).collect())
            }
            Some(_) => fail(ErrorCode::CommitNotAccepted, "the commit is not accepted yet"),
            None => fail(ErrorCode::Superseded, "another commit won the epoch, or this one is done with"),
        }
    }

    pub(crate) fn reject_commit(&self, id: u64) -> Result<()> {
        self.client.settings.full()?;
        let Some(mut row) = self.stored_commit(id)? else { return Ok(()) };
        match row.status() {
            CommitStatus::Pending => {}
            CommitStatus::Rejected => return Ok(()),
            _ => return fail(ErrorCode::InvalidArgument, "the commit is accepted already"),
        }
        let joining =
            self.client.store.get(&Key::group(JOINING, self.core.tag, &[]))?.is_some() && self.is_joining(id)?;
        let mut rejected: Vec<u64> =
            self.commit_rows()?.iter().filter(|row| row.status() == CommitStatus::Rejected).map(|row| row.id).collect();
        rejected.sort_unstable();
        row.status = CommitStatus::Rejected as u8;
        let key = CommitRow::key(self, id);
        let mut guard = self.core.session.enter()?;
        self.client.step(|tx| {
            // Accepted meanwhile, by an echo or another process: then there is nothing to reject.
            let Some(stored) = self.client.store.get(&key)? else { return Ok(()) };
            if decode::<CommitRow>(&stored)?.status() != CommitStatus::Pending {
                return Ok(());
            }
            if joining {
                if let Some(mut old) = GroupRow::get(&self.client.store, self.core.tag)? {
                    old.version += 1;
                    tx.batch.put(GroupRow::key(self.core.tag), encode(&old));
                }
                tx.batch.delete(key.clone());
                tx.batch.delete(Key::group(JOINING, self.core.tag, &[]));
                return Ok(());
            }
            tx.batch.put(key.clone(), encode(&row));
            for oldest in rejected.iter().take((rejected.len() + 1).saturating_sub(PENDING_MAX)) {
                tx.batch.delete(CommitRow::key(self, *oldest));
            }
            Ok(())
        })?;
        *guard = None;
        Ok(())
    }

    pub(crate) fn accept_commit(&self, id: u64) -> Result<()> {
        self.client.settings.full()?;
        if self.is_joining(id)? {
            return self.accept_joining(id);
        }
        self.attempt(|locked| {
            let Some(row) = self.stored_commit(id)? else {
                return fail(ErrorCode::Superseded, "another commit won the epoch");
            };
            match row.status() {
                CommitStatus::Accepted => return Ok(Some(())),
                CommitStatus::Pending | CommitStatus::Rejected => {}
                CommitStatus::Superseded => return fail(ErrorCode::Superseded, "another commit won the epoch"),
            }
            Ok(self.merge(locked, row)?.map(drop))
        })?;
        // Members who were faster have sent in the new epoch already.
        self.release(&[HeldFor::Proposal])?;
        Ok(())
    }

    /// Moves the group to the epoch of a commit of ours. `None` if somebody else has moved it meanwhile.
    pub(super) fn merge(&self, locked: &mut Locked, row: CommitRow) -> Result<Option<Vec<crate::Event>>> {
        let session = locked.session();
        if session.damaged {
            locked.drop_session();
            return Ok(None); // once more, with the whole group
        }
        // An older copy of a store may not send; what the service has ordered it follows like all others.
        if session.row.status != GroupStatus::RejoinNeeded {
            session.active()?;
        }
        let authenticator = run(|| session.engine.epoch_authenticator())?;
        if session.row.epoch != row.epoch || authenticator.as_bytes() != row.authenticator {
            return fail(ErrorCode::Superseded, "another commit won the epoch");
        }
        let trigger = super::advance::Trigger { own_cached: Self::own_cached(session), ..Default::default() };
        let base = session.current_tree()?;
        let secrets = PendingSecrets::join(&row.secrets, &row.tree.apply(&base), &base)?;
        let applied = CommitSecrets::from_bytes(&secrets)
            .map_err(|error| Failure::Engine(Box::new(error)))
            .and_then(|secrets| run(|| session.engine.apply_detached_commit(secrets)));
        let description = locked.settle(applied)?;
        self.advance(locked, description, Some(row), trigger)
    }
}

/// The engine's form of proposals by value that can be made again.
fn engine_proposals(content: &Content) -> Result<Vec<EngineProposal>> {
    let mut out = Vec::new();
    match content {
        Content::Encoded(encoded) => {
            for bytes in encoded {
                let mut rest = bytes.as_slice();
                let proposal = EngineProposal::mls_decode(&mut rest)?;
                if !rest.is_empty() {
                    return fail(ErrorCode::InvalidMessage, "not an encoded proposal");
                }
                out.push(proposal);
            }
        }
        Content::Proposals(proposals) => {
            for proposal in proposals {
                match proposal {
                    Proposal::Add { key_package } => {
                        // An AddProposal is its KeyPackage.
                        let mut bytes = vec![0, 1];
                        bytes.extend_from_slice(engine::KeyPackageFields::read(key_package)?.key_package);
                        out.push(EngineProposal::mls_decode(&mut bytes.as_slice())?);
                    }
                    Proposal::Remove { leaf } => {
                        let mut bytes = vec![0, 3];
                        bytes.extend_from_slice(&leaf.to_be_bytes());
                        out.push(EngineProposal::mls_decode(&mut bytes.as_slice())?);
                    }
                    Proposal::GroupContextExtensions { extensions: list } => {
                        out.push(EngineProposal::GroupContextExtensions(extensions(list)?));
                    }
                    Proposal::Custom { kind, data } => {
                        out.push(EngineProposal::Custom(CustomProposal::new(ProposalType::new(*kind), data.clone())))
                    }
                    // Nonces and keys are made by the engine: committing these again means making them anew.
                    _ => {}
                }
            }
        }
    }
    Ok(out)
}

/// The identity that a commit changes to, if it does.
fn new_identity(session: &Session, content: &Content, options: &CommitOptions) -> Result<Option<Own>> {
    let by_value = match content {
        Content::Proposals(proposals) => proposals.iter().find_map(|proposal| match proposal {
            Proposal::Update { identity, .. } => identity.as_ref(),
            _ => None,
        }),
        Content::Encoded(_) => None,
    };
    let identity: Option<&NewIdentity> = options.new_identity.as_ref().or(by_value);
    identity.map(|identity| new_own(session, identity)).transpose()
}

fn build(
    group: &Group,
    session: &mut Session,
    content: &Content,
    options: &CommitOptions,
    shape: CommitShape,
    new: Option<Own>,
) -> Result<(CommitOutput, CommitSecrets)> {
    session.parts.rules.set_shape(shape);
    let mut leaf_extensions = options.leaf_extensions.clone();
    let mut raw = Vec::new();
    if let Content::Encoded(_) = content {
        raw = engine_proposals(content)?;
    }
    let mut reinit = None;
    let mut key_packages = Vec::new();
    if let Content::Proposals(proposals) = content {
        for proposal in proposals {
            match proposal {
                Proposal::Add { key_package } => {
                    key_packages.push(check_key_package(&group.client, session, key_package)?);
                }
                Proposal::Update { leaf_extensions: Some(list), .. } => leaf_extensions = Some(list.clone()),
                Proposal::ReInit { group_id, cipher_suite, extensions: list } => {
                    reinit = Some((reinit_id(group_id)?, *cipher_suite, extensions(list)?));
                }
                _ => {}
            }
        }
    }
    let leaf_extensions = leaf_extensions.map(|list| extensions(&list)).transpose()?;
    let time = now(&group.client);
    let engine = &mut session.engine;
    Ok(run(|| {
        let mut builder: CommitBuilder<_> =
            engine.commit_builder().authenticated_data(options.aad.clone()).commit_time(time).raw_proposals(raw);
        for key_package in key_packages {
            builder = builder.add_member(key_package)?;
        }
        if let Content::Proposals(proposals) = content {
            for proposal in proposals {
                builder = match proposal {
                    Proposal::Remove { leaf } => builder.remove_member(*leaf)?,
                    Proposal::ExternalPsk { id } => builder.add_external_psk(ExternalPskId::new(id.clone()))?,
                    Proposal::ResumptionPsk { epoch } => builder.add_resumption_psk(*epoch)?,
                    Proposal::GroupContextExtensions { extensions: list } => {
                        builder.set_group_context_ext(extensions(list).expect("check_proposal converted them"))?
                    }
                    Proposal::Custom { kind, data } => {
                        builder.custom_proposal(CustomProposal::new(ProposalType::new(*kind), data.clone()))
                    }
                    _ => builder,
                };
            }
        }
        if let Some((id, suite, list)) = reinit {
            let suite = mls_rs::CipherSuite::new(suite.0);
            builder = builder.reinit(Some(id), mls_rs::ProtocolVersion::MLS_10, suite, list)?;
        }
        if let Some(own) = new {
            builder = builder.set_new_signing_identity(own.signer, own.identity);
        }
        if let Some(list) = leaf_extensions {
            builder = builder.set_leaf_node_extensions(list);
        }
        builder.build_detached()
    })?)
}
