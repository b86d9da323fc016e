import Foundation
internal import MLSGenerated

/// How to open a client. The credential is needed when the store is new, and checked when it is not; trust is needed
/// always.
public struct MLSOptions: Sendable {
    /// Who this device is, as a basic credential in the client's form.
    public var device: MLSDevice?
    /// Who decides on credentials.
    public var trust: MLSTrust
    /// Who this device is, as a credential; wins over ``device``.
    public var credential: MLSCredential?
    /// The signature key. Default: one is generated, and kept in the store.
    public var signingKey: MLSSigningKey?
    /// The cipher suite of new groups and key packages. Default ``MLSCipherSuite/x25519_AES128``.
    public var cipherSuite: MLSCipherSuite?
    /// What the client may do.
    public var role: MLSRole
    /// What this device allows.
    public var policy: MLSPolicy
    /// How much is kept.
    public var limits: MLSLimits
    /// What this device can do beyond the defaults.
    public var capabilities: MLSCapabilities
    /// The application's form of basic credentials. Default: ``MLSDevice``'s.
    public var codec: (any MLSCredentialCodec)?
    /// Default: the system's clock.
    public var clock: (any MLSClock)?
    /// Where the store's high-water mark is kept outside of backups. Default: nowhere.
    public var anchor: (any MLSAnchor)?

    /// What is not given is the default; ``trust`` has none.
    public init(
        device: MLSDevice? = nil,
        trust: MLSTrust,
        credential: MLSCredential? = nil,
        signingKey: MLSSigningKey? = nil,
        cipherSuite: MLSCipherSuite? = nil,
        role: MLSRole = .full,
        policy: MLSPolicy = .init(),
        limits: MLSLimits = .init(),
        capabilities: MLSCapabilities = .init(),
        codec: (any MLSCredentialCodec)? = nil,
        clock: (any MLSClock)? = nil,
        anchor: (any MLSAnchor)? = nil
    ) {
        self.device = device
        self.credential = credential
        self.signingKey = signingKey
        self.cipherSuite = cipherSuite
        self.trust = trust
        self.role = role
        self.policy = policy
        self.limits = limits
        self.capabilities = capabilities
        self.codec = codec
        self.clock = clock
        self.anchor = anchor
    }

    func lower() throws -> MLSGenerated.Options {
        try .init(
            device: device?.lower(),
            credential: credential?.lower(),
            signingKey: signingKey?.lower(),
            cipherSuite: cipherSuite?.rawValue,
            trust: trust.lower(),
            role: role.lower(),
            policy: policy.lower(),
            limits: limits.lower(),
            capabilities: capabilities.lower(),
            codec: codec.map(CoreCodec.init),
            clock: clock.map(CoreClock.init),
            anchor: anchor.map(CoreAnchor.init))
    }
}

/// How to make a group (RFC 9420 section 11).
public struct MLSGroupOptions: Sendable {
    /// Default: 16 random bytes.
    public var id: Data?
    /// Default: the client's.
    public var cipherSuite: MLSCipherSuite?
    /// Extensions of the group context. Use the two properties below for the types that libmls knows.
    public var extensions: [MLSExtension]
    /// What every member must be able to do (RFC 9420 section 11.1).
    public var requiredCapabilities: MLSCapabilities?
    /// Who may propose from outside (RFC 9420 section 12.1.8.1).
    public var externalSenders: [MLSExternalSender]
    /// Extensions of our own leaf, of types that are among the client's capabilities: `.unsupported` else.
    public var leafExtensions: [MLSExtension]

    /// What is not given is the default.
    public init(
        id: Data? = nil,
        cipherSuite: MLSCipherSuite? = nil,
        extensions: [MLSExtension] = [],
        requiredCapabilities: MLSCapabilities? = nil,
        externalSenders: [MLSExternalSender] = [],
        leafExtensions: [MLSExtension] = []
    ) {
        self.id = id
        self.cipherSuite = cipherSuite
        self.extensions = extensions
        self.requiredCapabilities = requiredCapabilities
        self.externalSenders = externalSenders
        self.leafExtensions = leafExtensions
    }

    func lower() -> MLSGenerated.GroupOptions {
        .init(
            id: id,
            cipherSuite: cipherSuite?.rawValue,
            extensions: extensions.map { $0.lower() },
            requiredCapabilities: requiredCapabilities?.lower(),
            externalSenders: externalSenders.map { $0.lower() },
            leafExtensions: leafExtensions.map { $0.lower() })
    }
}

