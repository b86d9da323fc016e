//! Rows: one key space over two tables.
use std::time::Duration;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, params};

use super::super::key::LOG;
use super::super::{KeyRange, Row, StorageError, Write};

/// How long to wait for another process that writes.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Where a key's row lives.
enum Place<'a> {
    Kv(&'a [u8]),
    Log(i64),
}

fn place(key: &[u8]) -> Place<'_> {
    match key {
        [LOG, rest @ ..] => match <[u8; 8]>::try_from(rest).map(i64::from_be_bytes) {
            Ok(seq) if seq >= 0 => Place::Log(seq),
            _ => Place::Kv(key),
        },
        _ => Place::Kv(key),
    }
}

fn log_key(seq: i64) -> Vec<u8> {
    [[LOG].as_slice(), &seq.to_be_bytes()].concat()
}

/// The log rows within a range of keys: the first and the last number, both included.
fn log_range(from: &[u8], to: &[u8]) -> Option<(i64, i64)> {
    let first = i64::try_from(first_seq(from)).ok()?;
    let last = i64::try_from(first_seq(to).checked_sub(1)?).ok()?;
    (first <= last).then_some((first, last))
}

/// The smallest number whose log key is at least `key`; 2^63 if there is none.
fn first_seq(key: &[u8]) -> u64 {
    const NONE: u64 = 1 << 63;
    match key {
        [LOG, rest @ ..] => {
            let mut number = [0; 8];
            let kept = rest.len().min(8);
            number[..kept].copy_from_slice(&rest[..kept]);
            let number = u64::from_be_bytes(number);
            // A longer key comes after the log key that it begins with.
            number.saturating_add(u64::from(rest.len() > 8)).min(NONE)
        }
        [first, ..] if *first > LOG => NONE,
        _ => 0,
    }
}

fn run(conn: &Connection, sql: &str, params: impl Params) -> Result<(), StorageError> {
    conn.prepare_cached(sql)?.execute(params)?;
    Ok(())
}

pub(super) fn begin(conn: &Connection) -> Result<(), StorageError> {
    run(conn, "BEGIN IMMEDIATE", [])
}

pub(super) fn commit(conn: &Connection) -> Result<(), StorageError> {
    run(conn, "COMMIT", [])
}

/// Ends a transaction without a trace. SQLite may have done so already, which is no error.
pub(super) fn rollback(conn: &Connection) {
    if !conn.is_autocommit() {
        let _ = run(conn, "ROLLBACK", []);
    }
}

pub(super) fn data_version(conn: &Connection) -> Result<i64, StorageError> {
    Ok(conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}

/// Does not wait: who reads in another process may be stopped, and this is called in the middle of other calls.
pub(super) fn checkpoint(conn: &Connection) -> Result<(), StorageError> {
    conn.busy_timeout(Duration::ZERO)?;
    let busy = conn
        .prepare_cached("PRAGMA wal_checkpoint(TRUNCATE)")
        .and_then(|mut checkpoint| checkpoint.query_row([], |row| row.get::<_, i64>(0)));
    conn.busy_timeout(BUSY)?;
    if busy? != 0 {
        return Err(StorageError::Locked { detail: "another process is in the way".into() });
    }
    Ok(())
}

pub(super) fn get(conn: &Connection, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
    let value = match place(key) {
        Place::Kv(key) => {
            conn.prepare_cached("SELECT v FROM kv WHERE k = ?")?.query_row([key], |row| row.get(0)).optional()?
        }
        Place::Log(seq) => {
            conn.prepare_cached("SELECT v FROM log WHERE seq = ?")?.query_row([seq], |row| row.get(0)).optional()?
        }
    };
    Ok(value)
}

pub(super) fn scan(conn: &Connection, range: &KeyRange, reverse: bool, limit: u32) -> Result<Vec<Row>, StorageError> {
    if range.from >= range.to {
        return Ok(Vec::new());
    }
    let Some(log) = log_range(&range.from, &range.to) else { return scan_kv(conn, range, reverse, limit) };
    // Another process must not commit between the two reads.
    let snapshot = Snapshot::take(conn)?;
    let mut rows = scan_kv(conn, range, reverse, limit)?;
    let log = scan_log(conn, log, reverse, limit)?;
    drop(snapshot);
    if !rows.is_empty() && !log.is_empty() {
        // Either table may hold the first `limit` rows of the union.
        rows.extend(log);
        rows.sort_by(|a, b| if reverse { b.key.cmp(&a.key) } else { a.key.cmp(&b.key) });
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        return Ok(rows);
    }
    rows.extend(log);
    Ok(rows)
}

/// One view of the file for several reads, until it is dropped. Within a transaction, that transaction's.
pub(super) struct Snapshot<'a> {
    /// `None` if the transaction is somebody else's to end.
    conn: Option<&'a Connection>,
}

