//! What was deleted is gone from the files, and what is secret was never in them in the clear.
mod support;
use mls::{
    store::{KeyRange, Row, SqliteStorage, Storage, StorageError, Write},
    *,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex},
};
use support::{scratch::Scratch, *};

/// A store in a file whose sealed values are remembered, those included that have been replaced or deleted since.
struct Remembering {
    inner: Arc<SqliteStorage>,
    values: Mutex<BTreeMap<Vec<u8>, Vec<Vec<u8>>>>,
}

impl Storage for Remembering {
    fn version(&self) -> Result<u64, StorageError> {
        self.inner.version()
    }
    fn get(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.get(key)
    }
    fn scan(&self, range: KeyRange, reverse: bool, limit: u32) -> Result<Vec<Row>, StorageError> {
        self.inner.scan(range, reverse, limit)
    }
    fn commit(&self, version: u64, writes: Vec<Write>) -> Result<Option<u64>, StorageError> {
        let mut values = self.values.lock().expect("no panic");
        for write in &writes {
            if let Write::Put { key, value } = write {
                values.entry(key.clone()).or_default().push(value.clone());
            }
        }
        self.inner.commit(version, writes)
    }
    fn checkpoint(&self) -> Result<(), StorageError> {
        self.inner.checkpoint()
    }
    fn suspend(&self) -> Result<(), StorageError> {
        self.inner.suspend()
    }
    fn resume(&self) -> Result<(), StorageError> {
        self.inner.resume()
    }
}

impl Remembering {
    /// Values of these kinds of row that are not there any more.
    fn gone(&self, kinds: &str) -> Vec<(char, Vec<u8>)> {
        let mut gone = Vec::new();
        for (key, values) in &*self.values.lock().expect("no panic") {
            let now = self.inner.get(key.to_vec()).expect("read");
            let old = values.iter().filter(|value| Some(*value) != now.as_ref());
            let kind = key[0] as char;
            gone.extend(old.filter(|_| kinds.contains(kind)).map(|value| (kind, value.clone())));
        }
        gone
    }
}

/// Everything that is on the disk of a store.
struct Files(Vec<u8>);

/// Bytes that nobody meets by chance.
const PIECE: usize = 24;

impl Files {
    fn of(path: &str) -> Self {
        Self(
            ["", "-wal", "-shm", "-journal"]
                .iter()
                .flat_map(|end| std::fs::read(path.to_owned() + end))
                .flatten()
                .collect(),
        )
    }

    fn have(&self, needle: &[u8]) -> bool {
        self.0.windows(needle.len()).any(|window| window == needle)
    }

    /// Which kinds of old values have left something behind. A long value is in several pages: any piece counts.
    fn remains(&self, gone: &[(char, Vec<u8>)]) -> String {
        let mut pieces = HashMap::new();
        for (kind, value) in gone {
            // The sealed part: its first bytes are a format and a nonce.
            pieces.extend(value.windows(PIECE).skip(30).step_by(97).map(|piece| (piece, *kind)));
        }
        let kinds: BTreeSet<char> = self.0.windows(PIECE).filter_map(|window| pieces.get(window)).copied().collect();
        kinds.into_iter().collect()
    }
}

/// Rows whose old values could unseal something: groups, epochs, commits, joining states, held messages, the log, groups'
/// keys, key packages, pre-shared keys, invitations.
const SECRET: &str = "gexjhmwKPI";

fn opened(scratch: &Scratch) -> (Client, Arc<Remembering>, String) {
    let file = scratch.file("bob.db");
    let storage = Arc::new(Remembering { inner: SqliteStorage::open(&file).expect("opens"), values: Mutex::default() });
    let client = Client::open_storage(storage.clone(), vec![7; 32], options("bob")).expect("opens");
    (client, storage, file)
}

