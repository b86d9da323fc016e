//! Who decides that a credential is genuine: setters of [`mls_options_t`], and what the app's validator is asked.
use super::{
    bytes::{self, mls_bytes_t},
    credential::mls_credential_t,
    error::{mls_error_t, mls_status_t},
    guard::{self, New, User, give, guard, mls_drop_fn},
    handle::{self, Handle, Tag, edit},
    options::mls_options_t,
};
use crate::{CallbackError, Options, Purpose, Result, Trust, ValidationRequest, Validator, Verdict};
use std::{
    ffi::c_void,
    sync::{Arc, Mutex},
};

/// The credential belongs to whom it names.
pub const MLS_VERDICT_ACCEPT: i32 = 0;
/// It does not.
pub const MLS_VERDICT_DENY: i32 = 1;
/// Not known yet: the message is held with the state unchanged, and decided again by `mls_client_retry_held`.
pub const MLS_VERDICT_LATER: i32 = 2;

/// A member of a group that this device is about to join.
pub const MLS_PURPOSE_MEMBER: i32 = 1;
/// Somebody who is being added, or joins by an external commit.
pub const MLS_PURPOSE_ADD: i32 = 2;
/// A member who changes key or credential; the old ones are given.
pub const MLS_PURPOSE_UPDATE: i32 = 3;
/// A sender outside the group, from the `external_senders` extension.
pub const MLS_PURPOSE_EXTERNAL_SENDER: i32 = 4;

/// A credential to decide on. Lent to a validator: the handle is closed when the callback returns. More accessors may
/// come.
pub struct mls_validation_t {
    _opaque: [u8; 0],
}

impl Handle for mls_validation_t {
    type Object = ValidationRequest;
    const TAG: Tag = Tag::Validation;
}

/// The application's decision on a credential: one of `MLS_VERDICT_*`. Anything else says that the callback itself
/// failed: the call that asked answers `MLS_ERROR_CALLBACK_FAILED` and nothing has changed.
///
/// Called from the thread that called libmls, and never with a lock that another group or the client needs; a call
/// into the group in question answers `MLS_ERROR_REENTRANT`. It must not unwind.
pub type mls_validator_fn = Option<extern "C" fn(user: *mut c_void, request: *const mls_validation_t) -> i32>;

/// Trusts the first signature key seen for an identity, and remembers it in the store; another key is denied unless
/// the holder of the first one introduced it (an update inside a group). X.509 credentials are denied. Replaces any
/// other choice of trust.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_trust_on_first_use(
    options: *mut mls_options_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || trust(options, Trust::OnFirstUse))
}

/// Adds a root certificate, DER, to those that X.509 chains may lead to (RFC 9420 section 5.3). A chain must be valid
/// now and carry the member's key. Basic credentials are denied. May be called for several; replaces a choice of
/// trust that is not of roots.
///
/// Errors: `MLS_ERROR_INVALID_CREDENTIAL` when the client is opened, if it is no certificate.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_push_trust_root(
    options: *mut mls_options_t,
    der: *const u8,
    der_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let der = bytes::read(der, der_len)?;
        edit(options, |options| push_root(options, der)).map(drop)
    })
}

/// Lets the application decide. `user` goes to every call of `validate`, from any thread, and once to `release` when
/// nothing needs it any more, also if this call fails; `release` may be NULL. Replaces any other choice of trust.
///
/// Errors: `MLS_ERROR_NULL_POINTER` if `validate` is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_validator(
    options: *mut mls_options_t,
    validate: mls_validator_fn,
    user: *mut c_void,
    release: mls_drop_fn,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    let user = User::new(user, release);
    guard(error, &mut || {
        let validate = guard::required(validate)?;
        trust(options, Trust::Validator(Arc::new(Callback { validate, user: user.clone() })))
    })
}

