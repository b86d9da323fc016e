//! Groups that continue a group: branches, and what follows a ReInit.
mod support;
use mls::*;
use support::*;

fn packages(clients: &[&Client]) -> Vec<Vec<u8>> {
    clients.iter().map(|client| key_package(client)).collect()
}

fn reinit(suite: CipherSuite) -> Proposal {
    Proposal::ReInit { group_id: Some(b"the next one".to_vec()), cipher_suite: suite, extensions: Vec::new() }
}

fn replaced(kind: EventKind) -> Replaced {
    match kind {
        EventKind::Replaced(replaced) => replaced,
        other => panic!("not replaced: {other:?}"),
    }
}

#[test]
fn a_branch_is_a_group_of_some_members() {
    let (alice, bob, carol) = (device("alice"), device("bob"), device("carol"));
    let groups = group_of(&[&alice, &bob, &carol]);
    let branch = groups[0]
        .branch(Some(b"aside".to_vec()), packages(&[&carol]), None, CommitOptions::default())
        .expect("a branch");
    let a = branch.group();
    assert_eq!((a.id(), a.status().expect("a status")), (b"aside".to_vec(), GroupStatus::Active));
    assert_eq!(branch.status().expect("a status"), CommitStatus::Accepted);
    branch.accept().expect("accepted already");
    assert_eq!(users(&own_committed(&alice).added), ["carol"]);
    let welcome = branch.welcomes().expect("Welcomes").remove(0);
    assert_eq!(ignored(&bob, &welcome), IgnoredReason::NotForUs);
    let invitation = invited(&carol, &welcome);
    assert_eq!(invitation.preview.parent, Some(groups[0].id()));
    assert_eq!(users(&invitation.preview.members), ["alice", "carol"]);
    let c = carol.join(invitation.id, None).expect("joined");
    agree(&[&a, &c]);
    talk(&[(&alice, &a), (&carol, &c)]);
    talk(&[(&alice, &groups[0]), (&bob, &groups[1]), (&carol, &groups[2])]);
    assert_eq!(
        code(groups[0].branch(Some(b"aside".to_vec()), packages(&[&carol]), None, CommitOptions::default())),
        ErrorCode::GroupExists
    );
}

/// A context extension of the application's, and a device that is capable of it.
const NOTE: u16 = 0xF0F0;

fn noting(name: &str) -> Client {
    let mut options = options(name);
    options.capabilities.extensions = vec![NOTE];
    open(options)
}

/// RFC 9420 section 11.3 says nothing of the extensions: a branch may have its own.
#[test]
fn a_branch_may_have_extensions_of_its_own() {
    let (alice, bob, carol) = (noting("alice"), noting("bob"), device("carol"));
    let groups = group_of(&[&alice, &bob, &carol]);
    let note = vec![Extension { kind: NOTE, data: b"aside".to_vec() }];
    let context = |data: &[u8]| vec![Extension { kind: NOTE, data: data.to_vec() }];
    let (message, _) = commit(&groups[0], vec![]);
    committed(&bob, &message);
    committed(&carol, &message);
    for (extensions, expected) in [(None, vec![]), (Some(note.clone()), note), (Some(vec![]), vec![])] {
        let make = |packages| groups[0].branch(None, packages, extensions.clone(), CommitOptions::default());
        let branch = make(packages(&[&bob])).expect("a branch");
        let b = join(&bob, &branch.welcomes().expect("Welcomes")[0]);
        agree(&[&branch.group(), &b]);
        assert_eq!(b.extensions().expect("extensions"), expected);
        talk(&[(&alice, &branch.group()), (&bob, &b)]);
        let (renewal, _) = commit(&b, vec![]);
        committed(&alice, &renewal);
        talk(&[(&alice, &branch.group()), (&bob, &b)]);
    }
    // Carol cannot be where it is.
    let made = groups[0].branch(None, packages(&[&carol]), Some(context(b"aside")), CommitOptions::default());
    assert_eq!(code(made), ErrorCode::InvalidProposal);
    assert_eq!(groups[0].extensions().expect("extensions"), []);
    talk(&[(&alice, &groups[0]), (&bob, &groups[1]), (&carol, &groups[2])]);
}

