//! An older copy of a store is noticed: at once with an anchor, else by what it does not know of its own.
mod support;
use mls::*;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use support::{scratch::Scratch, *};

/// A place outside of the backup.
#[derive(Default)]
struct Keystore {
    mark: Mutex<Option<u64>>,
    broken: AtomicBool,
}

impl Anchor for Keystore {
    fn load(&self) -> Result<Option<u64>, CallbackError> {
        Ok(*self.mark.lock().expect("no panic"))
    }

    fn store(&self, mark: u64) -> Result<(), CallbackError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(CallbackError::new("not now"));
        }
        let mut kept = self.mark.lock().expect("no panic");
        assert!(kept.is_none_or(|kept| mark > kept), "{mark} after {kept:?}");
        *kept = Some(mark);
        Ok(())
    }
}

struct Device {
    scratch: Scratch,
    anchor: Option<Arc<Keystore>>,
    encryption: HandshakeEncryption,
}

impl Device {
    fn new(anchor: Option<Arc<Keystore>>) -> Self {
        Self { scratch: Scratch::in_memory("rollback"), anchor, encryption: HandshakeEncryption::Private }
    }

    fn open(&self) -> Client {
        let mut options = options("alice");
        options.anchor = self.anchor.clone().map(|anchor| anchor as Arc<dyn Anchor>);
        options.policy.handshake_encryption = self.encryption;
        Client::open(&self.scratch.file("alice.db"), vec![7; 32], options).expect("opens")
    }

    /// Takes a backup of a closed store.
    fn back_up(&self) -> Vec<u8> {
        assert!(!std::path::Path::new(&self.scratch.file("alice.db-wal")).exists(), "it is closed");
        std::fs::read(self.scratch.file("alice.db")).expect("read")
    }

    fn restore(&self, backup: &[u8]) {
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(self.scratch.file("alice.db") + suffix);
        }
        std::fs::write(self.scratch.file("alice.db"), backup).expect("written");
    }
}

/// Alice's group with Bob, and a backup of her store in it.
fn backed_up(device: &Device) -> (Client, Group, Vec<u8>, Vec<u8>) {
    let (alice, bob) = (device.open(), support::device("bob"));
    let mut groups = group_of(&[&alice, &bob]);
    for n in 0..10 {
        assert_eq!(text(one(&bob, &say(&groups[0], &n.to_string()))), n.to_string());
    }
    let id = groups[0].id();
    alice.close().expect("closed");
    let bobs = groups.pop().expect("two");
    drop((groups, alice));
    let backup = device.back_up();
    (bob, bobs, id, backup)
}

/// Takes Alice's place again, and then she may send.
fn rejoin(alice: &Client, bob: &Client, bobs: &Group) {
    let info = bobs.group_info(true, true).expect("a GroupInfo");
    let options = JoinOptions { resync: true, ..JoinOptions::default() };
    let commit = alice.join_external(info.clone(), options).expect("a commit");
    assert!(matches!(one(bob, &commit.message().expect("its bytes")), EventKind::Committed(_)));
    commit.accept().expect("accepted");
    let group = commit.group();
    assert_eq!(group.status().expect("a status"), GroupStatus::Active);
    assert_eq!(text(one(bob, &say(&group, "back"))), "back");
    assert_eq!(text(one(alice, &say(bobs, "welcome back"))), "welcome back");
    agree(&[&group, bobs]);
}

fn refuses_to_send(group: &Group) {
    assert_eq!(group.status().expect("a status"), GroupStatus::RejoinNeeded);
    let encrypted = group.encrypt(b"no".to_vec(), EncryptOptions::default());
    assert_eq!(encrypted.expect_err("refused").code(), ErrorCode::StoreRolledBack);
    let committed = group.commit(Vec::new(), CommitOptions::default());
    assert_eq!(committed.expect_err("refused").code(), ErrorCode::StoreRolledBack);
    let proposed = group.propose(vec![Proposal::update()], Vec::new());
    assert_eq!(proposed.expect_err("refused").code(), ErrorCode::StoreRolledBack);
}

#[test]
fn with_an_anchor_an_older_copy_refuses_to_send_until_it_has_joined_again() {
    let device = Device::new(Some(Arc::default()));
    let (bob, bobs, id, backup) = backed_up(&device);
    // Not rolled back: all is well.
    let alice = device.open();
    let group = alice.group(id.clone()).expect("the group");
    for n in 0..70 {
        assert_eq!(text(one(&bob, &say(&group, &n.to_string()))), n.to_string());
    }
    drop((group, alice));

    device.restore(&backup);
    for _ in 0..2 {
        // Opening it twice does not make it current.
        let alice = device.open();
        let group = alice.group(id.clone()).expect("the group");
        refuses_to_send(&group);
        let needed = alice.inbox(0, 100).expect("the inbox");
        let needed = needed.iter().filter(
            |event| matches!(&event.kind, EventKind::RejoinNeeded(needed) if needed.reason == RejoinReason::Anchor),
        );
        assert_eq!(needed.count(), 1);
    }
    let alice = device.open();
    rejoin(&alice, &bob, &bobs);
    drop(alice);
    // And it stays current.
    let alice = device.open();
    assert_eq!(text(one(&bob, &say(&alice.group(id.clone()).expect("the group"), "on"))), "on");
}

