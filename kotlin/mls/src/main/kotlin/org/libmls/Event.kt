package org.libmls

/** What happened. */
public class Event internal constructor(
    /** Never used again in this store. Events of one group are in the order of their ids. */
    public val id: Long,
    /**
     * How often it was returned before: above 0 after a crash or a pull from the inbox. A message that crashes the
     * application can be recognised by it.
     */
    public val deliveries: Int,
    /** The group that it is about. */
    public val groupId: ByteArray,
    /** What it is. */
    public val kind: EventKind,
) {
    override fun toString(): String = "Event(..)"
}

internal fun org.libmls.ffi.Event.lift(): Event = Event(id.toLong(), deliveries.toInt(), groupId, kind.lift())

/** The kinds of event. They only grow: keep a default branch. */
public abstract class EventKind internal constructor() {
    /** Kept. An application message: show it. */
    public class Message internal constructor(
        /** Who sent it; the signature is checked. */
        public val sender: Sender,
        /** The epoch that it was sent in. */
        public val epoch: Long,
        /** The sender's count of messages in that epoch. Not signed: a member can give another's message a new one. */
        public val generation: Int,
        /** What was sent. */
        public val data: ByteArray,
        /** Authenticated, not encrypted. */
        public val aad: ByteArray,
    ) : EventKind()

    /** Kept. A Welcome: join or decline. */
    public class Invited internal constructor(
        /** The invitation. */
        public val invitation: Invitation,
    ) : EventKind()

    /** Kept. This device is in a group now: show it, and refill the key packages. */
    public class Joined internal constructor(
        /** How. */
        public val by: JoinedBy,
        /** The epoch it joined in. */
        public val epoch: Long,
        /** The reference of the key package that was used; empty for an external commit. */
        public val keyPackage: ByteArray,
        /** The id of our external commit. */
        public val commit: Long?,
    ) : EventKind()

    /** A proposal was cached: commit it, or clear it. */
    public class Proposed internal constructor(
        /** The proposal. */
        public val proposal: ProposalInfo,
        /** Authenticated data of its message. */
        public val aad: ByteArray,
    ) : EventKind()

    /** Kept. The group has a new epoch: refresh the roster. */
    public class Committed internal constructor(
        /** Who committed. */
        public val sender: Sender,
        /** The new epoch. */
        public val epoch: Long,
        /** The commit's id, if it is ours. */
        public val commit: Long?,
        /** Who was added. */
        public val added: List<Sender>,
        /** Who was removed. */
        public val removed: List<Sender>,
        /** Whose credential or signature key changed, with the new ones. */
        public val updated: List<Sender>,
        /** Ids of the external pre-shared keys that were mixed in. */
        public val psks: List<ByteArray>,
        /** Whether the extensions of the group context changed. */
        public val contextChanged: Boolean,
        /** Custom proposals that were committed. */
        public val custom: List<ProposalInfo>,
        /** Our own proposals of the old epoch that were not committed. */
        public val dropped: List<ProposalInfo>,
        /** Authenticated data of the commit. */
        public val aad: ByteArray,
    ) : EventKind()

    /** Kept. Another's commit won over ours: commit again, or not. */
    public class Superseded internal constructor(
        /** The id of our commit. */
        public val commit: Long,
        /** Who won. */
        public val winner: Sender,
        /** The epoch that the winner made. */
        public val epoch: Long,
        /** Our proposals in it that could be committed again. Their encoded bytes go to Group.commitAgain. */
        public val stillValid: List<ProposalInfo>,
    ) : EventKind()

    /** Kept. This device was removed: the group is closed. */
    public class Removed internal constructor(
        /** Who committed it. */
        public val sender: Sender,
        /** The last epoch that this device was part of. */
        public val epoch: Long,
    ) : EventKind()

    /** Kept. The group ended in favour of a successor: create or join it. */
    public class Replaced internal constructor(
        /** The successor's group id. */
        public val successor: ByteArray,
        /** The successor's cipher suite. */
        public val cipherSuite: Int,
        /** Who committed it. */
        public val sender: Sender,
    ) : EventKind()

    /** The message waits: fetch what is missing. */
    public class Held internal constructor(
        /** For what. */
        public val reason: HeldFor,
        /** The epoch that it belongs to; 0 if unknown. */
        public val epoch: Long,
        /** How many messages of this group wait now. */
        public val waiting: Int,
    ) : EventKind()

