import Dispatch
import Foundation
import MLS
import Testing

/// A validator, a clock: a closure.
private struct Deciding: MLSValidator {
    let body: @Sendable (MLSValidationRequest) throws -> MLSVerdict

    func validate(_ request: MLSValidationRequest) throws -> MLSVerdict { try body(request) }
}

private struct Clock: MLSClock {
    let body: @Sendable () throws -> Date

    func now() throws -> Date { try body() }
}

private struct Broken: Error, CustomStringConvertible {
    let description: String
}

/// Waits for a task as no callback should.
private func wait<T: Sendable>(for call: @escaping @Sendable () async throws -> T) -> Result<T, any Error> {
    let done = DispatchSemaphore(value: 0)
    let result = Shared<Result<T, any Error>?>(nil)
    Task {
        do { result.value = .success(try await call()) } catch { result.value = .failure(error) }
        done.signal()
    }
    done.wait()
    return result.value!
}

struct CallbackTests {
    /// Alice, whose validator is this.
    private func alice(
        _ body: @escaping @Sendable (MLSValidationRequest) throws -> MLSVerdict
    ) async throws -> MLSClient {
        try await device("alice") { $0.trust = .validator(Deciding(body: body)) }
    }

    private func add(_ other: MLSClient, to group: MLSGroup) async throws -> MLSCommit {
        try await group.commit([.add(other.createKeyPackages(1)[0])])
    }

    @Test("a validator is told who it is, and its word counts")
    func verdicts() async throws {
        let seen = Shared<[MLSValidationRequest]>([])
        let verdict = Shared(MLSVerdict.accept)
        let alice = try await alice { request in
            seen.change { $0.append(request) }
            return verdict.value
        }
        let bob = try await device("bob")
        let group = try await alice.createGroup()
        seen.value = []
        _ = try await add(bob, to: group)
        #expect(seen.value.map(\.user) == ["bob"])
        #expect(seen.value.map(\.purpose) == [.add])
        #expect(abs(seen.value[0].time.timeIntervalSinceNow) < 60)
        verdict.value = .deny
        await expect(.credentialDenied) { _ = try await add(bob, to: group) }
        verdict.value = .later
        await expect(.credentialLater) { _ = try await add(bob, to: group) }
    }

    @Test("a validator that throws fails the call and changes nothing")
    func throwing() async throws {
        let broken = Shared(false)
        let alice = try await alice { _ in
            if broken.value { throw Broken(description: "the directory is down") }
            return .accept
        }
        let bob = try await device("bob")
        let group = try await alice.createGroup()
        broken.value = true
        let error = await expect(.callbackFailed) { _ = try await add(bob, to: group) }
        #expect(error?.detail.contains("the directory is down") == true)
        #expect(try await group.pendingCommits().isEmpty)
        broken.value = false
        try await add(bob, to: group).accept()
        #expect(try await group.memberCount() == 2)
    }

    @Test("a validator that waits for a call into its own group is told so, and nothing hangs", .timeLimit(.minutes(1)))
    func reentrant() async throws {
        let shared = Shared<MLSGroup?>(nil)
        let results = Shared<[Result<Data, any Error>]>([])
        let alice = try await alice { _ in
            if let group = shared.value {
                results.change { $0.append(wait { try await group.encrypt(Data([1])) }) }
            }
            return .accept
        }
        let group = try await alice.createGroup()
        shared.value = group
        _ = try await add(device("bob"), to: group)
        #expect(results.value.count == 1)
        for result in results.value { await expect(.reentrant) { _ = try result.get() } }
    }

    @Test("a validator may use another group")
    func otherGroup() async throws {
        let shared = Shared<MLSGroup?>(nil)
        let results = Shared<[Result<Data, any Error>]>([])
        let alice = try await alice { _ in
            if let other = shared.value {
                results.change { $0.append(wait { try await other.encrypt(Data([1])) }) }
            }
            return .accept
        }
        let group = try await alice.createGroup()
        shared.value = try await alice.createGroup()
        try await add(device("bob"), to: group).accept()
        #expect(try await group.memberCount() == 2)
        #expect(try results.value.allSatisfy { try !$0.get().isEmpty } && results.value.count == 1)
    }

    @Test("what a validator starts and does not wait for runs when it is over")
    func later() async throws {
        let shared = Shared<MLSClient?>(nil)
        let started = Shared<Task<[MLSEvent], any Error>?>(nil)
        let verdict = Shared(MLSVerdict.later)
        let alice = try await alice { request in
            guard request.purpose == .add, let client = shared.value, verdict.value == .later else { return .accept }
            verdict.value = .accept
            started.value = Task { try await client.retryHeld() }
            return .later
        }
        let bob = try await device("bob")
        let groups = try await groupOf(bob, alice)
        shared.value = alice
        let commit = try await add(device("carol"), to: groups[0])
        try await commit.accept()
        let events = try await alice.receive(commit.message)
        guard case .held(let held) = events[0].kind else { throw Unexpected() }
        #expect(held.reason == .validator)
        let retried = try await #require(started.value).value
        #expect(retried.contains { if case .committed = $0.kind { true } else { false } })
        #expect(try await groups[1].memberCount() == 3)
    }

