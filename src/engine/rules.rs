//! What this device adds to RFC 9420's rules when it sends, and nothing when it receives: a commit that the service
//! has ordered is not refused over a policy.

use super::{identity::Never, identity::identity_of};
use crate::{HandshakeEncryption, Padding};
use mls_rs::{
    MlsRules,
    client_builder::PaddingMode,
    group::proposal::UpdateProposal,
    group::{GroupContext, Roster, Sender, proposal::AddProposal, proposal::CustomProposal, proposal::RemoveProposal},
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
}

/// Shared by a group's engine objects.
#[derive(Clone)]
pub(crate) struct Rules {
    handshake: HandshakeEncryption,
    padding: Padding,
    shape: Arc<Mutex<CommitShape>>,
}

impl Rules {
    pub(crate) fn new(handshake: HandshakeEncryption, padding: Padding) -> Self {
        Self { handshake, padding, shape: Arc::default() }
    }

    pub(crate) fn set_shape(&self, shape: CommitShape) {
        *self.shape.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = shape;
    }
}

fn by_reference<T>(info: &ProposalInfo<T>) -> bool {
    matches!(info.source, ProposalSource::ByReference(_))
}

/// Leaves out of the proposals cached by reference those that the engine's builder would commit although peers then
/// refuse the whole commit, and those that would stand in the way of ours.
fn filter(mut bundle: ProposalBundle) -> ProposalBundle {
    let ok = |keep: bool| Ok::<_, Never>(keep);
    let mut filtered = || -> Result<(), Never> {
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
        _current_context: &GroupContext,
        proposals: ProposalBundle,
    ) -> Result<ProposalBundle, Never> {
        Ok(match direction {
            CommitDirection::Send => filter(proposals),
            CommitDirection::Receive => proposals,
        })
    }

    fn commit_options(
        &self,
        _new_roster: &Roster,
        _new_context: &GroupContext,
        proposals: &ProposalBundle,
    ) -> Result<CommitOptions, Never> {
        let shape = *self.shape.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // Encoding and signing a GroupInfo with the tree is a fifth of a commit's cost: only for those who need it.
        let tree = !shape.tree_out_of_band && (shape.group_info || !proposals.add_proposals().is_empty());
        Ok(CommitOptions::new()
            .with_path_required(shape.force_path)
            .with_ratchet_tree_extension(tree)
            .with_single_welcome_message(!shape.welcome_for_each)
            .with_allow_external_commit(shape.group_info))
    }

    fn encryption_options(&self, _: &Roster, _: &GroupContext) -> Result<EncryptionOptions, Never> {
        let padding = match self.padding {
            Padding::Step => PaddingMode::StepFunction,
            Padding::None => PaddingMode::None,
        };
        Ok(EncryptionOptions::new(self.handshake == HandshakeEncryption::Private, padding))
    }

    fn custom_proposal_requires_update_path(&self, _: &CustomProposal) -> bool {
        // RFC 9420 section 12.4 leaves it to each type; asking for a path from everybody would refuse peers' commits.
        false
    }
}
