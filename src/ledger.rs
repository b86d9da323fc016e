//! Writing: one transaction a step, with the events, ids and acknowledgements that belong in it.
//!
//! Ids come from the store's log, whose rows are both the inbox and the journal of consumed keys. A row is *kept* while
//! it has an event that the application has not acknowledged; it is *needed* while the key that it names is not folded
//! into its group's row. It goes when it is neither.

use crate::{
    ErrorCode, Event, EventKind, Result,
    client::ClientCore,
    error::fail,
    store::{Batch, GroupTag, Key, Store},
};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use zeroize::Zeroizing;

/// The row that remembers what the log alone would forget.
const COUNTER: u8 = b'S';
/// How often a step is built anew because somebody else commits.
pub(crate) const ATTEMPTS: usize = 64;
/// Rows looked at in one go.
const PAGE: u32 = 512;
/// Ids set aside in one write. Events that are not kept leave no row, and still their ids are never used again.
const ID_WINDOW: u64 = 1_024;

/// A key that was consumed by a received application message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Used {
    #[n(0)]
    pub(crate) epoch: u64,
    #[n(1)]
    pub(crate) leaf: u32,
    #[n(2)]
    pub(crate) generation: u32,
}

/// A row of the log.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Entry {
    /// `None` when it is acknowledged.
    #[n(0)]
    pub(crate) event: Option<EventKind>,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub(crate) group_id: Vec<u8>,
    #[n(2)]
    pub(crate) deliveries: u32,
    #[n(3)]
    pub(crate) used: Option<Used>,
}

/// The same row before it is written.
#[derive(Encode)]
struct NewEntry<'a> {
    #[n(0)]
    event: Option<&'a EventKind>,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    group_id: &'a [u8],
    #[n(2)]
    deliveries: u32,
    #[n(3)]
    used: Option<Used>,
}

/// What an acknowledgement has to know of a row.
#[derive(Clone, Copy)]
struct Kept {
    tag: Option<GroupTag>,
    used: Option<Used>,
    /// The commit of ours whose Welcomes are kept until now.
    commit: Option<u64>,
    /// As of how many changes by others.
    foreign: u64,
}

impl Kept {
    fn new(event: &EventKind, tag: Option<GroupTag>, used: Option<Used>, foreign: u64) -> Self {
        let commit = match event {
            EventKind::Committed(committed) => committed.commit,
            EventKind::Joined(joined) => joined.commit,
            _ => None,
        };
        Self { tag, used, commit, foreign }
    }
}

/// Encodes a row.
pub(crate) fn encode<T: Encode<()>>(value: &T) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(minicbor::to_vec(value).expect("encoding into memory does not fail"))
}

/// Decodes a row that this library wrote.
pub(crate) fn decode<'a, T: Decode<'a, ()>>(row: &'a [u8]) -> Result<T> {
    minicbor::decode(row).map_err(|error| {
        crate::MlsError::new(ErrorCode::StoreCorrupt, "a row of the store is damaged").with_detail(error.to_string())
    })
}

/// A list of byte strings in a row: `minicbor::bytes` for each.
pub(crate) mod byte_strings {
    use minicbor::{Decoder, Encoder, bytes};

    pub(crate) fn encode<C, W: minicbor::encode::Write>(
        list: &[Vec<u8>],
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.array(list.len() as u64)?;
        list.iter().try_for_each(|bytes| encoder.bytes(bytes).map(drop))
    }

    pub(crate) fn decode<C>(
        decoder: &mut Decoder<'_>,
        context: &mut C,
    ) -> Result<Vec<Vec<u8>>, minicbor::decode::Error> {
        let list: Vec<bytes::ByteVec> = decoder.decode_with(context)?;
        Ok(list.into_iter().map(Into::into).collect())
    }
}

#[derive(Default, Encode, Decode)]
struct Counter {
    /// Every id below was given out.
    #[n(0)]
    floor: u64,
    /// How many writes there were that must not be rolled back.
    #[n(1)]
    mark: u64,
}

