//! Cutting the engine's snapshot of a group in two: what changes with every message, and the ratchet tree, which
//! changes only with the epoch and then only along a path.
//!
//! The layout is that of the pinned mls-rs version with the pinned features. [`Snapshot::cut`] of bytes in another
//! layout fails, and the tests over real groups notice an upgrade that changes it.
//!
//! ```text
//! snapshot = version, context, proposals, own proposals, TREE, the rest (secrets)
//! pending  = 2, opaque { proposal cache, context, TREE, …, effect { epoch, proposals, context, TREE, … } }
//! TREE     = index (5 maps), nodes, hashes
//! ```

use super::wire::{Reader, put_vector};
use crate::{ErrorCode, MlsError, Result};
use mls_rs::{ExtensionList, mls_rs_codec::MlsEncode};
use std::ops::Range;
use zeroize::Zeroizing;

/// An encoded TREE with no nodes: the engine rebuilds the index when it loads one.
const EMPTY_TREE: [u8; 7] = [0; 7];

fn layout(what: &str) -> MlsError {
    MlsError::new(ErrorCode::StoreCorrupt, "the state is not in the engine's layout").with_detail(what)
}

/// Where the parts of a tree are in some bytes.
struct Cut {
    tree: Range<usize>,
    nodes: Vec<Range<usize>>,
    hashes: Vec<Range<usize>>,
}

/// A tree node by node: each one's encoding and its hash. Indices are those of the tree's array.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Vec<u8>>,
    pub(crate) hashes: Vec<Vec<u8>>,
}

impl Tree {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&EMPTY_TREE[..5]);
        put_vector(out, &self.nodes.concat());
        let mut hashes = Vec::new();
        for hash in &self.hashes {
            put_vector(&mut hashes, hash);
        }
        put_vector(out, &hashes);
    }

    /// Who is at each leaf, `None` for a blank one.
    pub(crate) fn identities(&self) -> Result<Vec<Option<LeafIdentity>>> {
        self.nodes.iter().step_by(2).map(|node| leaf_identity(node)).collect()
    }
}

/// A leaf's signature key and credential, as RFC 9420 encodes them in a LeafNode.
pub(crate) type LeafIdentity = Vec<u8>;

fn leaf_identity(node: &[u8]) -> Result<Option<LeafIdentity>> {
    let mut reader = Reader::new(node);
    if reader.u8()? == 0 {
        return Ok(None);
    }
    reader.skip(1)?;
    reader.vectors(1)?; // encryption key
    let start = reader.position();
    reader.vectors(1)?; // signature key
    reader.skip(2)?; // credential type
    reader.vectors(1)?;
    Ok(Some(node[start..reader.position()].to_vec()))
}

/// The signature key in a leaf's identity.
pub(crate) fn key_of(identity: &[u8]) -> Result<&[u8]> {
    Reader::new(identity).vector()
}

/// Finds the tree that starts at the reader's place, and passes over it.
fn cut_tree(reader: &mut Reader) -> Result<Cut> {
    let start = reader.position();
    reader.vectors(5)?;
    let parts = |content: &[u8], end: usize, element: fn(&mut Reader) -> Result<()>| -> Result<Vec<Range<usize>>> {
        let base = end - content.len();
        let mut inner = Reader::new(content);
        let mut ranges = Vec::new();
        while !inner.is_empty() {
            let from = inner.position();
            element(&mut inner)?;
            ranges.push(base + from..base + inner.position());
        }
        Ok(ranges)
    };
    let content = reader.vector()?;
    let nodes = parts(content, reader.position(), |r| r.node().map(drop))?;
    let content = reader.vector()?;
    let hashes = parts(content, reader.position(), |r| r.vector().map(drop))?;
    Ok(Cut { tree: start..reader.position(), nodes, hashes })
}

