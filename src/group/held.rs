//! Messages that wait: for an earlier commit, a proposal, the validator, a larger client, or the Welcome to their group.

use super::{Group, row::HELD};
use crate::{
    ErrorCode, HeldFor, Result, engine,
    error::fail,
    ledger::{decode, encode},
    store::{Batch, GroupTag, Key, Store},
};
use minicbor::{Decode, Encode};

/// Groups that are not known, for which something waits.
const UNKNOWN: u8 = b'U';

#[derive(Encode, Decode)]
pub(crate) struct HeldRow {
    #[n(0)]
    pub(crate) reason: HeldFor,
    #[n(1)]
    pub(crate) epoch: u64,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) message: Vec<u8>,
}

impl HeldRow {
    pub(crate) fn new(reason: HeldFor, epoch: u64, message: &[u8]) -> Self {
        Self { reason, epoch, message: message.to_vec() }
    }

    /// In the order of epochs; the same message twice has one key.
    fn key(&self, tag: GroupTag) -> Key {
        Key::group(HELD, tag, &[&self.epoch.to_be_bytes()[..], &engine::hash(&self.message)[..16]].concat())
    }

    pub(crate) fn put(&self, batch: &mut Batch, tag: GroupTag) {
        batch.put(self.key(tag), encode(self));
    }

    /// Everything that waits for a group.
    pub(crate) fn all(store: &Store, tag: GroupTag) -> Result<Vec<(Key, Self)>> {
        let rows = store.scan_prefix(&Key::group(HELD, tag, &[]), false, u32::MAX)?;
        rows.into_iter().map(|(key, row)| Ok((key, decode(&row)?))).collect()
    }

    /// Forgets what waits for an epoch up to this one.
    pub(crate) fn forget(batch: &mut Batch, tag: GroupTag, epoch: u64) {
        let first = Key::group(HELD, tag, &[]);
        batch.delete_range(first, Key::group(HELD, tag, &epoch.saturating_add(1).to_be_bytes()));
    }
}

/// What is to be held, within the limits.
pub(crate) enum Room {
    /// How many will wait with it.
    Yes(u32),
    Full,
}

impl Group {
    /// Whether one more message of this length may wait. Groups that are not known share the room of one: anybody can
    /// make up their messages.
    pub(crate) fn room_to_hold(&self, row: &HeldRow) -> Result<Room> {
        let limits = &self.client.settings.limits;
        let share = if row.reason == HeldFor::Group { limits.held_unknown_groups.max(1) } else { 1 };
        let mut held = HeldRow::all(&self.client.store, self.core.tag)?;
        // Anybody can make up a message of a later epoch: those must not stand in the way of what was proven.
        held.retain(|(_, other)| other.reason == row.reason);
        let known = held.iter().any(|(key, _)| *key == row.key(self.core.tag));
        let bytes: u64 = held.iter().map(|(_, row)| row.message.len() as u64).sum();
        let count = held.len() as u32;
        if known {
            return Ok(Room::Yes(count));
        }
        if count >= limits.held_messages || bytes + row.message.len() as u64 > limits.held_bytes / u64::from(share) {
            return Ok(Room::Full);
        }
        Ok(Room::Yes(count + 1))
    }

    /// The marker of a group that is not known, if there may be one more.
    pub(crate) fn unknown_marker(&self) -> Result<Option<Key>> {
        let marker = Key::client(UNKNOWN, self.core.tag.as_bytes());
        let store = &self.client.store;
        if store.get(&marker)?.is_none() {
            let all = Key::from_bytes(vec![UNKNOWN]);
            let limit = self.client.settings.limits.held_unknown_groups;
            if store.scan_prefix(&all, false, limit)?.len() >= limit as usize {
                return Ok(None);
            }
        }
        Ok(Some(marker))
    }

    /// The group is known now.
    pub(crate) fn forget_marker(&self, batch: &mut Batch) {
        batch.delete(Key::client(UNKNOWN, self.core.tag.as_bytes()));
    }
}

/// `InvalidArgument` for a message over the client's limit.
pub(crate) fn check_size(len: usize, limit: u64) -> Result<()> {
    if len as u64 > limit {
        return fail(ErrorCode::TooLarge, "the message is over the limit of its size");
    }
    Ok(())
}