impl<'a> Snapshot<'a> {
    pub(super) fn take(conn: &'a Connection) -> Result<Self, StorageError> {
        if !conn.is_autocommit() {
            return Ok(Self { conn: None });
        }
        run(conn, "BEGIN", [])?;
        Ok(Self { conn: Some(conn) })
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if let Some(conn) = self.conn {
            rollback(conn);
        }
    }
}

fn scan_kv(conn: &Connection, range: &KeyRange, reverse: bool, limit: u32) -> Result<Vec<Row>, StorageError> {
    let mut statement = conn.prepare_cached(if reverse {
        "SELECT k, v FROM kv WHERE k >= ?1 AND k < ?2 ORDER BY k DESC LIMIT ?3"
    } else {
        "SELECT k, v FROM kv WHERE k >= ?1 AND k < ?2 ORDER BY k LIMIT ?3"
    })?;
    collect(&mut statement, params![range.from, range.to, limit], |row| row.get(0))
}

fn scan_log(conn: &Connection, (first, last): (i64, i64), reverse: bool, limit: u32) -> Result<Vec<Row>, StorageError> {
    let mut statement = conn.prepare_cached(if reverse {
        "SELECT seq, v FROM log WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq DESC LIMIT ?3"
    } else {
        "SELECT seq, v FROM log WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq LIMIT ?3"
    })?;
    collect(&mut statement, params![first, last, limit], |row| row.get(0).map(log_key))
}

fn collect(
    statement: &mut CachedStatement<'_>,
    params: impl Params,
    key: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<Vec<u8>>,
) -> Result<Vec<Row>, StorageError> {
    let rows = statement.query_map(params, |row| Ok(Row { key: key(row)?, value: row.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn apply(conn: &Connection, write: &Write) -> Result<(), StorageError> {
    match write {
        Write::Put { key, value } => match place(key) {
            // An upsert rewrites the row in place; REPLACE would delete it first.
            Place::Kv(key) => {
                run(conn, "INSERT INTO kv VALUES (?1, ?2) ON CONFLICT DO UPDATE SET v = ?2", params![key, value])
            }
            Place::Log(seq) => {
                run(conn, "INSERT INTO log VALUES (?1, ?2) ON CONFLICT DO UPDATE SET v = ?2", params![seq, value])
            }
        },
        Write::Delete { key } => match place(key) {
            Place::Kv(key) => run(conn, "DELETE FROM kv WHERE k = ?", [key]),
            Place::Log(seq) => run(conn, "DELETE FROM log WHERE seq = ?", [seq]),
        },
        Write::DeleteRange { from, to } => {
            if from >= to {
                return Ok(());
            }
            run(conn, "DELETE FROM kv WHERE k >= ?1 AND k < ?2", params![from, to])?;
            match log_range(from, to) {
                Some(range) => run(conn, "DELETE FROM log WHERE seq BETWEEN ?1 AND ?2", range),
                None => Ok(()),
            }
        }
    }
}
