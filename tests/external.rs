//! Coming in from outside: external commits, resync, and proposals of those who are not members.
mod support;
use mls::*;
use support::*;

fn trusting(name: &str) -> Options {
    let mut options = options(name);
    options.policy.external_join = ExternalJoin::Trusted;
    options
}

fn pair(options: fn(&str) -> Options) -> (Client, Client, Group, Group) {
    let (alice, bob) = (open(options("alice")), open(options("bob")));
    let mut groups = group_of(&[&alice, &bob]);
    let (b, a) = (groups.remove(1), groups.remove(0));
    for client in [&alice, &bob] {
        client.inbox(0, 100).expect("the inbox").iter().for_each(|e| client.acknowledge(e.id).expect("acknowledged"));
    }
    (alice, bob, a, b)
}

fn info(group: &Group) -> Vec<u8> {
    group.group_info(true, true).expect("a GroupInfo")
}

fn resync() -> JoinOptions {
    JoinOptions { resync: true, ..Default::default() }
}

fn joined(client: &Client) -> Joined {
    let events = client.inbox(0, 100).expect("the inbox");
    let joined = events.into_iter().rev().find_map(|event| match event.kind {
        EventKind::Joined(joined) => Some(joined),
        _ => None,
    });
    joined.expect("a joined event")
}

#[test]
fn a_stranger_joins_where_everybody_lets_strangers_in() {
    let (alice, bob, a, b) = pair(trusting);
    let storage = memory();
    let carol = open_on(&storage, options("carol"));
    let commit = carol.join_external(info(&a), JoinOptions { aad: b"hello".to_vec(), ..Default::default() });
    let commit = commit.expect("a commit");
    let c = commit.group();
    // Joining: it is there, and does nothing yet.
    assert_eq!(c.status().expect("a status"), GroupStatus::Joining);
    assert_eq!(carol.group(c.id()).expect("the group").id(), a.id());
    assert_eq!(code(c.encrypt(vec![1], EncryptOptions::default())), ErrorCode::GroupJoining);
    assert_eq!(code(c.epoch()), ErrorCode::GroupJoining);
    assert_eq!(carol.joining_groups().expect("groups"), [a.id()]);
    assert_eq!(carol.groups(None, 10).expect("groups"), [[0u8; 0]; 0]);
    assert_eq!(code(carol.join_external(info(&a), JoinOptions::default())), ErrorCode::GroupExists);
    assert_eq!(code(carol.join_external(info(&a), resync())), ErrorCode::GroupJoining);
    let message = commit.message().expect("its bytes");
    assert_eq!(inspect(message.clone()).expect("readable").sender_kind, Some(SenderKind::NewMemberCommit));
    for client in [&alice, &bob] {
        let seen = committed(client, &message);
        assert_eq!((seen.sender.kind, seen.sender.user.as_deref()), (SenderKind::NewMemberCommit, Some("carol")));
        assert_eq!((users(&seen.added), seen.aad.as_slice()), (vec!["carol"], &b"hello"[..]));
        assert_eq!(seen.added[0].leaf, Some(2));
    }
    let early = say(&b, "in the new epoch already");
    assert_eq!(held(&carol, &early), HeldFor::Group);

    drop(carol);
    let carol = open_on(&storage, options("carol"));
    let c = carol.group(a.id()).expect("the group");
    let commit = c.pending_commits().expect("commits").remove(0);
    assert_eq!(commit.message().expect("its bytes"), message);
    commit.accept().expect("accepted");
    commit.accept().expect("accepting again changes nothing");
    let seen = joined(&carol);
    assert_eq!((seen.by, seen.commit, seen.epoch), (JoinedBy::ExternalCommit, Some(commit.id()), 2));
    let last = carol.inbox(0, 100).expect("the inbox").pop().expect("the message");
    assert_eq!(text(last.kind), "in the new epoch already");
    assert_eq!(text(one(&alice, &early)), "in the new epoch already");
    assert_eq!(ignored(&carol, &message), IgnoredReason::OwnEcho);
    agree(&[&a, &b, &c]);
    talk(&[(&alice, &a), (&bob, &b), (&carol, &c)]);
    let (renewal, _) = support::commit(&c, vec![]);
    committed(&alice, &renewal);
    committed(&bob, &renewal);
    talk(&[(&alice, &a), (&bob, &b), (&carol, &c)]);
}

