//! What the Swift and Kotlin packages need beside the exports on the core's own types: the scaffolding itself, and the
//! few types that UniFFI cannot take as they are.

use crate::{
    CallbackError, CipherSuite, Commit, Credential, Device, ErrorCode, Limits, MEDIA_TYPE, MessageInfo, Policy, Result,
    store::StorageError,
};
use std::sync::Arc;
use uniffi::{FfiConverter, Lower, TypeId};
use zeroize::Zeroizing;

uniffi::setup_scaffolding!("mls");

uniffi::custom_newtype!(CipherSuite, u16);

type Bytes = Vec<u8>;

/// Secrets cross as bytes. The copy on this side is wiped when it is dropped.
unsafe impl FfiConverter<crate::UniFfiTag> for Zeroizing<Bytes> {
    type FfiType = uniffi::RustBuffer;

    fn lower(secret: Self) -> uniffi::RustBuffer {
        <Bytes as Lower<crate::UniFfiTag>>::lower(secret.to_vec())
    }

    fn try_lift(buffer: uniffi::RustBuffer) -> uniffi::Result<Self> {
        <Bytes as uniffi::Lift<crate::UniFfiTag>>::try_lift(buffer).map(Zeroizing::new)
    }

    fn write(secret: Self, buffer: &mut Bytes) {
        <Bytes as Lower<crate::UniFfiTag>>::write(secret.to_vec(), buffer);
    }

    fn try_read(buffer: &mut &[u8]) -> uniffi::Result<Self> {
        <Bytes as uniffi::Lift<crate::UniFfiTag>>::try_read(buffer).map(Zeroizing::new)
    }

    const TYPE_ID_META: uniffi::MetadataBuffer = <Bytes as TypeId<crate::UniFfiTag>>::TYPE_ID_META;
}

uniffi::derive_ffi_traits!(local Zeroizing<Bytes>);

/// So that a list of commits can be answered: by itself UniFFI passes lists of `Arc` only.
unsafe impl Lower<crate::UniFfiTag> for Commit {
    type FfiType = <Arc<Commit> as Lower<crate::UniFfiTag>>::FfiType;

    fn lower(commit: Self) -> Self::FfiType {
        <Arc<Commit> as Lower<crate::UniFfiTag>>::lower(Arc::new(commit))
    }

    fn write(commit: Self, buffer: &mut Bytes) {
        <Arc<Commit> as Lower<crate::UniFfiTag>>::write(Arc::new(commit), buffer);
    }
}

/// What a foreign callback throws beyond its declared error must not be a panic.
impl From<uniffi::UnexpectedUniFFICallbackError> for CallbackError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::new(error.reason)
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for StorageError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Callback { detail: error.reason }
    }
}

/// The version of the library.
#[uniffi::export]
fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// The media type of an MLS message (RFC 9420 section 17.10).
#[uniffi::export]
fn media_type() -> String {
    MEDIA_TYPE.to_owned()
}

/// The cipher suites that this build has.
#[uniffi::export]
fn supported_cipher_suites() -> Vec<CipherSuite> {
    CipherSuite::SUPPORTED.to_vec()
}

/// Reads a message from outside. Nothing is verified. `InvalidMessage` if it is not one, `TooLarge` above 64 MiB.
#[uniffi::export]
fn inspect(message: Vec<u8>) -> Result<MessageInfo> {
    crate::inspect(message)
}

/// The policy of a client that was not told otherwise.
#[uniffi::export]
fn default_policy() -> Policy {
    Policy::default()
}

/// The limits of a client that was not told otherwise.
#[uniffi::export]
fn default_limits() -> Limits {
    Limits::default()
}

/// The limits for an iOS notification extension: at most 8 MB of heap beyond the open client.
#[uniffi::export]
fn extension_limits() -> Limits {
    Limits::extension()
}

/// The basic credential of a device: the user's name, a NUL, the device's name. `InvalidArgument` if one is empty or
/// has a NUL in it.
#[uniffi::export]
fn basic_credential(device: Device) -> Result<Credential> {
    Ok(Credential::basic(&Device::new(device.user, device.device)?))
}

/// The device that the bytes of a basic credential name, if they are in the usual encoding.
#[uniffi::export]
fn device_of(identity: Vec<u8>) -> Option<Device> {
    Device::from_bytes(&identity)
}

/// The number of a code: the same in every language.
#[uniffi::export]
fn error_code_value(code: ErrorCode) -> i32 {
    code as i32
}

/// The name of a code: the one in the C header, without `MLS_ERROR_`.
#[uniffi::export]
fn error_code_name(code: ErrorCode) -> String {
    code.name().to_owned()
}
