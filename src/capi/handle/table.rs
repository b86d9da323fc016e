//! The table: slots, generations, and a list of free slots without a lock.
//!
//! It takes its locks and atomics from `sync`, so that tests/shuttle can run this very file under a scheduler that tries
//! the orders in which threads may come.
use super::sync::{Arc, AtomicU32, AtomicU64, Mutex, MutexGuard, OnceLock, Ordering, PoisonError};
use crate::{ErrorCode, Result, error::fail};
use std::any::Any;

/// The nouns. Part of the token, so a value is never 0 and never given to another noun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::capi) enum Tag {
    Error = 1,
    Options,
    Store,
    Client,
    Group,
    Commit,
    Commits,
    Bundle,
    Proposals,
    ProposalInfos,
    Events,
    Preview,
    Messages,
    MessageInfo,
    Ids,
    Members,
    Senders,
    Credential,
    SigningKey,
    Identity,
    Extensions,
    KeyPackages,
    KeyPackageSecrets,
    KeyPackageOptions,
    GroupOptions,
    CommitOptions,
    EncryptOptions,
    JoinOptions,
    Validation,
    CodecAnswer,
    StoreRows,
    StoreWrites,
}

pub(in crate::capi) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic leaves a builder or a cell as it was or with one field more: both are whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) type Object = Arc<dyn Any + Send + Sync>;

// Where the parts are in the token. On 32 bits there are 65,536 slots of 1,023 generations.
pub(super) const TAG_BITS: u32 = if usize::BITS >= 64 { 8 } else { 6 };
pub(super) const SLOT_BITS: u32 = if usize::BITS >= 64 { 24 } else { 16 };
pub(super) const GENERATION_BITS: u32 = usize::BITS - TAG_BITS - SLOT_BITS;
pub(super) const LAST_GENERATION: u32 = ((1_u64 << GENERATION_BITS) - 1) as u32;

/// Slots are made in chunks, each twice as large as the one before, and never move.
pub(super) const FIRST_CHUNK_BITS: u32 = 6;
pub(super) const CHUNKS: usize = (SLOT_BITS - FIRST_CHUNK_BITS) as usize;

/// A handle's value, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) tag: u8,
    pub(super) generation: u32,
    pub(super) slot: u32,
}

impl Token {
    pub(super) fn pack(self) -> usize {
        let (tag, generation) = (self.tag as usize, self.generation as usize);
        tag << (GENERATION_BITS + SLOT_BITS) | generation << SLOT_BITS | self.slot as usize
    }

    pub(super) fn unpack(token: usize) -> Self {
        Self {
            tag: (token >> (GENERATION_BITS + SLOT_BITS)) as u8,
            generation: (token >> SLOT_BITS) as u32 & LAST_GENERATION,
            slot: token as u32 & ((1 << SLOT_BITS) - 1),
        }
    }
}

/// One place of the table. Alone on its cache line, so that two threads with two groups do not slow each other.
#[repr(align(64))]
pub(super) struct Slot {
    pub(super) cell: Mutex<Cell>,
    /// The next free slot plus one, while this one is free.
    next: AtomicU32,
}

pub(super) struct Cell {
    /// Of the token that is live, or of the next one. 0: retired.
    generation: u32,
    tag: u8,
    object: Option<Object>,
}

impl Cell {
    fn check(&self, token: Token, tag: Tag) -> Result<&Object> {
        match &self.object {
            Some(object) if self.generation == token.generation && self.tag == token.tag => {
                if token.tag == tag as u8 {
                    return Ok(object);
                }
                fail(ErrorCode::WrongType, "the handle is of another type")
            }
            _ => fail(ErrorCode::Closed, "the handle was freed, or is none"),
        }
    }
}

pub(super) struct Table {
    chunks: [OnceLock<Box<[Slot]>>; CHUNKS],
    /// Slots made so far.
    pub(super) made: AtomicU32,
    /// Slots below this one belong to the process that forked.
    inherited: AtomicU32,
    /// A stack of free slots: a count of pops, which makes each head unlike the ones before, and the top plus one.
    free: AtomicU64,
    first_generation: u32,
}

impl Table {
    pub(super) const fn new(first_generation: u32) -> Self {
        Self {
            chunks: [const { OnceLock::new() }; CHUNKS],
            made: AtomicU32::new(0),
            inherited: AtomicU32::new(0),
            free: AtomicU64::new(0),
            first_generation,
        }
    }

