//! Who decides that a credential is genuine (RFC 9750 section 6.4, the Authentication Service).
//!
//! The question is asked after the engine has checked everything else and before anything is stored, for each
//! credential that an operation brings in: at a join every member's, at a commit the added and the changed ones.

use crate::{
    CipherSuite, Credential, ErrorCode, MlsError,
    client::scheme,
    error::fail,
    settings::Settings,
    store::{Batch, Key, Store},
};
use minicbor::{Decode, Encode};
use mls_rs_core::identity::{CertificateChain, DerCertificate};
use mls_rs_crypto_awslc::x509::CertificateValidator;
use std::{collections::HashMap, fmt, sync::Arc};

/// What decides on credentials. There is no default: opening a client asks for one.
#[derive(Clone)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Trust {
    /// X.509 chains must lead to one of these DER root certificates, be valid now, and carry the member's key.
    /// Basic credentials are denied.
    Roots(Vec<Vec<u8>>),
    /// The application decides.
    Validator(Arc<dyn Validator>),
    /// The first signature key seen for an identity is remembered in the store; another key is denied unless the
    /// holder of the first one introduced it (an update inside a group). Only basic credentials are accepted.
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
#[cfg_attr(feature = "uniffi", uniffi::export(with_foreign))]
pub trait Validator: Send + Sync {
    /// Decides. An `Err` is a failure of the callback, not a verdict: the operation fails with `CallbackFailed` and
    /// nothing has changed.
    fn validate(&self, request: ValidationRequest) -> Result<Verdict, CallbackError>;
}

/// A validator's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
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
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
pub enum CallbackError {
    /// It could not answer.
    Failed {
        /// Why; it becomes the error's detail. It must not carry a secret.
        reason: String,
    },
}

impl CallbackError {
    /// A failure with its reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into() }
    }

    pub(crate) fn reason(self) -> String {
        let Self::Failed { reason } = self;
        reason
    }
}

impl fmt::Display for CallbackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Failed { reason } = self;
        f.write_str(reason)
    }
}

impl std::error::Error for CallbackError {}

/// Why a credential has to be decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
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
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ValidationRequest {
    /// Why.
    pub purpose: Purpose,
    /// The group, if it is known.
    pub group_id: Option<Vec<u8>>,
    /// The credential.
    pub credential: Credential,
    /// The user that the credential names, if it is of the client's form.
    pub user: Option<String>,
    /// The device that the credential names, if it is of the client's form.
    pub device: Option<String>,
    /// The signature key that it is to vouch for, in RFC 9420's encoding for the cipher suite.
    pub signature_key: Vec<u8>,
    /// What the member had before, for [`Purpose::Update`].
    pub previous_credential: Option<Credential>,
    /// The signature key that the member had before, for [`Purpose::Update`].
    pub previous_signature_key: Option<Vec<u8>>,
    /// The client's clock, seconds since 1970.
    pub time: u64,
}

/// Remembered signature keys, for [`Trust::OnFirstUse`].
const PIN: u8 = b'F';

/// Credentials of an operation, with what is known of them.
pub(crate) struct Question {
    pub(crate) purpose: Purpose,
    pub(crate) identity: Vec<u8>,
    pub(crate) credential: Credential,
    pub(crate) signature_key: Vec<u8>,
    pub(crate) previous: Option<(Credential, Vec<u8>)>,
}

/// The answer to all of them together, and what has to be remembered if the operation is stored.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) refused: Option<Verdict>,
    pub(crate) pins: Vec<Pin>,
}

/// A first use to remember.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Pin {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    row: Vec<u8>,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    key: Vec<u8>,
    /// What was remembered when it was decided.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    before: Option<Vec<u8>>,
}

/// Remembers first uses in the transaction that makes them so. A commit may have waited for its answer meanwhile: a key
/// that another group has brought since was first.
pub(crate) fn remember(pins: &[Pin], store: &Store, batch: &mut Batch) -> Result<(), MlsError> {
    for pin in pins {
        let key = Key::from_bytes(pin.row.clone());
        if store.get(&key)?.as_deref() == pin.before.as_ref() {
            batch.put(key, pin.key.clone());
        }
    }
    Ok(())
}

impl Answer {
    /// Remembers first uses in the transaction of the operation.
    pub(crate) fn remember(&self, store: &Store, batch: &mut Batch) -> Result<(), MlsError> {
        remember(&self.pins, store, batch)
    }

