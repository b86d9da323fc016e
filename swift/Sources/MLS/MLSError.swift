internal import MLSGenerated

/// What a call fails with: misuse, or a store that cannot answer. What a peer does is an ``MLSEvent``, never an error.
/// It never carries a secret.
public struct MLSError: Error, Sendable {
    /// The stable code: what to decide by.
    public let code: Code
    /// What to do about it.
    public let advice: Advice
    /// One sentence for the developer, in English. Not stable; do not parse it.
    public let message: String
    /// The engine's or database's own word for it, possibly empty. Not stable.
    public let detail: String

    init(code: Code, advice: Advice, message: String, detail: String) {
        self.code = code
        self.advice = advice
        self.message = message
        self.detail = detail
    }

    init(_ core: MLSGenerated.MlsError) {
        self.init(
            code: Code(core.code()), advice: Advice(core.advice()), message: core.message(), detail: core.detail())
    }

    static func outOfRange(_ value: some Sendable) -> MLSError {
        MLSError(
            code: .invalidArgument, advice: .fixCall, message: "a number is out of its range: \(value)", detail: "")
    }

    /// The stable code of an error.
    public struct Code: MLSCode {
        /// An argument is out of its documented range.
        public static let invalidArgument = Self(.invalidArgument)
        /// A required pointer is NULL.
        public static let nullPointer = Self(.nullPointer)
        /// A string is not UTF-8.
        public static let invalidUtf8 = Self(.invalidUtf8)
        /// The object was freed or closed, or was never made here.
        public static let closed = Self(.closed)
        /// The handle is of another type.
        public static let wrongType = Self(.wrongType)
        /// A callback called into the object that is calling it.
        public static let reentrant = Self(.reentrant)
        /// The process forked after the handle was made; open the client again in the child.
        public static let forked = Self(.forked)
        /// A bug in libmls: a panic was caught. The group is read again from its store at the next call.
        public static let panic = Self(.panic)
        /// The role the client was opened with does not allow this call.
        public static let notAllowed = Self(.notAllowed)
        /// Cipher suite, extension, or feature that this build does not have.
        public static let unsupported = Self(.unsupported)
        /// A callback of the application failed.
        public static let callbackFailed = Self(.callbackFailed)
        /// The store cannot be read yet: the device is locked or another process holds it.
        public static let storeLocked = Self(.storeLocked)
        /// The store key does not open this store. The store is untouched.
        public static let storeKeyWrong = Self(.storeKeyWrong)
        /// The store's content is damaged, or is no libmls store. It is untouched.
        public static let storeCorrupt = Self(.storeCorrupt)
        /// A newer libmls wrote the store. It is untouched.
        public static let storeNewer = Self(.storeNewer)
        /// No space is left; nothing was changed.
        public static let storeFull = Self(.storeFull)
        /// Reading or writing failed; nothing was changed.
        public static let storeIo = Self(.storeIo)
        /// Another handle or process kept changing the group; nothing was changed.
        public static let stale = Self(.stale)
        /// The client is suspended; resume it first.
        public static let suspended = Self(.suspended)
        /// The store belongs to another device than the options say.
        public static let storeIdentity = Self(.storeIdentity)
        /// The store is an older copy of itself, a restored backup: sending would use keys twice. Join the group again by
        /// an external commit.
        public static let storeRolledBack = Self(.storeRolledBack)
        /// This device has no such group.
        public static let groupNotFound = Self(.groupNotFound)
        /// A group of this id exists already.
        public static let groupExists = Self(.groupExists)
        /// This device was removed, or the group was replaced: it can no longer be used.
        public static let groupClosed = Self(.groupClosed)
        /// The external commit that joins this group is not accepted yet.
        public static let groupJoining = Self(.groupJoining)
        /// Proposals wait: commit them first (RFC 9420 section 12.4).
        public static let commitRequired = Self(.commitRequired)
        /// No successor is announced for this group, or it cannot be joined this way.
        public static let noSuccessor = Self(.noSuccessor)
        /// No such commit is pending.
        public static let commitNotFound = Self(.commitNotFound)
        /// Another commit won the epoch.
        public static let superseded = Self(.superseded)
        /// The commit is not accepted yet, so its Welcomes must not leave the device.
        public static let commitNotAccepted = Self(.commitNotAccepted)
        /// Four commits are pending in this epoch already.
        public static let tooManyCommits = Self(.tooManyCommits)
        /// A proposal is not valid in this group now.
        public static let invalidProposal = Self(.invalidProposal)
        /// No such proposal is cached.
        public static let proposalNotFound = Self(.proposalNotFound)
        /// No member is at this leaf.
        public static let memberNotFound = Self(.memberNotFound)
        /// The device is a member already.
        public static let duplicateMember = Self(.duplicateMember)
        /// The key package is malformed, or its signature or suite does not fit.
        public static let invalidKeyPackage = Self(.invalidKeyPackage)
        /// The key package's lifetime does not include now.
        public static let keyPackageExpired = Self(.keyPackageExpired)
        /// No such key package is in the inventory.
        public static let keyPackageNotFound = Self(.keyPackageNotFound)
        /// The credential is malformed.
        public static let invalidCredential = Self(.invalidCredential)
        /// The validator or the roots turned the credential down.
        public static let credentialDenied = Self(.credentialDenied)
        /// The validator answered "later".
        public static let credentialLater = Self(.credentialLater)
        /// The private key does not belong to the credential or the suite.
        public static let invalidSigningKey = Self(.invalidSigningKey)
        /// The bytes are no MLS message.
        public static let invalidMessage = Self(.invalidMessage)
        /// A message of this kind does not belong in this call.
        public static let unexpectedMessage = Self(.unexpectedMessage)
        /// The input is over a documented limit.
        public static let tooLarge = Self(.tooLarge)
        /// No such invitation waits.
        public static let invitationNotFound = Self(.invitationNotFound)
        /// The ratchet tree has to be given with this Welcome or GroupInfo.
        public static let treeRequired = Self(.treeRequired)
        /// The ratchet tree does not fit the group.
        public static let invalidTree = Self(.invalidTree)
        /// The Welcome cannot be opened, or what is in it is not valid.
        public static let invalidWelcome = Self(.invalidWelcome)
        /// The GroupInfo is not valid, or does not allow an external commit.
        public static let invalidGroupInfo = Self(.invalidGroupInfo)
        /// A pre-shared key is missing or has another value.
        public static let pskNotFound = Self(.pskNotFound)
        /// The inbox is full: acknowledge events first. No key was consumed.
        public static let inboxFull = Self(.inboxFull)
        /// This device's own policy denies it.
        public static let denied = Self(.denied)
        /// A cryptographic operation failed.
        public static let crypto = Self(.crypto)
        /// The engine failed in a way that has no code of its own; see the detail.
        public static let engine = Self(.engine)

