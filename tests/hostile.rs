//! What others send changes nothing unless it is genuine.
mod support;
use mls::*;
use mls_rs::client_builder::MlsConfig;
use std::sync::Arc;
use support::{
    dice::{Dice, tier},
    mallory::{self, Fields, Mallory, mallory},
    recorder::Recorder,
    *,
};

/// A device whose storage remembers what is written.
fn recorded(name: &str, options: Options) -> (Client, Arc<Recorder>) {
    let recorder = Recorder::new();
    let client = Client::open_storage(recorder.clone(), vec![7; 32], options).unwrap_or_else(|e| panic!("{name}: {e}"));
    (client, recorder)
}

fn public(name: &str) -> Options {
    let mut options = options(name);
    options.policy.handshake_encryption = HandshakeEncryption::Public;
    options
}

fn is_turned_away(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Undecryptable(_) | EventKind::Ignored(_) | EventKind::Denied(_) | EventKind::Held(_))
}

/// Receives what may be anything but genuine.
fn receive_forged(client: &Client, message: &[u8]) {
    match client.receive(message.to_vec()) {
        Ok(events) => {
            for event in events {
                assert!(is_turned_away(&event.kind), "{event:?}");
            }
        }
        // The byte that changed made it a key package or a GroupInfo.
        Err(error) => assert_eq!(error.code(), ErrorCode::UnexpectedMessage, "{error}"),
    }
}

#[test]
fn a_flipped_byte_never_costs_the_genuine_message() {
    let mut dice = Dice::new("flipped bytes");
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    for n in 0..tier(100, 10_000) {
        let text = format!("message {n}");
        let message = say(&groups[0], &text);
        for _ in 0..10 {
            receive_forged(&bob, &dice.flipped(&message, 0));
        }
        assert_eq!(self::text(one(&bob, &message)), text);
        assert!(matches!(one(&bob, &message), EventKind::Ignored(_)), "once only");
    }
    agree(&[&groups[0], &groups[1]]);
}

#[test]
fn flipped_bytes_among_the_genuine_ones_of_a_backlog_cost_none() {
    let mut dice = Dice::new("a flipped backlog");
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    for _ in 0..tier(10, 300) {
        let mut backlog = Vec::new();
        let mut sent = Vec::new();
        for n in 0..100 {
            let message = say(&groups[0], &n.to_string());
            // The genuine one may come first: then its forgery finds the key gone.
            if dice.below(2) == 0 {
                backlog.push(dice.flipped(&message, 40));
            }
            backlog.push(message.clone());
            if dice.below(4) == 0 {
                backlog.push(dice.flipped(&message, 40));
            }
            if dice.below(4) == 0 {
                backlog.push(message);
            }
            sent.push(n.to_string());
        }
        let events = bob.receive_many(backlog.clone()).expect("received");
        let mut texts = Vec::new();
        for event in events {
            bob.acknowledge(event.id).expect("acknowledged");
            match event.kind {
                EventKind::Message(message) => texts.push(String::from_utf8(message.data).expect("text")),
                kind => assert!(is_turned_away(&kind), "{kind:?}"),
            }
        }
        assert_eq!(texts, sent);
    }
}

/// What a device has of a group must be the same before and after.
fn unchanged(recorder: &Recorder, group: &Group, forge: impl FnOnce()) {
    let authenticator = group.epoch_authenticator().expect("an authenticator");
    let proposals = group.proposals().expect("proposals");
    let rows = recorder.rows("gtexj");
    recorder.take_kinds();
    forge();
    let touched = recorder.take_kinds();
    assert!(touched.iter().all(|kind| !"gtexj".contains(*kind)), "rows of these kinds were written: {touched:?}");
    assert!(recorder.rows("gtexj") == rows);
    assert_eq!(group.epoch_authenticator().expect("an authenticator"), authenticator);
    assert_eq!(group.proposals().expect("proposals"), proposals);
}

