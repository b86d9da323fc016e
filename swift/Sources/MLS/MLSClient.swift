import Foundation
internal import MLSGenerated

/// One device: one identity, one store. It makes key packages for others to fetch, creates and joins groups, and takes
/// in whatever the delivery service brings.
///
/// Usable from any task or thread. What touches the store is `async`, and never waits on a thread of the cooperative
/// pool. Every such call throws an ``MLSError``, or a `CancellationError` if its task was cancelled before it began:
/// nothing has changed then. A call that has begun is not cancelled.
///
/// Closing the client closes its groups; every call after that throws ``MLSError/Code/closed``. A client that nobody
/// holds any more is closed too.
public final class MLSClient: Sendable {
    private let core: MLSGenerated.Client

    private init(_ core: MLSGenerated.Client) {
        self.core = core
    }

    // MARK: Opening and closing

    /// Opens the SQLite store at `path`, making it if it is not there.
    ///
    /// Errors: `.invalidArgument` (key length, options), `.storeKeyWrong`, `.storeCorrupt`, `.storeNewer`,
    /// `.storeLocked`, `.storeIo`, `.storeIdentity` if the store is another device's, `.invalidSigningKey`,
    /// `.unsupported` (cipher suite).
    ///
    /// - Parameters:
    ///   - path: Of the database file. SQLite keeps two more beside it while it is open.
    ///   - key: 32 bytes that the application keeps in the keychain. The copy that the library makes is wiped.
    ///   - options: Who this device is, and what it allows.
    public static func open(path: String, key: Data, options: MLSOptions) async throws -> MLSClient {
        try await blocking { MLSClient(try .open(path: path, key: key, options: options.lower())) }
    }

    /// Opens a store in memory, which is gone with the client. Errors as for ``open(path:key:options:)``.
    public static func openInMemory(options: MLSOptions) async throws -> MLSClient {
        try await blocking { MLSClient(try .openInMemory(options: options.lower())) }
    }

    /// Opens the application's own store. Errors as for ``open(path:key:options:)``, and `.callbackFailed`.
    public static func open(storage: any MLSStorage, key: Data, options: MLSOptions) async throws -> MLSClient {
        try await blocking {
            MLSClient(try .openStorage(storage: CoreStorage(storage), key: key, options: options.lower()))
        }
    }

    /// Writes what waits to be written, and closes the client and its groups: every later call on them throws
    /// ``MLSError/Code/closed``. Closing twice is fine. If it throws, the client is closed all the same.
    public func close() async throws {
        try await blocking { [core] in try core.close() }
    }

    /// The cipher suite of key packages and groups that are made without saying which.
    public var cipherSuite: MLSCipherSuite { MLSCipherSuite(rawValue: core.cipherSuite()) }

    // MARK: The store

    /// Makes acknowledgements durable, folds consumed keys into their groups' rows, and cleans the write-ahead log, so
    /// that deleted keys are gone from the disk. `.storeLocked` if another process kept the log from being cleaned for
    /// a second; everything else is done then.
    public func flush() async throws {
        try await blocking { [core] in try core.flush() }
    }

    /// Writes what waits and gives back every lock on the store's files; until ``resume()``, calls throw `.suspended`.
    /// iOS ends a suspended process that holds a lock on a file in a shared container.
    public func suspend() async throws {
        try await blocking { [core] in try core.suspend() }
    }

    /// Ends ``suspend()``.
    public func resume() async throws {
        try await blocking { [core] in try core.resume() }
    }

    /// Changes the store key to another 32 bytes. One row is written. Errors: `.invalidArgument`, `.stale`, and the
    /// store's.
    public func rekey(_ key: Data) async throws {
        try await blocking { [core] in try core.rekey(key: key) }
    }

    // MARK: Identity

    /// The credential of key packages and groups that are made from now on.
    public func credential() async throws -> MLSCredential {
        try await blocking { [core] in MLSCredential(try core.credential()) }
    }

    /// The public signature key for a suite (`nil`: the client's). Suites 1 and 3 share one.
    public func signatureKey(suite: MLSCipherSuite? = nil) async throws -> Data {
        try await blocking { [core] in try core.signatureKey(suite: suite?.rawValue) }
    }