        /// The number that C has for it.
        public let rawValue: Int32
        /// The name of the constant here.
        public let description: String

        init(_ core: MLSGenerated.ErrorCode) {
            rawValue = core.rawValue
            description = "\(core)"
        }
    }

    /// What to do about an error.
    public struct Advice: MLSCode {
        /// The same call can succeed later.
        public static let retry = Self(.retry)
        /// The call, not the state, is at fault.
        public static let fixCall = Self(.fixCall)
        /// Use the object again: it is read afresh from the store.
        public static let reload = Self(.reload)
        /// Join the group again by an external commit, with the user's consent.
        public static let rejoin = Self(.rejoin)
        /// Wait until the device is unlocked or the other process is done.
        public static let unlock = Self(.unlock)
        /// Restore the store, or start anew.
        public static let restore = Self(.restore)
        /// No retry will help.
        public static let giveUp = Self(.giveUp)

        /// The number that C has for it.
        public let rawValue: Int32
        /// The name of the constant here.
        public let description: String

        init(_ core: MLSGenerated.Advice) {
            rawValue = core.rawValue
            description = "\(core)"
        }
    }
}

extension MLSError: CustomStringConvertible {
    /// The code, the sentence and the detail.
    public var description: String {
        "MLSError.\(code): \(message)" + (detail.isEmpty ? "" : ": \(detail)")
    }
}

/// A number that C has a constant for. New ones come with new versions, which an `enum` could not bear: compare with
/// `==`, and give a `switch` its `default`.
public protocol MLSCode: Hashable, Sendable, CustomStringConvertible {
    /// The number that C has for it.
    var rawValue: Int32 { get }
}
