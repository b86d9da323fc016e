//! A group in memory: the engine's group, and what is needed to know that it is still what the store says.

use super::{
    GroupCore,
    probe::Probe,
    row::{EpochRow, GroupRow, StoredTree},
};
use crate::{
    ErrorCode, GroupStatus, MlsError, Result,
    client::ClientCore,
    engine::{self, EngineGroup, LeafIdentity, Parts, PastEpoch, Rules, Snapshot, Tree, Vault, Written},
    error::fail,
    ledger::{ATTEMPTS, Entry, Fold, Tx, Used, decode, encode},
    store::{GroupTag, Key, Store},
};
use mls_rs::mls_rs_codec::MlsEncode;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use zeroize::Zeroizing;

const PAGE: u32 = 512;

/// Runs the engine. A panic in it is an error like others: its group is dropped and read again.
pub(crate) fn run<T>(call: impl FnOnce() -> Result<T, mls_rs::error::MlsError>) -> Result<T, Failure> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| Failure::Engine(Box::new(error))),
        Err(_) => Err(Failure::Panic),
    }
}

/// How the engine failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Engine(Box<mls_rs::error::MlsError>),
    Panic,
}

impl Failure {
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Engine(error) => engine::variant(error),
            Self::Panic => "Panic".into(),
        }
    }
}

impl From<Failure> for MlsError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Engine(error) => MlsError::from(*error),
            Failure::Panic => MlsError::new(ErrorCode::Panic, "the engine panicked; the group is read again"),
        }
    }
}

/// A received key that the group's row does not know of yet.
#[derive(Clone, Copy)]
pub(crate) struct Unfolded {
    pub(crate) row: u64,
    pub(crate) used: Used,
    /// Whether its event was acknowledged when the group was read.
    pub(super) acknowledged: bool,
}

impl Unfolded {
    /// A row that was just written.
    pub(crate) fn new(row: u64, used: Used) -> Self {
        Self { row, used, acknowledged: false }
    }
}

/// A loaded group.
pub(crate) struct Session {
    pub(crate) engine: EngineGroup,
    pub(crate) parts: Parts,
    pub(crate) row: GroupRow,
    pub(crate) tree: StoredTree,
    /// The next own application generation.
    pub(crate) generation: u32,
    /// How many generations the last write set aside.
    pub(crate) window: u32,
    pub(crate) unfolded: Vec<Unfolded>,
    /// Whether an external commit of ours, to take our place again, waits for its answer.
    pub(crate) rejoining: bool,
    /// Rows of the log up to here are known.
    pub(crate) seen: u64,
    /// The ledger's count of others' changes when this was last compared with the store.
    pub(crate) foreign: u64,
    /// The same when it was read.
    since: u64,
    /// Forged messages have used up keys in the engine: it can do what needs no other member's keys.
    pub(crate) damaged: bool,
    /// Set while the group is under suspicion.
    pub(super) probe: Option<Probe>,
    /// Sees our own messages as another member would, and has no keys below the mark.
    pub(super) mirror: Option<Probe>,
    pub(super) skips: Skips,
    _counted: Counted,
}

/// How many keys the engine's group has derived and not used: members can make it derive many, and it forgets none
/// until it is read again.
#[derive(Default)]
pub(super) struct Skips {
    /// Each sender's next generation.
    next: HashMap<u32, u32>,
    count: u32,
}

impl Skips {
    const MAX: u32 = 8_192;

    pub(super) fn note(&mut self, used: Used) {
        // What was skipped before the group was loaded is what the row holds, which is bounded.
        let next = self.next.entry(used.leaf).or_insert(used.generation);
        self.count += used.generation.saturating_sub(*next);
        *next = (*next).max(used.generation + 1);
    }

    pub(super) fn are_many(&self) -> bool {
        self.count > Self::MAX
    }
}

/// Counts loaded groups.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the engine asks for in the middle of an operation, answered from the store.
pub(crate) struct StoreVault {
    pub(crate) store: Arc<Store>,
}

