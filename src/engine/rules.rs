//! What this device adds to RFC 9420's rules when it sends, and nothing when it receives: a commit that the service
//! has ordered is not refused over a policy.

use super::{Reader, Vault, identity::Never, identity::identity_of};
use crate::{HandshakeEncryption, Padding};
use mls_rs::{
    ExtensionList, MlsRules,
    client_builder::PaddingMode,
    group::{
        GroupContext, Roster, Sender,
        proposal::{AddProposal, CustomProposal, PreSharedKeyProposal, ReInitProposal, RemoveProposal, UpdateProposal},
    },
    mls_rs_codec::MlsEncode,
    mls_rules::{
        CommitDirection, CommitOptions, CommitSource, EncryptionOptions, ProposalBundle, ProposalInfo, ProposalSource,
    },
};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

/// How the commit that is being built is to look.
#[derive(Clone, Copy, Default)]
pub(crate) struct CommitShape {
    pub(crate) force_path: bool,
    pub(crate) tree_out_of_band: bool,
    pub(crate) welcome_for_each: bool,
    pub(crate) group_info: bool,
    /// Nobody will see it, so nothing of the group may be used up for it.
    pub(crate) trial: bool,
}

/// Shared by a group's engine objects.
#[derive(Clone)]
pub(crate) struct Rules {
    handshake: HandshakeEncryption,
    padding: Padding,
    shape: Arc<Mutex<CommitShape>>,
    /// What past epochs there are.
    vault: Arc<dyn Vault>,
}

impl Rules {
    pub(crate) fn new(handshake: HandshakeEncryption, padding: Padding, vault: Arc<dyn Vault>) -> Self {
        Self { handshake, padding, shape: Arc::default(), vault }
    }

    fn shape(&self) -> CommitShape {
        *self.shape.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Whether the secret that a PSK proposal names is here, if it is a resumption secret.
    fn has_resumption_secret(&self, psk: &PreSharedKeyProposal, context: &GroupContext) -> bool {
        let named = || -> Option<(Vec<u8>, u64)> {
            let encoded = psk.mls_encode_to_vec().ok()?;
            let mut reader = Reader::new(&encoded);
            reader.skip(2).ok()?; // kind of key, usage
            Some((reader.vector().ok()?.to_vec(), reader.u64().ok()?))
        };
        match named() {
            Some((group_id, epoch)) if group_id == context.group_id && epoch == context.epoch => true,
            Some((group_id, epoch)) => self.vault.epoch(&group_id, epoch).is_ok_and(|record| record.is_some()),
            None => false,
        }
    }

    pub(crate) fn set_shape(&self, shape: CommitShape) {
        *self.shape.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = shape;
    }
}

fn by_reference<T>(info: &ProposalInfo<T>) -> bool {
    matches!(info.source, ProposalSource::ByReference(_))
}

/// Leaves out of the proposals cached by reference those that the engine's builder would commit although peers then
/// refuse the whole commit, those that make it fail, and those that would stand in the way of ours.
fn filter(mut bundle: ProposalBundle, has_secret: &dyn Fn(&PreSharedKeyProposal) -> bool) -> ProposalBundle {
    let ok = |keep: bool| Ok::<_, Never>(keep);
    let mut filtered = || -> Result<(), Never> {
        if bundle.by_type::<ReInitProposal>().any(|reinit| !by_reference(reinit)) {
            bundle.retain(|proposal| ok(!by_reference(proposal)))?;
            bundle.retain_custom(|proposal| ok(!by_reference(proposal)))?;
        }
        if bundle.by_type::<ExtensionList>().any(|list| !by_reference(list)) {
            bundle.retain_by_type::<ExtensionList, _, _>(|list| ok(!by_reference(list)))?;
        }
        let by_value: HashSet<Vec<u8>> = bundle
            .by_type::<AddProposal>()
            .filter(|add| !by_reference(add))
            .map(|add| identity_of(add.proposal.signing_identity()))
            .collect();
        let mut added = HashSet::new();
        bundle.retain_by_type::<AddProposal, _, _>(|add| {
            let identity = identity_of(add.proposal.signing_identity());
            ok(!by_reference(add) || !by_value.contains(&identity) && added.insert(identity))
        })?;
        let removed_by_value: HashSet<u32> = bundle
            .by_type::<RemoveProposal>()
            .filter(|remove| !by_reference(remove))
            .map(|remove| remove.proposal.to_remove())
            .collect();
        let mut removed = removed_by_value.clone();
        bundle.retain_by_type::<RemoveProposal, _, _>(|remove| {
            ok(!by_reference(remove) || removed.insert(remove.proposal.to_remove()))
        })?;
        let mut updated = HashSet::new();
        bundle.retain_by_type::<UpdateProposal, _, _>(|update| {
            ok(match update.sender {
                Sender::Member(leaf) => !removed.contains(&leaf) && updated.insert(leaf),
                _ => false,
            })
        })?;
        // Whoever is added needs the secret to join: that is the committer's to ask, and not another member's.
        let asked = bundle
            .by_type::<PreSharedKeyProposal>()
            .any(|psk| !by_reference(psk) && psk.proposal.external_psk_id().is_none());
        let spared = !asked && bundle.by_type::<AddProposal>().next().is_some();
        bundle.retain_by_type::<PreSharedKeyProposal, _, _>(|psk| {
            let external = psk.proposal.external_psk_id().is_some();
            ok(!by_reference(psk) || external || !spared && has_secret(&psk.proposal))
        })
    };
    match filtered() {
        Ok(()) => bundle,
        Err(never) => unreachable!("{never}"),
    }
}

impl MlsRules for Rules {
    type Error = Never;

    fn filter_proposals(
        &self,
        direction: CommitDirection,
        _source: CommitSource,
        _current_roster: &Roster,
        current_context: &GroupContext,
        proposals: ProposalBundle,
    ) -> Result<ProposalBundle, Never> {
        Ok(match direction {
            CommitDirection::Send => filter(proposals, &|psk| self.has_resumption_secret(psk, current_context)),
            CommitDirection::Receive => proposals,
        })
    }

    fn commit_options(
        &self,
        _new_roster: &Roster,
        _new_context: &GroupContext,
        proposals: &ProposalBundle,
    ) -> Result<CommitOptions, Never> {
        let shape = self.shape();
        // Encoding and signing a GroupInfo with the tree is a fifth of a commit's cost: only for those who need it.
        let tree = !shape.tree_out_of_band && (shape.group_info || !proposals.add_proposals().is_empty());
        Ok(CommitOptions::new()
            // RFC 9420 section 12.4 leaves it to each custom type: with a path no peer can miss one.
            .with_path_required(shape.force_path || !proposals.custom_proposals().is_empty())
            .with_ratchet_tree_extension(tree)
            .with_single_welcome_message(!shape.welcome_for_each)
            .with_allow_external_commit(shape.group_info))
    }

    fn encryption_options(&self, _: &Roster, _: &GroupContext) -> Result<EncryptionOptions, Never> {
        let padding = match self.padding {
            Padding::Step => PaddingMode::StepFunction,
            Padding::None => PaddingMode::None,
        };
        let private = self.handshake == HandshakeEncryption::Private && !self.shape().trial;
        Ok(EncryptionOptions::new(private, padding))
    }

    fn custom_proposal_requires_update_path(&self, _: &CustomProposal) -> bool {
        // Ours have one; asking for it from everybody would refuse peers' commits.
        false
    }
}
