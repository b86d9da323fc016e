//! Everything that receiving can tell the application: a list of events, read by index.
//!
//! An accessor that an event's kind does not have answers `InvalidArgument`; the kinds' comments say which they have.
use super::{
    bytes::mls_bytes_t,
    error::{mls_error_t, mls_status_t},
    guard::{self, New, give},
    handle::{self, Handle, Tag, item},
    id::mls_ids_t,
    invitation::mls_preview_t,
    proposal::mls_proposal_infos_t,
    sender::mls_senders_t,
};
use crate::{
    DeniedReason, Event, EventKind, HeldFor, IgnoredReason, JoinedBy, ProposalInfo, RejoinReason, Result, Sender,
};

/// Kept. An application message: show it. Has `sender`, `epoch`, `generation`, `data`, `aad`.
pub const MLS_EVENT_MESSAGE: i32 = 1;
/// Kept. A Welcome: `mls_client_join` or `mls_client_decline` with the event's id. Has `preview`, `key_package`.
pub const MLS_EVENT_INVITED: i32 = 2;
/// Kept. This device is in a group now: show it, and refill the key packages. Has `joined_by`, `epoch`, `key_package`,
/// `commit`.
pub const MLS_EVENT_JOINED: i32 = 3;
/// A proposal was cached: commit it, or clear it. Has `proposal`, `aad`.
pub const MLS_EVENT_PROPOSED: i32 = 4;
/// Kept. The group has a new epoch: refresh the roster. Has `sender`, `epoch`, `commit`, `added`, `removed`,
/// `updated`, `psks`, `context_changed`, `custom`, `dropped`, `aad`.
pub const MLS_EVENT_COMMITTED: i32 = 5;
/// Kept. Another's commit won over ours: commit again, or not. Has `commit`, `winner`, `epoch`, `still_valid`.
pub const MLS_EVENT_SUPERSEDED: i32 = 6;
/// Kept. This device was removed: the group is closed. Has `sender`, `epoch`.
pub const MLS_EVENT_REMOVED: i32 = 7;
/// Kept. The group ended in favour of a successor: create or join it. Has `successor`, `cipher_suite`, `sender`.
pub const MLS_EVENT_REPLACED: i32 = 8;
/// The message waits: fetch what is missing. Has `reason` (`MLS_HELD_FOR_*`), `epoch`, `waiting`.
pub const MLS_EVENT_HELD: i32 = 9;
/// Nothing to do. Has `reason` (`MLS_IGNORED_*`), `epoch`.
pub const MLS_EVENT_IGNORED: i32 = 10;
/// This device's policy or the protocol turns it away: nothing to do, or change the policy and receive it again. Has
/// `reason` (`MLS_DENIED_*`), `detail`, `sender`, `message`.
pub const MLS_EVENT_DENIED: i32 = 11;
/// Nobody in the group is proven to have sent it: count it. Has `detail`, `epoch`.
pub const MLS_EVENT_UNDECRYPTABLE: i32 = 12;
/// Kept. A member's genuine commit cannot be applied here; the group is behind until then: change the policy and
/// receive it again, leave, or rejoin. Has `reason` (`MLS_DENIED_*`), `detail`, `epoch`, `sender`, `message`.
pub const MLS_EVENT_STALLED: i32 = 13;
/// Kept. This device's state has parted from the group's: join again by an external commit, with the user's consent.
/// Has `reason` (`MLS_REJOIN_*`), `epoch`.
pub const MLS_EVENT_REJOIN_NEEDED: i32 = 14;

/// Joined by a Welcome.
pub const MLS_JOINED_BY_WELCOME: i32 = 1;
/// Joined by its own external commit.
pub const MLS_JOINED_BY_EXTERNAL_COMMIT: i32 = 2;

/// Held for an earlier commit.
pub const MLS_HELD_FOR_EPOCH: i32 = 1;
/// Held for the Welcome to its group.
pub const MLS_HELD_FOR_GROUP: i32 = 2;
/// Held for the validator's decision: `mls_client_retry_held`.
pub const MLS_HELD_FOR_VALIDATOR: i32 = 3;
/// Held for a client with larger limits (the application, not its extension).
pub const MLS_HELD_FOR_LIMITS: i32 = 4;
/// Held for a proposal that a commit refers to.
pub const MLS_HELD_FOR_PROPOSAL: i32 = 5;
/// Held for a pre-shared key of a Welcome: `mls_client_add_psk`, then `mls_client_retry_held`.
pub const MLS_HELD_FOR_PSK: i32 = 6;