impl Vault for StoreVault {
    fn epoch(&self, group_id: &[u8], epoch: u64) -> Result<Option<Zeroizing<Vec<u8>>>> {
        // For the resumption secret: the keys in the record are not asked for.
        let row = EpochRow::get(&self.store, self.store.group_tag(group_id), epoch)?;
        Ok(row.map(|row| PastEpoch::join(&row.small, &[])))
    }

    fn psk(&self, id: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.store.get(&crate::client::psk_key(&self.store, id))
    }
}

impl ClientCore {
    /// New parts for an engine object of this client.
    pub(crate) fn parts(&self) -> Parts {
        let settings = &self.settings;
        let vault = Arc::new(StoreVault { store: self.store.clone() });
        Parts {
            provider: engine::Provider::new(vault.clone()),
            identity: engine::Identity::new(&settings.capabilities.credentials),
            crypto: engine::Crypto::new(settings.budget()),
            rules: Rules::new(settings.policy.handshake_encryption, settings.policy.padding, vault),
        }
    }

    /// Makes the engine load a snapshot.
    pub(crate) fn load_engine(&self, parts: &Parts, id: &[u8], snapshot: Zeroizing<Vec<u8>>) -> Result<EngineGroup> {
        parts.provider.put_snapshot(snapshot);
        let client =
            engine::client(parts, None, &self.settings.capabilities, self.settings.policy.key_package_lifetime);
        Ok(run(|| client.load_group(id))?)
    }
}