fn read_tree(bytes: &[u8], cut: &Cut) -> Result<Tree> {
    Ok(Tree {
        nodes: cut.nodes.iter().map(|range| bytes[range.clone()].to_vec()).collect(),
        hashes: cut
            .hashes
            .iter()
            .map(|range| Reader::new(&bytes[range.clone()]).vector().map(<[u8]>::to_vec))
            .collect::<Result<_>>()?,
    })
}

/// Passes over a GroupContext.
fn skip_context(reader: &mut Reader) -> Result<()> {
    reader.skip(4)?; // version, cipher suite
    reader.vectors(1)?; // group id
    reader.skip(8)?; // epoch
    reader.vectors(3) // tree hash, confirmed transcript hash, extensions
}

/// Passes over an `optional<ReInit>`.
fn skip_reinit(reader: &mut Reader) -> Result<()> {
    if reader.u8()? != 0 {
        reader.vectors(1)?;
        reader.skip(4)?;
        reader.vectors(1)?;
    }
    Ok(())
}

/// Passes over the secrets of an epoch.
fn skip_epoch_secrets(reader: &mut Reader) -> Result<()> {
    reader.vectors(3)?; // resumption secret, sender data secret, secret tree
    reader.skip(4) // leaf count
}

/// Passes over a private tree.
fn skip_private_tree(reader: &mut Reader) -> Result<()> {
    reader.skip(4)?; // own leaf
    reader.vectors(1)
}

/// A snapshot in its two parts.
pub(crate) struct Snapshot {
    /// Everything but the tree, itself a snapshot with an empty one (a *skeleton*).
    pub(crate) small: Zeroizing<Vec<u8>>,
    pub(crate) tree: Tree,
}

fn find_tree(snapshot: &[u8]) -> Result<Cut> {
    let mut reader = Reader::new(snapshot);
    if reader.u16()? != 1 {
        return Err(layout("snapshot version"));
    }
    skip_context(&mut reader)?;
    reader.vectors(2)?; // proposals, own proposals
    cut_tree(&mut reader)
}

impl Snapshot {
    /// Cuts what the engine wrote.
    pub(crate) fn cut(bytes: &[u8]) -> Result<Self> {
        let cut = find_tree(bytes)?;
        let small = replaced(bytes, &cut.tree, &EMPTY_TREE);
        Ok(Self { small: without_old_keys(&small)?.unwrap_or(small), tree: read_tree(bytes, &cut)? })
    }

    /// What the engine loads.
    pub(crate) fn join(small: &[u8], tree: &Tree) -> Result<Zeroizing<Vec<u8>>> {
        let cut = find_tree(small)?;
        let mut encoded = Vec::new();
        tree.encode(&mut encoded);
        Ok(replaced(small, &cut.tree, &encoded))
    }
}

/// What follows the tree in a snapshot.
struct Tail {
    own_leaf: Range<usize>,
    epoch_secrets: Range<usize>,
    /// Keys of own Update proposals that are not committed yet.
    pending_updates: Range<usize>,
    signer: Range<usize>,
}

impl Tail {
    fn find(small: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(small);
        reader.skip(find_tree(small)?.tree.end)?;
        reader.vectors(1)?; // interim transcript hash
        skip_reinit(&mut reader)?;
        reader.vectors(1)?; // confirmation tag
        let own_leaf = reader.position()..reader.position() + 4;
        skip_private_tree(&mut reader)?;
        let secrets = reader.position();
        skip_epoch_secrets(&mut reader)?;
        let epoch_secrets = secrets..reader.position();
        reader.vectors(5)?; // key schedule
        let updates = reader.position();
        reader.vectors(1)?;
        let pending_updates = updates..reader.position();
        if reader.u8()? != 0 {
            return Err(layout("a pending commit")); // ours are detached
        }
        Ok(Self { own_leaf, epoch_secrets, pending_updates, signer: reader.position()..small.len() })
    }
}

