import Foundation
import MLS
import Testing

struct ClientTests {
    @Test("whatever is used after the close says so")
    func closed() async throws {
        let alice = try await device("alice")
        let group = try await alice.createGroup()
        let commit = try await group.commit()
        try await alice.close()
        try await alice.close()
        await expect(.closed) { _ = try await alice.createGroup() }
        await expect(.closed) { _ = try await group.encrypt(Data([1])) }
        await expect(.closed) { try await commit.accept() }
        await expect(.closed) { _ = try await group.members() }
        await expect(.closed) { for try await _ in alice.events() {} }
        #expect(group.id.count == 16)  // what was known stays known
        #expect(!commit.message.isEmpty)
    }

    @Test("closing while other tasks are at work is an error for them and nothing else")
    func concurrentClose() async throws {
        let directory = try Directory()
        for round in 0..<20 {
            let alice = try await MLSClient.open(
                path: "\(directory.path)/\(round).db", key: Data(count: 32),
                options: MLSOptions(device: MLSDevice(user: "alice", device: "phone"), trust: .insecureAcceptAny))
            let group = try await alice.createGroup()
            let workers = (0..<4).map { _ in
                Task<any Error, Never> {
                    do {
                        while true { _ = try await group.encrypt(Data(count: 100)) }
                    } catch {
                        return error
                    }
                }
            }
            try await Task.sleep(nanoseconds: UInt64(5 + round) * 1_000_000)
            async let one: Void = alice.close()
            async let two: Void = alice.close()
            _ = try await (one, two)
            for worker in workers {
                let error = await worker.value
                #expect((error as? MLSError)?.code == .closed, "\(error)")
            }
        }
    }

    @Test("a client that nobody holds is closed: no file of it stays open")
    func forgotten() async throws {
        let path = "\(try Directory().path).db"
        defer { try? FileManager.default.removeItem(atPath: path) }
        for _ in 0..<200 {
            _ = try await MLSClient.open(
                path: path, key: Data(count: 32),
                options: MLSOptions(device: MLSDevice(user: "alice", device: "phone"), trust: .onFirstUse)
            ).createKeyPackages(1)
        }
        // The last of them ends with the task that used it, which may be a moment later.
        for _ in 0..<1_000 where openFiles(path) > 0 {
            try await Task.sleep(nanoseconds: 10_000_000)
        }
        #expect(openFiles(path) == 0)
    }

    /// How many descriptors this process has of a file.
    private func openFiles(_ path: String) -> Int {
        #if os(Linux)
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return descriptors.count {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
        }
        #else
        0
        #endif
    }

    @Test("an error has a code, its number, an advice and a sentence")
    func errors() async throws {
        let directory = try Directory()
        let path = "\(directory.path)/alice.db"
        let options = MLSOptions(device: MLSDevice(user: "alice", device: "phone"), trust: .onFirstUse)
        let alice = try await MLSClient.open(path: path, key: Data(repeating: 1, count: 32), options: options)
        try await alice.close()
        let error = await expect(.storeKeyWrong) {
            _ = try await MLSClient.open(path: path, key: Data(repeating: 2, count: 32), options: options)
        }
        #expect(error?.code.rawValue == 21)
        #expect(error?.code.description == "storeKeyWrong")
        #expect(error?.advice == .fixCall)
        #expect(error?.message.isEmpty == false)
        await expect(.invalidArgument) { _ = try await MLSClient.open(path: path, key: Data(count: 31), options: options) }
        await expect(.invalidArgument) { _ = try await MLSClient.openInMemory(options: MLSOptions(trust: .onFirstUse)) }
    }

    @Test("what is not acknowledged is streamed again, with the same ids")
    func inbox() async throws {
        let alice = try await device("alice")
        let bob = try await device("bob")
        let group = try await groupOf(alice, bob)[0]
        var ids: [MLSEvent.ID] = []
        for n in 0..<5 { ids += try await bob.receive(group.say("\(n)")).map(\.id) }
        var seen: [MLSEvent] = []
        for try await event in bob.events(page: 2) { seen.append(event) }
        #expect(seen.map(\.id).suffix(5) == ids[...])
        #expect(seen.allSatisfy { $0.deliveries > 0 })
        for try await event in bob.events() { try await bob.acknowledge(event) }
        for try await event in bob.events() { Issue.record("\(event.id) came again") }
    }