/// What this handle knows of the store.
pub(crate) struct Ledger {
    version: u64,
    /// How often somebody else has changed the store, as far as was noticed.
    foreign: u64,
    next_id: u64,
    /// Ids below are set aside for this handle.
    reserved: u64,
    /// The rows of the log that have an event. Those that somebody else has acknowledged since may still be here.
    kept: BTreeMap<u64, Kept>,
    /// Rows up to here have been looked at for `kept`.
    counted: u64,
    acknowledged: BTreeSet<u64>,
    /// Rows that this handle has cut down to their key, until a fold deletes them or somebody else writes.
    stripped: BTreeSet<u64>,
    mark: u64,
    started: bool,
}

/// A transaction being built.
pub(crate) struct Tx {
    pub(crate) batch: Batch,
    next_id: u64,
    /// Returned to the application, in order.
    pub(crate) events: Vec<Event>,
    anchored: u64,
    mark: Option<u64>,
    kept: Vec<(u64, Kept)>,
    foreign: u64,
    fold: Option<Fold>,
    /// Rows that go because their keys are folded.
    spent: Vec<u64>,
    acknowledged: Vec<u64>,
}

/// Keys that a transaction folds into their group's row.
#[derive(Clone)]
pub(crate) struct Fold {
    pub(crate) tag: GroupTag,
    /// Up to which row of the log.
    pub(crate) row: u64,
    /// The rows that were not folded before, and whether their events are known to be acknowledged.
    pub(crate) rows: Vec<(u64, bool)>,
    /// As of how many changes by others that is known.
    pub(crate) foreign: u64,
}

impl Tx {
    /// An id that is used for nothing else.
    pub(crate) fn id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// Tells the application, and keeps the event if it is of a kind that is kept.
    pub(crate) fn event(&mut self, tag: Option<GroupTag>, group_id: &[u8], kind: EventKind) -> u64 {
        self.logged(tag, group_id, kind, None)
    }

    /// As [`event`](Self::event), with the key that was consumed for it.
    pub(crate) fn logged(
        &mut self,
        tag: Option<GroupTag>,
        group_id: &[u8],
        mut kind: EventKind,
        used: Option<Used>,
    ) -> u64 {
        let id = self.id();
        if let EventKind::Invited(invitation) = &mut kind {
            invitation.id = id;
        }
        if kind.is_kept() {
            let entry = NewEntry { event: Some(&kind), group_id, deliveries: 1, used };
            // An invitation's group has no rows of its own yet: sealing it under the group's key would make one.
            let tag = tag.filter(|_| !matches!(kind, EventKind::Invited(_)));
            self.batch.put_log(id, tag, encode(&entry));
            self.kept.push((id, Kept::new(&kind, tag, used, self.foreign)));
        }
        self.events.push(Event { id, deliveries: 0, group_id: group_id.to_vec(), kind });
        id
    }

    /// Takes an event out of the inbox: this transaction is what it asked for.
    pub(crate) fn acknowledge(&mut self, id: u64) {
        self.acknowledged.push(id);
    }

    /// Brings the mark up to what an anchor says.
    pub(crate) fn set_mark(&mut self, mark: u64) {
        self.mark = Some(mark);
    }

    fn folded(&self, tag: GroupTag) -> u64 {
        self.fold.as_ref().filter(|fold| fold.tag == tag).map_or(0, |fold| fold.row)
    }

    /// Takes rows out of the log that only held on to keys which this transaction folds.
    pub(crate) fn fold(&mut self, fold: Fold) {
        self.fold = Some(fold);
    }

    /// Marks this transaction as one that must not be rolled back unnoticed. Costs nothing without an anchor.
    pub(crate) fn raise_mark(&mut self, client: &ClientCore) {
        if client.settings.anchor.is_some() {
            self.mark = Some(self.anchored + 1);
        }
    }
}

