//! What a group is on disk: one small row that changes with messages, and the ratchet tree in blocks that change with
//! epochs, a few at a time.

use crate::{
    GroupStatus, Result,
    engine::{LeafIdentity, Tree},
    ledger::decode,
    store::{Batch, GroupTag, Key, Store},
};
use minicbor::{Decode, Encode};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
};
use zeroize::Zeroizing;

/// The group itself.
pub(crate) const GROUP: u8 = b'g';
/// A block of its tree.
const BLOCK: u8 = b't';
/// A past epoch.
const EPOCH: u8 = b'e';
/// A commit of ours.
pub(crate) const COMMIT: u8 = b'x';
/// Proposals of the current epoch that this device has forgotten and others may not have.
pub(crate) const WITHDRAWN: u8 = b'p';
/// A message that waits.
pub(crate) const HELD: u8 = b'h';
/// The id of an external commit of ours that is pending.
pub(crate) const JOINING: u8 = b'j';

const PAGE: u32 = 256;
/// How many of our accepted commits are remembered, in every small row that is written.
const ACCEPTED_MAX: usize = 16;

/// The group's small row.
#[derive(Clone, Encode, Decode)]
pub(crate) struct GroupRow {
    /// Counts changes of this row and of the blocks.
    #[n(0)]
    pub(crate) version: u64,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) id: Vec<u8>,
    #[n(2)]
    pub(crate) status: GroupStatus,
    #[n(3)]
    pub(crate) epoch: u64,
    /// Own application generations below are set aside: used, or lost with a process that died.
    #[n(4)]
    pub(crate) mark: u32,
    /// Keys consumed by log rows up to here are consumed in `snapshot` too.
    #[n(5)]
    pub(crate) folded: u64,
    #[n(6)]
    pub(crate) node_count: u32,
    #[n(7)]
    pub(crate) hash_count: u32,
    /// Which blocks belong to this row: the exclusive or of their digests.
    #[n(8)]
    pub(crate) blocks: [u8; 32],
    /// The engine's snapshot without the tree.
    #[n(9)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) snapshot: Vec<u8>,
    /// The epoch in which this device joined.
    #[n(10)]
    pub(crate) joined: u64,
    #[n(11)]
    pub(crate) cipher_suite: u16,
    /// Ids of our commits that were accepted last, the newest at the end.
    #[n(12)]
    #[cbor(default)] // not in the rows of the first stores
    pub(crate) accepted: Vec<u64>,
}

impl Drop for GroupRow {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.snapshot);
    }
}

impl GroupRow {
    pub(crate) fn key(tag: GroupTag) -> Key {
        Key::group(GROUP, tag, &[])
    }

    pub(crate) fn get(store: &Store, tag: GroupTag) -> Result<Option<Self>> {
        store.get(&Self::key(tag))?.map(|row| decode(&row)).transpose()
    }

    /// Remembers that a commit of ours was accepted, beyond the acknowledgement of its event.
    pub(crate) fn note_accepted(&mut self, id: u64) {
        self.accepted.push(id);
        self.accepted.drain(..self.accepted.len().saturating_sub(ACCEPTED_MAX));
    }
}

/// A past epoch's secrets, and how its members differ from the next epoch's.
#[derive(Encode, Decode)]
pub(crate) struct EpochRow {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) small: Vec<u8>,
    #[n(1)]
    leaves: u32,
    #[n(2)]
    differing: Vec<Leaf>,
}

#[derive(Encode, Decode)]
struct Leaf {
    #[n(0)]
    index: u32,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    identity: Option<LeafIdentity>,
}

impl Drop for EpochRow {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.small);
    }
}

impl EpochRow {
    pub(crate) fn key(tag: GroupTag, epoch: u64) -> Key {
        Key::group(EPOCH, tag, &epoch.to_be_bytes())
    }

    /// An epoch with these members, told by the next one's.
    pub(crate) fn new(small: &[u8], members: &[Option<LeafIdentity>], next: &[Option<LeafIdentity>]) -> Self {
        let differing = (0..)
            .zip(members)
            .filter(|(index, identity)| next.get(*index as usize) != Some(identity))
            .map(|(index, identity)| Leaf { index, identity: identity.clone() })
            .collect();
        Self { small: small.to_vec(), leaves: members.len() as u32, differing }
    }

    pub(crate) fn get(store: &Store, tag: GroupTag, epoch: u64) -> Result<Option<Self>> {
        store.get(&Self::key(tag, epoch))?.map(|row| decode(&row)).transpose()
    }

