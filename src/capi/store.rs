//! The application's own store: callbacks set one by one on a builder, and what they are lent.
use super::{
    bytes::{self, mls_bytes_t},
    error::{
        MLS_ERROR_STALE, MLS_ERROR_STORE_CORRUPT, MLS_ERROR_STORE_FULL, MLS_ERROR_STORE_IO, MLS_ERROR_STORE_LOCKED,
        MLS_ERROR_STORE_NEWER, MLS_ERROR_SUSPENDED, MLS_OK, mls_error_t, mls_status_t,
    },
    guard::{self, New, User, give, guard, mls_drop_fn},
    handle::{self, Handle, Tag, edit, item},
};
use crate::{
    ErrorCode, Result,
    error::fail,
    store::{KeyRange, Row, Storage, StorageError, Write},
};
use std::{
    ffi::c_void,
    mem,
    sync::{Arc, Mutex},
};

/// Insert the row, or replace its value.
pub const MLS_STORE_WRITE_PUT: i32 = 1;
/// Delete the row if there is one.
pub const MLS_STORE_WRITE_DELETE: i32 = 2;
/// Delete every row whose key is at least the write's key and below its end.
pub const MLS_STORE_WRITE_DELETE_RANGE: i32 = 3;

/// A store of the application's, in place of SQLite: one ordered key space with compare-and-swap transactions.
///
/// Keys are 1 to 255 bytes and compare bytewise. Values are up to a few MB, sealed by libmls, and mean nothing to the
/// store. Callbacks may come from any thread and may overlap; each must be atomic, must not call into the client that
/// uses the store, and must not unwind. `version`, `get`, `scan` and `commit` are required.
///
/// A callback answers `MLS_OK`, or why it could not: `MLS_ERROR_STORE_LOCKED`, `MLS_ERROR_STORE_FULL`,
/// `MLS_ERROR_STORE_IO`, `MLS_ERROR_STORE_CORRUPT`, `MLS_ERROR_STORE_NEWER`, `MLS_ERROR_SUSPENDED`. Any other answer
/// becomes `MLS_ERROR_CALLBACK_FAILED`.
pub struct mls_store_t {
    _opaque: [u8; 0],
}

impl Handle for mls_store_t {
    type Object = Mutex<Callbacks>;
    const TAG: Tag = Tag::Store;
}

/// Where `get` and `scan` put rows. Lent to the callback: the handle is closed when it returns.
pub struct mls_store_rows_t {
    _opaque: [u8; 0],
}

impl Handle for mls_store_rows_t {
    type Object = Arc<Mutex<Vec<Row>>>;
    const TAG: Tag = Tag::StoreRows;
}

/// The writes of a transaction, in their order. Lent to the callback: the handle is closed when it returns.
pub struct mls_store_writes_t {
    _opaque: [u8; 0],
}

impl Handle for mls_store_writes_t {
    type Object = Vec<Write>;
    const TAG: Tag = Tag::StoreWrites;
}

/// Reads a number that moves whenever anyone commits: this store, another one on the same data, another process. It is
/// compared for equality only, and may also move for no reason. Called before every operation: it has to be cheap.
pub type mls_store_version_fn = Option<extern "C" fn(user: *mut c_void, version: *mut u64) -> mls_status_t>;

/// Reads the row at `key`: `mls_store_rows_push` if there is one.
pub type mls_store_get_fn = Option<
    extern "C" fn(user: *mut c_void, key: *const u8, key_len: usize, rows: *mut mls_store_rows_t) -> mls_status_t,
>;

/// Reads at most `limit` rows whose keys are at least `from` and below `to`: `mls_store_rows_push` in ascending order
/// of keys, or, if `reverse` is not 0, the last ones in descending order.
pub type mls_store_scan_fn = Option<
    extern "C" fn(
        user: *mut c_void,
        from: *const u8,
        from_len: usize,
        to: *const u8,
        to_len: usize,
        reverse: i32,
        limit: u32,
        rows: *mut mls_store_rows_t,
    ) -> mls_status_t,
>;

/// Applies all writes in their order, atomically and durably, if nobody has committed since `version`, and reads the
/// new version into `new_version`. When it answers `MLS_OK` the rows must survive a power loss. If somebody has
/// committed it answers `MLS_ERROR_STALE`; then, and on every other answer, nothing may have been written.
pub type mls_store_commit_fn = Option<
    extern "C" fn(
        user: *mut c_void,
        version: u64,
        writes: *const mls_store_writes_t,
        new_version: *mut u64,
    ) -> mls_status_t,
>;

/// `checkpoint`: makes deleted and replaced rows unrecoverable, as far as the store can. `suspend`: finishes what is
/// under way and gives back every file lock; other callbacks answer `MLS_ERROR_SUSPENDED` until `resume`; twice is the
/// same as once. `resume`: ends `suspend`, and moves the version.
pub type mls_store_fn = Option<extern "C" fn(user: *mut c_void) -> mls_status_t>;

