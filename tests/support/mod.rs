//! Devices and a service that carries messages between them.
#![allow(dead_code)] // each test uses a part
pub mod authority;
pub mod dice;
pub mod disk;
pub mod mallory;
pub mod memory;
pub mod recorder;
pub mod remote;
pub mod scratch;
pub mod world;

use mls::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A device with a store in memory.
pub fn device(name: &str) -> Client {
    Client::open_in_memory(options(name)).expect("a client opens")
}

pub fn options(name: &str) -> Options {
    let device = Device::new(name, "phone").expect("a valid name");
    Options::new().device(device).trust(Trust::InsecureAcceptAny)
}

/// As [`options`], with handshake messages that everybody can read.
pub fn public(name: &str) -> Options {
    let mut options = options(name);
    options.policy.handshake_encryption = HandshakeEncryption::Public;
    options
}

pub fn open(options: Options) -> Client {
    Client::open_in_memory(options).expect("a client opens")
}

/// A store that outlives its client.
pub fn memory() -> Arc<store::MemoryStorage> {
    store::MemoryStorage::new()
}

pub fn open_on(storage: &Arc<store::MemoryStorage>, options: Options) -> Client {
    Client::open_storage(storage.clone(), vec![7; 32], options).expect("a client opens")
}

/// A clock that is set.
pub struct Watch(pub AtomicU64);

impl Watch {
    pub fn at(now: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(now)))
    }

    pub fn set(&self, now: u64) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clock for Watch {
    fn now(&self) -> Result<u64, CallbackError> {
        Ok(self.0.load(Ordering::SeqCst))
    }
}

pub fn key_package(client: &Client) -> Vec<u8> {
    client.create_key_packages(1, KeyPackageOptions::default()).expect("a key package").remove(0)
}

/// Commits and accepts; answers the commit's message and Welcomes.
pub fn commit(group: &Group, proposals: Vec<Proposal>) -> (Vec<u8>, Vec<Vec<u8>>) {
    commit_with(group, proposals, CommitOptions::default())
}

pub fn commit_with(group: &Group, proposals: Vec<Proposal>, options: CommitOptions) -> (Vec<u8>, Vec<Vec<u8>>) {
    let commit = group.commit(proposals, options).expect("a commit");
    let message = commit.message().expect("its message");
    commit.accept().expect("accepted");
    (message, commit.welcomes().expect("its Welcomes"))
}

pub fn propose(group: &Group, proposal: Proposal) -> Vec<u8> {
    group.propose(vec![proposal], Vec::new()).expect("a proposal").remove(0)
}

/// The invitation that a Welcome becomes.
pub fn invited(client: &Client, welcome: &[u8]) -> Invitation {
    match one(client, welcome) {
        EventKind::Invited(invitation) => invitation,
        other => panic!("no invitation: {other:?}"),
    }
}

/// Joins by a Welcome.
pub fn join(client: &Client, welcome: &[u8]) -> Group {
    client.join(invited(client, welcome).id, None).expect("joined")
}

/// The only event that a message brings.
pub fn one(client: &Client, message: &[u8]) -> EventKind {
    let mut events = client.receive(message.to_vec()).expect("received");
    assert_eq!(events.len(), 1, "{events:?}");
    let event = events.remove(0);
    client.acknowledge(event.id).expect("acknowledged");
    event.kind
}

/// What a commit did, for one who receives it.
pub fn committed(client: &Client, message: &[u8]) -> Committed {
    match one(client, message) {
        EventKind::Committed(committed) => committed,
        other => panic!("not committed: {other:?}"),
    }
}

/// What a commit of ours did: the event that its acceptance left in the inbox.
pub fn own_committed(client: &Client) -> Committed {
    let events = client.inbox(0, 1_000).expect("the inbox");
    let last = events.into_iter().rev().find_map(|event| match event.kind {
        EventKind::Committed(committed) if committed.commit.is_some() => Some(committed),
        _ => None,
    });
    last.expect("an own commit in the inbox")
}

