//! The file: whose it is, what must not be touched, what must not be left behind.
use std::fs;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::super::{SqliteStorage, StorageError};
use super::*;

/// The file and its WAL. An empty WAL is none: SQLite creates one when it looks.
fn files(path: &Path) -> [Vec<u8>; 2] {
    ["", "-wal"].map(|suffix| fs::read(beside(path, suffix)).unwrap_or_default())
}

/// Opens a file that must be refused and stay as it is.
fn refused(path: &Path) -> StorageError {
    let before = files(path);
    let error = SqliteStorage::open(path).err().expect("it was opened");
    assert!(files(path) == before, "the file was touched: {error}");
    error
}

fn filled(path: &Path) {
    let storage = SqliteStorage::open(path).unwrap();
    let rows: Vec<_> = (0..50u8).map(|i| put(&[b'K', i], &[i; 500])).collect();
    write(&*storage, &rows);
}

#[test]
fn one_path_gives_one_storage_however_it_is_spelled() {
    let dir = TempDir::new();
    let storage = SqliteStorage::open(dir.file()).unwrap();
    let link = dir.0.join("link");
    std::os::unix::fs::symlink(dir.file(), &link).unwrap();
    for path in [dir.file(), dir.0.join("./store.db"), link] {
        assert!(Arc::ptr_eq(&storage, &SqliteStorage::open(path).unwrap()));
    }
}

#[test]
fn a_file_put_in_the_place_of_an_open_one_is_another_storage() {
    let dir = TempDir::new();
    let old = SqliteStorage::open(dir.file()).unwrap();
    write(&*old, &[put(b"a", b"1")]);
    old.suspend().unwrap();
    fs::rename(dir.file(), dir.0.join("moved")).unwrap();
    let new = SqliteStorage::open(dir.file()).unwrap();
    assert_eq!(new.get(b"a".to_vec()).unwrap(), None);
}

#[test]
fn the_file_is_written_as_promised() {
    let dir = TempDir::new();
    let storage = SqliteStorage::open(dir.file()).unwrap();
    let pragma =
        |name| storage.with_conn(|conn| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap());
    assert_eq!(pragma("synchronous"), 2);
    assert_eq!(pragma("secure_delete"), 1);
    assert_eq!(pragma("foreign_keys"), 1);
    assert_eq!(pragma("page_size"), 1_024);
    assert_eq!(pragma("user_version"), 1);
    assert_eq!(&fs::read(dir.file()).unwrap()[18..20], [2, 2], "WAL");
}

#[test]
fn what_is_no_store_is_corrupt() {
    let dir = TempDir::new();
    let garbage: Vec<u8> = (0..8_192u32).map(|i| ((i * i) >> 3) as u8).collect();
    for content in [b"text".as_slice(), &garbage, &[0; 4_096]] {
        fs::write(dir.file(), content).unwrap();
        assert!(matches!(refused(&dir.file()), StorageError::Corrupt { .. }));
    }
}

#[test]
fn another_programs_database_is_corrupt() {
    for mode in ["DELETE", "WAL"] {
        let dir = TempDir::new();
        let conn = Connection::open(dir.file()).unwrap();
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        conn.pragma_update_and_check(None, "journal_mode", mode, |_| Ok(())).unwrap();
        conn.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);").unwrap();
        drop(conn);
        assert!(matches!(refused(&dir.file()), StorageError::Corrupt { .. }), "{mode}");
    }
}

#[test]
fn a_truncated_file_is_corrupt() {
    let dir = TempDir::new();
    filled(&dir.file());
    let whole = fs::read(dir.file()).unwrap();
    assert!(whole.len() > 5 * 4_096);
    let cut = dir.0.join("cut.db");
    for len in [1, 15, 16, 99, 100, 511, 512, 4_095, 4_096, 4_097, 8_192, whole.len() - 4_096, whole.len() - 1] {
        fs::write(&cut, &whole[..len]).unwrap();
        assert!(matches!(refused(&cut), StorageError::Corrupt { .. }), "{len}");
    }
}

#[test]
fn an_empty_file_beside_a_wal_is_corrupt() {
    let dir = TempDir::new();
    let storage = SqliteStorage::open(dir.file()).unwrap();
    write(&*storage, &[put(b"a", b"1")]);
    let cut = dir.0.join("cut.db");
    fs::copy(beside(&dir.file(), "-wal"), beside(&cut, "-wal")).unwrap();
    assert!(matches!(refused(&cut), StorageError::Corrupt { .. }));
    fs::write(&cut, b"").unwrap();
    assert!(matches!(refused(&cut), StorageError::Corrupt { .. }));
}

