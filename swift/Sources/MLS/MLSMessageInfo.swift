import Foundation
internal import MLSGenerated

/// What can be said without a client.
public enum MLSLibrary {
    /// The version of the library.
    public static var version: String { MLSGenerated.version() }

    /// The media type of an MLS message (RFC 9420 section 17.10).
    public static var mediaType: String { MLSGenerated.mediaType() }

    /// Reads a message from outside, for routing. Nothing is verified. `.invalidMessage` if it is not one, `.tooLarge`
    /// above 64 MiB.
    public static func inspect(_ message: Data) throws(MLSError) -> MLSMessageInfo {
        MLSMessageInfo(try calling { try MLSGenerated.inspect(message: message) })
    }
}

/// What can be seen of a message from outside.
public struct MLSMessageInfo: Sendable {
    /// What kind of message it is.
    public let wireFormat: MLSWireFormat
    /// Its group, where it names one: not for Welcome and KeyPackage.
    public let groupID: Data?
    /// Its epoch, where it names one.
    public let epoch: UInt64?
    /// Its cipher suite, where it names one: Welcome, GroupInfo, KeyPackage.
    public let cipherSuite: MLSCipherSuite?
    /// What it contains, for a framed message.
    public let content: MLSContentKind?
    /// Where its sender claims to stand, for a PublicMessage.
    public let senderKind: MLSSenderKind?
    /// The sender's claimed leaf, for a PublicMessage of a member.
    public let senderLeaf: UInt32?
    /// The references of the key packages that a Welcome is for, or of a KeyPackage itself.
    public let keyPackages: [Data]
    /// Authenticated data that anyone can read.
    public let aad: Data

    init(_ core: MLSGenerated.MessageInfo) {
        wireFormat = MLSWireFormat(core.wireFormat)
        groupID = core.groupId
        epoch = core.epoch
        cipherSuite = core.cipherSuite.map { MLSCipherSuite(rawValue: $0) }
        content = core.content.map(MLSContentKind.init)
        senderKind = core.senderKind.map { MLSSenderKind($0) }
        senderLeaf = core.senderLeaf
        keyPackages = core.keyPackages
        aad = core.aad
    }
}

/// What kind of message it is (RFC 9420 section 6): the IANA numbers.
public struct MLSWireFormat: MLSCode {
    /// A handshake message that the service can read.
    public static let publicMessage = Self(.publicMessage)
    /// An encrypted message.
    public static let privateMessage = Self(.privateMessage)
    /// For those who are being added.
    public static let welcome = Self(.welcome)
    /// For those who want to join.
    public static let groupInfo = Self(.groupInfo)
    /// For those who want to add its maker.
    public static let keyPackage = Self(.keyPackage)

    /// The number that C has for it.
    public let rawValue: Int32
    /// The name of the constant here.
    public let description: String

    init(_ core: MLSGenerated.WireFormat) {
        rawValue = core.rawValue
        description = "\(core)"
    }
}

/// What a framed message contains (RFC 9420 section 6): the numbers of its content types.
public struct MLSContentKind: MLSCode {
    /// An application message.
    public static let application = Self(.application)
    /// A proposal.
    public static let proposal = Self(.proposal)
    /// A commit.
    public static let commit = Self(.commit)

    /// The number that C has for it.
    public let rawValue: Int32
    /// The name of the constant here.
    public let description: String

    init(_ core: MLSGenerated.ContentKind) {
        rawValue = core.rawValue
        description = "\(core)"
    }
}

extension MLSMessageInfo: Discreet {}
