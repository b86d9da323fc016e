//! Every kind of proposal, by value and by reference, and what becomes of it.
mod support;
use mls::*;
use support::*;

/// Alice, Bob and Carol in one group, with these handshakes.
struct Three {
    alice: Client,
    bob: Client,
    carol: Client,
    a: Group,
    b: Group,
    c: Group,
}

impl Three {
    fn new(options: fn(&str) -> Options) -> Self {
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| open(options(name)));
        let mut groups = group_of(&[&alice, &bob, &carol]);
        let (c, b, a) = (groups.remove(2), groups.remove(1), groups.remove(0));
        Self { alice, bob, carol, a, b, c }
    }

    /// Delivers Alice's commit; answers what Bob and Carol, who agree, saw of it.
    fn deliver(&self, message: &[u8]) -> Committed {
        let (bob, carol) = (committed(&self.bob, message), committed(&self.carol, message));
        assert_eq!(bob.added, carol.added);
        assert_eq!(bob.removed, carol.removed);
        self.agree();
        bob
    }

    fn agree(&self) {
        agree(&[&self.a, &self.b, &self.c]);
        talk(&[(&self.alice, &self.a), (&self.bob, &self.b), (&self.carol, &self.c)]);
    }

    /// Bob proposes, Carol hears it, Alice commits; answers what was proposed, and what Carol saw.
    fn by_reference(&self, proposal: Proposal) -> (ProposalInfo, Committed, Vec<Vec<u8>>) {
        let message = propose(&self.b, proposal);
        let info = proposed(&self.alice, &message);
        assert_eq!(info, proposed(&self.carol, &message));
        assert_eq!(self.a.proposals().expect("proposals"), std::slice::from_ref(&info));
        assert_eq!(self.b.proposals().expect("proposals"), std::slice::from_ref(&info));
        let (message, welcomes) = commit(&self.a, vec![]);
        committed(&self.bob, &message);
        let seen = committed(&self.carol, &message);
        self.agree();
        assert_eq!(self.a.proposals().expect("proposals"), []);
        (info, seen, welcomes)
    }
}

fn both(test: fn(&Three)) {
    test(&Three::new(options));
    test(&Three::new(public));
}

#[test]
fn an_add_brings_in_one_more() {
    both(|three| {
        let (dave, erin) = (device("dave"), device("erin"));
        let (message, welcomes) = commit(&three.a, vec![Proposal::add(key_package(&dave))]);
        assert_eq!(users(&three.deliver(&message).added), ["dave"]);
        assert_eq!(users(&own_committed(&three.alice).added), ["dave"]);
        let leaf = own_committed(&three.alice).added[0].leaf;
        assert_eq!(leaf, Some(leaf_of(&three.a, "dave")), "the committer knows the leaf too");
        let d = join(&dave, &welcomes[0]);
        agree(&[&three.a, &d]);
        let (renewal, _) = commit(&d, vec![]);
        for client in [&three.alice, &three.bob, &three.carol] {
            committed(client, &renewal);
        }

        let (info, seen, welcomes) = {
            let message = propose(&three.b, Proposal::add(key_package(&erin)));
            let info = proposed(&three.alice, &message);
            proposed(&three.carol, &message);
            proposed(&dave, &message);
            let (message, welcomes) = commit(&three.a, vec![]);
            committed(&three.bob, &message);
            committed(&dave, &message);
            (info, committed(&three.carol, &message), welcomes)
        };
        assert_eq!((info.kind, info.subject.and_then(|who| who.user)), (1, Some("erin".into())));
        assert_eq!(users(&seen.added), ["erin"]);
        let e = join(&erin, &welcomes[0]);
        agree(&[&three.a, &three.b, &three.c, &d, &e]);
    });
}

#[test]
fn an_update_renews_the_leaf_by_value_and_by_reference() {
    both(|three| {
        let before = three.a.tree_hash().expect("a hash");
        let (message, _) = commit(&three.a, vec![Proposal::update()]);
        let seen = three.deliver(&message);
        assert_eq!(seen.updated, [], "nobody has another credential or signature key");
        assert_ne!(three.a.tree_hash().expect("a hash"), before);
        assert_eq!(three.b.member(three.a.own_leaf().expect("a leaf")).expect("alice").last_update, 2);

        let (info, seen, _) = three.by_reference(Proposal::update());
        assert_eq!((info.kind, info.sender.user.as_deref()), (2, Some("bob")));
        assert_eq!(seen.updated, []);
        assert_eq!(three.a.member(three.b.own_leaf().expect("a leaf")).expect("bob").last_update, 3);
        assert_eq!(three.b.member(three.b.own_leaf().expect("a leaf")).expect("bob").last_update, 3);
    });
}

