package org.libmls

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext

/**
 * Runs a call on the dispatcher, off the caller's thread. A coroutine that is cancelled before it begins does nothing;
 * once it has begun it ends, and its result is returned: nothing can come between a change of the state and its result.
 *
 * Two contexts, because the way back has to be safe too: [withContext] drops the result of a coroutine that was
 * cancelled meanwhile, unless the context that it comes back to cannot be cancelled.
 */
internal suspend fun <T> CoroutineDispatcher.io(call: () -> T): T {
    currentCoroutineContext().ensureActive()
    // In a callback the thread holds what it called: on another thread the call would wait for it for ever.
    if (inCallback.get() == true) return call()
    return withContext(NonCancellable) { withContext(this@io) { call() } }
}

private val inCallback = ThreadLocal<Boolean>()

/** Calls the application from within a call of its own. */
internal fun <T> callback(call: () -> T): T {
    val outer = inCallback.get()
    inCallback.set(true)
    try {
        return call()
    } finally {
        if (outer == null) inCallback.remove() else inCallback.set(outer)
    }
}

/** Calls the core; its errors become [MlsException]s. */
internal inline fun <T> calling(call: () -> T): T = try {
    call()
} catch (error: org.libmls.ffi.MlsException) {
    throw MlsException.of(error)
}

/** Calls the application; whatever it throws becomes the error that the core declares. */
internal fun <T> failing(call: () -> T): T = try {
    callback(call)
} catch (error: Throwable) {
    throw org.libmls.ffi.CallbackException.Failed(error.toString())
}

/** As the core has it; [ErrorCode.INVALID_ARGUMENT] for what is below 0. */
internal fun Long.u64(): ULong = if (this >= 0) toULong() else throw outOfRange(this)

internal fun Int.u32(): UInt = if (this >= 0) toUInt() else throw outOfRange(this)

internal fun Int.u16(): UShort = if (this in 0..UShort.MAX_VALUE.toInt()) toUShort() else throw outOfRange(this)

private fun outOfRange(number: Number) =
    MlsException(ErrorCode.INVALID_ARGUMENT, Advice.FIX_CALL, "a number is out of its range: $number", "")
