import Foundation

/// What answers at a Unix socket (examples/demo/wire.h): one request and one answer for each connection.
struct Mailbox {
    struct Answer {
        let word: String
        let body: Data
    }

    struct Failure: Error {
        let what: String
    }

    let path: String

    func ask(_ verb: String, _ name: String, _ body: Data = Data(), number: Int = 0) throws -> Answer {
        #if os(Linux)
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let socket = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { throw Failure(what: "there is no mailbox at \(path)") }
        let file = FileHandle(fileDescriptor: socket, closeOnDealloc: false)
        try file.write(contentsOf: Data("\(verb) \(name) \(number) \(body.count)\n".utf8) + body)
        let answer = try file.readToEnd() ?? Data()
        guard let end = answer.firstIndex(of: UInt8(ascii: "\n")) else { throw Failure(what: "no answer to \(verb)") }
        let line = String(decoding: answer[..<end], as: UTF8.self).split(separator: " ")
        return Answer(word: String(line[0]), body: answer[(end + 1)...])
    }

    func must(_ verb: String, _ name: String, _ body: Data = Data()) throws {
        let answer = try ask(verb, name, body)
        guard answer.word == "OK" else { throw Failure(what: "the mailbox does not \(verb): \(answer.word)") }
    }
}
