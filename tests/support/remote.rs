//! A device in a process of its own, which can be killed at any moment. The test binary runs itself: its test `child`
//! calls [`serve`], and plays the device for whoever started it.
//!
//! One command a line, one answer a line; bytes are hexadecimal. An answer is given after the call has returned: what it
//! says is what an application could have relied on.
use super::{disk::Disk, memory::Scarce, options};
use mls::*;
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

const FILE: &str = "LIBMLS_DEVICE_FILE";
const NAME: &str = "LIBMLS_DEVICE_NAME";
const FAULT: &str = "LIBMLS_DEVICE_FAULT";
const ROLE: &str = "LIBMLS_DEVICE_ROLE";
const MEMORY: &str = "LIBMLS_DEVICE_MEMORY";
const LIMITS: &str = "LIBMLS_DEVICE_LIMITS";

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}

/// An event as it crosses the pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub id: u64,
    pub deliveries: u32,
    pub kind: String,
    pub data: String,
    pub generation: u32,
    pub epoch: u64,
}

impl Told {
    fn of(event: &Event) -> String {
        let (kind, data, generation, epoch) = match &event.kind {
            EventKind::Message(message) => ("message", hex(&message.data), message.generation, message.epoch),
            EventKind::Invited(_) => ("invited", String::new(), 0, 0),
            EventKind::Joined(joined) => ("joined", String::new(), 0, joined.epoch),
            EventKind::Committed(committed) => ("committed", String::new(), 0, committed.epoch),
            EventKind::Superseded(superseded) => ("superseded", superseded.commit.to_string(), 0, superseded.epoch),
            EventKind::Proposed(_) => ("proposed", String::new(), 0, 0),
            EventKind::Removed(_) => ("removed", String::new(), 0, 0),
            EventKind::Held(_) => ("held", String::new(), 0, 0),
            EventKind::Ignored(ignored) => ("ignored", format!("{:?}", ignored.reason), 0, 0),
            EventKind::RejoinNeeded(_) => ("rejoin", String::new(), 0, 0),
            other => ("other", format!("{other:?}").replace([' ', ':', ';'], "_"), 0, 0),
        };
        format!("{}:{}:{kind}:{data}:{generation}:{epoch}", event.id, event.deliveries)
    }