/// It was processed before.
pub const MLS_IGNORED_DUPLICATE: i32 = 1;
/// It is our own.
pub const MLS_IGNORED_OWN_ECHO: i32 = 2;
/// Its epoch is over and its keys are gone.
pub const MLS_IGNORED_TOO_OLD: i32 = 3;
/// The group is closed.
pub const MLS_IGNORED_GROUP_CLOSED: i32 = 4;
/// Too much waits for this group already; it was not kept.
pub const MLS_IGNORED_HOLD_FULL: i32 = 5;
/// A Welcome for key packages that this device does not have.
pub const MLS_IGNORED_NOT_FOR_US: i32 = 6;
/// A Welcome to a group that this device is in.
pub const MLS_IGNORED_ALREADY_MEMBER: i32 = 7;

/// This device's policy.
pub const MLS_DENIED_POLICY: i32 = 1;
/// The trust policy denied a credential.
pub const MLS_DENIED_TRUST: i32 = 2;
/// It is not valid in the protocol.
pub const MLS_DENIED_PROTOCOL: i32 = 3;
/// Over a limit.
pub const MLS_DENIED_LIMIT: i32 = 4;

/// Our own message at a generation that this store never set aside, or a proposal of ours that it does not know: the
/// store was rolled back.
pub const MLS_REJOIN_ROLLED_BACK: i32 = 1;
/// A commit of ours that this store does not know.
pub const MLS_REJOIN_UNKNOWN_OWN_COMMIT: i32 = 2;
/// The anchor is ahead of the store.
pub const MLS_REJOIN_ANCHOR: i32 = 3;
/// Reserved, and not told: a store that lacks some of a group's state is an older copy (the other reasons) or damaged
/// (`MLS_ERROR_STORE_CORRUPT`), and one that lacks all of it knows of no group.
pub const MLS_REJOIN_LOST_STATE: i32 = 4;

/// Events, in the order in which they happened.
///
/// Those that the application would miss are kept in the inbox until `mls_client_acknowledge`; the others are only
/// returned. Kinds only grow: keep a default branch. Every accessor but `count`, `id` and `kind` answers
/// `MLS_ERROR_INVALID_ARGUMENT` past the end of the list and for a kind of event that does not have it.
pub struct mls_events_t {
    _opaque: [u8; 0],
}

impl Handle for mls_events_t {
    type Object = Vec<Event>;
    const TAG: Tag = Tag::Events;
}

/// How many events there are. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_events_count(events: *const mls_events_t) -> usize {
    guard::answer(|| handle::count(events))
}

/// Lets a list go, with the plaintexts in it, which are wiped. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_events_free(events: *mut mls_events_t) {
    guard::free(events);
}

/// An event's id, never used again in its store. Events of one group are in the order of their ids. 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_events_id(events: *const mls_events_t, index: usize) -> u64 {
    guard::answer(|| item(events, index, |event| event.id))
}

/// What an event is, one of `MLS_EVENT_*` or, from a newer library, another. 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_events_kind(events: *const mls_events_t, index: usize) -> i32 {
    guard::answer(|| item(events, index, kind))
}

/// How often an event was returned before: above 0 after a crash or a pull from the inbox. A message that crashes the
/// application can be recognised by it.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_deliveries(
    events: *const mls_events_t,
    index: usize,
    out: *mut u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(events, index, |event| event.deliveries))
}

/// The group that an event is about. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_group_id(
    events: *const mls_events_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(events, index, |event| event.group_id.clone()))
}

/// Who sent or committed it: a list of one, or of none for `MLS_EVENT_DENIED` and `MLS_EVENT_STALLED` if it is not
/// known. Yours: `mls_senders_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_sender(
    events: *const mls_events_t,
    index: usize,
    out: *mut *mut mls_senders_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, sender).map(New))
}

/// The epoch that it is about: that a message was sent in, that a commit made, that this device joined or left in,
/// that a waiting, ignored, undecryptable or stalled message belongs to (0 if unknown), that a device that must rejoin
/// is in.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_epoch(
    events: *const mls_events_t,
    index: usize,
    out: *mut u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, epoch))
}

/// The sender's count of messages in its epoch. Not signed: a member can give another's message a new one.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_generation(
    events: *const mls_events_t,
    index: usize,
    out: *mut u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, generation))
}

/// What was sent. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_data(
    events: *const mls_events_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, data))
}

/// Authenticated data of a message, a proposal or a commit. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_aad(
    events: *const mls_events_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, aad))
}

/// The group of an invitation. Yours: `mls_preview_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_preview(
    events: *const mls_events_t,
    index: usize,
    out: *mut *mut mls_preview_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, preview).map(New))
}