#[test]
fn what_can_be_chosen_of_a_successors_commit_is_and_the_rest_is_refused() {
    let (alice, bob, carol) = (device("alice"), device("bob"), device("carol"));
    let groups = group_of(&[&alice, &bob, &carol]);
    let options =
        CommitOptions { force_path: true, tree_out_of_band: true, welcome_for_each: true, ..Default::default() };
    let check = |made: Commit| {
        let welcomes = made.welcomes().expect("Welcomes");
        assert_eq!(welcomes.len(), 2);
        let join = |client: &Client| {
            let invited = welcomes.iter().find_map(|welcome| match one(client, welcome) {
                EventKind::Invited(invitation) => Some(invitation),
                _ => None,
            });
            let invitation = invited.expect("one Welcome is for each");
            assert!(invitation.preview.needs_tree);
            assert_eq!(invitation.preview.parent, Some(groups[0].id()));
            assert_eq!(code(client.join(invitation.id, None)), ErrorCode::TreeRequired);
            client.join(invitation.id, Some(made.group().ratchet_tree().expect("a tree"))).expect("joined")
        };
        agree(&[&made.group(), &join(&bob), &join(&carol)]);
    };
    check(groups[0].branch(None, packages(&[&bob, &carol]), None, options.clone()).expect("a branch"));
    let (message, _) = commit(&groups[0], vec![reinit(CipherSuite::X25519_AES128)]);
    replaced(one(&bob, &message));
    replaced(one(&carol, &message));
    for other in [
        CommitOptions { aad: vec![1], ..Default::default() },
        CommitOptions { new_identity: Some(NewIdentity::default()), ..Default::default() },
        CommitOptions { leaf_extensions: Some(vec![]), ..Default::default() },
        CommitOptions { group_info: Some(true), ..Default::default() },
    ] {
        assert_eq!(code(groups[0].branch(None, vec![], None, other.clone())), ErrorCode::InvalidArgument);
        assert_eq!(code(groups[0].create_successor(vec![], other)), ErrorCode::InvalidArgument);
    }
    check(groups[0].create_successor(packages(&[&bob, &carol]), options).expect("a successor"));
}

#[test]
fn nobody_but_members_comes_into_a_branch() {
    let (alice, bob, mallory) = (device("alice"), device("bob"), device("mallory"));
    let groups = group_of(&[&alice, &bob]);
    assert_eq!(
        code(groups[0].branch(None, packages(&[&mallory]), None, CommitOptions::default())),
        ErrorCode::NoSuccessor
    );
    assert_eq!(
        code(groups[0].branch(None, vec![b"nothing".to_vec()], None, CommitOptions::default())),
        ErrorCode::InvalidKeyPackage
    );
    assert_eq!(alice.groups(None, 10).expect("groups").len(), 1);
    // A stranger that gets the Welcome knows nothing of the parent.
    let branch = groups[0].branch(None, packages(&[&bob]), None, CommitOptions::default()).expect("a branch");
    let welcome = branch.welcomes().expect("Welcomes").remove(0);
    bob.delete_group(groups[1].id()).expect("deleted");
    assert_eq!(held(&bob, &welcome), HeldFor::Epoch);
    assert!(matches!(
        bob.retry_held().expect("tried")[..],
        [Event { kind: EventKind::Held(Held { waiting: 1, .. }), .. }]
    ));
    // Without its key package it is nobody's.
    let reference = bob.key_packages().expect("an inventory")[0].reference.clone();
    bob.delete_key_package(reference).expect("deleted");
    let events = bob.retry_held().expect("tried");
    assert!(matches!(
        &events[..],
        [Event { kind: EventKind::Ignored(Ignored { reason: IgnoredReason::NotForUs, .. }), .. }]
    ));
    assert_eq!(bob.retry_held().expect("nothing waits"), []);
}

