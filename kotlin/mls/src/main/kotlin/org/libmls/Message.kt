package org.libmls

/** What can be said of MLS messages without a client. */
public object Mls {
    /** The version of the library. */
    @JvmStatic
    public val version: String
        get() = org.libmls.ffi.version()

    /** The media type of an MLS message (RFC 9420 section 17.10). */
    @JvmStatic
    public val mediaType: String
        get() = org.libmls.ffi.mediaType()

    /**
     * Reads a message from outside, for routing. Nothing is verified. [ErrorCode.INVALID_MESSAGE] if it is not one,
     * [ErrorCode.TOO_LARGE] above 64 MiB.
     */
    @JvmStatic
    @Throws(MlsException::class)
    public fun inspect(message: ByteArray): MessageInfo = calling { org.libmls.ffi.inspect(message).lift() }
}

/** What can be seen of a message from outside. */
public class MessageInfo internal constructor(
    /** What kind of message it is. */
    public val wireFormat: WireFormat,
    /** Its group, where it names one: not for Welcome and KeyPackage. */
    public val groupId: ByteArray?,
    /** Its epoch, where it names one. */
    public val epoch: Long?,
    /** Its cipher suite, where it names one: Welcome, GroupInfo, KeyPackage. */
    public val cipherSuite: Int?,
    /** What it contains, for a framed message. */
    public val content: ContentKind?,
    /** Where its sender claims to stand, for a PublicMessage. */
    public val senderKind: SenderKind?,
    /** The sender's claimed leaf, for a PublicMessage of a member. */
    public val senderLeaf: Int?,
    /** The references of the key packages that a Welcome is for, or of a KeyPackage itself. */
    public val keyPackages: List<ByteArray>,
    /** Authenticated data that anyone can read. */
    public val aad: ByteArray,
) {
    override fun toString(): String = "MessageInfo(..)"
}

internal fun org.libmls.ffi.MessageInfo.lift(): MessageInfo = MessageInfo(
    wireFormat.lift(),
    groupId,
    epoch?.toLong(),
    cipherSuite?.toInt(),
    content?.lift(),
    senderKind?.lift(),
    senderLeaf?.toInt(),
    keyPackages,
    aad,
)

/** What kind of message it is (RFC 9420 section 6): the IANA numbers. */
public class WireFormat private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<WireFormat>()

        /** A handshake message that the service can read. */
        @JvmField public val PUBLIC_MESSAGE: WireFormat = code(1, "PUBLIC_MESSAGE")

        /** An encrypted message. */
        @JvmField public val PRIVATE_MESSAGE: WireFormat = code(2, "PRIVATE_MESSAGE")

        /** For those who are being added. */
        @JvmField public val WELCOME: WireFormat = code(3, "WELCOME")

        /** For those who want to join. */
        @JvmField public val GROUP_INFO: WireFormat = code(4, "GROUP_INFO")

        /** For those who want to add its maker. */
        @JvmField public val KEY_PACKAGE: WireFormat = code(5, "KEY_PACKAGE")

        private fun code(value: Int, name: String) = WireFormat(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.WireFormat) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.WireFormat.lift(): WireFormat = WireFormat.of(this)

/** What a framed message contains (RFC 9420 section 6): the numbers of its content types. */
public class ContentKind private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<ContentKind>()

        /** An application message. */
        @JvmField public val APPLICATION: ContentKind = code(1, "APPLICATION")

        /** A proposal. */
        @JvmField public val PROPOSAL: ContentKind = code(2, "PROPOSAL")

        /** A commit. */
        @JvmField public val COMMIT: ContentKind = code(3, "COMMIT")

        private fun code(value: Int, name: String) = ContentKind(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.ContentKind) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.ContentKind.lift(): ContentKind = ContentKind.of(this)
