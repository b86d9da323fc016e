//! The sealed layer: values in the clear above it, row keys and sealed values below.
//!
//! Keys: the app's store key wraps a random data key (one row, so changing the store key rewraps one row); from the
//! data key come the index key, which turns ids into tags, and the row key, which seals the client's rows and the
//! groups' own keys; each group's random key seals the group's rows. Deleting a group is deleting its key.
//!
//! A row's value is `format (1) | nonce (12) | AES-256-GCM-SIV`, with format and row key as AAD, so that a row
//! cannot be moved. A log row's value begins with its group's tag (zeros if none), which is in the AAD too.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::batch::{Batch, Value};
use super::header::{self, Header, SCHEMA};
use super::key::{GROUP_KEY, GroupTag, Key, LOG};
use super::seal::{self, Sealer, Secret};
use super::{KeyRange, Row, Storage, StorageError, Write};
use crate::{ErrorCode, MlsError, Result};

/// The format of a sealed value. Rows of different formats can live side by side.
const FORMAT: u8 = 1;
const NO_TAG: [u8; GroupTag::LEN] = [0; GroupTag::LEN];
/// How often a reader or a header change starts again because others commit.
const ATTEMPTS: usize = 16;
/// Log rows looked at in one go for a forgotten group.
const PAGE: u32 = 256;
const CACHED_GROUPS: usize = 1024;
const ROWS_LABEL: &str = "libmls store rows";

/// A log row, opened.
#[derive(Debug)]
pub(crate) struct LogRow {
    pub(crate) seq: u64,
    pub(crate) tag: Option<GroupTag>,
    pub(crate) value: Zeroizing<Vec<u8>>,
}

/// A log row's number and group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogTag {
    pub(crate) seq: u64,
    pub(crate) tag: Option<GroupTag>,
}

/// A storage with its keys. Any thread may call; nothing is locked while the storage is called.
pub(crate) struct Store {
    backend: Arc<dyn Storage>,
    secrets: Box<Secrets>,
    look: Mutex<Look>,
}

struct Secrets {
    data_key: Secret,
    rows: Arc<Sealer>,
    index: hmac::Key,
    header: hmac::Key,
}

/// What was true at `version`.
struct Look {
    version: u64,
    min_writer: u16,
    /// The keys of groups that exist. Another process may delete a group and create it again under another key, so
    /// they are good for this version only.
    groups: HashMap<GroupTag, Arc<Sealer>>,
}

