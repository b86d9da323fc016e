//! Receiving, and the inbox: events are kept from the transaction that consumed their key until they are acknowledged.

use crate::{
    Client, Denied, DeniedReason, ErrorCode, Event, EventKind, Group, GroupStatus, HeldFor, Ignored, IgnoredReason,
    Result, Undecryptable,
    client::ClientCore,
    engine::{self, Envelope},
    error::fail,
    group::{HeldRow, Incoming, RoomToInvite},
    key_package::KeyPackageRow,
    ledger::deliver,
    waiting::{self, Place, WaitingRow, Waits},
};
use std::sync::{Arc, atomic::Ordering};

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Client {
    /// Takes in any message for this device: of a group, or a Welcome. Answers what became of it, and of messages that
    /// waited for it. Whatever an event reports is stored when this returns.
    ///
    /// Errors are for misuse and for the store: `InboxFull` (nothing was consumed), `UnexpectedMessage` for a key
    /// package or GroupInfo, `TooLarge`, `CallbackFailed`, `Stale`. Bytes that are no MLS message are an
    /// `undecryptable` event.
    pub fn receive(&self, message: Vec<u8>) -> Result<Vec<Event>> {
        self.receive_all(&[&message])
    }

    /// As [`receive`](Self::receive) for each message in turn, in fewer transactions. An error stops it: kept events of
    /// the messages before are in the inbox, and which one failed is found by receiving them one by one: what was
    /// processed is a duplicate then.
    pub fn receive_many(&self, messages: Vec<Vec<u8>>) -> Result<Vec<Event>> {
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        self.receive_all(&messages)
    }
}

impl Client {
    fn receive_all(&self, messages: &[&[u8]]) -> Result<Vec<Event>> {
        self.core.open()?;
        let mut events = Vec::new();
        let mut rest = messages;
        while let Some(first) = rest.first() {
            let count = self.core.room()?;
            let Some((group_id, incoming)) = self.core.framed(first)? else {
                events.extend(self.core.receive_other(first)?);
                rest = &rest[1..];
                continue;
            };
            let mut run = vec![incoming];
            for message in rest[1..].iter().take(count.saturating_sub(1)) {
                match self.core.framed(message) {
                    Ok(Some((id, incoming))) if id == group_id => run.push(incoming),
                    _ => break,
                }
            }
            rest = &rest[run.len()..];
            events.extend(self.core.receive_run(&group_id, &run)?);
        }
        events.extend(self.core.release_welcomes()?);
        Ok(events)
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Client {
    /// Processes what waits for the validator, for a proposal, for a pre-shared key or for larger limits once more. Stops
    /// when the inbox is full: `InboxFull` if nothing came before that, and what is left waits on.
    pub fn retry_held(&self) -> Result<Vec<Event>> {
        self.core.open()?;
        self.core.welcomes_due.store(false, Ordering::Relaxed);
        let mut events = self.core.retry_welcomes(&[HeldFor::Epoch, HeldFor::Psk, HeldFor::Limits])?;
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.groups(after, 64)?;
            for id in &page {
                match self.core.room() {
                    Err(error) if error.code() == ErrorCode::InboxFull && !events.is_empty() => return Ok(events),
                    room => room?,
                };
                let group = self.core.group(id);
                group.core.forgive();
                if !HeldRow::all(&self.core.store, group.core.tag)?.is_empty() {
                    events.extend(group.release(&[HeldFor::Validator, HeldFor::Limits, HeldFor::Proposal])?);
                }
            }
            match page.last() {
                Some(last) if page.len() == 64 => after = Some(last.clone()),
                _ => return Ok(events),
            }
        }
    }

    /// The events that wait to be acknowledged, with ids above `after`, at most `limit` (0 to 1,000), in the order of
    /// their ids. Each counts as delivered once more, durably, before it is returned.
    pub fn inbox(&self, after: u64, limit: u32) -> Result<Vec<Event>> {
        self.core.open()?;
        let skip = self.core.ledger.enter()?.acknowledged().clone();
        let limit = limit.min(1_000);
        self.core.step_events(|tx| deliver(&self.core.store, tx, &skip, after, limit))
    }

    /// Says that the application has kept, or does not need, the event of this id; an event that is not kept, or is
    /// acknowledged already, is fine. It is durable with the next write, [`flush`](Self::flush) or
    /// [`close`](Self::close): after a crash before that the event is delivered again.
    ///
    /// Errors: `NotAllowed` for a notification extension.
    pub fn acknowledge(&self, id: u64) -> Result<()> {
        self.core.open()?;
        self.core.settings.full()?;
        let mut ledger = self.core.ledger.enter()?;
        // The event may have come through another process.
        ledger.look(&self.core.store)?;
        ledger.acknowledge(id);
        Ok(())
    }
}

impl ClientCore {
    /// How many more events can be kept. `InboxFull` if none.
    pub(crate) fn room(&self) -> Result<usize> {
        let mut ledger = self.ledger.enter()?;
        ledger.look(&self.store)?;
        Ok(ledger.room(&self.store, self.settings.limits.inbox_events)? as usize)
    }