#[test]
fn a_remove_by_reference_names_whom_it_is_about() {
    both(|three| {
        let carol = leaf_of(&three.a, "carol");
        let message = propose(&three.b, Proposal::remove(carol));
        let info = proposed(&three.alice, &message);
        assert_eq!((info.kind, info.subject.and_then(|who| who.user)), (3, Some("carol".into())));
        assert_eq!(proposed(&three.carol, &message).subject.and_then(|who| who.leaf), Some(carol));
        let (message, _) = commit(&three.a, vec![]);
        assert_eq!(users(&committed(&three.bob, &message).removed), ["carol"]);
        match one(&three.carol, &message) {
            EventKind::Removed(removed) => assert_eq!(removed.sender.user.as_deref(), Some("alice")),
            other => panic!("not removed: {other:?}"),
        }
        agree(&[&three.a, &three.b]);
        assert_eq!(three.a.member_count().expect("a count"), 2);
        assert_eq!(code(three.a.member(carol)), ErrorCode::MemberNotFound);
    });
}

#[test]
fn who_leaves_is_removed_by_somebody_else() {
    both(|three| {
        let message = three.c.leave(b"goodbye".to_vec()).expect("a proposal");
        proposed(&three.alice, &message);
        let info = proposed(&three.bob, &message);
        assert_eq!((info.kind, info.sender.user, info.subject.and_then(|who| who.user)), {
            (3, Some("carol".into()), Some("carol".into()))
        });
        // Carol cannot commit it herself: her commit leaves it out.
        let own = three.c.commit(vec![], CommitOptions::default()).expect("a commit");
        own.reject().expect("refused");
        let (message, _) = commit(&three.a, vec![]);
        assert_eq!(users(&committed(&three.bob, &message).removed), ["carol"]);
        assert!(matches!(one(&three.carol, &message), EventKind::Removed(_)));
        agree(&[&three.a, &three.b]);
    });
}

#[test]
fn nobody_removes_himself_by_value_or_somebody_who_is_not_there() {
    let three = Three::new(options);
    let own = three.a.own_leaf().expect("a leaf");
    let commit = |proposal| three.a.commit(vec![proposal], CommitOptions::default());
    assert_eq!(code(commit(Proposal::remove(own))), ErrorCode::InvalidProposal);
    for leaf in [3, 1_000, u32::MAX] {
        assert_eq!(code(commit(Proposal::remove(leaf))), ErrorCode::MemberNotFound);
        assert_eq!(code(three.a.propose(vec![Proposal::remove(leaf)], Vec::new())), ErrorCode::MemberNotFound);
    }
    assert_eq!(three.a.pending_commits().expect("commits").len(), 0);
    three.agree();
}

#[test]
fn a_list_of_proposals_is_made_whole_or_not_at_all() {
    let three = Three::new(options);
    let list = vec![Proposal::update(), Proposal::remove(77)];
    assert_eq!(code(three.b.propose(list, Vec::new())), ErrorCode::MemberNotFound);
    assert_eq!(three.b.proposals().expect("proposals"), []);
    let list = vec![Proposal::update(), Proposal::remove(leaf_of(&three.b, "carol"))];
    let messages = three.b.propose(list, b"both".to_vec()).expect("proposals");
    assert_eq!(messages.len(), 2);
    for message in &messages {
        assert_eq!(inspect(message.to_vec()).expect("readable").aad, b"both");
        proposed(&three.alice, message);
    }
    let (message, _) = commit(&three.a, vec![]);
    assert_eq!(users(&committed(&three.bob, &message).removed), ["carol"]);
    agree(&[&three.a, &three.b]);
}

#[test]
fn an_external_psk_is_mixed_in_by_all_who_have_it() {
    both(|three| {
        let missing = Proposal::external_psk(b"shared".to_vec());
        assert_eq!(code(three.a.commit(vec![missing.clone()], CommitOptions::default())), ErrorCode::PskNotFound);
        assert_eq!(code(three.a.propose(vec![missing.clone()], Vec::new())), ErrorCode::PskNotFound);
        for client in [&three.alice, &three.bob, &three.carol] {
            client.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
        }
        let (message, _) = commit(&three.a, vec![missing.clone()]);
        assert_eq!(three.deliver(&message).psks, [b"shared".to_vec()]);
        assert_eq!(own_committed(&three.alice).psks, [b"shared".to_vec()]);
        let (info, seen, _) = three.by_reference(missing);
        assert_eq!((info.kind, info.data), (4, b"shared".to_vec()));
        assert_eq!(seen.psks.len(), 1);
    });
}

#[test]
fn who_lacks_a_psk_or_has_another_one_is_behind_until_it_is_right() {
    both(|three| {
        for client in [&three.alice, &three.carol] {
            client.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
        }
        let epoch = three.b.epoch().expect("an epoch");
        let (message, _) = commit(&three.a, vec![Proposal::external_psk(b"shared".to_vec())]);
        committed(&three.carol, &message);
        let stalled = |kind| match kind {
            EventKind::Stalled(stalled) => stalled,
            other => panic!("not stalled: {other:?}"),
        };
        // Without it nothing changes; with a wrong one neither; and then the kept bytes go through.
        assert_eq!(stalled(one(&three.bob, &message)).message, message);
        three.bob.add_psk(b"shared".to_vec(), vec![8; 32]).expect("kept");
        stalled(one(&three.bob, &message));
        assert_eq!(three.b.epoch().expect("an epoch"), epoch);
        three.bob.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
        committed(&three.bob, &message);
        three.agree();
        three.bob.delete_psk(b"shared".to_vec()).expect("deleted");
        assert_eq!(
            code(three.b.commit(vec![Proposal::external_psk(b"shared".to_vec())], CommitOptions::default())),
            ErrorCode::PskNotFound
        );
    });
}

