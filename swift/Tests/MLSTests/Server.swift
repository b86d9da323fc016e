import Foundation
import MLS

/// What a delivery service says to a commit.
enum Answer { case accepted, refused, unknown }

/// A delivery service in memory: one commit for each epoch of a group, and a mailbox for each device.
actor Server {
    private var boxes: [String: [Data]]
    private var taken: Set<String> = []

    init(_ devices: String...) {
        boxes = Dictionary(uniqueKeysWithValues: devices.map { ($0, []) })
    }

    func submit(_ commit: Data, from device: String) throws -> Answer {
        let info = try MLSLibrary.inspect(commit)
        guard taken.insert("\(info.groupID!.base64EncodedString()) \(info.epoch!)").inserted else { return .refused }
        send(commit, from: device)
        return .accepted
    }

    func send(_ message: Data, from device: String) {
        for other in boxes.keys where other != device { boxes[other]!.append(message) }
    }

    func deliver(_ welcomes: [Data], to device: String) {
        boxes[device]! += welcomes
    }

    func fetch(_ device: String) -> [Data] {
        defer { boxes[device] = [] }
        return boxes[device]!
    }
}
