//! Runs scenarios of the MLS working group's harness over every division of their actors between the clients, every
//! cipher suite that all of these have, and both forms of handshake messages.
//!
//!     scenarios [--few] [--expected FILE] [--suites 1,2] [--client HOST:PORT]... FILE...
//!
//! After every change of a group all of its members must agree on the epoch authenticator and an exported secret, and
//! read a message of each other. `--expected` names failures that are a client's own: lines of `CLIENT | SCENARIO |
//! words of the error | reason`; what is listed and does not fail any more is a failure too.

use harness::wire::*;
use http::uri::PathAndQuery;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tonic::{client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;

type Result<T> = std::result::Result<T, String>;

/// One step; which fields it has depends on the action.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Step {
    action: String,
    actor: String,
    members: Vec<String>,
    joiners: Vec<String>,
    clients: Vec<String>,
    joiner: String,
    key_package: usize,
    removed: String,
    #[serde(rename = "pskID")]
    psk_id: usize,
    psks: Vec<usize>,
    #[serde(rename = "epochID")]
    epoch_id: u64,
    extensions: Vec<ExtensionText>,
    by_reference: Vec<usize>,
    by_value: Vec<ProposalText>,
    #[serde(alias = "force_path")]
    force_path: bool,
    #[serde(alias = "external_tree")]
    external_tree: bool,
    remove_prior: bool,
    authenticated_data: String,
    plaintext: String,
    ciphertext: usize,
    signer: usize,
    signer_index: u32,
    description: ProposalText,
    change_suite: bool,
    change_group_id: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ExtensionText {
    extension_type: u32,
    extension_data: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ProposalText {
    proposal_type: String,
    key_package: usize,
    removed: String,
    #[serde(rename = "pskID")]
    psk_id: usize,
    #[serde(rename = "epochID")]
    epoch_id: u64,
    extensions: Vec<ExtensionText>,
    change_suite: bool,
}

#[derive(Deserialize)]
struct Config {
    scripts: BTreeMap<String, Vec<Step>>,
}

fn extensions(list: &[ExtensionText]) -> Result<Vec<Extension>> {
    use base64::prelude::*;
    let read = |text: &ExtensionText| {
        let extension_data = BASE64_STANDARD.decode(&text.extension_data).map_err(|error| error.to_string())?;
        Ok(Extension { extension_type: text.extension_type, extension_data })
    };
    list.iter().map(read).collect()
}

/// A client under test.
struct Peer {
    name: String,
    suites: Vec<u32>,
    channel: Channel,
}

impl Peer {
    async fn connect(address: &str) -> Result<Self> {
        let endpoint = Channel::from_shared(format!("http://{address}")).map_err(|error| error.to_string())?;
        let mut attempts = 0;
        let channel = loop {
            match endpoint.connect().await {
                Ok(channel) => break channel,
                Err(error) if attempts == 300 => return Err(format!("{address}: {error}")),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
            attempts += 1;
        };
        let mut peer = Self { name: String::new(), suites: Vec::new(), channel };
        peer.name = peer.call::<rpc::Name>(NameRequest {}).await?.name;
        peer.suites = peer.call::<rpc::SupportedCiphersuites>(SupportedCiphersuitesRequest {}).await?.ciphersuites;
        Ok(peer)
    }

    async fn call<C: Rpc>(&self, asked: C::Request) -> Result<C::Response> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {}: {error}", self.name, &C::PATH[22..]);
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(64 << 20);
        grpc.ready().await.map_err(|error| failed(&error))?;
        let codec = ProstCodec::<C::Request, C::Response>::default();
        let answer = grpc.unary(tonic::Request::new(asked), PathAndQuery::from_static(C::PATH), codec);
        match tokio::time::timeout(Duration::from_secs(60), answer).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(failed(&status.message())),
            Err(_) => Err(failed(&"no answer in 60 s")),
        }
    }
}

/// What a step has made, for later ones to name.
#[derive(Default)]
struct Made {
    bytes: Vec<u8>,
    /// A pre-shared key's secret, an encrypted message's plaintext.
    other: Vec<u8>,
    aad: Vec<u8>,
    id: u32,
}

/// One scenario with its actors divided between clients.
struct Run {
    /// Never used before: a client may look for its state by it.
    group_id: Vec<u8>,
    suite: u32,
    encrypt: bool,
    peers: HashMap<String, Arc<Peer>>,
    states: HashMap<String, u32>,
    transactions: HashMap<String, u32>,
    made: Vec<Made>,
    agreed: usize,
}

/// Who is in the new epoch, with the authenticator that was answered at once.
type Entered = Vec<(String, Vec<u8>)>;

impl Run {
    fn peer(&self, actor: &str) -> Result<Arc<Peer>> {
        self.peers.get(actor).cloned().ok_or_else(|| format!("nobody plays {actor}"))
    }

    fn state(&self, actor: &str) -> Result<u32> {
        self.states.get(actor).copied().ok_or_else(|| format!("{actor} is in no group"))
    }

    fn made(&self, step: usize) -> Result<&Made> {
        self.made.get(step).ok_or_else(|| format!("step {step} is not before this one"))
    }

    fn bytes(&self, step: usize) -> Result<Vec<u8>> {
        Ok(self.made(step)?.bytes.clone())
    }

    /// The suite of a successor: another one of the same client's, or the same.
    fn other_suite(&self, change: bool) -> u32 {
        let common =
            |suite: &&u32| **suite != self.suite && self.peers.values().all(|peer| peer.suites.contains(suite));
        let first = self.peers.values().next().map_or(&[][..], |peer| &peer.suites);
        if change { *first.iter().filter(common).min().unwrap_or(&self.suite) } else { self.suite }
    }

    fn description(&self, text: &ProposalText) -> Result<ProposalDescription> {
        let mut description = ProposalDescription {
            proposal_type: text.proposal_type.clone().into_bytes(),
            extensions: extensions(&text.extensions)?,
            ..ProposalDescription::default()
        };
        match text.proposal_type.as_str() {
            "add" => description.key_package = self.bytes(text.key_package)?,
            "remove" => description.removed_id = text.removed.clone().into_bytes(),
            "externalPSK" => description.psk_id = self.bytes(text.psk_id)?,
            "resumptionPSK" => description.epoch_id = text.epoch_id,
            "reinit" => {
                description.group_id = [&self.group_id, b", proposed".as_slice()].concat();
                description.cipher_suite = self.other_suite(text.change_suite);
            }
            _ => {}
        }
        Ok(description)
    }

    async fn key_package(&mut self, actor: &str) -> Result<Vec<u8>> {
        let asked = CreateKeyPackageRequest { cipher_suite: self.suite, identity: actor.as_bytes().to_vec() };
        let answer = self.peer(actor)?.call::<rpc::CreateKeyPackage>(asked).await?;
        for secret in [&answer.init_priv, &answer.encryption_priv, &answer.signature_priv] {
            if secret.is_empty() {
                return Err(format!("{actor}'s key package comes without its private keys"));
            }
        }
        self.transactions.insert(actor.to_owned(), answer.transaction_id);
        Ok(answer.key_package)
    }

    async fn join(&mut self, actor: &str, welcome: &[u8], tree: &[u8]) -> Result<Vec<u8>> {
        let transaction_id = self.transactions.remove(actor).ok_or_else(|| format!("{actor} has no key package"))?;
        let asked = JoinGroupRequest {
            transaction_id,
            welcome: welcome.to_vec(),
            encrypt_handshake: self.encrypt,
            identity: actor.as_bytes().to_vec(),
            ratchet_tree: tree.to_vec(),
        };
        let answer = self.peer(actor)?.call::<rpc::JoinGroup>(asked).await?;
        self.states.insert(actor.to_owned(), answer.state_id);
        Ok(answer.epoch_authenticator)
    }

    async fn handle(&mut self, actor: &str, proposal: Vec<Vec<u8>>, commit: Vec<u8>) -> Result<Vec<u8>> {
        let asked = HandleCommitRequest { state_id: self.state(actor)?, proposal, commit };
        let answer = self.peer(actor)?.call::<rpc::HandleCommit>(asked).await?;
        self.states.insert(actor.to_owned(), answer.state_id);
        Ok(answer.epoch_authenticator)
    }

    /// A whole commit: made, handled by everybody, and joined.
    async fn commit(&mut self, step: &Step, by_value: Vec<ProposalDescription>) -> Result<Entered> {
        let by_reference = step.by_reference.iter().map(|at| self.bytes(*at)).collect::<Result<Vec<_>>>()?;
        let (actor, peer) = (&step.actor, self.peer(&step.actor)?);
        let asked = CommitRequest {
            state_id: self.state(actor)?,
            by_reference: by_reference.clone(),
            by_value,
            force_path: step.force_path,
            external_tree: step.external_tree,
        };
        let made = peer.call::<rpc::Commit>(asked).await?;
        if made.ratchet_tree.is_empty() == step.external_tree {
            return Err(format!("{}: a ratchet tree that was not asked for, or none that was", peer.name));
        }
        let mut entered = Entered::new();
        for member in &step.members {
            let authenticator = self.handle(member, by_reference.clone(), made.commit.clone()).await?;
            entered.push((member.clone(), authenticator));
        }
        let asked = HandlePendingCommitRequest { state_id: self.state(actor)? };
        let answer = peer.call::<rpc::HandlePendingCommit>(asked).await?;
        self.states.insert(actor.clone(), answer.state_id);
        entered.push((actor.clone(), answer.epoch_authenticator));
        for joiner in &step.joiners {
            let authenticator = self.join(joiner, &made.welcome, &made.ratchet_tree).await?;
            entered.push((joiner.clone(), authenticator));
        }
        Ok(entered)
    }

    /// Everybody who has come into an epoch agrees on its secrets, and reads everybody.
    async fn agree(&mut self, entered: Entered) -> Result<()> {
        let mut first = None;
        for (actor, authenticator) in &entered {
            let (peer, state_id) = (self.peer(actor)?, self.state(actor)?);
            let asked = peer.call::<rpc::StateAuth>(StateAuthRequest { state_id }).await?.state_auth_secret;
            if asked != *authenticator {
                return Err(format!("{}: StateAuth is not what {actor}'s call has answered", peer.name));
            }
            let (label, context) = ("a scenario".to_owned(), b"of the harness".to_vec());
            let asked = ExportRequest { state_id, label, context, key_length: 32 };
            let exported = peer.call::<rpc::Export>(asked).await?.exported_secret;
            let own = (authenticator.clone(), exported);
            if *first.get_or_insert(own.clone()) != own {
                return Err(format!("{}: {actor} is in another state than {}", peer.name, entered[0].0));
            }
        }
        for (actor, _) in &entered {
            let (authenticated_data, plaintext) = (b"hello".to_vec(), format!("from {actor}").into_bytes());
            let asked = ProtectRequest {
                state_id: self.state(actor)?,
                authenticated_data: authenticated_data.clone(),
                plaintext: plaintext.clone(),
            };
            let ciphertext = self.peer(actor)?.call::<rpc::Protect>(asked).await?.ciphertext;
            for (other, _) in entered.iter().filter(|(other, _)| other != actor) {
                let asked = UnprotectRequest { state_id: self.state(other)?, ciphertext: ciphertext.clone() };
                let peer = self.peer(other)?;
                let answer = peer.call::<rpc::Unprotect>(asked).await?;
                if (&answer.authenticated_data, &answer.plaintext) != (&authenticated_data, &plaintext) {
                    return Err(format!("{}: {other} has read something else than {actor} has written", peer.name));
                }
            }
        }
        self.agreed += 1;
        Ok(())
    }

    async fn info(&self, actor: &str, external_tree: bool) -> Result<GroupInfoResponse> {
        let asked = GroupInfoRequest { state_id: self.state(actor)?, external_tree };
        self.peer(actor)?.call::<rpc::GroupInfo>(asked).await
    }

    async fn step(&mut self, step: &Step) -> Result<Made> {
        let mut made = Made::default();
        let actor = step.actor.as_str();
        match step.action.as_str() {
            "createGroup" => {
                let asked = CreateGroupRequest {
                    group_id: self.group_id.clone(),
                    cipher_suite: self.suite,
                    encrypt_handshake: self.encrypt,
                    identity: actor.as_bytes().to_vec(),
                };
                let state = self.peer(actor)?.call::<rpc::CreateGroup>(asked).await?.state_id;
                self.states.insert(actor.to_owned(), state);
                if !step.members.is_empty() {
                    let mut adds = Vec::new();
                    for member in &step.members {
                        let key_package = self.key_package(member).await?;
                        let proposal_type = b"add".to_vec();
                        adds.push(ProposalDescription { proposal_type, key_package, ..Default::default() });
                    }
                    let commit = Step { actor: actor.to_owned(), joiners: step.members.clone(), ..Step::default() };
                    let entered = self.commit(&commit, adds).await?;
                    self.agree(entered).await?;
                }
            }
            "createKeyPackage" => made.bytes = self.key_package(actor).await?,
            "installExternalPSK" => {
                made.bytes = format!("key {}", self.made.len()).into_bytes();
                made.other = vec![self.made.len() as u8 + 1; 32];
                for client in &step.clients {
                    // Whoever is about to join has no group yet.
                    let id = self.transactions.get(client).or(self.states.get(client));
                    let asked = StorePSKRequest {
                        state_or_transaction_id: *id.ok_or_else(|| format!("{client} is nobody yet"))?,
                        psk_id: made.bytes.clone(),
                        psk_secret: made.other.clone(),
                    };
                    self.peer(client)?.call::<rpc::StorePSK>(asked).await?;
                }
            }
            "addProposal" => {
                let asked =
                    AddProposalRequest { state_id: self.state(actor)?, key_package: self.bytes(step.key_package)? };
                made.bytes = self.peer(actor)?.call::<rpc::AddProposal>(asked).await?.proposal;
            }
            "updateProposal" => {
                let asked = UpdateProposalRequest { state_id: self.state(actor)? };
                made.bytes = self.peer(actor)?.call::<rpc::UpdateProposal>(asked).await?.proposal;
            }
            "removeProposal" => {
                let removed_id = step.removed.clone().into_bytes();
                let asked = RemoveProposalRequest { state_id: self.state(actor)?, removed_id };
                made.bytes = self.peer(actor)?.call::<rpc::RemoveProposal>(asked).await?.proposal;
            }
            "externalPSKProposal" => {
                let asked =
                    ExternalPSKProposalRequest { state_id: self.state(actor)?, psk_id: self.bytes(step.psk_id)? };
                made.bytes = self.peer(actor)?.call::<rpc::ExternalPSKProposal>(asked).await?.proposal;
            }
            "resumptionPSKProposal" => {
                let asked = ResumptionPSKProposalRequest { state_id: self.state(actor)?, epoch_id: step.epoch_id };
                made.bytes = self.peer(actor)?.call::<rpc::ResumptionPSKProposal>(asked).await?.proposal;
            }
            "groupContextExtensionsProposal" => {
                let asked = GroupContextExtensionsProposalRequest {
                    state_id: self.state(actor)?,
                    extensions: extensions(&step.extensions)?,
                };
                made.bytes = self.peer(actor)?.call::<rpc::GroupContextExtensionsProposal>(asked).await?.proposal;
            }
            "fullCommit" => {
                let by_value = step.by_value.iter().map(|text| self.description(text)).collect::<Result<_>>()?;
                let entered = self.commit(step, by_value).await?;
                self.agree(entered).await?;
            }
            "protect" => {
                (made.aad, made.other) = (step.authenticated_data.clone().into(), step.plaintext.clone().into());
                let asked = ProtectRequest {
                    state_id: self.state(actor)?,
                    authenticated_data: made.aad.clone(),
                    plaintext: made.other.clone(),
                };
                made.bytes = self.peer(actor)?.call::<rpc::Protect>(asked).await?.ciphertext;
            }
            "unprotect" => {
                let sent = self.made(step.ciphertext)?;
                let asked = UnprotectRequest { state_id: self.state(actor)?, ciphertext: sent.bytes.clone() };
                let answer = self.peer(actor)?.call::<rpc::Unprotect>(asked).await?;
                if (&answer.authenticated_data, &answer.plaintext) != (&sent.aad, &sent.other) {
                    return Err("what was read is not what was written".into());
                }
            }
            "externalJoin" => self.external_join(step).await?,
            "branch" => self.branch(step).await?,
            "reinit" => self.reinit(step).await?,
            "newMemberAddProposal" => {
                let group_info = self.info(actor, false).await?.group_info;
                let identity = step.joiner.clone().into_bytes();
                let asked = NewMemberAddProposalRequest { group_info, identity };
                let answer = self.peer(&step.joiner)?.call::<rpc::NewMemberAddProposal>(asked).await?;
                if answer.init_priv.is_empty() || answer.encryption_priv.is_empty() || answer.signature_priv.is_empty()
                {
                    return Err("a new member's key package comes without its private keys".into());
                }
                self.transactions.insert(step.joiner.clone(), answer.transaction_id);
                made.bytes = answer.proposal;
            }
            "createExternalSigner" => {
                let asked =
                    CreateExternalSignerRequest { cipher_suite: self.suite, identity: actor.as_bytes().to_vec() };
                let answer = self.peer(actor)?.call::<rpc::CreateExternalSigner>(asked).await?;
                (made.bytes, made.id) = (answer.external_sender, answer.signer_id);
            }
            "addExternalSigner" => {
                let asked = AddExternalSignerRequest {
                    state_id: self.state(actor)?,
                    external_sender: self.bytes(step.signer)?,
                };
                made.bytes = self.peer(actor)?.call::<rpc::AddExternalSigner>(asked).await?.proposal;
            }
            "externalSignerProposal" => {
                // `clients` has the member whose GroupInfo the signer sees.
                let member = step.clients.first().ok_or("no member tells the signer of the group")?;
                let info = self.info(member, step.external_tree).await?;
                let asked = ExternalSignerProposalRequest {
                    signer_id: self.made(step.signer)?.id,
                    signer_index: step.signer_index,
                    group_info: info.group_info,
                    ratchet_tree: info.ratchet_tree,
                    description: Some(self.description(&step.description)?),
                };
                made.bytes = self.peer(actor)?.call::<rpc::ExternalSignerProposal>(asked).await?.proposal;
            }
            "free" => {
                let state_id = self.states.remove(actor).ok_or("nothing to free")?;
                self.peer(actor)?.call::<rpc::Free>(FreeRequest { state_id }).await?;
                if self.peer(actor)?.call::<rpc::StateAuth>(StateAuthRequest { state_id }).await.is_ok() {
                    return Err("a state that was freed answers".into());
                }
            }
            other => return Err(format!("no such action: {other}")),
        }
        Ok(made)
    }

    async fn external_join(&mut self, step: &Step) -> Result<()> {
        let info = self.info(&step.actor, step.external_tree).await?;
        let psks = step.psks.iter().map(|at| {
            let psk = self.made(*at)?;
            Ok(PreSharedKey { psk_id: psk.bytes.clone(), psk_secret: psk.other.clone() })
        });
        let asked = ExternalJoinRequest {
            group_info: info.group_info,
            ratchet_tree: info.ratchet_tree,
            encrypt_handshake: self.encrypt,
            identity: step.joiner.clone().into_bytes(),
            remove_prior: step.remove_prior,
            psks: psks.collect::<Result<_>>()?,
        };
        let answer = self.peer(&step.joiner)?.call::<rpc::ExternalJoin>(asked).await?;
        let mut entered = Entered::new();
        for member in step.members.iter().chain([&step.actor]).filter(|member| **member != step.joiner) {
            let authenticator = self.handle(member, Vec::new(), answer.commit.clone()).await?;
            entered.push((member.clone(), authenticator));
        }
        self.states.insert(step.joiner.clone(), answer.state_id);
        entered.push((step.joiner.clone(), answer.epoch_authenticator));
        self.agree(entered).await
    }

    async fn branch(&mut self, step: &Step) -> Result<()> {
        let mut key_packages = Vec::new();
        for joiner in &step.joiners {
            key_packages.push(self.key_package(joiner).await?);
        }
        let asked = CreateBranchRequest {
            state_id: self.state(&step.actor)?,
            group_id: [&self.group_id, format!(", beside {}", self.made.len()).as_bytes()].concat(),
            extensions: extensions(&step.extensions)?,
            key_packages,
            force_path: step.force_path,
            external_tree: step.external_tree,
        };
        let made = self.peer(&step.actor)?.call::<rpc::CreateBranch>(asked).await?;
        let mut entered = vec![(step.actor.clone(), made.epoch_authenticator)];
        let parents = std::mem::take(&mut self.states);
        self.states.insert(step.actor.clone(), made.state_id);
        for joiner in &step.joiners {
            let asked = HandleBranchRequest {
                state_id: parents[joiner],
                transaction_id: self.transactions.remove(joiner).ok_or("a key package is gone")?,
                welcome: made.welcome.clone(),
                ratchet_tree: made.ratchet_tree.clone(),
            };
            let answer = self.peer(joiner)?.call::<rpc::HandleBranch>(asked).await?;
            self.states.insert(joiner.clone(), answer.state_id);
            entered.push((joiner.clone(), answer.epoch_authenticator));
        }
        self.agree(entered).await?;
        self.renew(&step.actor, &step.joiners).await?;
        // The parent goes on.
        self.states = parents;
        Ok(())
    }

    /// `actor` proposes, the first member commits, and `joiner` makes the successor.
    async fn reinit(&mut self, step: &Step) -> Result<()> {
        let mut group_id = self.group_id.clone();
        if step.change_group_id {
            group_id.extend_from_slice(format!(", after {}", self.made.len()).as_bytes());
        }
        let asked = ReInitProposalRequest {
            state_id: self.state(&step.actor)?,
            cipher_suite: self.other_suite(step.change_suite),
            group_id,
            extensions: extensions(&step.extensions)?,
        };
        let proposal = self.peer(&step.actor)?.call::<rpc::ReInitProposal>(asked).await?.proposal;
        let committer = step.members.first().ok_or("nobody commits")?.clone();
        let peer = self.peer(&committer)?;
        let asked = CommitRequest {
            state_id: self.state(&committer)?,
            by_reference: vec![proposal.clone()],
            ..CommitRequest::default()
        };
        let commit = peer.call::<rpc::ReInitCommit>(asked).await?.commit;
        let everybody: BTreeSet<&String> = step.members.iter().chain([&step.actor]).collect();
        let mut ended = HashMap::new();
        let mut authenticators = BTreeSet::new();
        for member in &everybody {
            let state_id = self.state(member)?;
            let peer = self.peer(member)?;
            let answer = if **member == committer {
                peer.call::<rpc::HandlePendingReInitCommit>(HandlePendingCommitRequest { state_id }).await?
            } else {
                let asked = HandleCommitRequest { state_id, proposal: vec![proposal.clone()], commit: commit.clone() };
                peer.call::<rpc::HandleReInitCommit>(asked).await?
            };
            authenticators.insert(answer.epoch_authenticator);
            ended.insert((*member).clone(), (answer.reinit_id, answer.key_package));
        }
        if authenticators.len() != 1 {
            return Err("members disagree on the epoch that ends the group".into());
        }
        let others = everybody.iter().filter(|member| ***member != step.joiner);
        let asked = ReInitWelcomeRequest {
            reinit_id: ended[&step.joiner].0,
            key_package: others.clone().map(|member| ended[*member].1.clone()).collect(),
            force_path: step.force_path,
            external_tree: step.external_tree,
        };
        let made = self.peer(&step.joiner)?.call::<rpc::ReInitWelcome>(asked).await?;
        self.states.insert(step.joiner.clone(), made.state_id);
        let mut entered = vec![(step.joiner.clone(), made.epoch_authenticator)];
        let mut joined = Vec::new();
        for member in others {
            let asked = HandleReInitWelcomeRequest {
                reinit_id: ended[*member].0,
                welcome: made.welcome.clone(),
                ratchet_tree: made.ratchet_tree.clone(),
            };
            let answer = self.peer(member)?.call::<rpc::HandleReInitWelcome>(asked).await?;
            self.states.insert((*member).clone(), answer.state_id);
            entered.push(((*member).clone(), answer.epoch_authenticator));
            joined.push((*member).clone());
        }
        self.agree(entered).await?;
        let maker = step.joiner.clone();
        self.renew(&maker, &joined).await
    }

    /// A commit with a path, so that a new group is seen to live.
    async fn renew(&mut self, actor: &str, members: &[String]) -> Result<()> {
        let commit = Step { actor: actor.to_owned(), members: members.to_vec(), force_path: true, ..Step::default() };
        let entered = self.commit(&commit, Vec::new()).await?;
        self.agree(entered).await
    }
}

/// Everybody who appears in a scenario, in the order of appearance.
fn actors(script: &[Step]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for step in script {
        let named = [&step.actor, &step.joiner].into_iter().chain(&step.members).chain(&step.joiners);
        for actor in named.chain(&step.clients) {
            if !actor.is_empty() && !all.contains(actor) {
                all.push(actor.clone());
            }
        }
    }
    all
}

/// The divisions of actors between clients: all of the first three, the others in turn. A few are two: the first actor
/// with the second client and the next ones with the first, and the reverse.
fn divisions(actors: usize, clients: usize, few: bool) -> Vec<Vec<usize>> {
    let free = actors.min(3) as u32;
    let division = |number: usize| {
        let place = |actor: usize| match actor < 3 {
            true => number / clients.pow(actor as u32) % clients,
            false => (number + actor) % clients,
        };
        (0..actors).map(place).collect()
    };
    let all = clients.pow(free);
    if few && clients == 2 { vec![division(1), division(all - 2)] } else { (0..all).map(division).collect() }
}

/// A failure that is a client's own.
struct Expected {
    client: String,
    scenario: String,
    words: String,
    met: usize,
}

fn read_expected(file: &str) -> Result<Vec<Expected>> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let read = |line: &str| {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [client, scenario, words, reason] = fields[..] else { return Err(format!("{file}: {line}")) };
        if reason.is_empty() {
            return Err(format!("{file}: no reason: {line}"));
        }
        Ok(Expected { client: client.into(), scenario: scenario.into(), words: words.into(), met: 0 })
    };
    lines.map(read).collect()
}

