//! Who decides that a credential is genuine (RFC 9750 section 6.4, the Authentication Service).
//!
//! The question is asked after the engine has checked everything else and before anything is stored, for each
//! credential that an operation brings in: at a join every member's, at a commit the added and the changed ones.

use crate::Credential;
use std::{fmt, sync::Arc};

/// What decides on credentials. There is no default: opening a client asks for one.
#[derive(Clone)]
#[non_exhaustive]
pub enum Trust {
    /// X.509 chains must lead to one of these DER root certificates, be valid now, and carry the member's key.
    /// Basic credentials are denied.
    Roots(Vec<Vec<u8>>),
    /// The application decides.
    Validator(Arc<dyn Validator>),
    /// The first signature key seen for an identity is remembered in the store; another key is denied unless the
    /// holder of the first one introduced it (an update inside a group). X.509 credentials are denied.
    OnFirstUse,
    /// Every credential is accepted. For tests and closed deployments only.
    InsecureAcceptAny,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Roots(_) => "Roots",
            Self::Validator(_) => "Validator",
            Self::OnFirstUse => "OnFirstUse",
            Self::InsecureAcceptAny => "InsecureAcceptAny",
        })
    }
}

/// The application's decision on credentials. Called from the thread that called libmls, never with a lock that
/// another group or the client needs; a call into the group in question answers `Reentrant`.
pub trait Validator: Send + Sync {
    /// Decides. An `Err` is a failure of the callback, not a verdict: the operation fails with `CallbackFailed` and
    /// nothing has changed.
    fn validate(&self, request: &ValidationRequest) -> Result<Verdict, CallbackError>;
}

/// A validator's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Verdict {
    /// The credential belongs to whom it names.
    Accept = 0,
    /// It does not.
    Deny = 1,
    /// Not known yet: the message is held with the state unchanged, and decided again by
    /// [`Client::retry_held`](crate::Client::retry_held).
    Later = 2,
}

/// A failure of an application's callback, with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackError(pub String);

impl fmt::Display for CallbackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CallbackError {}

/// Why a credential has to be decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(i32)]
pub enum Purpose {
    /// A member of a group that this device is about to join.
    Member = 1,
    /// Somebody who is being added, or joins by an external commit.
    Add = 2,
    /// A member who changes key or credential; the old ones are given.
    Update = 3,
    /// A sender outside the group, from the `external_senders` extension.
    ExternalSender = 4,
}

/// A credential to decide on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValidationRequest {
    /// Why.
    pub purpose: Purpose,
    /// The group, if it is known.
    pub group_id: Option<Vec<u8>>,
    /// The credential.
    pub credential: Credential,
    /// The signature key that it is to vouch for, in RFC 9420's encoding for the cipher suite.
    pub signature_key: Vec<u8>,
    /// What the member had before, for [`Purpose::Update`].
    pub previous_credential: Option<Credential>,
    /// The signature key that the member had before, for [`Purpose::Update`].
    pub previous_signature_key: Option<Vec<u8>>,
    /// The client's clock, seconds since 1970.
    pub time: u64,
}
