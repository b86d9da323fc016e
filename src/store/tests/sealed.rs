//! What the sealed layer hides, refuses and forgets.
use zeroize::Zeroizing;

use super::super::header::{Header, SCHEMA};
use super::super::sealed::LogTag;
use super::super::{Batch, GroupTag, Key, MemoryStorage, SqliteStorage, Store};
use super::*;
use crate::ErrorCode;

const KEY: [u8; 32] = [0x77; 32];
const OTHER_KEY: [u8; 32] = [0x78; 32];

fn store(backend: &Arc<MemoryStorage>) -> Store {
    Store::open(backend.clone(), &KEY).unwrap()
}

fn refused(backend: &Arc<MemoryStorage>, key: &[u8; 32]) -> ErrorCode {
    let version = backend.version().unwrap();
    let code = Store::open(backend.clone(), key).err().expect("it was opened").code();
    assert_eq!(backend.version().unwrap(), version, "it was touched");
    code
}

fn commit(store: &Store, fill: impl FnOnce(&mut Batch)) {
    let mut batch = Batch::new();
    fill(&mut batch);
    assert!(store.commit(store.version().unwrap(), &batch).unwrap().is_some());
}

fn text(store: &Store, key: &Key) -> Option<String> {
    store.get(key).unwrap().map(|value| String::from_utf8(value.to_vec()).unwrap())
}

fn raw(backend: &dyn Storage, key: &Key) -> Vec<u8> {
    backend.get(key.as_bytes().to_vec()).unwrap().unwrap()
}

fn client(name: &str) -> Key {
    Key::client(b'K', name.as_bytes())
}

fn row(tag: GroupTag, name: &str) -> Key {
    Key::group(b'e', tag, name.as_bytes())
}

#[test]
fn what_is_put_comes_back_from_another_handle() {
    let backend = MemoryStorage::new();
    let store = store(&backend);
    let tag = store.group_tag(b"group");
    commit(&store, |batch| {
        batch.put(client("a"), b"one".to_vec());
        batch.put(row(tag, "b"), Zeroizing::new(b"two".to_vec()));
        batch.put_log(7, Some(tag), b"three".to_vec());
        batch.put_log(8, None, b"".to_vec());
    });
    let again = self::store(&backend);
    assert_eq!(again.group_tag(b"group"), tag);
    assert_eq!(text(&again, &client("a")).unwrap(), "one");
    assert_eq!(text(&again, &row(tag, "b")).unwrap(), "two");
    let log = again.scan_log(0, u64::MAX, false, 9).unwrap();
    assert_eq!(log.iter().map(|row| (row.seq, row.tag)).collect::<Vec<_>>(), [(7, Some(tag)), (8, None)]);
    assert_eq!(*log[0].value, b"three");
    assert_eq!(again.scan_log_tags(0, 8, true, 9).unwrap(), [LogTag { seq: 7, tag: Some(tag) }]);
    assert_eq!(again.scan_log(8, 9, true, 9).unwrap().len(), 1);
}

#[test]
fn a_scan_opens_its_rows_in_order() {
    let store = store(&MemoryStorage::new());
    let (one, two) = (store.group_tag(b"1"), store.group_tag(b"2"));
    commit(&store, |batch| {
        for tag in [one, two] {
            for number in [1u64, 2, 300] {
                batch.put(Key::group(b'e', tag, &number.to_be_bytes()), number.to_string().into_bytes());
            }
        }
    });
    let prefix = Key::group(b'e', one, b"");
    let rows = store.scan_prefix(&prefix, false, 9).unwrap();
    assert_eq!(rows.iter().map(|(key, _)| key.number().unwrap()).collect::<Vec<_>>(), [1, 2, 300]);
    assert!(rows.iter().all(|(key, value)| {
        key.group_tag() == Some(one) && **value == key.number().unwrap().to_string().into_bytes()
    }));
    assert_eq!(store.scan_prefix(&prefix, true, 1).unwrap()[0].0.number(), Some(300));
    let from = Key::group(b'e', one, &2u64.to_be_bytes());
    assert_eq!(store.scan(&from, &prefix.end(), false, 9).unwrap().len(), 2);
}

