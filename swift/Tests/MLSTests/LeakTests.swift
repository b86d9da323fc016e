import Foundation
import MLS
import Testing

#if os(Linux)
@Suite(.serialized) struct LeakTests {
    @Test("a hundred thousand objects of each kind go as they came")
    func objects() async throws {
        let alice = try await device("alice")
        let group = try await groupOf(alice, device("bob"))[0]
        let commit = try await group.commit()
        /// Errors and groups that are made on the spot, and a tenth as many that come from another thread.
        func work(_ times: Int) async throws {
            for round in 0..<times {
                guard commit.group.id == group.id else { throw Unexpected() }
                do throws(MLSError) { _ = try MLSLibrary.inspect(Data([1, 2, 3])) } catch {}
                guard round % 10 == 0 else { continue }
                let same = try await alice.group(id: group.id)
                do {
                    _ = try await same.findCommit(1_000_000)
                    throw Unexpected()
                } catch let error as MLSError where error.code == .commitNotFound {}
            }
        }
        try await work(10_000)
        let before = try resident()
        try await work(100_000)
        // Not even the eight bytes that UniFFI brings an error object in are left.
        let grown = try resident() - before
        #expect(grown < 1_000, "\(grown) KB more")
    }

    @Test("what was opened and forgotten is not kept open")
    func clients() async throws {
        func work(_ times: Int) async throws {
            for _ in 0..<times { _ = try await device("alice").createGroup() }
        }
        try await work(50)
        let before = try resident()
        try await work(1_000)
        let grown = try resident() - before
        #expect(grown < 20_000, "\(grown) KB more")
    }

    /// KB of this process's own memory.
    private func resident() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
        return try #require(Int(line.filter(\.isNumber)))
    }
}
#endif
