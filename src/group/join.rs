//! Coming into a group: made by this device, by a Welcome, or by an external commit of ours.

use super::{
    COMMIT, Group, GroupRow, GroupStatus, HeldRow, JOINING, Session,
    commit::CommitRow,
    row::{EpochRow, StoredTree},
    session::{read_log, run},
};
use crate::{
    Capabilities, CipherSuite, Client, Commit, CommitStatus, ErrorCode, Event, EventKind, GroupOptions, GroupPreview,
    HeldFor, Invitation, JoinOptions, Joined, JoinedBy, MlsError, Proposal, Result, SenderKind,
    client::ClientCore,
    engine::{self, Budget, EngineGroup, Envelope, Outside, Own, Parts, PastEpoch, Snapshot},
    error::fail,
    key_package::KeyPackageRow,
    ledger::{Fold, Tx, decode, encode},
    settings::{EXTERNAL_SENDERS, REQUIRED_CAPABILITIES, Settings},
    store::Key,
    trust::{Answer, Purpose, Question},
};
use minicbor::{Decode, Encode};
use mls_rs::{
    ExtensionList, MlsMessage,
    extension::{
        ExtensionType, MlsExtension,
        built_in::{ExternalSendersExt, RequiredCapabilitiesExt},
    },
    external_client::ExternalClient,
    group::{ExportedTree, GroupContext, proposal::CustomProposal, proposal::ProposalType},
    identity::{CredentialType, SigningIdentity},
    psk::ExternalPskId,
};
use zeroize::Zeroizing;

/// Invitations that wait.
const INVITATION: u8 = b'I';
/// How many of them may.
const INVITATIONS_MAX: usize = 1_000;
/// How many of the largest messages they may be together.
const INVITATIONS_LARGE: u64 = 4;
/// The extension type `ratchet_tree`.
const RATCHET_TREE: u16 = 2;

#[derive(Encode, Decode)]
pub(crate) struct InvitationRow {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    welcome: Vec<u8>,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    key_package: Vec<u8>,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    group_id: Vec<u8>,
    /// The epoch of a group of ours that it continues, as the engine needs it: that group may have moved on, or be
    /// gone, when the invitation is taken.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) parent: Option<Vec<u8>>,
    /// Whether the parent ended with that epoch.
    #[n(4)]
    pub(super) reinit: bool,
}

impl Drop for InvitationRow {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.parent);
    }
}

/// Whether one more invitation may wait.
pub(crate) enum RoomToInvite {
    Yes,
    /// It waits already.
    Known,
    Full,
}

/// An engine group that is not stored yet.
struct Arrival {
    engine: EngineGroup,
    parts: Parts,
    inviter: Option<u32>,
}

fn invitation_key(id: u64) -> Key {
    Key::client(INVITATION, &id.to_be_bytes())
}

fn invalid_tree(error: impl std::fmt::Debug) -> MlsError {
    let _ = error;
    MlsError::new(ErrorCode::InvalidTree, "the ratchet tree is malformed")
}

/// The ratchet tree, counted before anything is built of it. `TooLarge` over the limit of members.
fn exported_tree(client: &ClientCore, tree: &[u8]) -> Result<ExportedTree<'static>> {
    check_tree(client, tree)?;
    ExportedTree::from_bytes(tree).map_err(invalid_tree)
}

fn check_tree(client: &ClientCore, tree: &[u8]) -> Result<()> {
    client.settings.budget().check_tree(tree).map_err(|error| match error.code() {
        ErrorCode::TooLarge => error,
        _ => invalid_tree(error),
    })
}

fn tree_extension(extensions: &ExtensionList) -> Option<&[u8]> {
    let kind = ExtensionType::new(RATCHET_TREE);
    extensions.iter().find(|extension| extension.extension_type == kind).map(|ext| ext.extension_data.as_slice())
}

/// Puts the credentials of a group that is about to be joined to the trust policy.
pub(super) fn ask_trust(client: &ClientCore, parts: &Parts, engine: &EngineGroup, purpose: Purpose) -> Result<Answer> {
    let own = engine.current_member_signing_identity().ok().cloned();
    let questions = parts.identity.take().into_iter().filter(|subject| Some(&subject.identity) != own.as_ref());
    let questions = questions.map(|subject| Question {
        purpose: if subject.external { Purpose::ExternalSender } else { purpose },
        identity: engine::identity_of(&subject.identity),
        credential: engine::credential(&subject.identity),
        signature_key: subject.identity.signature_key.as_bytes().to_vec(),
        previous: None,
    });
    let settings = &client.settings;
    let suite = CipherSuite(engine.cipher_suite().raw_value());
    settings.trust.ask(&client.store, settings, Some(engine.group_id()), suite, questions.collect())
}