#[test]
fn a_batch_does_to_a_row_what_it_was_told_last() {
    let store = store(&MemoryStorage::new());
    let tag = store.group_tag(b"group");
    commit(&store, |batch| {
        assert!(batch.is_empty());
        batch.put(client("a"), b"1".to_vec());
        batch.delete(client("a"));
        batch.put(client("b"), b"1".to_vec());
        batch.delete_prefix(Key::client(b'K', b""));
        batch.put(client("c"), b"1".to_vec());
        batch.put(row(tag, "a"), b"1".to_vec());
        batch.put_log(1, Some(tag), b"1".to_vec());
        batch.forget_group(tag);
        batch.put(row(tag, "b"), b"2".to_vec());
        batch.put_log(2, None, b"2".to_vec());
        batch.delete_log(2);
        assert!(!batch.is_empty());
    });
    let found = [client("a"), client("b"), client("c"), row(tag, "a"), row(tag, "b")].map(|key| text(&store, &key));
    assert_eq!(found.map(|value| value.is_some()), [false, false, true, false, true]);
    assert!(store.scan_log(0, 9, false, 9).unwrap().is_empty());
}

#[test]
fn a_commit_against_a_moved_version_seals_nothing() {
    let backend = MemoryStorage::new();
    let (a, b) = (store(&backend), store(&backend));
    let seen = a.version().unwrap();
    commit(&b, |batch| batch.put(client("a"), b"b".to_vec()));
    let mut batch = Batch::new();
    batch.put(client("a"), b"a".to_vec());
    assert_eq!(a.commit(seen, &batch).unwrap(), None);
    assert_eq!(text(&a, &client("a")).unwrap(), "b");
}

#[test]
fn a_wrong_key_is_not_damage() {
    let backend = MemoryStorage::new();
    store(&backend);
    assert_eq!(refused(&backend, &OTHER_KEY), ErrorCode::StoreKeyWrong);
    store(&backend);
}

#[test]
fn a_damaged_header_is_corrupt_wherever_it_is_damaged() {
    let backend = MemoryStorage::new();
    store(&backend);
    let whole = raw(&*backend, &Key::header());
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        write(&*backend, &[put(b"!", &damaged)]);
        assert_eq!(refused(&backend, &KEY), ErrorCode::StoreCorrupt, "byte {at}");
        write(&*backend, &[put(b"!", &whole[..at])]);
        assert_eq!(refused(&backend, &KEY), ErrorCode::StoreCorrupt, "cut at {at}");
    }
    write(&*backend, &[delete(b"!"), put(b"Krow", b"")]);
    assert_eq!(refused(&backend, &KEY), ErrorCode::StoreCorrupt);
}

#[test]
fn a_newer_store_is_neither_read_nor_written() {
    let backend = MemoryStorage::new();
    let open = store(&backend);
    commit(&open, |batch| batch.put(client("a"), b"1".to_vec()));
    let header = Header::decode(raw(&*backend, &Key::header())).unwrap();

    // Reading still allowed: the handle that is open and one that opens now can read and must not write.
    write(&*backend, &[put(b"!", header.with_limits(SCHEMA, SCHEMA + 1, &KEY).bytes())]);
    for store in [&open, &store(&backend)] {
        assert_eq!(text(store, &client("a")).unwrap(), "1");
        let version = store.version().unwrap();
        assert_eq!(store.commit(version, &Batch::new()).unwrap_err().code(), ErrorCode::StoreNewer);
        assert_eq!(store.rekey(&OTHER_KEY).unwrap_err().code(), ErrorCode::StoreNewer);
        assert_eq!(store.version().unwrap(), version);
    }

    write(&*backend, &[put(b"!", header.with_limits(SCHEMA + 1, SCHEMA + 1, &KEY).bytes())]);
    assert_eq!(refused(&backend, &KEY), ErrorCode::StoreNewer);
    assert_eq!(open.get(&client("a")).unwrap_err().code(), ErrorCode::StoreNewer);
    assert_eq!(open.scan_log_tags(0, 9, false, 9).unwrap_err().code(), ErrorCode::StoreNewer);
    let version = backend.version().unwrap();
    assert_eq!(open.commit(version, &Batch::new()).unwrap_err().code(), ErrorCode::StoreNewer);
    assert_eq!(backend.version().unwrap(), version);
}

#[test]
fn a_new_store_key_rewraps_one_row() {
    let backend = MemoryStorage::new();
    let (a, b) = (store(&backend), store(&backend));
    commit(&a, |batch| batch.put(client("a"), b"1".to_vec()));
    let sealed = raw(&*backend, &client("a"));
    a.rekey(&OTHER_KEY).unwrap();
    assert_eq!(raw(&*backend, &client("a")), sealed);
    assert_eq!(refused(&backend, &KEY), ErrorCode::StoreKeyWrong);
    assert_eq!(text(&Store::open(backend.clone(), &OTHER_KEY).unwrap(), &client("a")).unwrap(), "1");
    // A handle that was open all the while goes on.
    assert_eq!(text(&b, &client("a")).unwrap(), "1");
    commit(&b, |batch| batch.put(client("a"), b"2".to_vec()));
    assert_eq!(text(&a, &client("a")).unwrap(), "2");
}

