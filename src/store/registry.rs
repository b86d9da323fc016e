//! One connection per file and process.
//!
//! Two handles on one file share one [`SqliteStorage`], found here by path. A child process must not use what it
//! inherited: SQLite's locks belong to the process that took them.
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use once_cell::sync::Lazy;

use super::{SqliteStorage, StorageError};

static OPEN: Lazy<Mutex<HashMap<PathBuf, Entry>>> = Lazy::new(Mutex::default);

struct Entry {
    pid: u32,
    storage: Weak<SqliteStorage>,
}

/// The storage that this process has on `path`, or the one that `open` makes.
pub(super) fn shared(
    path: &Path,
    open: impl FnOnce(&Path) -> Result<SqliteStorage, StorageError>,
) -> Result<Arc<SqliteStorage>, StorageError> {
    let path = canonical(path)?;
    // Held while the file is opened, so that two threads cannot open it twice.
    let mut entries = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    entries.retain(|_, entry| entry.storage.strong_count() > 0);
    let pid = std::process::id();
    if let Some(entry) = entries.get(&path)
        && let Some(storage) = entry.storage.upgrade()
    {
        if entry.pid != pid {
            // SQLite remembers per file what its process holds: the parent's connection has to go before ours comes.
            storage.abandon()?;
        } else if storage.file() == file_id(&path) {
            return Ok(storage);
        }
        // Else the file at this path is another one by now; the old handle keeps the old file.
    }
    let storage = Arc::new(open(&path)?);
    entries.insert(path, Entry { pid, storage: Arc::downgrade(&storage) });
    Ok(storage)
}

/// Device and inode, or `None` if there is no file.
pub(super) fn file_id(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

/// The path without links, although its last part need not exist yet.
fn canonical(path: &Path) -> Result<PathBuf, StorageError> {
    let io = |error: std::io::Error| StorageError::Io { detail: error.to_string() };
    match path.canonicalize() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let Some(name) = path.file_name() else { return Err(io(error)) };
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok(parent.canonicalize().map_err(io)?.join(name))
        }
        other => other.map_err(io),
    }
}
