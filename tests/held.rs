//! Messages that come too early wait, within limits, and come out in order when what they wait for is there.
mod support;
use mls::*;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use support::{
    dice::{Dice, tier},
    recorder::Recorder,
    scratch::Scratch,
    *,
};

fn with(name: &str, change: impl FnOnce(&mut Options)) -> Options {
    let mut options = options(name);
    change(&mut options);
    options
}

/// Everything that a device has been told, its inbox included.
fn take(client: &Client, texts: &mut BTreeSet<String>) {
    for event in client.inbox(0, 1_000).expect("the inbox") {
        client.acknowledge(event.id).expect("acknowledged");
        if let EventKind::Message(message) = event.kind {
            let text = String::from_utf8(message.data).expect("text");
            assert!(texts.insert(text.clone()), "{text} came twice");
        }
    }
}

#[test]
fn messages_in_any_order_repeated_and_lost_at_first_all_come_once() {
    let mut dice = Dice::new("any order");
    for _ in 0..tier(6, 200) {
        let all_epochs = |options: &mut Options| options.limits.past_epochs = 100;
        let alice = Client::open_in_memory(with("alice", all_epochs)).expect("opens");
        let bob = Client::open_in_memory(with("bob", all_epochs)).expect("opens");
        let groups = group_of(&[&alice, &bob]);
        let mut messages = Vec::new();
        let mut said = BTreeSet::new();
        for n in 0..60 {
            match dice.below(8) {
                0 => {
                    // By reference, so that the commit waits for the proposal too.
                    let proposal =
                        groups[0].propose(vec![Proposal::Custom { kind: 0xf0aa, data: vec![n] }], Vec::new());
                    if let Ok(mut proposal) = proposal {
                        messages.push(proposal.remove(0));
                        messages.push(commit(&groups[0], Vec::new()).0);
                    }
                }
                1 => messages.push(commit(&groups[0], Vec::new()).0),
                _ => {
                    messages.push(say(&groups[0], &n.to_string()));
                    said.insert(n.to_string());
                }
            }
        }
        let mut deliveries = messages.clone();
        deliveries.extend_from_slice(&messages[..20]);
        dice.shuffle(&mut deliveries);
        // The first third is lost, and comes at last.
        let lost: Vec<_> = deliveries.drain(..20).collect();
        let mut texts = BTreeSet::new();
        for message in deliveries.iter().chain(&lost) {
            bob.receive(message.to_vec()).expect("received");
            take(&bob, &mut texts);
        }
        assert_eq!(texts, said);
        agree(&[&groups[0], &groups[1]]);
    }
}

#[test]
fn what_waits_for_an_epoch_is_bounded_in_number_and_in_bytes() {
    let limits = |options: &mut Options| {
        options.limits.held_messages = 10;
        options.limits.held_bytes = 24_000;
    };
    let alice = device("alice");
    let recorder = Recorder::new();
    let bob = Client::open_storage(recorder.clone(), vec![7; 32], with("bob", limits)).expect("opens");
    let groups = group_of(&[&alice, &bob]);
    let (message, _) = commit(&groups[0], Vec::new());
    let early: Vec<_> = (0..20).map(|n| say(&groups[0], &n.to_string())).collect();
    for (n, message) in early.iter().enumerate() {
        match one(&bob, message) {
            EventKind::Held(held) => assert_eq!((held.reason, held.waiting as usize), (HeldFor::Epoch, n + 1)),
            EventKind::Ignored(ignored) => assert!(n >= 10 && ignored.reason == IgnoredReason::HoldFull),
            kind => panic!("{kind:?}"),
        }
    }
    // The same ones again take no more room.
    assert!(matches!(one(&bob, &early[3]), EventKind::Held(held) if held.waiting == 10));
    assert_eq!(recorder.rows("h").len(), 10);
    let mut texts = BTreeSet::new();
    bob.receive(message.to_vec()).expect("received");
    take(&bob, &mut texts);
    assert_eq!(texts.len(), 10);
    assert!(recorder.rows("h").is_empty());
    // What was not kept can be fetched again.
    for message in &early {
        bob.receive(message.to_vec()).expect("received");
    }
    take(&bob, &mut texts);
    assert_eq!(texts.len(), 20);

    let (message, _) = commit(&groups[0], Vec::new());
    // Padded, two fit and a third one does not.
    let large = |n: u8| groups[0].encrypt(vec![n; 9_000], EncryptOptions::default()).expect("encrypted");
    assert!(matches!(one(&bob, &large(0)), EventKind::Held(_)));
    assert!(matches!(one(&bob, &large(1)), EventKind::Held(_)));
    assert!(matches!(one(&bob, &large(2)), EventKind::Ignored(ignored) if ignored.reason == IgnoredReason::HoldFull));
    assert_eq!(bob.receive(message.to_vec()).expect("received").len(), 3);
}