#[test]
fn another_stores_header_is_noticed_under_an_open_handle() {
    let (backend, other) = (MemoryStorage::new(), MemoryStorage::new());
    let open = store(&backend);
    store(&other);
    write(&*backend, &[put(b"!", &raw(&*other, &Key::header()))]);
    assert_eq!(open.get(&client("a")).unwrap_err().code(), ErrorCode::StoreCorrupt);
}

#[test]
fn a_row_that_was_moved_or_changed_is_corrupt() {
    let backend = MemoryStorage::new();
    let store = store(&backend);
    let (one, two) = (store.group_tag(b"1"), store.group_tag(b"2"));
    commit(&store, |batch| {
        for key in [client("a"), client("b"), row(one, "a"), row(one, "b"), row(two, "a")] {
            batch.put(key, b"value".to_vec());
        }
        batch.put_log(1, Some(one), b"value".to_vec());
        batch.put_log(2, Some(two), b"value".to_vec());
    });
    let pairs = [
        (client("a"), client("b")),
        (row(one, "a"), row(one, "b")),
        (row(one, "a"), row(two, "a")),
        (client("a"), row(one, "a")),
    ];
    for (from, to) in pairs {
        let genuine = raw(&*backend, &to);
        write(&*backend, &[put(to.as_bytes(), &raw(&*backend, &from))]);
        let error = store.get(&to).unwrap_err();
        assert_eq!(error.code(), ErrorCode::StoreCorrupt);
        assert_eq!(error.detail(), format!("a row of kind '{}'", char::from(to.kind())));
        for at in 0..genuine.len() {
            let mut changed = genuine.clone();
            changed[at] ^= 0x80;
            write(&*backend, &[put(to.as_bytes(), &changed)]);
            assert_eq!(store.get(&to).unwrap_err().code(), ErrorCode::StoreCorrupt);
        }
        write(&*backend, &[put(to.as_bytes(), &genuine)]);
        store.get(&to).unwrap();
    }
    // A log row under another number, or under another group's tag.
    let genuine = raw(&*backend, &Key::log(1));
    write(&*backend, &[put(Key::log(3).as_bytes(), &genuine)]);
    assert_eq!(store.scan_log(3, 4, false, 9).unwrap_err().code(), ErrorCode::StoreCorrupt);
    let renamed = [two.as_bytes().as_slice(), &genuine[GroupTag::LEN..]].concat();
    write(&*backend, &[put(Key::log(1).as_bytes(), &renamed)]);
    assert_eq!(store.scan_log(1, 2, false, 9).unwrap_err().code(), ErrorCode::StoreCorrupt);
    write(&*backend, &[put(Key::log(1).as_bytes(), b"short")]);
    assert_eq!(store.scan_log_tags(1, 2, false, 9).unwrap_err().code(), ErrorCode::StoreCorrupt);
}

#[test]
fn a_forgotten_group_is_gone_with_its_key_and_its_log() {
    let backend = MemoryStorage::new();
    let store = store(&backend);
    let (one, two) = (store.group_tag(b"1"), store.group_tag(b"2"));
    commit(&store, |batch| {
        batch.put(row(one, "a"), b"1".to_vec());
        batch.put(row(two, "a"), b"2".to_vec());
        // More than one page of the log.
        for seq in 0..600 {
            batch.put_log(seq, Some(if seq % 2 == 0 { one } else { two }), b"log".to_vec());
        }
    });
    let (key_row, sealed) = (raw(&*backend, &Key::group_key(one)), raw(&*backend, &row(one, "a")));
    commit(&store, |batch| batch.forget_group(one));
    assert_eq!(text(&store, &row(one, "a")), None);
    assert_eq!(text(&store, &row(two, "a")).unwrap(), "2");
    assert_eq!(store.scan_log(0, 999, false, 999).unwrap().len(), 300);
    let rest = keys(&*backend, b"\0", b"\xff", false, 999);
    assert!(!rest.iter().any(|key| key.windows(16).any(|window| window == one.as_bytes())));

    // A copy of the row without the key says nothing any more, with it everything: the key is what counts.
    write(&*backend, &[put(row(one, "a").as_bytes(), &sealed)]);
    assert_eq!(text(&store, &row(one, "a")), None);
    assert!(store.scan_prefix(&Key::group(b'e', one, b""), false, 9).unwrap().is_empty());
    write(&*backend, &[put(Key::group_key(one).as_bytes(), &key_row)]);
    assert_eq!(text(&store, &row(one, "a")).unwrap(), "1");
}