#[test]
fn the_echo_of_an_external_commit_is_its_answer() {
    let (alice, bob, a, b) = pair(trusting);
    let carol = device("carol");
    let commit = carol.join_external(info(&a), JoinOptions::default()).expect("a commit");
    let message = commit.message().expect("its bytes");
    assert!(matches!(one(&carol, &message), EventKind::Joined(_)));
    commit.accept().expect("accepted already");
    committed(&alice, &message);
    committed(&bob, &message);
    agree(&[&a, &b, &commit.group()]);
}

#[test]
fn a_refused_external_commit_leaves_nothing_but_its_own_echo() {
    let (alice, bob, a, b) = pair(trusting);
    let storage = memory();
    let carol = open_on(&storage, options("carol"));
    let commit = carol.join_external(info(&a), JoinOptions::default()).expect("a commit");
    let message = commit.message().expect("its bytes");
    commit.reject().expect("refused");
    commit.reject().expect("refusing again changes nothing");
    assert_eq!(code(carol.group(a.id())), ErrorCode::GroupNotFound);
    assert_eq!(code(commit.group().status()), ErrorCode::GroupNotFound);
    assert_eq!(carol.groups(None, 10).expect("groups").len(), 0);
    let second = carol.join_external(info(&a), JoinOptions::default()).expect("another try");
    second.reject().expect("refused");
    // The first one was ordered after all.
    drop(carol);
    let carol = open_on(&storage, options("carol"));
    committed(&alice, &message);
    committed(&bob, &message);
    assert!(matches!(one(&carol, &message), EventKind::Joined(_)));
    let c = carol.group(a.id()).expect("the group");
    agree(&[&a, &b, &c]);
    talk(&[(&alice, &a), (&bob, &b), (&carol, &c)]);
}

#[test]
fn a_refused_external_commit_can_be_accepted_after_all() {
    let (alice, bob, a, b) = pair(trusting);
    let carol = device("carol");
    let commit = carol.join_external(info(&a), JoinOptions::default()).expect("a commit");
    commit.reject().expect("refused");
    commit.accept().expect("accepted after all");
    for client in [&alice, &bob] {
        committed(client, &commit.message().expect("its bytes"));
    }
    agree(&[&a, &b, &commit.group()]);
}

#[test]
fn strangers_are_turned_away_by_default_and_the_group_goes_on() {
    let (alice, bob, a, b) = pair(options);
    let carol = device("carol");
    let commit = carol.join_external(info(&a), JoinOptions::default()).expect("a commit");
    let message = commit.message().expect("its bytes");
    for client in [&alice, &bob] {
        match one(client, &message) {
            EventKind::Denied(denied) => assert_eq!((denied.reason, &denied.message), (DeniedReason::Policy, &message)),
            other => panic!("not denied: {other:?}"),
        }
    }
    agree(&[&a, &b]);
    talk(&[(&alice, &a), (&bob, &b)]);
    commit.reject().expect("refused");
}

