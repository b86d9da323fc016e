//! What other implementations do and RFC 9420 allows, where an implementation may be narrower than it.
mod support;
use mls::*;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use support::{mallory, *};

/// A clock that is set by hand.
struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Result<u64, CallbackError> {
        Ok(self.0.load(Ordering::Relaxed))
    }
}

const NOON: u64 = 1_800_000_000;

fn device_at(name: &str, now: u64) -> Client {
    let mut options = options(name);
    options.clock = Some(Arc::new(Hand(AtomicU64::new(now))));
    Client::open_in_memory(options).expect("a client opens")
}

/// RFC 9420 section 5.3.3 allows application_id in a leaf. The engine takes an extension in a leaf only if the leaf lists
/// its type, and refuses leaves that list a default type, so there is no leaf with one that it takes. It makes them,
/// though, and its peers would stall: we make none.
#[test]
fn an_application_id_in_a_leaf_is_refused_before_anything_changes() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    for kind in [1, 0xF0FF] {
        let list = vec![Extension { kind, data: b"\x02id".to_vec() }];
        let options = GroupOptions { leaf_extensions: list.clone(), ..GroupOptions::default() };
        assert_eq!(alice.create_group(options).expect_err("refused").code(), ErrorCode::Unsupported);
        let options = KeyPackageOptions { leaf_extensions: list.clone(), ..KeyPackageOptions::default() };
        assert_eq!(bob.create_key_packages(1, options).expect_err("refused").code(), ErrorCode::Unsupported);
        let options = CommitOptions { leaf_extensions: Some(list), ..CommitOptions::default() };
        assert_eq!(groups[0].commit(vec![], options).expect_err("refused").code(), ErrorCode::Unsupported);
    }
    let (message, _) = commit(&groups[0], vec![]);
    assert!(matches!(one(&bob, &message), EventKind::Committed(_)));
    agree(&[&groups[0], &groups[1]]);
}

/// As above, from a peer: he cannot be added by us. The group is as it was, and takes him without it.
#[test]
fn a_peers_leaf_with_an_application_id_cannot_be_added() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let mut peer = mallory::greasy();
    let package = peer.greasy_key_package(1, b"\x02id");
    let refused = groups[0].commit(vec![Proposal::add(package)], CommitOptions::default());
    let error = refused.expect_err("the engine takes no such leaf");
    assert_eq!((error.code(), error.detail().as_str()), (ErrorCode::InvalidProposal, "ExtensionNotInCapabilities"));
    let package = peer.greasy_key_package(mallory::GREASE, b"\x02id");
    let (message, welcomes) = commit(&groups[0], vec![Proposal::add(package)]);
    committed(&bob, &message);
    peer.join(&welcomes[0]);
    assert_eq!(text(one(&bob, &peer.say(b"heard"))), "heard");
}

/// RFC 9420 section 7.2: the default types are supported by everybody and are not listed in capabilities.
#[test]
fn required_capabilities_may_name_what_everybody_has() {
    let (alice, bob) = (device("alice"), device("bob"));
    let required = Capabilities { extensions: vec![1, 2, 3, 4, 5], proposals: (1..=7).collect(), credentials: vec![1] };
    let options = GroupOptions { required_capabilities: Some(required), ..GroupOptions::default() };
    let group = alice.create_group(options).expect("a group");
    let (_, welcomes) = commit(&group, vec![Proposal::add(key_package(&bob))]);
    let theirs = join(&bob, &welcomes[0]);
    agree(&[&group, &theirs]);
}

/// As above, from a peer that puts it into the context while the group lives.
#[test]
fn a_member_may_require_what_everybody_has() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    // required_capabilities: extension 1, proposals 1 to 7, credentials 1.
    let data = [&[2u8, 0, 1, 14][..], &[0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7], &[2, 0, 1]].concat();
    let extensions = vec![Extension { kind: 3, data }];
    let (message, _) = commit(&groups[0], vec![Proposal::GroupContextExtensions { extensions }]);
    assert!(matches!(one(&bob, &message), EventKind::Committed(_)));
    agree(&[&groups[0], &groups[1]]);
}

/// RFC 9420 section 7.2: the lifetime is the maker's clock, the check the adder's.
#[test]
fn a_peer_may_have_a_clock_that_is_behind_or_ahead() {
    let alice = device_at("alice", NOON);
    let mut adds = Vec::new();
    let peers: Vec<Client> = [("slow", NOON - 1_800), ("fast", NOON + 1_800)]
        .map(|(name, now)| {
            let peer = device_at(name, now);
            adds.push(Proposal::add(key_package(&peer)));
            peer
        })
        .into();
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let (_, welcomes) = commit(&group, adds);
    for peer in &peers {
        agree(&[&group, &join(peer, &welcomes[0])]);
    }
}

