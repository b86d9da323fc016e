//! What is fuzzed: each decoder that a stranger, a member or a damaged file can reach, and whole lives of two devices.
//!
//! A target takes bytes and panics if something is wrong. Where messages are signed, random bytes would not come far: an
//! input is a list of edits to a genuine message, which is made anew in each process. The targets run under libFuzzer
//! (`make fuzz`, fuzz_targets/), and over their corpora and seeded mutations of them in tests/fuzz.rs.
use mls::{
    store::{KeyRange, MemoryStorage, Storage, Write},
    *,
};
use std::{
    cell::OnceCell,
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

pub type Target = fn(&[u8]);

/// By the names of their corpora.
pub const TARGETS: &[(&str, Target)] = &[
    ("message", message),
    ("receive", receive),
    ("welcome", welcome),
    ("key_package", key_package),
    ("group_info", group_info),
    ("credential", credential),
    ("store", store),
    ("sequence", sequence),
];

fn options(name: &str) -> Options {
    let mut options = Options::new().device(Device::new(name, "phone").expect("a name"));
    options = options.trust(Trust::InsecureAcceptAny);
    // What everybody can read can be changed everywhere.
    options.policy.handshake_encryption = HandshakeEncryption::Public;
    options.policy.external_join = ExternalJoin::Trusted;
    options.limits.fold_distance = 8;
    options.limits.send_window = 4;
    options
}

fn open(name: &str, storage: &Arc<MemoryStorage>) -> Client {
    Client::open_storage(storage.clone(), vec![7; 32], options(name)).expect("a client opens")
}

fn packages(client: &Client) -> Vec<u8> {
    client.create_key_packages(1, KeyPackageOptions::default()).expect("a key package").remove(0)
}

/// Alice's group with Bob in it.
fn founded(alice: &Client, bob: &Client) -> (Group, Group) {
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let commit = group.commit(vec![Proposal::add(packages(bob))], CommitOptions::default()).expect("a commit");
    commit.accept().expect("accepted");
    let welcome = commit.welcomes().expect("its Welcomes").remove(0);
    let events = bob.receive(welcome).expect("received");
    (group, bob.join(events[0].id, None).expect("joined"))
}

/// Applies edits of three bytes: what to do, and two that say where and with what. The last one may cut.
fn edited(genuine: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = genuine.to_vec();
    for edit in edits.chunks_exact(3) {
        if bytes.is_empty() {
            break;
        }
        let at = (usize::from(edit[0] >> 2) << 8 | usize::from(edit[1])) % bytes.len();
        match edit[0] & 3 {
            0 => bytes[at] ^= edit[2],
            1 => bytes[at] = edit[2],
            2 => bytes.insert(at, edit[2]),
            _ => drop(bytes.drain(at..(at + usize::from(edit[2])).min(bytes.len()))),
        }
    }
    bytes
}

/// No answer may be one of these: they say that libmls or its store is broken.
fn fine<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            let broken = [ErrorCode::Panic, ErrorCode::StoreCorrupt, ErrorCode::StoreIo, ErrorCode::StoreFull];
            assert!(!broken.contains(&error.code()), "{error}");
            None
        }
    }
}

/// A message as it is routed.
pub fn message(data: &[u8]) {
    fine(inspect(data.to_vec()));
}

/// Bob, and what Alice could send him next.
struct Pair {
    _alice: Client,
    bob: Client,
    bobs: Group,
    next: Vec<Vec<u8>>,
    storage: Arc<MemoryStorage>,
}

impl Pair {
    fn new() -> Self {
        let storage = MemoryStorage::new();
        let (alice, bob) = (open("alice", &MemoryStorage::new()), open("bob", &storage));
        let (group, bobs) = founded(&alice, &bob);
        let carol = open("carol", &MemoryStorage::new());
        let propose = |proposal| group.propose(vec![proposal], Vec::new()).expect("a proposal").remove(0);
        let mut next = vec![propose(Proposal::add(packages(&carol)))];
        next.push(group.commit(Vec::new(), CommitOptions::default()).expect("a commit").message().expect("its bytes"));
        group.pending_commits().expect("read")[0].reject().expect("rejected");
        group.clear_proposals().expect("cleared");
        next.push(group.encrypt(b"genuine".to_vec(), EncryptOptions::default()).expect("encrypted"));
        let info = group.group_info(true, true).expect("a GroupInfo");
        let join = carol.join_external(info, JoinOptions::default()).expect("a commit");
        next.push(join.message().expect("its bytes"));
        Self { _alice: alice, bob, bobs, next, storage }
    }

