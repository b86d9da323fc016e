//! A device, its application and its peer, through scenarios in which the device may die or fail at any moment. Whatever
//! happens, the application does what it was doing once more, and everything is checked after every step.
use super::{remote::*, scratch::Scratch, *};
use std::collections::{BTreeMap, BTreeSet};

/// What an application that uses the device knows.
pub struct World {
    scratch: Scratch,
    device: Option<Remote>,
    deaths: u32,
    /// Calls that the disk made fail.
    failures: u32,
    may_fail: bool,
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

/// What a scenario went through.
#[derive(Clone, Copy, Debug, Default)]
pub struct Harm {
    pub deaths: u32,
    pub failures: u32,
}

impl World {
    fn new(start: &Start) -> Self {
        let scratch = Scratch::in_memory("world");
        let device = Remote::start("alice", &scratch.file("alice.db"), start);
        let mut world = Self {
            scratch,
            deaths: 0,
            failures: 0,
            may_fail: start.may_fail(),
            bob: super::device("bob"),
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

    /// Starts the device again after it has died.
    fn restart(&mut self) {
        self.deaths += 1;
        self.device = None;
        let device = Remote::start("alice", &self.scratch.file("alice.db"), &Start::default());
        self.device = Some(device.expect("it opens after it has died"));
        self.examine();
    }

    /// Looks at what it has kept.
    fn examine(&mut self) {
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
        match self.ask("pending") {
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

    /// The answer of a device that does not die over this.
    fn ask(&mut self, command: &str) -> Result<String, String> {
        loop {
            match self.device().call(command).expect("alive") {
                Err(error) if self.is_failure(&error) => {}
                answer => return answer,
            }
        }
    }

    pub fn call_alive(&mut self, command: &str) -> String {
        self.ask(command).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Whether the disk is to blame, and the device can be expected to go on when the disk does.
    fn is_failure(&mut self, error: &str) -> bool {
        let is_failure = self.may_fail && is_of_the_disk(error);
        self.failures += u32::from(is_failure);
        assert!(self.failures < 1_000_000, "it does not recover: {error}");
        is_failure
    }

    /// The answer; `None` if it died over it, and then it is there again, or if its disk failed.
    fn call(&mut self, command: &str) -> Option<Result<String, String>> {
        match self.device().call(command) {
            None => {
                self.restart();
                None
            }
            Some(Err(error)) if self.is_failure(&error) => {
                self.examine();
                None
            }
            answer => answer,
        }
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

    /// The device takes the invitation that it has.
    fn joins(&mut self) {
        let invited = self.waiting.values().find(|event| event.kind == "invited").expect("invited").id;
        loop {
            match self.call(&format!("join {invited}")) {
                Some(Ok(_)) => break,
                Some(Err(error)) => panic!("{error}"),
                None if self.waiting.values().any(|event| event.kind == "joined") => break,
                None => {}
            }
        }
        self.waiting.remove(&invited);
        let inbox = told(&self.insist("inbox"));
        inbox.into_iter().for_each(|event| self.record_from_inbox(event));
        self.agree();
    }

    fn alice_commits(&mut self, adds: &[Vec<u8>]) -> (u64, Vec<u8>) {
        let adds: String = adds.iter().map(|package| format!(" {}", hex(package))).collect();
        self.alice_commits_with(&format!("commit{adds}"))
    }

    /// The device's commit, as often as it takes until it is there.
    fn alice_commits_with(&mut self, command: &str) -> (u64, Vec<u8>) {
        let before: BTreeSet<u64> = self.pending().keys().copied().collect();
        let (id, message) = loop {
            match self.call(command) {
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

    /// How often it died, and how many calls failed.
    pub fn end(mut self) -> Harm {
        self.alice_says();
        self.bob_says();
        self.agree();
        self.acknowledge_all();
        self.insist("flush");
        assert_eq!(told(&self.insist("inbox")), []);
        Harm { deaths: self.deaths, failures: self.failures }
    }
}

pub type Scenario = fn(&Start) -> World;

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
    world.packages.remove(&packages[0]);
    world.joins();
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

/// The device adds and removes a third one, is removed itself, forgets the group, and is invited again.
fn removal(start: &Start) -> World {
    let mut world = World::founded(start);
    let carol = device("carol");
    let (id, message) = world.alice_commits(&[key_package(&carol)]);
    assert!(matches!(one(&world.bob, &message), EventKind::Committed(_)));
    world.accept(id);
    let leaf = leaf_of(world.group.as_ref().expect("in the group"), "carol");
    let (id, message) = world.alice_commits_with(&format!("remove {leaf}"));
    assert!(matches!(one(&world.bob, &message), EventKind::Committed(_)));
    world.accept(id);
    world.agree();
    world.alice_says();
    world.bob_says();
    let group = world.group.clone().expect("in the group");
    let (message, _) = commit(&group, vec![Proposal::Remove { leaf: leaf_of(&group, "alice") }]);
    world.deliver(&message);
    assert!(world.waiting.values().any(|event| event.kind == "removed"));
    world.acknowledge_all();
    world.insist("delete");
    let package = world.insist("packages 1");
    let (_, welcomes) = commit(&group, vec![Proposal::add(unhex(&package))]);
    world.deliver(&welcomes[0]);
    world.joins();
    world
}

/// Messages of epochs that are over, and of epochs that have not begun.
fn late(start: &Start) -> World {
    let mut world = World::founded(start);
    let group = world.group.clone().expect("in the group");
    let past = say(&group, "past");
    let (first, _) = commit(&group, Vec::new());
    let between = say(&group, "between");
    let (second, _) = commit(&group, Vec::new());
    let future = say(&group, "future");
    for early in [&future, &second, &between] {
        world.deliver(early);
    }
    assert!(world.texts.is_empty());
    world.deliver(&first);
    for text in ["between", "future"] {
        assert!(world.texts.contains_key(text), "{text} did not come");
    }
    world.agree();
    world.deliver(&past);
    assert!(world.texts.contains_key("past"), "the late one did not come");
    world.acknowledge_all();
    for message in [&past, &between, &future, &second] {
        let before = world.texts.len();
        world.deliver(message);
        assert_eq!(world.texts.len(), before, "a duplicate came again");
    }
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

pub const SCENARIOS: &[(&str, Scenario)] = &[
    ("chat", chat),
    ("windows", windows),
    ("commits", commits),
    ("races", races),
    ("invitation", invitation),
    ("resync", resync),
    ("removal", removal),
    ("late", late),
];
