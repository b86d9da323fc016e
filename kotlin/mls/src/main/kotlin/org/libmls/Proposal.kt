package org.libmls

/** A proposal as a value (RFC 9420 section 12.1). The same list goes to [Group.propose] and to [Group.commit]. */
public class Proposal private constructor(private val name: String, internal val core: org.libmls.ffi.Proposal) {
    override fun toString(): String = "Proposal.$name(..)"

    public companion object {
        /** Add the device that published this key package message (RFC 9420 section 12.1.1). */
        @JvmStatic
        public fun add(keyPackage: ByteArray): Proposal = Proposal("add", org.libmls.ffi.Proposal.Add(keyPackage))

        /**
         * Renew our own leaf (RFC 9420 section 12.1.2); in a commit it forces a path. Without [identity] only the
         * encryption key is new; without [leafExtensions] they are kept.
         */
        @JvmStatic
        @JvmOverloads
        public fun update(identity: NewIdentity? = null, leafExtensions: List<Extension>? = null): Proposal =
            Proposal("update", org.libmls.ffi.Proposal.Update(identity?.lower(), leafExtensions?.map { it.lower() }))

        /** Remove the member at this leaf (RFC 9420 section 12.1.3). */
        @JvmStatic
        public fun remove(leaf: Int): Proposal = Proposal("remove", org.libmls.ffi.Proposal.Remove(leaf.u32()))

        /** Mix in the external pre-shared key of this id, which all members have (RFC 9420 section 12.1.4). */
        @JvmStatic
        public fun externalPsk(id: ByteArray): Proposal =
            Proposal("externalPsk", org.libmls.ffi.Proposal.ExternalPsk(id))

        /** Mix in the resumption secret of an epoch of this group (RFC 9420 section 12.1.4). */
        @JvmStatic
        public fun resumptionPsk(epoch: Long): Proposal =
            Proposal("resumptionPsk", org.libmls.ffi.Proposal.ResumptionPsk(epoch.u64()))

        /**
         * End the group and announce a successor (RFC 9420 section 12.1.5), with an id (`null`: a random one), a cipher
         * suite, and extensions of its context.
         */
        @JvmStatic
        @JvmOverloads
        public fun reInit(
            groupId: ByteArray? = null,
            cipherSuite: CipherSuite = CipherSuite.X25519_AES128,
            extensions: List<Extension> = emptyList(),
        ): Proposal = Proposal(
            "reInit",
            org.libmls.ffi.Proposal.ReInit(groupId, cipherSuite.value.u16(), extensions.map { it.lower() }),
        )

        /** Replace the extensions of the group context by all of these (RFC 9420 section 12.1.7). */
        @JvmStatic
        public fun groupContextExtensions(extensions: List<Extension>): Proposal = Proposal(
            "groupContextExtensions",
            org.libmls.ffi.Proposal.GroupContextExtensions(extensions.map { it.lower() }),
        )

        /**
         * A proposal of the application's own type, an IANA or private-use number, which every member must be capable
         * of.
         */
        @JvmStatic
        public fun custom(kind: Int, data: ByteArray): Proposal =
            Proposal("custom", org.libmls.ffi.Proposal.Custom(kind.u16(), data))
    }
}

/** What a proposal would do, as somebody else made it. */
public class ProposalInfo internal constructor(
    /**
     * The IANA number of its type (RFC 9420 section 17.4): 1 add, 2 update, 3 remove, 4 PSK, 5 reinit, 6 external
     * init, 7 group context extensions.
     */
    public val kind: Int,
    /** Who made it. */
    public val sender: Sender,
    /** For a cached proposal: what a commit refers to it by (RFC 9420 section 5.2). Empty if it was made by value. */
    public val reference: ByteArray,
    /** Add and update: the leaf's credential after it. Remove: the member's. */
    public val subject: Sender?,
    /** PSK: its id. ReInit: the successor's group id. Custom: its bytes. Else empty. */
    public val data: ByteArray,
    /** The whole proposal, encoded as in RFC 9420 section 12.1. */
    public val encoded: ByteArray,
) {
    override fun toString(): String = "ProposalInfo(..)"
}

internal fun org.libmls.ffi.ProposalInfo.lift(): ProposalInfo = ProposalInfo(
    kind.toInt(),
    sender.lift(),
    reference,
    subject?.lift(),
    data,
    encoded,
)

internal fun ProposalInfo.lower(): org.libmls.ffi.ProposalInfo = org.libmls.ffi.ProposalInfo(
    kind = kind.u16(),
    sender = sender.lower(),
    reference = reference,
    subject = subject?.lower(),
    data = data,
    encoded = encoded,
)