#[test]
fn the_tree_may_come_out_of_band() {
    let (alice, bob, a, b) = pair(trusting);
    let carol = device("carol");
    let info = a.group_info(true, false).expect("a GroupInfo");
    assert_eq!(code(carol.join_external(info.clone(), JoinOptions::default())), ErrorCode::TreeRequired);
    let tree = a.ratchet_tree().expect("a tree");
    let join =
        |tree: Vec<u8>| carol.join_external(info.clone(), JoinOptions { tree: Some(tree), ..Default::default() });
    assert_eq!(code(join(vec![1, 2, 3])), ErrorCode::InvalidTree);
    let other = group_of(&[&alice, &bob]).remove(0);
    assert_eq!(code(join(other.ratchet_tree().expect("a tree"))), ErrorCode::InvalidTree);
    assert_eq!(code(carol.group(a.id())), ErrorCode::GroupNotFound, "nothing is left of what failed");
    let commit = join(tree).expect("a commit");
    commit.accept().expect("accepted");
    for client in [&alice, &bob] {
        committed(client, &commit.message().expect("its bytes"));
    }
    agree(&[&a, &b, &commit.group()]);
}

#[test]
fn a_group_info_has_to_allow_it_and_be_genuine() {
    let (_alice, bob, a, _b) = pair(trusting);
    let carol = device("carol");
    let plain = a.group_info(false, true).expect("a GroupInfo");
    assert_eq!(code(carol.join_external(plain.clone(), JoinOptions::default())), ErrorCode::InvalidGroupInfo);
    let genuine = info(&a);
    assert_eq!(code(bob.join_external(genuine.clone(), JoinOptions::default())), ErrorCode::GroupExists);
    assert_eq!(code(carol.join_external(genuine.clone(), resync())), ErrorCode::MemberNotFound);
    let mut bent = genuine.clone();
    let last = bent.len() - 1;
    bent[last] ^= 1;
    let refused = code(carol.join_external(bent.clone(), JoinOptions::default()));
    assert!(matches!(refused, ErrorCode::InvalidGroupInfo | ErrorCode::Crypto), "{refused:?}");
    for other in [key_package(&carol), b"nothing".to_vec(), Vec::new()] {
        let refused = code(carol.join_external(other.clone(), JoinOptions::default()));
        assert!(matches!(refused, ErrorCode::UnexpectedMessage | ErrorCode::InvalidMessage), "{refused:?}");
    }
    assert_eq!(carol.groups(None, 10).expect("groups").len(), 0);
}

#[test]
fn a_joiner_brings_pre_shared_keys() {
    let (alice, bob, a, b) = pair(trusting);
    let carol = device("carol");
    let options = JoinOptions { psks: vec![b"shared".to_vec()], ..Default::default() };
    assert_eq!(code(carol.join_external(info(&a), options.clone())), ErrorCode::PskNotFound);
    for client in [&alice, &carol] {
        client.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
    }
    let commit = carol.join_external(info(&a), options).expect("a commit");
    let message = commit.message().expect("its bytes");
    assert_eq!(committed(&alice, &message).psks, [b"shared".to_vec()]);
    // Bob does not have it: he is told, and goes on when he does.
    assert_eq!(denied(&bob, &message), DeniedReason::Protocol);
    bob.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
    committed(&bob, &message);
    commit.accept().expect("accepted");
    agree(&[&a, &b, &commit.group()]);
}

