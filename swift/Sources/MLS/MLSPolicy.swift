import Foundation
internal import MLSGenerated

/// What the open client may do.
public enum MLSRole: Sendable {
    /// Everything. The default.
    case full
    /// A notification extension: it may receive and look, not acknowledge, send, join or change a group by itself.
    case `extension`

    func lower() -> MLSGenerated.Role {
        switch self {
        case .full: .full
        case .extension: .extension
        }
    }
}

/// What this device's own policy allows. Stricter than RFC 9420 where it says so; binds proposals and own commits, and
/// never makes a device refuse a commit that the service has ordered.
public struct MLSPolicy: Sendable {
    /// Default ``MLSHandshakeEncryption/private``.
    public var handshakeEncryption: MLSHandshakeEncryption
    /// Default ``MLSPadding/step``.
    public var padding: MLSPadding
    /// Whether our commits publish a GroupInfo that lets others join by external commit. Default `false`.
    public var publishGroupInfo: Bool
    /// Whether proposals of new members (RFC 9420 section 12.1.8) are taken. Default `false`.
    public var newMemberProposals: Bool
    /// Whether proposals of the senders in the `external_senders` extension are taken. Default `false`.
    public var externalSenderProposals: Bool
    /// Who may join by an external commit. Default ``MLSExternalJoin/resyncOnly``.
    public var externalJoin: MLSExternalJoin
    /// Seconds that a key package lives. Default 365 days.
    public var keyPackageLifetime: TimeInterval
    /// Seconds by which `notBefore` is set back, for peers with slow clocks. Default one hour.
    public var keyPackageBackdate: TimeInterval
    /// Whether invitations are joined at once, without ``MLSClient/join(_:tree:)``. Default `false`.
    public var autoJoin: Bool

    /// The defaults.
    public init() {
        self.init(MLSGenerated.defaultPolicy())
    }

    init(_ core: MLSGenerated.Policy) {
        handshakeEncryption = MLSHandshakeEncryption(core.handshakeEncryption)
        padding = MLSPadding(core.padding)
        publishGroupInfo = core.publishGroupInfo
        newMemberProposals = core.newMemberProposals
        externalSenderProposals = core.externalSenderProposals
        externalJoin = MLSExternalJoin(core.externalJoin)
        keyPackageLifetime = TimeInterval(core.keyPackageLifetime)
        keyPackageBackdate = TimeInterval(core.keyPackageBackdate)
        autoJoin = core.autoJoin
    }

    func lower() throws -> MLSGenerated.Policy {
        try .init(
            handshakeEncryption: handshakeEncryption.lower(),
            padding: padding.lower(),
            publishGroupInfo: publishGroupInfo,
            newMemberProposals: newMemberProposals,
            externalSenderProposals: externalSenderProposals,
            externalJoin: externalJoin.lower(),
            keyPackageLifetime: seconds(keyPackageLifetime),
            keyPackageBackdate: seconds(keyPackageBackdate),
            autoJoin: autoJoin)
    }
}

/// Whether handshake messages are encrypted (RFC 9420 section 6).
public enum MLSHandshakeEncryption: Sendable {
    /// PrivateMessage: the delivery service sees neither proposals nor commits. The default.
    case `private`
    /// PublicMessage: the delivery service can follow the group.
    case `public`

    init(_ core: MLSGenerated.HandshakeEncryption) {
        self =
            switch core {
            case .private: .private
            case .public: .public
            }
    }

    func lower() -> MLSGenerated.HandshakeEncryption {
        switch self {
        case .private: .private
        case .public: .public
        }
    }
}

/// How application messages are padded before encryption (RFC 9420 section 6.3.1).
public enum MLSPadding: Sendable {
    /// To a step that grows with the length, about a quarter more at most. The default.
    case step
    /// Not at all: the ciphertext tells the exact length.
    case none

    init(_ core: MLSGenerated.Padding) {
        self =
            switch core {
            case .step: .step
            case .none: .none
            }
    }

    func lower() -> MLSGenerated.Padding {
        switch self {
        case .step: .step
        case .none: .none
        }
    }
}

