package org.libmls

/**
 * The application's decision on credentials. Called from the thread that runs the call, never with a lock that another
 * group or the client needs; a call into the group in question answers [ErrorCode.REENTRANT].
 */
public fun interface Validator {
    /**
     * Decides. What it throws is a failure, not a verdict: the operation fails with [ErrorCode.CALLBACK_FAILED], and
     * nothing has changed. The text of what it throws becomes the detail, so it must not carry a secret.
     */
    public fun validate(request: ValidationRequest): Verdict
}

internal class CoreValidator(private val validator: Validator) : org.libmls.ffi.Validator {
    override fun validate(request: org.libmls.ffi.ValidationRequest): org.libmls.ffi.Verdict =
        failing { validator.validate(request.lift()).lower() }
}

/** A credential to decide on. */
public class ValidationRequest internal constructor(
    /** Why. */
    public val purpose: Purpose,
    /** The group, if it is known. */
    public val groupId: ByteArray?,
    /** The credential. */
    public val credential: Credential,
    /** The user that the credential names, if it is of the client's form. */
    public val user: String?,
    /** The device that the credential names, if it is of the client's form. */
    public val device: String?,
    /** The signature key that it is to vouch for, in RFC 9420's encoding for the cipher suite. */
    public val signatureKey: ByteArray,
    /** What the member had before, for Purpose.Update. */
    public val previousCredential: Credential?,
    /** The signature key that the member had before, for Purpose.Update. */
    public val previousSignatureKey: ByteArray?,
    /** The client's clock, seconds since 1970. */
    public val time: Long,
) {
    override fun toString(): String = "ValidationRequest(..)"
}

internal fun org.libmls.ffi.ValidationRequest.lift(): ValidationRequest = ValidationRequest(
    purpose.lift(),
    groupId,
    credential.lift(),
    user,
    device,
    signatureKey,
    previousCredential?.lift(),
    previousSignatureKey,
    time.toLong(),
)

/** Why a credential has to be decided on. */
public class Purpose private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<Purpose>()

        /** A member of a group that this device is about to join. */
        @JvmField public val MEMBER: Purpose = code(1, "MEMBER")

        /** Somebody who is being added, or joins by an external commit. */
        @JvmField public val ADD: Purpose = code(2, "ADD")

        /** A member who changes key or credential; the old ones are given. */
        @JvmField public val UPDATE: Purpose = code(3, "UPDATE")

        /** A sender outside the group, from the external_senders extension. */
        @JvmField public val EXTERNAL_SENDER: Purpose = code(4, "EXTERNAL_SENDER")

        private fun code(value: Int, name: String) = Purpose(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.Purpose) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.Purpose.lift(): Purpose = Purpose.of(this)

/** A validator's answer. */
public enum class Verdict {
    /** The credential belongs to whom it names. */
    ACCEPT,

    /** It does not. */
    DENY,

    /** Not known yet: the message is held with the state unchanged, and decided again by Client.retryHeld. */
    LATER,
}

internal fun org.libmls.ffi.Verdict.lift(): Verdict = Verdict.entries.first { it.name == name }

internal fun Verdict.lower(): org.libmls.ffi.Verdict =
    org.libmls.ffi.Verdict.entries.first { it.name == name }
