//! Proposals (RFC 9420 section 12.1): as values to make, and as others made them.
use super::{
    bytes::{self, mls_bytes_t},
    error::{mls_error_t, mls_status_t},
    extension::{self, mls_extensions_t},
    guard::{self, New, give, guard},
    handle::{self, Handle, Tag, edit, item},
    identity::mls_identity_t,
    sender::mls_senders_t,
};
use crate::{CipherSuite, NewIdentity, Proposal, ProposalInfo, Result};
use std::sync::Mutex;

/// Add: the IANA number of the proposal type (RFC 9420 section 17.4).
pub const MLS_PROPOSAL_ADD: u16 = 1;
/// Update: the IANA number of the proposal type (RFC 9420 section 17.4).
pub const MLS_PROPOSAL_UPDATE: u16 = 2;
/// Remove: the IANA number of the proposal type (RFC 9420 section 17.4).
pub const MLS_PROPOSAL_REMOVE: u16 = 3;
/// Pre-shared key: the IANA number of the proposal type (RFC 9420 section 17.4).
pub const MLS_PROPOSAL_PSK: u16 = 4;
/// ReInit: the IANA number of the proposal type (RFC 9420 section 17.4).
pub const MLS_PROPOSAL_REINIT: u16 = 5;
/// External init: the IANA number of the proposal type (RFC 9420 section 17.4).
pub const MLS_PROPOSAL_EXTERNAL_INIT: u16 = 6;
/// Group context extensions: the IANA number of the proposal type (RFC 9420 section 17.4).
pub const MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS: u16 = 7;

/// Proposals to make. The same list goes to `mls_group_propose`, by reference, and to `mls_group_commit`, by value.
pub struct mls_proposals_t {
    _opaque: [u8; 0],
}

impl Handle for mls_proposals_t {
    type Object = Mutex<Vec<Proposal>>;
    const TAG: Tag = Tag::Proposals;
}

/// An empty list. Yours: `mls_proposals_free`. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_proposals_new() -> *mut mls_proposals_t {
    guard::answer(|| Ok(New(Mutex::default())))
}

/// Lets a list go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_proposals_free(proposals: *mut mls_proposals_t) {
    guard::free(proposals);
}

/// Add the device that made this key package, which is copied and read when it is used (RFC 9420 section 12.1.1).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposals_push_add(
    proposals: *mut mls_proposals_t,
    key_package: *const u8,
    key_package_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let key_package = bytes::read(key_package, key_package_len)?;
        push(proposals, Proposal::Add { key_package })
    })
}

/// Renew our own leaf (RFC 9420 section 12.1.2). In a commit it forces a path. `identity` is a new credential and key,
/// or NULL to renew the encryption key only; `leaf_extensions` are all of the new ones, or NULL to keep them. Both are
/// copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposals_push_update(
    proposals: *mut mls_proposals_t,
    identity: *const mls_identity_t,
    leaf_extensions: *const mls_extensions_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let identity = new_identity(identity)?;
        let leaf_extensions = extension::optional(leaf_extensions)?;
        push(proposals, Proposal::Update { identity, leaf_extensions })
    })
}

/// Remove the member at this leaf (RFC 9420 section 12.1.3).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposals_push_remove(
    proposals: *mut mls_proposals_t,
    leaf: u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || push(proposals, Proposal::Remove { leaf }))
}

/// Mix in an external pre-shared key that all members have, by its id, which is copied (RFC 9420 section 12.1.4).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposals_push_external_psk(
    proposals: *mut mls_proposals_t,
    id: *const u8,
    id_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let id = bytes::read(id, id_len)?;
        push(proposals, Proposal::ExternalPsk { id })
    })
}

/// Mix in the resumption secret of an epoch of this group (RFC 9420 section 12.1.4).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposals_push_resumption_psk(
    proposals: *mut mls_proposals_t,
    epoch: u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || push(proposals, Proposal::ResumptionPsk { epoch }))
}

