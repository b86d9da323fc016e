package org.libmls

/**
 * A commit of ours between being made and being ordered by the delivery service. It is durable before its bytes are
 * seen, so it can be sent again after a crash: [Group.pendingCommits] gives it back.
 *
 * The service accepted it: [accept], then deliver [welcomes]. It refused it: [reject], receive the winner, commit
 * again. It said nothing: send the same bytes again.
 */
public class Commit internal constructor(private val client: MlsClient, private val core: org.libmls.ffi.Commit) {
    /** Never used again in this store. */
    public val id: Long
        get() = core.id().toLong()

    /** The bytes for the members: the same ones every time. */
    public val message: ByteArray = core.message()

    /** The group that it changes. */
    public val group: Group
        get() = Group(client, core.group())

    override fun toString(): String = "Commit($id)"

    /** Where it stands. */
    public suspend fun status(): CommitStatus = client.io { statusBlocking() }

    /** [status], blocking. */
    @Throws(MlsException::class)
    public fun statusBlocking(): CommitStatus = calling { core.status().lift() }

    /**
     * Everything at once, also before it is accepted. Only for services that take it all together: a Welcome that
     * leaves the device otherwise, before its commit is accepted, forks the group.
     */
    public suspend fun bundle(): CommitBundle = client.io { bundleBlocking() }

    /** [bundle], blocking. */
    @Throws(MlsException::class)
    public fun bundleBlocking(): CommitBundle = calling { core.bundle().lift() }

    /**
     * The Welcomes for the joiners, as often as wanted until the committed event is acknowledged. CommitNotAccepted
     * before it is accepted, Superseded if it never will be.
     */
    public suspend fun welcomes(): List<ByteArray> = client.io { welcomesBlocking() }

    /** [welcomes], blocking. */
    @Throws(MlsException::class)
    public fun welcomesBlocking(): List<ByteArray> = calling { core.welcomes() }

    /**
     * The service ordered it: moves the group to the new epoch, durably. Doing it again changes nothing. Messages that
     * waited for the new epoch are processed then, and what they brought is in the inbox. Superseded if another's
     * commit was received for this epoch.
     */
    public suspend fun accept(): Unit = client.io { acceptBlocking() }

    /** [accept], blocking. */
    @Throws(MlsException::class)
    public fun acceptBlocking(): Unit = calling { core.accept() }

    /** The service turned it down: frees the slot. Doing it again changes nothing; its own echo still merges. */
    public suspend fun reject(): Unit = client.io { rejectBlocking() }

    /** [reject], blocking. */
    @Throws(MlsException::class)
    public fun rejectBlocking(): Unit = calling { core.reject() }
}

/** Where a commit stands. */
public class CommitStatus private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<CommitStatus>()

        /** Not answered yet. */
        @JvmField public val PENDING: CommitStatus = code(1, "PENDING")

        /** Refused; remembered until the epoch ends, so that its own echo still merges. */
        @JvmField public val REJECTED: CommitStatus = code(2, "REJECTED")

        /** The group's epoch came from it. */
        @JvmField public val ACCEPTED: CommitStatus = code(3, "ACCEPTED")

        /** Another commit won the epoch, or it is not known any more. */
        @JvmField public val SUPERSEDED: CommitStatus = code(4, "SUPERSEDED")

        private fun code(value: Int, name: String) = CommitStatus(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.CommitStatus) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.CommitStatus.lift(): CommitStatus = CommitStatus.of(this)

/** All that a commit makes, for delivery services that take it in one. */
public class CommitBundle internal constructor(
    /** For the members. */
    public val message: ByteArray,
    /** For the joiners. A service that takes a bundle must not deliver them unless it accepts the commit. */
    public val welcomes: List<ByteArray>,
    /** For the service to publish, if asked for. */
    public val groupInfo: ByteArray?,
) {
    override fun toString(): String = "CommitBundle(..)"
}

internal fun org.libmls.ffi.CommitBundle.lift(): CommitBundle = CommitBundle(message, welcomes, groupInfo)