    /** Nothing to do. */
    public class Ignored internal constructor(
        /** Why. */
        public val reason: IgnoredReason,
        /** The epoch that it belongs to; 0 if unknown. */
        public val epoch: Long,
    ) : EventKind()

    /** This device's policy or the protocol turns it away: nothing to do, or change the policy and receive it again. */
    public class Denied internal constructor(
        /** Why. */
        public val reason: DeniedReason,
        /** The engine's word for it. Not stable. */
        public val detail: String,
        /** Who sent it, as far as it is known. */
        public val sender: Sender?,
        /** The message, to receive it again. */
        public val message: ByteArray,
    ) : EventKind()

    /** Nobody in the group is proven to have sent it: count it. */
    public class Undecryptable internal constructor(
        /** The engine's word for it. Not stable. */
        public val detail: String,
        /** The epoch that it claims; 0 if unknown. */
        public val epoch: Long,
    ) : EventKind()

    /**
     * Kept. A member's genuine commit cannot be applied here; the group is behind until then: change the policy and
     * receive it again, leave, or rejoin.
     */
    public class Stalled internal constructor(
        /** Why. */
        public val reason: DeniedReason,
        /** The engine's word for it. Not stable. */
        public val detail: String,
        /** The epoch that the commit would end. */
        public val epoch: Long,
        /** Who committed, as far as it is known. */
        public val sender: Sender?,
        /** The commit, to receive it again. */
        public val message: ByteArray,
    ) : EventKind()

    /**
     * Kept. This device's state has parted from the group's: join again by an external commit, with the user's
     * consent.
     */
    public class RejoinNeeded internal constructor(
        /** How it was noticed. */
        public val reason: RejoinReason,
        /** The epoch that this device is in. */
        public val epoch: Long,
    ) : EventKind()

    override fun toString(): String = "EventKind.${javaClass.simpleName}(..)"
}

internal fun org.libmls.ffi.EventKind.lift(): EventKind = when (this) {
    is org.libmls.ffi.EventKind.Message -> EventKind.Message(
        v1.sender.lift(),
        v1.epoch.toLong(),
        v1.generation.toInt(),
        v1.data,
        v1.aad,
    )
    is org.libmls.ffi.EventKind.Invited -> EventKind.Invited(v1.lift())
    is org.libmls.ffi.EventKind.Joined -> EventKind.Joined(
        v1.by.lift(),
        v1.epoch.toLong(),
        v1.keyPackage,
        v1.commit?.toLong(),
    )
    is org.libmls.ffi.EventKind.Proposed -> EventKind.Proposed(v1.proposal.lift(), v1.aad)
    is org.libmls.ffi.EventKind.Committed -> EventKind.Committed(
        v1.sender.lift(),
        v1.epoch.toLong(),
        v1.commit?.toLong(),
        v1.added.map { it.lift() },
        v1.removed.map { it.lift() },
        v1.updated.map { it.lift() },
        v1.psks,
        v1.contextChanged,
        v1.custom.map { it.lift() },
        v1.dropped.map { it.lift() },
        v1.aad,
    )
    is org.libmls.ffi.EventKind.Superseded -> EventKind.Superseded(
        v1.commit.toLong(),
        v1.winner.lift(),
        v1.epoch.toLong(),
        v1.stillValid.map { it.lift() },
    )
    is org.libmls.ffi.EventKind.Removed -> EventKind.Removed(v1.sender.lift(), v1.epoch.toLong())
    is org.libmls.ffi.EventKind.Replaced -> EventKind.Replaced(v1.successor, v1.cipherSuite.toInt(), v1.sender.lift())
    is org.libmls.ffi.EventKind.Held -> EventKind.Held(v1.reason.lift(), v1.epoch.toLong(), v1.waiting.toInt())
    is org.libmls.ffi.EventKind.Ignored -> EventKind.Ignored(v1.reason.lift(), v1.epoch.toLong())
    is org.libmls.ffi.EventKind.Denied -> EventKind.Denied(v1.reason.lift(), v1.detail, v1.sender?.lift(), v1.message)
    is org.libmls.ffi.EventKind.Undecryptable -> EventKind.Undecryptable(v1.detail, v1.epoch.toLong())
    is org.libmls.ffi.EventKind.Stalled -> EventKind.Stalled(
        v1.reason.lift(),
        v1.detail,
        v1.epoch.toLong(),
        v1.sender?.lift(),
        v1.message,
    )
    is org.libmls.ffi.EventKind.RejoinNeeded -> EventKind.RejoinNeeded(v1.reason.lift(), v1.epoch.toLong())
}

