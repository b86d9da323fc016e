//! Small messages that stand for large structures: what they make a device allocate is bounded, and they are turned
//! away with a documented outcome. Peaks of the heap are counted, times are printed.
// The C library has an allocator of its own.
#![cfg(not(feature = "capi"))]
mod support;
use mls::*;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};
use support::{
    mallory::{self, mallory, vector},
    *,
};

/// Counts what is allocated, and the most that ever was.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn grown(by: usize) {
    let now = NOW.fetch_add(by, Ordering::Relaxed) + by;
    MOST.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: everything is done by the system's allocator.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(place, layout) }
    }
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both may be there for a moment.
        grown(size);
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The count is the process's.
static ALONE: Mutex<()> = Mutex::new(());

const DEFAULT: usize = 24 << 20;
const EXTENSION: usize = 8 << 20;

/// Runs `call`, which may allocate so much at its peak beyond what is there already.
fn within<T>(what: &str, budget: usize, call: impl FnOnce() -> T) -> T {
    let before = NOW.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let start = Instant::now();
    let result = call();
    let peak = MOST.load(Ordering::Relaxed).saturating_sub(before);
    println!("{what}: {} KB at the peak of {}, {:?}", peak >> 10, budget >> 10, start.elapsed());
    assert!(peak <= budget, "{what}: {peak} bytes");
    result
}

/// A client of either kind, and what it may allocate.
fn clients(name: &str) -> [(Client, usize); 2] {
    let open = |limits: Limits| {
        let mut options = options(name);
        options.limits = limits;
        options.policy.handshake_encryption = HandshakeEncryption::Public;
        Client::open_in_memory(options).expect("opens")
    };
    [(open(Limits::default()), DEFAULT), (open(Limits::extension()), EXTENSION)]
}

fn turned_away(client: &Client, what: &str, budget: usize, message: &[u8]) {
    let outcome = within(what, budget, || client.receive(message.to_vec()));
    match outcome {
        Ok(events) => {
            for event in events {
                let fine =
                    matches!(event.kind, EventKind::Undecryptable(_) | EventKind::Denied(_) | EventKind::Ignored(_));
                assert!(fine, "{what}: {:?}", event.kind);
            }
        }
        Err(error) => assert!(matches!(error.code(), ErrorCode::TooLarge | ErrorCode::UnexpectedMessage), "{error}"),
    }
}

/// The front of a PublicMessage of a member, up to its content.
fn front(group: &[u8], epoch: u64, content: u8) -> Vec<u8> {
    [&[0, 1, 0, 1], vector(group).as_slice(), &epoch.to_be_bytes(), &[1, 0, 0, 0, 0], &vector(&[]), &[content]].concat()
}

fn with_tags(mut message: Vec<u8>) -> Vec<u8> {
    message.extend_from_slice(&vector(&[0; 64]));
    message.extend_from_slice(&vector(&[0; 32]));
    message.extend_from_slice(&vector(&[0; 32]));
    message
}

#[test]
fn lists_of_many_small_things_are_turned_away_before_they_are_built() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for (bob, budget) in clients("bob") {
        let alice = Client::open_in_memory(options("alice")).expect("opens");
        let groups = group_of(&[&alice, &bob]);
        let id = groups[0].id().to_vec();
        // A megabyte of the smallest elements that there are.
        let many = |element: &[u8]| vector(&element.repeat((1 << 20) / element.len() - 8));
        let leaf = |extensions: &[u8]| {
            let fields = [vector(&[1; 32]), vector(&[2; 32]), vec![0, 1], vector(b"me"), vec![0; 5], vec![2]].concat();
            [fields.as_slice(), extensions, &vector(&[0; 64])].concat()
        };
        let extension_types: Vec<u8> =
            (0..60_000u16).flat_map(|kind| [kind.to_be_bytes().as_slice(), &[0]].concat()).collect();

        let commits = [
            ("references to proposals", [many(&[2, 0]), vec![0]].concat()),
            ("removals", [many(&[1, 0, 3, 0, 0, 0, 1]), vec![0]].concat()),
            ("custom proposals", [many(&[1, 0xf0, 0, 0]), vec![0]].concat()),
            ("path nodes", [vec![0, 1], leaf(&[0]), many(&[0, 0])].concat()),
            ("path secrets", [vec![0, 1], leaf(&[0]), vector(&[vec![0], many(&[0, 0])].concat())].concat()),
            ("extensions of a leaf", [vec![0, 1], leaf(&vector(&extension_types)), vec![0]].concat()),
        ];
        for (what, commit) in commits {
            let message = with_tags([front(&id, 1, 3), commit].concat());
            turned_away(&bob, what, budget, &message);
            within("inspected", DEFAULT, || drop(inspect(message.clone())));
        }
        let context = [vec![0, 7], vector(&extension_types)].concat();
        turned_away(&bob, "context extensions", budget, &with_tags([front(&id, 1, 2), context].concat()));
        let certificates = [vec![0, 2], vector(&[1; 32]), vector(&[2; 32]), vec![0, 2], many(&[0])].concat();
        turned_away(&bob, "certificates", budget, &with_tags([front(&id, 1, 2), certificates].concat()));

        let welcome = [vec![0, 1, 0, 3, 0, 1], many(&[0, 0, 0]), vector(&[0; 100])].concat();
        turned_away(&bob, "secrets of a Welcome", budget, &welcome);
        assert_eq!(text(one(&bob, &say(&groups[0], "on"))), "on");
    }
}