    /// A message of a group, with the group's id. `None` for others.
    fn framed(&self, message: &[u8]) -> Result<Option<(Vec<u8>, Incoming)>> {
        if message.len() as u64 > self.settings.limits.message_bytes {
            return fail(ErrorCode::TooLarge, "the message is over the limit of its size");
        }
        let Ok(envelope) = engine::envelope(message) else { return Ok(None) };
        match &envelope {
            Envelope::Framed { group_id, .. } => {
                Ok(Incoming::new(message, &envelope, None).map(|incoming| (group_id.clone(), incoming)))
            }
            Envelope::Other => fail(ErrorCode::UnexpectedMessage, "key packages and GroupInfos are not received"),
            Envelope::Welcome => Ok(None),
        }
    }

    fn receive_run(self: &Arc<Self>, group_id: &[u8], run: &[Incoming]) -> Result<Vec<Event>> {
        let group = self.group(group_id);
        let mut events = Vec::new();
        for (at, part) in run.chunk_by(|a, b| a.is_application() && b.is_application()).enumerate() {
            match group.receive(part) {
                Ok(received) => events.extend(received),
                Err(error) if matches!(error.code(), ErrorCode::GroupNotFound | ErrorCode::GroupJoining) && at == 0 => {
                    return self.receive_unknown(&group, run);
                }
                Err(error) => return Err(error),
            }
            if !part[0].is_application() || group.core.release_due.load(Ordering::Relaxed) {
                events.extend(group.release(&[HeldFor::Proposal])?);
            }
        }
        Ok(events)
    }

    /// Messages of a group that this device is not in yet. One of them may be the echo of the commit that joins.
    fn receive_unknown(self: &Arc<Self>, group: &Group, run: &[Incoming]) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for (at, message) in run.iter().enumerate() {
            events.extend(group.receive_unknown(message)?);
            if self.status(group.core.tag)?.is_some() {
                events.extend(self.receive_run(&group.core.id, &run[at + 1..])?);
                break;
            }
        }
        Ok(events)
    }

    /// A Welcome, or what is no MLS message.
    fn receive_other(self: &Arc<Self>, message: &[u8]) -> Result<Vec<Event>> {
        match engine::envelope(message) {
            Ok(Envelope::Welcome) => self.receive_welcome(message, None),
            Ok(_) => Ok(Vec::new()),
            Err(error) => self.step_events(|tx| {
                tx.event(None, &[], undecryptable(&error.detail()));
                Ok(())
            }),
        }
    }

