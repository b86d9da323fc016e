import Foundation
internal import MLSGenerated

/// A group that this device is in, was in, or is joining. Two values of one group are one group. It needs no closing; it
/// ends with its client. Usable from any task or thread: calls on one group follow one another, other groups are
/// independent.
public struct MLSGroup: Identifiable, Sendable {
    private let core: MLSGenerated.Group

    init(_ core: MLSGenerated.Group) {
        self.core = core
    }

    /// The group's id.
    public var id: Data { core.id() }

    // MARK: Committing

    /// Commits these proposals by value, and by reference those that are cached (RFC 9420 section 12.4). The commit is
    /// stored before it is returned; send its message, and tell it what the service says. Until it is accepted the
    /// group stays in the old epoch. An empty list renews this device's keys.
    ///
    /// Cached proposals that would make peers refuse the commit are left out: a second Update of one sender, an Update
    /// of somebody who is removed, an Add of somebody who is added by value, a resumption secret that this device or a
    /// joiner does not have, everything beside a ReInit by value.
    ///
    /// Errors: `.tooManyCommits` with four pending in this epoch, `.invalidProposal`, `.invalidKeyPackage`,
    /// `.keyPackageExpired`, `.duplicateMember`, `.memberNotFound`, `.pskNotFound`, `.credentialDenied`,
    /// `.credentialLater`, `.invalidSigningKey`, `.invalidCredential`, and those of ``encrypt(_:options:)`` but
    /// `.commitRequired`.
    public func commit(
        _ proposals: [MLSProposal] = [], options: MLSCommitOptions = .init()
    ) async throws -> MLSCommit {
        try await blocking(on: core) { [core] in
            try MLSCommit(core.commit(proposals: proposals.map { try $0.lower() }, options: options.lower()))
        }
    }

    /// Commits proposals of a superseded commit again: those of ``MLSEvent/Superseded/stillValid``. Nonces are made
    /// anew. A Remove is for who was meant, not for whoever has come to that leaf since: `.memberNotFound` then. Errors
    /// as for ``commit(_:options:)``, and `.invalidMessage`.
    public func commitAgain(
        _ proposals: [MLSProposalInfo], options: MLSCommitOptions = .init()
    ) async throws -> MLSCommit {
        try await blocking(on: core) { [core] in
            try MLSCommit(core.commitAgain(proposals: proposals.map { $0.lower() }, options: options.lower()))
        }
    }

    /// The commits that the service has not answered, after a restart too.
    public func pendingCommits() async throws -> [MLSCommit] {
        try await blocking(on: core) { [core] in try core.pendingCommits().map(MLSCommit.init) }
    }

    /// A commit of this device's by its id, as committed and superseded name it: while it is pending or remembered as
    /// rejected, and, once accepted, until its committed event is acknowledged. So a restart between acceptance and the
    /// delivery of the Welcomes loses nothing. `.commitNotFound` else.
    public func findCommit(_ id: MLSCommit.ID) async throws -> MLSCommit {
        try await blocking(on: core) { [core] in try MLSCommit(core.findCommit(id: id)) }
    }

    // MARK: Proposing

    /// Makes proposals for others, or this device, to commit by reference: all of them, or none if one is not valid.
    /// The messages go to every member, and until a commit the group cannot encrypt. `aad` is authenticated, not
    /// encrypted.
    ///
    /// Errors: `.invalidProposal`, `.invalidKeyPackage`, `.keyPackageExpired`, `.duplicateMember`, `.memberNotFound`,
    /// `.pskNotFound`, `.credentialDenied`, `.credentialLater`, and those of ``encrypt(_:options:)``.
    public func propose(_ proposals: [MLSProposal], aad: Data = Data()) async throws -> [Data] {
        try await blocking(on: core) { [core] in
            try core.propose(proposals: proposals.map { try $0.lower() }, aad: aad)
        }
    }

    /// Proposes to remove this device from the group: somebody else commits it. The same as proposing
    /// ``MLSProposal/remove(_:)`` of ``ownLeaf()``, which every implementation understands.
    public func leave(aad: Data = Data()) async throws -> Data {
        try await blocking(on: core) { [core] in try core.leave(aad: aad) }
    }

    /// The proposals that wait to be committed.
    public func proposals() async throws -> [MLSProposalInfo] {
        try await blocking(on: core) { [core] in try core.proposals().map(MLSProposalInfo.init) }
    }

    /// Forgets one proposal that this device made and nobody has committed. Peers still have it: tell them by other
    /// means, or they may commit it, and then it happens all the same. `.proposalNotFound` if none of ours has this
    /// reference.
    public func withdraw(_ reference: Data) async throws {
        try await blocking(on: core) { [core] in try core.withdraw(reference: reference) }
    }

    /// Forgets every cached proposal: the group can encrypt again. A commit of somebody who has not forgotten them is
    /// understood all the same.
    public func clearProposals() async throws {
        try await blocking(on: core) { [core] in try core.clearProposals() }
    }

    // MARK: What the group is

    /// Where the group stands.
    public func status() async throws -> MLSGroupStatus {
        try await blocking(on: core) { [core] in MLSGroupStatus(try core.status()) }
    }

    /// The epoch that this device is in (RFC 9420 section 8).
    public func epoch() async throws -> UInt64 {
        try await blocking(on: core) { [core] in try core.epoch() }
    }

    /// The group's cipher suite.
    public func cipherSuite() async throws -> MLSCipherSuite {
        try await blocking(on: core) { [core] in MLSCipherSuite(rawValue: try core.cipherSuite()) }
    }

    /// This device's leaf.
    public func ownLeaf() async throws -> UInt32 {
        try await blocking(on: core) { [core] in try core.ownLeaf() }
    }

