//! A flood of forged messages does not make a device read a large group again and again. Counts, not times, decide.
#![cfg(feature = "faults")]
mod support;
use mls::{store::faults, *};
use mls_rs::client_builder::MlsConfig;
use std::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};
use support::{
    dice::{Dice, tier},
    mallory::{self, Mallory, mallory},
    *,
};

/// The count is the process's.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Alice, Bob and Mallory in a group with many others.
fn large(encrypt: bool) -> (Client, Client, Vec<Group>, Mallory<impl MlsConfig>) {
    let options = |name| {
        let mut options = options(name);
        if !encrypt {
            options.policy.handshake_encryption = HandshakeEncryption::Public;
        }
        options
    };
    let alice = Client::open_in_memory(options("alice")).expect("opens");
    let bob = Client::open_in_memory(options("bob")).expect("opens");
    let mut member = mallory(encrypt);
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let mut packages = vec![key_package(&bob), member.key_package()];
    packages.extend(mallory::crowd(tier(200, 1_000)));
    let (_, welcomes) = commit(&group, packages.into_iter().map(Proposal::add).collect());
    member.join(&welcomes[0]);
    let groups = vec![group, join(&bob, &welcomes[0])];
    agree(&[&groups[0], &groups[1]]);
    (alice, bob, groups, member)
}

/// Receives each message; answers how many forgeries there were to a reload, and prints what one costs.
fn flood(what: &str, bob: &Client, messages: &[Vec<u8>], most: u64) {
    let (loads, start) = (faults::group_loads(), Instant::now());
    for message in messages {
        for event in bob.receive(message.to_vec()).expect("received") {
            bob.acknowledge(event.id).expect("acknowledged");
            assert!(!matches!(event.kind, EventKind::Message(_) | EventKind::Committed(_)), "{event:?}");
        }
    }
    let loads = faults::group_loads() - loads;
    println!(
        "{what}: {} messages, {loads} reloads, {:?} each",
        messages.len(),
        start.elapsed() / messages.len() as u32
    );
    assert!(loads <= most, "{what}: {loads} reloads");
}

#[test]
fn a_flood_of_forged_messages_costs_one_reload() {
    let _alone = alone();
    let mut dice = Dice::new("a flood");
    let (alice, bob, groups, _mallory) = large(true);
    let count = tier(300, 3_000);
    let message = say(&groups[0], "genuine");
    let application: Vec<_> = (0..count).map(|_| dice.flipped(&message, 50)).collect();
    flood("application messages", &bob, &application, 0);
    assert_eq!(text(one(&bob, &message)), "genuine");
    let replays = vec![message; count];
    flood("replayed application messages", &bob, &replays, 0);

    let proposal = groups[0].propose(vec![Proposal::Remove { leaf: 5 }], Vec::new()).expect("proposed").remove(0);
    let proposals: Vec<_> = (0..count).map(|_| dice.flipped(&proposal, 50)).collect();
    flood("proposals", &bob, &proposals, 1);
    assert!(matches!(one(&bob, &proposal), EventKind::Proposed(_)));
    flood("replayed proposals", &bob, &vec![proposal; count], 0);

    let (commit, _) = commit(&groups[0], Vec::new());
    let commits: Vec<_> = (0..count).map(|_| dice.flipped(&commit, 50)).collect();
    flood("commits", &bob, &commits, 1);
    let before = say(&groups[0], "of the next epoch");
    assert!(matches!(one(&bob, &before), EventKind::Held(_)));
    let events = bob.receive(commit.clone()).expect("received");
    assert!(matches!(events[0].kind, EventKind::Committed(_)), "{events:?}");
    assert!(matches!(events[1].kind, EventKind::Message(_)), "{events:?}");
    agree(&[&groups[0], &groups[1]]);
    assert_eq!(text(one(&alice, &say(&groups[1], "on"))), "on");
}

