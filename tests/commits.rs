//! The commit protocol: what a delivery service can answer, in every order, with restarts at every point.
mod support;
use mls::*;
use std::sync::Arc;
use support::*;

/// Alice, whose client can be reopened, and Bob.
struct Pair {
    storage: Arc<store::MemoryStorage>,
    options: fn(&str) -> Options,
    alice: Client,
    bob: Client,
    a: Group,
    b: Group,
}

impl Pair {
    fn new(options: fn(&str) -> Options) -> Self {
        let storage = memory();
        let (alice, bob) = (open_on(&storage, options("alice")), open(options("bob")));
        let mut groups = group_of(&[&alice, &bob]);
        let (b, a) = (groups.remove(1), groups.remove(0));
        clear_inbox(&alice);
        clear_inbox(&bob);
        Self { storage, options, alice, bob, a, b }
    }

    /// Alice's process dies and comes back.
    fn restart(&mut self) {
        let id = self.a.id();
        self.alice = open_on(&self.storage, (self.options)("alice"));
        self.a = self.alice.group(id.clone()).expect("the group");
    }

    /// The commit of this id, after a restart too.
    fn pending(&self, id: u64) -> Commit {
        let commits = self.a.pending_commits().expect("pending commits");
        commits.into_iter().find(|commit| commit.id() == id).expect("the commit is pending")
    }

    fn agree(&self) {
        agree(&[&self.a, &self.b]);
        talk(&[(&self.alice, &self.a), (&self.bob, &self.b)]);
    }
}

fn both(test: fn(Pair)) {
    test(Pair::new(options));
    test(Pair::new(public));
}

fn clear_inbox(client: &Client) {
    for event in client.inbox(0, 1_000).expect("the inbox") {
        client.acknowledge(event.id).expect("acknowledged");
    }
    client.flush().expect("flushed");
}

fn make(group: &Group, proposals: Vec<Proposal>) -> Commit {
    group.commit(proposals, CommitOptions::default()).expect("a commit")
}

fn superseded(event: EventKind) -> Superseded {
    match event {
        EventKind::Superseded(superseded) => superseded,
        other => panic!("not superseded: {other:?}"),
    }
}

#[test]
fn an_acceptance_may_be_repeated_after_its_event_is_acknowledged() {
    both(|pair| {
        let carol = device("carol");
        let first = make(&pair.a, vec![Proposal::add(key_package(&carol))]);
        let (message, welcomes) = (first.message().expect("its bytes"), first.bundle().expect("all of it").welcomes);
        first.accept().expect("accepted");
        committed(&pair.bob, &message);
        join(&carol, &welcomes[0]);
        // Another client knows it from the store alone.
        let other = open_on(&pair.storage, (pair.options)("alice"));
        let same = other.group(pair.a.id()).expect("the group").find_commit(first.id()).expect("the commit");
        let lost = make(&pair.a, vec![]);
        pair.alice.receive(commit(&pair.b, vec![]).0).expect("received");
        clear_inbox(&pair.alice);
        for accepted in [&first, &same] {
            accepted.accept().expect("accepted already");
            assert_eq!(accepted.status().expect("a status"), CommitStatus::Accepted);
            assert_eq!(code(accepted.welcomes()), ErrorCode::CommitNotFound);
            assert_eq!(code(accepted.message()), ErrorCode::CommitNotFound);
        }
        // The other one never was.
        assert_eq!(code(lost.accept()), ErrorCode::Superseded);
        assert_eq!(lost.status().expect("a status"), CommitStatus::Superseded);
        assert_eq!(code(lost.welcomes()), ErrorCode::Superseded);
        pair.agree();
    });
}

#[test]
fn an_acceptance_of_a_joining_commit_may_be_repeated_too() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let options = JoinOptions { resync: true, ..Default::default() };
    let joining = bob.join_external(groups[0].group_info(true, true).expect("a GroupInfo"), options).expect("a commit");
    committed(&alice, &joining.message().expect("its bytes"));
    for _ in 0..2 {
        joining.accept().expect("accepted");
        clear_inbox(&bob);
    }
    assert_eq!(joining.status().expect("a status"), CommitStatus::Accepted);
    let branch = groups[0].branch(None, vec![key_package(&bob)], None, CommitOptions::default()).expect("a branch");
    clear_inbox(&alice);
    branch.accept().expect("accepted from the start");
    agree(&[&groups[0], &groups[1]]);
}