#[test]
fn a_branch_is_joined_after_its_parent_has_moved_on() {
    for late in 0..5 {
        let (alice, bob, carol) = (device("alice"), device("bob"), device("carol"));
        let groups = group_of(&[&alice, &bob, &carol]);
        let branch =
            groups[0].branch(None, packages(&[&bob, &carol]), None, CommitOptions::default()).expect("a branch");
        let welcome = branch.welcomes().expect("Welcomes").remove(0);
        // Bob hears of it at once and joins late, Carol hears of it late.
        let invitation = invited(&bob, &welcome);
        for n in 0..late {
            // Among the changes: Bob's key, and Carol's.
            let group = &groups[n % 3];
            let options = CommitOptions { new_identity: Some(NewIdentity::default()), ..Default::default() };
            let (message, _) = commit_with(group, vec![], options);
            let others = [&alice, &bob, &carol].into_iter().enumerate().filter(|(at, _)| *at != n % 3);
            others.for_each(|(_, client)| drop(committed(client, &message)));
        }
        let b = bob.join(invitation.id, None).expect("joined");
        agree(&[&branch.group(), &b]);
        talk(&[(&alice, &branch.group()), (&bob, &b)]);
        // Epochs are kept for so long only.
        if late <= 3 {
            let c = join(&carol, &welcome);
            talk(&[(&alice, &branch.group()), (&bob, &b), (&carol, &c)]);
        } else {
            assert_eq!(denied(&carol, &welcome), DeniedReason::Protocol);
        }
    }
}

#[test]
fn a_branch_is_joined_by_one_whose_parent_is_gone_by_then() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let branch = groups[0].branch(None, packages(&[&bob]), None, CommitOptions::default()).expect("a branch");
    let invitation = invited(&bob, &branch.welcomes().expect("Welcomes")[0]);
    bob.delete_group(groups[1].id()).expect("deleted");
    let b = bob.join(invitation.id, None).expect("joined");
    talk(&[(&alice, &branch.group()), (&bob, &b)]);
}

#[test]
fn a_key_package_of_before_a_rotation_joins_a_branch_as_whom_it_names() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let package = packages(&[&bob]);
    let options = CommitOptions { new_identity: Some(NewIdentity::default()), ..Default::default() };
    let (message, _) = commit_with(&groups[1], vec![], options);
    committed(&alice, &message);
    let branch = groups[0].branch(None, package, None, CommitOptions::default()).expect("a branch");
    let b = join(&bob, &branch.welcomes().expect("Welcomes")[0]);
    talk(&[(&alice, &branch.group()), (&bob, &b)]);
}

/// The group ends, and its members meet in the next one.
fn succession(options: fn(&str) -> Options, by_reference: bool, suite: CipherSuite) {
    let (alice, bob, carol) = (open(options("alice")), open(options("bob")), open(options("carol")));
    let groups = group_of(&[&alice, &bob, &carol]);
    assert_eq!(code(groups[1].create_successor(vec![], CommitOptions::default())), ErrorCode::NoSuccessor);
    let message = if by_reference {
        let message = propose(&groups[1], reinit(suite));
        assert_eq!(proposed(&alice, &message).data, b"the next one");
        proposed(&carol, &message);
        commit(&groups[0], vec![]).0
    } else {
        commit(&groups[0], vec![reinit(suite)]).0
    };
    let seen = replaced(one(&bob, &message));
    assert_eq!((seen.successor.as_slice(), seen.cipher_suite), (&b"the next one"[..], suite.0));
    assert_eq!(seen.sender.user.as_deref(), Some("alice"));
    replaced(one(&carol, &message));
    let own = alice.inbox(0, 100).expect("the inbox").pop().expect("an event");
    assert_eq!(replaced(own.kind).successor, b"the next one");
    for group in &groups {
        assert_eq!(group.status().expect("a status"), GroupStatus::Replaced);
        assert_eq!(code(group.encrypt(vec![1], EncryptOptions::default())), ErrorCode::GroupClosed);
        assert_eq!(code(group.commit(vec![], CommitOptions::default())), ErrorCode::GroupClosed);
        assert_eq!(code(group.propose(vec![Proposal::update()], vec![])), ErrorCode::GroupClosed);
    }
    assert_eq!(ignored(&bob, &message), IgnoredReason::GroupClosed);

    // Bob is the one who makes it.
    let package = |client: &Client| {
        let options = KeyPackageOptions { cipher_suite: Some(suite), ..Default::default() };
        client.create_key_packages(1, options).expect("a key package").remove(0)
    };
    assert_eq!(
        code(groups[1].create_successor(vec![package(&alice)], CommitOptions::default())),
        ErrorCode::NoSuccessor,
        "Carol is missing"
    );
    let strangers = vec![package(&alice), package(&open(options("mallory")))];
    assert_eq!(code(groups[1].create_successor(strangers, CommitOptions::default())), ErrorCode::NoSuccessor);
    let successor = groups[1]
        .create_successor(vec![package(&alice), package(&carol)], CommitOptions::default())
        .expect("a successor");
    let b = successor.group();
    assert_eq!((b.id(), b.cipher_suite().expect("a suite")), (b"the next one".to_vec(), suite));
    let welcome = successor.welcomes().expect("Welcomes").remove(0);
    let invitation = invited(&alice, &welcome);
    assert_eq!(invitation.preview.parent, Some(groups[0].id()));
    let a = alice.join(invitation.id, None).expect("joined");
    let c = join(&carol, &welcome);
    agree(&[&a, &b, &c]);
    talk(&[(&alice, &a), (&bob, &b), (&carol, &c)]);
    let (renewal, _) = commit(&c, vec![]);
    committed(&alice, &renewal);
    committed(&bob, &renewal);
    talk(&[(&alice, &a), (&bob, &b), (&carol, &c)]);
    assert_eq!(
        code(groups[1].create_successor(vec![package(&alice), package(&carol)], CommitOptions::default())),
        ErrorCode::GroupExists
    );
}

