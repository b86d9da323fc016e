//! A commit of ours between being made and being ordered by the delivery service.
use super::{
    bytes::mls_bytes_t,
    error::{mls_error_t, mls_status_t},
    group::mls_group_t,
    guard::{self, New, give, guard},
    handle::{self, Handle, Tag, item},
    message::mls_messages_t,
};
use crate::{Commit, CommitBundle, CommitStatus};
use std::sync::Mutex;

/// The commit is not answered yet.
pub const MLS_COMMIT_PENDING: i32 = 1;
/// It was refused; remembered until the epoch ends, so that its own echo still merges.
pub const MLS_COMMIT_REJECTED: i32 = 2;
/// The group's epoch came from it.
pub const MLS_COMMIT_ACCEPTED: i32 = 3;
/// Another commit won the epoch, or it is not known any more.
pub const MLS_COMMIT_SUPERSEDED: i32 = 4;

/// A commit of this device's (RFC 9750 section 5.2). It is durable before its bytes are seen. The delivery service has
/// three answers: accepted (`mls_commit_accept`), refused (`mls_commit_reject`), and none: send the same bytes again.
///
/// Its calls can answer what the calls on its group can.
pub struct mls_commit_t {
    _opaque: [u8; 0],
}

impl Handle for mls_commit_t {
    type Object = Commit;
    const TAG: Tag = Tag::Commit;
}

/// Lets a commit go; nothing happens to the commit itself. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_commit_free(commit: *mut mls_commit_t) {
    guard::free(commit);
}

/// The commit's id, never used again in its store. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_commit_id(commit: *const mls_commit_t) -> u64 {
    guard::answer(|| Ok(handle::get(commit)?.id()))
}

/// The group that it changes. Yours: `mls_group_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_group(
    commit: *const mls_commit_t,
    out: *mut *mut mls_group_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(New(handle::get(commit)?.group())))
}

/// Where it stands, one of `MLS_COMMIT_*`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_status(
    commit: *const mls_commit_t,
    out: *mut i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(commit)?.status()? as i32))
}

/// The bytes for the members: the same ones every time. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_COMMIT_NOT_FOUND` once its epoch is over and its `MLS_EVENT_COMMITTED` is acknowledged; store
/// errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_message(
    commit: *const mls_commit_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(commit)?.message())
}

/// Everything at once, also before it is accepted. Only for services that take it all together: a Welcome that leaves
/// the device otherwise, before its commit is accepted, forks the group. Yours: `mls_bundle_free`.
///
/// Errors: as `mls_commit_message`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_bundle(
    commit: *const mls_commit_t,
    out: *mut *mut mls_bundle_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(commit)?.bundle().map(New))
}

/// The Welcomes for the joiners, as often as wanted until its `MLS_EVENT_COMMITTED` is acknowledged, after a restart
/// too. Yours: `mls_messages_free`.
///
/// Errors: `MLS_ERROR_COMMIT_NOT_ACCEPTED` before it is accepted, `MLS_ERROR_SUPERSEDED` if it never will be,
/// `MLS_ERROR_COMMIT_NOT_FOUND` after that; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_welcomes(
    commit: *const mls_commit_t,
    out: *mut *mut mls_messages_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(New(Mutex::new(handle::get(commit)?.welcomes()?))))
}

/// The service ordered it: moves the group to the new epoch, durably, and puts `MLS_EVENT_COMMITTED` into the inbox.
/// Doing it again changes nothing: as long as the event is not acknowledged, and for the last 16 commits of a group after
/// that.
///
/// Errors: `MLS_ERROR_SUPERSEDED` if another's commit was received for this epoch, `MLS_ERROR_COMMIT_NOT_FOUND`; store
/// errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_accept(commit: *const mls_commit_t, error: *mut *mut mls_error_t) -> mls_status_t {
    guard(error, &mut || handle::get(commit)?.accept())
}

/// The service turned it down: frees the slot. Doing it again changes nothing; its own echo still merges.
///
/// Errors: `MLS_ERROR_COMMIT_NOT_FOUND`; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commit_reject(commit: *const mls_commit_t, error: *mut *mut mls_error_t) -> mls_status_t {
    guard(error, &mut || handle::get(commit)?.reject())
}

/// A list of commits.
pub struct mls_commits_t {
    _opaque: [u8; 0],
}

impl Handle for mls_commits_t {
    type Object = Vec<Commit>;
    const TAG: Tag = Tag::Commits;
}

/// How many commits there are. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_commits_count(commits: *const mls_commits_t) -> usize {
    guard::answer(|| handle::count(commits))
}

/// A commit of the list. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_commits_at(
    commits: *const mls_commits_t,
    index: usize,
    out: *mut *mut mls_commit_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(commits, index, |commit: &Commit| New(commit.clone())))
}

/// Lets a list go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_commits_free(commits: *mut mls_commits_t) {
    guard::free(commits);
}

/// All that a commit makes, for delivery services that take it in one.
pub struct mls_bundle_t {
    _opaque: [u8; 0],
}

impl Handle for mls_bundle_t {
    type Object = CommitBundle;
    const TAG: Tag = Tag::Bundle;
}

/// Lets a bundle go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_bundle_free(bundle: *mut mls_bundle_t) {
    guard::free(bundle);
}

/// The bytes for the members. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_bundle_message(
    bundle: *const mls_bundle_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(bundle)?.message.clone()))
}

/// For the joiners. A service that takes a bundle must not deliver them unless it accepts the commit. Yours:
/// `mls_messages_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_bundle_welcomes(
    bundle: *const mls_bundle_t,
    out: *mut *mut mls_messages_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(New(Mutex::new(handle::get(bundle)?.welcomes.clone()))))
}

/// For the service to publish; absent if it was not asked for. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_bundle_group_info(
    bundle: *const mls_bundle_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(bundle)?.group_info.clone()))
}

const _: () = {
    assert!(MLS_COMMIT_PENDING == CommitStatus::Pending as i32 && MLS_COMMIT_REJECTED == CommitStatus::Rejected as i32);
    assert!(MLS_COMMIT_ACCEPTED == CommitStatus::Accepted as i32);
    assert!(MLS_COMMIT_SUPERSEDED == CommitStatus::Superseded as i32);
};
