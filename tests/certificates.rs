//! Members whose credentials are X.509 chains, and roots that decide on them.
mod support;
use mls::*;
use std::sync::Arc;
use support::authority::*;
use support::*;

const NOW: u64 = 1_800_000_000;

fn with(roots: &[&Authority], chain: Vec<Vec<u8>>, key: SigningKey, clock: &Arc<Watch>) -> Options {
    let mut options = Options::new().trust(Trust::Roots(roots.iter().map(|root| root.root.clone()).collect()));
    options.credential = Some(Credential::x509(chain));
    options.signing_key = Some(key);
    options.clock = Some(clock.clone());
    options
}

/// A device with a certificate of this authority's, which trusts it.
fn certified(authority: &Authority, name: &str, clock: &Arc<Watch>) -> Client {
    let key = key();
    let chain = authority.certify(name, &key.public, LONG);
    open(with(&[authority], chain, key, clock))
}

#[test]
fn members_with_certificates_of_a_trusted_root_meet_and_talk() {
    let (clock, root) = (Watch::at(NOW), Authority::new("root"));
    let below = root.delegate("department");
    let alice = certified(&root, "alice", &clock);
    let key = key();
    let mut chain = below.certify("bob", &key.public, LONG);
    chain.push(below.root.clone());
    let bob = open(with(&[&root], chain.clone(), key, &clock));
    let groups = group_of(&[&alice, &bob]);
    talk(&[(&alice, &groups[0]), (&bob, &groups[1])]);
    let member = groups[0].member(1).expect("bob");
    assert_eq!((member.credential, member.user), (Credential::x509(chain), None));
    // A third is added by reference.
    let carol = certified(&root, "carol", &clock);
    proposed(&alice, &propose(&groups[1], Proposal::add(key_package(&carol))));
    let (message, welcomes) = commit(&groups[0], vec![]);
    committed(&bob, &message);
    let third = join(&carol, &welcomes[0]);
    talk(&[(&alice, &groups[0]), (&bob, &groups[1]), (&carol, &third)]);
}

/// Somebody whose certificate is not to be trusted, and whose own trust is in everything: adding, being proposed,
/// joining a group with him in it, and his coming in by a commit, are all denied.
fn denied_everywhere(root: &Authority, clock: &Arc<Watch>, chain: Vec<Vec<u8>>, key: SigningKey) {
    let (alice, bob) = (certified(root, "alice", clock), certified(root, "bob", clock));
    let mut options = with(&[root], chain, key, clock);
    options.trust = Some(Trust::InsecureAcceptAny);
    let mallory = open(options);
    let groups = group_of(&[&alice, &bob]);
    let add = Proposal::add(key_package(&mallory));
    assert_eq!(code(groups[0].commit(vec![add.clone()], CommitOptions::default())), ErrorCode::CredentialDenied);
    assert_eq!(code(groups[0].propose(vec![add], vec![])), ErrorCode::CredentialDenied);
    talk(&[(&alice, &groups[0]), (&bob, &groups[1])]);

    // Mallory's own group is not joined.
    let theirs = mallory.create_group(GroupOptions::default()).expect("a group");
    let (_, welcomes) = commit(&theirs, vec![Proposal::add(key_package(&alice))]);
    let invitation = invited(&alice, &welcomes[0]);
    assert_eq!(code(alice.join(invitation.id, None)), ErrorCode::CredentialDenied);
    let info = theirs.group_info(true, true).expect("a GroupInfo");
    assert_eq!(code(bob.join_external(info.to_vec(), JoinOptions::default())), ErrorCode::CredentialDenied);

    // Nor is he let in when a careless member commits or proposes him.
    let mut careless = with(&[root], root.certify("carl", &careless_key().public, LONG), careless_key(), clock);
    careless.trust = Some(Trust::InsecureAcceptAny);
    let carl = open(careless);
    let (message, welcomes) = commit(&groups[0], vec![Proposal::add(key_package(&carl))]);
    committed(&bob, &message);
    let c = join(&carl, &welcomes[0]);
    let by_reference = propose(&c, Proposal::add(key_package(&mallory)));
    assert_eq!(denied(&alice, &by_reference), DeniedReason::Trust);
    assert_eq!(groups[0].proposals().expect("proposals"), []);
    let (message, _) = commit(&c, vec![Proposal::add(key_package(&mallory))]);
    let kind = one(&bob, &message);
    // The proposal was not cached: the commit waits for it, or is known to be one that cannot be followed.
    assert!(matches!(kind, EventKind::Held(_) | EventKind::Stalled(_)), "{kind:?}");
    assert_eq!(groups[1].epoch().expect("an epoch"), 2);
}

