package org.libmls

/**
 * One device of one user, as a basic credential carries it.
 *
 * The encoding is the user's name, a NUL, the device's name, both UTF-8 and not empty. A credential of any other bytes
 * is foreign: readable as bytes, of no user.
 */
public class Device public constructor(
    /** The user's name: any UTF-8 without NUL, not empty. */
    public val user: String,
    /** The device's name: any UTF-8 without NUL, not empty. */
    public val device: String,
) {
    override fun equals(other: Any?): Boolean = other is Device && other.user == user && other.device == device

    override fun hashCode(): Int = 31 * user.hashCode() + device.hashCode()

    override fun toString(): String = "Device($user, $device)"

    public companion object {
        /** The device that the bytes of a basic credential name; `null` if they are not in the usual encoding. */
        @JvmStatic
        public fun of(identity: ByteArray): Device? = org.libmls.ffi.deviceOf(identity)?.lift()
    }
}

internal fun org.libmls.ffi.Device.lift(): Device = Device(user, device)

internal fun Device.lower(): org.libmls.ffi.Device = org.libmls.ffi.Device(user = user, device = device)

/** A credential (RFC 9420 section 5.3). */
public abstract class Credential internal constructor() {
    /** A name, believed only as far as the trust policy goes. */
    public class Basic public constructor(
        /** The credential's bytes; see Device for the usual encoding. */
        public val identity: ByteArray,
    ) : Credential()

    /** A chain of DER certificates, the member's own first. */
    public class X509 public constructor(
        /** The certificates, each DER. */
        public val chain: List<ByteArray>,
    ) : Credential()

    /** A credential type that libmls does not read. */
    public class Other public constructor(
        /** The IANA number of the type. */
        public val kind: Int,
        /** Its bytes. */
        public val data: ByteArray,
    ) : Credential()

    public companion object {
        /**
         * The basic credential of a device, in the usual encoding. [ErrorCode.INVALID_ARGUMENT] if a name is empty or
         * has a NUL in it.
         */
        @JvmStatic
        @Throws(MlsException::class)
        public fun basic(device: Device): Credential =
            calling { org.libmls.ffi.basicCredential(device.lower()).lift() }
    }

    override fun toString(): String = "Credential.${javaClass.simpleName}(..)"
}

internal fun org.libmls.ffi.Credential.lift(): Credential = when (this) {
    is org.libmls.ffi.Credential.Basic -> Credential.Basic(identity)
    is org.libmls.ffi.Credential.X509 -> Credential.X509(chain)
    is org.libmls.ffi.Credential.Other -> Credential.Other(kind.toInt(), data)
}

internal fun Credential.lower(): org.libmls.ffi.Credential = when (this) {
    is Credential.Basic -> org.libmls.ffi.Credential.Basic(identity)
    is Credential.X509 -> org.libmls.ffi.Credential.X509(chain)
    is Credential.Other -> org.libmls.ffi.Credential.Other(kind.u16(), data)
    else -> error("a kind of Credential that this version did not make")
}

/**
 * The application's own form of basic credentials, in place of [Device]'s. Called from any thread, also while a group
 * is locked: it must not call into a client.
 */
public interface CredentialCodec {
    /** The bytes of the basic credential of a device. If it throws, the client does not open. */
    public fun encode(device: Device): ByteArray

    /**
     * The device that a basic credential names; `null` if the bytes are not of this form. If it throws, the credential
     * is one of no user: who says something must not keep it from being read.
     */
    public fun decode(bytes: ByteArray): Device?
}

internal class CoreCodec(private val codec: CredentialCodec) : org.libmls.ffi.CredentialCodec {
    override fun encode(device: org.libmls.ffi.Device): ByteArray = failing { codec.encode(device.lift()) }

    override fun decode(bytes: ByteArray): org.libmls.ffi.Device? = failing { codec.decode(bytes)?.lower() }
}