async fn main_loop() -> Result<ExitCode> {
    let (mut clients, mut files, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    let (mut only, mut few): (Option<Vec<u32>>, _) = (None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--few" => few = true,
            "--client" => clients.push(Arc::new(Peer::connect(&value()?).await?)),
            "--expected" => expected = read_expected(&value()?)?,
            "--suites" => {
                let suites = value()?.split(',').map(str::parse).collect::<std::result::Result<_, _>>();
                only = Some(suites.map_err(|_| "--suites takes numbers")?);
            }
            _ => files.push(argument),
        }
    }
    if clients.is_empty() || files.is_empty() {
        return Err("scenarios [--few] [--expected FILE] [--suites 1,2] --client HOST:PORT... FILE...".into());
    }
    let mut suites = clients[0].suites.clone();
    suites.retain(|suite| clients.iter().all(|client| client.suites.contains(suite)));
    suites.retain(|suite| only.as_ref().is_none_or(|only| only.contains(suite)));
    let (mut runs, mut passed, mut failed, mut excused, mut agreed) = (0, 0, 0, 0, 0);
    for file in &files {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        let config: Config = serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
        for (name, script) in &config.scripts {
            let actors = actors(script);
            for division in divisions(actors.len(), clients.len(), few) {
                for (suite, encrypt) in suites.iter().flat_map(|suite| [(*suite, false), (*suite, true)]) {
                    let peers = actors.iter().zip(&division).map(|(actor, at)| (actor.clone(), clients[*at].clone()));
                    runs += 1;
                    let mut run = Run {
                        group_id: format!("{} {runs}", std::process::id()).into_bytes(),
                        suite,
                        encrypt,
                        peers: peers.collect(),
                        states: HashMap::new(),
                        transactions: HashMap::new(),
                        made: Vec::new(),
                        agreed: 0,
                    };
                    let mut result = Ok(());
                    for (at, step) in script.iter().enumerate() {
                        match run.step(step).await {
                            Ok(made) => run.made.push(made),
                            Err(error) => {
                                result = Err(format!("step {at} ({}): {error}", step.action));
                                break;
                            }
                        }
                    }
                    // What is left belongs to the client until it ends.
                    for (actor, state_id) in run.states.clone() {
                        let _ = run.peer(&actor)?.call::<rpc::Free>(FreeRequest { state_id }).await;
                    }
                    agreed += run.agreed;
                    let Err(error) = result else {
                        passed += 1;
                        continue;
                    };
                    let known = expected.iter_mut().find(|known| {
                        (known.scenario == *name || known.scenario == "*")
                            && clients.iter().any(|client| client.name == known.client)
                            && division.iter().any(|at| clients[*at].name == known.client)
                            && error.contains(&known.words)
                    });
                    if let Some(known) = known {
                        known.met += 1;
                        excused += 1;
                        continue;
                    }
                    failed += 1;
                    let who: Vec<String> =
                        actors.iter().zip(&division).map(|(a, at)| format!("{a}={}", clients[*at].name)).collect();
                    let form = if encrypt { "private" } else { "public" };
                    println!("FAILED {name}, suite {suite}, {form}, {}: {error}", who.join(" "));
                }
            }
        }
    }
    for known in expected.iter().filter(|known| known.met == 0) {
        failed += 1;
        println!("NOT MET any more: {} | {} | {}", known.client, known.scenario, known.words);
    }
    for known in expected.iter().filter(|known| known.met > 0) {
        println!("expected of {}: {} in {}: {} times", known.client, known.words, known.scenario, known.met);
    }
    let names: Vec<&str> = clients.iter().map(|client| client.name.as_str()).collect();
    println!(
        "{}: {passed} scenarios passed, {failed} failed, {excused} failed as expected; members agreed {agreed} times",
        names.join(" and ")
    );
    Ok(if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(main_loop()).unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(2)
    })
}
