package org.libmls

/**
 * A group that this device is in, was in, or is joining. Two objects of one group are one group. It needs no closing;
 * it ends with its client. Usable from any thread: calls on one group follow one another, other groups are independent.
 */
public class Group internal constructor(private val client: MlsClient, private val core: org.libmls.ffi.Group) {
    /** The group's id. */
    public val id: ByteArray
        get() = core.id()

    override fun toString(): String = "Group(..)"

    /**
     * Commits these proposals by value, and by reference those that are cached (RFC 9420 section 12.4). The commit is
     * stored before it is returned; send its message, and tell it what the service says. Until it is accepted the
     * group stays in the old epoch. An empty list renews this device's keys.
     *
     * Cached proposals that would make peers refuse the commit are left out: a second Update of one sender, an Update
     * of somebody who is removed, an Add of somebody who is added by value, a resumption secret that this device or a
     * joiner does not have, everything beside a ReInit by value.
     *
     * Errors: TooManyCommits with four pending in this epoch, InvalidProposal, InvalidKeyPackage, KeyPackageExpired,
     * DuplicateMember, MemberNotFound, PskNotFound, CredentialDenied, CredentialLater, InvalidSigningKey,
     * InvalidCredential, and those of encrypt but CommitRequired.
     */
    public suspend fun commit(
        proposals: List<Proposal> = emptyList(),
        options: CommitOptions = CommitOptions(),
    ): Commit =
        client.io { commitBlocking(proposals, options) }

    /** [commit], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun commitBlocking(
        proposals: List<Proposal> = emptyList(),
        options: CommitOptions = CommitOptions(),
    ): Commit =
        calling { Commit(client, core.commit(proposals.map { it.core }, options.lower())) }

    /**
     * Commits proposals of a superseded commit again: those of Superseded.stillValid. Nonces are made anew. A Remove
     * is for who was meant, not for whoever has come to that leaf since: MemberNotFound then. Errors as for commit,
     * and InvalidMessage.
     */
    public suspend fun commitAgain(proposals: List<ProposalInfo>, options: CommitOptions = CommitOptions()): Commit =
        client.io { commitAgainBlocking(proposals, options) }

    /** [commitAgain], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun commitAgainBlocking(proposals: List<ProposalInfo>, options: CommitOptions = CommitOptions()): Commit =
        calling { Commit(client, core.commitAgain(proposals.map { it.lower() }, options.lower())) }

    /** The commits that the service has not answered, after a restart too. */
    public suspend fun pendingCommits(): List<Commit> = client.io { pendingCommitsBlocking() }

    /** [pendingCommits], blocking. */
    @Throws(MlsException::class)
    public fun pendingCommitsBlocking(): List<Commit> = calling { core.pendingCommits().map { Commit(client, it) } }

    /**
     * A commit of this device's by its id, as committed and superseded name it: while it is pending or remembered as
     * rejected, and, once accepted, until its committed event is acknowledged. So a restart between acceptance and the
     * delivery of the Welcomes loses nothing. CommitNotFound else.
     */
    public suspend fun findCommit(id: Long): Commit = client.io { findCommitBlocking(id) }

    /** [findCommit], blocking. */
    @Throws(MlsException::class)
    public fun findCommitBlocking(id: Long): Commit = calling { Commit(client, core.findCommit(id.u64())) }

    /**
     * Makes proposals for others, or this device, to commit by reference: all of them, or none if one is not valid.
     * The messages go to every member, and until a commit the group cannot encrypt. aad is authenticated, not
     * encrypted.
     *
     * Errors: InvalidProposal, InvalidKeyPackage, KeyPackageExpired, DuplicateMember, MemberNotFound, PskNotFound,
     * CredentialDenied, CredentialLater, and those of encrypt.
     */
    public suspend fun propose(proposals: List<Proposal>, aad: ByteArray = ByteArray(0)): List<ByteArray> =
        client.io { proposeBlocking(proposals, aad) }

    /** [propose], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun proposeBlocking(proposals: List<Proposal>, aad: ByteArray = ByteArray(0)): List<ByteArray> =
        calling { core.propose(proposals.map { it.core }, aad) }

    /**
     * Proposes to remove this device from the group: somebody else commits it. The same as proposing Proposal.Remove
     * of ownLeaf, which every implementation understands.
     */
    public suspend fun leave(aad: ByteArray = ByteArray(0)): ByteArray = client.io { leaveBlocking(aad) }

    /** [leave], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun leaveBlocking(aad: ByteArray = ByteArray(0)): ByteArray = calling { core.leave(aad) }

    /** The proposals that wait to be committed. */
    public suspend fun proposals(): List<ProposalInfo> = client.io { proposalsBlocking() }

