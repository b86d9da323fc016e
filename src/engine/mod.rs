//! The MLS engine, mls-rs, behind concrete types: the only place that names its generics.
//!
//! The engine keeps its state in memory and writes what it is told to. Everything durable is the core's: see
//! [`group`](crate::group). One rule holds throughout: after any error of the engine its group is dropped and read
//! again, never written.

mod crypto;
mod error;
mod identity;
mod key_package;
mod keys;
mod outside;
mod provider;
mod rules;
mod snapshot;
mod weight;
mod welcome;
mod wire;

pub(crate) use crypto::Crypto;
pub(crate) use error::variant;
pub(crate) use identity::{Identity, credential, identity_of};
pub(crate) use key_package::{KeyPackageFields, key_package_message, last_resort_extension};
pub(crate) use keys::{
    certificate_key, check_certificate, check_signing_key, generate_signing_key, hash, private_key, random, suite,
    suite_provider,
};
pub(crate) use outside::Outside;
pub(crate) use provider::{EpochRecord, Provider, Vault, Written};
pub(crate) use rules::{CommitShape, Rules};
pub(crate) use snapshot::{
    Graft, LeafIdentity, PastEpoch, PendingSecrets, Proposals, Snapshot, Tree, announced_suite, ended, key_of,
    with_context_extensions, with_leaf, with_other_leaf, with_signer, without_pending_updates,
};
pub(crate) use weight::Budget;
pub(crate) use welcome::{Continued, continued};
pub(crate) use wire::{Reader, put_vector};

use crate::{
    Capabilities, CipherSuite, ContentKind, ErrorCode, Extension, MessageInfo, MlsError, Result, SenderKind,
    SigningKey, WireFormat, error::fail,
};
use mls_rs::{
    client_builder::{
        BaseConfig, WithCryptoProvider, WithGroupStateStorage, WithIdentityProvider, WithKeyPackageRepo, WithMlsRules,
        WithPskStore,
    },
    crypto::SignatureSecretKey,
    extension::ExtensionType,
    group::{ContentType, Sender as EngineSender, proposal::ProposalType},
    identity::{Credential as EngineCredential, CustomCredential, SigningIdentity},
    time::MlsTime,
};
use std::time::Duration;

/// The engine's configuration: everything by the core.
pub(crate) type Config = WithMlsRules<
    Rules,
    WithCryptoProvider<
        Crypto,
        WithIdentityProvider<
            Identity,
            WithGroupStateStorage<Provider, WithPskStore<Provider, WithKeyPackageRepo<Provider, BaseConfig>>>,
        >,
    >,
>;
/// The engine's client.
pub(crate) type EngineClient = mls_rs::Client<Config>;
/// The engine's group.
pub(crate) type EngineGroup = mls_rs::Group<Config>;

/// What an engine object is made of.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) provider: Provider,
    pub(crate) identity: Identity,
    pub(crate) rules: Rules,
    pub(crate) crypto: Crypto,
}

/// A member's own key pair and credential, in the engine's form.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) identity: SigningIdentity,
    pub(crate) signer: SignatureSecretKey,
}

impl Own {
    pub(crate) fn new(credential: &crate::Credential, key: &SigningKey) -> Result<Self> {
        Ok(Self { identity: signing_identity(credential, &key.public)?, signer: key.secret.to_vec().into() })
    }
}

/// Makes an engine client. `own` is needed to create or join, not to load.
pub(crate) fn client(
    parts: &Parts,
    own: Option<(&Own, CipherSuite)>,
    capabilities: &Capabilities,
    lifetime: u64,
) -> EngineClient {
    let builder = mls_rs::Client::builder()
        .key_package_repo(parts.provider.clone())
        .psk_store(parts.provider.clone())
        .group_state_storage(parts.provider.clone())
        .identity_provider(parts.identity.clone())
        .crypto_provider(parts.crypto.clone())
        .mls_rules(parts.rules.clone())
        .extension_types(
            capabilities.extensions.iter().map(|kind| ExtensionType::new(*kind)).filter(|kind| !kind.is_default()),
        )
        .custom_proposal_types(
            capabilities.proposals.iter().map(|kind| ProposalType::new(*kind)).filter(|kind| !kind.is_default()),
        )
        .key_package_lifetime(Duration::from_secs(lifetime));
    match own {
        Some((own, suite)) => builder
            .signing_identity(own.identity.clone(), own.signer.clone(), mls_rs::CipherSuite::new(suite.0))
            .build(),
        None => builder.build(),
    }
}