/// The cipher suite of the successor that a ReInit has announced in this state, if one has.
pub(crate) fn announced_suite(small: &[u8]) -> Result<Option<u16>> {
    let mut reader = Reader::new(small);
    reader.skip(find_tree(small)?.tree.end)?;
    reader.vectors(1)?; // interim transcript hash
    if reader.u8()? == 0 {
        return Ok(None);
    }
    reader.vectors(1)?; // group id
    reader.skip(2)?; // version
    Ok(Some(reader.u16()?))
}

/// How many keys that were skipped are kept of a member, counted back from the newest. A member can make others derive
/// as many as the engine allows with every message, and the engine forgets none of them.
const SKIPPED_MAX: u32 = 1_024;

/// The same snapshot without keys that were skipped too long ago. `None` if there are none.
fn without_old_keys(small: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let place = Tail::find(small)?.epoch_secrets;
    let mut reader = Reader::new(&small[place.clone()]);
    reader.vectors(2)?; // resumption secret, sender data secret
    let start = place.start + reader.position();
    let mut tree = Reader::new(reader.vector()?);
    let end = place.start + reader.position();
    let mut kept = Zeroizing::new(Vec::new());
    let mut pruned = false;
    while !tree.is_empty() {
        kept.extend_from_slice(tree.take(4)?); // node
        let kind = tree.u8()?;
        kept.push(kind);
        if kind == 0 {
            put_vector(&mut kept, tree.vector()?);
            continue;
        }
        for _ in 0..2 {
            put_vector(&mut kept, tree.vector()?);
            let generation = tree.u32()?;
            kept.extend_from_slice(&generation.to_be_bytes());
            let (skipped, some) = newer_keys(tree.vector()?, generation.saturating_sub(SKIPPED_MAX))?;
            put_vector(&mut kept, &skipped);
            pruned |= some;
        }
    }
    let mut encoded = Zeroizing::new(Vec::new());
    put_vector(&mut encoded, &kept);
    Ok(pruned.then(|| replaced(small, &(start..end), &encoded)))
}

/// The skipped keys of a ratchet from this generation on, and whether any went.
fn newer_keys(keys: &[u8], first: u32) -> Result<(Zeroizing<Vec<u8>>, bool)> {
    let mut newer = Zeroizing::new(Vec::with_capacity(keys.len()));
    let mut reader = Reader::new(keys);
    while !reader.is_empty() {
        let from = reader.position();
        reader.vectors(2)?; // nonce, key
        if reader.u32()? >= first {
            newer.extend_from_slice(&keys[from..reader.position()]);
        }
    }
    let some = newer.len() < keys.len();
    Ok((newer, some))
}

/// The same snapshot without keys of Update proposals: after an own commit the engine leaves those of the old epoch.
pub(crate) fn without_pending_updates(small: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    Ok(replaced(small, &Tail::find(small)?.pending_updates, &[0]))
}

/// The same snapshot of somebody who takes us for another member.
pub(crate) fn with_other_leaf(small: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let place = Tail::find(small)?.own_leaf;
    let leaf = Reader::new(&small[place.clone()]).u32()?;
    Ok(replaced(small, &place, &u32::from(leaf == 0).to_be_bytes()))
}

/// The same snapshot of somebody who signs with another key.
pub(crate) fn with_signer(small: &[u8], signer: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut encoded = Vec::new();
    put_vector(&mut encoded, signer);
    Ok(replaced(small, &Tail::find(small)?.signer, &Zeroizing::new(encoded)))
}

/// The secret by which another group continues the epoch that a snapshot is in.
pub(crate) fn resumption_secret(snapshot: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let place = Tail::find(snapshot)?.epoch_secrets;
    Ok(Zeroizing::new(Reader::new(&snapshot[place]).vector()?.to_vec()))
}

/// The same snapshot of a group whose context has other extensions.
pub(crate) fn with_context_extensions(snapshot: &[u8], extensions: &ExtensionList) -> Result<Zeroizing<Vec<u8>>> {
    let mut reader = Reader::new(snapshot);
    reader.skip(2 + 4)?; // snapshot version; version, cipher suite
    reader.vectors(1)?; // group id
    reader.skip(8)?; // epoch
    reader.vectors(2)?; // tree hash, confirmed transcript hash
    let start = reader.position();
    reader.vectors(1)?;
    Ok(replaced(snapshot, &(start..reader.position()), &extensions.mls_encode_to_vec()?))
}

