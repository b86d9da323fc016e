//! The engine's errors as stable codes. The variant's name stays as the detail.

use crate::{ErrorCode, MlsError};
use mls_rs::error::MlsError as EngineError;

/// The engine's variant, without the data that could be somebody's.
pub(crate) fn variant(error: &EngineError) -> String {
    let debug = format!("{error:?}");
    let end = debug.find(|c: char| !c.is_alphanumeric()).unwrap_or(debug.len());
    debug[..end].to_owned()
}

impl From<EngineError> for MlsError {
    fn from(error: EngineError) -> Self {
        use EngineError as E;
        use ErrorCode as C;
        let (code, message) = match &error {
            E::CommitRequired => (C::CommitRequired, "proposals wait to be committed"),
            E::RatchetTreeNotFound => (C::TreeRequired, "the ratchet tree has to be given"),
            E::TreeHashMismatch
            | E::ParentHashMismatch
            | E::UnexpectedEmptyTree
            | E::UnexpectedTrailingBlanks
            | E::UnmergedLeavesMismatch => (C::InvalidTree, "the ratchet tree is not valid for this group"),
            E::UnsupportedCipherSuite(_) | E::UnsupportedProtocolVersion(_) => {
                (C::Unsupported, "this cipher suite or protocol version is not supported")
            }
            E::MissingRequiredPsk => (C::PskNotFound, "a pre-shared key is not in the store"),
            E::OldGroupStateNotFound => (C::PskNotFound, "the epoch of a resumption secret is not known"),
            E::InvalidLifetime { .. } => (C::KeyPackageExpired, "the key package's lifetime does not include now"),
            E::InvalidLeafNodeSource | E::InvalidInitKey | E::InitLeafKeyEquality => {
                (C::InvalidKeyPackage, "the key package is not valid")
            }
            E::DuplicateLeafData(_) => (C::DuplicateMember, "a member with this identity or key is in the group"),
            E::MemberNotFound | E::LeafNotFound(_) | E::RemovingNonExistingMember | E::InvalidNodeIndex(_) => {
                (C::MemberNotFound, "no member is at this leaf")
            }
            E::ExpectedNode | E::UnexpectedEmptyNode | E::InvalidTreeIndex => {
                (C::MemberNotFound, "no member is at this leaf")
            }
            E::MissingExternalPubExtension | E::InvalidGroupInfo => {
                (C::InvalidGroupInfo, "the GroupInfo is not valid for this")
            }
            E::WelcomeKeyPackageNotFound | E::InvalidWelcomeMessage => {
                (C::InvalidWelcome, "the Welcome cannot be opened")
            }
            E::UnexpectedMessageType => (C::UnexpectedMessage, "a message of this kind does not belong here"),
            E::SerializationError(_) => (C::InvalidMessage, "malformed encoding"),
            E::GroupUsedAfterReInit => (C::GroupClosed, "the group was replaced"),
            E::PendingReInitNotFound | E::NotASubgroup => (C::NoSuccessor, "no successor can be made this way"),
            E::CryptoProviderError(_) | E::InvalidSignature | E::InvalidConfirmationTag | E::InvalidMembershipTag => {
                (C::Crypto, "a cryptographic check failed")
            }
            E::RequiredExtensionNotFound(_)
            | E::RequiredProposalNotFound(_)
            | E::RequiredCredentialNotFound(_)
            | E::UnsupportedGroupExtension(_)
            | E::ExtensionNotInCapabilities(_)
            | E::UnsupportedCustomProposal(_)
            | E::InUseCredentialTypeUnsupportedByNewLeaf
            | E::CredentialTypeOfNewLeafIsUnsupported
            | E::MoreThanOneProposalForLeaf(_)
            | E::MoreThanOneGroupContextExtensionsProposal
            | E::OtherProposalWithReInit
            | E::CommitterSelfRemoval
            | E::DuplicatePskIds
            | E::InvalidCommitSelfUpdate
            | E::DifferentIdentityInUpdate(_)
            | E::InvalidSuccessor
            | E::ExternalCommitRemovesOtherIdentity
            | E::InvalidProposalTypeForSender
            | E::InvalidProtocolVersionInReInit
            | E::DefaultValueListed
            | E::SameHpkeKey(_)
            | E::UpdatingNonExistingMember
            | E::InvalidTypeOrUsageInPreSharedKeyProposal => {
                (C::InvalidProposal, "the proposal is not valid in this group now")
            }
            E::ProposalNotFound => (C::ProposalNotFound, "a proposal is not cached"),
            _ => (C::Engine, "the engine could not do this"),
        };
        MlsError::new(code, message).with_detail(variant(&error))
    }
}

impl From<mls_rs::mls_rs_codec::Error> for MlsError {
    fn from(error: mls_rs::mls_rs_codec::Error) -> Self {
        MlsError::new(ErrorCode::InvalidMessage, "malformed encoding").with_detail(error.to_string())
    }
}