/// What came of a write.
pub(crate) struct Done<T> {
    pub(crate) value: T,
    pub(crate) events: Vec<Event>,
    /// What to tell the anchor.
    pub(crate) mark: Option<u64>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            version: 0,
            foreign: 0,
            next_id: 1,
            reserved: 0,
            kept: BTreeMap::new(),
            counted: 0,
            acknowledged: BTreeSet::new(),
            stripped: BTreeSet::new(),
            mark: 0,
            started: false,
        }
    }

    /// Looks whether somebody else has changed the store; answers how often they have.
    pub(crate) fn look(&mut self, store: &Store) -> Result<u64> {
        let version = store.version()?;
        if version != self.version || !self.started {
            let counter: Counter = match store.get(&Key::client(COUNTER, &[]))? {
                Some(row) => decode(&row)?,
                None => Counter::default(),
            };
            let last = store.scan_log_tags(0, u64::MAX, true, 1)?.first().map_or(0, |row| row.seq);
            // Whoever else writes has set ids aside: go above them, so that ids follow the order of events.
            self.next_id = self.next_id.max(counter.floor).max(last + 1);
            self.reserved = 0;
            self.mark = self.mark.max(counter.mark);
            self.count(store)?;
            self.stripped.clear();
            self.version = version;
            self.started = true;
            self.foreign += 1;
        }
        Ok(self.foreign)
    }

    pub(crate) fn mark(&self) -> u64 {
        self.mark
    }

    /// `InboxFull` if no further event can be kept; else how many can.
    pub(crate) fn room(&mut self, store: &Store, limit: u32) -> Result<u32> {
        let limit = limit as usize;
        if self.kept.len() - self.acknowledged.len() >= limit {
            // Somebody else may have acknowledged some of them.
            self.kept.clear();
            self.counted = 0;
            self.count(store)?;
        }
        match limit.saturating_sub(self.kept.len() - self.acknowledged.len()) {
            0 => fail(ErrorCode::InboxFull, "acknowledge events first"),
            room => Ok(room as u32),
        }
    }

    /// Learns which rows have an event, from the last one that was looked at on.
    fn count(&mut self, store: &Store) -> Result<()> {
        loop {
            let page = store.scan_log(self.counted + 1, u64::MAX, false, PAGE)?;
            let Some(last) = page.last() else { break };
            self.counted = last.seq;
            for row in &page {
                let entry: Entry = decode(&row.value)?;
                if let Some(event) = &entry.event {
                    self.kept.insert(row.seq, Kept::new(event, row.tag, entry.used, self.foreign));
                }
            }
        }
        self.acknowledged.retain(|id| self.kept.contains_key(id));
        Ok(())
    }

    pub(crate) fn acknowledge(&mut self, id: u64) {
        if self.kept.contains_key(&id) {
            self.acknowledged.insert(id);
        }
    }

    pub(crate) fn has_acknowledgements(&self) -> bool {
        !self.acknowledged.is_empty()
    }

    /// Commits what `build` makes, if nobody else has committed since the last [`look`](Self::look); `None` if
    /// somebody has, and then nothing was written. `folded` answers up to which row a group's keys are folded, as of so
    /// many changes by others.
    pub(crate) fn commit<T>(
        &mut self,
        store: &Store,
        folded: &dyn Fn(GroupTag, u64) -> u64,
        build: impl FnOnce(&mut Tx) -> Result<T>,
    ) -> Result<Option<Done<T>>> {
        let mut tx = Tx {
            batch: Batch::new(),
            next_id: self.next_id,
            events: Vec::new(),
            anchored: self.mark,
            mark: None,
            kept: Vec::new(),
            foreign: self.foreign,
            fold: None,
            spent: Vec::new(),
            acknowledged: Vec::new(),
        };
        let value = build(&mut tx)?;
        self.apply_fold(store, &mut tx)?;
        let mut acknowledged = self.acknowledged.clone();
        acknowledged.extend(&tx.acknowledged);
        let stripped = self.apply_acknowledgements(store, folded, &mut tx, &acknowledged)?;
        let reserved =
            if tx.next_id > self.reserved.max(self.next_id) { tx.next_id + ID_WINDOW } else { self.reserved };
        if tx.mark.is_some() || reserved != self.reserved {
            let counter = Counter { floor: reserved.max(tx.next_id), mark: tx.mark.unwrap_or(self.mark) };
            tx.batch.put(Key::client(COUNTER, &[]), encode(&counter));
        }
        if !tx.batch.is_empty() {
            match store.commit(self.version, &tx.batch)? {
                Some(version) => self.version = version,
                None => return Ok(None),
            }
        }
        self.stripped.extend(stripped);
        for id in &tx.spent {
            self.stripped.remove(id);
        }
        self.next_id = tx.next_id;
        self.reserved = reserved;
        self.mark = tx.mark.unwrap_or(self.mark);
        self.counted = self.counted.max(tx.kept.last().map_or(0, |(id, _)| *id));
        self.kept.extend(tx.kept);
        for id in &acknowledged {
            self.kept.remove(id);
            self.acknowledged.remove(id);
        }
        Ok(Some(Done { value, events: tx.events, mark: tx.mark }))
    }

    fn apply_fold(&self, store: &Store, tx: &mut Tx) -> Result<()> {
        let Some(fold) = tx.fold.clone() else { return Ok(()) };
        // Others who have written since may have acknowledged events of these rows.
        let sure = fold.foreign == self.foreign;
        for (row, acknowledged) in fold.rows {
            if acknowledged || self.stripped.contains(&row) || !sure && is_spent(store, row)? {
                tx.batch.delete_log(row);
                tx.spent.push(row);
            }
        }
        Ok(())
    }

    /// Takes acknowledged events out of the log; answers which rows stay for their keys.
    fn apply_acknowledgements(
        &self,
        store: &Store,
        folded: &dyn Fn(GroupTag, u64) -> u64,
        tx: &mut Tx,
        acknowledged: &BTreeSet<u64>,
    ) -> Result<Vec<u64>> {
        let mut stripped = Vec::new();
        let mut known: HashMap<GroupTag, u64> = HashMap::new();
        for id in acknowledged {
            let Some(kept) = self.kept_now(store, *id)? else { continue };
            if let (Some(commit), Some(tag)) = (kept.commit, kept.tag) {
                // Its Welcomes were kept until now.
                tx.batch.delete(Key::group(crate::group::COMMIT, tag, &commit.to_be_bytes()));
            }
            let mut is_folded =
                |tag| tx.folded(tag).max(*known.entry(tag).or_insert_with(|| folded(tag, self.foreign)));
            match (kept.used, kept.tag) {
                (Some(_), Some(tag)) if is_folded(tag) < *id => {
                    let entry = NewEntry { event: None, group_id: &[], deliveries: 0, used: kept.used };
                    tx.batch.put_log(*id, Some(tag), encode(&entry));
                    stripped.push(*id);
                }
                _ => tx.batch.delete_log(*id),
            }
        }
        Ok(stripped)
    }
}