#[test]
fn sixteen_accepted_commits_are_remembered() {
    let pair = Pair::new(options);
    let commits: Vec<Commit> = (0..17)
        .map(|_| {
            let commit = make(&pair.a, vec![]);
            commit.accept().expect("accepted");
            clear_inbox(&pair.alice);
            commit
        })
        .collect();
    assert_eq!(code(commits[0].accept()), ErrorCode::Superseded);
    commits[1..].iter().for_each(|commit| commit.accept().expect("accepted already"));
}

#[test]
fn an_accepted_commit_moves_the_group_and_gives_its_welcomes_until_it_is_acknowledged() {
    both(|mut pair| {
        let carol = device("carol");
        let commit = make(&pair.a, vec![Proposal::add(key_package(&carol))]);
        let (id, message) = (commit.id(), commit.message().expect("its bytes"));
        assert_eq!(commit.status().expect("a status"), CommitStatus::Pending);
        assert_eq!(code(commit.welcomes()), ErrorCode::CommitNotAccepted);
        assert_eq!(pair.a.epoch().expect("an epoch"), 1, "nothing has moved yet");
        say(&pair.a, "still in the old epoch");
        // A service that takes everything at once gets it before.
        let bundle = commit.bundle().expect("everything");
        assert_eq!((&bundle.message, bundle.welcomes.len(), &bundle.group_info), (&message, 1, &None));

        commit.accept().expect("accepted");
        commit.accept().expect("accepting again changes nothing");
        assert_eq!(
            (commit.status().expect("a status"), pair.a.epoch().expect("an epoch")),
            (CommitStatus::Accepted, 2)
        );
        assert_eq!(commit.welcomes().expect("Welcomes"), bundle.welcomes);
        assert_eq!(code(commit.reject()), ErrorCode::InvalidArgument);
        assert_eq!(pair.a.pending_commits().expect("commits").len(), 0);

        pair.restart();
        let events = pair.alice.inbox(0, 100).expect("the inbox");
        assert_eq!(events.len(), 1, "{events:?}");
        let EventKind::Committed(ours) = &events[0].kind else { panic!("{events:?}") };
        assert_eq!((ours.commit, ours.epoch, users(&ours.added)), (Some(id), 2, vec!["carol"]));
        assert_eq!(ours.sender.user.as_deref(), Some("alice"));
        // The handle of before the restart still answers from the store.
        assert_eq!(commit.welcomes().expect("Welcomes"), bundle.welcomes);
        assert_eq!(commit.message().expect("its bytes"), message);
        committed(&pair.bob, &message);
        let c = join(&carol, &bundle.welcomes[0]);
        agree(&[&pair.a, &pair.b, &c]);
        pair.alice.acknowledge(events[0].id).expect("acknowledged");
        pair.alice.flush().expect("flushed");
        assert_eq!(code(commit.message()), ErrorCode::CommitNotFound);
        assert_eq!(code(commit.welcomes()), ErrorCode::CommitNotFound);
        assert_eq!(ignored(&pair.alice, &message), IgnoredReason::TooOld);
    });
}

#[test]
fn a_refused_commit_frees_the_slot_and_its_own_echo_still_merges() {
    both(|mut pair| {
        let commit = make(&pair.a, vec![]);
        let message = commit.message().expect("its bytes");
        commit.reject().expect("refused");
        commit.reject().expect("refusing again changes nothing");
        assert_eq!(commit.status().expect("a status"), CommitStatus::Rejected);
        assert_eq!(pair.a.pending_commits().expect("commits").len(), 0);
        assert_eq!(code(commit.welcomes()), ErrorCode::CommitNotAccepted);
        pair.agree();
        // The answer was about another attempt: the service did order it.
        pair.restart();
        committed(&pair.bob, &message);
        let seen = committed(&pair.alice, &message);
        assert_eq!(seen.commit, Some(commit.id()));
        pair.agree();
        assert_eq!(ignored(&pair.alice, &message), IgnoredReason::TooOld);
    });
}

