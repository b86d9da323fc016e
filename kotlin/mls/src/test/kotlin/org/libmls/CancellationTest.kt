package org.libmls

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Runnable
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.concurrent.LinkedBlockingQueue
import kotlin.coroutines.CoroutineContext

class CancellationTest {
    /** Runs what it is given when the test says so. */
    private class Hand : CoroutineDispatcher() {
        val waiting = LinkedBlockingQueue<Runnable>()

        override fun dispatch(context: CoroutineContext, block: Runnable) {
            waiting += block
        }

        fun step() = waiting.take().run()
    }

    @Test
    fun `a coroutine that is cancelled before its call begins changes nothing`() = runBlocking {
        val group = device("alice").createGroup()
        val job = launch(start = CoroutineStart.UNDISPATCHED) {
            coroutineContext.cancel()
            group.commit()
        }
        job.join()
        assertTrue(job.isCancelled)
        assertEquals(0, group.pendingCommits().size)
    }

    @Test
    fun `a call that waits for its thread is made, and its result comes back`() = cancelledAt { job, hand ->
        job.cancel()
        hand.step()
    }

    @Test
    fun `a result on its way back arrives, although nobody waits any more`() = cancelledAt { job, hand ->
        hand.step()
        job.cancel()
    }

    /** A commit whose coroutine is cancelled by [cancel]: it exists, and the coroutine has it. */
    private fun cancelledAt(cancel: (kotlinx.coroutines.Job, Hand) -> Unit) = runBlocking {
        val hand = Hand()
        val group = device("alice") { dispatcher = hand }.createGroupBlocking()
        var result: Commit? = null
        val job = launch {
            result = group.commit()
            yield() // notices
            error("was not cancelled")
        }
        while (hand.waiting.isEmpty()) yield()
        cancel(job, hand)
        job.join()
        assertTrue(job.isCancelled)
        assertEquals(group.pendingCommitsBlocking().single().id, result?.id)
    }

    @Test
    fun `cancelling at any time loses no message and no result`() = runBlocking {
        val (group, _) = groupOf(device("alice"), device("bob"))
        var made = 0
        repeat(300) { round ->
            val job = launch(Dispatchers.Default) {
                group.commit()
                made++
            }
            if (round % 3 == 0) yield()
            Thread.sleep(0, round * 1_000)
            job.cancel()
            job.join()
            val pending = group.pendingCommits()
            assertEquals(made, pending.size, "round $round")
            pending.forEach { it.reject() }
            made = 0
            if (round % 3 == 0) group.commit().accept() // forgets the rejected ones
        }
    }

    @Test
    fun `calls run where the options say, not on the caller's thread`() = runBlocking {
        val threads = mutableSetOf<Thread>()
        val alice = device("alice") {
            clock = Clock {
                threads += Thread.currentThread()
                1_800_000_000
            }
        }
        threads.clear()
        alice.createKeyPackages(1)
        assertTrue(threads.isNotEmpty())
        assertTrue(Thread.currentThread() !in threads)
    }
}
