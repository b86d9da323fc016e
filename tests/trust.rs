//! Who decides that a credential is genuine, when it is asked, and what becomes of its answer.
mod support;
use mls::*;
use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicBool, Ordering},
};
use support::*;

type Decide = dyn Fn(&ValidationRequest) -> Result<Verdict, CallbackError> + Send + Sync;

/// A validator that is told what to say, and remembers what it was asked.
struct Oracle {
    decide: Mutex<Arc<Decide>>,
    asked: Mutex<Vec<ValidationRequest>>,
}

impl Oracle {
    fn new() -> Arc<Self> {
        Arc::new(Self { decide: Mutex::new(Arc::new(|_| Ok(Verdict::Accept))), asked: Mutex::default() })
    }

    fn says(&self, decide: impl Fn(&ValidationRequest) -> Result<Verdict, CallbackError> + Send + Sync + 'static) {
        *self.decide.lock().expect("free") = Arc::new(decide);
    }

    /// Answers this for one user, and accepts the others.
    fn says_of(&self, user: &'static str, verdict: Verdict) {
        self.says(move |request| Ok(if request.user.as_deref() == Some(user) { verdict } else { Verdict::Accept }));
    }

    /// What it was asked since the last time.
    fn asked(&self) -> Vec<ValidationRequest> {
        std::mem::take(&mut self.asked.lock().expect("free"))
    }
}

impl Validator for Oracle {
    fn validate(&self, request: ValidationRequest) -> Result<Verdict, CallbackError> {
        self.asked.lock().expect("free").push(request.clone());
        let decide = self.decide.lock().expect("free").clone();
        decide(&request)
    }
}

/// Alice, who asks the oracle, and Bob, who takes anybody.
struct Scene {
    oracle: Arc<Oracle>,
    alice: Client,
    bob: Client,
    a: Group,
    b: Group,
}

impl Scene {
    fn new(options: fn(&str) -> Options) -> Self {
        let oracle = Oracle::new();
        let alice = open(options("alice").trust(Trust::Validator(oracle.clone())));
        let bob = open(options("bob"));
        let mut groups = group_of(&[&alice, &bob]);
        let (b, a) = (groups.remove(1), groups.remove(0));
        oracle.asked();
        Self { oracle, alice, bob, a, b }
    }

    fn talk(&self) {
        agree(&[&self.a, &self.b]);
        talk(&[(&self.alice, &self.a), (&self.bob, &self.b)]);
    }
}

fn both(test: fn(Scene)) {
    test(Scene::new(options));
    test(Scene::new(public));
}

fn rotate(group: &Group) -> (Vec<u8>, Vec<Vec<u8>>) {
    commit_with(group, vec![], CommitOptions { new_identity: Some(NewIdentity::default()), ..Default::default() })
}

