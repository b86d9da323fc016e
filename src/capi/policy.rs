//! What this device's own policy allows: setters of [`mls_options_t`]. Flags are 0 for no and anything else for yes.
use super::{
    error::{mls_error_t, mls_status_t},
    guard::{self, guard},
    handle::edit,
    options::mls_options_t,
};
use crate::{ExternalJoin, HandshakeEncryption, Padding, Result};

/// PrivateMessage: the delivery service sees neither proposals nor commits. The default.
pub const MLS_HANDSHAKE_PRIVATE: i32 = 0;
/// PublicMessage: the delivery service can follow the group.
pub const MLS_HANDSHAKE_PUBLIC: i32 = 1;

/// To a step that grows with the length, about a quarter more at most. The default.
pub const MLS_PADDING_STEP: i32 = 0;
/// Not at all: the ciphertext tells the exact length.
pub const MLS_PADDING_NONE: i32 = 1;

/// Nobody joins from outside: external commits of strangers are denied. A member's device that resyncs is let in. The
/// default.
pub const MLS_EXTERNAL_JOIN_RESYNC_ONLY: i32 = 0;
/// Whoever is trusted joins from outside. Every member has to choose it, or the group parts at the first such commit.
pub const MLS_EXTERNAL_JOIN_TRUSTED: i32 = 1;

/// Whether handshake messages are encrypted, one of `MLS_HANDSHAKE_*` (RFC 9420 section 6). Default
/// `MLS_HANDSHAKE_PRIVATE`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another number.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_handshake_encryption(
    options: *mut mls_options_t,
    encryption: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let encryption = handshake_encryption(encryption)?;
        edit(options, |options| options.policy.handshake_encryption = encryption)
    })
}

/// How application messages are padded before encryption, one of `MLS_PADDING_*` (RFC 9420 section 6.3.1). Default
/// `MLS_PADDING_STEP`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another number.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_padding(
    options: *mut mls_options_t,
    padding: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let padding = padding_of(padding)?;
        edit(options, |options| options.policy.padding = padding)
    })
}

/// Whether our commits publish a GroupInfo that lets others join by external commit. Default 0.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_publish_group_info(
    options: *mut mls_options_t,
    yes: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.policy.publish_group_info = yes != 0))
}

/// Whether proposals of new members are taken (RFC 9420 section 12.1.8). Default 0.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_new_member_proposals(
    options: *mut mls_options_t,
    yes: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.policy.new_member_proposals = yes != 0))
}

/// Whether proposals of the senders in the `external_senders` extension are taken (RFC 9420 section 12.1.8.1). Default
/// 0.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_external_sender_proposals(
    options: *mut mls_options_t,
    yes: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.policy.external_sender_proposals = yes != 0))
}

/// Who may join by an external commit, one of `MLS_EXTERNAL_JOIN_*` (RFC 9420 section 12.4.3.2). Default
/// `MLS_EXTERNAL_JOIN_RESYNC_ONLY`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another number.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_external_join(
    options: *mut mls_options_t,
    who: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let who = external_join(who)?;
        edit(options, |options| options.policy.external_join = who)
    })
}

/// Seconds that a key package lives (RFC 9420 section 7.2). Default 365 days.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_key_package_lifetime(
    options: *mut mls_options_t,
    seconds: u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.policy.key_package_lifetime = seconds))
}

/// Seconds by which the begin of a key package's life is set back, for peers with slow clocks. Default one hour.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_key_package_backdate(
    options: *mut mls_options_t,
    seconds: u64,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.policy.key_package_backdate = seconds))
}

/// Whether invitations are joined at once, without `mls_client_join`. Default 0.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_auto_join(
    options: *mut mls_options_t,
    yes: i32,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || edit(options, |options| options.policy.auto_join = yes != 0))
}

fn handshake_encryption(encryption: i32) -> Result<HandshakeEncryption> {
    match encryption {
        MLS_HANDSHAKE_PRIVATE => Ok(HandshakeEncryption::Private),
        MLS_HANDSHAKE_PUBLIC => Ok(HandshakeEncryption::Public),
        _ => guard::no_such("handshake encryption", encryption),
    }
}

fn padding_of(padding: i32) -> Result<Padding> {
    match padding {
        MLS_PADDING_STEP => Ok(Padding::Step),
        MLS_PADDING_NONE => Ok(Padding::None),
        _ => guard::no_such("padding", padding),
    }
}

fn external_join(who: i32) -> Result<ExternalJoin> {
    match who {
        MLS_EXTERNAL_JOIN_RESYNC_ONLY => Ok(ExternalJoin::ResyncOnly),
        MLS_EXTERNAL_JOIN_TRUSTED => Ok(ExternalJoin::Trusted),
        _ => guard::no_such("external join", who),
    }
}

const _: () = {
    assert!(MLS_HANDSHAKE_PRIVATE == HandshakeEncryption::Private as i32);
    assert!(MLS_HANDSHAKE_PUBLIC == HandshakeEncryption::Public as i32);
    assert!(MLS_PADDING_STEP == Padding::Step as i32 && MLS_PADDING_NONE == Padding::None as i32);
    assert!(MLS_EXTERNAL_JOIN_RESYNC_ONLY == ExternalJoin::ResyncOnly as i32);
    assert!(MLS_EXTERNAL_JOIN_TRUSTED == ExternalJoin::Trusted as i32);
};
