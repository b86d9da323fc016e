//! Who a member says it is (RFC 9420 section 5.3). Whether to believe it is [`trust`](crate::Trust)'s matter.

use crate::{CallbackError, ErrorCode, Result, error::fail};
use minicbor::{Decode, Encode};

/// One device of one user, as a basic credential carries it.
///
/// The encoding is the user's name, a NUL, the device's name, both UTF-8 and not empty. A credential of any other
/// bytes is foreign: readable as bytes, of no user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Device {
    /// The user's name: any UTF-8 without NUL, not empty.
    #[n(0)]
    pub user: String,
    /// The device's name: any UTF-8 without NUL, not empty.
    #[n(1)]
    pub device: String,
}

impl Device {
    /// A device of a user. Both names must be non-empty and free of NUL: `InvalidArgument` else.
    pub fn new(user: impl Into<String>, device: impl Into<String>) -> Result<Self> {
        let (user, device) = (user.into(), device.into());
        if user.is_empty() || device.is_empty() || user.contains('\0') || device.contains('\0') {
            return fail(ErrorCode::InvalidArgument, "user and device must be non-empty and without NUL");
        }
        Ok(Self { user, device })
    }

    /// The bytes of the basic credential.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.user.as_bytes(), &[0], self.device.as_bytes()].concat()
    }

    /// Reads the bytes of a basic credential; `None` if they are foreign.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (user, device) = std::str::from_utf8(bytes).ok()?.split_once('\0')?;
        Self::new(user, device).ok()
    }
}

/// The application's own form of basic credentials, in place of [`Device`]'s. Called from any thread, also while a
/// group is locked: it must not call into a client.
#[cfg_attr(feature = "uniffi", uniffi::export(with_foreign))]
pub trait CredentialCodec: Send + Sync {
    /// The bytes of the basic credential of a device.
    ///
    /// Errors: any; the client does not open then (`CallbackFailed`).
    fn encode(&self, device: Device) -> Result<Vec<u8>, CallbackError>;
    /// The device that a basic credential names; `None` if the bytes are not of this form.
    ///
    /// Errors: any; the credential is then one of no user, as with `None`: who says something must not keep it from
    /// being read.
    fn decode(&self, bytes: Vec<u8>) -> Result<Option<Device>, CallbackError>;
}

/// A credential (RFC 9420 section 5.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Credential {
    /// A name, believed only as far as the trust policy goes.
    #[n(0)]
    Basic {
        /// The credential's bytes; see [`Device`] for the usual encoding.
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        identity: Vec<u8>,
    },
    /// A chain of DER certificates, the member's own first.
    #[n(1)]
    X509 {
        /// The certificates, each DER.
        #[n(0)]
        #[cbor(with = "crate::ledger::byte_strings")]
        chain: Vec<Vec<u8>>,
    },
    /// A credential type that libmls does not read.
    #[n(2)]
    Other {
        /// The IANA number of the type.
        #[n(0)]
        kind: u16,
        /// Its bytes.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        data: Vec<u8>,
    },
}

impl Credential {
    /// The basic credential of a device, in [`Device`]'s encoding.
    pub fn basic(device: &Device) -> Self {
        Self::Basic { identity: device.to_bytes() }
    }

    /// An X.509 credential of a chain of DER certificates, the member's own first.
    pub fn x509(chain: Vec<Vec<u8>>) -> Self {
        Self::X509 { chain }
    }

    /// The IANA number of the credential's type: 1 basic, 2 X.509.
    pub fn kind(&self) -> u16 {
        match self {
            Self::Basic { .. } => 1,
            Self::X509 { .. } => 2,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// The credential's bytes: a basic identity, the first certificate's DER, or the raw data.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Basic { identity } => identity,
            Self::X509 { chain } => chain.first().map_or(&[], |leaf| leaf),
            Self::Other { data, .. } => data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_survives_its_encoding() {
        let device = Device::new("alice@example.org", "phone").expect("valid names");
        assert_eq!(Device::from_bytes(&device.to_bytes()), Some(device));
    }

    #[test]
    fn foreign_bytes_name_nobody() {
        for bytes in [&b""[..], b"alice", b"\0phone", b"alice\0", b"a\0b\0c", b"\xff\0phone"] {
            assert_eq!(Device::from_bytes(bytes), None, "{bytes:?}");
        }
    }
}
