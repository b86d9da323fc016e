//! What an identity is to the engine, and a note of every credential it asks about.
//!
//! The engine's questions are answered "yes" and noted; the core puts them to the trust policy after the engine is
//! done and before anything is stored. So the application's callback is never called inside the engine, and a denial
//! means that the state is read again.

use crate::Credential;
use mls_rs::{
    ExtensionList, IdentityProvider,
    error::IntoAnyError,
    identity::{CredentialType, SigningIdentity},
    time::MlsTime,
};
use mls_rs_crypto_awslc::x509::CertificateParser;
use mls_rs_identity_x509::X509CertificateReader;
use std::{
    convert::Infallible,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

/// A credential that the engine asked about.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) identity: SigningIdentity,
    /// Whether it is to be a sender outside the group.
    pub(crate) external: bool,
}

/// Shared by a group's engine objects.
#[derive(Clone)]
pub(crate) struct Identity {
    extra_types: Vec<CredentialType>,
    noted: Arc<Mutex<Vec<Subject>>>,
}

impl Identity {
    pub(crate) fn new(extra_types: &[u16]) -> Self {
        Self { extra_types: extra_types.iter().map(|kind| CredentialType::new(*kind)).collect(), noted: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Subject>> {
        self.noted.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The credentials asked about since the last call.
    pub(crate) fn take(&self) -> Vec<Subject> {
        std::mem::take(&mut self.lock())
    }

    /// Notes a credential that the engine does not ask about by itself.
    pub(crate) fn ask_about(&self, identity: &SigningIdentity) {
        self.note(identity, false);
    }

    fn note(&self, identity: &SigningIdentity, external: bool) {
        let subject = Subject { identity: identity.clone(), external };
        let mut noted = self.lock();
        if noted.last() != Some(&subject) {
            noted.push(subject);
        }
    }
}

/// What makes two leaves the same device: a basic credential's bytes, a certificate's subject, any other's bytes.
pub(crate) fn identity_of(signing_identity: &SigningIdentity) -> Vec<u8> {
    let credential = &signing_identity.credential;
    if let Some(basic) = credential.as_basic() {
        return basic.identifier().to_vec();
    }
    if let Some(chain) = credential.as_x509() {
        let Some(leaf) = chain.leaf() else { return Vec::new() };
        return CertificateParser::new().subject_bytes(leaf).unwrap_or_else(|_| leaf.to_vec());
    }
    credential.as_custom().map_or_else(Vec::new, |custom| custom.data().to_vec())
}

/// The engine's credential in the public form.
pub(crate) fn credential(signing_identity: &SigningIdentity) -> Credential {
    let credential = &signing_identity.credential;
    if let Some(basic) = credential.as_basic() {
        Credential::Basic { identity: basic.identifier().to_vec() }
    } else if let Some(chain) = credential.as_x509() {
        Credential::x509(chain.iter().map(|certificate| certificate.to_vec()).collect())
    } else {
        let custom = credential.as_custom();
        Credential::Other {
            kind: credential.credential_type().raw_value(),
            data: custom.map_or_else(Vec::new, |custom| custom.data().to_vec()),
        }
    }
}

impl IdentityProvider for Identity {
    type Error = Never;

    fn validate_member(
        &self,
        signing_identity: &SigningIdentity,
        _timestamp: Option<MlsTime>,
        _context: mls_rs_core::identity::MemberValidationContext<'_>,
    ) -> Result<(), Never> {
        self.note(signing_identity, false);
        Ok(())
    }

    fn validate_external_sender(
        &self,
        signing_identity: &SigningIdentity,
        _timestamp: Option<MlsTime>,
        _extensions: Option<&ExtensionList>,
    ) -> Result<(), Never> {
        self.note(signing_identity, true);
        Ok(())
    }

    fn identity(&self, signing_identity: &SigningIdentity, _extensions: &ExtensionList) -> Result<Vec<u8>, Never> {
        Ok(identity_of(signing_identity))
    }

    fn valid_successor(
        &self,
        predecessor: &SigningIdentity,
        successor: &SigningIdentity,
        _extensions: &ExtensionList,
    ) -> Result<bool, Never> {
        Ok(identity_of(predecessor) == identity_of(successor))
    }

    fn supported_types(&self) -> Vec<CredentialType> {
        let mut types = vec![CredentialType::BASIC, CredentialType::X509];
        types.extend(self.extra_types.iter().copied());
        types
    }
}

/// The error of something that cannot fail.
#[derive(Debug)]
pub(crate) struct Never(Infallible);

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl std::error::Error for Never {}
impl IntoAnyError for Never {}
