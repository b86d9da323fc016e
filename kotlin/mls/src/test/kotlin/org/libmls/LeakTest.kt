package org.libmls

import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

class LeakTest {
    @Test
    fun `a hundred thousand objects go as they came`() {
        val alice = device("alice")
        val bob = device("bob")
        val (group, _) = groupOf(alice, bob)
        val commit = group.commitBlocking()
        var round = 0
        val work = {
            commit.group
            if (round++ % 16 == 0) group.findCommitBlocking(commit.id)
            try {
                alice.createKeyPackagesBlocking(0) // an exception, which the core has an object for too
            } catch (error: MlsException) {
                check(error.code == ErrorCode.INVALID_ARGUMENT)
            }
        }
        // An object of the core has some 100 bytes at least.
        settles(50_000, 6_000, work)
    }

    @Test
    fun `what was opened and forgotten is not kept open`() {
        val work = { device("alice").createGroupBlocking() }
        settles(1_000, 12_000, work)
    }

    /** What leaks grows every time; what is compiled, cached or fragmented comes to an end. */
    private fun settles(times: Int, limit: Long, work: () -> Any?) {
        val grown = mutableListOf<Long>()
        do {
            val before = resident()
            repeat(times) { work() }
            grown += resident() - before
        } while (grown.last() >= limit && grown.size < 5)
        assertTrue(grown.last() < limit, "$grown KB more")
    }

    /** KB of this process's memory, the garbage aside. */
    private fun resident(): Long {
        repeat(4) {
            System.gc()
            Thread.sleep(100)
        }
        val line = File("/proc/self/status").readLines().single { it.startsWith("RssAnon:") }
        return line.filter { it.isDigit() }.toLong()
    }
}
