//! A client is one device: one identity, one store, its key packages and its groups.

use crate::{
    CipherSuite, Credential, ErrorCode, Event, EventKind, Group, GroupStatus, MlsError, NewIdentity, Options,
    RejoinNeeded, RejoinReason, Result, SigningKey,
    engine::{self, Own},
    error::fail,
    gate::Gate,
    group::{GroupCore, GroupRow, Session, fold_stored},
    ledger::{ATTEMPTS, Done, Ledger, Tx, decode, encode},
    settings::Settings,
    store::{Batch, GroupTag, Key, MemoryStorage, SqliteStorage, Storage, Store},
};
use minicbor::{Decode, Encode};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use zeroize::{Zeroize, Zeroizing};

/// Who this client is.
const OWN: u8 = b'C';
/// External pre-shared keys.
const PSK: u8 = b'P';
/// From how many groups' objects on those that nobody uses are dropped.
const GROUPS_SWEPT: usize = 256;

pub(crate) fn psk_key(store: &Store, id: &[u8]) -> Key {
    Key::client(PSK, &store.tag("psk", id))
}

/// The client's identity as it is stored.
#[derive(Clone, Encode, Decode)]
pub(crate) struct OwnRow {
    #[n(0)]
    pub(crate) credential: Credential,
    /// One for each signature scheme that was needed.
    #[n(1)]
    keys: Vec<KeyRow>,
}

#[derive(Clone, Encode, Decode)]
struct KeyRow {
    #[n(0)]
    scheme: u8,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    secret: Vec<u8>,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    public: Vec<u8>,
}

impl Drop for KeyRow {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// The signature scheme of a suite: suites 1 and 3 share Ed25519.
pub(crate) fn scheme(suite: CipherSuite) -> u8 {
    if suite == CipherSuite::X25519_CHACHA { 1 } else { suite.0 as u8 }
}

impl OwnRow {
    fn key(&self, suite: CipherSuite) -> Option<SigningKey> {
        let row = self.keys.iter().find(|key| key.scheme == scheme(suite))?;
        Some(SigningKey { secret: row.secret.clone().into(), public: row.public.clone() })
    }

    fn set_key(&mut self, suite: CipherSuite, key: &SigningKey) {
        self.keys.retain(|row| row.scheme != scheme(suite));
        self.keys.push(KeyRow { scheme: scheme(suite), secret: key.secret.to_vec(), public: key.public.clone() });
    }

    fn put(&self, batch: &mut Batch) {
        batch.put(Key::client(OWN, &[]), encode(self));
    }
}

pub(crate) struct ClientCore {
    pub(crate) store: Arc<Store>,
    pub(crate) settings: Settings,
    pub(crate) ledger: Gate<Ledger>,
    groups: Mutex<HashMap<GroupTag, Arc<GroupCore>>>,
    /// How many groups are loaded.
    pub(crate) loaded: Arc<AtomicUsize>,
    /// The last mark that the anchor was told.
    anchored: Gate<u64>,
    closed: AtomicBool,
    clock: AtomicU64,
    /// Whether a group may have come to an epoch that a Welcome waits for: from the start, since a process may have died
    /// before it looked.
    pub(crate) welcomes_due: AtomicBool,
    /// Steps since the last checkpoint: what they replaced is still in the write-ahead log.
    since_checkpoint: AtomicU64,
}

/// A device: its identity, its key packages, its groups, its inbox. A handle; clones are the same client. Any thread
/// may use it; calls on different groups run side by side.
///
/// Opening the same path twice in a process gives two clients on one store, as two processes would have.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct Client {
    pub(crate) core: Arc<ClientCore>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(..)")
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Client {
    /// Opens the SQLite store at `path`, making it if it is not there. `key` is 32 bytes that the application keeps in
    /// the platform's keystore; it is wiped.
    ///
    /// Errors: `InvalidArgument` (key length, options), `StoreKeyWrong`, `StoreCorrupt`, `StoreNewer`, `StoreLocked`,
    /// `StoreIo`, `StoreIdentity` if the store is another device's, `InvalidSigningKey`, `Unsupported` (cipher suite).
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn open(path: &str, key: Vec<u8>, options: Options) -> Result<Self> {
        let key = Zeroizing::new(key);
        let settings = Settings::new(&options)?; // before a file is made
        check_store_key(&key)?;
        Self::open_with(SqliteStorage::open(path)?, &key, settings, options)
    }

    /// Opens a store in memory, which is gone with the client. Errors as for [`open`](Self::open).
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn open_in_memory(options: Options) -> Result<Self> {
        let key = Zeroizing::new(engine::random(32)?);
        Self::open_with(MemoryStorage::new(), &key, Settings::new(&options)?, options)
    }

    /// Opens the application's own store. Errors as for [`open`](Self::open), and `CallbackFailed`.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn open_storage(storage: Arc<dyn Storage>, key: Vec<u8>, options: Options) -> Result<Self> {
        let key = Zeroizing::new(key);
        check_store_key(&key)?;
        Self::open_with(storage, &key, Settings::new(&options)?, options)
    }
}

