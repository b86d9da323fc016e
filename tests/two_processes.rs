//! Two processes, or two clients in one, on one store: no key is used twice, nothing is lost, nobody is told `Stale`
//! who need not be.
mod support;
use mls::*;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Mutex,
    time::Duration,
};
use support::{
    dice::{Dice, tier},
    remote::{Device, Remote, Start, Told, commit_told, hex, serve, small, told, unhex},
    scratch::Scratch,
    *,
};

#[test]
fn child() {
    serve();
}

/// What both devices and Bob have done, seen from outside.
#[derive(Default)]
struct Seen {
    /// Each text that came, with the id of its event.
    texts: BTreeMap<String, u64>,
    ids: BTreeMap<u64, String>,
    acknowledged: BTreeSet<u64>,
    keys: BTreeSet<(u64, u32, u32)>,
    packages: BTreeSet<String>,
    /// What Bob has sent and each device has not received yet.
    mail: [VecDeque<Vec<u8>>; 2],
    /// Whether one of Bob's commits is among it.
    committed: bool,
    said: u32,
    steps: u32,
}

struct World {
    bob: Client,
    group: Group,
    seen: Mutex<Seen>,
}

impl World {
    fn new(device: &mut dyn Device) -> Self {
        device.command("create").expect("a group");
        let bob = support::device("bob");
        let added = device.command(&format!("commit {}", hex(&key_package(&bob)))).expect("a commit");
        let (id, _) = commit_told(&added);
        device.command(&format!("accept {id}")).expect("accepted");
        let welcome = device.command(&format!("welcomes {id}")).expect("a Welcome");
        let group = join(&bob, &unhex(&welcome));
        Self { bob, group, seen: Mutex::default() }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody has failed")
    }

    /// The service: it delivers to Bob in the order in which it gets things.
    fn to_bob(&self, message: &[u8]) {
        let mut seen = self.seen();
        match one(&self.bob, message) {
            EventKind::Message(message) => {
                let leaf = message.sender.leaf.expect("a member");
                let key = (message.epoch, leaf, message.generation);
                assert!(seen.keys.insert(key), "a key was used twice: {key:?}");
            }
            // The service was slower than three commits.
            EventKind::Ignored(ignored) if ignored.epoch + 3 < self.group.epoch().expect("an epoch") => {}
            kind => panic!("Bob could not read it: {kind:?}"),
        }
    }

    /// The service orders commits: Bob takes the first of an epoch.
    fn order(&self, message: &[u8]) -> bool {
        let _seen = self.seen();
        let events = self.bob.receive(message.to_vec()).expect("received");
        events.iter().any(|event| matches!(event.kind, EventKind::Committed(_)))
    }

    /// Takes note of events; `fresh` if they were told by what made them.
    fn note(&self, events: &[Told], at: &mut u64, fresh: bool) {
        let mut seen = self.seen();
        for event in events {
            if fresh {
                assert!(event.id > *at, "{event:?} came after {at}");
                *at = event.id;
            }
            if !event.is_kept() {
                if fresh {
                    assert!(seen.ids.insert(event.id, String::new()).is_none(), "an id was used twice: {event:?}");
                }
                continue;
            }
            let what = format!("{}:{}", event.kind, event.data);
            if let Some(before) = seen.ids.insert(event.id, what.clone()) {
                assert_eq!(before, what, "an id was used twice");
            }
            if event.kind == "message"
                && let Some(id) = seen.texts.insert(event.text(), event.id)
            {
                assert_eq!(id, event.id, "a message came twice: {event:?}");
            }
        }
    }