#[test]
fn a_request_says_why_and_about_whom() {
    both(|scene| {
        let carol = device("carol");
        // Adding: nobody before.
        let (message, welcomes) = commit(&scene.a, vec![Proposal::add(key_package(&carol))]);
        committed(&scene.bob, &message);
        let c = join(&carol, &welcomes[0]);
        let asked = scene.oracle.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!((asked[0].purpose, asked[0].user.as_deref()), (Purpose::Add, Some("carol")));
        assert_eq!((asked[0].device.as_deref(), asked[0].group_id.clone()), (Some("phone"), Some(scene.a.id())));
        assert_eq!(asked[0].signature_key, carol.signature_key(None).expect("a key"));
        assert_eq!((&asked[0].previous_credential, &asked[0].previous_signature_key), (&None, &None));
        assert!(asked[0].time > 1_700_000_000);

        // A commit that changes nobody's key asks nothing.
        let (message, _) = commit(&scene.b, vec![]);
        committed(&scene.alice, &message);
        committed(&carol, &message);
        assert_eq!(scene.oracle.asked(), []);

        // A new key by its holder's commit: what was before is told.
        let before = scene.a.member(1).expect("bob");
        let (message, _) = rotate(&scene.b);
        committed(&scene.alice, &message);
        committed(&carol, &message);
        let asked = scene.oracle.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!((asked[0].purpose, asked[0].user.as_deref()), (Purpose::Update, Some("bob")));
        assert_eq!(asked[0].previous_signature_key, Some(before.signature_key.clone()));
        assert_eq!(asked[0].previous_credential, Some(before.credential));
        assert_ne!(asked[0].signature_key, before.signature_key);

        // By a proposal: asked when it comes, and when it is committed, by us or by others.
        let update = Proposal::Update { identity: Some(NewIdentity::default()), leaf_extensions: None };
        let message = propose(&c, update);
        proposed(&scene.alice, &message);
        proposed(&scene.bob, &message);
        let asked = scene.oracle.asked();
        assert_eq!((asked.len(), asked[0].purpose, asked[0].user.as_deref()), (1, Purpose::Update, Some("carol")));
        let (message, _) = commit(&scene.a, vec![]);
        committed(&scene.bob, &message);
        committed(&carol, &message);
        let asked = scene.oracle.asked();
        assert_eq!((asked.len(), asked[0].purpose, asked[0].user.as_deref()), (1, Purpose::Update, Some("carol")));

        // A Remove and an Add of one name in one commit is an Add: the old key has introduced nothing.
        let list = vec![Proposal::remove(leaf_of(&scene.b, "carol")), Proposal::add(key_package(&device("carol")))];
        let (message, _) = commit(&scene.b, list);
        committed(&scene.alice, &message);
        let asked = scene.oracle.asked();
        assert_eq!((asked.len(), asked[0].purpose, asked[0].user.as_deref()), (1, Purpose::Add, Some("carol")));
        assert_eq!(asked[0].previous_signature_key, None);
    });
}

#[test]
fn our_own_new_key_is_asked_about_before_it_leaves() {
    both(|scene| {
        let before = scene.a.member(0).expect("alice").signature_key;
        let rotation = || CommitOptions { new_identity: Some(NewIdentity::default()), ..Default::default() };
        let update = || Proposal::Update { identity: Some(NewIdentity::default()), leaf_extensions: None };
        for (verdict, error) in
            [(Verdict::Deny, ErrorCode::CredentialDenied), (Verdict::Later, ErrorCode::CredentialLater)]
        {
            scene.oracle.says_of("alice", verdict);
            assert_eq!(code(scene.a.commit(vec![], rotation())), error);
            assert_eq!(code(scene.a.propose(vec![update()], vec![])), error);
            assert_eq!(scene.a.proposals().expect("proposals"), []);
            let asked = scene.oracle.asked();
            assert_eq!(asked.len(), 2, "{asked:?}");
            for request in asked {
                assert_eq!((request.purpose, request.user.as_deref()), (Purpose::Update, Some("alice")));
                assert_eq!(request.previous_signature_key, Some(before.clone()));
                assert_ne!(request.signature_key, before);
            }
            scene.talk();
        }
        scene.oracle.says_of("alice", Verdict::Accept);
        let (message, _) = commit_with(&scene.a, vec![], rotation());
        committed(&scene.bob, &message);
        proposed(&scene.bob, &propose(&scene.a, update()));
        let (message, _) = commit(&scene.b, vec![]);
        committed(&scene.alice, &message);
        scene.talk();
    });
}

#[test]
fn on_first_use_we_know_ourselves_in_every_group() {
    let alice = open(options("alice").trust(Trust::OnFirstUse));
    let (bob, carol) = (device("bob"), device("carol"));
    // Different keys in different groups, and one after the other in one of them.
    for _ in 0..3 {
        let groups = group_of(&[&carol, &alice, &bob]);
        for _ in 0..2 {
            let (message, _) = rotate(&groups[1]);
            committed(&bob, &message);
        }
        propose(&groups[1], Proposal::Update { identity: Some(NewIdentity::default()), leaf_extensions: None });
    }
}

