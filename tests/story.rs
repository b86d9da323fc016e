//! The five-minute story, through the public Rust surface.
mod support;
use mls::*;
use support::*;

#[test]
fn two_devices_meet_and_talk() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    assert_eq!(text(one(&bob, &say(&groups[0], "hello"))), "hello");
    assert_eq!(text(one(&alice, &say(&groups[1], "hi"))), "hi");
    for n in 0..200 {
        let word = format!("message {n}");
        assert_eq!(text(one(&bob, &say(&groups[0], &word))), word);
    }
    let (update, _) = commit(&groups[0], vec![]);
    assert!(matches!(one(&bob, &update), EventKind::Committed(_)));
    agree(&[&groups[0], &groups[1]]);
}

#[test]
fn what_is_on_disk_survives() {
    let dir = std::env::temp_dir().join(format!("libmls-story-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let path = |name: &str| dir.join(name).to_str().expect("a path").to_owned();
    let open = |name: &str| Client::open(&path(name), vec![7; 32], options(name)).expect("opens");
    let (alice, bob) = (open("alice"), open("bob"));
    let groups = group_of(&[&alice, &bob]);
    let id = groups[0].id();
    let mut sent = Vec::new();
    for n in 0..100 {
        sent.push(say(&groups[0], &format!("{n}")));
    }
    drop((groups, alice));
    let alice = open("alice");
    let group = alice.group(id.clone()).expect("the group");
    sent.push(say(&group, "100"));
    let events = bob.receive_many(sent.clone()).expect("received");
    let texts: Vec<String> = events.into_iter().map(|event| text(event.kind)).collect();
    assert_eq!(texts, (0..=100).map(|n| n.to_string()).collect::<Vec<_>>());
    drop(bob);
    let bob = open("bob");
    // Nothing was acknowledged: it is all there again, once.
    assert_eq!(bob.inbox(0, 1000).expect("the inbox").len(), 102);
    assert!(bob.receive_many(sent.clone()).expect("received").iter().all(|e| matches!(e.kind, EventKind::Ignored(_))));
    let _ = std::fs::remove_dir_all(&dir);
}

#[test]
fn the_loser_of_a_race_commits_again() {
    let (alice, bob, carol) = (device("alice"), device("bob"), device("carol"));
    let groups = group_of(&[&alice, &bob]);
    let mine = groups[0].commit(vec![Proposal::add(key_package(&carol))], CommitOptions::default()).expect("commit");
    let theirs = groups[1].commit(vec![], CommitOptions::default()).expect("commit");
    theirs.accept().expect("accepted");
    mine.reject().expect("rejected");
    let winner = theirs.message().expect("bytes");
    let events = alice.receive(winner).expect("received");
    assert!(matches!(events[0].kind, EventKind::Committed(_)), "{events:?}");
    assert_eq!(mine.accept().expect_err("too late").code(), ErrorCode::Superseded);
    agree(&[&groups[0], &groups[1]]);
    let (message, welcomes) = commit(&groups[0], vec![Proposal::add(key_package(&carol))]);
    assert!(matches!(one(&bob, &message), EventKind::Committed(_)));
    let third = join(&carol, &welcomes[0]);
    agree(&[&groups[0], &groups[1], &third]);
}

#[test]
fn the_welcomes_of_a_commit_outlive_a_restart_between_acceptance_and_delivery() {
    let dir = std::env::temp_dir().join(format!("libmls-welcomes-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let path = dir.join("alice").to_str().expect("a path").to_owned();
    let open = || Client::open(&path, vec![7; 32], options("alice")).expect("opens");
    let (alice, bob) = (open(), device("bob"));
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let commit = group.commit(vec![Proposal::add(key_package(&bob))], CommitOptions::default()).expect("a commit");
    commit.accept().expect("accepted");
    let id = group.id();
    drop((commit, group, alice));

    let alice = open();
    let group = alice.group(id.clone()).expect("the group");
    assert!(group.pending_commits().expect("listed").is_empty());
    let event = alice.inbox(0, 10).expect("the inbox").remove(0);
    let EventKind::Committed(committed) = &event.kind else { panic!("{event:?}") };
    let commit = group.find_commit(committed.commit.expect("our own")).expect("found");
    let bobs = join(&bob, &commit.welcomes().expect("its Welcomes")[0]);
    agree(&[&group, &bobs]);

    alice.acknowledge(event.id).expect("acknowledged");
    alice.flush().expect("flushed");
    assert_eq!(group.find_commit(commit.id()).expect_err("done with").code(), ErrorCode::CommitNotFound);
    let _ = std::fs::remove_dir_all(&dir);
}
