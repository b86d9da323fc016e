//! Key packages: made, counted, used once, expired, and carried to another store with their private keys.
mod support;
use mls::*;
use std::{collections::BTreeSet, sync::Arc};
use support::*;

const NOW: u64 = 1_800_000_000;
const HOUR: u64 = 3_600;
const YEAR: u64 = 365 * 86_400;

fn timed(name: &str, clock: &Arc<Watch>) -> Options {
    let mut options = options(name);
    options.clock = Some(clock.clone());
    options
}

fn make(client: &Client, options: KeyPackageOptions) -> Vec<u8> {
    client.create_key_packages(1, options).expect("a key package").remove(0)
}

fn last_resort() -> KeyPackageOptions {
    KeyPackageOptions { last_resort: true, ..Default::default() }
}

/// A new group of this device's, and the Welcome to it for whose key package this is.
fn adding(by: &Client, key_package: &[u8]) -> (Group, Vec<u8>) {
    let group = by.create_group(GroupOptions::default()).expect("a group");
    let (_, mut welcomes) = commit(&group, vec![Proposal::add(key_package.to_vec())]);
    (group, welcomes.remove(0))
}

fn reference(message: &[u8]) -> Vec<u8> {
    inspect(message.to_vec()).expect("readable").key_packages.remove(0)
}

fn inventory(client: &Client) -> BTreeSet<Vec<u8>> {
    client.key_packages().expect("the inventory").into_iter().map(|info| info.reference).collect()
}

#[test]
fn many_are_made_at_once_and_each_is_another_one_that_can_be_used() {
    let storage = memory();
    let bob = open_on(&storage, options("bob"));
    let made = bob.create_key_packages(10, KeyPackageOptions::default()).expect("key packages");
    let references: BTreeSet<_> = made.iter().map(|message| reference(message)).collect();
    assert_eq!(references.len(), 10);
    let secrets = references.iter().map(|reference| bob.export_key_package(reference.to_vec()).expect("exported"));
    let keys: BTreeSet<_> = secrets.flat_map(|keys| [keys.init_key.to_vec(), keys.encryption_key.to_vec()]).collect();
    assert_eq!(keys.len(), 20, "each has keys of its own");
    // Their private keys are stored before they are returned: as if the process had died.
    let bob = open_on(&storage, options("bob"));
    assert_eq!(inventory(&bob), references);
    let alice = device("alice");
    for message in &made {
        let info = bob.key_packages().expect("the inventory").into_iter().find(|info| info.message == *message);
        assert_eq!(info.expect("it is there").reference, reference(message));
        let (group, welcome) = adding(&alice, message);
        let joined = join(&bob, &welcome);
        agree(&[&group, &joined]);
    }
    assert_eq!(inventory(&bob), BTreeSet::new());
}

#[test]
fn what_was_asked_for_is_what_is_made() {
    let clock = Watch::at(NOW);
    let mut capable = timed("bob", &clock);
    capable.capabilities.extensions = vec![0xf001];
    let bob = open(capable);
    let extension = Extension { kind: 0xf001, data: b"more".to_vec() };
    for suite in CipherSuite::SUPPORTED {
        let message = make(
            &bob,
            KeyPackageOptions {
                cipher_suite: Some(*suite),
                last_resort: true,
                lifetime: Some(10),
                extensions: vec![extension.clone()],
                leaf_extensions: vec![extension.clone()],
            },
        );
        let info = bob.key_packages().expect("the inventory").into_iter().find(|info| info.message == message);
        let info = info.expect("it is there");
        assert_eq!((info.cipher_suite, info.last_resort), (*suite, true));
        assert_eq!((info.not_before, info.not_after), (NOW - HOUR, NOW + 10));
        assert_eq!(message.windows(4).filter(|window| window == b"more").count(), 2);
    }
    let plain = make(&bob, KeyPackageOptions::default());
    let info = bob.key_packages().expect("the inventory").into_iter().find(|info| info.message == plain);
    let info = info.expect("it is there");
    assert_eq!((info.cipher_suite, info.last_resort), (CipherSuite::X25519_AES128, false));
    assert_eq!((info.not_before, info.not_after), (NOW - HOUR, NOW + YEAR));
}

