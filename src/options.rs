//! How a client, a group, a commit and a message are to be made. Every default is written at its field.

use crate::{CallbackError, Credential, CredentialCodec, Device, Trust, anchor::Anchor};
use std::{fmt, sync::Arc};
use zeroize::Zeroizing;

/// A cipher suite by its IANA number (RFC 9420 section 17.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CipherSuite(pub u16);

impl CipherSuite {
    /// MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, the default and the one every implementation has.
    pub const X25519_AES128: Self = Self(1);
    /// MLS_128_DHKEMP256_AES128GCM_SHA256_P256.
    pub const P256_AES128: Self = Self(2);
    /// MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519.
    pub const X25519_CHACHA: Self = Self(3);
    /// MLS_256_DHKEMP521_AES256GCM_SHA512_P521.
    pub const P521_AES256: Self = Self(5);
    /// MLS_256_DHKEMP384_AES256GCM_SHA384_P384.
    pub const P384_AES256: Self = Self(7);
    /// Those that this build has. 4 and 6 (X448, Ed448) are not among them.
    pub const SUPPORTED: &[Self] =
        &[Self::X25519_AES128, Self::P256_AES128, Self::X25519_CHACHA, Self::P521_AES256, Self::P384_AES256];
}

/// An extension by type and bytes (RFC 9420 section 17.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Extension {
    /// The IANA number of the type.
    #[n(0)]
    pub kind: u16,
    /// The extension's data.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub data: Vec<u8>,
}

/// What an application says its device can do beyond RFC 9420's defaults (RFC 9420 section 7.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Capabilities {
    /// Extension types.
    pub extensions: Vec<u16>,
    /// Proposal types.
    pub proposals: Vec<u16>,
    /// Credential types.
    pub credentials: Vec<u16>,
}

/// What the open client may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Role {
    /// Everything. The default.
    #[default]
    Full = 0,
    /// A notification extension: it may receive and look, not acknowledge, send, join or change a group by itself.
    Extension = 1,
}

/// Whether handshake messages are encrypted (RFC 9420 section 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum HandshakeEncryption {
    /// PrivateMessage: the delivery service sees neither proposals nor commits. The default.
    #[default]
    Private = 0,
    /// PublicMessage: the delivery service can follow the group.
    Public = 1,
}

/// How application messages are padded before encryption (RFC 9420 section 6.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Padding {
    /// To a step that grows with the length, about a quarter more at most. The default.
    #[default]
    Step = 0,
    /// Not at all: the ciphertext tells the exact length.
    None = 1,
}

/// Who may join by an external commit, and whose outside proposals are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ExternalJoin {
    /// Nobody: external commits of strangers are `denied`. A member's device that resyncs is let in.
    #[default]
    ResyncOnly = 0,
    /// Whoever the trust policy accepts. Every member has to choose it, or the group parts at the first such commit.
    Trusted = 1,
}

/// What this device's own policy allows. Stricter than RFC 9420 where it says so; binds proposals and own commits,
/// and never makes a device refuse a commit that the service has ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Policy {
    /// Default [`HandshakeEncryption::Private`].
    pub handshake_encryption: HandshakeEncryption,
    /// Default [`Padding::Step`].
    pub padding: Padding,
    /// Whether our commits publish a GroupInfo that lets others join by external commit. Default `false`.
    pub publish_group_info: bool,
    /// Whether proposals of new members (RFC 9420 section 12.1.8) are taken. Default `false`.
    pub new_member_proposals: bool,
    /// Whether proposals of the senders in the `external_senders` extension are taken. Default `false`.
    pub external_sender_proposals: bool,
    /// Who may join by an external commit. Default [`ExternalJoin::ResyncOnly`].
    pub external_join: ExternalJoin,
    /// Seconds that a key package lives. Default 365 days.
    pub key_package_lifetime: u64,
    /// Seconds by which `not_before` is set back, for peers with slow clocks. Default one hour.
    pub key_package_backdate: u64,
    /// Whether invitations are joined at once, without [`Client::join`](crate::Client::join). Default `false`.
    pub auto_join: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            handshake_encryption: HandshakeEncryption::default(),
            padding: Padding::default(),
            publish_group_info: false,
            new_member_proposals: false,
            external_sender_proposals: false,
            external_join: ExternalJoin::default(),
            key_package_lifetime: 365 * 86_400,
            key_package_backdate: 3_600,
            auto_join: false,
        }
    }
}