    /// As an error of a call that was to bring the credentials in.
    pub(crate) fn into_result(self) -> Result<Self, MlsError> {
        match self.refused {
            None | Some(Verdict::Accept) => Ok(self),
            Some(Verdict::Deny) => fail(ErrorCode::CredentialDenied, "the trust policy denies a credential"),
            Some(Verdict::Later) => fail(ErrorCode::CredentialLater, "the validator cannot decide yet"),
        }
    }
}

impl Trust {
    /// Puts the questions, until one is not answered with accept.
    pub(crate) fn ask(
        &self,
        store: &Store,
        settings: &Settings,
        group_id: Option<&[u8]>,
        suite: CipherSuite,
        questions: Vec<Question>,
    ) -> Result<Answer, MlsError> {
        let time = settings.now()?;
        let mut answer = Answer::default();
        let mut first_uses = FirstUses::default();
        for question in questions {
            let verdict = match self {
                Self::InsecureAcceptAny => Verdict::Accept,
                Self::Roots(roots) => roots_verdict(roots, &question, time),
                Self::OnFirstUse => first_uses.verdict(store, suite, &question)?,
                Self::Validator(validator) => {
                    let (previous_credential, previous_signature_key) = question.previous.unzip();
                    let (user, device) = settings.device(&question.credential).map(|d| (d.user, d.device)).unzip();
                    let request = ValidationRequest {
                        user,
                        device,
                        purpose: question.purpose,
                        group_id: group_id.map(<[u8]>::to_vec),
                        credential: question.credential,
                        signature_key: question.signature_key,
                        previous_credential,
                        previous_signature_key,
                        time,
                    };
                    validator.validate(request).map_err(|error| {
                        MlsError::new(ErrorCode::CallbackFailed, "the validator failed").with_detail(error.reason())
                    })?
                }
            };
            if verdict != Verdict::Accept {
                answer.refused = Some(verdict);
                break;
            }
        }
        answer.pins = first_uses.pins;
        Ok(answer)
    }
}

fn roots_verdict(roots: &[Vec<u8>], question: &Question, time: u64) -> Verdict {
    let Credential::X509 { chain } = &question.credential else { return Verdict::Deny };
    let chain = CertificateChain::from(chain.iter().map(|der| der.to_vec()).collect::<Vec<_>>());
    let roots: Vec<DerCertificate> = roots.iter().cloned().map(DerCertificate::new).collect();
    let key = CertificateValidator::new_der(&roots).and_then(|roots| roots.validate(&chain, Some(time.into())));
    match key {
        Ok(key) if key.as_bytes() == question.signature_key => Verdict::Accept,
        _ => Verdict::Deny,
    }
}

/// First uses that one operation makes.
#[derive(Default)]
struct FirstUses {
    pins: Vec<Pin>,
    /// The latest one of each row: a commit can add thousands.
    latest: HashMap<Vec<u8>, usize>,
}

impl FirstUses {
    fn verdict(&mut self, store: &Store, suite: CipherSuite, question: &Question) -> Result<Verdict, MlsError> {
        if !matches!(question.credential, Credential::Basic { .. }) {
            return Ok(Verdict::Deny); // nothing is known of what it vouches for
        }
        if question.purpose == Purpose::ExternalSender {
            // A group's members agreed on its external senders; there is no later use to compare with.
            return Ok(Verdict::Accept);
        }
        // A device has a key for each signature scheme.
        let named = [&[scheme(suite)], question.identity.as_slice()].concat();
        let key = Key::client(PIN, &store.tag("identity", &named));
        let before = store.get(&key)?.map(|value| value.to_vec());
        let pinned = match self.latest.get(key.as_bytes()) {
            Some(place) => Some(self.pins[*place].key.clone()),
            None => before.clone(),
        };
        let introduced = || question.previous.as_ref().map(|(_, old)| old) == pinned.as_ref();
        match &pinned {
            Some(pinned) if *pinned == question.signature_key => Ok(Verdict::Accept),
            Some(_) if !introduced() => Ok(Verdict::Deny),
            _ => {
                self.latest.insert(key.as_bytes().to_vec(), self.pins.len());
                self.pins.push(Pin { row: key.as_bytes().to_vec(), key: question.signature_key.clone(), before });
                Ok(Verdict::Accept)
            }
        }
    }
}
