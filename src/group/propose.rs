//! Proposals by reference (RFC 9420 section 12.1): made, seen, withdrawn.

use super::{
    Group, Locked, Session,
    row::EpochRow,
    session::{NewRow, run},
    withdrawn::{Withdrawn, with_proposals},
};
use crate::{
    CipherSuite, ErrorCode, MlsError, NewIdentity, Proposal, ProposalInfo, Result, SenderKind, SigningKey,
    client::{ClientCore, check_credential},
    engine::{self, EngineGroup, KeyPackageFields, Own, Snapshot, extensions, sender_kind, time},
    error::fail,
    store::GroupTag,
};
use mls_rs::{
    group::{
        CachedProposal, Sender as EngineSender,
        proposal::{CustomProposal, Proposal as EngineProposal, ProposalType},
    },
    identity::SigningIdentity,
    mls_rs_codec::MlsEncode,
    psk::ExternalPskId,
};

/// A member's new key and credential, checked and in the engine's form.
pub(super) fn new_own(session: &Session, identity: &NewIdentity) -> Result<Own> {
    let suite = CipherSuite(session.row.cipher_suite);
    let current = session.engine.current_member_signing_identity()?;
    let key: SigningKey = match &identity.signing_key {
        Some(key) => engine::check_signing_key(suite, key)?,
        None => engine::generate_signing_key(suite)?,
    };
    let credential = identity.credential.clone().unwrap_or_else(|| engine::credential(current));
    check_credential(&credential, &key)?;
    let own = Own::new(&credential, &key)?;
    // The engine builds it and peers refuse it.
    if engine::identity_of(&own.identity) != engine::identity_of(current) {
        return fail(ErrorCode::InvalidCredential, "a member cannot become another device");
    }
    Ok(own)
}

