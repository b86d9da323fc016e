//! Welcomes that cannot be shown yet: a pre-shared key, the epoch that they continue, or a larger client is missing.

use crate::{
    ErrorCode, Event, EventKind, Held, HeldFor, Ignored, IgnoredReason, MlsError, Result,
    client::ClientCore,
    engine, group,
    ledger::{decode, encode},
    store::Key,
};
use minicbor::{Decode, Encode};
use std::sync::Arc;

const WAITING: u8 = b'W';

#[derive(Encode, Decode)]
struct WaitingRow {
    #[n(0)]
    reason: HeldFor,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    welcome: Vec<u8>,
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

    /// Keeps a Welcome, within the limits of what is held for a group.
    pub(crate) fn hold_welcome(&self, welcome: &[u8], reason: HeldFor) -> Result<Vec<Event>> {
        let key = key(welcome);
        let limits = &self.settings.limits;
        let others: Vec<_> = self.waiting()?.into_iter().filter(|(other, _)| *other != key).collect();
        let bytes: u64 = others.iter().map(|(_, row)| row.welcome.len() as u64).sum();
        let full = others.len() >= limits.held_messages as usize || bytes + welcome.len() as u64 > limits.held_bytes;
        let row = WaitingRow { reason, welcome: welcome.to_vec() };
        self.step_events(|tx| {
            if full {
                tx.event(None, &[], EventKind::Ignored(Ignored { reason: IgnoredReason::HoldFull, epoch: 0 }));
            } else {
                tx.batch.put(key.clone(), encode(&row));
                tx.event(None, &[], EventKind::Held(Held { reason, epoch: 0, waiting: others.len() as u32 + 1 }));
            }
            Ok(())
        })
    }

    /// Tries Welcomes once more that wait for one of these.
    pub(crate) fn retry_welcomes(self: &Arc<Self>, which: &[HeldFor]) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for (_, row) in self.waiting()? {
            if which.contains(&row.reason) {
                self.room()?;
                events.extend(self.receive_welcome(&row.welcome)?);
            }
        }
        Ok(events)
    }

    fn waiting(&self) -> Result<Vec<(Key, WaitingRow)>> {
        let rows = self.store.scan_prefix(&Key::from_bytes(vec![WAITING]), false, u32::MAX)?;
        rows.into_iter().map(|(key, row)| Ok((key, decode(&row)?))).collect()
    }
}