#[test]
fn a_joiner_asks_about_every_member_and_external_sender() {
    let service = device("service");
    let sender = ExternalSender {
        signature_key: service.signature_key(None).expect("a key"),
        credential: service.credential().expect("a credential"),
    };
    let oracle = Oracle::new();
    let alice = open(options("alice").trust(Trust::Validator(oracle.clone())));
    let (bob, carol) = (device("bob"), device("carol"));
    let groups = group_with(&[&bob, &carol], GroupOptions { external_senders: vec![sender], ..Default::default() });
    let (message, welcomes) = commit(&groups[0], vec![Proposal::add(key_package(&alice))]);
    committed(&carol, &message);
    let invitation = invited(&alice, &welcomes[0]);
    assert_eq!(oracle.asked(), [], "an invitation is only shown");
    alice.join(invitation.id, None).expect("joined");
    let mut asked: Vec<_> = oracle.asked().into_iter().map(|r| (r.user.unwrap_or_default(), r.purpose)).collect();
    asked.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        asked,
        [
            ("bob".to_owned(), Purpose::Member),
            ("carol".to_owned(), Purpose::Member),
            ("service".to_owned(), Purpose::ExternalSender)
        ]
    );
}

#[test]
fn a_denied_addition_changes_nothing() {
    both(|scene| {
        scene.oracle.says_of("mallory", Verdict::Deny);
        let mallory = device("mallory");
        let add = || Proposal::add(key_package(&mallory));
        assert_eq!(code(scene.a.commit(vec![add()], CommitOptions::default())), ErrorCode::CredentialDenied);
        assert_eq!(code(scene.a.propose(vec![add()], vec![])), ErrorCode::CredentialDenied);
        assert_eq!(scene.a.pending_commits().expect("commits").len(), 0);
        assert_eq!(scene.a.proposals().expect("proposals"), []);
        scene.talk();
        let message = propose(&scene.b, add());
        assert_eq!(denied(&scene.alice, &message), DeniedReason::Trust);
        assert_eq!(scene.a.proposals().expect("proposals"), []);
        say(&scene.a, "still able to talk");
    });
}

#[test]
fn a_denied_commit_stalls_the_group_until_trust_changes() {
    both(|scene| {
        scene.oracle.says_of("mallory", Verdict::Deny);
        let (message, _) = commit(&scene.b, vec![Proposal::add(key_package(&device("mallory")))]);
        let epoch = scene.a.epoch().expect("an epoch");
        for _ in 0..2 {
            match one(&scene.alice, &message) {
                EventKind::Stalled(stalled) => {
                    assert_eq!((stalled.reason, &stalled.message), (DeniedReason::Trust, &message));
                }
                other => panic!("not stalled: {other:?}"),
            }
            assert_eq!(scene.a.epoch().expect("an epoch"), epoch);
        }
        let (rotation, _) = rotate(&scene.b);
        assert_eq!(held(&scene.alice, &rotation), HeldFor::Epoch);
        scene.oracle.says_of("mallory", Verdict::Accept);
        let events = scene.alice.receive(message.to_vec()).expect("received");
        assert_eq!(events.iter().filter(|event| matches!(event.kind, EventKind::Committed(_))).count(), 2);
        scene.talk();
    });
}

#[test]
fn a_denied_member_keeps_a_welcome_from_being_joined() {
    let oracle = Oracle::new();
    let alice = open(options("alice").trust(Trust::Validator(oracle.clone())));
    let mallory = device("mallory");
    let theirs = mallory.create_group(GroupOptions::default()).expect("a group");
    let (_, welcomes) = commit(&theirs, vec![Proposal::add(key_package(&alice))]);
    let invitation = invited(&alice, &welcomes[0]);
    for (verdict, error) in [(Verdict::Deny, ErrorCode::CredentialDenied), (Verdict::Later, ErrorCode::CredentialLater)]
    {
        oracle.says_of("mallory", verdict);
        assert_eq!(code(alice.join(invitation.id, None)), error);
        assert_eq!(code(alice.group(theirs.id())), ErrorCode::GroupNotFound);
        // Nor does somebody else of the same mind come in by himself.
        let carol = open(options("carol").trust(Trust::Validator(oracle.clone())));
        let info = theirs.group_info(true, true).expect("a GroupInfo");
        assert_eq!(code(carol.join_external(info.to_vec(), JoinOptions::default())), error);
        assert_eq!(code(carol.group(theirs.id())), ErrorCode::GroupNotFound);
    }
    oracle.says(|_| Err(CallbackError::new("no connection")));
    let failed = alice.join(invitation.id, None).expect_err("an error");
    assert_eq!((failed.code(), failed.detail()), (ErrorCode::CallbackFailed, "no connection".into()));
    assert_eq!(alice.key_packages().expect("packages").len(), 1, "nothing is used up");
    oracle.says(|_| Ok(Verdict::Accept));
    let a = alice.join(invitation.id, None).expect("joined");
    talk(&[(&alice, &a), (&mallory, &theirs)]);
}

