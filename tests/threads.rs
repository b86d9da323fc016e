//! Any handle from any thread at any time.
mod support;
use mls::*;
use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};
use support::{
    dice::{Dice, tier},
    scratch::Scratch,
    *,
};

const THREADS: usize = 16;

fn few_loaded(name: &str, loaded: u32) -> Options {
    let mut options = options(name);
    options.limits.loaded_groups = loaded;
    options
}

/// Group, epoch, leaf, generation.
type Key = (Vec<u8>, u64, u32, u32);

/// Takes what Alice sends, and sees that no key comes twice.
struct Listener {
    bob: Client,
    keys: Mutex<BTreeSet<Key>>,
}

impl Listener {
    fn hear(&self, message: &[u8], said: &str) {
        for event in self.bob.receive(message.to_vec()).expect("received") {
            self.bob.acknowledge(event.id).expect("acknowledged");
            match event.kind {
                EventKind::Message(message) => {
                    assert_eq!(message.data, said.as_bytes());
                    let leaf = message.sender.leaf.expect("a member");
                    let key = (event.group_id, message.epoch, leaf, message.generation);
                    assert!(self.keys.lock().expect("no panic").insert(key), "a key was used twice");
                }
                kind => panic!("{kind:?}"),
            }
        }
    }
}

fn talk(alice: &Client, groups: usize, each: usize) {
    let listener = Listener { bob: device("bob"), keys: Mutex::default() };
    let groups: Vec<Vec<Group>> = (0..groups).map(|_| group_of(&[alice, &listener.bob])).collect();
    let received = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (groups, listener, received) = (&groups, &listener, &received);
            scope.spawn(move || {
                for n in 0..each {
                    let [alices, bobs] = &groups[(thread + n) % groups.len()][..] else { panic!("two") };
                    let said = format!("{thread} {n}");
                    listener.hear(&say(alices, &said), &said);
                    for event in alice.receive(say(bobs, &said)).expect("received") {
                        assert_eq!(text(event.kind), said);
                        alice.acknowledge(event.id).expect("acknowledged");
                        received.fetch_add(1, Ordering::Relaxed);
                    }
                    alices.members().expect("members");
                }
            });
        }
    });
    assert_eq!(listener.keys.lock().expect("no panic").len(), THREADS * each);
    assert_eq!(received.load(Ordering::Relaxed) as usize, THREADS * each);
    groups.iter().for_each(|both| agree(&[&both[0], &both[1]]));
}

#[test]
fn sixteen_threads_use_one_group() {
    talk(&device("alice"), 1, tier(20, 500));
}

#[test]
fn sixteen_threads_use_several_groups_of_one_client() {
    let scratch = Scratch::in_memory("several");
    let alice = Client::open(&scratch.file("alice.db"), vec![7; 32], options("alice")).expect("opens");
    talk(&alice, 5, tier(20, 500));
}

#[test]
fn sixteen_threads_use_more_groups_than_are_kept_loaded() {
    let scratch = Scratch::in_memory("unloaded");
    let alice = Client::open(&scratch.file("alice.db"), vec![7; 32], few_loaded("alice", 2)).expect("opens");
    talk(&alice, 12, tier(20, 500));
}

#[test]
fn handles_come_and_go_and_no_group_gets_two_locks() {
    let mut dice = Dice::new("handles");
    let alice = Client::open_in_memory(few_loaded("alice", 1)).expect("opens");
    let listener = Listener { bob: device("bob"), keys: Mutex::default() };
    let ids: Vec<Vec<u8>> = (0..4).map(|_| group_of(&[&alice, &listener.bob])[0].id()).collect();
    let seeds: Vec<u64> = (0..8).map(|_| dice.next()).collect();
    std::thread::scope(|scope| {
        for seed in seeds {
            let (alice, ids, listener) = (&alice, &ids, &listener);
            scope.spawn(move || {
                let mut dice = Dice::with(seed);
                let mut handles: Vec<Group> = Vec::new();
                for n in 0..tier(100, 3_000) {
                    if dice.below(2) == 0 || handles.is_empty() {
                        handles.push(alice.group(ids[dice.below(4)].clone()).expect("the group"));
                    }
                    // Groups that are not there make objects too, and those go.
                    let unknown = alice.group(dice.next().to_be_bytes().to_vec());
                    assert_eq!(unknown.err().map(|error| error.code()), Some(ErrorCode::GroupNotFound));
                    let handle = &handles[dice.below(handles.len())];
                    let said = format!("{seed} {n}");
                    listener.hear(&say(handle, &said), &said);
                    if dice.below(3) == 0 {
                        handles.swap_remove(dice.below(handles.len()));
                    }
                }
            });
        }
    });
}

