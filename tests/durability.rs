//! A device that is killed at any moment keeps what it said, and says nothing twice that must be said once.
//!
//! A scenario runs between a device in a process of its own and one in this process. The former is killed at every
//! point of every transaction in turn, and in a second test at every system call that writes; each time it is started
//! again, does what it was doing once more as an application would, and is checked after every step. The checker itself
//! is checked by a store that answers before it commits.
#![cfg(feature = "faults")]
mod support;
use mls::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
};
use support::{
    dice::{Dice, tier},
    remote::{Remote, Start, Told, commit_told, hex, serve, told, unhex},
    scratch::Scratch,
    *,
};

#[test]
fn child() {
    serve();
}

/// What an application that uses the device knows.
struct World {
    scratch: Scratch,
    device: Option<Remote>,
    deaths: u32,
    bob: Client,
    group: Option<Group>,
    /// Events that were told, by id, until they are acknowledged.
    waiting: BTreeMap<u64, Told>,
    /// Acknowledged; it need not be durable yet.
    acknowledged: BTreeMap<u64, Told>,
    last_id: u64,
    /// The texts that came, with the id that each came with.
    texts: BTreeMap<String, u64>,
    /// Commits that were told and not answered.
    commits: BTreeMap<u64, Vec<u8>>,
    packages: BTreeSet<String>,
    /// Keys that the device has sent with.
    keys: BTreeSet<(u64, u32, u32)>,
    said: u32,
}

impl World {
    fn new(start: &Start) -> Self {
        let scratch = Scratch::in_memory("durability");
        let device = Remote::start("alice", &scratch.file("alice.db"), start);
        let mut world = Self {
            scratch,
            deaths: 0,
            bob: support::device("bob"),
            group: None,
            waiting: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            last_id: 0,
            texts: BTreeMap::new(),
            commits: BTreeMap::new(),
            packages: BTreeSet::new(),
            keys: BTreeSet::new(),
            said: 0,
            device,
        };
        if world.device.is_none() {
            world.restart();
        }
        world
    }

    /// Starts the device again after it has died, and looks at what it has kept.
    fn restart(&mut self) {
        self.deaths += 1;
        self.device = None;
        let device = Remote::start("alice", &self.scratch.file("alice.db"), &Start::default());
        self.device = Some(device.expect("it opens after it has died"));
        let inbox = told(&self.call_alive("inbox"));
        let found: BTreeMap<u64, &Told> = inbox.iter().map(|event| (event.id, event)).collect();
        if inbox.iter().any(|event| event.kind == "joined") {
            self.waiting.retain(|_, event| event.kind != "invited"); // the join has answered it
        }
        for (id, event) in &self.waiting {
            let again = found.get(id).unwrap_or_else(|| panic!("lost: {event:?}"));
            assert_eq!((&again.kind, &again.data), (&event.kind, &event.data), "it came back as another");
            assert!(again.deliveries > 0);
        }
        for event in inbox {
            assert!(event.is_kept(), "{event:?}");
            if let Some(before) = self.acknowledged.get(&event.id) {
                assert_eq!((&before.kind, &before.data), (&event.kind, &event.data));
                // The application knows it by its id, and says so once more.
                self.call_alive(&format!("acknowledge {}", event.id));
                continue;
            }
            self.record(event);
        }
        let pending = self.pending();
        for (id, message) in &self.commits {
            assert_eq!(pending.get(id), Some(message), "a commit that was returned is gone, or has other bytes");
        }
        let inventory = self.call_alive("inventory");
        for package in &self.packages {
            assert!(inventory.contains(package), "a key package that was returned is gone");
        }
    }

    fn pending(&mut self) -> BTreeMap<u64, Vec<u8>> {
        match self.device().call("pending").expect("alive") {
            Ok(pending) => pending.split_whitespace().map(commit_told).collect(),
            Err(error) => {
                assert!(error.contains("GROUP_NOT_FOUND"), "{error}");
                BTreeMap::new()
            }
        }
    }

    fn device(&mut self) -> &mut Remote {
        self.device.as_mut().expect("it was started")
    }

