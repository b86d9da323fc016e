//! A client: one device, with its store, key packages, groups and inbox.
use super::{
    bytes::{self, mls_bytes_t},
    commit::mls_commit_t,
    credential::mls_credential_t,
    error::{mls_error_t, mls_status_t},
    event::mls_events_t,
    group::mls_group_t,
    group_options::mls_group_options_t,
    guard::{self, New, give, guard},
    handle::{self, Handle, Tag, value_or_default},
    id::mls_ids_t,
    identity::{mls_identity_t, mls_signing_key_t},
    invitation::mls_preview_t,
    join_options::mls_join_options_t,
    key_package::{mls_key_package_options_t, mls_key_package_secrets_t, mls_key_packages_t},
    message::mls_messages_t,
    options::mls_options_t,
    proposal::mls_proposals_t,
    store::{Callbacks, mls_store_t},
};
use crate::{CipherSuite, Client, ErrorCode, Result, error::fail};
use std::{ffi::c_char, sync::Mutex};

/// A device: one identity, one store. Usable from any thread; different groups do not wait for each other.
///
/// The store is closed by `mls_client_close`, or with the last handle on the client, its groups and its commits.
pub struct mls_client_t {
    _opaque: [u8; 0],
}

impl Handle for mls_client_t {
    type Object = Client;
    const TAG: Tag = Tag::Client;
}

/// Opens the SQLite store at `path`, making it if it is not there. `key` is the store key, `MLS_STORE_KEY_LEN` bytes
/// from the platform's keystore; without it the store cannot be read again. Opening one path twice in a process gives
/// two handles on one store. Yours: `mls_client_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if the key has another length, no trust is chosen, or a limit is out of its
/// range; `MLS_ERROR_STORE_KEY_WRONG`, `MLS_ERROR_STORE_CORRUPT`, `MLS_ERROR_STORE_NEWER`, with the file untouched;
/// `MLS_ERROR_STORE_IDENTITY` if it belongs to another device; `MLS_ERROR_UNSUPPORTED` for a cipher suite that this
/// build does not have; `MLS_ERROR_INVALID_CREDENTIAL`, `MLS_ERROR_INVALID_SIGNING_KEY`; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_open(
    path: *const c_char,
    key: *const u8,
    key_len: usize,
    options: *const mls_options_t,
    out: *mut *mut mls_client_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let (path, key) = (bytes::text(path)?, bytes::read(key, key_len)?);
        Client::open(path, key, value_or_default(options)?).map(New)
    })
}

/// Opens a store in memory that is gone with the client. Yours: `mls_client_free`.
///
/// Errors: as `mls_client_open`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_open_in_memory(
    options: *const mls_options_t,
    out: *mut *mut mls_client_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Client::open_in_memory(value_or_default(options)?).map(New))
}

/// Opens the application's own store, whose values are sealed under `key` as in `mls_client_open`. Yours:
/// `mls_client_free`.
///
/// Errors: as `mls_client_open`; `MLS_ERROR_INVALID_ARGUMENT` if a required callback is not set.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_open_store(
    store: *const mls_store_t,
    key: *const u8,
    key_len: usize,
    options: *const mls_options_t,
    out: *mut *mut mls_client_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let (storage, key) = (Callbacks::storage(store)?, bytes::read(key, key_len)?);
        Client::open_storage(storage, key, value_or_default(options)?).map(New)
    })
}

/// Makes everything durable and closes the store, for all handles on the client, its groups and its commits: calls with
/// them answer `MLS_ERROR_CLOSED` from then on. Closing twice is fine.
///
/// Errors: store errors; it is closed then too.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_close(client: *const mls_client_t, error: *mut *mut mls_error_t) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.close())
}

/// Lets a client go. Its groups and commits stay usable; the store is closed with the last of them, and nothing is
/// written: acknowledgements that are not durable yet come back, so call `mls_client_close` first. NULL and what is freed
/// already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_client_free(client: *mut mls_client_t) {
    guard::free(client);
}

/// Makes acknowledgements durable, and deleted keys unrecoverable from the files.
///
/// Errors: store errors; `MLS_ERROR_STORE_LOCKED` if another process is in the way: try again later;
/// `MLS_ERROR_CALLBACK_FAILED` of the anchor, when everything else is done.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_flush(client: *const mls_client_t, error: *mut *mut mls_error_t) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.flush())
}