#[test]
fn a_refused_commit_can_be_accepted_after_all() {
    both(|pair| {
        let commit = make(&pair.a, vec![]);
        commit.reject().expect("refused");
        commit.accept().expect("accepted after all");
        committed(&pair.bob, &commit.message().expect("its bytes"));
        pair.agree();
    });
}

#[test]
fn an_echo_before_the_answer_is_the_answer() {
    both(|pair| {
        let carol = device("carol");
        let commit = make(&pair.a, vec![Proposal::add(key_package(&carol))]);
        let message = commit.message().expect("its bytes");
        let events = pair.alice.receive(message.clone()).expect("received");
        assert!(
            matches!(&events[..], [Event { kind: EventKind::Committed(seen), .. }] if seen.commit == Some(commit.id()))
        );
        commit.accept().expect("accepted already");
        assert_eq!(ignored(&pair.alice, &message), IgnoredReason::OwnEcho);
        committed(&pair.bob, &message);
        let c = join(&carol, &commit.welcomes().expect("Welcomes")[0]);
        agree(&[&pair.a, &pair.b, &c]);
    });
}

#[test]
fn an_unanswered_commit_gives_the_same_bytes_after_every_restart() {
    both(|mut pair| {
        let carol = device("carol");
        let commit = make(&pair.a, vec![Proposal::add(key_package(&carol))]);
        let (id, bundle) = (commit.id(), commit.bundle().expect("everything"));
        for _ in 0..3 {
            pair.restart();
            let commit = pair.pending(id);
            assert_eq!(commit.bundle().expect("everything"), bundle);
            assert_eq!(code(commit.welcomes()), ErrorCode::CommitNotAccepted);
            say(&pair.a, "still in the old epoch");
        }
        committed(&pair.bob, &bundle.message);
        let early = say(&pair.b, "in the new epoch already");
        assert_eq!(held(&pair.alice, &early), HeldFor::Epoch);
        let commit = pair.pending(id);
        pair.restart();
        commit.accept().expect("accepted");
        pair.restart();
        let c = join(&carol, &commit.welcomes().expect("Welcomes")[0]);
        agree(&[&pair.a, &pair.b, &c]);
    });
}

#[test]
fn what_waited_for_the_acceptance_is_in_the_inbox_after_it() {
    both(|pair| {
        let commit = make(&pair.a, vec![]);
        committed(&pair.bob, &commit.message().expect("its bytes"));
        let early = say(&pair.b, "early");
        assert_eq!(held(&pair.alice, &early), HeldFor::Epoch);
        commit.accept().expect("accepted");
        let events = pair.alice.inbox(0, 100).expect("the inbox");
        let texts: Vec<_> = events.into_iter().filter(|e| matches!(e.kind, EventKind::Message(_))).collect();
        assert_eq!(texts.into_iter().map(|event| text(event.kind)).collect::<Vec<_>>(), ["early"]);
    });
}

