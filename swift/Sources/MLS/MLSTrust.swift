import Foundation
internal import MLSGenerated

/// What decides on credentials. There is no default: opening a client asks for one.
public struct MLSTrust: Sendable {
    private enum Kind {
        case onFirstUse
        case insecureAcceptAny
        case roots([Data])
        case validator(any MLSValidator)
    }

    private let kind: Kind

    /// The first signature key seen for an identity is remembered in the store; another key is denied unless the holder
    /// of the first one introduced it (an update inside a group). Only basic credentials are accepted.
    public static let onFirstUse = MLSTrust(kind: .onFirstUse)

    /// Every credential is accepted. For tests and closed deployments only.
    public static let insecureAcceptAny = MLSTrust(kind: .insecureAcceptAny)

    /// X.509 chains must lead to one of these DER root certificates, be valid now, and carry the member's key. Basic
    /// credentials are denied.
    public static func roots(_ certificates: [Data]) -> MLSTrust {
        MLSTrust(kind: .roots(certificates))
    }

    /// The application decides.
    public static func validator(_ validator: any MLSValidator) -> MLSTrust {
        MLSTrust(kind: .validator(validator))
    }

    func lower() -> MLSGenerated.Trust {
        switch kind {
        case .onFirstUse: .onFirstUse
        case .insecureAcceptAny: .insecureAcceptAny
        case .roots(let certificates): .roots(certificates)
        case .validator(let validator): .validator(CoreValidator(validator))
        }
    }
}

/// The application's decision on credentials. Called from any thread, never with a lock that another group or the client
/// needs. It must not wait for a call into the group in question: such a call throws ``MLSError/Code/reentrant``.
///
/// What takes time, as asking a directory does, is no work for it: answer ``MLSVerdict/later``, find out, and call
/// ``MLSClient/retryHeld()``.
public protocol MLSValidator: Sendable {
    /// Decides. What it throws is a failure, not a verdict: the operation fails with ``MLSError/Code/callbackFailed``,
    /// and nothing has changed. The text of what it throws becomes the detail, so it must not carry a secret.
    func validate(_ request: MLSValidationRequest) throws -> MLSVerdict
}

final class CoreValidator: MLSGenerated.Validator {
    private let validator: any MLSValidator

    init(_ validator: any MLSValidator) {
        self.validator = validator
    }

    func validate(request: MLSGenerated.ValidationRequest) throws -> MLSGenerated.Verdict {
        try failing(about: request.groupId) { try validator.validate(MLSValidationRequest(request)).lower() }
    }
}

/// A credential to decide on.
public struct MLSValidationRequest: Sendable {
    /// Why.
    public let purpose: MLSPurpose
    /// The group, if it is known.
    public let groupID: Data?
    /// The credential.
    public let credential: MLSCredential
    /// The user that the credential names, if it is of the client's form.
    public let user: String?
    /// The device that the credential names, if it is of the client's form.
    public let device: String?
    /// The signature key that it is to vouch for, in RFC 9420's encoding for the cipher suite.
    public let signatureKey: Data
    /// What the member had before, for ``MLSPurpose/update``.
    public let previousCredential: MLSCredential?
    /// The signature key that the member had before, for ``MLSPurpose/update``.
    public let previousSignatureKey: Data?
    /// The client's clock.
    public let time: Date

    init(_ core: MLSGenerated.ValidationRequest) {
        purpose = MLSPurpose(core.purpose)
        groupID = core.groupId
        credential = MLSCredential(core.credential)
        user = core.user
        device = core.device
        signatureKey = core.signatureKey
        previousCredential = core.previousCredential.map(MLSCredential.init)
        previousSignatureKey = core.previousSignatureKey
        time = Date(core.time)
    }
}

/// Why a credential has to be decided on.
public struct MLSPurpose: MLSCode {
    /// A member of a group that this device is about to join.
    public static let member = Self(.member)
    /// Somebody who is being added, or joins by an external commit.
    public static let add = Self(.add)
    /// A member who changes key or credential; the old ones are given.
    public static let update = Self(.update)
    /// A sender outside the group, from the `external_senders` extension.
    public static let externalSender = Self(.externalSender)

    /// The number that C has for it.
    public let rawValue: Int32
    /// The name of the constant here.
    public let description: String

    init(_ core: MLSGenerated.Purpose) {
        rawValue = core.rawValue
        description = "\(core)"
    }
}

/// A validator's answer.
public enum MLSVerdict: Sendable {
    /// The credential belongs to whom it names.
    case accept
    /// It does not.
    case deny
    /// Not known yet: the message is held with the state unchanged, and decided again by ``MLSClient/retryHeld()``.
    case later

    func lower() -> MLSGenerated.Verdict {
        switch self {
        case .accept: .accept
        case .deny: .deny
        case .later: .later
        }
    }
}

extension MLSValidationRequest: Discreet {}
extension MLSTrust: Discreet {}