#[test]
fn a_group_is_succeeded_after_a_reinit() {
    for handshakes in [options, public] {
        succession(handshakes, false, CipherSuite::X25519_AES128);
        succession(handshakes, true, CipherSuite::X25519_AES128);
    }
}

#[test]
fn a_successor_may_have_another_cipher_suite() {
    succession(options, false, CipherSuite::P256_AES128);
    succession(public, true, CipherSuite::P384_AES256);
}

/// RFC 9420 section 11.2 does not ask for another id.
#[test]
fn a_successor_may_have_the_id_of_the_group_that_has_ended() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let id = groups[0].id();
    let same = |cipher_suite| Proposal::ReInit { group_id: Some(id.clone()), cipher_suite, extensions: vec![] };
    let (message, _) = commit(&groups[0], vec![same(CipherSuite::X25519_CHACHA)]);
    replaced(one(&bob, &message));
    let options = KeyPackageOptions { cipher_suite: Some(CipherSuite::X25519_CHACHA), ..Default::default() };
    let package = alice.create_key_packages(1, options).expect("a key package");
    let successor = groups[1].create_successor(package, CommitOptions::default()).expect("a successor");
    let a = join(&alice, &successor.welcomes().expect("Welcomes")[0]);
    agree(&[&a, &groups[0], &groups[1], &successor.group()]);
    assert_eq!(groups[1].status().expect("a status"), GroupStatus::Active);
    assert_eq!(groups[1].cipher_suite().expect("a suite"), CipherSuite::X25519_CHACHA);
    talk(&[(&alice, &groups[0]), (&bob, &groups[1])]);
    let (renewal, _) = commit(&groups[0], vec![]);
    committed(&bob, &renewal);
    talk(&[(&alice, &groups[0]), (&bob, &groups[1])]);
    assert_eq!(ignored(&bob, &message), IgnoredReason::TooOld);
}

#[test]
fn a_group_that_somebody_has_left_is_succeeded_too() {
    let (alice, bob, carol, dave) = (device("alice"), device("bob"), device("carol"), device("dave"));
    let groups = group_of(&[&alice, &bob, &carol, &dave]);
    let (message, _) = commit(&groups[0], vec![Proposal::remove(leaf_of(&groups[0], "bob"))]);
    committed(&carol, &message);
    committed(&dave, &message);
    let (message, _) = commit(&groups[0], vec![reinit(CipherSuite::X25519_AES128)]);
    replaced(one(&carol, &message));
    replaced(one(&dave, &message));
    let successor =
        groups[2].create_successor(packages(&[&alice, &dave]), CommitOptions::default()).expect("a successor");
    let welcome = successor.welcomes().expect("Welcomes").remove(0);
    let (a, d) = (join(&alice, &welcome), join(&dave, &welcome));
    talk(&[(&alice, &a), (&carol, &successor.group()), (&dave, &d)]);
}