#[test]
fn anothers_commit_supersedes_ours_and_tells_what_is_still_valid() {
    both(|mut pair| {
        let (carol, dave, erin) = (device("carol"), device("dave"), device("erin"));
        let (message, welcomes) = commit(&pair.a, vec![Proposal::add(key_package(&carol))]);
        committed(&pair.bob, &message);
        let c = join(&carol, &welcomes[0]);
        clear_inbox(&pair.alice);
        for client in [&pair.alice, &pair.bob, &carol] {
            client.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
        }
        let mine = make(
            &pair.a,
            vec![
                Proposal::add(key_package(&dave)),
                Proposal::add(key_package(&erin)),
                Proposal::remove(leaf_of(&pair.a, "carol")),
                Proposal::external_psk(*b"shared"),
                Proposal::update(),
            ],
        );
        let also_mine = make(&pair.a, vec![]);
        // Bob adds Dave too, and wins.
        let (winner, _) = commit(&pair.b, vec![Proposal::add(key_package(&dave))]);
        committed(&carol, &winner);
        let events = pair.alice.receive(winner.clone()).expect("received");
        let [committed, first, second] = &events[..] else { panic!("{events:?}") };
        assert!(matches!(&committed.kind, EventKind::Committed(_)));
        let first = superseded(first.kind.clone());
        assert_eq!((first.commit, first.epoch, first.winner.user.as_deref()), (mine.id(), 3, Some("bob")));
        let subjects: Vec<_> =
            first.still_valid.iter().map(|info| (info.kind, info.subject.clone().and_then(|who| who.user))).collect();
        assert_eq!(subjects, [(1, Some("erin".into())), (3, Some("carol".into())), (4, None)]);
        let second = superseded(second.kind.clone());
        assert_eq!((second.commit, second.still_valid), (also_mine.id(), vec![]));

        for commit in [&mine, &also_mine] {
            assert_eq!(commit.status().expect("a status"), CommitStatus::Superseded);
            assert_eq!(code(commit.accept()), ErrorCode::Superseded);
            assert_eq!(code(commit.welcomes()), ErrorCode::Superseded);
            assert_eq!(code(commit.message()), ErrorCode::CommitNotFound);
            commit.reject().expect("nothing to reject");
        }
        // The events stay for a restart, and what is still valid is committed again.
        pair.restart();
        let kept = pair.alice.inbox(0, 100).expect("the inbox");
        let kept = kept.into_iter().find_map(|event| match event.kind {
            EventKind::Superseded(superseded) if superseded.commit == mine.id() => Some(superseded),
            _ => None,
        });
        assert_eq!(kept.as_ref(), Some(&first));
        let again = pair.a.commit_again(first.still_valid, CommitOptions::default()).expect("a commit");
        let message = again.message().expect("its bytes");
        again.accept().expect("accepted");
        let seen = support::committed(&pair.bob, &message);
        assert_eq!((users(&seen.added), users(&seen.removed), seen.psks.len()), (vec!["erin"], vec!["carol"], 1));
        assert!(matches!(one(&carol, &message), EventKind::Removed(_)));
        erin.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
        let e = join(&erin, &again.welcomes().expect("Welcomes")[0]);
        agree(&[&pair.a, &pair.b, &e]);
        drop(c);
    });
}

#[test]
fn a_superseded_remove_never_hits_whoever_came_to_that_leaf_since() {
    both(|pair| {
        let (carol, dave, erin) = (device("carol"), device("dave"), device("erin"));
        let (message, welcomes) = commit(&pair.a, vec![Proposal::add(key_package(&carol))]);
        committed(&pair.bob, &message);
        join(&carol, &welcomes[0]);
        let leaf = leaf_of(&pair.a, "carol");
        let mine = make(&pair.a, vec![Proposal::remove(leaf)]);
        // Bob's commit has nothing to do with Carol: the Remove is still valid.
        let (winner, _) = commit(&pair.b, vec![]);
        let events = pair.alice.receive(winner.clone()).expect("received");
        let still_valid = superseded(events[1].kind.clone()).still_valid;
        assert_eq!(still_valid.len(), 1);

        // Until Bob puts Dave in Carol's place.
        let list = vec![Proposal::remove(leaf), Proposal::add(key_package(&dave))];
        let (winner, welcomes) = commit(&pair.b, list.clone());
        let mine_too = make(&pair.a, vec![Proposal::remove(leaf)]);
        let events = pair.alice.receive(winner.clone()).expect("received");
        assert_eq!(superseded(events[1].kind.clone()).still_valid, []);
        assert_eq!(leaf_of(&pair.a, "dave"), leaf);
        assert_eq!(
            code(pair.a.commit_again(still_valid, CommitOptions::default())),
            ErrorCode::MemberNotFound,
            "Dave is not who was meant"
        );
        let d = join(&dave, &welcomes[0]);
        agree(&[&pair.a, &pair.b, &d]);
        drop((mine, mine_too, erin));
    });
}