/// The engine's snapshot of a new group.
fn written(engine: &mut EngineGroup, parts: &Parts) -> Result<Zeroizing<Vec<u8>>> {
    run(|| engine.write_to_storage())?;
    Ok(parts.provider.take_written().expect("the engine has just written").snapshot)
}

fn group_info_of(message: &[u8], settings: &Settings) -> Result<MlsMessage> {
    super::held::check_size(message.len(), settings.limits.message_bytes)?;
    let message = settings.decode(message)?;
    match message.as_group_info() {
        Some(_) => Ok(message),
        None => fail(ErrorCode::UnexpectedMessage, "not a GroupInfo"),
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Client {
    /// Makes a group of this device alone (RFC 9420 section 11), durably.
    ///
    /// Errors: `GroupExists` for an id that this store has, `Unsupported` (cipher suite), `InvalidArgument`,
    /// `InvalidProposal` for extensions or capabilities that this device does not have, `CredentialDenied` for an
    /// external sender.
    pub fn create_group(&self, options: GroupOptions) -> Result<Group> {
        self.core.open()?;
        self.core.settings.full()?;
        let suite = self.core.suite(options.cipher_suite)?;
        let id = match &options.id {
            Some(id) if id.is_empty() || id.len() > 1_024 => {
                return fail(ErrorCode::InvalidArgument, "a group id has 1 to 1,024 bytes");
            }
            Some(id) => id.clone(),
            None => engine::random(16)?,
        };
        let group = self.core.group(&id);
        let mut slot = group.core.enter()?;
        self.core.absent(&group)?;
        let own = self.core.own(suite)?;
        let parts = self.core.parts();
        let client = self.core.engine_client(&parts, &own, suite);
        let context = context_extensions(&options)?;
        let leaf = self.core.settings.leaf_extensions(&options.leaf_extensions)?;
        // Set back like a key package's, for those who look at it with a slow clock.
        let backdate = self.core.settings.policy.key_package_backdate;
        let not_before = engine::time(self.core.settings.now()?.saturating_sub(backdate));
        let mut engine = run(|| client.create_group_with_id(id.clone(), context, leaf, Some(not_before)))?;
        let trust = ask_trust(&self.core, &parts, &engine, Purpose::Add)?.into_result()?;
        let snapshot = Snapshot::cut(&written(&mut engine, &parts)?)?;
        self.core.step(|tx| {
            self.core.absent(&group)?;
            group.arrive(tx, &snapshot, &engine, None)?;
            trust.remember(&self.core.store, &mut tx.batch)
        })?;
        *slot = None;
        drop(slot);
        Ok(group)
    }

    /// Joins the group of an invitation (RFC 9420 section 12.4.3.1): `id` of the `invited` event, and the ratchet tree
    /// if the invitation needs it. The group, the used key package's deletion, the acknowledgement of the `invited`
    /// event and the `joined` event are stored together; messages that waited for the group are then processed, and what they brought is in the inbox.
    ///
    /// Errors: `InvitationNotFound`, `TreeRequired`, `InvalidTree`, `InvalidWelcome`, `GroupExists` if this device is
    /// in the group by now, `PskNotFound`, `CredentialDenied`, `CredentialLater` (join again later), `TooLarge`.
    pub fn join(&self, invitation: u64, tree: Option<Vec<u8>>) -> Result<Group> {
        self.core.open()?;
        self.core.settings.full()?;
        let (group, _) = self.core.join(invitation, tree)?;
        // It may be the group that another invitation continues.
        self.core.release_welcomes()?;
        Ok(group)
    }

    /// Turns an invitation down and acknowledges its event: its key package is used up, and nobody is told. Nothing
    /// happens if it is gone.
    pub fn decline(&self, invitation: u64) -> Result<()> {
        self.core.open()?;
        self.core.settings.full()?;
        let Some(row) = self.core.invitation(invitation)? else { return Ok(()) };
        let key_package = KeyPackageRow::get(&self.core.store, &row.key_package)?;
        self.core.step(|tx| {
            tx.batch.delete(invitation_key(invitation));
            tx.acknowledge(invitation);
            if key_package.as_ref().is_some_and(|package| !package.last_resort) {
                tx.batch.delete(KeyPackageRow::key(&self.core.store, &row.key_package));
            }
            Ok(())
        })
    }

    /// Makes a commit that joins a group without being invited, or with `resync` takes this device's old place again
    /// (RFC 9420 section 12.4.3.2). It is answered like every commit; the group is *joining*, and cannot send, until it
    /// is accepted, and a resync keeps the old state until then.
    ///
    /// Errors: `InvalidGroupInfo` if it does not allow it, `TreeRequired`, `InvalidTree`, `GroupExists` without
    /// `resync`, `GroupJoining` while another one is pending, `MemberNotFound` for a resync of a device that is not in the tree, `PskNotFound`, `CredentialDenied`,
    /// `CredentialLater`, `TooLarge`, `Unsupported`.
    pub fn join_external(&self, group_info: Vec<u8>, options: JoinOptions) -> Result<Commit> {
        self.core.open()?;
        self.core.settings.full()?;
        let core = &self.core;
        let message = group_info_of(&group_info, &core.settings)?;
        let info = message.as_group_info().expect("it was checked to be one");
        let suite = engine::suite(CipherSuite(info.group_context().cipher_suite.raw_value()))?;
        let epoch = info.group_context().epoch;
        let group = core.group(info.group_context().group_id());
        let mut slot = group.core.enter()?;
        if !options.resync {
            core.absent(&group)?;
        } else if group.joining()?.is_some() {
            return fail(ErrorCode::GroupJoining, "an external commit of this device is pending: reject it first");
        }
        let own = core.own(suite)?;
        let tree = match (tree_extension(info.extensions()), &options.tree) {
            (Some(tree), _) => exported_tree(core, tree)?,
            (None, Some(tree)) => exported_tree(core, tree)?,
            (None, None) => return fail(ErrorCode::TreeRequired, "the ratchet tree has to be given"),
        };
        let old_leaf = match options.resync {
            true => Some(leaf_of(&tree, &own.identity)?),
            false => None,
        };
        for id in &options.psks {
            if core.store.get(&crate::client::psk_key(&core.store, id))?.is_none() {
                return fail(ErrorCode::PskNotFound, "this pre-shared key is not in the store");
            }
        }
        let parts = core.parts();
        let client = core.engine_client(&parts, &own, suite);
        let leaf_extensions = core.settings.leaf_extensions(&options.leaf_extensions)?;
        let message = message.clone();
        let (mut engine, commit) = run(|| {
            let mut builder = client
                .external_commit_builder()?
                .with_tree_data(tree)
                .with_authenticated_data(options.aad.clone())
                .with_leaf_node_extensions(leaf_extensions);
            if let Some(leaf) = old_leaf {
                builder = builder.with_removal(leaf);
            }
            for id in &options.psks {
                builder = builder.with_external_psk(ExternalPskId::new(id.clone()));
            }
            builder.build(message)
        })
        .map_err(|failure| {
            let error = MlsError::from(failure);
            match error.code() {
                ErrorCode::Crypto => MlsError::new(ErrorCode::InvalidGroupInfo, "the GroupInfo is not genuine")
                    .with_detail(error.detail()),
                _ => error,
            }
        })?;
        let trust = ask_trust(core, &parts, &engine, Purpose::Member)?.into_result()?;
        let snapshot = written(&mut engine, &parts)?;
        let commit = commit.to_bytes()?;
        let id = core.step(|tx| {
            let id = tx.id();
            let tag = group.core.tag;
            if group.joining()?.is_some() {
                return fail(ErrorCode::GroupJoining, "an external commit of this device is pending");
            }
            let row = CommitRow::joining(id, epoch, commit.clone(), &snapshot, &trust.pins);
            tx.batch.put(Key::group(JOINING, tag, &[]), encode(&id));
            // Whoever has the old state loaded has to see that it waits.
            if let Some(mut old) = GroupRow::get(&core.store, tag)? {
                old.version += 1;
                tx.batch.put(GroupRow::key(tag), encode(&old));
            }
            tx.batch.put(CommitRow::key(&group, id), encode(&row));
            group.forget_marker(&mut tx.batch);
            Ok(id)
        })?;
        *slot = None;
        drop(slot);
        Ok(Commit { group, id })
    }

    /// Ids of the groups that external commits of this device join which the service has not answered, after a restart
    /// too; those of a resync included.
    pub fn joining_groups(&self) -> Result<Vec<Vec<u8>>> {
        self.core.open()?;
        let store = &self.core.store;
        let mut ids = Vec::new();
        for (key, id) in store.scan_prefix(&Key::from_bytes(vec![JOINING]), false, u32::MAX)? {
            let Some(tag) = key.group_tag() else { continue };
            let commit = Key::group(COMMIT, tag, &decode::<u64>(&id)?.to_be_bytes());
            let Some(row) = store.get(&commit)? else { continue };
            if let Envelope::Framed { group_id, .. } = engine::envelope(&decode::<CommitRow>(&row)?.message)? {
                ids.push(group_id);
            }
        }
        Ok(ids)
    }

    /// What a GroupInfo says of its group. With the tree, inside or given, its signature is checked and the members are
    /// told. Errors: `UnexpectedMessage`, `InvalidMessage`, `InvalidTree`, `InvalidGroupInfo`, `TooLarge`,
    /// `Unsupported`.
    pub fn preview(&self, group_info: Vec<u8>, tree: Option<Vec<u8>>) -> Result<GroupPreview> {
        self.core.open()?;
        let message = group_info_of(&group_info, &self.core.settings)?;
        let info = message.as_group_info().expect("it was checked to be one");
        engine::suite(CipherSuite(info.group_context().cipher_suite.raw_value()))?;
        let tree = match (tree_extension(info.extensions()), &tree) {
            (Some(tree), _) => Some(exported_tree(&self.core, tree)?),
            (None, Some(tree)) => Some(exported_tree(&self.core, tree)?),
            (None, None) => None,
        };
        let mut preview = preview_of(info.group_context());
        preview.needs_tree = tree.is_none();
        if let Some(tree) = tree {
            let parts = self.core.parts();
            let observer = ExternalClient::builder()
                .crypto_provider(parts.crypto.clone())
                .identity_provider(parts.identity.clone())
                .build();
            let sender = info.sender();
            let observed = run(|| observer.observe_group(message.clone(), Some(tree), None))?;
            let members = observed.roster().members();
            preview.members = self.core.senders(members.iter().map(|m| (m.index, &m.signing_identity)));
            preview.inviter = preview.members.iter().find(|member| member.leaf == Some(sender)).cloned();
        }
        Ok(preview)
    }

    /// Makes a proposal to be added (RFC 9420 section 12.1.8), with a new key package that is kept. The GroupInfo has
    /// to carry the ratchet tree. Errors: `TreeRequired`, `InvalidGroupInfo`, `GroupExists`, `Unsupported`, `TooLarge`.
    pub fn propose_join(&self, group_info: Vec<u8>, aad: Vec<u8>) -> Result<Vec<u8>> {
        self.core.open()?;
        self.core.settings.full()?;
        let message = group_info_of(&group_info, &self.core.settings)?;
        let info = message.as_group_info().expect("it was checked to be one");
        let suite = engine::suite(CipherSuite(info.group_context().cipher_suite.raw_value()))?;
        let Some(tree) = tree_extension(info.extensions()) else {
            return fail(ErrorCode::TreeRequired, "the GroupInfo has to carry the ratchet tree");
        };
        let tree = exported_tree(&self.core, tree)?;
        let context = info.group_context();
        self.core.absent(&self.core.group(context.group_id()))?;
        let own = self.core.own(suite)?;
        let parts = self.core.parts();
        let observer = ExternalClient::builder()
            .crypto_provider(parts.crypto.clone())
            .identity_provider(parts.identity.clone())
            .build();
        run(|| observer.observe_group(message.clone(), Some(tree), None))?;
        let client = self.core.engine_client(&parts, &own, suite);
        let policy = &self.core.settings.policy;
        let not_before = engine::time(self.core.settings.now()?.saturating_sub(policy.key_package_backdate));
        let none = ExtensionList::new;
        run(|| client.generate_key_package_message(none(), none(), Some(not_before)))?;
        let rows = KeyPackageRow::made(&parts, &own)?;
        let Some(row) = rows.first() else { return fail(ErrorCode::Engine, "the engine made no key package") };
        let (group_id, epoch, signer) = (context.group_id(), context.epoch, &own.signer);
        let proposal = Outside { suite, group_id, epoch, signer, aad: &aad }.new_member(row.key_package()?)?;
        self.core.step(|tx| {
            row.put(&self.core.store, &mut tx.batch);
            Ok(())
        })?;
        Ok(proposal)
    }

    /// Makes a proposal as a sender outside the group (RFC 9420 section 12.1.8.1): this client's signature key for the
    /// group's suite is one of the group's external senders.
    ///
    /// Errors: `InvalidProposal` for kinds that an external sender cannot make, `TreeRequired`, `InvalidTree`,
    /// `InvalidGroupInfo`, `Denied` if the group does not list this client.
    pub fn propose_external(
        &self,
        group_info: Vec<u8>,
        tree: Option<Vec<u8>>,
        proposal: Proposal,
        aad: Vec<u8>,
    ) -> Result<Vec<u8>> {
        self.core.open()?;
        self.core.settings.full()?;
        let message = group_info_of(&group_info, &self.core.settings)?;
        let info = message.as_group_info().expect("it was checked to be one");
        let suite = engine::suite(CipherSuite(info.group_context().cipher_suite.raw_value()))?;
        let tree = match (tree_extension(info.extensions()), &tree) {
            (Some(tree), _) => exported_tree(&self.core, tree)?,
            (None, Some(tree)) => exported_tree(&self.core, tree)?,
            (None, None) => return fail(ErrorCode::TreeRequired, "the ratchet tree has to be given"),
        };
        let own = self.core.own(suite)?;
        let parts = self.core.parts();
        let client = ExternalClient::builder()
            .crypto_provider(parts.crypto.clone())
            .identity_provider(parts.identity.clone())
            .signer(own.signer.clone(), own.identity.clone())
            .build();
        let mut observed = run(|| client.observe_group(message.clone(), Some(tree), None))?;
        let unlisted = || MlsError::new(ErrorCode::Denied, "the group does not list this client as an external sender");
        if let Proposal::ResumptionPsk { epoch: past } = proposal {
            let context = info.group_context();
            let senders = context.extensions().get_as::<ExternalSendersExt>().ok().flatten();
            let senders = senders.map_or_else(Vec::new, |senders| senders.allowed_senders);
            let index = (0..).zip(&senders).find(|(_, sender)| **sender == own.identity).ok_or_else(unlisted)?.0;
            let (group_id, epoch, signer) = (context.group_id(), context.epoch, &own.signer);
            return Outside { suite, group_id, epoch, signer, aad: &aad }.resumption_psk(index, past);
        }
        let proposed = match proposal {
            Proposal::Add { key_package } => {
                let key_package = self.core.settings.decode(&key_package)?;
                run(|| observed.propose_add(key_package, aad))
            }
            Proposal::Remove { leaf } => run(|| observed.propose_remove(leaf, aad)),
            Proposal::ExternalPsk { id } => run(|| observed.propose_external_psk(ExternalPskId::new(id), aad)),
            Proposal::GroupContextExtensions { extensions } => {
                let list = engine::extensions(&extensions)?;
                run(|| observed.propose_group_context_extensions(list, aad))
            }
            Proposal::ReInit { group_id, cipher_suite, extensions } => {
                let id = super::propose::reinit_id(&group_id)?;
                let list = engine::extensions(&extensions)?;
                let suite = mls_rs::CipherSuite::new(engine::suite(cipher_suite)?.0);
                run(|| observed.propose_reinit(Some(id), mls_rs::ProtocolVersion::MLS_10, suite, list, aad))
            }
            Proposal::Custom { kind, data } => {
                run(|| observed.propose_custom(CustomProposal::new(ProposalType::new(kind), data), aad))
            }
            Proposal::Update { .. } | Proposal::ResumptionPsk { .. } => {
                return fail(ErrorCode::InvalidProposal, "an external sender cannot propose this");
            }
        };
        let proposed = proposed.map_err(|failure| match &failure {
            super::session::Failure::Engine(error)
                if matches!(
                    **error,
                    mls_rs::error::MlsError::ExternalProposalsDisabled
                        | mls_rs::error::MlsError::InvalidExternalSigningIdentity
                ) =>
            {
                unlisted()
            }
            _ => failure.into(),
        })?;
        Ok(proposed.to_bytes()?)
    }
}

/// The leaf of a device in a tree.
fn leaf_of(tree: &ExportedTree, own: &SigningIdentity) -> Result<u32> {
    let identity = engine::identity_of(own);
    let member = tree.roster().members_iter().find(|member| engine::identity_of(&member.signing_identity) == identity);
    match member {
        Some(member) => Ok(member.index),
        None => fail(ErrorCode::MemberNotFound, "this device is not in the tree"),
    }
}

/// The group context's extensions, those that libmls makes included. Types that RFC 9420 names need not be required of
/// anybody: they are left out.
fn context_extensions(options: &GroupOptions) -> Result<ExtensionList> {
    let mut list = engine::extensions(&options.extensions)?;
    for kind in [REQUIRED_CAPABILITIES, EXTERNAL_SENDERS] {
        let given = list.has_extension(ExtensionType::new(kind));
        let made = match kind {
            REQUIRED_CAPABILITIES => options.required_capabilities.is_some(),
            _ => !options.external_senders.is_empty(),
        };
        if given && made {
            return fail(ErrorCode::InvalidArgument, "an extension type is given twice");
        }
    }
    if let Some(Capabilities { extensions, proposals, credentials }) = &options.required_capabilities {
        let required = RequiredCapabilitiesExt {
            extensions: extensions.iter().map(|kind| ExtensionType::new(*kind)).filter(|k| !k.is_default()).collect(),
            proposals: proposals.iter().map(|kind| ProposalType::new(*kind)).filter(|k| !k.is_default()).collect(),
            credentials: credentials.iter().map(|kind| CredentialType::new(*kind)).collect(),
        };
        list.set(required.into_extension().map_err(|_| invalid_extension())?);
    }
    if !options.external_senders.is_empty() {
        let senders = options
            .external_senders
            .iter()
            .map(|sender| engine::signing_identity(&sender.credential, &sender.signature_key))
            .collect::<Result<Vec<_>>>()?;
        list.set(ExternalSendersExt::new(senders).into_extension().map_err(|_| invalid_extension())?);
    }
    Ok(list)
}

/// What a group's context says of it.
fn preview_of(context: &GroupContext) -> GroupPreview {
    GroupPreview {
        group_id: context.group_id.clone(),
        cipher_suite: context.cipher_suite.raw_value(),
        epoch: context.epoch,
        inviter: None,
        members: Vec::new(),
        needs_tree: true,
        parent: None,
    }
}

fn invalid_extension() -> MlsError {
    MlsError::new(ErrorCode::InvalidArgument, "an extension cannot be encoded")
}

impl ClientCore {
    pub(crate) fn engine_client(&self, parts: &Parts, own: &Own, suite: CipherSuite) -> engine::EngineClient {
        let lifetime = self.settings.policy.key_package_lifetime + self.settings.policy.key_package_backdate;
        engine::client(parts, Some((own, suite)), &self.settings.capabilities, lifetime)
    }

    /// Members as senders.
    fn senders<'a>(&self, members: impl Iterator<Item = (u32, &'a SigningIdentity)>) -> Vec<crate::Sender> {
        members.map(|(leaf, id)| self.settings.sender(SenderKind::Member, Some(leaf), Some(id))).collect()
    }

    /// `GroupExists` if this device is in the group, or is joining it. A group that is closed may be joined again.
    pub(super) fn absent(&self, group: &Group) -> Result<()> {
        let status = self.status(group.core.tag)?;
        if matches!(status, Some(GroupStatus::Active | GroupStatus::RejoinNeeded)) || group.joining()?.is_some() {
            return fail(ErrorCode::GroupExists, "this device is in the group, or is joining it");
        }
        Ok(())
    }

    pub(super) fn invitation(&self, id: u64) -> Result<Option<InvitationRow>> {
        self.store.get(&invitation_key(id))?.map(|row| decode(&row)).transpose()
    }

    /// Opens a Welcome in memory.
    fn arrive(&self, row: &InvitationRow, tree: Option<&[u8]>) -> Result<Arrival> {
        let Some(package) = KeyPackageRow::get(&self.store, &row.key_package)? else {
            return fail(ErrorCode::InvalidWelcome, "the key package of this Welcome is gone");
        };
        let welcome = self.settings.decode(&row.welcome)?;
        let (parts, own, suite) = package.engine(self)?;
        let tree = tree.map(|tree| exported_tree(self, tree)).transpose()?;
        let (engine, info) = match &row.parent {
            Some(parent) => self.join_successor(&parts, parent, row.reinit, &own, &welcome, tree)?,
            None => run(|| self.engine_client(&parts, &own, suite).join_group(tree, &welcome, None))?,
        };
        Ok(Arrival { engine, parts, inviter: Some(info.sender) })
    }

    /// What is in a Welcome, and the invitation to store. Errors say why it cannot be shown.
    pub(crate) fn preview_welcome(&self, welcome: &[u8], reference: &[u8]) -> Result<(GroupPreview, InvitationRow)> {
        let Some(package) = KeyPackageRow::get(&self.store, reference)? else {
            return fail(ErrorCode::InvalidWelcome, "the key package of this Welcome is gone");
        };
        let decoded = self.settings.decode(welcome)?;
        let mut row = InvitationRow {
            welcome: welcome.to_vec(),
            key_package: reference.to_vec(),
            group_id: Vec::new(),
            parent: None,
            reinit: false,
        };
        let continued = package.continued(welcome)?;
        let message = match &continued {
            Some(continued) => {
                let mut parent = self.parent_of(continued)?;
                let message = continued.group_info(welcome, &parent)?;
                if let (false, Some(info)) = (continued.reinit, message.as_group_info()) {
                    // RFC 9420 section 11.3 lets a branch have extensions of its own, the engine does not: so its parent
                    // gets them, in this copy.
                    parent = engine::with_context_extensions(&parent, info.group_context().extensions())?;
                }
                row.parent = Some(parent.to_vec());
                row.reinit = continued.reinit;
                Some(message)
            }
            None => None,
        };
        let examined;
        let info = match message.as_ref().and_then(MlsMessage::as_group_info) {
            Some(info) => info,
            None => {
                let (parts, own, suite) = package.engine(self)?;
                examined = run(|| self.engine_client(&parts, &own, suite).examine_welcome_message(&decoded))?;
                &examined
            }
        };
        let mut preview = preview_of(info.group_context());
        row.group_id.clone_from(&preview.group_id);
        if let Some(tree) = tree_extension(info.extensions()) {
            check_tree(self, tree)?;
            if let Some(limit) = self.settings.limits.hold_commits_above {
                Budget::for_members(&self.settings.limits, limit).check_tree(tree)?;
            }
            self.fill_preview(&mut preview, &self.arrive(&row, None)?);
        }
        preview.parent = continued.map(|continued| continued.group_id);
        Ok((preview, row))
    }

    fn fill_preview(&self, preview: &mut GroupPreview, arrival: &Arrival) {
        let members = arrival.engine.roster().members();
        preview.needs_tree = false;
        preview.members = self.senders(members.iter().map(|member| (member.index, &member.signing_identity)));
        preview.inviter = preview.members.iter().find(|member| member.leaf == arrival.inviter).cloned();
    }

    /// Stores an invitation with its event.
    pub(crate) fn invite(&self, tx: &mut Tx, row: &InvitationRow, preview: &GroupPreview) -> u64 {
        let tag = self.store.group_tag(&row.group_id);
        let invitation = Invitation { id: 0, preview: preview.clone(), key_package: row.key_package.clone() };
        let id = tx.event(Some(tag), &row.group_id, EventKind::Invited(invitation));
        tx.batch.put(invitation_key(id), encode(row));
        id
    }

    /// Whether this invitation may wait for the application. Read one by one: together they may be large.
    pub(crate) fn room_to_invite(&self, welcome: &[u8]) -> Result<RoomToInvite> {
        let all = Key::from_bytes(vec![INVITATION]);
        let (mut from, end) = (all.clone(), all.end());
        let (mut count, mut bytes) = (1, welcome.len());
        while let Some((key, row)) = self.store.scan(&from, &end, false, 1)?.pop() {
            let row: InvitationRow = decode(&row)?;
            if row.welcome == welcome {
                return Ok(RoomToInvite::Known);
            }
            (count, bytes) = (count + 1, bytes + row.welcome.len());
            from = key.after();
        }
        let most = self.settings.limits.message_bytes.saturating_mul(INVITATIONS_LARGE);
        Ok(if count > INVITATIONS_MAX || bytes as u64 > most { RoomToInvite::Full } else { RoomToInvite::Yes })
    }

    pub(crate) fn join(self: &std::sync::Arc<Self>, id: u64, tree: Option<Vec<u8>>) -> Result<(Group, Vec<Event>)> {
        let Some(row) = self.invitation(id)? else {
            return fail(ErrorCode::InvitationNotFound, "no such invitation waits");
        };
        let group = self.group(&row.group_id);
        let mut slot = group.core.enter()?;
        self.absent(&group)?;
        let mut arrival = self.arrive(&row, tree.as_deref()).map_err(|error| match error.code() {
            ErrorCode::Crypto => {
                MlsError::new(ErrorCode::InvalidWelcome, "the Welcome is not genuine").with_detail(error.detail())
            }
            _ => error,
        })?;
        let trust = ask_trust(self, &arrival.parts, &arrival.engine, Purpose::Member)?.into_result()?;
        let snapshot = Snapshot::cut(&written(&mut arrival.engine, &arrival.parts)?)?;
        let package = KeyPackageRow::get(&self.store, &row.key_package)?;
        let events = self.step_events(|tx| {
            self.absent(&group)?;
            group.arrive(tx, &snapshot, &arrival.engine, None)?;
            tx.batch.delete(invitation_key(id));
            tx.acknowledge(id);
            if package.as_ref().is_some_and(|package| !package.last_resort) {
                // Another invitation that came with it may have been joined meanwhile.
                if KeyPackageRow::get(&self.store, &row.key_package)?.is_none() {
                    return fail(ErrorCode::InvalidWelcome, "the key package of this Welcome is gone");
                }
                tx.batch.delete(KeyPackageRow::key(&self.store, &row.key_package));
            }
            trust.remember(&self.store, &mut tx.batch)?;
            let joined = Joined {
                by: JoinedBy::Welcome,
                epoch: arrival.engine.context().epoch,
                key_package: row.key_package.clone(),
                commit: None,
            };
            tx.event(Some(group.core.tag), &row.group_id, EventKind::Joined(joined));
            Ok(())
        })?;
        *slot = None;
        drop(slot);
        let mut events = events;
        // This device is in the group, whatever becomes of what has waited: that is due again with the next message.
        events.extend(group.release(&[HeldFor::Group]).unwrap_or_default());
        Ok((group, events))
    }
}