    fn state(&self) -> (u64, Vec<u8>, Vec<u8>) {
        let group = &self.bobs;
        (
            group.epoch().expect("an epoch"),
            group.epoch_authenticator().expect("an authenticator"),
            group.tree_hash().expect("a hash"),
        )
    }
}

thread_local! {
    static PAIR: OnceCell<Pair> = const { OnceCell::new() };
}

fn with_pair(use_it: impl FnOnce(&Pair)) {
    PAIR.with(|pair| use_it(pair.get_or_init(Pair::new)));
}

/// What a member receives: anything, or an edited message. Nothing that was edited changes the group.
pub fn receive(data: &[u8]) {
    let Some((&which, edits)) = data.split_first() else { return };
    with_pair(|pair| {
        let genuine = pair.next.get(usize::from(which));
        let message = genuine.map_or_else(|| edits.to_vec(), |genuine| edited(genuine, edits));
        if pair.next.contains(&message) {
            return;
        }
        let before = pair.state();
        for event in fine(pair.bob.receive(message)).into_iter().flatten() {
            assert!(!matches!(event.kind, EventKind::Message(_) | EventKind::Committed(_)), "{event:?}");
            pair.bob.acknowledge(event.id).expect("acknowledged");
        }
        assert_eq!(pair.state(), before, "an edited message has moved the group");
    });
}

/// An edited Welcome, joined as far as it goes.
pub fn welcome(data: &[u8]) {
    thread_local! {
        static WELCOME: OnceCell<(Client, Vec<u8>)> = const { OnceCell::new() };
    }
    WELCOME.with(|welcome| {
        let (carol, genuine) = welcome.get_or_init(|| {
            let (alice, carol) = (open("alice", &MemoryStorage::new()), open("carol", &MemoryStorage::new()));
            let group = alice.create_group(GroupOptions::default()).expect("a group");
            let add = vec![Proposal::add(packages(&carol))];
            let commit = group.commit(add, CommitOptions::default()).expect("a commit");
            commit.accept().expect("accepted");
            (carol, commit.welcomes().expect("its Welcomes").remove(0))
        });
        let message = edited(genuine, data);
        if message == *genuine {
            return;
        }
        for event in fine(carol.receive(message)).into_iter().flatten() {
            if let EventKind::Invited(invitation) = &event.kind {
                let joined = fine(carol.join(invitation.id, None));
                assert!(joined.is_none(), "an edited Welcome was joined");
                let _ = carol.decline(invitation.id);
            }
            carol.acknowledge(event.id).expect("acknowledged");
        }
    });
}

/// An edited key package, added.
pub fn key_package(data: &[u8]) {
    thread_local! {
        static PACKAGE: OnceCell<(Group, Vec<u8>)> = const { OnceCell::new() };
    }
    PACKAGE.with(|package| {
        let (group, genuine) = package.get_or_init(|| {
            let (alice, carol) = (open("alice", &MemoryStorage::new()), open("carol", &MemoryStorage::new()));
            (alice.create_group(GroupOptions::default()).expect("a group"), packages(&carol))
        });
        let package = edited(genuine, data);
        if package == *genuine {
            return;
        }
        let made = fine(group.commit(vec![Proposal::add(package)], CommitOptions::default()));
        assert!(made.is_none(), "an edited key package was added");
    });
}

