import Foundation
import Testing

@testable import MLS

@Suite(.serialized) struct CancellationTests {
    @Test("a task that is cancelled before its call begins changes nothing")
    func before() async throws {
        let group = try await device("alice").createGroup()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await group.commit()
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await group.pendingCommits().isEmpty)
    }

    @Test("a call that waits for its thread is made, and its result comes back")
    func waiting() async throws {
        let group = try await device("alice").createGroup()
        threads.suspend()
        let begun = Shared(false)
        let task = Task {
            begun.value = true
            return try await group.commit()
        }
        while !begun.value { await Task.yield() }
        try await Task.sleep(nanoseconds: 50_000_000)  // it has nothing to wait for before the queue
        task.cancel()
        threads.resume()
        #expect(try await task.value.id == group.pendingCommits().map(\.id).first)
    }

    @Test("a call that is cancelled while it runs ends, and its result comes back")
    func running() async throws {
        struct Slow: MLSValidator {
            let cancelled = DispatchSemaphore(value: 0)
            let running = DispatchSemaphore(value: 0)

            func validate(_ request: MLSValidationRequest) -> MLSVerdict {
                if request.purpose == .add {
                    running.signal()
                    cancelled.wait()
                }
                return .accept
            }
        }
        let slow = Slow()
        let group = try await device("alice") { $0.trust = .validator(slow) }.createGroup()
        let keyPackage = try await device("bob").createKeyPackages(1)[0]
        let task = Task {
            let commit = try await group.commit([.add(keyPackage)])
            #expect(Task.isCancelled)
            return commit
        }
        while slow.running.wait(timeout: .now()) == .timedOut { try await Task.sleep(nanoseconds: 1_000_000) }
        task.cancel()
        slow.cancelled.signal()
        #expect(try await task.value.id == group.pendingCommits().map(\.id).first)
    }

    @Test("cancelling at any time loses no change and no result")
    func any() async throws {
        let group = try await groupOf(device("alice"), device("bob"))[0]
        var (changed, unchanged) = (0, 0)
        for round in 0..<300 {
            let task = Task { try await group.commit() }
            if round % 3 == 0 { await Task.yield() }
            if round % 2 == 0 { usleep(UInt32(round)) }
            task.cancel()
            let result = await task.result
            let pending = try await group.pendingCommits().map(\.id)
            switch result {
            case .success(let commit):
                changed += 1
                #expect(pending == [commit.id], "round \(round)")
                try await commit.reject()
            case .failure(let error):
                unchanged += 1
                #expect(error is CancellationError && pending.isEmpty, "round \(round): \(error)")
            }
            if round % 3 == 0 { try await group.commit().accept() }  // forgets the rejected ones
        }
        #expect(changed > 0 && unchanged > 0, "\(changed) were made, \(unchanged) were not")
    }

    @Test("a pull that is cancelled stops, and what it did not hand out comes again")
    func stream() async throws {
        let bob = try await device("bob")
        let group = try await groupOf(device("alice"), bob)[0]
        for try await event in bob.events() { try await bob.acknowledge(event) }
        var ids: [MLSEvent.ID] = []
        for n in 0..<6 { ids += try await bob.receive(group.say("\(n)")).map(\.id) }
        let task = Task {
            var seen: [MLSEvent.ID] = []
            do {
                for try await event in bob.events(page: 2) {
                    seen.append(event.id)
                    if seen.count == 2 { withUnsafeCurrentTask { $0?.cancel() } }
                }
                Issue.record("was not cancelled")
            } catch {
                #expect(error is CancellationError)
            }
            return seen
        }
        #expect(await task.value == ids.prefix(2).map { $0 })
        #expect(try await bob.inbox().map(\.id) == ids)
    }

    @Test("calls run on no thread of the cooperative pool: a hundred that wait do not keep others from going on")
    func pool() async throws {
        struct Blocking: MLSClock {
            let go = Shared(true)

            func now() -> Date {
                while !go.value { usleep(1_000) }
                return Date()
            }
        }
        let clock = Blocking()
        let clients = try await withThrowingTaskGroup(of: MLSClient.self) { tasks in
            for n in 0..<100 { tasks.addTask { try await device("\(n)") { $0.clock = clock } } }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        clock.go.value = false
        let blocked = clients.map { client in Task { try await client.createKeyPackages(1) } }
        try await Task.sleep(nanoseconds: 20_000_000)
        let free = Task { 1 }
        #expect(await free.value == 1)
        clock.go.value = true
        for task in blocked { _ = try await task.value }
    }
}