/// A credential and public key in the engine's form.
pub(crate) fn signing_identity(credential: &crate::Credential, public: &[u8]) -> Result<SigningIdentity> {
    use mls_rs::identity::{CredentialType, basic::BasicCredential};
    use mls_rs_core::identity::CertificateChain;
    let credential = match credential {
        crate::Credential::Basic { identity } => BasicCredential::new(identity.clone()).into_credential(),
        crate::Credential::X509 { chain } if chain.is_empty() => {
            return fail(ErrorCode::InvalidCredential, "an X.509 credential without a certificate");
        }
        crate::Credential::X509 { chain } => {
            CertificateChain::from(chain.iter().map(|der| der.to_vec()).collect::<Vec<_>>()).into_credential()
        }
        crate::Credential::Other { kind, data } => {
            EngineCredential::Custom(CustomCredential::new(CredentialType::new(*kind), data.clone()))
        }
    };
    Ok(SigningIdentity::new(credential, public.to_vec().into()))
}

/// Extensions in the engine's form. `InvalidArgument` for a type given twice.
pub(crate) fn extensions(list: &[Extension]) -> Result<mls_rs::ExtensionList> {
    let mut out = mls_rs::ExtensionList::new();
    for extension in list {
        let kind = ExtensionType::new(extension.kind);
        if out.has_extension(kind) {
            return fail(ErrorCode::InvalidArgument, "an extension type is given twice");
        }
        out.set(match kind {
            ExtensionType::REQUIRED_CAPABILITIES => required_capabilities(&extension.data)?,
            _ => mls_rs::Extension::new(kind, extension.data.clone()),
        });
    }
    Ok(out)
}

/// Required capabilities without the default types (RFC 9420 section 7.2), which everybody has and nobody lists: the
/// engine looks for them in every leaf's list.
fn required_capabilities(data: &[u8]) -> Result<mls_rs::Extension> {
    use mls_rs::extension::{MlsExtension, built_in::RequiredCapabilitiesExt};
    let invalid = |_| MlsError::new(ErrorCode::InvalidArgument, "required_capabilities cannot be read");
    let given = mls_rs::Extension::new(ExtensionType::REQUIRED_CAPABILITIES, data.to_vec());
    let mut required = RequiredCapabilitiesExt::from_extension(&given).map_err(invalid)?;
    required.extensions.retain(|kind| !kind.is_default());
    required.proposals.retain(|kind| !kind.is_default());
    required.into_extension().map_err(invalid)
}

/// Extensions in the public form.
pub(crate) fn public_extensions(list: &mls_rs::ExtensionList) -> Vec<Extension> {
    list.iter()
        .map(|extension| Extension {
            kind: extension.extension_type.raw_value(),
            data: extension.extension_data.clone(),
        })
        .collect()
}

/// A time in the engine's form.
pub(crate) fn time(seconds: u64) -> MlsTime {
    MlsTime::from(seconds)
}

/// What the front of a framed message says: enough to route it, read without decoding the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    Framed { group_id: Vec<u8>, epoch: u64, content: ContentKind, private: bool, sender: Option<SenderKind>, leaf: u32 },
    Welcome,
    Other,
}

/// Reads the front of a message.
pub(crate) fn envelope(message: &[u8]) -> Result<Envelope> {
    let mut reader = Reader::new(message);
    if reader.u16()? != 1 {
        return fail(ErrorCode::InvalidMessage, "not MLS version 1.0");
    }
    let format = reader.u16()?;
    if !(1..=2).contains(&format) {
        return Ok(if format == 3 { Envelope::Welcome } else { Envelope::Other });
    }
    let group_id = reader.vector()?.to_vec();
    let epoch = reader.u64()?;
    let mut leaf = 0;
    let mut sender = None;
    if format == 1 {
        let kind = reader.u8()?;
        if kind <= 2 {
            leaf = reader.u32()?;
        }
        sender = Some(match kind {
            1 => SenderKind::Member,
            2 => SenderKind::External,
            3 => SenderKind::NewMemberProposal,
            4 => SenderKind::NewMemberCommit,
            _ => return fail(ErrorCode::InvalidMessage, "an unknown sender type"),
        });
        reader.vectors(1)?; // authenticated data
    }
    let content = match reader.u8()? {
        1 => ContentKind::Application,
        2 => ContentKind::Proposal,
        3 => ContentKind::Commit,
        _ => return fail(ErrorCode::InvalidMessage, "an unknown content type"),
    };
    Ok(Envelope::Framed { group_id, epoch, content, private: format == 2, sender, leaf })
}