#[test]
fn a_handle_of_a_deleted_group_is_a_handle_of_the_next_one_of_its_id() {
    let alice = device("alice");
    let options = || GroupOptions { id: Some(b"the same".to_vec()), ..GroupOptions::default() };
    let old = alice.create_group(options()).expect("a group");
    alice.delete_group(b"the same".to_vec()).expect("deleted");
    assert_eq!(old.encrypt(vec![1], EncryptOptions::default()).expect_err("gone").code(), ErrorCode::GroupNotFound);
    let new = alice.create_group(options()).expect("a group");
    let bob = device("bob");
    let (_, welcomes) = commit(&new, vec![Proposal::add(key_package(&bob))]);
    join(&bob, &welcomes[0]);
    let mut generations = BTreeSet::new();
    for n in 0..100 {
        let handle = if n % 2 == 0 { &old } else { &new };
        let EventKind::Message(message) = one(&bob, &say(handle, "x")) else { panic!("a message") };
        assert!(generations.insert(message.generation));
    }
}

#[test]
fn closing_while_in_use_is_an_error_for_the_others_and_loses_nothing() {
    let scratch = Scratch::in_memory("closing");
    for round in 0..tier(5, 100) {
        let file = scratch.file(&format!("{round}.db"));
        let open = || Client::open(&file, vec![7; 32], options("alice")).expect("opens");
        let alice = open();
        let listener = Listener { bob: device("bob"), keys: Mutex::default() };
        let groups = group_of(&[&alice, &listener.bob]);
        let (id, stop) = (groups[0].id(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (alice, group, listener, stop) = (alice.clone(), groups[0].clone(), &listener, &stop);
                let bobs = groups[1].clone();
                scope.spawn(move || {
                    for n in 0.. {
                        let said = format!("{thread} {n}");
                        match group.encrypt(said.clone().into_bytes(), EncryptOptions::default()) {
                            Ok(message) => listener.hear(&message, &said),
                            Err(error) => {
                                assert_eq!(error.code(), ErrorCode::Closed);
                                assert!(stop.load(Ordering::Relaxed));
                                break;
                            }
                        }
                        match alice.receive(say(&bobs, &said)) {
                            Ok(events) => assert_eq!(events.len(), 1),
                            Err(error) => assert_eq!(error.code(), ErrorCode::Closed),
                        }
                    }
                });
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
            stop.store(true, Ordering::Relaxed);
            alice.close().expect("closed");
            alice.close().expect("closed already");
        });
        assert_eq!(groups[0].members().expect_err("closed").code(), ErrorCode::Closed);
        let again = open();
        let group = again.group(id.clone()).expect("the group");
        agree(&[&group, &groups[1]]);
        listener.hear(&say(&group, "on"), "on");
    }
}

#[test]
fn handles_may_be_dropped_in_any_order() {
    let (alice, bob) = (device("alice"), device("bob"));
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let commit = group.commit(vec![Proposal::add(key_package(&bob))], CommitOptions::default()).expect("a commit");
    drop(alice);
    let clone = group.clone();
    drop(group);
    commit.accept().expect("accepted");
    let bobs = join(&bob, &commit.welcomes().expect("Welcomes")[0]);
    drop(commit);
    assert_eq!(text(one(&bob, &say(&clone, "still here"))), "still here");
    agree(&[&clone, &bobs]);
    drop(bob);
    drop(clone);
    assert_eq!(bobs.member_count().expect("members"), 2);
}