/// End the group and announce a successor (RFC 9420 section 12.1.5): its id, `(NULL, 0)` for a random one, its cipher
/// suite, and the extensions of its context, NULL for none. All are copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposals_push_reinit(
    proposals: *mut mls_proposals_t,
    group_id: *const u8,
    group_id_len: usize,
    cipher_suite: u16,
    extensions: *const mls_extensions_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let group_id = bytes::optional(group_id, group_id_len)?;
        let extensions = extension::optional(extensions)?.unwrap_or_default();
        let cipher_suite = CipherSuite(cipher_suite);
        push(proposals, Proposal::ReInit { group_id, cipher_suite, extensions })
    })
}

/// Replace the extensions of the group context by these, which are copied (RFC 9420 section 12.1.7). All of them: what is
/// not among them goes, required capabilities and external senders too.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposals_push_group_context_extensions(
    proposals: *mut mls_proposals_t,
    extensions: *const mls_extensions_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let extensions = handle::value(extensions)?;
        push(proposals, Proposal::GroupContextExtensions { extensions })
    })
}

/// A proposal of the application's own type, which every member must be capable of. Its bytes are copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposals_push_custom(
    proposals: *mut mls_proposals_t,
    kind: u16,
    data: *const u8,
    data_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let data = bytes::read(data, data_len)?;
        push(proposals, Proposal::Custom { kind, data })
    })
}

/// How many proposals there are. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_proposals_count(proposals: *const mls_proposals_t) -> usize {
    guard::answer(|| edit(proposals, |proposals| proposals.len()))
}

fn push(proposals: *const mls_proposals_t, proposal: Proposal) -> Result<()> {
    edit(proposals, |proposals| proposals.push(proposal))
}

fn new_identity(identity: *const mls_identity_t) -> Result<Option<NewIdentity>> {
    if identity.is_null() { Ok(None) } else { handle::value(identity).map(Some) }
}

/// What proposals would do, as somebody made them.
pub struct mls_proposal_infos_t {
    _opaque: [u8; 0],
}

impl Handle for mls_proposal_infos_t {
    type Object = Vec<ProposalInfo>;
    const TAG: Tag = Tag::ProposalInfos;
}

/// How many proposals there are. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_proposal_infos_count(infos: *const mls_proposal_infos_t) -> usize {
    guard::answer(|| handle::count(infos))
}

/// Lets a list go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_proposal_infos_free(infos: *mut mls_proposal_infos_t) {
    guard::free(infos);
}

/// The IANA number of a proposal's type: `MLS_PROPOSAL_*`, or the application's own. 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_proposal_infos_kind(infos: *const mls_proposal_infos_t, index: usize) -> u16 {
    guard::answer(|| item(infos, index, |info| info.kind))
}

/// Who made a proposal. Yours: `mls_senders_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposal_infos_sender(
    infos: *const mls_proposal_infos_t,
    index: usize,
    out: *mut *mut mls_senders_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(infos, index, |info| New(vec![info.sender.clone()])))
}

/// What a commit refers to a cached proposal by (RFC 9420 section 5.2); empty if it was made by value. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposal_infos_reference(
    infos: *const mls_proposal_infos_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(infos, index, |info| info.reference.clone()))
}

/// Whom a proposal is about: the added or updated leaf after it, the member to be removed; none for other proposals.
/// Yours: `mls_senders_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposal_infos_subject(
    infos: *const mls_proposal_infos_t,
    index: usize,
    out: *mut *mut mls_senders_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(infos, index, |info| New(info.subject.iter().cloned().collect())))
}

/// A pre-shared key's id, a successor's group id, a custom proposal's bytes; empty for other proposals. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposal_infos_data(
    infos: *const mls_proposal_infos_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(infos, index, |info| info.data.clone()))
}

/// A whole proposal, encoded as in RFC 9420 section 12.1. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_proposal_infos_encoded(
    infos: *const mls_proposal_infos_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(infos, index, |info| info.encoded.clone()))
}