#[test]
fn what_cannot_be_made_is_refused_and_nothing_is_stored() {
    let bob = device("bob");
    let refused = |count, options| code(bob.create_key_packages(count, options));
    let lives = |lifetime| KeyPackageOptions { lifetime: Some(lifetime), ..Default::default() };
    for count in [0, 1_001, u32::MAX] {
        assert_eq!(refused(count, KeyPackageOptions::default()), ErrorCode::InvalidArgument);
    }
    for lifetime in [0, 100 * YEAR + 1, u64::MAX] {
        assert_eq!(refused(1, lives(lifetime)), ErrorCode::InvalidArgument);
    }
    let suite = |suite| KeyPackageOptions { cipher_suite: Some(suite), ..Default::default() };
    assert_eq!(refused(1, suite(CipherSuite(4))), ErrorCode::Unsupported);
    let unknown = vec![Extension { kind: 0xf001, data: Vec::new() }];
    let leaf = KeyPackageOptions { leaf_extensions: unknown, ..Default::default() };
    assert_eq!(refused(1, leaf), ErrorCode::Unsupported);
    assert_eq!(inventory(&bob), BTreeSet::new());
}

#[test]
fn a_peer_with_a_slow_clock_takes_it_as_long_as_it_is_set_back() {
    let (fast, slow) = (Watch::at(NOW), Watch::at(NOW - HOUR));
    let alice = open(timed("alice", &slow));
    let bob = open(timed("bob", &fast));
    let package = make(&bob, KeyPackageOptions::default());
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let add = || vec![Proposal::add(package.clone())];
    slow.set(NOW - HOUR - 1);
    assert_eq!(code(group.commit(add(), CommitOptions::default())), ErrorCode::KeyPackageExpired);
    assert_eq!(code(group.propose(add(), vec![])), ErrorCode::KeyPackageExpired);
    slow.set(NOW - HOUR);
    let (_, welcomes) = commit(&group, add());
    let joined = join(&bob, &welcomes[0]);
    talk(&[(&alice, &group), (&bob, &joined)]);

    // How far is the policy's.
    let mut exact = timed("carol", &fast);
    exact.policy.key_package_backdate = 0;
    exact.policy.key_package_lifetime = 60;
    let carol = open(exact);
    make(&carol, KeyPackageOptions::default());
    let info = carol.key_packages().expect("the inventory").remove(0);
    assert_eq!((info.not_before, info.not_after), (NOW, NOW + 60));
}

#[test]
fn an_expired_one_adds_nobody_and_is_deleted_when_asked() {
    let clock = Watch::at(NOW);
    let (alice, bob) = (open(timed("alice", &clock)), open(timed("bob", &clock)));
    let short = make(&bob, KeyPackageOptions { lifetime: Some(100), ..Default::default() });
    let long = make(&bob, KeyPackageOptions::default());
    clock.set(NOW + 100);
    assert_eq!(bob.delete_expired_key_packages().expect("counted"), 0);
    let (_, welcome) = adding(&alice, &short);
    clock.set(NOW + 101);
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let add = Proposal::add(short.clone());
    assert_eq!(code(group.commit(vec![add], CommitOptions::default())), ErrorCode::KeyPackageExpired);
    // Who was added in time may still come.
    let invitation = invited(&bob, &welcome);
    assert_eq!(bob.delete_expired_key_packages().expect("counted"), 1);
    assert_eq!(inventory(&bob), BTreeSet::from([reference(&long)]));
    assert_eq!(code(bob.join(invitation.id, None)), ErrorCode::InvalidWelcome);
    assert_eq!(bob.delete_expired_key_packages().expect("counted"), 0);
}

#[test]
fn one_that_was_added_in_time_is_joined_late() {
    let clock = Watch::at(NOW);
    let (alice, bob) = (open(timed("alice", &clock)), open(timed("bob", &clock)));
    let (group, welcome) = adding(&alice, &make(&bob, KeyPackageOptions { lifetime: Some(100), ..Default::default() }));
    clock.set(NOW + YEAR);
    let joined = join(&bob, &welcome);
    talk(&[(&alice, &group), (&bob, &joined)]);
}

