//! What needs a second process. The test binary runs itself: `child` is a test that plays one of [`ROLES`].
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use super::super::{SqliteStorage, StorageError};
use super::*;

const ROLE: &str = "LIBMLS_TEST_ROLE";
const FILE: &str = "LIBMLS_TEST_FILE";

type Role = fn(&Path);

const ROLES: &[(&str, Role)] = &[
    ("count", count),
    ("count_for_ever", count_for_ever),
    ("race", race),
    ("create", create),
    ("twins", twins),
    ("exclusive", exclusive),
    ("fork", fork),
    ("small_disk", small_disk),
    #[cfg(feature = "faults")]
    ("fail_everywhere", super::crash::fail_everywhere),
    #[cfg(feature = "faults")]
    ("abort", super::crash::abort),
    #[cfg(feature = "faults")]
    ("lie", super::crash::lie),
    #[cfg(feature = "faults")]
    ("overtaken", super::crash::overtaken),
];

#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (_, play) = ROLES.iter().find(|(name, _)| *name == role).unwrap();
    play(Path::new(&std::env::var_os(FILE).unwrap()));
    say("done");
}

/// Another process in one of the roles.
pub(super) struct Other {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Other {
    pub(super) fn start(role: &str, file: &Path) -> Self {
        let (_, here) = module_path!().split_once("::").unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([&format!("{here}::child"), "--exact", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(FILE, file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next word it says, or `None` when it is gone.
    pub(super) fn hear(&mut self) -> Option<String> {
        self.lines.by_ref().map_while(Result::ok).find_map(|line| Some(line.split_once("> ")?.1.to_owned()))
    }

    fn go(&mut self) {
        writeln!(self.child.stdin.as_mut().unwrap(), "go").unwrap();
    }

    pub(super) fn finish(mut self) {
        assert_eq!(self.hear().as_deref(), Some("done"));
        assert!(self.child.wait().unwrap().success());
    }

    /// Waits until it is gone, and answers the words that were still to be heard.
    pub(super) fn last_words(mut self) -> Vec<String> {
        std::iter::from_fn(|| self.hear()).collect()
    }

    pub(super) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.last_words()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn say(word: impl std::fmt::Display) {
    println!("\n> {word}");
}

fn wait_for_go() {
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

fn open(file: &Path) -> Arc<dyn Storage> {
    SqliteStorage::open(file).unwrap()
}

/// Counts as a client does: what it remembers holds as long as the version does.
fn count(file: &Path) {
    let storage = open(file);
    let (mut version, mut n) = (None, 0);
    for _ in 0..200 {
        loop {
            let now = storage.version().unwrap();
            if version != Some(now) {
                (version, n) = (Some(now), number(&*storage, b"n"));
            }
            if let Some(next) = storage.commit(now, vec![put(b"n", &(n + 1u64).to_be_bytes())]).unwrap() {
                (version, n) = (Some(next), n + 1);
                break;
            }
        }
    }
}

#[test]
fn processes_that_count_together_lose_nothing() {
    let dir = TempDir::new();
    let others = [(); 2].map(|()| Other::start("count", &dir.file()));
    count(&dir.file());
    others.into_iter().for_each(Other::finish);
    assert_eq!(number(&*open(&dir.file()), b"n"), 600);
}

fn create(file: &Path) {
    say("ready");
    wait_for_go();
    open(file).version().unwrap();
}

#[test]
fn processes_that_create_one_store_at_once_all_open_it() {
    for _ in 0..10 {
        let dir = TempDir::new();
        let mut others = [(); 3].map(|()| Other::start("create", &dir.file()));
        for other in &mut others {
            assert_eq!(other.hear().unwrap(), "ready");
        }
        others.iter_mut().for_each(Other::go);
        others.into_iter().for_each(Other::finish);
    }
}

const TWINS: [&[u8]; 2] = [b"l", b"m\0\0\0\0\0\0\0\x01"];

fn twins(file: &Path) {
    let storage = open(file);
    for n in 0..300u64 {
        write(&*storage, &TWINS.map(|key| put(key, &n.to_be_bytes())));
    }
}

#[test]
fn a_scan_over_both_tables_sees_one_commit_or_the_other() {
    let dir = TempDir::new();
    let storage = open(&dir.file());
    write(&*storage, &TWINS.map(|key| put(key, &0u64.to_be_bytes())));
    let other = Other::start("twins", &dir.file());
    while number(&*storage, TWINS[0]) < 299 {
        let rows = storage.scan(KeyRange { from: vec![0], to: vec![255] }, false, 9).unwrap();
        assert!(rows.len() == 2 && rows[0].value == rows[1].value);
    }
    other.finish();
}

fn race(file: &Path) {
    let storage = open(file);
    let version = storage.version().unwrap();
    say("ready");
    wait_for_go();
    let won = storage.commit(version, vec![put(b"winner", &std::process::id().to_be_bytes())]).unwrap();
    say(if won.is_some() { "won" } else { "lost" });
}

#[test]
fn of_two_processes_that_saw_one_version_one_commits() {
    let dir = TempDir::new();
    let here = open(&dir.file());
    let seen = here.version().unwrap();
    let mut others = [(); 2].map(|()| Other::start("race", &dir.file()));
    for other in &mut others {
        assert_eq!(other.hear().unwrap(), "ready");
    }
    for (other, outcome) in others.iter_mut().zip(["won", "lost"]) {
        other.go();
        assert_eq!(other.hear().unwrap(), outcome);
    }
    assert_eq!(here.get(b"winner".to_vec()).unwrap().unwrap(), others[0].child.id().to_be_bytes());
    assert_ne!(here.version().unwrap(), seen);
    assert_eq!(here.commit(seen, vec![delete(b"winner")]).unwrap(), None);
    others.into_iter().for_each(Other::finish);
}

/// Leaving WAL takes the file for oneself alone.
fn exclusive(file: &Path) {
    let conn = rusqlite::Connection::open(file).unwrap();
    conn.busy_timeout(std::time::Duration::from_millis(50)).unwrap();
    let switch = |to| conn.pragma_update_and_check(None, "journal_mode", to, |row| row.get::<_, String>(0));
    say(if switch("DELETE").is_ok_and(|mode| mode == "delete") { "mine" } else { "taken" });
    let _ = switch("WAL");
}

#[test]
fn suspending_lets_another_process_take_the_file() {
    let dir = TempDir::new();
    let storage = open(&dir.file());
    write(&*storage, &[put(b"a", b"1")]);
    let ask = || {
        let mut other = Other::start("exclusive", &dir.file());
        let answer = other.hear().unwrap();
        other.finish();
        answer
    };
    assert_eq!(ask(), "taken");
    storage.suspend().unwrap();
    assert_eq!(ask(), "mine");
    storage.resume().unwrap();
    assert_eq!(storage.get(b"a".to_vec()).unwrap().unwrap(), b"1");
    assert_eq!(ask(), "taken");
}

fn count_for_ever(file: &Path) {
    let storage = open(file);
    loop {
        increment(&storage, b"n");
        say(number(&*storage, b"n"));
    }
}

#[test]
fn what_was_committed_survives_a_kill() {
    let dir = TempDir::new();
    for round in 1..=5 {
        let mut other = Other::start("count_for_ever", &dir.file());
        let mut heard: Vec<_> = (0..10 * round).map_while(|_| other.hear()).collect();
        heard.extend(other.kill());
        let acknowledged: u64 = heard.last().unwrap().parse().unwrap();
        let found = number(&*open(&dir.file()), b"n");
        // The one that was under way may be there as well.
        assert!((acknowledged..=acknowledged + 1).contains(&found), "{acknowledged} {found}");
    }
}

#[allow(unsafe_code)]
fn fork(file: &Path) {
    let storage = SqliteStorage::open(file).unwrap();
    write(&*storage, &[put(b"a", b"parent")]);
    // SAFETY: the harness runs this test on the only thread of the process.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let outcome = std::panic::catch_unwind(|| {
            assert!(matches!(storage.version(), Err(StorageError::Forked { .. })));
            assert!(matches!(storage.suspend(), Err(StorageError::Forked { .. })));
            let own = SqliteStorage::open(file).unwrap();
            assert!(!Arc::ptr_eq(&own, &storage));
            assert!(Arc::ptr_eq(&own, &SqliteStorage::open(file).unwrap()));
            (0..50).for_each(|_| increment(&(own.clone() as Arc<dyn Storage>), b"n"));
        });
        // SAFETY: the child ends here, without the parent's exit handlers.
        unsafe { libc::_exit(i32::from(outcome.is_err())) };
    }
    let shared: Arc<dyn Storage> = storage.clone();
    (0..50).for_each(|_| increment(&shared, b"n"));
    let mut status = 0;
    // SAFETY: waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_eq!(status, 0);
    assert_eq!(number(&*shared, b"n"), 100);
    let check: String =
        storage.with_conn(|conn| conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap());
    assert_eq!(check, "ok");
}

#[test]
fn a_forked_child_cannot_use_the_handle_and_opens_its_own() {
    let dir = TempDir::new();
    Other::start("fork", &dir.file()).finish();
}

/// No file may grow beyond 256 KB.
#[allow(unsafe_code)]
fn small_disk(file: &Path) {
    let storage = open(file);
    write(&*storage, &[put(b"a", b"old")]);
    let limit = |bytes| {
        // SAFETY: plain calls about this process, with pointers to a local.
        unsafe {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit);
            limit.rlim_cur = bytes;
            assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
        }
    };
    limit(256 << 10);
    for _ in 0..3 {
        let version = storage.version().unwrap();
        let error = storage.commit(version, vec![put(b"a", b"new"), put(b"big", &vec![1; 1 << 20])]).unwrap_err();
        assert!(matches!(error, StorageError::Io { .. } | StorageError::Full { .. }), "{error}");
        assert_eq!(storage.get(b"a".to_vec()).unwrap().unwrap(), b"old");
        assert_eq!(storage.get(b"big".to_vec()).unwrap(), None);
        // The version may move: SQLite cannot tell its own undone writes from those of another connection.
        assert!(storage.version().unwrap() >= version);
    }
    limit(libc::RLIM_INFINITY);
    write(&*storage, &[put(b"a", b"new"), put(b"big", &vec![1; 1 << 20])]);
}

#[test]
fn a_disk_that_refuses_to_grow_leaves_the_old_state() {
    let dir = TempDir::new();
    Other::start("small_disk", &dir.file()).finish();
    assert_eq!(open(&dir.file()).get(b"a".to_vec()).unwrap().unwrap(), b"new");
}
