//! Devices and a service that carries messages between them.
#![allow(dead_code)] // each test uses a part
pub mod dice;
pub mod mallory;
pub mod recorder;
pub mod remote;
pub mod scratch;

use mls::*;

/// A device with a store in memory.
pub fn device(name: &str) -> Client {
    Client::open_in_memory(options(name)).expect("a client opens")
}

pub fn options(name: &str) -> Options {
    let device = Device::new(name, "phone").expect("a valid name");
    Options::new().device(device).trust(Trust::InsecureAcceptAny)
}

pub fn key_package(client: &Client) -> Vec<u8> {
    client.create_key_packages(1, KeyPackageOptions::default()).expect("a key package").remove(0)
}

/// Commits and accepts; answers the commit's message and Welcomes.
pub fn commit(group: &Group, proposals: Vec<Proposal>) -> (Vec<u8>, Vec<Vec<u8>>) {
    let commit = group.commit(proposals, CommitOptions::default()).expect("a commit");
    let message = commit.message().expect("its message");
    commit.accept().expect("accepted");
    (message, commit.welcomes().expect("its Welcomes"))
}

/// Joins by a Welcome.
pub fn join(client: &Client, welcome: &[u8]) -> Group {
    for event in client.receive(welcome).expect("received") {
        if let EventKind::Invited(invitation) = &event.kind {
            let group = client.join(invitation.id, None).expect("joined");
            client.acknowledge(event.id).expect("acknowledged");
            return group;
        }
    }
    panic!("no invitation");
}

/// The only event that a message brings.
pub fn one(client: &Client, message: &[u8]) -> EventKind {
    let mut events = client.receive(message).expect("received");
    assert_eq!(events.len(), 1, "{events:?}");
    let event = events.remove(0);
    client.acknowledge(event.id).expect("acknowledged");
    event.kind
}

pub fn text(kind: EventKind) -> String {
    match kind {
        EventKind::Message(message) => String::from_utf8(message.data).expect("text"),
        other => panic!("not a message: {other:?}"),
    }
}

/// All of them are in the same state.
pub fn agree(groups: &[&Group]) {
    let first = groups[0].epoch_authenticator().expect("an authenticator");
    for group in groups {
        assert_eq!(group.epoch_authenticator().expect("an authenticator"), first);
    }
}

pub fn say(group: &Group, text: &str) -> Vec<u8> {
    group.encrypt(text.as_bytes().to_vec(), EncryptOptions::default()).expect("encrypted")
}

/// A group of these devices; the first one makes it.
pub fn group_of(clients: &[&Client]) -> Vec<Group> {
    let group = clients[0].create_group(GroupOptions::default()).expect("a group");
    let adds = clients[1..].iter().map(|client| Proposal::add(key_package(client))).collect();
    let (_, welcomes) = commit(&group, adds);
    let mut groups = vec![group];
    groups.extend(clients[1..].iter().map(|client| join(client, &welcomes[0])));
    agree(&groups.iter().collect::<Vec<_>>());
    groups
}