    /// One random thing that a device does.
    fn step(&self, dice: &mut Dice, index: usize, device: &mut dyn Device, at: &mut u64) {
        match dice.below(100) {
            0..35 => {
                let text = {
                    let mut seen = self.seen();
                    seen.said += 1;
                    format!("alice{}", seen.said)
                };
                let message = device.command(&format!("say {text}")).expect("encrypted");
                self.to_bob(&unhex(&message));
            }
            35..55 => {
                let mut seen = self.seen();
                seen.said += 1;
                let message = say(&self.group, &format!("bob{}", seen.said));
                seen.mail.iter_mut().for_each(|mail| mail.push_back(message.clone()));
            }
            55..80 => self.receive(index, device, at, 1 + dice.below(4)),
            80..88 => {
                let ids: Vec<u64> = self.seen().texts.values().copied().collect();
                if !ids.is_empty() {
                    let id = ids[dice.below(ids.len())];
                    device.command(&format!("acknowledge {id}")).expect("acknowledged");
                    self.seen().acknowledged.insert(id);
                }
            }
            88..91 => {
                let events = told(&device.command("inbox").expect("the inbox"));
                self.note(&events, at, false);
            }
            91..93 => {
                let package = device.command("packages 1").expect("a key package");
                self.seen().packages.insert(package);
            }
            93..94 => drop(device.command("flush").map_err(|error| assert!(error.contains("STORE_LOCKED"), "{error}"))),
            94..97 => {
                let (id, message) = match device.command("commit") {
                    Ok(commit) => commit_told(&commit),
                    // The other one's are pending, or one of them was accepted before this one could be read.
                    Err(error) => {
                        let of_the_other = ["TOO_MANY_COMMITS", "COMMIT_NOT_FOUND"];
                        return assert!(of_the_other.iter().any(|code| error.contains(code)), "{error}");
                    }
                };
                match self.order(&message) {
                    true => match device.command(&format!("accept {id}")) {
                        Ok(_) => self.seen().mail[1 - index].push_back(message),
                        Err(error) => panic!("{error}"),
                    },
                    // Gone, if the other one's was accepted already.
                    false => match device.command(&format!("reject {id}")) {
                        Ok(_) => {}
                        Err(error) => assert!(error.contains("COMMIT_NOT_FOUND"), "{error}"),
                    },
                }
            }
            _ => {
                let mut seen = self.seen();
                if std::mem::replace(&mut seen.committed, true) {
                    return; // they have to come after him
                }
                let (message, _) = commit(&self.group, Vec::new());
                seen.mail.iter_mut().for_each(|mail| mail.push_back(message.clone()));
            }
        }
        self.seen().steps += 1;
    }

    fn receive(&self, index: usize, device: &mut dyn Device, at: &mut u64, most: usize) {
        let mail: Vec<String> = {
            let mut seen = self.seen();
            let seen = &mut *seen;
            let mail = &mut seen.mail[index];
            let most = most.min(mail.len());
            if most == mail.len() {
                seen.committed = false;
            }
            mail.drain(..most).map(|message| hex(&message)).collect()
        };
        if !mail.is_empty() {
            let events = told(&device.command(&format!("receive {}", mail.join(" "))).expect("received"));
            self.note(&events, at, true);
        }
    }

    /// Both take what is left, and everything is where it belongs.
    fn end(&self, mut devices: [Box<dyn Device>; 2]) {
        for (index, device) in devices.iter_mut().enumerate() {
            self.receive(index, &mut **device, &mut 0, usize::MAX);
            device.command("flush").expect("flushed");
            let events = told(&device.command("inbox").expect("the inbox"));
            self.note(&events, &mut 0, false);
        }
        let theirs = (self.group.epoch().expect("an epoch"), self.group.epoch_authenticator().expect("it"));
        let theirs = format!("{} {}", theirs.0, hex(&theirs.1));
        for device in &mut devices {
            assert_eq!(device.command("state").expect("a state"), theirs);
        }
        let seen = self.seen();
        let inventory = devices[0].command("inventory").expect("the inventory");
        assert!(seen.packages.iter().all(|package| inventory.contains(package)));
        let left: BTreeSet<u64> =
            told(&devices[1].command("inbox").expect("it")).iter().map(|event| event.id).collect();
        for (text, id) in &seen.texts {
            assert_eq!(!left.contains(id), seen.acknowledged.contains(id), "{text}");
        }
        println!("{} steps, {} keys, {} texts, {} ids", seen.steps, seen.keys.len(), seen.texts.len(), seen.ids.len());
    }
}

fn interleave(mut devices: [Box<dyn Device>; 2], steps: usize, what: &str) {
    let mut dice = Dice::new(what);
    let seeds = [dice.next(), dice.next()];
    let world = World::new(&mut *devices[0]);
    std::thread::scope(|scope| {
        for (index, device) in devices.iter_mut().enumerate() {
            let world = &world;
            let mut dice = Dice::with(seeds[index]);
            scope.spawn(move || {
                let mut at = 0;
                (0..steps).for_each(|_| world.step(&mut dice, index, &mut **device, &mut at));
            });
        }
    });
    world.end(devices);
    // What Bob has sent was received, by one or the other.
    let said = world.seen().said;
    assert!(said > 0);
}

#[test]
fn two_processes_that_do_everything_at_once_lose_nothing() {
    let scratch = Scratch::in_memory("processes");
    let file = scratch.file("alice.db");
    let start = || -> Box<dyn Device> { Box::new(Remote::start("alice", &file, &Start::default()).expect("opens")) };
    interleave([start(), start()], tier(1_000, 20_000), "two processes");
}

