//! The storage that ships: one SQLite file, one connection, durable at every commit.
//!
//! Two tables hold one key space. Keys of exactly `m` and eight bytes (a number below 2^63) are rows of `log`, which is
//! appended to and cut at its front; everything else is a row of `kv`. What is longer than a page goes on in pages of its
//! own.
//!
//! `PRAGMA data_version` moves when another connection commits and not when we do: the version is a counter of both.
mod file;
mod rows;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::Connection;

#[cfg(feature = "faults")]
use super::faults::{self, Point};
use super::{KeyRange, Row, Storage, StorageError, Write, registry};

/// A [`Storage`] in one SQLite file (WAL, `synchronous=FULL`, `secure_delete`).
///
/// The file, its `-wal` and its `-shm` belong together. Several processes may open one file; within a process all
/// handles on a file are one, suspended and resumed together. After `fork()` the child's calls on it answer
/// [`StorageError::Forked`]; the child opens the file again.
pub struct SqliteStorage {
    path: PathBuf,
    file: Option<(u64, u64)>,
    pid: u32,
    state: Mutex<State>,
}

struct State {
    /// `None` while suspended.
    conn: Option<Connection>,
    /// The version this storage answers.
    version: u64,
    /// `PRAGMA data_version` when `version` was last right.
    data_version: i64,
}

impl SqliteStorage {
    /// Opens the file, or creates it. Its directory must exist. Threads: any.
    ///
    /// Errors: [`StorageError::Corrupt`] if the file is damaged or is no libmls store, [`StorageError::Newer`] if a
    /// newer libmls wrote it, [`StorageError::Locked`] if another process holds it or the device is locked: it is
    /// untouched in each case. [`StorageError::Io`] if the directory is missing, [`StorageError::Full`].
    /// [`StorageError::Forked`] if the parent process was writing to it at the moment of the fork.
    pub fn open(path: impl AsRef<Path>) -> Result<Arc<Self>, StorageError> {
        registry::shared(path.as_ref(), |path| {
            let conn = file::open(path, file::Missing::Create)?;
            let data_version = rows::data_version(&conn)?;
            let state = State { conn: Some(conn), version: 1, data_version };
            Ok(Self {
                path: path.to_owned(),
                file: registry::file_id(path),
                pid: std::process::id(),
                state: Mutex::new(state),
            })
        })
    }

    /// The file this storage was opened on, as device and inode.
    pub(super) fn file(&self) -> Option<(u64, u64)> {
        self.file
    }

    /// Closes, in a child process, the connection that was inherited. It holds no lock here and changes nothing,
    /// unless the parent was in the middle of a transaction.
    pub(super) fn abandon(&self) -> Result<(), StorageError> {
        let busy = || StorageError::Forked { detail: "the parent was using the store during the fork".into() };
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(busy()),
        };
        match state.conn.take() {
            Some(conn) if !conn.is_autocommit() => {
                state.conn = Some(conn);
                Err(busy())
            }
            _ => Ok(()),
        }
    }

    /// The connection, for tests that ask SQLite itself.
    #[cfg(test)]
    pub(super) fn with_conn<T>(&self, ask: impl FnOnce(&Connection) -> T) -> T {
        ask(self.state().expect("the same process").conn().expect("not suspended"))
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, StorageError> {
        // Before the lock: the thread that held it may not exist in the child.
        if std::process::id() != self.pid {
            return Err(StorageError::Forked { detail: String::new() });
        }
        // A panic cannot leave a transaction open: its guard rolls back.
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn conn(&self) -> Result<&Connection, StorageError> {
        self.conn.as_ref().ok_or(StorageError::Suspended { detail: String::new() })
    }

    /// Reads `data_version`, and moves the version with it.
    fn look(&mut self) -> Result<u64, StorageError> {
        let data_version = rows::data_version(self.conn()?)?;
        if data_version != self.data_version {
            self.data_version = data_version;
            self.version += 1;
        }
        Ok(self.version)
    }

    fn commit(&mut self, version: u64, writes: &[Write]) -> Result<Option<u64>, StorageError> {
        #[cfg(feature = "faults")]
        faults::at(Point::Begin)?;
        #[cfg(feature = "faults")]
        self.finish_lie()?;
        rows::begin(self.conn()?)?;
        let done = self.apply(version, writes);
        #[cfg(feature = "faults")]
        if faults::lied() {
            self.version += 1;
            return Ok(Some(self.version));
        }
        if !matches!(done, Ok(true)) {
            rows::rollback(self.conn()?);
            return done.map(|_| None);
        }
        // `data_version` is not read again: another process may have committed since, and that has to move the version
        // that is answered here.
        Ok(Some(self.version))
    }

    /// The inside of the transaction, up to its commit. If it answers anything but `true`, the transaction may be open.
    fn apply(&mut self, version: u64, writes: &[Write]) -> Result<bool, StorageError> {
        if self.look()? != version {
            return Ok(false);
        }
        let conn = self.conn()?;
        for write in writes {
            #[cfg(feature = "faults")]
            faults::at(Point::Write)?;
            rows::apply(conn, write)?;
        }
        #[cfg(feature = "faults")]
        faults::at(Point::BeforeCommit)?;
        rows::commit(conn)?;
        self.version += 1;
        #[cfg(feature = "faults")]
        faults::at(Point::AfterCommit)?;
        Ok(true)
    }

    #[cfg(feature = "faults")]
    fn finish_lie(&mut self) -> Result<(), StorageError> {
        let conn = self.conn()?;
        if conn.is_autocommit() { Ok(()) } else { rows::commit(conn) }
    }
}

impl Storage for SqliteStorage {
    fn version(&self) -> Result<u64, StorageError> {
        self.state()?.look()
    }

    fn get(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, StorageError> {
        rows::get(self.state()?.conn()?, &key)
    }

    fn scan(&self, range: KeyRange, reverse: bool, limit: u32) -> Result<Vec<Row>, StorageError> {
        rows::scan(self.state()?.conn()?, &range, reverse, limit)
    }

    fn commit(&self, version: u64, writes: Vec<Write>) -> Result<Option<u64>, StorageError> {
        self.state()?.commit(version, &writes)
    }

    /// Copies the WAL into the file and truncates it, so that the old content of rows is in neither. Does not wait for
    /// other processes.
    fn checkpoint(&self) -> Result<(), StorageError> {
        rows::checkpoint(self.state()?.conn()?)
    }

    fn suspend(&self) -> Result<(), StorageError> {
        let mut state = self.state()?;
        let Some(conn) = state.conn.take() else { return Ok(()) };
        // Best effort: another process may be reading. What matters here is that the locks go.
        let _ = rows::checkpoint(&conn);
        conn.close().map_err(|(conn, error)| {
            state.conn = Some(conn);
            error.into()
        })
    }

    fn resume(&self) -> Result<(), StorageError> {
        let mut state = self.state()?;
        if state.conn.is_some() {
            return Ok(());
        }
        let conn = file::open(&self.path, file::Missing::Fail)?;
        state.data_version = rows::data_version(&conn)?;
        state.conn = Some(conn);
        state.version += 1;
        Ok(())
    }
}

impl Drop for SqliteStorage {
    fn drop(&mut self) {
        // A child that inherited an open transaction must not roll it back: the parent is still in it.
        if std::process::id() != self.pid && self.abandon().is_err() {
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(state.conn.take());
        }
    }
}
