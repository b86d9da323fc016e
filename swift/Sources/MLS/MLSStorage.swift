import Foundation
internal import MLSGenerated

/// One ordered key space with compare-and-swap transactions: all that libmls needs of a database, for an application
/// that brings its own.
///
/// Keys are 1 to 255 bytes and compare bytewise, unsigned. Values are up to a few MB, arrive sealed, and mean nothing to
/// the implementation. Any method may be called from any thread; calls may overlap, and each must be atomic. An
/// implementation must not call back into the client that uses it.
///
/// A failure is an ``MLSStorageError`` of the kind that fits; whatever else is thrown is
/// ``MLSError/Code/callbackFailed``.
public protocol MLSStorage: Sendable {
    /// A number that moves whenever anyone commits: this object, another one, another process. It is compared for
    /// equality only, and may also move for no reason. Called before every operation, so it has to be cheap.
    func version() throws -> UInt64

    /// The value at `key`, or `nil`.
    func get(_ key: Data) throws -> Data?

    /// At most `limit` rows of `range` in ascending order of keys, or the last ones in descending order if `reverse`.
    func scan(_ range: MLSKeyRange, reverse: Bool, limit: Int) throws -> [MLSRow]

    /// Applies all writes in their order, atomically and durably, if nobody has committed since `version`, and answers
    /// the new version. Answers `nil`, and has written nothing, if somebody has. When it returns the rows must survive a
    /// power loss. If it throws, nothing has been written.
    func commit(version: UInt64, writes: [MLSWrite]) throws -> UInt64?

    /// Makes deleted and replaced rows unrecoverable from the files, as far as it can. Does nothing unless implemented.
    func checkpoint() throws

    /// Finishes what is under way and gives back every file lock, until it is resumed; other calls throw
    /// ``MLSStorageError/Kind/suspended`` meanwhile. Does nothing unless implemented.
    func suspend() throws

    /// Ends the suspension and moves the version. Does nothing unless implemented.
    func resume() throws
}

extension MLSStorage {
    /// Does nothing.
    public func checkpoint() throws {}

    /// Does nothing.
    public func suspend() throws {}

    /// Does nothing.
    public func resume() throws {}
}

/// Why an ``MLSStorage`` could not do what it was asked.
public struct MLSStorageError: Error, Sendable {
    /// What it is. It decides the ``MLSError/Code`` that the application gets.
    public let kind: Kind
    /// The database's own word for it, without keys or values.
    public let detail: String

    /// A failure of this kind.
    public init(_ kind: Kind, detail: String = "") {
        self.kind = kind
        self.detail = detail
    }

    /// The kinds of failure.
    public enum Kind: Sendable {
        /// The files cannot be read yet: the device is locked, or another process holds them.
        case locked
        /// No space is left.
        case full
        /// Reading or writing failed.
        case io
        /// The content is damaged, or is no libmls store.
        case corrupt
        /// A newer libmls wrote it.
        case newer
        /// The store was suspended.
        case suspended
        /// The process forked after the storage was opened.
        case forked
        /// Whatever has no kind here.
        case callback
    }

    fileprivate func lower() -> MLSGenerated.StorageError {
        switch kind {
        case .locked: .Locked(detail: detail)
        case .full: .Full(detail: detail)
        case .io: .Io(detail: detail)
        case .corrupt: .Corrupt(detail: detail)
        case .newer: .Newer(detail: detail)
        case .suspended: .Suspended(detail: detail)
        case .forked: .Forked(detail: detail)
        case .callback: .Callback(detail: detail)
        }
    }
}

/// The rows whose keys are at least ``from`` and below ``to``, compared as bytes. Empty if `to <= from`.
public struct MLSKeyRange: Sendable {
    /// The first key that belongs to the range.
    public let from: Data
    /// The first key after the range.
    public let to: Data
}

/// One row of an ``MLSStorage``.
public struct MLSRow: Sendable {
    /// The key, in the clear.
    public let key: Data
    /// The value, sealed.
    public let value: Data

    /// A row of these.
    public init(key: Data, value: Data) {
        self.key = key
        self.value = value
    }
}

/// One change of a transaction.
public enum MLSWrite: Sendable {
    /// Inserts the row, or replaces its value.
    case put(key: Data, value: Data)
    /// Deletes the row if there is one.
    case delete(key: Data)
    /// Deletes every row whose key is at least `from` and below `to`.
    case deleteRange(from: Data, to: Data)

    fileprivate init(_ core: MLSGenerated.Write) {
        self =
            switch core {
            case .put(let key, let value): .put(key: key, value: value)
            case .delete(let key): .delete(key: key)
            case .deleteRange(let from, let to): .deleteRange(from: from, to: to)
            }
    }
}

extension MLSKeyRange: Discreet {}
extension MLSRow: Discreet {}
extension MLSWrite: Discreet {}

final class CoreStorage: MLSGenerated.Storage {
    private let storage: any MLSStorage

    init(_ storage: any MLSStorage) {
        self.storage = storage
    }

    func version() throws -> UInt64 {
        try stored { try storage.version() }
    }

    func get(key: Data) throws -> Data? {
        try stored { try storage.get(key) }
    }

    func scan(range: MLSGenerated.KeyRange, reverse: Bool, limit: UInt32) throws -> [MLSGenerated.Row] {
        try stored {
            let rows = try storage.scan(MLSKeyRange(from: range.from, to: range.to), reverse: reverse, limit: Int(limit))
            return rows.map { MLSGenerated.Row(key: $0.key, value: $0.value) }
        }
    }

    func commit(version: UInt64, writes: [MLSGenerated.Write]) throws -> UInt64? {
        try stored { try storage.commit(version: version, writes: writes.map(MLSWrite.init)) }
    }

    func checkpoint() throws {
        try stored { try storage.checkpoint() }
    }

    func suspend() throws {
        try stored { try storage.suspend() }
    }

    func resume() throws {
        try stored { try storage.resume() }
    }
}

private func stored<T>(_ call: () throws -> T) throws -> T {
    do {
        return try Callback.run(call)
    } catch let error as MLSStorageError {
        throw error.lower()
    } catch {
        throw MLSGenerated.StorageError.Callback(detail: String(describing: error))
    }
}
