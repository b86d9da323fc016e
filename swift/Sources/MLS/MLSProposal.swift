import Foundation
internal import MLSGenerated

/// A proposal as a value (RFC 9420 section 12.1). The same list goes to ``MLSGroup/propose(_:aad:)`` and to
/// ``MLSGroup/commit(_:options:)``.
public struct MLSProposal: Sendable {
    /// What it becomes; a number that does not fit is noticed then.
    let lower: @Sendable () throws -> MLSGenerated.Proposal

    /// Add the device that published this key package message (RFC 9420 section 12.1.1).
    public static func add(_ keyPackage: Data) -> MLSProposal {
        MLSProposal { .add(keyPackage: keyPackage) }
    }

    /// Renew our own leaf (RFC 9420 section 12.1.2); in a commit it forces a path. Without `identity` only the
    /// encryption key is new; without `leafExtensions` they are kept.
    public static func update(identity: MLSNewIdentity? = nil, leafExtensions: [MLSExtension]? = nil) -> MLSProposal {
        MLSProposal {
            .update(identity: identity?.lower(), leafExtensions: leafExtensions.map { $0.map { $0.lower() } })
        }
    }

    /// Remove the member at this leaf (RFC 9420 section 12.1.3).
    public static func remove(_ leaf: UInt32) -> MLSProposal {
        MLSProposal { .remove(leaf: leaf) }
    }

    /// Mix in the external pre-shared key of this id, which all members have (RFC 9420 section 12.1.4).
    public static func externalPsk(_ id: Data) -> MLSProposal {
        MLSProposal { .externalPsk(id: id) }
    }

    /// Mix in the resumption secret of an epoch of this group (RFC 9420 section 12.1.4).
    public static func resumptionPsk(_ epoch: UInt64) -> MLSProposal {
        MLSProposal { .resumptionPsk(epoch: epoch) }
    }

    /// End the group and announce a successor (RFC 9420 section 12.1.5), with an id (`nil`: a random one), a cipher
    /// suite, and extensions of its context.
    public static func reInit(
        groupID: Data? = nil, cipherSuite: MLSCipherSuite = .x25519_AES128, extensions: [MLSExtension] = []
    ) -> MLSProposal {
        MLSProposal {
            .reInit(groupId: groupID, cipherSuite: cipherSuite.rawValue, extensions: extensions.map { $0.lower() })
        }
    }

    /// Replace the extensions of the group context by all of these (RFC 9420 section 12.1.7).
    public static func groupContextExtensions(_ extensions: [MLSExtension]) -> MLSProposal {
        MLSProposal { .groupContextExtensions(extensions: extensions.map { $0.lower() }) }
    }

    /// A proposal of the application's own type, an IANA or private-use number, which every member must be capable of.
    public static func custom(kind: UInt16, data: Data) -> MLSProposal {
        MLSProposal { .custom(kind: kind, data: data) }
    }
}

/// What a proposal would do, as somebody else made it.
public struct MLSProposalInfo: Sendable {
    /// The IANA number of its type (RFC 9420 section 17.4): 1 add, 2 update, 3 remove, 4 PSK, 5 reinit, 6 external
    /// init, 7 group context extensions.
    public let kind: UInt16
    /// Who made it.
    public let sender: MLSSender
    /// For a cached proposal: what a commit refers to it by (RFC 9420 section 5.2). Empty if it was made by value.
    public let reference: Data
    /// Add and update: the leaf's credential after it. Remove: the member's.
    public let subject: MLSSender?
    /// PSK: its id. ReInit: the successor's group id. Custom: its bytes. Else empty.
    public let data: Data
    /// The whole proposal, encoded as in RFC 9420 section 12.1.
    public let encoded: Data

    init(_ core: MLSGenerated.ProposalInfo) {
        kind = core.kind
        sender = MLSSender(core.sender)
        reference = core.reference
        subject = core.subject.map(MLSSender.init)
        data = core.data
        encoded = core.encoded
    }

    func lower() -> MLSGenerated.ProposalInfo {
        .init(
            kind: kind, sender: sender.lower(), reference: reference, subject: subject?.lower(), data: data,
            encoded: encoded)
    }
}

extension MLSProposalInfo: Discreet {}
extension MLSProposal: Discreet {}
