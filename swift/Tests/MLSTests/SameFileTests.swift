import CMLS
import Foundation
import MLS
import Testing

@Test("C and Swift open one file in one process, and neither loses anything")
func sameFile() async throws {
    let directory = try Directory()
    let path = "\(directory.path)/alice.db"
    let key = Data(repeating: 9, count: 32)
    let alice = try await MLSClient.open(
        path: path, key: key,
        options: MLSOptions(device: MLSDevice(user: "alice", device: "phone"), trust: .insecureAcceptAny))
    let bob = try await device("bob")
    let group = try await groupOf(alice, bob)[0]

    let options = mls_options_new()
    defer { mls_options_free(options) }
    #expect(mls_options_set_insecure_accept_any(options, nil) == MLS_OK)
    var client: OpaquePointer?
    #expect(key.withUnsafeBytes { mls_client_open(path, $0.baseAddress, $0.count, options, &client, nil) } == MLS_OK)
    defer { mls_client_free(client) }
    var same: OpaquePointer?
    #expect(group.id.withUnsafeBytes { mls_client_group(client, $0.baseAddress, $0.count, &same, nil) } == MLS_OK)
    defer { mls_group_free(same) }

    var said: [(String, Data)] = []
    for n in 1...200 {
        if n % 2 == 0 {
            said.append(("Swift \(n)", try await group.say("Swift \(n)")))
        } else {
            var bytes = mls_bytes_t()
            #expect(mls_group_encrypt(same, Array("C \(n)".utf8), "C \(n)".utf8.count, nil, &bytes, nil) == MLS_OK)
            said.append(("C \(n)", Data(bytes: bytes.data, count: bytes.len)))
            mls_bytes_free(&bytes)
        }
    }
    for (text, message) in said { #expect(try await bob.read(message) == text) }
}