#[test]
fn a_cached_psk_that_this_device_lacks_is_left_out_of_its_commit() {
    let three = Three::new(options);
    three.bob.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
    let message = propose(&three.b, Proposal::external_psk(b"shared".to_vec()));
    proposed(&three.alice, &message);
    proposed(&three.carol, &message);
    let (message, _) = commit(&three.a, vec![]);
    assert_eq!(committed(&three.carol, &message).psks, Vec::<Vec<u8>>::new());
    let dropped = committed(&three.bob, &message).dropped;
    assert_eq!(dropped.iter().map(|info| info.kind).collect::<Vec<_>>(), [4]);
    three.agree();
}

#[test]
fn a_resumption_psk_of_a_kept_epoch_is_mixed_in() {
    both(|three| {
        for epoch in [1, 2] {
            let now = three.a.epoch().expect("an epoch");
            assert!(epoch <= now);
            let (message, _) = commit(&three.a, vec![Proposal::ResumptionPsk { epoch }]);
            three.deliver(&message);
        }
        let (info, _, _) = three.by_reference(Proposal::ResumptionPsk { epoch: 2 });
        assert_eq!(info.kind, 4);
        for _ in 0..4 {
            let (message, _) = commit(&three.a, vec![]);
            three.deliver(&message);
        }
        let old = Proposal::ResumptionPsk { epoch: 1 };
        assert_eq!(code(three.a.commit(vec![old.clone()], CommitOptions::default())), ErrorCode::PskNotFound);
        assert_eq!(code(three.a.propose(vec![old], Vec::new())), ErrorCode::PskNotFound);
    });
}

#[test]
fn a_resumption_psk_that_the_committer_never_had_does_not_stop_it() {
    let (alice, bob) = (device("alice"), device("bob"));
    let a = alice.create_group(GroupOptions::default()).expect("a group");
    let (_, welcomes) = commit(&a, vec![Proposal::add(key_package(&bob))]);
    let b = join(&bob, &welcomes[0]);
    // Epoch 0 was Alice's alone.
    let message = propose(&a, Proposal::ResumptionPsk { epoch: 0 });
    proposed(&bob, &message);
    let (message, _) = commit(&b, vec![]);
    assert_eq!(committed(&alice, &message).dropped.len(), 1);
    agree(&[&a, &b]);
}

#[test]
fn a_joiner_needs_an_older_secret_only_if_the_committer_asks_for_it() {
    let three = Three::new(options);
    let dave = device("dave");
    let add = Proposal::add(key_package(&dave));
    // Another's wish is left out.
    let message = propose(&three.b, Proposal::ResumptionPsk { epoch: 1 });
    proposed(&three.alice, &message);
    proposed(&three.carol, &message);
    let (message, welcomes) = commit(&three.a, vec![add]);
    assert_eq!(committed(&three.bob, &message).dropped.len(), 1);
    committed(&three.carol, &message);
    let d = join(&dave, &welcomes[0]);
    agree(&[&three.a, &three.b, &three.c, &d]);

    // The committer's is not, nor is another's with it.
    let message = propose(&three.b, Proposal::ResumptionPsk { epoch: 1 });
    for client in [&three.alice, &three.carol, &dave] {
        proposed(client, &message);
    }
    let both = vec![Proposal::add(key_package(&device("erin"))), Proposal::ResumptionPsk { epoch: 2 }];
    let (message, _) = commit(&three.a, both);
    assert_eq!(committed(&three.bob, &message).dropped, []);
    committed(&three.carol, &message);
    agree(&[&three.a, &three.b, &three.c]);
    // Dave has joined in epoch 2, and does not have the secret of epoch 1.
    assert!(matches!(one(&dave, &message), EventKind::Denied(_) | EventKind::Stalled(_)));
}

