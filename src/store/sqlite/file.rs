//! Opening the file: whose it is, which schema it has, how it is written.
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::super::StorageError;
use super::rows::{self, BUSY};

/// "MLSs" in the file's header: `file(1)` and we tell by it whose the file is.
const APPLICATION_ID: i32 = 0x4d4c_5373;
/// The tables' schema; what the rows hold is the sealed layer's business.
const USER_VERSION: i32 = 1;
const STATEMENTS: usize = 32;
/// A commit writes whole pages, and a message changes five or six of them whatever their size: the leaf and the overflow
/// page of its row, those of the row that is acknowledged, now and then a parent and the free list. Twice this size
/// would be more than 8 KB a message.
const PAGE: u32 = 1024;

/// What to do if there is no file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Create it.
    Create,
    /// Fail: it was there before.
    Fail,
}

/// What the file is, as far as it can be told without writing to it.
enum Content {
    /// Nothing yet.
    Empty,
    /// A store of this schema.
    Store,
}

pub(super) fn open(path: &Path, missing: Missing) -> Result<Connection, StorageError> {
    before_sqlite(path, missing)?;
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, missing == Missing::Create);
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // Until we know whose file it is, closing it must not touch it either.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let content = inspect(&conn)?;
    configure(&conn)?;
    if matches!(content, Content::Empty) {
        create(&conn)?;
    }
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(conn)
}

/// What SQLite would not ask before it acts.
fn before_sqlite(path: &Path, missing: Missing) -> Result<(), StorageError> {
    // Before the file: another process that is creating the store just now makes the file first.
    let (wal, journal) = (size_beside(path, "-wal"), size_beside(path, "-journal"));
    let size = match std::fs::metadata(path) {
        Ok(meta) if !meta.is_file() => return Err(StorageError::Io { detail: "not a regular file".into() }),
        Ok(meta) => meta.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && missing == Missing::Create => 0,
        Err(error) => return Err(StorageError::Io { detail: error.to_string() }),
    };
    // SQLite deletes the WAL of an empty file. The file is never empty when the WAL is not, so this one was truncated.
    if size == 0 && wal > 0 {
        return Err(StorageError::Corrupt { detail: "the file is empty or missing, but its WAL is not".into() });
    }
    // SQLite fills a torn last page with zeros. Only a crash while it was written may have torn it, and then the page
    // is in the WAL or in the journal.
    if size % u64::from(PAGE) != 0 && wal == 0 && journal == 0 {
        return Err(StorageError::Corrupt { detail: "the last page is not whole".into() });
    }
    Ok(())
}

fn size_beside(path: &Path, suffix: &str) -> u64 {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    std::fs::metadata(name).map(|meta| meta.len()).unwrap_or_default()
}

/// Reads whose file it is, and writes nothing.
fn inspect(conn: &Connection) -> Result<Content, StorageError> {
    // One read: another process may be creating the store just now.
    let _snapshot = rows::Snapshot::take(conn)?;
    let application_id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let user_version: i32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application_id, user_version, tables) {
        (0, 0, 0) => Ok(Content::Empty),
        (APPLICATION_ID, USER_VERSION, 1..) => Ok(Content::Store),
        (APPLICATION_ID, newer, _) if newer > USER_VERSION => {
            Err(StorageError::Newer { detail: format!("schema {newer}") })
        }
        _ => Err(StorageError::Corrupt { detail: format!("application id {application_id:#x}, not a libmls store") }),
    }
}

fn configure(conn: &Connection) -> Result<(), StorageError> {
    conn.pragma_update(None, "page_size", PAGE)?;
    wal(conn)?;
    #[cfg(not(feature = "faults"))]
    let synchronous = "FULL";
    #[cfg(feature = "faults")]
    let synchronous = super::super::faults::synchronous();
    conn.pragma_update(None, "synchronous", synchronous)?;
    // A barrier orders writes and does not persist them; only this does on Apple's systems. No effect elsewhere.
    conn.pragma_update(None, "fullfsync", cfg!(target_vendor = "apple"))?;
    conn.pragma_update(None, "checkpoint_fullfsync", cfg!(target_vendor = "apple"))?;
    conn.pragma_update(None, "secure_delete", true)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    // Nothing is spilled to temporary files.
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
    Ok(())
}

/// Switches to WAL. SQLite does not wait for the lock that this takes, so we do.
fn wal(conn: &Connection) -> Result<(), StorageError> {
    let give_up = Instant::now() + BUSY;
    loop {
        let answer = conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match answer.map_err(StorageError::from) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(StorageError::Io { detail: format!("no WAL here, only {mode}") }),
            Err(StorageError::Locked { .. }) if Instant::now() < give_up => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(error),
        }
    }
}

fn create(conn: &Connection) -> Result<(), StorageError> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let made = (|| {
        // Another process may have been faster.
        if matches!(inspect(conn)?, Content::Empty) {
            conn.execute_batch(
                "CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID;
                 CREATE TABLE log (seq INTEGER PRIMARY KEY, v BLOB NOT NULL);",
            )?;
            conn.pragma_update(None, "application_id", APPLICATION_ID)?;
            conn.pragma_update(None, "user_version", USER_VERSION)?;
        }
        conn.execute_batch("COMMIT").map_err(StorageError::from)
    })();
    if made.is_err() {
        rows::rollback(conn);
    }
    made
}