#[test]
fn lengths_that_are_not_there_cost_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for (bob, _) in clients("bob") {
        let alice = Client::open_in_memory(options("alice")).expect("opens");
        let groups = group_of(&[&alice, &bob]);
        let message = say(&groups[0], "hello");
        for at in 0..message.len() - 4 {
            for huge in [[0xbf, 0xff, 0xff, 0xff], [0xff; 4], [0x7f, 0xff, 0, 0]] {
                let mut bomb = message.clone();
                bomb[at..at + 4].copy_from_slice(&huge);
                let before = NOW.load(Ordering::Relaxed);
                MOST.store(before, Ordering::Relaxed);
                let received = bob.receive(bomb.clone()).map_err(|error| error.code());
                assert!(matches!(received, Ok(_) | Err(ErrorCode::UnexpectedMessage)), "{received:?}");
                assert!(MOST.load(Ordering::Relaxed) - before < 1 << 20);
            }
        }
        assert_eq!(text(one(&bob, &message)), "hello");
    }
}

/// A GroupInfo with another tree in it; its signature does not matter, the tree is looked at first.
fn with_tree(info: &[u8], tree: &[u8]) -> Vec<u8> {
    let mut fields = mallory::Fields { bytes: info, at: 4 + 4 };
    fields.vector(); // group id
    fields.at += 8; // epoch
    fields.vectors(3); // hashes, extensions of the context
    let start = fields.at;
    fields.vector();
    let extension = [&[0, 2], vector(tree).as_slice()].concat();
    [&info[..start], &vector(&extension), &info[fields.at..]].concat()
}

#[test]
fn trees_of_blank_nodes_are_counted_before_they_are_built() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let alice = Client::open_in_memory(options("alice")).expect("opens");
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let info = group.group_info(true, false).expect("a GroupInfo");
    let genuine = group.ratchet_tree().expect("a tree");
    let first = mallory::Fields { bytes: &genuine, at: 0 }.vector().to_vec();
    for (bob, budget) in clients("bob") {
        for blanks in [1_000, 3_900, 5_000, 15_000, 30_000, 60_000, 100_000, 1_000_000] {
            // One member on the left, and one all the way to the right.
            let tree = vector(&[first.as_slice(), &vec![0; blanks], &first].concat());
            let what = format!("a tree of {blanks} blank nodes");
            let inside = with_tree(&info, &tree);
            for (info, tree) in [(&inside, None), (&info, Some(tree))] {
                let error =
                    within(&what, budget, || bob.preview(info.clone(), tree.clone())).expect_err("no such group");
                let fine = matches!(
                    error.code(),
                    ErrorCode::TooLarge
                        | ErrorCode::InvalidTree
                        | ErrorCode::MemberNotFound
                        | ErrorCode::InvalidGroupInfo
                        | ErrorCode::Crypto
                );
                assert!(fine, "{what}: {error}");
                let options = JoinOptions { tree: tree.clone(), ..JoinOptions::default() };
                within(&what, budget, || bob.join_external(info.clone(), options)).expect_err("no such group");
            }
        }
    }
}

#[test]
fn what_is_encrypted_is_weighed_as_well() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for (bob, budget) in clients("bob") {
        let alice = Client::open_in_memory(options("alice")).expect("opens");
        let group = alice.create_group(GroupOptions::default()).expect("a group");
        let mut member = mallory(true);
        let adds = vec![Proposal::add(key_package(&bob)), Proposal::add(member.key_package())];
        let (_, welcomes) = commit(&group, adds);
        let bobs = join(&bob, &welcomes[0]);
        member.join(&welcomes[0]);
        let extensions = |count: u16| {
            let all = (0..count).map(|n| mls_rs::Extension::new((0x1000 + n).into(), Vec::new()));
            mls_rs::ExtensionList::from(all.collect::<Vec<_>>())
        };
        for (count, cached) in [(257, 0), (256, 1)] {
            let proposal = member.group().propose_group_context_extensions(extensions(count), Vec::new());
            let proposal = proposal.expect("proposed").to_bytes().expect("encoded");
            within("an encrypted proposal", budget, || drop(bob.receive(proposal.clone()).expect("received")));
            assert_eq!(bobs.proposals().expect("proposals").len(), cached, "{count} extensions");
        }
    }
}

