// A device in Swift, as the devices of examples/demo in C and C++ are: it does what it reads on its standard input, and
// answers with a line that begins with "=". What they do beyond it is to be killed and to go on.
//
//     Device NAME DIRECTORY SOCKET

import Foundation
import MLS

#if canImport(Glibc)
    import Glibc
    private let stream = Int32(SOCK_STREAM.rawValue)
#else
    import Darwin
    private let stream = SOCK_STREAM
#endif

struct Failure: Error, CustomStringConvertible {
    let description: String
}

/// The mailbox (examples/demo/wire.h): one request and one answer for each connection.
struct Mailbox {
    let path: String

    func ask(_ verb: String, _ name: String, _ body: Data = Data(), number: Int = 0) throws -> (word: String, body: Data) {
        let socket = Glue.connect(path)
        guard socket >= 0 else { throw Failure(description: "no mailbox at \(path)") }
        defer { close(socket) }
        try Glue.write(socket, Data("\(verb) \(name) \(number) \(body.count)\n".utf8) + body)
        let answer = Glue.read(socket)
        guard let end = answer.firstIndex(of: UInt8(ascii: "\n")) else { throw Failure(description: "no answer to \(verb)") }
        let line = String(decoding: answer[..<end], as: UTF8.self).split(separator: " ")
        return (String(line[0]), Data(answer[(end + 1)...]))
    }

    func must(_ verb: String, _ name: String, _ body: Data = Data()) throws {
        let word = try ask(verb, name, body).word
        guard word == "OK" else { throw Failure(description: "the mailbox does not \(verb): \(word)") }
    }
}

/// A socket, as Foundation does not have one.
enum Glue {
    static func connect(_ path: String) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return -1 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, stream, 0)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Foundation.connect(descriptor, $0, size) }
        }
        return connected == 0 ? descriptor : -1
    }

    static func write(_ descriptor: Int32, _ data: Data) throws {
        var rest = [UInt8](data)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else { throw Failure(description: "the mailbox hangs up") }
            rest = rest.dropFirst(written)
        }
    }

    /// Everything until the other side closes.
    static func read(_ descriptor: Int32) -> Data {
        var all = Data()
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return all }
            all.append(contentsOf: buffer[..<count])
        }
    }
}

@MainActor
final class Application {
    private let name: String
    private let client: MLSClient
    private let mailbox: Mailbox
    private var group: MLSGroup?
    private var pulled = 0
    private var shown = 0

    init(name: String, client: MLSClient, mailbox: Mailbox) {
        (self.name, self.client, self.mailbox) = (name, client, mailbox)
    }

    /// Answers with what there is to say.
    func obey(_ line: String) async throws -> String {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = words.count > 1 ? words[1] : ""
        switch words[0] {
        case "publish":
            for keyPackage in try await client.createKeyPackages(2) { try mailbox.must("PUBLISH", name, keyPackage) }
            return "published"
        case "create":
            group = try await client.createGroup()
            return "created"
        case "invite":
            return try await commit(try rest.split(separator: " ").map { .add(try mailbox.ask("FETCH", String($0)).body) })
        case "update":
            return try await commit([.update()])
        case "remove":
            let leaf = try await mine().members().first { $0.user == rest }?.leaf
            guard let leaf else { throw Failure(description: "nobody is \(rest)") }
            return try await commit([.remove(leaf)])
        case "submit":
            return try await submit()
        case "say":
            try mailbox.must("SEND", name, try await mine().encrypt(Data("text\n\(rest)".utf8)))
            return "said"
        case "sync":
            return try await sync()
        case "authenticator":
            let authenticator = try await mine().epochAuthenticator()
            return "\(try await mine().epoch()) " + authenticator.map { String(format: "%02x", $0) }.joined()
        default:
            return "what?"
        }
    }

    private func mine() throws -> MLSGroup {
        guard let group else { throw Failure(description: "\(name) is in no group") }
        return group
    }

    private func commit(_ proposals: [MLSProposal]) async throws -> String {
        _ = try await mine().commit(proposals)
        return "pending"
    }

    private func submit() async throws -> String {
        let commit = try await mine().pendingCommits()[0]
        guard try mailbox.ask("SUBMIT", name, commit.message).word == "ACCEPTED" else { return "refused" }
        try await commit.accept()
        for event in try await client.inbox() { try await take(event) }
        return "accepted"
    }

    private func sync() async throws -> String {
        shown = 0
        while true {
            let answer = try mailbox.ask("PULL", name, number: pulled)
            guard answer.word == "OK" else { break }
            for event in try await client.receive(answer.body) { try await take(event) }
            pulled += 1
        }
        for event in try await client.inbox() { try await take(event) }  // what a join has released
        return "shown \(shown)"
    }

    private func take(_ event: MLSEvent) async throws {
        switch event.kind {
        case .message(let message):
            let text = String(decoding: message.data, as: UTF8.self).split(separator: "\n", maxSplits: 1)
            say("  \(message.sender.user ?? "?") says: \(text.last ?? "")")
            shown += 1
        case .invited(let invitation):
            group = try await client.join(invitation)
        case .committed(let committed):
            guard let id = committed.commit, !committed.added.isEmpty else { break }
            let welcome = try await mine().findCommit(id).welcomes()[0]
            for added in committed.added { try mailbox.must("WELCOME", added.user ?? "", welcome) }
        case .removed(let removed):
            say("  was removed by \(removed.sender.user ?? "?")")
        default:
            break  // kinds only grow
        }
        try await client.acknowledge(event)
    }
}

func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

let arguments = CommandLine.arguments
let key = Data(repeating: 7, count: 32)  // an application keeps its own in the keychain
let options = MLSOptions(device: MLSDevice(user: arguments[1], device: "demo"), trust: .onFirstUse)
let client = try await MLSClient.open(path: "\(arguments[2])/\(arguments[1]).db", key: key, options: options)
let mailbox = Mailbox(path: arguments[3])
try mailbox.must("HELLO", arguments[1])
say("= ready")
let application = Application(name: arguments[1], client: client, mailbox: mailbox)
while let line = readLine() { say("= " + (try await application.obey(line))) }
try await client.close()