fn careless_key() -> SigningKey {
    static KEY: std::sync::OnceLock<SigningKey> = std::sync::OnceLock::new();
    KEY.get_or_init(key).clone()
}

#[test]
fn a_certificate_of_another_root_is_denied() {
    let (clock, root, other) = (Watch::at(NOW), Authority::new("root"), Authority::new("other"));
    let key = key();
    let chain = other.certify("mallory", &key.public, LONG);
    denied_everywhere(&root, &clock, chain, key);
    // One that only has the root's name too.
    let key = support::authority::key();
    let chain = Authority::new("root").certify("mallory", &key.public, LONG);
    denied_everywhere(&root, &clock, chain, key);
}

#[test]
fn a_certificate_that_is_not_valid_now_is_denied() {
    let (clock, root) = (Watch::at(NOW), Authority::new("root"));
    for validity in [LONG.start..NOW - 1, NOW + 1_000..LONG.end] {
        let key = key();
        let chain = root.certify("mallory", &key.public, validity);
        denied_everywhere(&root, &clock, chain, key);
    }
}

#[test]
fn a_self_signed_certificate_is_denied() {
    let (clock, root) = (Watch::at(NOW), Authority::new("root"));
    let mallory = Authority::new("mallory");
    let key = key();
    let chain = mallory.certify("mallory", &key.public, LONG);
    let chain = [chain, vec![mallory.root.clone()]].concat();
    denied_everywhere(&root, &clock, chain, key);
}

#[test]
fn a_certificate_of_another_key_opens_no_client() {
    let (clock, root) = (Watch::at(NOW), Authority::new("root"));
    let (mine, theirs) = (key(), key());
    let chain = root.certify("mallory", &theirs.public, LONG);
    let refused = code(Client::open_in_memory(with(&[&root], chain.clone(), mine, &clock)));
    assert!(matches!(refused, ErrorCode::InvalidSigningKey | ErrorCode::InvalidCredential), "{refused:?}");
    // And in a group nobody changes to one.
    let alice = certified(&root, "alice", &clock);
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let identity = NewIdentity {
        credential: Some(Credential::x509(root.certify("alice", &theirs.public, LONG))),
        signing_key: Some(key()),
    };
    let options = CommitOptions { new_identity: Some(identity), ..Default::default() };
    let refused = code(group.commit(vec![], options));
    assert!(
        matches!(refused, ErrorCode::CredentialDenied | ErrorCode::InvalidSigningKey | ErrorCode::InvalidCredential),
        "{refused:?}"
    );
}

#[test]
fn a_stolen_certificate_is_denied() {
    // The thief's key package lives by the system's clock.
    let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let (clock, root) = (Watch::at(now), Authority::new("root"));
    let (alice, bob) = (certified(&root, "alice", &clock), certified(&root, "bob", &clock));
    let Credential::X509 { chain } = bob.credential().expect("a credential") else { panic!("no certificate") };
    let thief = mallory::thief(chain.iter().map(|der| der.to_vec()).collect());
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let add = || vec![Proposal::add(thief.key_package())];
    assert_eq!(code(group.commit(add(), CommitOptions::default())), ErrorCode::CredentialDenied);
    assert_eq!(code(group.propose(add(), vec![])), ErrorCode::CredentialDenied);
    let invitation = invited(&alice, &thief.invite(&key_package(&alice)));
    assert_eq!(code(alice.join(invitation.id, None)), ErrorCode::CredentialDenied);
    // The one that it was made for is taken.
    let (_, welcomes) = commit(&group, vec![Proposal::add(key_package(&bob))]);
    talk(&[(&alice, &group), (&bob, &join(&bob, &welcomes[0]))]);
}