    /// What became of a Welcome, which waits no more.
    fn welcomed(&self, welcome: &[u8], group_id: &[u8], kind: EventKind) -> Result<Vec<Event>> {
        let row = waiting::key(welcome);
        self.step_events(|tx| {
            // Anybody can send what is no good: a write for each of them would be his to ask for.
            if self.store.get(&row)?.is_some() {
                tx.batch.delete(row.clone());
            }
            tx.event(None, group_id, kind.clone());
            Ok(())
        })
    }

    /// What becomes of a Welcome. `waits`: how it waits already.
    pub(crate) fn receive_welcome(self: &Arc<Self>, message: &[u8], waits: Option<&Waits>) -> Result<Vec<Event>> {
        let ignore = |reason| EventKind::Ignored(Ignored { reason, epoch: 0 });
        let deny = |reason, detail: &str| {
            EventKind::Denied(Denied { reason, detail: detail.to_owned(), sender: None, message: message.to_vec() })
        };
        let tell = |kind| self.welcomed(message, &[], kind);
        let decoded = match self.settings.decode(message) {
            Ok(decoded) => decoded,
            Err(error) if error.code() == ErrorCode::TooLarge => {
                return tell(deny(DeniedReason::Limit, &error.detail()));
            }
            Err(_) => return tell(undecryptable("SerializationError")),
        };
        let mut reference = None;
        for candidate in decoded.welcome_key_package_references() {
            if KeyPackageRow::get(&self.store, candidate)?.is_some() {
                reference = Some(candidate.to_vec());
                break;
            }
        }
        let Some(reference) = reference else { return tell(ignore(IgnoredReason::NotForUs)) };
        match self.room_to_invite(message)? {
            RoomToInvite::Yes => {}
            RoomToInvite::Known => return tell(ignore(IgnoredReason::Duplicate)),
            // The application has more room than its extension.
            RoomToInvite::Full if self.settings.limits.hold_commits_above.is_some() => {
                return self.hold_welcome(WaitingRow::new(HeldFor::Limits, message), waits);
            }
            RoomToInvite::Full => return tell(deny(DeniedReason::Limit, "too many invitations wait")),
        }
        let (preview, row) = match self.preview_welcome(message, &reference) {
            Ok(previewed) => previewed,
            Err(error) => {
                if let Some(reason) = self.welcome_waits_for(&error) {
                    return self.hold_welcome(WaitingRow::new(reason, message), waits);
                }
                return tell(match error.code() {
                    ErrorCode::TooLarge => deny(DeniedReason::Limit, &error.detail()),
                    ErrorCode::NoSuccessor | ErrorCode::TreeRequired | ErrorCode::Unsupported => {
                        deny(DeniedReason::Protocol, &error.detail())
                    }
                    code if (20..40).contains(&(code as i32)) => return Err(error),
                    _ => undecryptable(&error.detail()),
                });
            }
        };
        let tag = self.store.group_tag(&preview.group_id);
        if matches!(self.status(tag)?, Some(GroupStatus::Active | GroupStatus::RejoinNeeded)) {
            let place = Place { group_id: preview.group_id.clone(), epoch: preview.epoch };
            if self.is_ahead(&place)? {
                return self.hold_welcome(WaitingRow::for_place(message, place), waits);
            }
            return self.welcomed(message, &preview.group_id, ignore(IgnoredReason::AlreadyMember));
        }
        let mut id = 0;
        let mut events = self.step_events(|tx| {
            tx.batch.delete(waiting::key(message));
            id = self.invite(tx, &row, &preview);
            Ok(())
        })?;
        if self.settings.policy.auto_join && !preview.needs_tree && self.settings.full().is_ok() {
            // A verdict that is not "yes" leaves the invitation to the application.
            if let Ok((_, joined)) = self.join(id, None) {
                events = joined; // it waits no more
            }
        }
        Ok(events)
    }
}

fn undecryptable(detail: &str) -> EventKind {
    EventKind::Undecryptable(Undecryptable { detail: detail.to_owned(), epoch: 0 })
}