#[test]
fn epochs_far_ahead_wait_and_do_not_stand_in_the_way() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let message = say(&groups[0], "now");
    // The epoch is in the clear: anybody can change it.
    let id_end = 5 + groups[0].id().len();
    for epoch in [2u64, 3, 1 << 40, u64::MAX] {
        let mut far = message.clone();
        far[id_end..id_end + 8].copy_from_slice(&epoch.to_be_bytes());
        assert!(matches!(one(&bob, &far), EventKind::Held(held) if held.epoch == epoch));
    }
    assert_eq!(text(one(&bob, &message)), "now");
    for n in 0..5 {
        let (message, _) = commit(&groups[0], Vec::new());
        let events = bob.receive(message.to_vec()).expect("received");
        assert!(matches!(events[0].kind, EventKind::Committed(_)), "{events:?}");
        assert!(events[1..].iter().all(|event| !matches!(event.kind, EventKind::Message(_))));
        assert_eq!(text(one(&bob, &say(&groups[0], &n.to_string()))), n.to_string());
    }
}

#[test]
fn messages_of_a_group_that_is_not_known_wait_for_the_welcome() {
    let (alice, bob) = (device("alice"), device("bob"));
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let (_, welcomes) = commit(&group, vec![Proposal::add(key_package(&bob))]);
    let first = say(&group, "first");
    let (second, _) = commit(&group, Vec::new());
    let third = say(&group, "third");
    for message in [&third, &second, &first, &first] {
        assert!(matches!(one(&bob, message), EventKind::Held(held) if held.reason == HeldFor::Group));
    }
    let bobs = join(&bob, &welcomes[0]);
    agree(&[&group, &bobs]);
    let mut texts = BTreeSet::new();
    take(&bob, &mut texts);
    assert_eq!(texts, BTreeSet::from(["first".into(), "third".into()]));
}

#[test]
fn so_many_groups_that_are_not_known_and_no_more() {
    let recorder = Recorder::new();
    let limits = |options: &mut Options| options.limits.held_unknown_groups = 4;
    let bob = Client::open_storage(recorder.clone(), vec![7; 32], with("bob", limits)).expect("opens");
    let alice = device("alice");
    let mut held = 0;
    for _ in 0..20 {
        let group = alice.create_group(GroupOptions::default()).expect("a group");
        match one(&bob, &say(&group, "hello")) {
            EventKind::Held(_) => held += 1,
            EventKind::Ignored(ignored) => assert_eq!(ignored.reason, IgnoredReason::HoldFull),
            kind => panic!("{kind:?}"),
        }
    }
    assert_eq!(held, 4);
    assert_eq!(recorder.rows("h").len(), 4);
    // Joining one of them makes room for another.
    let known = alice.create_group(GroupOptions::default()).expect("a group");
    let (_, welcomes) = commit(&known, vec![Proposal::add(key_package(&bob))]);
    join(&bob, &welcomes[0]);
    assert_eq!(text(one(&bob, &say(&known, "known"))), "known");
}

struct Later(AtomicBool);