#[test]
fn what_is_in_a_welcome_is_weighed_before_it_is_decoded() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for (bob, budget) in clients("bob") {
        let package = key_package(&bob);
        let extension_types: Vec<u8> =
            (0..60_000u16).flat_map(|kind| [kind.to_be_bytes().as_slice(), &[0]].concat()).collect();
        let context = [vec![0, 1, 0, 1], vector(b"a group"), vec![0; 8], vector(&[0; 32]), vector(&[0; 32])].concat();
        let psks = [[0].as_slice(), &vector(&[1, 0, 0].repeat(200_000))].concat();
        let welcomes = [
            ("context extensions in a Welcome", vec![0, 0], [context.as_slice(), &vector(&extension_types)].concat()),
            ("extensions in a Welcome", vec![0, 0], [context.as_slice(), &[0], &vector(&extension_types)].concat()),
            ("pre-shared keys in a Welcome", psks, context),
        ];
        for (what, secrets, group_info) in welcomes {
            let welcome = mallory::welcome(&package, &secrets, &group_info);
            let events = within(what, budget, || bob.receive(welcome.clone()).expect("received"));
            // Without the weighing it is decoded, and what is wrong with it is found then.
            let EventKind::Undecryptable(why) = &events[0].kind else { panic!("{what}: {:?}", events[0].kind) };
            assert_eq!(why.detail, "CryptoProviderError", "{what}");
        }
    }
}

#[test]
fn a_member_who_skips_generations_does_not_fill_the_memory() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for (bob, budget) in clients("bob") {
        let alice = Client::open_in_memory(options("alice")).expect("opens");
        let group = alice.create_group(GroupOptions::default()).expect("a group");
        let mut member = mallory(true);
        let adds = vec![Proposal::add(key_package(&bob)), Proposal::add(member.key_package())];
        let (_, welcomes) = commit(&group, adds);
        let _bobs = join(&bob, &welcomes[0]);
        member.join(&welcomes[0]);
        let messages: Vec<_> = (0..100).map(|_| member.say_after(1_000, b"ahead")).collect();
        within("a hundred messages a thousand generations apart", budget, || {
            for message in &messages {
                assert_eq!(text(one(&bob, message)), "ahead");
            }
        });
    }
}

#[test]
fn a_members_flood_of_proposals_does_not_fill_the_memory() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for (bob, budget) in clients("bob") {
        let alice = Client::open_in_memory(options("alice")).expect("opens");
        let group = alice.create_group(GroupOptions::default()).expect("a group");
        let mut member = mallory(false);
        let adds = vec![Proposal::add(key_package(&bob)), Proposal::add(member.key_package())];
        let (_, welcomes) = commit(&group, adds);
        let bobs = join(&bob, &welcomes[0]);
        member.join(&welcomes[0]);
        let flood: Vec<_> = (0..200u8)
            .map(|n| {
                let proposal = member.group().propose_group_context_extensions(Default::default(), vec![n; 1_000]);
                member.group().clear_proposal_cache();
                proposal.expect("proposed").to_bytes().expect("encoded")
            })
            .collect();
        within("two hundred proposals", budget, || {
            flood.iter().for_each(|m| drop(bob.receive(m.clone()).expect("received")))
        });
        assert_eq!(bobs.proposals().expect("proposals").len(), 32);
    }
}

/// Genuine traffic, in the largest group whose commits the preset for a notification extension does not leave to the app.
#[test]
fn a_notification_extension_reads_a_group_of_five_hundred_in_eight_megabytes() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let alice = Client::open_in_memory(options("alice")).expect("opens");
    let storage = memory();
    let bob = open_on(&storage, options("bob"));
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let mut adds: Vec<_> = mallory::crowd(498).into_iter().map(Proposal::add).collect();
    adds.push(Proposal::add(key_package(&bob)));
    let (_, welcomes) = commit(&group, adds);
    let bobs = join(&bob, &welcomes[0]);
    let id = bobs.id().to_vec();
    bob.close().expect("closed");

    let mut options = options("bob");
    (options.limits, options.role) = (Limits::extension(), Role::Extension);
    let extension = open_on(&storage, options);
    let message = say(&group, "hello");
    let (update, _) = commit_with(&group, vec![], CommitOptions { force_path: true, ..CommitOptions::default() });
    let after = say(&group, "after");
    let received = |what, bytes: &[u8]| {
        let events = within(what, EXTENSION, || extension.receive(bytes.to_vec()).expect("received"));
        events.into_iter().next().expect("an event").kind // not acknowledged: that is the application's
    };
    assert_eq!(text(received("loading five hundred members", &message)), "hello");
    assert!(matches!(received("their commit", &update), EventKind::Committed(_)));
    assert_eq!(text(received("what comes after it", &after)), "after");
    assert_eq!(extension.group(id).expect("a group").epoch().expect("an epoch"), 2);
}

/// The bytes that an ordinary message takes at the most: what is forged must not take more.
#[test]
fn a_large_message_takes_a_few_times_its_size_genuine_or_forged() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (alice, bob) = (device("alice"), device("bob"));
    let groups = group_of(&[&alice, &bob]);
    let message = groups[0].encrypt(vec![7; 1 << 20], EncryptOptions::default()).expect("encrypted");
    let mut forged = message.clone();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    for _ in 0..3 {
        within("a forged megabyte", 10 << 20, || bob.receive(forged.clone()).expect("received"));
    }
    within("a genuine megabyte", 12 << 20, || bob.receive(message.clone()).expect("received"));
}
