import Foundation
internal import MLSGenerated

/// A member of a group.
public struct MLSMember: Sendable {
    /// Where its leaf is in the tree. Stable while it is a member.
    public let leaf: UInt32
    /// Its credential.
    public let credential: MLSCredential
    /// The user that the credential names, if it is of the client's form.
    public let user: String?
    /// The device that the credential names, if it is of the client's form.
    public let device: String?
    /// Its signature key.
    public let signatureKey: Data
    /// The epoch in which its keys last changed, as far as this device has seen (the epoch of its own join at first).
    public let lastUpdate: UInt64
    /// Extensions of its leaf.
    public let extensions: [MLSExtension]
    /// Extension types that it knows beyond the defaults.
    public let capabilitiesExtensions: [UInt16]
    /// Proposal types that it knows beyond the defaults.
    public let capabilitiesProposals: [UInt16]
    /// Credential types that it knows.
    public let capabilitiesCredentials: [UInt16]
    /// Cipher suites that it knows.
    public let capabilitiesCipherSuites: [MLSCipherSuite]

    init(_ core: MLSGenerated.Member) {
        leaf = core.leaf
        credential = MLSCredential(core.credential)
        user = core.user
        device = core.device
        signatureKey = core.signatureKey
        lastUpdate = core.lastUpdate
        extensions = core.extensions.map(MLSExtension.init)
        capabilitiesExtensions = core.capabilitiesExtensions
        capabilitiesProposals = core.capabilitiesProposals
        capabilitiesCredentials = core.capabilitiesCredentials
        capabilitiesCipherSuites = core.capabilitiesCipherSuites.map { MLSCipherSuite(rawValue: $0) }
    }
}

/// Who sent something, or whom it is about.
public struct MLSSender: Sendable {
    /// Where it stands.
    public let kind: MLSSenderKind
    /// Its leaf, for a member; its place in `external_senders`, for an external sender.
    public let leaf: UInt32?
    /// Its credential, as far as it is known.
    public let credential: MLSCredential?
    /// Its user, if the credential is of the client's form.
    public let user: String?
    /// Its device, if the credential is of the client's form.
    public let device: String?
    /// Its signature key; empty if unknown.
    public let signatureKey: Data

    init(_ core: MLSGenerated.Sender) {
        kind = MLSSenderKind(core.kind)
        leaf = core.leaf
        credential = core.credential.map(MLSCredential.init)
        user = core.user
        device = core.device
        signatureKey = core.signatureKey
    }

    func lower() -> MLSGenerated.Sender {
        .init(
            kind: MLSGenerated.SenderKind(rawValue: kind.rawValue) ?? .member, leaf: leaf, credential: credential?.lower(), user: user, device: device,
            signatureKey: signatureKey)
    }
}

/// Where a sender stands (RFC 9420 section 6).
public struct MLSSenderKind: MLSCode {
    /// A member of the group.
    public static let member = Self(.member)
    /// A sender of the `external_senders` extension.
    public static let external = Self(.external)
    /// Somebody who proposes to be added.
    public static let newMemberProposal = Self(.newMemberProposal)
    /// Somebody who joined by this external commit.
    public static let newMemberCommit = Self(.newMemberCommit)

    /// The number that C has for it.
    public let rawValue: Int32
    /// The name of the constant here.
    public let description: String

    init(_ core: MLSGenerated.SenderKind) {
        rawValue = core.rawValue
        description = "\(core)"
    }
}

extension MLSMember: Discreet {}
extension MLSSender: Discreet {}