#[test]
fn after_an_acknowledgement_and_a_flush_no_old_secret_is_in_the_files() {
    let scratch = Scratch::in_memory("residue");
    let (bob, storage, file) = opened(&scratch);
    let alice = device("alice");
    let canary = b"a canary that sings in no file at all";
    let psk = b"a pre-shared key that is in no file too";
    bob.add_psk(b"psk".to_vec(), psk.to_vec()).expect("kept");
    let groups = group_of(&[&alice, &bob]);
    let unused = key_package_secrets(&bob);
    let secrets = [
        &canary[..],
        psk,
        &[7; 32], // the store's key
        &bob.export_signing_key(None).expect("a key").secret[..32],
        &unused.init_key,
        &unused.encryption_key,
    ];
    let in_the_clear = |files: &Files| secrets.iter().any(|secret| files.have(secret));
    // One epoch more than are kept.
    for _ in 0..4 {
        for _ in 0..80 {
            let message = groups[0].encrypt(canary.to_vec(), EncryptOptions::default()).expect("encrypted");
            bob.receive(message.to_vec()).expect("received");
            groups[1].encrypt(canary.to_vec(), EncryptOptions::default()).expect("encrypted");
        }
        let commit = groups[1].commit(Vec::new(), CommitOptions::default()).expect("a commit");
        let held = alice.create_group(GroupOptions::default()).expect("a group");
        one(&bob, &say(&held, "held"));
        one(&alice, &commit.message().expect("its bytes"));
        commit.accept().expect("accepted");
    }
    bob.delete_psk(b"psk".to_vec()).expect("deleted");
    let gone = storage.gone(SECRET);
    for kind in "gexmKP".chars() {
        assert!(gone.iter().any(|(found, _)| *found == kind), "the test makes old values of kind {kind}");
    }
    let before = Files::of(&file);
    assert!(!before.remains(&gone).is_empty(), "the search finds what is there");
    assert!(!in_the_clear(&before), "nothing is in the clear, at any time");

    for event in bob.inbox(0, 1_000).expect("the inbox") {
        bob.acknowledge(event.id).expect("acknowledged");
    }
    bob.flush().expect("flushed");
    let gone = storage.gone(SECRET);
    let after = Files::of(&file);
    assert_eq!(after.remains(&gone), "", "old values of these kinds are in the files");
    assert!(!in_the_clear(&after));
    // What is not old is there.
    assert!(after.remains(&[('g', storage.inner.get(live_group(&storage)).expect("read").expect("a row"))]) == "g");
}

fn key_package_secrets(client: &Client) -> KeyPackageSecrets {
    key_package(client);
    let package = client.key_packages().expect("the inventory").remove(0);
    client.export_key_package(package.reference.to_vec()).expect("its keys")
}

fn live_group(storage: &Remembering) -> Vec<u8> {
    let groups = KeyRange { from: b"g".to_vec(), to: b"h".to_vec() };
    storage.inner.scan(groups, false, 1).expect("scanned").remove(0).key
}

#[test]
fn where_nothing_is_sealed_the_search_finds_it_until_it_is_deleted() {
    let scratch = Scratch::in_memory("control");
    let file = scratch.file("plain.db");
    let storage = SqliteStorage::open(&file).expect("opens");
    let canary: Vec<u8> = b"a canary that sings in a file ".repeat(200);
    let (small, large) = (canary[..40].to_vec(), canary);
    let commit = |writes: &[Write]| {
        let version = storage.version().expect("a version");
        storage.commit(version, writes.to_vec()).expect("no error").expect("nobody else writes");
    };
    let keys = [b"zsmall".to_vec(), b"zlarge".to_vec()];
    let values = keys.iter().cloned().zip([small.clone(), large]);
    commit(&values.map(|(key, value)| Write::Put { key, value }).collect::<Vec<_>>());
    assert!(Files::of(&file).have(&small), "in the write-ahead log");
    storage.checkpoint().expect("checkpointed");
    assert!(Files::of(&file).have(&small), "in the database");
    commit(&keys.map(|key| Write::Delete { key }));
    assert!(Files::of(&file).have(&small), "in the database, until the log is written into it");
    storage.checkpoint().expect("checkpointed");
    assert!(!Files::of(&file).have(&small[..PIECE]));
}