#[test]
fn a_resync_keeps_the_old_state_until_it_is_accepted_and_reads_late_messages_after() {
    for handshakes in [options, public] {
        let (alice, bob, a, b) = pair(handshakes);
        let old = say(&a, "sent before the resync, read before");
        let late = say(&a, "sent before the resync, read after");
        let commit = bob.join_external(info(&a), resync()).expect("a commit");
        assert_eq!(b.status().expect("a status"), GroupStatus::Joining);
        assert_eq!(code(b.encrypt(vec![1], EncryptOptions::default())), ErrorCode::GroupJoining);
        assert_eq!(code(b.commit(vec![], CommitOptions::default())), ErrorCode::GroupJoining);
        assert_eq!(b.epoch().expect("the old state"), 1);
        assert_eq!(text(one(&bob, &old)), "sent before the resync, read before");
        let message = commit.message().expect("its bytes");
        let seen = committed(&alice, &message);
        assert_eq!((users(&seen.removed), users(&seen.added)), (vec!["bob"], vec!["bob"]));
        commit.accept().expect("accepted");
        assert_eq!((b.status().expect("a status"), b.epoch().expect("an epoch")), (GroupStatus::Active, 2));
        assert_eq!(text(one(&bob, &late)), "sent before the resync, read after");
        assert_eq!(ignored(&bob, &late), IgnoredReason::Duplicate);
        assert_eq!(ignored(&bob, &old), IgnoredReason::Duplicate);
        assert_eq!(ignored(&bob, &message), IgnoredReason::OwnEcho);
        assert_eq!(a.member_count().expect("a count"), 2);
        agree(&[&a, &b]);
        talk(&[(&alice, &a), (&bob, &b)]);
        for group in [&b, &a] {
            let (renewal, _) = support::commit(group, vec![]);
            let other = if group.own_leaf().expect("a leaf") == a.own_leaf().expect("a leaf") { &bob } else { &alice };
            committed(other, &renewal);
        }
        talk(&[(&alice, &a), (&bob, &b)]);
    }
}

#[test]
fn a_resync_that_loses_the_race_gives_the_old_state_back() {
    let (alice, bob, a, b) = pair(options);
    let commit = bob.join_external(info(&a), resync()).expect("a commit");
    let (winner, _) = support::commit(&a, vec![]);
    let events = bob.receive(winner.clone()).expect("received");
    let [won, lost] = &events[..] else { panic!("{events:?}") };
    assert!(matches!(won.kind, EventKind::Committed(_)));
    assert!(matches!(&lost.kind, EventKind::Superseded(lost) if lost.commit == commit.id()));
    assert_eq!(b.status().expect("a status"), GroupStatus::Active);
    assert_eq!(code(commit.accept()), ErrorCode::Superseded);
    assert_eq!(ignored(&bob, &winner), IgnoredReason::TooOld);
    agree(&[&a, &b]);
    talk(&[(&alice, &a), (&bob, &b)]);
    let again = bob.join_external(info(&a), resync()).expect("another try");
    committed(&alice, &again.message().expect("its bytes"));
    again.accept().expect("accepted");
    talk(&[(&alice, &a), (&bob, &b)]);
}

#[test]
fn a_refused_resync_leaves_the_old_state_as_it_was() {
    let (alice, bob, a, b) = pair(options);
    let first = bob.join_external(info(&a), resync()).expect("a commit");
    assert_eq!(code(bob.join_external(info(&a), resync())), ErrorCode::GroupJoining);
    first.reject().expect("refused");
    assert_eq!(b.status().expect("a status"), GroupStatus::Active);
    talk(&[(&alice, &a), (&bob, &b)]);
    // And its echo still merges.
    let message = first.message().expect("its bytes");
    committed(&alice, &message);
    assert!(matches!(one(&bob, &message), EventKind::Joined(_)));
    agree(&[&a, &b]);
    talk(&[(&alice, &a), (&bob, &b)]);
}

#[test]
fn a_device_that_lost_its_store_comes_back_by_a_resync() {
    let (alice, bob, a, b) = pair(options);
    let key = bob.export_signing_key(None).expect("a key");
    drop((bob, b));
    // With its key from elsewhere, or with another one where the members' trust takes it.
    for key in [Some(key), None] {
        let mut fresh = options("bob");
        fresh.signing_key = key;
        let bob = open(fresh);
        assert_eq!(code(bob.group(a.id())), ErrorCode::GroupNotFound);
        let commit = bob.join_external(info(&a), resync()).expect("a commit");
        committed(&alice, &commit.message().expect("its bytes"));
        commit.accept().expect("accepted");
        assert_eq!(a.member_count().expect("a count"), 2);
        talk(&[(&alice, &a), (&bob, &commit.group())]);
    }
}

