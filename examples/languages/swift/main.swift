import Foundation
import MLS

/// A line that is seen at once, whatever standard output is.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

/// A device in Swift, as the devices of examples/demo in C and C++ are: it does what it reads on its standard input, and
/// answers with a line that begins with "=". What they do beyond it is to be killed and to go on.
actor Application {
    private let name: String
    private let client: MLSClient
    private let mailbox: Mailbox
    private var joined: MLSGroup?
    private var pulled = 0
    private var shown = 0

    init(name: String, client: MLSClient, mailbox: Mailbox) {
        self.name = name
        self.client = client
        self.mailbox = mailbox
    }

    /// Answers with what there is to say.
    func obey(_ line: String) async throws -> String {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = words.count > 1 ? words[1] : ""
        switch words.first {
        case "publish":
            for keyPackage in try await client.createKeyPackages(2) { try mailbox.must("PUBLISH", name, keyPackage) }
            return "published"
        case "create":
            joined = try await client.createGroup()
            return "created"
        case "invite":
            return try await commit(rest.split(separator: " ").map { .add(try mailbox.ask("FETCH", String($0)).body) })
        case "update":
            return try await commit([.update()])
        case "remove":
            guard let member = try await group.members().first(where: { $0.user == rest }) else { return "nobody" }
            return try await commit([.remove(member.leaf)])
        case "submit":
            return try await submit()
        case "say":
            try mailbox.must("SEND", name, try await group.encrypt(Data("text\n\(rest)".utf8)))
            return "said"
        case "sync":
            return try await sync()
        case "authenticator":
            let authenticator = try await group.epochAuthenticator().map { String(format: "%02x", $0) }.joined()
            return "\(try await group.epoch()) \(authenticator)"
        default:
            return "what?"
        }
    }

    private var group: MLSGroup {
        get throws {
            guard let joined else { throw Mailbox.Failure(what: "\(name) is in no group") }
            return joined
        }
    }

    private func commit(_ proposals: [MLSProposal]) async throws -> String {
        _ = try await group.commit(proposals)
        return "pending"
    }

    private func submit() async throws -> String {
        guard let commit = try await group.pendingCommits().first else { return "nothing" }
        guard try mailbox.ask("SUBMIT", name, commit.message).word == "ACCEPTED" else { return "refused" }
        try await commit.accept()
        for try await event in client.events() { try await take(event) }
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
        for try await event in client.events() { try await take(event) }  // what a join has released
        return "shown \(shown)"
    }

    private func take(_ event: MLSEvent) async throws {
        switch event.kind {
        case .message(let message):
            let text = String(decoding: message.data, as: UTF8.self).split(separator: "\n", maxSplits: 1).last ?? ""
            say("  \(message.sender.user ?? "?") says: \(text)")
            shown += 1
        case .invited(let invitation):
            joined = try await client.join(invitation)
        case .committed(let committed):
            guard let id = committed.commit, !committed.added.isEmpty else { break }
            let welcome = try await group.findCommit(id).welcomes()[0]
            for added in committed.added { try mailbox.must("WELCOME", added.user ?? "?", welcome) }
        case .removed(let removed):
            say("  was removed by \(removed.sender.user ?? "?")")
        default:
            break  // kinds only grow
        }
        try await client.acknowledge(event)
    }
}

let arguments = CommandLine.arguments.dropFirst()
let (name, directory, path) = (arguments[1], arguments[2], arguments[3])
let key = Data(repeating: 7, count: 32)  // an application keeps its own in the keychain
let options = MLSOptions(device: MLSDevice(user: name, device: "demo"), trust: .onFirstUse)
let client = try await MLSClient.open(path: "\(directory)/\(name).db", key: key, options: options)
let mailbox = Mailbox(path: path)
try mailbox.must("HELLO", name)
say("= ready")
let application = Application(name: name, client: client, mailbox: mailbox)
while let line = readLine() { say("= \(try await application.obey(line))") }
try await client.close()