impl Group {
    /// The rows of a group that this device comes into, in place of what there was. Accepted commits stay: their
    /// Welcomes may not be delivered yet. `own` is our commit that has led there.
    pub(super) fn arrive(
        &self,
        tx: &mut Tx,
        snapshot: &Snapshot,
        engine: &EngineGroup,
        own: Option<u64>,
    ) -> Result<()> {
        let folded = tx.id();
        let tag = self.core.tag;
        let kept = GroupRow::get(&self.client.store, tag)?;
        if let Some(kept) = &kept {
            // Rows of the old state that only held on to its keys go with it.
            let (old, _) = read_log(&self.client.store, tag, kept)?;
            let rows = old.iter().map(|old| (old.row, old.acknowledged)).collect();
            tx.fold(Fold { tag, row: folded, rows, foreign: 0 });
        }
        self.first_rows(&mut tx.batch, snapshot, engine, kept.as_ref(), folded, own);
        for row in self.commit_rows()? {
            if row.status() != CommitStatus::Accepted {
                tx.batch.delete(CommitRow::key(self, row.id));
            }
        }
        tx.batch.delete(Key::group(JOINING, tag, &[]));
        self.forget_marker(&mut tx.batch);
        Ok(())
    }

    /// The service ordered our external commit.
    pub(super) fn accept_joining(&self, row: CommitRow) -> Result<()> {
        self.merge_joining_now(&row, None)?;
        self.release(&[HeldFor::Group])?;
        self.client.release_welcomes()?;
        Ok(())
    }

