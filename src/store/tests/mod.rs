//! What every storage promises, what the file adds, what the sealed layer hides.
#![allow(clippy::unwrap_used)]

mod contract;
#[cfg(feature = "faults")]
mod crash;
mod file;
mod process;
mod sealed;
mod size;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{KeyRange, Storage, Write};

/// A directory of its own, removed at the end.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("libmls-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("store.db")
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn put(key: &[u8], value: &[u8]) -> Write {
    Write::Put { key: key.to_vec(), value: value.to_vec() }
}

fn delete(key: &[u8]) -> Write {
    Write::Delete { key: key.to_vec() }
}

fn delete_range(from: &[u8], to: &[u8]) -> Write {
    Write::DeleteRange { from: from.to_vec(), to: to.to_vec() }
}

/// Commits on whatever version there is; nobody else may be writing.
fn write(storage: &dyn Storage, writes: &[Write]) {
    let version = storage.version().unwrap();
    assert!(storage.commit(version, writes.to_vec()).unwrap().is_some());
}

fn keys(storage: &dyn Storage, from: &[u8], to: &[u8], reverse: bool, limit: u32) -> Vec<Vec<u8>> {
    let range = KeyRange { from: from.to_vec(), to: to.to_vec() };
    storage.scan(range, reverse, limit).unwrap().into_iter().map(|row| row.key).collect()
}

/// Adds one to the number at `key`, however many others do the same.
fn increment(storage: &Arc<dyn Storage>, key: &[u8]) {
    loop {
        let version = storage.version().unwrap();
        let old = number(&**storage, key);
        if storage.commit(version, vec![put(key, &(old + 1).to_be_bytes())]).unwrap().is_some() {
            return;
        }
    }
}

fn number(storage: &dyn Storage, key: &[u8]) -> u64 {
    storage.get(key.to_vec()).unwrap().map_or(0, |value| u64::from_be_bytes(value.try_into().unwrap()))
}