#[test]
fn a_group_that_comes_back_has_a_new_key() {
    let backend = MemoryStorage::new();
    let (a, b) = (store(&backend), store(&backend));
    let tag = a.group_tag(b"group");
    commit(&a, |batch| {
        batch.put(row(tag, "a"), b"old".to_vec());
        batch.put_log(1, Some(tag), b"old".to_vec());
    });
    let old = raw(&*backend, &Key::group_key(tag));
    assert_eq!(text(&b, &row(tag, "a")).unwrap(), "old");
    commit(&a, |batch| {
        batch.forget_group(tag);
        batch.put(row(tag, "a"), b"new".to_vec());
        batch.put_log(2, Some(tag), b"new".to_vec());
    });
    assert_ne!(raw(&*backend, &Key::group_key(tag)), old);
    for store in [&a, &b] {
        assert_eq!(text(store, &row(tag, "a")).unwrap(), "new");
        assert_eq!(store.scan_log(0, 9, false, 9).unwrap().len(), 1);
    }
    commit(&b, |batch| batch.put(row(tag, "b"), b"more".to_vec()));
    assert_eq!(text(&a, &row(tag, "b")).unwrap(), "more");

    // Forgotten first and put later: the key must not come from memory only.
    commit(&a, |batch| batch.forget_group(tag));
    commit(&a, |batch| batch.put(row(tag, "c"), b"later".to_vec()));
    assert_eq!(text(&store(&backend), &row(tag, "c")).unwrap(), "later");
}

#[test]
fn readers_are_right_while_a_group_is_made_and_forgotten() {
    let backend = MemoryStorage::new();
    let (writer, reader) = (store(&backend), store(&backend));
    let tag = writer.group_tag(b"group");
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for round in 0..300 {
                commit(&writer, |batch| {
                    batch.forget_group(tag);
                    batch.put(row(tag, "a"), format!("{round}").into_bytes());
                });
                assert_eq!(text(&writer, &row(tag, "a")).unwrap(), round.to_string());
            }
        });
        while !writing.is_finished() {
            match reader.get(&row(tag, "a")) {
                Ok(_) => {}
                Err(error) => assert_eq!(error.code(), ErrorCode::Stale),
            }
        }
    });
}

#[test]
fn tags_of_two_purposes_differ_and_do_not_run_together() {
    let store = store(&MemoryStorage::new());
    assert_ne!(store.tag("psk", b"id"), store.tag("group", b"id"));
    assert_ne!(store.tag("psk", b"id"), store.tag("ps", b"kid"));
    assert_eq!(store.tag("group", b"id"), *store.group_tag(b"id").as_bytes());
    assert_ne!(store.group_tag(b"id"), self::store(&MemoryStorage::new()).group_tag(b"id"));
}

#[test]
fn neither_plaintext_nor_keys_nor_ids_are_in_the_files() {
    let dir = TempDir::new();
    let backend = SqliteStorage::open(dir.file()).unwrap();
    let store = Store::open(backend.clone(), &KEY).unwrap();
    let found = |needle: &[u8]| {
        ["", "-wal"].iter().any(|suffix| {
            let file = std::fs::read(beside(&dir.file(), suffix)).unwrap_or_default();
            file.windows(needle.len()).any(|window| window == needle)
        })
    };
    let tag = store.group_tag(b"the group's very own id");
    commit(&store, |batch| {
        batch.put(client("a"), b"a client's secret words".repeat(3));
        batch.put(row(tag, "a"), b"a group's secret words".repeat(300));
        batch.put_log(1, Some(tag), b"a message's secret words".repeat(40));
    });
    let mut secrets = store.raw_keys(tag).unwrap();
    secrets.push(KEY.to_vec());
    secrets.extend([b"secret words".to_vec(), b"the group's very own id".to_vec()]);
    assert!(secrets.len() == 6 && secrets.iter().all(|secret| secret.len() >= 12));
    for _ in 0..2 {
        assert!(!secrets.iter().any(|secret| found(secret)));
        store.checkpoint().unwrap();
    }
    assert!(found(tag.as_bytes()), "the search finds what is there");

    // The control: the same secrets, unsealed.
    let open: Vec<_> = secrets.iter().map(|secret| put(&[b"K", &secret[..4]].concat(), secret)).collect();
    write(&*backend, &open);
    assert!(secrets.iter().all(|secret| found(secret)));
}

#[test]
fn a_store_works_over_a_file_that_is_suspended_in_between() {
    let dir = TempDir::new();
    let store = Store::open(SqliteStorage::open(dir.file()).unwrap(), &KEY).unwrap();
    commit(&store, |batch| batch.put(client("a"), b"1".to_vec()));
    store.suspend().unwrap();
    assert_eq!(store.get(&client("a")).unwrap_err().code(), ErrorCode::Suspended);
    store.resume().unwrap();
    assert_eq!(text(&store, &client("a")).unwrap(), "1");
    commit(&store, |batch| batch.put(client("a"), b"2".to_vec()));
}