#[test]
fn a_newer_schema_is_newer() {
    let dir = TempDir::new();
    let storage = SqliteStorage::open(dir.file()).unwrap();
    storage.with_conn(|conn| conn.pragma_update(None, "user_version", 2).unwrap());
    drop(storage);
    assert!(matches!(refused(&dir.file()), StorageError::Newer { .. }));
}

#[test]
fn a_missing_directory_is_io_and_is_not_created() {
    let dir = TempDir::new();
    let path = dir.0.join("absent/store.db");
    assert!(matches!(SqliteStorage::open(&path).err(), Some(StorageError::Io { .. })));
    assert!(matches!(SqliteStorage::open(&dir.0).err(), Some(StorageError::Io { .. })));
    assert!(!path.parent().unwrap().exists());
}

#[test]
fn a_damaged_page_is_an_error_and_no_row() {
    let dir = TempDir::new();
    filled(&dir.file());
    let mut bytes = fs::read(dir.file()).unwrap();
    bytes[4_096..].fill(0x5a);
    fs::write(dir.file(), bytes).unwrap();
    let storage = SqliteStorage::open(dir.file()).unwrap();
    assert!(matches!(storage.get(b"K\x01".to_vec()), Err(StorageError::Corrupt { .. })));
    let version = storage.version().unwrap();
    assert!(matches!(storage.commit(version, vec![put(b"K\x01", b"")]), Err(StorageError::Corrupt { .. })));
}

#[test]
fn a_full_disk_is_full_and_leaves_the_old_state() {
    let dir = TempDir::new();
    let storage = SqliteStorage::open(dir.file()).unwrap();
    write(&*storage, &[put(b"a", b"old")]);
    let limit = |pages: u32| {
        storage.with_conn(|conn| {
            conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        });
    };
    limit(8);
    let version = storage.version().unwrap();
    let writes = [put(b"a", b"new"), put(b"big", &[1; 100_000])];
    assert!(matches!(storage.commit(version, writes.to_vec()), Err(StorageError::Full { .. })));
    assert_eq!(storage.get(b"a".to_vec()).unwrap().unwrap(), b"old");
    limit(1_000);
    assert!(storage.commit(version, writes.to_vec()).unwrap().is_some());
}

#[test]
fn a_file_that_vanished_while_suspended_is_not_created_anew() {
    let dir = TempDir::new();
    let storage = SqliteStorage::open(dir.file()).unwrap();
    storage.suspend().unwrap();
    assert!(!beside(&dir.file(), "-wal").exists() && !beside(&dir.file(), "-shm").exists());
    fs::rename(dir.file(), dir.0.join("moved")).unwrap();
    assert!(matches!(storage.resume(), Err(StorageError::Io { .. })));
    assert!(!dir.file().exists());
    assert!(matches!(storage.version(), Err(StorageError::Suspended { .. })));
    fs::rename(dir.0.join("moved"), dir.file()).unwrap();
    storage.resume().unwrap();
    storage.version().unwrap();
}

#[test]
fn deleted_and_replaced_values_leave_the_files_at_a_checkpoint() {
    let dir = TempDir::new();
    let storage = SqliteStorage::open(dir.file()).unwrap();
    let found =
        |needle: &[u8]| files(&dir.file()).iter().any(|file| file.windows(needle.len()).any(|window| window == needle));
    // Long values live in pages of their own, short ones in shared pages, log rows in a third kind.
    let log = b"m\0\0\0\0\0\0\0\x01";
    let secrets = [[0xA1; 64], [0xB2; 64], [0xC3; 64]];
    let old = [put(b"K1", &secrets[0].repeat(200)), put(b"K2", &secrets[1]), put(log, &secrets[2])];
    write(&*storage, &[put(b"K0", b"stays"), old[0].clone(), old[1].clone(), old[2].clone()]);
    storage.checkpoint().unwrap();
    assert!(secrets.iter().all(|secret| found(secret)), "the search finds what is there");
    write(&*storage, &[delete(b"K1"), put(b"K2", b"new"), put(log, b"cut")]);
    storage.checkpoint().unwrap();
    assert!(!secrets.iter().any(|secret| found(secret)));
    assert!(found(b"stays"));
}