#[test]
fn context_extensions_are_replaced() {
    let capable = |name: &str| {
        let mut options = options(name);
        options.capabilities = Capabilities { extensions: vec![0xff01], proposals: vec![0xff02], credentials: vec![] };
        options
    };
    let three = Three::new(capable);
    let extension = |data: &[u8]| Extension { kind: 0xff01, data: data.to_vec() };
    let change = |data: &[u8]| Proposal::GroupContextExtensions { extensions: vec![extension(data)] };
    let (message, _) = commit(&three.a, vec![change(b"one")]);
    assert!(three.deliver(&message).context_changed);
    assert_eq!(three.b.extensions().expect("extensions"), [extension(b"one")]);
    let (info, seen, _) = three.by_reference(change(b"two"));
    assert_eq!((info.kind, seen.context_changed), (7, true));
    assert_eq!(three.c.extensions().expect("extensions"), [extension(b"two")]);
    // Ours by value wins over a cached one, and one of a kind that somebody does not know is refused.
    let message = propose(&three.b, change(b"three"));
    proposed(&three.alice, &message);
    proposed(&three.carol, &message);
    let (message, _) = commit(&three.a, vec![change(b"four")]);
    committed(&three.carol, &message);
    assert_eq!(committed(&three.bob, &message).dropped.len(), 1);
    assert_eq!(three.b.extensions().expect("extensions"), [extension(b"four")]);
    three.agree();
    let unknown = Proposal::GroupContextExtensions { extensions: vec![Extension { kind: 0xff09, data: vec![] }] };
    assert_eq!(code(three.a.commit(vec![unknown], CommitOptions::default())), ErrorCode::InvalidProposal);
    let twice = Proposal::GroupContextExtensions { extensions: vec![extension(b"x"), extension(b"y")] };
    assert_eq!(code(three.a.commit(vec![twice.clone()], CommitOptions::default())), ErrorCode::InvalidArgument);
    assert_eq!(code(three.a.propose(vec![twice], Vec::new())), ErrorCode::InvalidArgument);
    three.agree();
}

#[test]
fn a_custom_proposal_needs_everybody_to_be_capable_of_it() {
    let capable = |name: &str| {
        let mut options = options(name);
        options.capabilities.proposals = vec![0xff02];
        options
    };
    let custom = Proposal::Custom { kind: 0xff02, data: b"a move".to_vec() };
    let three = Three::new(options);
    assert_eq!(code(three.a.commit(vec![custom.clone()], CommitOptions::default())), ErrorCode::InvalidProposal);

    let three = Three::new(capable);
    let tree = three.a.tree_hash().expect("a hash");
    let (message, _) = commit(&three.a, vec![custom.clone()]);
    let seen = three.deliver(&message);
    assert_eq!((seen.custom[0].kind, seen.custom[0].data.as_slice()), (0xff02, &b"a move"[..]));
    assert_eq!(own_committed(&three.alice).custom.len(), 1);
    assert_ne!(three.a.tree_hash().expect("a hash"), tree, "it comes with a path");
    let tree = three.a.tree_hash().expect("a hash");
    let (info, seen, _) = three.by_reference(custom);
    assert_eq!((info.kind, info.data.as_slice()), (0xff02, &b"a move"[..]));
    assert_eq!(seen.custom[0].sender.user.as_deref(), Some("bob"));
    assert_ne!(three.a.tree_hash().expect("a hash"), tree, "it comes with a path");
    for kind in 0..=7 {
        let known = Proposal::Custom { kind, data: Vec::new() };
        assert_eq!(code(three.a.commit(vec![known], CommitOptions::default())), ErrorCode::InvalidArgument);
    }
    assert!(three.a.member(0).expect("alice").capabilities_proposals.contains(&0xff02));
}

#[test]
fn a_group_that_requires_capabilities_takes_only_who_has_them() {
    let capable = |name: &str| {
        let mut options = options(name);
        options.capabilities = Capabilities { extensions: vec![0xff01], proposals: vec![0xff02], credentials: vec![] };
        options
    };
    let alice = open(capable("alice"));
    let required = Capabilities { extensions: vec![0xff01], proposals: vec![0xff02], credentials: vec![1] };
    let options = GroupOptions { required_capabilities: Some(required), ..Default::default() };
    let a = alice.create_group(options.clone()).expect("a group");
    assert_eq!(code(device("mallory").create_group(options)), ErrorCode::InvalidProposal);
    let plain = Proposal::add(key_package(&device("bob")));
    assert_eq!(code(a.commit(vec![plain.clone()], CommitOptions::default())), ErrorCode::InvalidProposal);
    let carol = open(capable("carol"));
    // Cached all the same by somebody who does not look, it is left out of the commit.
    let (_, welcomes) = commit(&a, vec![Proposal::add(key_package(&carol))]);
    let c = join(&carol, &welcomes[0]);
    if let Ok(messages) = c.propose(vec![plain], Vec::new()) {
        proposed(&alice, &messages[0]);
        let (message, welcomes) = commit(&a, vec![]);
        assert_eq!(welcomes.len(), 0);
        assert_eq!(committed(&carol, &message).dropped.len(), 1);
    }
    agree(&[&a, &c]);
}

