package org.libmls

/** A key package of this device that was not used yet. */
public class KeyPackageInfo internal constructor(
    /** Its reference (RFC 9420 section 5.2). */
    public val reference: ByteArray,
    /** Its cipher suite. */
    public val cipherSuite: CipherSuite,
    /** Whether it may be used more than once. */
    public val lastResort: Boolean,
    /** Valid from, seconds since 1970. */
    public val notBefore: Long,
    /** Valid until, seconds since 1970. */
    public val notAfter: Long,
    /** The message to publish. */
    public val message: ByteArray,
) {
    override fun toString(): String = "KeyPackageInfo(..)"
}

internal fun org.libmls.ffi.KeyPackageInfo.lift(): KeyPackageInfo = KeyPackageInfo(
    reference,
    CipherSuite(cipherSuite.toInt()),
    lastResort,
    notBefore.toLong(),
    notAfter.toLong(),
    message,
)

/**
 * A key package with its private keys, for a move to another store or a conformance test. Whoever has it can read the
 * Welcome that uses it. Encodings are RFC 9420's for the cipher suite; the secrets are wiped when dropped.
 */
public class KeyPackageSecrets public constructor(
    /** The key package message. */
    public val message: ByteArray,
    /** The private key of its init_key. */
    public val initKey: ByteArray,
    /** The private key of its leaf's encryption_key. */
    public val encryptionKey: ByteArray,
    /** The private key of its leaf's signature_key. */
    public val signatureKey: ByteArray,
) {
    override fun toString(): String = "KeyPackageSecrets(..)"
}

internal fun org.libmls.ffi.KeyPackageSecrets.lift(): KeyPackageSecrets = KeyPackageSecrets(
    message,
    initKey,
    encryptionKey,
    signatureKey,
)

internal fun KeyPackageSecrets.lower(): org.libmls.ffi.KeyPackageSecrets = org.libmls.ffi.KeyPackageSecrets(
    message = message,
    initKey = initKey,
    encryptionKey = encryptionKey,
    signatureKey = signatureKey,
)

/** How to make key packages (RFC 9420 section 10). */
public class KeyPackageOptions @JvmOverloads public constructor(block: KeyPackageOptions.() -> Unit = {}) {
    /** Default: the client's. */
    public var cipherSuite: CipherSuite? = null

    /** Whether it may be used more than once, when nothing else is left. */
    public var lastResort: Boolean = false

    /** Seconds. Default: the policy's. */
    public var lifetime: Long? = null

    /** Extensions of the key package. */
    public var extensions: List<Extension> = emptyList()

    /** Extensions of the leaf, of types that are among the client's capabilities: Unsupported else. */
    public var leafExtensions: List<Extension> = emptyList()

    init {
        block()
    }

    override fun toString(): String = "KeyPackageOptions(..)"
}

internal fun KeyPackageOptions.lower(): org.libmls.ffi.KeyPackageOptions = org.libmls.ffi.KeyPackageOptions(
    cipherSuite = cipherSuite?.value?.u16(),
    lastResort = lastResort,
    lifetime = lifetime?.u64(),
    extensions = extensions.map { it.lower() },
    leafExtensions = leafExtensions.map { it.lower() },
)
