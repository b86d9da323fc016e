//! One group: what it is, what it says, and what it does.
//!
//! | status | query | encrypt, propose, commit | receive |
//! |---|---|---|---|
//! | active | yes | yes | yes |
//! | joining | after acceptance; a resync: the old state | no | a resync: in the old state |
//! | closed (removed) | yes | no | ignored; of later epochs: held, for a Welcome that comes again |
//! | replaced | yes | no | ignored |
//! | rejoin needed | yes | no | yes |
//!
//! A call takes the group's lock, looks whether anybody else has moved the group and reads it again if so, does its
//! cryptography, and stores what changed in one transaction that fails if anybody moved the group meanwhile; then it
//! starts again. Only then does anything leave the call.

mod advance;
mod commit;
mod held;
mod join;
mod probe;
mod propose;
mod query;
mod receive;
mod row;
mod send;
mod session;
mod successor;
mod withdrawn;

pub(crate) use held::HeldRow;
pub(crate) use join::RoomToInvite;
pub(crate) use receive::Incoming;
pub(crate) use row::{COMMIT, GROUP, GroupRow, JOINING};
pub(crate) use session::{Session, fold_stored};
pub(crate) use successor::PASSED;

use crate::{
    ErrorCode, Result, Verdict,
    client::ClientCore,
    engine::{credential, identity_of},
    error::fail,
    gate::{Gate, Held},
    ledger::{ATTEMPTS, Done, Tx},
    store::GroupTag,
    trust::{Answer, Purpose, Question, Trust},
};
use minicbor::{Decode, Encode};
use mls_rs::{group::proposal::Proposal as EngineProposal, identity::SigningIdentity};
use std::{
    collections::HashSet,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

/// Where a group stands on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[non_exhaustive]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum GroupStatus {
    /// A member; everything works.
    #[n(1)]
    Active = 1,
    /// An external commit of ours is not accepted yet.
    #[n(2)]
    Joining = 2,
    /// This device was removed.
    #[n(3)]
    Closed = 3,
    /// The group ended in favour of a successor.
    #[n(4)]
    Replaced = 4,
    /// This device's state has parted from the group's.
    #[n(5)]
    RejoinNeeded = 5,
}

/// The one object for a group in a client: its lock, and what is known of it between two uses.
pub(crate) struct GroupCore {
    pub(crate) id: Vec<u8>,
    pub(crate) tag: GroupTag,
    pub(crate) session: Gate<Option<Session>>,
    /// When it was last asked for, by the client's count.
    pub(crate) used: AtomicU64,
    folded: Mutex<Option<Folded>>,
    /// Whether something that was held may be ready: from the start, since a process may have died before it got there.
    pub(crate) release_due: AtomicBool,
    /// How many genuine messages in a row it takes until the group trusts again.
    suspicion: AtomicU32,
    /// How many handshake messages of an epoch made the group be read again.
    costly: Mutex<(u64, u32)>,
}

/// Up to which row of the log a group's keys are folded.
#[derive(Clone, Copy)]
struct Folded {
    row: u64,
    /// The ledger's count of others' changes when this was so.
    foreign: u64,
}

impl GroupCore {
    pub(crate) fn new(id: &[u8], tag: GroupTag) -> Self {
        Self {
            id: id.to_vec(),
            tag,
            session: Gate::new(None),
            used: AtomicU64::new(0),
            folded: Mutex::default(),
            release_due: AtomicBool::new(true),
            suspicion: AtomicU32::new(0),
            costly: Mutex::default(),
        }
    }

