//! Moving to the next epoch: one transaction for the state, the past epoch, our commits and the events.

use super::{
    Group, GroupRow, GroupStatus, HeldRow, JOINING, Locked, Session,
    commit::CommitRow,
    propose::describe,
    row::{EpochRow, StoredTree},
    session::NewRow,
    withdrawn::Withdrawn,
};
use crate::{
    CommitStatus, Committed, Credential, ErrorCode, Event, EventKind, ProposalInfo, Removed, Replaced, Result, Sender,
    SenderKind, Superseded,
    engine::{self, EpochRecord, PastEpoch, Snapshot, Written, without_pending_updates},
    error::fail,
    ledger::encode,
    store::{Batch, Key},
    trust::{Answer, remember},
};
use mls_rs::{
    group::{
        CachedProposal, CommitEffect, CommitMessageDescription, NewEpoch, Sender as EngineSender, proposal::Proposal,
    },
    identity::SigningIdentity,
    mls_rs_codec::MlsEncode,
    mls_rules::ProposalSource,
};

/// What made the group move, to be done with in the same transaction.
#[derive(Default)]
pub(super) struct Trigger {
    /// The row of a held message that was processed.
    pub(super) held: Option<Key>,
    /// Our proposals that were cached before.
    pub(super) own_cached: Vec<CachedProposal>,
    /// First uses to remember.
    pub(super) trust: Answer,
}

/// What the commit did, told in the public form.
struct Story {
    sender: Sender,
    kinds: Vec<EventKind>,
}

impl Group {
    /// Stores what the engine has just processed. `None`, with the loaded group forgotten, if somebody else has moved
    /// the group meanwhile.
    pub(super) fn advance(
        &self,
        locked: &mut Locked,
        description: CommitMessageDescription,
        own: Option<CommitRow>,
        trigger: Trigger,
    ) -> Result<Option<Vec<Event>>> {
        let old_epoch = locked.session().row.epoch;
        let next = match &description.effect {
            CommitEffect::Removed { .. } => self.closed(locked.session()),
            effect => self.next_epoch(locked.session(), effect, own.is_some()),
        };
        let mut next = locked.settle(next)?;
        own.iter().for_each(|own| next.row.note_accepted(own.id));
        let story = self.tell(locked.session(), &description, own.as_ref(), &trigger);
        let mut story = locked.settle(story)?;
        let rows = self.commit_rows()?;
        let lost = rows.iter().filter(|row| row.epoch == old_epoch && own.as_ref().is_none_or(|own| own.id != row.id));
        let lost: Vec<&CommitRow> = lost.filter(|row| row.status() != CommitStatus::Accepted).collect();
        if next.row.status != GroupStatus::Closed {
            locked.session().parts.provider.put_recent(std::mem::take(&mut next.recent));
            for row in lost.iter().filter(|row| row.status() == CommitStatus::Pending) {
                story.kinds.push(EventKind::Superseded(Superseded {
                    commit: row.id,
                    winner: story.sender.clone(),
                    epoch: old_epoch + 1,
                    still_valid: self.still_valid(locked.session(), &row.by_value),
                }));
            }
            locked.session().parts.provider.put_recent(Vec::new());
        }
        let new_row = NewRow::new(locked.session(), self.core.tag, next.row.clone());
        let tag = self.core.tag;
        let joining = self.joining()?.filter(|id| lost.iter().any(|row| row.id == *id));
        let done = locked.write(|tx| {
            next.apply(&mut tx.batch, self);
            new_row.put(tx);
            for row in &lost {
                tx.batch.delete(CommitRow::key(self, row.id));
            }
            if joining.is_some() {
                tx.batch.delete(Key::group(JOINING, tag, &[]));
            }
            if let Some(row) = &own {
                tx.batch.put(CommitRow::key(self, row.id), encode(&row.accepted()));
                remember(&row.pins, &self.client.store, &mut tx.batch)?;
            }
            if let Some(held) = &trigger.held {
                tx.batch.delete(held.clone());
            }
            trigger.trust.remember(&self.client.store, &mut tx.batch)?;
            for kind in &story.kinds {
                tx.event(Some(tag), &self.core.id, kind.clone());
            }
            tx.raise_mark(&self.client);
            Ok(())
        })?;
        let Some(done) = done else { return Ok(None) };
        new_row.stored(locked.session(), &self.core);
        locked.session().generation = 0;
        locked.session().window = 0;
        locked.session().rejoining &= joining.is_none();
        if next.row.status == GroupStatus::Closed {
            // The engine has stopped halfway.
            locked.drop_session();
        }
        Ok(Some(done.events))
    }