    @Test("a number that is not one is turned away")
    func numbers() async throws {
        let alice = try await device("alice")
        await expect(.invalidArgument) { _ = try await alice.createKeyPackages(-1) }
        await expect(.invalidArgument) { _ = try await alice.createKeyPackages(.max) }
        await expect(.invalidArgument) { _ = try await alice.inbox(limit: -1) }
        await expect(.invalidArgument) { _ = try await device("bob") { $0.limits.inboxEvents = -1 } }
        await expect(.invalidArgument) { _ = try await device("bob") { $0.policy.keyPackageLifetime = .nan } }
        await expect(.invalidArgument) {
            _ = try await alice.createKeyPackages(1, options: MLSKeyPackageOptions(lifetime: -1))
        }
        await expect(.unsupported) { _ = try await device("bob") { $0.cipherSuite = MLSCipherSuite(rawValue: 4) } }
    }

    @Test("a message is looked at without a client")
    func inspect() async throws {
        let alice = try await device("alice")
        let group = try await groupOf(alice, device("bob"))[0]
        let info = try MLSLibrary.inspect(try await group.say("x"))
        #expect(info.wireFormat == .privateMessage)
        #expect(info.content == .application)
        #expect(info.groupID == group.id)
        await expect(.invalidMessage) { _ = try MLSLibrary.inspect(Data([1, 2, 3])) }
        #expect(MLSLibrary.mediaType == "message/mls")
        #expect(MLSCipherSuite.supported.contains(.x25519_AES128))
        #expect(!MLSCipherSuite.supported.contains(MLSCipherSuite(rawValue: 4)))
    }

    @Test("names and credentials say who somebody is")
    func names() async throws {
        let alice = MLSDevice(user: "alice@example.org", device: "phone")
        guard case .basic(let identity) = try MLSCredential.basic(alice) else { throw Unexpected() }
        #expect(MLSDevice(identity: identity) == alice)
        #expect(MLSDevice(identity: Data("alice".utf8)) == nil)
        await expect(.invalidArgument) { _ = try MLSCredential.basic(MLSDevice(user: "", device: "phone")) }
    }

    @Test("a slice of Data is read where it begins")
    func slices() async throws {
        let alice = try await device("alice")
        let bob = try await device("bob")
        let group = try await groupOf(alice, bob)[0]
        let message = Data([9, 9, 9]) + (try await group.encrypt(Data("no hello".utf8)[3...]))
        #expect(try await bob.read(message[3...]) == "hello")
    }

    @Test("key packages live as long as they are told, from a time somewhat ago")
    func lifetimes() async throws {
        let alice = try await device("alice")
        _ = try await alice.createKeyPackages(1, options: MLSKeyPackageOptions(lifetime: 86_400))
        let info = try #require(await alice.keyPackages().first)
        #expect(abs(info.notBefore.timeIntervalSinceNow + 3_600) < 60)
        #expect(abs(info.notAfter.timeIntervalSinceNow - 86_400) < 60)
    }

    @Test("no text of anything carries a secret")
    func discreet() async throws {
        let secret = "correct horse battery staple"
        let key = Data(repeating: 0x5a, count: 32)
        let alice = try await device("alice")
        let bob = try await device("bob")
        let group = try await groupOf(alice, bob)[0]
        let event = try await bob.receive(group.say(secret))[0]
        guard case .message(let message) = event.kind else { throw Unexpected() }
        let signing = try await alice.exportSigningKey()
        _ = try await alice.createKeyPackages(1)
        let info = try await alice.keyPackages()[0]
        let exported = try await alice.exportKeyPackage(info.reference)
        let identity = MLSNewIdentity(signingKey: signing)
        let values: [Any] = [
            alice, group, event, event.kind, message, message.sender, signing, info, exported, identity,
            MLSOptions(trust: .onFirstUse, signingKey: signing), MLSCommitOptions(newIdentity: identity),
            try await group.commit(), try await group.members(), MLSProposal.externalPsk(key),
            MLSProposal.update(identity: identity), MLSRow(key: key, value: Data(secret.utf8)),
            MLSEncryptOptions(aad: Data(secret.utf8)), try await bob.inbox(),
        ]
        let secrets = [Data(secret.utf8), signing.secret, exported.initKey, exported.encryptionKey, key]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] {
                #expect(!text.contains(secret), "\(text)")
                for secret in secrets {
                    // As numbers in a list, as dump shows Data, and in hexadecimal.
                    let bytes = secret.prefix(3)
                    #expect(!text.contains(bytes.map { "\($0)" }.joined(separator: ", ")), "\(text)")
                    #expect(!text.contains(bytes.map { String(format: "%02x", $0) }.joined()), "\(text)")
                    #expect(!text.contains(bytes.map { "- \($0)" }.joined(separator: "\n")), "\(text)")
                }
            }
        }
    }
}