    /// Takes the group's lock. Whoever panicked while it was held has left a group that may be ahead of the store: it is
    /// forgotten here, whatever the call wanted, because the next one would not see that anybody panicked.
    pub(crate) fn enter(&self) -> Result<Held<'_, Option<Session>>> {
        let mut slot = self.session.enter()?;
        if slot.poisoned {
            *slot = None;
        }
        Ok(slot)
    }

    pub(crate) fn is_suspicious(&self) -> bool {
        self.suspicion.load(Ordering::Relaxed) > 0
    }

    fn suspect(&self) {
        self.suspicion.store(probe::CLEAN, Ordering::Relaxed);
    }

    /// A message was genuine.
    fn calm(&self) {
        let _ = self.suspicion.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    }

    /// A handshake message of this epoch made the group be read again.
    fn note_costly(&self, epoch: u64) {
        let mut costly = self.costly.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let before = if costly.0 == epoch { costly.1 } else { 0 };
        *costly = (epoch, before + 1);
    }

    /// Whether too many handshake messages of this epoch have cost too much.
    fn is_exhausted(&self, epoch: u64) -> bool {
        let costly = self.costly.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        costly.0 == epoch && costly.1 >= probe::COSTLY
    }

    /// The application wants it tried again.
    pub(crate) fn forgive(&self) {
        *self.costly.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = (0, 0);
    }

    /// Up to which row of the log the group's keys are folded, if that is known as of so many changes by others.
    pub(crate) fn folded(&self, foreign: u64) -> Option<u64> {
        let folded = *self.folded.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        folded.filter(|folded| folded.foreign == foreign).map(|folded| folded.row)
    }

    fn set_folded(&self, session: &Session) {
        let folded = Folded { row: session.row.folded, foreign: session.foreign };
        *self.folded.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(folded);
    }

    /// Whether its session is loaded, or in use just now.
    pub(crate) fn is_loaded(&self) -> bool {
        self.session.try_enter().is_none_or(|session| session.is_some())
    }

    /// Whether it is loaded, not in use just now, and what the store has.
    pub(crate) fn is_current(&self, client: &ClientCore) -> bool {
        let Some(mut slot) = self.session.try_enter() else { return false };
        slot.as_mut().is_some_and(|session| session.is_current(client, self.tag).unwrap_or(false))
    }

    /// The group's rows were replaced.
    pub(crate) fn forget_folded(&self) {
        *self.folded.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
    }
}

/// A group of this device. A handle; clones are the same group. Any thread may use it; calls on one group wait for
/// each other.
///
/// Every call can answer `Closed` (the client was closed), `GroupNotFound` (the group was deleted), `Suspended`, the
/// store's errors, and `Reentrant` when a callback of this group calls it.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct Group {
    pub(crate) client: Arc<ClientCore>,
    pub(crate) core: Arc<GroupCore>,
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Group(..)")
    }
}

/// The group's lock, held, with the group as the store has it.
pub(crate) struct Locked<'a> {
    slot: Held<'a, Option<Session>>,
    client: &'a ClientCore,
    core: &'a GroupCore,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // Closing the client does not wait for calls that are under way: they forget the group by themselves.
        if self.client.is_closed() {
            *self.slot = None;
        }
    }
}