    /** [proposals], blocking. */
    @Throws(MlsException::class)
    public fun proposalsBlocking(): List<ProposalInfo> = calling { core.proposals().map { it.lift() } }

    /**
     * Forgets one proposal that this device made and nobody has committed. Peers still have it: tell them by other
     * means, or they may commit it, and then it happens all the same. ProposalNotFound if none of ours has this
     * reference.
     */
    public suspend fun withdraw(reference: ByteArray): Unit = client.io { withdrawBlocking(reference) }

    /** [withdraw], blocking. */
    @Throws(MlsException::class)
    public fun withdrawBlocking(reference: ByteArray): Unit = calling { core.withdraw(reference) }

    /**
     * Forgets every cached proposal: the group can encrypt again. A commit of somebody who has not forgotten them is
     * understood all the same.
     */
    public suspend fun clearProposals(): Unit = client.io { clearProposalsBlocking() }

    /** [clearProposals], blocking. */
    @Throws(MlsException::class)
    public fun clearProposalsBlocking(): Unit = calling { core.clearProposals() }

    /** Where the group stands. */
    public suspend fun status(): GroupStatus = client.io { statusBlocking() }

    /** [status], blocking. */
    @Throws(MlsException::class)
    public fun statusBlocking(): GroupStatus = calling { core.status().lift() }

    /** The epoch that this device is in (RFC 9420 section 8). */
    public suspend fun epoch(): Long = client.io { epochBlocking() }

    /** [epoch], blocking. */
    @Throws(MlsException::class)
    public fun epochBlocking(): Long = calling { core.epoch().toLong() }

    /** The group's cipher suite. */
    public suspend fun cipherSuite(): CipherSuite = client.io { cipherSuiteBlocking() }

    /** [cipherSuite], blocking. */
    @Throws(MlsException::class)
    public fun cipherSuiteBlocking(): CipherSuite = calling { CipherSuite(core.cipherSuite().toInt()) }

    /** This device's leaf. */
    public suspend fun ownLeaf(): Int = client.io { ownLeafBlocking() }

    /** [ownLeaf], blocking. */
    @Throws(MlsException::class)
    public fun ownLeafBlocking(): Int = calling { core.ownLeaf().toInt() }

    /** All members, in the order of their leaves. */
    public suspend fun members(): List<Member> = client.io { membersBlocking() }

    /** [members], blocking. */
    @Throws(MlsException::class)
    public fun membersBlocking(): List<Member> = calling { core.members().map { it.lift() } }

    /** The member at a leaf. MemberNotFound if it is blank or there is none. */
    public suspend fun member(leaf: Int): Member = client.io { memberBlocking(leaf) }

    /** [member], blocking. */
    @Throws(MlsException::class)
    public fun memberBlocking(leaf: Int): Member = calling { core.member(leaf.u32()).lift() }

    /** How many members there are. */
    public suspend fun memberCount(): Int = client.io { memberCountBlocking() }

    /** [memberCount], blocking. */
    @Throws(MlsException::class)
    public fun memberCountBlocking(): Int = calling { core.memberCount().toInt() }

    /** The extensions of the group context. */
    public suspend fun extensions(): List<Extension> = client.io { extensionsBlocking() }

    /** [extensions], blocking. */
    @Throws(MlsException::class)
    public fun extensionsBlocking(): List<Extension> = calling { core.extensions().map { it.lift() } }

    /** The hash of the ratchet tree (RFC 9420 section 7.8). */
    public suspend fun treeHash(): ByteArray = client.io { treeHashBlocking() }

    /** [treeHash], blocking. */
    @Throws(MlsException::class)
    public fun treeHashBlocking(): ByteArray = calling { core.treeHash() }

    /**
     * The epoch's authenticator: equal for members in the same state, to be compared out of band (RFC 9420 section
     * 8.7).
     */
    public suspend fun epochAuthenticator(): ByteArray = client.io { epochAuthenticatorBlocking() }

    /** [epochAuthenticator], blocking. */
    @Throws(MlsException::class)
    public fun epochAuthenticatorBlocking(): ByteArray = calling { core.epochAuthenticator() }

    /**
     * A secret for another protocol, the same for every member in this epoch (RFC 9420 section 8.5). len is 1 to 255
     * times the hash's size: InvalidArgument else.
     */
    public suspend fun exportSecret(label: String, context: ByteArray, len: Int): ByteArray =
        client.io { exportSecretBlocking(label, context, len) }

    /** [exportSecret], blocking. */
    @Throws(MlsException::class)
    public fun exportSecretBlocking(label: String, context: ByteArray, len: Int): ByteArray =
        calling { core.exportSecret(label, context, len.u32()) }