    /// As [`merge`](Self::merge), for an external commit of ours; to be called without the group's lock.
    pub(crate) fn merge_joining_now(&self, row: &CommitRow, held: Option<Key>) -> Result<Vec<Event>> {
        let mut slot = self.core.enter()?;
        *slot = None;
        self.swap(row, held)
    }

    /// The same with the lock held.
    pub(super) fn merge_joining(
        &self,
        locked: &mut super::Locked,
        row: &CommitRow,
        held: Option<Key>,
    ) -> Result<Vec<Event>> {
        locked.drop_session();
        self.swap(row, held)
    }

    /// Puts the state that an external commit leads to in the group's place.
    fn swap(&self, row: &CommitRow, held: Option<Key>) -> Result<Vec<Event>> {
        let (store, tag) = (&self.client.store, self.core.tag);
        let snapshot = row.state();
        let cut = Snapshot::cut(&snapshot)?;
        let parts = self.client.parts();
        let engine = self.client.load_engine(&parts, &self.core.id, snapshot)?;
        let past = self.past_of_old_state(&cut, engine.context().epoch)?;
        let key = CommitRow::key(self, row.id);
        self.client.step_events(|tx| {
            let stored = store.get(&key)?.map(|row| decode::<CommitRow>(&row)).transpose()?;
            if stored.is_none_or(|row| row.status() == CommitStatus::Accepted) {
                return Ok(()); // another process has done it
            }
            self.arrive(tx, &cut, &engine, Some(row.id))?;
            if let Some((epoch, past)) = &past {
                tx.batch.put(EpochRow::key(tag, *epoch), encode(past));
            }
            tx.batch.put(key.clone(), encode(&row.accepted()));
            crate::trust::remember(&row.pins, store, &mut tx.batch)?;
            if let Some(held) = &held {
                tx.batch.delete(held.clone());
            }
            let joined = Joined {
                by: JoinedBy::ExternalCommit,
                epoch: engine.context().epoch,
                key_package: Vec::new(),
                commit: Some(row.id),
            };
            tx.event(Some(tag), &self.core.id, EventKind::Joined(joined));
            tx.raise_mark(&self.client);
            Ok(())
        })
    }

