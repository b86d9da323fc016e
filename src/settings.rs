//! The options of an open client, with every default filled in.

use crate::{
    Anchor, Capabilities, CipherSuite, Clock, Credential, CredentialCodec, Device, ErrorCode, Extension, Limits,
    MlsError, Options, Policy, Result, Role, Sender, SenderKind, Trust,
    engine::{self, Budget},
    error::fail,
};
use mls_rs::{ExtensionList, extension::ExtensionType, identity::SigningIdentity};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// The extension type `application_id` (RFC 9420 section 5.3.3) and those that libmls makes by itself.
pub(crate) const EXTERNAL_SENDERS: u16 = 5;
pub(crate) const REQUIRED_CAPABILITIES: u16 = 3;

pub(crate) struct Settings {
    pub(crate) suite: CipherSuite,
    pub(crate) trust: Trust,
    pub(crate) role: Role,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) capabilities: Capabilities,
    pub(crate) codec: Option<Arc<dyn CredentialCodec>>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) anchor: Option<Arc<dyn Anchor>>,
}

impl Settings {
    pub(crate) fn new(options: &Options) -> Result<Self> {
        let Some(trust) = options.trust.clone() else {
            return fail(ErrorCode::InvalidArgument, "choose who decides on credentials");
        };
        if let Trust::Roots(roots) = &trust {
            if roots.is_empty() {
                return fail(ErrorCode::InvalidArgument, "no root certificate is given");
            }
            roots.iter().try_for_each(|root| engine::check_certificate(root))?;
        }
        let limits = options.limits.clone();
        if !(1..=1024).contains(&limits.fold_distance) || !(1..=64).contains(&limits.send_window) {
            return fail(ErrorCode::InvalidArgument, "fold_distance is 1 to 1,024, send_window 1 to 64");
        }
        if limits.message_bytes < 4_096 {
            return fail(ErrorCode::InvalidArgument, "message_bytes is at least 4,096: a message has a header");
        }
        let policy = options.policy.clone();
        if policy.key_package_lifetime == 0 || policy.key_package_lifetime > 100 * 365 * 86_400 {
            return fail(ErrorCode::InvalidArgument, "a key package lives at least a second and at most 100 years");
        }
        Ok(Self {
            suite: engine::suite(options.cipher_suite.unwrap_or(CipherSuite::X25519_AES128))?,
            trust,
            role: options.role,
            policy,
            limits,
            capabilities: options.capabilities.clone(),
            codec: options.codec.clone(),
            clock: options.clock.clone(),
            anchor: options.anchor.clone(),
        })
    }

    /// Extensions of a leaf of ours. The engine makes leaves that peers then refuse: those with a type that the leaf does
    /// not list in its capabilities, and so every default one, `application_id` too, which must not be listed.
    pub(crate) fn leaf_extensions(&self, list: &[Extension]) -> Result<ExtensionList> {
        let listed = |extension: &Extension| {
            self.capabilities.extensions.contains(&extension.kind) && !ExtensionType::new(extension.kind).is_default()
        };
        if !list.iter().all(listed) {
            return fail(ErrorCode::Unsupported, "an extension of a leaf is not among the client's capabilities");
        }
        engine::extensions(list)
    }

    /// Seconds since 1970.
    pub(crate) fn now(&self) -> Result<u64> {
        match &self.clock {
            Some(clock) => clock.now().map_err(|error| {
                MlsError::new(ErrorCode::CallbackFailed, "the clock failed").with_detail(error.reason())
            }),
            None => Ok(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())),
        }
    }

    /// What decoding a message from outside may cost.
    pub(crate) fn budget(&self) -> Budget {
        Budget::new(&self.limits)
    }

    /// Decodes a message from outside.
    pub(crate) fn decode(&self, message: &[u8]) -> Result<mls_rs::MlsMessage> {
        engine::decode(message, self.budget())
    }

    /// `NotAllowed` for a notification extension.
    pub(crate) fn full(&self) -> Result<()> {
        match self.role {
            Role::Full => Ok(()),
            Role::Extension => fail(ErrorCode::NotAllowed, "a notification extension may only receive and look"),
        }
    }

    /// The device that a credential names, if it is of this client's form.
    pub(crate) fn device(&self, credential: &Credential) -> Option<Device> {
        match (credential, &self.codec) {
            (Credential::Basic { identity }, Some(codec)) => codec.decode(identity.clone()).unwrap_or(None),
            (Credential::Basic { identity }, None) => Device::from_bytes(identity),
            _ => None,
        }
    }

    /// A sender with what its credential says.
    pub(crate) fn sender(&self, kind: SenderKind, leaf: Option<u32>, identity: Option<&SigningIdentity>) -> Sender {
        let credential = identity.map(engine::credential);
        let (user, device) =
            credential.as_ref().and_then(|c| self.device(c)).map(|device| (device.user, device.device)).unzip();
        Sender {
            kind,
            leaf,
            credential,
            user,
            device,
            signature_key: identity.map_or_else(Vec::new, |identity| identity.signature_key.as_bytes().to_vec()),
        }
    }

    /// Keeps the store's mark where backups do not reach.
    pub(crate) fn anchor(&self, mark: u64) -> Result<()> {
        let Some(anchor) = &self.anchor else { return Ok(()) };
        anchor.store(mark).map_err(|error| {
            MlsError::new(ErrorCode::CallbackFailed, "the anchor could not be stored").with_detail(error.reason())
        })
    }
}
