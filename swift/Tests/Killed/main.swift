// Commits and is killed before the service has said anything: what StoryTests starts. PATH KEY KEYPACKAGE, in base64.
import Foundation
import MLS

let (path, key, keyPackage) = (
    CommandLine.arguments[1], Data(base64Encoded: CommandLine.arguments[2])!,
    Data(base64Encoded: CommandLine.arguments[3])!
)
let alice = try await MLSClient.open(path: path, key: key, options: MLSOptions(trust: .onFirstUse))
let group = try await alice.group(id: alice.groups(limit: 1)[0])
_ = try await group.commit([.add(keyPackage)])
kill(getpid(), SIGKILL)
