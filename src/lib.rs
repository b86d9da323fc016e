//! Durable, end-to-end encrypted groups: Messaging Layer Security (RFC 9420).
mod anchor;
#[cfg(feature = "capi")]
pub mod capi;
mod client;
mod commit;
mod credential;
mod engine;
mod error;
mod event;
mod gate;
mod group;
mod inbox;
mod invitation;
mod key_package;
mod ledger;
mod member;
mod message;
mod options;
mod proposal;
#[cfg(feature = "uniffi")]
#[allow(unsafe_code)] // the converters are unsafe traits, and nothing else
mod scaffolding;
mod settings;
pub mod store;
mod trust;
mod waiting;

pub use anchor::Anchor;
pub use client::Client;
pub use commit::{Commit, CommitBundle, CommitStatus};
pub use credential::{Credential, CredentialCodec, Device};
pub use error::{Advice, ErrorCode, MlsError, Result};
pub use event::*;
pub use group::{Group, GroupStatus};
pub use invitation::{GroupPreview, Invitation};
pub use key_package::{KeyPackageInfo, KeyPackageSecrets};
pub use member::{Member, Sender, SenderKind};
pub use message::{ContentKind, MEDIA_TYPE, MessageInfo, WireFormat, inspect};
pub use options::*;
pub use proposal::{Proposal, ProposalInfo};
#[cfg(feature = "uniffi")]
pub(crate) use scaffolding::UniFfiTag;
#[cfg(feature = "uniffi")]
#[doc(hidden)] // for the macro that bindings/uniffi calls
pub use scaffolding::uniffi_reexport_hack;
pub use trust::{CallbackError, Purpose, Trust, ValidationRequest, Validator, Verdict};
