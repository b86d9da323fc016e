//! What one transaction of a [`Store`](super::Store) changes.
use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use super::key::{GroupTag, Key};

/// A value on its way into the store, and the group under whose key it is sealed.
pub(super) struct Value {
    pub(super) tag: Option<GroupTag>,
    pub(super) plain: Zeroizing<Vec<u8>>,
}

/// The changes of one transaction. A later call wins over an earlier one on the same row; rows are written in the
/// order of their keys, so that a log row is cut before the next one needs the room.
#[derive(Default)]
pub(crate) struct Batch {
    pub(super) forgotten: BTreeSet<GroupTag>,
    pub(super) ranges: Vec<(Key, Key)>,
    /// `None` deletes.
    pub(super) rows: BTreeMap<Key, Option<Value>>,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.forgotten.is_empty() && self.ranges.is_empty() && self.rows.is_empty()
    }

    /// Inserts or replaces a row. Not for the log.
    pub(crate) fn put(&mut self, key: Key, plain: impl Into<Zeroizing<Vec<u8>>>) {
        let tag = key.group_tag();
        self.rows.insert(key, Some(Value { tag, plain: plain.into() }));
    }

    /// Deletes a row if there is one.
    pub(crate) fn delete(&mut self, key: Key) {
        self.rows.insert(key, None);
    }

    /// Deletes the rows with `from <= key < to`.
    pub(crate) fn delete_range(&mut self, from: Key, to: Key) {
        self.rows.retain(|key, _| *key < from || *key >= to);
        self.ranges.push((from, to));
    }

    /// Deletes the rows whose keys begin with `prefix`.
    pub(crate) fn delete_prefix(&mut self, prefix: Key) {
        let end = prefix.end();
        self.delete_range(prefix, end);
    }

    /// Inserts or replaces a log row, which belongs to the group `tag` if there is one.
    pub(crate) fn put_log(&mut self, seq: u64, tag: Option<GroupTag>, plain: impl Into<Zeroizing<Vec<u8>>>) {
        self.rows.insert(Key::log(seq), Some(Value { tag, plain: plain.into() }));
    }

    /// Deletes a log row if there is one.
    pub(crate) fn delete_log(&mut self, seq: u64) {
        self.delete(Key::log(seq));
    }

    /// Deletes the group's key and with it every row of the group, log rows included. What this batch puts for the
    /// group afterwards is sealed under a new key.
    pub(crate) fn forget_group(&mut self, tag: GroupTag) {
        self.rows.retain(|key, value| {
            key.group_tag() != Some(tag) && value.as_ref().is_none_or(|value| value.tag != Some(tag))
        });
        self.forgotten.insert(tag);
    }
}
