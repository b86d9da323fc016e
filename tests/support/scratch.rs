//! A directory of its own, removed at the end.
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("libmls-{name}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    /// On memory where there is some: for what is about counts and not about the disk.
    pub fn in_memory(name: &str) -> Self {
        let memory = PathBuf::from("/dev/shm");
        if !memory.is_dir() {
            return Self::new(name);
        }
        let mut scratch = Self::new(name);
        let path = memory.join(scratch.0.file_name().expect("it has a name"));
        std::fs::create_dir_all(&path).expect("a directory");
        let _ = std::fs::remove_dir_all(std::mem::replace(&mut scratch.0, path));
        scratch
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path").to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
