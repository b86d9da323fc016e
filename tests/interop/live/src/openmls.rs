//! OpenMLS, in the same process.

use crate::peer::*;
use openmls::{
    prelude::{tls_codec::*, *},
    schedule::{
        PreSharedKeyId, Psk,
        psk::{ExternalPsk, ResumptionPsk, ResumptionPskUsage},
    },
    treesync::LeafNodeParameters,
};
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;
use std::fmt::Debug;

pub struct OpenMls {
    provider: OpenMlsRustCrypto,
    suite: Ciphersuite,
    signer: SignatureKeyPair,
    credential: CredentialWithKey,
    wire: WireFormatPolicy,
    padding: usize,
    group: Option<MlsGroup>,
    /// An external commit has taken effect when it is made.
    external: bool,
}

fn told(error: impl Debug) -> String {
    format!("{error:?}")
}

fn bytes(message: &impl Serialize) -> Result<Vec<u8>> {
    message.tls_serialize_detached().map_err(told)
}

fn message(bytes: &[u8]) -> Result<MlsMessageIn> {
    MlsMessageIn::tls_deserialize_exact(bytes).map_err(told)
}

fn tree(bytes: Option<&[u8]>) -> Result<Option<RatchetTreeIn>> {
    bytes.map(|bytes| RatchetTreeIn::tls_deserialize_exact(bytes).map_err(told)).transpose()
}

fn psk(id: PreSharedKeyId) -> Proposal {
    Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(id)))
}

impl OpenMls {
    pub fn new(identity: &str, suite: u16, public: bool, padding: usize) -> Result<Self> {
        let suite = Ciphersuite::try_from(suite).map_err(told)?;
        let provider = OpenMlsRustCrypto::default();
        let signer = SignatureKeyPair::new(suite.signature_algorithm()).map_err(told)?;
        signer.store(provider.storage()).map_err(told)?;
        let credential = CredentialWithKey {
            credential: BasicCredential::new(identity.into()).into(),
            signature_key: signer.public().into(),
        };
        let wire = if public { MIXED_PLAINTEXT_WIRE_FORMAT_POLICY } else { MIXED_CIPHERTEXT_WIRE_FORMAT_POLICY };
        Ok(Self { provider, suite, signer, credential, wire, padding, group: None, external: false })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::builder()
            .ciphersuites(vec![self.suite])
            .extensions(vec![ExtensionType::Unknown(CONTEXT_EXTENSION)])
            .build()
    }

    fn config(&self) -> MlsGroupJoinConfig {
        MlsGroupJoinConfig::builder()
            .wire_format_policy(self.wire)
            .padding_size(self.padding)
            .max_past_epochs(3)
            .number_of_resumption_psks(10)
            .use_ratchet_tree_extension(true)
            .build()
    }

    fn group(&mut self) -> Result<&mut MlsGroup> {
        self.group.as_mut().ok_or_else(|| "not in the group".into())
    }

    fn psk(&self, id: &[u8]) -> Result<PreSharedKeyId> {
        PreSharedKeyId::new(self.suite, self.provider.rand(), Psk::External(ExternalPsk::new(id.to_vec())))
            .map_err(told)
    }

    fn resumption(&mut self, epoch: u64) -> Result<PreSharedKeyId> {
        let id = self.group()?.group_id().clone();
        let psk = ResumptionPsk::new(ResumptionPskUsage::Application, id, epoch.into());
        PreSharedKeyId::new(self.suite, self.provider.rand(), Psk::Resumption(psk)).map_err(told)
    }

    fn read_key_package(&self, bytes: &[u8]) -> Result<KeyPackage> {
        match message(bytes)?.extract() {
            MlsMessageBodyIn::KeyPackage(package) => {
                package.validate(self.provider.crypto(), ProtocolVersion::Mls10).map_err(told)
            }
            other => Err(format!("not a key package: {other:?}")),
        }
    }

    fn context(extensions: &[(u16, Vec<u8>)]) -> Result<Extensions<GroupContext>> {
        let one = |(kind, data): &(u16, Vec<u8>)| {
            Ok(match *kind {
                REQUIRED_CAPABILITIES => Extension::RequiredCapabilities(
                    RequiredCapabilitiesExtension::tls_deserialize_exact(data).map_err(told)?,
                ),
                kind => Extension::Unknown(kind, UnknownExtension(data.clone())),
            })
        };
        Extensions::from_vec(extensions.iter().map(one).collect::<Result<_>>()?).map_err(told)
    }

    /// What is left of a group that this member was removed from.
    fn forget(&mut self) -> Result<()> {
        if let Some(mut group) = self.group.take() {
            group.delete(self.provider.storage()).map_err(told)?;
        }
        Ok(())
    }
}