/// How much is kept and taken in. All of them bound what somebody else can make this device store or compute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Limits {
    /// Events that wait to be acknowledged. At the limit `receive` answers `InboxFull`. Default 10,000.
    pub inbox_events: u32,
    /// Messages held for a group, for each reason. Default 256.
    pub held_messages: u32,
    /// Bytes of messages held for a group, for each reason. Default 4 MiB.
    pub held_bytes: u64,
    /// Groups not known yet for which messages are held; they share `held_bytes` evenly. Default 64.
    pub held_unknown_groups: u32,
    /// Past epochs whose late messages can still be read. Default 3.
    pub past_epochs: u32,
    /// Bytes of one message, incoming or ours; at least 4,096. Default 16 MiB.
    pub message_bytes: u64,
    /// Leaves of a tree. Default 50,000.
    pub members: u32,
    /// Proposals cached from one member. Default 32.
    pub proposals_per_member: u32,
    /// Proposals in one commit. Default 10,000.
    pub proposals_per_commit: u32,
    /// Messages after which consumed keys are gone from the disk, not only from use; see `docs/storage.md`.
    /// 1 to 1,024. Default 64.
    pub fold_distance: u32,
    /// Own generations set aside in one write. 1 to 64. Default 64.
    pub send_window: u32,
    /// Above this number of members, commits and Welcomes are held for a client that can afford them. Default none.
    pub hold_commits_above: Option<u32>,
    /// Groups kept loaded. Default 128.
    pub loaded_groups: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inbox_events: 10_000,
            held_messages: 256,
            held_bytes: 4 << 20,
            held_unknown_groups: 64,
            past_epochs: 3,
            message_bytes: 16 << 20,
            members: 50_000,
            proposals_per_member: 32,
            proposals_per_commit: 10_000,
            fold_distance: 64,
            send_window: 64,
            hold_commits_above: None,
            loaded_groups: 128,
        }
    }
}

impl Limits {
    /// For an iOS notification extension: smaller than the defaults. What a message makes it allocate stays
    /// below 8 MB (`tests/bombs.rs`).
    pub fn extension() -> Self {
        Self {
            message_bytes: 1 << 20,
            members: 2_000,
            hold_commits_above: Some(500),
            loaded_groups: 2,
            held_bytes: 1 << 20,
            proposals_per_commit: 500,
            ..Self::default()
        }
    }
}

/// The time, seconds since 1970. Called from any thread; it must not call into a client.
#[cfg_attr(feature = "uniffi", uniffi::export(with_foreign))]
pub trait Clock: Send + Sync {
    /// Now. An `Err` fails the call that needs the time with `CallbackFailed`, and nothing has changed.
    fn now(&self) -> Result<u64, CallbackError>;
}

/// A signature key pair that the application brings (RFC 9420 section 5.1.2 for the encodings).
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SigningKey {
    /// The private key: 64 bytes (seed and public key) or the 32-byte seed for Ed25519, the scalar for NIST curves.
    pub secret: Zeroizing<Vec<u8>>,
    /// The public key: 32 bytes for Ed25519, the uncompressed point for NIST curves.
    pub public: Vec<u8>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// How to open a client. The credential is needed when the store is new, and checked when it is not; trust is needed
/// always.
#[derive(Clone, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Options {
    /// Who this device is, as a basic credential in the client's form.
    pub device: Option<Device>,
    /// Who this device is, as a credential; wins over `device`.
    pub credential: Option<Credential>,
    /// The signature key. Default: one is generated, and kept in the store.
    pub signing_key: Option<SigningKey>,
    /// The cipher suite of new groups and key packages. Default [`CipherSuite::X25519_AES128`].
    pub cipher_suite: Option<CipherSuite>,
    /// Who decides on credentials. No default.
    pub trust: Option<Trust>,
    /// What the client may do.
    pub role: Role,
    /// What this device allows.
    pub policy: Policy,
    /// How much is kept.
    pub limits: Limits,
    /// What this device can do beyond the defaults.
    pub capabilities: Capabilities,
    /// The application's form of basic credentials. Default: [`Device`]'s.
    pub codec: Option<Arc<dyn CredentialCodec>>,
    /// Default: the system's clock.
    pub clock: Option<Arc<dyn Clock>>,
    /// Where the store's high-water mark is kept outside of backups. Default: nowhere.
    pub anchor: Option<Arc<dyn Anchor>>,
}

