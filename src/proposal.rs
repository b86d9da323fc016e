//! A proposal as a value (RFC 9420 section 12.1). The same list goes to `propose` and to `commit`.

use crate::{CipherSuite, Extension, NewIdentity, Sender};

/// A change of the group that is to be made by a commit.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Proposal {
    /// Add the device that made this key package (RFC 9420 section 12.1.1).
    Add {
        /// The key package message, as its owner published it.
        key_package: Vec<u8>,
    },
    /// Renew our own leaf (section 12.1.2). In a commit it forces a path.
    Update {
        /// A new credential and key, or `None` to renew the encryption key only.
        identity: Option<NewIdentity>,
        /// New extensions of the leaf, or `None` to keep them.
        leaf_extensions: Option<Vec<Extension>>,
    },
    /// Remove the member at this leaf (section 12.1.3).
    Remove {
        /// The leaf's index.
        leaf: u32,
    },
    /// Mix in an external pre-shared key that all members have (section 12.1.4).
    ExternalPsk {
        /// Its id.
        id: Vec<u8>,
    },
    /// Mix in the resumption secret of an epoch of this group (section 12.1.4). Whoever is added by the same commit
    /// joins only if he has it: another member's proposal by reference is left out of such a commit, unless the
    /// committer asks for one by value.
    ResumptionPsk {
        /// The epoch.
        epoch: u64,
    },
    /// End the group and announce a successor (section 12.1.5).
    ReInit {
        /// The successor's id; `None`: a random one.
        group_id: Option<Vec<u8>>,
        /// The successor's cipher suite.
        cipher_suite: CipherSuite,
        /// Extensions of the successor's context.
        extensions: Vec<Extension>,
    },
    /// Replace the extensions of the group context (section 12.1.7).
    GroupContextExtensions {
        /// All of the new ones.
        extensions: Vec<Extension>,
    },
    /// A proposal of the application's own type, which every member must be capable of.
    Custom {
        /// The IANA or private-use number.
        kind: u16,
        /// Its bytes.
        data: Vec<u8>,
    },
}

impl Proposal {
    /// [`Proposal::Add`].
    pub fn add(key_package: impl Into<Vec<u8>>) -> Self {
        Self::Add { key_package: key_package.into() }
    }

    /// [`Proposal::Update`] of the encryption key only.
    pub fn update() -> Self {
        Self::Update { identity: None, leaf_extensions: None }
    }

    /// [`Proposal::Remove`].
    pub fn remove(leaf: u32) -> Self {
        Self::Remove { leaf }
    }

    /// [`Proposal::ExternalPsk`].
    pub fn external_psk(id: impl Into<Vec<u8>>) -> Self {
        Self::ExternalPsk { id: id.into() }
    }
}

/// What a proposal would do, as somebody else made it.
#[derive(Clone, Debug, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ProposalInfo {
    /// The IANA number of its type (RFC 9420 section 17.4): 1 add, 2 update, 3 remove, 4 PSK, 5 reinit,
    /// 6 external init, 7 group context extensions.
    #[n(0)]
    pub kind: u16,
    /// Who made it.
    #[n(1)]
    pub sender: Sender,
    /// For a cached proposal: what a commit refers to it by (RFC 9420 section 5.2). Empty if it was made by value.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub reference: Vec<u8>,
    /// Add and update: the leaf's credential after it. Remove: the member's.
    #[n(3)]
    pub subject: Option<Sender>,
    /// PSK: its id. ReInit: the successor's group id. Custom: its bytes. Else empty.
    #[n(4)]
    #[cbor(with = "minicbor::bytes")]
    pub data: Vec<u8>,
    /// The whole proposal, encoded as in RFC 9420 section 12.1.
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    pub encoded: Vec<u8>,
}
