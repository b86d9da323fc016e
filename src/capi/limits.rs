//! How much is kept and taken in: setters of [`mls_options_t`]. All of them bound what somebody else can make this
//! device store or compute. A number out of its range is `InvalidArgument` when the client is opened.
use super::{
    error::{mls_error_t, mls_status_t},
    guard::guard,
    handle::edit,
    options::mls_options_t,
};
use crate::Limits;

/// Events that wait to be acknowledged. At the limit receiving answers `MLS_ERROR_INBOX_FULL`. Default 10,000.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_inbox_events(
    options: *mut mls_options_t,
    count: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.inbox_events = count))
}

/// Messages held for a group, for each reason. Default 256.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_held_messages(
    options: *mut mls_options_t,
    count: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.held_messages = count))
}

/// Bytes of messages held for a group, for each reason. Default 4 MiB.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_held_bytes(
    options: *mut mls_options_t,
    bytes: u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.held_bytes = bytes))
}

/// Groups not known yet for which messages are held. Default 64.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_held_unknown_groups(
    options: *mut mls_options_t,
    count: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.held_unknown_groups = count))
}

/// Past epochs whose late messages can still be read. Default 3.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_past_epochs(
    options: *mut mls_options_t,
    count: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.past_epochs = count))
}

/// Bytes of one message, incoming or ours; opening refuses less than 4,096. Default 16 MiB.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_message_bytes(
    options: *mut mls_options_t,
    bytes: u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.message_bytes = bytes))
}

/// Leaves of a tree. Default 50,000.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_members(
    options: *mut mls_options_t,
    count: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.members = count))
}

/// Proposals cached from one member. Default 32.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_proposals_per_member(
    options: *mut mls_options_t,
    count: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.proposals_per_member = count))
}

/// Proposals in one commit. Default 10,000.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_proposals_per_commit(
    options: *mut mls_options_t,
    count: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.proposals_per_commit = count))
}

/// Messages after which consumed keys are gone from the disk, not only from use. 1 to 1,024. Default 64.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_fold_distance(
    options: *mut mls_options_t,
    messages: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.fold_distance = messages))
}

/// Own generations set aside in one write. 1 to 64. Default 64.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_send_window(
    options: *mut mls_options_t,
    generations: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.send_window = generations))
}

/// Groups kept loaded. Default 128.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_loaded_groups(
    options: *mut mls_options_t,
    count: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.loaded_groups = count))
}

/// Above this number of members, commits and Welcomes are held for a client that can afford them. Default: never.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limit_hold_commits_above(
    options: *mut mls_options_t,
    members: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits.hold_commits_above = Some(members)))
}

/// All limits at once, for an iOS notification extension: smaller than the defaults. What a message makes it allocate stays
/// below 8 MB.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_limits_extension(
    options: *mut mls_options_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.limits = Limits::extension()))
}
