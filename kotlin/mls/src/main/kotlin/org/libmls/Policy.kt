package org.libmls

/** What the open client may do. */
public enum class Role {
    /** Everything. The default. */
    FULL,

    /** A notification extension: it may receive and look, not acknowledge, send, join or change a group by itself. */
    EXTENSION,
}

internal fun org.libmls.ffi.Role.lift(): Role = Role.entries.first { it.name == name }

internal fun Role.lower(): org.libmls.ffi.Role =
    org.libmls.ffi.Role.entries.first { it.name == name }

/**
 * What this device's own policy allows. Stricter than RFC 9420 where it says so; binds proposals and own commits, and
 * never makes a device refuse a commit that the service has ordered.
 */
public class Policy @JvmOverloads public constructor(block: Policy.() -> Unit = {}) {
    private val defaults = org.libmls.ffi.defaultPolicy()

    /** Default HandshakeEncryption.Private. */
    public var handshakeEncryption: HandshakeEncryption = defaults.handshakeEncryption.lift()

    /** Default Padding.Step. */
    public var padding: Padding = defaults.padding.lift()

    /** Whether our commits publish a GroupInfo that lets others join by external commit. Default false. */
    public var publishGroupInfo: Boolean = defaults.publishGroupInfo

    /** Whether proposals of new members (RFC 9420 section 12.1.8) are taken. Default false. */
    public var newMemberProposals: Boolean = defaults.newMemberProposals

    /** Whether proposals of the senders in the external_senders extension are taken. Default false. */
    public var externalSenderProposals: Boolean = defaults.externalSenderProposals

    /** Who may join by an external commit. Default ExternalJoin.ResyncOnly. */
    public var externalJoin: ExternalJoin = defaults.externalJoin.lift()

    /** Seconds that a key package lives. Default 365 days. */
    public var keyPackageLifetime: Long = defaults.keyPackageLifetime.toLong()

    /** Seconds by which notBefore is set back, for peers with slow clocks. Default one hour. */
    public var keyPackageBackdate: Long = defaults.keyPackageBackdate.toLong()

    /** Whether invitations are joined at once, without Client.join. Default false. */
    public var autoJoin: Boolean = defaults.autoJoin

    init {
        block()
    }

    override fun toString(): String = "Policy(..)"
}

internal fun Policy.lower(): org.libmls.ffi.Policy = org.libmls.ffi.Policy(
    handshakeEncryption = handshakeEncryption.lower(),
    padding = padding.lower(),
    publishGroupInfo = publishGroupInfo,
    newMemberProposals = newMemberProposals,
    externalSenderProposals = externalSenderProposals,
    externalJoin = externalJoin.lower(),
    keyPackageLifetime = keyPackageLifetime.u64(),
    keyPackageBackdate = keyPackageBackdate.u64(),
    autoJoin = autoJoin,
)

/** Whether handshake messages are encrypted (RFC 9420 section 6). */
public enum class HandshakeEncryption {
    /** PrivateMessage: the delivery service sees neither proposals nor commits. The default. */
    PRIVATE,

    /** PublicMessage: the delivery service can follow the group. */
    PUBLIC,
}

internal fun org.libmls.ffi.HandshakeEncryption.lift(): HandshakeEncryption =
    HandshakeEncryption.entries.first { it.name == name }

internal fun HandshakeEncryption.lower(): org.libmls.ffi.HandshakeEncryption =
    org.libmls.ffi.HandshakeEncryption.entries.first { it.name == name }

/** How application messages are padded before encryption (RFC 9420 section 6.3.1). */
public enum class Padding {
    /** To a step that grows with the length, at most about 12 % more. The default. */
    STEP,

    /** Not at all: the ciphertext tells the exact length. */
    NONE,
}

internal fun org.libmls.ffi.Padding.lift(): Padding = Padding.entries.first { it.name == name }

internal fun Padding.lower(): org.libmls.ffi.Padding =
    org.libmls.ffi.Padding.entries.first { it.name == name }