#[test]
fn a_member_renews_its_certificate_inside_the_group() {
    let (clock, root) = (Watch::at(NOW), Authority::new("root"));
    let (alice, bob) = (certified(&root, "alice", &clock), certified(&root, "bob", &clock));
    let groups = group_of(&[&alice, &bob]);
    let renewed = |subject: &str, by: &Authority| {
        let key = key();
        let chain = by.certify(subject, &key.public, LONG);
        NewIdentity { credential: Some(Credential::x509(chain)), signing_key: Some(key) }
    };
    let identity = renewed("alice", &root);
    let options = CommitOptions { new_identity: Some(identity.clone()), ..Default::default() };
    let (message, _) = commit_with(&groups[0], vec![], options);
    let seen = committed(&bob, &message);
    assert_eq!(seen.updated[0].credential, identity.credential);
    talk(&[(&alice, &groups[0]), (&bob, &groups[1])]);
    // By a proposal that another commits.
    let update = Proposal::Update { identity: Some(renewed("alice", &root)), leaf_extensions: None };
    proposed(&bob, &propose(&groups[0], update));
    let (message, _) = commit(&groups[1], vec![]);
    committed(&alice, &message);
    talk(&[(&alice, &groups[0]), (&bob, &groups[1])]);
    // Another subject is another device, and another root is not trusted.
    let to = |identity| CommitOptions { new_identity: Some(identity), ..Default::default() };
    assert_eq!(code(groups[0].commit(vec![], to(renewed("carol", &root)))), ErrorCode::InvalidCredential);
    let other = Authority::new("other");
    assert_eq!(code(groups[0].commit(vec![], to(renewed("alice", &other)))), ErrorCode::CredentialDenied);
    let update = Proposal::Update { identity: Some(renewed("alice", &other)), leaf_extensions: None };
    assert_eq!(code(groups[0].propose(vec![update.clone()], vec![])), ErrorCode::CredentialDenied);
    assert_eq!(code(groups[0].commit(vec![update], CommitOptions::default())), ErrorCode::CredentialDenied);
    assert_eq!(groups[0].proposals().expect("proposals"), []);
    // A certificate that has expired since does not stop who is in the group already.
    clock.set(LONG.end + 1);
    let (message, _) = commit(&groups[1], vec![]);
    committed(&alice, &message);
    talk(&[(&alice, &groups[0]), (&bob, &groups[1])]);
}

#[test]
fn basic_credentials_are_denied_where_roots_decide() {
    let (clock, root) = (Watch::at(NOW), Authority::new("root"));
    let alice = certified(&root, "alice", &clock);
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let mut plain = options("bob");
    plain.clock = Some(clock.clone());
    let add = Proposal::add(key_package(&open(plain)));
    assert_eq!(code(group.commit(vec![add], CommitOptions::default())), ErrorCode::CredentialDenied);
    let mut none = options("bob");
    none.trust = Some(Trust::Roots(Vec::new()));
    assert_eq!(code(Client::open_in_memory(none)), ErrorCode::InvalidArgument);
}

#[test]
fn credentials_that_are_no_certificates_open_no_client() {
    let (clock, root) = (Watch::at(NOW), Authority::new("root"));
    for chain in [vec![], vec![b"nothing".to_vec()], vec![root.root[..40].to_vec()]] {
        let refused = code(Client::open_in_memory(with(&[&root], chain, key(), &clock)));
        assert_eq!(refused, ErrorCode::InvalidCredential);
    }
}
