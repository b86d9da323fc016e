package org.libmls

/** A cipher suite by its IANA number (RFC 9420 section 17.1). */
public class CipherSuite public constructor(
    /** The number. */
    public val value: Int,
) {
    override fun equals(other: Any?): Boolean = other is CipherSuite && other.value == value

    override fun hashCode(): Int = value

    override fun toString(): String = "CipherSuite($value)"

    public companion object {
        /** MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, the default and the one every implementation has. */
        @JvmField public val X25519_AES128: CipherSuite = CipherSuite(1)

        /** MLS_128_DHKEMP256_AES128GCM_SHA256_P256. */
        @JvmField public val P256_AES128: CipherSuite = CipherSuite(2)

        /** MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519. */
        @JvmField public val X25519_CHACHA: CipherSuite = CipherSuite(3)

        /** MLS_256_DHKEMP521_AES256GCM_SHA512_P521. */
        @JvmField public val P521_AES256: CipherSuite = CipherSuite(5)

        /** MLS_256_DHKEMP384_AES256GCM_SHA384_P384. */
        @JvmField public val P384_AES256: CipherSuite = CipherSuite(7)

        /** Those that this build has. 4 and 6 (X448, Ed448) are not among them. */
        @JvmStatic
        public fun supported(): List<CipherSuite> =
            org.libmls.ffi.supportedCipherSuites().map { CipherSuite(it.toInt()) }
    }
}
