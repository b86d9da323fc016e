//! One list of tests, run by name over every implementation.
use std::collections::BTreeMap;

#[cfg(not(feature = "capi"))]
use super::super::Row;
use super::super::{MemoryStorage, SqliteStorage, StorageError};
use super::*;

/// Two handles on one empty storage.
struct Subject {
    a: Arc<dyn Storage>,
    b: Arc<dyn Storage>,
    _dir: Option<TempDir>,
}

fn memory() -> Subject {
    let a = MemoryStorage::new();
    Subject { a: a.clone(), b: a, _dir: None }
}

fn sqlite() -> Subject {
    let dir = TempDir::new();
    let a = SqliteStorage::open(dir.file()).unwrap();
    let b = SqliteStorage::open(dir.file()).unwrap();
    Subject { a, b, _dir: Some(dir) }
}

/// An application's database as it looks behind callbacks: functions that know nothing of [`Storage`], whose errors
/// are strings.
#[cfg(not(feature = "capi"))]
type Get = Box<dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, String> + Send + Sync>;
#[cfg(not(feature = "capi"))]
type Scan = Box<dyn Fn(&[u8], &[u8], bool, u32) -> Result<Vec<(Vec<u8>, Vec<u8>)>, String> + Send + Sync>;
#[cfg(not(feature = "capi"))]
type Commit = Box<dyn Fn(u64, &[Write]) -> Result<Option<u64>, String> + Send + Sync>;
#[cfg(not(feature = "capi"))]
struct Callbacks {
    version: Box<dyn Fn() -> Result<u64, String> + Send + Sync>,
    get: Get,
    scan: Scan,
    commit: Commit,
    pause: Box<dyn Fn(bool) + Send + Sync>,
}

#[cfg(not(feature = "capi"))]
fn answer<T>(result: Result<T, String>) -> Result<T, StorageError> {
    result.map_err(|detail| {
        if detail == "paused" { StorageError::Suspended { detail } } else { StorageError::Callback { detail } }
    })
}

