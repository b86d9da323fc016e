//! What can go wrong, as a stable code with the engine's own word and an advice.
//!
//! Codes never change their number or meaning; new ones are added, retired ones stay reserved.
//! What a peer or the network does is never an error here but an [`Event`](crate::Event): errors are for
//! misuse of a call and for a store that cannot answer.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $value:tt, $c:literal, $advice:ident;)*) => {
        /// The stable code of an error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(i32)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
        pub enum ErrorCode { $($(#[$doc])* $name = $value,)* }

        impl ErrorCode {
            /// Every code, in the order of their numbers.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$name,)*];

            /// The code's name in the C header, without `MLS_ERROR_`.
            pub fn name(self) -> &'static str {
                match self { $(ErrorCode::$name => $c,)* }
            }

            /// What to do about it.
            pub fn advice(self) -> Advice {
                match self { $(ErrorCode::$name => Advice::$advice,)* }
            }
        }
    };
}

codes! {
    /// An argument is out of its documented range.
    InvalidArgument = 1, "INVALID_ARGUMENT", FixCall;
    /// A required pointer is NULL.
    NullPointer = 2, "NULL_POINTER", FixCall;
    /// A string is not UTF-8.
    InvalidUtf8 = 3, "INVALID_UTF8", FixCall;
    /// The object was freed or closed, or was never made here.
    Closed = 4, "CLOSED", FixCall;
    /// The handle is of another type.
    WrongType = 5, "WRONG_TYPE", FixCall;
    /// A callback called into the object that is calling it.
    Reentrant = 6, "REENTRANT", FixCall;
    /// The process forked after the handle was made; open the client again in the child.
    Forked = 7, "FORKED", FixCall;
    /// A bug in libmls: a panic was caught. The group is read again from its store at the next call.
    Panic = 8, "PANIC", Reload;
    /// The role the client was opened with does not allow this call.
    NotAllowed = 9, "NOT_ALLOWED", FixCall;
    /// Cipher suite, extension, or feature that this build does not have.
    Unsupported = 10, "UNSUPPORTED", FixCall;
    /// A callback of the application failed.
    CallbackFailed = 11, "CALLBACK_FAILED", Retry;

    /// The store cannot be read yet: the device is locked or another process holds it.
    StoreLocked = 20, "STORE_LOCKED", Unlock;
    /// The store key does not open this store. The store is untouched.
    StoreKeyWrong = 21, "STORE_KEY_WRONG", FixCall;
    /// The store's content is damaged, or is no libmls store. It is untouched.
    StoreCorrupt = 22, "STORE_CORRUPT", Restore;
    /// A newer libmls wrote the store. It is untouched.
    StoreNewer = 23, "STORE_NEWER", GiveUp;
    /// No space is left; nothing was changed.
    StoreFull = 24, "STORE_FULL", Retry;
    /// Reading or writing failed; nothing was changed.
    StoreIo = 25, "STORE_IO", Retry;
    /// Another handle or process kept changing the group; nothing was changed.
    Stale = 26, "STALE", Retry;
    /// The client is suspended; resume it first.
    Suspended = 27, "SUSPENDED", FixCall;
    /// The store belongs to another device than the options say.
    StoreIdentity = 28, "STORE_IDENTITY", FixCall;
    /// The store is an older copy of itself, a restored backup: sending would use keys twice. Join the group again by
    /// an external commit.
    StoreRolledBack = 29, "STORE_ROLLED_BACK", Rejoin;

    /// This device has no such group.
    GroupNotFound = 40, "GROUP_NOT_FOUND", FixCall;
    /// A group of this id exists already.
    GroupExists = 41, "GROUP_EXISTS", FixCall;
    /// This device was removed, or the group was replaced: it can no longer be used.
    GroupClosed = 42, "GROUP_CLOSED", GiveUp;
    /// The external commit that joins this group is not accepted yet.
    GroupJoining = 43, "GROUP_JOINING", Retry;
    /// Proposals wait: commit them first (RFC 9420 section 12.4).
    CommitRequired = 44, "COMMIT_REQUIRED", FixCall;
    /// No successor is announced for this group, or it cannot be joined this way.
    NoSuccessor = 46, "NO_SUCCESSOR", FixCall;

    /// No such commit is pending.
    CommitNotFound = 50, "COMMIT_NOT_FOUND", FixCall;
    /// Another commit won the epoch.
    Superseded = 51, "SUPERSEDED", FixCall;
    /// The commit is not accepted yet, so its Welcomes must not leave the device.
    CommitNotAccepted = 52, "COMMIT_NOT_ACCEPTED", FixCall;
    /// Four commits are pending in this epoch already.
    TooManyCommits = 53, "TOO_MANY_COMMITS", FixCall;

    /// A proposal is not valid in this group now.
    InvalidProposal = 60, "INVALID_PROPOSAL", FixCall;
    /// No such proposal is cached.
    ProposalNotFound = 61, "PROPOSAL_NOT_FOUND", FixCall;
    /// No member is at this leaf.
    MemberNotFound = 62, "MEMBER_NOT_FOUND", FixCall;
    /// The device is a member already.
    DuplicateMember = 63, "DUPLICATE_MEMBER", FixCall;

    /// The key package is malformed, or its signature or suite does not fit.
    InvalidKeyPackage = 70, "INVALID_KEY_PACKAGE", FixCall;
    /// The key package's lifetime does not include now.
    KeyPackageExpired = 71, "KEY_PACKAGE_EXPIRED", FixCall;
    /// No such key package is in the inventory.
    KeyPackageNotFound = 72, "KEY_PACKAGE_NOT_FOUND", FixCall;

    /// The credential is malformed.
    InvalidCredential = 80, "INVALID_CREDENTIAL", FixCall;
    /// The validator or the roots turned the credential down.
    CredentialDenied = 81, "CREDENTIAL_DENIED", GiveUp;
    /// The validator answered "later".
    CredentialLater = 82, "CREDENTIAL_LATER", Retry;
    /// The private key does not belong to the credential or the suite.
    InvalidSigningKey = 83, "INVALID_SIGNING_KEY", FixCall;

    /// The bytes are no MLS message.
    InvalidMessage = 90, "INVALID_MESSAGE", FixCall;
    /// A message of this kind does not belong in this call.
    UnexpectedMessage = 91, "UNEXPECTED_MESSAGE", FixCall;
    /// The input is over a documented limit.
    TooLarge = 92, "TOO_LARGE", FixCall;
    /// No such invitation waits.
    InvitationNotFound = 93, "INVITATION_NOT_FOUND", FixCall;
    /// The ratchet tree has to be given with this Welcome or GroupInfo.
    TreeRequired = 94, "TREE_REQUIRED", FixCall;
    /// The ratchet tree does not fit the group.
    InvalidTree = 95, "INVALID_TREE", FixCall;
    /// The Welcome cannot be opened, or what is in it is not valid.
    InvalidWelcome = 96, "INVALID_WELCOME", GiveUp;
    /// The GroupInfo is not valid, or does not allow an external commit.
    InvalidGroupInfo = 97, "INVALID_GROUP_INFO", FixCall;
    /// A pre-shared key is missing or has another value.
    PskNotFound = 98, "PSK_NOT_FOUND", FixCall;

    /// The inbox is full: acknowledge events first. No key was consumed.
    InboxFull = 100, "INBOX_FULL", FixCall;
    /// This device's own policy denies it.
    Denied = 101, "DENIED", FixCall;

    /// A cryptographic operation failed.
    Crypto = 110, "CRYPTO", GiveUp;
    /// The engine failed in a way that has no code of its own; see the detail.
    Engine = 111, "ENGINE", GiveUp;
}