#[test]
fn leaf_extensions_come_with_the_leaf_and_change_with_a_commit() {
    let capable = |name: &str| {
        let mut options = options(name);
        options.capabilities.extensions = vec![0xff01];
        options
    };
    let extension = |data: &[u8]| Extension { kind: 0xff01, data: data.to_vec() };
    let (alice, bob) = (open(capable("alice")), open(capable("bob")));
    let a = alice
        .create_group(GroupOptions { leaf_extensions: vec![extension(b"alice")], ..Default::default() })
        .expect("a group");
    let options = KeyPackageOptions { leaf_extensions: vec![extension(b"bob")], ..Default::default() };
    let package = bob.create_key_packages(1, options).expect("a key package").remove(0);
    let (_, welcomes) = commit(&a, vec![Proposal::add(package)]);
    let b = join(&bob, &welcomes[0]);
    let seen = |group: &Group, leaf| group.member(leaf).expect("a member").extensions;
    assert_eq!((seen(&b, 0), seen(&a, 1)), (vec![extension(b"alice")], vec![extension(b"bob")]));

    let options = CommitOptions { leaf_extensions: Some(vec![extension(b"new")]), ..Default::default() };
    let (message, _) = commit_with(&b, vec![], options);
    committed(&alice, &message);
    assert_eq!((seen(&a, 1), seen(&b, 1)), (vec![extension(b"new")], vec![extension(b"new")]));
    let update = Proposal::Update { identity: None, leaf_extensions: Some(Vec::new()) };
    assert_eq!(code(b.propose(vec![update.clone()], Vec::new())), ErrorCode::Unsupported);
    let (message, _) = commit(&b, vec![update]);
    committed(&alice, &message);
    assert_eq!(seen(&a, 1), []);
    let (message, _) = commit(&a, vec![]);
    committed(&bob, &message);
    assert_eq!(seen(&b, 0), [extension(b"alice")], "a renewal keeps them");
    agree(&[&a, &b]);
}

/// Bob's key and credential change in the group; everybody sees it, and he can go on.
fn rotation(three: &Three, rotate: impl Fn(&Three, NewIdentity) -> Committed) {
    let old = three.a.member(three.b.own_leaf().expect("a leaf")).expect("bob");
    let seen = rotate(three, NewIdentity::default());
    let new = three.a.member(old.leaf).expect("bob");
    assert_ne!(new.signature_key, old.signature_key);
    assert_eq!(new.credential, old.credential);
    assert_eq!(seen.updated.iter().map(|who| who.signature_key.clone()).collect::<Vec<_>>(), [new.signature_key]);
    three.agree();
    let (message, _) = commit(&three.b, vec![]);
    committed(&three.alice, &message);
    committed(&three.carol, &message);
    three.agree();
}

#[test]
fn a_member_changes_its_key_by_its_own_commit() {
    both(|three| {
        rotation(three, |three, identity| {
            let options = CommitOptions { new_identity: Some(identity), ..Default::default() };
            let (message, _) = commit_with(&three.b, vec![], options);
            committed(&three.alice, &message);
            committed(&three.carol, &message)
        });
        rotation(three, |three, identity| {
            let update = Proposal::Update { identity: Some(identity), leaf_extensions: None };
            let (message, _) = commit(&three.b, vec![update]);
            committed(&three.alice, &message);
            committed(&three.carol, &message)
        });
    });
}

#[test]
fn a_member_changes_its_key_by_an_update_that_another_commits() {
    both(|three| {
        rotation(three, |three, identity| {
            let update = Proposal::Update { identity: Some(identity), leaf_extensions: None };
            let message = propose(&three.b, update);
            proposed(&three.alice, &message);
            proposed(&three.carol, &message);
            let (message, _) = commit(&three.a, vec![]);
            committed(&three.bob, &message);
            committed(&three.carol, &message)
        });
    });
}

#[test]
fn an_update_with_a_new_key_that_nobody_commits_changes_nothing() {
    both(|three| {
        let update = Proposal::Update { identity: Some(NewIdentity::default()), leaf_extensions: None };
        let message = propose(&three.b, update);
        proposed(&three.alice, &message);
        proposed(&three.carol, &message);
        // Alice forgets it and commits something else.
        three.a.clear_proposals().expect("cleared");
        let (message, _) = commit(&three.a, vec![]);
        assert_eq!(committed(&three.bob, &message).dropped.len(), 1);
        committed(&three.carol, &message);
        three.agree();
        let (message, _) = commit(&three.b, vec![]);
        committed(&three.alice, &message);
        committed(&three.carol, &message);
        three.agree();
    });
}

