//! What a durable message writes: measured from outside, as the kernel counts this thread's writes.
#![cfg(target_os = "linux")]
mod support;
use mls::*;
use support::{dice::tier, scratch::Scratch, *};

/// Bytes that this thread has handed to `write` and its kin.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/thread-self/io").expect("the kernel counts");
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: ")).expect("a count");
    line.parse().expect("a number")
}

struct Measured {
    client: Client,
    path: String,
    /// What each call wrote that made no checkpoint.
    calls: Vec<u64>,
    /// What all calls wrote.
    all: u64,
}

impl Measured {
    fn open(scratch: &Scratch, name: &str) -> Self {
        let path = scratch.file(name);
        let client = Client::open(&path, vec![7; 32], options(name)).expect("opens");
        Self { client, path, calls: Vec::new(), all: 0 }
    }

    fn call<T>(&mut self, call: impl FnOnce(&Client) -> T) -> T {
        let database = std::fs::read(&self.path).expect("the database");
        let before = written();
        let result = call(&self.client);
        let bytes = written() - before;
        self.all += bytes;
        // A checkpoint copies the log into the database: it is counted beside.
        if std::fs::read(&self.path).expect("the database") == database {
            self.calls.push(bytes);
        }
        result
    }

    /// The median is at most 8 KiB, and so is the mean with folds and checkpoints; a fold, which is one call in
    /// `fold_distance`, may write more than 16 KiB, and nothing else does.
    fn report(mut self, what: &str, members: usize) {
        self.calls.sort_unstable();
        let (count, median) = (self.calls.len(), self.calls[self.calls.len() / 2]);
        let folds = count / Limits::default().fold_distance as usize + 1;
        let (worst, fold) = (self.calls[count - 1 - folds], self.calls[count - 1]);
        let mean = self.all / count as u64;
        println!(
            "{what}, {members} members: median {median}, worst {worst}, a fold {fold}, the mean with folds and checkpoints {mean} bytes"
        );
        assert!(median <= 8 << 10 && mean <= 8 << 10, "it writes too much");
        assert!(worst <= 16 << 10 && fold <= 32 << 10, "a call writes too much");
    }
}

/// Three epochs of messages of 1 KiB, `late` of them unacknowledged at any time.
fn conversation(members: usize, late: usize) {
    let scratch = Scratch::in_memory("cost");
    let mut alice = Measured::open(&scratch, "alice");
    let mut bob = Measured::open(&scratch, "bob");
    let group = alice.client.create_group(GroupOptions::default()).expect("a group");
    let mut adds = vec![Proposal::add(key_package(&bob.client))];
    adds.extend((2..members).map(|n| Proposal::add(key_package(&device(&format!("member {n}"))))));
    let (_, welcomes) = commit(&group, adds);
    join(&bob.client, &welcomes[0]);
    let mut waiting = std::collections::VecDeque::new();
    for _ in 0..3 {
        let (message, _) = commit(&group, Vec::new());
        committed(&bob.client, &message);
        for n in 0..200 {
            let sent = alice.call(|_| group.encrypt(vec![n; 1024], EncryptOptions::default()).expect("encrypted"));
            let events = bob.call(|client| {
                let events = client.receive(sent).expect("received");
                waiting.extend(events.iter().map(|event| event.id));
                if waiting.len() > late {
                    client.acknowledge(waiting.pop_front().expect("one waits")).expect("acknowledged");
                }
                events
            });
            assert!(matches!(events[..], [Event { kind: EventKind::Message(_), .. }]), "{events:?}");
        }
    }
    alice.report("send", members);
    bob.report(&format!("receive, acknowledged {late} later"), members);
}

#[test]
fn a_message_writes_little_however_large_the_group_is() {
    for members in [2, tier(60, 1_000)] {
        for late in [0, 5] {
            conversation(members, late);
        }
    }
}
