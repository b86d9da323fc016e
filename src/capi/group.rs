//! A group: look at it, encrypt, propose, commit.
use super::{
    bytes::{self, mls_bytes_t},
    commit::{mls_commit_t, mls_commits_t},
    commit_options::mls_commit_options_t,
    encrypt_options::mls_encrypt_options_t,
    error::{mls_error_t, mls_status_t},
    extension::{self, mls_extensions_t},
    guard::{self, New, give, guard},
    handle::{self, Handle, Tag, value_or_default},
    member::mls_members_t,
    message::mls_messages_t,
    proposal::{mls_proposal_infos_t, mls_proposals_t},
};
use crate::{Group, GroupStatus};
use std::{ffi::c_char, sync::Mutex};

/// The group works.
pub const MLS_GROUP_ACTIVE: i32 = 1;
/// The external commit that joins it is not accepted yet: it can neither send nor read.
pub const MLS_GROUP_JOINING: i32 = 2;
/// This device was removed.
pub const MLS_GROUP_CLOSED: i32 = 3;
/// The group ended in favour of a successor.
pub const MLS_GROUP_REPLACED: i32 = 4;
/// This device's state has parted from the group's: join again by an external commit.
pub const MLS_GROUP_REJOIN_NEEDED: i32 = 5;

/// One group of a client. Usable from any thread; calls on one group wait for each other. Several handles on one group
/// are the same group.
///
/// Every call that reads or changes the group can answer `MLS_ERROR_GROUP_NOT_FOUND` if it was deleted and
/// `MLS_ERROR_REENTRANT` from a callback of the group; those that need its current state `MLS_ERROR_GROUP_CLOSED` after
/// this device was removed or the group replaced, `MLS_ERROR_GROUP_JOINING` before its external commit is accepted,
/// `MLS_ERROR_STORE_ROLLED_BACK` when its state has parted from the group's; those that send or change something
/// `MLS_ERROR_NOT_ALLOWED` for an extension's role. These are not said again below.
pub struct mls_group_t {
    _opaque: [u8; 0],
}

impl Handle for mls_group_t {
    type Object = Group;
    const TAG: Tag = Tag::Group;
}

/// Lets a group go; nothing happens to the group itself. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_group_free(group: *mut mls_group_t) {
    guard::free(group);
}

/// The group's id. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_id(
    group: *const mls_group_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(group)?.id().to_vec()))
}

/// What the group can do now, one of `MLS_GROUP_*`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_status(
    group: *const mls_group_t,
    out: *mut i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(group)?.status()? as i32))
}

/// The group's epoch (RFC 9420 section 8).
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_epoch(
    group: *const mls_group_t,
    out: *mut u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.epoch())
}

/// The group's cipher suite, by its IANA number.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_cipher_suite(
    group: *const mls_group_t,
    out: *mut u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(group)?.cipher_suite()?.0))
}

/// This device's leaf.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_own_leaf(
    group: *const mls_group_t,
    out: *mut u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.own_leaf())
}

/// All members, in the order of their leaves. Yours: `mls_members_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_members(
    group: *const mls_group_t,
    out: *mut *mut mls_members_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.members().map(New))
}

/// The member at a leaf, as a list of one. Yours: `mls_members_free`.
///
/// Errors: `MLS_ERROR_MEMBER_NOT_FOUND`; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_member(
    group: *const mls_group_t,
    leaf: u32,
    out: *mut *mut mls_members_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(New(vec![handle::get(group)?.member(leaf)?])))
}

/// How many members the group has.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_member_count(
    group: *const mls_group_t,
    out: *mut u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.member_count())
}

/// The extensions of the group context (RFC 9420 section 8.1). Yours: `mls_extensions_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_extensions(
    group: *const mls_group_t,
    out: *mut *mut mls_extensions_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(New(Mutex::new(handle::get(group)?.extensions()?))))
}

/// The hash of the ratchet tree (RFC 9420 section 7.8). Yours: `mls_bytes_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_tree_hash(
    group: *const mls_group_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.tree_hash())
}

/// What members compare, by another way, to know that they are in the same epoch of the same group (RFC 9420 section
/// 8.7). Yours: `mls_bytes_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_epoch_authenticator(
    group: *const mls_group_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.epoch_authenticator())
}

/// A secret of `len` bytes that only members of this epoch have, for another protocol (RFC 9420 section 8.5). Yours:
/// `mls_bytes_free`, which wipes it.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` unless `len` is 1 to 255 times the size of the suite's hash; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_export_secret(
    group: *const mls_group_t,
    label: *const c_char,
    context: *const u8,
    context_len: usize,
    len: u32,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let (label, context) = (bytes::text(label)?, bytes::read(context, context_len)?);
        handle::get(group)?.export_secret(label, context, len)
    })
}

