//! Everything that `receive` can tell the application, and what to do about it.
//!
//! An event is an outcome, never a puzzle. Those that the application would miss are [kept](EventKind::is_kept) in the
//! inbox until it acknowledges them; the others are only returned.

use crate::{Credential, Invitation, ProposalInfo, Sender};
use minicbor::{Decode, Encode};
use std::fmt;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Event {
    /// Never used again in this store. Events of one group are in the order of their ids.
    pub id: u64,
    /// How often it was returned before: above 0 after a crash or a pull from the inbox. A message that crashes the
    /// application can be recognised by it.
    pub deliveries: u32,
    /// The group that it is about.
    pub group_id: Vec<u8>,
    /// What it is.
    pub kind: EventKind,
}

/// The kinds of event. They only grow: keep a default branch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum EventKind {
    /// Kept. An application message: show it.
    #[n(1)]
    Message(#[n(0)] Message),
    /// Kept. A Welcome: join or decline.
    #[n(2)]
    Invited(#[n(0)] Invitation),
    /// Kept. This device is in a group now: show it, and refill the key packages.
    #[n(3)]
    Joined(#[n(0)] Joined),
    /// A proposal was cached: commit it, or clear it.
    #[n(4)]
    Proposed(#[n(0)] Proposed),
    /// Kept. The group has a new epoch: refresh the roster.
    #[n(5)]
    Committed(#[n(0)] Committed),
    /// Kept. Another's commit won over ours: commit again, or not.
    #[n(6)]
    Superseded(#[n(0)] Superseded),
    /// Kept. This device was removed: the group is closed.
    #[n(7)]
    Removed(#[n(0)] Removed),
    /// Kept. The group ended in favour of a successor: create or join it.
    #[n(8)]
    Replaced(#[n(0)] Replaced),
    /// The message waits: fetch what is missing.
    #[n(9)]
    Held(#[n(0)] Held),
    /// Nothing to do.
    #[n(10)]
    Ignored(#[n(0)] Ignored),
    /// This device's policy or the protocol turns it away: nothing to do, or change the policy and receive it again.
    #[n(11)]
    Denied(#[n(0)] Denied),
    /// Nobody in the group is proven to have sent it: count it.
    #[n(12)]
    Undecryptable(#[n(0)] Undecryptable),
    /// Kept. A member's genuine commit cannot be applied here; the group is behind until then: change the policy and
    /// receive it again, leave, or rejoin.
    #[n(13)]
    Stalled(#[n(0)] Stalled),
    /// Kept. This device's state has parted from the group's: join again by an external commit, with the user's
    /// consent.
    #[n(14)]
    RejoinNeeded(#[n(0)] RejoinNeeded),
}

impl EventKind {
    /// Whether it is kept in the inbox until it is acknowledged.
    pub fn is_kept(&self) -> bool {
        !matches!(self, Self::Proposed(_) | Self::Held(_) | Self::Ignored(_) | Self::Denied(_) | Self::Undecryptable(_))
    }
}

/// An application message (RFC 9420 section 6). Its Debug output says how long it is, not what.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Message {
    /// Who sent it; the signature is checked.
    #[n(0)]
    pub sender: Sender,
    /// The epoch that it was sent in.
    #[n(1)]
    pub epoch: u64,
    /// The sender's count of messages in that epoch. Not signed: a member can give another's message a new one.
    #[n(2)]
    pub generation: u32,
    /// What was sent.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub data: Vec<u8>,
    /// Authenticated, not encrypted.
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    pub aad: Vec<u8>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("sender", &self.sender)
            .field("epoch", &self.epoch)
            .field("generation", &self.generation)
            .field("data", &format_args!("{} bytes", self.data.len()))
            .field("aad", &self.aad)
            .finish()
    }
}

/// How this device came into a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum JoinedBy {
    /// A Welcome.
    #[n(1)]
    Welcome = 1,
    /// Its own external commit.
    #[n(2)]
    ExternalCommit = 2,
}

/// This device is in a group now.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Joined {
    /// How.
    #[n(0)]
    pub by: JoinedBy,
    /// The epoch it joined in.
    #[n(1)]
    pub epoch: u64,
    /// The reference of the key package that was used; empty for an external commit.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub key_package: Vec<u8>,
    /// The id of our external commit.
    #[n(3)]
    pub commit: Option<u64>,
}

/// A proposal was cached (RFC 9420 section 12.1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Proposed {
    /// The proposal.
    #[n(0)]
    pub proposal: ProposalInfo,
    /// Authenticated data of its message.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub aad: Vec<u8>,
}

/// A new epoch (RFC 9420 section 12.4.2).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Committed {
    /// Who committed.
    #[n(0)]
    pub sender: Sender,
    /// The new epoch.
    #[n(1)]
    pub epoch: u64,
    /// The commit's id, if it is ours.
    #[n(2)]
    pub commit: Option<u64>,
    /// Who was added.
    #[n(3)]
    pub added: Vec<Sender>,
    /// Who was removed.
    #[n(4)]
    pub removed: Vec<Sender>,
    /// Whose credential or signature key changed, with the new ones.
    #[n(5)]
    pub updated: Vec<Sender>,
    /// Ids of the external pre-shared keys that were mixed in.
    #[n(6)]
    #[cbor(with = "crate::ledger::byte_strings")]
    pub psks: Vec<Vec<u8>>,
    /// Whether the extensions of the group context changed.
    #[n(7)]
    pub context_changed: bool,
    /// Custom proposals that were committed.
    #[n(8)]
    pub custom: Vec<ProposalInfo>,
    /// Our own proposals of the old epoch that were not committed.
    #[n(9)]
    pub dropped: Vec<ProposalInfo>,
    /// Authenticated data of the commit.
    #[n(10)]
    #[cbor(with = "minicbor::bytes")]
    pub aad: Vec<u8>,
}

/// Another's commit won over ours.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Superseded {
    /// The id of our commit.
    #[n(0)]
    pub commit: u64,
    /// Who won.
    #[n(1)]
    pub winner: Sender,
    /// The epoch that the winner made.
    #[n(2)]
    pub epoch: u64,
    /// Our proposals in it that could be committed again. Their `encoded` bytes go to
    /// [`Group::commit_again`](crate::Group::commit_again).
    #[n(3)]
    pub still_valid: Vec<ProposalInfo>,
}

/// This device was removed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Removed {
    /// Who committed it.
    #[n(0)]
    pub sender: Sender,
    /// The last epoch that this device was part of.
    #[n(1)]
    pub epoch: u64,
}

/// The group ended in favour of a successor (RFC 9420 sections 11.2, 11.3).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Replaced {
    /// The successor's group id.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub successor: Vec<u8>,
    /// The successor's cipher suite.
    #[n(1)]
    pub cipher_suite: u16,
    /// Who committed it.
    #[n(2)]
    pub sender: Sender,
}

/// What a held message waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum HeldFor {
    /// An earlier commit.
    #[n(1)]
    Epoch = 1,
    /// The Welcome to its group.
    #[n(2)]
    Group = 2,
    /// The validator's decision: [`Client::retry_held`](crate::Client::retry_held).
    #[n(3)]
    Validator = 3,
    /// A client with larger limits (the application, not its extension).
    #[n(4)]
    Limits = 4,
    /// A proposal that a commit refers to.
    #[n(5)]
    Proposal = 5,
    /// A pre-shared key of a Welcome: [`Client::add_psk`](crate::Client::add_psk), then
    /// [`Client::retry_held`](crate::Client::retry_held).
    #[n(6)]
    Psk = 6,
}

/// A message waits.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Held {
    /// For what.
    #[n(0)]
    pub reason: HeldFor,
    /// The epoch that it belongs to; 0 if unknown.
    #[n(1)]
    pub epoch: u64,
    /// How many messages of this group wait for the same, or how many Welcomes wait, now.
    #[n(2)]
    pub waiting: u32,
}

/// Why there is nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum IgnoredReason {
    /// It was processed before.
    #[n(1)]
    Duplicate = 1,
    /// It is our own.
    #[n(2)]
    OwnEcho = 2,
    /// Its epoch is over and its keys are gone.
    #[n(3)]
    TooOld = 3,
    /// The group is closed.
    #[n(4)]
    GroupClosed = 4,
    /// Too much waits for this group already; it was not kept.
    #[n(5)]
    HoldFull = 5,
    /// A Welcome for key packages that this device does not have.
    #[n(6)]
    NotForUs = 6,
    /// A Welcome to a group that this device is in.
    #[n(7)]
    AlreadyMember = 7,
}

/// Nothing to do.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Ignored {
    /// Why.
    #[n(0)]
    pub reason: IgnoredReason,
    /// The epoch that it belongs to; 0 if unknown.
    #[n(1)]
    pub epoch: u64,
}