/// Finishes what is under way and gives back every file lock, until `mls_client_resume`; calls answer
/// `MLS_ERROR_SUSPENDED` meanwhile. iOS kills a suspended process that holds a lock. Twice is the same as once.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_suspend(client: *const mls_client_t, error: *mut *mut mls_error_t) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.suspend())
}

/// Ends `mls_client_suspend`; does nothing if it is not suspended.
///
/// Errors: store errors; the client is still suspended then.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_resume(client: *const mls_client_t, error: *mut *mut mls_error_t) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.resume())
}

/// Changes the store key, at once and whole: one row is sealed anew.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if the key has not `MLS_STORE_KEY_LEN` bytes; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_rekey(
    client: *const mls_client_t,
    key: *const u8,
    key_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.rekey(bytes::read(key, key_len)?))
}

/// This device's credential. Yours: `mls_credential_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_credential(
    client: *const mls_client_t,
    out: *mut *mut mls_credential_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(New(Mutex::new(handle::get(client)?.credential()?))))
}

/// The cipher suite of new groups and key packages. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_client_cipher_suite(client: *const mls_client_t) -> u16 {
    guard::answer(|| Ok(handle::get(client)?.cipher_suite().0))
}

/// This device's public signature key for a cipher suite, 0 for the client's own. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_UNSUPPORTED` for a suite that this build does not have; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_signature_key(
    client: *const mls_client_t,
    cipher_suite: u16,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.signature_key(suite(cipher_suite)))
}

/// This device's signature key pair for a cipher suite, 0 for the client's own: whoever has it can speak as this
/// device. Yours: `mls_signing_key_free`, which wipes it.
///
/// Errors: as `mls_client_signature_key`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_export_signing_key(
    client: *const mls_client_t,
    cipher_suite: u16,
    out: *mut *mut mls_signing_key_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.export_signing_key(suite(cipher_suite)).map(New))
}

/// A new credential or signature key, for key packages and groups that are made from now on. In a group it is changed
/// by a commit or an update proposal with the same identity: a basic credential's bytes and a certificate's subject say
/// which device it is, and a member cannot become another one.
///
/// Errors: `MLS_ERROR_INVALID_CREDENTIAL`, `MLS_ERROR_INVALID_SIGNING_KEY`, `MLS_ERROR_NOT_ALLOWED` for an extension's
/// role; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_set_identity(
    client: *const mls_client_t,
    identity: *const mls_identity_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.set_identity(handle::value(identity)?))
}

/// Makes key packages for others to fetch, 1 to 1,000 at once (RFC 9420 section 10), their private keys stored before
/// they are returned. Each is deleted by the join that uses it, but for those of last resort. `options` may be
/// `MLS_DEFAULTS`. Yours: `mls_messages_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another count, `MLS_ERROR_UNSUPPORTED` for a suite that this build does not
/// have, `MLS_ERROR_INVALID_SIGNING_KEY` if the client's certificate is for another suite, `MLS_ERROR_INVALID_PROPOSAL`
/// for extensions that this device does not know, `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_create_key_packages(
    client: *const mls_client_t,
    count: u32,
    options: *const mls_key_package_options_t,
    out: *mut *mut mls_messages_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let packages = handle::get(client)?.create_key_packages(count, value_or_default(options)?)?;
        Ok(New(Mutex::new(packages)))
    })
}

/// The key packages that were not used yet. Yours: `mls_key_packages_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_key_packages(
    client: *const mls_client_t,
    out: *mut *mut mls_key_packages_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.key_packages().map(New))
}

/// Deletes a key package with its private keys, by its reference. Welcomes for it can no longer be opened.
///
/// Errors: `MLS_ERROR_KEY_PACKAGE_NOT_FOUND`, `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_delete_key_package(
    client: *const mls_client_t,
    reference: *const u8,
    reference_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.delete_key_package(bytes::read(reference, reference_len)?))
}

/// Deletes the key packages whose life is over, and says how many.
///
/// Errors: `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_delete_expired_key_packages(
    client: *const mls_client_t,
    out: *mut u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.delete_expired_key_packages())
}

