//! Welcomes that cannot be shown yet: a pre-shared key, the epoch that they continue, or a larger client is missing, or
//! this device has not heard yet that it was removed from the group that it is invited to.

use crate::{
    ErrorCode, Event, EventKind, GroupStatus, Held, HeldFor, Ignored, IgnoredReason, MlsError, Result,
    client::ClientCore,
    engine,
    group::{self, GroupRow},
    ledger::{decode, encode},
    store::Key,
};
use minicbor::{Decode, Encode};
use std::sync::{Arc, atomic::Ordering};

const WAITING: u8 = b'W';

#[derive(PartialEq, Encode, Decode)]
pub(crate) struct WaitingRow {
    #[n(0)]
    reason: HeldFor,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    welcome: Vec<u8>,
    #[n(2)]
    place: Option<Place>,
}

/// Where a Welcome leads, if this device is in that group and not there yet: it may be removed on the way.
#[derive(PartialEq, Encode, Decode)]
pub(crate) struct Place {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) group_id: Vec<u8>,
    #[n(1)]
    pub(crate) epoch: u64,
}

impl WaitingRow {
    pub(crate) fn new(reason: HeldFor, welcome: &[u8]) -> Self {
        Self { reason, welcome: welcome.to_vec(), place: None }
    }

    pub(crate) fn for_place(welcome: &[u8], place: Place) -> Self {
        Self { place: Some(place), ..Self::new(HeldFor::Epoch, welcome) }
    }
}

/// A Welcome that waits already, and how many do.
pub(crate) struct Waits {
    row: WaitingRow,
    waiting: u32,
}

/// Where a Welcome waits: the same one twice has one key.
pub(crate) fn key(welcome: &[u8]) -> Key {
    Key::client(WAITING, &engine::hash(welcome)[..16])
}

impl ClientCore {
    /// What a Welcome waits for that could not be opened. `None`: for nothing.
    pub(crate) fn welcome_waits_for(&self, error: &MlsError) -> Option<HeldFor> {
        match error.code() {
            ErrorCode::PskNotFound => Some(HeldFor::Psk),
            ErrorCode::NoSuccessor if error.detail() != group::PASSED => Some(HeldFor::Epoch),
            ErrorCode::TooLarge if self.settings.limits.hold_commits_above.is_some() => Some(HeldFor::Limits),
            _ => None,
        }
    }

    /// Keeps a Welcome, within the limits of what is held for a group. `waits`: how it waits already.
    pub(crate) fn hold_welcome(&self, row: WaitingRow, waits: Option<&Waits>) -> Result<Vec<Event>> {
        let (waiting, write) = match waits {
            Some(waits) => (Some(waits.waiting), waits.row != row),
            None => (self.room_to_wait(&row)?, true),
        };
        self.step_events(|tx| {
            let Some(waiting) = waiting else {
                tx.event(None, &[], EventKind::Ignored(Ignored { reason: IgnoredReason::HoldFull, epoch: 0 }));
                return Ok(());
            };
            if write {
                tx.batch.put(key(&row.welcome), encode(&row));
            }
            tx.event(None, &[], EventKind::Held(Held { reason: row.reason, epoch: 0, waiting }));
            Ok(())
        })
    }

    /// How many wait if this one does; `None` if there is no room for it.
    fn room_to_wait(&self, row: &WaitingRow) -> Result<Option<u32>> {
        let limits = &self.settings.limits;
        let key = key(&row.welcome);
        let others: Vec<_> = self.waiting()?.into_iter().filter(|(other, _)| *other != key).collect();
        let bytes: usize = others.iter().map(|(_, other)| other.welcome.len()).sum();
        let room =
            others.len() < limits.held_messages as usize && (bytes + row.welcome.len()) as u64 <= limits.held_bytes;
        Ok(room.then_some(others.len() as u32 + 1))
    }

    /// Whether a Welcome leads into a group that this device is in, and further than that group is.
    pub(crate) fn is_ahead(&self, place: &Place) -> Result<bool> {
        let row = GroupRow::get(&self.store, self.store.group_tag(&place.group_id))?;
        Ok(row.is_some_and(|row| {
            matches!(row.status, GroupStatus::Active | GroupStatus::RejoinNeeded) && row.epoch < place.epoch
        }))
    }

    /// Tries Welcomes once more that wait for one of these. Stops when the inbox is full: `InboxFull` if nothing came
    /// before that, and those that are left wait on.
    pub(crate) fn retry_welcomes(self: &Arc<Self>, which: &[HeldFor]) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        let rows = self.waiting()?;
        let mut waiting = rows.len() as u32;
        for (_, row) in rows {
            if !which.contains(&row.reason) {
                continue;
            }
            if let Some(place) = &row.place
                && self.is_ahead(place)?
            {
                continue; // known without opening it
            }
            match self.room() {
                Err(error) if error.code() == ErrorCode::InboxFull && !events.is_empty() => {
                    self.welcomes_due.store(true, Ordering::Relaxed);
                    break;
                }
                room => room?,
            };
            let waits = Waits { row, waiting };
            let came = self.receive_welcome(&waits.row.welcome, Some(&waits))?;
            if !came.iter().any(|event| matches!(event.kind, EventKind::Held(_))) {
                waiting -= 1;
            }
            events.extend(came);
        }
        Ok(events)
    }

    /// Tries Welcomes that wait for an epoch, if a group has moved since they were tried last. What waits on is nothing
    /// new to tell. A full inbox is no error here: what the caller asked for is done, and they are tried at the next
    /// occasion.
    pub(crate) fn release_welcomes(self: &Arc<Self>) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        while self.welcomes_due.swap(false, Ordering::Relaxed) {
            match self.retry_welcomes(&[HeldFor::Epoch]) {
                Ok(came) => events.extend(came),
                Err(error) => {
                    self.welcomes_due.store(true, Ordering::Relaxed);
                    if error.code() == ErrorCode::InboxFull {
                        break;
                    }
                    return Err(error);
                }
            }
            if self.room().is_err() {
                break;
            }
        }
        events.retain(|event| !matches!(event.kind, EventKind::Held(_)));
        Ok(events)
    }

    fn waiting(&self) -> Result<Vec<(Key, WaitingRow)>> {
        let rows = self.store.scan_prefix(&Key::from_bytes(vec![WAITING]), false, u32::MAX)?;
        rows.into_iter().map(|(key, row)| Ok((key, decode(&row)?))).collect()
    }
}