/// The reference of the key package that an invitation or a join used; empty for an external commit. Yours:
/// `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_key_package(
    events: *const mls_events_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, key_package))
}

/// How this device came into the group, one of `MLS_JOINED_BY_*`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_joined_by(
    events: *const mls_events_t,
    index: usize,
    out: *mut i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, joined_by))
}

/// The proposal that was cached: a list of one. Yours: `mls_proposal_infos_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_proposal(
    events: *const mls_events_t,
    index: usize,
    out: *mut *mut mls_proposal_infos_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, proposal).map(New))
}

/// The id of our commit that was committed, that was superseded, or that has joined. 0 if it is not ours, or a Welcome.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_commit(
    events: *const mls_events_t,
    index: usize,
    out: *mut u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, commit))
}

/// Who was added. Yours: `mls_senders_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_added(
    events: *const mls_events_t,
    index: usize,
    out: *mut *mut mls_senders_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, added).map(New))
}

/// Who was removed. Yours: `mls_senders_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_removed(
    events: *const mls_events_t,
    index: usize,
    out: *mut *mut mls_senders_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, removed).map(New))
}

/// Whose credential or key changed, with the new ones. Yours: `mls_senders_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_updated(
    events: *const mls_events_t,
    index: usize,
    out: *mut *mut mls_senders_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, updated).map(New))
}

/// Ids of the external pre-shared keys that were mixed in. Yours: `mls_ids_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_psks(
    events: *const mls_events_t,
    index: usize,
    out: *mut *mut mls_ids_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, psks).map(New))
}

/// Whether the extensions of the group context changed.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_context_changed(
    events: *const mls_events_t,
    index: usize,
    out: *mut bool,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, context_changed))
}

/// Custom proposals that were committed. Yours: `mls_proposal_infos_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_custom(
    events: *const mls_events_t,
    index: usize,
    out: *mut *mut mls_proposal_infos_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, custom).map(New))
}

/// Our own proposals of the old epoch that were not committed. Yours: `mls_proposal_infos_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_dropped(
    events: *const mls_events_t,
    index: usize,
    out: *mut *mut mls_proposal_infos_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, dropped).map(New))
}

/// Who made the commit that won over ours: a list of one. Yours: `mls_senders_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_winner(
    events: *const mls_events_t,
    index: usize,
    out: *mut *mut mls_senders_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, winner).map(New))
}

/// Our proposals that could be committed again, with `mls_group_commit_again`. Yours: `mls_proposal_infos_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_still_valid(
    events: *const mls_events_t,
    index: usize,
    out: *mut *mut mls_proposal_infos_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, still_valid).map(New))
}

/// The successor's group id. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_successor(
    events: *const mls_events_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, successor))
}

/// The successor's cipher suite, by its IANA number.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_cipher_suite(
    events: *const mls_events_t,
    index: usize,
    out: *mut u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, cipher_suite))
}

/// Why: one of `MLS_HELD_FOR_*`, `MLS_IGNORED_*`, `MLS_DENIED_*` (denied and stalled) or `MLS_REJOIN_*`, as the kind
/// is.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_reason(
    events: *const mls_events_t,
    index: usize,
    out: *mut i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, reason))
}

/// How many messages of this group wait now.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_waiting(
    events: *const mls_events_t,
    index: usize,
    out: *mut u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, waiting))
}

/// The engine's word for it, UTF-8. Not stable. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_detail(
    events: *const mls_events_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, detail))
}

/// The message, to receive it again. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_events_message(
    events: *const mls_events_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || field(events, index, message))
}

/// A field that only some kinds have.
fn field<T>(events: *const mls_events_t, index: usize, read: impl FnOnce(&EventKind) -> Option<T>) -> Result<T> {
    guard::present(item(events, index, |event| read(&event.kind))?)
}

fn kind(event: &Event) -> i32 {
    match event.kind {
        EventKind::Message(_) => MLS_EVENT_MESSAGE,
        EventKind::Invited(_) => MLS_EVENT_INVITED,
        EventKind::Joined(_) => MLS_EVENT_JOINED,
        EventKind::Proposed(_) => MLS_EVENT_PROPOSED,
        EventKind::Committed(_) => MLS_EVENT_COMMITTED,
        EventKind::Superseded(_) => MLS_EVENT_SUPERSEDED,
        EventKind::Removed(_) => MLS_EVENT_REMOVED,
        EventKind::Replaced(_) => MLS_EVENT_REPLACED,
        EventKind::Held(_) => MLS_EVENT_HELD,
        EventKind::Ignored(_) => MLS_EVENT_IGNORED,
        EventKind::Denied(_) => MLS_EVENT_DENIED,
        EventKind::Undecryptable(_) => MLS_EVENT_UNDECRYPTABLE,
        EventKind::Stalled(_) => MLS_EVENT_STALLED,
        EventKind::RejoinNeeded(_) => MLS_EVENT_REJOIN_NEEDED,
    }
}