    /// What happened, for the application.
    fn tell(
        &self,
        session: &Session,
        description: &CommitMessageDescription,
        own: Option<&CommitRow>,
        trigger: &Trigger,
    ) -> Result<Story> {
        let settings = &self.client.settings;
        let after = |leaf: u32| session.engine.member_at_index(leaf).map(|member| member.signing_identity);
        let committer = |before: &dyn Fn(u32) -> Option<SigningIdentity>| {
            let leaf = description.committer;
            match description.is_external {
                true => settings.sender(SenderKind::NewMemberCommit, Some(leaf), after(leaf).as_ref()),
                false => settings.sender(SenderKind::Member, Some(leaf), before(leaf).or_else(|| after(leaf)).as_ref()),
            }
        };
        Ok(match &description.effect {
            CommitEffect::NewEpoch(epoch) => {
                let before = |leaf: u32| epoch.prior_state.member_at_index(leaf).map(|member| member.signing_identity);
                let sender = committer(&before);
                let mut committed = self.changes(session, epoch, &before, sender.clone())?;
                committed.commit = own.map(|row| row.id);
                committed.aad = description.authenticated_data.clone();
                if description.is_external {
                    committed.added.push(sender.clone());
                } else if before(description.committer) != after(description.committer) {
                    committed.updated.push(settings.sender(
                        SenderKind::Member,
                        Some(description.committer),
                        after(description.committer).as_ref(),
                    ));
                }
                committed.dropped = self.dropped(&trigger.own_cached, epoch, &before)?;
                Story { sender, kinds: vec![EventKind::Committed(committed)] }
            }
            CommitEffect::Removed { new_epoch, .. } => {
                let before = |leaf: u32| new_epoch.prior_state.member_at_index(leaf).map(|m| m.signing_identity);
                let sender = committer(&before);
                let removed = Removed { sender: sender.clone(), epoch: session.row.epoch };
                Story { sender, kinds: vec![EventKind::Removed(removed)] }
            }
            CommitEffect::ReInit(reinit) => {
                let sender = committer(&after);
                let replaced = Replaced {
                    successor: reinit.proposal.group_id().to_vec(),
                    cipher_suite: reinit.proposal.new_cipher_suite().raw_value(),
                    sender: sender.clone(),
                };
                Story { sender, kinds: vec![EventKind::Replaced(replaced)] }
            }
        })
    }

    fn changes(
        &self,
        session: &Session,
        epoch: &NewEpoch,
        before: &dyn Fn(u32) -> Option<SigningIdentity>,
        sender: Sender,
    ) -> Result<Committed> {
        let settings = &self.client.settings;
        let mut committed = Committed::new(sender, epoch.epoch);
        for info in &epoch.applied_proposals {
            match &info.proposal {
                Proposal::Add(add) => {
                    let identity = engine::identity_of(add.signing_identity());
                    let leaf = session.engine.member_with_identity(&identity).ok().map(|member| member.index);
                    committed.added.push(settings.sender(SenderKind::Member, leaf, Some(add.signing_identity())));
                }
                Proposal::Remove(remove) => {
                    let leaf = remove.to_remove();
                    committed.removed.push(settings.sender(SenderKind::Member, Some(leaf), before(leaf).as_ref()));
                }
                Proposal::Update(update) => {
                    let leaf = engine::sender_kind(&info.sender).1;
                    if leaf.and_then(before).as_ref() != Some(update.signing_identity()) {
                        let updated = settings.sender(SenderKind::Member, leaf, Some(update.signing_identity()));
                        committed.updated.push(updated);
                    }
                }
                Proposal::Psk(psk) => committed.psks.extend(psk.external_psk_id().map(|id| id.to_vec())),
                Proposal::GroupContextExtensions(_) => committed.context_changed = true,
                Proposal::Custom(_) => {
                    committed.custom.push(describe(&self.client, before, &info.proposal, &info.sender)?);
                }
                _ => {}
            }
        }
        Ok(committed)
    }