impl Validator for Later {
    fn validate(&self, _: ValidationRequest) -> Result<Verdict, CallbackError> {
        Ok(if self.0.load(Ordering::Relaxed) { Verdict::Later } else { Verdict::Accept })
    }
}

#[test]
fn what_the_validator_puts_off_waits_with_the_state_unchanged_even_over_a_restart() {
    let scratch = Scratch::in_memory("later");
    let later = Arc::new(Later(AtomicBool::new(false)));
    let open = || {
        let trust = |options: &mut Options| options.trust = Some(Trust::Validator(later.clone()));
        Client::open(&scratch.file("bob.db"), vec![7; 32], with("bob", trust)).expect("opens")
    };
    let (alice, bob, carol) = (device("alice"), open(), device("carol"));
    let groups = group_of(&[&alice, &bob]);
    let id = groups[0].id().to_vec();
    let before = groups[1].epoch_authenticator().expect("an authenticator");
    later.0.store(true, Ordering::Relaxed);
    let (message, _) = commit(&groups[0], vec![Proposal::add(key_package(&carol))]);
    let after = say(&groups[0], "after");
    assert!(matches!(one(&bob, &message), EventKind::Held(held) if held.reason == HeldFor::Validator));
    assert!(matches!(one(&bob, &after), EventKind::Held(_)));
    assert_eq!(groups[1].epoch_authenticator().expect("an authenticator"), before);
    // Asked again, and put off again.
    let events = bob.retry_held().expect("retried");
    assert!(!events.iter().any(|event| matches!(event.kind, EventKind::Committed(_))), "{events:?}");
    drop((groups, bob));
    let bob = open();
    later.0.store(false, Ordering::Relaxed);
    bob.retry_held().expect("retried");
    let mut texts = BTreeSet::new();
    take(&bob, &mut texts);
    assert_eq!(texts, BTreeSet::from(["after".into()]));
    agree(&[&alice.group(id.to_vec()).expect("the group"), &bob.group(id.to_vec()).expect("the group")]);
}

#[test]
fn members_who_were_faster_than_our_own_acceptance_are_heard() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let pending = groups[0].commit(Vec::new(), CommitOptions::default()).expect("a commit");
    assert!(matches!(one(&bob, &pending.message().expect("its bytes")), EventKind::Committed(_)));
    let early = say(&groups[1], "early");
    assert!(matches!(one(&alice, &early), EventKind::Held(_)));
    pending.accept().expect("accepted");
    let mut texts = BTreeSet::new();
    take(&alice, &mut texts);
    assert_eq!(texts, BTreeSet::from(["early".into()]));
}

/// The Welcome to a group that mixes in this pre-shared key.
fn welcome_with_psk(alice: &Client, bob: &Client, psk: &[u8]) -> (Group, Vec<u8>) {
    alice.add_psk(psk.to_vec(), b"secret".to_vec()).expect("kept");
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let proposals = vec![Proposal::add(key_package(bob)), Proposal::external_psk(psk.to_vec())];
    let (_, mut welcomes) = commit(&group, proposals);
    (group, welcomes.remove(0))
}

#[test]
fn a_welcome_waits_for_its_pre_shared_key_over_a_restart() {
    let alice = device("alice");
    let storage = memory();
    let bob = open_on(&storage, options("bob"));
    let (group, welcome) = welcome_with_psk(&alice, &bob, b"psk");
    assert_eq!(held(&bob, &welcome), HeldFor::Psk);
    assert_eq!(held(&bob, &welcome), HeldFor::Psk); // and takes no more room for coming twice
    drop(bob);
    let bob = open_on(&storage, options("bob"));
    let events = bob.retry_held().expect("tried");
    assert!(matches!(events[..], [Event { kind: EventKind::Held(Held { waiting: 1, .. }), .. }]), "{events:?}");
    bob.add_psk(b"psk".to_vec(), b"secret".to_vec()).expect("kept");
    let events = bob.retry_held().expect("tried");
    let [Event { kind: EventKind::Invited(invitation), .. }] = &events[..] else { panic!("{events:?}") };
    agree(&[&group, &bob.join(invitation.id, None).expect("joined")]);
    assert_eq!(bob.retry_held().expect("nothing waits"), []);
}

