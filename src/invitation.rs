//! A Welcome before it is joined (RFC 9420 section 12.4.3.1).

use crate::Sender;
use minicbor::{Decode, Encode};

/// A group as its GroupInfo shows it, before this device is in it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct GroupPreview {
    /// The group's id.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub group_id: Vec<u8>,
    /// Its cipher suite.
    #[n(1)]
    pub cipher_suite: u16,
    /// Its epoch.
    #[n(2)]
    pub epoch: u64,
    /// Who signed the GroupInfo: the inviter, if the tree is known.
    #[n(3)]
    pub inviter: Option<Sender>,
    /// Its members; empty while the tree is not known.
    #[n(4)]
    pub members: Vec<Sender>,
    /// Whether the ratchet tree has to be given to join.
    #[n(5)]
    pub needs_tree: bool,
    /// The group that it succeeds or branches off, if this device knows it.
    #[n(6)]
    #[cbor(with = "minicbor::bytes")]
    pub parent: Option<Vec<u8>>,
}

/// A Welcome that waits for [`Client::join`](crate::Client::join) or [`Client::decline`](crate::Client::decline).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Invitation {
    /// What to give to `join`; the id of the event that brought it.
    #[n(0)]
    pub id: u64,
    /// What would be joined.
    #[n(1)]
    pub preview: GroupPreview,
    /// The reference of the key package that was used.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub key_package: Vec<u8>,
}