impl ErrorCode {
    /// The code of this number, if there is one.
    pub fn from_value(value: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| *code as i32 == value)
    }
}

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Advice {
    /// The same call can succeed later.
    Retry = 1,
    /// The call, not the state, is at fault.
    FixCall = 2,
    /// Use the object again: it is read afresh from the store.
    Reload = 3,
    /// Join the group again by an external commit, with the user's consent.
    Rejoin = 4,
    /// Wait until the device is unlocked or the other process is done.
    Unlock = 5,
    /// Restore the store, or start anew.
    Restore = 6,
    /// No retry will help.
    GiveUp = 7,
}

/// An error: stable [`code`](Self::code), the engine's own variant as [`detail`](Self::detail), a sentence for
/// the developer. It never carries a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct MlsError {
    code: ErrorCode,
    message: String,
    detail: String,
}

impl MlsError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: String::new() }
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl MlsError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// What to do about it.
    pub fn advice(&self) -> Advice {
        self.code.advice()
    }

    /// One sentence for the developer, in English. Not stable; do not parse it.
    pub fn message(&self) -> String {
        self.message.clone()
    }

    /// The engine's or database's own word for it, possibly empty. Not stable.
    pub fn detail(&self) -> String {
        self.detail.clone()
    }
}

impl fmt::Display for MlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code.name())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for MlsError {}

/// The result of every call that can fail.
pub type Result<T, E = MlsError> = std::result::Result<T, E>;

/// Shorthand for `Err(MlsError::new(code, message))`.
pub(crate) fn fail<T>(code: ErrorCode, message: impl Into<String>) -> Result<T> {
    Err(MlsError::new(code, message))
}