#[cfg(not(feature = "capi"))]
impl Storage for Callbacks {
    fn version(&self) -> Result<u64, StorageError> {
        answer((self.version)())
    }
    fn get(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, StorageError> {
        answer((self.get)(&key))
    }
    fn scan(&self, range: KeyRange, reverse: bool, limit: u32) -> Result<Vec<Row>, StorageError> {
        let rows = answer((self.scan)(&range.from, &range.to, reverse, limit))?;
        Ok(rows.into_iter().map(|(key, value)| Row { key, value }).collect())
    }
    fn commit(&self, version: u64, writes: Vec<Write>) -> Result<Option<u64>, StorageError> {
        answer((self.commit)(version, &writes))
    }
    fn checkpoint(&self) -> Result<(), StorageError> {
        Ok(())
    }
    fn suspend(&self) -> Result<(), StorageError> {
        (self.pause)(true);
        Ok(())
    }
    fn resume(&self) -> Result<(), StorageError> {
        (self.pause)(false);
        Ok(())
    }
}

/// With the C facade, its callbacks themselves.
#[cfg(feature = "capi")]
fn callbacks() -> Subject {
    let inner = MemoryStorage::new();
    Subject { a: crate::capi::behind_callbacks(&inner), b: crate::capi::behind_callbacks(&inner), _dir: None }
}

#[cfg(not(feature = "capi"))]
fn callbacks() -> Subject {
    fn plain(error: StorageError) -> String {
        if matches!(error, StorageError::Suspended { .. }) { "paused".into() } else { error.to_string() }
    }
    let inner = MemoryStorage::new();
    let make = || {
        let [v, g, s, c, p] = [(); 5].map(|()| inner.clone());
        Arc::new(Callbacks {
            version: Box::new(move || v.version().map_err(plain)),
            get: Box::new(move |key| g.get(key.to_vec()).map_err(plain)),
            scan: Box::new(move |from, to, reverse, limit| {
                let range = KeyRange { from: from.to_vec(), to: to.to_vec() };
                let rows = s.scan(range, reverse, limit).map_err(plain)?;
                Ok(rows.into_iter().map(|row| (row.key, row.value)).collect())
            }),
            commit: Box::new(move |version, writes| c.commit(version, writes.to_vec()).map_err(plain)),
            pause: Box::new(move |pause| if pause { p.suspend().unwrap() } else { p.resume().unwrap() }),
        })
    };
    Subject { a: make(), b: make(), _dir: None }
}

macro_rules! contract {
    ($($implementation:ident)* : $names:tt) => {
        const IMPLEMENTATIONS: &[&str] = &[$(stringify!($implementation)),*];
        $(contract!(@ $implementation $names);)*
    };
    (@ $implementation:ident { $($name:ident)* }) => {
        mod $implementation {
            $(#[test]
            fn $name() {
                super::$name(&super::$implementation());
            })*
        }
    };
}

contract! {
    memory sqlite callbacks : {
        an_absent_key_has_no_value
        a_value_is_read_back_and_replaced
        values_of_any_size_come_back
        a_deleted_row_is_gone
        a_commit_answers_the_version_that_follows
        a_read_does_not_move_the_version
        a_commit_against_a_moved_version_writes_nothing
        the_writes_of_a_commit_apply_in_their_order
        an_empty_commit_still_compares
        two_handles_see_each_others_commits
        of_racing_commits_each_lands_once
        a_scan_is_ordered_and_excludes_its_end
        a_reverse_scan_begins_at_the_end
        a_scan_stops_at_its_limit
        an_inverted_range_is_empty
        log_rows_keep_their_place_among_the_others
        a_deleted_range_takes_log_rows_too
        many_random_changes_agree_with_a_model
        a_suspended_storage_says_so_and_resumes_with_a_moved_version
        a_checkpoint_changes_no_row
    }
}

#[test]
fn every_implementation_runs_the_whole_contract() {
    let binary = std::env::current_exe().unwrap();
    let output = std::process::Command::new(binary).args(["--list", "--format", "terse"]).output().unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    let of = |implementation: &str| -> Vec<String> {
        let (_, here) = module_path!().split_once("::").unwrap();
        let prefix = format!("{here}::{implementation}::");
        list.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
    };
    let first = of(IMPLEMENTATIONS[0]);
    assert_eq!(first.len(), 20);
    for implementation in IMPLEMENTATIONS {
        assert_eq!(of(implementation), first, "{implementation}");
    }
}

fn an_absent_key_has_no_value(s: &Subject) {
    assert_eq!(s.a.get(b"absent".to_vec()).unwrap(), None);
    assert_eq!(s.a.get(b"m\0\0\0\0\0\0\0\x01".to_vec()).unwrap(), None);
}

fn a_value_is_read_back_and_replaced(s: &Subject) {
    for key in [b"key".as_slice(), b"m\0\0\0\0\0\0\0\x01"] {
        write(&*s.a, &[put(key, b"one")]);
        assert_eq!(s.a.get(key.to_vec()).unwrap().unwrap(), b"one");
        write(&*s.a, &[put(key, b"another")]);
        assert_eq!(s.a.get(key.to_vec()).unwrap().unwrap(), b"another");
    }
}

fn values_of_any_size_come_back(s: &Subject) {
    for size in [0, 1, 900, 1_100, 4_000, 4_096, 5_000, 1_000_000] {
        let value: Vec<u8> = (0..size).map(|i: usize| i as u8).collect();
        write(&*s.a, &[put(b"k", &value), put(b"m\0\0\0\0\0\0\0\x05", &value)]);
        assert_eq!(s.a.get(b"k".to_vec()).unwrap().unwrap(), value);
        assert_eq!(s.a.get(b"m\0\0\0\0\0\0\0\x05".to_vec()).unwrap().unwrap(), value);
    }
}

fn a_deleted_row_is_gone(s: &Subject) {
    write(&*s.a, &[put(b"a", b"1"), put(b"b", b"2")]);
    write(&*s.a, &[delete(b"a"), delete(b"never there")]);
    assert_eq!(s.a.get(b"a".to_vec()).unwrap(), None);
    assert_eq!(s.a.get(b"b".to_vec()).unwrap().unwrap(), b"2");
}

fn a_commit_answers_the_version_that_follows(s: &Subject) {
    let mut version = s.a.version().unwrap();
    for _ in 0..2_000 {
        let next = s.a.commit(version, vec![put(b"a", &[7; 3_000])]).unwrap().unwrap();
        assert_ne!(next, version);
        assert_eq!(s.a.version().unwrap(), next);
        version = next;
    }
}

fn a_read_does_not_move_the_version(s: &Subject) {
    write(&*s.a, &[put(b"a", b"1")]);
    let version = s.a.version().unwrap();
    s.a.get(b"a".to_vec()).unwrap();
    keys(&*s.a, b"\0", b"\xff", false, 9);
    assert_eq!(s.a.version().unwrap(), version);
}

fn a_commit_against_a_moved_version_writes_nothing(s: &Subject) {
    let old = s.a.version().unwrap();
    s.a.commit(old, vec![put(b"a", b"1")]).unwrap().unwrap();
    let now = s.a.version().unwrap();
    assert_eq!(s.a.commit(old, vec![put(b"a", b"2"), put(b"b", b"2"), delete_range(b"\0", b"\xff")]).unwrap(), None);
    assert_eq!(s.a.get(b"a".to_vec()).unwrap().unwrap(), b"1");
    assert_eq!(s.a.get(b"b".to_vec()).unwrap(), None);
    // The loser is told the truth about the version, and can go on.
    assert!(s.a.commit(now, vec![put(b"a", b"3")]).unwrap().is_some());
}

fn the_writes_of_a_commit_apply_in_their_order(s: &Subject) {
    write(&*s.a, &[put(b"a", b"1"), put(b"b", b"1"), put(b"c", b"1")]);
    write(
        &*s.a,
        &[put(b"a", b"2"), delete(b"a"), delete_range(b"b", b"d"), put(b"b", b"2"), put(b"d", b"1"), put(b"d", b"2")],
    );
    assert_eq!(s.a.get(b"a".to_vec()).unwrap(), None);
    assert_eq!(s.a.get(b"b".to_vec()).unwrap().unwrap(), b"2");
    assert_eq!(s.a.get(b"c".to_vec()).unwrap(), None);
    assert_eq!(s.a.get(b"d".to_vec()).unwrap().unwrap(), b"2");
}

fn an_empty_commit_still_compares(s: &Subject) {
    let old = s.a.version().unwrap();
    assert!(s.a.commit(old, vec![]).unwrap().is_some());
    write(&*s.a, &[put(b"a", b"1")]);
    assert_eq!(s.a.commit(old, vec![]).unwrap(), None);
}

fn two_handles_see_each_others_commits(s: &Subject) {
    let before = s.b.version().unwrap();
    write(&*s.a, &[put(b"a", b"1")]);
    assert_ne!(s.b.version().unwrap(), before);
    assert_eq!(s.b.get(b"a".to_vec()).unwrap().unwrap(), b"1");
    assert_eq!(s.b.commit(before, vec![delete(b"a")]).unwrap(), None);
}

fn of_racing_commits_each_lands_once(s: &Subject) {
    std::thread::scope(|scope| {
        for i in 0..4 {
            let handle = if i % 2 == 0 { &s.a } else { &s.b };
            scope.spawn(move || (0..25).for_each(|_| increment(handle, b"n")));
        }
    });
    assert_eq!(number(&*s.a, b"n"), 100);
}

fn a_scan_is_ordered_and_excludes_its_end(s: &Subject) {
    write(&*s.a, &[put(b"c", b""), put(b"a", b""), put(b"b", b""), put(b"bb", b"")]);
    assert_eq!(keys(&*s.a, b"a", b"c", false, 9), [b"a".to_vec(), b"b".to_vec(), b"bb".to_vec()]);
}

fn a_reverse_scan_begins_at_the_end(s: &Subject) {
    write(&*s.a, &[put(b"c", b""), put(b"a", b""), put(b"b", b"")]);
    assert_eq!(keys(&*s.a, b"a", b"c", true, 9), [b"b".to_vec(), b"a".to_vec()]);
    assert_eq!(keys(&*s.a, b"\0", b"\xff", true, 1), [b"c".to_vec()]);
}

fn a_scan_stops_at_its_limit(s: &Subject) {
    write(&*s.a, &[put(b"a", b""), put(b"b", b""), put(b"c", b"")]);
    assert_eq!(keys(&*s.a, b"\0", b"\xff", false, 2).len(), 2);
    assert!(keys(&*s.a, b"\0", b"\xff", false, 0).is_empty());
    assert_eq!(keys(&*s.a, b"\0", b"\xff", false, u32::MAX).len(), 3);
}

fn an_inverted_range_is_empty(s: &Subject) {
    write(&*s.a, &[put(b"a", b""), put(b"b", b"")]);
    for (from, to) in [(b"b", b"a"), (b"a", b"a")] {
        assert!(keys(&*s.a, from, to, false, 9).is_empty());
        write(&*s.a, &[delete_range(from, to)]);
    }
    assert_eq!(keys(&*s.a, b"\0", b"\xff", false, 9).len(), 2);
}

/// Keys around the place where the log begins and ends, in order.
fn border() -> Vec<Vec<u8>> {
    let log = |seq: u64, more: &[u8]| [b"m".as_slice(), &seq.to_be_bytes(), more].concat();
    let top = i64::MAX as u64;
    vec![
        b"l\xff".to_vec(),
        b"m".to_vec(),
        b"m\0".to_vec(),
        log(0, b""),
        log(0, b"\0"),
        log(1, b""),
        log(1, b"x"),
        log(255, b""),
        log(256, b""),
        b"m\x01".to_vec(),
        log(1 << 56, b""),
        log(top - 1, b""),
        log(top, b""),
        log(top, b"\xff"),
        log(top + 1, b""),
        log(u64::MAX, b""),
        b"n".to_vec(),
    ]
}

fn log_rows_keep_their_place_among_the_others(s: &Subject) {
    let border = border();
    assert!(border.is_sorted());
    write(&*s.a, &border.iter().map(|key| put(key, b"v")).collect::<Vec<_>>());
    for (i, from) in border.iter().enumerate() {
        for (j, to) in border.iter().enumerate().skip(i) {
            for limit in [1, 3, 99] {
                let expected: Vec<_> = border[i..j].iter().take(limit).cloned().collect();
                assert_eq!(keys(&*s.a, from, to, false, limit as u32), expected);
                let expected: Vec<_> = border[i..j].iter().rev().take(limit).cloned().collect();
                assert_eq!(keys(&*s.a, from, to, true, limit as u32), expected);
            }
        }
    }
}

fn a_deleted_range_takes_log_rows_too(s: &Subject) {
    let border = border();
    for (i, j) in [(0, 17), (3, 4), (4, 12), (12, 13), (2, 15), (5, 16)] {
        write(&*s.a, &border.iter().map(|key| put(key, b"v")).collect::<Vec<_>>());
        let end = border.get(j).map_or(b"o".as_slice(), Vec::as_slice);
        write(&*s.a, &[delete_range(&border[i], end)]);
        let left = border.iter().enumerate().filter(|(k, _)| !(i..j).contains(k)).map(|(_, key)| key.clone());
        assert_eq!(keys(&*s.a, b"\0", b"\xff", false, 99), left.collect::<Vec<_>>());
    }
}

fn many_random_changes_agree_with_a_model(s: &Subject) {
    let mut state = 1u64;
    let mut dice = |sides: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % sides
    };
    let names = border();
    let mut model = BTreeMap::new();
    for _ in 0..200 {
        let mut writes = Vec::new();
        for _ in 0..=dice(3) {
            let (key, other) = (names[dice(names.len())].clone(), names[dice(names.len())].clone());
            match dice(8) {
                0 => {
                    model.retain(|k, _| *k < key || *k >= other);
                    writes.push(delete_range(&key, &other));
                }
                1 | 2 => {
                    model.remove(&key);
                    writes.push(delete(&key));
                }
                _ => {
                    let value = vec![dice(256) as u8; dice(3_000)];
                    writes.push(put(&key, &value));
                    model.insert(key, value);
                }
            }
        }
        write(&*s.a, &writes);
        let all = s.b.scan(KeyRange { from: vec![0], to: vec![255] }, false, 99).unwrap();
        assert!(all.iter().map(|row| (&row.key, &row.value)).eq(model.iter()));
    }
}