/// Decodes a message. `TooLarge` if that would cost more than the budget, `InvalidMessage` for what is none.
pub(crate) fn decode(message: &[u8], budget: Budget) -> Result<mls_rs::MlsMessage> {
    budget.check(message)?;
    mls_rs::MlsMessage::from_bytes(message)
        .map_err(|error| MlsError::new(ErrorCode::InvalidMessage, "no MLS message").with_detail(variant(&error)))
}

/// Reads a message from outside.
pub(crate) fn inspect(bytes: &[u8]) -> Result<MessageInfo> {
    use mls_rs::{MlsMessageDescription as D, WireFormat as W};
    let message = decode(bytes, Budget::default())?;
    let content_kind = |kind: ContentType| match kind {
        ContentType::Application => ContentKind::Application,
        ContentType::Proposal => ContentKind::Proposal,
        ContentType::Commit => ContentKind::Commit,
    };
    let (sender_kind, sender_leaf) = match envelope(bytes)? {
        Envelope::Framed { sender, leaf, .. } => {
            (sender, matches!(sender, Some(SenderKind::Member | SenderKind::External)).then_some(leaf))
        }
        _ => (None, None),
    };
    let mut info = MessageInfo {
        wire_format: match message.wire_format() {
            W::PublicMessage => WireFormat::PublicMessage,
            W::PrivateMessage => WireFormat::PrivateMessage,
            W::Welcome => WireFormat::Welcome,
            W::GroupInfo => WireFormat::GroupInfo,
            W::KeyPackage => WireFormat::KeyPackage,
            _ => return fail(ErrorCode::InvalidMessage, "an unknown wire format"),
        },
        group_id: message.group_id().map(<[u8]>::to_vec),
        epoch: message.epoch(),
        cipher_suite: message.cipher_suite().map(|suite| suite.raw_value()),
        content: None,
        sender_kind,
        sender_leaf,
        key_packages: Vec::new(),
        aad: Vec::new(),
    };
    match message.description() {
        D::Welcome { key_package_refs, .. } => {
            info.key_packages = key_package_refs.iter().map(|reference| reference.to_vec()).collect();
        }
        D::PrivateProtocolMessage { content_type, .. } => {
            info.content = Some(content_kind(content_type));
            info.aad = private_aad(bytes)?;
        }
        D::PublicProtocolMessage { content_type, authenticated_data, .. } => {
            info.content = Some(content_kind(content_type));
            info.aad = authenticated_data.to_vec();
        }
        D::GroupInfo => {}
        D::KeyPackage => {
            if let Some(suite) =
                message.cipher_suite().and_then(|suite| suite_provider(CipherSuite(suite.raw_value())).ok())
            {
                info.key_packages = message.key_package_reference(&suite)?.iter().map(|r| r.to_vec()).collect();
            }
        }
    }
    Ok(info)
}

fn private_aad(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut reader = Reader::new(bytes);
    reader.skip(4)?; // version, wire format
    reader.vectors(1)?; // group id
    reader.skip(9)?; // epoch, content type
    Ok(reader.vector()?.to_vec())
}

/// The engine's sender in the public form.
pub(crate) fn sender_kind(sender: &EngineSender) -> (SenderKind, Option<u32>) {
    match sender {
        EngineSender::Member(leaf) => (SenderKind::Member, Some(*leaf)),
        EngineSender::External(index) => (SenderKind::External, Some(*index)),
        EngineSender::NewMemberProposal => (SenderKind::NewMemberProposal, None),
        // NewMemberCommit, the last there is in RFC 9420.
        _ => (SenderKind::NewMemberCommit, None),
    }
}