/// Takes a key package with its private keys into the store, and answers its reference. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_UNEXPECTED_MESSAGE` if it is none, `MLS_ERROR_INVALID_KEY_PACKAGE` or
/// `MLS_ERROR_INVALID_SIGNING_KEY` if a private key does not belong to it, `MLS_ERROR_UNSUPPORTED`,
/// `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_import_key_package(
    client: *const mls_client_t,
    secrets: *const mls_key_package_secrets_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.import_key_package(handle::value(secrets)?))
}

/// A key package with its private keys, by its reference: whoever has it can read the Welcome that uses it. It stays in
/// this store too: two devices must not both use it. Yours: `mls_key_package_secrets_free`, which wipes it.
///
/// Errors: `MLS_ERROR_KEY_PACKAGE_NOT_FOUND`; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_export_key_package(
    client: *const mls_client_t,
    reference: *const u8,
    reference_len: usize,
    out: *mut *mut mls_key_package_secrets_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let secrets = handle::get(client)?.export_key_package(bytes::read(reference, reference_len)?)?;
        Ok(New(Mutex::new(secrets)))
    })
}

/// Keeps an external pre-shared key (RFC 9420 section 8.4) under an id, in place of the one that was there.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for an empty id or secret, `MLS_ERROR_NOT_ALLOWED` for an extension's role;
/// store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_add_psk(
    client: *const mls_client_t,
    id: *const u8,
    id_len: usize,
    secret: *const u8,
    secret_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.add_psk(bytes::read(id, id_len)?, bytes::read(secret, secret_len)?))
}

/// Deletes an external pre-shared key; nothing happens if there is none.
///
/// Errors: `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_delete_psk(
    client: *const mls_client_t,
    id: *const u8,
    id_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.delete_psk(bytes::read(id, id_len)?))
}

/// Makes a group with this device as its only member (RFC 9420 section 11). `options` may be `MLS_DEFAULTS`. Yours:
/// `mls_group_free`.
///
/// Errors: `MLS_ERROR_GROUP_EXISTS` for an id that this store has, `MLS_ERROR_INVALID_ARGUMENT`,
/// `MLS_ERROR_UNSUPPORTED` for a suite that this build does not have, `MLS_ERROR_INVALID_PROPOSAL` for extensions or
/// capabilities that this device does not have, `MLS_ERROR_CREDENTIAL_DENIED` for an external sender,
/// `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_create_group(
    client: *const mls_client_t,
    options: *const mls_group_options_t,
    out: *mut *mut mls_group_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.create_group(value_or_default(options)?).map(New))
}

/// A group of this device, by its id. Yours: `mls_group_free`.
///
/// Errors: `MLS_ERROR_GROUP_NOT_FOUND`; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_group(
    client: *const mls_client_t,
    id: *const u8,
    id_len: usize,
    out: *mut *mut mls_group_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.group(bytes::read(id, id_len)?).map(New))
}

/// At most `limit` ids of this device's groups, in a stable order. `after` is the last id of the page before, `(NULL,
/// 0)` for the first page. A group that is only being joined is not among them. Yours: `mls_ids_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_groups(
    client: *const mls_client_t,
    after: *const u8,
    after_len: usize,
    limit: u32,
    out: *mut *mut mls_ids_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let after = bytes::optional(after, after_len)?;
        handle::get(client)?.groups(after, limit).map(New)
    })
}

/// Ids of the groups that external commits of this device join which the service has not answered, after a restart too;
/// those of a resync included. `mls_client_group` has them. Yours: `mls_ids_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_joining_groups(
    client: *const mls_client_t,
    out: *mut *mut mls_ids_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.joining_groups().map(New))
}

/// Deletes a group with everything of it, its events included; nothing happens if there is none. Handles on it answer
/// `MLS_ERROR_GROUP_NOT_FOUND`, until there is a group of that id again. An invitation to it is not deleted: decline it. Nobody else is told: `mls_group_leave` first, so that the others remove
/// this device.
///
/// Errors: `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_delete_group(
    client: *const mls_client_t,
    id: *const u8,
    id_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.delete_group(bytes::read(id, id_len)?))
}

