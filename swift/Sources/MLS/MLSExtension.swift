import Foundation
internal import MLSGenerated

/// An extension by type and bytes (RFC 9420 section 17.3).
public struct MLSExtension: Hashable, Sendable {
    /// The IANA number of the type.
    public let kind: UInt16
    /// The extension's data.
    public let data: Data

    init(_ core: MLSGenerated.Extension) {
        kind = core.kind
        data = core.data
    }

    /// Of these parts.
    public init(kind: UInt16, data: Data) {
        self.kind = kind
        self.data = data
    }

    func lower() -> MLSGenerated.Extension {
        .init(kind: kind, data: data)
    }
}

/// What an application says its device can do beyond RFC 9420's defaults (RFC 9420 section 7.2).
public struct MLSCapabilities: Sendable {
    /// Extension types.
    public var extensions: [UInt16]
    /// Proposal types.
    public var proposals: [UInt16]
    /// Credential types.
    public var credentials: [UInt16]

    /// What is not given is the default.
    public init(extensions: [UInt16] = [], proposals: [UInt16] = [], credentials: [UInt16] = []) {
        self.extensions = extensions
        self.proposals = proposals
        self.credentials = credentials
    }

    func lower() -> MLSGenerated.Capabilities {
        .init(extensions: extensions, proposals: proposals, credentials: credentials)
    }
}

/// A sender outside the group.
public struct MLSExternalSender: Sendable {
    /// Its signature key.
    public let signatureKey: Data
    /// Its credential.
    public let credential: MLSCredential

    /// Of these parts.
    public init(signatureKey: Data, credential: MLSCredential) {
        self.signatureKey = signatureKey
        self.credential = credential
    }

    func lower() -> MLSGenerated.ExternalSender {
        .init(signatureKey: signatureKey, credential: credential.lower())
    }
}

extension MLSExtension: Discreet {}
extension MLSCapabilities: Discreet {}
extension MLSExternalSender: Discreet {}