/// A store without callbacks yet. `user` goes to every callback, and once to `release` when neither the store nor a
/// client needs it any more, also if this call fails; `release` may be NULL. Yours: `mls_store_free`; clients that it
/// opened keep what they need. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_store_new(user: *mut c_void, release: mls_drop_fn) -> *mut mls_store_t {
    let user = User::new(user, release);
    guard::answer(|| Ok(New(Mutex::new(Callbacks::new(user.clone())))))
}

/// Lets a store go; clients that it opened keep what they need. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_store_free(store: *mut mls_store_t) {
    guard::free(store);
}

/// How the version is read. Required.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_store_set_version(
    store: *mut mls_store_t,
    version: mls_store_version_fn,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(store, |store| store.version = version))
}

/// How a row is read. Required.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_store_set_get(
    store: *mut mls_store_t,
    get: mls_store_get_fn,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(store, |store| store.get = get))
}

/// How a range is read. Required.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_store_set_scan(
    store: *mut mls_store_t,
    scan: mls_store_scan_fn,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(store, |store| store.scan = scan))
}

/// How a transaction is written. Required.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_store_set_commit(
    store: *mut mls_store_t,
    commit: mls_store_commit_fn,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(store, |store| store.commit = commit))
}

/// How deleted rows are made unrecoverable. Default: not at all.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_store_set_checkpoint(
    store: *mut mls_store_t,
    checkpoint: mls_store_fn,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(store, |store| store.checkpoint = checkpoint))
}

/// How file locks are given back. Default: there are none.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_store_set_suspend(
    store: *mut mls_store_t,
    suspend: mls_store_fn,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(store, |store| store.suspend = suspend))
}

/// How `suspend` is ended. Default: there is nothing to do.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_store_set_resume(
    store: *mut mls_store_t,
    resume: mls_store_fn,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(store, |store| store.resume = resume))
}

/// Answers a row, which is copied. To be called in a `get` or `scan` callback.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_store_rows_push(
    rows: *mut mls_store_rows_t,
    key: *const u8,
    key_len: usize,
    value: *const u8,
    value_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let row = Row { key: bytes::read(key, key_len)?, value: bytes::read(value, value_len)? };
        handle::lock(&**handle::get(rows)?).push(row);
        Ok(())
    })
}

/// How many writes the transaction has. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_store_writes_count(writes: *const mls_store_writes_t) -> usize {
    guard::answer(|| handle::count(writes))
}

/// What a write does, one of `MLS_STORE_WRITE_*`. 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_store_writes_kind(writes: *const mls_store_writes_t, index: usize) -> i32 {
    guard::answer(|| item(writes, index, kind))
}

/// The key of a write; the first key of a range. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_store_writes_key(
    writes: *const mls_store_writes_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(writes, index, |write| key(write).to_vec()))
}

/// The value of a `MLS_STORE_WRITE_PUT`. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another kind, and past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_store_writes_value(
    writes: *const mls_store_writes_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || guard::present(item(writes, index, value)?))
}

/// The first key that a `MLS_STORE_WRITE_DELETE_RANGE` keeps. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another kind, and past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_store_writes_end(
    writes: *const mls_store_writes_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || guard::present(item(writes, index, end)?))
}

fn kind(write: &Write) -> i32 {
    match write {
        Write::Put { .. } => MLS_STORE_WRITE_PUT,
        Write::Delete { .. } => MLS_STORE_WRITE_DELETE,
        Write::DeleteRange { .. } => MLS_STORE_WRITE_DELETE_RANGE,
    }
}

fn key(write: &Write) -> &[u8] {
    match write {
        Write::Put { key, .. } | Write::Delete { key } | Write::DeleteRange { from: key, .. } => key,
    }
}

fn value(write: &Write) -> Option<Vec<u8>> {
    match write {
        Write::Put { value, .. } => Some(value.clone()),
        _ => None,
    }
}

fn end(write: &Write) -> Option<Vec<u8>> {
    match write {
        Write::DeleteRange { to, .. } => Some(to.clone()),
        _ => None,
    }
}

/// The builder's content, and what a client calls once all that is required is there.
#[derive(Clone)]
pub(super) struct Callbacks {
    user: Arc<User>,
    version: mls_store_version_fn,
    get: mls_store_get_fn,
    scan: mls_store_scan_fn,
    commit: mls_store_commit_fn,
    checkpoint: mls_store_fn,
    suspend: mls_store_fn,
    resume: mls_store_fn,
}

