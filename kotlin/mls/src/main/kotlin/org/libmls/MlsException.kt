package org.libmls

/**
 * What a call fails with: misuse, or a store that cannot answer. What a peer does is an [Event], never an exception.
 * It never carries a secret.
 */
public class MlsException internal constructor(
    /** The stable code: what to decide by. */
    public val code: ErrorCode,
    /** What to do about it. */
    public val advice: Advice,
    /** One sentence for the developer, in English. Not stable; do not parse it. */
    override val message: String,
    /** The engine's or database's own word for it, possibly empty. Not stable. */
    public val detail: String,
) : Exception(message) {
    override fun toString(): String = "MlsException: $message ($code)" + if (detail.isEmpty()) "" else ": $detail"

    internal companion object {
        fun of(error: org.libmls.ffi.MlsException): MlsException = error.use {
            MlsException(it.code().lift(), it.advice().lift(), it.message(), it.detail())
        }
    }
}

/** The stable code of an error. */
public class ErrorCode private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<ErrorCode>()

        /** An argument is out of its documented range. */
        @JvmField public val INVALID_ARGUMENT: ErrorCode = code(1, "INVALID_ARGUMENT")

        /** A required pointer is NULL. */
        @JvmField public val NULL_POINTER: ErrorCode = code(2, "NULL_POINTER")

        /** A string is not UTF-8. */
        @JvmField public val INVALID_UTF8: ErrorCode = code(3, "INVALID_UTF8")

        /** The object was freed or closed, or was never made here. */
        @JvmField public val CLOSED: ErrorCode = code(4, "CLOSED")

        /** The handle is of another type. */
        @JvmField public val WRONG_TYPE: ErrorCode = code(5, "WRONG_TYPE")

        /** A callback called into the object that is calling it. */
        @JvmField public val REENTRANT: ErrorCode = code(6, "REENTRANT")

        /** The process forked after the handle was made; open the client again in the child. */
        @JvmField public val FORKED: ErrorCode = code(7, "FORKED")

        /** A bug in libmls: a panic was caught. The group is read again from its store at the next call. */
        @JvmField public val PANIC: ErrorCode = code(8, "PANIC")

        /** The role the client was opened with does not allow this call. */
        @JvmField public val NOT_ALLOWED: ErrorCode = code(9, "NOT_ALLOWED")

        /** Cipher suite, extension, or feature that this build does not have. */
        @JvmField public val UNSUPPORTED: ErrorCode = code(10, "UNSUPPORTED")

        /** A callback of the application failed. */
        @JvmField public val CALLBACK_FAILED: ErrorCode = code(11, "CALLBACK_FAILED")

        /** The store cannot be read yet: the device is locked or another process holds it. */
        @JvmField public val STORE_LOCKED: ErrorCode = code(20, "STORE_LOCKED")

        /** The store key does not open this store. The store is untouched. */
        @JvmField public val STORE_KEY_WRONG: ErrorCode = code(21, "STORE_KEY_WRONG")

        /** The store's content is damaged, or is no libmls store. It is untouched. */
        @JvmField public val STORE_CORRUPT: ErrorCode = code(22, "STORE_CORRUPT")

        /** A newer libmls wrote the store. It is untouched. */
        @JvmField public val STORE_NEWER: ErrorCode = code(23, "STORE_NEWER")

        /** No space is left; nothing was changed. */
        @JvmField public val STORE_FULL: ErrorCode = code(24, "STORE_FULL")

        /** Reading or writing failed; nothing was changed. */
        @JvmField public val STORE_IO: ErrorCode = code(25, "STORE_IO")

        /** Another handle or process kept changing the group; nothing was changed. */
        @JvmField public val STALE: ErrorCode = code(26, "STALE")

        /** The client is suspended; resume it first. */
        @JvmField public val SUSPENDED: ErrorCode = code(27, "SUSPENDED")

        /** The store belongs to another device than the options say. */
        @JvmField public val STORE_IDENTITY: ErrorCode = code(28, "STORE_IDENTITY")

        /**
         * The store is an older copy of itself, a restored backup: sending would use keys twice. Join the group again
         * by an external commit.
         */
        @JvmField public val STORE_ROLLED_BACK: ErrorCode = code(29, "STORE_ROLLED_BACK")

        /** This device has no such group. */
        @JvmField public val GROUP_NOT_FOUND: ErrorCode = code(40, "GROUP_NOT_FOUND")

        /** A group of this id exists already. */
        @JvmField public val GROUP_EXISTS: ErrorCode = code(41, "GROUP_EXISTS")

        /** This device was removed, or the group was replaced: it can no longer be used. */
        @JvmField public val GROUP_CLOSED: ErrorCode = code(42, "GROUP_CLOSED")

        /** The external commit that joins this group is not accepted yet. */
        @JvmField public val GROUP_JOINING: ErrorCode = code(43, "GROUP_JOINING")

        /** Proposals wait: commit them first (RFC 9420 section 12.4). */
        @JvmField public val COMMIT_REQUIRED: ErrorCode = code(44, "COMMIT_REQUIRED")

        /** No successor is announced for this group, or it cannot be joined this way. */
        @JvmField public val NO_SUCCESSOR: ErrorCode = code(46, "NO_SUCCESSOR")

        /** No such commit is pending. */
        @JvmField public val COMMIT_NOT_FOUND: ErrorCode = code(50, "COMMIT_NOT_FOUND")

        /** Another commit won the epoch. */
        @JvmField public val SUPERSEDED: ErrorCode = code(51, "SUPERSEDED")

        /** The commit is not accepted yet, so its Welcomes must not leave the device. */
        @JvmField public val COMMIT_NOT_ACCEPTED: ErrorCode = code(52, "COMMIT_NOT_ACCEPTED")

        /** Four commits are pending in this epoch already. */
        @JvmField public val TOO_MANY_COMMITS: ErrorCode = code(53, "TOO_MANY_COMMITS")

        /** A proposal is not valid in this group now. */
        @JvmField public val INVALID_PROPOSAL: ErrorCode = code(60, "INVALID_PROPOSAL")

        /** No such proposal is cached. */
        @JvmField public val PROPOSAL_NOT_FOUND: ErrorCode = code(61, "PROPOSAL_NOT_FOUND")

        /** No member is at this leaf. */
        @JvmField public val MEMBER_NOT_FOUND: ErrorCode = code(62, "MEMBER_NOT_FOUND")

        /** The device is a member already. */
        @JvmField public val DUPLICATE_MEMBER: ErrorCode = code(63, "DUPLICATE_MEMBER")

        /** The key package is malformed, or its signature or suite does not fit. */
        @JvmField public val INVALID_KEY_PACKAGE: ErrorCode = code(70, "INVALID_KEY_PACKAGE")

        /** The key package's lifetime does not include now. */
        @JvmField public val KEY_PACKAGE_EXPIRED: ErrorCode = code(71, "KEY_PACKAGE_EXPIRED")

        /** No such key package is in the inventory. */
        @JvmField public val KEY_PACKAGE_NOT_FOUND: ErrorCode = code(72, "KEY_PACKAGE_NOT_FOUND")

        /** The credential is malformed. */
        @JvmField public val INVALID_CREDENTIAL: ErrorCode = code(80, "INVALID_CREDENTIAL")

        /** The validator or the roots turned the credential down. */
        @JvmField public val CREDENTIAL_DENIED: ErrorCode = code(81, "CREDENTIAL_DENIED")

        /** The validator answered "later". */
        @JvmField public val CREDENTIAL_LATER: ErrorCode = code(82, "CREDENTIAL_LATER")

        /** The private key does not belong to the credential or the suite. */
        @JvmField public val INVALID_SIGNING_KEY: ErrorCode = code(83, "INVALID_SIGNING_KEY")

        /** The bytes are no MLS message. */
        @JvmField public val INVALID_MESSAGE: ErrorCode = code(90, "INVALID_MESSAGE")

        /** A message of this kind does not belong in this call. */
        @JvmField public val UNEXPECTED_MESSAGE: ErrorCode = code(91, "UNEXPECTED_MESSAGE")

        /** The input is over a documented limit. */
        @JvmField public val TOO_LARGE: ErrorCode = code(92, "TOO_LARGE")

        /** No such invitation waits. */
        @JvmField public val INVITATION_NOT_FOUND: ErrorCode = code(93, "INVITATION_NOT_FOUND")

        /** The ratchet tree has to be given with this Welcome or GroupInfo. */
        @JvmField public val TREE_REQUIRED: ErrorCode = code(94, "TREE_REQUIRED")

        /** The ratchet tree does not fit the group. */
        @JvmField public val INVALID_TREE: ErrorCode = code(95, "INVALID_TREE")

        /** The Welcome cannot be opened, or what is in it is not valid. */
        @JvmField public val INVALID_WELCOME: ErrorCode = code(96, "INVALID_WELCOME")

        /** The GroupInfo is not valid, or does not allow an external commit. */
        @JvmField public val INVALID_GROUP_INFO: ErrorCode = code(97, "INVALID_GROUP_INFO")

        /** A pre-shared key is missing or has another value. */
        @JvmField public val PSK_NOT_FOUND: ErrorCode = code(98, "PSK_NOT_FOUND")

        /** The inbox is full: acknowledge events first. No key was consumed. */
        @JvmField public val INBOX_FULL: ErrorCode = code(100, "INBOX_FULL")

        /** This device's own policy denies it. */
        @JvmField public val DENIED: ErrorCode = code(101, "DENIED")

        /** A cryptographic operation failed. */
        @JvmField public val CRYPTO: ErrorCode = code(110, "CRYPTO")

        /** The engine failed in a way that has no code of its own; see the detail. */
        @JvmField public val ENGINE: ErrorCode = code(111, "ENGINE")

        private fun code(value: Int, name: String) = ErrorCode(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.ErrorCode) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.ErrorCode.lift(): ErrorCode = ErrorCode.of(this)