#[test]
fn proposals_that_cannot_be_committed_any_more_are_not_still_valid() {
    let capable = |name: &str| {
        let mut options = options(name);
        options.capabilities = Capabilities { extensions: vec![0xff01], proposals: vec![0xff02], credentials: vec![] };
        options
    };
    let pair = Pair::new(capable);
    pair.alice.add_psk(b"mine".to_vec(), vec![7; 32]).expect("kept");
    pair.bob.add_psk(b"mine".to_vec(), vec![7; 32]).expect("kept");
    let list = || Proposal::GroupContextExtensions { extensions: vec![Extension { kind: 0xff01, data: vec![1] }] };
    let mine = make(
        &pair.a,
        vec![
            list(),
            Proposal::Custom { kind: 0xff02, data: b"a move".to_vec() },
            Proposal::external_psk(*b"mine"),
            Proposal::ResumptionPsk { epoch: 1 },
        ],
    );
    // Bob adds somebody who knows neither the extension nor the custom proposal.
    let carol = device("carol");
    let (winner, _) = commit(&pair.b, vec![Proposal::add(key_package(&carol))]);
    pair.alice.delete_psk(b"mine".to_vec()).expect("deleted");
    let events = pair.alice.receive(winner.clone()).expect("received");
    let superseded = superseded(events[1].kind.clone());
    assert_eq!(superseded.commit, mine.id());
    let kinds: Vec<_> = superseded.still_valid.iter().map(|info| info.kind).collect();
    assert_eq!(kinds, [4], "the resumption secret alone");
    assert!(superseded.still_valid[0].data.is_empty());
    // Trying them has used up nothing, and sends nothing in the clear.
    let sent = propose(&pair.a, Proposal::update());
    assert_eq!(inspect(sent.clone()).expect("readable").wire_format, WireFormat::PrivateMessage);
    proposed(&pair.bob, &sent);
    let again = pair.a.commit_again(superseded.still_valid, CommitOptions::default()).expect("a commit");
    let message = again.message().expect("its bytes");
    again.accept().expect("accepted");
    committed(&pair.bob, &message);
    pair.agree();
}

#[test]
fn a_superseded_reinit_and_context_change_are_committed_again() {
    let pair = Pair::new(public);
    let id = Some(b"the next one".to_vec());
    let reinit = Proposal::ReInit { group_id: id, cipher_suite: CipherSuite::P256_AES128, extensions: Vec::new() };
    let mine = make(&pair.a, vec![reinit]);
    let (winner, _) = commit(&pair.b, vec![]);
    let events = pair.alice.receive(winner.clone()).expect("received");
    let still_valid = superseded(events[1].kind.clone()).still_valid;
    assert_eq!((still_valid[0].kind, still_valid[0].data.as_slice()), (5, &b"the next one"[..]));
    let again = pair.a.commit_again(still_valid, CommitOptions::default()).expect("a commit");
    let message = again.message().expect("its bytes");
    again.accept().expect("accepted");
    match one(&pair.bob, &message) {
        EventKind::Replaced(replaced) => {
            assert_eq!((replaced.successor, replaced.cipher_suite), (b"the next one".to_vec(), 2));
        }
        other => panic!("not replaced: {other:?}"),
    }
    drop(mine);
}

#[test]
fn four_commits_can_be_pending_and_any_of_them_accepted() {
    both(|mut pair| {
        let mut names = Vec::new();
        let commits: Vec<_> = (0..4)
            .map(|n| {
                names.push(format!("member {n}"));
                make(&pair.a, vec![Proposal::add(key_package(&device(&names[n])))])
            })
            .collect();
        assert_eq!(code(pair.a.commit(vec![], CommitOptions::default())), ErrorCode::TooManyCommits);
        commits[0].reject().expect("refused");
        let fifth = make(&pair.a, vec![]);
        assert_eq!(code(pair.a.commit(vec![], CommitOptions::default())), ErrorCode::TooManyCommits);
        pair.restart();
        assert_eq!(pair.a.pending_commits().expect("commits").len(), 4);
        let third = pair.pending(commits[2].id());
        committed(&pair.bob, &third.message().expect("its bytes"));
        third.accept().expect("accepted");
        pair.agree();
        let events = pair.alice.inbox(0, 100).expect("the inbox");
        let mut lost: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::Superseded(superseded) => {
                    assert_eq!(superseded.winner.user.as_deref(), Some("alice"));
                    Some((superseded.commit, superseded.still_valid.len()))
                }
                _ => None,
            })
            .collect();
        lost.sort_unstable();
        // The refused one is not news; an Add of ours that lost to another one of ours is still valid.
        assert_eq!(lost, [(commits[1].id(), 1), (commits[3].id(), 1), (fifth.id(), 0)]);
        assert_eq!(leaf_of(&pair.a, "member 2"), 2);
        assert_eq!(code(commits[1].accept()), ErrorCode::Superseded);
        assert_eq!(code(commits[0].accept()), ErrorCode::Superseded);
    });
}