/// A signed GroupInfo of this epoch (RFC 9420 section 12.4.3): with `allow_join` not 0 others can join by an external
/// commit, with `with_tree` not 0 it carries the ratchet tree. Yours: `mls_bytes_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_info(
    group: *const mls_group_t,
    allow_join: i32,
    with_tree: i32,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.group_info(allow_join != 0, with_tree != 0))
}

/// The ratchet tree, for joiners whose Welcome or GroupInfo does not carry it (RFC 9420 section 12.4.3.3). Yours:
/// `mls_bytes_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_ratchet_tree(
    group: *const mls_group_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.ratchet_tree())
}

/// Encrypts for this epoch's members (RFC 9420 section 6.3). The message's key can never be used again, whatever dies
/// when. `options` may be `MLS_DEFAULTS`. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_TOO_LARGE` if members with this client's limit of a message's size might refuse it, padding included;
/// `MLS_ERROR_COMMIT_REQUIRED` while proposals wait (section 12.4); store errors. Nothing has changed then.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_encrypt(
    group: *const mls_group_t,
    data: *const u8,
    data_len: usize,
    options: *const mls_encrypt_options_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.encrypt(bytes::read(data, data_len)?, value_or_default(options)?))
}

/// Makes proposals for somebody to commit (RFC 9420 section 12.1), with authenticated data that anyone can read, and
/// answers a message for each, in the same order. All of them or none. Yours: `mls_messages_free`.
///
/// What is wrong only together with other proposals (a member twice, two of a kind that may be there once) is found when
/// they are committed: the commit leaves it out.
///
/// Errors: `MLS_ERROR_COMMIT_REQUIRED` for more proposals of ours than members keep of one sender
/// (`mls_options_set_limit_proposals_per_member`), `MLS_ERROR_INVALID_PROPOSAL`, `MLS_ERROR_INVALID_KEY_PACKAGE`,
/// `MLS_ERROR_KEY_PACKAGE_EXPIRED`, `MLS_ERROR_MEMBER_NOT_FOUND`, `MLS_ERROR_PSK_NOT_FOUND`,
/// `MLS_ERROR_CREDENTIAL_DENIED`, `MLS_ERROR_CREDENTIAL_LATER`, `MLS_ERROR_UNSUPPORTED`; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_propose(
    group: *const mls_group_t,
    proposals: *const mls_proposals_t,
    aad: *const u8,
    aad_len: usize,
    out: *mut *mut mls_messages_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let (proposals, aad) = (handle::value(proposals)?, bytes::read(aad, aad_len)?);
        Ok(New(Mutex::new(handle::get(group)?.propose(proposals, aad)?)))
    })
}

/// Proposes that this device be removed, which somebody else has to commit (RFC 9420 section 12.1.3). Answers the
/// message to send. Yours: `mls_bytes_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_leave(
    group: *const mls_group_t,
    aad: *const u8,
    aad_len: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.leave(bytes::read(aad, aad_len)?))
}

/// The proposals that are cached in this epoch. Yours: `mls_proposal_infos_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_proposals(
    group: *const mls_group_t,
    out: *mut *mut mls_proposal_infos_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.proposals().map(New))
}

/// Drops a proposal of this device's that nobody has committed, by its reference. Others who have received it may still
/// commit it: tell them by other means.
///
/// Errors: `MLS_ERROR_PROPOSAL_NOT_FOUND`; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_withdraw(
    group: *const mls_group_t,
    reference: *const u8,
    reference_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || handle::get(group)?.withdraw(bytes::read(reference, reference_len)?))
}

/// Drops all cached proposals, so that messages can be sent again. A commit of others that refers to one of them is
/// understood all the same.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_clear_proposals(
    group: *const mls_group_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || handle::get(group)?.clear_proposals())
}

/// Makes a commit of these proposals, by value, and of those that are cached, by reference (RFC 9420 section 12.4).
/// NULL for the proposals: only those that are cached; with none at all it renews this device's keys. It is durable
/// before it is seen and pending until `mls_commit_accept` or `mls_commit_reject`; until then the group works in the
/// old epoch. `options` may be `MLS_DEFAULTS`. Yours: `mls_commit_free`.
///
/// Cached proposals that would make peers refuse the commit are left out: a second Update of one sender, an Update of
/// somebody who is removed, an Add of somebody who is added by value.
///
/// Errors: `MLS_ERROR_TOO_MANY_COMMITS` if four are pending in this epoch; `MLS_ERROR_INVALID_PROPOSAL`,
/// `MLS_ERROR_INVALID_KEY_PACKAGE`, `MLS_ERROR_KEY_PACKAGE_EXPIRED`, `MLS_ERROR_DUPLICATE_MEMBER`,
/// `MLS_ERROR_MEMBER_NOT_FOUND`, `MLS_ERROR_PSK_NOT_FOUND`, `MLS_ERROR_CREDENTIAL_DENIED`,
/// `MLS_ERROR_CREDENTIAL_LATER`, `MLS_ERROR_INVALID_CREDENTIAL`, `MLS_ERROR_INVALID_SIGNING_KEY`,
/// `MLS_ERROR_UNSUPPORTED`; store errors. Nothing has changed then.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_commit(
    group: *const mls_group_t,
    proposals: *const mls_proposals_t,
    options: *const mls_commit_options_t,
    out: *mut *mut mls_commit_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let (proposals, options) = (value_or_default(proposals)?, value_or_default(options)?);
        handle::get(group)?.commit(proposals, options).map(New)
    })
}