fn mutations(message: &[u8], values: &[u8]) -> Vec<Vec<u8>> {
    let mut mutations = Vec::new();
    for at in 0..message.len() {
        for value in values {
            let mut mutation = message.to_vec();
            mutation[at] ^= value;
            mutations.push(mutation);
        }
    }
    mutations
}

fn truncations(message: &[u8]) -> Vec<Vec<u8>> {
    (0..message.len()).map(|len| message[..len].to_vec()).collect()
}

#[test]
fn mutated_handshake_messages_change_nothing() {
    let values: &[u8] = if tier(0, 1) == 1 { &[1, 2, 4, 8, 16, 32, 64, 128, 255] } else { &[1] };
    for options in [options as fn(&str) -> Options, public] {
        let alice = Client::open_in_memory(options("alice")).expect("opens");
        let (bob, recorder) = recorded("bob", options("bob"));
        let carol = device("carol");
        let groups = group_of(&[&alice, &bob]);
        let package = key_package(&carol);

        let proposal = groups[0].propose(vec![Proposal::add(package)], Vec::new()).expect("proposed").remove(0);
        unchanged(&recorder, &groups[1], || {
            mutations(&proposal, values).iter().chain(&truncations(&proposal)).for_each(|m| receive_forged(&bob, m));
        });
        assert!(matches!(one(&bob, &proposal), EventKind::Proposed(_)));

        let (commit, welcomes) = commit(&groups[0], Vec::new());
        unchanged(&recorder, &groups[1], || {
            mutations(&commit, values).iter().chain(&truncations(&commit)).for_each(|m| receive_forged(&bob, m));
        });
        // What a changed epoch made it hold is bounded, and not in the way of the genuine one.
        assert!(recorder.rows("h").len() <= 256);
        assert!(matches!(one(&bob, &commit), EventKind::Committed(_)));
        agree(&[&groups[0], &groups[1]]);

        mutations(&welcomes[0], values)
            .iter()
            .chain(&truncations(&welcomes[0]))
            .for_each(|m| receive_welcome(&carol, m));
        let third = join(&carol, &welcomes[0]);
        agree(&[&groups[0], &third]);
        assert_eq!(text(one(&bob, &say(&groups[0], "still here"))), "still here");
    }
}

/// A changed Welcome may still be one: for somebody else in it, or with a field that nothing depends on.
fn receive_welcome(client: &Client, message: &[u8]) {
    let Ok(events) = client.receive(message.to_vec()) else { return };
    for event in events {
        if let EventKind::Invited(invitation) = event.kind {
            panic!("invited by a changed Welcome: {invitation:?}");
        }
        assert!(is_turned_away(&event.kind), "{event:?}");
    }
}

/// Alice and Bob with a member who does not play by the rules.
fn with_mallory(encrypt: bool, options: fn(&str) -> Options) -> (Client, Client, Vec<Group>, Mallory<impl MlsConfig>) {
    let alice = Client::open_in_memory(options("alice")).expect("opens");
    let bob = Client::open_in_memory(options("bob")).expect("opens");
    let mut groups = group_of(&[&alice, &bob]);
    let mut member = mallory(encrypt);
    let (message, welcomes) = commit(&groups[0], vec![Proposal::add(member.key_package())]);
    assert!(matches!(one(&bob, &message), EventKind::Committed(_)));
    member.join(&welcomes[0]);
    groups.truncate(2);
    (alice, bob, groups, member)
}