/** What to do about an error. */
public class Advice private constructor(value: Int, name: String) : Code(value, name) {
    public companion object {
        private val all = mutableListOf<Advice>()

        /** The same call can succeed later. */
        @JvmField public val RETRY: Advice = code(1, "RETRY")

        /** The call, not the state, is at fault. */
        @JvmField public val FIX_CALL: Advice = code(2, "FIX_CALL")

        /** Use the object again: it is read afresh from the store. */
        @JvmField public val RELOAD: Advice = code(3, "RELOAD")

        /** Join the group again by an external commit, with the user's consent. */
        @JvmField public val REJOIN: Advice = code(4, "REJOIN")

        /** Wait until the device is unlocked or the other process is done. */
        @JvmField public val UNLOCK: Advice = code(5, "UNLOCK")

        /** Restore the store, or start anew. */
        @JvmField public val RESTORE: Advice = code(6, "RESTORE")

        /** No retry will help. */
        @JvmField public val GIVE_UP: Advice = code(7, "GIVE_UP")

        private fun code(value: Int, name: String) = Advice(value, name).also { all += it }

        internal fun of(core: org.libmls.ffi.Advice) = all.first { it.name == core.name }
    }
}

internal fun org.libmls.ffi.Advice.lift(): Advice = Advice.of(this)