/** Who may join by an external commit, and whose outside proposals are taken. */
public enum class ExternalJoin {
    /** Nobody: external commits of strangers are denied. A member's device that resyncs is let in. */
    RESYNC_ONLY,

    /** Whoever the trust policy accepts. Every member has to choose it, or the group parts at the first such commit. */
    TRUSTED,
}

internal fun org.libmls.ffi.ExternalJoin.lift(): ExternalJoin = ExternalJoin.entries.first { it.name == name }

internal fun ExternalJoin.lower(): org.libmls.ffi.ExternalJoin =
    org.libmls.ffi.ExternalJoin.entries.first { it.name == name }

/** How much is kept and taken in. All of them bound what somebody else can make this device store or compute. */
public class Limits private constructor(defaults: org.libmls.ffi.Limits, block: Limits.() -> Unit) {
    /** The defaults, but for what [block] changes. */
    @JvmOverloads
    public constructor(block: Limits.() -> Unit = {}) : this(org.libmls.ffi.defaultLimits(), block)

    /** Events that wait to be acknowledged. At the limit receive answers InboxFull. Default 10,000. */
    public var inboxEvents: Int = defaults.inboxEvents.toInt()

    /** Messages held for a group, for each reason. Default 256. */
    public var heldMessages: Int = defaults.heldMessages.toInt()

    /** Bytes of messages held for a group. Default 4 MiB. */
    public var heldBytes: Long = defaults.heldBytes.toLong()

    /** Groups not known yet for which messages are held; they share heldBytes evenly. Default 64. */
    public var heldUnknownGroups: Int = defaults.heldUnknownGroups.toInt()

    /** Past epochs whose late messages can still be read. Default 3. */
    public var pastEpochs: Int = defaults.pastEpochs.toInt()

    /** Bytes of one message, incoming or ours; at least 4,096. Default 16 MiB. */
    public var messageBytes: Long = defaults.messageBytes.toLong()

    /** Leaves of a tree. Default 50,000. */
    public var members: Int = defaults.members.toInt()

    /** Proposals cached from one member. Default 32. */
    public var proposalsPerMember: Int = defaults.proposalsPerMember.toInt()

    /** Proposals in one commit. Default 10,000. */
    public var proposalsPerCommit: Int = defaults.proposalsPerCommit.toInt()

    /**
     * Messages after which consumed keys are gone from the disk, not only from use; see docs/storage.md. 1 to 1,024.
     * Default 64.
     */
    public var foldDistance: Int = defaults.foldDistance.toInt()

    /** Own generations set aside in one write. 1 to 64. Default 64. */
    public var sendWindow: Int = defaults.sendWindow.toInt()

    /** Above this number of members, commits and Welcomes are held for a client that can afford them. Default none. */
    public var holdCommitsAbove: Int? = defaults.holdCommitsAbove?.toInt()

    /** Groups kept loaded. Default 128. */
    public var loadedGroups: Int = defaults.loadedGroups.toInt()

    init {
        block()
    }

    override fun toString(): String = "Limits(..)"

    public companion object {
        /**
         * All of them for a process with little memory, as an iOS notification extension is: what a message makes it
         * allocate stays below 8 MB.
         */
        @JvmStatic
        public fun extension(): Limits = Limits(org.libmls.ffi.extensionLimits()) {}
    }
}

internal fun Limits.lower(): org.libmls.ffi.Limits = org.libmls.ffi.Limits(
    inboxEvents = inboxEvents.u32(),
    heldMessages = heldMessages.u32(),
    heldBytes = heldBytes.u64(),
    heldUnknownGroups = heldUnknownGroups.u32(),
    pastEpochs = pastEpochs.u32(),
    messageBytes = messageBytes.u64(),
    members = members.u32(),
    proposalsPerMember = proposalsPerMember.u32(),
    proposalsPerCommit = proposalsPerCommit.u32(),
    foldDistance = foldDistance.u32(),
    sendWindow = sendWindow.u32(),
    holdCommitsAbove = holdCommitsAbove?.u32(),
    loadedGroups = loadedGroups.u32(),
)