#[test]
fn a_members_truncated_update_path_stalls_and_changes_nothing() {
    for crowd in [0, 6] {
        let (alice, bob, groups, mut mallory) = with_mallory(false, public);
        if crowd > 0 {
            let (message, _) = commit(&groups[0], mallory::crowd(crowd).into_iter().map(Proposal::add).collect());
            assert!(matches!(one(&bob, &message), EventKind::Committed(_)));
            mallory.receive(&message);
        }
        let before = groups[1].epoch_authenticator().expect("an authenticator");
        let genuine = mallory.group().commit(Vec::new()).expect("built").commit_message.to_bytes().expect("encoded");
        // The tool itself: what it signs again unchanged is the same message.
        assert_eq!(mallory.resigned(&genuine, |_| {}), genuine);
        let mut len = usize::MAX;
        for kept in 0.. {
            let short = mallory.resigned(&genuine, |commit| len = keep_nodes(commit, kept));
            if kept == len {
                break;
            }
            let kind = one(&bob, &short);
            assert!(matches!(&kind, EventKind::Stalled(stalled) if stalled.sender.is_some()), "{kept}: {kind:?}");
            assert_eq!(groups[1].epoch_authenticator().expect("an authenticator"), before);
        }
        assert!(matches!(one(&bob, &genuine), EventKind::Committed(_)));
        assert!(matches!(one(&alice, &genuine), EventKind::Committed(_)));
        agree(&[&groups[0], &groups[1]]);
    }
}

/// Keeps only the first nodes of an UpdatePath in a commit without proposals. Answers how many there were.
fn keep_nodes(commit: &mut Vec<u8>, kept: usize) -> usize {
    assert_eq!(commit[..2], [0, 1], "no proposals, a path");
    let mut fields = Fields { bytes: commit, at: 2 };
    fields.vectors(2); // encryption key, signature key
    fields.at += 2;
    fields.vectors(6); // credential, capabilities
    assert_eq!(commit[fields.at], 3, "a leaf made by a commit");
    fields.at += 1;
    fields.vectors(3); // parent hash, extensions, signature
    let start = fields.at;
    let nodes = fields.vector();
    let mut inner = Fields { bytes: nodes, at: 0 };
    let (mut count, mut short) = (0, Vec::new());
    while inner.at < nodes.len() {
        let from = inner.at;
        inner.vectors(2); // public key, path secrets
        count += 1;
        if count <= kept {
            short.extend_from_slice(&nodes[from..inner.at]);
        }
    }
    commit.truncate(start);
    commit.extend_from_slice(&mallory::vector(&short));
    count
}

#[test]
fn a_member_without_a_good_signature_is_nobody() {
    let (_, bob, groups, mut mallory) = with_mallory(true, options);
    let mut wrong = mallory.with_wrong_signer();
    let before = groups[1].epoch_authenticator().expect("an authenticator");
    for n in 0..tier(40, 2_000) {
        // The good tag of the same generation comes first, and takes the key with it unless it is given back.
        let forged = wrong.encrypt_application_message(b"forged", Vec::new()).expect("encrypted");
        let kind = one(&bob, &forged.to_bytes().expect("encoded"));
        assert!(matches!(kind, EventKind::Undecryptable(_)), "{kind:?}");
        let genuine = mallory.say(format!("{n}").as_bytes());
        assert_eq!(text(one(&bob, &genuine)), n.to_string());
        if n % 10 == 0 {
            let forged = wrong.propose_update(Vec::new()).expect("proposed").to_bytes().expect("encoded");
            wrong.clear_proposal_cache();
            assert!(matches!(one(&bob, &forged), EventKind::Undecryptable(_)));
            let update = groups[0].encrypt(b"hi".to_vec(), EncryptOptions::default()).expect("encrypted");
            assert_eq!(text(one(&bob, &update)), "hi");
        }
    }
    assert_eq!(groups[1].epoch_authenticator().expect("an authenticator"), before);
}

#[test]
fn a_thousand_skipped_generations_are_read_and_more_are_not() {
    let (_, bob, _, mut mallory) = with_mallory(true, options);
    let early = mallory.say(b"early");
    assert_eq!(text(one(&bob, &mallory.say_after(1_022, b"1023 ahead"))), "1023 ahead");
    assert_eq!(text(one(&bob, &early)), "early");
    let far = mallory.say_after(1_025, b"1025 ahead");
    assert!(matches!(one(&bob, &far), EventKind::Undecryptable(_)));
}