#[test]
fn a_new_identity_has_to_be_ones_own() {
    let three = Three::new(options);
    let commit = |identity| {
        let options = CommitOptions { new_identity: Some(identity), ..Default::default() };
        three.b.commit(vec![], options)
    };
    let propose = |identity| {
        let update = Proposal::Update { identity: Some(identity), leaf_extensions: None };
        three.b.propose(vec![update], Vec::new())
    };
    let other = Credential::basic(&Device::new("alice", "phone").expect("a device"));
    let other = NewIdentity { credential: Some(other), signing_key: None };
    assert_eq!(code(commit(other.clone())), ErrorCode::InvalidCredential);
    assert_eq!(code(propose(other)), ErrorCode::InvalidCredential);

    let (mine, theirs) = (&three.bob, &three.alice);
    let mut pair = mine.export_signing_key(None).expect("a key");
    pair.public = theirs.signature_key(None).expect("a key");
    let mismatched = NewIdentity { credential: None, signing_key: Some(pair) };
    assert_eq!(code(commit(mismatched.clone())), ErrorCode::InvalidSigningKey);
    assert_eq!(code(propose(mismatched)), ErrorCode::InvalidSigningKey);
    for key in [
        SigningKey { secret: Vec::new().into(), public: Vec::new() },
        SigningKey { secret: vec![1; 31].into(), public: vec![2; 32] },
        open(suited(CipherSuite::P256_AES128)).export_signing_key(None).expect("a key"),
    ] {
        let wrong = NewIdentity { credential: None, signing_key: Some(key) };
        assert_eq!(code(commit(wrong.clone())), ErrorCode::InvalidSigningKey);
        assert_eq!(code(propose(wrong)), ErrorCode::InvalidSigningKey);
    }
    // Somebody else's key is a duplicate in the tree.
    let stolen = NewIdentity { credential: None, signing_key: Some(theirs.export_signing_key(None).expect("a key")) };
    assert_eq!(code(commit(stolen)), ErrorCode::DuplicateMember);
    assert_eq!(three.b.pending_commits().expect("commits").len(), 0);
    three.agree();
}

fn suited(suite: CipherSuite) -> Options {
    let mut options = options("somebody");
    options.cipher_suite = Some(suite);
    options
}

#[test]
fn a_withdrawn_proposal_is_gone_here_and_still_understood_if_others_commit_it() {
    both(|three| {
        let update = Proposal::Update { identity: Some(NewIdentity::default()), leaf_extensions: None };
        let messages = [propose(&three.b, update), propose(&three.b, Proposal::remove(leaf_of(&three.b, "carol")))];
        for message in &messages {
            proposed(&three.alice, message);
            proposed(&three.carol, message);
        }
        let cached = three.b.proposals().expect("proposals");
        let update = cached.iter().find(|info| info.kind == 2).expect("the update");
        assert_eq!(code(three.a.withdraw(update.reference.clone())), ErrorCode::ProposalNotFound, "it is Bob's");
        for info in &cached {
            three.b.withdraw(info.reference.clone()).expect("withdrawn");
            assert_eq!(code(three.b.withdraw(info.reference.clone())), ErrorCode::ProposalNotFound);
        }
        assert_eq!(three.b.proposals().expect("proposals"), []);
        say(&three.b, "can talk again");
        // The service echoes them late: they stay withdrawn.
        for message in &messages {
            assert!(matches!(ignored(&three.bob, message), IgnoredReason::Duplicate | IgnoredReason::OwnEcho));
        }
        assert_eq!(three.b.proposals().expect("proposals"), []);
        // Alice did not hear of it.
        let (message, _) = commit(&three.a, vec![]);
        let seen = committed(&three.bob, &message);
        assert_eq!((users(&seen.removed), users(&seen.updated)), (vec!["carol"], vec!["bob"]));
        agree(&[&three.a, &three.b]);
        talk(&[(&three.alice, &three.a), (&three.bob, &three.b)]);
    });
}

#[test]
fn one_of_several_proposals_can_be_withdrawn() {
    both(|three| {
        three.bob.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
        let messages = [propose(&three.b, Proposal::update()), propose(&three.b, Proposal::external_psk(*b"shared"))];
        proposed(&three.alice, &messages[0]);
        proposed(&three.carol, &messages[0]);
        let cached = three.b.proposals().expect("proposals");
        let psk = cached.iter().find(|info| info.kind == 4).expect("the PSK");
        three.b.withdraw(psk.reference.clone()).expect("withdrawn");
        let left = three.b.proposals().expect("proposals");
        assert_eq!(left.iter().map(|info| info.kind).collect::<Vec<_>>(), [2]);
        assert_eq!(code(three.b.encrypt(vec![1], EncryptOptions::default())), ErrorCode::CommitRequired);
        let (message, _) = commit(&three.a, vec![]);
        assert_eq!(committed(&three.bob, &message).dropped, []);
        committed(&three.carol, &message);
        three.agree();
    });
}

#[test]
fn cleared_proposals_do_not_stop_anybody_and_their_commit_is_understood() {
    both(|three| {
        let message = propose(&three.b, Proposal::update());
        proposed(&three.alice, &message);
        proposed(&three.carol, &message);
        assert_eq!(code(three.c.encrypt(vec![1], EncryptOptions::default())), ErrorCode::CommitRequired);
        three.c.clear_proposals().expect("cleared");
        assert_eq!(three.c.proposals().expect("proposals"), []);
        three.c.clear_proposals().expect("cleared again");
        say(&three.c, "can talk again");
        assert!(matches!(ignored(&three.carol, &message), IgnoredReason::Duplicate));
        let (message, _) = commit(&three.a, vec![]);
        committed(&three.bob, &message);
        committed(&three.carol, &message);
        three.agree();
    });
}

