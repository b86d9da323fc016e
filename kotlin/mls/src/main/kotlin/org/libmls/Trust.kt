package org.libmls

/** What decides on credentials. There is no default: opening a client asks for one. */
public class Trust private constructor(private val name: String, internal val core: org.libmls.ffi.Trust) {
    override fun toString(): String = "Trust.$name"

    public companion object {
        /**
         * The first signature key seen for an identity is remembered in the store; another key is denied unless the
         * holder of the first one introduced it (an update inside a group). Only basic credentials are accepted.
         */
        @JvmField public val OnFirstUse: Trust = Trust("OnFirstUse", org.libmls.ffi.Trust.OnFirstUse)

        /** Every credential is accepted. For tests and closed deployments only. */
        @JvmField public val InsecureAcceptAny: Trust = Trust("InsecureAcceptAny", org.libmls.ffi.Trust.InsecureAcceptAny)

        /**
         * X.509 chains must lead to one of these DER root certificates, be valid now, and carry the member's key. Basic
         * credentials are denied.
         */
        @JvmStatic
        public fun roots(roots: List<ByteArray>): Trust = Trust("roots", org.libmls.ffi.Trust.Roots(roots))

        /** The application decides. */
        @JvmStatic
        public fun validator(validator: Validator): Trust =
            Trust("validator", org.libmls.ffi.Trust.Validator(CoreValidator(validator)))
    }
}
