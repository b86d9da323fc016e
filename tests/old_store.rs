//! Stores that older versions wrote open in this one, with all that is in them, and their groups go on. What they are and
//! how one is made for a new version: `tests/stores/README.md`.
mod support;
use mls::{
    store::{KeyRange, SqliteStorage, Storage},
    *,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use support::{scratch::Scratch, *};

/// The only time that anybody here knows, so that nothing expires.
const NOW: u64 = 1_800_000_000;
/// Every kind of row that there is (docs/storage.md).
const KINDS: &str = "!CFIKPSUeghjmptwx";

/// What is beside a store's files: names and bytes.
type Facts = BTreeMap<String, Vec<u8>>;

fn stores() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores")
}

fn timed(name: &str) -> Options {
    let mut options = options(name).trust(Trust::OnFirstUse);
    options.policy.external_join = ExternalJoin::Trusted;
    options.clock = Some(Watch::at(NOW));
    options
}

fn opened(dir: &Path, name: &str, key: &[u8]) -> Client {
    let file = dir.join(name.to_owned() + ".db");
    Client::open(file.to_str().expect("a path"), key.to_vec(), timed(name)).expect("opens")
}

/// A group of this device's, which the others are in.
fn founded(by: &Client, id: &str, others: &[&Client]) -> Vec<Group> {
    group_with(&[&[by], others].concat(), GroupOptions { id: Some(id.into()), ..Default::default() })
}

/// Writes what alice and bob have after a bit of everything, with alice in the middle of a lot.
fn write(dir: &Path) {
    let mut facts = Facts::from([("key".to_owned(), (0..32).collect())]);
    let mut note = |name: &str, bytes: &[u8]| drop(facts.insert(name.into(), bytes.to_vec()));
    let key: Vec<u8> = (0..32).collect();
    let (alice, bob) = (opened(dir, "alice", &key), opened(dir, "bob", &key));
    alice.add_psk(b"shared".to_vec(), b"a secret".to_vec()).expect("kept");
    bob.add_psk(b"shared".to_vec(), b"a secret".to_vec()).expect("kept");
    let packages = alice.create_key_packages(2, KeyPackageOptions::default()).expect("key packages");
    let last = KeyPackageOptions { last_resort: true, ..Default::default() };
    alice.create_key_packages(1, last).expect("a key package");
    note("signature key", &alice.signature_key(None).expect("a key"));

    // Read and acknowledged, read and not acknowledged, sent, sent in an epoch that is over; then a commit of alice's that
    // is pending, and a message that waits for it.
    let friends = founded(&alice, "friends", &[&bob, &open(timed("carol"))]);
    let read: Vec<_> = (0..5).map(|n| say(&friends[1], &format!("message {n}"))).collect();
    for (n, message) in read.iter().enumerate() {
        let event = alice.receive(message.to_vec()).expect("received").remove(0);
        if n < 2 {
            alice.acknowledge(event.id).expect("acknowledged");
        }
        assert_eq!(text(one(&bob, &say(&friends[0], "sent"))), "sent");
    }
    note("read", &read[0]);
    note("late", &say(&friends[1], "late"));
    committed(&alice, &commit(&friends[1], vec![]).0);
    let pending = friends[0].commit(vec![], CommitOptions::default()).expect("a commit");
    note("pending", &pending.message().expect("its bytes"));
    note("friends", &friends[0].epoch_authenticator().expect("an authenticator"));
    committed(&bob, &pending.message().expect("its bytes"));
    assert_eq!(held(&alice, &say(&friends[1], "early")), HeldFor::Epoch);

    // A proposal that alice has forgotten, a commit of hers that is pending, and the one of bob's that has won.
    let rivals = founded(&alice, "rivals", &[&bob]);
    proposed(&alice, &propose(&rivals[1], Proposal::ExternalPsk { id: b"shared".to_vec() }));
    rivals[0].clear_proposals().expect("cleared");
    rivals[0].commit(vec![], CommitOptions::default()).expect("a commit");
    note("rivals", &rivals[0].epoch_authenticator().expect("an authenticator"));
    note("winner", &commit(&rivals[1], vec![]).0);

    // An invitation, a group that alice is joining by herself, and one that she has not heard of.
    let invited = founded(&bob, "invited", &[]).remove(0);
    alice.receive(commit(&invited, vec![Proposal::add(packages[0].clone())]).1[0].to_vec()).expect("received");
    let joining = founded(&bob, "joining", &[]).remove(0);
    let info = joining.group_info(true, true).expect("a GroupInfo");
    let external = alice.join_external(info.to_vec(), JoinOptions::default()).expect("a commit");
    committed(&bob, &external.message().expect("its bytes"));
    let unknown = founded(&bob, "unknown", &[]).remove(0);
    note("welcome", &commit(&unknown, vec![Proposal::add(packages[1].clone())]).1[0]);
    assert_eq!(held(&alice, &say(&unknown, "before the Welcome")), HeldFor::Group);

    let of = |client: &Client| client.close().expect("closed");
    of(&alice);
    of(&bob);
    let all = KeyRange { from: vec![0], to: vec![255] };
    let storage = SqliteStorage::open(dir.join("alice.db").to_str().expect("a path")).expect("opens");
    let rows = storage.scan(all, false, u32::MAX).expect("scanned");
    let kinds: BTreeSet<char> = rows.iter().map(|row| row.key[0] as char).collect();
    assert_eq!(kinds.into_iter().collect::<String>(), KINDS, "one row of each kind");
    let lines = facts.iter().map(|(name, bytes)| format!("{name}: {}\n", remote::hex(bytes)));
    std::fs::write(dir.join("facts"), lines.collect::<String>()).expect("written");
}