#[test]
fn who_was_removed_comes_back_by_an_external_commit_where_it_may() {
    let (alice, bob, a, b) = pair(trusting);
    let (removal, _) = support::commit(&a, vec![Proposal::remove(leaf_of(&a, "bob"))]);
    assert!(matches!(one(&bob, &removal), EventKind::Removed(_)));
    assert_eq!(code(bob.join_external(info(&a), resync())), ErrorCode::MemberNotFound);
    let commit = bob.join_external(info(&a), JoinOptions::default()).expect("a commit");
    assert_eq!(b.status().expect("a status"), GroupStatus::Joining);
    let message = commit.message().expect("its bytes");
    committed(&alice, &message);
    let early = say(&a, "before the answer");
    assert_eq!(held(&bob, &early), HeldFor::Group);
    let events = bob.receive(message.clone()).expect("received");
    let kinds: Vec<_> = events.iter().map(|event| &event.kind).collect();
    assert!(matches!(kinds[..], [EventKind::Joined(_), EventKind::Message(_)]), "{kinds:?}");
    assert_eq!(b.status().expect("a status"), GroupStatus::Active);
    talk(&[(&alice, &a), (&bob, &b)]);
}

#[test]
fn a_new_members_proposal_is_taken_where_policy_says_so() {
    let willing = |name: &str| {
        let mut options = options(name);
        options.policy.new_member_proposals = true;
        options
    };
    let (alice, bob, a, b) = pair(options);
    let carol = device("carol");
    let message = carol.propose_join(info(&a), b"please".to_vec()).expect("a proposal");
    assert_eq!(inspect(message.clone()).expect("readable").sender_kind, Some(SenderKind::NewMemberProposal));
    assert_eq!(denied(&alice, &message), DeniedReason::Policy);
    assert_eq!(denied(&bob, &message), DeniedReason::Policy);
    talk(&[(&alice, &a), (&bob, &b)]);

    let (alice, bob, a, b) = pair(willing);
    let without_tree = a.group_info(true, false).expect("a GroupInfo");
    assert_eq!(code(carol.propose_join(without_tree.clone(), vec![])), ErrorCode::TreeRequired);
    assert_eq!(code(bob.propose_join(info(&a), vec![])), ErrorCode::GroupExists);
    let before = carol.key_packages().expect("packages").len();
    let message = carol.propose_join(info(&a), vec![]).expect("a proposal");
    assert_eq!(carol.key_packages().expect("packages").len(), before + 1);
    let seen = proposed(&alice, &message);
    proposed(&bob, &message);
    assert_eq!((seen.kind, seen.sender.kind), (1, SenderKind::NewMemberProposal));
    assert_eq!(seen.subject.and_then(|who| who.user).as_deref(), Some("carol"));
    let (message, welcomes) = support::commit(&a, vec![]);
    assert_eq!(users(&committed(&bob, &message).added), ["carol"]);
    let c = join(&carol, &welcomes[0]);
    assert_eq!(carol.key_packages().expect("packages").len(), before);
    agree(&[&a, &b, &c]);
}

/// Alice's group, which listens to the service if `policy` says so.
fn with_service(service: &Client, willing: bool) -> (Client, Client, Group, Group) {
    let options = |name: &str| {
        let mut options = options(name);
        options.policy.external_sender_proposals = willing;
        options.capabilities = Capabilities { extensions: vec![0xff01], proposals: vec![0xff02], credentials: vec![] };
        options
    };
    let (alice, bob) = (open(options("alice")), open(options("bob")));
    let sender = ExternalSender {
        signature_key: service.signature_key(None).expect("a key"),
        credential: service.credential().expect("a credential"),
    };
    let group = GroupOptions { external_senders: vec![sender], ..Default::default() };
    let mut groups = group_with(&[&alice, &bob], group);
    let (b, a) = (groups.remove(1), groups.remove(0));
    (alice, bob, a, b)
}

