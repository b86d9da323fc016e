package org.libmls

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/**
 * One device: one identity, one store. It makes key packages for others to fetch, creates and joins groups, and takes
 * in whatever the delivery service brings.
 *
 * Usable from any thread. What touches the store suspends, and runs on [Options.dispatcher]; each such call has a
 * blocking form beside it, for Java and for callbacks. A call that has begun is not cancelled. Closing the client
 * closes its groups; every call after that throws [ErrorCode.CLOSED].
 */
public class MlsClient private constructor(
    private val core: org.libmls.ffi.Client,
    private val dispatcher: kotlinx.coroutines.CoroutineDispatcher,
) : AutoCloseable {
    internal suspend fun <T> io(call: () -> T): T = dispatcher.io(call)

    /** The cipher suite of key packages and groups that are made without saying which. */
    public val cipherSuite: CipherSuite
        get() = CipherSuite(core.cipherSuite().toInt())

    /**
     * Writes what waits to be written, and closes the client and its groups: every later call on them throws
     * [ErrorCode.CLOSED]. Closing twice is fine. If it throws, the client is closed all the same.
     */
    @Throws(MlsException::class)
    override fun close(): Unit = calling { core.closeClient() }

    /**
     * The events that wait to be acknowledged, in the order of their ids, [page] of them at a time: [inbox] as a
     * stream. It ends when there are no more. Each counts as delivered once more when its page is read.
     */
    public fun events(page: Int = 64): Flow<Event> = flow {
        var after = 0L
        while (true) {
            val events = inbox(after, page)
            if (events.isEmpty()) break
            events.forEach { emit(it) }
            after = events.last().id
        }
    }

    override fun toString(): String = "MlsClient(..)"

    public companion object {
        /**
         * Opens the SQLite store at [path], making it if it is not there. [key] is 32 bytes that the application keeps
         * in the platform's keystore; the copy that is made of it is wiped.
         *
         * Errors: InvalidArgument (key length, options), StoreKeyWrong, StoreCorrupt, StoreNewer, StoreLocked, StoreIo,
         * StoreIdentity if the store is another device's, InvalidSigningKey, Unsupported (cipher suite).
         */
        public suspend fun open(path: String, key: ByteArray, options: Options): MlsClient =
            options.dispatcher.io { openBlocking(path, key, options) }

        /** [open], blocking. */
        @JvmStatic
        @Throws(MlsException::class)
        public fun openBlocking(path: String, key: ByteArray, options: Options): MlsClient =
            of(options) { org.libmls.ffi.Client.open(path, key, it) }

        /** Opens a store in memory, which is gone with the client. Errors as for [open]. */
        public suspend fun openInMemory(options: Options): MlsClient =
            options.dispatcher.io { openInMemoryBlocking(options) }

        /** [openInMemory], blocking. */
        @JvmStatic
        @Throws(MlsException::class)
        public fun openInMemoryBlocking(options: Options): MlsClient =
            of(options) { org.libmls.ffi.Client.openInMemory(it) }

        /** Opens the application's own store. Errors as for [open], and CallbackFailed. */
        public suspend fun openStorage(storage: Storage, key: ByteArray, options: Options): MlsClient =
            options.dispatcher.io { openStorageBlocking(storage, key, options) }

        /** [openStorage], blocking. */
        @JvmStatic
        @Throws(MlsException::class)
        public fun openStorageBlocking(storage: Storage, key: ByteArray, options: Options): MlsClient =
            of(options) { org.libmls.ffi.Client.openStorage(CoreStorage(storage), key, it) }

        private inline fun of(options: Options, open: (org.libmls.ffi.Options) -> org.libmls.ffi.Client): MlsClient =
            MlsClient(calling { open(options.lower()) }, options.dispatcher)
    }

    /**
     * Makes acknowledgements durable, folds consumed keys into their groups' rows, and cleans the write-ahead log, so
     * that deleted keys are gone from the disk. StoreLocked if another process kept the log from being cleaned for a
     * second; everything else is done then.
     */
    public suspend fun flush(): Unit = io { flushBlocking() }

    /** [flush], blocking. */
    @Throws(MlsException::class)
    public fun flushBlocking(): Unit = calling { core.flush() }

    /**
     * Writes what waits and gives back every lock on the store's files; until resume, calls answer Suspended. iOS ends
     * a suspended process that holds a lock on a file in a shared container.
     */
    public suspend fun suspend(): Unit = io { suspendBlocking() }

    /** [suspend], blocking. */
    @Throws(MlsException::class)
    public fun suspendBlocking(): Unit = calling { core.suspend() }

    /** Ends suspend. */
    public suspend fun resume(): Unit = io { resumeBlocking() }

    /** [resume], blocking. */
    @Throws(MlsException::class)
    public fun resumeBlocking(): Unit = calling { core.resume() }

    /**
     * Changes the store key to another 32 bytes, which are wiped. One row is written. Errors: InvalidArgument, Stale,
     * and the store's.
     */
    public suspend fun rekey(key: ByteArray): Unit = io { rekeyBlocking(key) }

    /** [rekey], blocking. */
    @Throws(MlsException::class)
    public fun rekeyBlocking(key: ByteArray): Unit = calling { core.rekey(key) }

    /** The credential of key packages and groups that are made from now on. */
    public suspend fun credential(): Credential = io { credentialBlocking() }

    /** [credential], blocking. */
    @Throws(MlsException::class)
    public fun credentialBlocking(): Credential = calling { core.credential().lift() }

    /** The public signature key for a suite (None: the client's). Suites 1 and 3 share one. */
    public suspend fun signatureKey(suite: CipherSuite? = null): ByteArray = io { signatureKeyBlocking(suite) }

    /** [signatureKey], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun signatureKeyBlocking(suite: CipherSuite? = null): ByteArray =
        calling { core.signatureKey(suite?.value?.u16()) }

    /**
     * The private signature key for a suite (None: the client's), for a move to another store. Whoever has it can
     * speak as this device.
     */
    public suspend fun exportSigningKey(suite: CipherSuite? = null): SigningKey =
        io { exportSigningKeyBlocking(suite) }

    /** [exportSigningKey], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun exportSigningKeyBlocking(suite: CipherSuite? = null): SigningKey =
        calling { core.exportSigningKey(suite?.value?.u16()).lift() }

    /**
     * Changes credential and signature key of what is made from now on. Groups keep theirs until a commit with
     * CommitOptions.newIdentity changes it. Errors: InvalidSigningKey, InvalidCredential.
     */
    public suspend fun setIdentity(identity: NewIdentity): Unit = io { setIdentityBlocking(identity) }

    /** [setIdentity], blocking. */
    @Throws(MlsException::class)
    public fun setIdentityBlocking(identity: NewIdentity): Unit = calling { core.setIdentity(identity.lower()) }

    /**
     * Keeps an external pre-shared key, replacing one of the same id. The secret is wiped. Errors: InvalidArgument for
     * an empty id or secret.
     */
    public suspend fun addPsk(id: ByteArray, secret: ByteArray): Unit = io { addPskBlocking(id, secret) }

    /** [addPsk], blocking. */
    @Throws(MlsException::class)
    public fun addPskBlocking(id: ByteArray, secret: ByteArray): Unit = calling { core.addPsk(id, secret) }

    /** Forgets an external pre-shared key; nothing happens if there is none. */
    public suspend fun deletePsk(id: ByteArray): Unit = io { deletePskBlocking(id) }

    /** [deletePsk], blocking. */
    @Throws(MlsException::class)
    public fun deletePskBlocking(id: ByteArray): Unit = calling { core.deletePsk(id) }

    /** A group that this device is in, was in, or is joining. GroupNotFound else. */
    public suspend fun group(id: ByteArray): Group = io { groupBlocking(id) }

    /** [group], blocking. */
    @Throws(MlsException::class)
    public fun groupBlocking(id: ByteArray): Group = calling { Group(this, core.group(id)) }

    /** Ids of groups, at most limit, in an order that does not change; after is the last one of the page before. */
    public suspend fun groups(after: ByteArray? = null, limit: Int = 100): List<ByteArray> =
        io { groupsBlocking(after, limit) }

    /** [groups], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun groupsBlocking(after: ByteArray? = null, limit: Int = 100): List<ByteArray> =
        calling { core.groups(after, limit.u32()) }

    /**
     * Ids of the groups that external commits of this device join which the service has not answered, after a restart
     * too; those of a resync included.
     */
    public suspend fun joiningGroups(): List<ByteArray> = io { joiningGroupsBlocking() }

    /** [joiningGroups], blocking. */
    @Throws(MlsException::class)
    public fun joiningGroupsBlocking(): List<ByteArray> = calling { core.joiningGroups() }

    /**
     * Deletes a group with everything of it, its events included; nobody else is told. Nothing happens if there is
     * none. Leave it first, so that the others remove this device.
     */
    public suspend fun deleteGroup(id: ByteArray): Unit = io { deleteGroupBlocking(id) }

    /** [deleteGroup], blocking. */
    @Throws(MlsException::class)
    public fun deleteGroupBlocking(id: ByteArray): Unit = calling { core.deleteGroup(id) }

    /**
     * Takes in any message for this device: of a group, or a Welcome. Answers what became of it, and of messages that
     * waited for it. Whatever an event reports is stored when this returns.
     *
     * Errors are for misuse and for the store: InboxFull (nothing was consumed), UnexpectedMessage for a key package
     * or GroupInfo, TooLarge, CallbackFailed, Stale. Bytes that are no MLS message are an undecryptable event.
     */
    public suspend fun receive(message: ByteArray): List<Event> = io { receiveBlocking(message) }

    /** [receive], blocking. */
    @Throws(MlsException::class)
    public fun receiveBlocking(message: ByteArray): List<Event> = calling { core.receive(message).map { it.lift() } }

    /**
     * As receive for each message in turn, in fewer transactions. An error stops it: events of the messages before are
     * in the inbox.
     */
    public suspend fun receiveMany(messages: List<ByteArray>): List<Event> = io { receiveManyBlocking(messages) }

    /** [receiveMany], blocking. */
    @Throws(MlsException::class)
    public fun receiveManyBlocking(messages: List<ByteArray>): List<Event> =
        calling { core.receiveMany(messages).map { it.lift() } }

    /** Processes what waits for the validator, for a proposal or for larger limits once more. */
    public suspend fun retryHeld(): List<Event> = io { retryHeldBlocking() }

    /** [retryHeld], blocking. */
    @Throws(MlsException::class)
    public fun retryHeldBlocking(): List<Event> = calling { core.retryHeld().map { it.lift() } }

    /**
     * The events that wait to be acknowledged, with ids above after, at most limit (0 to 1,000), in the order of their
     * ids. Each counts as delivered once more, durably, before it is returned.
     */
    public suspend fun inbox(after: Long = 0, limit: Int = 100): List<Event> = io { inboxBlocking(after, limit) }

    /** [inbox], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun inboxBlocking(after: Long = 0, limit: Int = 100): List<Event> =
        calling { core.inbox(after.u64(), limit.u32()).map { it.lift() } }

    /**
     * Says that the application has kept, or does not need, the event of this id; an event that is not kept, or is
     * acknowledged already, is fine. It is durable with the next write, flush or close: after a crash before that the
     * event is delivered again.
     *
     * Errors: NotAllowed for a notification extension.
     */
    public suspend fun acknowledge(id: Long): Unit = io { acknowledgeBlocking(id) }

    /** As above, for the event itself. */
    public suspend fun acknowledge(event: Event): Unit = acknowledge(event.id)

    /** [acknowledge], blocking. */
    @Throws(MlsException::class)
    public fun acknowledgeBlocking(id: Long): Unit = calling { core.acknowledge(id.u64()) }

    /**
     * Makes key packages to publish, 1 to 1,000 at once, their private keys stored before they are returned. Each is
     * deleted by the join that uses it, but for those of last resort. notBefore is set back for peers with slow
     * clocks (see Policy).
     *
     * Errors: InvalidArgument, Unsupported (cipher suite), InvalidSigningKey if the client's certificate is for
     * another suite, InvalidProposal for extensions that this device does not have.
     */
    public suspend fun createKeyPackages(
        count: Int,
        options: KeyPackageOptions = KeyPackageOptions(),
    ): List<ByteArray> =
        io { createKeyPackagesBlocking(count, options) }

    /** [createKeyPackages], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun createKeyPackagesBlocking(
        count: Int,
        options: KeyPackageOptions = KeyPackageOptions(),
    ): List<ByteArray> =
        calling { core.createKeyPackages(count.u32(), options.lower()) }

    /** The key packages that were not used yet: publish more when few are left. */
    public suspend fun keyPackages(): List<KeyPackageInfo> = io { keyPackagesBlocking() }

    /** [keyPackages], blocking. */
    @Throws(MlsException::class)
    public fun keyPackagesBlocking(): List<KeyPackageInfo> = calling { core.keyPackages().map { it.lift() } }

    /**
     * Deletes a key package with its private keys: Welcomes that use it cannot be opened any more. KeyPackageNotFound
     * if there is none.
     */
    public suspend fun deleteKeyPackage(reference: ByteArray): Unit = io { deleteKeyPackageBlocking(reference) }

    /** [deleteKeyPackage], blocking. */
    @Throws(MlsException::class)
    public fun deleteKeyPackageBlocking(reference: ByteArray): Unit = calling { core.deleteKeyPackage(reference) }

    /** Deletes those whose lifetime is over; answers how many. */
    public suspend fun deleteExpiredKeyPackages(): Int = io { deleteExpiredKeyPackagesBlocking() }

    /** [deleteExpiredKeyPackages], blocking. */
    @Throws(MlsException::class)
    public fun deleteExpiredKeyPackagesBlocking(): Int = calling { core.deleteExpiredKeyPackages().toInt() }

    /**
     * Takes over a key package with its private keys; answers its reference. Errors: UnexpectedMessage,
     * InvalidKeyPackage or InvalidSigningKey if a private key does not belong to it, Unsupported.
     */
    public suspend fun importKeyPackage(secrets: KeyPackageSecrets): ByteArray =
        io { importKeyPackageBlocking(secrets) }

    /** [importKeyPackage], blocking. */
    @Throws(MlsException::class)
    public fun importKeyPackageBlocking(secrets: KeyPackageSecrets): ByteArray =
        calling { core.importKeyPackage(secrets.lower()) }

    /**
     * A key package with its private keys. It stays in this store too: two devices must not both use it.
     * KeyPackageNotFound if there is none.
     */
    public suspend fun exportKeyPackage(reference: ByteArray): KeyPackageSecrets =
        io { exportKeyPackageBlocking(reference) }

    /** [exportKeyPackage], blocking. */
    @Throws(MlsException::class)
    public fun exportKeyPackageBlocking(reference: ByteArray): KeyPackageSecrets =
        calling { core.exportKeyPackage(reference).lift() }

    /**
     * Makes a group of this device alone (RFC 9420 section 11), durably.
     *
     * Errors: GroupExists for an id that this store has, Unsupported (cipher suite), InvalidArgument, InvalidProposal
     * for extensions or capabilities that this device does not have, CredentialDenied for an external sender.
     */
    public suspend fun createGroup(options: GroupOptions = GroupOptions()): Group =
        io { createGroupBlocking(options) }

    /** [createGroup], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun createGroupBlocking(options: GroupOptions = GroupOptions()): Group =
        calling { Group(this, core.createGroup(options.lower())) }

    /**
     * Joins the group of an invitation (RFC 9420 section 12.4.3.1): id of the invited event, and the ratchet tree if
     * the invitation needs it. The group, the used key package's deletion and the joined event are stored together;
     * messages that waited for the group are then processed, and what they brought is in the inbox.
     *
     * Errors: InvitationNotFound, TreeRequired, InvalidTree, InvalidWelcome, GroupExists if this device is in the
     * group by now, PskNotFound, CredentialDenied, CredentialLater (join again later), TooLarge.
     */
    public suspend fun join(invitation: Long, tree: ByteArray? = null): Group = io { joinBlocking(invitation, tree) }

    /** As above, for the invitation itself. */
    public suspend fun join(invitation: Invitation, tree: ByteArray? = null): Group = join(invitation.id, tree)

    /** [join], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun joinBlocking(invitation: Long, tree: ByteArray? = null): Group =
        calling { Group(this, core.join(invitation.u64(), tree)) }

    /** Turns an invitation down: its key package is used up, and nobody is told. Nothing happens if it is gone. */
    public suspend fun decline(invitation: Long): Unit = io { declineBlocking(invitation) }

    /** As above, for the invitation itself. */
    public suspend fun decline(invitation: Invitation): Unit = decline(invitation.id)

    /** [decline], blocking. */
    @Throws(MlsException::class)
    public fun declineBlocking(invitation: Long): Unit = calling { core.decline(invitation.u64()) }

    /**
     * Makes a commit that joins a group without being invited, or with resync takes this device's old place again (RFC
     * 9420 section 12.4.3.2). It is answered like every commit; the group is *joining*, and cannot send, until it is
     * accepted, and a resync keeps the old state until then.
     *
     * Errors: InvalidGroupInfo if it does not allow it, TreeRequired, InvalidTree, GroupExists without resync,
     * GroupJoining while another one is pending, MemberNotFound for a resync of a device that is not in the tree,
     * PskNotFound, CredentialDenied, CredentialLater, TooLarge, Unsupported.
     */
    public suspend fun joinExternal(groupInfo: ByteArray, options: JoinOptions = JoinOptions()): Commit =
        io { joinExternalBlocking(groupInfo, options) }

    /** [joinExternal], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun joinExternalBlocking(groupInfo: ByteArray, options: JoinOptions = JoinOptions()): Commit =
        calling { Commit(this, core.joinExternal(groupInfo, options.lower())) }

    /**
     * What a GroupInfo says of its group. With the tree, inside or given, its signature is checked and the members are
     * told. Errors: UnexpectedMessage, InvalidMessage, InvalidTree, InvalidGroupInfo, TooLarge, Unsupported.
     */
    public suspend fun preview(groupInfo: ByteArray, tree: ByteArray? = null): GroupPreview =
        io { previewBlocking(groupInfo, tree) }

    /** [preview], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun previewBlocking(groupInfo: ByteArray, tree: ByteArray? = null): GroupPreview =
        calling { core.preview(groupInfo, tree).lift() }

    /**
     * Makes a proposal to be added (RFC 9420 section 12.1.8), with a new key package that is kept. The GroupInfo has
     * to carry the ratchet tree. Errors: TreeRequired, InvalidGroupInfo, GroupExists, Unsupported, TooLarge.
     */
    public suspend fun proposeJoin(groupInfo: ByteArray, aad: ByteArray = ByteArray(0)): ByteArray =
        io { proposeJoinBlocking(groupInfo, aad) }

    /** [proposeJoin], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun proposeJoinBlocking(groupInfo: ByteArray, aad: ByteArray = ByteArray(0)): ByteArray =
        calling { core.proposeJoin(groupInfo, aad) }

    /**
     * Makes a proposal as a sender outside the group (RFC 9420 section 12.1.8.1): this client's signature key for the
     * group's suite is one of the group's external senders.
     *
     * Errors: InvalidProposal for kinds that an external sender cannot make, TreeRequired, InvalidTree,
     * InvalidGroupInfo, Denied if the group does not list this client.
     */
    public suspend fun proposeExternal(
        groupInfo: ByteArray,
        proposal: Proposal,
        tree: ByteArray? = null,
        aad: ByteArray = ByteArray(0),
    ): ByteArray = io { proposeExternalBlocking(groupInfo, proposal, tree, aad) }

    /** [proposeExternal], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun proposeExternalBlocking(
        groupInfo: ByteArray,
        proposal: Proposal,
        tree: ByteArray? = null,
        aad: ByteArray = ByteArray(0),
    ): ByteArray = calling { core.proposeExternal(groupInfo, tree, proposal.core, aad) }
}
