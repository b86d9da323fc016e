import Foundation
import MLS
import Testing

/// Five minutes of two devices, and a third: what README.md quotes.
struct StoryTests {
    private let key = Data(repeating: 7, count: 32)  // an application keeps its own in the keychain
    private let server = Server("alice", "bob", "carol")
    private let directory: Directory

    init() throws {
        directory = try Directory()
    }

    @Test("devices meet, talk, are killed, lose a race and part")
    func story() async throws {
        let bob = try await open("bob")
        let carol = try await open("carol")
        let before = try await open("alice")
        try await meet(before, bob)
        try await before.close()

        try killed(adding: try await carol.createKeyPackages(1)[0])
        let alice = try await open("alice")
        try await resume(alice, bob, carol)
        try await race(alice, bob)
        try await part(alice, bob, carol)
    }

    // quickstart
    private func open(_ user: String) async throws -> MLSClient {
        let options = MLSOptions(device: MLSDevice(user: user, device: "phone"), trust: .onFirstUse)
        return try await .open(path: "\(directory.path)/\(user).db", key: key, options: options)
    }
    // end of quickstart

    private func meet(_ alice: MLSClient, _ bob: MLSClient) async throws {
        // quickstart
        let bobKeyPackage = try await bob.createKeyPackages(1)[0]

        let group = try await alice.createGroup()
        let commit = try await group.commit([.add(bobKeyPackage)])
        switch try await server.submit(commit.message, from: "alice") {
        case .accepted:
            try await commit.accept()
            try await server.deliver(commit.welcomes(), to: "bob")
        case .refused:
            try await commit.reject()  // receive the winner, then commit again
        case .unknown:
            break  // the same bytes go out again
        }
        try await server.send(group.encrypt(Data("hello".utf8)), from: "alice")
        // end of quickstart

        #expect(try await fetch(bob, "bob") == ["alice: hello"])
    }

    /// Receives what waits at the server, and answers what there is to show.
    private func fetch(_ client: MLSClient, _ device: String) async throws -> [String] {
        var shown: [String] = []
        // quickstart
        for bytes in await server.fetch(device) {
            for event in try await client.receive(bytes) {
                switch event.kind {
                case .invited(let invitation):
                    _ = try await client.join(invitation)
                case .message(let message):
                    shown.append("\(message.sender.user ?? "?"): \(String(decoding: message.data, as: UTF8.self))")
                case .removed(let removed):
                    shown.append("removed by \(removed.sender.user ?? "?")")
                default:
                    break  // kinds only grow
                }
                try await client.acknowledge(event)
            }
        }
        // end of quickstart
        return shown
    }

    /// A process that commits and is killed before the server has said anything.
    private func killed(adding keyPackage: Data) throws {
        let process = Process()
        process.executableURL = products.appendingPathComponent("Killed")
        process.arguments = ["\(directory.path)/alice.db", key.base64EncodedString(), keyPackage.base64EncodedString()]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == 9)
    }

    private func resume(_ alice: MLSClient, _ bob: MLSClient, _ carol: MLSClient) async throws {
        let group = try await alice.group(id: alice.groups(limit: 1)[0])
        let pending = try await group.pendingCommits()
        #expect(pending.count == 1)
        #expect(try await server.submit(pending[0].message, from: "alice") == .accepted)
        try await pending[0].accept()
        try await server.deliver(pending[0].welcomes(), to: "carol")
        _ = try await fetch(bob, "bob")
        _ = try await fetch(carol, "carol")
        #expect(try await group.members().map(\.user) == ["alice", "bob", "carol"])
    }

    private func race(_ alice: MLSClient, _ bob: MLSClient) async throws {
        let group = try await alice.group(id: alice.groups(limit: 1)[0])
        let bobs = try await bob.group(id: group.id)
        let first = try await bobs.commit()
        let second = try await group.commit()
        #expect(try await server.submit(first.message, from: "bob") == .accepted)
        #expect(try await server.submit(second.message, from: "alice") == .refused)
        try await first.accept()
        try await second.reject()
        _ = try await fetch(alice, "alice")  // the winner
        #expect(try await second.status() == .superseded)
        #expect(try await bobs.epochAuthenticator() == group.epochAuthenticator())
    }

    private func part(_ alice: MLSClient, _ bob: MLSClient, _ carol: MLSClient) async throws {
        let group = try await alice.group(id: alice.groups(limit: 1)[0])
        let bobsLeaf = try #require(await group.members().first { $0.user == "bob" }).leaf
        let commit = try await group.commit([.remove(bobsLeaf)])
        #expect(try await server.submit(commit.message, from: "alice") == .accepted)
        try await commit.accept()
        try await server.send(group.encrypt(Data("only us".utf8)), from: "alice")
        #expect(try await fetch(bob, "bob").first == "removed by alice")
        #expect(try await fetch(carol, "carol") == ["alice: only us"])
        #expect(try await bob.group(id: group.id).status() == .closed)
    }

    /// Where the package's products are: beside the tests.
    private var products: URL {
        #if os(Linux)
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        #else
        Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }!.bundleURL.deletingLastPathComponent()
        #endif
    }
}
