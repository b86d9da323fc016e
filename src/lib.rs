//! Durable, end-to-end encrypted groups: Messaging Layer Security (RFC 9420).
mod anchor;
#[cfg(feature = "capi")]
pub mod capi;
mod commit;
mod credential;
mod engine;
mod error;
mod event;
mod group;
mod invitation;
mod key_package;
mod member;
mod message;
mod options;
mod proposal;
pub mod store;
mod trust;

pub use anchor::Anchor;
pub use commit::{Commit, CommitBundle, CommitStatus};
pub use credential::{Credential, CredentialCodec, Device};
pub use error::{Advice, ErrorCode, MlsError, Result};
pub use event::*;
pub use group::Group;
pub use invitation::{GroupPreview, Invitation};
pub use key_package::{KeyPackageInfo, KeyPackageSecrets};
pub use member::{Member, Sender, SenderKind};
pub use message::{ContentKind, MEDIA_TYPE, MessageInfo, WireFormat, inspect};
pub use options::*;
pub use proposal::{Proposal, ProposalInfo};
pub use trust::{CallbackError, Purpose, Trust, ValidationRequest, Validator, Verdict};