    /// The epoch that a resync ends, if this device was in it: its late messages can then be read.
    fn past_of_old_state(&self, new: &Snapshot, epoch: u64) -> Result<Option<(u64, EpochRow)>> {
        let (store, tag) = (&self.client.store, self.core.tag);
        let Some(old) = GroupRow::get(store, tag)? else { return Ok(None) };
        if old.epoch + 1 != epoch || !matches!(old.status, GroupStatus::Active | GroupStatus::RejoinNeeded) {
            return Ok(None);
        }
        let session = Session::load(&self.client, tag)?;
        let small = session.folded_snapshot(&self.client, session.row.mark)?;
        let (_, tree) = StoredTree::read(store, tag, &session.row)?;
        let small = PastEpoch::of(&small)?;
        Ok(Some((old.epoch, EpochRow::new(&small, &tree.identities()?, &new.tree.identities()?))))
    }

    /// A message of a group that this device is not in, or not yet.
    pub(crate) fn receive_unknown(&self, message: &super::receive::Incoming) -> Result<Vec<Event>> {
        if let Some(row) = self.external_commit(message)? {
            let mut events = self.merge_joining_now(&row, None)?;
            events.extend(self.release(&[HeldFor::Group])?);
            return Ok(events);
        }
        self.hold_for_welcome(message)
    }