/// Joins the group of an `MLS_EVENT_INVITED`, by that event's id (RFC 9420 section 12.4.3.1). `tree` is the ratchet
/// tree if the preview says that it is needed, `(NULL, 0)` else. The key package is deleted in the same transaction,
/// unless it is of last resort, and the event is acknowledged with it; messages that waited for the group are then processed, and what they brought is in the
/// inbox. Yours: `mls_group_free`.
///
/// Errors: `MLS_ERROR_INVITATION_NOT_FOUND`, `MLS_ERROR_GROUP_EXISTS` if this device is in the group,
/// `MLS_ERROR_TREE_REQUIRED`, `MLS_ERROR_INVALID_TREE`, `MLS_ERROR_INVALID_WELCOME`, `MLS_ERROR_PSK_NOT_FOUND`,
/// `MLS_ERROR_CREDENTIAL_DENIED`, `MLS_ERROR_CREDENTIAL_LATER`, `MLS_ERROR_NOT_ALLOWED` for an extension's role; store
/// errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_join(
    client: *const mls_client_t,
    invitation: u64,
    tree: *const u8,
    tree_len: usize,
    out: *mut *mut mls_group_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.join(invitation, bytes::optional(tree, tree_len)?).map(New))
}

/// Turns an invitation down, by the id of its event, which is acknowledged with it: its key package is used up, and nobody
/// is told. Nothing happens if it is gone.
///
/// Errors: `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_decline(
    client: *const mls_client_t,
    invitation: u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.decline(invitation))
}

/// Makes an external commit that joins the group of a GroupInfo (RFC 9420 section 12.4.3.2). The group of the commit is
/// joining, and cannot send, until the commit is accepted; a resync keeps the old state until then. `options` may be
/// `MLS_DEFAULTS`. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_INVALID_GROUP_INFO`, `MLS_ERROR_TREE_REQUIRED`, `MLS_ERROR_INVALID_TREE`,
/// `MLS_ERROR_GROUP_EXISTS` without `mls_join_options_set_resync`, `MLS_ERROR_MEMBER_NOT_FOUND` for a resync of a
/// device that is not in the tree, `MLS_ERROR_PSK_NOT_FOUND`, `MLS_ERROR_CREDENTIAL_DENIED`,
/// `MLS_ERROR_CREDENTIAL_LATER`, `MLS_ERROR_UNSUPPORTED`, `MLS_ERROR_NOT_ALLOWED` for an extension's role; store
/// errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_join_external(
    client: *const mls_client_t,
    group_info: *const u8,
    group_info_len: usize,
    options: *const mls_join_options_t,
    out: *mut *mut mls_commit_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let group_info = bytes::read(group_info, group_info_len)?;
        handle::get(client)?.join_external(group_info, value_or_default(options)?).map(New)
    })
}

/// What a GroupInfo says of its group, with nothing stored. `tree` is the ratchet tree if the GroupInfo does not carry
/// it, `(NULL, 0)` else. With the tree the signature is checked and the members are told. Yours: `mls_preview_free`.
///
/// Errors: `MLS_ERROR_INVALID_MESSAGE`, `MLS_ERROR_UNEXPECTED_MESSAGE`, `MLS_ERROR_INVALID_GROUP_INFO`,
/// `MLS_ERROR_INVALID_TREE`, `MLS_ERROR_UNSUPPORTED`; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_preview(
    client: *const mls_client_t,
    group_info: *const u8,
    group_info_len: usize,
    tree: *const u8,
    tree_len: usize,
    out: *mut *mut mls_preview_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let group_info = bytes::read(group_info, group_info_len)?;
        handle::get(client)?.preview(group_info, bytes::optional(tree, tree_len)?).map(New)
    })
}

/// Proposes from outside that this device be added to the group of a GroupInfo (RFC 9420 section 12.1.8), with a new
/// key package, which is stored. The GroupInfo has to carry the ratchet tree. Answers the message to send. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_TREE_REQUIRED`, `MLS_ERROR_INVALID_GROUP_INFO`, `MLS_ERROR_GROUP_EXISTS`,
/// `MLS_ERROR_UNSUPPORTED`, `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_propose_join(
    client: *const mls_client_t,
    group_info: *const u8,
    group_info_len: usize,
    aad: *const u8,
    aad_len: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let group_info = bytes::read(group_info, group_info_len)?;
        handle::get(client)?.propose_join(group_info, bytes::read(aad, aad_len)?)
    })
}

