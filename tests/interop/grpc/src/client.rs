//! libmls behind the harness's calls, through its public Rust surface.
//!
//! Every identity that the runner invents is a device with a store in memory of its own. A *state* is one of its groups;
//! a *transaction* is a device that has a key package and no group yet; a *signer* proposes from outside.

use crate::wire::{self, *};
use mls::{
    CipherSuite, Client, Commit, CommitOptions, Credential, EncryptOptions, Event, EventKind, Extension, ExternalJoin,
    Group, GroupOptions, HandshakeEncryption, JoinOptions, KeyPackageOptions, KeyPackageSecrets, MlsError, Options,
    Proposal, Trust,
    store::{KeyRange, MemoryStorage, Storage, Write},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tonic::Status;

type Result<T> = std::result::Result<T, Status>;

/// The extension type `external_senders`.
const EXTERNAL_SENDERS: u16 = 5;

fn told(error: MlsError) -> Status {
    Status::internal(format!("{:?}: {error} ({})", error.code(), error.detail()))
}

fn wrong<T>(what: impl Into<String>) -> Result<T> {
    Err(Status::invalid_argument(what))
}

fn some(bytes: Vec<u8>) -> Option<Vec<u8>> {
    (!bytes.is_empty()).then_some(bytes)
}

fn suite(number: u32) -> Result<CipherSuite> {
    let suite = CipherSuite::SUPPORTED.iter().find(|suite| u32::from(suite.0) == number);
    suite.copied().ok_or_else(|| Status::invalid_argument(format!("cipher suite {number} is not supported")))
}

fn extensions(list: Vec<wire::Extension>) -> Result<Vec<Extension>> {
    let extension = |given: wire::Extension| match u16::try_from(given.extension_type) {
        Ok(kind) => Ok(Extension { kind, data: given.extension_data }),
        Err(_) => wrong("an extension's type has 16 bits"),
    };
    list.into_iter().map(extension).collect()
}

/// Appends a vector of RFC 9420 section 2.1.2.
fn put_vector(out: &mut Vec<u8>, content: &[u8]) {
    match content.len() {
        len @ 0..0x40 => out.push(len as u8),
        len @ 0x40..0x4000 => out.extend_from_slice(&(len as u16 | 0x4000).to_be_bytes()),
        len => out.extend_from_slice(&(len as u32 | 0x8000_0000).to_be_bytes()),
    }
    out.extend_from_slice(content);
}

/// The content of the vector that `bytes` are.
fn vector(bytes: &[u8]) -> Result<&[u8]> {
    let header = 1 << (bytes.first().unwrap_or(&0) >> 6);
    bytes.get(header..).ok_or_else(|| Status::invalid_argument("not a vector"))
}

/// One device.
#[derive(Clone)]
struct Device {
    storage: Arc<MemoryStorage>,
    options: Options,
    client: Client,
}

impl Device {
    fn new(identity: Vec<u8>, suite: CipherSuite, encrypt_handshake: bool) -> Result<Self> {
        let mut options = Options::new().trust(Trust::InsecureAcceptAny);
        options.credential = Some(Credential::Basic { identity });
        options.cipher_suite = Some(suite);
        options.policy.external_join = ExternalJoin::Trusted;
        options.policy.new_member_proposals = true;
        options.policy.external_sender_proposals = true;
        options.policy.handshake_encryption = handshakes(encrypt_handshake);
        // The runner decides what there is of a group, not a stranger.
        options.limits.past_epochs = 64;
        options.limits.proposals_per_member = 1_000;
        Self::open(MemoryStorage::new(), options)
    }

    fn open(storage: Arc<MemoryStorage>, options: Options) -> Result<Self> {
        let client = Client::open_storage(storage.clone(), vec![7; 32], options.clone()).map_err(told)?;
        Ok(Self { storage, options, client })
    }

    /// The same device; whether it encrypts its handshake messages is known only when it joins.
    fn reopened(&self, encrypt_handshake: bool) -> Result<Self> {
        let mut options = self.options.clone();
        options.policy.handshake_encryption = handshakes(encrypt_handshake);
        Self::open(self.storage.clone(), options)
    }

    /// Another device with the same past.
    fn forked(&self) -> Result<Self> {
        let copy = MemoryStorage::new();
        let all = KeyRange { from: vec![0], to: vec![0xff; 256] };
        let rows = self.storage.scan(all, false, u32::MAX).map_err(|error| Status::internal(error.to_string()))?;
        let writes = rows.into_iter().map(|row| Write::Put { key: row.key, value: row.value }).collect();
        let version = copy.version().map_err(|error| Status::internal(error.to_string()))?;
        copy.commit(version, writes).map_err(|error| Status::internal(error.to_string()))?;
        Self::open(copy, self.options.clone())
    }

    /// A key package, with its private keys.
    fn key_package(&self, suite: CipherSuite) -> Result<KeyPackageSecrets> {
        let options = KeyPackageOptions { cipher_suite: Some(suite), ..KeyPackageOptions::default() };
        let message = self.client.create_key_packages(1, options).map_err(told)?.remove(0);
        self.secrets(&message)
    }

    fn secrets(&self, message: &[u8]) -> Result<KeyPackageSecrets> {
        let references = mls::inspect(message.to_vec()).map_err(told)?.key_packages;
        self.client.export_key_package(references[0].clone()).map_err(told)
    }

    /// Takes a message in; the events are seen to.
    fn receive(&self, message: &[u8]) -> Result<Vec<Event>> {
        let events = self.client.receive(message.to_vec()).map_err(told)?;
        for event in &events {
            if !matches!(event.kind, EventKind::Invited(_)) {
                self.client.acknowledge(event.id).map_err(told)?;
            }
        }
        Ok(events)
    }

    fn join(&self, welcome: &[u8], tree: Vec<u8>) -> Result<Group> {
        let events = self.receive(welcome)?;
        let invitation = events.iter().find_map(|event| match &event.kind {
            EventKind::Invited(invitation) => Some(invitation.id),
            _ => None,
        });
        match invitation {
            Some(id) => self.client.join(id, some(tree)).map_err(told),
            None => Err(Status::internal(format!("no invitation: {:?}", events))),
        }
    }
}

fn handshakes(encrypt: bool) -> HandshakeEncryption {
    if encrypt { HandshakeEncryption::Private } else { HandshakeEncryption::Public }
}

/// One of a device's groups.
struct State {
    device: Device,
    group: Group,
    pending: Option<Commit>,
    /// The references of proposals by their messages: those that were made here, and those that were received.
    known: HashMap<Vec<u8>, Vec<u8>>,
}

impl State {
    fn new(device: Device, group: Group) -> Self {
        Self { device, group, pending: None, known: HashMap::new() }
    }

    fn authenticator(&self) -> Result<Vec<u8>> {
        self.group.epoch_authenticator().map_err(told)
    }

    fn leaf(&self, identity: &[u8]) -> Result<u32> {
        let members = self.group.members().map_err(told)?;
        let member = members.iter().find(|member| member.credential.bytes() == identity);
        member.map(|member| member.leaf).ok_or_else(|| Status::invalid_argument("nobody of this identity is a member"))
    }

    fn references(&self) -> Result<Vec<Vec<u8>>> {
        let proposals = self.group.proposals().map_err(told)?;
        Ok(proposals.into_iter().map(|proposal| proposal.reference).collect())
    }

    fn propose(&mut self, proposal: Proposal) -> Result<ProposalResponse> {
        let before = self.references()?;
        let message = self.group.propose(vec![proposal], Vec::new()).map_err(told)?.remove(0);
        match self.references()?.into_iter().find(|reference| !before.contains(reference)) {
            Some(reference) => self.known.insert(message.clone(), reference),
            None => return Err(Status::internal("the proposal is not among those that wait")),
        };
        Ok(ProposalResponse { proposal: message })
    }

    /// Takes proposals of others in; answers the references of all.
    fn take(&mut self, proposals: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
        let mut references = Vec::new();
        for message in proposals {
            if let Some(reference) = self.known.get(message) {
                references.push(reference.clone());
                continue;
            }
            let mut events = self.device.receive(message)?;
            let Some(EventKind::Proposed(info)) = events.pop().map(|event| event.kind) else {
                return Err(Status::internal(format!("a proposal was not taken: {events:?}")));
            };
            self.known.insert(message.clone(), info.proposal.reference.clone());
            references.push(info.proposal.reference);
        }
        Ok(references)
    }

    fn commit(&mut self, asked: CommitRequest) -> Result<CommitResponse> {
        let wanted = self.take(&asked.by_reference)?;
        // All that waits is committed: so only what is asked for may wait.
        for reference in self.references()?.into_iter().filter(|reference| !wanted.contains(reference)) {
            self.group.withdraw(reference).map_err(told)?;
        }
        let leaf = |identity: &[u8]| self.leaf(identity);
        let by_value = asked.by_value.into_iter().map(|proposal| described(proposal, &leaf)).collect::<Result<_>>()?;
        let options = CommitOptions {
            force_path: asked.force_path,
            tree_out_of_band: asked.external_tree,
            ..CommitOptions::default()
        };
        let commit = self.group.commit(by_value, options).map_err(told)?;
        let bundle = commit.bundle().map_err(told)?;
        let ratchet_tree = if asked.external_tree { self.tree_after(&commit)? } else { Vec::new() };
        self.pending = Some(commit);
        let welcome = bundle.welcomes.into_iter().next().unwrap_or_default();
        Ok(CommitResponse { commit: bundle.message, welcome, ratchet_tree })
    }

    /// The tree of the epoch that a commit makes. The group tells it when the commit is accepted: a copy accepts it.
    fn tree_after(&self, commit: &Commit) -> Result<Vec<u8>> {
        let group = self.device.forked()?.client.group(self.group.id()).map_err(told)?;
        let pending = group.pending_commits().map_err(told)?;
        let copy = pending.into_iter().find(|other| other.id() == commit.id());
        copy.ok_or_else(|| Status::internal("the copy has no such commit"))?.accept().map_err(told)?;
        group.ratchet_tree().map_err(told)
    }

    fn handle(&mut self, asked: &HandleCommitRequest) -> Result<EventKind> {
        self.take(&asked.proposal)?;
        let events = self.device.receive(&asked.commit)?;
        let ended = |event: &&Event| matches!(event.kind, EventKind::Committed(_) | EventKind::Replaced(_));
        match events.iter().find(ended) {
            Some(event) => Ok(event.kind.clone()),
            None => Err(Status::internal(format!("the commit was not taken: {events:?}"))),
        }
    }

    fn accept(&mut self) -> Result<()> {
        let Some(commit) = self.pending.take() else { return wrong("no commit is pending") };
        commit.accept().map_err(told)
    }

    /// A key package for the successor of this group.
    fn reinit(self, kind: &EventKind) -> Result<(Self, KeyPackageSecrets)> {
        let EventKind::Replaced(replaced) = kind else { return Err(Status::internal("the group goes on")) };
        let package = self.device.key_package(suite(replaced.cipher_suite.into())?)?;
        Ok((self, package))
    }
}

/// A proposal as the runner describes it.
fn described(asked: ProposalDescription, leaf: &dyn Fn(&[u8]) -> Result<u32>) -> Result<Proposal> {
    Ok(match asked.proposal_type.as_slice() {
        b"add" => Proposal::add(asked.key_package),
        b"remove" => Proposal::remove(leaf(&asked.removed_id)?),
        b"externalPSK" => Proposal::external_psk(asked.psk_id),
        b"resumptionPSK" => Proposal::ResumptionPsk { epoch: asked.epoch_id },
        b"groupContextExtensions" => Proposal::GroupContextExtensions { extensions: extensions(asked.extensions)? },
        b"reinit" => Proposal::ReInit {
            group_id: Some(asked.group_id),
            cipher_suite: suite(asked.cipher_suite)?,
            extensions: extensions(asked.extensions)?,
        },
        other => return wrong(format!("no such proposal: {}", String::from_utf8_lossy(other))),
    })
}

/// A device that waits for a Welcome.
struct Transaction {
    device: Device,
    key_package: KeyPackageSecrets,
}

#[derive(Default)]
struct Inner {
    last: u32,
    states: HashMap<u32, State>,
    transactions: HashMap<u32, Transaction>,
    signers: HashMap<u32, Device>,
    /// Groups that have ended, with the key package for what follows.
    reinits: HashMap<u32, State>,
}

impl Inner {
    fn id(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    fn keep(&mut self, state: State) -> u32 {
        let id = self.id();
        self.states.insert(id, state);
        id
    }

    fn state(&mut self, id: u32) -> Result<&mut State> {
        self.states.get_mut(&id).ok_or_else(|| Status::not_found(format!("no state {id}")))
    }

    fn transaction(&mut self, id: u32) -> Result<Transaction> {
        self.transactions.remove(&id).ok_or_else(|| Status::not_found(format!("no transaction {id}")))
    }

    fn subgroup(&mut self, device: Device, commit: &Commit, external_tree: bool) -> Result<CreateSubgroupResponse> {
        let group = commit.group();
        let welcome = commit.welcomes().map_err(told)?.into_iter().next().unwrap_or_default();
        let ratchet_tree = if external_tree { group.ratchet_tree().map_err(told)? } else { Vec::new() };
        let state = State::new(device, group);
        let epoch_authenticator = state.authenticator()?;
        Ok(CreateSubgroupResponse { state_id: self.keep(state), welcome, ratchet_tree, epoch_authenticator })
    }

    /// The group of a state has ended; the state becomes what its successor is made from.
    fn end(&mut self, id: u32, kind: &EventKind) -> Result<HandleReInitCommitResponse> {
        let state = self.states.remove(&id).ok_or_else(|| Status::not_found(format!("no state {id}")))?;
        let epoch_authenticator = state.authenticator()?;
        let (state, package) = state.reinit(kind)?;
        let reinit_id = self.id();
        self.reinits.insert(reinit_id, state);
        Ok(HandleReInitCommitResponse { reinit_id, key_package: package.message, epoch_authenticator })
    }

    fn reinit(&self, id: u32) -> Result<&State> {
        self.reinits.get(&id).ok_or_else(|| Status::not_found(format!("no group that was to be replaced: {id}")))
    }
}

/// How the commit of a new group is to look.
fn successor_options(force_path: bool, external_tree: bool) -> CommitOptions {
    CommitOptions { force_path, tree_out_of_band: external_tree, ..CommitOptions::default() }
}

/// All states of all devices; a call is made by one thread at a time.
#[derive(Default)]
pub struct Harness(Mutex<Inner>);

impl Harness {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn propose(&self, state: u32, proposal: Proposal) -> Result<ProposalResponse> {
        self.inner().state(state)?.propose(proposal)
    }

    pub fn name(&self, _: NameRequest) -> Result<NameResponse> {
        Ok(NameResponse { name: "libmls".into() })
    }

    pub fn supported_ciphersuites(&self, _: SupportedCiphersuitesRequest) -> Result<SupportedCiphersuitesResponse> {
        let ciphersuites = CipherSuite::SUPPORTED.iter().map(|suite| suite.0.into()).collect();
        Ok(SupportedCiphersuitesResponse { ciphersuites })
    }

    pub fn create_group(&self, asked: CreateGroupRequest) -> Result<CreateGroupResponse> {
        let device = Device::new(asked.identity, suite(asked.cipher_suite)?, asked.encrypt_handshake)?;
        let options = GroupOptions { id: some(asked.group_id), ..GroupOptions::default() };
        let group = device.client.create_group(options).map_err(told)?;
        Ok(CreateGroupResponse { state_id: self.inner().keep(State::new(device, group)) })
    }

    pub fn create_key_package(&self, asked: CreateKeyPackageRequest) -> Result<CreateKeyPackageResponse> {
        let suite = suite(asked.cipher_suite)?;
        let device = Device::new(asked.identity, suite, true)?;
        let key_package = device.key_package(suite)?;
        let response = CreateKeyPackageResponse {
            transaction_id: 0,
            key_package: key_package.message.clone(),
            init_priv: key_package.init_key.to_vec(),
            encryption_priv: key_package.encryption_key.to_vec(),
            signature_priv: key_package.signature_key.to_vec(),
        };
        let mut inner = self.inner();
        let transaction_id = inner.id();
        inner.transactions.insert(transaction_id, Transaction { device, key_package });
        Ok(CreateKeyPackageResponse { transaction_id, ..response })
    }

    pub fn join_group(&self, asked: JoinGroupRequest) -> Result<JoinGroupResponse> {
        let mut inner = self.inner();
        let device = inner.transaction(asked.transaction_id)?.device.reopened(asked.encrypt_handshake)?;
        let group = device.join(&asked.welcome, asked.ratchet_tree)?;
        let state = State::new(device, group);
        let epoch_authenticator = state.authenticator()?;
        Ok(JoinGroupResponse { state_id: inner.keep(state), epoch_authenticator })
    }

    pub fn external_join(&self, asked: ExternalJoinRequest) -> Result<ExternalJoinResponse> {
        let suite = mls::inspect(asked.group_info.clone()).map_err(told)?.cipher_suite.unwrap_or(0);
        let device = Device::new(asked.identity, self::suite(suite.into())?, asked.encrypt_handshake)?;
        let mut psks = Vec::new();
        for psk in asked.psks {
            device.client.add_psk(psk.psk_id.clone(), psk.psk_secret).map_err(told)?;
            psks.push(psk.psk_id);
        }
        let tree = some(asked.ratchet_tree);
        let options = JoinOptions { tree, resync: asked.remove_prior, psks, ..JoinOptions::default() };
        let commit = device.client.join_external(asked.group_info, options).map_err(told)?;
        let message = commit.message().map_err(told)?;
        commit.accept().map_err(told)?;
        let state = State::new(device, commit.group());
        let epoch_authenticator = state.authenticator()?;
        Ok(ExternalJoinResponse { state_id: self.inner().keep(state), commit: message, epoch_authenticator })
    }

    pub fn group_info(&self, asked: GroupInfoRequest) -> Result<GroupInfoResponse> {
        let mut inner = self.inner();
        let group = &inner.state(asked.state_id)?.group;
        let ratchet_tree = if asked.external_tree { group.ratchet_tree().map_err(told)? } else { Vec::new() };
        Ok(GroupInfoResponse { group_info: group.group_info(true, !asked.external_tree).map_err(told)?, ratchet_tree })
    }

    pub fn state_auth(&self, asked: StateAuthRequest) -> Result<StateAuthResponse> {
        Ok(StateAuthResponse { state_auth_secret: self.inner().state(asked.state_id)?.authenticator()? })
    }

    pub fn export(&self, asked: ExportRequest) -> Result<ExportResponse> {
        let mut inner = self.inner();
        let group = &inner.state(asked.state_id)?.group;
        let exported_secret = group.export_secret(&asked.label, asked.context, asked.key_length).map_err(told)?;
        Ok(ExportResponse { exported_secret })
    }

    pub fn protect(&self, asked: ProtectRequest) -> Result<ProtectResponse> {
        let mut inner = self.inner();
        let options = EncryptOptions { aad: asked.authenticated_data };
        let ciphertext = inner.state(asked.state_id)?.group.encrypt(asked.plaintext, options).map_err(told)?;
        Ok(ProtectResponse { ciphertext })
    }

    pub fn unprotect(&self, asked: UnprotectRequest) -> Result<UnprotectResponse> {
        let mut events = self.inner().state(asked.state_id)?.device.receive(&asked.ciphertext)?;
        match events.pop().map(|event| event.kind) {
            Some(EventKind::Message(message)) => {
                Ok(UnprotectResponse { authenticated_data: message.aad, plaintext: message.data })
            }
            other => Err(Status::internal(format!("not a message: {other:?}"))),
        }
    }

    pub fn store_psk(&self, asked: StorePSKRequest) -> Result<StorePSKResponse> {
        let inner = self.inner();
        let id = asked.state_or_transaction_id;
        let state = inner.states.get(&id).map(|state| &state.device);
        let device = state.or_else(|| inner.transactions.get(&id).map(|transaction| &transaction.device));
        let Some(device) = device else { return Err(Status::not_found(format!("no state or transaction {id}"))) };
        device.client.add_psk(asked.psk_id, asked.psk_secret).map_err(told)?;
        Ok(StorePSKResponse {})
    }

    pub fn add_proposal(&self, asked: AddProposalRequest) -> Result<ProposalResponse> {
        self.propose(asked.state_id, Proposal::add(asked.key_package))
    }

    pub fn update_proposal(&self, asked: UpdateProposalRequest) -> Result<ProposalResponse> {
        self.propose(asked.state_id, Proposal::update())
    }

    pub fn remove_proposal(&self, asked: RemoveProposalRequest) -> Result<ProposalResponse> {
        let leaf = self.inner().state(asked.state_id)?.leaf(&asked.removed_id)?;
        self.propose(asked.state_id, Proposal::remove(leaf))
    }

    pub fn external_psk_proposal(&self, asked: ExternalPSKProposalRequest) -> Result<ProposalResponse> {
        self.propose(asked.state_id, Proposal::external_psk(asked.psk_id))
    }

    pub fn resumption_psk_proposal(&self, asked: ResumptionPSKProposalRequest) -> Result<ProposalResponse> {
        self.propose(asked.state_id, Proposal::ResumptionPsk { epoch: asked.epoch_id })
    }

    pub fn group_context_extensions_proposal(
        &self,
        asked: GroupContextExtensionsProposalRequest,
    ) -> Result<ProposalResponse> {
        let extensions = extensions(asked.extensions)?;
        self.propose(asked.state_id, Proposal::GroupContextExtensions { extensions })
    }

    pub fn commit(&self, asked: CommitRequest) -> Result<CommitResponse> {
        self.inner().state(asked.state_id)?.commit(asked)
    }

    pub fn handle_commit(&self, asked: HandleCommitRequest) -> Result<HandleCommitResponse> {
        let mut inner = self.inner();
        let state = inner.state(asked.state_id)?;
        state.handle(&asked)?;
        Ok(HandleCommitResponse { state_id: asked.state_id, epoch_authenticator: state.authenticator()? })
    }

    pub fn handle_pending_commit(&self, asked: HandlePendingCommitRequest) -> Result<HandleCommitResponse> {
        let mut inner = self.inner();
        let state = inner.state(asked.state_id)?;
        state.accept()?;
        Ok(HandleCommitResponse { state_id: asked.state_id, epoch_authenticator: state.authenticator()? })
    }

    pub fn reinit_proposal(&self, asked: ReInitProposalRequest) -> Result<ProposalResponse> {
        let proposal = Proposal::ReInit {
            group_id: Some(asked.group_id),
            cipher_suite: suite(asked.cipher_suite)?,
            extensions: extensions(asked.extensions)?,
        };
        self.propose(asked.state_id, proposal)
    }

    pub fn reinit_commit(&self, asked: CommitRequest) -> Result<CommitResponse> {
        self.commit(asked)
    }

    pub fn handle_pending_reinit_commit(
        &self,
        asked: HandlePendingCommitRequest,
    ) -> Result<HandleReInitCommitResponse> {
        let mut inner = self.inner();
        let state = inner.state(asked.state_id)?;
        state.accept()?;
        let events = state.device.client.inbox(0, u32::MAX).map_err(told)?;
        match events.into_iter().find(|event| matches!(event.kind, EventKind::Replaced(_))) {
            Some(event) => inner.end(asked.state_id, &event.kind),
            None => Err(Status::internal("the group goes on")),
        }
    }

    pub fn handle_reinit_commit(&self, asked: HandleCommitRequest) -> Result<HandleReInitCommitResponse> {
        let mut inner = self.inner();
        let kind = inner.state(asked.state_id)?.handle(&asked)?;
        inner.end(asked.state_id, &kind)
    }

    pub fn reinit_welcome(&self, asked: ReInitWelcomeRequest) -> Result<CreateSubgroupResponse> {
        let mut inner = self.inner();
        let state = inner.reinit(asked.reinit_id)?;
        let options = successor_options(asked.force_path, asked.external_tree);
        let commit = state.group.create_successor(asked.key_package, options).map_err(told)?;
        let device = state.device.clone();
        inner.subgroup(device, &commit, asked.external_tree)
    }

    pub fn handle_reinit_welcome(&self, asked: HandleReInitWelcomeRequest) -> Result<JoinGroupResponse> {
        let mut inner = self.inner();
        let device = inner.reinit(asked.reinit_id)?.device.clone();
        let group = device.join(&asked.welcome, asked.ratchet_tree)?;
        let state = State::new(device, group);
        let epoch_authenticator = state.authenticator()?;
        Ok(JoinGroupResponse { state_id: inner.keep(state), epoch_authenticator })
    }

    pub fn create_branch(&self, asked: CreateBranchRequest) -> Result<CreateSubgroupResponse> {
        let mut inner = self.inner();
        let state = inner.state(asked.state_id)?;
        let extensions = Some(extensions(asked.extensions)?);
        let options = successor_options(asked.force_path, asked.external_tree);
        let branch = state.group.branch(some(asked.group_id), asked.key_packages, extensions, options);
        let device = state.device.clone();
        inner.subgroup(device, &branch.map_err(told)?, asked.external_tree)
    }

    pub fn handle_branch(&self, asked: HandleBranchRequest) -> Result<HandleBranchResponse> {
        let mut inner = self.inner();
        let package = inner.transaction(asked.transaction_id)?.key_package;
        let device = inner.state(asked.state_id)?.device.clone();
        // The runner has it made by nobody it knows: it is moved to the device that knows the parent.
        device.client.import_key_package(package).map_err(told)?;
        let group = device.join(&asked.welcome, asked.ratchet_tree)?;
        let state = State::new(device, group);
        let epoch_authenticator = state.authenticator()?;
        Ok(HandleBranchResponse { state_id: inner.keep(state), epoch_authenticator })
    }

    pub fn new_member_add_proposal(&self, asked: NewMemberAddProposalRequest) -> Result<NewMemberAddProposalResponse> {
        let suite = mls::inspect(asked.group_info.clone()).map_err(told)?.cipher_suite.unwrap_or(0);
        let device = Device::new(asked.identity, self::suite(suite.into())?, true)?;
        let proposal = device.client.propose_join(asked.group_info, Vec::new()).map_err(told)?;
        let made = device.client.key_packages().map_err(told)?.remove(0);
        let key_package = device.secrets(&made.message)?;
        let response = NewMemberAddProposalResponse {
            transaction_id: 0,
            proposal,
            init_priv: key_package.init_key.to_vec(),
            encryption_priv: key_package.encryption_key.to_vec(),
            signature_priv: key_package.signature_key.to_vec(),
        };
        let mut inner = self.inner();
        let transaction_id = inner.id();
        inner.transactions.insert(transaction_id, Transaction { device, key_package });
        Ok(NewMemberAddProposalResponse { transaction_id, ..response })
    }

    pub fn create_external_signer(&self, asked: CreateExternalSignerRequest) -> Result<CreateExternalSignerResponse> {
        let device = Device::new(asked.identity.clone(), suite(asked.cipher_suite)?, false)?;
        let mut external_sender = Vec::new();
        put_vector(&mut external_sender, &device.client.signature_key(None).map_err(told)?);
        external_sender.extend_from_slice(&[0, 1]); // a basic credential
        put_vector(&mut external_sender, &asked.identity);
        let mut inner = self.inner();
        let signer_id = inner.id();
        inner.signers.insert(signer_id, device);
        Ok(CreateExternalSignerResponse { signer_id, external_sender })
    }

    pub fn add_external_signer(&self, asked: AddExternalSignerRequest) -> Result<ProposalResponse> {
        let mut extensions = self.inner().state(asked.state_id)?.group.extensions().map_err(told)?;
        let mut senders = match extensions.iter().position(|extension| extension.kind == EXTERNAL_SENDERS) {
            Some(at) => vector(&extensions.remove(at).data)?.to_vec(),
            None => Vec::new(),
        };
        senders.extend_from_slice(&asked.external_sender);
        let mut data = Vec::new();
        put_vector(&mut data, &senders);
        extensions.push(Extension { kind: EXTERNAL_SENDERS, data });
        self.propose(asked.state_id, Proposal::GroupContextExtensions { extensions })
    }

    pub fn external_signer_proposal(&self, asked: ExternalSignerProposalRequest) -> Result<ProposalResponse> {
        let inner = self.inner();
        let signer = inner.signers.get(&asked.signer_id);
        let client = &signer.ok_or_else(|| Status::not_found(format!("no signer {}", asked.signer_id)))?.client;
        let tree = some(asked.ratchet_tree);
        let leaf = |identity: &[u8]| {
            let preview = client.preview(asked.group_info.clone(), tree.clone()).map_err(told)?;
            let member = preview.members.iter().find(|member| member.credential_bytes() == identity);
            let leaf = member.and_then(|member| member.leaf);
            leaf.ok_or_else(|| Status::invalid_argument("nobody of this identity is a member"))
        };
        let Some(description) = asked.description else { return wrong("no proposal is described") };
        let proposal = described(description, &leaf)?;
        let proposal = client.propose_external(asked.group_info.clone(), tree.clone(), proposal, Vec::new());
        Ok(ProposalResponse { proposal: proposal.map_err(told)? })
    }

    pub fn free(&self, asked: FreeRequest) -> Result<FreeResponse> {
        let mut inner = self.inner();
        match inner.states.remove(&asked.state_id) {
            Some(_) => Ok(FreeResponse {}),
            None => Err(Status::not_found(format!("no state {}", asked.state_id))),
        }
    }
}