    /// Who was at a leaf in this epoch, from the next one's.
    pub(crate) fn member_at(&self, leaf: u32, next: Option<LeafIdentity>) -> Option<LeafIdentity> {
        match self.differing.iter().find(|change| change.index == leaf) {
            Some(change) => change.identity.clone(),
            None => next.filter(|_| leaf < self.leaves),
        }
    }

    /// The members of this epoch, from the next one's.
    pub(crate) fn members(&self, mut next: Vec<Option<LeafIdentity>>) -> Vec<Option<LeafIdentity>> {
        next.resize(self.leaves as usize, None);
        for leaf in &self.differing {
            if let Some(identity) = next.get_mut(leaf.index as usize) {
                identity.clone_from(&leaf.identity);
            }
        }
        next
    }

    /// Forgets what is older than `kept` epochs before `epoch`.
    pub(crate) fn retain(batch: &mut Batch, tag: GroupTag, epoch: u64, kept: u32) {
        if let Some(first) = epoch.checked_sub(u64::from(kept)) {
            batch.delete_range(Self::key(tag, 0), Self::key(tag, first));
        }
    }

    /// Forgets all of them.
    pub(crate) fn forget(batch: &mut Batch, tag: GroupTag) {
        batch.delete_prefix(Key::group(EPOCH, tag, &[]));
    }
}

/// Which block a node is in: a subtree of four levels. The nodes above all subtrees form a tree of the same shape, and
/// are put into blocks in the same way; so a path of n levels touches n / 4 blocks.
fn block_of(node: u32) -> u64 {
    let mut level = 0u64;
    let mut node = node;
    while node & 15 == 15 {
        node >>= 4;
        level += 1;
    }
    level << 32 | u64::from(node >> 4)
}

#[derive(Encode, Decode)]
struct Block {
    #[n(0)]
    nodes: Vec<BlockNode>,
}

#[derive(Encode, Decode)]
struct BlockNode {
    #[n(0)]
    index: u32,
    /// `None` past the end of the nodes' array.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    node: Option<Vec<u8>>,
    /// `None` past the end of the hashes' array.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    hash: Option<Vec<u8>>,
    /// For a leaf: the epoch in which it last changed.
    #[n(3)]
    updated: u64,
}

/// Blocks to write, or to delete where there is none any more.
pub(crate) struct TreeChange(Vec<(Key, Option<Zeroizing<Vec<u8>>>)>);

impl TreeChange {
    pub(crate) fn apply(&self, batch: &mut Batch) {
        for (key, block) in &self.0 {
            match block {
                Some(block) => batch.put(key.clone(), block.clone()),
                None => batch.delete(key.clone()),
            }
        }
    }
}

/// What a loaded group knows of its tree on disk: enough to write only the blocks that change.
pub(crate) struct StoredTree {
    hasher: RandomState,
    /// A fast keyed hash of each block, for comparing.
    fast: HashMap<u64, u64>,
    /// A hash of each leaf, for telling which one changed.
    leaves: Vec<u64>,
    /// The epoch in which each leaf last changed.
    pub(crate) updated: Vec<u64>,
    /// The digest of each block that is stored.
    digests: HashMap<u64, [u8; 32]>,
    pub(crate) sum: [u8; 32],
}