/// Proposes from outside to the group of a GroupInfo, one of whose external senders has this client's signature key
/// (RFC 9420 section 12.1.8.1). `proposals` has exactly one. Answers the message to send. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another number of proposals, `MLS_ERROR_INVALID_PROPOSAL` for a kind that
/// an external sender cannot make, `MLS_ERROR_TREE_REQUIRED`, `MLS_ERROR_INVALID_TREE`, `MLS_ERROR_INVALID_GROUP_INFO`,
/// `MLS_ERROR_DENIED` if the group does not list this client's key, `MLS_ERROR_NOT_ALLOWED` for an extension's role;
/// store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_propose_external(
    client: *const mls_client_t,
    group_info: *const u8,
    group_info_len: usize,
    tree: *const u8,
    tree_len: usize,
    proposals: *const mls_proposals_t,
    aad: *const u8,
    aad_len: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let (group_info, tree) = (bytes::read(group_info, group_info_len)?, bytes::optional(tree, tree_len)?);
        let proposal = only(handle::value(proposals)?)?;
        handle::get(client)?.propose_external(group_info, tree, proposal, bytes::read(aad, aad_len)?)
    })
}

/// Takes any MLS message, finds its group and answers what happened, in order: one message can release several that
/// were held. What a peer or the network does is an event, never an error: bytes that are no MLS message are
/// `MLS_EVENT_UNDECRYPTABLE`. What the application would miss stays in the inbox until it is acknowledged. Whatever an
/// event reports is stored when this returns. Yours: `mls_events_free`.
///
/// Errors: `MLS_ERROR_UNEXPECTED_MESSAGE` for a bare KeyPackage or GroupInfo, `MLS_ERROR_TOO_LARGE` over the limit,
/// `MLS_ERROR_INBOX_FULL` before any key is consumed, `MLS_ERROR_REENTRANT` from a callback of the same group; store
/// errors. Nothing has changed then.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_receive(
    client: *const mls_client_t,
    message: *const u8,
    message_len: usize,
    out: *mut *mut mls_events_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.receive(bytes::read(message, message_len)?).map(New))
}

/// Takes a backlog, in few transactions. Yours: `mls_events_free`.
///
/// Errors: as `mls_client_receive`. An error ends it: kept events of the messages before are in the inbox then, and which
/// one failed is found by receiving them one by one: what was processed is a duplicate then.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_receive_many(
    client: *const mls_client_t,
    messages: *const mls_messages_t,
    out: *mut *mut mls_events_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.receive_many(handle::value(messages)?).map(New))
}

/// Processes once more what is held for the validator, for a proposal, for a pre-shared key, or for a client with larger
/// limits. Stops when the inbox is full. Yours: `mls_events_free`.
///
/// Errors: as `mls_client_receive`; `MLS_ERROR_INBOX_FULL` if nothing came before that, and what is left waits on.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_retry_held(
    client: *const mls_client_t,
    out: *mut *mut mls_events_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.retry_held().map(New))
}

/// At most `limit`, 0 to 1,000, of the events that are kept and not acknowledged, whose ids are above `after` (0 for
/// all), in the order of their ids. After a crash: what was not durably acknowledged, with the same ids. Each counts as
/// delivered once more, durably, before it is returned. Yours: `mls_events_free`.
///
/// Errors: store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_inbox(
    client: *const mls_client_t,
    after: u64,
    limit: u32,
    out: *mut *mut mls_events_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || handle::get(client)?.inbox(after, limit).map(New))
}

/// Says that the application has saved an event: it is not delivered again. It becomes durable with the next write,
/// `mls_client_flush`, or the close. In any order; an id that was not kept is fine.
///
/// Errors: `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_client_acknowledge(
    client: *const mls_client_t,
    id: u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || handle::get(client)?.acknowledge(id))
}

fn suite(cipher_suite: u16) -> Option<CipherSuite> {
    (cipher_suite != 0).then_some(CipherSuite(cipher_suite))
}

fn only<T>(mut list: Vec<T>) -> Result<T> {
    match (list.pop(), list.pop()) {
        (Some(only), None) => Ok(only),
        _ => fail(ErrorCode::InvalidArgument, "exactly one proposal is needed"),
    }
}