/// An edited GroupInfo, looked at and joined.
pub fn group_info(data: &[u8]) {
    thread_local! {
        static INFO: OnceCell<(Client, Vec<u8>)> = const { OnceCell::new() };
    }
    INFO.with(|info| {
        let (carol, genuine) = info.get_or_init(|| {
            let (alice, carol) = (open("alice", &MemoryStorage::new()), open("carol", &MemoryStorage::new()));
            let group = alice.create_group(GroupOptions::default()).expect("a group");
            (carol, group.group_info(true, true).expect("a GroupInfo"))
        });
        let info = edited(genuine, data);
        if info == *genuine {
            return;
        }
        // One that has lost its tree is not checked, and says so.
        let seen = fine(carol.preview(info.clone(), None));
        assert!(seen.is_none_or(|preview| preview.needs_tree), "an edited GroupInfo is genuine");
        assert!(fine(carol.join_external(info, JoinOptions::default())).is_none(), "an edited GroupInfo was joined");
    });
}

/// The identity in a basic credential.
pub fn credential(data: &[u8]) {
    if let Some(device) = Device::from_bytes(data) {
        assert_eq!(Device::from_bytes(&device.to_bytes()), Some(device));
    }
}

/// A store with damaged rows: an error, or a client that answers errors.
pub fn store(data: &[u8]) {
    with_pair(|pair| {
        let everything = KeyRange { from: vec![0], to: vec![255; 255] };
        let mut rows = pair.storage.scan(everything, false, u32::MAX).expect("scanned");
        let storage = MemoryStorage::new();
        for edit in data.chunks_exact(4) {
            let count = rows.len();
            let row = &mut rows[usize::from(edit[0]) % count];
            row.value = edited(&row.value, &edit[1..]);
        }
        let writes = rows.into_iter().map(|row| Write::Put { key: row.key, value: row.value }).collect();
        let version = storage.version().expect("a version");
        storage.commit(version, writes).expect("written").expect("nobody else writes");
        let Ok(client) = Client::open_storage(storage, vec![7; 32], options("bob")) else { return };
        let _ = client.inbox(0, 10);
        let _ = client.key_packages();
        for id in client.groups(None, 10).unwrap_or_default() {
            let Ok(group) = client.group(id) else { continue };
            let _ = (group.members(), group.pending_commits(), group.proposals());
            let _ = group.encrypt(b"text".to_vec(), EncryptOptions::default());
        }
        let _ = client.flush();
    });
}

// Lives of two devices.

struct Side {
    name: &'static str,
    storage: Arc<MemoryStorage>,
    client: Client,
    group: Group,
    /// What the service has for it, in its order.
    mail: VecDeque<Vec<u8>>,
    last: Option<Vec<u8>>,
    texts: BTreeSet<Vec<u8>>,
    keys: BTreeSet<(u64, u32, u32)>,
}

impl Side {
    fn receive(&mut self, message: Vec<u8>) {
        for event in fine(self.client.receive(message)).into_iter().flatten() {
            self.take(event);
        }
    }

    fn take(&mut self, event: Event) {
        match event.kind {
            EventKind::Message(message) => {
                let leaf = message.sender.leaf.expect("a member");
                assert!(self.keys.insert((message.epoch, leaf, message.generation)), "a key was used twice");
                assert!(self.texts.insert(message.data), "a message came twice");
            }
            EventKind::Stalled(_) | EventKind::RejoinNeeded(_) | EventKind::Removed(_) => panic!("{:?}", event.kind),
            _ => {}
        }
        self.client.acknowledge(event.id).expect("acknowledged");
    }

    fn reopen(&mut self) {
        // What was acknowledged and not yet written comes again.
        self.client.flush().expect("flushed");
        let id = self.group.id();
        self.client = open(self.name, &self.storage);
        self.group = self.client.group(id).expect("the group");
    }
}

struct Service {
    sides: [Side; 2],
    /// Epochs that have their commit.
    ordered: BTreeSet<u64>,
    sent: u32,
}

impl Service {
    fn new() -> Self {
        let storages = [MemoryStorage::new(), MemoryStorage::new()];
        let (alice, bob) = (open("alice", &storages[0]), open("bob", &storages[1]));
        let (group, bobs) = founded(&alice, &bob);
        for client in [&alice, &bob] {
            for event in client.inbox(0, 10).expect("the inbox") {
                client.acknowledge(event.id).expect("acknowledged");
            }
        }
        let [first, second] = storages;
        let side = |name, storage, client, group| Side {
            name,
            storage,
            client,
            group,
            mail: VecDeque::new(),
            last: None,
            texts: BTreeSet::new(),
            keys: BTreeSet::new(),
        };
        let sides = [side("alice", first, alice, group), side("bob", second, bob, bobs)];
        Self { sides, ordered: BTreeSet::new(), sent: 0 }
    }

