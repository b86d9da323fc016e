package org.libmls

/** A Welcome that waits for Client.join or Client.decline. */
public class Invitation internal constructor(
    /** What to give to join; the id of the event that brought it. */
    public val id: Long,
    /** What would be joined. */
    public val preview: GroupPreview,
    /** The reference of the key package that was used. */
    public val keyPackage: ByteArray,
) {
    override fun toString(): String = "Invitation(..)"
}

internal fun org.libmls.ffi.Invitation.lift(): Invitation = Invitation(id.toLong(), preview.lift(), keyPackage)

/** A group as its GroupInfo shows it, before this device is in it. */
public class GroupPreview internal constructor(
    /** The group's id. */
    public val groupId: ByteArray,
    /** Its cipher suite. */
    public val cipherSuite: Int,
    /** Its epoch. */
    public val epoch: Long,
    /** Who signed the GroupInfo: the inviter, if the tree is known. */
    public val inviter: Sender?,
    /** Its members; empty while the tree is not known. */
    public val members: List<Sender>,
    /** Whether the ratchet tree has to be given to join. */
    public val needsTree: Boolean,
    /** The group that it succeeds or branches off, if this device knows it. */
    public val parent: ByteArray?,
) {
    override fun toString(): String = "GroupPreview(..)"
}

internal fun org.libmls.ffi.GroupPreview.lift(): GroupPreview = GroupPreview(
    groupId,
    cipherSuite.toInt(),
    epoch.toLong(),
    inviter?.lift(),
    members.map { it.lift() },
    needsTree,
    parent,
)