/// RFC 9420 section 13.5: what nobody knows changes nothing. Nor does a lifetime without bounds (section 7.2).
#[test]
fn a_peer_may_list_and_carry_what_nobody_knows_and_live_for_ever() {
    let (alice, bob) = (device_at("alice", NOON), device_at("bob", NOON));
    let groups = group_of(&[&alice, &bob]);
    let mut peer = mallory::greasy();
    let package = peer.greasy_key_package(mallory::GREASE, &[1, 2, 3]);
    let message = propose(&groups[1], Proposal::add(package));
    proposed(&alice, &message);
    let (message, welcomes) = commit(&groups[0], vec![]);
    committed(&bob, &message);
    peer.join(&welcomes[0]);
    let member = groups[1].member(2).expect("the peer");
    assert_eq!(member.extensions, [Extension { kind: mallory::GREASE, data: vec![1, 2, 3] }]);
    assert!(member.capabilities_extensions.contains(&mallory::GREASE));
    assert!(member.capabilities_proposals.contains(&mallory::GREASE));
    let said = peer.say(b"heard");
    assert_eq!((text(one(&alice, &said)), text(one(&bob, &said))), ("heard".into(), "heard".into()));
    // He renews his leaf, and others join with him in the tree.
    let renewal = peer.group().commit(vec![]).expect("a commit").commit_message.to_bytes().expect("encoded");
    committed(&alice, &renewal);
    committed(&bob, &renewal);
    let carol = device_at("carol", NOON);
    let (message, welcomes) = commit(&groups[0], vec![Proposal::add(key_package(&carol))]);
    committed(&bob, &message);
    agree(&[&groups[0], &groups[1], &join(&carol, &welcomes[0])]);
}

/// A peer follows a sender over so many missing messages: 200 in ts-mls, 1,000 in OpenMLS. What is set aside for sending
/// and lost in a crash has to be less.
#[test]
fn a_crash_loses_fewer_messages_than_peers_follow() {
    let storage = memory();
    let (mut alice, bob) = (open_on(&storage, options("alice")), device("bob"));
    let id = group_of(&[&alice, &bob])[0].id();
    let mut last = None;
    for n in 0..6 {
        let group = alice.group(id.clone()).expect("the group");
        let EventKind::Message(message) = one(&bob, &say(&group, "heard")) else { panic!("not a message") };
        if let Some(last) = last.replace(message.generation) {
            assert!((last + 1..=last + 64).contains(&message.generation), "{last}, then {}", message.generation);
        }
        // As if the process had been killed, every other time.
        if n % 2 == 0 {
            drop(group);
            drop(alice);
            alice = open_on(&storage, options("alice"));
        }
    }
}

/// RFC 9420 section 7.3: a lifetime is checked when somebody is added; a group does not stall over an old leaf.
#[test]
fn an_old_leaf_keeps_nobody_from_joining() {
    let (alice, bob) = (device_at("alice", NOON), device_at("bob", NOON));
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let (_, welcomes) = commit(&group, vec![Proposal::add(key_package(&bob))]);
    let mut groups = vec![join(&bob, &welcomes[0])];
    // Two years later, at bob's: neither leaf was ever renewed.
    let carol = device_at("carol", NOON + 2 * 365 * 86_400);
    let package = key_package(&carol);
    assert_eq!(
        group.commit(vec![Proposal::add(package.clone())], CommitOptions::default()).expect_err("not yet").code(),
        ErrorCode::KeyPackageExpired
    );
    let info = group.group_info(true, true).expect("a GroupInfo");
    let external = carol.join_external(info.clone(), JoinOptions::default()).expect("a commit");
    external.accept().expect("accepted");
    groups.push(external.group());
    assert_eq!(groups[1].member_count().expect("a count"), 3);
}

/// RFC 9420 section 9.2 leaves the gap that is followed to the implementation: ours are far above what peers leave.
#[test]
fn a_thousand_messages_may_be_missing() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let messages: Vec<Vec<u8>> = (0..1_000).map(|n| say(&groups[0], &n.to_string())).collect();
    for n in [999, 0, 500, 998] {
        assert_eq!(text(one(&bob, &messages[n])), n.to_string());
    }
}

/// A NIST curve's private key is a number to some: with a zero in front, or without the ones that it has.
#[test]
fn an_imported_private_key_may_be_written_as_a_number() {
    for suite in [CipherSuite::P256_AES128, CipherSuite::P384_AES256, CipherSuite::P521_AES256] {
        let open = |name: &str| {
            let mut options = options(name);
            options.cipher_suite = Some(suite);
            Client::open_in_memory(options).expect("a client opens")
        };
        let (alice, bob, imported) = (open("alice"), open("bob"), open("bob"));
        let package = key_package(&bob);
        let reference = bob.key_packages().expect("the inventory").remove(0).reference;
        let mut secrets = bob.export_key_package(reference.clone()).expect("exported");
        for key in [&mut secrets.init_key, &mut secrets.encryption_key, &mut secrets.signature_key] {
            let zeros = key.iter().take_while(|byte| **byte == 0).count();
            key.drain(..zeros);
            if key[0] & 0x80 != 0 {
                key.insert(0, 0);
            }
        }
        assert_eq!(imported.import_key_package(secrets).expect("imported"), reference);
        let group = alice.create_group(GroupOptions::default()).expect("a group");
        let (_, welcomes) = commit(&group, vec![Proposal::add(package)]);
        let theirs = join(&imported, &welcomes[0]);
        agree(&[&group, &theirs]);
        assert_eq!(text(one(&alice, &say(&theirs, "signed"))), "signed");
    }
}

/// RFC 9420 section 5.3.1: an identity may have several clients; ours is (user, device).
#[test]
fn a_user_may_have_several_devices() {
    let open = |device: &str| {
        let device = Device::new("alice", device).expect("valid names");
        Client::open_in_memory(Options::new().device(device).trust(Trust::InsecureAcceptAny)).expect("opens")
    };
    let (phone, tablet, laptop) = (open("phone"), open("tablet"), open("laptop"));
    let groups = group_of(&[&phone, &tablet, &laptop]);
    let (message, _) = commit(&groups[0], vec![Proposal::remove(1)]);
    assert!(matches!(one(&tablet, &message), EventKind::Removed(_)));
    assert!(matches!(one(&laptop, &message), EventKind::Committed(_)));
    agree(&[&groups[0], &groups[2]]);
}