/// A leaf that has an identity and nothing else.
fn bare_leaf(index: u32, identity: &[u8]) -> Vec<u8> {
    let mut leaf = vec![1, 1];
    put_vector(&mut leaf, &index.to_be_bytes()); // encryption key, different for every leaf
    leaf.extend_from_slice(identity);
    leaf.extend_from_slice(&[0; 5]); // capabilities
    leaf.push(2); // made by an update
    leaf.extend_from_slice(&[0; 2]); // extensions, signature
    leaf
}

/// A tree with only identities in it.
fn bare_tree(identities: &[Option<LeafIdentity>]) -> Vec<u8> {
    let mut nodes = Vec::new();
    for (index, identity) in (0u32..).zip(identities) {
        if index > 0 {
            nodes.push(vec![0]);
        }
        nodes.push(identity.as_ref().map_or_else(|| vec![0], |identity| bare_leaf(index, identity)));
    }
    while nodes.last().is_some_and(|node| *node == [0]) {
        nodes.pop();
    }
    // An index of identities that is not empty keeps the engine from making one, for which leaves must be complete.
    let mut out = vec![0, 0];
    put_vector(&mut out, &[0; 5]); // one, without bytes, at leaf 0
    out.extend_from_slice(&[0, 0]);
    put_vector(&mut out, &nodes.concat());
    put_vector(&mut out, &[]); // hashes
    out
}

/// The same small snapshot of a group that is to be replaced: the engine then looks at who has sent a commit, and no
/// further.
pub(crate) fn ended(small: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut reader = Reader::new(small);
    reader.skip(find_tree(small)?.tree.end)?;
    reader.vectors(1)?; // interim transcript hash
    let start = reader.position();
    skip_reinit(&mut reader)?;
    // ReInit: no group id, version 1, suite 1, no extensions
    Ok(replaced(small, &(start..reader.position()), &[1, 0, 0, 1, 0, 1, 0]))
}

/// The same small snapshot with one leaf in its tree, of which only the identity is right.
pub(crate) fn with_leaf(small: &[u8], leaf: u32, identity: &LeafIdentity) -> Result<Zeroizing<Vec<u8>>> {
    let mut identities = vec![None; leaf as usize];
    identities.push(Some(identity.clone()));
    Ok(replaced(small, &find_tree(small)?.tree, &bare_tree(&identities)))
}

/// Snapshots put together for one purpose, with a tree that has only identities.
pub(crate) struct Graft;

impl Graft {
    /// A past epoch as if it were the current one: what it takes to read a late message, whoever has left or changed
    /// keys since.
    pub(crate) fn join(small: &[u8], past: &[u8], identities: &[Option<LeafIdentity>]) -> Result<Zeroizing<Vec<u8>>> {
        let mut reader = Reader::new(past);
        skip_context(&mut reader)?;
        let context = &past[..reader.position()];
        reader.skip(4)?;
        let secrets = &past[reader.position()..];
        let (cut, tail) = (find_tree(small)?, Tail::find(small)?);
        let mut out = Zeroizing::new(vec![0, 1]);
        out.extend_from_slice(context);
        out.extend_from_slice(&[0, 0]); // no proposals
        out.extend_from_slice(&bare_tree(identities));
        out.extend_from_slice(&small[cut.tree.end..tail.epoch_secrets.start]);
        out.extend_from_slice(secrets);
        out.extend_from_slice(&small[tail.epoch_secrets.end..]);
        Ok(out)
    }

