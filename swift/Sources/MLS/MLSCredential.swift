import Foundation
internal import MLSGenerated

/// One device of one user, as a basic credential carries it.
///
/// The encoding is the user's name, a NUL, the device's name, both UTF-8 and not empty. A credential of any other bytes is foreign: readable as bytes, of no user.
public struct MLSDevice: Hashable, Sendable {
    /// The user's name: any UTF-8 without NUL, not empty.
    public let user: String
    /// The device's name: any UTF-8 without NUL, not empty.
    public let device: String

    init(_ core: MLSGenerated.Device) {
        user = core.user
        device = core.device
    }

    /// Of these parts.
    public init(user: String, device: String) {
        self.user = user
        self.device = device
    }

    /// The device that the bytes of a basic credential name; `nil` if they are not in the usual encoding.
    public init?(identity: Data) {
        guard let device = MLSGenerated.deviceOf(identity: identity) else { return nil }
        self.init(device)
    }

    func lower() -> MLSGenerated.Device {
        .init(user: user, device: device)
    }
}

/// A credential (RFC 9420 section 5.3).
public enum MLSCredential: Hashable, Sendable {
    /// A name, believed only as far as the trust policy goes; see ``MLSDevice`` for the usual encoding.
    case basic(identity: Data)
    /// A chain of certificates, each DER, the member's own first.
    case x509(chain: [Data])
    /// A credential type that libmls does not read: the IANA number of the type, and its bytes.
    case other(kind: UInt16, data: Data)

    /// The basic credential of a device, in the usual encoding. `.invalidArgument` if a name is empty or has a NUL in
    /// it.
    public static func basic(_ device: MLSDevice) throws(MLSError) -> MLSCredential {
        MLSCredential(try calling { try MLSGenerated.basicCredential(device: device.lower()) })
    }

    init(_ core: MLSGenerated.Credential) {
        self =
            switch core {
            case .basic(let identity): .basic(identity: identity)
            case .x509(let chain): .x509(chain: chain)
            case .other(let kind, let data): .other(kind: kind, data: data)
            }
    }

    func lower() -> MLSGenerated.Credential {
        switch self {
        case .basic(let identity): .basic(identity: identity)
        case .x509(let chain): .x509(chain: chain)
        case .other(let kind, let data): .other(kind: kind, data: data)
        }
    }
}

extension MLSCredential: Discreet {}

/// The application's own form of basic credentials, in place of ``MLSDevice``'s. Called from any thread, also while a
/// group is locked: it must not call into a client.
public protocol MLSCredentialCodec: Sendable {
    /// The bytes of the basic credential of a device. If it throws, the client does not open.
    func encode(_ device: MLSDevice) throws -> Data

    /// The device that a basic credential names; `nil` if the bytes are not of this form. If it throws, the credential
    /// is one of no user: who says something must not keep it from being read.
    func decode(_ bytes: Data) throws -> MLSDevice?
}

final class CoreCodec: MLSGenerated.CredentialCodec {
    private let codec: any MLSCredentialCodec

    init(_ codec: any MLSCredentialCodec) {
        self.codec = codec
    }

    func encode(device: MLSGenerated.Device) throws -> Data {
        try failing { try codec.encode(MLSDevice(device)) }
    }

    func decode(bytes: Data) throws -> MLSGenerated.Device? {
        try failing { try codec.decode(bytes)?.lower() }
    }
}