    /// Our cached proposals that the commit left out.
    fn dropped(
        &self,
        own_cached: &[CachedProposal],
        epoch: &NewEpoch,
        before: &dyn Fn(u32) -> Option<SigningIdentity>,
    ) -> Result<Vec<ProposalInfo>> {
        let used = |cached: &&CachedProposal| {
            !epoch.applied_proposals.iter().any(
                |info| matches!(&info.source, ProposalSource::ByReference(reference) if reference == cached.proposal_ref()),
            )
        };
        own_cached
            .iter()
            .filter(used)
            .map(|cached| describe(&self.client, before, cached.proposal(), cached.sender()))
            .collect()
    }

    /// The rows of the new epoch, with the engine's group ready for it.
    fn next_epoch(&self, session: &mut Session, effect: &CommitEffect, was_own: bool) -> Result<Next> {
        let (mut snapshot, written) = session.snapshot()?;
        if was_own {
            snapshot.small = without_pending_updates(&snapshot.small)?;
            // The engine applied the commit without its index of the tree: it makes one when it loads.
            let whole = Snapshot::join(&snapshot.small, &snapshot.tree)?;
            session.engine = self.client.load_engine(&session.parts, &self.core.id, whole)?;
        }
        let epoch = session.engine.context().epoch;
        if epoch != session.row.epoch + 1 {
            return fail(ErrorCode::Engine, "the engine skipped an epoch");
        }
        let tree = session.tree.change(self.core.tag, &snapshot.tree, epoch);
        let past = past_epochs(session, effect, &snapshot, &written)?;
        let row = GroupRow {
            version: session.row.version + 1,
            id: session.row.id.clone(),
            status: match effect {
                CommitEffect::ReInit(_) => GroupStatus::Replaced,
                // One who has to join again has not done so by receiving.
                _ => session.row.status,
            },
            epoch,
            mark: 0,
            folded: session.row.folded.max(session.seen),
            node_count: snapshot.tree.nodes.len() as u32,
            hash_count: snapshot.tree.hashes.len() as u32,
            blocks: session.tree.sum,
            snapshot: snapshot.small.to_vec(),
            joined: session.row.joined,
            cipher_suite: session.row.cipher_suite,
            accepted: session.row.accepted.clone(),
        };
        Ok(Next { row, tree: Some(tree), past, recent: written.new_epochs })
    }

    /// The row of a group that this device was removed from: its state stays readable, its keys are of no use.
    fn closed(&self, session: &Session) -> Result<Next> {
        // No later fold will take the keys that were used.
        let mut row = session.folded_row(&self.client, session.row.mark)?;
        row.folded = row.folded.max(session.seen);
        row.status = GroupStatus::Closed;
        Ok(Next { row, tree: None, past: Vec::new(), recent: Vec::new() })
    }
}

/// What the next epoch's transaction writes of the group itself.
struct Next {
    row: GroupRow,
    tree: Option<super::row::TreeChange>,
    past: Vec<(u64, EpochRow)>,
    /// The same as the engine has them.
    recent: Vec<EpochRecord>,
}