#[test]
fn the_last_four_refused_commits_are_remembered() {
    both(|pair| {
        let commits: Vec<_> = (0..6)
            .map(|_| {
                let commit = make(&pair.a, vec![]);
                commit.reject().expect("refused");
                commit
            })
            .collect();
        let known = |commit: &Commit| commit.status().expect("a status") == CommitStatus::Rejected;
        assert_eq!(commits.iter().map(known).collect::<Vec<_>>(), [false, false, true, true, true, true]);
        let message = commits[2].message().expect("its bytes");
        assert_eq!(committed(&pair.alice, &message).commit, Some(commits[2].id()));
        committed(&pair.bob, &message);
        pair.agree();
        assert!(commits.iter().skip(3).all(|commit| code(commit.accept()) == ErrorCode::Superseded));
    });
}

#[test]
fn the_echo_of_a_refused_commit_supersedes_the_one_that_followed() {
    both(|pair| {
        let first = make(&pair.a, vec![]);
        first.reject().expect("refused");
        let second = make(&pair.a, vec![Proposal::add(key_package(&device("carol")))]);
        let message = first.message().expect("its bytes");
        committed(&pair.bob, &message);
        let events = pair.alice.receive(message.clone()).expect("received");
        let [winner, lost] = &events[..] else { panic!("{events:?}") };
        assert!(matches!(&winner.kind, EventKind::Committed(seen) if seen.commit == Some(first.id())));
        let lost = superseded(lost.kind.clone());
        assert_eq!((lost.commit, lost.still_valid.len()), (second.id(), 1));
        pair.agree();
    });
}

#[test]
fn a_commit_is_answered_after_a_restart_at_every_point() {
    // Where the process dies, and what the service says then.
    for dies_before_accept in [false, true] {
        for dies_after in [false, true] {
            for answer in ["accepted", "refused", "echo", "refused, then echo", "superseded"] {
                let mut pair = Pair::new(options);
                let carol = device("carol");
                let id = make(&pair.a, vec![Proposal::add(key_package(&carol))]).id();
                if dies_before_accept {
                    pair.restart();
                }
                let commit = pair.pending(id);
                let bundle = commit.bundle().expect("everything");
                match answer {
                    "accepted" => commit.accept().expect("accepted"),
                    "refused" => commit.reject().expect("refused"),
                    "echo" => drop(pair.alice.receive(bundle.message.clone()).expect("received")),
                    "refused, then echo" => {
                        commit.reject().expect("refused");
                        if dies_after {
                            pair.restart();
                        }
                        pair.alice.receive(bundle.message.clone()).expect("received");
                    }
                    _ => {
                        let (winner, _) = support::commit(&pair.b, vec![]);
                        pair.alice.receive(winner.clone()).expect("received");
                    }
                }
                if dies_after {
                    pair.restart();
                }
                let won = matches!(answer, "accepted" | "echo" | "refused, then echo");
                assert_eq!(commit.status().expect("a status") == CommitStatus::Accepted, won, "{answer}");
                if won {
                    assert_eq!(commit.welcomes().expect("Welcomes"), bundle.welcomes, "{answer}");
                    committed(&pair.bob, &bundle.message);
                    let c = join(&carol, &bundle.welcomes[0]);
                    agree(&[&pair.a, &pair.b, &c]);
                } else {
                    assert!(commit.welcomes().is_err(), "{answer}");
                }
                pair.agree();
            }
        }
    }
}