#[test]
fn an_external_sender_proposes_where_policy_says_so() {
    let service = device("service");
    let (alice, bob, a, b) = with_service(&service, false);
    let remove = |a: &Group, who| service.propose_external(info(a), None, Proposal::remove(leaf_of(a, who)), vec![]);
    let message = remove(&a, "bob").expect("a proposal");
    assert_eq!(denied(&alice, &message), DeniedReason::Policy);
    talk(&[(&alice, &a), (&bob, &b)]);

    let (alice, bob, a, b) = with_service(&service, true);
    for client in [&alice, &bob] {
        client.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
    }
    let carol = {
        let mut options = options("carol");
        options.capabilities = Capabilities { extensions: vec![0xff01], proposals: vec![0xff02], credentials: vec![] };
        open(options)
    };
    carol.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
    // The group's extensions list the service: it keeps itself in.
    let mut extensions = a.extensions().expect("extensions");
    extensions.push(Extension { kind: 0xff01, data: b"from outside".to_vec() });
    let list = [
        Proposal::add(key_package(&carol)),
        Proposal::external_psk(*b"shared"),
        Proposal::GroupContextExtensions { extensions: extensions.clone() },
        Proposal::Custom { kind: 0xff02, data: b"a move".to_vec() },
    ];
    let tree = a.ratchet_tree().expect("a tree");
    let bare = a.group_info(false, false).expect("a GroupInfo");
    for proposal in list {
        let message = service.propose_external(bare.clone(), Some(tree.clone()), proposal, b"aad".to_vec());
        let message = message.expect("a proposal");
        assert_eq!(inspect(message.clone()).expect("readable").sender_kind, Some(SenderKind::External));
        let seen = proposed(&alice, &message);
        assert_eq!((seen.sender.kind, seen.sender.leaf), (SenderKind::External, Some(0)));
        proposed(&bob, &message);
    }
    let (message, welcomes) = support::commit(&a, vec![]);
    let seen = committed(&bob, &message);
    assert_eq!(
        (users(&seen.added), seen.psks.len(), seen.context_changed, seen.custom.len()),
        (vec!["carol"], 1, true, 1)
    );
    let c = join(&carol, &welcomes[0]);
    agree(&[&a, &b, &c]);
    assert_eq!(c.extensions().expect("extensions"), extensions);

    let message = remove(&a, "carol").expect("a proposal");
    proposed(&alice, &message);
    proposed(&bob, &message);
    let (message, _) = support::commit(&b, vec![]);
    assert_eq!(users(&committed(&alice, &message).removed), ["carol"]);
    let now = a.epoch().expect("an epoch");
    let resumption = Proposal::ResumptionPsk { epoch: now };
    let message = service.propose_external(info(&a), None, resumption, b"why".to_vec()).expect("a proposal");
    assert_eq!(proposed(&alice, &message).kind, 4);
    proposed(&bob, &message);
    let (message, _) = support::commit(&b, vec![]);
    assert_eq!(committed(&alice, &message).epoch, now + 1);
    agree(&[&a, &b]);
    let reinit = Proposal::ReInit { group_id: None, cipher_suite: CipherSuite::X25519_AES128, extensions: vec![] };
    let message = service.propose_external(info(&a), None, reinit, vec![]).expect("a proposal");
    proposed(&alice, &message);
    proposed(&bob, &message);
    let (message, _) = support::commit(&a, vec![]);
    assert!(matches!(one(&bob, &message), EventKind::Replaced(_)));
}

