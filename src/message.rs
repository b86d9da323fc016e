//! A look at any MLS message without state, for routing (RFC 9420 section 6).

use crate::{ErrorCode, Result, engine, error::fail};

/// The media type of an MLS message (RFC 9420 section 17.10).
pub const MEDIA_TYPE: &str = "message/mls";

/// What kind of message it is (RFC 9420 section 6): the IANA numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum WireFormat {
    /// A handshake message that the service can read.
    PublicMessage = 1,
    /// An encrypted message.
    PrivateMessage = 2,
    /// For those who are being added.
    Welcome = 3,
    /// For those who want to join.
    GroupInfo = 4,
    /// For those who want to add its maker.
    KeyPackage = 5,
}

/// What a framed message contains (RFC 9420 section 6): the numbers of its content types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ContentKind {
    /// An application message.
    Application = 1,
    /// A proposal.
    Proposal = 2,
    /// A commit.
    Commit = 3,
}

/// What can be seen of a message from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MessageInfo {
    /// What kind of message it is.
    pub wire_format: WireFormat,
    /// Its group, where it names one: not for Welcome and KeyPackage.
    pub group_id: Option<Vec<u8>>,
    /// Its epoch, where it names one.
    pub epoch: Option<u64>,
    /// Its cipher suite, where it names one: Welcome, GroupInfo, KeyPackage.
    pub cipher_suite: Option<u16>,
    /// What it contains, for a framed message.
    pub content: Option<ContentKind>,
    /// Where its sender claims to stand, for a PublicMessage.
    pub sender_kind: Option<crate::SenderKind>,
    /// The sender's claimed leaf, for a PublicMessage of a member.
    pub sender_leaf: Option<u32>,
    /// The references of the key packages that a Welcome is for, or of a KeyPackage itself.
    pub key_packages: Vec<Vec<u8>>,
    /// Authenticated data that anyone can read.
    pub aad: Vec<u8>,
}

/// Reads a message from outside. Nothing is verified. `InvalidMessage` if it is not one, `TooLarge` above 64 MiB.
pub fn inspect(message: Vec<u8>) -> Result<MessageInfo> {
    if message.len() > 64 << 20 {
        return fail(ErrorCode::TooLarge, "a message of more than 64 MiB");
    }
    engine::inspect(&message)
}