#[test]
fn a_removed_committer_learns_it_and_its_commit_is_lost() {
    both(|pair| {
        let mine = make(&pair.a, vec![]);
        let (removal, _) = commit(&pair.b, vec![Proposal::remove(leaf_of(&pair.b, "alice"))]);
        assert!(matches!(one(&pair.alice, &removal), EventKind::Removed(_)));
        assert_eq!(code(mine.accept()), ErrorCode::Superseded);
        assert_eq!(mine.status().expect("a status"), CommitStatus::Superseded);
        assert_eq!(pair.a.pending_commits().expect("commits").len(), 0);
        assert_eq!(pair.a.status().expect("a status"), GroupStatus::Closed);
        assert_eq!(code(pair.a.commit(vec![], CommitOptions::default())), ErrorCode::GroupClosed);
        assert_eq!(code(pair.a.propose(vec![Proposal::update()], vec![])), ErrorCode::GroupClosed);
        assert_eq!(code(pair.a.leave(vec![])), ErrorCode::GroupClosed);
        assert_eq!(ignored(&pair.alice, &removal), IgnoredReason::GroupClosed);
        assert_eq!(pair.a.members().expect("the last roster").len(), 2);
    });
}

#[test]
fn own_proposals_that_a_commit_leaves_out_are_dropped() {
    both(|pair| {
        let carol = device("carol");
        // Alice's commit was made before her proposal.
        let mine = make(&pair.a, vec![]);
        let late = propose(&pair.a, Proposal::add(key_package(&carol)));
        let message = mine.message().expect("its bytes");
        mine.accept().expect("accepted");
        let dropped = own_committed(&pair.alice).dropped;
        assert_eq!(dropped.iter().map(|info| info.kind).collect::<Vec<_>>(), [1]);
        assert_eq!(dropped[0].subject.as_ref().and_then(|who| who.user.as_deref()), Some("carol"));
        assert_eq!(pair.a.proposals().expect("proposals"), []);
        proposed(&pair.bob, &late);
        committed(&pair.bob, &message);
        assert_eq!(ignored(&pair.bob, &late), IgnoredReason::TooOld);
        // Her own Update is not part of her own commit.
        let update = propose(&pair.a, Proposal::update());
        proposed(&pair.bob, &update);
        clear_inbox(&pair.alice);
        let (message, _) = commit(&pair.a, vec![]);
        assert_eq!(own_committed(&pair.alice).dropped.len(), 1);
        assert_eq!(committed(&pair.bob, &message).dropped, []);
        // One that Bob commits is not dropped.
        let update = propose(&pair.a, Proposal::update());
        proposed(&pair.bob, &update);
        let (message, _) = commit(&pair.b, vec![]);
        assert_eq!(committed(&pair.alice, &message).dropped, []);
        pair.agree();
    });
}

#[test]
fn a_proposal_that_arrives_while_a_commit_is_pending_does_not_change_it() {
    both(|pair| {
        let mine = make(&pair.a, vec![]);
        let bundle = mine.bundle().expect("everything");
        let update = propose(&pair.b, Proposal::update());
        proposed(&pair.alice, &update);
        assert_eq!(mine.bundle().expect("everything"), bundle);
        let second = make(&pair.a, vec![]);
        mine.accept().expect("accepted");
        assert_eq!(committed(&pair.bob, &bundle.message).dropped.len(), 1);
        assert_eq!(code(second.accept()), ErrorCode::Superseded);
        pair.agree();
    });
}

#[test]
fn two_handles_on_one_store_answer_the_same_commit() {
    both(|pair| {
        let other = open_on(&pair.storage, (pair.options)("alice"));
        let group = other.group(pair.a.id()).expect("the group");
        let mine = make(&pair.a, vec![]);
        let theirs = group.pending_commits().expect("commits").remove(0);
        assert_eq!(theirs.bundle().expect("everything"), mine.bundle().expect("everything"));
        theirs.accept().expect("accepted");
        mine.accept().expect("accepted there already");
        committed(&pair.bob, &mine.message().expect("its bytes"));
        agree(&[&pair.a, &group, &pair.b]);
        let second = make(&group, vec![]);
        mine.accept().expect("changes nothing");
        assert_eq!(pair.a.pending_commits().expect("commits").len(), 1);
        second.reject().expect("refused");
        assert_eq!(pair.a.pending_commits().expect("commits").len(), 0);
        pair.agree();
    });
}

