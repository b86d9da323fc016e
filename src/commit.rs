//! A commit of ours between being made and being ordered by the delivery service (RFC 9750 section 5.2).
//!
//! It is durable before its bytes are seen, so it can be sent again after a crash:
//!
//! | the service says | call | then |
//! |---|---|---|
//! | accepted | [`Commit::accept`] | the group is in the new epoch, `committed` is in the inbox, [`Commit::welcomes`] answers |
//! | refused | [`Commit::reject`] | the slot is free; receive the winner, and commit again |
//! | nothing | none | send the same bytes again |

use crate::{Group, Result};

/// Where a commit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CommitStatus {
    /// Not answered yet.
    Pending = 1,
    /// Refused; remembered until the epoch ends, so that its own echo still merges.
    Rejected = 2,
    /// The group's epoch came from it.
    Accepted = 3,
    /// Another commit won the epoch, or it is not known any more.
    Superseded = 4,
}

/// All that a commit makes, for delivery services that take it in one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CommitBundle {
    /// For the members.
    pub message: Vec<u8>,
    /// For the joiners. A service that takes a bundle must not deliver them unless it accepts the commit.
    pub welcomes: Vec<Vec<u8>>,
    /// For the service to publish, if asked for.
    pub group_info: Option<Vec<u8>>,
}

/// A handle on a commit of ours. Cheap to clone, usable from any thread.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct Commit {
    pub(crate) group: Group,
    pub(crate) id: u64,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Commit {
    /// Never used again in this store.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The group that it changes.
    pub fn group(&self) -> Group {
        self.group.clone()
    }

    /// Where it stands.
    pub fn status(&self) -> Result<CommitStatus> {
        self.group.commit_status(self.id)
    }

    /// The bytes for the members: the same ones every time. `CommitNotFound` once its epoch is over and the
    /// `committed` event is acknowledged.
    pub fn message(&self) -> Result<Vec<u8>> {
        Ok(self.group.commit_bundle(self.id)?.message)
    }

    /// Everything at once, also before it is accepted. Only for services that take it all together: a Welcome that
    /// leaves the device otherwise, before its commit is accepted, forks the group.
    pub fn bundle(&self) -> Result<CommitBundle> {
        self.group.commit_bundle(self.id)
    }

    /// The Welcomes for the joiners, as often as wanted until the `committed` event is acknowledged.
    /// `CommitNotAccepted` before it is accepted, `Superseded` if it never will be, `CommitNotFound` after that.
    pub fn welcomes(&self) -> Result<Vec<Vec<u8>>> {
        self.group.commit_welcomes(self.id)
    }

    /// The service ordered it: moves the group to the new epoch, durably. Doing it again changes nothing: as long as its
    /// `committed` event is not acknowledged, and for the last 16 of a group after that. Messages that waited for the
    /// new epoch are processed then, and what they brought is in the inbox.
    /// `Superseded` if another's commit was received for this epoch.
    pub fn accept(&self) -> Result<()> {
        self.group.accept_commit(self.id)
    }

    /// The service turned it down: frees the slot. Doing it again changes nothing; its own echo still merges.
    pub fn reject(&self) -> Result<()> {
        self.group.reject_commit(self.id)
    }
}