/// Commits again, by value, proposals of a commit that was superseded: those that `mls_events_still_valid` answers. A
/// Remove is for who was meant, not for whoever has come to that leaf since: `MLS_ERROR_MEMBER_NOT_FOUND` then.
/// `options` may be `MLS_DEFAULTS`. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_INVALID_MESSAGE` for what is no proposal, and as `mls_group_commit`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_commit_again(
    group: *const mls_group_t,
    proposals: *const mls_proposal_infos_t,
    options: *const mls_commit_options_t,
    out: *mut *mut mls_commit_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let proposals = handle::get(proposals)?.to_vec();
        handle::get(group)?.commit_again(proposals, value_or_default(options)?).map(New)
    })
}

/// The commits of this device that are pending in this epoch, also after a restart. Yours: `mls_commits_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_pending_commits(
    group: *const mls_group_t,
    out: *mut *mut mls_commits_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.pending_commits().map(New))
}

/// A commit of this device's by its id, as `mls_events_commit` answers it: while it is pending or remembered as
/// rejected, and, once accepted, until its `MLS_EVENT_COMMITTED` is acknowledged. So the Welcomes of a commit whose
/// device died after `mls_commit_accept` are delivered after its restart. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_COMMIT_NOT_FOUND`; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_find_commit(
    group: *const mls_group_t,
    id: u64,
    out: *mut *mut mls_commit_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(group)?.find_commit(id).map(New))
}

/// Makes a new group of some of this one's members, bound to this epoch, by a key package for each of them but this
/// device (RFC 9420 section 11.3); its id is `(NULL, 0)` for a random one. They have to join while they are in the same
/// epoch. `extensions` are those of the new group's context, NULL for this group's. `options` may be `MLS_DEFAULTS`; a
/// path, the tree and the Welcomes can be chosen. The commit is accepted at once: `mls_commit_group` is the new group,
/// `mls_commit_welcomes` its Welcomes. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_GROUP_EXISTS`, `MLS_ERROR_INVALID_KEY_PACKAGE`, `MLS_ERROR_NO_SUCCESSOR` if somebody is not a
/// member of this group, `MLS_ERROR_INVALID_ARGUMENT` for other options, `MLS_ERROR_INVALID_PROPOSAL` for extensions
/// that a member does not have; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_branch(
    group: *const mls_group_t,
    id: *const u8,
    id_len: usize,
    key_packages: *const mls_messages_t,
    extensions: *const mls_extensions_t,
    options: *const mls_commit_options_t,
    out: *mut *mut mls_commit_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let (id, key_packages) = (bytes::optional(id, id_len)?, handle::value(key_packages)?);
        let (extensions, options) = (extension::optional(extensions)?, value_or_default(options)?);
        handle::get(group)?.branch(id, key_packages, extensions, options).map(New)
    })
}

/// Makes the successor that a committed ReInit announced, by a key package for every other member (RFC 9420 section
/// 11.2). `options` as for `mls_group_branch`. The commit is accepted at once: `mls_commit_group` is the successor,
/// `mls_commit_welcomes` its Welcomes. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_NO_SUCCESSOR` if none is announced or the members are not the same, `MLS_ERROR_GROUP_EXISTS`,
/// `MLS_ERROR_INVALID_KEY_PACKAGE`, `MLS_ERROR_INVALID_ARGUMENT` for other options; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_group_create_successor(
    group: *const mls_group_t,
    key_packages: *const mls_messages_t,
    options: *const mls_commit_options_t,
    out: *mut *mut mls_commit_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let (key_packages, options) = (handle::value(key_packages)?, value_or_default(options)?);
        handle::get(group)?.create_successor(key_packages, options).map(New)
    })
}

const _: () = {
    assert!(MLS_GROUP_ACTIVE == GroupStatus::Active as i32 && MLS_GROUP_JOINING == GroupStatus::Joining as i32);
    assert!(MLS_GROUP_CLOSED == GroupStatus::Closed as i32 && MLS_GROUP_REPLACED == GroupStatus::Replaced as i32);
    assert!(MLS_GROUP_REJOIN_NEEDED == GroupStatus::RejoinNeeded as i32);
};