#[test]
fn an_automatic_join_that_trust_does_not_take_leaves_the_invitation() {
    let oracle = Oracle::new();
    let mut automatic = options("alice").trust(Trust::Validator(oracle.clone()));
    automatic.policy.auto_join = true;
    let alice = open(automatic);
    let bob = device("bob");
    for verdict in [Verdict::Later, Verdict::Deny, Verdict::Accept] {
        let theirs = bob.create_group(GroupOptions::default()).expect("a group");
        let (_, welcomes) = commit(&theirs, vec![Proposal::add(key_package(&alice))]);
        oracle.says_of("bob", verdict);
        let events = alice.receive(welcomes[0].to_vec()).expect("received");
        assert_eq!(events.len(), 1, "{events:?}");
        if verdict == Verdict::Accept {
            assert!(matches!(&events[0].kind, EventKind::Joined(_)), "{events:?}");
        } else {
            let EventKind::Invited(invitation) = &events[0].kind else { panic!("{events:?}") };
            oracle.says(|_| Ok(Verdict::Accept));
            alice.join(invitation.id, None).expect("joined by hand");
        }
        talk(&[(&alice, &alice.group(theirs.id()).expect("the group")), (&bob, &theirs)]);
    }
}

#[test]
fn later_holds_a_proposal_and_a_commit_and_they_are_decided_again() {
    both(|scene| {
        let carol = device("carol");
        scene.oracle.says_of("carol", Verdict::Later);
        let message = propose(&scene.b, Proposal::add(key_package(&carol)));
        assert_eq!(held(&scene.alice, &message), HeldFor::Validator);
        assert_eq!(scene.a.proposals().expect("proposals"), []);
        assert_eq!(scene.alice.retry_held().expect("tried"), [], "still later");
        let add = Proposal::add(key_package(&carol));
        assert_eq!(code(scene.a.commit(vec![add.clone()], CommitOptions::default())), ErrorCode::CredentialLater);
        assert_eq!(code(scene.a.propose(vec![add], vec![])), ErrorCode::CredentialLater);
        scene.oracle.says_of("carol", Verdict::Accept);
        let events = scene.alice.retry_held().expect("tried");
        assert!(matches!(&events[..], [Event { kind: EventKind::Proposed(_), .. }]), "{events:?}");
        assert_eq!(scene.alice.retry_held().expect("tried"), [], "once");

        // The same for the commit, with the key of an encrypted one unused.
        scene.oracle.says_of("carol", Verdict::Later);
        let (message, welcomes) = commit(&scene.b, vec![]);
        assert_eq!(held(&scene.alice, &message), HeldFor::Validator);
        let next = say(&scene.b, "in the new epoch");
        assert_eq!(held(&scene.alice, &next), HeldFor::Epoch);
        assert_eq!(scene.alice.retry_held().expect("tried"), [], "still later");
        scene.oracle.says_of("carol", Verdict::Accept);
        let events = scene.alice.retry_held().expect("tried");
        let kinds: Vec<_> = events.iter().map(|event| &event.kind).collect();
        assert!(matches!(kinds[..], [EventKind::Committed(_), EventKind::Message(_)]), "{kinds:?}");
        let c = join(&carol, &welcomes[0]);
        agree(&[&scene.a, &scene.b, &c]);
    });
}

