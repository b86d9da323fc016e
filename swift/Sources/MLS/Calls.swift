import Dispatch
import Foundation
internal import MLSGenerated

/// Runs a call that may wait for the disk or for another thread, off the cooperative pool, whose few threads must not
/// wait. `group` is the one that the call is on, if it is on one.
///
/// A task that is cancelled before the call begins changes nothing. Once begun, the call ends and its result is
/// returned: nothing can come between a change of the state and its result.
func blocking<T: Sendable>(
    on group: MLSGenerated.Group? = nil, _ call: @escaping @Sendable () throws -> T
) async throws -> T {
    try Task.checkCancellation()
    try await Callback.current?.ended(unlessAbout: group)
    // Not a throwing continuation: with Swift 6.0 each error that is thrown through one leaks.
    let result: Result<T, any Error> = await withCheckedContinuation { continuation in
        threads.async {
            continuation.resume(returning: Result { try calling(call) })
        }
    }
    return try result.get()
}

let threads = DispatchQueue(label: "MLS", qos: .userInitiated, attributes: .concurrent)

/// Calls the core; its errors become `MLSError`s.
func calling<T>(_ call: () throws -> T) throws(MLSError) -> T {
    do {
        return try call()
    } catch let error as MLSError {
        throw error
    } catch let error as MLSGenerated.MlsError {
        throw MLSError(error)
    } catch {
        // A panic: UniFFI's own error, which says where.
        throw MLSError(code: .panic, advice: .reload, message: "a bug in libmls", detail: String(describing: error))
    }
}

/// A call of the application's code by the core. The thread that runs it may hold the lock of a group, so a call that
/// comes from inside has to wait until it is over. Should the callback itself wait for that call, which Swift forbids
/// and cannot hinder, both would wait for ever: after a second the inner call is told that it is reentrant.
final class Callback: @unchecked Sendable {
    /// The callback that this task, or the one that started it, was made in.
    @TaskLocal static var current: Callback?

    private let lock = NSLock()
    private let group: Data?
    private var over = false

    /// `group` is the only one whose lock is held, if that is known.
    private init(group: Data?) {
        self.group = group
    }

    static func run<T>(about group: Data? = nil, _ call: () throws -> T) throws -> T {
        let callback = Callback(group: group)
        defer { callback.lock.withLock { callback.over = true } }
        return try $current.withValue(callback, operation: call)
    }

    fileprivate func ended(unlessAbout other: MLSGenerated.Group?) async throws {
        if let group, let other, other.id() != group { return }
        for _ in 0..<100 {
            if lock.withLock({ over }) { return }
            try await Task.sleep(nanoseconds: 10_000_000)
        }
        throw MLSError(
            code: .reentrant, advice: .fixCall,
            message: "a callback waits for a call into what is calling it", detail: "")
    }
}

/// Calls the application; whatever it throws becomes the error that the core declares.
func failing<T>(about group: Data? = nil, _ call: () throws -> T) throws -> T {
    do {
        return try Callback.run(about: group, call)
    } catch {
        throw MLSGenerated.CallbackError.Failed(reason: String(describing: error))
    }
}

/// As the core has it; `MLSError.Code.invalidArgument` for what does not fit.
func number<From: BinaryInteger & Sendable, To: FixedWidthInteger>(_ value: From) throws(MLSError) -> To {
    guard let number = To(exactly: value) else { throw .outOfRange(value) }
    return number
}

/// Whole seconds, as the core has them.
func seconds(_ value: TimeInterval) throws(MLSError) -> UInt64 {
    guard let seconds = UInt64(exactly: value.rounded(.down)) else { throw .outOfRange(value) }
    return seconds
}

extension Date {
    init(_ seconds: UInt64) {
        self.init(timeIntervalSince1970: TimeInterval(seconds))
    }
}

/// What says no more than its type when it is printed, dumped or logged: it holds, or may hold, a secret.
protocol Discreet: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Discreet {
    /// The type's name, and nothing of what is in it.
    public var description: String { "\(Self.self)(..)" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// Without children: `dump` shows nothing of what is in it.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
