//! The roster: who is in a group.

use crate::{Credential, Extension};
use minicbor::{Decode, Encode};

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Member {
    /// Where its leaf is in the tree. Stable while it is a member.
    pub leaf: u32,
    /// Its credential.
    pub credential: Credential,
    /// The user that the credential names, if it is of the client's form.
    pub user: Option<String>,
    /// The device that the credential names, if it is of the client's form.
    pub device: Option<String>,
    /// Its signature key.
    pub signature_key: Vec<u8>,
    /// The epoch in which its keys last changed, as far as this device has seen (the epoch of its own join at first).
    pub last_update: u64,
    /// Extensions of its leaf.
    pub extensions: Vec<Extension>,
    /// Extension types that it knows beyond the defaults.
    pub capabilities_extensions: Vec<u16>,
    /// Proposal types that it knows beyond the defaults.
    pub capabilities_proposals: Vec<u16>,
    /// Credential types that it knows.
    pub capabilities_credentials: Vec<u16>,
    /// Cipher suites that it knows.
    pub capabilities_cipher_suites: Vec<u16>,
}

/// Where a sender stands (RFC 9420 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum SenderKind {
    /// A member of the group.
    #[n(1)]
    Member = 1,
    /// A sender of the `external_senders` extension.
    #[n(2)]
    External = 2,
    /// Somebody who proposes to be added.
    #[n(3)]
    NewMemberProposal = 3,
    /// Somebody who joined by this external commit.
    #[n(4)]
    NewMemberCommit = 4,
}

/// Who sent something, or whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Sender {
    /// Where it stands.
    #[n(0)]
    pub kind: SenderKind,
    /// Its leaf, for a member; its place in `external_senders`, for an external sender.
    #[n(1)]
    pub leaf: Option<u32>,
    /// Its credential, as far as it is known.
    #[n(2)]
    pub credential: Option<Credential>,
    /// Its user, if the credential is of the client's form.
    #[n(3)]
    pub user: Option<String>,
    /// Its device, if the credential is of the client's form.
    #[n(4)]
    pub device: Option<String>,
    /// Its signature key; empty if unknown.
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    pub signature_key: Vec<u8>,
}
