internal import MLSGenerated

/// A cipher suite by its IANA number (RFC 9420 section 17.1).
public struct MLSCipherSuite: RawRepresentable, Hashable, Sendable {
    /// The number.
    public let rawValue: UInt16

    /// The suite of this number, whether this build has it or not.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, the default and the one every implementation has.
    public static let x25519_AES128 = MLSCipherSuite(rawValue: 1)
    /// MLS_128_DHKEMP256_AES128GCM_SHA256_P256.
    public static let p256_AES128 = MLSCipherSuite(rawValue: 2)
    /// MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519.
    public static let x25519_ChaCha = MLSCipherSuite(rawValue: 3)
    /// MLS_256_DHKEMP521_AES256GCM_SHA512_P521.
    public static let p521_AES256 = MLSCipherSuite(rawValue: 5)
    /// MLS_256_DHKEMP384_AES256GCM_SHA384_P384.
    public static let p384_AES256 = MLSCipherSuite(rawValue: 7)

    /// Those that this build has. 4 and 6 (X448, Ed448) are not among them.
    public static var supported: [MLSCipherSuite] {
        MLSGenerated.supportedCipherSuites().map(MLSCipherSuite.init)
    }
}
