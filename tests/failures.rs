//! A store of the application's own that fails at any of its calls: the old state or the new one, and the same call made
//! once more does what it should have done. Every call of the store fails once, in every operation.
mod support;
use mls::{
    store::{KeyRange, MemoryStorage, Row, Storage, StorageError, Write},
    *,
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use support::*;

/// Answers an error at one of its calls: before it does anything, or, for a commit, after it has done it.
struct Failing {
    inner: Arc<MemoryStorage>,
    /// How many calls are left until the one that fails. 0: none will.
    left: AtomicU32,
}

impl Failing {
    fn meet(&self) -> Result<(), StorageError> {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        if left == 1 { Err(StorageError::Io { detail: "injected".into() }) } else { Ok(()) }
    }
}

impl Storage for Failing {
    fn version(&self) -> Result<u64, StorageError> {
        self.meet()?;
        self.inner.version()
    }
    fn get(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, StorageError> {
        self.meet()?;
        self.inner.get(key)
    }
    fn scan(&self, range: KeyRange, reverse: bool, limit: u32) -> Result<Vec<Row>, StorageError> {
        self.meet()?;
        self.inner.scan(range, reverse, limit)
    }
    fn commit(&self, version: u64, writes: Vec<Write>) -> Result<Option<u64>, StorageError> {
        self.meet()?;
        let done = self.inner.commit(version, writes)?;
        // Whether it was done is not known to who asked.
        self.meet()?;
        Ok(done)
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

struct World {
    storage: Arc<Failing>,
    failures: u32,
}

impl World {
    /// Makes a call, with each call of the store failing in its turn, until it meets no failure. `done` says whether a
    /// call that failed has done its work all the same.
    fn insist<T>(&mut self, call: impl Fn() -> mls::Result<T>, done: impl Fn() -> Option<T>) -> T {
        for at in 1.. {
            self.storage.left.store(at, Ordering::Relaxed);
            let made = call();
            let has_failed = self.storage.left.swap(0, Ordering::Relaxed) == 0;
            match made {
                Ok(value) => return value,
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::StoreIo, "{error}");
                    assert!(has_failed);
                    self.failures += 1;
                    if let Some(value) = done() {
                        return value;
                    }
                }
            }
        }
        unreachable!("the numbers do not end")
    }
}

/// The events that the inbox has, without those that were acknowledged.
fn texts(client: &Client) -> Vec<String> {
    let events = client.inbox(0, 1_000).expect("the inbox");
    events
        .into_iter()
        .filter(|event| matches!(event.kind, EventKind::Message(_)))
        .map(|event| text(event.kind))
        .collect()
}

#[test]
fn every_call_of_a_store_may_fail_in_every_operation() {
    let storage = Arc::new(Failing { inner: memory(), left: AtomicU32::new(0) });
    let mut limited = options("alice");
    limited.limits.send_window = 2;
    limited.limits.fold_distance = 4;
    let alice = Client::open_storage(storage.clone(), vec![7; 32], limited).expect("opens");
    let bob = device("bob");
    let mut world = World { storage, failures: 0 };

    let group = || alice.groups(None, 1).ok()?.pop().map(|id| alice.group(id).expect("it is there"));
    let group = world.insist(|| alice.create_group(GroupOptions::default()), group);
    let package = key_package(&bob);
    let pending = || group.pending_commits().expect("read").pop();
    let add = || group.commit(vec![Proposal::add(package.clone())], CommitOptions::default());
    let commit = world.insist(add, pending);
    // The error that once left the loaded group in an epoch that the store had not reached.
    world.insist(|| commit.accept(), || None);
    let welcomes = world.insist(|| commit.welcomes(), || None);
    let bobs = join(&bob, &welcomes[0]);
    agree(&[&group, &bobs]);

    for round in 0..12 {
        let sent = world.insist(|| group.encrypt(vec![b'a'; 8], EncryptOptions::default()), || None);
        assert_eq!(message(&bob, &sent).data, [b'a'; 8]);
        let sent = say(&bobs, &format!("bob {round}"));
        world.insist(|| alice.receive(sent.clone()).map(drop), || None);
        assert_eq!(texts(&alice).iter().filter(|text| **text == format!("bob {round}")).count(), 1);
    }
    // Received.
    let (theirs, _) = support::commit(&bobs, Vec::new());
    let ahead = say(&bobs, "ahead");
    world.insist(|| alice.receive(ahead.clone()).map(drop), || None);
    world.insist(|| alice.receive(theirs.clone()).map(drop), || None);
    // What waited comes with the commit, or, if the store failed then, with the next message.
    world.insist(|| alice.receive(say(&bobs, "next")).map(drop), || None);
    assert_eq!(texts(&alice).iter().filter(|text| *text == "ahead").count(), 1);
    agree(&[&group, &bobs]);
    // Refused, and superseded.
    let commit = world.insist(|| group.commit(Vec::new(), CommitOptions::default()), pending);
    world.insist(|| commit.reject(), || None);
    let commit = world.insist(|| group.commit(Vec::new(), CommitOptions::default()), pending);
    let (theirs, _) = support::commit(&bobs, Vec::new());
    world.insist(|| alice.receive(theirs.clone()).map(drop), || None);
    assert_eq!(code(commit.accept()), ErrorCode::Superseded);
    agree(&[&group, &bobs]);
    // Proposed by the other, committed by us.
    let proposal = propose(&bobs, Proposal::add(key_package(&device("carol"))));
    world.insist(|| alice.receive(proposal.clone()).map(drop), || None);
    let commit = world.insist(|| group.commit(Vec::new(), CommitOptions::default()), pending);
    let bytes = commit.message().expect("its bytes");
    committed(&bob, &bytes);
    world.insist(|| alice.receive(bytes.clone()).map(drop), || None);
    agree(&[&group, &bobs]);
    assert_eq!(group.member_count().expect("read"), 3);

    // What was acknowledged is gone, what was not is there, and the group is deleted.
    for event in alice.inbox(0, 1_000).expect("the inbox") {
        alice.acknowledge(event.id).expect("acknowledged");
    }
    world.insist(|| alice.flush(), || None);
    assert!(alice.inbox(0, 1_000).expect("the inbox").is_empty());
    let id = group.id();
    let gone = || alice.groups(None, 1).expect("read").is_empty().then_some(());
    world.insist(|| alice.delete_group(id.clone()), gone);
    assert_eq!(code(group.members()), ErrorCode::GroupNotFound);
    println!("{} failures", world.failures);
    assert!(world.failures > 500, "{}", world.failures);
}
