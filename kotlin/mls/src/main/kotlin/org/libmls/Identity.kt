package org.libmls

/** A signature key pair that the application brings (RFC 9420 section 5.1.2 for the encodings). */
public class SigningKey public constructor(
    /** The private key: 64 bytes (seed and public key) or the 32-byte seed for Ed25519, the scalar for NIST curves. */
    public val secret: ByteArray,
    /** The public key: 32 bytes for Ed25519, the uncompressed point for NIST curves. */
    public val public: ByteArray,
) {
    override fun toString(): String = "SigningKey(..)"
}

internal fun org.libmls.ffi.SigningKey.lift(): SigningKey = SigningKey(secret, public)

internal fun SigningKey.lower(): org.libmls.ffi.SigningKey = org.libmls.ffi.SigningKey(
    secret = secret,
    public = public,
)

/** A new credential and signature key of a member. */
public class NewIdentity @JvmOverloads public constructor(block: NewIdentity.() -> Unit = {}) {
    /** Default: unchanged. */
    public var credential: Credential? = null

    /** Default: one is generated. */
    public var signingKey: SigningKey? = null

    init {
        block()
    }

    override fun toString(): String = "NewIdentity(..)"
}

internal fun NewIdentity.lower(): org.libmls.ffi.NewIdentity = org.libmls.ffi.NewIdentity(
    credential = credential?.lower(),
    signingKey = signingKey?.lower(),
)
