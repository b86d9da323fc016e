//! What becomes of a message of a group. Every input has a verdict; only misuse and a broken store are errors.
//!
//! Application messages are processed in runs that are stored together; a handshake message is a step of its own. After
//! any failure of the engine the group is read again before the next message, and what was processed before it in the
//! same run is stored: those rows say which keys were consumed, and nothing of the engine's state.

use super::{
    Before, Group, GroupStatus, HeldRow, JOINING, Locked, Session,
    advance::Trigger,
    commit::CommitRow,
    held::Room,
    probe::{Probe, Proof, Sight},
    propose::proposal_info,
    row::EpochRow,
    session::{Failure, Unfolded, run},
    withdrawn::Withdrawn,
};
use crate::{
    CommitStatus, ContentKind, Denied, DeniedReason, ErrorCode, Event, EventKind, ExternalJoin, Held, HeldFor, Ignored,
    IgnoredReason, Message, Proposed, RejoinNeeded, RejoinReason, Result, Role, SenderKind, Stalled, Undecryptable,
    Verdict,
    engine::{self, Envelope, Graft},
    ledger::{Used, encode},
    store::Key,
};
use mls_rs::{
    MlsMessage,
    error::MlsError as EngineError,
    group::{
        CommitEffect, CommitMessageDescription, ProposalMessageDescription, ProposalSender, ReceivedMessage,
        proposal::Proposal,
    },
    identity::SigningIdentity,
    mls_rs_codec::{MlsDecode, MlsEncode},
};
use std::{cmp::Ordering, sync::atomic};

/// A framed message on its way in.
#[derive(Clone)]
pub(crate) struct Incoming {
    pub(crate) bytes: Vec<u8>,
    pub(crate) epoch: u64,
    pub(crate) content: ContentKind,
    private: bool,
    sender: Option<SenderKind>,
    leaf: u32,
    /// Where it waited until now.
    pub(crate) held: Option<Key>,
}

impl Incoming {
    pub(crate) fn is_application(&self) -> bool {
        self.content == ContentKind::Application
    }

    pub(crate) fn new(bytes: &[u8], envelope: &Envelope, held: Option<Key>) -> Option<Self> {
        let Envelope::Framed { epoch, content, private, sender, leaf, .. } = envelope else { return None };
        Some(Self {
            bytes: bytes.to_vec(),
            epoch: *epoch,
            content: *content,
            private: *private,
            sender: *sender,
            leaf: *leaf,
            held,
        })
    }
}

/// What became of a message that moves no epoch.
enum Outcome {
    /// Tell the application.
    Tell(EventKind),
    /// An application message, and the key that it consumed.
    Got(EventKind, Used),
    /// Keep it.
    Wait(HeldRow),
    /// Our own signature proves that the store is older than what this device has sent: to send would be to use keys
    /// twice.
    Parted(RejoinReason),
}

/// What an encrypted message is that claims to be our own.
enum Own {
    /// Its key is one that this store has set aside.
    Known,
    /// We have signed it, and this store knows nothing of it.
    Unknown,
    /// We have not sent it.
    Forged,
}

fn ignored(reason: IgnoredReason, epoch: u64) -> Outcome {
    Outcome::Tell(EventKind::Ignored(Ignored { reason, epoch }))
}

fn undecryptable(detail: String, epoch: u64) -> Outcome {
    Outcome::Tell(EventKind::Undecryptable(Undecryptable { detail, epoch }))
}

fn wait(reason: HeldFor, message: &Incoming) -> Outcome {
    Outcome::Wait(HeldRow::new(reason, message.epoch, &message.bytes))
}

fn denied(reason: DeniedReason, detail: impl Into<String>, message: &Incoming) -> Outcome {
    let (detail, message) = (detail.into(), message.bytes.clone());
    Outcome::Tell(EventKind::Denied(Denied { reason, detail, sender: None, message }))
}

/// Whether the engine's error says that no member has signed the message.
fn unproven(failure: &Failure) -> bool {
    use EngineError as E;
    match failure {
        Failure::Panic => false,
        Failure::Engine(error) => matches!(
            **error,
            E::CryptoProviderError(_)
                | E::InvalidSignature
                | E::InvalidMembershipTag
                | E::KeyMissing(_)
                | E::InvalidFutureGeneration(_)
                | E::SerializationError(_)
                | E::InvalidSender
                | E::MembershipTagForNonMember
                | E::LeafNotFound(_)
                | E::InvalidNodeIndex(_)
                | E::ExpectedNode
                | E::UnknownSigningIdentityForExternalSender
                | E::InvalidExternalSigningIdentity
                | E::ExternalProposalsDisabled
                | E::UnencryptedApplicationMessage
                | E::InvalidTreeIndex
                | E::LeafNodeNoParent
                | E::LeafNodeNoChildren
                | E::UnexpectedMessageType
                | E::ProtocolVersionMismatch
        ),
    }
}

/// Whether a message that fails like this leaves the engine's group as it was: what is checked before a key is used up,
/// and for a PublicMessage whatever comes before its content is looked at.
fn leaves_intact(failure: &Failure, message: &Incoming) -> bool {
    use EngineError as E;
    let Failure::Engine(error) = failure else { return false };
    match **error {
        E::KeyMissing(_) | E::InvalidFutureGeneration(_) | E::InvalidEpoch => true,
        E::CantProcessMessageFromSelf => message.private,
        E::InvalidMembershipTag | E::MembershipTagForNonMember | E::ProposalNotFound => !message.private,
        // A commit can fail like this when it is looked into as well.
        E::InvalidSignature
        | E::UnknownSigningIdentityForExternalSender
        | E::LeafNotFound(_)
        | E::InvalidNodeIndex(_)
        | E::ExpectedNode => !message.private && message.content != ContentKind::Commit,
        _ => false,
    }
}

