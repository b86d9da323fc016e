package org.libmls

import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

class LeakTest {
    @Test
    fun `a hundred thousand objects of each kind go as they came`() {
        val alice = device("alice")
        val bob = device("bob")
        val (group, _) = groupOf(alice, bob)
        val work = {
            val same = alice.groupBlocking(group.id)
            same.id
            try {
                same.findCommitBlocking(1_000_000) // an exception, which the core has an object for too
            } catch (error: MlsException) {
                check(error.code == ErrorCode.COMMIT_NOT_FOUND)
            }
        }
        repeat(20_000) { work() }
        val before = resident()
        repeat(100_000) { work() }
        val grown = resident() - before
        // An object of the core has some 100 bytes at least, and the JVM's another 100.
        assertTrue(grown < 10_000, "$grown KB more")
    }

    @Test
    fun `what was opened and forgotten is not kept open`() {
        val work = { device("alice").createGroupBlocking() }
        repeat(50) { work() }
        val before = resident()
        repeat(1_000) { work() }
        val grown = resident() - before
        assertTrue(grown < 20_000, "$grown KB more")
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