    pub(super) fn hold_for_welcome(&self, message: &super::receive::Incoming) -> Result<Vec<Event>> {
        use crate::{Held, Ignored, IgnoredReason};
        let row = HeldRow::new(HeldFor::Group, message.epoch, &message.bytes);
        let room = match self.unknown_marker()? {
            Some(marker) => self.room_to_hold(&row)?.with(marker),
            None => None,
        };
        let tag = self.core.tag;
        let events = self.client.step_events(|tx| {
            let kind = match &room {
                Some((waiting, marker)) => {
                    tx.batch.put(marker.clone(), self.core.id.clone());
                    row.put(&mut tx.batch, tag);
                    EventKind::Held(Held { reason: HeldFor::Group, epoch: message.epoch, waiting: *waiting })
                }
                None => EventKind::Ignored(Ignored { reason: IgnoredReason::HoldFull, epoch: message.epoch }),
            };
            tx.event(Some(tag), &self.core.id, kind);
            Ok(())
        });
        // The join may have come in between.
        self.core.release_due.store(true, std::sync::atomic::Ordering::Relaxed);
        events
    }
}

impl super::held::Room {
    fn with(self, marker: Key) -> Option<(u32, Key)> {
        match self {
            Self::Yes(waiting) => Some((waiting, marker)),
            Self::Full => None,
        }
    }
}
