//! Injected faults for tests: what a disk, a kernel or a liar can do to a commit.
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::StorageError;

/// A moment in a commit of [`SqliteStorage`](super::SqliteStorage).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before the transaction opens.
    Begin,
    /// Before each write.
    Write,
    /// After the last write, before the commit.
    BeforeCommit,
    /// After the commit, before the caller hears of it.
    AfterCommit,
}

/// What happens at a point.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing.
    None,
    /// The commit fails with this error. After the commit, the rows are there and the caller is told otherwise.
    Fail(StorageError),
    /// The process dies without cleaning up.
    Abort,
    /// Before the commit only: the caller is told that it is done, the commit comes with the next one. A test of
    /// durability that does not notice this tests nothing.
    Lie,
}

type Hook = Arc<dyn Fn(Point) -> Fault + Send + Sync>;

static HOOK: Mutex<Option<Hook>> = Mutex::new(None);
static LIED: AtomicBool = AtomicBool::new(false);
static UNSYNCED: AtomicBool = AtomicBool::new(false);
static LOADS: AtomicU64 = AtomicU64::new(0);

/// How often a group was read from its store in full, its tree included, in this process.
pub fn group_loads() -> u64 {
    LOADS.load(Ordering::Relaxed)
}

pub(crate) fn count_load() {
    LOADS.fetch_add(1, Ordering::Relaxed);
}

/// Asks `hook` at every point from now on, in every storage of the process.
pub fn set(hook: impl Fn(Point) -> Fault + Send + Sync + 'static) {
    *HOOK.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(hook));
}

/// Opens files with `synchronous=OFF` from now on: a test of power losses that does not notice this tests nothing.
pub fn stop_syncing() {
    UNSYNCED.store(true, Ordering::Relaxed);
}

pub(super) fn synchronous() -> &'static str {
    if UNSYNCED.load(Ordering::Relaxed) { "OFF" } else { "FULL" }
}

/// Ends [`set`].
pub fn clear() {
    *HOOK.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

pub(super) fn at(point: Point) -> Result<(), StorageError> {
    let hook = HOOK.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match hook.map_or(Fault::None, |hook| hook(point)) {
        Fault::None => Ok(()),
        Fault::Fail(error) => Err(error),
        Fault::Abort => std::process::abort(),
        Fault::Lie => {
            LIED.store(true, Ordering::SeqCst);
            Err(StorageError::Io { detail: "a lie".into() })
        }
    }
}

/// Whether the last fault was a lie; asking takes it back.
pub(super) fn lied() -> bool {
    LIED.swap(false, Ordering::SeqCst)
}