/// Why something was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum DeniedReason {
    /// This device's policy.
    #[n(1)]
    Policy = 1,
    /// The trust policy denied a credential.
    #[n(2)]
    Trust = 2,
    /// It is not valid in the protocol.
    #[n(3)]
    Protocol = 3,
    /// Over a limit.
    #[n(4)]
    Limit = 4,
}

/// Turned away, with the state unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Denied {
    /// Why.
    #[n(0)]
    pub reason: DeniedReason,
    /// The engine's word for it. Not stable.
    #[n(1)]
    pub detail: String,
    /// Who sent it, as far as it is known.
    #[n(2)]
    pub sender: Option<Sender>,
    /// The message, to receive it again.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub message: Vec<u8>,
}

/// Nobody in the group is proven to have sent it; the state is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Undecryptable {
    /// The engine's word for it. Not stable.
    #[n(0)]
    pub detail: String,
    /// The epoch that it claims; 0 if unknown.
    #[n(1)]
    pub epoch: u64,
}

/// A genuine commit cannot be applied here; the state is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Stalled {
    /// Why.
    #[n(0)]
    pub reason: DeniedReason,
    /// The engine's word for it. Not stable.
    #[n(1)]
    pub detail: String,
    /// The epoch that the commit would end.
    #[n(2)]
    pub epoch: u64,
    /// Who committed, as far as it is known.
    #[n(3)]
    pub sender: Option<Sender>,
    /// The commit, to receive it again.
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    pub message: Vec<u8>,
}