#[test]
fn a_commit_carries_the_group_info_that_is_asked_for() {
    let pair = Pair::new(options);
    let options = CommitOptions { group_info: Some(true), ..Default::default() };
    let mine = pair.a.commit(vec![], options).expect("a commit");
    let info = mine.bundle().expect("everything").group_info.expect("a GroupInfo");
    assert_eq!(inspect(info.clone()).expect("readable").epoch, Some(2));
    mine.accept().expect("accepted");
    committed(&pair.bob, &mine.message().expect("its bytes"));
    let preview = device("carol").preview(info.clone(), None).expect("a preview");
    assert_eq!(users(&preview.members), ["alice", "bob"]);
}

#[test]
fn each_joiner_gets_a_welcome_of_its_own_if_asked_for() {
    let pair = Pair::new(options);
    let joiners = ["carol", "dave", "erin"].map(device);
    let adds = joiners.iter().map(|client| Proposal::add(key_package(client))).collect();
    let options = CommitOptions { welcome_for_each: true, ..Default::default() };
    let (message, welcomes) = commit_with(&pair.a, adds, options);
    committed(&pair.bob, &message);
    assert_eq!(welcomes.len(), 3);
    let mut groups = vec![pair.a.clone(), pair.b.clone()];
    for client in &joiners {
        let theirs = welcomes.iter().find(|welcome| {
            let references = inspect(welcome.to_vec()).expect("readable").key_packages;
            assert_eq!(references.len(), 1);
            client.key_packages().expect("packages").iter().any(|package| package.reference == references[0])
        });
        groups.push(join(client, theirs.expect("a Welcome")));
    }
    agree(&groups.iter().collect::<Vec<_>>());
}

#[test]
fn a_commit_of_another_group_or_garbage_is_nobodys_echo() {
    let (pair, other) = (Pair::new(options), Pair::new(options));
    let mine = make(&pair.a, vec![]);
    let message = mine.message().expect("its bytes");
    assert_eq!(held(&other.bob, &message), HeldFor::Group);
    for at in [0, message.len() / 2, message.len() - 1] {
        let mut bent = message.clone();
        bent[at] ^= 1;
        let kind = one(&pair.bob, &bent);
        assert!(matches!(kind, EventKind::Undecryptable(_) | EventKind::Held(_)), "{kind:?}");
    }
    committed(&pair.bob, &message);
    mine.accept().expect("accepted");
    pair.agree();
}

#[test]
fn the_service_orders_what_was_rejected_so_long_ago_that_it_is_forgotten() {
    for encryption in [HandshakeEncryption::Private, HandshakeEncryption::Public] {
        let mut options = options("alice");
        options.policy.handshake_encryption = encryption;
        let (alice, bob) = (open(options), device("bob"));
        let groups = group_of(&[&alice, &bob]);
        let force = || CommitOptions { force_path: true, ..CommitOptions::default() };
        let mut messages = Vec::new();
        for _ in 0..5 {
            let commit = groups[0].commit(vec![], force()).expect("a commit");
            messages.push(commit.message().expect("its bytes"));
            commit.reject().expect("rejected");
        }
        committed(&bob, &messages[0]);
        let EventKind::RejoinNeeded(needed) = one(&alice, &messages[0]) else {
            panic!("{encryption:?}: in the old epoch")
        };
        assert_eq!(needed.reason, RejoinReason::UnknownOwnCommit);
        assert_eq!(code(groups[0].encrypt(vec![1], EncryptOptions::default())), ErrorCode::StoreRolledBack);

        let info = groups[1].group_info(true, true).expect("a GroupInfo");
        let back = alice
            .join_external(info.to_vec(), JoinOptions { resync: true, ..JoinOptions::default() })
            .expect("a commit");
        let message = back.message().expect("its bytes");
        back.accept().expect("accepted");
        committed(&bob, &message);
        agree(&[&back.group(), &groups[1]]);
    }
}