#[test]
fn a_validator_that_fails_changes_nothing() {
    both(|scene| {
        let carol = device("carol");
        let fail = |_: &ValidationRequest| Err(CallbackError::new("no connection"));
        let message = propose(&scene.b, Proposal::add(key_package(&carol)));
        let (commit, welcomes) = commit(&scene.b, vec![]);
        scene.oracle.says(fail);
        let own = scene.a.commit(vec![Proposal::add(key_package(&carol))], CommitOptions::default());
        assert_eq!(code(own), ErrorCode::CallbackFailed);
        for _ in 0..2 {
            let failed = scene.alice.receive(message.to_vec()).expect_err("an error");
            assert_eq!((failed.code(), failed.detail()), (ErrorCode::CallbackFailed, "no connection".into()));
        }
        scene.oracle.says(|_| Ok(Verdict::Accept));
        proposed(&scene.alice, &message);
        scene.oracle.says(fail);
        for _ in 0..2 {
            assert_eq!(code(scene.alice.receive(commit.to_vec())), ErrorCode::CallbackFailed);
        }
        scene.oracle.says(|_| Ok(Verdict::Accept));
        committed(&scene.alice, &commit);
        let c = join(&carol, &welcomes[0]);
        agree(&[&scene.a, &scene.b, &c]);
    });
}

#[test]
fn a_callback_may_use_everything_but_the_group_that_calls_it() {
    both(|scene| {
        let other = scene.alice.create_group(GroupOptions::default()).expect("a group");
        let (_, welcomes) = commit(&other, vec![Proposal::add(key_package(&scene.bob))]);
        let theirs = join(&scene.bob, &welcomes[0]);
        let waiting = say(&theirs, "received inside the callback");
        let stranger = device("stranger");
        let results: Arc<OnceLock<Vec<ErrorCode>>> = Arc::default();
        let (alice, a, seen) = (scene.alice.clone(), scene.a.clone(), results.clone());
        scene.oracle.says(move |_| {
            let codes = vec![
                code(a.epoch()),
                code(a.encrypt(vec![1], EncryptOptions::default())),
                code(a.commit(vec![], CommitOptions::default())),
                code(a.propose(vec![Proposal::update()], vec![])),
            ];
            assert_eq!(text(one(&alice, &waiting)), "received inside the callback");
            say(&other, "sent inside the callback");
            commit(&other, vec![]);
            alice.inbox(0, 10).expect("the inbox");
            alice.key_packages().expect("packages");
            alice.create_group(GroupOptions::default()).expect("another group");
            key_package(&stranger);
            seen.set(codes).expect("asked once");
            Ok(Verdict::Accept)
        });
        let (message, _) = commit(&scene.b, vec![Proposal::add(key_package(&device("carol")))]);
        committed(&scene.alice, &message);
        assert_eq!(results.get().expect("it was called").as_slice(), [ErrorCode::Reentrant; 4]);
        agree(&[&scene.a, &scene.b]);
    });
}

#[test]
fn first_use_pins_a_key_and_another_one_for_the_name_is_denied() {
    let storage = memory();
    let tofu = |name: &str| options(name).trust(Trust::OnFirstUse);
    let alice = open_on(&storage, tofu("alice"));
    let (bob, impostor) = (device("bob"), device("bob"));
    let mut groups = group_of(&[&alice, &bob]);
    let (b, a) = (groups.remove(1), groups.remove(0));
    let impostors = impostor.create_group(GroupOptions::default()).expect("a group");
    let (_, welcomes) = commit(&impostors, vec![Proposal::add(key_package(&alice))]);
    drop(alice);
    let alice = open_on(&storage, tofu("alice"));
    let a = alice.group(a.id()).expect("the group");
    // Added, proposed, met in another group: all denied, after a restart too.
    let second = alice.create_group(GroupOptions::default()).expect("a group");
    let add = Proposal::add(key_package(&impostor));
    assert_eq!(code(second.commit(vec![add.clone()], CommitOptions::default())), ErrorCode::CredentialDenied);
    assert_eq!(code(second.propose(vec![add], vec![])), ErrorCode::CredentialDenied);
    let invitation = invited(&alice, &welcomes[0]);
    assert_eq!(code(alice.join(invitation.id, None)), ErrorCode::CredentialDenied);
    // The genuine one is welcome there.
    let (_, welcomes) = commit(&second, vec![Proposal::add(key_package(&bob))]);
    talk(&[(&alice, &second), (&bob, &join(&bob, &welcomes[0]))]);
    talk(&[(&alice, &a), (&bob, &b)]);
}