#[test]
fn one_is_used_once_and_its_keys_are_gone_with_the_join() {
    let storage = recorder::Recorder::new();
    let reopen = || Client::open_storage(storage.clone(), vec![7; 32], options("bob")).expect("a client opens");
    let (alice, bob) = (device("alice"), reopen());
    let package = make(&bob, KeyPackageOptions::default());
    let (group, welcome) = adding(&alice, &package);
    let (_, second) = adding(&alice, &package);
    let invitations = [invited(&bob, &welcome), invited(&bob, &second)];
    assert_eq!(inventory(&bob).len(), 1, "an invitation uses nothing up");
    assert_eq!(storage.rows("K").len(), 1);
    let joined = bob.join(invitations[0].id, None).expect("joined");
    assert_eq!(storage.rows("K").len(), 0);
    agree(&[&group, &joined]);
    let used = bob.inbox(0, 100).expect("the inbox").into_iter().find_map(|event| match event.kind {
        EventKind::Joined(joined) => Some(joined.key_package),
        _ => None,
    });
    assert_eq!(used, Some(reference(&package)));
    for bob in [bob, reopen()] {
        assert_eq!(code(bob.join(invitations[1].id, None)), ErrorCode::InvalidWelcome);
        assert_eq!(code(bob.export_key_package(reference(&package))), ErrorCode::KeyPackageNotFound);
        let (_, third) = adding(&alice, &package);
        assert_eq!(ignored(&bob, &third), IgnoredReason::NotForUs);
    }
}

#[test]
fn one_of_last_resort_is_used_again_and_again() {
    let (alice, bob) = (device("alice"), device("bob"));
    let package = make(&bob, last_resort());
    for _ in 0..3 {
        let (group, welcome) = adding(&alice, &package);
        let joined = join(&bob, &welcome);
        talk(&[(&alice, &group), (&bob, &joined)]);
        assert_eq!(inventory(&bob), BTreeSet::from([reference(&package)]));
    }
    // Until it is deleted: its keys are of no use any more then.
    bob.delete_key_package(reference(&package)).expect("deleted");
    let (_, welcome) = adding(&alice, &package);
    assert_eq!(ignored(&bob, &welcome), IgnoredReason::NotForUs);
    assert_eq!(code(bob.delete_key_package(reference(&package))), ErrorCode::KeyPackageNotFound);
}

#[test]
fn one_is_used_as_whom_it_names_after_the_device_has_changed_its_key() {
    let (alice, bob) = (device("alice"), device("bob"));
    let before = bob.signature_key(None).expect("a key");
    let package = make(&bob, KeyPackageOptions::default());
    bob.set_identity(NewIdentity::default()).expect("changed");
    assert_ne!(bob.signature_key(None).expect("a key"), before);
    let (group, welcome) = adding(&alice, &package);
    let joined = join(&bob, &welcome);
    assert_eq!(group.member(1).expect("bob").signature_key, before);
    talk(&[(&alice, &group), (&bob, &joined)]);
    let later = make(&bob, KeyPackageOptions::default());
    let (group, _) = adding(&alice, &later);
    assert_eq!(group.member(1).expect("bob").signature_key, bob.signature_key(None).expect("a key"));
}

#[test]
fn with_its_keys_one_is_used_in_another_store_in_every_suite() {
    let alice = device("alice");
    for suite in CipherSuite::SUPPORTED {
        for last_resort in [false, true] {
            let from = device("bob");
            let options = KeyPackageOptions { cipher_suite: Some(*suite), last_resort, ..Default::default() };
            let package = make(&from, options);
            let secrets = from.export_key_package(reference(&package)).expect("exported");
            assert_eq!(secrets.message, package);
            assert_eq!(format!("{secrets:?}"), "KeyPackageSecrets(..)");
            assert_eq!(inventory(&from).len(), 1, "it stays");

            let storage = memory();
            let to = open_on(&storage, support::options("bob"));
            for _ in 0..2 {
                assert_eq!(to.import_key_package(secrets.clone()).expect("imported"), reference(&package));
            }
            let again = to.export_key_package(reference(&package)).expect("exported");
            assert!(again == secrets, "{suite:?}: nothing is lost");
            drop(to);
            let to = open_on(&storage, support::options("bob"));
            assert_eq!(to.key_packages().expect("the inventory"), from.key_packages().expect("the inventory"));
            let group = alice.create_group(GroupOptions { cipher_suite: Some(*suite), ..Default::default() });
            let group = group.expect("a group");
            let (_, welcomes) = commit(&group, vec![Proposal::add(package)]);
            let joined = join(&to, &welcomes[0]);
            talk(&[(&alice, &group), (&to, &joined)]);
            assert_eq!(inventory(&to).len(), usize::from(last_resort));
        }
    }
}