    /// All members, in the order of their leaves.
    public func members() async throws -> [MLSMember] {
        try await blocking(on: core) { [core] in try core.members().map(MLSMember.init) }
    }

    /// The member at a leaf. `.memberNotFound` if it is blank or there is none.
    public func member(_ leaf: UInt32) async throws -> MLSMember {
        try await blocking(on: core) { [core] in MLSMember(try core.member(leaf: leaf)) }
    }

    /// How many members there are.
    public func memberCount() async throws -> Int {
        try await blocking(on: core) { [core] in Int(try core.memberCount()) }
    }

    /// The extensions of the group context.
    public func extensions() async throws -> [MLSExtension] {
        try await blocking(on: core) { [core] in try core.extensions().map(MLSExtension.init) }
    }

    /// The hash of the ratchet tree (RFC 9420 section 7.8).
    public func treeHash() async throws -> Data {
        try await blocking(on: core) { [core] in try core.treeHash() }
    }

    /// The epoch's authenticator: equal for members in the same state, to be compared out of band (RFC 9420 section
    /// 8.7).
    public func epochAuthenticator() async throws -> Data {
        try await blocking(on: core) { [core] in try core.epochAuthenticator() }
    }

    /// A secret for another protocol, the same for every member in this epoch (RFC 9420 section 8.5).
    ///
    /// - Parameters:
    ///   - label: What it is for.
    ///   - context: What it is bound to beside the epoch.
    ///   - length: In bytes, 1 to 255 times the hash's size: `.invalidArgument` else.
    public func exportSecret(label: String, context: Data, length: Int) async throws -> Data {
        try await blocking(on: core) { [core] in
            try core.exportSecret(label: label, context: context, len: number(length))
        }
    }

    /// A GroupInfo of this epoch (RFC 9420 section 12.4.3): with `allowJoin` it lets its holder join by an external
    /// commit, with `withTree` it carries the ratchet tree.
    public func groupInfo(allowJoin: Bool, withTree: Bool) async throws -> Data {
        try await blocking(on: core) { [core] in try core.groupInfo(allowJoin: allowJoin, withTree: withTree) }
    }

    /// The ratchet tree, for joiners whose Welcome or GroupInfo does not carry it (RFC 9420 section 12.4.3.3).
    public func ratchetTree() async throws -> Data {
        try await blocking(on: core) { [core] in try core.ratchetTree() }
    }

    // MARK: Sending

    /// Encrypts for the members of this epoch (RFC 9420 section 6.3). Its key is never used again, whatever dies when.
    ///
    /// Errors: `.commitRequired` while proposals wait to be committed (section 12.4), `.groupClosed`, `.groupJoining`,
    /// `.storeRolledBack`, `.notAllowed`, `.stale`. Nothing is lost or changed then.
    public func encrypt(_ data: Data, options: MLSEncryptOptions = .init()) async throws -> Data {
        try await blocking(on: core) { [core] in try core.encrypt(data: data, options: options.lower()) }
    }

    // MARK: Successors

    /// Makes a new group of some members of this one, bound to this epoch: a key package for each of them but this
    /// device. They have to join while they are in the same epoch. The returned commit is accepted already: its group
    /// is the new group, its welcomes are for the members.
    ///
    /// Errors: `.groupExists`, `.invalidKeyPackage`, `.keyPackageExpired`, `.noSuccessor` if somebody is not a member of
    /// this group, `.invalidArgument` for options that it cannot have, `.invalidProposal` for extensions that a member
    /// does not have, and those of ``encrypt(_:options:)`` but `.commitRequired`.
    ///
    /// - Parameters:
    ///   - keyPackages: One for each member of the new group but this device.
    ///   - groupID: Of the new group; `nil` for 16 random bytes.
    ///   - extensions: Of the new group's context; `nil` for those of this group.
    ///   - options: A path, the tree and the Welcomes can be chosen.
    public func branch(
        _ keyPackages: [Data], groupID: Data? = nil, extensions: [MLSExtension]? = nil,
        options: MLSCommitOptions = .init()
    ) async throws -> MLSCommit {
        try await blocking(on: core) { [core] in
            try MLSCommit(
                core.branch(
                    groupId: groupID, keyPackages: keyPackages, extensions: extensions.map { $0.map { $0.lower() } },
                    options: options.lower()))
        }
    }

    /// Makes the successor that a ReInit announced, with a key package for every other member. The returned commit is
    /// accepted already, and the options are those, as for ``branch(_:groupID:extensions:options:)``.
    ///
    /// Errors: `.noSuccessor` if none is announced or the members are not the same, `.groupExists`,
    /// `.invalidKeyPackage`, `.keyPackageExpired`, `.invalidArgument` for options that it cannot have.
    public func createSuccessor(
        _ keyPackages: [Data], options: MLSCommitOptions = .init()
    ) async throws -> MLSCommit {
        try await blocking(on: core) { [core] in
            try MLSCommit(core.createSuccessor(keyPackages: keyPackages, options: options.lower()))
        }
    }
}

/// Where a group stands on this device.
public struct MLSGroupStatus: MLSCode {
    /// A member; everything works.
    public static let active = Self(.active)
    /// An external commit of ours is not accepted yet.
    public static let joining = Self(.joining)
    /// This device was removed.
    public static let closed = Self(.closed)
    /// The group ended in favour of a successor.
    public static let replaced = Self(.replaced)
    /// This device's state has parted from the group's.
    public static let rejoinNeeded = Self(.rejoinNeeded)

    /// The number that C has for it.
    public let rawValue: Int32
    /// The name of the constant here.
    public let description: String

    init(_ core: MLSGenerated.GroupStatus) {
        rawValue = core.rawValue
        description = "\(core)"
    }
}

extension MLSGroup: Discreet {}