    /// The private signature key for a suite (`nil`: the client's), for a move to another store. Whoever has it can
    /// speak as this device.
    public func exportSigningKey(suite: MLSCipherSuite? = nil) async throws -> MLSSigningKey {
        try await blocking { [core] in MLSSigningKey(try core.exportSigningKey(suite: suite?.rawValue)) }
    }

    /// Changes credential and signature key of what is made from now on. Groups keep theirs until a commit with
    /// ``MLSCommitOptions/newIdentity`` changes it. Errors: `.invalidSigningKey`, `.invalidCredential`.
    public func setIdentity(_ identity: MLSNewIdentity) async throws {
        try await blocking { [core] in try core.setIdentity(identity: identity.lower()) }
    }

    /// Keeps an external pre-shared key, replacing one of the same id. Errors: `.invalidArgument` for an empty id or
    /// secret.
    public func addPsk(id: Data, secret: Data) async throws {
        try await blocking { [core] in try core.addPsk(id: id, secret: secret) }
    }

    /// Forgets an external pre-shared key; nothing happens if there is none.
    public func deletePsk(id: Data) async throws {
        try await blocking { [core] in try core.deletePsk(id: id) }
    }

    // MARK: Groups

    /// A group that this device is in, was in, or is joining. `.groupNotFound` else.
    public func group(id: Data) async throws -> MLSGroup {
        try await blocking { [core] in MLSGroup(try core.group(id: id)) }
    }

    /// Ids of groups, at most `limit`, in an order that does not change; `after` is the last one of the page before.
    public func groups(after: Data? = nil, limit: Int = 100) async throws -> [Data] {
        try await blocking { [core] in try core.groups(after: after, limit: number(limit)) }
    }

    /// Ids of the groups that external commits of this device join which the service has not answered, after a restart
    /// too; those of a resync included.
    public func joiningGroups() async throws -> [Data] {
        try await blocking { [core] in try core.joiningGroups() }
    }

    /// Deletes a group with everything of it, its events included; nobody else is told. Nothing happens if there is
    /// none. Leave it first, so that the others remove this device.
    public func deleteGroup(id: Data) async throws {
        try await blocking { [core] in try core.deleteGroup(id: id) }
    }

    /// Makes a group of this device alone (RFC 9420 section 11), durably.
    ///
    /// Errors: `.groupExists` for an id that this store has, `.unsupported` (cipher suite), `.invalidArgument`,
    /// `.invalidProposal` for extensions or capabilities that this device does not have, `.credentialDenied` for an
    /// external sender.
    public func createGroup(options: MLSGroupOptions = .init()) async throws -> MLSGroup {
        try await blocking { [core] in MLSGroup(try core.createGroup(options: options.lower())) }
    }

    /// Joins the group of an invitation (RFC 9420 section 12.4.3.1). The group, the used key package's deletion and the
    /// joined event are stored together; messages that waited for the group are then processed, and what they brought
    /// is in the inbox.
    ///
    /// Errors: `.invitationNotFound`, `.treeRequired`, `.invalidTree`, `.invalidWelcome`, `.groupExists` if this device
    /// is in the group by now, `.pskNotFound`, `.credentialDenied`, `.credentialLater` (join again later), `.tooLarge`.
    ///
    /// - Parameters:
    ///   - id: ``MLSInvitation/id``, which is that of the event that brought it.
    ///   - tree: The ratchet tree, if the invitation needs it.
    public func join(id: MLSInvitation.ID, tree: Data? = nil) async throws -> MLSGroup {
        try await blocking { [core] in MLSGroup(try core.join(invitation: id, tree: tree)) }
    }

    /// As ``join(id:tree:)``, for the invitation itself.
    public func join(_ invitation: MLSInvitation, tree: Data? = nil) async throws -> MLSGroup {
        try await join(id: invitation.id, tree: tree)
    }

    /// Turns an invitation down: its key package is used up, and nobody is told. Nothing happens if it is gone.
    public func decline(id: MLSInvitation.ID) async throws {
        try await blocking { [core] in try core.decline(invitation: id) }
    }

    /// As ``decline(id:)``, for the invitation itself.
    public func decline(_ invitation: MLSInvitation) async throws {
        try await decline(id: invitation.id)
    }