/// Accepts every credential. For tests and closed deployments only. Replaces any other choice of trust.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_insecure_accept_any(
    options: *mut mls_options_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || trust(options, Trust::InsecureAcceptAny))
}

/// Why it is asked, one of `MLS_PURPOSE_*`. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_validation_purpose(request: *const mls_validation_t) -> i32 {
    guard::answer(|| Ok(handle::get(request)?.purpose as i32))
}

/// The group, if it is known. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_validation_group_id(
    request: *const mls_validation_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(request)?.group_id.clone()))
}

/// The credential to decide on. Yours: `mls_credential_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_validation_credential(
    request: *const mls_validation_t,
    out: *mut *mut mls_credential_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(New(Mutex::new(handle::get(request)?.credential.clone()))))
}

/// The user that the credential names, UTF-8; absent if it is not of the client's form. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_validation_user(
    request: *const mls_validation_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(request)?.user.clone()))
}

/// The device that the credential names, UTF-8; absent if it is not of the client's form. Yours: `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_validation_device(
    request: *const mls_validation_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(request)?.device.clone()))
}

/// The signature key that the credential is to vouch for, in RFC 9420's encoding for the cipher suite. Yours:
/// `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_validation_signature_key(
    request: *const mls_validation_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(request)?.signature_key.clone()))
}

/// The credential that the member had before, for `MLS_PURPOSE_UPDATE`. Yours: `mls_credential_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another purpose.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_validation_previous_credential(
    request: *const mls_validation_t,
    out: *mut *mut mls_credential_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || {
        let previous = handle::get(request)?.previous_credential.clone();
        guard::present(previous).map(|credential| New(Mutex::new(credential)))
    })
}

/// The signature key that the member had before, for `MLS_PURPOSE_UPDATE`; absent for another purpose. Yours:
/// `mls_bytes_free`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_validation_previous_signature_key(
    request: *const mls_validation_t,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(handle::get(request)?.previous_signature_key.clone()))
}

/// The client's clock, seconds since 1970. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_validation_time(request: *const mls_validation_t) -> u64 {
    guard::answer(|| Ok(handle::get(request)?.time))
}

fn trust(options: *const mls_options_t, trust: Trust) -> Result<()> {
    edit(options, |options| options.trust.replace(trust)).map(drop)
}

/// What it replaces goes back to the caller, who drops it without the lock.
fn push_root(options: &mut Options, der: Vec<u8>) -> Option<Trust> {
    if let Some(Trust::Roots(roots)) = &mut options.trust {
        roots.push(der);
        return None;
    }
    options.trust.replace(Trust::Roots(vec![der]))
}

struct Callback {
    validate: extern "C" fn(*mut c_void, *const mls_validation_t) -> i32,
    user: User,
}

impl Validator for Callback {
    fn validate(&self, request: ValidationRequest) -> Result<Verdict, CallbackError> {
        let verdict = handle::lend(request, |request| (self.validate)(self.user.data(), request));
        match verdict.map_err(|error| CallbackError::new(error.to_string()))? {
            MLS_VERDICT_ACCEPT => Ok(Verdict::Accept),
            MLS_VERDICT_DENY => Ok(Verdict::Deny),
            MLS_VERDICT_LATER => Ok(Verdict::Later),
            other => Err(CallbackError::new(format!("the validator answered {other}"))),
        }
    }
}

const _: () = {
    assert!(MLS_VERDICT_ACCEPT == Verdict::Accept as i32 && MLS_VERDICT_DENY == Verdict::Deny as i32);
    assert!(MLS_VERDICT_LATER == Verdict::Later as i32 && MLS_PURPOSE_MEMBER == Purpose::Member as i32);
    assert!(MLS_PURPOSE_ADD == Purpose::Add as i32 && MLS_PURPOSE_UPDATE == Purpose::Update as i32);
    assert!(MLS_PURPOSE_EXTERNAL_SENDER == Purpose::ExternalSender as i32);
};