#[test]
fn a_commit_of_a_proposal_that_is_still_on_its_way_waits_for_it() {
    both(|three| {
        let message = propose(&three.b, Proposal::update());
        proposed(&three.alice, &message);
        let (commit, _) = commit(&three.a, vec![]);
        assert_eq!(held(&three.carol, &commit), HeldFor::Proposal);
        committed(&three.bob, &commit);
        let events = three.carol.receive(message.clone()).expect("received");
        let kinds: Vec<_> = events.iter().map(|event| &event.kind).collect();
        assert!(matches!(kinds[..], [EventKind::Proposed(_), EventKind::Committed(_)]), "{kinds:?}");
        three.agree();
    });
}

#[test]
fn the_same_proposal_twice_is_a_duplicate_and_ones_own_is_an_echo() {
    both(|three| {
        let message = propose(&three.b, Proposal::update());
        proposed(&three.alice, &message);
        assert_eq!(ignored(&three.alice, &message), IgnoredReason::Duplicate);
        assert_eq!(ignored(&three.bob, &message), IgnoredReason::OwnEcho);
        assert_eq!(three.a.proposals().expect("proposals").len(), 1);
        proposed(&three.carol, &message);
        let (commit, _) = commit(&three.a, vec![]);
        committed(&three.bob, &commit);
        committed(&three.carol, &commit);
        assert_eq!(ignored(&three.carol, &message), IgnoredReason::TooOld);
        three.agree();
    });
}