    /// Makes a commit that joins a group without being invited, or with ``MLSJoinOptions/resync`` takes this device's
    /// old place again (RFC 9420 section 12.4.3.2). It is answered like every commit; the group is *joining*, and
    /// cannot send, until it is accepted, and a resync keeps the old state until then.
    ///
    /// Errors: `.invalidGroupInfo` if it does not allow it, `.treeRequired`, `.invalidTree`, `.groupExists` without
    /// resync, `.groupJoining` while another one is pending, `.memberNotFound` for a resync of a device that is not in
    /// the tree, `.pskNotFound`, `.credentialDenied`, `.credentialLater`, `.tooLarge`, `.unsupported`.
    public func joinExternal(_ groupInfo: Data, options: MLSJoinOptions = .init()) async throws -> MLSCommit {
        try await blocking { [core] in
            try MLSCommit(core.joinExternal(groupInfo: groupInfo, options: options.lower()))
        }
    }

    /// What a GroupInfo says of its group. With the tree, inside or given, its signature is checked and the members are
    /// told. Errors: `.unexpectedMessage`, `.invalidMessage`, `.invalidTree`, `.invalidGroupInfo`, `.tooLarge`,
    /// `.unsupported`.
    public func preview(_ groupInfo: Data, tree: Data? = nil) async throws -> MLSGroupPreview {
        try await blocking { [core] in MLSGroupPreview(try core.preview(groupInfo: groupInfo, tree: tree)) }
    }

    /// Makes a proposal to be added (RFC 9420 section 12.1.8), with a new key package that is kept. The GroupInfo has
    /// to carry the ratchet tree. Errors: `.treeRequired`, `.invalidGroupInfo`, `.groupExists`, `.unsupported`,
    /// `.tooLarge`.
    public func proposeJoin(_ groupInfo: Data, aad: Data = Data()) async throws -> Data {
        try await blocking { [core] in try core.proposeJoin(groupInfo: groupInfo, aad: aad) }
    }

    /// Makes a proposal as a sender outside the group (RFC 9420 section 12.1.8.1): this client's signature key for the
    /// group's suite is one of the group's external senders.
    ///
    /// Errors: `.invalidProposal` for kinds that an external sender cannot make, `.treeRequired`, `.invalidTree`,
    /// `.invalidGroupInfo`, `.denied` if the group does not list this client.
    public func proposeExternal(
        _ groupInfo: Data, _ proposal: MLSProposal, tree: Data? = nil, aad: Data = Data()
    ) async throws -> Data {
        try await blocking { [core] in
            try core.proposeExternal(groupInfo: groupInfo, tree: tree, proposal: proposal.lower(), aad: aad)
        }
    }

    // MARK: Receiving

    /// Takes in any message for this device: of a group, or a Welcome. Answers what became of it, and of messages that
    /// waited for it. Whatever an event reports is stored when this returns.
    ///
    /// Errors are for misuse and for the store: `.inboxFull` (nothing was consumed), `.unexpectedMessage` for a key
    /// package or GroupInfo, `.tooLarge`, `.callbackFailed`, `.stale`. Bytes that are no MLS message are an
    /// undecryptable event.
    public func receive(_ message: Data) async throws -> [MLSEvent] {
        try await blocking { [core] in try core.receive(message: message).map(MLSEvent.init) }
    }

    /// As ``receive(_:)`` for each message in turn, in fewer transactions. An error stops it: kept events of the messages
    /// before are in the inbox, and which one failed is found by receiving them one by one: what was processed is a
    /// duplicate then.
    public func receiveMany(_ messages: [Data]) async throws -> [MLSEvent] {
        try await blocking { [core] in try core.receiveMany(messages: messages).map(MLSEvent.init) }
    }

    /// Processes what waits for the validator, for a proposal, for a pre-shared key or for larger limits once more.
    public func retryHeld() async throws -> [MLSEvent] {
        try await blocking { [core] in try core.retryHeld().map(MLSEvent.init) }
    }

    /// The events that wait to be acknowledged, with ids above `after`, at most `limit` (0 to 1,000), in the order of
    /// their ids. Each counts as delivered once more, durably, before it is returned.
    public func inbox(after: MLSEvent.ID = 0, limit: Int = 100) async throws -> [MLSEvent] {
        try await blocking { [core] in try core.inbox(after: after, limit: number(limit)).map(MLSEvent.init) }
    }

