package org.libmls

/** A member of a group. */
public class Member internal constructor(
    /** Where its leaf is in the tree. Stable while it is a member. */
    public val leaf: Int,
    /** Its credential. */
    public val credential: Credential,
    /** The user that the credential names, if it is of the client's form. */
    public val user: String?,
    /** The device that the credential names, if it is of the client's form. */
    public val device: String?,
    /** Its signature key. */
    public val signatureKey: ByteArray,
    /**
     * The epoch in which its keys last changed, as far as this device has seen (the epoch of its own join at first).
     */
    public val lastUpdate: Long,
    /** Extensions of its leaf. */
    public val extensions: List<Extension>,
    /** Extension types that it knows beyond the defaults. */
    public val capabilitiesExtensions: List<Int>,
    /** Proposal types that it knows beyond the defaults. */
    public val capabilitiesProposals: List<Int>,
    /** Credential types that it knows. */
    public val capabilitiesCredentials: List<Int>,
    /** Cipher suites that it knows. */
    public val capabilitiesCipherSuites: List<Int>,
) {
    override fun toString(): String = "Member(..)"
}

internal fun org.libmls.ffi.Member.lift(): Member = Member(
    leaf.toInt(),
    credential.lift(),
    user,
    device,
    signatureKey,
    lastUpdate.toLong(),
    extensions.map { it.lift() },
    capabilitiesExtensions.map { it.toInt() },
    capabilitiesProposals.map { it.toInt() },
    capabilitiesCredentials.map { it.toInt() },
    capabilitiesCipherSuites.map { it.toInt() },
)

/** Who sent something, or whom it is about. */
public class Sender internal constructor(
    /** Where it stands. */
    public val kind: SenderKind,
    /** Its leaf, for a member; its place in external_senders, for an external sender. */
    public val leaf: Int?,
    /** Its credential, as far as it is known. */
    public val credential: Credential?,
    /** Its user, if the credential is of the client's form. */
    public val user: String?,
    /** Its device, if the credential is of the client's form. */
    public val device: String?,
    /** Its signature key; empty if unknown. */
    public val signatureKey: ByteArray,
) {
    override fun toString(): String = "Sender(..)"
}

internal fun org.libmls.ffi.Sender.lift(): Sender = Sender(
    kind.lift(),
    leaf?.toInt(),
    credential?.lift(),
    user,
    device,
    signatureKey,
)

internal fun Sender.lower(): org.libmls.ffi.Sender = org.libmls.ffi.Sender(
    kind = org.libmls.ffi.SenderKind.entries.first { it.name == kind.name },
    leaf = leaf?.u32(),
    credential = credential?.lower(),
    user = user,
    device = device,
    signatureKey = signatureKey,
)

/** Where a sender stands (RFC 9420 section 6). */
public class SenderKind private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<SenderKind>()

        /** A member of the group. */
        @JvmField public val MEMBER: SenderKind = code(1, "MEMBER")

        /** A sender of the external_senders extension. */
        @JvmField public val EXTERNAL: SenderKind = code(2, "EXTERNAL")

        /** Somebody who proposes to be added. */
        @JvmField public val NEW_MEMBER_PROPOSAL: SenderKind = code(3, "NEW_MEMBER_PROPOSAL")

        /** Somebody who joined by this external commit. */
        @JvmField public val NEW_MEMBER_COMMIT: SenderKind = code(4, "NEW_MEMBER_COMMIT")

        private fun code(value: Int, name: String) = SenderKind(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.SenderKind) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.SenderKind.lift(): SenderKind = SenderKind.of(this)
