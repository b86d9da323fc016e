import Foundation
internal import MLSGenerated

/// A signature key pair that the application brings (RFC 9420 section 5.1.2 for the encodings).
public struct MLSSigningKey: Sendable {
    /// The private key: 64 bytes (seed and public key) or the 32-byte seed for Ed25519, the scalar for NIST curves.
    public let secret: Data
    /// The public key: 32 bytes for Ed25519, the uncompressed point for NIST curves.
    public let `public`: Data

    init(_ core: MLSGenerated.SigningKey) {
        secret = core.secret
        `public` = core.public
    }

    /// Of these parts.
    public init(secret: Data, public: Data) {
        self.secret = secret
        self.public = `public`
    }

    func lower() -> MLSGenerated.SigningKey {
        .init(secret: secret, public: self.public)
    }
}

/// A new credential and signature key of a member.
public struct MLSNewIdentity: Sendable {
    /// Default: unchanged.
    public var credential: MLSCredential?
    /// Default: one is generated.
    public var signingKey: MLSSigningKey?

    /// What is not given is the default.
    public init(credential: MLSCredential? = nil, signingKey: MLSSigningKey? = nil) {
        self.credential = credential
        self.signingKey = signingKey
    }

    func lower() -> MLSGenerated.NewIdentity {
        .init(credential: credential?.lower(), signingKey: signingKey?.lower())
    }
}

extension MLSSigningKey: Discreet {}
extension MLSNewIdentity: Discreet {}
