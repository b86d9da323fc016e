//! What a library has to do here.

use crate::meter::Meter;

pub const ALICE: usize = 0;
pub const BOB: usize = 1;

/// What a commit of alice's changes.
pub enum Change {
    /// Her keys only.
    Path,
    Add(Vec<Vec<u8>>),
    Remove(u32),
}

/// With a database, every one of these steps is durable when it returns.
pub trait Contestant {
    /// Both delete their group, if they are in one.
    fn forget(&mut self);
    fn key_package(&mut self, device: usize) -> Vec<u8>;
    /// Alice makes a group and forgets it.
    fn create(&mut self);
    /// Alice makes a group, which is the one from now on.
    fn start(&mut self);
    fn join(&mut self, device: usize, welcome: &[u8]);
    /// The message and, for an Add, the Welcome.
    fn commit(&mut self, change: &Change) -> (Vec<u8>, Option<Vec<u8>>);
    fn accept(&mut self);
    /// Bob's part of a commit.
    fn process(&mut self, commit: &[u8]);
    fn encrypt(&mut self, data: &[u8]) -> Vec<u8>;
    /// Bob decrypts what came together.
    fn decrypt(&mut self, messages: &[Vec<u8>]);
    /// The last leaf that is not blank.
    fn last_leaf(&self) -> u32;
    /// Drops alice's group and measures how it is read again. Nothing, if it was never written.
    fn load(&mut self, meter: &mut Meter);
}