impl Store {
    /// Opens the store with the app's key, or creates it if there is not a single row.
    ///
    /// Errors: `StoreKeyWrong`, `StoreNewer`, `StoreCorrupt`, each of which leaves it untouched, and the storage's.
    pub(crate) fn open(backend: Arc<dyn Storage>, key: &[u8; 32]) -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let version = backend.version()?;
            let header = match backend.get(Key::header().as_bytes().to_vec())? {
                Some(bytes) => Header::decode(bytes)?,
                None => match Self::create(&*backend, version, key)? {
                    Some(header) => header,
                    None => continue,
                },
            };
            let secrets = Box::new(Secrets::new(header.unwrap(key)?)?);
            if !header.is_genuine(&secrets.header) {
                return corrupt(Key::header().kind());
            }
            let look = Look { version, min_writer: header.min_writer(), groups: HashMap::new() };
            return Ok(Self { backend, secrets, look: Mutex::new(look) });
        }
        stale()
    }

    /// Writes the first row. `None` if another process was faster.
    fn create(backend: &dyn Storage, version: u64, key: &[u8; 32]) -> Result<Option<Header>> {
        let all = KeyRange { from: vec![0], to: vec![0xff] };
        if !backend.scan(all, false, 1)?.is_empty() {
            return if backend.version()? == version { corrupt(Key::header().kind()) } else { Ok(None) };
        }
        let header = Header::create(key, &seal::random()?)?;
        let put = Write::Put { key: Key::header().as_bytes().to_vec(), value: header.bytes().to_vec() };
        Ok(backend.commit(version, vec![put])?.map(|_| header))
    }

    /// The version that [`commit`](Self::commit) compares. Errors: `StoreNewer`, `StoreCorrupt`, the storage's.
    pub(crate) fn version(&self) -> Result<u64> {
        let version = self.backend.version()?;
        if self.look().version == version {
            return Ok(version);
        }
        let header = self.header()?;
        *self.look() = Look { version, min_writer: header.min_writer(), groups: HashMap::new() };
        Ok(version)
    }

    /// The row's value, opened. Errors: `StoreCorrupt` with the row's kind, those of [`version`](Self::version).
    pub(crate) fn get(&self, key: &Key) -> Result<Option<Zeroizing<Vec<u8>>>> {
        debug_assert_ne!(key.kind(), LOG, "log rows are read by scan_log");
        self.settle(|seen| match self.backend.get(key.as_bytes().to_vec())? {
            Some(value) => self.open_row(seen, key, key.group_tag(), &[], &value),
            None => Ok(None),
        })
    }

    /// The rows with `from <= key < to`, opened: the first `limit` of them, or the last ones backwards. Rows whose
    /// group's key is gone are left out. Errors: as [`get`](Self::get).
    pub(crate) fn scan(
        &self,
        from: &Key,
        to: &Key,
        reverse: bool,
        limit: u32,
    ) -> Result<Vec<(Key, Zeroizing<Vec<u8>>)>> {
        let range = KeyRange { from: from.as_bytes().to_vec(), to: to.as_bytes().to_vec() };
        self.settle(|seen| {
            let mut opened = Vec::new();
            for Row { key, value } in self.backend.scan(range.clone(), reverse, limit)? {
                let key = Key::from_bytes(key);
                if let Some(value) = self.open_row(seen, &key, key.group_tag(), &[], &value)? {
                    opened.push((key, value));
                }
            }
            Ok(opened)
        })
    }

    /// [`scan`](Self::scan) over the keys that begin with `prefix`.
    pub(crate) fn scan_prefix(
        &self,
        prefix: &Key,
        reverse: bool,
        limit: u32,
    ) -> Result<Vec<(Key, Zeroizing<Vec<u8>>)>> {
        self.scan(prefix, &prefix.end(), reverse, limit)
    }

    /// The log rows with `from <= seq < to`, opened, as [`scan`](Self::scan).
    pub(crate) fn scan_log(&self, from: u64, to: u64, reverse: bool, limit: u32) -> Result<Vec<LogRow>> {
        self.settle(|seen| {
            let mut opened = Vec::new();
            for row in self.log(from, to, reverse, limit)? {
                let (name, sealed) = named(&row)?;
                let key = Key::from_bytes(row.key.clone());
                if let Some(value) = self.open_row(seen, &key, name.tag, &row.value[..GroupTag::LEN], sealed)? {
                    opened.push(LogRow { seq: name.seq, tag: name.tag, value });
                }
            }
            Ok(opened)
        })
    }

    /// Numbers and groups of the log rows with `from <= seq < to`, without opening them.
    pub(crate) fn scan_log_tags(&self, from: u64, to: u64, reverse: bool, limit: u32) -> Result<Vec<LogTag>> {
        self.version()?;
        self.log(from, to, reverse, limit)?.iter().map(|row| Ok(named(row)?.0)).collect()
    }

    /// Seals the batch and commits it, if nobody has committed since `version`. `None`: somebody has, and nothing was
    /// written. Errors: `StoreNewer`, `StoreCorrupt` and the storage's; nothing was written.
    pub(crate) fn commit(&self, version: u64, batch: &Batch) -> Result<Option<u64>> {
        if self.version()? != version {
            return Ok(None);
        }
        self.writable()?;
        let sealed = self.seal(version, batch)?;
        let Some(next) = self.backend.commit(version, sealed.writes)? else { return Ok(None) };
        // Ours was the only commit since `version`, so what was true then still is, but for what we changed. If
        // another thread has looked meanwhile, its look is newer.
        let mut look = self.look();
        if look.version == version {
            look.version = next;
            look.groups.retain(|tag, _| !batch.forgotten.contains(tag));
            look.groups.extend(sealed.groups);
        }
        Ok(Some(next))
    }

    /// Wraps the data key under a new store key; no other row changes. Errors: `Stale`, as [`commit`](Self::commit).
    pub(crate) fn rekey(&self, new: &[u8; 32]) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let version = self.version()?;
            self.writable()?;
            let header = self.header()?.rewrap(new, &self.secrets.data_key)?;
            let put = Write::Put { key: Key::header().as_bytes().to_vec(), value: header.bytes().to_vec() };
            if self.backend.commit(version, vec![put])?.is_some() {
                // The old wrap leaves the files now, or at the next checkpoint if somebody is reading.
                let _ = self.backend.checkpoint();
                return Ok(());
            }
        }
        stale()
    }

    /// The tag under which a group's rows are found.
    pub(crate) fn group_tag(&self, group_id: &[u8]) -> GroupTag {
        GroupTag::from_bytes(self.tag("group", group_id))
    }

    /// A keyed hash of `bytes` for looking rows up by something that the files must not show. `label` keeps one
    /// purpose's tags apart from another's.
    pub(crate) fn tag(&self, label: &str, bytes: &[u8]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.secrets.index);
        context.update(&u64::try_from(label.len()).expect("a length fits").to_be_bytes());
        context.update(label.as_bytes());
        context.update(bytes);
        let mut tag = [0; 16];
        tag.copy_from_slice(&context.sign().as_ref()[..16]);
        tag
    }

    /// [`Storage::checkpoint`].
    pub(crate) fn checkpoint(&self) -> Result<()> {
        Ok(self.backend.checkpoint()?)
    }

    /// [`Storage::suspend`].
    pub(crate) fn suspend(&self) -> Result<()> {
        Ok(self.backend.suspend()?)
    }

    /// [`Storage::resume`].
    pub(crate) fn resume(&self) -> Result<()> {
        Ok(self.backend.resume()?)
    }

    /// The keys themselves, for tests that look for them where they must not be.
    #[cfg(test)]
    pub(super) fn raw_keys(&self, tag: GroupTag) -> Result<Vec<Vec<u8>>> {
        let key = Key::group_key(tag);
        let group =
            self.backend.get(key.as_bytes().to_vec())?.and_then(|row| open(&self.secrets.rows, &key, &[], &row));
        let rows = seal::derive(&self.secrets.data_key, ROWS_LABEL)?;
        Ok(vec![self.secrets.data_key.to_vec(), rows.to_vec(), group.map_or(Vec::new(), |key| key.to_vec())])
    }

    fn look(&self) -> MutexGuard<'_, Look> {
        // No code that holds the lock can panic halfway through a change.
        self.look.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn header(&self) -> Result<Header> {
        let Some(bytes) = self.backend.get(Key::header().as_bytes().to_vec())? else {
            return corrupt(Key::header().kind());
        };
        let header = Header::decode(bytes)?;
        // Another store's header: the file was replaced under us.
        if !header.is_genuine(&self.secrets.header) {
            return corrupt(Key::header().kind());
        }
        Ok(header)
    }

    fn writable(&self) -> Result<()> {
        let min_writer = self.look().min_writer;
        if min_writer > SCHEMA {
            return Err(StorageError::Newer { detail: format!("writing takes schema {min_writer}") }.into());
        }
        Ok(())
    }

    /// Runs a read that consists of several; again if a row did not open because others committed in between.
    fn settle<T>(&self, read: impl Fn(u64) -> Result<T>) -> Result<T> {
        for _ in 0..ATTEMPTS {
            let seen = self.version()?;
            match read(seen) {
                Err(error) if error.code() == ErrorCode::StoreCorrupt && self.backend.version()? != seen => {}
                result => return result,
            }
        }
        stale()
    }

    /// The key of a group, which has one from its first row on.
    fn group(&self, seen: u64, tag: GroupTag) -> Result<Option<Arc<Sealer>>> {
        {
            let look = self.look();
            if look.version == seen
                && let Some(sealer) = look.groups.get(&tag)
            {
                return Ok(Some(sealer.clone()));
            }
        }
        let key = Key::group_key(tag);
        let Some(value) = self.backend.get(key.as_bytes().to_vec())? else { return Ok(None) };
        let Some(opened) = open(&self.secrets.rows, &key, &[], &value) else { return corrupt(GROUP_KEY) };
        let Ok(secret) = opened.as_slice().try_into() else { return corrupt(GROUP_KEY) };
        let sealer = Arc::new(Sealer::new(secret)?);
        let mut look = self.look();
        if look.version == seen {
            if look.groups.len() >= CACHED_GROUPS {
                look.groups.clear();
            }
            look.groups.insert(tag, sealer.clone());
        }
        Ok(Some(sealer))
    }

    /// Opens a row. `None` if its group's key is gone.
    fn open_row(
        &self,
        seen: u64,
        key: &Key,
        tag: Option<GroupTag>,
        head: &[u8],
        sealed: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let sealer = match tag {
            Some(tag) => match self.group(seen, tag)? {
                Some(sealer) => sealer,
                None => return Ok(None),
            },
            None => self.secrets.rows.clone(),
        };
        match open(&sealer, key, head, sealed) {
            Some(value) => Ok(Some(value)),
            None => corrupt(key.kind()),
        }
    }

    fn log(&self, from: u64, to: u64, reverse: bool, limit: u32) -> Result<Vec<Row>> {
        let bound = |seq: u64| [[LOG].as_slice(), &seq.min(1 << 63).to_be_bytes()].concat();
        Ok(self.backend.scan(KeyRange { from: bound(from), to: bound(to) }, reverse, limit)?)
    }

    fn seal(&self, version: u64, batch: &Batch) -> Result<Sealed> {
        let mut sealed = Sealed::default();
        for tag in &batch.forgotten {
            sealed.writes.extend(Key::prefixes_of(*tag).map(|prefix| delete_range(&prefix, &prefix.end())));
        }
        if !batch.forgotten.is_empty() {
            self.forget_log(batch, &mut sealed)?;
        }
        sealed.writes.extend(batch.ranges.iter().map(|(from, to)| delete_range(from, to)));
        for (key, value) in &batch.rows {
            let write = match value {
                Some(value) => self.seal_row(version, batch, &mut sealed, key, value)?,
                None => Write::Delete { key: key.as_bytes().to_vec() },
            };
            sealed.writes.push(write);
        }
        Ok(sealed)
    }

    /// Deletes the log rows of forgotten groups: without their key they would be in the way of a group that comes
    /// back under the same id.
    fn forget_log(&self, batch: &Batch, sealed: &mut Sealed) -> Result<()> {
        let mut from = 0;
        loop {
            let page = self.log(from, u64::MAX, false, PAGE)?;
            for row in &page {
                let (name, _) = named(row)?;
                from = name.seq + 1;
                if name.tag.is_some_and(|tag| batch.forgotten.contains(&tag)) {
                    sealed.writes.push(Write::Delete { key: row.key.clone() });
                }
            }
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    fn seal_row(&self, version: u64, batch: &Batch, sealed: &mut Sealed, key: &Key, value: &Value) -> Result<Write> {
        let sealer = match value.tag {
            Some(tag) => self.group_for_writing(version, batch, sealed, tag)?,
            None => self.secrets.rows.clone(),
        };
        let tag = value.tag.as_ref().map_or(&NO_TAG, GroupTag::as_bytes);
        let head: &[u8] = if key.kind() == LOG { tag } else { &[] };
        Ok(Write::Put { key: key.as_bytes().to_vec(), value: close(&sealer, key, head, &value.plain)? })
    }

    /// A group's key; a new one, with its row, if the group has none or is forgotten by this very batch.
    fn group_for_writing(
        &self,
        version: u64,
        batch: &Batch,
        sealed: &mut Sealed,
        tag: GroupTag,
    ) -> Result<Arc<Sealer>> {
        if let Some(sealer) = sealed.groups.get(&tag) {
            return Ok(sealer.clone());
        }
        if !batch.forgotten.contains(&tag)
            && let Some(sealer) = self.group(version, tag)?
        {
            return Ok(sealer);
        }
        let secret = seal::random()?;
        let sealer = Arc::new(Sealer::new(&secret)?);
        let key = Key::group_key(tag);
        let value = close(&self.secrets.rows, &key, &[], secret.as_slice())?;
        sealed.writes.push(Write::Put { key: key.as_bytes().to_vec(), value });
        sealed.groups.insert(tag, sealer.clone());
        Ok(sealer)
    }
}

impl Secrets {
    fn new(data_key: Secret) -> Result<Self> {
        Ok(Self {
            rows: Arc::new(Sealer::new(&*seal::derive(&data_key, ROWS_LABEL)?)?),
            index: seal::mac_key(&data_key, "libmls store index")?,
            header: header::mac_key(&data_key)?,
            data_key,
        })
    }
}

/// A batch on its way to the storage.
#[derive(Default)]
struct Sealed {
    writes: Vec<Write>,
    /// The keys of the groups that begin with this batch.
    groups: HashMap<GroupTag, Arc<Sealer>>,
}

fn aad(key: &Key, head: &[u8]) -> Vec<u8> {
    [&[FORMAT], key.as_bytes(), head].concat()
}

fn close(sealer: &Sealer, key: &Key, head: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    sealer.seal(&[head, &[FORMAT]].concat(), &aad(key, head), plain)
}

fn open(sealer: &Sealer, key: &Key, head: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    match sealed {
        [FORMAT, sealed @ ..] => sealer.open(&aad(key, head), sealed),
        _ => None,
    }
}

/// A log row's number and group, and the rest of its value.
fn named(row: &Row) -> Result<(LogTag, &[u8])> {
    let seq = match row.key.as_slice() {
        [LOG, number @ ..] => number.try_into().ok().map(u64::from_be_bytes),
        _ => None,
    };
    match (seq, row.value.split_first_chunk()) {
        (Some(seq), Some((tag, sealed))) => {
            let tag = (*tag != NO_TAG).then(|| GroupTag::from_bytes(*tag));
            Ok((LogTag { seq, tag }, sealed))
        }
        _ => corrupt(LOG),
    }
}

fn delete_range(from: &Key, to: &Key) -> Write {
    Write::DeleteRange { from: from.as_bytes().to_vec(), to: to.as_bytes().to_vec() }
}

/// The kind of the row is all that is said of it.
fn corrupt<T>(kind: u8) -> Result<T> {
    Err(StorageError::Corrupt { detail: format!("a row of kind '{}'", kind.escape_ascii()) }.into())
}

fn stale<T>() -> Result<T> {
    Err(MlsError::new(ErrorCode::Stale, "others kept changing the store"))
}