pub fn proposed(client: &Client, message: &[u8]) -> ProposalInfo {
    match one(client, message) {
        EventKind::Proposed(proposed) => proposed.proposal,
        other => panic!("not proposed: {other:?}"),
    }
}

pub fn ignored(client: &Client, message: &[u8]) -> IgnoredReason {
    match one(client, message) {
        EventKind::Ignored(ignored) => ignored.reason,
        other => panic!("not ignored: {other:?}"),
    }
}

pub fn held(client: &Client, message: &[u8]) -> HeldFor {
    match one(client, message) {
        EventKind::Held(held) => held.reason,
        other => panic!("not held: {other:?}"),
    }
}

pub fn denied(client: &Client, message: &[u8]) -> DeniedReason {
    match one(client, message) {
        EventKind::Denied(denied) => denied.reason,
        other => panic!("not denied: {other:?}"),
    }
}

pub fn message(client: &Client, bytes: &[u8]) -> Message {
    match one(client, bytes) {
        EventKind::Message(message) => message,
        other => panic!("not a message: {other:?}"),
    }
}

pub fn text(kind: EventKind) -> String {
    match kind {
        EventKind::Message(message) => String::from_utf8(message.data).expect("text"),
        other => panic!("not a message: {other:?}"),
    }
}

pub fn code<T: std::fmt::Debug>(result: Result<T>) -> ErrorCode {
    result.expect_err("an error").code()
}

/// All of them are in the same state.
pub fn agree(groups: &[&Group]) {
    let state = |group: &Group| {
        let secret = group.export_secret("a label", b"a context".to_vec(), 32).expect("a secret");
        let authenticator = group.epoch_authenticator().expect("an authenticator");
        (group.epoch().expect("an epoch"), authenticator, group.tree_hash().expect("a hash"), secret)
    };
    let first = state(groups[0]);
    for group in groups {
        assert_eq!(state(group), first);
    }
}

pub fn say(group: &Group, text: &str) -> Vec<u8> {
    group.encrypt(text.as_bytes().to_vec(), EncryptOptions::default()).expect("encrypted")
}

/// Everybody says something, and everybody else hears it.
pub fn talk(members: &[(&Client, &Group)]) {
    for (at, (_, group)) in members.iter().enumerate() {
        let sent = say(group, &format!("from {at}"));
        let leaf = group.own_leaf().expect("a leaf");
        for (_, (client, _)) in members.iter().enumerate().filter(|(other, _)| *other != at) {
            let heard = message(client, &sent);
            assert_eq!((heard.data, heard.sender.leaf), (format!("from {at}").into_bytes(), Some(leaf)));
        }
    }
}

/// A group of these devices; the first one makes it.
pub fn group_of(clients: &[&Client]) -> Vec<Group> {
    group_with(clients, GroupOptions::default())
}

pub fn group_with(clients: &[&Client], options: GroupOptions) -> Vec<Group> {
    let group = clients[0].create_group(options).expect("a group");
    let mut groups = vec![group];
    if clients.len() > 1 {
        let adds = clients[1..].iter().map(|client| Proposal::add(key_package(client))).collect();
        let (_, welcomes) = commit(&groups[0], adds);
        groups.extend(clients[1..].iter().map(|client| join(client, &welcomes[0])));
    }
    agree(&groups.iter().collect::<Vec<_>>());
    groups
}

/// The leaf of a user.
pub fn leaf_of(group: &Group, user: &str) -> u32 {
    let members = group.members().expect("the roster");
    members.iter().find(|member| member.user.as_deref() == Some(user)).expect("a member").leaf
}

pub fn users(senders: &[Sender]) -> Vec<&str> {
    let mut users: Vec<&str> = senders.iter().map(|sender| sender.user.as_deref().unwrap_or_default()).collect();
    users.sort_unstable();
    users
}