    pub(super) fn insert(&self, tag: Tag, object: Object) -> Result<usize> {
        let slot = match self.pop() {
            Some(slot) => slot,
            None => self.make()?,
        };
        let mut cell = lock(&self.slot(slot).expect("a free slot was made").cell);
        cell.tag = tag as u8;
        cell.object = Some(object);
        Ok(Token { tag: tag as u8, generation: cell.generation, slot }.pack())
    }

    pub(super) fn get(&self, token: usize, tag: Tag) -> Result<Object> {
        let token = self.token(token)?;
        let cell = self.cell(token)?;
        cell.check(token, tag).cloned()
    }

    pub(super) fn remove(&self, token: usize, tag: Tag) -> Option<Object> {
        let token = self.token(token).ok()?;
        let mut cell = self.cell(token).ok()?;
        cell.check(token, tag).ok()?;
        // A generation that came round again would revive old tokens: such a slot is retired.
        cell.generation = if cell.generation == LAST_GENERATION { 0 } else { cell.generation + 1 };
        let (object, retired) = (cell.object.take(), cell.generation == 0);
        drop(cell);
        if !retired {
            self.push(token.slot);
        }
        object
    }

    /// In the child of a fork. Locks in slots of the parent may be held for ever by threads that are not here, and
    /// objects in them share files with the parent: none of them is touched again, not even to be freed.
    pub(super) fn forked(&self) {
        self.inherited.store(self.made.load(Ordering::Relaxed), Ordering::Relaxed);
        self.free.store(0, Ordering::Relaxed);
    }

    fn token(&self, token: usize) -> Result<Token> {
        if token == 0 {
            return fail(ErrorCode::NullPointer, "the handle is NULL");
        }
        let token = Token::unpack(token);
        if token.slot < self.inherited.load(Ordering::Relaxed) {
            return fail(ErrorCode::Forked, "the handle was made before the process forked");
        }
        Ok(token)
    }

    fn cell(&self, token: Token) -> Result<MutexGuard<'_, Cell>> {
        match self.slot(token.slot) {
            Some(slot) => Ok(lock(&slot.cell)),
            None => fail(ErrorCode::Closed, "the handle was never made here"),
        }
    }

    pub(super) fn slot(&self, slot: u32) -> Option<&Slot> {
        let (chunk, offset) = place(slot);
        self.chunks.get(chunk)?.get()?.get(offset)
    }

    fn make(&self) -> Result<u32> {
        let more = |made| (made < (1 << SLOT_BITS) - (1 << FIRST_CHUNK_BITS)).then_some(made + 1);
        let Ok(slot) = self.made.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) else {
            return fail(ErrorCode::TooLarge, "too many handles are live");
        };
        let (chunk, _) = place(slot);
        self.chunks[chunk].get_or_init(|| {
            let cell = || Cell { generation: self.first_generation, tag: 0, object: None };
            let slots = 0..1_usize << (chunk as u32 + FIRST_CHUNK_BITS);
            slots.map(|_| Slot { cell: Mutex::new(cell()), next: AtomicU32::new(0) }).collect()
        });
        Ok(slot)
    }

    fn push(&self, slot: u32) {
        let next = &self.slot(slot).expect("a slot in use was made").next;
        let push = |head: u64| {
            next.store(head as u32, Ordering::Relaxed);
            Some(head & !u64::from(u32::MAX) | u64::from(slot + 1))
        };
        let _ = self.free.fetch_update(Ordering::AcqRel, Ordering::Acquire, push);
    }

    fn pop(&self) -> Option<u32> {
        let pop = |head: u64| {
            let top = (head as u32).checked_sub(1)?;
            let next = self.slot(top)?.next.load(Ordering::Relaxed);
            Some((head >> 32).wrapping_add(1) << 32 | u64::from(next))
        };
        let head = self.free.fetch_update(Ordering::AcqRel, Ordering::Acquire, pop).ok()?;
        (head as u32).checked_sub(1)
    }
}

/// The chunk of a slot, and where in it.
pub(super) fn place(slot: u32) -> (usize, usize) {
    let position = slot + (1 << FIRST_CHUNK_BITS);
    let bits = position.ilog2();
    ((bits - FIRST_CHUNK_BITS) as usize, (position - (1 << bits)) as usize)
}
