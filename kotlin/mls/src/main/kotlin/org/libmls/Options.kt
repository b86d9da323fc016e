package org.libmls

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers

/**
 * How to open a client. The credential is needed when the store is new, and checked when it is not; trust is needed
 * always.
 *
 *     Options(device = Device("alice@example.org", "phone"), trust = Trust.OnFirstUse) { cipherSuite = CipherSuite(2) }
 */
public class Options @JvmOverloads public constructor(
    /** Who this device is, as a basic credential in the client's form. */
    public var device: Device? = null,
    /** Who decides on credentials. No default. */
    public var trust: Trust? = null,
    block: Options.() -> Unit = {},
) {
    /** Who this device is, as a credential; wins over [device]. */
    public var credential: Credential? = null

    /** The signature key. Default: one is generated, and kept in the store. */
    public var signingKey: SigningKey? = null

    /** The cipher suite of new groups and key packages. Default [CipherSuite.X25519_AES128]. */
    public var cipherSuite: CipherSuite? = null

    /** What the client may do. */
    public var role: Role = Role.FULL

    /** What this device allows. */
    public var policy: Policy = Policy()

    /** How much is kept. */
    public var limits: Limits = Limits()

    /** What this device can do beyond the defaults. */
    public var capabilities: Capabilities = Capabilities()

    /** The application's form of basic credentials. Default: [Device]'s. */
    public var codec: CredentialCodec? = null

    /** Default: the system's clock. */
    public var clock: Clock? = null

    /** Where the store's high-water mark is kept outside of backups. Default: nowhere. */
    public var anchor: Anchor? = null

    /** Where the suspending calls run. Default [Dispatchers.IO]. */
    public var dispatcher: CoroutineDispatcher = Dispatchers.IO

    init {
        block()
    }

    override fun toString(): String = "Options(device=$device, trust=$trust, cipherSuite=$cipherSuite, role=$role)"
}

internal fun Options.lower(): org.libmls.ffi.Options = org.libmls.ffi.Options(
    device = device?.lower(),
    credential = credential?.lower(),
    signingKey = signingKey?.lower(),
    cipherSuite = cipherSuite?.value?.u16(),
    trust = trust?.core,
    role = role.lower(),
    policy = policy.lower(),
    limits = limits.lower(),
    capabilities = capabilities.lower(),
    codec = codec?.let { CoreCodec(it) },
    clock = clock?.let { CoreClock(it) },
    anchor = anchor?.let { CoreAnchor(it) },
)

/** The clock of a client. Called from any thread; it must not call into a client. */
public fun interface Clock {
    /** Now, seconds since 1970. If it throws, the operation fails with [ErrorCode.CALLBACK_FAILED]. */
    public fun now(): Long
}

internal class CoreClock(private val clock: Clock) : org.libmls.ffi.Clock {
    override fun now(): ULong = failing { clock.now().toULong() }
}

/**
 * Where the store's high-water mark is kept: a place that is not part of the same backup as the store (the platform's
 * keystore, a server). With it, a client that opens an older copy of its store refuses to send and asks for a rejoin
 * ([ErrorCode.STORE_ROLLED_BACK]); without it the same is noticed only from messages that the old copy does not know.
 *
 * Called once when a client opens, and after writes that could lose a key if rolled back. It must not call into a
 * client.
 */
public interface Anchor {
    /** The mark, or `null` if there is none yet. */
    public fun load(): Long?

    /** Keeps a mark that is larger than any before. */
    public fun store(mark: Long)
}

internal class CoreAnchor(private val anchor: Anchor) : org.libmls.ffi.Anchor {
    override fun load(): ULong? = failing { anchor.load()?.toULong() }

    override fun store(mark: ULong) = failing { anchor.store(mark.toLong()) }
}

/** How to make a group (RFC 9420 section 11). */
public class GroupOptions @JvmOverloads public constructor(block: GroupOptions.() -> Unit = {}) {
    /** Default: 16 random bytes. */
    public var id: ByteArray? = null

    /** Default: the client's. */
    public var cipherSuite: CipherSuite? = null

    /** Extensions of the group context. Use the two fields below for the types that libmls knows. */
    public var extensions: List<Extension> = emptyList()

