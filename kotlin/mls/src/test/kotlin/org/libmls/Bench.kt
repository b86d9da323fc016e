package org.libmls

import com.sun.jna.Library
import com.sun.jna.Native
import kotlinx.coroutines.runBlocking
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
    fun `what a call costs through Kotlin and through C`() {
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
        repeat(1_000) { for ((_, way) in ways) way(25) } // until the JVM has compiled it
        val rounds = List(400) { ways.map { (_, way) -> way(25) / 1_000 } }
        // What else the machine does only adds: the quickest rounds are what the call itself costs.
        val quickest = ways.indices.map { way -> rounds.minOf { it[way] } }
        val medians = ways.indices.map { way -> rounds.map { it[way] }.sorted()[rounds.size / 2] }
        println("1 KiB encrypted, us a call in ${rounds.size} rounds of 25: the quickest, beyond C, the median")
        for ((way, name) in ways.map { it.first }.withIndex()) {
            println("    %-20s %7.1f %+7.1f %7.1f".format(name, quickest[way], quickest[way] - quickest[0], medians[way]))
        }
        val verdict = if (quickest[1] - quickest[0] <= 12) "it does" else "IT DOES NOT"
        println("    the generated call is to cost at most 12 us more than C's: $verdict")
    }
}