impl StoredTree {
    /// Nothing is stored.
    pub(crate) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            fast: HashMap::new(),
            leaves: Vec::new(),
            updated: Vec::new(),
            digests: HashMap::new(),
            sum: [0; 32],
        }
    }

    fn digest(block: u64, bytes: &[u8]) -> [u8; 32] {
        crate::engine::hash(&[&block.to_be_bytes(), bytes].concat())
    }

    fn toggle(&mut self, digest: &[u8; 32]) {
        self.sum.iter_mut().zip(digest).for_each(|(sum, byte)| *sum ^= byte);
    }

    /// What brings the blocks from whatever was stored to `tree`, which belongs to `epoch`. From here on `self` is as
    /// if it had been written: drop it if it is not.
    pub(crate) fn change(&mut self, tag: GroupTag, tree: &Tree, epoch: u64) -> TreeChange {
        let mut change = TreeChange(Vec::new());
        for (leaf, node) in tree.nodes.iter().step_by(2).enumerate() {
            let hash = self.hasher.hash_one(node);
            if leaf == self.leaves.len() {
                self.leaves.push(!hash);
                self.updated.push(epoch);
            }
            if self.leaves[leaf] != hash {
                self.leaves[leaf] = hash;
                self.updated[leaf] = epoch;
            }
        }
        self.leaves.truncate(tree.nodes.len().div_ceil(2));
        self.updated.truncate(self.leaves.len());

        let mut blocks: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for index in 0..tree.nodes.len().max(tree.hashes.len()) as u32 {
            blocks.entry(block_of(index)).or_default().push(index);
        }
        for (block, indices) in &blocks {
            let parts: Vec<_> = indices
                .iter()
                .map(|index| (tree.nodes.get(*index as usize), tree.hashes.get(*index as usize)))
                .collect();
            let fast = self.hasher.hash_one(&parts);
            if self.fast.insert(*block, fast) == Some(fast) {
                continue;
            }
            let nodes = indices.iter().zip(parts).map(|(index, (node, hash))| BlockNode {
                index: *index,
                node: node.cloned(),
                hash: hash.cloned(),
                updated: if index % 2 == 0 { self.updated.get(*index as usize / 2).copied().unwrap_or(0) } else { 0 },
            });
            let bytes = crate::ledger::encode(&Block { nodes: nodes.collect() });
            let digest = Self::digest(*block, &bytes);
            if let Some(old) = self.digests.insert(*block, digest) {
                self.toggle(&old);
            }
            self.toggle(&digest);
            change.0.push((Key::group(BLOCK, tag, &block.to_be_bytes()), Some(bytes)));
        }
        let gone: BTreeSet<u64> = self.digests.keys().copied().filter(|block| !blocks.contains_key(block)).collect();
        for block in gone {
            self.fast.remove(&block);
            if let Some(old) = self.digests.remove(&block) {
                self.toggle(&old);
            }
            change.0.push((Key::group(BLOCK, tag, &block.to_be_bytes()), None));
        }
        change
    }

    /// Reads the tree that belongs to a group's row. `StoreCorrupt` if the blocks are not the row's.
    pub(crate) fn read(store: &Store, tag: GroupTag, row: &GroupRow) -> Result<(Self, Tree)> {
        let mut stored = Self::new();
        let mut tree = Tree {
            nodes: vec![Vec::new(); row.node_count as usize],
            hashes: vec![Vec::new(); row.hash_count as usize],
        };
        stored.updated = vec![0; tree.nodes.len().div_ceil(2)];
        let prefix = Key::group(BLOCK, tag, &[]);
        let mut from = prefix.clone();
        loop {
            let page = store.scan(&from, &prefix.end(), false, PAGE)?;
            for (key, bytes) in &page {
                let number = key.number().unwrap_or(u64::MAX);
                stored.read_block(number, bytes, &mut tree)?;
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE as usize => from = last.after(),
                _ => break,
            }
        }
        if stored.sum != row.blocks {
            return crate::error::fail(crate::ErrorCode::StoreCorrupt, "a group's tree does not belong to its row");
        }
        stored.leaves = tree.nodes.iter().step_by(2).map(|node| stored.hasher.hash_one(node)).collect();
        Ok((stored, tree))
    }

    fn read_block(&mut self, number: u64, bytes: &Zeroizing<Vec<u8>>, tree: &mut Tree) -> Result<()> {
        let digest = Self::digest(number, bytes);
        self.toggle(&digest);
        self.digests.insert(number, digest);
        let block: Block = decode(bytes)?;
        let parts: Vec<_> = block.nodes.iter().map(|node| (node.node.as_ref(), node.hash.as_ref())).collect();
        self.fast.insert(number, self.hasher.hash_one(&parts));
        for node in block.nodes {
            let index = node.index as usize;
            if let (Some(place), Some(bytes)) = (tree.nodes.get_mut(index), node.node) {
                *place = bytes;
            }
            if let (Some(place), Some(bytes)) = (tree.hashes.get_mut(index), node.hash) {
                *place = bytes;
            }
            if let (0, Some(place)) = (index % 2, self.updated.get_mut(index / 2)) {
                *place = node.updated;
            }
        }
        Ok(())
    }

    /// Forgets all blocks.
    pub(crate) fn forget(batch: &mut Batch, tag: GroupTag) {
        batch.delete_prefix(Key::group(BLOCK, tag, &[]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_touches_a_block_for_every_four_levels() {
        let leaf = 0u32; // in a tree of 4,096 leaves the path goes up 12 levels
        let path = (0..13).map(|level| leaf + (1u32 << level) - 1);
        let touched: BTreeSet<u64> = path.map(block_of).collect();
        assert!(touched.len() <= 4, "{touched:?}");
    }

    #[test]
    fn every_block_has_at_most_fifteen_nodes() {
        let mut sizes: HashMap<u64, usize> = HashMap::new();
        (0..8191).for_each(|node| *sizes.entry(block_of(node)).or_default() += 1);
        assert!(sizes.values().all(|size| *size <= 15));
    }
}