/// Who may join by an external commit, and whose outside proposals are taken.
public enum MLSExternalJoin: Sendable {
    /// Nobody: external commits of strangers are denied. A member's device that resyncs is let in.
    case resyncOnly
    /// Whoever the trust policy accepts. Every member has to choose it, or the group parts at the first such commit.
    case trusted

    init(_ core: MLSGenerated.ExternalJoin) {
        self =
            switch core {
            case .resyncOnly: .resyncOnly
            case .trusted: .trusted
            }
    }

    func lower() -> MLSGenerated.ExternalJoin {
        switch self {
        case .resyncOnly: .resyncOnly
        case .trusted: .trusted
        }
    }
}

/// How much is kept and taken in. All of them bound what somebody else can make this device store or compute.
public struct MLSLimits: Sendable {
    /// Events that wait to be acknowledged. At the limit `receive` answers `.inboxFull`. Default 10,000.
    public var inboxEvents: Int
    /// Messages held for a group, for each reason. Default 256.
    public var heldMessages: Int
    /// Bytes of messages held for a group. Default 4 MiB.
    public var heldBytes: Int
    /// Groups not known yet for which messages are held; they share `heldBytes` evenly. Default 64.
    public var heldUnknownGroups: Int
    /// Past epochs whose late messages can still be read. Default 3.
    public var pastEpochs: Int
    /// Bytes of one message, incoming or ours; at least 4,096. Default 16 MiB.
    public var messageBytes: Int
    /// Leaves of a tree. Default 50,000.
    public var members: Int
    /// Proposals cached from one member. Default 32.
    public var proposalsPerMember: Int
    /// Proposals in one commit. Default 10,000.
    public var proposalsPerCommit: Int
    /// Messages after which consumed keys are gone from the disk, not only from use; see the repository's `docs/storage.md`. 1 to 1,024.
    /// Default 64.
    public var foldDistance: Int
    /// Own generations set aside in one write. 1 to 64. Default 64.
    public var sendWindow: Int
    /// Above this number of members, commits and Welcomes are held for a client that can afford them. Default none.
    public var holdCommitsAbove: Int?
    /// Groups kept loaded. Default 128.
    public var loadedGroups: Int

    /// The defaults.
    public init() {
        self.init(MLSGenerated.defaultLimits())
    }

    /// For a notification extension, whose memory is small: large messages, commits of large groups and Welcomes to
    /// them are held for the application, and few groups are kept loaded.
    public static var `extension`: MLSLimits { MLSLimits(MLSGenerated.extensionLimits()) }

    init(_ core: MLSGenerated.Limits) {
        inboxEvents = Int(core.inboxEvents)
        heldMessages = Int(core.heldMessages)
        heldBytes = Int(core.heldBytes)
        heldUnknownGroups = Int(core.heldUnknownGroups)
        pastEpochs = Int(core.pastEpochs)
        messageBytes = Int(core.messageBytes)
        members = Int(core.members)
        proposalsPerMember = Int(core.proposalsPerMember)
        proposalsPerCommit = Int(core.proposalsPerCommit)
        foldDistance = Int(core.foldDistance)
        sendWindow = Int(core.sendWindow)
        holdCommitsAbove = core.holdCommitsAbove.map { Int($0) }
        loadedGroups = Int(core.loadedGroups)
    }

    func lower() throws -> MLSGenerated.Limits {
        try .init(
            inboxEvents: number(inboxEvents),
            heldMessages: number(heldMessages),
            heldBytes: number(heldBytes),
            heldUnknownGroups: number(heldUnknownGroups),
            pastEpochs: number(pastEpochs),
            messageBytes: number(messageBytes),
            members: number(members),
            proposalsPerMember: number(proposalsPerMember),
            proposalsPerCommit: number(proposalsPerCommit),
            foldDistance: number(foldDistance),
            sendWindow: number(sendWindow),
            holdCommitsAbove: holdCommitsAbove.map { try number($0) },
            loadedGroups: number(loadedGroups))
    }
}