    @Test("a clock that throws fails the call")
    func clock() async throws {
        let broken = Shared(false)
        let alice = try await device("alice") {
            $0.clock = Clock {
                if broken.value { throw Broken(description: "stopped") }
                return Date(timeIntervalSince1970: 1_800_000_000)
            }
        }
        broken.value = true
        let error = await expect(.callbackFailed) { _ = try await alice.createKeyPackages(1) }
        #expect(error?.detail.contains("stopped") == true)
    }

    @Test("a codec names devices in the application's own way")
    func codec() async throws {
        struct Codec: MLSCredentialCodec {
            func encode(_ device: MLSDevice) -> Data { Data("\(device.user)#\(device.device)".utf8) }

            func decode(_ bytes: Data) -> MLSDevice? {
                let parts = String(decoding: bytes, as: UTF8.self).split(separator: "#").map(String.init)
                return parts.count == 2 ? MLSDevice(user: parts[0], device: parts[1]) : nil
            }
        }
        let alice = try await device("alice") { $0.codec = Codec() }
        let group = try await groupOf(alice, device("bob") { $0.codec = Codec() })[0]
        #expect(try await group.members().map(\.user) == ["alice", "bob"])
        #expect(try await alice.credential() == .basic(identity: Data("alice#phone".utf8)))
    }

    @Test("a store in Swift keeps everything, and an older copy of it is noticed by the anchor")
    func storage() async throws {
        final class Anchor: MLSAnchor {
            let mark = Shared<UInt64?>(nil)

            func load() -> UInt64? { mark.value }

            func store(_ new: UInt64) {
                mark.change { mark in
                    #expect(new > mark ?? 0)
                    mark = new
                }
            }
        }
        let options = MLSOptions(
            device: MLSDevice(user: "alice", device: "phone"), trust: .insecureAcceptAny, anchor: Anchor())
        let key = Data(repeating: 3, count: 32)
        let storage = Rows()
        let alice = try await MLSClient.open(storage: storage, key: key, options: options)
        let bob = try await device("bob")
        let group = try await groupOf(alice, bob)[0]
        #expect(try await bob.read(group.say("one")) == "one")
        let copy = storage.copy()
        try await alice.close()

        let again = try await MLSClient.open(storage: storage, key: key, options: options)
        let same = try await again.group(id: group.id)
        for n in 0..<100 { #expect(try await bob.read(same.say("\(n)")) == "\(n)") }
        try await same.commit().accept()
        try await again.close()
        let old = try await MLSClient.open(storage: copy, key: key, options: options)
        await expect(.storeRolledBack) { _ = try await old.group(id: group.id).say("twice") }
    }

    @Test("what a store throws is the error of the call")
    func storageErrors() async throws {
        let storage = Rows()
        let alice = try await MLSClient.open(
            storage: storage, key: Data(count: 32),
            options: MLSOptions(device: MLSDevice(user: "alice", device: "phone"), trust: .insecureAcceptAny))
        let codes: [(MLSStorageError.Kind, MLSError.Code)] = [
            (.locked, .storeLocked), (.full, .storeFull), (.io, .storeIo), (.corrupt, .storeCorrupt),
            (.newer, .storeNewer), (.suspended, .suspended), (.forked, .forked), (.callback, .callbackFailed),
        ]
        for (kind, code) in codes {
            storage.failure = MLSStorageError(kind, detail: "no room")
            let error = await expect(code) { _ = try await alice.createGroup() }
            #expect(error?.detail == "no room")
        }
        storage.failure = Broken(description: "a bug")
        let error = await expect(.callbackFailed) { _ = try await alice.createGroup() }
        #expect(error?.detail.contains("a bug") == true)
        storage.failure = nil
        _ = try await alice.createGroup()
    }
}

/// A store in an array that is kept in order.
private final class Rows: MLSStorage, @unchecked Sendable {
    private let lock = NSLock()
    private var rows: [Data: Data] = [:]
    private var number: UInt64 = 1
    private var thrown: (any Error)?

    var failure: (any Error)? {
        get { lock.withLock { thrown } }
        set { lock.withLock { thrown = newValue } }
    }

    func copy() -> Rows {
        let copy = Rows()
        copy.rows = lock.withLock { rows }
        return copy
    }

    func version() -> UInt64 { lock.withLock { number } }

    func get(_ key: Data) -> Data? { lock.withLock { rows[key] } }

    func scan(_ range: MLSKeyRange, reverse: Bool, limit: Int) -> [MLSRow] {
        let keys = lock.withLock { rows.keys.filter { within($0, range.from, range.to) } }
            .sorted { $0.lexicographicallyPrecedes($1) }
        return (reverse ? keys.reversed() : keys).prefix(limit).map { MLSRow(key: $0, value: get($0)!) }
    }

    func commit(version: UInt64, writes: [MLSWrite]) throws -> UInt64? {
        try lock.withLock {
            if let thrown { throw thrown }
            guard version == number else { return nil }
            for write in writes {
                switch write {
                case .put(let key, let value): rows[key] = value
                case .delete(let key): rows[key] = nil
                case .deleteRange(let from, let to): rows = rows.filter { !within($0.key, from, to) }
                }
            }
            number += 1
            return number
        }
    }

    private func within(_ key: Data, _ from: Data, _ to: Data) -> Bool {
        !key.lexicographicallyPrecedes(from) && key.lexicographicallyPrecedes(to)
    }
}
