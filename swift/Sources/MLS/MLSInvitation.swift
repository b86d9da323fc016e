import Foundation
internal import MLSGenerated

/// A Welcome that waits for ``MLSClient/join(_:tree:)`` or ``MLSClient/decline(_:)``.
public struct MLSInvitation: Identifiable, Sendable {
    /// What to give to `join`; the id of the event that brought it.
    public let id: UInt64
    /// What would be joined.
    public let preview: MLSGroupPreview
    /// The reference of the key package that was used.
    public let keyPackage: Data

    init(_ core: MLSGenerated.Invitation) {
        id = core.id
        preview = MLSGroupPreview(core.preview)
        keyPackage = core.keyPackage
    }
}

/// A group as its GroupInfo shows it, before this device is in it.
public struct MLSGroupPreview: Sendable {
    /// The group's id.
    public let groupID: Data
    /// Its cipher suite.
    public let cipherSuite: MLSCipherSuite
    /// Its epoch.
    public let epoch: UInt64
    /// Who signed the GroupInfo: the inviter, if the tree is known.
    public let inviter: MLSSender?
    /// Its members; empty while the tree is not known.
    public let members: [MLSSender]
    /// Whether the ratchet tree has to be given to join.
    public let needsTree: Bool
    /// The group that it succeeds or branches off, if this device knows it.
    public let parent: Data?

    init(_ core: MLSGenerated.GroupPreview) {
        groupID = core.groupId
        cipherSuite = MLSCipherSuite(rawValue: core.cipherSuite)
        epoch = core.epoch
        inviter = core.inviter.map(MLSSender.init)
        members = core.members.map(MLSSender.init)
        needsTree = core.needsTree
        parent = core.parent
    }
}

extension MLSInvitation: Discreet {}
extension MLSGroupPreview: Discreet {}