impl Session {
    /// Reads a group, as it was at one moment. `GroupNotFound` if there is none.
    pub(crate) fn load(client: &ClientCore, tag: GroupTag) -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let foreign = client.ledger.enter()?.look(&client.store)?;
            let read = Self::read(client, tag, foreign);
            // Rows of two states may not fit together, or may seem to.
            if client.ledger.enter()?.look(&client.store)? == foreign {
                return read;
            }
        }
        fail(ErrorCode::Stale, "others kept changing the store")
    }

    fn read(client: &ClientCore, tag: GroupTag, foreign: u64) -> Result<Self> {
        let Some(row) = GroupRow::get(&client.store, tag)? else {
            return fail(ErrorCode::GroupNotFound, "this device has no such group");
        };
        #[cfg(feature = "faults")]
        crate::store::faults::count_load();
        let (tree, nodes) = StoredTree::read(&client.store, tag, &row)?;
        let parts = client.parts();
        let engine = client.load_engine(&parts, &row.id, Snapshot::join(&row.snapshot, &nodes)?)?;
        let mut session = Self {
            engine,
            parts,
            tree,
            generation: 0,
            window: 0,
            unfolded: Vec::new(),
            rejoining: client.store.get(&Key::group(super::JOINING, tag, &[]))?.is_some(),
            seen: row.folded,
            foreign,
            since: foreign,
            damaged: false,
            probe: None,
            mirror: None,
            skips: Skips::default(),
            row,
            _counted: Counted::new(&client.loaded),
        };
        (session.unfolded, session.seen) = read_log(&client.store, tag, &session.row)?;
        for unfolded in &session.unfolded {
            consume(&mut session.engine, unfolded.used);
        }
        session.generation = skip_to(&mut session.engine, session.row.mark)?;
        Ok(session)
    }

    /// Whether the store still holds what this session was made of; looks only if somebody else has written.
    pub(crate) fn is_current(&mut self, client: &ClientCore, tag: GroupTag) -> Result<bool> {
        let foreign = client.ledger.enter()?.look(&client.store)?;
        self.is_unchanged(client, tag, foreign)
    }

    /// As [`is_current`](Self::is_current), for one who has looked and counted `foreign` changes.
    pub(crate) fn is_unchanged(&mut self, client: &ClientCore, tag: GroupTag, foreign: u64) -> Result<bool> {
        if foreign == self.foreign {
            return Ok(true);
        }
        if GroupRow::get(&client.store, tag)?.is_none_or(|row| row.version != self.row.version) {
            return Ok(false);
        }
        for row in client.store.scan_log_tags(self.seen + 1, u64::MAX, false, u32::MAX)? {
            if row.tag == Some(tag) {
                return Ok(false);
            }
            self.seen = row.seq;
        }
        self.foreign = foreign;
        Ok(true)
    }

    /// Everything that the engine would write now, the tree cut off.
    pub(crate) fn snapshot(&mut self) -> Result<(Snapshot, Written)> {
        run(|| self.engine.write_to_storage())?;
        let written = self.parts.provider.take_written().expect("the engine has just written");
        Ok((Snapshot::cut(&written.snapshot)?, written))
    }

    /// The tree as the engine has it, with its hashes.
    pub(crate) fn current_tree(&mut self) -> Result<Tree> {
        Ok(self.snapshot()?.0.tree)
    }

    /// The small snapshot after the keys in `unfolded` are gone, and own generations below `generation`.
    pub(crate) fn folded_snapshot(&self, client: &ClientCore, generation: u32) -> Result<Zeroizing<Vec<u8>>> {
        folded(client, &self.row, &self.unfolded, generation)
    }

    /// The row with consumed keys gone and own generations below `mark` set aside.
    pub(crate) fn folded_row(&self, client: &ClientCore, mark: u32) -> Result<GroupRow> {
        let mut row = self.row.clone();
        row.snapshot = self.folded_snapshot(client, self.generation)?.to_vec();
        row.folded = row.folded.max(self.unfolded.last().map_or(0, |last| last.row));
        row.mark = mark;
        row.version += 1;
        Ok(row)
    }

    /// `GroupClosed`, `StoreRolledBack` where the group can no longer be used.
    pub(crate) fn active(&self) -> Result<()> {
        match self.row.status {
            GroupStatus::Active => Ok(()),
            GroupStatus::Closed => fail(ErrorCode::GroupClosed, "this device was removed from the group"),
            GroupStatus::Replaced => fail(ErrorCode::GroupClosed, "the group was replaced"),
            GroupStatus::RejoinNeeded => fail(
                ErrorCode::StoreRolledBack,
                "this device has sent what its store does not know of: join again by an external commit",
            ),
            GroupStatus::Joining => fail(ErrorCode::GroupJoining, "the commit that joins is not accepted yet"),
        }
    }

    /// Who was at a leaf in a past epoch, from the differences between the epochs since. `None` if one of them is not
    /// kept, or nobody was there.
    pub(crate) fn past_identity(
        &self,
        store: &Store,
        tag: GroupTag,
        epoch: u64,
        leaf: u32,
    ) -> Result<Option<LeafIdentity>> {
        let member = self.engine.member_at_index(leaf);
        let mut identity = member.map(|member| member.signing_identity.mls_encode_to_vec()).transpose()?;
        for past in (epoch..self.row.epoch).rev() {
            let Some(past) = EpochRow::get(store, tag, past)? else { return Ok(None) };
            identity = past.member_at(leaf, identity);
        }
        Ok(identity)
    }

    /// Who is at each leaf.
    pub(crate) fn identities(&self) -> Result<Vec<Option<LeafIdentity>>> {
        let tree = self.engine.export_tree();
        let leaves = tree.nodes().iter().step_by(2).map(|node| match node {
            Some(mls_rs::group::Node::Leaf(leaf)) => Ok(Some(leaf.signing_identity.mls_encode_to_vec()?)),
            _ => Ok(None),
        });
        leaves.collect()
    }

    /// Who was at each leaf in a past epoch, from the differences between the epochs since. `None` if one of them is
    /// not kept.
    pub(crate) fn past_identities(
        &self,
        store: &Store,
        tag: GroupTag,
        epoch: u64,
    ) -> Result<Option<Vec<Option<LeafIdentity>>>> {
        let mut identities = self.identities()?;
        for past in (epoch..self.row.epoch).rev() {
            let Some(past) = EpochRow::get(store, tag, past)? else { return Ok(None) };
            identities = past.members(identities);
        }
        Ok(Some(identities))
    }
}

/// The small snapshot of a row after these keys are gone, and own generations below `generation`: made on a group
/// without its tree, so at the same cost for every size.
fn folded(client: &ClientCore, row: &GroupRow, unfolded: &[Unfolded], generation: u32) -> Result<Zeroizing<Vec<u8>>> {
    let parts = client.parts();
    let mut skeleton = client.load_engine(&parts, &row.id, Zeroizing::new(row.snapshot.clone()))?;
    for unfolded in unfolded {
        consume(&mut skeleton, unfolded.used);
    }
    skip_to(&mut skeleton, generation)?;
    run(|| skeleton.write_to_storage())?;
    let written = parts.provider.take_written().expect("the engine has just written");
    Ok(Snapshot::cut(&written.snapshot)?.small)
}

