package org.libmls

import com.sun.jna.Library
import com.sun.jna.Native
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/**
 * What a call costs: 1 KiB encrypted through C, the generated code, this package's blocking form and its suspending one,
 * in turn and in one process. Not run with the tests; `make bench` runs it, with `bench.c` built as a library beside it.
 */
class Bench {
    interface C : Library {
        /** Nanoseconds for a call, of this many. */
        fun bench_encrypt(calls: Int): Double
    }

    @Test
    fun `a call through Kotlin costs at most 12 us more than through C`() {
        val c = Native.load(System.getProperty("bench.library"), C::class.java)
        val data = ByteArray(1024)
        val group = device("alice").createGroupBlocking()
        val generated = org.libmls.ffi.Client.openInMemory(
            Options(Device("bob", "phone"), Trust.InsecureAcceptAny).lower(),
        ).createGroup(GroupOptions().lower())
        val options = EncryptOptions().lower()

        fun time(call: () -> Unit): (Int) -> Double = { calls ->
            val begun = System.nanoTime()
            repeat(calls) { call() }
            (System.nanoTime() - begun).toDouble() / calls
        }
        val ways = listOf<Pair<String, (Int) -> Double>>(
            "C" to c::bench_encrypt,
            "generated Kotlin" to time { generated.encrypt(data, options) },
            "Kotlin, blocking" to time { group.encryptBlocking(data) },
            "Kotlin, suspending" to { calls ->
                runBlocking {
                    val begun = System.nanoTime()
                    repeat(calls) { group.encrypt(data) }
                    (System.nanoTime() - begun).toDouble() / calls
                }
            },
        )
        repeat(10) { for ((_, way) in ways) way(1_000) } // warm
        val rounds = List(31) { ways.map { (_, way) -> way(500) } }
        val medians = ways.indices.map { way -> rounds.map { it[way] }.sorted()[rounds.size / 2] / 1_000 }
        println("1 KiB encrypted, median of ${rounds.size} rounds of 500 calls, us a call:")
        for ((way, median) in ways.map { it.first }.zip(medians)) {
            println("    %-20s %6.1f   %+6.1f".format(way, median, median - medians[0]))
        }
        assertTrue(medians[1] - medians[0] <= 12, "the generated call costs more than 12 us beyond C's")
    }
}
