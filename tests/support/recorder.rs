//! A storage that remembers what was written to it: keys are in the clear, so a test can see which rows were touched.
use mls::store::{KeyRange, MemoryStorage, Row, Storage, StorageError, Write};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

pub struct Recorder {
    inner: Arc<MemoryStorage>,
    written: Mutex<Vec<Write>>,
    reads: AtomicUsize,
}

impl Recorder {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { inner: MemoryStorage::new(), written: Mutex::default(), reads: AtomicUsize::new(0) })
    }

    /// How often rows were read since the last call.
    pub fn take_reads(&self) -> usize {
        self.reads.swap(0, Ordering::Relaxed)
    }

    /// What was written since the last call.
    pub fn take_written(&self) -> Vec<Write> {
        std::mem::take(&mut *self.written.lock().expect("no panic"))
    }

    /// The kinds of the rows that were written or deleted since the last call.
    pub fn take_kinds(&self) -> Vec<char> {
        let mut kinds: Vec<char> = self
            .take_written()
            .iter()
            .map(|write| match write {
                Write::Put { key, .. } | Write::Delete { key } | Write::DeleteRange { from: key, .. } => key[0] as char,
            })
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// Every row of these kinds, as the storage has it.
    pub fn rows(&self, kinds: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let all = KeyRange { from: vec![0], to: vec![255] };
        let rows = self.inner.scan(all, false, u32::MAX).expect("scanned");
        rows.into_iter().filter(|row| kinds.contains(row.key[0] as char)).map(|row| (row.key, row.value)).collect()
    }
}

impl Storage for Recorder {
    fn version(&self) -> Result<u64, StorageError> {
        self.inner.version()
    }
    fn get(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, StorageError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.get(key)
    }
    fn scan(&self, range: KeyRange, reverse: bool, limit: u32) -> Result<Vec<Row>, StorageError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.scan(range, reverse, limit)
    }
    fn commit(&self, version: u64, writes: Vec<Write>) -> Result<Option<u64>, StorageError> {
        let done = self.inner.commit(version, writes.clone())?;
        if done.is_some() {
            self.written.lock().expect("no panic").extend(writes);
        }
        Ok(done)
    }
    fn checkpoint(&self) -> Result<(), StorageError> {
        self.inner.checkpoint()
    }
    fn suspend(&self) -> Result<(), StorageError> {
        self.inner.suspend()
    }
    fn resume(&self) -> Result<(), StorageError> {
        self.inner.resume()
    }
}