/// How to commit (RFC 9420 section 12.4).
public struct MLSCommitOptions: Sendable {
    /// Make new keys for our path even where RFC 9420 does not ask for it.
    public var forcePath: Bool
    /// Authenticated, not encrypted.
    public var aad: Data
    /// A new credential and key for our own leaf in this group; forces a path.
    public var newIdentity: MLSNewIdentity?
    /// New extensions of our own leaf, of types that are among the client's capabilities (`.unsupported` else); forces a
    /// path.
    public var leafExtensions: [MLSExtension]?
    /// Leave the ratchet tree out of the Welcome; joiners get it from ``MLSGroup/ratchetTree()``.
    public var treeOutOfBand: Bool
    /// One Welcome for each joiner in place of one for all.
    public var welcomeForEach: Bool
    /// Include a GroupInfo of the new epoch in the bundle. Default: the policy's ``MLSPolicy/publishGroupInfo``.
    public var groupInfo: Bool?

    /// What is not given is the default.
    public init(
        forcePath: Bool = false,
        aad: Data = Data(),
        newIdentity: MLSNewIdentity? = nil,
        leafExtensions: [MLSExtension]? = nil,
        treeOutOfBand: Bool = false,
        welcomeForEach: Bool = false,
        groupInfo: Bool? = nil
    ) {
        self.forcePath = forcePath
        self.aad = aad
        self.newIdentity = newIdentity
        self.leafExtensions = leafExtensions
        self.treeOutOfBand = treeOutOfBand
        self.welcomeForEach = welcomeForEach
        self.groupInfo = groupInfo
    }

    func lower() -> MLSGenerated.CommitOptions {
        .init(
            forcePath: forcePath,
            aad: aad,
            newIdentity: newIdentity?.lower(),
            leafExtensions: leafExtensions.map { $0.map { $0.lower() } },
            treeOutOfBand: treeOutOfBand,
            welcomeForEach: welcomeForEach,
            groupInfo: groupInfo)
    }
}

/// How to encrypt an application message (RFC 9420 section 6.3).
public struct MLSEncryptOptions: Sendable {
    /// Authenticated, not encrypted.
    public var aad: Data

    /// What is not given is the default.
    public init(aad: Data = Data()) {
        self.aad = aad
    }

    func lower() -> MLSGenerated.EncryptOptions {
        .init(aad: aad)
    }
}

/// How to join by an external commit (RFC 9420 section 12.4.3.2).
public struct MLSJoinOptions: Sendable {
    /// The ratchet tree, if the GroupInfo does not carry it.
    public var tree: Data?
    /// Take the place of this device's old leaf.
    public var resync: Bool
    /// Ids of external pre-shared keys to mix in.
    public var psks: [Data]
    /// Authenticated, not encrypted.
    public var aad: Data
    /// Extensions of our own leaf, of types that are among the client's capabilities: `.unsupported` else.
    public var leafExtensions: [MLSExtension]

    /// What is not given is the default.
    public init(
        tree: Data? = nil,
        resync: Bool = false,
        psks: [Data] = [],
        aad: Data = Data(),
        leafExtensions: [MLSExtension] = []
    ) {
        self.tree = tree
        self.resync = resync
        self.psks = psks
        self.aad = aad
        self.leafExtensions = leafExtensions
    }

    func lower() -> MLSGenerated.JoinOptions {
        .init(tree: tree, resync: resync, psks: psks, aad: aad, leafExtensions: leafExtensions.map { $0.lower() })
    }
}

/// The clock of a client. Called from any thread; it must not call into a client.
public protocol MLSClock: Sendable {
    /// Now. If it throws, the operation fails with ``MLSError/Code/callbackFailed``.
    func now() throws -> Date
}

/// Where the store's high-water mark is kept: a place that is not part of the same backup as the store (a keychain item
/// of this device only, a server). With it, a client that opens an older copy of its store refuses to send and asks for
/// a rejoin (``MLSError/Code/storeRolledBack``); without it the same is noticed only from messages that the old copy
/// does not know.
///
/// Called once when a client opens, and after writes that could lose a key if rolled back. It must not call into a
/// client.
public protocol MLSAnchor: Sendable {
    /// The mark, or `nil` if there is none yet.
    func load() throws -> UInt64?

    /// Keeps a mark that is larger than any before.
    func store(_ mark: UInt64) throws
}

extension MLSOptions: Discreet {}
extension MLSGroupOptions: Discreet {}
extension MLSCommitOptions: Discreet {}
extension MLSEncryptOptions: Discreet {}
extension MLSJoinOptions: Discreet {}

final class CoreClock: MLSGenerated.Clock {
    private let clock: any MLSClock

    init(_ clock: any MLSClock) {
        self.clock = clock
    }

    func now() throws -> UInt64 {
        try failing { try seconds(clock.now().timeIntervalSince1970) }
    }
}

final class CoreAnchor: MLSGenerated.Anchor {
    private let anchor: any MLSAnchor

    init(_ anchor: any MLSAnchor) {
        self.anchor = anchor
    }

    func load() throws -> UInt64? {
        try failing { try anchor.load() }
    }

    func store(mark: UInt64) throws {
        try failing { try anchor.store(mark) }
    }
}
