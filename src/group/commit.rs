//! Commits of ours: made, stored, answered by the service (the protocol at [`Commit`]).

use super::{
    COMMIT, Group, GroupRow, JOINING, Locked, Session,
    propose::{check_proposals, describe, new_own, now, reinit_id},
    session::{Failure, run},
};
use crate::{
    CipherSuite, Commit, CommitBundle, CommitOptions, CommitStatus, ErrorCode, GroupStatus, HeldFor, NewIdentity,
    Proposal, ProposalInfo, Result,
    client::ClientCore,
    engine::{self, CommitShape, EngineGroup, Own, PendingSecrets, Tree, extensions, public_extensions},
    error::fail,
    ledger::{decode, encode},
    store::Key,
    trust::Pin,
};
use minicbor::{Decode, Encode};
use mls_rs::{
    CipherSuiteProvider,
    group::{
        CommitBuilder, CommitOutput, CommitSecrets, Sender as EngineSender,
        proposal::{CustomProposal, Proposal as EngineProposal, ProposalType},
    },
    mls_rs_codec::{MlsDecode, MlsEncode},
    psk::ExternalPskId,
};
use zeroize::Zeroizing;

/// How many commits can be pending in an epoch, and how many rejected ones are remembered.
const PENDING_MAX: usize = 4;
/// Of how many more rejected ones it is remembered, until the epoch ends, that they were ours.
const FORGOTTEN_MAX: usize = 64;
/// How often a superseded commit's proposals are tried, to find which ones are still valid.
const TRIALS_MAX: u32 = 64;

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
    /// The engine's secrets without the tree; of an external commit the state that it leads to. Empty after acceptance.
    #[n(8)]
    #[cbor(with = "minicbor::bytes")]
    secrets: Vec<u8>,
    #[n(9)]
    tree: TreeDiff,
    /// What it proposes by value.
    #[n(10)]
    pub(super) by_value: Vec<ProposalInfo>,
    /// First uses of credentials that it makes.
    #[n(11)]
    pub(super) pins: Vec<Pin>,
    #[n(12)]
    pub(super) external: bool,
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

    /// Whether it is an external commit that the service has not answered, or has and is now said to be wrong.
    pub(super) fn is_joining(&self) -> bool {
        self.external && self.status() != CommitStatus::Accepted
    }

    /// A commit whose epoch is there already.
    pub(super) fn made(id: u64, epoch: u64, message: Vec<u8>, welcomes: Vec<Vec<u8>>) -> Self {
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
            pins: Vec::new(),
            external: false,
        }
    }

    /// A commit that joins, of the epoch `epoch`, and the state that it leads to.
    pub(super) fn joining(id: u64, epoch: u64, message: Vec<u8>, state: &[u8], pins: &[Pin]) -> Self {
        let mut row = Self::made(id, epoch, message, Vec::new());
        row.status = CommitStatus::Pending as u8;
        row.secrets = state.to_vec();
        row.pins = pins.to_vec();
        row.external = true;
        row
    }

    /// The state that a commit which joins leads to.
    pub(super) fn state(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.secrets.clone())
    }

    /// Whether only its hash is left.
    pub(super) fn is_forgotten(&self) -> bool {
        self.status() == CommitStatus::Superseded
    }

    /// What is left of it when too many were rejected: enough to know that the service has ordered it all the same.
    fn forgotten(&self) -> Self {
        let mut row = Self::made(self.id, self.epoch, Vec::new(), Vec::new());
        (row.status, row.hash) = (CommitStatus::Superseded as u8, self.hash);
        row
    }

    /// As it is kept until its event is acknowledged.
    pub(super) fn accepted(&self) -> Self {
        let welcomes = self.welcomes.iter().map(|welcome| welcome.to_vec()).collect();
        let mut row = Self::made(self.id, self.epoch, self.message.clone(), welcomes);
        row.group_info.clone_from(&self.group_info);
        row
    }
}

/// What is to be committed by value: new proposals, or those of a superseded commit.
enum Content {
    New(Vec<Proposal>),
    Again(Vec<ProposalInfo>),
}

