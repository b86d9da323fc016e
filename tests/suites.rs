//! The whole story on every cipher suite, with handshakes that are encrypted and that are not.
mod support;
use mls::*;
use support::*;

fn suited(name: &str, suite: CipherSuite, handshake: HandshakeEncryption) -> Options {
    let mut options = options(name);
    options.cipher_suite = Some(suite);
    options.policy.handshake_encryption = handshake;
    options
}

/// Create, invite, join, talk, update, remove, late messages, replays, and all of it again from the store.
fn story(suite: CipherSuite, handshake: HandshakeEncryption) {
    let wire = match handshake {
        HandshakeEncryption::Private => WireFormat::PrivateMessage,
        HandshakeEncryption::Public => WireFormat::PublicMessage,
    };
    let (alice_store, bob_store) = (memory(), memory());
    let alice = open_on(&alice_store, suited("alice", suite, handshake));
    let bob = open_on(&bob_store, suited("bob", suite, handshake));
    let carol = open(suited("carol", suite, handshake));
    let groups = group_of(&[&alice, &bob, &carol]);
    let [a, b, c] = &groups[..] else { panic!("three groups") };
    assert_eq!((a.cipher_suite().expect("a suite"), a.epoch().expect("an epoch")), (suite, 1));
    talk(&[(&alice, a), (&bob, b), (&carol, c)]);

    // Bob proposes to renew his keys, Carol commits it; what he said before arrives after.
    let from_bob = say(b, "bob, before");
    let update = propose(b, Proposal::update());
    assert_eq!(inspect(update.clone()).expect("readable").wire_format, wire);
    assert_eq!(proposed(&alice, &update).kind, 2);
    assert_eq!(proposed(&carol, &update).sender.user.as_deref(), Some("bob"));
    assert_eq!(code(c.encrypt(b"no".to_vec(), EncryptOptions::default())), ErrorCode::CommitRequired);
    let (renewed, _) = commit(c, vec![]);
    assert_eq!(inspect(renewed.clone()).expect("readable").wire_format, wire);
    committed(&alice, &renewed);
    committed(&bob, &renewed);
    agree(&[a, b, c]);
    let late = message(&alice, &from_bob);
    assert_eq!((late.epoch, late.sender.user.as_deref()), (1, Some("bob")));
    assert_eq!(late.sender.signature_key, bob.signature_key(Some(suite)).expect("a key"));
    assert_eq!(ignored(&alice, &from_bob), IgnoredReason::Duplicate);

    // Alice removes Carol; what Carol said before arrives after, and she reads nothing that comes later.
    let from_carol = say(c, "carol, before");
    let (removal, _) = commit(a, vec![Proposal::remove(leaf_of(a, "carol"))]);
    assert_eq!(users(&committed(&bob, &removal).removed), ["carol"]);
    assert!(matches!(one(&carol, &removal), EventKind::Removed(_)));
    let late = message(&bob, &from_carol);
    assert_eq!((late.data.as_slice(), late.sender.user.as_deref()), (&b"carol, before"[..], Some("carol")));
    let secret = say(a, "not for carol");
    assert_eq!(held(&carol, &secret), HeldFor::Group);
    assert_eq!(text(one(&bob, &secret)), "not for carol");
    assert_eq!(code(c.encrypt(b"no".to_vec(), EncryptOptions::default())), ErrorCode::GroupClosed);
    assert_eq!(c.status().expect("a status"), GroupStatus::Closed);
    talk(&[(&alice, a), (&bob, b)]);

    // Both come back from their stores: everything is as it was, and nothing is read twice.
    let id = a.id();
    let state = a.epoch_authenticator().expect("an authenticator");
    let unread = say(a, "read after the restart");
    drop((groups, alice, bob));
    let alice = open_on(&alice_store, suited("alice", suite, handshake));
    let bob = open_on(&bob_store, suited("bob", suite, handshake));
    let (a, b) = (alice.group(id.clone()).expect("the group"), bob.group(id.clone()).expect("the group"));
    assert_eq!(a.epoch_authenticator().expect("an authenticator"), state);
    for replayed in [&from_carol, &secret] {
        assert_eq!(ignored(&bob, replayed), IgnoredReason::Duplicate);
    }
    assert_eq!(text(one(&bob, &unread)), "read after the restart");
    talk(&[(&alice, &a), (&bob, &b)]);
    let (update, _) = commit(&b, vec![]);
    committed(&alice, &update);
    agree(&[&a, &b]);
    talk(&[(&alice, &a), (&bob, &b)]);
}