#[test]
fn after_a_group_is_deleted_nothing_of_it_is_in_the_files() {
    let scratch = Scratch::in_memory("deleted");
    let (bob, storage, file) = opened(&scratch);
    let alice = device("alice");
    let groups = group_of(&[&alice, &bob]);
    let kept = group_of(&[&alice, &bob]);
    for group in [&groups[0], &kept[0]] {
        for n in 0..100 {
            bob.receive(say(group, &n.to_string())).expect("received");
        }
    }
    groups[1].commit(Vec::new(), CommitOptions::default()).expect("a commit");
    let id = groups[1].id().to_vec();
    assert!(!Files::of(&file).remains(&storage.gone(SECRET)).is_empty(), "the search finds what is there");
    bob.delete_group(id.to_vec()).expect("deleted");
    let gone = storage.gone("gexjhtw");
    assert!(gone.iter().any(|(kind, _)| *kind == 'w'), "the group's own key is among them");
    assert_eq!(Files::of(&file).remains(&gone), "");
    assert_eq!(groups[1].epoch().expect_err("it is gone").code(), ErrorCode::GroupNotFound);
    assert_eq!(text(one(&bob, &say(&kept[0], "on"))), "on");
}

#[test]
fn a_process_that_died_leaves_its_groups_to_be_cleaned_by_the_next_flush() {
    let scratch = Scratch::in_memory("died");
    let alice = device("alice");
    let (bob, storage, file) = opened(&scratch);
    let groups = group_of(&[&alice, &bob]);
    for n in 0..20 {
        one(&bob, &say(&groups[0], &n.to_string()));
    }
    let rows = storage.values.lock().expect("no panic").clone();
    drop((bob, storage));
    let (bob, storage, _) = opened(&scratch);
    *storage.values.lock().expect("no panic") = rows;
    for event in bob.inbox(0, 1_000).expect("the inbox") {
        bob.acknowledge(event.id).expect("acknowledged");
    }
    // No group is loaded: the keys are folded all the same.
    bob.flush().expect("flushed");
    let log = KeyRange { from: b"m".to_vec(), to: b"n".to_vec() };
    assert!(storage.inner.scan(log, false, 9).expect("scanned").is_empty());
    assert_eq!(Files::of(&file).remains(&storage.gone(SECRET)), "");
    drop(groups);
}

/// What opening a file answers, which must be left as it is.
fn refused(file: &str, key: u8) -> ErrorCode {
    let before = std::fs::read(file).expect("read");
    let error = Client::open(file, vec![key; 32], options("bob")).expect_err("refused");
    assert!(std::fs::read(file).expect("read") == before, "the file was touched: {error}");
    error.code()
}

#[test]
fn a_wrong_key_a_cut_file_and_a_newer_one_are_three_errors_and_leave_the_file_alone() {
    let scratch = Scratch::in_memory("refused");
    let file = scratch.file("bob.db");
    let bob = Client::open(&file, vec![7; 32], options("bob")).expect("opens");
    let alice = device("alice");
    let groups = group_of(&[&alice, &bob]);
    bob.close().expect("closed");
    drop((groups, bob));
    assert_eq!(refused(&file, 8), ErrorCode::StoreKeyWrong);

    let whole = std::fs::read(&file).expect("read");
    let cut = scratch.file("cut.db");
    for len in [1, 100, 1_000, 1_024, whole.len() / 2 / 1_024 * 1_024, whole.len() - 1_024, whole.len() - 1] {
        std::fs::write(&cut, &whole[..len]).expect("written");
        assert_eq!(refused(&cut, 7), ErrorCode::StoreCorrupt, "{len}");
    }
    std::fs::write(&cut, b"no database").expect("written");
    assert_eq!(refused(&cut, 7), ErrorCode::StoreCorrupt);

    let newer = scratch.file("newer.db");
    std::fs::write(&newer, &whole).expect("written");
    let conn = rusqlite::Connection::open(&newer).expect("opens");
    conn.pragma_update(None, "user_version", 99).expect("set");
    conn.close().expect("closed");
    assert_eq!(refused(&newer, 7), ErrorCode::StoreNewer);

    // And the right key opens it still.
    assert_eq!(
        Client::open(&file, vec![7; 32], options("bob")).expect("opens").groups(None, 9).expect("groups").len(),
        1
    );
}