impl Ledger {
    /// What is known of a row with an event; looks at the row if others have written since.
    fn kept_now(&self, store: &Store, id: u64) -> Result<Option<Kept>> {
        match self.kept.get(&id) {
            Some(kept) if kept.foreign == self.foreign => return Ok(Some(*kept)),
            None => return Ok(None),
            Some(_) => {}
        }
        let Some(row) = store.scan_log(id, id + 1, false, 1)?.pop() else { return Ok(None) };
        let entry: Entry = decode(&row.value)?;
        // Without an event it was acknowledged before, and is there for its key.
        Ok(entry.event.map(|event| Kept::new(&event, row.tag, entry.used, self.foreign)))
    }
}

/// Whether a row of the log has no event any more.
fn is_spent(store: &Store, row: u64) -> Result<bool> {
    match store.scan_log(row, row + 1, false, 1)?.pop() {
        Some(row) => Ok(decode::<Entry>(&row.value)?.event.is_none()),
        None => Ok(false),
    }
}

/// The events that wait, from above `after` on, each counted as delivered once more.
pub(crate) fn deliver(store: &Store, tx: &mut Tx, skip: &BTreeSet<u64>, after: u64, limit: u32) -> Result<()> {
    let mut from = after.saturating_add(1);
    while tx.events.len() < limit as usize {
        let page = store.scan_log(from, u64::MAX, false, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        from = last.seq + 1;
        for row in page {
            if tx.events.len() == limit as usize {
                return Ok(());
            }
            let mut entry: Entry = decode(&row.value)?;
            let Some(kind) = entry.event.clone().filter(|_| !skip.contains(&row.seq)) else { continue };
            tx.events.push(Event { id: row.seq, deliveries: entry.deliveries, group_id: entry.group_id.clone(), kind });
            entry.deliveries = entry.deliveries.saturating_add(1);
            tx.batch.put_log(row.seq, row.tag, encode(&entry));
        }
    }
    Ok(())
}

impl Ledger {
    /// Acknowledged, but not written yet.
    pub(crate) fn acknowledged(&self) -> &BTreeSet<u64> {
        &self.acknowledged
    }
}