    /// The events that wait to be acknowledged, in the order of their ids: ``inbox(after:limit:)`` as a stream, read
    /// `page` of them at a time. It ends when there are no more.
    public func events(page: Int = 64) -> MLSEvents {
        MLSEvents(client: self, page: page)
    }

    /// Says that the application has kept, or does not need, the event of this id; an event that is not kept, or is
    /// acknowledged already, is fine. It is durable with the next write, flush or close: after a crash before that the
    /// event is delivered again.
    ///
    /// Errors: `.notAllowed` for a notification extension.
    public func acknowledge(id: MLSEvent.ID) async throws {
        try await blocking { [core] in try core.acknowledge(id: id) }
    }

    /// As ``acknowledge(id:)``, for the event itself.
    public func acknowledge(_ event: MLSEvent) async throws {
        try await acknowledge(id: event.id)
    }

    // MARK: Key packages

    /// Makes key packages to publish, 1 to 1,000 at once, their private keys stored before they are returned. Each is
    /// deleted by the join that uses it, but for those of last resort. Their lifetime begins some time ago, for peers
    /// with slow clocks: ``MLSPolicy/keyPackageBackdate``.
    ///
    /// Errors: `.invalidArgument`, `.unsupported` (cipher suite), `.invalidSigningKey` if the client's certificate is
    /// for another suite, `.invalidProposal` for extensions that this device does not have.
    public func createKeyPackages(_ count: Int, options: MLSKeyPackageOptions = .init()) async throws -> [Data] {
        try await blocking { [core] in
            try core.createKeyPackages(count: number(count), options: options.lower())
        }
    }

    /// The key packages that were not used yet: publish more when few are left.
    public func keyPackages() async throws -> [MLSKeyPackageInfo] {
        try await blocking { [core] in try core.keyPackages().map(MLSKeyPackageInfo.init) }
    }

    /// Deletes a key package with its private keys: Welcomes that use it cannot be opened any more.
    /// `.keyPackageNotFound` if there is none.
    public func deleteKeyPackage(_ reference: Data) async throws {
        try await blocking { [core] in try core.deleteKeyPackage(reference: reference) }
    }

    /// Deletes those whose lifetime is over; answers how many.
    @discardableResult
    public func deleteExpiredKeyPackages() async throws -> Int {
        try await blocking { [core] in Int(try core.deleteExpiredKeyPackages()) }
    }

    /// Takes over a key package with its private keys; answers its reference. Errors: `.unexpectedMessage`,
    /// `.invalidKeyPackage` or `.invalidSigningKey` if a private key does not belong to it, `.unsupported`.
    @discardableResult
    public func importKeyPackage(_ secrets: MLSKeyPackageSecrets) async throws -> Data {
        try await blocking { [core] in try core.importKeyPackage(secrets: secrets.lower()) }
    }

    /// A key package with its private keys. It stays in this store too: two devices must not both use it.
    /// `.keyPackageNotFound` if there is none.
    public func exportKeyPackage(_ reference: Data) async throws -> MLSKeyPackageSecrets {
        try await blocking { [core] in MLSKeyPackageSecrets(try core.exportKeyPackage(reference: reference)) }
    }
}

extension MLSClient: Discreet {}

/// The events that wait to be acknowledged, a page at a time: what ``MLSClient/events(page:)`` answers.
///
/// Each counts as delivered once more when its page is read. Acknowledging while it is being read is fine.
public struct MLSEvents: AsyncSequence, Sendable {
    /// What it is a sequence of.
    public typealias Element = MLSEvent

    fileprivate let client: MLSClient
    fileprivate let page: Int

    /// Begins at the first event that waits.
    public func makeAsyncIterator() -> Iterator {
        Iterator(events: self)
    }

    /// Where a reader is.
    public struct Iterator: AsyncIteratorProtocol {
        private let events: MLSEvents
        private var read: ArraySlice<MLSEvent> = []
        private var last: MLSEvent.ID = 0

        fileprivate init(events: MLSEvents) {
            self.events = events
        }

        /// The next event; `nil` when no more wait. Errors as for ``MLSClient/inbox(after:limit:)``.
        public mutating func next() async throws -> MLSEvent? {
            if read.isEmpty {
                read = try await events.client.inbox(after: last, limit: events.page)[...]
            }
            guard let event = read.popFirst() else { return nil }
            last = event.id
            return event
        }
    }
}