#[test]
fn a_rotation_that_the_holder_introduces_is_taken_and_remembered() {
    for handshakes in [options, public] {
        let storage = memory();
        let tofu = || handshakes("alice").trust(Trust::OnFirstUse);
        let alice = open_on(&storage, tofu());
        let bob = open(handshakes("bob"));
        let groups = group_of(&[&alice, &bob]);
        let key = |group: &Group| group.member(1).expect("bob").signature_key;
        let first = key(&groups[0]);
        let (message, _) = rotate(&groups[1]);
        committed(&alice, &message);
        // By a proposal that Alice commits herself, and one that is refused first.
        let update = Proposal::Update { identity: Some(NewIdentity::default()), leaf_extensions: None };
        proposed(&alice, &propose(&groups[1], update));
        let refused = groups[0].commit(vec![], CommitOptions::default()).expect("a commit");
        refused.reject().expect("refused");
        let (message, _) = commit(&groups[0], vec![]);
        committed(&bob, &message);
        let last = key(&groups[0]);
        assert_ne!(first, last);
        talk(&[(&alice, &groups[0]), (&bob, &groups[1])]);
        let id = groups[0].id().to_vec();
        drop((groups, alice));
        let alice = open_on(&storage, tofu());
        // Bob's client still makes key packages under the first key: it is not the one that is known now.
        let other = alice.create_group(GroupOptions::default()).expect("a group");
        let add = Proposal::add(key_package(&bob));
        assert_eq!(code(other.commit(vec![add], CommitOptions::default())), ErrorCode::CredentialDenied);
        assert_eq!(key(&alice.group(id.to_vec()).expect("the group")), last);
    }
}

#[test]
fn a_key_that_is_only_claimed_is_not_taken_for_a_rotation() {
    for handshakes in [options, public] {
        let alice = open(handshakes("alice").trust(Trust::OnFirstUse));
        let (bob, carol) = (open(handshakes("bob")), open(handshakes("carol")));
        let groups = group_of(&[&alice, &bob, &carol]);
        let epoch = groups[0].epoch().expect("an epoch");
        // Somebody takes Bob's place by an external commit, with a key of his own.
        let impostor = open(handshakes("bob"));
        let info = groups[2].group_info(true, true).expect("a GroupInfo");
        let options = JoinOptions { resync: true, ..Default::default() };
        let theft = impostor.join_external(info.to_vec(), options).expect("a commit");
        assert_eq!(denied(&alice, &theft.message().expect("its bytes")), DeniedReason::Trust);
        // A member removes Bob and adds an impostor in his place.
        let list =
            vec![Proposal::remove(leaf_of(&groups[2], "bob")), Proposal::add(key_package(&open(handshakes("bob"))))];
        let (message, _) = commit(&groups[2], list);
        assert!(matches!(one(&alice, &message), EventKind::Stalled(_)));
        assert_eq!(groups[0].epoch().expect("an epoch"), epoch);
    }
}

#[test]
fn a_resync_with_the_known_key_is_taken_on_first_use() {
    let alice = open(options("alice").trust(Trust::OnFirstUse));
    let bob = device("bob");
    let groups = group_of(&[&alice, &bob]);
    let info = groups[0].group_info(true, true).expect("a GroupInfo");
    let commit =
        bob.join_external(info.to_vec(), JoinOptions { resync: true, ..Default::default() }).expect("a commit");
    committed(&alice, &commit.message().expect("its bytes"));
    commit.accept().expect("accepted");
    talk(&[(&alice, &groups[0]), (&bob, &groups[1])]);
}

