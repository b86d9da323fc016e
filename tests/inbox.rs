//! The inbox: an event stays until it is acknowledged, under one id for ever, and then its row goes.
mod support;
use mls::*;
use std::{collections::BTreeSet, sync::Arc};
use support::{
    dice::{Dice, tier},
    recorder::Recorder,
    scratch::Scratch,
    *,
};

fn small(name: &str, change: impl FnOnce(&mut Limits)) -> Options {
    let mut options = options(name);
    change(&mut options.limits);
    options
}

fn recorded(options: Options) -> (Client, Arc<Recorder>) {
    let recorder = Recorder::new();
    (Client::open_storage(recorder.clone(), vec![7; 32], options).expect("opens"), recorder)
}

fn ids(client: &Client) -> Vec<u64> {
    client.inbox(0, 1_000).expect("the inbox").iter().map(|event| event.id).collect()
}

#[test]
fn an_id_is_never_used_again_not_even_one_of_an_event_that_was_not_kept() {
    let scratch = Scratch::in_memory("ids");
    let open = || Client::open(&scratch.file("bob.db"), vec![7; 32], options("bob")).expect("opens");
    let (alice, mut bob) = (device("alice"), open());
    let groups = group_of(&[&alice, &bob]);
    let mut seen = BTreeSet::new();
    let mut last = 0;
    for round in 0..tier(20, 200) {
        let message = say(&groups[0], &round.to_string());
        for _ in 0..3 {
            // The second and the third are told and not kept.
            let event = bob.receive(message.to_vec()).expect("received").remove(0);
            assert!(seen.insert(event.id) && event.id > last, "{event:?} after {last}");
            last = event.id;
        }
        let commit = groups[0].commit(Vec::new(), CommitOptions::default()).expect("a commit");
        commit.reject().expect("rejected");
        // Nothing is closed or flushed: it is as if the process had died.
        bob = open();
    }
}

#[test]
fn deliveries_are_counted_over_restarts() {
    let scratch = Scratch::in_memory("deliveries");
    let open = || Client::open(&scratch.file("bob.db"), vec![7; 32], options("bob")).expect("opens");
    let (alice, bob) = (device("alice"), open());
    let groups = group_of(&[&alice, &bob]);
    let event = bob.receive(say(&groups[0], "hello")).expect("received").remove(0);
    assert_eq!(event.deliveries, 0);
    drop(bob);
    for deliveries in 1..5 {
        let bob = open();
        let again = bob.inbox(event.id - 1, 1).expect("the inbox").remove(0);
        assert_eq!((again.id, again.deliveries, &again.kind), (event.id, deliveries, &event.kind));
    }
}

#[test]
fn pages_of_the_inbox_are_in_order_and_complete() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    bob.flush().expect("flushed");
    ids(&bob).into_iter().for_each(|id| bob.acknowledge(id).expect("acknowledged"));
    let messages: Vec<_> = (0..25).map(|n| say(&groups[0], &n.to_string())).collect();
    let all: Vec<u64> = bob.receive_many(messages.to_vec()).expect("received").iter().map(|event| event.id).collect();
    let mut paged = Vec::new();
    let mut after = 0;
    loop {
        let page = bob.inbox(after, 10).expect("a page");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 10);
        after = last.id;
        paged.extend(page.iter().map(|event| event.id));
    }
    assert_eq!(paged, all);
    assert!(bob.inbox(0, 0).expect("none").is_empty());
    assert_eq!(bob.inbox(all[9], 1).expect("one")[0].id, all[10]);
    assert!(bob.inbox(u64::MAX, 10).expect("none").is_empty());
}