/// How this device's state parted from the group's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum RejoinReason {
    /// Our own message at a generation that this store never set aside, or a proposal of ours that it does not know: the
    /// store was rolled back.
    #[n(1)]
    RolledBack = 1,
    /// A commit of ours that this store does not know.
    #[n(2)]
    UnknownOwnCommit = 2,
    /// The anchor is ahead of the store.
    #[n(3)]
    Anchor = 3,
    /// Reserved, and not told: what belongs to a group changes in one transaction, so a store that lacks some of it is
    /// an older copy (the other reasons) or damaged (`StoreCorrupt`), and one that lacks all of it knows of no group.
    #[n(4)]
    LostState = 4,
}

/// Join again by an external commit.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RejoinNeeded {
    /// How it was noticed.
    #[n(0)]
    pub reason: RejoinReason,
    /// The epoch that this device is in.
    #[n(1)]
    pub epoch: u64,
}

impl Committed {
    /// A new epoch in which nothing has changed yet.
    pub(crate) fn new(sender: Sender, epoch: u64) -> Self {
        Self {
            sender,
            epoch,
            commit: None,
            added: Vec::new(),
            removed: Vec::new(),
            updated: Vec::new(),
            psks: Vec::new(),
            context_changed: false,
            custom: Vec::new(),
            dropped: Vec::new(),
            aad: Vec::new(),
        }
    }
}

/// A credential that an event carries, for a match on its user.
impl Sender {
    /// The credential's bytes; empty if it is not known.
    pub fn credential_bytes(&self) -> &[u8] {
        self.credential.as_ref().map_or(&[], Credential::bytes)
    }
}
