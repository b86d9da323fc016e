import Foundation
import Testing

import MLS

/// A device in memory that believes everybody.
func device(_ user: String, _ change: (inout MLSOptions) -> Void = { _ in }) async throws -> MLSClient {
    var options = MLSOptions(device: MLSDevice(user: user, device: "phone"), trust: .insecureAcceptAny)
    change(&options)
    return try await .openInMemory(options: options)
}

/// A group of these devices, as each of them has it.
func groupOf(_ first: MLSClient, _ others: MLSClient...) async throws -> [MLSGroup] {
    let group = try await first.createGroup()
    var proposals: [MLSProposal] = []
    for other in others { proposals.append(.add(try await other.createKeyPackages(1)[0])) }
    let commit = try await group.commit(proposals)
    try await commit.accept()
    let welcome = try await commit.welcomes()[0]
    var groups = [group]
    for other in others { groups.append(try await other.join(other.invitation(in: welcome))) }
    return groups
}

extension MLSClient {
    /// The invitation that a Welcome becomes.
    func invitation(in welcome: Data) async throws -> MLSInvitation {
        guard case .invited(let invitation) = try await receive(welcome).first?.kind else { throw Unexpected() }
        return invitation
    }

    /// The text of the one message that these bytes bring.
    func read(_ bytes: Data) async throws -> String {
        guard case .message(let message) = try await receive(bytes).first?.kind else { throw Unexpected() }
        return String(decoding: message.data, as: UTF8.self)
    }
}

extension MLSGroup {
    func say(_ text: String) async throws -> Data {
        try await encrypt(Data(text.utf8))
    }
}

struct Unexpected: Error {}

/// The call fails with this code.
@discardableResult
func expect(
    _ code: MLSError.Code, at place: SourceLocation = #_sourceLocation, _ call: () async throws -> Void
) async -> MLSError? {
    do {
        try await call()
        Issue.record("did not fail with \(code)", sourceLocation: place)
    } catch let error as MLSError {
        #expect(error.code == code, "\(error)", sourceLocation: place)
        return error
    } catch {
        Issue.record("not an MLSError: \(error)", sourceLocation: place)
    }
    return nil
}

/// A new directory, which is deleted with its owner.
final class Directory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// A value that closures of several threads share.
final class Shared<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var content: Value

    init(_ value: Value) {
        content = value
    }

    var value: Value {
        get { lock.withLock { content } }
        set { lock.withLock { content = newValue } }
    }

    func change(_ body: (inout Value) -> Void) {
        lock.withLock { body(&content) }
    }
}