#[test]
fn acknowledgements_come_in_any_order_and_are_durable_with_the_next_write_or_flush_or_close() {
    let scratch = Scratch::in_memory("acknowledged");
    let open = || Client::open(&scratch.file("bob.db"), vec![7; 32], options("bob")).expect("opens");
    let (alice, mut bob) = (device("alice"), open());
    let groups = group_of(&[&alice, &bob]);
    ids(&bob).into_iter().for_each(|id| bob.acknowledge(id).expect("acknowledged"));
    bob.flush().expect("flushed");
    let mut dice = Dice::new("acknowledged");
    for round in 0..tier(12, 120) {
        let messages: Vec<_> = (0..8).map(|n| say(&groups[0], &n.to_string())).collect();
        let mut left: Vec<u64> =
            bob.receive_many(messages.to_vec()).expect("received").iter().map(|event| event.id).collect();
        dice.shuffle(&mut left);
        let done: BTreeSet<u64> = left.drain(..4).collect();
        for id in &done {
            bob.acknowledge(*id).expect("acknowledged");
            bob.acknowledge(*id).expect("twice is fine");
        }
        bob.acknowledge(u64::MAX).expect("never there is fine");
        assert!(ids(&bob).iter().all(|id| !done.contains(id)), "not told again, written or not");
        match round % 4 {
            0 => bob.flush().expect("flushed"),
            1 => bob.close().expect("closed"),
            2 => left.push(bob.receive(say(&groups[0], "next")).expect("received").remove(0).id),
            _ => {} // Reading the inbox has written them with the deliveries.
        }
        drop(bob);
        bob = open();
        left.sort_unstable();
        let found = ids(&bob);
        assert_eq!(found, left);
        left.into_iter().for_each(|id| bob.acknowledge(id).expect("acknowledged"));
        bob.flush().expect("flushed");
        assert_eq!(ids(&bob), []);
    }
    // Without a write it comes again.
    let event = bob.receive(say(&groups[0], "again")).expect("received").remove(0);
    bob.acknowledge(event.id).expect("acknowledged");
    drop(bob);
    assert_eq!(ids(&open()), [event.id]);
}