/// Folds the keys of a group that is not loaded, without reading its tree. The caller holds its lock.
pub(crate) fn fold_stored(client: &ClientCore, core: &GroupCore) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let foreign = client.ledger.enter()?.look(&client.store)?;
        let Some(mut row) = GroupRow::get(&client.store, core.tag)? else { return Ok(()) };
        let (unfolded, _) = read_log(&client.store, core.tag, &row)?;
        let Some(last) = unfolded.last() else { return Ok(()) };
        row.snapshot = folded(client, &row, &unfolded, 0)?.to_vec();
        row.folded = last.row;
        row.version += 1;
        let rows = unfolded.iter().map(|unfolded| (unfolded.row, unfolded.acknowledged)).collect();
        let fold = Fold { tag: core.tag, row: row.folded, rows, foreign };
        let encoded = encode(&row);
        let done = client.write(|_, now| Ok(now == foreign), &mut |tx| {
            tx.batch.put(GroupRow::key(core.tag), encoded.clone());
            tx.fold(fold.clone());
            Ok(())
        })?;
        if done.is_some() {
            core.forget_folded();
            return Ok(());
        }
    }
    fail(ErrorCode::Stale, "others kept changing the store")
}

/// The keys consumed by rows of the log that are not folded into the group's row yet, and up to which row the log was
/// read.
pub(super) fn read_log(store: &Store, tag: GroupTag, group: &GroupRow) -> Result<(Vec<Unfolded>, u64)> {
    let (mut unfolded, mut seen) = (Vec::new(), group.folded);
    loop {
        let page = store.scan_log_tags(seen + 1, u64::MAX, false, PAGE)?;
        for row in page.iter().filter(|row| row.tag == Some(tag)) {
            let Some(opened) = store.scan_log(row.seq, row.seq + 1, false, 1)?.pop() else { continue };
            let entry: Entry = decode(&opened.value)?;
            if let Some(used) = entry.used.filter(|used| used.epoch == group.epoch) {
                unfolded.push(Unfolded { row: row.seq, used, acknowledged: entry.event.is_none() });
            }
        }
        match page.last() {
            Some(last) => seen = last.seq,
            None => return Ok((unfolded, seen)),
        }
    }
}

/// Uses up the key of a message that was received before.
pub(super) fn consume(engine: &mut EngineGroup, used: Used) {
    // A key that is gone already is what is wanted.
    let _ = run(|| engine.derive_decryption_key(used.leaf * 2, used.generation));
}

/// Skips own generations below `mark`; answers the next one.
fn skip_to(engine: &mut EngineGroup, mark: u32) -> Result<u32> {
    let mut next = run(|| engine.peek_next_key_generation())?;
    while next < mark {
        run(|| engine.next_encryption_key())?;
        next += 1;
    }
    Ok(next)
}

/// A group's row on its way to the store. Every key in `unfolded` is consumed in it, so the rows of the log that only
/// held on to keys go with it.
pub(crate) struct NewRow {
    row: GroupRow,
    encoded: Zeroizing<Vec<u8>>,
    fold: Fold,
}

impl NewRow {
    pub(crate) fn new(session: &Session, tag: GroupTag, row: GroupRow) -> Self {
        let rows = session.unfolded.iter().map(|unfolded| (unfolded.row, unfolded.acknowledged)).collect();
        let fold = Fold { tag, row: row.folded, rows, foreign: session.since };
        Self { encoded: encode(&row), row, fold }
    }

    pub(crate) fn put(&self, tx: &mut Tx) {
        tx.batch.put(GroupRow::key(self.fold.tag), self.encoded.clone());
        tx.fold(self.fold.clone());
    }

    /// It is in the store: the loaded group goes on from it.
    pub(crate) fn stored(self, session: &mut Session, core: &GroupCore) {
        session.row = self.row;
        session.unfolded.clear();
        (session.probe, session.mirror) = (None, None);
        core.set_folded(session);
    }
}