#[test]
fn without_an_anchor_our_own_message_that_was_never_reserved_proves_it() {
    let device = Device::new(None);
    let (bob, bobs, id, backup) = backed_up(&device);
    let alice = device.open();
    let group = alice.group(id.clone()).expect("the group");
    let sent: Vec<_> = (0..70).map(|n| say(&group, &n.to_string())).collect();
    // An echo of our own is nothing special.
    assert!(matches!(one(&alice, &sent[0]), EventKind::Ignored(ignored) if ignored.reason == IgnoredReason::OwnEcho));
    assert_eq!(group.status().expect("a status"), GroupStatus::Active);
    bob.receive_many(sent.clone()).expect("received");
    drop((group, alice));

    device.restore(&backup);
    let alice = device.open();
    let group = alice.group(id.clone()).expect("the group");
    let mut needed = 0;
    for message in &sent {
        match one(&alice, message) {
            EventKind::RejoinNeeded(rejoin) => {
                assert_eq!(rejoin.reason, RejoinReason::RolledBack);
                needed += 1;
            }
            EventKind::Ignored(ignored) => assert_eq!(ignored.reason, IgnoredReason::OwnEcho),
            kind => panic!("{kind:?}"),
        }
    }
    assert_eq!(needed, 1, "said once");
    refuses_to_send(&group);
    // It still hears the others, and follows their commits, and is no more current for it.
    assert_eq!(text(one(&alice, &say(&bobs, "hello"))), "hello");
    let (message, _) = commit(&bobs, Vec::new());
    assert!(matches!(one(&alice, &message), EventKind::Committed(_)));
    refuses_to_send(&group);
    drop((group, alice));
    let alice = device.open();
    refuses_to_send(&alice.group(id.clone()).expect("the group"));
    rejoin(&alice, &bob, &bobs);
}

#[test]
fn without_an_anchor_a_commit_of_our_own_that_is_not_known_proves_it() {
    for encryption in [HandshakeEncryption::Private, HandshakeEncryption::Public] {
        let mut device = Device::new(None);
        device.encryption = encryption;
        let (bob, bobs, id, backup) = backed_up(&device);
        let alice = device.open();
        let (message, _) = commit(&alice.group(id.clone()).expect("the group"), Vec::new());
        assert!(matches!(one(&bob, &message), EventKind::Committed(_)));
        drop(alice);

        device.restore(&backup);
        let alice = device.open();
        let group = alice.group(id.clone()).expect("the group");
        let kind = one(&alice, &message);
        let EventKind::RejoinNeeded(needed) = &kind else { panic!("{encryption:?}: {kind:?}") };
        assert_eq!(needed.reason, RejoinReason::UnknownOwnCommit);
        assert!(matches!(one(&alice, &message), EventKind::Ignored(_)), "said once");
        refuses_to_send(&group);
        rejoin(&alice, &bob, &bobs);
    }
}

#[test]
fn without_an_anchor_a_proposal_of_our_own_that_is_not_known_proves_it() {
    for encryption in [HandshakeEncryption::Private, HandshakeEncryption::Public] {
        let mut device = Device::new(None);
        device.encryption = encryption;
        let (bob, bobs, id, backup) = backed_up(&device);
        let alice = device.open();
        let group = alice.group(id.clone()).expect("the group");
        let update = propose(&group, Proposal::update());
        proposed(&bob, &update);
        // What this store has proposed it knows, withdrawn or not, and in another process.
        assert_eq!(ignored(&alice, &update), IgnoredReason::OwnEcho);
        assert_eq!(ignored(&device.open(), &update), IgnoredReason::OwnEcho);
        let withdrawn = propose(&group, Proposal::update());
        proposed(&bob, &withdrawn);
        group.clear_proposals().expect("cleared");
        for client in [alice, device.open()] {
            assert!(matches!(one(&client, &withdrawn), EventKind::Ignored(_)));
            assert_eq!(client.group(id.clone()).expect("the group").status().expect("a status"), GroupStatus::Active);
        }

        drop(group);
        device.restore(&backup);
        let alice = device.open();
        let group = alice.group(id.clone()).expect("the group");
        let kind = one(&alice, &update);
        let EventKind::RejoinNeeded(needed) = &kind else { panic!("{encryption:?}: {kind:?}") };
        assert_eq!(needed.reason, RejoinReason::RolledBack);
        assert!(matches!(one(&alice, &update), EventKind::Ignored(_)), "said once");
        refuses_to_send(&group);
        rejoin(&alice, &bob, &bobs);
    }
}

#[test]
fn an_anchor_that_fails_fails_no_step_and_is_told_later() {
    let anchor = Arc::new(Keystore::default());
    let device = Device::new(Some(anchor.clone()));
    let (bob, bobs, id, backup) = backed_up(&device);

    let alice = device.open();
    anchor.broken.store(true, Ordering::Relaxed);
    let group = alice.group(id.clone()).expect("the group");
    let commit = group.commit(Vec::new(), CommitOptions::default()).expect("a commit");
    assert_eq!(group.pending_commits().expect("commits").len(), 1);
    committed(&bob, &commit.message().expect("its bytes"));
    commit.accept().expect("accepted");
    for n in 0..140 {
        assert_eq!(text(one(&bob, &say(&group, &n.to_string()))), n.to_string());
    }
    // Whoever wants to know asks for it.
    assert_eq!(code(alice.flush()), ErrorCode::CallbackFailed);
    anchor.broken.store(false, Ordering::Relaxed);
    alice.flush().expect("flushed");
    agree(&[&group, &bobs]);
    drop((commit, group, alice));

    device.restore(&backup);
    let alice = device.open();
    refuses_to_send(&alice.group(id.clone()).expect("the group"));
    rejoin(&alice, &bob, &bobs);
}
