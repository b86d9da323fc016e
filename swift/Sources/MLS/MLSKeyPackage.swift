import Foundation
internal import MLSGenerated

/// A key package of this device that was not used yet.
public struct MLSKeyPackageInfo: Sendable {
    /// Its reference (RFC 9420 section 5.2).
    public let reference: Data
    /// Its cipher suite.
    public let cipherSuite: MLSCipherSuite
    /// Whether it may be used more than once.
    public let lastResort: Bool
    /// Valid from.
    public let notBefore: Date
    /// Valid until.
    public let notAfter: Date
    /// The message to publish.
    public let message: Data

    init(_ core: MLSGenerated.KeyPackageInfo) {
        reference = core.reference
        cipherSuite = MLSCipherSuite(rawValue: core.cipherSuite)
        lastResort = core.lastResort
        notBefore = Date(core.notBefore)
        notAfter = Date(core.notAfter)
        message = core.message
    }
}

/// A key package with its private keys, for a move to another store or a conformance test. Whoever has it can read the
/// Welcome that uses it. Encodings are RFC 9420's for the cipher suite; the secrets are wiped when dropped.
public struct MLSKeyPackageSecrets: Sendable {
    /// The key package message.
    public let message: Data
    /// The private key of its `init_key`.
    public let initKey: Data
    /// The private key of its leaf's `encryption_key`.
    public let encryptionKey: Data
    /// The private key of its leaf's `signature_key`.
    public let signatureKey: Data

    init(_ core: MLSGenerated.KeyPackageSecrets) {
        message = core.message
        initKey = core.initKey
        encryptionKey = core.encryptionKey
        signatureKey = core.signatureKey
    }

    /// Of these parts.
    public init(message: Data, initKey: Data, encryptionKey: Data, signatureKey: Data) {
        self.message = message
        self.initKey = initKey
        self.encryptionKey = encryptionKey
        self.signatureKey = signatureKey
    }

    func lower() -> MLSGenerated.KeyPackageSecrets {
        .init(message: message, initKey: initKey, encryptionKey: encryptionKey, signatureKey: signatureKey)
    }
}

/// How to make key packages (RFC 9420 section 10).
public struct MLSKeyPackageOptions: Sendable {
    /// Default: the client's.
    public var cipherSuite: MLSCipherSuite?
    /// Whether it may be used more than once, when nothing else is left.
    public var lastResort: Bool
    /// Seconds. Default: the policy's.
    public var lifetime: TimeInterval?
    /// Extensions of the key package.
    public var extensions: [MLSExtension]
    /// Extensions of the leaf, of types that are among the client's capabilities: `.unsupported` else.
    public var leafExtensions: [MLSExtension]

    /// What is not given is the default.
    public init(
        cipherSuite: MLSCipherSuite? = nil,
        lastResort: Bool = false,
        lifetime: TimeInterval? = nil,
        extensions: [MLSExtension] = [],
        leafExtensions: [MLSExtension] = []
    ) {
        self.cipherSuite = cipherSuite
        self.lastResort = lastResort
        self.lifetime = lifetime
        self.extensions = extensions
        self.leafExtensions = leafExtensions
    }

    func lower() throws -> MLSGenerated.KeyPackageOptions {
        try .init(
            cipherSuite: cipherSuite?.rawValue,
            lastResort: lastResort,
            lifetime: lifetime.map { try seconds($0) },
            extensions: extensions.map { $0.lower() },
            leafExtensions: leafExtensions.map { $0.lower() })
    }
}

extension MLSKeyPackageInfo: Discreet {}
extension MLSKeyPackageSecrets: Discreet {}
extension MLSKeyPackageOptions: Discreet {}