    /**
     * A GroupInfo of this epoch (RFC 9420 section 12.4.3): with allowJoin it lets its holder join by an external
     * commit, with withTree it carries the ratchet tree.
     */
    public suspend fun groupInfo(allowJoin: Boolean, withTree: Boolean): ByteArray =
        client.io { groupInfoBlocking(allowJoin, withTree) }

    /** [groupInfo], blocking. */
    @Throws(MlsException::class)
    public fun groupInfoBlocking(allowJoin: Boolean, withTree: Boolean): ByteArray =
        calling { core.groupInfo(allowJoin, withTree) }

    /** The ratchet tree, for joiners whose Welcome or GroupInfo does not carry it (RFC 9420 section 12.4.3.3). */
    public suspend fun ratchetTree(): ByteArray = client.io { ratchetTreeBlocking() }

    /** [ratchetTree], blocking. */
    @Throws(MlsException::class)
    public fun ratchetTreeBlocking(): ByteArray = calling { core.ratchetTree() }

    /**
     * Encrypts for the members of this epoch (RFC 9420 section 6.3). data is wiped. Its key is never used again,
     * whatever dies when.
     *
     * Errors: CommitRequired while proposals wait to be committed (section 12.4), GroupClosed, GroupJoining,
     * StoreRolledBack, NotAllowed, Stale. Nothing is lost or changed then.
     */
    public suspend fun encrypt(data: ByteArray, options: EncryptOptions = EncryptOptions()): ByteArray =
        client.io { encryptBlocking(data, options) }

    /** [encrypt], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun encryptBlocking(data: ByteArray, options: EncryptOptions = EncryptOptions()): ByteArray =
        calling { core.encrypt(data, options.lower()) }

    /**
     * Makes a new group of some members of this one, bound to this epoch: a key package for each of them but this
     * device. They have to join while they are in the same epoch. The group context's extensions are this group's if
     * they are not given. The returned commit is accepted already: its group is the new group, its welcomes are for the
     * members. Of the options a path, the tree and the Welcomes can be chosen.
     *
     * Errors: GroupExists, InvalidKeyPackage, NoSuccessor if somebody is not a member of this group, InvalidArgument for
     * the other options, InvalidProposal for extensions that a member does not have, and those of encrypt but
     * CommitRequired.
     */
    public suspend fun branch(
        groupId: ByteArray? = null,
        keyPackages: List<ByteArray>,
        extensions: List<Extension>? = null,
        options: CommitOptions = CommitOptions(),
    ): Commit = client.io { branchBlocking(groupId, keyPackages, extensions, options) }

    /** [branch], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun branchBlocking(
        groupId: ByteArray? = null,
        keyPackages: List<ByteArray>,
        extensions: List<Extension>? = null,
        options: CommitOptions = CommitOptions(),
    ): Commit = calling {
        Commit(client, core.branch(groupId, keyPackages, extensions?.map { it.lower() }, options.lower()))
    }

    /**
     * Makes the successor that a ReInit announced, with a key package for every other member. The returned commit is
     * accepted already, and the options are those, as for branch.
     *
     * Errors: NoSuccessor if none is announced or the members are not the same, GroupExists, InvalidKeyPackage,
     * InvalidArgument for the other options.
     */
    public suspend fun createSuccessor(keyPackages: List<ByteArray>, options: CommitOptions = CommitOptions()): Commit =
        client.io { createSuccessorBlocking(keyPackages, options) }

    /** [createSuccessor], blocking. */
    @JvmOverloads
    @Throws(MlsException::class)
    public fun createSuccessorBlocking(keyPackages: List<ByteArray>, options: CommitOptions = CommitOptions()): Commit =
        calling { Commit(client, core.createSuccessor(keyPackages, options.lower())) }
}

/** Where a group stands on this device. */
public class GroupStatus private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<GroupStatus>()

        /** A member; everything works. */
        @JvmField public val ACTIVE: GroupStatus = code(1, "ACTIVE")

        /** An external commit of ours is not accepted yet. */
        @JvmField public val JOINING: GroupStatus = code(2, "JOINING")

        /** This device was removed. */
        @JvmField public val CLOSED: GroupStatus = code(3, "CLOSED")

        /** The group ended in favour of a successor. */
        @JvmField public val REPLACED: GroupStatus = code(4, "REPLACED")

        /** This device's state has parted from the group's. */
        @JvmField public val REJOIN_NEEDED: GroupStatus = code(5, "REJOIN_NEEDED")

        private fun code(value: Int, name: String) = GroupStatus(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.GroupStatus) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.GroupStatus.lift(): GroupStatus = GroupStatus.of(this)