    fn read(text: &str) -> Self {
        let parts: Vec<&str> = text.split(':').collect();
        let number = |at: usize| parts[at].parse::<u64>().expect("a number");
        Self {
            id: number(0),
            deliveries: number(1) as u32,
            kind: parts[2].into(),
            data: parts[3].into(),
            generation: number(4) as u32,
            epoch: number(5),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8(unhex(&self.data)).expect("text")
    }

    pub fn is_kept(&self) -> bool {
        !matches!(self.kind.as_str(), "proposed" | "held" | "ignored" | "other")
    }
}

/// Plays a device, if this process was started for that.
pub fn serve() {
    let Ok(file) = std::env::var(FILE) else { return };
    let name = std::env::var(NAME).expect("a name");
    #[cfg(feature = "faults")]
    fault::install(&std::env::var(FAULT).unwrap_or_default());
    let mut options = small(&name);
    if std::env::var(LIMITS).is_ok_and(|limits| limits == "default") {
        options.limits = Limits::default();
    }
    if std::env::var(ROLE).is_ok_and(|role| role == "extension") {
        options.role = Role::Extension;
    }
    let memory = std::env::var(MEMORY).ok().and_then(|step| step.parse().ok());
    let mut memory = memory.map(Scarce::every);
    let open = || Client::open(&file, vec![7; 32], options.clone());
    let opened = match &mut memory {
        None => open(),
        Some(memory) => loop {
            match memory.during("open", open) {
                Err(error) if is_of_the_disk(error.code().name()) => {}
                opened => break opened,
            }
        },
    };
    let client = match opened {
        Ok(client) => client,
        Err(error) => return println!("\n> failed {} {}", error.code().name(), error.detail()),
    };
    println!("\n> open");
    for line in std::io::stdin().lines() {
        let line = line.expect("read");
        let words: Vec<&str> = line.split(' ').collect();
        let answered = match &mut memory {
            None => obey(&client, &words),
            Some(memory) => memory.during(words[0], || obey(&client, &words)),
        };
        let answer = match answered {
            Ok(answer) => format!("ok {answer}"),
            Err(error) => format!("err {} {}", error.code().name(), error.detail().replace(' ', "_")),
        };
        // In one piece, for who counts system calls.
        std::io::stdout().write_all(format!("\n> {answer}\n").as_bytes()).expect("heard");
    }
}

/// A few of each, so that every kind of write comes up soon.
pub fn small(name: &str) -> Options {
    let mut options = options(name);
    options.limits.fold_distance = 8;
    options.limits.send_window = 4;
    options
}

/// Whoever obeys commands.
pub trait Device: Send {
    fn command(&mut self, command: &str) -> Result<String, String>;
}

impl Device for Remote {
    fn command(&mut self, command: &str) -> Result<String, String> {
        self.call(command).expect("it is alive")
    }
}

impl Device for Client {
    fn command(&mut self, command: &str) -> Result<String, String> {
        let words: Vec<&str> = command.split(' ').collect();
        obey(self, &words).map_err(|error| format!("err {} {}", error.code().name(), error.detail()))
    }
}

fn group(client: &Client) -> Result<Group> {
    match client.groups(None, 1)?.first() {
        Some(id) => client.group(id.to_vec()),
        None => client.group(b"none".to_vec()),
    }
}

fn tell(events: &[Event]) -> String {
    events.iter().map(Told::of).collect::<Vec<_>>().join(" ")
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

fn obey(client: &Client, words: &[&str]) -> Result<String> {
    Ok(match words {
        ["create"] => hex(&client.create_group(GroupOptions::default())?.id()),
        ["packages", count] => {
            let packages = client.create_key_packages(number(count) as u32, KeyPackageOptions::default())?;
            packages.iter().map(|package| hex(package)).collect::<Vec<_>>().join(" ")
        }
        ["inventory"] => client.key_packages()?.iter().map(|info| hex(&info.message)).collect::<Vec<_>>().join(" "),
        ["say", text] => hex(&group(client)?.encrypt(text.as_bytes().to_vec(), EncryptOptions::default())?),
        ["receive", messages @ ..] => {
            let messages: Vec<Vec<u8>> = messages.iter().map(|message| unhex(message)).collect();
            tell(&client.receive_many(messages.clone())?)
        }
        ["inbox"] => tell(&client.inbox(0, 1_000)?),
        ["acknowledge", id] => {
            client.acknowledge(number(id))?;
            String::new()
        }
        ["flush"] => {
            client.flush()?;
            String::new()
        }
        ["close"] => {
            client.close()?;
            String::new()
        }
        ["suspend"] => {
            client.suspend()?;
            String::new()
        }
        ["resume"] => {
            client.resume()?;
            String::new()
        }
        ["rekey"] => {
            client.rekey(vec![7; 32])?;
            String::new()
        }
        ["commit", adds @ ..] => {
            let adds = adds.iter().map(|package| Proposal::add(unhex(package))).collect();
            told_commit(&group(client)?.commit(adds, CommitOptions::default())?)?
        }
        ["remove", leaf] => {
            let remove = Proposal::Remove { leaf: number(leaf) as u32 };
            told_commit(&group(client)?.commit(vec![remove], CommitOptions::default())?)?
        }
        ["delete"] => {
            // It may be gone already, by a call that died before it could say so.
            if let Some(id) = client.groups(None, 1)?.first() {
                client.delete_group(id.to_vec())?;
            }
            String::new()
        }
        ["propose", leaf] => {
            let remove = Proposal::Remove { leaf: number(leaf) as u32 };
            hex(&group(client)?.propose(vec![remove], Vec::new())?[0])
        }
        ["pending"] => {
            let pending = group(client)?.pending_commits()?;
            pending.iter().map(told_commit).collect::<Result<Vec<_>>>()?.join(" ")
        }
        ["accept", id] => {
            group(client)?.find_commit(number(id))?.accept()?;
            String::new()
        }
        ["reject", id] => {
            group(client)?.find_commit(number(id))?.reject()?;
            String::new()
        }
        ["welcomes", id] => {
            let welcomes = group(client)?.find_commit(number(id))?.welcomes()?;
            welcomes.iter().map(|welcome| hex(welcome)).collect::<Vec<_>>().join(" ")
        }
        ["join", id] => hex(&client.join(number(id), None)?.id()),
        ["resync", info] => {
            let options = JoinOptions { resync: true, ..JoinOptions::default() };
            told_commit(&client.join_external(unhex(info), options)?)?
        }
        ["state"] => {
            let group = group(client)?;
            format!("{} {}", group.epoch()?, hex(&group.epoch_authenticator()?))
        }
        ["status"] => format!("{:?}", group(client)?.status()?),
        ["failures"] => Scarce::failures().to_string(),
        #[cfg(feature = "faults")]
        ["points"] => fault::counted(),
        ["leave", id] => hex(&client.group(unhex(id))?.leave(Vec::new())?),
        other => panic!("no such command: {other:?}"),
    })
}

fn told_commit(commit: &Commit) -> Result<String> {
    Ok(format!("{}:{}", commit.id(), hex(&commit.message()?)))
}

#[cfg(feature = "faults")]
mod fault {
    use mls::store::faults::{self, Fault, Point};
    use std::sync::atomic::{AtomicU32, Ordering};

    const POINTS: [(&str, Point); 4] = [
        ("begin", Point::Begin),
        ("write", Point::Write),
        ("before", Point::BeforeCommit),
        ("after", Point::AfterCommit),
    ];
    static COUNTS: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];

    /// `unsynced:0`: a store that never waits for the disk. `before:3`: dies at the third such point. `lie:3`: answers before the third commit, and dies at the next one.
    pub fn install(fault: &str) {
        let (kind, at) = fault.split_once(':').unwrap_or(("", "0"));
        let at: u32 = at.parse().expect("a number");
        let kind = kind.to_owned();
        if kind == "unsynced" {
            faults::stop_syncing();
        }
        let lied = AtomicU32::new(0);
        faults::set(move |point| {
            let (index, (name, _)) =
                POINTS.iter().enumerate().find(|(_, (_, known))| *known == point).expect("a known point");
            let count = COUNTS[index].fetch_add(1, Ordering::Relaxed) + 1;
            if kind == "lie" {
                if lied.load(Ordering::Relaxed) == 1 && point == Point::Begin {
                    return Fault::Abort;
                }
                if point == Point::BeforeCommit && count == at {
                    lied.store(1, Ordering::Relaxed);
                    return Fault::Lie;
                }
            } else if kind == *name && count == at {
                return Fault::Abort;
            }
            Fault::None
        });
    }

    pub fn counted() -> String {
        let counts = POINTS.iter().zip(&COUNTS);
        counts
            .map(|((name, _), count)| format!("{name}:{}", count.load(Ordering::Relaxed)))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// How a device's process is started.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// A program with its arguments that runs the device.
    pub under: Vec<String>,
    /// An injected fault.
    pub fault: String,
    /// The disk that it is on.
    pub disk: Option<Disk>,
    /// SQLite gets no memory at every so-manieth of its allocations, one at a time.
    pub scarce: Option<usize>,
    pub is_extension: bool,
    /// The default limits in place of small ones.
    pub has_defaults: bool,
}

impl Start {
    /// Whether calls may fail because of the disk.
    pub fn may_fail(&self) -> bool {
        let fault = self.disk.as_ref().map_or("", |disk| &disk.fault);
        self.scarce.is_some() || ["fail:", "full:", "short:"].iter().any(|kind| fault.starts_with(kind))
    }
}

/// Whether an error is one that a disk can be to blame for. SQLite takes a read that fails with EIO for a damaged file
/// (`SQLITE_IOERR_CORRUPTFS`); a file that is damaged stays so, which is how a test tells the two apart.
pub fn is_of_the_disk(error: &str) -> bool {
    ["STORE_IO", "STORE_FULL", "STORE_LOCKED", "STORE_CORRUPT"].iter().any(|code| error.contains(code))
}

/// The other end.
pub struct Remote {
    pub child: Child,
    /// Whether another program runs it: killing that one would leave the device alive.
    is_under: bool,
    stdin: Option<ChildStdin>,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Remote {
    /// Starts a device and waits until its store is open. `None` if it died before.
    pub fn start(name: &str, file: &str, start: &Start) -> Option<Self> {
        let binary = std::env::current_exe().expect("this binary").to_str().expect("a path").to_owned();
        let arguments = [binary.as_str(), "child", "--exact", "--nocapture", "--test-threads=1"];
        // Another device that obeys the same commands, if there is one: tests/faults/device.c.
        let other = std::env::var("MLS_DEVICE").ok();
        let device: Vec<&str> = match &other {
            Some(other) => other.split(' ').collect(),
            None => arguments.to_vec(),
        };
        let line: Vec<&str> = start.under.iter().map(String::as_str).chain(device).collect();
        let mut command = Command::new(line[0]);
        if let Some(disk) = &start.disk {
            disk.put(&mut command, Path::new(file).parent().expect("it is in a directory"));
        }
        let mut child = command
            .args(&line[1..])
            .env(FILE, file)
            .env(NAME, name)
            .env(FAULT, &start.fault)
            .env(MEMORY, start.scarce.map(|step| step.to_string()).unwrap_or_default())
            .env(LIMITS, if start.has_defaults { "default" } else { "" })
            .env(ROLE, if start.is_extension { "extension" } else { "" })
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("it starts");
        let stdout = child.stdout.take().expect("piped");
        let (stdin, is_under) = (child.stdin.take(), !start.under.is_empty());
        let mut remote = Self { child, is_under, stdin, lines: BufReader::new(stdout).lines() };
        match remote.hear()?.as_str() {
            "open" => Some(remote),
            failed => {
                assert!(start.may_fail(), "{failed}");
                assert!(is_of_the_disk(failed), "{failed}");
                None
            }
        }
    }

    pub fn hear(&mut self) -> Option<String> {
        self.lines.by_ref().map_while(|line| line.ok()).find_map(|line| Some(line.split_once("> ")?.1.to_owned()))
    }

    /// Says a command without waiting for the answer.
    pub fn ask(&mut self, command: &str) {
        // If it is dead already, the answer says so.
        let _ = writeln!(self.stdin.as_mut().expect("it is open"), "{command}");
    }

    /// The answer to a command; `None` if the device died over it. `Err` has the code.
    pub fn call(&mut self, command: &str) -> Option<Result<String, String>> {
        self.ask(command);
        self.answer()
    }

    pub fn answer(&mut self) -> Option<Result<String, String>> {
        let answer = self.hear()?;
        match answer.split_once(' ') {
            Some(("ok", answer)) => Some(Ok(answer.to_owned())),
            _ => Some(Err(answer)),
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if self.is_under {
            self.stdin = None;
            while self.hear().is_some() {}
        } else {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// The events of an answer.
pub fn told(answer: &str) -> Vec<Told> {
    answer.split_whitespace().map(Told::read).collect()
}

/// A commit of an answer: its id and its message.
pub fn commit_told(answer: &str) -> (u64, Vec<u8>) {
    let (id, message) = answer.split_once(':').expect("a commit");
    (number(id), unhex(message))
}