    /// The same epoch, fit for nothing but its resumption secret: what it takes to join a group that continues it.
    /// Blank leaves are left out, and the secret is the only one.
    pub(crate) fn parent(snapshot: &[u8], identities: &[Option<LeafIdentity>]) -> Result<Zeroizing<Vec<u8>>> {
        let present: Vec<_> = identities.iter().filter(|identity| identity.is_some()).cloned().collect();
        let (cut, tail) = (find_tree(snapshot)?, Tail::find(snapshot)?);
        let mut resumption = Zeroizing::new(Vec::new());
        put_vector(&mut resumption, Reader::new(&snapshot[tail.epoch_secrets.clone()]).vector()?);
        let mut out = Zeroizing::new(snapshot[..cut.tree.start].to_vec());
        out.extend_from_slice(&bare_tree(&present));
        out.extend_from_slice(&snapshot[cut.tree.end..tail.epoch_secrets.start]);
        out.extend_from_slice(&resumption);
        out.extend_from_slice(&[0; 6]); // sender data secret, secret tree, its count of leaves
        out.extend_from_slice(&snapshot[tail.epoch_secrets.end..tail.pending_updates.start]);
        out.extend_from_slice(&[0, 0]); // no updates, no commit
        out.extend_from_slice(&snapshot[tail.signer]);
        Ok(out)
    }

    /// The past epoch's record after a message was read.
    pub(crate) fn cut(past: &[u8], grafted: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let snapshot = Snapshot::cut(grafted)?;
        let mut reader = Reader::new(past);
        skip_context(&mut reader)?;
        reader.skip(4)?;
        let mut out = Zeroizing::new(past[..reader.position()].to_vec());
        out.extend_from_slice(&snapshot.small[Tail::find(&snapshot.small)?.epoch_secrets]);
        Ok(out)
    }
}

/// The proposals cached by reference and our own among them, as the engine keeps them: the two maps of a snapshot.
pub(crate) struct Proposals {
    both: Range<usize>,
    /// The encoded cache of all proposals.
    pub(crate) all: Vec<u8>,
    /// The encoded cache of our own.
    pub(crate) own: Vec<u8>,
}

impl Proposals {
    pub(crate) fn find(small: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(small);
        reader.skip(2)?;
        skip_context(&mut reader)?;
        let start = reader.position();
        let all = reader.vector()?.to_vec();
        let own = reader.vector()?.to_vec();
        Ok(Self { both: start..reader.position(), all, own })
    }

    /// The snapshot with these in place of the ones it had.
    pub(crate) fn put(&self, small: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut encoded = Vec::new();
        put_vector(&mut encoded, &self.all);
        put_vector(&mut encoded, &self.own);
        replaced(small, &self.both, &encoded)
    }
}

/// A past epoch as the engine keeps it, in two parts: signature keys of all members stand at its end.
pub(crate) struct PastEpoch {
    /// Everything but the signature keys.
    pub(crate) small: Zeroizing<Vec<u8>>,
    pub(crate) keys: Vec<Option<Vec<u8>>>,
}

impl PastEpoch {
    pub(crate) fn cut(record: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(record);
        skip_context(&mut reader)?;
        reader.skip(4)?; // own leaf
        skip_epoch_secrets(&mut reader)?;
        let small = Zeroizing::new(record[..reader.position()].to_vec());
        let mut inner = Reader::new(reader.vector()?);
        let mut keys = Vec::new();
        while !inner.is_empty() {
            keys.push(if inner.u8()? == 0 { None } else { Some(inner.vector()?.to_vec()) });
        }
        Ok(Self { small, keys })
    }

    /// The small part of the epoch that a snapshot is in.
    pub(crate) fn of(small: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let mut reader = Reader::new(small);
        reader.skip(2)?;
        skip_context(&mut reader)?;
        let tail = Tail::find(small)?;
        let mut out = Zeroizing::new(small[2..reader.position()].to_vec());
        out.extend_from_slice(&small[tail.own_leaf]);
        out.extend_from_slice(&small[tail.epoch_secrets]);
        Ok(out)
    }