impl Next {
    fn apply(&self, batch: &mut Batch, group: &Group) {
        let tag = group.core.tag;
        Withdrawn::forget(batch, tag);
        match &self.tree {
            Some(tree) => {
                tree.apply(batch);
                EpochRow::retain(batch, tag, self.row.epoch, group.client.settings.limits.past_epochs);
                for (epoch, past) in &self.past {
                    batch.put(EpochRow::key(tag, *epoch), encode(past));
                }
            }
            None => {
                EpochRow::forget(batch, tag);
                HeldRow::forget(batch, tag, self.row.epoch);
            }
        }
    }
}

/// The records of epochs that ended, with members told by their successors'.
fn past_epochs(
    session: &Session,
    effect: &CommitEffect,
    snapshot: &Snapshot,
    written: &Written,
) -> Result<Vec<(u64, EpochRow)>> {
    let next = snapshot.tree.identities()?;
    let epoch = session.engine.context().epoch;
    let before = |leaf: u32| match effect {
        CommitEffect::NewEpoch(new) => new.prior_state.member_at_index(leaf).map(|member| member.signing_identity),
        _ => None,
    };
    let mut rows = Vec::new();
    for record in &written.new_epochs {
        let past = PastEpoch::cut(&record.data)?;
        let mut members = Vec::new();
        for (leaf, key) in (0u32..).zip(&past.keys) {
            let after = next.get(leaf as usize).and_then(Option::as_ref);
            let same = match (key, after) {
                (Some(key), Some(after)) => engine::key_of(after)? == key,
                (None, None) => true,
                _ => false,
            };
            members.push(match key {
                _ if same && session.tree.updated.get(leaf as usize) != Some(&epoch) => after.cloned(),
                Some(key) => match before(leaf) {
                    Some(identity) => Some(identity.mls_encode_to_vec()?),
                    None if same => after.cloned(),
                    None => Some(engine::signing_identity(&Credential::Basic { identity: Vec::new() }, key)?)
                        .map(|identity| identity.mls_encode_to_vec())
                        .transpose()?,
                },
                None => None,
            });
        }
        rows.push((record.epoch, EpochRow::new(&past.small, &members, &next)));
    }
    Ok(rows)
}

impl Group {
    /// Our cached proposals, for a commit that may leave them out.
    pub(super) fn own_cached(session: &Session) -> Vec<CachedProposal> {
        let own = EngineSender::Member(session.engine.current_member_index());
        session.engine.get_cached_proposals().into_iter().filter(|cached| *cached.sender() == own).collect()
    }

    /// Makes a group's first rows, in place of whatever the store had of it. `own` is our commit that has led there.
    pub(super) fn first_rows(
        &self,
        batch: &mut Batch,
        snapshot: &Snapshot,
        engine: &engine::EngineGroup,
        kept: Option<&GroupRow>,
        folded: u64,
        own: Option<u64>,
    ) {
        let tag = self.core.tag;
        self.core.forget_folded();
        EpochRow::forget(batch, tag);
        Withdrawn::forget(batch, tag);
        StoredTree::forget(batch, tag);
        let mut stored = StoredTree::new();
        let context = engine.context();
        stored.change(tag, &snapshot.tree, context.epoch).apply(batch);
        let mut row = GroupRow {
            version: kept.map_or(1, |row| row.version + 1),
            id: context.group_id.clone(),
            status: GroupStatus::Active,
            epoch: context.epoch,
            mark: 0,
            folded,
            node_count: snapshot.tree.nodes.len() as u32,
            hash_count: snapshot.tree.hashes.len() as u32,
            blocks: stored.sum,
            snapshot: snapshot.small.to_vec(),
            joined: context.epoch,
            cipher_suite: context.cipher_suite.raw_value(),
            accepted: kept.map_or_else(Vec::new, |row| row.accepted.clone()),
        };
        own.into_iter().for_each(|id| row.note_accepted(id));
        batch.put(GroupRow::key(tag), encode(&row));
    }
}
