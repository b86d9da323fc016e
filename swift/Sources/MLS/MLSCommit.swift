import Foundation
internal import MLSGenerated

/// A commit of ours between being made and being ordered by the delivery service. It is durable before its bytes are
/// seen, so it can be sent again after a crash: ``MLSGroup/pendingCommits()`` gives it back.
///
/// The service accepted it: ``accept()``, then deliver ``welcomes()``. It refused it: ``reject()``, receive the winner,
/// commit again. It said nothing: send the same bytes again.
public struct MLSCommit: Identifiable, Sendable {
    private let core: MLSGenerated.Commit

    init(_ core: MLSGenerated.Commit) throws {
        self.core = core
        message = try core.message()
    }

    /// Never used again in this store.
    public var id: UInt64 { core.id() }

    /// The bytes for the members: the same ones every time.
    public let message: Data

    /// The group that it changes.
    public var group: MLSGroup { MLSGroup(core.group()) }

    /// Where it stands.
    public func status() async throws -> MLSCommitStatus {
        try await blocking(on: core.group()) { [core] in MLSCommitStatus(try core.status()) }
    }

    /// Everything at once, also before it is accepted. Only for services that take it all together: a Welcome that
    /// leaves the device otherwise, before its commit is accepted, forks the group.
    public func bundle() async throws -> MLSCommitBundle {
        try await blocking(on: core.group()) { [core] in MLSCommitBundle(try core.bundle()) }
    }

    /// The Welcomes for the joiners, as often as wanted until the committed event is acknowledged.
    /// `.commitNotAccepted` before it is accepted, `.superseded` if it never will be.
    public func welcomes() async throws -> [Data] {
        try await blocking(on: core.group()) { [core] in try core.welcomes() }
    }

    /// The service ordered it: moves the group to the new epoch, durably. Doing it again changes nothing. Messages that
    /// waited for the new epoch are processed then, and what they brought is in the inbox. `.superseded` if another's
    /// commit was received for this epoch.
    public func accept() async throws {
        try await blocking(on: core.group()) { [core] in try core.accept() }
    }

    /// The service turned it down: frees the slot. Doing it again changes nothing; its own echo still merges.
    public func reject() async throws {
        try await blocking(on: core.group()) { [core] in try core.reject() }
    }
}

/// All that a commit makes, for delivery services that take it in one.
public struct MLSCommitBundle: Sendable {
    /// For the members.
    public let message: Data
    /// For the joiners. A service that takes a bundle must not deliver them unless it accepts the commit.
    public let welcomes: [Data]
    /// For the service to publish, if asked for.
    public let groupInfo: Data?

    init(_ core: MLSGenerated.CommitBundle) {
        message = core.message
        welcomes = core.welcomes
        groupInfo = core.groupInfo
    }
}

/// Where a commit stands.
public struct MLSCommitStatus: MLSCode {
    /// Not answered yet.
    public static let pending = Self(.pending)
    /// Refused; remembered until the epoch ends, so that its own echo still merges.
    public static let rejected = Self(.rejected)
    /// The group's epoch came from it.
    public static let accepted = Self(.accepted)
    /// Another commit won the epoch, or it is not known any more.
    public static let superseded = Self(.superseded)

    /// The number that C has for it.
    public let rawValue: Int32
    /// The name of the constant here.
    public let description: String

    init(_ core: MLSGenerated.CommitStatus) {
        rawValue = core.rawValue
        description = "\(core)"
    }
}

extension MLSCommit: Discreet {}
extension MLSCommitBundle: Discreet {}