#[test]
fn a_member_who_skips_generations_all_the_time_is_not_kept_in_mind() {
    let (_, bob, _, mut mallory) = with_mallory(true, options);
    let early = mallory.say(b"early");
    for _ in 0..40 {
        assert_eq!(text(one(&bob, &mallory.say_after(1_023, b"ahead"))), "ahead");
    }
    bob.flush().expect("flushed");
    let late = mallory.say(b"late");
    assert_eq!(text(one(&bob, &late)), "late");
    // It was skipped 40,000 keys ago.
    assert!(matches!(one(&bob, &early), EventKind::Ignored(_)));
}

#[test]
fn outsiders_cannot_keep_anybody_from_sending() {
    let (alice, bob) = (
        Client::open_in_memory(public("alice")).expect("opens"),
        Client::open_in_memory(public("bob")).expect("opens"),
    );
    let groups = group_of(&[&alice, &bob]);
    let stranger = device("stranger");
    let info = groups[0].group_info(true, true).expect("a GroupInfo");
    let outside = stranger.propose_join(info.clone(), Vec::new()).expect("proposed");
    for n in 0..50 {
        assert!(matches!(one(&bob, &outside), EventKind::Denied(_)));
        assert_eq!(text(one(&alice, &say(&groups[1], &n.to_string()))), n.to_string());
    }
    let external = stranger.join_external(info.clone(), JoinOptions::default()).expect("a commit");
    let kind = one(&bob, &external.message().expect("its bytes"));
    assert!(matches!(kind, EventKind::Denied(_)), "{kind:?}");
    assert_eq!(text(one(&alice, &say(&groups[1], "on"))), "on");
}

#[test]
fn a_members_flood_of_proposals_ends_at_the_limit() {
    for encrypt in [false, true] {
        let (_, bob, groups, mut mallory) = with_mallory(encrypt, public);
        let mut cached = 0;
        for _ in 0..100 {
            let proposal =
                mallory.group().propose_group_context_extensions(Default::default(), vec![cached]).expect("proposed");
            match one(&bob, &proposal.to_bytes().expect("encoded")) {
                EventKind::Proposed(_) => cached += 1,
                EventKind::Denied(denied) => assert_eq!(denied.reason, DeniedReason::Limit),
                EventKind::Held(held) => assert_eq!(held.reason, HeldFor::Limits),
                kind => panic!("{kind:?}"),
            }
        }
        assert_eq!(cached, 32);
        assert_eq!(groups[1].proposals().expect("proposals").len(), 32);
    }
}

#[test]
fn no_message_leaves_that_is_over_the_limit_of_members() {
    let small = |name| {
        let mut options = options(name);
        options.limits.message_bytes = 100_000;
        open(options)
    };
    let (alice, bob) = (small("alice"), small("bob"));
    let groups = group_of(&[&alice, &bob]);
    let send = |data: usize, aad: usize| groups[0].encrypt(vec![1; data], EncryptOptions { aad: vec![2; aad] });
    let mut sent = 0;
    for (data, aad) in [(60_000, 0), (78_000, 0), (0, 97_000), (78_500, 0), (79_000, 0), (99_000, 0), (0, 99_000)] {
        match send(data, aad) {
            Ok(bytes) => {
                sent += 1;
                assert_eq!(message(&bob, &bytes).data.len(), data);
            }
            Err(error) => assert_eq!(error.code(), ErrorCode::TooLarge),
        }
    }
    assert!((3..=5).contains(&sent), "{sent}");
    let mut tiny = options("carol");
    tiny.limits.message_bytes = 4_095;
    assert_eq!(code(Client::open_in_memory(tiny)), ErrorCode::InvalidArgument);
}