fn sender(kind: &EventKind) -> Option<Vec<Sender>> {
    match kind {
        EventKind::Message(event) => Some(vec![event.sender.clone()]),
        EventKind::Committed(event) => Some(vec![event.sender.clone()]),
        EventKind::Removed(event) => Some(vec![event.sender.clone()]),
        EventKind::Replaced(event) => Some(vec![event.sender.clone()]),
        EventKind::Denied(event) => Some(event.sender.iter().cloned().collect()),
        EventKind::Stalled(event) => Some(event.sender.iter().cloned().collect()),
        _ => None,
    }
}

fn epoch(kind: &EventKind) -> Option<u64> {
    match kind {
        EventKind::Message(event) => Some(event.epoch),
        EventKind::Joined(event) => Some(event.epoch),
        EventKind::Committed(event) => Some(event.epoch),
        EventKind::Superseded(event) => Some(event.epoch),
        EventKind::Removed(event) => Some(event.epoch),
        EventKind::Held(event) => Some(event.epoch),
        EventKind::Ignored(event) => Some(event.epoch),
        EventKind::Undecryptable(event) => Some(event.epoch),
        EventKind::Stalled(event) => Some(event.epoch),
        EventKind::RejoinNeeded(event) => Some(event.epoch),
        _ => None,
    }
}

fn generation(kind: &EventKind) -> Option<u32> {
    match kind {
        EventKind::Message(event) => Some(event.generation),
        _ => None,
    }
}

fn data(kind: &EventKind) -> Option<Vec<u8>> {
    match kind {
        EventKind::Message(event) => Some(event.data.clone()),
        _ => None,
    }
}

fn aad(kind: &EventKind) -> Option<Vec<u8>> {
    match kind {
        EventKind::Message(event) => Some(event.aad.clone()),
        EventKind::Proposed(event) => Some(event.aad.clone()),
        EventKind::Committed(event) => Some(event.aad.clone()),
        _ => None,
    }
}

fn preview(kind: &EventKind) -> Option<crate::GroupPreview> {
    match kind {
        EventKind::Invited(event) => Some(event.preview.clone()),
        _ => None,
    }
}

fn key_package(kind: &EventKind) -> Option<Vec<u8>> {
    match kind {
        EventKind::Invited(event) => Some(event.key_package.clone()),
        EventKind::Joined(event) => Some(event.key_package.clone()),
        _ => None,
    }
}

fn joined_by(kind: &EventKind) -> Option<i32> {
    match kind {
        EventKind::Joined(event) => Some(event.by as i32),
        _ => None,
    }
}

fn proposal(kind: &EventKind) -> Option<Vec<ProposalInfo>> {
    match kind {
        EventKind::Proposed(event) => Some(vec![event.proposal.clone()]),
        _ => None,
    }
}

fn commit(kind: &EventKind) -> Option<u64> {
    match kind {
        EventKind::Committed(event) => Some(event.commit.unwrap_or_default()),
        EventKind::Superseded(event) => Some(event.commit),
        EventKind::Joined(event) => Some(event.commit.unwrap_or_default()),
        _ => None,
    }
}

fn added(kind: &EventKind) -> Option<Vec<Sender>> {
    match kind {
        EventKind::Committed(event) => Some(event.added.clone()),
        _ => None,
    }
}

fn removed(kind: &EventKind) -> Option<Vec<Sender>> {
    match kind {
        EventKind::Committed(event) => Some(event.removed.clone()),
        _ => None,
    }
}

fn updated(kind: &EventKind) -> Option<Vec<Sender>> {
    match kind {
        EventKind::Committed(event) => Some(event.updated.clone()),
        _ => None,
    }
}

fn psks(kind: &EventKind) -> Option<Vec<Vec<u8>>> {
    match kind {
        EventKind::Committed(event) => Some(event.psks.iter().map(|id| id.to_vec()).collect()),
        _ => None,
    }
}

fn context_changed(kind: &EventKind) -> Option<bool> {
    match kind {
        EventKind::Committed(event) => Some(event.context_changed),
        _ => None,
    }
}