#[test]
fn so_many_welcomes_wait_and_no_more() {
    let alice = device("alice");
    let bob = open(with("bob", |options| options.limits.held_messages = 2));
    for n in 0..4u8 {
        let (_, welcome) = welcome_with_psk(&alice, &bob, &[n]);
        match one(&bob, &welcome) {
            EventKind::Held(held) => assert_eq!((held.reason, held.waiting), (HeldFor::Psk, u32::from(n) + 1)),
            EventKind::Ignored(ignored) => assert_eq!((ignored.reason, n >= 2), (IgnoredReason::HoldFull, true)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(bob.retry_held().expect("tried").len(), 2);
}

#[test]
fn an_extension_leaves_the_welcome_to_a_large_group_to_the_application() {
    let storage = memory();
    let bob = open_on(&storage, options("bob"));
    let (alice, carol) = (device("alice"), device("carol"));
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let (_, mut welcomes) = commit(&group, vec![Proposal::add(key_package(&carol)), Proposal::add(key_package(&bob))]);
    let welcome = welcomes.remove(0);
    drop(bob);
    let extension = |above| {
        with("bob", |options| {
            options.role = Role::Extension;
            options.limits = Limits::extension();
            options.limits.hold_commits_above = Some(above);
        })
    };
    let bob = open_on(&storage, extension(2));
    let events = bob.receive(welcome).expect("received");
    assert!(
        matches!(&events[..], [Event { kind: EventKind::Held(Held { reason: HeldFor::Limits, .. }), .. }]),
        "{events:?}"
    );
    drop(bob);
    let bob = open_on(&storage, options("bob"));
    let events = bob.retry_held().expect("tried");
    let [Event { kind: EventKind::Invited(invitation), .. }] = &events[..] else { panic!("{events:?}") };
    agree(&[&group, &bob.join(invitation.id, None).expect("joined")]);
}

#[test]
fn the_welcome_to_a_successor_waits_for_the_commit_that_announces_it() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let reinit = Proposal::ReInit { group_id: None, cipher_suite: CipherSuite::X25519_AES128, extensions: Vec::new() };
    let (announced, _) = commit(&groups[0], vec![reinit]);
    let successor = groups[0].create_successor(vec![key_package(&bob)], CommitOptions::default()).expect("a successor");
    let welcome = successor.welcomes().expect("Welcomes").remove(0);
    assert_eq!(held(&bob, &welcome), HeldFor::Epoch);
    let events = bob.receive(announced).expect("received");
    let [Event { kind: EventKind::Replaced(_), .. }, Event { kind: EventKind::Invited(invitation), .. }] = &events[..]
    else {
        panic!("{events:?}")
    };
    agree(&[&successor.group(), &bob.join(invitation.id, None).expect("joined")]);
}

/// A branch of a group in an epoch that Bob has not come to yet: the commit that leads there, and the Welcome.
fn branch_ahead(groups: &[Group], bob: &Client) -> (Vec<u8>, Vec<u8>) {
    let (message, _) = commit(&groups[0], Vec::new());
    let branch =
        groups[0].branch(None, vec![key_package(bob)], None, CommitOptions::default()).expect("a branch of the group");
    (message, branch.welcomes().expect("Welcomes").remove(0))
}

fn is_invited(event: &Event) -> bool {
    matches!(event.kind, EventKind::Invited(_))
}

#[test]
fn a_welcome_that_finds_the_inbox_full_fails_nobodys_commit_and_comes_later() {
    let storage = memory();
    let open_bob = |events| open_on(&storage, with("bob", |options| options.limits.inbox_events = events));
    let (alice, bob) = (device("alice"), open_bob(1));
    let groups = group_of(&[&alice, &bob]);
    for event in bob.inbox(0, 10).expect("the inbox") {
        bob.acknowledge(event.id).expect("acknowledged");
    }
    // Another's commit.
    let (message, welcome) = branch_ahead(&groups, &bob);
    assert_eq!(held(&bob, &welcome), HeldFor::Epoch);
    let events = bob.receive(message).expect("the commit is taken in");
    assert!(matches!(events[..], [Event { kind: EventKind::Committed(_), .. }]), "{events:?}");
    bob.acknowledge(events[0].id).expect("acknowledged");
    // At the next occasion, whatever it is.
    let events = bob.receive(b"nothing".to_vec()).expect("received");
    assert!(matches!(&events[..], [_, last] if is_invited(last)), "{events:?}");
    bob.decline(events[1].id).expect("declined");
    // Our own: the one that was accepted was accepted.
    let (parent, welcome) = {
        let commit = groups[1].commit(Vec::new(), CommitOptions::default()).expect("a commit");
        committed(&alice, &commit.message().expect("a message"));
        let branch = groups[0].branch(None, vec![key_package(&bob)], None, CommitOptions::default()).expect("a branch");
        (commit, branch.welcomes().expect("Welcomes").remove(0))
    };
    assert_eq!(held(&bob, &welcome), HeldFor::Epoch);
    parent.accept().expect("accepted");
    assert_eq!(bob.inbox(0, 10).expect("the inbox").len(), 1);
    // A process that ends here has not looked; the next one does.
    drop((parent, bob));
    let bob = open_bob(10);
    let events = bob.receive(b"nothing".to_vec()).expect("received");
    assert!(matches!(&events[..], [_, last] if is_invited(last)), "{events:?}");
    agree(&[&groups[0], &bob.group(groups[0].id()).expect("the group")]);
}

#[test]
fn the_welcome_to_a_branch_waits_for_the_welcome_to_its_parent() {
    let (alice, bob) = (device("alice"), device("bob"));
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let (_, mut welcomes) = commit(&group, vec![Proposal::add(key_package(&bob))]);
    let branch = group.branch(None, vec![key_package(&bob)], None, CommitOptions::default()).expect("a branch");
    assert_eq!(held(&bob, &branch.welcomes().expect("Welcomes")[0]), HeldFor::Epoch);
    join(&bob, &welcomes.remove(0));
    let events = bob.inbox(0, 10).expect("the inbox");
    let invitation = events.iter().find(|event| is_invited(event)).expect("an invitation");
    agree(&[&branch.group(), &bob.join(invitation.id, None).expect("joined")]);
}

/// Welcomes that continue what this device never heard of: anybody who has its key package can make them.
#[test]
fn welcomes_that_wait_for_ever_cost_a_commit_neither_a_write_nor_an_event() {
    let recorder = Recorder::new();
    let alice = device("alice");
    let bob = Client::open_storage(recorder.clone(), vec![7; 32], options("bob")).expect("opens");
    let groups = group_of(&[&alice, &bob]);
    let hidden = alice.create_group(GroupOptions::default()).expect("a group");
    let (_, _) = commit(&hidden, vec![Proposal::add(key_package(&bob))]);
    for n in 1..=20 {
        let branch = hidden.branch(None, vec![key_package(&bob)], None, CommitOptions::default()).expect("a branch");
        let welcome = branch.welcomes().expect("Welcomes").remove(0);
        assert!(matches!(one(&bob, &welcome), EventKind::Held(held) if held.waiting == n));
    }
    assert_eq!(recorder.rows("W").len(), 20);
    for _ in 0..3 {
        let (message, _) = commit(&groups[0], Vec::new());
        recorder.take_kinds();
        let events = bob.receive(message).expect("received");
        assert!(matches!(events[..], [Event { kind: EventKind::Committed(_), .. }]), "{events:?}");
        assert!(!recorder.take_kinds().contains(&'W'));
    }
    // Whoever asks is told.
    assert_eq!(bob.retry_held().expect("tried").len(), 20);
    assert!(!recorder.take_kinds().contains(&'W'));
}

#[test]
fn a_welcome_that_is_no_good_is_not_worth_a_write() {
    let recorder = Recorder::new();
    let (alice, carol) = (device("alice"), device("carol"));
    let bob = Client::open_storage(recorder.clone(), vec![7; 32], options("bob")).expect("opens");
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let (_, welcomes) = commit(&group, vec![Proposal::add(key_package(&carol))]);
    let (_, for_bob) = commit(&group, vec![Proposal::add(key_package(&bob))]);
    let mut broken = for_bob[0].clone();
    *broken.last_mut().expect("bytes") ^= 1;
    bob.receive(b"nothing".to_vec()).expect("ids are set aside");
    recorder.take_kinds();
    for _ in 0..3 {
        assert_eq!(ignored(&bob, &welcomes[0]), IgnoredReason::NotForUs);
        assert!(matches!(one(&bob, &broken), EventKind::Undecryptable(_)));
    }
    assert_eq!(recorder.take_kinds(), []);
    agree(&[&group, &join(&bob, &for_bob[0])]);
}

/// Whoever has one key package of a device can invite it as often as he likes.
#[test]
fn invitations_are_bounded_in_bytes() {
    let storage = memory();
    let carol = device("carol");
    let bob = open_on(&storage, with("bob", |options| options.limits.message_bytes = 10_000));
    let package = key_package(&bob);
    let welcomes: Vec<_> = (0..60)
        .map(|_| {
            let group = carol.create_group(GroupOptions::default()).expect("a group");
            commit(&group, vec![Proposal::add(package.clone())]).1.remove(0)
        })
        .collect();
    let mut bytes = 0;
    let full = welcomes.iter().position(|welcome| match one(&bob, welcome) {
        EventKind::Invited(_) => {
            bytes += welcome.len();
            false
        }
        EventKind::Denied(denied) => denied.reason == DeniedReason::Limit,
        other => panic!("{other:?}"),
    });
    let full = full.expect("there is an end");
    assert!(bytes <= 40_000 && bytes + welcomes[full].len() > 40_000, "{bytes}");
    drop(bob);
    // An extension leaves it to the application, which may have more room.
    let bob = open_on(
        &storage,
        with("bob", |options| {
            options.role = Role::Extension;
            options.limits = Limits::extension();
            options.limits.message_bytes = 10_000;
        }),
    );
    let events = bob.receive(welcomes[full].clone()).expect("received");
    assert!(matches!(&events[..], [Event { kind: EventKind::Held(held), .. }] if held.reason == HeldFor::Limits));
    drop(bob);
    let bob = open_on(&storage, options("bob"));
    assert!(bob.retry_held().expect("tried").iter().any(is_invited));
}

/// The epoch of a message is in the clear: anybody can make up what waits for a later one.
#[test]
fn messages_that_were_made_up_leave_room_for_what_was_proven() {
    let later = Arc::new(Later(AtomicBool::new(false)));
    let alice = device("alice");
    let bob = open(with("bob", |options| {
        options.trust = Some(Trust::Validator(later.clone()));
        options.limits.held_messages = 4;
    }));
    let groups = group_of(&[&alice, &bob]);
    let mut forged = say(&groups[0], "hello");
    let id_end = 5 + groups[0].id().len();
    forged[id_end..id_end + 8].copy_from_slice(&9u64.to_be_bytes());
    for n in 0..8u8 {
        *forged.last_mut().expect("bytes") = n;
        bob.receive(forged.clone()).expect("received");
    }
    later.0.store(true, Ordering::Relaxed);
    let (message, _) = commit(&groups[0], vec![Proposal::add(key_package(&device("carol")))]);
    assert_eq!(held(&bob, &message), HeldFor::Validator);
    later.0.store(false, Ordering::Relaxed);
    bob.retry_held().expect("tried");
    agree(&[&groups[0], &groups[1]]);
}

#[test]
fn a_group_that_is_not_known_makes_room_for_another_when_it_is_deleted() {
    let (alice, bob) = (device("alice"), open(with("bob", |options| options.limits.held_unknown_groups = 2)));
    for _ in 0..6 {
        let group = alice.create_group(GroupOptions::default()).expect("a group");
        assert_eq!(held(&bob, &say(&group, "hello")), HeldFor::Group);
        bob.delete_group(group.id()).expect("deleted");
    }
}

#[test]
fn the_welcome_of_one_who_is_added_again_waits_for_the_commit_that_removes_him() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let list = vec![Proposal::remove(leaf_of(&groups[0], "bob")), Proposal::add(key_package(&bob))];
    let (first, _) = commit(&groups[0], Vec::new());
    let (second, welcomes) = commit(&groups[0], list);
    assert_eq!(held(&bob, &welcomes[0]), HeldFor::Epoch);
    committed(&bob, &first);
    let events = bob.receive(second).expect("received");
    let [Event { kind: EventKind::Removed(_), .. }, Event { kind: EventKind::Invited(invitation), .. }] = &events[..]
    else {
        panic!("{events:?}")
    };
    let again = bob.join(invitation.id, None).expect("joined");
    talk(&[(&alice, &groups[0]), (&bob, &again)]);
    // Who is there already is not invited.
    assert_eq!(ignored(&bob, &welcomes[0]), IgnoredReason::NotForUs);
}

#[test]
fn an_extension_holds_genuine_commits_of_a_large_group_and_no_forged_ones() {
    for policy in [options, public] {
        let storage = memory();
        let bob = open_on(&storage, policy("bob"));
        let (alice, carol) = (open(policy("alice")), open(policy("carol")));
        let groups = group_of(&[&alice, &bob, &carol]);
        let (genuine, _) = commit(&groups[0], Vec::new());
        drop(bob);
        let mut small = policy("bob");
        small.role = Role::Extension;
        small.limits = Limits::extension();
        (small.limits.hold_commits_above, small.limits.held_messages) = (Some(2), 4);
        let bob = open_on(&storage, small);
        let received = |bytes: Vec<u8>| bob.receive(bytes).expect("received").remove(0).kind;
        for n in 0..40 {
            let mut forged = genuine.clone();
            let at = forged.len() - 1 - n * 7 % (forged.len() / 2);
            forged[at] ^= 1;
            let kind = received(forged);
            assert!(matches!(kind, EventKind::Undecryptable(_) | EventKind::Denied(_)), "{n}: {kind:?}");
        }
        let kind = received(genuine);
        assert!(matches!(kind, EventKind::Held(Held { reason: HeldFor::Limits, waiting: 1, .. })), "{kind:?}");
        drop(bob);
        let bob = open_on(&storage, policy("bob"));
        let events = bob.retry_held().expect("tried");
        assert!(matches!(&events[..], [Event { kind: EventKind::Committed(_), .. }]), "{events:?}");
        agree(&[&groups[0], &bob.group(groups[0].id()).expect("the group")]);
    }
}

#[test]
fn an_extension_leaves_the_echo_of_an_external_commit_to_the_application() {
    let storage = memory();
    let bob = open_on(&storage, options("bob"));
    let mut trusting = options("alice");
    trusting.policy.external_join = ExternalJoin::Trusted;
    let alice = open(trusting);
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let info = group.group_info(true, true).expect("a GroupInfo");
    let join = bob.join_external(info, JoinOptions::default()).expect("a commit").message().expect("its bytes");
    committed(&alice, &join);
    drop(bob);
    let bob = open_on(&storage, with("bob", |options| options.role = Role::Extension));
    let events = bob.receive(join).expect("received");
    assert!(matches!(&events[..], [Event { kind: EventKind::Held(_), .. }]), "{events:?}");
    assert_eq!(bob.joining_groups().expect("groups"), [group.id()]);
    drop(bob);
    let bob = open_on(&storage, options("bob"));
    let joined = bob.group(group.id()).expect("the group");
    joined.pending_commits().expect("commits").remove(0).accept().expect("accepted");
    agree(&[&group, &joined]);
}