    fn call_alive(&mut self, command: &str) -> String {
        self.device().call(command).expect("alive").unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// The answer; `None` if it died over it, and then it is there again.
    fn call(&mut self, command: &str) -> Option<Result<String, String>> {
        let answer = self.device().call(command);
        if answer.is_none() {
            self.restart();
        }
        answer
    }

    /// As often as it takes: for what can be done again.
    fn insist(&mut self, command: &str) -> String {
        loop {
            if let Some(answer) = self.call(command) {
                return answer.unwrap_or_else(|error| panic!("{command}: {error}"));
            }
        }
    }

    fn record(&mut self, event: Told) {
        if !event.is_kept() {
            assert!(event.id > self.last_id, "an id was used again: {event:?}");
            self.last_id = event.id;
            return;
        }
        if let Some(before) = self.waiting.insert(event.id, event.clone()) {
            assert_eq!((before.kind, before.data), (event.kind, event.data), "an id was used again");
            return;
        }
        assert!(event.id > self.last_id, "an id was used again: {event:?}");
        self.last_id = event.id;
        if event.kind == "message" {
            assert_eq!(self.texts.insert(event.text(), event.id), None, "it came twice: {event:?}");
        }
    }

    fn acknowledge(&mut self, id: u64) {
        let Some(event) = self.waiting.remove(&id) else { return };
        self.acknowledged.insert(id, event);
        self.insist(&format!("acknowledge {id}"));
    }

    fn acknowledge_all(&mut self) {
        let ids: Vec<u64> = self.waiting.keys().copied().collect();
        ids.into_iter().for_each(|id| self.acknowledge(id));
    }

    /// The service delivers a message until the device has taken it.
    fn deliver(&mut self, message: &[u8]) {
        let events = self.insist(&format!("receive {}", hex(message)));
        told(&events).into_iter().for_each(|event| self.record(event));
    }

    fn alice_says(&mut self) {
        self.said += 1;
        let text = format!("alice{}", self.said);
        let message = unhex(&self.insist(&format!("say {text}")));
        let kind = one(&self.bob, &message);
        let EventKind::Message(received) = kind else { panic!("what was returned cannot be read: {kind:?}") };
        assert_eq!(String::from_utf8(received.data).expect("text"), text);
        let leaf = received.sender.leaf.expect("a member");
        assert!(self.keys.insert((received.epoch, leaf, received.generation)), "a key was used again");
    }

    fn bob_says(&mut self) {
        self.said += 1;
        let text = format!("bob{}", self.said);
        let message = say(self.group.as_ref().expect("in the group"), &text);
        self.deliver(&message);
        assert!(self.texts.contains_key(&text), "{text} did not come");
    }

    /// The device's commit, as often as it takes until it is there.
    fn alice_commits(&mut self, adds: &[Vec<u8>]) -> (u64, Vec<u8>) {
        let adds: String = adds.iter().map(|package| format!(" {}", hex(package))).collect();
        let before: BTreeSet<u64> = self.pending().keys().copied().collect();
        let (id, message) = loop {
            match self.call(&format!("commit{adds}")) {
                Some(answer) => break commit_told(&answer.expect("a commit")),
                // It may be there although it was never told.
                None => {
                    if let Some(new) = self.pending().into_iter().find(|(id, _)| !before.contains(id)) {
                        break new;
                    }
                }
            }
        };
        self.commits.insert(id, message.clone());
        (id, message)
    }

    fn accept(&mut self, id: u64) {
        self.commits.clear();
        self.insist(&format!("accept {id}"));
        // Told by the inbox, not by the call.
        let inbox = told(&self.insist("inbox"));
        inbox.into_iter().for_each(|event| self.record_from_inbox(event));
    }

    fn record_from_inbox(&mut self, event: Told) {
        if !self.acknowledged.contains_key(&event.id) {
            self.record(event);
        }
    }

    fn agree(&mut self) {
        let group = self.group.as_ref().expect("in the group");
        let theirs = format!("{} {}", group.epoch().expect("an epoch"), hex(&group.epoch_authenticator().expect("it")));
        assert_eq!(self.insist("state"), theirs, "the states have parted");
    }

    /// The device makes a group and adds Bob.
    fn founded(start: &Start) -> Self {
        let mut world = Self::new(start);
        while !matches!(world.call("state"), Some(Ok(_))) {
            world.call("create");
        }
        let package = key_package(&world.bob);
        let (id, _) = world.alice_commits(&[package]);
        world.accept(id);
        let welcome = unhex(&world.insist(&format!("welcomes {id}")));
        world.group = Some(join(&world.bob, &welcome));
        world.agree();
        world
    }

    fn end(mut self) -> u32 {
        self.alice_says();
        self.bob_says();
        self.agree();
        self.acknowledge_all();
        self.insist("flush");
        assert_eq!(told(&self.insist("inbox")), []);
        self.deaths
    }
}

type Scenario = fn(&Start) -> World;

fn chat(start: &Start) -> World {
    let mut world = World::founded(start);
    for round in 0..4 {
        world.alice_says();
        world.alice_says();
        world.bob_says();
        world.bob_says();
        if round % 2 == 0 {
            world.acknowledge_all();
        }
    }
    world
}

/// More messages than a window of generations and than a fold is wide.
fn windows(start: &Start) -> World {
    let mut world = World::founded(start);
    for _ in 0..12 {
        world.alice_says();
    }
    let texts: Vec<String> = (0..20).map(|n| format!("backlog{n}")).collect();
    let group = world.group.clone().expect("in the group");
    let backlog: Vec<String> = texts.iter().map(|text| hex(&say(&group, text))).collect();
    let events = world.insist(&format!("receive {}", backlog.join(" ")));
    told(&events).into_iter().for_each(|event| world.record(event));
    assert!(texts.iter().all(|text| world.texts.contains_key(text)));
    world.acknowledge_all();
    world.bob_says();
    world
}

fn commits(start: &Start) -> World {
    let mut world = World::founded(start);
    // Accepted.
    let (id, message) = world.alice_commits(&[]);
    assert!(matches!(one(&world.bob, &message), EventKind::Committed(_)));
    world.accept(id);
    world.agree();
    world.alice_says();
    // Received.
    let group = world.group.clone().expect("in the group");
    let (message, _) = commit(&group, Vec::new());
    world.deliver(&message);
    world.agree();
    world.bob_says();
    // Unknown to the service at first, so its bytes go out again; then its echo comes before its answer.
    let (_, message) = world.alice_commits(&[]);
    assert!(matches!(one(&world.bob, &message), EventKind::Committed(_)));
    world.commits.clear();
    world.deliver(&message);
    world.agree();
    world.acknowledge_all();
    world
}

/// Refused, with the winner's commit coming after; and refused by an answer that was wrong, so that its echo comes.
fn races(start: &Start) -> World {
    let mut world = World::founded(start);
    let group = world.group.clone().expect("in the group");
    let (id, _) = world.alice_commits(&[]);
    world.commits.clear();
    world.insist(&format!("reject {id}"));
    let (message, _) = commit(&group, Vec::new());
    world.deliver(&message);
    world.agree();
    let (id, message) = world.alice_commits(&[]);
    world.commits.clear();
    world.insist(&format!("reject {id}"));
    assert!(matches!(one(&world.bob, &message), EventKind::Committed(_)));
    world.deliver(&message);
    world.agree();
    // Superseded: told which.
    let (id, _) = world.alice_commits(&[]);
    world.commits.clear();
    let (message, _) = commit(&group, Vec::new());
    world.deliver(&message);
    assert!(world.waiting.values().any(|event| event.kind == "superseded" && event.data == id.to_string()));
    world.agree();
    world
}

fn invitation(start: &Start) -> World {
    let mut world = World::new(start);
    let packages: Vec<String> = world.insist("packages 3").split(' ').map(str::to_owned).collect();
    world.packages.extend(packages.iter().cloned());
    let bobs = world.bob.create_group(GroupOptions::default()).expect("a group");
    let (_, welcomes) = commit(&bobs, vec![Proposal::add(unhex(&packages[0]))]);
    // One of Bob's is faster than the Welcome.
    let early = say(&bobs, "early");
    world.group = Some(bobs);
    world.deliver(&early);
    world.deliver(&welcomes[0]);
    let invited = world.waiting.values().find(|event| event.kind == "invited").expect("invited").id;
    world.packages.remove(&packages[0]);
    loop {
        match world.call(&format!("join {invited}")) {
            Some(Ok(_)) => break,
            Some(Err(error)) => panic!("{error}"),
            None if world.waiting.values().any(|event| event.kind == "joined") => break,
            None => {}
        }
    }
    let inbox = told(&world.insist("inbox"));
    inbox.into_iter().for_each(|event| world.record_from_inbox(event));
    world.agree();
    world.bob_says();
    assert!(world.texts.contains_key("early"), "what waited for the Welcome did not come");
    let inventory = world.insist("inventory");
    assert!(!inventory.contains(&packages[0]), "the key package that was used is still there");
    let more = world.insist("packages 2");
    world.packages.extend(more.split(' ').map(str::to_owned));
    world.insist("rekey");
    world.alice_says();
    world
}

/// The device takes its own place again by an external commit, with late and early messages around it.
fn resync(start: &Start) -> World {
    let mut world = World::founded(start);
    let group = world.group.clone().expect("in the group");
    world.bob_says();
    let late = say(&group, "late");
    let info = group.group_info(true, true).expect("a GroupInfo");
    let (id, message) = loop {
        match world.call(&format!("resync {}", hex(&info))) {
            Some(answer) => break commit_told(&answer.expect("a commit")),
            None => {
                if let Some(found) = world.pending().into_iter().next() {
                    break found;
                }
            }
        }
    };
    world.commits.insert(id, message.clone());
    assert!(matches!(one(&world.bob, &message), EventKind::Committed(_)));
    let early = say(&group, "early");
    world.deliver(&early);
    world.accept(id);
    world.agree();
    world.deliver(&late);
    world.alice_says();
    world.bob_says();
    for text in ["late", "early"] {
        assert!(world.texts.contains_key(text), "{text} did not come");
    }
    world
}

const SCENARIOS: &[(&str, Scenario)] = &[
    ("chat", chat),
    ("windows", windows),
    ("commits", commits),
    ("races", races),
    ("invitation", invitation),
    ("resync", resync),
];

/// How many points of each kind a scenario has when nobody dies.
fn points(scenario: Scenario) -> Vec<(String, usize)> {
    let mut world = scenario(&Start { fault: "count:0".into(), ..Start::default() });
    let points = world.call_alive("points");
    world.end();
    points
        .split(' ')
        .map(|point| {
            let (name, count) = point.split_once(':').expect("a count");
            (name.to_owned(), count.parse().expect("a number"))
        })
        .collect()
}

/// Some of the numbers up to `count`, or all.
fn some(dice: &mut Dice, count: usize, wanted: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (1..=count).collect();
    dice.shuffle(&mut all);
    all.truncate(tier(wanted, count));
    all
}

#[test]
fn a_device_that_dies_at_any_point_of_a_transaction_loses_nothing_and_repeats_nothing() {
    let mut dice = Dice::new("points");
    let mut deaths = 0;
    for (name, scenario) in SCENARIOS {
        for (point, count) in points(*scenario) {
            for at in some(&mut dice, count, 2) {
                let start = Start { fault: format!("{point}:{at}"), ..Start::default() };
                println!("{name}: {}", start.fault);
                deaths += scenario(&start).end();
            }
        }
    }
    println!("{deaths} deaths");
    assert!(deaths as usize >= SCENARIOS.len() * 4, "they do die");
}

#[test]
fn a_store_that_answers_before_it_commits_is_caught() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut caught = 0;
    let mut tried = 0;
    // Each commit of the chat is a lie once. Where nothing had to be durable, a lie does not matter.
    let (_, count) = points(chat).into_iter().find(|(point, _)| point == "before").expect("commits");
    for at in (1..=count).step_by(if tier(0, 1) == 1 { 1 } else { 3 }) {
        let start = Start { fault: format!("lie:{at}"), ..Start::default() };
        tried += 1;
        let is_caught = catch_unwind(AssertUnwindSafe(|| chat(&start).end())).is_err();
        println!("{}: {}", start.fault, if is_caught { "caught" } else { "did no harm" });
        caught += u32::from(is_caught);
    }
    std::panic::set_hook(quiet);
    println!("{caught} of {tried} lies were caught");
    assert!(caught * 2 > tried, "{caught} of {tried}");
}