impl Peer for OpenMls {
    fn kind(&self) -> &'static str {
        "OpenMLS"
    }

    fn key_package(&mut self) -> Result<Vec<u8>> {
        let bundle = KeyPackage::builder()
            .leaf_node_capabilities(self.capabilities())
            .build(self.suite, &self.provider, &self.signer, self.credential.clone())
            .map_err(told)?;
        bytes(&MlsMessageOut::from(bundle.key_package().clone()))
    }

    fn add_psk(&mut self, id: &[u8], secret: &[u8]) -> Result<()> {
        self.psk(id)?.store(&self.provider, secret).map_err(told)
    }

    fn create(&mut self, group_id: &[u8]) -> Result<()> {
        let group = MlsGroup::builder()
            .with_group_id(GroupId::from_slice(group_id))
            .with_wire_format_policy(self.wire)
            .padding_size(self.padding)
            .max_past_epochs(3)
            .number_of_resumption_psks(10)
            .use_ratchet_tree_extension(true)
            .ciphersuite(self.suite)
            .with_capabilities(self.capabilities())
            .build(&self.provider, &self.signer, self.credential.clone())
            .map_err(told)?;
        self.group = Some(group);
        Ok(())
    }

    fn join(&mut self, welcome: &[u8], ratchet_tree: Option<&[u8]>) -> Result<()> {
        self.forget()?;
        let MlsMessageBodyIn::Welcome(welcome) = message(welcome)?.extract() else {
            return Err("not a Welcome".into());
        };
        let tree = tree(ratchet_tree)?;
        let staged = StagedWelcome::new_from_welcome(&self.provider, &self.config(), welcome, tree).map_err(told)?;
        self.group = Some(staged.into_group(&self.provider).map_err(told)?);
        Ok(())
    }

    fn join_external(
        &mut self,
        info: &[u8],
        ratchet_tree: Option<&[u8]>,
        psk: Option<&[u8]>,
        _resync: bool,
    ) -> Result<Vec<u8>> {
        // It finds its old leaf by the signature key.
        self.forget()?;
        let info = match message(info)?.extract() {
            MlsMessageBodyIn::GroupInfo(info) => info,
            other => return Err(format!("not a GroupInfo: {other:?}")),
        };
        let mut builder = MlsGroup::external_commit_builder().with_config(self.config()).with_aad(b"external".to_vec());
        if let Some(tree) = tree(ratchet_tree)? {
            builder = builder.with_ratchet_tree(tree);
        }
        let mut builder = builder.build_group(&self.provider, info, self.credential.clone()).map_err(told)?;
        if let Some(id) = psk {
            builder = builder.add_psk_proposal(PreSharedKeyProposal::new(self.psk(id)?));
        }
        let (group, bundle) = builder
            .leaf_node_parameters(LeafNodeParameters::builder().with_capabilities(self.capabilities()).build())
            .load_psks(self.provider.storage())
            .map_err(told)?
            .build(self.provider.rand(), self.provider.crypto(), &self.signer, |_| true)
            .map_err(told)?
            .finalize(&self.provider)
            .map_err(told)?;
        self.group = Some(group);
        self.external = true;
        bytes(bundle.commit())
    }

    fn propose(&mut self, change: &Change, aad: &[u8]) -> Result<Vec<u8>> {
        let propose = match change {
            Change::Add { key_package } => Propose::Add(self.read_key_package(key_package)?),
            Change::Update => Propose::Update(LeafNodeParameters::default()),
            Change::Remove { leaf } => Propose::Remove(*leaf),
            Change::Psk { id } => Propose::PreSharedKey(self.psk(id)?),
            Change::Resumption { epoch } => Propose::PreSharedKey(self.resumption(*epoch)?),
            Change::Context { extensions } => Propose::GroupContextExtensions(Self::context(extensions)?),
        };
        let group = self.group.as_mut().ok_or("not in the group")?;
        group.set_aad(aad.to_vec());
        let (message, _) =
            group.propose(&self.provider, &self.signer, propose, ProposalOrRefType::Reference).map_err(told)?;
        bytes(&message)
    }

    fn commit(&mut self, by_value: &[Change], how: &How) -> Result<Made> {
        let mut proposals = Vec::new();
        let (mut adds, mut removes, mut contexts) = (Vec::new(), Vec::new(), Vec::new());
        for change in by_value {
            match change {
                Change::Add { key_package } => adds.push(self.read_key_package(key_package)?),
                Change::Remove { leaf } => removes.push(LeafNodeIndex::new(*leaf)),
                Change::Psk { id } => proposals.push(psk(self.psk(id)?)),
                Change::Resumption { epoch } => {
                    proposals.push(psk(self.resumption(*epoch)?));
                }
                Change::Context { extensions } => contexts.push(Self::context(extensions)?),
                Change::Update => return Err("nobody commits his own Update".into()),
            }
        }
        let group = self.group.as_mut().ok_or("not in the group")?;
        group.set_aad(how.aad.clone());
        let mut builder = group
            .commit_builder()
            .consume_proposal_store(true)
            .force_self_update(how.path)
            .propose_adds(adds)
            .propose_removals(removes)
            .add_proposals(proposals);
        for context in contexts {
            builder = builder.propose_group_context_extensions(context).map_err(told)?;
        }
        let bundle = builder
            .load_psks(self.provider.storage())
            .map_err(told)?
            .use_ratchet_tree_extension(how.tree_inside)
            .create_group_info(true)
            .build(self.provider.rand(), self.provider.crypto(), &self.signer, |_| true)
            .map_err(told)?
            .stage_commit(&self.provider)
            .map_err(told)?;
        Ok(Made {
            commit: bytes(bundle.commit())?,
            welcome: bundle.to_welcome_msg().map(|welcome| bytes(&welcome)).transpose()?,
        })
    }

    fn accept(&mut self) -> Result<()> {
        if std::mem::take(&mut self.external) {
            return Ok(());
        }
        let group = self.group.as_mut().ok_or("not in the group")?;
        group.merge_pending_commit(&self.provider).map_err(told)
    }

    fn reject(&mut self) -> Result<()> {
        let group = self.group.as_mut().ok_or("not in the group")?;
        group.clear_pending_commit(self.provider.storage()).map_err(told)
    }

    fn handle(&mut self, bytes: &[u8]) -> Result<Got> {
        let message = message(bytes)?.try_into_protocol_message().map_err(told)?;
        let group = self.group.as_mut().ok_or("not in the group")?;
        let processed = match group.process_message(&self.provider, message) {
            Ok(processed) => processed,
            Err(error) => return Ok(Got::Nothing(told(error))),
        };
        let aad = processed.aad().to_vec();
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(message) => {
                Ok(Got::Message { data: message.into_bytes(), aad })
            }
            ProcessedMessageContent::ProposalMessage(proposal)
            | ProcessedMessageContent::ExternalJoinProposalMessage(proposal) => {
                group.store_pending_proposal(self.provider.storage(), *proposal).map_err(told)?;
                Ok(Got::Proposal)
            }
            ProcessedMessageContent::StagedCommitMessage(commit) => {
                let removed = commit.self_removed();
                group.merge_staged_commit(&self.provider, *commit).map_err(told)?;
                Ok(if removed { Got::Removed } else { Got::Commit })
            }
            _ => Err("an unknown outcome".into()),
        }
    }

    fn encrypt(&mut self, data: &[u8], aad: &[u8]) -> Result<Vec<u8>> {
        let group = self.group.as_mut().ok_or("not in the group")?;
        group.set_aad(aad.to_vec());
        bytes(&group.create_message(&self.provider, &self.signer, data).map_err(told)?)
    }

    fn state(&mut self) -> Result<State> {
        let group = self.group.as_ref().ok_or("not in the group")?;
        Ok(State {
            epoch: group.epoch().as_u64(),
            authenticator: group.epoch_authenticator().as_slice().to_vec(),
            tree_hash: group.public_group().group_context().tree_hash().to_vec(),
            exported: group
                .export_secret(self.provider.crypto(), EXPORT.0, EXPORT.1, EXPORT.2 as usize)
                .map_err(told)?,
            members: group
                .members()
                .map(|member| (member.index.u32(), member.credential.serialized_content().to_vec()))
                .collect(),
        })
    }

    fn info(&mut self, with_tree: bool) -> Result<Vec<u8>> {
        let group = self.group.as_ref().ok_or("not in the group")?;
        bytes(&group.export_group_info(self.provider.crypto(), &self.signer, with_tree).map_err(told)?)
    }

    fn tree(&mut self) -> Result<Vec<u8>> {
        bytes(&self.group.as_ref().ok_or("not in the group")?.export_ratchet_tree())
    }

    fn lacks(&self, what: Lack) -> Option<&'static str> {
        match what {
            Lack::ProposeResumption => Some("it proposes no resumption PSK by reference"),
            Lack::MixedPsks => {
                Some("its order of PSKs is not the commit's when some are by reference and some by value")
            }
            _ => None,
        }
    }
}