/** How this device came into a group. */
public class JoinedBy private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<JoinedBy>()

        /** A Welcome. */
        @JvmField public val WELCOME: JoinedBy = code(1, "WELCOME")

        /** Its own external commit. */
        @JvmField public val EXTERNAL_COMMIT: JoinedBy = code(2, "EXTERNAL_COMMIT")

        private fun code(value: Int, name: String) = JoinedBy(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.JoinedBy) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.JoinedBy.lift(): JoinedBy = JoinedBy.of(this)

/** What a held message waits for. */
public class HeldFor private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<HeldFor>()

        /** An earlier commit. */
        @JvmField public val EPOCH: HeldFor = code(1, "EPOCH")

        /** The Welcome to its group. */
        @JvmField public val GROUP: HeldFor = code(2, "GROUP")

        /** The validator's decision: Client.retryHeld. */
        @JvmField public val VALIDATOR: HeldFor = code(3, "VALIDATOR")

        /** A client with larger limits (the application, not its extension). */
        @JvmField public val LIMITS: HeldFor = code(4, "LIMITS")

        /** A proposal that a commit refers to. */
        @JvmField public val PROPOSAL: HeldFor = code(5, "PROPOSAL")

        /** A pre-shared key of a Welcome: Client.addPsk, then Client.retryHeld. */
        @JvmField public val PSK: HeldFor = code(6, "PSK")

        private fun code(value: Int, name: String) = HeldFor(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.HeldFor) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.HeldFor.lift(): HeldFor = HeldFor.of(this)

/** Why there is nothing to do. */
public class IgnoredReason private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<IgnoredReason>()

        /** It was processed before. */
        @JvmField public val DUPLICATE: IgnoredReason = code(1, "DUPLICATE")

        /** It is our own. */
        @JvmField public val OWN_ECHO: IgnoredReason = code(2, "OWN_ECHO")

        /** Its epoch is over and its keys are gone. */
        @JvmField public val TOO_OLD: IgnoredReason = code(3, "TOO_OLD")

        /** The group is closed. */
        @JvmField public val GROUP_CLOSED: IgnoredReason = code(4, "GROUP_CLOSED")

        /** Too much waits for this group already; it was not kept. */
        @JvmField public val HOLD_FULL: IgnoredReason = code(5, "HOLD_FULL")

        /** A Welcome for key packages that this device does not have. */
        @JvmField public val NOT_FOR_US: IgnoredReason = code(6, "NOT_FOR_US")

        /** A Welcome to a group that this device is in. */
        @JvmField public val ALREADY_MEMBER: IgnoredReason = code(7, "ALREADY_MEMBER")

        private fun code(value: Int, name: String) = IgnoredReason(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.IgnoredReason) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.IgnoredReason.lift(): IgnoredReason = IgnoredReason.of(this)

/** Why something was turned away. */
public class DeniedReason private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<DeniedReason>()

        /** This device's policy. */
        @JvmField public val POLICY: DeniedReason = code(1, "POLICY")

        /** The trust policy denied a credential. */
        @JvmField public val TRUST: DeniedReason = code(2, "TRUST")

        /** It is not valid in the protocol. */
        @JvmField public val PROTOCOL: DeniedReason = code(3, "PROTOCOL")

        /** Over a limit. */
        @JvmField public val LIMIT: DeniedReason = code(4, "LIMIT")

        private fun code(value: Int, name: String) = DeniedReason(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.DeniedReason) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.DeniedReason.lift(): DeniedReason = DeniedReason.of(this)

/** How this device's state parted from the group's. */
public class RejoinReason private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<RejoinReason>()

        /** Our own message at a generation that this store never set aside: the store was rolled back. */
        @JvmField public val ROLLED_BACK: RejoinReason = code(1, "ROLLED_BACK")

        /** A commit of ours that this store does not know. */
        @JvmField public val UNKNOWN_OWN_COMMIT: RejoinReason = code(2, "UNKNOWN_OWN_COMMIT")

        /** The anchor is ahead of the store. */
        @JvmField public val ANCHOR: RejoinReason = code(3, "ANCHOR")

        /** The state was lost. */
        @JvmField public val LOST_STATE: RejoinReason = code(4, "LOST_STATE")

        private fun code(value: Int, name: String) = RejoinReason(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.RejoinReason) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.RejoinReason.lift(): RejoinReason = RejoinReason.of(this)