    /** What every member must be able to do (RFC 9420 section 11.1). */
    public var requiredCapabilities: Capabilities? = null

    /** Who may propose from outside (RFC 9420 section 12.1.8.1). */
    public var externalSenders: List<ExternalSender> = emptyList()

    /** Extensions of our own leaf, of types that are among the client's capabilities: Unsupported else. */
    public var leafExtensions: List<Extension> = emptyList()

    init {
        block()
    }

    override fun toString(): String = "GroupOptions(..)"
}

internal fun GroupOptions.lower(): org.libmls.ffi.GroupOptions = org.libmls.ffi.GroupOptions(
    id = id,
    cipherSuite = cipherSuite?.value?.u16(),
    extensions = extensions.map { it.lower() },
    requiredCapabilities = requiredCapabilities?.lower(),
    externalSenders = externalSenders.map { it.lower() },
    leafExtensions = leafExtensions.map { it.lower() },
)

/** How to commit (RFC 9420 section 12.4). */
public class CommitOptions @JvmOverloads public constructor(block: CommitOptions.() -> Unit = {}) {
    /** Make new keys for our path even where RFC 9420 does not ask for it. */
    public var forcePath: Boolean = false

    /** Authenticated, not encrypted. */
    public var aad: ByteArray = ByteArray(0)

    /** A new credential and key for our own leaf in this group; forces a path. */
    public var newIdentity: NewIdentity? = null

    /**
     * New extensions of our own leaf, of types that are among the client's capabilities (Unsupported else); forces a
     * path.
     */
    public var leafExtensions: List<Extension>? = null

    /** Leave the ratchet tree out of the Welcome; joiners get it from Group.ratchetTree. */
    public var treeOutOfBand: Boolean = false

    /** One Welcome for each joiner in place of one for all. */
    public var welcomeForEach: Boolean = false

    /** Include a GroupInfo of the new epoch in the bundle. Default: the policy's publishGroupInfo. */
    public var groupInfo: Boolean? = null

    init {
        block()
    }

    override fun toString(): String = "CommitOptions(..)"
}

internal fun CommitOptions.lower(): org.libmls.ffi.CommitOptions = org.libmls.ffi.CommitOptions(
    forcePath = forcePath,
    aad = aad,
    newIdentity = newIdentity?.lower(),
    leafExtensions = leafExtensions?.map { it.lower() },
    treeOutOfBand = treeOutOfBand,
    welcomeForEach = welcomeForEach,
    groupInfo = groupInfo,
)

/** How to encrypt an application message (RFC 9420 section 6.3). */
public class EncryptOptions @JvmOverloads public constructor(block: EncryptOptions.() -> Unit = {}) {
    /** Authenticated, not encrypted. */
    public var aad: ByteArray = ByteArray(0)

    init {
        block()
    }

    override fun toString(): String = "EncryptOptions(..)"
}

internal fun EncryptOptions.lower(): org.libmls.ffi.EncryptOptions = org.libmls.ffi.EncryptOptions(aad = aad)

/** How to join by an external commit (RFC 9420 section 12.4.3.2). */
public class JoinOptions @JvmOverloads public constructor(block: JoinOptions.() -> Unit = {}) {
    /** The ratchet tree, if the GroupInfo does not carry it. */
    public var tree: ByteArray? = null

    /** Take the place of this device's old leaf. */
    public var resync: Boolean = false

    /** Ids of external pre-shared keys to mix in. */
    public var psks: List<ByteArray> = emptyList()

    /** Authenticated, not encrypted. */
    public var aad: ByteArray = ByteArray(0)

    /** Extensions of our own leaf, of types that are among the client's capabilities: Unsupported else. */
    public var leafExtensions: List<Extension> = emptyList()

    init {
        block()
    }

    override fun toString(): String = "JoinOptions(..)"
}

internal fun JoinOptions.lower(): org.libmls.ffi.JoinOptions = org.libmls.ffi.JoinOptions(
    tree = tree,
    resync = resync,
    psks = psks,
    aad = aad,
    leafExtensions = leafExtensions.map { it.lower() },
)