fn facts(dir: &Path) -> Facts {
    let text = std::fs::read_to_string(dir.join("facts")).expect("facts");
    let fact = |line: &str| line.split_once(": ").map(|(name, hex)| (name.to_owned(), remote::unhex(hex)));
    text.lines().map(|line| fact(line).expect("a fact")).collect()
}

/// The text messages in the inbox, which are acknowledged.
fn texts(client: &Client) -> Vec<String> {
    let events = client.inbox(0, 1_000).expect("the inbox");
    let messages = events.into_iter().filter(|event| matches!(event.kind, EventKind::Message(_)));
    let told = messages.inspect(|event| client.acknowledge(event.id).expect("acknowledged"));
    told.map(|event| text(event.kind)).collect()
}

fn works(dir: &Path) {
    let scratch = Scratch::in_memory("old");
    for name in ["alice.db", "bob.db"] {
        std::fs::copy(dir.join(name), scratch.0.join(name)).expect("copied");
    }
    let facts = facts(dir);
    let key = &facts["key"];
    let wrong = Client::open(&scratch.file("alice.db"), vec![1; 32], timed("alice"));
    assert_eq!(wrong.expect_err("refused").code(), ErrorCode::StoreKeyWrong);
    let same = std::fs::read(dir.join("alice.db")).expect("read");
    assert!(std::fs::read(scratch.0.join("alice.db")).expect("read") == same, "the wrong key has touched the file");

    let (alice, bob) = (opened(&scratch.0, "alice", key), opened(&scratch.0, "bob", key));
    assert_eq!(alice.signature_key(None).expect("a key"), facts["signature key"]);
    let packages = alice.key_packages().expect("the inventory");
    assert_eq!((packages.len(), packages.iter().filter(|package| package.last_resort).count()), (3, 1));
    let ids: BTreeSet<_> = alice.groups(None, 100).expect("groups").into_iter().collect();
    assert_eq!(ids, BTreeSet::from([b"friends".to_vec(), b"rivals".to_vec()]));
    let both = |id: &str| [&alice, &bob].map(|client| client.group(id.as_bytes().to_vec()).expect("the group"));

    // What was read and not acknowledged is there; what was acknowledged is gone, and its key too.
    let [a, b] = both("friends");
    assert_eq!(a.epoch_authenticator().expect("an authenticator"), facts["friends"]);
    assert_eq!(a.member_count().expect("members"), 3);
    let waiting = alice.inbox(0, 1_000).expect("the inbox");
    assert_eq!(texts(&alice), ["message 2", "message 3", "message 4"]);
    assert_eq!(ignored(&alice, &facts["read"]), IgnoredReason::Duplicate);
    assert_eq!(text(one(&alice, &facts["late"])), "late");
    // The pending commit is the same, and what waited for it comes.
    let pending = a.pending_commits().expect("commits").remove(0);
    assert_eq!(pending.message().expect("its bytes"), facts["pending"]);
    pending.accept().expect("accepted");
    assert_eq!(texts(&alice), ["early"]);
    agree(&[&a, &b]);
    talk(&[(&alice, &a), (&bob, &b)]);

    // Another's commit with a proposal that was forgotten wins over the one that is pending.
    let [a, b] = both("rivals");
    assert_eq!(a.epoch_authenticator().expect("an authenticator"), facts["rivals"]);
    let pending = a.pending_commits().expect("commits").remove(0);
    let events = alice.receive(facts["winner"].to_vec()).expect("received");
    let lost = |event: &Event| matches!(&event.kind, EventKind::Superseded(lost) if lost.commit == pending.id());
    assert!(matches!(&events[0].kind, EventKind::Committed(committed) if *committed.psks[0] == b"shared"[..]));
    assert!(events.len() == 2 && lost(&events[1]), "{events:?}");
    talk(&[(&alice, &a), (&bob, &b)]);

    // The invitation is joined, and so is the group that she has asked to join, and the one that comes only now.
    let invitation = waiting.iter().find_map(|event| match &event.kind {
        EventKind::Invited(invitation) => Some(invitation),
        _ => None,
    });
    alice.join(invitation.expect("an invitation").id, None).expect("joined");
    let joining = alice.group(b"joining".to_vec()).expect("the group");
    assert_eq!(joining.status().expect("a status"), GroupStatus::Joining);
    joining.pending_commits().expect("commits")[0].accept().expect("accepted");
    join(&alice, &facts["welcome"]);
    assert_eq!(texts(&alice), ["before the Welcome"]);
    for id in ["invited", "joining", "unknown"] {
        let [a, b] = both(id);
        talk(&[(&alice, &a), (&bob, &b)]);
    }
    assert_eq!(alice.key_packages().expect("the inventory").len(), 1);

    // First uses are remembered, and somebody new comes in.
    let add = |client: &Client| vec![Proposal::add(key_package(client))];
    let [a, b] = both("friends");
    let other = alice.create_group(GroupOptions::default()).expect("a group");
    let refused = other.commit(add(&open(timed("bob"))), CommitOptions::default());
    assert_eq!(code(refused), ErrorCode::CredentialDenied);
    let dave = open(timed("dave"));
    let (message, welcomes) = commit(&a, add(&dave));
    committed(&bob, &message);
    let d = join(&dave, &welcomes[0]);
    talk(&[(&alice, &a), (&bob, &b), (&dave, &d)]);

    // And it is a store of this version that they leave.
    alice.close().expect("closed");
    let alice = opened(&scratch.0, "alice", key);
    let a = alice.group(b"friends".to_vec()).expect("the group");
    talk(&[(&alice, &a), (&bob, &b), (&dave, &d)]);
}

#[test]
fn stores_of_older_versions_open_with_all_that_is_in_them_and_go_on() {
    let mut versions: Vec<_> =
        std::fs::read_dir(stores()).expect("stores").map(|dir| dir.expect("one").path()).collect();
    versions.retain(|path| path.is_dir());
    versions.sort();
    assert!(!versions.is_empty());
    for version in versions {
        println!("{}", version.display());
        works(&version);
    }
}

#[test]
fn a_store_of_this_version_opens_with_all_that_is_in_it_and_goes_on() {
    let scratch = Scratch::in_memory("new");
    write(&scratch.0);
    works(&scratch.0);
    if std::env::var("MLS_WRITE_STORES").is_ok_and(|on| on == "1") {
        let dir = stores().join(env!("CARGO_PKG_VERSION"));
        std::fs::create_dir(&dir).expect("a version that has no store yet");
        for file in ["alice.db", "bob.db", "facts"] {
            std::fs::copy(scratch.0.join(file), dir.join(file)).expect("copied");
        }
    }
}
