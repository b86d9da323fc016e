//! The application's own form of basic credentials: a setter of [`mls_options_t`].
use super::{
    bytes,
    error::{MLS_OK, mls_error_t, mls_status_t},
    guard::{self, User, guard, mls_drop_fn},
    handle::{self, Handle, Tag, edit},
    options::mls_options_t,
};
use crate::{CallbackError, CredentialCodec, Device};
use std::{
    ffi::{c_char, c_void},
    mem,
    sync::{Arc, Mutex},
};

/// Where a codec puts its answer. Lent to the callback: the handle is closed when it returns.
pub struct mls_codec_answer_t {
    _opaque: [u8; 0],
}

impl Handle for mls_codec_answer_t {
    type Object = Arc<Mutex<Answer>>;
    const TAG: Tag = Tag::CodecAnswer;
}

#[derive(Default)]
pub(super) struct Answer {
    identity: Vec<u8>,
    device: Option<Device>,
}

/// The bytes of the basic credential of a device: `mls_codec_answer_set_identity`, then `MLS_OK`. Another answer is a
/// failure. The strings are lent for the call. It must not call into a client, nor unwind.
pub type mls_codec_encode_fn = Option<
    extern "C" fn(
        user: *mut c_void,
        user_name: *const c_char,
        device_name: *const c_char,
        answer: *mut mls_codec_answer_t,
    ) -> i32,
>;

/// The device that a basic credential names: `mls_codec_answer_set_device`, then `MLS_OK`. Without it, or with another
/// answer, the credential is foreign: readable as bytes, of no user. The bytes are lent for the call. It must not call
/// into a client, nor unwind.
pub type mls_codec_decode_fn = Option<
    extern "C" fn(user: *mut c_void, identity: *const u8, identity_len: usize, answer: *mut mls_codec_answer_t) -> i32,
>;

/// The application's own form of basic credentials, in place of a user's name, a NUL, a device's name. Called from any
/// thread, also while a group is locked. `user` goes to every call, and once to `release` when nothing needs it any
/// more, also if this call fails; `release` may be NULL.
///
/// Errors: `MLS_ERROR_NULL_POINTER` if `encode` or `decode` is NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_options_set_codec(
    options: *mut mls_options_t,
    encode: mls_codec_encode_fn,
    decode: mls_codec_decode_fn,
    user: *mut c_void,
    release: mls_drop_fn,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    let user = User::new(user, release);
    guard(error, &mut || {
        let (encode, decode) = (guard::required(encode)?, guard::required(decode)?);
        edit(options, |options| options.codec.replace(Arc::new(Callback { encode, decode, user: user.clone() })))
            .map(drop)
    })
}

/// Answers an encoding, which is copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_codec_answer_set_identity(
    answer: *mut mls_codec_answer_t,
    identity: *const u8,
    identity_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        handle::lock(&*handle::get(answer)?).identity = bytes::read(identity, identity_len)?;
        Ok(())
    })
}

/// Answers a decoding: two non-empty names, which are copied.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if a name is empty.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_codec_answer_set_device(
    answer: *mut mls_codec_answer_t,
    user: *const c_char,
    device: *const c_char,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let device = Device::new(bytes::text(user)?, bytes::text(device)?)?;
        handle::lock(&*handle::get(answer)?).device = Some(device);
        Ok(())
    })
}

struct Callback {
    encode: extern "C" fn(*mut c_void, *const c_char, *const c_char, *mut mls_codec_answer_t) -> i32,
    decode: extern "C" fn(*mut c_void, *const u8, usize, *mut mls_codec_answer_t) -> i32,
    user: User,
}

impl CredentialCodec for Callback {
    fn encode(&self, device: Device) -> Result<Vec<u8>, CallbackError> {
        let (user, name) = (bytes::c_string(&device.user), bytes::c_string(&device.device));
        let ask = |answer| (self.encode)(self.user.data(), user.as_ptr(), name.as_ptr(), answer);
        Ok(asked(ask)?.identity)
    }

    fn decode(&self, bytes: Vec<u8>) -> Result<Option<Device>, CallbackError> {
        Ok(asked(|answer| (self.decode)(self.user.data(), bytes.as_ptr(), bytes.len(), answer))?.device)
    }
}

/// What a callback answered.
fn asked(ask: impl FnOnce(*mut mls_codec_answer_t) -> i32) -> Result<Answer, CallbackError> {
    let answer = Arc::new(Mutex::new(Answer::default()));
    match handle::lend(answer.clone(), ask) {
        Ok(MLS_OK) => Ok(mem::take(&mut *handle::lock(&answer))),
        Ok(status) => Err(CallbackError::new(format!("the codec answered {status}"))),
        Err(error) => Err(CallbackError::new(error.to_string())),
    }
}
