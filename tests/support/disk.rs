//! A disk that fails, under the process of a device: tests/faults/disk.c, which says what there is.
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// `kill:17` and its kin; nothing if it is empty.
    pub fault: String,
    /// Where the calls are written down.
    pub log: Option<String>,
    /// Whether syncs are not done.
    pub is_lying: bool,
}

impl Disk {
    pub fn fault(fault: impl Into<String>) -> Self {
        Self { fault: fault.into(), ..Self::default() }
    }

    /// Puts a process on it, with its files in `directory`.
    pub fn put(&self, command: &mut Command, directory: &Path) {
        command.env("LD_PRELOAD", library()).env("DISK_DIR", directory).env("DISK_FAULT", &self.fault);
        command.env("DISK_SYNC", if self.is_lying { "ignored" } else { "" });
        if let Some(log) = &self.log {
            command.env("DISK_LOG", log);
        }
    }
}

fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/disk.c");
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("disk-{}.so", std::process::id()));
        let arguments = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"];
        let status = Command::new("cc").args(arguments).arg(&built).arg(&source).arg("-ldl").status();
        assert!(status.expect("a C compiler").success());
        // One file, however many tests build it at the same time.
        let library = built.with_file_name("disk.so");
        std::fs::rename(&built, &library).expect("renamed");
        library
    })
}