impl Options {
    /// Nothing chosen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Who this device is, as a basic credential in the client's form: [`Device`]'s encoding, or the codec's.
    pub fn device(mut self, device: Device) -> Self {
        self.device = Some(device);
        self
    }

    /// Who decides on credentials.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = Some(trust);
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("device", &self.device)
            .field("credential", &self.credential)
            .field("cipher_suite", &self.cipher_suite)
            .field("trust", &self.trust)
            .field("role", &self.role)
            .field("policy", &self.policy)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// How to make a group (RFC 9420 section 11).
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct GroupOptions {
    /// Default: 16 random bytes.
    pub id: Option<Vec<u8>>,
    /// Default: the client's.
    pub cipher_suite: Option<CipherSuite>,
    /// Extensions of the group context. Use the two fields below for the types that libmls knows.
    pub extensions: Vec<Extension>,
    /// What every member must be able to do (RFC 9420 section 11.1).
    pub required_capabilities: Option<Capabilities>,
    /// Who may propose from outside (RFC 9420 section 12.1.8.1).
    pub external_senders: Vec<ExternalSender>,
    /// Extensions of our own leaf, of types that are among the client's capabilities: `Unsupported` else.
    pub leaf_extensions: Vec<Extension>,
}

/// A sender outside the group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ExternalSender {
    /// Its signature key.
    pub signature_key: Vec<u8>,
    /// Its credential.
    pub credential: Credential,
}

/// How to make key packages (RFC 9420 section 10).
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct KeyPackageOptions {
    /// Default: the client's.
    pub cipher_suite: Option<CipherSuite>,
    /// Whether it may be used more than once, when nothing else is left.
    pub last_resort: bool,
    /// Seconds. Default: the policy's.
    pub lifetime: Option<u64>,
    /// Extensions of the key package.
    pub extensions: Vec<Extension>,
    /// Extensions of the leaf, of types that are among the client's capabilities: `Unsupported` else.
    pub leaf_extensions: Vec<Extension>,
}

/// How to commit (RFC 9420 section 12.4).
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CommitOptions {
    /// Make new keys for our path even where RFC 9420 does not ask for it.
    pub force_path: bool,
    /// Authenticated, not encrypted.
    pub aad: Vec<u8>,
    /// A new credential and key for our own leaf in this group; forces a path.
    pub new_identity: Option<NewIdentity>,
    /// New extensions of our own leaf, of types that are among the client's capabilities (`Unsupported` else); forces a
    /// path.
    pub leaf_extensions: Option<Vec<Extension>>,
    /// Leave the ratchet tree out of the Welcome; joiners get it from [`Group::ratchet_tree`](crate::Group::ratchet_tree).
    pub tree_out_of_band: bool,
    /// One Welcome for each joiner in place of one for all.
    pub welcome_for_each: bool,
    /// Include a GroupInfo of the new epoch in the bundle. Default: the policy's `publish_group_info`.
    pub group_info: Option<bool>,
}

/// A new credential and signature key of a member.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct NewIdentity {
    /// Default: unchanged.
    pub credential: Option<Credential>,
    /// Default: one is generated.
    pub signing_key: Option<SigningKey>,
}

/// How to encrypt an application message (RFC 9420 section 6.3).
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct EncryptOptions {
    /// Authenticated, not encrypted.
    pub aad: Vec<u8>,
}

/// How to join by an external commit (RFC 9420 section 12.4.3.2).
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct JoinOptions {
    /// The ratchet tree, if the GroupInfo does not carry it.
    pub tree: Option<Vec<u8>>,
    /// Take the place of this device's old leaf.
    pub resync: bool,
    /// Ids of external pre-shared keys to mix in.
    pub psks: Vec<Vec<u8>>,
    /// Authenticated, not encrypted.
    pub aad: Vec<u8>,
    /// Extensions of our own leaf, of types that are among the client's capabilities: `Unsupported` else.
    pub leaf_extensions: Vec<Extension>,
}