#[test]
fn private_keys_leave_at_the_size_that_their_curve_gives_them() {
    // Every other scalar of P-521, and every 256th of the others, begins with a zero byte.
    for (suite, size) in
        [(CipherSuite::P256_AES128, 32), (CipherSuite::P384_AES256, 48), (CipherSuite::P521_AES256, 66)]
    {
        for _ in 0..8 {
            let bob = device("bob");
            let package = make(&bob, KeyPackageOptions { cipher_suite: Some(suite), ..Default::default() });
            let secrets = bob.export_key_package(reference(&package)).expect("exported");
            let sizes = [secrets.init_key.len(), secrets.encryption_key.len(), secrets.signature_key.len()];
            assert_eq!((suite, sizes), (suite, [size; 3]));
            assert_eq!(bob.export_signing_key(Some(suite)).expect("exported").secret.len(), size);
        }
    }
}

#[test]
fn one_with_keys_that_are_not_its_own_is_not_taken() {
    for suite in CipherSuite::SUPPORTED {
        let bob = device("bob");
        let options = KeyPackageOptions { cipher_suite: Some(*suite), ..Default::default() };
        let packages = bob.create_key_packages(2, options).expect("key packages");
        let [mine, other] = [0, 1].map(|n| bob.export_key_package(reference(&packages[n])).expect("exported"));
        let to = device("bob");
        let with = |change: &dyn Fn(&mut KeyPackageSecrets)| {
            let mut secrets = mine.clone();
            change(&mut secrets);
            code(to.import_key_package(secrets))
        };
        let wrong = ErrorCode::InvalidKeyPackage;
        assert_eq!(with(&|keys| keys.init_key = other.init_key.clone()), wrong);
        assert_eq!(with(&|keys| keys.init_key = mine.encryption_key.clone()), wrong);
        assert_eq!(with(&|keys| keys.init_key.clear()), wrong);
        assert_eq!(with(&|keys| keys.encryption_key = other.encryption_key.clone()), wrong);
        assert_eq!(with(&|keys| keys.encryption_key[0] ^= 0x10), wrong);
        let wrong = ErrorCode::InvalidSigningKey;
        let stranger = device("mallory").export_signing_key(Some(*suite)).expect("a key");
        assert_eq!(with(&|keys| keys.signature_key = stranger.secret.clone()), wrong);
        assert_eq!(with(&|keys| keys.signature_key.clear()), wrong);
        // Nor is a message that is no key package, or one that somebody has changed.
        let group = bob.create_group(GroupOptions::default()).expect("a group");
        let info = group.group_info(true, false).expect("a GroupInfo");
        assert_eq!(with(&|keys| keys.message = info.clone()), ErrorCode::UnexpectedMessage);
        assert_eq!(with(&|keys| keys.message.truncate(100)), ErrorCode::InvalidMessage);
        assert_eq!(with(&|keys| keys.message = Vec::new()), ErrorCode::InvalidMessage);
        assert_eq!(inventory(&to), BTreeSet::new());
        to.import_key_package(mine.clone()).expect("with its own it is");
    }
}

#[test]
fn a_notification_extension_makes_and_carries_none() {
    let storage = memory();
    let bob = open_on(&storage, options("bob"));
    let package = make(&bob, KeyPackageOptions::default());
    let secrets = bob.export_key_package(reference(&package)).expect("exported");
    let mut extension = options("bob");
    extension.role = Role::Extension;
    let extension = open_on(&storage, extension);
    assert_eq!(inventory(&extension), inventory(&bob));
    let refused = [
        code(extension.create_key_packages(1, KeyPackageOptions::default())),
        code(extension.export_key_package(reference(&package))),
        code(extension.import_key_package(secrets)),
        code(extension.delete_key_package(reference(&package))),
        code(extension.delete_expired_key_packages()),
    ];
    assert_eq!(refused, [ErrorCode::NotAllowed; 5]);
}
