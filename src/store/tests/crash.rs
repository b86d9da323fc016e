//! Injected faults. The hook is one for the whole process, so each test has a process of its own.
use std::sync::atomic::{AtomicU32, Ordering};

use super::super::faults::{self, Fault, Point};
use super::super::{SqliteStorage, StorageError};
use super::process::{Other, say};
use super::*;

const POINTS: [Point; 4] = [Point::Begin, Point::Write, Point::BeforeCommit, Point::AfterCommit];

/// The commit changes two rows, so that half of it would show.
fn step(storage: &dyn Storage, n: u64) -> Result<(), StorageError> {
    let version = storage.version()?;
    let value = n.to_be_bytes();
    storage.commit(version, vec![put(b"a", &value), put(b"m\0\0\0\0\0\0\0\x01", &value)]).map(|_| ())
}

fn state(storage: &dyn Storage) -> u64 {
    let n = number(storage, b"a");
    assert_eq!(number(storage, b"m\0\0\0\0\0\0\0\x01"), n, "half a commit");
    n
}

pub(super) fn fail_everywhere(file: &Path) {
    let storage = SqliteStorage::open(file).unwrap();
    step(&*storage, 1).unwrap();
    for point in POINTS {
        for write in 0..2 {
            let seen = AtomicU32::new(0);
            faults::set(move |now| {
                if now == point && (point != Point::Write || seen.fetch_add(1, Ordering::Relaxed) == write) {
                    Fault::Fail(StorageError::Full { detail: "injected".into() })
                } else {
                    Fault::None
                }
            });
            let version = storage.version().unwrap();
            assert!(matches!(step(&*storage, 2), Err(StorageError::Full { .. })), "{point:?}");
            faults::clear();
            let after = if point == Point::AfterCommit { 2 } else { 1 };
            assert_eq!(state(&*storage), after, "{point:?}");
            assert_eq!(storage.version().unwrap() == version, after == 1);
            step(&*storage, 1).unwrap();
        }
    }
}

#[test]
fn a_commit_that_fails_anywhere_leaves_the_old_state_and_a_usable_handle() {
    let dir = TempDir::new();
    Other::start("fail_everywhere", &dir.file()).finish();
}

/// Counts up; dies at a point that moves with the number it starts from.
pub(super) fn abort(file: &Path) {
    let storage = SqliteStorage::open(file).unwrap();
    let start = state(&*storage);
    let calls = AtomicU32::new(0);
    faults::set(move |_| {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        if u64::from(call) == 10 + start % 5 { Fault::Abort } else { Fault::None }
    });
    count_from(&*storage, start);
}

/// As [`abort`], over a storage that acknowledges what it has not written.
pub(super) fn lie(file: &Path) {
    let storage = SqliteStorage::open(file).unwrap();
    let calls = AtomicU32::new(0);
    faults::set(move |point| match point {
        Point::BeforeCommit => Fault::Lie,
        Point::Begin if calls.fetch_add(1, Ordering::Relaxed) == 4 => Fault::Abort,
        _ => Fault::None,
    });
    count_from(&*storage, state(&*storage));
}

fn count_from(storage: &dyn Storage, start: u64) {
    for n in start + 1.. {
        step(storage, n).unwrap();
        say(n);
    }
}

/// Lets a process count until it dies. Answers what it acknowledged last and what is in the file.
fn crash(role: &str, file: &Path) -> (u64, u64) {
    let acknowledged = Other::start(role, file).last_words().last().unwrap().parse().unwrap();
    let storage = SqliteStorage::open(file).unwrap();
    let check = storage.with_conn(|conn| conn.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)));
    assert_eq!(check.unwrap(), "ok");
    (acknowledged, state(&*storage))
}

#[test]
fn a_process_that_dies_anywhere_keeps_what_it_acknowledged() {
    let dir = TempDir::new();
    for _ in 0..10 {
        let (acknowledged, found) = crash("abort", &dir.file());
        assert!((acknowledged..=acknowledged + 1).contains(&found), "{acknowledged} {found}");
    }
}

#[test]
fn a_storage_that_lies_is_caught_by_the_same_test() {
    let dir = TempDir::new();
    let (acknowledged, found) = crash("lie", &dir.file());
    assert!(found < acknowledged, "{acknowledged} {found}");
}

/// Another connection commits between our commit and its answer.
pub(super) fn overtaken(file: &Path) {
    let storage = SqliteStorage::open(file).unwrap();
    let path = file.to_owned();
    faults::set(move |point| {
        if point == Point::AfterCommit {
            let conn = rusqlite::Connection::open(&path).unwrap();
            conn.execute("UPDATE kv SET v = x'00'", []).unwrap();
        }
        Fault::None
    });
    let version = storage.version().unwrap();
    let answered = storage.commit(version, vec![put(b"a", b"ours")]).unwrap().unwrap();
    faults::clear();
    assert_eq!(storage.get(b"a".to_vec()).unwrap().unwrap(), [0]);
    assert_eq!(storage.commit(answered, vec![put(b"a", b"blind")]).unwrap(), None);
    assert_ne!(storage.version().unwrap(), answered);
}

#[test]
fn a_commit_that_was_overtaken_answers_a_version_that_has_moved() {
    let dir = TempDir::new();
    Other::start("overtaken", &dir.file()).finish();
}