fn custom(kind: &EventKind) -> Option<Vec<ProposalInfo>> {
    match kind {
        EventKind::Committed(event) => Some(event.custom.clone()),
        _ => None,
    }
}

fn dropped(kind: &EventKind) -> Option<Vec<ProposalInfo>> {
    match kind {
        EventKind::Committed(event) => Some(event.dropped.clone()),
        _ => None,
    }
}

fn winner(kind: &EventKind) -> Option<Vec<Sender>> {
    match kind {
        EventKind::Superseded(event) => Some(vec![event.winner.clone()]),
        _ => None,
    }
}

fn still_valid(kind: &EventKind) -> Option<Vec<ProposalInfo>> {
    match kind {
        EventKind::Superseded(event) => Some(event.still_valid.clone()),
        _ => None,
    }
}

fn successor(kind: &EventKind) -> Option<Vec<u8>> {
    match kind {
        EventKind::Replaced(event) => Some(event.successor.clone()),
        _ => None,
    }
}

fn cipher_suite(kind: &EventKind) -> Option<u16> {
    match kind {
        EventKind::Replaced(event) => Some(event.cipher_suite),
        _ => None,
    }
}

fn reason(kind: &EventKind) -> Option<i32> {
    match kind {
        EventKind::Held(event) => Some(event.reason as i32),
        EventKind::Ignored(event) => Some(event.reason as i32),
        EventKind::Denied(event) => Some(event.reason as i32),
        EventKind::Stalled(event) => Some(event.reason as i32),
        EventKind::RejoinNeeded(event) => Some(event.reason as i32),
        _ => None,
    }
}

fn waiting(kind: &EventKind) -> Option<u32> {
    match kind {
        EventKind::Held(event) => Some(event.waiting),
        _ => None,
    }
}

fn detail(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::Denied(event) => Some(event.detail.clone()),
        EventKind::Undecryptable(event) => Some(event.detail.clone()),
        EventKind::Stalled(event) => Some(event.detail.clone()),
        _ => None,
    }
}

fn message(kind: &EventKind) -> Option<Vec<u8>> {
    match kind {
        EventKind::Denied(event) => Some(event.message.clone()),
        EventKind::Stalled(event) => Some(event.message.clone()),
        _ => None,
    }
}

const _: () = {
    assert!(MLS_JOINED_BY_WELCOME == JoinedBy::Welcome as i32);
    assert!(MLS_JOINED_BY_EXTERNAL_COMMIT == JoinedBy::ExternalCommit as i32);
    assert!(MLS_HELD_FOR_EPOCH == HeldFor::Epoch as i32);
    assert!(MLS_HELD_FOR_GROUP == HeldFor::Group as i32);
    assert!(MLS_HELD_FOR_VALIDATOR == HeldFor::Validator as i32);
    assert!(MLS_HELD_FOR_LIMITS == HeldFor::Limits as i32);
    assert!(MLS_HELD_FOR_PROPOSAL == HeldFor::Proposal as i32);
    assert!(MLS_HELD_FOR_PSK == HeldFor::Psk as i32);
    assert!(MLS_IGNORED_DUPLICATE == IgnoredReason::Duplicate as i32);
    assert!(MLS_IGNORED_OWN_ECHO == IgnoredReason::OwnEcho as i32);
    assert!(MLS_IGNORED_TOO_OLD == IgnoredReason::TooOld as i32);
    assert!(MLS_IGNORED_GROUP_CLOSED == IgnoredReason::GroupClosed as i32);
    assert!(MLS_IGNORED_HOLD_FULL == IgnoredReason::HoldFull as i32);
    assert!(MLS_IGNORED_NOT_FOR_US == IgnoredReason::NotForUs as i32);
    assert!(MLS_IGNORED_ALREADY_MEMBER == IgnoredReason::AlreadyMember as i32);
    assert!(MLS_DENIED_POLICY == DeniedReason::Policy as i32);
    assert!(MLS_DENIED_TRUST == DeniedReason::Trust as i32);
    assert!(MLS_DENIED_PROTOCOL == DeniedReason::Protocol as i32);
    assert!(MLS_DENIED_LIMIT == DeniedReason::Limit as i32);
    assert!(MLS_REJOIN_ROLLED_BACK == RejoinReason::RolledBack as i32);
    assert!(MLS_REJOIN_UNKNOWN_OWN_COMMIT == RejoinReason::UnknownOwnCommit as i32);
    assert!(MLS_REJOIN_ANCHOR == RejoinReason::Anchor as i32);
    assert!(MLS_REJOIN_LOST_STATE == RejoinReason::LostState as i32);
};