    pub(crate) fn join(small: &[u8], keys: &[Option<Vec<u8>>]) -> Zeroizing<Vec<u8>> {
        let mut encoded = Vec::new();
        for key in keys {
            encoded.push(u8::from(key.is_some()));
            if let Some(key) = key {
                put_vector(&mut encoded, key);
            }
        }
        let mut record = small.to_vec();
        put_vector(&mut record, &encoded);
        Zeroizing::new(record)
    }
}

/// The secrets of a detached commit in two parts: what the new epoch changes in the tree, and the rest. The tree that
/// it started from is not kept: it is the group's own.
pub(crate) struct PendingSecrets {
    pub(crate) small: Zeroizing<Vec<u8>>,
    pub(crate) tree: Tree,
}

impl PendingSecrets {
    /// Cuts what the engine made.
    pub(crate) fn cut(secrets: &[u8]) -> Result<Self> {
        let (new, old) = find_pending(secrets)?;
        let tree = read_tree(secrets, &new)?;
        let mut small = secrets.to_vec();
        // From the back, so that the first cut's place stays right.
        if let Some(old) = old {
            small.splice(old.tree, EMPTY_TREE);
        }
        small.splice(new.tree, EMPTY_TREE);
        Ok(Self { small: Zeroizing::new(rewrapped(&small)?), tree })
    }

    /// What the engine applies to a group whose tree is `base`.
    pub(crate) fn join(small: &[u8], tree: &Tree, base: &Tree) -> Result<Zeroizing<Vec<u8>>> {
        let (new, old) = find_pending(small)?;
        let mut secrets = small.to_vec();
        let mut encoded = Vec::new();
        if let Some(old) = old {
            base.encode(&mut encoded);
            secrets.splice(old.tree, encoded.drain(..));
        }
        tree.encode(&mut encoded);
        secrets.splice(new.tree, encoded);
        Ok(Zeroizing::new(rewrapped(&secrets)?))
    }
}

/// Cut secrets keep their parts in front of an outer vector whose length no longer fits: in both forms here the
/// content is found by taking everything after the header.
fn content_start(secrets: &[u8]) -> Result<usize> {
    if secrets.first() != Some(&2) {
        return Err(layout("pending commit"));
    }
    let width = match secrets.get(1).ok_or_else(|| layout("pending commit"))? >> 6 {
        0 => 1,
        1 => 2,
        2 => 4,
        _ => return Err(layout("pending commit")),
    };
    Ok(1 + width)
}

/// The same secrets with the outer vector's length made right.
fn rewrapped(secrets: &[u8]) -> Result<Vec<u8>> {
    let mut out = vec![2];
    put_vector(&mut out, &secrets[content_start(secrets)?..]);
    Ok(out)
}

/// The new tree and, for a commit that starts an epoch, the old one.
fn find_pending(secrets: &[u8]) -> Result<(Cut, Option<Cut>)> {
    let mut reader = Reader::new(secrets);
    reader.skip(content_start(secrets)?)?;
    let state = |reader: &mut Reader| -> Result<Cut> {
        reader.skip(2)?; // proposal cache: version,
        reader.vectors(3)?; // group id, proposals, own proposals
        skip_context(reader)?;
        let cut = cut_tree(reader)?;
        reader.vectors(1)?; // interim transcript hash
        skip_reinit(reader)?;
        reader.vectors(1)?; // confirmation tag
        Ok(cut)
    };
    let new = state(&mut reader)?;
    skip_epoch_secrets(&mut reader)?;
    skip_private_tree(&mut reader)?;
    reader.vectors(5)?; // key schedule
    reader.vectors(1)?; // signer
    reader.skip(5)?; // output: is external, committer
    let old = match reader.u8()? {
        1 => {
            reader.skip(8)?; // epoch
            Some(state(&mut reader)?)
        }
        _ => None,
    };
    Ok((new, old))
}

fn replaced(bytes: &[u8], range: &Range<usize>, with: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() - range.len() + with.len());
    out.extend_from_slice(&bytes[..range.start]);
    out.extend_from_slice(with);
    out.extend_from_slice(&bytes[range.end..]);
    Zeroizing::new(out)
}
