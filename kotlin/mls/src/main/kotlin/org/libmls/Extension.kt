package org.libmls

/** An extension by type and bytes (RFC 9420 section 17.3). */
public class Extension public constructor(
    /** The IANA number of the type. */
    public val kind: Int,
    /** The extension's data. */
    public val data: ByteArray,
) {
    override fun toString(): String = "Extension(..)"
}

internal fun org.libmls.ffi.Extension.lift(): Extension = Extension(kind.toInt(), data)

internal fun Extension.lower(): org.libmls.ffi.Extension = org.libmls.ffi.Extension(
    kind = kind.u16(),
    data = data,
)

/** What an application says its device can do beyond RFC 9420's defaults (RFC 9420 section 7.2). */
public class Capabilities @JvmOverloads public constructor(block: Capabilities.() -> Unit = {}) {
    /** Extension types. */
    public var extensions: List<Int> = emptyList()

    /** Proposal types. */
    public var proposals: List<Int> = emptyList()

    /** Credential types. */
    public var credentials: List<Int> = emptyList()

    init {
        block()
    }

    override fun toString(): String = "Capabilities(..)"
}

internal fun Capabilities.lower(): org.libmls.ffi.Capabilities = org.libmls.ffi.Capabilities(
    extensions = extensions.map { it.u16() },
    proposals = proposals.map { it.u16() },
    credentials = credentials.map { it.u16() },
)

/** A sender outside the group. */
public class ExternalSender public constructor(
    /** Its signature key. */
    public val signatureKey: ByteArray,
    /** Its credential. */
    public val credential: Credential,
) {
    override fun toString(): String = "ExternalSender(..)"
}

internal fun org.libmls.ffi.ExternalSender.lift(): ExternalSender = ExternalSender(signatureKey, credential.lift())

internal fun ExternalSender.lower(): org.libmls.ffi.ExternalSender = org.libmls.ffi.ExternalSender(
    signatureKey = signatureKey,
    credential = credential.lower(),
)