/// The calls that change a file.
const CALLS: &str = "pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename";

fn strace(log: &str, more: &[&str]) -> Vec<String> {
    let trace = format!("trace={CALLS}");
    let mut line = vec!["strace", "-f", "-qq", "-y", "-o", log, "-e", &trace];
    line.extend_from_slice(more);
    line.into_iter().map(str::to_owned).collect()
}

#[test]
fn a_device_that_is_killed_at_any_system_call_loses_nothing_and_repeats_nothing() {
    if Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success()) {
        let mut dice = Dice::new("system calls");
        for (name, scenario) in SCENARIOS {
            killed_everywhere(&mut dice, name, *scenario);
        }
    } else {
        println!("\nNOT TESTED: strace is missing, or may not trace here\n");
    }
}

fn killed_everywhere(dice: &mut Dice, name: &str, scenario: Scenario) {
    let scratch = Scratch::new("strace");
    let log = scratch.file("log");
    scenario(&Start { under: strace(&log, &[]), ..Start::default() }).end();
    let log = std::fs::read_to_string(&log).expect("the log");
    // Writing to a pipe is how it talks to us.
    let calls = log.lines().filter(|line| !line.contains("<pipe:") && line.contains("alice.db")).count();
    assert!(calls > 20, "{name}: {calls} calls");
    let calls_only: Vec<&str> = CALLS.split(',').filter(|call| *call != "write").collect();
    let mut deaths = 0;
    for at in some(dice, calls, 6) {
        let kill = format!("inject={}:signal=KILL:when={at}", calls_only.join(","));
        let start = Start { under: strace("/dev/null", &["-e", &kill]), ..Start::default() };
        deaths += scenario(&start).end();
    }
    println!("{name}: {calls} calls, {deaths} deaths");
    assert!(deaths > 0, "{name}: nobody died");
}