/// Names as `user/device`.
/// Somebody else claims to be Alice, and takes her place by an external commit. Bob believes it.
#[test]
fn who_claims_to_be_us_takes_our_place_only_if_trust_allows_it() {
    let validator = Oracle::new();
    validator.says_of("alice", Verdict::Deny);
    for (trust, allowed) in
        [(Trust::Validator(validator.clone()), false), (Trust::OnFirstUse, false), (Trust::InsecureAcceptAny, true)]
    {
        let (alice, bob) = (open(options("alice").trust(trust)), device("bob"));
        let groups = group_of(&[&alice, &bob]);
        validator.asked();
        let info = groups[1].group_info(true, true).expect("a GroupInfo");
        let resync = JoinOptions { resync: true, ..JoinOptions::default() };
        let commit = device("alice").join_external(info.to_vec(), resync).expect("a commit");
        let message = commit.message().expect("its bytes");
        if allowed {
            assert!(matches!(one(&alice, &message), EventKind::Removed(_)));
            continue;
        }
        assert_eq!(denied(&alice, &message), DeniedReason::Trust);
        assert_eq!(groups[0].status().expect("a status"), GroupStatus::Active);
        assert_eq!(text(one(&bob, &say(&groups[0], "still here"))), "still here");
    }
}

struct Slash;

impl CredentialCodec for Slash {
    fn encode(&self, device: Device) -> Result<Vec<u8>, CallbackError> {
        Ok(format!("{}/{}", device.user, device.device).into_bytes())
    }

    fn decode(&self, bytes: Vec<u8>) -> Result<Option<Device>, CallbackError> {
        let named = std::str::from_utf8(&bytes).ok().and_then(|name| name.split_once('/'));
        Ok(named.and_then(|(user, device)| Device::new(user, device).ok()))
    }
}

#[test]
fn an_application_brings_its_own_form_of_credentials() {
    let with_codec = |name: &str| {
        let mut options = options(name);
        options.codec = Some(Arc::new(Slash));
        options
    };
    let (alice, bob, foreign) = (open(with_codec("alice")), open(with_codec("bob")), device("carol"));
    assert_eq!(alice.credential().expect("a credential").bytes(), b"alice/phone");
    let groups = group_of(&[&alice, &bob, &foreign]);
    let members = groups[0].members().expect("members");
    let names: Vec<_> = members.iter().map(|m| m.user.as_deref().unwrap_or("somebody")).collect();
    assert_eq!(names, ["alice", "bob", "somebody"]);
    // What is not of one's own form stays readable as bytes, on both sides.
    assert_eq!(members[2].credential.bytes(), b"carol\0phone");
    let seen = groups[2].members().expect("members");
    assert_eq!((seen[0].user.as_deref(), seen[0].credential.bytes()), (None, &b"alice/phone"[..]));
    assert_eq!(message(&foreign, &say(&groups[0], "hello")).sender.user, None);
    assert_eq!(message(&alice, &say(&groups[1], "hello")).sender.device.as_deref(), Some("phone"));
}

#[test]
fn foreign_credentials_are_members_like_others() {
    for identity in [b"a\0b\0c".to_vec(), b"\xff\xfe".to_vec(), b"plain".to_vec(), b"\0".to_vec()] {
        let mut odd = Options::new().trust(Trust::InsecureAcceptAny);
        odd.credential = Some(Credential::Basic { identity: identity.clone() });
        let (alice, bob) = (device("alice"), open(odd));
        let groups = group_of(&[&alice, &bob]);
        let member = groups[0].member(1).expect("bob");
        assert_eq!((member.user, member.device), (None, None));
        assert_eq!(member.credential, Credential::Basic { identity });
        talk(&[(&alice, &groups[0]), (&bob, &groups[1])]);
    }
    for (user, device) in [("a\0b", "phone"), ("alice", "\0"), ("", "phone"), ("alice", "")] {
        assert_eq!(code(Device::new(user, device)), ErrorCode::InvalidArgument);
    }
}