#[test]
fn a_successor_survives_restarts_between_all_steps() {
    let (alice_store, bob_store) = (memory(), memory());
    let open_alice = || open_on(&alice_store, options("alice"));
    let open_bob = || open_on(&bob_store, options("bob"));
    let (alice, bob) = (open_alice(), open_bob());
    let id = {
        let groups = group_of(&[&alice, &bob]);
        let (message, _) = commit(&groups[0], vec![reinit(CipherSuite::P256_AES128)]);
        replaced(one(&bob, &message));
        groups[0].id().to_vec()
    };
    drop((alice, bob));
    let (alice, bob) = (open_alice(), open_bob());
    let options = KeyPackageOptions { cipher_suite: Some(CipherSuite::P256_AES128), ..Default::default() };
    let package = bob.create_key_packages(1, options).expect("a key package");
    let welcome = {
        let successor = alice
            .group(id.to_vec())
            .expect("the group")
            .create_successor(package, CommitOptions::default())
            .expect("a successor");
        successor.welcomes().expect("Welcomes").remove(0)
    };
    drop((alice, bob));
    let bob = open_bob();
    let invitation = invited(&bob, &welcome).id;
    drop(bob);
    let (alice, bob) = (open_alice(), open_bob());
    let b = bob.join(invitation, None).expect("joined");
    talk(&[(&alice, &alice.group(b.id()).expect("the group")), (&bob, &b)]);
}

#[test]
fn a_reinit_by_value_leaves_everything_else_out() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    for proposal in [Proposal::update(), Proposal::add(key_package(&device("carol")))] {
        proposed(&alice, &propose(&groups[1], proposal));
    }
    let both = vec![reinit(CipherSuite::X25519_AES128), Proposal::add(key_package(&device("dave")))];
    assert_eq!(code(groups[0].commit(both, CommitOptions::default())), ErrorCode::InvalidProposal);
    let (message, _) = commit(&groups[0], vec![reinit(CipherSuite::X25519_AES128)]);
    replaced(one(&bob, &message));
}

#[test]
fn key_packages_for_a_successor_have_to_be_valid_by_the_clients_clock() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let (day, clock) = (86_400, Watch::at(now));
    let watched = |name: &str| {
        let mut options = options(name);
        options.clock = Some(clock.clone());
        // The engine looks at the system's clock as well, which stands still here.
        options.policy.key_package_backdate = 30 * day;
        open(options)
    };
    let (alice, bob) = (watched("alice"), watched("bob"));
    let groups = group_of(&[&alice, &bob]);
    let package = |lifetime| {
        let options = KeyPackageOptions { lifetime: Some(lifetime), ..Default::default() };
        bob.create_key_packages(1, options).expect("a key package")
    };
    let early = package(2 * day);
    clock.set(now + 3 * day);
    assert_eq!(
        code(groups[0].branch(None, early.clone(), None, CommitOptions::default())),
        ErrorCode::KeyPackageExpired
    );
    let branch = groups[0].branch(None, package(2 * day), None, CommitOptions::default()).expect("a branch");
    join(&bob, &branch.welcomes().expect("Welcomes")[0]);
    let (message, _) = commit(&groups[0], vec![reinit(CipherSuite::X25519_AES128)]);
    replaced(one(&bob, &message));
    assert_eq!(code(groups[0].create_successor(early, CommitOptions::default())), ErrorCode::KeyPackageExpired);
    let successor = groups[0].create_successor(package(2 * day), CommitOptions::default()).expect("a successor");
    join(&bob, &successor.welcomes().expect("Welcomes")[0]);
}

#[test]
fn key_packages_of_another_suite_are_no_branchs_and_no_successors() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let other = KeyPackageOptions { cipher_suite: Some(CipherSuite::P256_AES128), ..KeyPackageOptions::default() };
    let package = || bob.create_key_packages(1, other.clone()).expect("a key package");
    assert_eq!(code(groups[0].branch(None, package(), None, CommitOptions::default())), ErrorCode::InvalidKeyPackage);
    commit(&groups[0], vec![reinit(CipherSuite::X25519_AES128)]);
    assert_eq!(code(groups[0].create_successor(package(), CommitOptions::default())), ErrorCode::InvalidKeyPackage);
    groups[0].create_successor(packages(&[&bob]), CommitOptions::default()).expect("a successor");
}