impl Locked<'_> {
    /// The loaded group.
    pub(crate) fn session(&mut self) -> &mut Session {
        self.slot.as_mut().expect("a locked group is loaded")
    }

    /// Forgets the loaded group: the engine failed, or the store has moved on. It is read again at the next use.
    pub(crate) fn drop_session(&mut self) {
        *self.slot = None;
    }

    /// Reads the group again: what is loaded is not to be trusted.
    pub(crate) fn reload(&mut self) -> Result<&mut Session> {
        *self.slot = None;
        Ok(self.slot.insert(Session::load(self.client, self.core.tag)?))
    }

    /// Drops the loaded group if `result` is an error: after any error of the engine its state is not to be trusted.
    pub(crate) fn settle<T, E>(&mut self, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.drop_session();
        }
        result
    }

    /// Whether somebody else has moved the group since it was locked.
    fn is_overtaken(&mut self) -> Result<bool> {
        match self.slot.as_mut() {
            Some(session) => Ok(!session.is_current(self.client, self.core.tag)?),
            None => Ok(true),
        }
    }

    /// Stores what `build` makes, if the group in the store is still the one that is loaded; else forgets the loaded
    /// one and answers `None`.
    pub(crate) fn write<T>(&mut self, mut build: impl FnMut(&mut Tx) -> Result<T>) -> Result<Option<Done<T>>> {
        let (client, core) = (self.client, self.core);
        let session = self.session();
        let result = client.write(|_, foreign| session.is_unchanged(client, core.tag, foreign), &mut build);
        match &result {
            Ok(Some(done)) => {
                if let Some(last) = done.events.last() {
                    self.session().seen = self.session().seen.max(last.id);
                }
            }
            _ => self.drop_session(),
        }
        result
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Group {
    /// The group's id.
    pub fn id(&self) -> Vec<u8> {
        self.core.id.clone()
    }
}

impl Group {
    /// As [`lock`](Self::lock), with every key that the group has.
    pub(crate) fn lock_whole(&self) -> Result<Locked<'_>> {
        let mut locked = self.lock()?;
        if locked.session().damaged {
            locked.drop_session();
            drop(locked);
            return self.lock();
        }
        Ok(locked)
    }

    /// Takes the lock, with the group as the store has it now. Forged messages may have used up keys of other members
    /// in the engine's group: do not store it, or receive with it.
    pub(crate) fn lock(&self) -> Result<Locked<'_>> {
        self.client.open()?;
        let mut slot = self.core.enter()?;
        let current = match slot.as_mut() {
            Some(session) => session.is_current(&self.client, self.core.tag)?,
            None => false,
        };
        if !current {
            *slot = None;
            let session = Session::load(&self.client, self.core.tag).map_err(|error| self.missing(error))?;
            self.core.set_folded(&session);
            *slot = Some(session);
            self.client.unload_some();
        }
        Ok(Locked { slot, client: &self.client, core: &self.core })
    }

    /// A group that is only being joined has no state to load.
    fn missing(&self, error: crate::MlsError) -> crate::MlsError {
        if error.code() == ErrorCode::GroupNotFound && self.client.exists(self.core.tag).unwrap_or(false) {
            return crate::MlsError::new(ErrorCode::GroupJoining, "the commit that joins is not accepted yet");
        }
        error
    }

    /// Runs `step` on the whole group until it is not overtaken by another handle or process. `Stale` if it always is.
    pub(crate) fn attempt<T>(&self, step: impl FnMut(&mut Locked) -> Result<Option<T>>) -> Result<T> {
        self.attempt_with(Self::lock_whole, step)
    }

    /// As [`attempt`](Self::attempt), for a step that copes with a damaged group.
    pub(crate) fn attempt_damaged<T>(&self, step: impl FnMut(&mut Locked) -> Result<Option<T>>) -> Result<T> {
        self.attempt_with(Self::lock, step)
    }

    fn attempt_with<'a, T>(
        &'a self,
        lock: impl Fn(&'a Self) -> Result<Locked<'a>>,
        mut step: impl FnMut(&mut Locked) -> Result<Option<T>>,
    ) -> Result<T> {
        for _ in 0..ATTEMPTS {
            let mut locked = lock(self)?;
            match step(&mut locked) {
                Ok(Some(value)) => return Ok(value),
                Ok(None) => {}
                // Rows that do not fit together may be of two states: somebody has written between two reads.
                Err(error) if error.code() == ErrorCode::StoreCorrupt && locked.is_overtaken()? => {}
                Err(error) => {
                    // Between the engine's part and the transaction the loaded group is ahead of the store.
                    if is_of_the_store(error.code()) {
                        locked.drop_session();
                    }
                    return Err(error);
                }
            }
        }
        fail(ErrorCode::Stale, "others kept changing the group")
    }

    /// `GroupClosed` and the like where nothing may be sent; `GroupJoining` while a resync waits.
    pub(crate) fn check_sending(&self, session: &Session) -> Result<()> {
        self.client.settings.full()?;
        session.active()?;
        if session.rejoining {
            return fail(ErrorCode::GroupJoining, "the commit that joins again is not accepted yet");
        }
        Ok(())
    }
}

/// Whether a call may have ended anywhere, because its store failed.
fn is_of_the_store(code: ErrorCode) -> bool {
    use ErrorCode::*;
    matches!(code, StoreLocked | StoreCorrupt | StoreNewer | StoreFull | StoreIo | Suspended | CallbackFailed)
}