/// An application message that does not open.
fn unopened(failure: Failure, message: &Incoming) -> Outcome {
    if is(&failure, |e| matches!(e, EngineError::KeyMissing(_))) {
        ignored(IgnoredReason::Duplicate, message.epoch)
    } else if is(&failure, |e| matches!(e, EngineError::CantProcessMessageFromSelf)) {
        ignored(IgnoredReason::OwnEcho, message.epoch)
    } else {
        undecryptable(failure.detail(), message.epoch)
    }
}

fn unexpected() -> Failure {
    Failure::Engine(Box::new(EngineError::UnexpectedMessageType))
}

fn is(failure: &Failure, test: fn(&EngineError) -> bool) -> bool {
    matches!(failure, Failure::Engine(error) if test(error))
}

impl Group {
    /// A message decoded, or why it cannot be. Application messages are always encrypted (RFC 9420 section 6).
    fn decoded(&self, message: &Incoming) -> Result<MlsMessage, String> {
        match self.client.settings.decode(&message.bytes) {
            Ok(_) if message.is_application() && !message.private => Err("UnencryptedApplicationMessage".into()),
            Ok(decoded) => Ok(decoded),
            Err(error) => Err(error.detail()),
        }
    }

    /// Processes messages of this group in their order.
    pub(crate) fn receive(&self, messages: &[Incoming]) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        let mut rest = messages;
        while let Some(first) = rest.first() {
            let run = match first.content {
                ContentKind::Application => {
                    rest.iter().position(|m| m.content != ContentKind::Application).unwrap_or(rest.len())
                }
                _ => 1,
            };
            let done = self.attempt_damaged(|locked| self.step(locked, &rest[..run]))?;
            events.extend(done.1);
            rest = &rest[done.0..];
        }
        Ok(events)
    }

    /// One step: a run of application messages, as far as they go without a failure, or one handshake message. Answers
    /// how many are done with.
    fn step(&self, locked: &mut Locked, messages: &[Incoming]) -> Result<Option<(usize, Vec<Event>)>> {
        let first = &messages[0];
        let (status, epoch) = (locked.session().row.status, locked.session().row.epoch);
        if matches!(status, GroupStatus::Closed | GroupStatus::Replaced) {
            if let Some(row) = self.external_commit(first)? {
                return Ok(Some((1, self.merge_joining(locked, &row, first.held.clone())?)));
            }
            // It may overtake the Welcome of somebody who was removed and comes back.
            if status == GroupStatus::Closed && first.epoch > epoch && first.held.is_none() {
                return Ok(Some((1, self.hold_for_welcome(first)?)));
            }
            let outcome = ignored(IgnoredReason::GroupClosed, first.epoch);
            return Ok(self.store_outcomes(locked, vec![(first, outcome)])?.map(|events| (1, events)));
        }
        match first.content {
            ContentKind::Application => self.application(locked, messages),
            ContentKind::Proposal => Ok(self.proposal(locked, first)?.map(|events| (1, events))),
            ContentKind::Commit => Ok(self.commit_message(locked, first)?.map(|events| (1, events))),
        }
    }

    /// Stores what became of messages.
    fn store_outcomes(&self, locked: &mut Locked, outcomes: Vec<(&Incoming, Outcome)>) -> Result<Option<Vec<Event>>> {
        let tag = self.core.tag;
        let mut used = Vec::new();
        let mut parted = None;
        // Decide on holding before the transaction: it reads.
        let mut decided = Vec::new();
        for (message, outcome) in outcomes {
            let (kind, key, held) = match outcome {
                Outcome::Tell(kind) => (Some(kind), None, None),
                Outcome::Got(kind, key) => (Some(kind), Some(key), None),
                // Known already.
                Outcome::Parted(_) if parted.is_some() || locked.session().row.status == GroupStatus::RejoinNeeded => {
                    let reason = IgnoredReason::OwnEcho;
                    (Some(EventKind::Ignored(Ignored { reason, epoch: message.epoch })), None, None)
                }
                Outcome::Parted(reason) => {
                    let mut row = locked.session().row.clone();
                    row.status = GroupStatus::RejoinNeeded;
                    row.version += 1;
                    parted = Some(row);
                    (Some(EventKind::RejoinNeeded(RejoinNeeded { reason, epoch: message.epoch })), None, None)
                }
                // It waited before and waits on: nothing new to tell.
                Outcome::Wait(row) if message.held.is_some() => (None, None, Some(row)),
                Outcome::Wait(row) => match self.room_to_hold(&row)? {
                    Room::Yes(waiting) => {
                        let held = Held { reason: row.reason, epoch: row.epoch, waiting };
                        (Some(EventKind::Held(held)), None, Some(row))
                    }
                    Room::Full => {
                        let reason = IgnoredReason::HoldFull;
                        (Some(EventKind::Ignored(Ignored { reason, epoch: row.epoch })), None, None)
                    }
                },
            };
            decided.push((message, kind, key, held));
        }
        let done = locked.write(|tx| {
            used.clear();
            if let Some(row) = &parted {
                tx.batch.put(super::GroupRow::key(tag), encode(row));
            }
            for (message, kind, key, held) in &decided {
                if let Some(waited) = &message.held {
                    tx.batch.delete(waited.clone());
                }
                if let Some(row) = held {
                    row.put(&mut tx.batch, tag);
                }
                if let Some(kind) = kind {
                    let id = tx.logged(Some(tag), &self.core.id, kind.clone(), *key);
                    used.extend(key.map(|used| Unfolded::new(id, used)));
                }
            }
            Ok(())
        })?;
        let Some(done) = done else { return Ok(None) };
        let session = locked.session();
        if let Some(row) = parted {
            session.row = row;
        }
        let epoch = session.row.epoch;
        session.unfolded.extend(used.into_iter().filter(|unfolded| unfolded.used.epoch == epoch));
        Ok(Some(done.events))
    }

    // Application messages.

    fn application(&self, locked: &mut Locked, messages: &[Incoming]) -> Result<Option<(usize, Vec<Event>)>> {
        if locked.session().damaged && !self.core.is_suspicious() {
            // The attack is over: read the group again.
            locked.drop_session();
            return Ok(None);
        }
        let limit = self.client.settings.limits.fold_distance as usize;
        let many = locked.session().skips.are_many();
        if locked.session().unfolded.len() >= limit || many {
            let mark = locked.session().row.mark;
            let folded = locked.session().store_folded(&self.client, &self.core, mark);
            if !locked.settle(folded)? || many {
                locked.drop_session();
                return Ok(None);
            }
        }
        let room = limit - locked.session().unfolded.len();
        let mut outcomes = Vec::new();
        let mut fresh = Vec::new();
        for message in messages.iter().take(room.max(1)) {
            let outcome = match message.epoch.cmp(&locked.session().row.epoch) {
                Ordering::Equal => self.open_current(locked.session(), message, &fresh)?,
                Ordering::Greater => wait(HeldFor::Epoch, message),
                // Its epoch's record is written with it: a step of its own.
                Ordering::Less if outcomes.is_empty() => {
                    return Ok(self.late(locked, message)?.map(|events| (1, events)));
                }
                Ordering::Less => break,
            };
            if let Outcome::Got(_, used) = &outcome {
                fresh.push(*used);
                locked.session().skips.note(*used);
            }
            outcomes.push((message, outcome));
        }
        let count = outcomes.len();
        Ok(self.store_outcomes(locked, outcomes)?.map(|events| (count, events)))
    }

    /// Opens an application message of the current epoch. `fresh` are keys of messages that are not stored yet.
    fn open_current(&self, session: &mut Session, message: &Incoming, fresh: &[Used]) -> Result<Outcome> {
        let decoded = match self.decoded(message) {
            Ok(decoded) => decoded,
            Err(detail) => return Ok(undecryptable(detail, message.epoch)),
        };
        let opened = match self.core.is_suspicious() || session.damaged {
            true => self.open_suspect(session, decoded, fresh)?,
            false => {
                session.probe = None;
                run(|| session.engine.process_incoming_message(decoded))
            }
        };
        let roster = &session.engine;
        let member_at = |leaf| roster.member_at_index(leaf).map(|member| member.signing_identity);
        match opened {
            Ok(received) => {
                let outcome = self.message(received, &member_at, message);
                if let (Outcome::Got(_, used), Some(probe)) = (&outcome, &mut session.probe) {
                    probe.consume(*used);
                }
                self.core.calm();
                Ok(outcome)
            }
            Err(failure) if is(&failure, |e| matches!(e, EngineError::CantProcessMessageFromSelf)) => {
                self.own_echo(session, message)
            }
            Err(failure) => {
                if !leaves_intact(&failure, message) {
                    // Without suspicion it was the loaded group that lost a key.
                    session.damaged |= !self.core.is_suspicious();
                    self.core.suspect();
                }
                Ok(unopened(failure, message))
            }
        }
    }

    /// Opens a message of which it is likely that nobody in the group has sent it.
    fn open_suspect(
        &self,
        session: &mut Session,
        message: MlsMessage,
        fresh: &[Used],
    ) -> Result<Result<ReceivedMessage, Failure>> {
        let leaf = match self.probe(session, fresh)?.look(message.clone()) {
            Sight::Tagged(leaf) => leaf,
            Sight::Opened(received) => return Ok(Ok(*received)),
            Sight::Signed => return Ok(Err(unexpected())),
            Sight::Failed(failure) => return Ok(Err(failure)),
        };
        if !session.damaged {
            let opened = run(|| session.engine.process_incoming_message(message));
            // A member can put a bad signature under a good tag.
            session.damaged = opened.is_err();
            return Ok(opened);
        }
        Ok(match self.prove(session, leaf, message)? {
            Proof::Read(received) => Ok(*received),
            Proof::Commit => Err(unexpected()),
            Proof::Failed(failure) => Err(failure),
        })
    }

    /// Whether the member at a leaf has signed a message, and what it says. Costs the loaded group nothing.
    fn prove(&self, session: &mut Session, leaf: u32, message: MlsMessage) -> Result<Proof> {
        let Some(member) = session.engine.member_at_index(leaf) else {
            return Ok(Proof::Failed(Failure::Engine(Box::new(EngineError::LeafNotFound(leaf)))));
        };
        let identity = member.signing_identity.mls_encode_to_vec()?;
        let probe = self.probe(session, &[])?;
        Ok(probe.with_leaf(&self.client, &self.core.id, leaf, &identity)?.read(message))
    }

    /// The skeleton of a group under suspicion.
    fn probe<'a>(&self, session: &'a mut Session, fresh: &[Used]) -> Result<&'a mut Probe> {
        if session.probe.is_none() {
            session.probe = Some(Probe::of(&self.client, session, fresh)?);
        }
        Ok(session.probe.as_mut().expect("it was just made"))
    }

    /// What an application message says.
    fn message(
        &self,
        received: ReceivedMessage,
        member_at: &dyn Fn(u32) -> Option<SigningIdentity>,
        message: &Incoming,
    ) -> Outcome {
        let ReceivedMessage::ApplicationMessage(received) = received else {
            // The engine was given an application message: anything else cannot come of it.
            return undecryptable("UnexpectedMessageType".into(), message.epoch);
        };
        let leaf = received.sender_index;
        let generation = received.unauthenticated_key_generation.unwrap_or(0);
        let kind = EventKind::Message(Message {
            sender: self.client.settings.sender(SenderKind::Member, Some(leaf), member_at(leaf).as_ref()),
            epoch: message.epoch,
            generation,
            data: received.data().to_vec(),
            aad: received.authenticated_data.clone(),
        });
        Outcome::Got(kind, Used { epoch: message.epoch, leaf, generation })
    }

    /// A message of an epoch that is over, read in that epoch as it was. A copy of it is opened, so a failure costs
    /// nothing, and neither does the size of the group.
    fn late(&self, locked: &mut Locked, message: &Incoming) -> Result<Option<Vec<Event>>> {
        let (store, tag) = (&self.client.store, self.core.tag);
        let session = locked.session();
        let past = match session.row.epoch - message.epoch <= u64::from(self.client.settings.limits.past_epochs) {
            true => EpochRow::get(store, tag, message.epoch)?,
            false => None,
        };
        let Some(mut past) = past else {
            return self.store_outcomes(locked, vec![(message, ignored(IgnoredReason::TooOld, message.epoch))]);
        };
        let decoded = match self.decoded(message) {
            Ok(decoded) => decoded,
            Err(detail) => {
                let outcome = undecryptable(detail, message.epoch);
                return self.store_outcomes(locked, vec![(message, outcome)]);
            }
        };
        let grafted = Graft::join(&session.row.snapshot, &past.small, &[])?;
        let mut probe = Probe::load(&self.client, &self.core.id, &grafted)?;
        let leaf = match probe.look(decoded.clone()) {
            Sight::Tagged(leaf) => leaf,
            Sight::Failed(failure) => return self.store_outcomes(locked, vec![(message, unopened(failure, message))]),
            Sight::Opened(_) | Sight::Signed => {
                let outcome = unopened(unexpected(), message);
                return self.store_outcomes(locked, vec![(message, outcome)]);
            }
        };
        let Some(identity) = session.past_identity(store, tag, message.epoch, leaf)? else {
            let outcome = undecryptable("LeafNotFound".into(), message.epoch);
            return self.store_outcomes(locked, vec![(message, outcome)]);
        };
        let mut reader = probe.with_leaf(&self.client, &self.core.id, leaf, &identity)?;
        let received = match reader.read(decoded) {
            Proof::Read(received) => *received,
            Proof::Commit => return self.store_outcomes(locked, vec![(message, unopened(unexpected(), message))]),
            Proof::Failed(failure) => {
                return self.store_outcomes(locked, vec![(message, unopened(failure, message))]);
            }
        };
        // Who was there then, whoever is there now.
        let identity = SigningIdentity::mls_decode(&mut identity.as_slice())?;
        let mut outcome = self.message(received, &|_| Some(identity.clone()), message);
        let Outcome::Got(EventKind::Message(received), _) = &mut outcome else {
            return self.store_outcomes(locked, vec![(message, outcome)]);
        };
        let kind = EventKind::Message(received.clone());
        run(|| reader.engine.write_to_storage())?;
        let written = reader.parts.provider.take_written().expect("the engine has just written");
        past.small = Graft::cut(&past.small, &written.snapshot)?.to_vec();
        let row = encode(&past);
        let done = locked.write(|tx| {
            tx.batch.put(EpochRow::key(tag, message.epoch), row.clone());
            if let Some(waited) = &message.held {
                tx.batch.delete(waited.clone());
            }
            tx.event(Some(tag), &self.core.id, kind.clone());
            Ok(())
        })?;
        Ok(done.map(|done| done.events))
    }

    /// A message that claims to be our own. Mostly the service's echo; but one at a generation that this store has
    /// never set aside proves that the store was rolled back.
    fn own_echo(&self, session: &mut Session, message: &Incoming) -> Result<Outcome> {
        Ok(match self.look_as_other(session, message)? {
            Own::Known => ignored(IgnoredReason::OwnEcho, message.epoch),
            // Any member can encrypt under our keys: only the signature proves it.
            Own::Forged => undecryptable("InvalidSignature".into(), message.epoch),
            Own::Unknown => Outcome::Parted(RejoinReason::RolledBack),
        })
    }

    /// Looks at an encrypted message that claims to be our own with the eyes of another member who has used up our keys
    /// up to the mark.
    fn look_as_other(&self, session: &mut Session, message: &Incoming) -> Result<Own> {
        let Ok(decoded) = self.client.settings.decode(&message.bytes) else { return Ok(Own::Forged) };
        if session.mirror.is_none() {
            let used_up = session.row.mark.max(session.generation);
            let snapshot = engine::with_other_leaf(&session.folded_snapshot(&self.client, used_up)?)?;
            session.mirror = Some(Probe::load(&self.client, &self.core.id, &snapshot)?);
        }
        let mirror = session.mirror.as_mut().expect("it was just made");
        let leaf = match mirror.look(decoded.clone()) {
            Sight::Tagged(leaf) => leaf,
            Sight::Failed(failure) if is(&failure, |e| matches!(e, EngineError::CryptoProviderError(_))) => {
                return Ok(Own::Forged);
            }
            Sight::Failed(_) | Sight::Opened(_) | Sight::Signed => return Ok(Own::Known),
        };
        let identity = session.engine.current_member_signing_identity()?.mls_encode_to_vec()?;
        Ok(match mirror.with_leaf(&self.client, &self.core.id, leaf, &identity)?.read(decoded) {
            Proof::Failed(_) => Own::Forged,
            Proof::Read(_) | Proof::Commit => Own::Unknown,
        })
    }

    // Handshake messages.

    /// What a handshake message's epoch says of it before it is opened.
    fn by_epoch(&self, session: &Session, message: &Incoming) -> Option<Outcome> {
        match message.epoch.cmp(&session.row.epoch) {
            Ordering::Less => Some(ignored(IgnoredReason::TooOld, message.epoch)),
            Ordering::Greater => Some(wait(HeldFor::Epoch, message)),
            Ordering::Equal => None,
        }
    }

    fn proposal(&self, locked: &mut Locked, message: &Incoming) -> Result<Option<Vec<Event>>> {
        if let Some(outcome) = self.by_epoch(locked.session(), message) {
            return self.store_outcomes(locked, vec![(message, outcome)]);
        }
        let policy = &self.client.settings.policy;
        let allowed = match message.sender {
            Some(SenderKind::External) => policy.external_sender_proposals,
            Some(SenderKind::NewMemberProposal) => policy.new_member_proposals,
            Some(SenderKind::NewMemberCommit) => false,
            _ => true,
        };
        if !allowed {
            let outcome = denied(DeniedReason::Policy, "outsiders' proposals are not taken", message);
            return self.store_outcomes(locked, vec![(message, outcome)]);
        }
        let decoded = match self.decoded(message) {
            Ok(decoded) => decoded,
            Err(detail) => {
                let outcome = undecryptable(detail, message.epoch);
                return self.store_outcomes(locked, vec![(message, outcome)]);
            }
        };
        if let Some(outcome) = self.screen(locked.session(), message, &decoded)? {
            return self.store_outcomes(locked, vec![(message, outcome)]);
        }
        if locked.session().damaged {
            locked.drop_session();
            return Ok(None); // once more, with the whole group
        }
        let session = locked.session();
        let cached = session.engine.get_cached_proposals().len();
        let received = match run(|| session.engine.process_incoming_message(decoded)) {
            Ok(ReceivedMessage::Proposal(received)) => received,
            Ok(_) => {
                let outcome = undecryptable("UnexpectedMessageType".into(), message.epoch);
                return self.refuse(locked, message, outcome);
            }
            // An encrypted one of ours; nothing was used up.
            Err(failure) if is(&failure, |e| matches!(e, EngineError::CantProcessMessageFromSelf)) => {
                let outcome = self.own_echo(locked.session(), message)?;
                return self.store_outcomes(locked, vec![(message, outcome)]);
            }
            Err(failure) => {
                let intact = leaves_intact(&failure, message);
                let outcome = match unproven(&failure) || intact {
                    true => unopened(failure, message),
                    false => denied(DeniedReason::Protocol, failure.detail(), message),
                };
                return match intact {
                    true => self.store_outcomes(locked, vec![(message, outcome)]),
                    false => self.refuse(locked, message, outcome),
                };
            }
        };
        let proposals = session.engine.get_cached_proposals();
        let own = matches!(received.sender, ProposalSender::Member(leaf)
            if leaf == session.engine.current_member_index());
        if proposals.len() == cached {
            let reason = if own { IgnoredReason::OwnEcho } else { IgnoredReason::Duplicate };
            return self.store_outcomes(locked, vec![(message, ignored(reason, message.epoch))]);
        }
        let reference = received.proposal_ref();
        let Some(new) = proposals.iter().find(|cached| cached.proposal_ref().to_vec() == reference) else {
            return self.refuse(locked, message, undecryptable("ProposalNotFound".into(), message.epoch));
        };
        let from_sender = proposals.iter().filter(|cached| cached.sender() == new.sender()).count();
        if from_sender > self.client.settings.limits.proposals_per_member as usize {
            let outcome = denied(DeniedReason::Limit, "too many proposals of one sender", message);
            return self.refuse(locked, message, outcome);
        }
        let withdrawn = Withdrawn::get(&self.client.store, self.core.tag)?;
        if withdrawn.iter().any(|proposal| proposal.proposal_ref().to_vec() == reference) {
            return self.refuse(locked, message, ignored(IgnoredReason::Duplicate, message.epoch));
        }
        // We have signed it, and unless it is among those that are forgotten for good, this store never made it.
        if own && withdrawn.len() < Withdrawn::KEPT {
            return self.refuse(locked, message, Outcome::Parted(RejoinReason::RolledBack));
        }
        let proposal = proposal_info(&self.client, &session.engine, new)?;
        let proposed = Proposed { proposal, aad: received.authenticated_data.clone() };
        // A proposal changes nobody yet: the engine asks about it when it is committed, and that is too late to deny.
        match new.proposal() {
            Proposal::Add(add) => session.parts.identity.ask_about(add.signing_identity()),
            Proposal::Update(update) => session.parts.identity.ask_about(update.signing_identity()),
            _ => {}
        }
        let answer = session.ask_current_trust(&self.client, None);
        let answer = locked.settle(answer)?;
        match answer.refused {
            Some(Verdict::Deny) => {
                let outcome = denied(DeniedReason::Trust, "the trust policy denies the credential", message);
                return self.refuse(locked, message, outcome);
            }
            Some(Verdict::Later) => {
                let outcome = wait(HeldFor::Validator, message);
                return self.refuse(locked, message, outcome);
            }
            _ => {}
        }
        let snapshot = locked.session().snapshot();
        let (snapshot, _) = locked.settle(snapshot)?;
        let row = locked.session().new_row(self.core.tag, &snapshot);
        let tag = self.core.tag;
        let done = locked.write(|tx| {
            row.put(tx);
            if let Some(waited) = &message.held {
                tx.batch.delete(waited.clone());
            }
            tx.event(Some(tag), &self.core.id, EventKind::Proposed(proposed.clone()));
            Ok(())
        })?;
        let Some(done) = done else { return Ok(None) };
        row.stored(locked.session(), &self.core);
        Ok(Some(done.events))
    }

    /// Stores an outcome after a failure that has changed the engine's group: it is read again.
    fn refuse(&self, locked: &mut Locked, message: &Incoming, outcome: Outcome) -> Result<Option<Vec<Event>>> {
        self.core.suspect();
        self.core.note_costly(message.epoch);
        let events = self.store_outcomes(locked, vec![(message, outcome)])?;
        locked.drop_session();
        Ok(events)
    }

    /// While the group is under suspicion: what becomes of a handshake message that the loaded group need not see.
    fn screen(&self, session: &mut Session, message: &Incoming, decoded: &MlsMessage) -> Result<Option<Outcome>> {
        session.probe = None; // it may lack what the group has learned since
        if !self.core.is_suspicious() {
            return Ok(None);
        }
        match self.probe(session, &[])?.look(decoded.clone()) {
            Sight::Tagged(leaf) => match self.prove(session, leaf, decoded.clone())? {
                Proof::Failed(failure) => return Ok(Some(unopened(failure, message))),
                Proof::Read(received) => {
                    if let ReceivedMessage::Proposal(received) = *received
                        && self.is_over_limit(session, &received)
                    {
                        return Ok(Some(denied(DeniedReason::Limit, "too many proposals of one sender", message)));
                    }
                }
                Proof::Commit => {}
            },
            // Our own: the loaded group knows better.
            Sight::Failed(failure) if is(&failure, |e| matches!(e, EngineError::CantProcessMessageFromSelf)) => {
                return Ok(None);
            }
            Sight::Failed(failure) => return Ok(Some(unopened(failure, message))),
            Sight::Opened(_) | Sight::Signed => {}
        }
        // It is a member's, or an outsider's who may send. If those cost too much, the application has to want it.
        Ok(self.core.is_exhausted(message.epoch).then(|| wait(HeldFor::Limits, message)))
    }

    /// Who has sent a commit that the loaded group could not apply, if anybody has.
    fn committer(&self, session: &mut Session, decoded: MlsMessage) -> Result<Result<Option<u32>, Failure>> {
        session.probe = None;
        Ok(match self.probe(session, &[])?.look(decoded.clone()) {
            Sight::Tagged(leaf) => match self.prove(session, leaf, decoded)? {
                Proof::Commit | Proof::Read(_) => Ok(Some(leaf)),
                Proof::Failed(failure) => Err(failure),
            },
            Sight::Signed | Sight::Opened(_) => Ok(None),
            Sight::Failed(failure) => Err(failure),
        })
    }

    /// Whether a proposal would be one too many of its sender.
    fn is_over_limit(&self, session: &Session, received: &ProposalMessageDescription) -> bool {
        let ProposalSender::Member(leaf) = received.sender else { return false };
        let reference = received.proposal_ref();
        session.cached_of(leaf) >= self.client.settings.limits.proposals_per_member as usize
            && !session.engine.get_cached_proposals().iter().any(|cached| cached.proposal_ref().to_vec() == reference)
    }

    fn commit_message(&self, locked: &mut Locked, message: &Incoming) -> Result<Option<Vec<Event>>> {
        if let Some(row) = self.own_commit(message)? {
            if row.is_joining() && self.client.settings.role == Role::Full {
                return Ok(Some(self.merge_joining(locked, &row, message.held.clone())?));
            }
            if row.is_forgotten() && row.epoch == locked.session().row.epoch {
                return self.unknown_own(locked, message); // too many were rejected to keep what it leads to
            }
            if row.status() == CommitStatus::Accepted || row.epoch != locked.session().row.epoch {
                let outcome = ignored(IgnoredReason::OwnEcho, message.epoch);
                return self.store_outcomes(locked, vec![(message, outcome)]);
            }
            if self.client.settings.role == Role::Extension {
                let outcome = wait(HeldFor::Limits, message);
                return self.store_outcomes(locked, vec![(message, outcome)]);
            }
            return self.merge(locked, row, message.held.clone());
        }
        if let Some(outcome) = self.by_epoch(locked.session(), message) {
            return self.store_outcomes(locked, vec![(message, outcome)]);
        }
        let decoded = match self.decoded(message) {
            Ok(decoded) => decoded,
            Err(detail) => {
                let outcome = undecryptable(detail, message.epoch);
                return self.store_outcomes(locked, vec![(message, outcome)]);
            }
        };
        let members = locked.session().engine.roster().members_iter().count();
        if self.client.settings.limits.hold_commits_above.is_some_and(|limit| members > limit as usize) {
            // A forged one would take the room of what others have sent.
            let proven = self.committer(locked.session(), decoded);
            let outcome = match locked.settle(proven)? {
                Ok(_) => wait(HeldFor::Limits, message),
                Err(failure) => unopened(failure, message),
            };
            return self.store_outcomes(locked, vec![(message, outcome)]);
        }
        let external = message.sender == Some(SenderKind::NewMemberCommit);
        let joiner = decoded.commit_path_leaf_node().filter(|_| external).map(|leaf| leaf.signing_identity.clone());
        if external && self.client.settings.policy.external_join == ExternalJoin::ResyncOnly {
            let joiner = joiner.as_ref().map(engine::identity_of);
            let member = joiner.is_some_and(|id| locked.session().engine.member_with_identity(&id).is_ok());
            if !member {
                let outcome = denied(DeniedReason::Policy, "strangers may not join by external commit", message);
                return self.store_outcomes(locked, vec![(message, outcome)]);
            }
        }
        if let Some(outcome) = self.screen(locked.session(), message, &decoded)? {
            return self.store_outcomes(locked, vec![(message, outcome)]);
        }
        if locked.session().damaged {
            locked.drop_session();
            return Ok(None); // once more, with the whole group
        }
        let session = locked.session();
        let mut trigger =
            Trigger { held: message.held.clone(), own_cached: Self::own_cached(session), ..Trigger::default() };
        let claims_own = !message.private
            && message.sender == Some(SenderKind::Member)
            && message.leaf == session.engine.current_member_index();
        let mut processed = run(|| session.engine.process_incoming_message(decoded.clone()));
        let unknown = |failure: &Failure| is(failure, |e| matches!(e, EngineError::ProposalNotFound));
        if processed.as_ref().is_err_and(unknown) {
            let withdrawn = Withdrawn::get(&self.client.store, self.core.tag)?;
            if !withdrawn.is_empty() {
                let session = locked.reload()?;
                session.put_back(&self.client, withdrawn)?;
                processed = run(|| session.engine.process_incoming_message(decoded));
            }
        }
        let description = match processed {
            Ok(ReceivedMessage::Commit(description)) if !claims_own => description,
            Ok(_) => return self.unknown_own(locked, message),
            Err(failure) => return self.commit_failed(locked, message, failure, claims_own, external),
        };
        let committer = Some(description.committer);
        let session = locked.session();
        let answer = session.ask_commit_trust(self, &description, joiner);
        let answer = locked.settle(answer)?;
        match answer.refused {
            Some(Verdict::Deny) => {
                let detail = "the trust policy denies a credential";
                let outcome = match external {
                    true => denied(DeniedReason::Trust, detail, message),
                    false => self.stalled(locked.session(), DeniedReason::Trust, detail.into(), message, committer),
                };
                return self.refuse(locked, message, outcome);
            }
            Some(Verdict::Later) => {
                let outcome = wait(HeldFor::Validator, message);
                return self.refuse(locked, message, outcome);
            }
            _ => {}
        }
        trigger.trust = answer;
        self.advance(locked, description, None, trigger)
    }

    fn stalled(
        &self,
        session: &Session,
        reason: DeniedReason,
        detail: String,
        message: &Incoming,
        leaf: Option<u32>,
    ) -> Outcome {
        let member = leaf.and_then(|leaf| session.engine.member_at_index(leaf)).map(|member| member.signing_identity);
        Outcome::Tell(EventKind::Stalled(Stalled {
            reason,
            detail,
            epoch: message.epoch,
            sender: leaf.map(|leaf| self.client.settings.sender(SenderKind::Member, Some(leaf), member.as_ref())),
            message: message.bytes.clone(),
        }))
    }

    fn commit_failed(
        &self,
        locked: &mut Locked,
        message: &Incoming,
        failure: Failure,
        claims_own: bool,
        external: bool,
    ) -> Result<Option<Vec<Event>>> {
        if let Some(error) = locked.session().parts.provider.take_failure() {
            locked.drop_session();
            return Err(error);
        }
        let from_self = is(&failure, |e| matches!(e, EngineError::CantProcessMessageFromSelf));
        if from_self {
            if claims_own {
                return self.unknown_own(locked, message); // its signature was checked
            }
            // An encrypted one; nothing was used up.
            let outcome = match self.look_as_other(locked.session(), message)? {
                Own::Known => ignored(IgnoredReason::OwnEcho, message.epoch),
                Own::Forged => undecryptable("InvalidSignature".into(), message.epoch),
                Own::Unknown => Outcome::Parted(RejoinReason::UnknownOwnCommit),
            };
            return self.store_outcomes(locked, vec![(message, outcome)]);
        }
        let intact = leaves_intact(&failure, message);
        let outcome = if is(&failure, |e| matches!(e, EngineError::ProposalNotFound)) {
            wait(HeldFor::Proposal, message)
        } else if intact {
            unopened(failure, message)
        } else {
            // The engine's word does not tell how far it came.
            match self.committer(locked.session(), self.client.settings.decode(&message.bytes)?)? {
                Err(failure) => unopened(failure, message),
                Ok(_) if external => denied(DeniedReason::Protocol, failure.detail(), message),
                Ok(leaf) => self.stalled(locked.session(), DeniedReason::Protocol, failure.detail(), message, leaf),
            }
        };
        match intact {
            true => self.store_outcomes(locked, vec![(message, outcome)]),
            false => self.refuse(locked, message, outcome),
        }
    }

    /// A commit that we have signed and do not know: this store is older than what it sent.
    fn unknown_own(&self, locked: &mut Locked, message: &Incoming) -> Result<Option<Vec<Event>>> {
        let outcome = Outcome::Parted(RejoinReason::UnknownOwnCommit);
        self.refuse(locked, message, outcome)
    }

    /// Processes what has waited and can go on now, and what waits for one of `also` once more. Stops when the inbox is
    /// full, and goes on with the next message.
    pub(crate) fn release(&self, also: &[HeldFor]) -> Result<Vec<Event>> {
        let due = &self.core.release_due;
        due.store(false, atomic::Ordering::Relaxed);
        let mut events = Vec::new();
        let done = self.release_ready(&mut events).and_then(|done| Ok(done && self.release_again(also, &mut events)?));
        if !matches!(done, Ok(true)) {
            due.store(true, atomic::Ordering::Relaxed);
        }
        done?;
        Ok(events)
    }

    /// Processes what can go on in this epoch. `false` if the inbox is full.
    fn release_ready(&self, events: &mut Vec<Event>) -> Result<bool> {
        loop {
            let mut locked = match self.lock() {
                Ok(locked) => locked,
                // There is no state that anything could wait for. What a store answers is no such reason.
                Err(error) if matches!(error.code(), ErrorCode::GroupNotFound | ErrorCode::GroupJoining) => {
                    return Ok(true);
                }
                Err(error) => return Err(error),
            };
            let epoch = locked.session().row.epoch;
            drop(locked);
            let mut ready = self.held(|row| {
                row.epoch < epoch || row.epoch == epoch && matches!(row.reason, HeldFor::Epoch | HeldFor::Group)
            })?;
            // Before a commit ends their epoch, while their keys are at hand.
            let first = ready.iter().map(|message| message.epoch).min();
            ready.retain(|message| Some(message.epoch) == first);
            ready.sort_by_key(|message| match message.content {
                ContentKind::Proposal => 0,
                ContentKind::Application => 1,
                ContentKind::Commit => 2,
            });
            let others = ready.iter().take_while(|message| message.content != ContentKind::Commit).count();
            let Some(room) = self.room()? else { return Ok(false) };
            ready.truncate(room.min(others.max(1)));
            if ready.is_empty() {
                return Ok(true);
            }
            events.extend(self.receive(&ready)?);
        }
    }

    /// Processes what has waited for something else than an epoch. `false` if the inbox is full.
    fn release_again(&self, also: &[HeldFor], events: &mut Vec<Event>) -> Result<bool> {
        for message in self.held(|row| also.contains(&row.reason))? {
            if self.room()?.is_none() {
                return Ok(false);
            }
            let before = self.lock()?.session().row.epoch;
            events.extend(self.receive(&[message])?);
            if self.lock()?.session().row.epoch != before {
                return Ok(self.release_ready(events)? && self.release_again(also, events)?);
            }
        }
        Ok(true)
    }

    /// How many more events can be kept. `None` if the inbox is full.
    fn room(&self) -> Result<Option<usize>> {
        match self.client.room() {
            Ok(room) => Ok(Some(room)),
            Err(error) if error.code() == ErrorCode::InboxFull => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The messages that wait, of some kind. Those that cannot be read go.
    fn held(&self, which: impl Fn(&HeldRow) -> bool) -> Result<Vec<Incoming>> {
        let mut messages = Vec::new();
        let mut unreadable = Vec::new();
        for (key, row) in HeldRow::all(&self.client.store, self.core.tag)? {
            if !which(&row) {
                continue;
            }
            let front = engine::envelope(&row.message).ok();
            match front.and_then(|front| Incoming::new(&row.message, &front, Some(key.clone()))) {
                Some(incoming) => messages.push(incoming),
                None => unreadable.push(key),
            }
        }
        if !unreadable.is_empty() {
            self.client.step(|tx| {
                unreadable.iter().for_each(|key| tx.batch.delete(key.clone()));
                Ok(())
            })?;
        }
        Ok(messages)
    }

    /// The external commit of ours that this is, if it still joins. An extension leaves it to the application.
    pub(super) fn external_commit(&self, message: &Incoming) -> Result<Option<CommitRow>> {
        match message.content {
            ContentKind::Commit if self.client.settings.role == Role::Full => {
                Ok(self.own_commit(message)?.filter(CommitRow::is_joining))
            }
            _ => Ok(None),
        }
    }

    /// The commit of ours that a message is, by its bytes.
    fn own_commit(&self, message: &Incoming) -> Result<Option<CommitRow>> {
        let hash = engine::hash(&message.bytes);
        Ok(self.commit_rows()?.into_iter().find(|row| row.hash == hash))
    }

    /// The external commit of ours that is pending.
    pub(super) fn joining(&self) -> Result<Option<u64>> {
        let row = self.client.store.get(&Key::group(JOINING, self.core.tag, &[]))?;
        row.map(|row| crate::ledger::decode(&row)).transpose()
    }
}

impl Session {
    /// Puts the credentials of a received commit to the trust policy.
    fn ask_commit_trust(
        &mut self,
        group: &Group,
        description: &CommitMessageDescription,
        joiner: Option<SigningIdentity>,
    ) -> Result<crate::trust::Answer> {
        let CommitEffect::NewEpoch(epoch) = &description.effect else {
            self.parts.identity.take();
            return match joiner {
                // It is our place that the joiner takes.
                Some(joiner) => self.ask_resync_trust(&group.client, &joiner),
                // A ReInit brings nobody in, and what comes after it is asked about when it is joined.
                None => Ok(crate::trust::Answer::default()),
            };
        };
        let prior = &epoch.prior_state;
        let updates = epoch.applied_proposals.iter().filter_map(|info| match &info.proposal {
            Proposal::Update(update) => Some(update.signing_identity().clone()),
            _ => None,
        });
        let committer = self.engine.member_at_index(description.committer).filter(|_| !description.is_external);
        let introduced = updates.chain(committer.map(|member| member.signing_identity)).collect();
        let at = |leaf: u32| prior.member_at_index(leaf).map(|member| member.signing_identity);
        let everybody = || prior.roster().members_iter().map(|member| member.signing_identity).collect();
        self.ask_trust(&group.client, &Before { at: &at, everybody: &everybody, introduced })
    }
}