#[test]
fn the_story_on_suite_1() {
    story(CipherSuite::X25519_AES128, HandshakeEncryption::Private);
    story(CipherSuite::X25519_AES128, HandshakeEncryption::Public);
}

#[test]
fn the_story_on_suite_2() {
    story(CipherSuite::P256_AES128, HandshakeEncryption::Private);
    story(CipherSuite::P256_AES128, HandshakeEncryption::Public);
}

#[test]
fn the_story_on_suite_3() {
    story(CipherSuite::X25519_CHACHA, HandshakeEncryption::Private);
    story(CipherSuite::X25519_CHACHA, HandshakeEncryption::Public);
}

#[test]
fn the_story_on_suite_5() {
    story(CipherSuite::P521_AES256, HandshakeEncryption::Private);
    story(CipherSuite::P521_AES256, HandshakeEncryption::Public);
}

#[test]
fn the_story_on_suite_7() {
    story(CipherSuite::P384_AES256, HandshakeEncryption::Private);
    story(CipherSuite::P384_AES256, HandshakeEncryption::Public);
}

#[test]
fn one_device_has_groups_of_several_suites() {
    let (alice, bob) = (device("alice"), device("bob"));
    for suite in CipherSuite::SUPPORTED {
        let options = GroupOptions { cipher_suite: Some(*suite), ..Default::default() };
        let group = alice.create_group(options).expect("a group");
        let options = KeyPackageOptions { cipher_suite: Some(*suite), ..Default::default() };
        let package = bob.create_key_packages(1, options).expect("a key package").remove(0);
        let (_, welcomes) = commit(&group, vec![Proposal::add(package)]);
        let joined = join(&bob, &welcomes[0]);
        talk(&[(&alice, &group), (&bob, &joined)]);
    }
    let (first, third) = (CipherSuite::X25519_AES128, CipherSuite::X25519_CHACHA);
    let key = |suite| alice.signature_key(Some(suite)).expect("a key");
    assert_eq!(key(first), key(third), "both suites sign with Ed25519");
    assert_ne!(key(CipherSuite::P256_AES128), key(CipherSuite::P384_AES256));
}

#[test]
fn suites_4_and_6_are_unsupported_everywhere() {
    for number in [0, 4, 6, 8, 0xffff] {
        let suite = CipherSuite(number);
        assert_eq!(code(Client::open_in_memory(suited("alice", suite, Default::default()))), ErrorCode::Unsupported);
    }
    let alice = device("alice");
    for suite in [CipherSuite(4), CipherSuite(6)].map(Some) {
        let group = GroupOptions { cipher_suite: suite, ..Default::default() };
        assert_eq!(code(alice.create_group(group)), ErrorCode::Unsupported);
        let packages = KeyPackageOptions { cipher_suite: suite, ..Default::default() };
        assert_eq!(code(alice.create_key_packages(1, packages)), ErrorCode::Unsupported);
        assert_eq!(code(alice.signature_key(suite)), ErrorCode::Unsupported);
        assert_eq!(code(alice.export_signing_key(suite)), ErrorCode::Unsupported);
        let group = alice.create_group(GroupOptions::default()).expect("a group");
        let reinit = Proposal::ReInit { group_id: None, cipher_suite: suite.expect("one"), extensions: Vec::new() };
        assert_eq!(code(group.commit(vec![reinit.clone()], CommitOptions::default())), ErrorCode::Unsupported);
        assert_eq!(code(group.propose(vec![reinit], Vec::new())), ErrorCode::Unsupported);
    }
}

#[test]
fn a_group_of_another_suite_takes_no_key_package_of_ours() {
    let (alice, bob) = (device("alice"), device("bob"));
    let options = GroupOptions { cipher_suite: Some(CipherSuite::P256_AES128), ..Default::default() };
    let group = alice.create_group(options).expect("a group");
    let add = Proposal::add(key_package(&bob));
    assert_eq!(code(group.commit(vec![add.clone()], CommitOptions::default())), ErrorCode::InvalidKeyPackage);
    assert_eq!(code(group.propose(vec![add], Vec::new())), ErrorCode::InvalidKeyPackage);
    assert_eq!(group.proposals().expect("proposals"), []);
}