/// What a group was before an operation, for telling whose credential is new.
pub(crate) struct Before<'a> {
    /// Who was at a leaf.
    pub(crate) at: &'a dyn Fn(u32) -> Option<SigningIdentity>,
    /// Everybody.
    pub(crate) everybody: &'a dyn Fn() -> HashSet<SigningIdentity>,
    /// What members have put in their own place, by an Update or by their own commit. Whatever else comes with a known
    /// name (an Add, an external commit) was introduced by nobody who held the name.
    pub(crate) introduced: Vec<SigningIdentity>,
}

impl Session {
    /// Puts the credentials that the engine has met since the last time to the trust policy, but for those that were in
    /// the group before.
    pub(crate) fn ask_trust(&self, client: &ClientCore, before: &Before) -> Result<Answer> {
        let own = self.engine.current_member_signing_identity().ok().cloned();
        let mut questions = Vec::new();
        let mut everybody = None;
        for subject in self.parts.identity.take() {
            if Some(&subject.identity) == own.as_ref() {
                continue;
            }
            let identity = identity_of(&subject.identity);
            let leaf = self.engine.member_with_identity(&identity).ok().map(|member| member.index);
            let previous = leaf.and_then(before.at);
            if previous.as_ref() == Some(&subject.identity)
                || !subject.external
                    && everybody.get_or_insert_with(|| (before.everybody)()).contains(&subject.identity)
            {
                continue;
            }
            let previous = previous.filter(|_| before.introduced.contains(&subject.identity));
            questions.push(Question {
                purpose: match (subject.external, &previous) {
                    (true, _) => Purpose::ExternalSender,
                    (false, Some(_)) => Purpose::Update,
                    (false, None) => Purpose::Add,
                },
                identity,
                credential: credential(&subject.identity),
                signature_key: subject.identity.signature_key.as_bytes().to_vec(),
                previous: previous.map(|before| (credential(&before), before.signature_key.as_bytes().to_vec())),
            });
        }
        self.put(client, questions)
    }

    /// As [`ask_trust`](Self::ask_trust), for somebody who takes our own place by an external commit: another copy of
    /// this device, or whoever calls himself so. First use was ours.
    pub(crate) fn ask_resync_trust(&self, client: &ClientCore, joiner: &SigningIdentity) -> Result<Answer> {
        let own = self.engine.current_member_signing_identity()?;
        if own == joiner {
            return Ok(Answer::default());
        }
        if matches!(client.settings.trust, Trust::OnFirstUse) {
            return Ok(Answer { refused: Some(Verdict::Deny), pins: Vec::new() });
        }
        let question = Question {
            purpose: Purpose::Add,
            identity: identity_of(joiner),
            credential: credential(joiner),
            signature_key: joiner.signature_key.as_bytes().to_vec(),
            previous: None,
        };
        self.put(client, vec![question])
    }

    fn put(&self, client: &ClientCore, questions: Vec<Question>) -> Result<Answer> {
        let suite = crate::CipherSuite(self.row.cipher_suite);
        client.settings.trust.ask(&client.store, &client.settings, Some(self.engine.group_id()), suite, questions)
    }

    /// As [`ask_trust`](Self::ask_trust), for an operation that has not changed the members yet. Members introduce
    /// what they have proposed for their own leaves; `new` is what this device is about to put in its own, which the
    /// engine asks nobody about.
    pub(crate) fn ask_current_trust(&self, client: &ClientCore, new: Option<&SigningIdentity>) -> Result<Answer> {
        let introduced = self.engine.get_cached_proposals().into_iter().filter_map(|cached| match cached.proposal() {
            EngineProposal::Update(update) => Some(update.signing_identity().clone()),
            _ => None,
        });
        let introduced = introduced.chain(new.cloned()).collect();
        // A first use is of somebody else's.
        if let Some(new) = new.filter(|_| !matches!(client.settings.trust, Trust::OnFirstUse)) {
            self.parts.identity.ask_about(new);
        }
        let at = |leaf: u32| self.engine.member_at_index(leaf).map(|member| member.signing_identity);
        let everybody = || self.engine.roster().members_iter().map(|member| member.signing_identity).collect();
        self.ask_trust(client, &Before { at: &at, everybody: &everybody, introduced })
    }
}