#[test]
fn an_external_sender_has_to_be_listed_and_may_not_propose_everything() {
    let service = device("service");
    let (alice, _bob, a, _b) = with_service(&service, true);
    assert_eq!(code(service.propose_external(info(&a), None, Proposal::update(), vec![])), ErrorCode::InvalidProposal);
    let remove = || Proposal::remove(leaf_of(&a, "bob"));
    let bare = a.group_info(false, false).expect("a GroupInfo");
    assert_eq!(code(service.propose_external(bare.clone(), None, remove(), vec![])), ErrorCode::TreeRequired);
    assert_eq!(code(device("mallory").propose_external(info(&a), None, remove(), vec![])), ErrorCode::Denied);
    let impostor = device("service");
    assert_eq!(code(impostor.propose_external(info(&a), None, remove(), vec![])), ErrorCode::Denied);
    let resumption = Proposal::ResumptionPsk { epoch: 1 };
    assert_eq!(code(impostor.propose_external(info(&a), None, resumption, vec![])), ErrorCode::Denied);
    // A group without external senders takes none.
    let (other, _, plain, _) = pair(options);
    assert_eq!(code(service.propose_external(info(&plain), None, remove(), vec![])), ErrorCode::Denied);
    drop((alice, other));
}

#[test]
fn an_outsiders_proposal_of_a_wrong_kind_or_with_a_wrong_key_changes_nothing() {
    let service = device("service");
    let (alice, bob, a, b) = with_service(&service, true);
    let message = service.propose_external(info(&a), None, Proposal::remove(leaf_of(&a, "bob")), vec![]);
    let mut bent = message.expect("a proposal");
    let last = bent.len() - 1;
    bent[last] ^= 1;
    assert!(matches!(one(&alice, &bent), EventKind::Undecryptable(_)));
    assert_eq!(a.proposals().expect("proposals"), []);
    talk(&[(&alice, &a), (&bob, &b)]);
}

#[test]
fn a_group_info_is_previewed() {
    let (alice, bob, a, _b) = pair(options);
    let carol = device("carol");
    let preview = carol.preview(info(&a), None).expect("a preview");
    assert_eq!((preview.group_id.as_slice(), preview.cipher_suite, preview.epoch), (a.id().as_slice(), 1, 1));
    assert_eq!((users(&preview.members), preview.needs_tree, preview.parent), (vec!["alice", "bob"], false, None));
    assert_eq!(preview.inviter.and_then(|who| who.user).as_deref(), Some("alice"));
    let bare = a.group_info(false, false).expect("a GroupInfo");
    let preview = carol.preview(bare.clone(), None).expect("a preview");
    assert_eq!((preview.members.len(), preview.needs_tree, preview.inviter), (0, true, None));
    let preview = carol.preview(bare.clone(), Some(a.ratchet_tree().expect("a tree"))).expect("a preview");
    assert_eq!((users(&preview.members), preview.needs_tree), (vec!["alice", "bob"], false));
    let other = group_of(&[&alice, &bob]).remove(0);
    assert_eq!(code(carol.preview(bare.clone(), other.ratchet_tree().ok())), ErrorCode::InvalidTree);
    let mut bent = bare.clone();
    let last = bent.len() - 1;
    bent[last] ^= 1;
    let refused = code(carol.preview(bent.clone(), a.ratchet_tree().ok()));
    assert!(matches!(refused, ErrorCode::InvalidGroupInfo | ErrorCode::Crypto), "{refused:?}");
    assert_eq!(code(carol.preview(key_package(&carol), None)), ErrorCode::UnexpectedMessage);
}

#[test]
fn the_policy_publishes_a_group_info_with_every_commit() {
    let publishing = |name: &str| {
        let mut options = trusting(name);
        options.policy.publish_group_info = true;
        options
    };
    let (alice, bob, a, b) = pair(publishing);
    let commit = a.commit(vec![], CommitOptions::default()).expect("a commit");
    let info = commit.bundle().expect("everything").group_info.expect("a GroupInfo");
    commit.accept().expect("accepted");
    committed(&bob, &commit.message().expect("its bytes"));
    let carol = device("carol");
    let commit = carol.join_external(info.clone(), JoinOptions::default()).expect("a commit");
    for client in [&alice, &bob] {
        committed(client, &commit.message().expect("its bytes"));
    }
    commit.accept().expect("accepted");
    agree(&[&a, &b, &commit.group()]);
}