#[test]
fn a_credential_of_an_own_type_needs_everybody_to_know_it() {
    let kind = 0xf0f0;
    let knowing = |name: &str| {
        let mut options = options(name);
        options.capabilities.credentials = vec![kind];
        options
    };
    let mut own = knowing("bob");
    own.device = None;
    own.credential = Some(Credential::Other { kind, data: b"a token".to_vec() });
    let (alice, bob) = (open(knowing("alice")), open(own));
    let groups = group_of(&[&alice, &bob]);
    assert_eq!(groups[0].member(1).expect("bob").credential, Credential::Other { kind, data: b"a token".to_vec() });
    talk(&[(&alice, &groups[0]), (&bob, &groups[1])]);
    let plain = Proposal::add(key_package(&device("carol")));
    assert_eq!(code(groups[0].commit(vec![plain], CommitOptions::default())), ErrorCode::InvalidProposal);
}

#[test]
fn nothing_is_trusted_without_a_choice() {
    let nobody = Options::new().device(Device::new("alice", "phone").expect("a device"));
    assert_eq!(code(Client::open_in_memory(nobody)), ErrorCode::InvalidArgument);
}

#[test]
fn a_codec_that_fails_or_names_nobody_opens_no_client() {
    struct Broken(bool);
    impl CredentialCodec for Broken {
        fn encode(&self, _: Device) -> Result<Vec<u8>, CallbackError> {
            if self.0 { Err(CallbackError::new("broken")) } else { Ok(Vec::new()) }
        }
        fn decode(&self, _: Vec<u8>) -> Result<Option<Device>, CallbackError> {
            Ok(None)
        }
    }
    for fails in [true, false] {
        let mut options = options("alice");
        options.codec = Some(Arc::new(Broken(fails)));
        assert_eq!(code(Client::open_in_memory(options)), ErrorCode::CallbackFailed);
    }
}

/// Dies of what it is asked.
struct Dies(AtomicBool);

impl Validator for Dies {
    fn validate(&self, _: ValidationRequest) -> Result<Verdict, CallbackError> {
        assert!(!self.0.load(Ordering::Relaxed), "a bug in the application");
        Ok(Verdict::Accept)
    }
}

#[test]
fn a_validator_that_panics_leaves_the_group_as_it_was_whatever_is_called_next() {
    let dies = Arc::new(Dies(AtomicBool::new(false)));
    let mut options = options("bob");
    options.trust = Some(Trust::Validator(dies.clone()));
    let (alice, bob) = (device("alice"), open(options));
    let groups = group_of(&[&alice, &bob]);
    let before = groups[1].epoch().expect("an epoch");
    let (message, _) = commit(&groups[0], vec![Proposal::add(key_package(&device("carol")))]);
    dies.0.store(true, Ordering::Relaxed);
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bob.receive(message.clone())));
    assert!(died.is_err());
    dies.0.store(false, Ordering::Relaxed);
    // A call that takes the group's lock and has no use for what is loaded.
    let same = GroupOptions { id: Some(groups[1].id()), ..GroupOptions::default() };
    assert_eq!(code(bob.create_group(same)), ErrorCode::GroupExists);
    assert_eq!(groups[1].epoch().expect("an epoch"), before);
    assert_eq!(groups[1].members().expect("the roster").len(), 2);
    committed(&bob, &message);
    agree(&[&groups[0], &groups[1]]);
}

#[test]
fn a_commit_that_waited_does_not_take_the_place_of_a_key_that_was_remembered_meanwhile() {
    let mut options = options("alice");
    options.trust = Some(Trust::OnFirstUse);
    let alice = open(options);
    let (bob, impostor) = (device("bob"), device("bob"));
    let groups: Vec<Group> = (0..3).map(|_| alice.create_group(GroupOptions::default()).expect("a group")).collect();
    let add = |device: &Client| vec![Proposal::add(key_package(device))];
    let waits = groups[0].commit(add(&impostor), CommitOptions::default()).expect("a commit");
    commit(&groups[1], add(&bob));
    waits.accept().expect("the service has ordered it");
    assert_eq!(code(groups[2].commit(add(&impostor), CommitOptions::default())), ErrorCode::CredentialDenied);
    commit(&groups[2], add(&bob));
}
