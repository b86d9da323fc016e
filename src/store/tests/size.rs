//! What a message costs in the WAL.
use super::super::{Batch, SqliteStorage, Store};
use super::*;

/// One page of 1,024 bytes and its frame header.
const FRAME: u64 = 1_024 + 24;

fn wal_size(path: &Path) -> u64 {
    std::fs::metadata(beside(path, "-wal")).map_or(0, |meta| meta.len())
}

#[test]
fn a_message_and_the_cut_of_the_one_before_cost_a_few_small_frames() {
    let dir = TempDir::new();
    let store = Store::open(SqliteStorage::open(dir.file()).unwrap(), &[7; 32]).unwrap();
    let tag = Some(store.group_tag(b"group"));
    let mut version = store.version().unwrap();
    let mut costs = Vec::new();
    for seq in 0..200 {
        if seq == 1 {
            store.checkpoint().unwrap();
        }
        let before = wal_size(&dir.file());
        let mut batch = Batch::new();
        batch.put_log(seq, tag, vec![1; 1_100]);
        if seq > 0 {
            batch.put_log(seq - 1, tag, vec![2; 40]);
        }
        version = store.commit(version, &batch).unwrap().unwrap();
        costs.push(wal_size(&dir.file()) - before);
    }
    // The first makes the group's key, the second begins a truncated WAL.
    costs.drain(..2);
    costs.sort_unstable();
    let (median, worst) = (costs[costs.len() / 2], costs[costs.len() - 1]);
    let mean = costs.iter().sum::<u64>() / costs.len() as u64;
    println!("WAL bytes per message: median {median}, mean {mean}, worst {worst}");
    assert!(median <= 5 * FRAME, "{median}");
    assert!(mean <= 5 * FRAME, "{mean}");
    assert!(worst <= 8 * FRAME, "{worst}");
}