    fn step(&mut self, op: u8, detail: u8) {
        let at = usize::from(op & 1);
        let side = &mut self.sides[at];
        match op >> 1 & 15 {
            0..3 => {
                self.sent += 1;
                let text = format!("{at} {}", self.sent).into_bytes();
                if let Some(message) = fine(side.group.encrypt(text, EncryptOptions::default())) {
                    self.sides[1 - at].mail.push_back(message);
                }
            }
            3..6 => {
                if let Some(message) = side.mail.pop_front() {
                    side.last = Some(message.clone());
                    side.receive(message);
                }
            }
            // Out of order, twice, or changed.
            6 => {
                let index = usize::from(detail) % side.mail.len().max(1);
                if let Some(message) = side.mail.get(index).cloned() {
                    side.receive(message);
                }
            }
            7 => {
                if let Some(message) = side.last.clone() {
                    side.receive(message);
                }
            }
            8 => {
                if let Some(message) = side.mail.front().cloned() {
                    let changed = edited(&message, &[0, detail, 1 | detail >> 3]);
                    side.receive(changed);
                }
            }
            9 | 10 => {
                let options = CommitOptions { force_path: detail & 1 == 1, ..CommitOptions::default() };
                fine(side.group.commit(Vec::new(), options));
            }
            11 => self.submit(at, detail & 1 == 1),
            12 => side.reopen(),
            13 => side.client.flush().expect("flushed"),
            14 => {
                for event in side.client.inbox(0, 100).expect("the inbox") {
                    assert!(!matches!(event.kind, EventKind::Message(_)), "acknowledged, and there: {event:?}");
                    side.take(event);
                }
            }
            _ => {
                side.client.suspend().expect("suspended");
                side.client.resume().expect("resumed");
            }
        }
    }

    /// The service takes the first commit of an epoch and refuses the others. It tells the sender, or lets him hear it.
    fn submit(&mut self, at: usize, by_echo: bool) {
        let side = &mut self.sides[at];
        let Some(commit) = side.group.pending_commits().expect("read").pop() else { return };
        let message = commit.message().expect("its bytes");
        let epoch = inspect(message.clone()).expect("readable").epoch.expect("an epoch");
        if !self.ordered.insert(epoch) {
            fine(commit.reject());
            return;
        }
        if by_echo {
            side.receive(message.clone());
        } else {
            commit.accept().expect("accepted");
        }
        self.sides[1 - at].mail.push_back(message);
    }

    fn end(mut self) {
        for at in [0, 1] {
            while let Some(message) = self.sides[at].mail.pop_front() {
                self.sides[at].receive(message);
            }
        }
        let state = |side: &Side| (side.group.epoch().ok(), side.group.epoch_authenticator().ok());
        assert_eq!(state(&self.sides[0]), state(&self.sides[1]), "the states have parted");
        for at in [0, 1] {
            for commit in self.sides[at].group.pending_commits().expect("read") {
                commit.reject().expect("rejected");
            }
            let text = format!("end {at}").into_bytes();
            let message = self.sides[at].group.encrypt(text.clone(), EncryptOptions::default()).expect("encrypted");
            self.sides[1 - at].receive(message);
            assert!(self.sides[1 - at].texts.contains(&text), "what was said at the end did not come");
        }
    }
}

/// Anything that two devices and their service may do, two bytes a step.
pub fn sequence(data: &[u8]) {
    let mut service = Service::new();
    for step in data.chunks_exact(2).take(64) {
        service.step(step[0], step[1]);
    }
    service.end();
}

/// A decoder with a mistake, which fuzzing has to find: it believes a length.
pub fn planted(data: &[u8]) {
    if let [0, 1, 0, 1, len, rest @ ..] = data {
        assert!(usize::from(*len) < 0xf0 || rest.len() >= usize::from(*len), "the planted mistake");
    }
}