#[test]
fn a_full_inbox_is_said_before_any_key_is_consumed() {
    let (alice, bob) = (device("alice"), Client::open_in_memory(small("bob", |l| l.inbox_events = 5)).expect("opens"));
    let groups = group_of(&[&alice, &bob]);
    ids(&bob).into_iter().for_each(|id| bob.acknowledge(id).expect("acknowledged"));
    let messages: Vec<_> = (0..40).map(|n| say(&groups[0], &n.to_string())).collect();
    let mut texts = Vec::new();
    for round in 0..8 {
        // What fits is received, what does not is received later; at last all of it fits.
        let received = bob.receive_many(messages.to_vec());
        assert_eq!(received.err().map(|error| error.code()), (round < 7).then_some(ErrorCode::InboxFull));
        assert_eq!(code(bob.receive(messages[39].to_vec())), ErrorCode::InboxFull);
        assert_eq!(code(bob.receive(say(&groups[0], "never received"))), ErrorCode::InboxFull);
        let events = bob.inbox(0, 100).expect("the inbox");
        assert_eq!(events.len(), 5);
        for event in events {
            bob.acknowledge(event.id).expect("acknowledged");
            texts.push(text(event.kind));
        }
    }
    assert_eq!(texts, (0..40).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(groups[1].epoch().expect("an epoch"), 1);
    assert_eq!(text(one(&bob, &say(&groups[0], "on"))), "on");
}

#[test]
fn acknowledging_what_was_not_kept_makes_no_room() {
    let (alice, bob) = (device("alice"), Client::open_in_memory(small("bob", |l| l.inbox_events = 5)).expect("opens"));
    let groups = group_of(&[&alice, &bob]);
    ids(&bob).into_iter().for_each(|id| bob.acknowledge(id).expect("acknowledged"));
    let messages: Vec<_> = (0..6).map(|n| say(&groups[0], &n.to_string())).collect();
    bob.receive_many(messages[..4].to_vec()).expect("received");
    for _ in 0..20 {
        let ignored = bob.receive(messages[0].to_vec()).expect("received").remove(0);
        assert!(matches!(ignored.kind, EventKind::Ignored(_)));
        bob.acknowledge(ignored.id).expect("acknowledged");
    }
    bob.receive(messages[4].to_vec()).expect("the fifth");
    assert_eq!(bob.receive(messages[5].to_vec()).expect_err("the sixth").code(), ErrorCode::InboxFull);
}

#[test]
fn what_was_held_comes_out_as_the_inbox_has_room() {
    let (alice, bob) = (device("alice"), Client::open_in_memory(small("bob", |l| l.inbox_events = 5)).expect("opens"));
    let groups = group_of(&[&alice, &bob]);
    ids(&bob).into_iter().for_each(|id| bob.acknowledge(id).expect("acknowledged"));
    let (commit, _) = commit(&groups[0], Vec::new());
    let early: Vec<_> = (0..12).map(|n| say(&groups[0], &n.to_string())).collect();
    for message in &early {
        assert!(matches!(one(&bob, message), EventKind::Held(_)));
    }
    bob.receive(commit.to_vec()).expect("received");
    let mut texts = BTreeSet::new();
    for _ in 0..20 {
        let events = bob.inbox(0, 100).expect("the inbox");
        assert!(events.len() <= 5, "{}", events.len());
        for event in events {
            bob.acknowledge(event.id).expect("acknowledged");
            if let EventKind::Message(message) = event.kind {
                texts.insert(String::from_utf8(message.data).expect("text"));
            }
        }
        bob.receive(say(&groups[0], "more")).expect("received");
    }
    assert!((0..12).all(|n| texts.contains(&n.to_string())), "{texts:?}");
}

/// How many rows the log has.
fn rows(recorder: &Recorder) -> usize {
    recorder.rows("m").len()
}

#[test]
fn rows_go_when_they_are_acknowledged_and_folded() {
    let alice = device("alice");
    let (bob, recorder) = recorded(options("bob"));
    let groups = group_of(&[&alice, &bob]);
    ids(&bob).into_iter().for_each(|id| bob.acknowledge(id).expect("acknowledged"));
    let mut most = 0;
    for n in 0..tier(2_000, 10_000) {
        assert_eq!(text(one(&bob, &say(&groups[0], &n.to_string()))), n.to_string());
        if n % 100 == 50 {
            let proposal = groups[0].propose(vec![Proposal::update()], Vec::new()).expect("proposed").remove(0);
            assert!(matches!(one(&bob, &proposal), EventKind::Proposed(_)));
            let (commit, _) = commit(&groups[n / 100 % 2], Vec::new());
            if n / 100 % 2 == 0 {
                assert!(matches!(one(&bob, &commit), EventKind::Committed(_)));
            } else {
                assert!(matches!(one(&alice, &commit), EventKind::Committed(_)));
                ids(&bob).into_iter().for_each(|id| bob.acknowledge(id).expect("acknowledged"));
            }
        }
        most = most.max(rows(&recorder));
    }
    assert!(most <= 64 + 4, "{most} rows");
    bob.flush().expect("flushed");
    assert_eq!(rows(&recorder), 0);
}

#[test]
fn rows_of_groups_that_are_not_loaded_go_too() {
    let mut dice = Dice::new("unloaded");
    let alice = device("alice");
    let (bob, recorder) = recorded(small("bob", |l| l.loaded_groups = 2));
    let groups: Vec<Group> = (0..10).map(|_| group_of(&[&alice, &bob]).remove(0)).collect();
    ids(&bob).into_iter().for_each(|id| bob.acknowledge(id).expect("acknowledged"));
    let mut waiting = Vec::new();
    let mut most = 0;
    for n in 0..tier(1_000, 10_000) {
        let event = bob.receive(say(&groups[dice.below(10)], &n.to_string())).expect("received").remove(0);
        waiting.push(event.id);
        if waiting.len() > 20 {
            let id = waiting.swap_remove(dice.below(20));
            bob.acknowledge(id).expect("acknowledged");
        }
        most = most.max(rows(&recorder));
    }
    // Twenty that wait, and what the two groups that are loaded have not folded.
    assert!(most <= 21 + 2 * 64 + 4, "{most} rows");
    waiting.into_iter().for_each(|id| bob.acknowledge(id).expect("acknowledged"));
    bob.flush().expect("flushed");
    assert_eq!(rows(&recorder), 0);
}

#[test]
fn rows_that_another_client_has_acknowledged_go_as_well() {
    let alice = device("alice");
    let recorder = Recorder::new();
    let open = || Client::open_storage(recorder.clone(), vec![7; 32], options("bob")).expect("opens");
    let (bob, other) = (open(), open());
    let groups = group_of(&[&alice, &bob]);
    let mut most = 0;
    for n in 0..tier(1_000, 10_000) {
        let event = bob.receive(say(&groups[0], &n.to_string())).expect("received").remove(0);
        other.acknowledge(event.id).expect("acknowledged");
        if n % 7 == 0 {
            other.flush().expect("flushed");
        }
        most = most.max(rows(&recorder));
    }
    assert!(most <= 2 * 64 + 8, "{most} rows");
    for client in [&other, &bob] {
        ids(client).into_iter().for_each(|id| client.acknowledge(id).expect("acknowledged"));
        client.flush().expect("flushed");
    }
    assert_eq!(rows(&recorder), 0);
}

#[test]
fn rows_of_a_group_that_was_left_or_joined_again_go() {
    let alice = device("alice");
    let (bob, recorder) = recorded(options("bob"));
    let groups = group_of(&[&alice, &bob]);
    for n in 0..10 {
        let event = bob.receive(say(&groups[0], &n.to_string())).expect("received").remove(0);
        if n % 2 == 0 {
            bob.acknowledge(event.id).expect("acknowledged");
        }
    }
    // Taking one's own place again.
    let info = groups[0].group_info(true, true).expect("a GroupInfo");
    let options = JoinOptions { resync: true, ..JoinOptions::default() };
    let commit = bob.join_external(info.to_vec(), options).expect("a commit");
    let message = commit.message().expect("its bytes");
    assert!(matches!(one(&alice, &message), EventKind::Committed(_)));
    commit.accept().expect("accepted");
    agree(&[&groups[0], &groups[1]]);
    for n in 0..10 {
        bob.receive(say(&groups[0], &n.to_string())).expect("received");
    }
    // Being removed.
    let leaf = groups[1].own_leaf().expect("a leaf");
    let (removal, _) = support::commit(&groups[0], vec![Proposal::Remove { leaf }]);
    assert!(matches!(one(&bob, &removal), EventKind::Removed(_)));
    let left = ids(&bob);
    assert!(left.len() >= 15, "{left:?}");
    left.into_iter().for_each(|id| bob.acknowledge(id).expect("acknowledged"));
    bob.flush().expect("flushed");
    assert_eq!(rows(&recorder), 0);
}

#[test]
fn who_joins_or_declines_has_answered_the_invitation() {
    let storage = memory();
    let (alice, bob) = (device("alice"), open_on(&storage, options("bob")));
    let invitation = |n: u8| {
        let group = alice.create_group(GroupOptions { id: Some(vec![n]), ..GroupOptions::default() }).expect("a group");
        let (_, welcomes) = commit(&group, vec![Proposal::add(key_package(&bob))]);
        bob.receive(welcomes[0].to_vec()).expect("received")[0].id // and not acknowledged
    };
    let (joined, declined) = (invitation(1), invitation(2));
    bob.join(joined, None).expect("joined");
    bob.decline(declined).expect("declined");
    // It dies before it acknowledges anything.
    drop(bob);
    let bob = open_on(&storage, options("bob"));
    let waiting = bob.inbox(0, 10).expect("the inbox");
    assert!(matches!(waiting.as_slice(), [Event { kind: EventKind::Joined(_), .. }]), "{waiting:?}");
    bob.acknowledge(joined).expect("fine");
}

#[test]
fn an_invitation_that_is_joined_by_policy_is_not_told() {
    let mut options = options("bob");
    options.policy.auto_join = true;
    let (alice, bob) = (device("alice"), open(options));
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let (_, welcomes) = commit(&group, vec![Proposal::add(key_package(&bob))]);
    let events = bob.receive(welcomes[0].to_vec()).expect("received");
    assert!(matches!(events.as_slice(), [Event { kind: EventKind::Joined(_), .. }]), "{events:?}");
}

#[test]
fn a_log_of_events_does_not_say_what_was_said() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let events = bob.receive(say(&groups[0], "a secret")).expect("received");
    let (log, bytes) = (format!("{events:?}"), format!("{:?}", b"a secret"));
    assert!(
        log.contains("8 bytes") && !log.contains("a secret") && !log.contains(bytes.trim_matches(['[', ']'])),
        "{log}"
    );
}