impl Callbacks {
    fn new(user: User) -> Self {
        let user = Arc::new(user);
        let (version, get, scan, commit) = (None, None, None, None);
        Self { user, version, get, scan, commit, checkpoint: None, suspend: None, resume: None }
    }

    /// The store for a client. `InvalidArgument` while a required callback is missing.
    pub(super) fn storage(store: *const mls_store_t) -> Result<Arc<dyn Storage>> {
        let callbacks: Self = handle::value(store)?;
        let required = [callbacks.version.is_some(), callbacks.get.is_some(), callbacks.scan.is_some()];
        if required.contains(&false) || callbacks.commit.is_none() {
            return fail(ErrorCode::InvalidArgument, "a store needs version, get, scan and commit");
        }
        Ok(Arc::new(callbacks))
    }

    fn user(&self) -> *mut c_void {
        self.user.data()
    }

    fn simple(&self, callback: mls_store_fn) -> Result<(), StorageError> {
        callback.map_or(Ok(()), |callback| answered(callback(self.user())))
    }

    /// The rows that a callback pushes.
    fn rows(&self, read: impl FnOnce(*mut mls_store_rows_t) -> mls_status_t) -> Result<Vec<Row>, StorageError> {
        let rows = Arc::new(Mutex::new(Vec::new()));
        answered(handle::lend(rows.clone(), read).map_err(failed)?)?;
        Ok(mem::take(&mut *handle::lock(&rows)))
    }
}

impl Storage for Callbacks {
    fn version(&self) -> Result<u64, StorageError> {
        let mut version = 0;
        answered(missing(self.version)?(self.user(), &mut version))?;
        Ok(version)
    }

    fn get(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, StorageError> {
        let get = missing(self.get)?;
        let mut rows = self.rows(|rows| get(self.user(), key.as_ptr(), key.len(), rows))?;
        if rows.len() > 1 || rows.iter().any(|row| row.key != key) {
            return Err(failed("get answered other rows than the one at its key"));
        }
        Ok(rows.pop().map(|row| row.value))
    }

    fn scan(&self, range: KeyRange, reverse: bool, limit: u32) -> Result<Vec<Row>, StorageError> {
        let (scan, KeyRange { from, to }) = (missing(self.scan)?, &range);
        let rows = self.rows(|rows| {
            scan(self.user(), from.as_ptr(), from.len(), to.as_ptr(), to.len(), i32::from(reverse), limit, rows)
        })?;
        if !in_order(&rows, &range, reverse) || rows.len() > limit as usize {
            return Err(failed("scan answered rows out of their order, their range or their number"));
        }
        Ok(rows)
    }

    fn commit(&self, version: u64, writes: Vec<Write>) -> Result<Option<u64>, StorageError> {
        let commit = missing(self.commit)?;
        let mut new = 0;
        let answer = handle::lend(writes, |writes| commit(self.user(), version, writes, &mut new));
        match answer.map_err(failed)? {
            MLS_ERROR_STALE => Ok(None),
            answer => answered(answer).map(|()| Some(new)),
        }
    }

    fn checkpoint(&self) -> Result<(), StorageError> {
        self.simple(self.checkpoint)
    }

    fn suspend(&self) -> Result<(), StorageError> {
        self.simple(self.suspend)
    }

    fn resume(&self) -> Result<(), StorageError> {
        self.simple(self.resume)
    }
}

/// Whether rows are what a scan may answer: an application's mistake here would be taken for lost state.
fn in_order(rows: &[Row], range: &KeyRange, reverse: bool) -> bool {
    let ordered = |pair: &[Row]| if reverse { pair[0].key > pair[1].key } else { pair[0].key < pair[1].key };
    rows.windows(2).all(ordered) && rows.iter().all(|row| range.from <= row.key && row.key < range.to)
}

fn missing<T>(callback: Option<T>) -> Result<T, StorageError> {
    callback.ok_or_else(|| failed("the callback is not set"))
}

fn failed(why: impl ToString) -> StorageError {
    StorageError::Callback { detail: why.to_string() }
}

fn answered(status: mls_status_t) -> Result<(), StorageError> {
    let detail = String::new();
    match status {
        MLS_OK => Ok(()),
        MLS_ERROR_STORE_LOCKED => Err(StorageError::Locked { detail }),
        MLS_ERROR_STORE_FULL => Err(StorageError::Full { detail }),
        MLS_ERROR_STORE_IO => Err(StorageError::Io { detail }),
        MLS_ERROR_STORE_CORRUPT => Err(StorageError::Corrupt { detail }),
        MLS_ERROR_STORE_NEWER => Err(StorageError::Newer { detail }),
        MLS_ERROR_SUSPENDED => Err(StorageError::Suspended { detail }),
        other => Err(failed(format!("the callback answered {other}"))),
    }
}

#[cfg(test)]
pub(crate) mod tests;