fn a_suspended_storage_says_so_and_resumes_with_a_moved_version(s: &Subject) {
    write(&*s.a, &[put(b"a", b"1")]);
    let version = s.a.version().unwrap();
    s.a.suspend().unwrap();
    s.a.suspend().unwrap();
    assert!(matches!(s.a.version(), Err(StorageError::Suspended { .. })));
    assert!(matches!(s.a.get(b"a".to_vec()), Err(StorageError::Suspended { .. })));
    assert!(matches!(s.a.commit(version, vec![]), Err(StorageError::Suspended { .. })));
    let all = KeyRange { from: vec![0], to: vec![255] };
    assert!(matches!(s.a.scan(all, false, 1), Err(StorageError::Suspended { .. })));
    s.a.resume().unwrap();
    s.a.resume().unwrap();
    assert_ne!(s.a.version().unwrap(), version);
    assert_eq!(s.a.get(b"a".to_vec()).unwrap().unwrap(), b"1");
}

fn a_checkpoint_changes_no_row(s: &Subject) {
    write(&*s.a, &[put(b"a", b"1"), put(b"m\0\0\0\0\0\0\0\x01", b"2")]);
    let version = s.a.version().unwrap();
    s.a.checkpoint().unwrap();
    assert_eq!(s.a.version().unwrap(), version);
    assert_eq!(keys(&*s.a, b"\0", b"\xff", false, 9).len(), 2);
    assert!(s.a.commit(version, vec![delete(b"a")]).unwrap().is_some());
}