#[test]
fn one_member_caches_only_so_many_proposals() {
    let mut options = options("alice");
    options.limits.proposals_per_member = 3;
    let (alice, bob) = (open(options), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let messages: Vec<_> = (0..5).map(|_| propose(&groups[1], Proposal::update())).collect();
    for message in &messages[..3] {
        proposed(&alice, message);
    }
    for message in &messages[3..] {
        assert_eq!(denied(&alice, message), DeniedReason::Limit);
    }
    assert_eq!(groups[0].proposals().expect("proposals").len(), 3);
    let (message, _) = commit(&groups[0], vec![]);
    committed(&bob, &message);
    agree(&[&groups[0], &groups[1]]);
}

#[test]
fn a_hostile_add_of_somebody_does_not_keep_the_genuine_one_out() {
    both(|three| {
        let (dave, impostor) = (device("dave"), device("dave"));
        let message = propose(&three.b, Proposal::add(key_package(&impostor)));
        proposed(&three.alice, &message);
        proposed(&three.carol, &message);
        let (message, welcomes) = commit(&three.a, vec![Proposal::add(key_package(&dave))]);
        committed(&three.bob, &message);
        committed(&three.carol, &message);
        assert_eq!(ignored(&impostor, &welcomes[0]), IgnoredReason::NotForUs);
        let d = join(&dave, &welcomes[0]);
        agree(&[&three.a, &three.b, &three.c, &d]);
        // And one of somebody who is a member is not committed at all.
        let again = Proposal::add(key_package(&device("dave")));
        assert_eq!(code(three.a.commit(vec![again], CommitOptions::default())), ErrorCode::DuplicateMember);
    });
}

#[test]
fn several_devices_of_one_user_are_members_beside_each_other() {
    let of = |device: &str| {
        open(Options::new().device(Device::new("alice", device).expect("a device")).trust(Trust::InsecureAcceptAny))
    };
    let (phone, laptop, tablet) = (of("phone"), of("laptop"), of("tablet"));
    let groups = group_of(&[&phone, &laptop]);
    // The laptop goes and the tablet comes, in one commit.
    let laptop_leaf = groups[1].own_leaf().expect("a leaf");
    let list = vec![Proposal::remove(laptop_leaf), Proposal::add(key_package(&tablet))];
    let (message, welcomes) = commit(&groups[0], list);
    assert!(matches!(one(&laptop, &message), EventKind::Removed(_)));
    let third = join(&tablet, &welcomes[0]);
    agree(&[&groups[0], &third]);
    let members = groups[0].members().expect("members");
    let devices: Vec<_> = members.iter().map(|member| member.device.as_deref()).collect();
    assert_eq!(devices, [Some("phone"), Some("tablet")]);
}

#[test]
fn a_device_is_removed_and_added_again_in_one_commit() {
    both(|three| {
        let list = vec![Proposal::remove(leaf_of(&three.a, "carol")), Proposal::add(key_package(&three.carol))];
        let (message, welcomes) = commit(&three.a, list);
        let seen = committed(&three.bob, &message);
        assert_eq!((users(&seen.removed), users(&seen.added)), (vec!["carol"], vec!["carol"]));
        let early = say(&three.a, "before the welcome");
        assert!(matches!(one(&three.carol, &message), EventKind::Removed(_)));
        assert_eq!(held(&three.carol, &early), HeldFor::Group);
        let c = join(&three.carol, &welcomes[0]);
        assert_eq!(text(three.carol.inbox(0, 100).expect("the inbox").pop().expect("the message").kind), {
            "before the welcome"
        });
        assert_eq!(text(one(&three.bob, &early)), "before the welcome");
        agree(&[&three.a, &three.b, &c]);
        talk(&[(&three.alice, &three.a), (&three.bob, &three.b), (&three.carol, &c)]);
    });
}

#[test]
fn aad_arrives_with_commits_and_proposals() {
    both(|three| {
        let options = CommitOptions { aad: b"for everybody".to_vec(), ..Default::default() };
        let (message, _) = commit_with(&three.a, vec![], options);
        assert_eq!(inspect(message.clone()).expect("readable").aad, b"for everybody");
        assert_eq!(three.deliver(&message).aad, b"for everybody");
        assert_eq!(own_committed(&three.alice).aad, b"for everybody");
    });
}

#[test]
fn a_path_is_forced_when_asked_for() {
    both(|three| {
        let hash = |group: &Group| group.member(0).expect("alice").last_update;
        let dave = device("dave");
        let (message, _) = commit(&three.a, vec![Proposal::add(key_package(&dave))]);
        three.deliver(&message);
        assert_eq!(hash(&three.b), 1, "adding needs no path");
        let options = CommitOptions { force_path: true, ..Default::default() };
        let (message, _) = commit_with(&three.a, vec![Proposal::add(key_package(&device("erin")))], options);
        three.deliver(&message);
        assert_eq!(hash(&three.b), 3);
    });
}

#[test]
fn a_proposal_that_is_made_and_forgotten_again_and_again_is_still_understood() {
    for by in ["withdraw", "clear", "made once more"] {
        let (alice, bob) = (device("alice"), device("bob"));
        let groups = group_of(&[&alice, &bob]);
        let forget = |message: &[u8]| match by {
            "withdraw" => {
                let own = groups[1].proposals().expect("proposals");
                groups[1].withdraw(own[0].reference.to_vec()).expect("withdrawn");
                proposed(&alice, message);
            }
            _ => groups[1].clear_proposals().expect("cleared"),
        };
        let first = groups[1].leave(Vec::new()).expect("proposed");
        forget(&first);
        let second = groups[1].leave(Vec::new()).expect("proposed");
        if by == "withdraw" {
            let own = groups[1].proposals().expect("proposals");
            groups[1].withdraw(own[0].reference.to_vec()).expect("withdrawn");
        } else {
            proposed(&alice, &second);
            groups[1].clear_proposals().expect("cleared");
        }
        if by == "made once more" {
            groups[1].leave(Vec::new()).expect("proposed");
        }
        let (message, _) = commit(&groups[0], vec![]);
        assert!(matches!(one(&bob, &message), EventKind::Removed(_)), "{by}");
    }
}

#[test]
fn nobody_proposes_more_than_others_keep() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    for client in [&alice, &bob] {
        (0..33u8).for_each(|n| client.add_psk(vec![n], vec![n; 32]).expect("added"));
    }
    let psks = |ids: std::ops::Range<u8>| ids.map(|n| Proposal::ExternalPsk { id: vec![n] }).collect::<Vec<_>>();
    assert_eq!(code(groups[0].propose(psks(0..33), Vec::new())), ErrorCode::CommitRequired);
    assert!(groups[0].proposals().expect("proposals").is_empty());
    for message in groups[0].propose(psks(0..32), Vec::new()).expect("proposed") {
        proposed(&bob, &message);
    }
    assert_eq!(code(groups[0].propose(psks(32..33), Vec::new())), ErrorCode::CommitRequired);
    let (message, _) = commit(&groups[0], vec![]);
    committed(&bob, &message);
    agree(&[&groups[0], &groups[1]]);
}

#[test]
fn authenticated_data_of_a_proposal_is_told() {
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let proposal = groups[0].propose(vec![Proposal::update()], b"why".to_vec()).expect("a proposal").remove(0);
    match one(&bob, &proposal) {
        EventKind::Proposed(proposed) => assert_eq!((proposed.proposal.kind, &proposed.aad[..]), (2, &b"why"[..])),
        other => panic!("not proposed: {other:?}"),
    }
}

#[test]
fn nobody_is_added_over_the_limit_of_members_that_peers_have_too() {
    let mut options = options("alice");
    options.limits.members = 3;
    let alice = open(options);
    let others: Vec<_> = ["bob", "carol", "dave"].map(device).into();
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let adds = || others.iter().map(|client| Proposal::add(key_package(client))).collect::<Vec<_>>();
    assert_eq!(code(group.commit(adds(), CommitOptions::default())), ErrorCode::TooLarge);
    commit(&group, adds().split_off(1));
    let one_more = || Proposal::add(key_package(&others[0]));
    assert_eq!(code(group.commit(vec![one_more()], CommitOptions::default())), ErrorCode::TooLarge);
    commit(&group, vec![one_more(), Proposal::remove(1)]);
}