#[test]
fn two_clients_in_one_process_lose_nothing_either() {
    let scratch = Scratch::in_memory("clients");
    let file = scratch.file("alice.db");
    let open = || -> Box<dyn Device> { Box::new(Client::open(&file, vec![7; 32], small("alice")).expect("opens")) };
    interleave([open(), open()], tier(1_000, 20_000), "two clients");
}

#[test]
fn a_process_that_is_stopped_in_the_middle_keeps_the_other_from_nothing_but_time() {
    let mut dice = Dice::new("stopped");
    let scratch = Scratch::in_memory("stopped");
    let file = scratch.file("alice.db");
    let start = || Remote::start("alice", &file, &Start::default()).expect("opens");
    let (mut first, mut second) = (start(), start());
    let world = World::new(&mut first);
    let mut at = 0;
    for round in 0..tier(20, 300) {
        let asked = 20;
        (0..asked).for_each(|n| second.ask(&format!("say second{round}x{n}")));
        std::thread::sleep(Duration::from_micros(dice.below(6_000) as u64));
        signal(&second, libc::SIGSTOP);
        for _ in 0..5 {
            let text = say(&world.group, &format!("round{round}"));
            let events = first.command(&format!("receive {}", hex(&text)));
            match events.and_then(|events| Ok((events, first.command("say first")?))) {
                Ok((events, message)) => {
                    world.note(&told(&events), &mut at, true);
                    world.to_bob(&unhex(&message));
                }
                // It was stopped while it wrote. Nothing has changed, so the same call works later.
                Err(error) => {
                    assert!(error.contains("STORE_LOCKED"), "{error}");
                    signal(&second, libc::SIGCONT);
                    let events = first.command(&format!("receive {}", hex(&text))).expect("received");
                    world.note(&told(&events), &mut at, false);
                    break;
                }
            }
            world.seen().texts.clear();
        }
        world.seen().texts.clear();
        signal(&second, libc::SIGCONT);
        for _ in 0..asked {
            let message = second.answer().expect("alive").expect("encrypted");
            world.to_bob(&unhex(&message));
        }
    }
    assert_eq!(first.command("state"), second.command("state"));
}

#[allow(unsafe_code)]
fn signal(remote: &Remote, signal: i32) {
    // SAFETY: a plain call with the number of a child that was not waited for yet.
    assert_eq!(unsafe { libc::kill(remote.child.id() as i32, signal) }, 0);
}

#[test]
fn a_process_that_dies_beside_a_living_one_costs_it_nothing() {
    let mut dice = Dice::new("dies beside");
    let scratch = Scratch::in_memory("beside");
    let file = scratch.file("alice.db");
    let start = || Remote::start("alice", &file, &Start::default()).expect("opens");
    let mut first = start();
    let world = World::new(&mut first);
    let mut at = 0;
    for round in 0..tier(20, 300) {
        let mut second = start();
        (0..50).for_each(|n| second.ask(&format!("say second{round}x{n}")));
        std::thread::sleep(Duration::from_micros(dice.below(8_000) as u64));
        signal(&second, libc::SIGKILL);
        for n in 0..5 {
            world.to_bob(&unhex(&first.command("say first").expect("encrypted")));
            let text = say(&world.group, &format!("{round}x{n}"));
            world.note(&told(&first.command(&format!("receive {}", hex(&text))).expect("received")), &mut at, true);
        }
        // What it said before it died was said.
        while let Some(answer) = second.answer() {
            world.to_bob(&unhex(&answer.expect("encrypted")));
        }
    }
}