#[test]
fn forged_messages_among_genuine_ones_cost_one_reload_for_many() {
    let _alone = alone();
    let mut dice = Dice::new("forged among genuine");
    let (_, bob, groups, _mallory) = large(true);
    let loads = faults::group_loads();
    let count = tier(100, 1_000);
    for n in 0..count {
        let message = say(&groups[0], &n.to_string());
        for _ in 0..10 {
            bob.receive(dice.flipped(&message, 50)).expect("received");
        }
        assert_eq!(text(one(&bob, &message)), n.to_string());
    }
    let loads = faults::group_loads() - loads;
    println!("{} forged among {count} genuine: {loads} reloads", count * 10);
    assert!(loads <= 1, "{loads} reloads");
}

#[test]
fn late_messages_cost_no_reload_forged_or_not() {
    let _alone = alone();
    let mut dice = Dice::new("late messages");
    let (_, bob, groups, _mallory) = large(true);
    let late: Vec<_> = (0..20).map(|n| say(&groups[0], &n.to_string())).collect();
    let (commit, _) = commit(&groups[0], Vec::new());
    assert!(matches!(one(&bob, &commit), EventKind::Committed(_)));
    let forged: Vec<_> = (0..tier(200, 2_000)).map(|_| dice.flipped(&late[0], 50)).collect();
    flood("late messages", &bob, &forged, 0);
    let loads = faults::group_loads();
    for (n, message) in late.iter().enumerate() {
        assert_eq!(text(one(&bob, message)), n.to_string());
        assert!(matches!(one(&bob, message), EventKind::Ignored(_)));
    }
    assert_eq!(faults::group_loads(), loads);
}

#[test]
fn a_member_with_good_tags_and_bad_signatures_costs_little() {
    let _alone = alone();
    let (_, bob, groups, mut mallory) = large(true);
    let mut wrong = mallory.with_wrong_signer();
    let count = tier(100, 900);
    let mut forged = Vec::new();
    for _ in 0..count {
        let message = wrong.encrypt_application_message(b"forged", Vec::new()).expect("encrypted");
        forged.push(message.to_bytes().expect("encoded"));
        forged.push(wrong.propose_update(Vec::new()).expect("proposed").to_bytes().expect("encoded"));
        wrong.clear_proposal_cache();
    }
    flood("bad signatures", &bob, &forged, 2);
    // Nothing was lost: not his own, not others'.
    for n in 0..count.min(300) {
        assert_eq!(text(one(&bob, &mallory.say(n.to_string().as_bytes()))), n.to_string());
    }
    assert_eq!(text(one(&bob, &say(&groups[0], "hello"))), "hello");
}

#[test]
fn a_member_whose_commits_cannot_be_applied_is_made_to_wait() {
    let _alone = alone();
    let (_, bob, groups, mut mallory) = large(false);
    let genuine = mallory.group().commit(Vec::new()).expect("built").commit_message.to_bytes().expect("encoded");
    let short: Vec<_> = (0..tier(60, 600))
        .map(|n| {
            // Another path each time, with one byte of its last node's secrets changed.
            mallory.resigned(&genuine, |commit| {
                let at = commit.len() - 1 - n % 16;
                commit[at] ^= 1 + (n / 16) as u8;
            })
        })
        .collect();
    flood("commits of a member that cannot be applied", &bob, &short, 33);
    assert!(matches!(one(&bob, &genuine), EventKind::Held(_)));
    let events = bob.retry_held().expect("retried");
    assert!(events.iter().any(|event| matches!(event.kind, EventKind::Committed(_))), "{events:?}");
    drop(groups);
}

#[test]
fn messages_of_groups_that_nobody_knows_do_not_push_out_those_that_are_in_use() {
    let _alone = alone();
    let (_, bob, groups, _mallory) = large(true);
    assert_eq!(text(one(&bob, &say(&groups[0], "a"))), "a");
    let message = say(&groups[0], "b");
    let loads = faults::group_loads();
    for n in 0..tier(1_000, 10_000) as u32 {
        let mut unknown = message.clone();
        unknown[5..9].copy_from_slice(&n.to_be_bytes());
        let kind = one(&bob, &unknown);
        assert!(matches!(kind, EventKind::Held(_) | EventKind::Ignored(_)), "{kind:?}");
    }
    assert_eq!(text(one(&bob, &message)), "b");
    assert_eq!(faults::group_loads(), loads);
}