impl Content {
    /// The proposals, with everything decided that they leave open.
    fn proposals(&self, session: &Session) -> Result<Vec<Proposal>> {
        match self {
            Self::New(proposals) => proposals.iter().cloned().map(decided).collect(),
            Self::Again(infos) => infos.iter().map(|info| again(session, info)).collect(),
        }
    }
}

fn decided(proposal: Proposal) -> Result<Proposal> {
    Ok(match proposal {
        Proposal::ReInit { group_id, cipher_suite, extensions } => {
            Proposal::ReInit { group_id: Some(reinit_id(&group_id)?), cipher_suite, extensions }
        }
        other => other,
    })
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Group {
    /// Commits these proposals by value, and by reference those that are cached (RFC 9420 section 12.4). The commit is
    /// stored before it is returned; send its message, and tell it what the service says. Until it is accepted the
    /// group stays in the old epoch. An empty list renews this device's keys.
    ///
    /// Cached proposals that would make peers refuse the commit are left out: a second Update of one sender, an Update
    /// of somebody who is removed, an Add of somebody who is added by value, a resumption secret that this device or a
    /// joiner does not have, everything beside a ReInit by value.
    ///
    /// Errors: `TooManyCommits` with four pending in this epoch, `InvalidProposal`, `InvalidKeyPackage`,
    /// `KeyPackageExpired`, `DuplicateMember`, `MemberNotFound`, `PskNotFound`, `CredentialDenied`, `CredentialLater`,
    /// `InvalidSigningKey`, `InvalidCredential`, and those of [`encrypt`](Self::encrypt) but `CommitRequired`.
    pub fn commit(&self, proposals: Vec<Proposal>, options: CommitOptions) -> Result<Commit> {
        self.make_commit(&Content::New(proposals), &options)
    }

    /// Commits proposals of a superseded commit again: those of [`Superseded::still_valid`](crate::Superseded). Nonces
    /// are made anew. A Remove is for who was meant, not for whoever has come to that leaf since: `MemberNotFound`
    /// then. Errors as for [`commit`](Self::commit), and `InvalidMessage`.
    pub fn commit_again(&self, proposals: Vec<ProposalInfo>, options: CommitOptions) -> Result<Commit> {
        self.make_commit(&Content::Again(proposals), &options)
    }
}

impl Group {
    fn make_commit(&self, content: &Content, options: &CommitOptions) -> Result<Commit> {
        self.attempt(|locked| {
            self.check_sending(locked.session())?;
            let epoch = locked.session().row.epoch;
            let rows = self.commit_rows()?;
            let pending = rows.iter().filter(|row| row.status() == CommitStatus::Pending && row.epoch == epoch).count();
            if pending >= PENDING_MAX {
                return fail(ErrorCode::TooManyCommits, "four commits are pending in this epoch");
            }
            let proposals = content.proposals(locked.session())?;
            if proposals.len() > self.client.settings.limits.proposals_per_commit as usize {
                return fail(ErrorCode::TooLarge, "too many proposals for one commit");
            }
            check_proposals(&self.client, locked.session(), &proposals)?;
            let new = new_identity(locked.session(), &proposals, options)?;
            let own = new.as_ref().map(|own| own.identity.clone());
            let built = build(self, locked.session(), &proposals, options, self.shape(&proposals, options), new);
            let (output, secrets) = locked.settle(built)?;
            let trust = locked.session().ask_current_trust(&self.client, own.as_ref());
            let trust = trust.and_then(|answer| answer.into_result());
            let answer = locked.settle(trust)?;
            let row = self.commit_row(locked, &proposals, &output, &secrets, answer.pins);
            let mut row = locked.settle(row)?;
            let snapshot = locked.session().snapshot();
            let (snapshot, _) = locked.settle(snapshot)?;
            let group_row = locked.session().new_row(self.core.tag, &snapshot);
            let done = locked.write(|tx| {
                row.id = tx.id();
                tx.batch.put(CommitRow::key(self, row.id), encode(&row));
                group_row.put(tx);
                tx.raise_mark(&self.client);
                Ok(row.id)
            })?;
            let Some(done) = done else { return Ok(None) };
            group_row.stored(locked.session(), &self.core);
            Ok(Some(Commit { group: self.clone(), id: done.value }))
        })
    }

    fn shape(&self, proposals: &[Proposal], options: &CommitOptions) -> CommitShape {
        let updates = proposals.iter().any(|proposal| matches!(proposal, Proposal::Update { .. }));
        CommitShape {
            // A new signer without a path would sign everything with a key that is in no leaf.
            force_path: options.force_path
                || options.new_identity.is_some()
                || options.leaf_extensions.is_some()
                || updates,
            tree_out_of_band: options.tree_out_of_band,
            welcome_for_each: options.welcome_for_each,
            group_info: options.group_info.unwrap_or(self.client.settings.policy.publish_group_info),
            trial: false,
        }
    }

    fn commit_row(
        &self,
        locked: &mut Locked,
        proposals: &[Proposal],
        output: &CommitOutput,
        secrets: &CommitSecrets,
        pins: Vec<Pin>,
    ) -> Result<CommitRow> {
        let session = locked.session();
        let base = session.current_tree()?;
        let cut = PendingSecrets::cut(&zeroize::Zeroizing::new(secrets.to_bytes()?))?;
        let message = output.commit_message.to_bytes()?;
        let mut by_value = Vec::new();
        let own = EngineSender::Member(session.engine.current_member_index());
        let at = |leaf: u32| session.engine.member_at_index(leaf).map(|member| member.signing_identity);
        for proposal in proposals {
            if let Some(proposal) = encoded(session, proposal)? {
                by_value.push(describe(&self.client, &at, &proposal, &own)?);
            }
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
            pins,
            external: false,
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
        let row = self.client.store.get(&CommitRow::key(self, id))?.map(|row| decode::<CommitRow>(&row)).transpose()?;
        Ok(row.filter(|row| !row.is_forgotten()))
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Group {
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
}

impl Group {
    /// Whether a commit was accepted, of which only the id is left.
    fn was_accepted(&self, id: u64) -> Result<bool> {
        let row = GroupRow::get(&self.client.store, self.core.tag)?;
        Ok(row.is_some_and(|row| row.accepted.contains(&id)))
    }

    pub(crate) fn commit_status(&self, id: u64) -> Result<CommitStatus> {
        Ok(match self.stored_commit(id)? {
            Some(row) => row.status(),
            None if self.was_accepted(id)? => CommitStatus::Accepted,
            None => CommitStatus::Superseded,
        })
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
            None if self.was_accepted(id)? => {
                fail(ErrorCode::CommitNotFound, "the event of this commit is acknowledged: its Welcomes are gone")
            }
            None => fail(ErrorCode::Superseded, "another commit won the epoch"),
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
        let joining = self.joining()? == Some(id);
        // In the order of their ids, as all rows.
        let (rejected, others): (Vec<_>, Vec<_>) =
            self.commit_rows()?.into_iter().partition(|row| row.status() == CommitStatus::Rejected);
        let forgotten: Vec<_> = others.iter().filter(|row| row.is_forgotten()).map(|row| row.id).collect();
        row.status = CommitStatus::Rejected as u8;
        let key = CommitRow::key(self, id);
        let mut guard = self.core.enter()?;
        self.client.step(|tx| {
            // Accepted meanwhile, by an echo or another process: then there is nothing to reject.
            let Some(stored) = self.client.store.get(&key)? else { return Ok(()) };
            if decode::<CommitRow>(&stored)?.status() != CommitStatus::Pending {
                return Ok(());
            }
            if joining {
                // Whoever has the old state loaded has to see that it waits no more.
                if let Some(mut old) = GroupRow::get(&self.client.store, self.core.tag)? {
                    old.version += 1;
                    tx.batch.put(GroupRow::key(self.core.tag), encode(&old));
                }
                tx.batch.delete(Key::group(JOINING, self.core.tag, &[]));
            }
            tx.batch.put(key.clone(), encode(&row));
            for oldest in rejected.iter().take((rejected.len() + 1).saturating_sub(PENDING_MAX)) {
                tx.batch.put(CommitRow::key(self, oldest.id), encode(&oldest.forgotten()));
            }
            for oldest in forgotten.iter().take((forgotten.len() + 1).saturating_sub(FORGOTTEN_MAX)) {
                tx.batch.delete(CommitRow::key(self, *oldest));
            }
            Ok(())
        })?;
        *guard = None;
        Ok(())
    }

    pub(crate) fn accept_commit(&self, id: u64) -> Result<()> {
        self.client.settings.full()?;
        if let Some(row) = self.stored_commit(id)?.filter(CommitRow::is_joining) {
            return self.accept_joining(row);
        }
        self.attempt(|locked| {
            let Some(row) = self.stored_commit(id)? else {
                return match locked.session().row.accepted.contains(&id) {
                    true => Ok(Some(())),
                    false => fail(ErrorCode::Superseded, "another commit won the epoch"),
                };
            };
            match row.status() {
                CommitStatus::Accepted => return Ok(Some(())),
                CommitStatus::Pending | CommitStatus::Rejected => {}
                CommitStatus::Superseded => return fail(ErrorCode::Superseded, "another commit won the epoch"),
            }
            Ok(self.merge(locked, row, None)?.map(drop))
        })?;
        // Members who were faster have sent in the new epoch already.
        self.release(&[HeldFor::Proposal])?;
        self.client.release_welcomes()?;
        Ok(())
    }

    /// Moves the group to the epoch of a commit of ours. `None` if somebody else has moved it meanwhile.
    pub(super) fn merge(
        &self,
        locked: &mut Locked,
        row: CommitRow,
        held: Option<Key>,
    ) -> Result<Option<Vec<crate::Event>>> {
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
        let trigger = super::advance::Trigger { held, own_cached: Self::own_cached(session), ..Default::default() };
        let base = session.current_tree()?;
        let secrets = PendingSecrets::join(&row.secrets, &row.tree.apply(&base), &base)?;
        let applied = CommitSecrets::from_bytes(&secrets)
            .map_err(|error| Failure::Engine(Box::new(error)))
            .and_then(|secrets| run(|| session.engine.apply_detached_commit(secrets)));
        let description = locked.settle(applied)?;
        self.advance(locked, description, Some(row), trigger)
    }
}

impl Group {
    /// Which proposals could be committed in this epoch. Whatever fails together is tried in parts, but not for ever.
    pub(super) fn still_valid(&self, session: &Session, proposals: &[ProposalInfo]) -> Vec<ProposalInfo> {
        let mut trials = TRIALS_MAX;
        let mut valid = self.valid_among(session, proposals, &mut trials);
        valid.sort_by_key(|at| *at);
        valid.into_iter().map(|at| proposals[at].clone()).collect()
    }

    fn valid_among(&self, session: &Session, proposals: &[ProposalInfo], trials: &mut u32) -> Vec<usize> {
        if proposals.is_empty() || *trials == 0 {
            return Vec::new();
        }
        *trials -= 1;
        if self.would_commit(session, proposals) {
            return (0..proposals.len()).collect();
        }
        if proposals.len() == 1 {
            return Vec::new();
        }
        let (left, right) = proposals.split_at(proposals.len() / 2);
        let mut valid = self.valid_among(session, left, trials);
        valid.extend(self.valid_among(session, right, trials).into_iter().map(|at| at + left.len()));
        valid
    }

    /// Whether these could be committed together: tried on a copy of the group, which is thrown away.
    fn would_commit(&self, session: &Session, infos: &[ProposalInfo]) -> bool {
        let shape = CommitShape { tree_out_of_band: true, trial: true, ..CommitShape::default() };
        let tried = infos
            .iter()
            .map(|info| again(session, info))
            .collect::<Result<Vec<_>>>()
            .and_then(|proposals| check_proposals(&self.client, session, &proposals).map(|()| proposals))
            .and_then(|proposals| {
                let mut copy = session.engine.clone();
                session.parts.rules.set_shape(shape);
                build_on(&self.client, &mut copy, &proposals, &CommitOptions::default(), None).map(drop)
            });
        // What it asked about is not to be decided now.
        session.parts.identity.take();
        session.parts.rules.set_shape(CommitShape::default());
        tried.is_ok()
    }
}

/// A proposal of ours that was described, to be made again. `MemberNotFound` if whom it removes is not there any more.
fn again(session: &Session, info: &ProposalInfo) -> Result<Proposal> {
    let mut rest = info.encoded.as_slice();
    let proposal = EngineProposal::mls_decode(&mut rest)?;
    if !rest.is_empty() {
        return fail(ErrorCode::InvalidMessage, "not an encoded proposal");
    }
    Ok(match proposal {
        // An AddProposal is its KeyPackage.
        EngineProposal::Add(_) => Proposal::Add { key_package: engine::key_package_message(&info.encoded[2..]) },
        EngineProposal::Remove(remove) => {
            let leaf = remove.to_remove();
            // By index a Remove would hit whoever came to that leaf since.
            let same =
                session.engine.member_at_index(leaf).zip(info.subject.as_ref()).is_some_and(|(member, subject)| {
                    member.signing_identity.signature_key.as_bytes() == subject.signature_key
                        && subject.credential == Some(engine::credential(&member.signing_identity))
                });
            if !same {
                return fail(ErrorCode::MemberNotFound, "who was to be removed is not at this leaf any more");
            }
            Proposal::Remove { leaf }
        }
        EngineProposal::Psk(psk) => match psk.external_psk_id() {
            Some(id) => Proposal::ExternalPsk { id: id.to_vec() },
            None => {
                let mut reader = engine::Reader::new(&info.encoded);
                reader.skip(4)?; // proposal type, kind of key, usage
                let (group_id, epoch) = (reader.vector()?, reader.u64()?);
                if group_id != session.row.id {
                    return fail(ErrorCode::InvalidProposal, "the secret is another group's");
                }
                Proposal::ResumptionPsk { epoch }
            }
        },
        EngineProposal::ReInit(reinit) => Proposal::ReInit {
            group_id: Some(reinit.group_id().to_vec()),
            cipher_suite: CipherSuite(reinit.new_cipher_suite().raw_value()),
            extensions: public_extensions(reinit.new_group_context_extensions()),
        },
        EngineProposal::GroupContextExtensions(list) => {
            Proposal::GroupContextExtensions { extensions: public_extensions(&list) }
        }
        EngineProposal::Custom(custom) => {
            Proposal::Custom { kind: custom.proposal_type().raw_value(), data: custom.data().to_vec() }
        }
        _ => return fail(ErrorCode::InvalidProposal, "this kind of proposal cannot be committed by value"),
    })
}

/// The engine's form of a proposal by value. `None` for an Update, which a commit is by itself.
fn encoded(session: &Session, proposal: &Proposal) -> Result<Option<EngineProposal>> {
    let mut bytes = Vec::new();
    match proposal {
        Proposal::Add { key_package } => {
            bytes.extend_from_slice(&[0, 1]);
            bytes.extend_from_slice(engine::KeyPackageFields::read(key_package)?.key_package);
        }
        Proposal::Remove { leaf } => {
            bytes.extend_from_slice(&[0, 3]);
            bytes.extend_from_slice(&leaf.to_be_bytes());
        }
        Proposal::ExternalPsk { id } => {
            bytes.extend_from_slice(&[0, 4, 1]);
            engine::put_vector(&mut bytes, id);
            engine::put_vector(&mut bytes, &nonce(session)?);
        }
        Proposal::ResumptionPsk { epoch } => {
            bytes.extend_from_slice(&[0, 4, 2, 1]);
            engine::put_vector(&mut bytes, &session.row.id);
            bytes.extend_from_slice(&epoch.to_be_bytes());
            engine::put_vector(&mut bytes, &nonce(session)?);
        }
        Proposal::ReInit { group_id, cipher_suite, extensions: list } => {
            bytes.extend_from_slice(&[0, 5]);
            engine::put_vector(&mut bytes, group_id.as_deref().unwrap_or_default());
            bytes.extend_from_slice(&[0, 1]); // version
            bytes.extend_from_slice(&cipher_suite.0.to_be_bytes());
            extensions(list)?.mls_encode(&mut bytes)?;
        }
        Proposal::GroupContextExtensions { extensions: list } => {
            return Ok(Some(EngineProposal::GroupContextExtensions(extensions(list)?)));
        }
        Proposal::Custom { kind, data } => {
            return Ok(Some(EngineProposal::Custom(CustomProposal::new(ProposalType::new(*kind), data.clone()))));
        }
        Proposal::Update { .. } => return Ok(None),
    }
    Ok(Some(EngineProposal::mls_decode(&mut bytes.as_slice())?))
}

/// One of the right length. The engine makes the one that counts.
fn nonce(session: &Session) -> Result<Vec<u8>> {
    engine::random(engine::suite_provider(CipherSuite(session.row.cipher_suite))?.kdf_extract_size())
}

/// The identity that a commit changes to, if it does.
fn new_identity(session: &Session, proposals: &[Proposal], options: &CommitOptions) -> Result<Option<Own>> {
    let by_value = proposals.iter().find_map(|proposal| match proposal {
        Proposal::Update { identity, .. } => identity.as_ref(),
        _ => None,
    });
    let identity: Option<&NewIdentity> = options.new_identity.as_ref().or(by_value);
    identity.map(|identity| new_own(session, identity)).transpose()
}

fn build(
    group: &Group,
    session: &mut Session,
    proposals: &[Proposal],
    options: &CommitOptions,
    shape: CommitShape,
    new: Option<Own>,
) -> Result<(CommitOutput, CommitSecrets)> {
    session.parts.rules.set_shape(shape);
    build_on(&group.client, &mut session.engine, proposals, options, new)
}

fn build_on(
    client: &ClientCore,
    engine: &mut EngineGroup,
    proposals: &[Proposal],
    options: &CommitOptions,
    new: Option<Own>,
) -> Result<(CommitOutput, CommitSecrets)> {
    let by_value = proposals.iter().find_map(|proposal| match proposal {
        Proposal::Update { leaf_extensions, .. } => leaf_extensions.as_ref(),
        _ => None,
    });
    let leaf_extensions = options.leaf_extensions.as_ref().or(by_value);
    let leaf_extensions = leaf_extensions.map(|list| client.settings.leaf_extensions(list)).transpose()?;
    let key_packages = proposals.iter().filter_map(|proposal| match proposal {
        Proposal::Add { key_package } => Some(client.settings.decode(key_package)),
        _ => None,
    });
    let mut key_packages = key_packages.collect::<Result<Vec<_>>>()?.into_iter();
    let lists = proposals.iter().filter_map(|proposal| match proposal {
        Proposal::ReInit { extensions: list, .. } | Proposal::GroupContextExtensions { extensions: list } => {
            Some(extensions(list))
        }
        _ => None,
    });
    let mut lists = lists.collect::<Result<Vec<_>>>()?.into_iter();
    let time = now(client)?;
    Ok(run(|| {
        let mut builder: CommitBuilder<_> =
            engine.commit_builder().authenticated_data(options.aad.clone()).commit_time(time);
        for proposal in proposals {
            builder = match proposal {
                Proposal::Add { .. } => match key_packages.next() {
                    Some(key_package) => builder.add_member(key_package)?,
                    None => builder,
                },
                Proposal::Remove { leaf } => builder.remove_member(*leaf)?,
                Proposal::ExternalPsk { id } => builder.add_external_psk(ExternalPskId::new(id.clone()))?,
                Proposal::ResumptionPsk { epoch } => builder.add_resumption_psk(*epoch)?,
                Proposal::GroupContextExtensions { .. } => {
                    builder.set_group_context_ext(lists.next().unwrap_or_default())?
                }
                Proposal::ReInit { group_id, cipher_suite, .. } => {
                    let suite = mls_rs::CipherSuite::new(cipher_suite.0);
                    let list = lists.next().unwrap_or_default();
                    builder.reinit(group_id.clone(), mls_rs::ProtocolVersion::MLS_10, suite, list)?
                }
                Proposal::Custom { kind, data } => {
                    builder.custom_proposal(CustomProposal::new(ProposalType::new(*kind), data.clone()))
                }
                Proposal::Update { .. } => builder,
            };
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
