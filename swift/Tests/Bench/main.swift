// What a call costs in Swift: 1 KiB encrypted through C, through the generated code, and through MLSGroup with its hop to
// a thread that may wait. One binary, one run, the three interleaved, on clients in memory: medians, in microseconds.
// The generated call is meant to cost at most 3 us more than C's; this says so when it does not.
import CMLS
import Foundation
import MLS
import MLSGenerated

let rounds = 4_000
let message = Data(repeating: 7, count: 1_024)

func ok(_ status: mls_status_t) {
    precondition(status == MLS_OK)
}

/// A group of one, in C.
func cGroup() -> OpaquePointer? {
    let options = mls_options_new()
    defer { mls_options_free(options) }
    ok(mls_options_set_device(options, "alice", "phone", nil))
    ok(mls_options_set_insecure_accept_any(options, nil))
    var client: OpaquePointer?
    var group: OpaquePointer?
    ok(mls_client_open_in_memory(options, &client, nil))
    ok(mls_client_create_group(client, nil, &group, nil))
    return group
}

/// The same, as UniFFI has it.
func generatedGroup() throws -> MLSGenerated.Group {
    let options = MLSGenerated.Options(
        device: Device(user: "alice", device: "phone"), credential: nil, signingKey: nil, cipherSuite: nil,
        trust: .insecureAcceptAny, role: .full, policy: defaultPolicy(), limits: defaultLimits(),
        capabilities: Capabilities(extensions: [], proposals: [], credentials: []), codec: nil, clock: nil, anchor: nil)
    let groupOptions = GroupOptions(
        id: nil, cipherSuite: nil, extensions: [], requiredCapabilities: nil, externalSenders: [], leafExtensions: [])
    clients.append(try Client.openInMemory(options: options))
    return try clients[0].createGroup(options: groupOptions)
}

nonisolated(unsafe) var clients: [Client] = []
let (c, generated) = (cGroup(), try generatedGroup())
let client = try await MLSClient.openInMemory(
    options: MLSOptions(device: MLSDevice(user: "alice", device: "phone"), trust: .insecureAcceptAny))
let group = try await client.createGroup()

func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }
var times: [[UInt64]] = [[], [], []]
for round in -200..<rounds {
    let start = now()
    var bytes = mls_bytes_t()
    message.withUnsafeBytes { ok(mls_group_encrypt(c, $0.baseAddress, $0.count, nil, &bytes, nil)) }
    mls_bytes_free(&bytes)
    let afterC = now()
    _ = try generated.encrypt(data: message, options: EncryptOptions(aad: Data()))
    let afterGenerated = now()
    _ = try await group.encrypt(message)
    let end = now()
    guard round >= 0 else { continue }  // warms up
    times[0].append(afterC - start)
    times[1].append(afterGenerated - afterC)
    times[2].append(end - afterGenerated)
}

let medians = times.map { times in
    Double(times.sorted()[rounds / 2]) / 1e3
}
func line(_ name: String, _ value: Double, _ more: String = "") {
    print(name.padding(toLength: 34, withPad: " ", startingAt: 0), String(format: "%8.2f us", value), more)
}
let added = medians[1] - medians[0]
line("encrypt 1 KiB, C", medians[0])
line("encrypt 1 KiB, generated Swift", medians[1], String(format: "%+.2f, at most +3", added))
line("encrypt 1 KiB, MLSGroup, async", medians[2], String(format: "%+.2f for the hop", medians[2] - medians[1]))
if added > 3 { print("OVER: the generated call was to cost at most 3 us more than C's") }