impl Client {
    fn open_with(storage: Arc<dyn Storage>, key: &[u8], settings: Settings, options: Options) -> Result<Self> {
        let key: Zeroizing<[u8; 32]> = Zeroizing::new(check_store_key(key)?);
        let store = Arc::new(Store::open(storage, &key)?);
        open_identity(&store, &settings, &options)?;
        let mut ledger = Ledger::new();
        ledger.look(&store)?;
        let anchored = match &settings.anchor {
            Some(anchor) => anchor.load().map_err(|error| {
                MlsError::new(ErrorCode::CallbackFailed, "the anchor could not be loaded").with_detail(error.reason())
            })?,
            None => None,
        };
        let rolled_back = anchored.filter(|mark| *mark > ledger.mark());
        let core = ClientCore {
            store,
            settings,
            ledger: Gate::new(ledger),
            groups: Mutex::default(),
            loaded: Arc::default(),
            anchored: Gate::new(anchored.unwrap_or(0)),
            closed: AtomicBool::new(false),
            clock: AtomicU64::new(0),
            welcomes_due: AtomicBool::new(true),
            since_checkpoint: AtomicU64::new(0),
        };
        if let Some(mark) = rolled_back {
            core.give_up_groups(mark)?;
        }
        Ok(Self { core: Arc::new(core) })
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Client {
    /// Writes what waits to be written, and closes the client and its groups: every later call on them answers
    /// `Closed`. Closing twice is fine. Errors: `StoreIo` and the like; the client is closed all the same.
    pub fn close(&self) -> Result<()> {
        if self.core.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let result = self.core.put_away();
        for group in self.core.all_groups() {
            if let Some(mut session) = group.session.try_enter() {
                *session = None;
            }
        }
        match result {
            Err(error) if error.code() == ErrorCode::Suspended => Ok(()),
            // What waits is written; somebody else is reading, and cleans the log in his turn.
            Ok(()) => {
                self.core.store.checkpoint().or_else(unless_in_the_way).and_then(|()| self.core.catch_up_anchor())
            }
            result => result,
        }
    }

    /// Makes acknowledgements durable, folds consumed keys into their groups' rows, and cleans the write-ahead log,
    /// so that deleted keys are gone from the disk. `StoreLocked` if another process kept the log from being cleaned for
    /// a second; everything else is done then.
    pub fn flush(&self) -> Result<()> {
        self.core.open()?;
        self.core.put_away()?;
        let give_up = Instant::now() + Duration::from_secs(1);
        loop {
            match self.core.store.checkpoint() {
                Err(error) if error.code() == ErrorCode::StoreLocked && Instant::now() < give_up => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                result => return result.and_then(|()| self.core.catch_up_anchor()),
            }
        }
    }

    /// Writes what waits and gives back every lock on the store's files; until [`resume`](Self::resume), calls answer
    /// `Suspended`. iOS ends a suspended process that holds a lock on a file in a shared container.
    pub fn suspend(&self) -> Result<()> {
        self.core.open()?;
        match self.core.put_away() {
            Err(error) if error.code() != ErrorCode::Suspended => return Err(error),
            _ => {}
        }
        let told = self.core.catch_up_anchor();
        self.core.store.suspend()?;
        told
    }

    /// Ends [`suspend`](Self::suspend).
    pub fn resume(&self) -> Result<()> {
        self.core.open()?;
        self.core.store.resume()
    }

    /// Changes the store key to another 32 bytes, which are wiped. One row is written. Errors: `InvalidArgument`,
    /// `Stale`, and the store's.
    pub fn rekey(&self, key: Vec<u8>) -> Result<()> {
        let key = Zeroizing::new(key);
        self.core.open()?;
        self.core.settings.full()?;
        self.core.store.rekey(&check_store_key(&key)?)
    }

    /// The credential of key packages and groups that are made from now on.
    pub fn credential(&self) -> Result<Credential> {
        self.core.open()?;
        Ok(self.core.own_row()?.credential.clone())
    }

    /// The cipher suite of key packages and groups that are made without saying which.
    pub fn cipher_suite(&self) -> CipherSuite {
        self.core.settings.suite
    }

    /// The public signature key for a suite (`None`: the client's). Suites 1 and 3 share one.
    pub fn signature_key(&self, suite: Option<CipherSuite>) -> Result<Vec<u8>> {
        self.core.open()?;
        Ok(self.core.signing_key(self.core.suite(suite)?)?.public.clone())
    }

    /// The private signature key for a suite (`None`: the client's), for a move to another store. Whoever has it can
    /// speak as this device.
    pub fn export_signing_key(&self, suite: Option<CipherSuite>) -> Result<SigningKey> {
        self.core.open()?;
        self.core.settings.full()?;
        let key = self.core.signing_key(self.core.suite(suite)?)?;
        let secret = engine::private_key(&key.public, &key.secret).to_vec();
        Ok(SigningKey { secret: secret.into(), public: key.public.clone() })
    }

    /// Changes credential and signature key of what is made from now on. Groups keep theirs until a commit with
    /// [`CommitOptions::new_identity`](crate::CommitOptions) changes it. Errors: `InvalidSigningKey`,
    /// `InvalidCredential`.
    pub fn set_identity(&self, identity: NewIdentity) -> Result<()> {
        self.core.open()?;
        self.core.settings.full()?;
        let suite = self.core.settings.suite;
        let key = match &identity.signing_key {
            Some(key) => engine::check_signing_key(suite, key)?,
            None => engine::generate_signing_key(suite)?,
        };
        self.core.step(|tx| {
            let mut own = self.core.own_row()?;
            if let Some(credential) = &identity.credential {
                own.credential = credential.clone();
            }
            check_credential(&own.credential, &key)?;
            own.keys.clear();
            own.set_key(suite, &key);
            own.put(&mut tx.batch);
            Ok(())
        })
    }

    /// Keeps an external pre-shared key, replacing one of the same id. The secret is wiped. Errors:
    /// `InvalidArgument` for an empty id or secret.
    pub fn add_psk(&self, id: Vec<u8>, secret: Vec<u8>) -> Result<()> {
        let secret = Zeroizing::new(secret);
        self.core.open()?;
        self.core.settings.full()?;
        if id.is_empty() || secret.is_empty() {
            return fail(ErrorCode::InvalidArgument, "a pre-shared key has an id and a secret");
        }
        let key = psk_key(&self.core.store, &id);
        self.core.step(|tx| {
            tx.batch.put(key.clone(), secret.clone());
            Ok(())
        })
    }

    /// Forgets an external pre-shared key; nothing happens if there is none.
    pub fn delete_psk(&self, id: Vec<u8>) -> Result<()> {
        self.core.open()?;
        self.core.settings.full()?;
        let key = psk_key(&self.core.store, &id);
        self.core.step(|tx| {
            tx.batch.delete(key.clone());
            Ok(())
        })
    }

    /// A group that this device is in, was in, or is joining. `GroupNotFound` else.
    pub fn group(&self, id: Vec<u8>) -> Result<Group> {
        self.core.open()?;
        let group = self.core.group(&id);
        if !group.core.is_current(&self.core) && !self.core.exists(group.core.tag)? {
            return fail(ErrorCode::GroupNotFound, "this device has no such group");
        }
        Ok(group)
    }

    /// Ids of groups, at most `limit`, in an order that does not change; `after` is the last one of the page before.
    /// A group that is only being joined is not among them: [`joining_groups`](Self::joining_groups).
    pub fn groups(&self, after: Option<Vec<u8>>, limit: u32) -> Result<Vec<Vec<u8>>> {
        self.core.open()?;
        let all = Key::from_bytes(vec![crate::group::GROUP]);
        let from = match after {
            Some(id) => GroupRow::key(self.core.store.group_tag(&id)).after(),
            None => all.clone(),
        };
        let rows = self.core.store.scan(&from, &all.end(), false, limit)?;
        rows.iter().map(|(_, row)| Ok(decode::<GroupRow>(row)?.id.clone())).collect()
    }

    /// Deletes a group with everything of it, its events included, and messages that wait for a Welcome to it; nobody
    /// else is told. Nothing happens if there is none. Leave it first, so that the others remove this device.
    pub fn delete_group(&self, id: Vec<u8>) -> Result<()> {
        self.core.open()?;
        self.core.settings.full()?;
        let group = self.core.group(&id);
        let mut session = group.core.enter()?;
        let tag = group.core.tag;
        self.core.step(|tx| {
            tx.batch.forget_group(tag);
            group.forget_marker(&mut tx.batch);
            Ok(())
        })?;
        *session = None;
        group.core.forget_folded();
        self.core.store.checkpoint().or_else(unless_in_the_way)
    }
}

/// A checkpoint that another process is in the way of is made by the next one who can.
fn unless_in_the_way(error: MlsError) -> Result<()> {
    if error.code() == ErrorCode::StoreLocked { Ok(()) } else { Err(error) }
}

fn check_store_key(key: &[u8]) -> Result<[u8; 32]> {
    key.try_into().map_err(|_| MlsError::new(ErrorCode::InvalidArgument, "a store key has 32 bytes"))
}

/// `InvalidCredential` for what is no certificate, `InvalidSigningKey` for a key that is not the certificate's.
pub(crate) fn check_credential(credential: &Credential, key: &SigningKey) -> Result<()> {
    let Credential::X509 { chain } = credential else { return Ok(()) };
    let Some(leaf) = chain.first() else {
        return fail(ErrorCode::InvalidCredential, "an X.509 credential without a certificate");
    };
    chain[1..].iter().try_for_each(|certificate| engine::check_certificate(certificate))?;
    if engine::certificate_key(leaf)? != key.public {
        return fail(ErrorCode::InvalidSigningKey, "the signing key is not the certificate's");
    }
    Ok(())
}

/// Compares the store's identity with the options, or makes it.
fn open_identity(store: &Store, settings: &Settings, options: &Options) -> Result<()> {
    let named = match (&options.device, &settings.codec) {
        (Some(device), Some(codec)) => {
            let identity = codec.encode(device.clone()).map_err(|error| {
                MlsError::new(ErrorCode::CallbackFailed, "the codec failed").with_detail(error.reason())
            })?;
            if identity.is_empty() {
                return fail(ErrorCode::CallbackFailed, "the codec has encoded a device as nothing");
            }
            Some(Credential::Basic { identity })
        }
        (Some(device), None) => Some(Credential::basic(device)),
        (None, _) => None,
    };
    let given = options.credential.clone().or(named);
    for _ in 0..ATTEMPTS {
        let version = store.version()?;
        if let Some(row) = store.get(&Key::client(OWN, &[]))? {
            let own: OwnRow = decode(&row)?;
            let same = given.as_ref().is_none_or(|credential| *credential == own.credential);
            let same_key = match (&options.signing_key, own.key(settings.suite)) {
                (Some(given), Some(stored)) => given.public == stored.public,
                _ => true,
            };
            if !same || !same_key {
                return fail(ErrorCode::StoreIdentity, "the store belongs to another device than the options say");
            }
            return Ok(());
        }
        let Some(credential) = given.clone() else {
            return fail(ErrorCode::InvalidArgument, "a new store needs a credential");
        };
        let key = match &options.signing_key {
            Some(key) => engine::check_signing_key(settings.suite, key)?,
            None => engine::generate_signing_key(settings.suite)?,
        };
        check_credential(&credential, &key)?;
        let mut own = OwnRow { credential, keys: Vec::new() };
        own.set_key(settings.suite, &key);
        let mut batch = Batch::new();
        own.put(&mut batch);
        if store.commit(version, &batch)?.is_some() {
            return Ok(());
        }
    }
    fail(ErrorCode::Stale, "others kept changing the store")
}

impl ClientCore {
    /// `Closed` after [`Client::close`].
    pub(crate) fn open(&self) -> Result<()> {
        if self.is_closed() {
            return fail(ErrorCode::Closed, "the client is closed");
        }
        Ok(())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn suite(&self, suite: Option<CipherSuite>) -> Result<CipherSuite> {
        engine::suite(suite.unwrap_or(self.settings.suite))
    }

    /// Who this device is, as the store says: another client on it may have changed it.
    fn own_row(&self) -> Result<OwnRow> {
        match self.store.get(&Key::client(OWN, &[]))? {
            Some(row) => decode(&row),
            None => fail(ErrorCode::StoreCorrupt, "the store is without its device"),
        }
    }

    /// The signature key for a suite, made when it is first needed.
    pub(crate) fn signing_key(&self, suite: CipherSuite) -> Result<SigningKey> {
        Ok(self.own_with(suite)?.1)
    }

    /// Who this device is, and its signature key for a suite.
    fn own_with(&self, suite: CipherSuite) -> Result<(Credential, SigningKey)> {
        let own = self.own_row()?;
        if let Some(key) = own.key(suite) {
            return Ok((own.credential.clone(), key));
        }
        self.settings.full()?;
        let made = engine::generate_signing_key(suite)?;
        self.step(|tx| {
            let mut own = self.own_row()?;
            if matches!(own.credential, Credential::X509 { .. }) {
                return fail(ErrorCode::InvalidSigningKey, "the certificate's key is of another suite");
            }
            let key = match own.key(suite) {
                Some(key) => key,
                None => {
                    own.set_key(suite, &made);
                    own.put(&mut tx.batch);
                    made.clone()
                }
            };
            Ok((own.credential.clone(), key))
        })
    }

    /// Credential and key for a suite, in the engine's form.
    pub(crate) fn own(&self, suite: CipherSuite) -> Result<Own> {
        let (credential, key) = self.own_with(suite)?;
        Own::new(&credential, &key)
    }

    pub(crate) fn groups(&self) -> MutexGuard<'_, HashMap<GroupTag, Arc<GroupCore>>> {
        self.groups.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The one object for a group in this client, whether or not there is such a group. Two of them would be two locks:
    /// both could use the same keys.
    pub(crate) fn group(self: &Arc<Self>, id: &[u8]) -> Group {
        let core = self.core_of(id, self.store.group_tag(id));
        core.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Group { client: self.clone(), core }
    }

    fn core_of(&self, id: &[u8], tag: GroupTag) -> Arc<GroupCore> {
        let mut groups = self.groups();
        if groups.len() >= GROUPS_SWEPT && groups.len().is_power_of_two() && !groups.contains_key(&tag) {
            // An object comes from this map alone, and under its lock: one that only the map has is in nobody's hands.
            groups.retain(|_, group| Arc::strong_count(group) > 1 || group.is_loaded());
        }
        groups.entry(tag).or_insert_with(|| Arc::new(GroupCore::new(id, tag))).clone()
    }

    /// Puts away the groups that were not used for the longest time, if too many are loaded. Their objects stay.
    pub(crate) fn unload_some(&self) {
        let limit = self.settings.limits.loaded_groups.max(1) as usize;
        if self.loaded.load(Ordering::Relaxed) <= limit {
            return;
        }
        let mut idle = self.all_groups();
        // Cached: other threads use groups meanwhile, and a key that changes under the sort is a panic.
        idle.sort_by_cached_key(|group| group.used.load(Ordering::Relaxed));
        for group in idle {
            // A few at once: looking for them costs something.
            if self.loaded.load(Ordering::Relaxed) <= limit - limit / 8 {
                return;
            }
            let Some(mut session) = group.session.try_enter() else { continue };
            if session.is_some() {
                // Or its keys would wait in the log for a use that may never come. Not folded is not lost.
                let _ = self.fold(&group, &mut session);
                *session = None;
            }
        }
    }

    /// Whether the store has this group, joined or being joined.
    pub(crate) fn exists(&self, tag: GroupTag) -> Result<bool> {
        Ok(self.store.get(&GroupRow::key(tag))?.is_some()
            || self.store.get(&Key::group(crate::group::JOINING, tag, &[]))?.is_some())
    }

    /// Where a group stands, without loading it.
    pub(crate) fn status(&self, tag: GroupTag) -> Result<Option<GroupStatus>> {
        Ok(GroupRow::get(&self.store, tag)?.map(|row| row.status))
    }

    /// Up to which row of the log a group's keys are folded, as of so many changes by others.
    fn folded(&self, tag: GroupTag, foreign: u64) -> u64 {
        if let Some(folded) = self.groups().get(&tag).and_then(|group| group.folded(foreign)) {
            return folded;
        }
        // If the row cannot be read, the log's row stays.
        GroupRow::get(&self.store, tag).ok().flatten().map_or(0, |row| row.folded)
    }

    /// One transaction that belongs to no group, built again while others are in the way.
    pub(crate) fn step<T>(&self, mut build: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        self.write(|_, _| Ok(true), &mut build)?
            .map(|done| done.value)
            .ok_or_else(|| MlsError::new(ErrorCode::Stale, "others kept changing the store"))
    }

    /// As [`step`](Self::step), for what it tells the application.
    pub(crate) fn step_events(&self, mut build: impl FnMut(&mut Tx) -> Result<()>) -> Result<Vec<Event>> {
        self.write(|_, _| Ok(true), &mut build)?
            .map(|done| done.events)
            .ok_or_else(|| MlsError::new(ErrorCode::Stale, "others kept changing the store"))
    }

    /// One transaction, built again while others commit in between, as long as `valid` says that what it is built from
    /// still holds. `None` if it does not.
    pub(crate) fn write<T>(
        &self,
        mut valid: impl FnMut(&mut Ledger, u64) -> Result<bool>,
        build: &mut dyn FnMut(&mut Tx) -> Result<T>,
    ) -> Result<Option<Done<T>>> {
        let done = {
            let mut ledger = self.ledger.enter()?;
            let mut attempts = 0;
            loop {
                let foreign = ledger.look(&self.store)?;
                if !valid(&mut ledger, foreign)? {
                    return Ok(None);
                }
                if let Some(done) =
                    ledger.commit(&self.store, &|tag, foreign| self.folded(tag, foreign), &mut *build)?
                {
                    break done;
                }
                attempts += 1;
                if attempts == ATTEMPTS {
                    return fail(ErrorCode::Stale, "others kept changing the store");
                }
            }
        };
        use EventKind::{Committed, Joined, Removed, Replaced};
        let moved = |event: &Event| matches!(event.kind, Committed(_) | Joined(_) | Removed(_) | Replaced(_));
        if done.events.iter().any(moved) {
            self.welcomes_due.store(true, Ordering::Relaxed);
        }
        // Outside of the lock: it is the application's code.
        if let Some(mark) = done.mark {
            // It is written and stays so. What the anchor was not told, the next such write tells it, or a flush.
            let _ = self.anchor(mark);
        }
        let steps = self.since_checkpoint.fetch_add(1, Ordering::Relaxed) + 1;
        if steps >= u64::from(self.settings.limits.fold_distance) {
            self.since_checkpoint.store(0, Ordering::Relaxed);
            // Somebody reading is in the way at worst; the next one gets it.
            let _ = self.store.checkpoint();
        }
        Ok(Some(done))
    }

    /// The store is an older copy of itself: no group of it may send, since that would use keys twice. The store's mark
    /// goes above the anchor's last, so that a crash on the way starts this anew.
    fn give_up_groups(&self, mark: u64) -> Result<()> {
        let all = Key::from_bytes(vec![crate::group::GROUP]);
        let mut from = all.clone();
        loop {
            let page = self.store.scan(&from, &all.end(), false, 64)?;
            let Some((last, _)) = page.last() else { break };
            from = last.after();
            self.step(|tx| {
                for (key, row) in &page {
                    let mut row: GroupRow = decode(row)?;
                    if row.status != GroupStatus::Active {
                        continue;
                    }
                    row.status = GroupStatus::RejoinNeeded;
                    row.version += 1;
                    tx.batch.put(key.clone(), encode(&row));
                    let needed = RejoinNeeded { reason: RejoinReason::Anchor, epoch: row.epoch };
                    tx.event(key.group_tag(), &row.id, EventKind::RejoinNeeded(needed));
                }
                Ok(())
            })?;
        }
        self.step(|tx| {
            tx.set_mark(mark + 1);
            Ok(())
        })
    }

    /// Tells the anchor what it could not be told before.
    fn catch_up_anchor(&self) -> Result<()> {
        let mark = self.ledger.enter()?.mark();
        self.anchor(mark)
    }

    /// Tells the anchor a mark that is in the store.
    fn anchor(&self, mark: u64) -> Result<()> {
        let mut told = self.anchored.enter()?;
        // Another thread, with a later write, may have been faster.
        if mark <= *told {
            return Ok(());
        }
        self.settings.anchor(mark)?;
        *told = mark;
        Ok(())
    }

    fn all_groups(&self) -> Vec<Arc<GroupCore>> {
        self.groups().values().cloned().collect()
    }

    /// Folds the keys of every group that nobody is using just now, and writes acknowledgements.
    fn put_away(&self) -> Result<()> {
        for group in self.all_groups() {
            if let Some(mut session) = group.session.try_enter() {
                self.fold(&group, &mut session)?;
            }
        }
        let mut after = 0;
        loop {
            let page = self.store.scan_log_tags(after + 1, u64::MAX, false, 512)?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            let tags: BTreeSet<GroupTag> = page.iter().filter_map(|row| row.tag).collect();
            for tag in tags {
                let Some(row) = GroupRow::get(&self.store, tag)?.filter(|row| row.folded < after) else { continue };
                let group = self.core_of(&row.id, tag);
                if let Some(session) = group.session.try_enter().filter(|session| session.is_none()) {
                    fold_stored(self, &group)?;
                    drop(session);
                }
            }
        }
        self.acknowledge_now()
    }

    pub(crate) fn acknowledge_now(&self) -> Result<()> {
        if self.ledger.enter()?.has_acknowledgements() {
            self.step(|_| Ok(()))?;
        }
        Ok(())
    }

    /// Folds a loaded group's consumed keys into its row.
    pub(crate) fn fold(&self, group: &GroupCore, slot: &mut Option<Session>) -> Result<()> {
        let Some(session) = slot else { return Ok(()) };
        if session.unfolded.is_empty() {
            return Ok(());
        }
        if !session.store_folded(self, group, session.row.mark)? {
            *slot = None;
        }
        Ok(())
    }
}