#[test]
fn a_notification_extension_receives_beside_the_app_and_leaves_the_rest_to_it() {
    let scratch = Scratch::in_memory("extension");
    let file = scratch.file("alice.db");
    let mut app = Remote::start("alice", &file, &Start::default()).expect("opens");
    let world = World::new(&mut app);
    let start = Start { is_extension: true, ..Start::default() };
    let mut extension = Remote::start("alice", &file, &start).expect("opens");
    for round in 0..tier(10, 200) {
        let message = say(&world.group, &format!("{round}"));
        let (first, second) = match round % 2 {
            0 => (&mut extension, &mut app),
            _ => (&mut app, &mut extension),
        };
        let shown = told(&first.command(&format!("receive {}", hex(&message))).expect("received")).remove(0);
        assert_eq!((shown.kind.as_str(), shown.text()), ("message", round.to_string()));
        let again = told(&second.command(&format!("receive {}", hex(&message))).expect("received")).remove(0);
        assert_eq!(again.kind, "ignored");
        for refused in ["acknowledge 1", "say no", "commit", "packages 1", "rekey"] {
            assert!(extension.command(refused).expect_err("refused").contains("NOT_ALLOWED"));
        }
        // The app sees it under the same id, knows that it was delivered before, and acknowledges it.
        let inbox = told(&app.command("inbox").expect("the inbox"));
        let mine = inbox.iter().find(|event| event.id == shown.id).expect("it is there");
        assert!(mine.deliveries > 0);
        app.command(&format!("acknowledge {}", shown.id)).expect("acknowledged");
        world.to_bob(&unhex(&app.command("say on").expect("encrypted")));
        if round % 3 == 0 {
            // A commit of the app's own, whose echo reaches the extension: that is the app's to take.
            let (id, message) = commit_told(&app.command("commit").expect("a commit"));
            assert!(world.order(&message));
            let held = told(&extension.command(&format!("receive {}", hex(&message))).expect("received"));
            assert_eq!(held[0].kind, "held");
            app.command(&format!("accept {id}")).expect("accepted");
        } else {
            let (message, _) = commit(&world.group, Vec::new());
            let events = told(&extension.command(&format!("receive {}", hex(&message))).expect("received"));
            assert_eq!(events[0].kind, "committed");
        }
        assert_eq!(app.command("state"), extension.command("state"));
    }
}

#[test]
fn a_suspended_app_leaves_the_store_to_the_extension_and_finds_what_it_did() {
    let scratch = Scratch::in_memory("suspended");
    let file = scratch.file("alice.db");
    let mut app = Remote::start("alice", &file, &Start::default()).expect("opens");
    let world = World::new(&mut app);
    for round in 0..tier(5, 50) {
        world.to_bob(&unhex(&app.command("say before").expect("encrypted")));
        app.command("suspend").expect("suspended");
        assert!(app.command("say no").expect_err("suspended").contains("SUSPENDED"));
        let start = Start { is_extension: true, ..Start::default() };
        let mut extension = Remote::start("alice", &file, &start).expect("opens");
        let text = say(&world.group, &format!("{round}"));
        let (commit, _) = commit(&world.group, Vec::new());
        let after = say(&world.group, &format!("after{round}"));
        let all = [text, commit, after].map(|message| hex(&message)).join(" ");
        let events = told(&extension.command(&format!("receive {all}")).expect("received"));
        assert_eq!(events.iter().filter(|event| event.kind == "message").count(), 2);
        drop(extension);
        app.command("resume").expect("resumed");
        let inbox = told(&app.command("inbox").expect("the inbox"));
        assert!(events.iter().all(|event| inbox.iter().any(|found| found.id == event.id)));
        for event in inbox {
            app.command(&format!("acknowledge {}", event.id)).expect("acknowledged");
        }
        world.to_bob(&unhex(&app.command("say after").expect("encrypted")));
        app.command("flush").expect("flushed");
        assert_eq!(told(&app.command("inbox").expect("the inbox")), []);
    }
}

#[test]
fn who_the_device_is_changes_for_every_client_on_its_store() {
    let storage = memory();
    let (one, other) = (open_on(&storage, options("alice")), open_on(&storage, options("alice")));
    let before = other.signature_key(None).expect("a key");
    one.set_identity(NewIdentity::default()).expect("changed");
    let now = one.signature_key(None).expect("a key");
    assert_ne!(now, before);
    assert_eq!(other.signature_key(None).expect("a key"), now);
    // Each needs a key that is not there: it is the same one, and the others stay.
    let suites = [CipherSuite::P256_AES128, CipherSuite::P384_AES256];
    let keys: Vec<_> = [&one, &other]
        .iter()
        .zip(suites)
        .map(|(client, suite)| client.signature_key(Some(suite)).expect("a key"))
        .collect();
    for client in [one, other, open_on(&storage, options("alice"))] {
        assert_eq!(client.signature_key(None).expect("a key"), now);
        for (suite, key) in suites.iter().zip(&keys) {
            assert_eq!(client.signature_key(Some(*suite)).expect("a key"), *key);
        }
    }
    // An extension makes none.
    let mut extension = options("alice");
    extension.role = Role::Extension;
    let extension = open_on(&storage, extension);
    assert_eq!(extension.signature_key(None).expect("a key"), now);
    assert_eq!(code(extension.signature_key(Some(CipherSuite::P521_AES256))), ErrorCode::NotAllowed);
}