/// The key package that is to be added, with its credential put to the trust policy.
pub(super) fn check_key_package(client: &ClientCore, suite: u16, bytes: &[u8]) -> Result<mls_rs::MlsMessage> {
    if bytes.len() as u64 > client.settings.limits.message_bytes {
        return fail(ErrorCode::TooLarge, "the key package is over the limit of a message's size");
    }
    let message = client.settings.decode(bytes).map_err(|error| match error.code() {
        ErrorCode::InvalidMessage => {
            MlsError::new(ErrorCode::InvalidKeyPackage, "the key package is malformed").with_detail(error.detail())
        }
        _ => error,
    })?;
    let Some(key_package) = message.as_key_package() else {
        return fail(ErrorCode::UnexpectedMessage, "not a key package");
    };
    if key_package.cipher_suite.raw_value() != suite {
        return fail(ErrorCode::InvalidKeyPackage, "the key package is of another cipher suite");
    }
    Ok(message)
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Group {
    /// Makes proposals for others, or this device, to commit by reference: all of them, or none if one is not valid. The
    /// messages go to every member, and until a commit the group cannot encrypt. `aad` is authenticated, not encrypted.
    ///
    /// Errors: `CommitRequired` for more than [`proposals_per_member`](crate::Limits::proposals_per_member) of ours that
    /// wait, which peers would not keep, `InvalidProposal`, `InvalidKeyPackage`, `KeyPackageExpired`, `DuplicateMember`, `MemberNotFound`,
    /// `PskNotFound`, `CredentialDenied`, `CredentialLater`, and those of [`encrypt`](Self::encrypt).
    pub fn propose(&self, proposals: Vec<Proposal>, aad: Vec<u8>) -> Result<Vec<Vec<u8>>> {
        self.attempt(|locked| {
            self.check_sending(locked.session())?;
            let session = locked.session();
            let waiting = session.cached_of(session.engine.current_member_index());
            if waiting + proposals.len() > self.client.settings.limits.proposals_per_member as usize {
                return fail(
                    ErrorCode::CommitRequired,
                    "members keep no more proposals of one sender: commit these first",
                );
            }
            let mut messages = Vec::new();
            for proposal in &proposals {
                let session = locked.session();
                let made = check_proposal(&self.client, session, proposal)
                    .and_then(|()| make(&self.client, session, proposal, aad.clone()))
                    .and_then(|message| Ok(message.to_bytes()?));
                messages.push(locked.settle(made)?);
            }
            let trust = locked.session().ask_current_trust(&self.client, None).and_then(|answer| answer.into_result());
            // A first use is remembered when it is committed.
            locked.settle(trust)?;
            let stored = self.store_small(locked, &|_| {})?;
            Ok(stored.then_some(messages))
        })
    }

    /// Proposes to remove this device from the group: somebody else commits it. The same as proposing
    /// [`Proposal::Remove`] of [`own_leaf`](Self::own_leaf), which every implementation understands.
    pub fn leave(&self, aad: Vec<u8>) -> Result<Vec<u8>> {
        let leaf = self.own_leaf()?;
        Ok(self.propose(vec![Proposal::Remove { leaf }], aad)?.remove(0))
    }

    /// The proposals that wait to be committed.
    pub fn proposals(&self) -> Result<Vec<ProposalInfo>> {
        let mut locked = self.lock()?;
        let session = locked.session();
        session
            .engine
            .get_cached_proposals()
            .iter()
            .map(|cached| proposal_info(&self.client, &session.engine, cached))
            .collect()
    }

    /// Forgets one proposal that this device made and nobody has committed. Peers still have it: tell them by other
    /// means, or they may commit it, and then it happens all the same. `ProposalNotFound` if none of ours has this
    /// reference.
    pub fn withdraw(&self, reference: Vec<u8>) -> Result<()> {
        self.attempt(|locked| {
            let session = locked.session();
            self.check_sending(session)?;
            let own = EngineSender::Member(session.engine.current_member_index());
            let cached = session.engine.get_cached_proposals();
            if !cached
                .iter()
                .any(|cached| cached.proposal_ref().as_slice() == reference.as_slice() && *cached.sender() == own)
            {
                return fail(ErrorCode::ProposalNotFound, "no proposal of ours has this reference");
            }
            self.keep_proposals(locked, &|cached| cached.proposal_ref().as_slice() != reference.as_slice())
        })
    }

    /// Forgets every cached proposal: the group can encrypt again. A commit of somebody who has not forgotten them is
    /// understood all the same.
    pub fn clear_proposals(&self) -> Result<()> {
        self.attempt(|locked| {
            self.check_sending(locked.session())?;
            self.keep_proposals(locked, &|_| false)
        })
    }
}

impl Group {
    /// Stores the group with only some of its cached proposals.
    fn keep_proposals(&self, locked: &mut Locked, keep: &dyn Fn(&CachedProposal) -> bool) -> Result<Option<()>> {
        let session = locked.session();
        let cached = session.engine.get_cached_proposals();
        let (kept, forgotten): (Vec<_>, Vec<_>) = cached.into_iter().partition(|cached| keep(cached));
        if forgotten.is_empty() {
            return Ok(Some(()));
        }
        let withdrawn = Withdrawn::with(&self.client.store, self.core.tag, &forgotten)?;
        let (mut snapshot, _) = session.snapshot()?;
        with_proposals(&mut snapshot, &kept)?;
        let stored = self.store_snapshot(locked, &snapshot, &|batch| withdrawn.put(batch, self.core.tag))?;
        locked.drop_session();
        Ok(stored.then_some(()))
    }

    /// Stores everything but the tree, which the step has not changed. `false` if somebody else was faster.
    pub(super) fn store_small(&self, locked: &mut Locked, more: &dyn Fn(&mut crate::store::Batch)) -> Result<bool> {
        let snapshot = locked.session().snapshot();
        let (snapshot, _) = locked.settle(snapshot)?;
        self.store_snapshot(locked, &snapshot, more)
    }

    fn store_snapshot(
        &self,
        locked: &mut Locked,
        snapshot: &Snapshot,
        more: &dyn Fn(&mut crate::store::Batch),
    ) -> Result<bool> {
        let row = locked.session().new_row(self.core.tag, snapshot);
        let done = locked.write(|tx| {
            row.put(tx);
            more(&mut tx.batch);
            tx.raise_mark(&self.client);
            Ok(())
        })?;
        if done.is_some() {
            row.stored(locked.session(), &self.core);
        }
        Ok(done.is_some())
    }
}

impl Session {
    /// How many proposals of a member wait.
    pub(super) fn cached_of(&self, leaf: u32) -> usize {
        let sender = EngineSender::Member(leaf);
        self.engine.get_cached_proposals().iter().filter(|cached| *cached.sender() == sender).count()
    }

    /// The row after the engine's own snapshot: every key that was received is gone from it.
    pub(super) fn new_row(&self, tag: GroupTag, snapshot: &Snapshot) -> NewRow {
        let mut row = self.row.clone();
        row.version += 1;
        row.snapshot = snapshot.small.to_vec();
        row.folded = row.folded.max(self.unfolded.last().map_or(0, |last| last.row));
        NewRow::new(self, tag, row)
    }
}

/// What the engine would not notice of proposals that are to be committed together by value.
pub(super) fn check_proposals(client: &ClientCore, session: &Session, proposals: &[Proposal]) -> Result<()> {
    proposals.iter().try_for_each(|proposal| check_proposal(client, session, proposal))?;
    let adds = proposals.iter().filter(|p| matches!(p, Proposal::Add { .. })).count();
    if adds > 0 {
        let removes = proposals.iter().filter(|p| matches!(p, Proposal::Remove { .. })).count();
        let members = session.engine.roster().members_iter().count().saturating_add(adds).saturating_sub(removes);
        if members > client.settings.limits.members as usize {
            return fail(ErrorCode::TooLarge, "the group would have more members than the limit");
        }
    }
    Ok(())
}

/// What the engine would not notice.
pub(super) fn check_proposal(client: &ClientCore, session: &Session, proposal: &Proposal) -> Result<()> {
    match proposal {
        Proposal::Remove { leaf } if session.engine.member_at_index(*leaf).is_none() => {
            fail(ErrorCode::MemberNotFound, "no member is at this leaf")
        }
        Proposal::ExternalPsk { id } if client.store.get(&crate::client::psk_key(&client.store, id))?.is_none() => {
            fail(ErrorCode::PskNotFound, "this pre-shared key is not in the store")
        }
        Proposal::ResumptionPsk { epoch }
            if *epoch != session.row.epoch
                && EpochRow::get(&client.store, client.store.group_tag(&session.row.id), *epoch)?.is_none() =>
        {
            fail(ErrorCode::PskNotFound, "the resumption secret of this epoch is not kept")
        }
        Proposal::ReInit { cipher_suite, extensions: list, .. } => {
            engine::suite(*cipher_suite)?;
            extensions(list).map(drop)
        }
        Proposal::GroupContextExtensions { extensions: list } => extensions(list).map(drop),
        Proposal::Custom { kind, .. } if *kind <= 7 => {
            fail(ErrorCode::InvalidArgument, "a custom proposal cannot have a type of RFC 9420's")
        }
        Proposal::Add { key_package } => {
            check_key_package(client, session.row.cipher_suite, key_package)?;
            KeyPackageFields::read(key_package)?.check_lifetime(client.settings.now()?)
        }
        _ => Ok(()),
    }
}

/// Makes the proposal message.
fn make(client: &ClientCore, session: &mut Session, proposal: &Proposal, aad: Vec<u8>) -> Result<mls_rs::MlsMessage> {
    let new = match proposal {
        Proposal::Update { identity: Some(identity), .. } => Some(new_own(session, identity)?),
        _ => None,
    };
    let engine: &mut EngineGroup = &mut session.engine;
    Ok(match proposal {
        Proposal::Add { key_package } => {
            let message = client.settings.decode(key_package)?;
            let added = message.as_key_package().map(|key_package| key_package.signing_identity().clone());
            let made = run(|| engine.propose_add(message, aad))?;
            // The engine's builder asks nobody about an Add before it is committed.
            if let Some(identity) = added {
                session.parts.identity.ask_about(&identity);
            }
            made
        }
        Proposal::Update { leaf_extensions, .. } => {
            if leaf_extensions.is_some() {
                return fail(
                    ErrorCode::Unsupported,
                    "leaf extensions change in a commit of one's own, not by a proposal by reference",
                );
            }
            match new {
                Some(own) => {
                    // Nor about a new identity of ours.
                    session.parts.identity.ask_about(&own.identity);
                    run(|| engine.propose_update_with_identity(own.signer, own.identity, aad))?
                }
                None => run(|| engine.propose_update(aad))?,
            }
        }
        Proposal::Remove { leaf } => run(|| engine.propose_remove(*leaf, aad))?,
        Proposal::ExternalPsk { id } => run(|| engine.propose_external_psk(ExternalPskId::new(id.clone()), aad))?,
        Proposal::ResumptionPsk { epoch } => run(|| engine.propose_resumption_psk(*epoch, aad))?,
        Proposal::ReInit { group_id, cipher_suite, extensions: list } => {
            let id = reinit_id(group_id)?;
            let list = extensions(list)?;
            let suite = mls_rs::CipherSuite::new(cipher_suite.0);
            run(|| engine.propose_reinit(Some(id), mls_rs::ProtocolVersion::MLS_10, suite, list, aad))?
        }
        Proposal::GroupContextExtensions { extensions: list } => {
            let list = extensions(list)?;
            run(|| engine.propose_group_context_extensions(list, aad))?
        }
        Proposal::Custom { kind, data } => {
            let custom = CustomProposal::new(ProposalType::new(*kind), data.clone());
            run(|| engine.propose_custom(custom, aad))?
        }
    })
}

pub(super) fn reinit_id(id: &Option<Vec<u8>>) -> Result<Vec<u8>> {
    match id {
        Some(id) => Ok(id.clone()),
        None => engine::random(16),
    }
}

/// What a cached proposal would do.
pub(super) fn proposal_info(
    client: &ClientCore,
    engine: &EngineGroup,
    cached: &CachedProposal,
) -> Result<ProposalInfo> {
    let at = |leaf: u32| engine.member_at_index(leaf).map(|member| member.signing_identity);
    let mut info = describe(client, &at, cached.proposal(), cached.sender())?;
    info.reference = cached.proposal_ref().to_vec();
    Ok(info)
}

/// What a proposal would do. `member_at` tells who is at a leaf before it is committed.
pub(super) fn describe(
    client: &ClientCore,
    member_at: &dyn Fn(u32) -> Option<SigningIdentity>,
    proposal: &EngineProposal,
    sender: &EngineSender,
) -> Result<ProposalInfo> {
    let settings = &client.settings;
    let (kind, leaf) = sender_kind(sender);
    let member = |leaf: u32| settings.sender(SenderKind::Member, Some(leaf), member_at(leaf).as_ref());
    let sender = match (kind, leaf) {
        (SenderKind::Member, Some(leaf)) => member(leaf),
        _ => settings.sender(kind, leaf, None),
    };
    let (subject, data) = match proposal {
        EngineProposal::Add(add) => {
            (Some(settings.sender(SenderKind::Member, None, Some(add.signing_identity()))), Vec::new())
        }
        EngineProposal::Update(update) => {
            (Some(settings.sender(SenderKind::Member, sender.leaf, Some(update.signing_identity()))), Vec::new())
        }
        EngineProposal::Remove(remove) => (Some(member(remove.to_remove())), Vec::new()),
        EngineProposal::Psk(psk) => (None, psk.external_psk_id().map_or_else(Vec::new, |id| id.to_vec())),
        EngineProposal::ReInit(reinit) => (None, reinit.group_id().to_vec()),
        EngineProposal::Custom(custom) => (None, custom.data().to_vec()),
        _ => (None, Vec::new()),
    };
    Ok(ProposalInfo {
        kind: proposal.proposal_type().raw_value(),
        sender,
        reference: Vec::new(),
        subject,
        data,
        encoded: proposal.mls_encode_to_vec().map_err(MlsError::from)?,
    })
}

/// The time that an addition is checked against.
pub(super) fn now(client: &ClientCore) -> Result<mls_rs::time::MlsTime> {
    Ok(time(client.settings.now()?))
}
