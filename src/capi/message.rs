//! Messages: lists of them, and a look at any one from outside.
use super::{
    bytes::{self, mls_bytes_t},
    error::{mls_error_t, mls_status_t},
    guard::{self, New, give, guard},
    handle::{self, Handle, Tag, edit},
    id::mls_ids_t,
};
use crate::{ContentKind, MessageInfo, WireFormat, inspect};
use std::sync::Mutex;

/// A list of MLS messages.
pub struct mls_messages_t {
    _opaque: [u8; 0],
}

impl Handle for mls_messages_t {
    type Object = Mutex<Vec<Vec<u8>>>;
    const TAG: Tag = Tag::Messages;
}

/// An empty list. Yours: `mls_messages_free`. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_messages_new() -> *mut mls_messages_t {
    guard::answer(|| Ok(New(Mutex::default())))
}

/// Appends a message, which is copied and not read yet.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_messages_push(
    messages: *mut mls_messages_t,
    message: *const u8,
    message_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let message = bytes::read(message, message_len)?;
        edit(messages, |messages| messages.push(message))
    })
}

/// How many messages there are. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_messages_count(messages: *const mls_messages_t) -> usize {
    guard::answer(|| edit(messages, |messages| messages.len()))
}

/// A message of the list. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_messages_at(
    messages: *const mls_messages_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || guard::present(edit(messages, |messages| messages.get(index).cloned())?))
}

/// Lets a list go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_messages_free(messages: *mut mls_messages_t) {
    guard::free(messages);
}

/// A handshake message that the service can read.
pub const MLS_WIRE_FORMAT_PUBLIC_MESSAGE: i32 = 1;
/// An encrypted message.
pub const MLS_WIRE_FORMAT_PRIVATE_MESSAGE: i32 = 2;
/// For those who are being added.
pub const MLS_WIRE_FORMAT_WELCOME: i32 = 3;
/// For those who want to join.
pub const MLS_WIRE_FORMAT_GROUP_INFO: i32 = 4;
/// For those who want to add its maker.
pub const MLS_WIRE_FORMAT_KEY_PACKAGE: i32 = 5;

/// An application message.
pub const MLS_CONTENT_APPLICATION: i32 = 1;
/// A proposal.
pub const MLS_CONTENT_PROPOSAL: i32 = 2;
/// A commit.
pub const MLS_CONTENT_COMMIT: i32 = 3;

/// What can be seen of a message from outside. Nothing in it is verified.
pub struct mls_message_info_t {
    _opaque: [u8; 0],
}

impl Handle for mls_message_info_t {
    type Object = MessageInfo;
    const TAG: Tag = Tag::MessageInfo;
}

/// Reads a message from outside, for routing (RFC 9420 section 6). Yours: `mls_message_info_free`.
///
/// Errors: `MLS_ERROR_INVALID_MESSAGE` if it is not one, `MLS_ERROR_TOO_LARGE` above 64 MiB.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_message_info_read(
    message: *const u8,
    message_len: usize,
    out: *mut *mut mls_message_info_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || inspect(bytes::read(message, message_len)?).map(New))
}

/// Lets it go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_message_info_free(info: *mut mls_message_info_t) {
    guard::free(info);
}

/// What kind of message it is, one of `MLS_WIRE_FORMAT_*`. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_message_info_wire_format(info: *const mls_message_info_t) -> i32 {
    guard::answer(|| Ok(handle::get(info)?.wire_format as i32))
}

/// What a framed message contains, one of `MLS_CONTENT_*`. 0 for another, and if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_message_info_content(info: *const mls_message_info_t) -> i32 {
    guard::answer(|| Ok(handle::get(info)?.content.map_or(0, |content| content as i32)))
}

/// Where the sender claims to stand, one of `MLS_SENDER_*`. 0 if it is no public message, or the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_message_info_sender_kind(info: *const mls_message_info_t) -> i32 {
    guard::answer(|| Ok(handle::get(info)?.sender_kind.map_or(0, |kind| kind as i32)))
}

/// The cipher suite of a Welcome, a GroupInfo or a KeyPackage. 0 for another, and if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_message_info_cipher_suite(info: *const mls_message_info_t) -> u16 {
    guard::answer(|| Ok(handle::get(info)?.cipher_suite.unwrap_or_default()))
}

/// The message's group; absent for a Welcome and a KeyPackage, which name none. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_message_info_group_id(
    info: *const mls_message_info_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(info)?.group_id.clone()))
}

/// The message's epoch.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for a Welcome and a KeyPackage, which name none.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_message_info_epoch(
    info: *const mls_message_info_t,
    out: *mut u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || guard::present(handle::get(info)?.epoch))
}

/// The leaf that the sender of a public message claims.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if it claims none.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_message_info_sender_leaf(
    info: *const mls_message_info_t,
    out: *mut u32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || guard::present(handle::get(info)?.sender_leaf))
}

/// The references of the key packages that a Welcome is for, or of a KeyPackage itself. Yours: `mls_ids_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_message_info_key_packages(
    info: *const mls_message_info_t,
    out: *mut *mut mls_ids_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(New(handle::get(info)?.key_packages.clone())))
}

/// Authenticated data that anyone can read. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_message_info_aad(
    info: *const mls_message_info_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(info)?.aad.clone()))
}

const _: () = {
    assert!(MLS_WIRE_FORMAT_PUBLIC_MESSAGE == WireFormat::PublicMessage as i32);
    assert!(MLS_WIRE_FORMAT_PRIVATE_MESSAGE == WireFormat::PrivateMessage as i32);
    assert!(MLS_WIRE_FORMAT_WELCOME == WireFormat::Welcome as i32);
    assert!(MLS_WIRE_FORMAT_GROUP_INFO == WireFormat::GroupInfo as i32);
    assert!(MLS_WIRE_FORMAT_KEY_PACKAGE == WireFormat::KeyPackage as i32);
    assert!(MLS_CONTENT_APPLICATION == ContentKind::Application as i32);
    assert!(MLS_CONTENT_PROPOSAL == ContentKind::Proposal as i32);
    assert!(MLS_CONTENT_COMMIT == ContentKind::Commit as i32);
};
