package org.libmls

/**
 * One ordered key space with compare-and-swap transactions: all that libmls needs of a database, for an application
 * that brings its own.
 *
 * Keys are 1 to 255 bytes and compare bytewise, unsigned. Values are up to a few MB, arrive sealed, and mean nothing to
 * the implementation. Any method may be called from any thread; calls may overlap, and each must be atomic. An
 * implementation must not call back into the client that uses it.
 *
 * A failure is a [StorageException] of the kind that fits; whatever else is thrown is [ErrorCode.CALLBACK_FAILED].
 */
public interface Storage {
    /**
     * A number that moves whenever anyone commits: this object, another one, another process. It is compared for
     * equality only, and may also move for no reason. Called before every operation, so it has to be cheap.
     */
    public fun version(): Long

    /** The value at [key], or `null`. */
    public fun get(key: ByteArray): ByteArray?

    /**
     * At most [limit] rows of [range] in ascending order of keys, or the last ones in descending order if [reverse].
     */
    public fun scan(range: KeyRange, reverse: Boolean, limit: Int): List<Row>

    /**
     * Applies all writes in their order, atomically and durably, if nobody has committed since [version], and answers
     * the new version. Answers `null`, and has written nothing, if somebody has. When it returns the rows must survive
     * a power loss. If it throws, nothing has been written.
     */
    public fun commit(version: Long, writes: List<Write>): Long?

    /**
     * Makes deleted and replaced rows unrecoverable from the files, as far as it can. Does nothing unless overridden.
     */
    public fun checkpoint() {}

    /**
     * Finishes what is under way and gives back every file lock, until [resume]; other calls throw
     * [StorageException.Kind.SUSPENDED] meanwhile. Does nothing unless overridden.
     */
    public fun suspend() {}

    /** Ends [suspend] and moves [version]. Does nothing unless overridden. */
    public fun resume() {}
}

/** Why a [Storage] could not do what it was asked. */
public class StorageException @JvmOverloads public constructor(
    /** What it is: one of the constants here. It decides the [ErrorCode] that the application gets. */
    public val kind: Kind,
    /** The database's own word for it, without keys or values. */
    public val detail: String = "",
) : Exception("$kind: $detail") {
    /** The kinds of failure. */
    public enum class Kind {
        /** The files cannot be read yet: the device is locked, or another process holds them. */
        LOCKED,

        /** No space is left. */
        FULL,

        /** Reading or writing failed. */
        IO,

        /** The content is damaged, or is no libmls store. */
        CORRUPT,

        /** A newer libmls wrote it. */
        NEWER,

        /** [Storage.suspend] was called. */
        SUSPENDED,

        /** The process forked after the storage was opened. */
        FORKED,

        /** Whatever has no kind here. */
        CALLBACK,
    }
}

/** The rows whose keys are at least from and below to, compared as bytes. Empty if to <= from. */
public class KeyRange internal constructor(
    /** The first key that belongs to the range. */
    public val from: ByteArray,
    /** The first key after the range. */
    public val to: ByteArray,
) {
    override fun toString(): String = "KeyRange(..)"
}

internal fun org.libmls.ffi.KeyRange.lift(): KeyRange = KeyRange(from, to)

/** One row. */
public class Row public constructor(
    /** The key, in the clear. */
    public val key: ByteArray,
    /** The value, sealed. */
    public val value: ByteArray,
) {
    override fun toString(): String = "Row(..)"
}

internal fun org.libmls.ffi.Row.lift(): Row = Row(key, value)

internal fun Row.lower(): org.libmls.ffi.Row = org.libmls.ffi.Row(key = key, value = value)

/** One change of a transaction. */
public abstract class Write internal constructor() {
    /** Inserts the row, or replaces its value. */
    public class Put internal constructor(
        /** The row's key. */
        public val key: ByteArray,
        /** The row's new value. */
        public val value: ByteArray,
    ) : Write()

    /** Deletes the row if there is one. */
    public class Delete internal constructor(
        /** The row's key. */
        public val key: ByteArray,
    ) : Write()

    /** Deletes every row whose key is at least from and below to. */
    public class DeleteRange internal constructor(
        /** The first key to delete. */
        public val from: ByteArray,
        /** The first key to keep. */
        public val to: ByteArray,
    ) : Write()

    override fun toString(): String = "Write.${javaClass.simpleName}(..)"
}

internal fun org.libmls.ffi.Write.lift(): Write = when (this) {
    is org.libmls.ffi.Write.Put -> Write.Put(key, value)
    is org.libmls.ffi.Write.Delete -> Write.Delete(key)
    is org.libmls.ffi.Write.DeleteRange -> Write.DeleteRange(from, to)
}

internal class CoreStorage(private val storage: Storage) : org.libmls.ffi.Storage {
    override fun version(): ULong = stored { storage.version().toULong() }

    override fun get(key: ByteArray): ByteArray? = stored { storage.get(key) }

    override fun scan(range: org.libmls.ffi.KeyRange, reverse: Boolean, limit: UInt): List<org.libmls.ffi.Row> = stored {
        val most = limit.coerceAtMost(Int.MAX_VALUE.toUInt()).toInt()
        storage.scan(range.lift(), reverse, most).map { it.lower() }
    }

    override fun commit(version: ULong, writes: List<org.libmls.ffi.Write>): ULong? =
        stored { storage.commit(version.toLong(), writes.map { it.lift() })?.toULong() }

    override fun checkpoint() = stored { storage.checkpoint() }

    override fun suspend() = stored { storage.suspend() }

    override fun resume() = stored { storage.resume() }
}

private fun <T> stored(call: () -> T): T = try {
    callback(call)
} catch (error: StorageException) {
    throw error.lower()
} catch (error: Throwable) {
    throw org.libmls.ffi.StorageException.Callback(error.toString())
}

private fun StorageException.lower(): org.libmls.ffi.StorageException = when (kind) {
    StorageException.Kind.LOCKED -> org.libmls.ffi.StorageException.Locked(detail)
    StorageException.Kind.FULL -> org.libmls.ffi.StorageException.Full(detail)
    StorageException.Kind.IO -> org.libmls.ffi.StorageException.Io(detail)
    StorageException.Kind.CORRUPT -> org.libmls.ffi.StorageException.Corrupt(detail)
    StorageException.Kind.NEWER -> org.libmls.ffi.StorageException.Newer(detail)
    StorageException.Kind.SUSPENDED -> org.libmls.ffi.StorageException.Suspended(detail)
    StorageException.Kind.FORKED -> org.libmls.ffi.StorageException.Forked(detail)
    StorageException.Kind.CALLBACK -> org.libmls.ffi.StorageException.Callback(detail)
}
