package org.libmls

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.libmls.Answer.ACCEPTED
import org.libmls.Answer.REFUSED
import org.libmls.Answer.UNKNOWN
import java.nio.file.Path

/** Five minutes of two devices, and a third: what kotlin/README.md quotes. */
class StoryTest {
    private val key = ByteArray(32) { 7 } // an application keeps its own in the Android keystore
    private val server = Server("alice", "bob", "carol")

    @Test
    fun `devices meet, talk, are killed, lose a race and part`(@TempDir dir: Path) = runBlocking {
        val path = dir.resolve("alice.db").toString()
        open(dir, "bob").use { bob ->
            open(dir, "carol").use { carol ->
                open(dir, "alice").use { alice ->
                    meet(alice, bob)
                }
                killed(path, carol.createKeyPackages(1).single())
                open(dir, "alice").use { alice ->
                    resume(alice, bob, carol)
                    race(alice, bob)
                    part(alice, bob, carol)
                }
            }
        }
    }

    // quickstart
    private suspend fun open(dir: Path, user: String): MlsClient =
        MlsClient.open("$dir/$user.db", key, Options(device = Device(user, "phone"), trust = Trust.OnFirstUse))
    // end of quickstart

    private suspend fun meet(alice: MlsClient, bob: MlsClient) {
        // quickstart
        val bobKeyPackage = bob.createKeyPackages(1).single()

        val group = alice.createGroup()
        val commit = group.commit(listOf(Proposal.add(bobKeyPackage)))
        when (server.submit("alice", commit.message)) {
            ACCEPTED -> {
                commit.accept()
                server.deliver("bob", commit.welcomes())
            }
            REFUSED -> commit.reject() // receive the winner, then commit again
            UNKNOWN -> {} // the same bytes go out again
        }
        server.send("alice", group.encrypt("hello".encodeToByteArray()))
        // end of quickstart

        assertEquals(listOf("alice: hello"), fetch(bob, "bob"))
    }

    /** Receives what waits at the server, and answers what there is to show. */
    private suspend fun fetch(client: MlsClient, device: String): List<String> {
        val shown = mutableListOf<String>()
        // quickstart
        for (bytes in server.fetch(device)) {
            for (event in client.receive(bytes)) {
                when (val kind = event.kind) {
                    is EventKind.Invited -> client.join(kind.invitation)
                    is EventKind.Message -> shown += "${kind.sender.user}: ${kind.data.decodeToString()}"
                    is EventKind.Removed -> shown += "removed by ${kind.sender.user}"
                    else -> {} // kinds only grow
                }
                client.acknowledge(event)
            }
        }
        // end of quickstart
        return shown
    }

    /** A process that commits and is killed before the server has said anything. */
    private fun killed(path: String, carolKeyPackage: ByteArray) {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val process = ProcessBuilder(
            java, "-cp", System.getProperty("java.class.path"),
            "-Djna.library.path=" + System.getProperty("jna.library.path"),
            "org.libmls.Killed", path, key.toHex(), carolKeyPackage.toHex(),
        ).inheritIO().start()
        assertEquals(9, process.waitFor())
    }

    private suspend fun resume(alice: MlsClient, bob: MlsClient, carol: MlsClient) {
        val group = alice.group(alice.groups(limit = 1).single())
        val commit = group.pendingCommits().single()
        assertEquals(ACCEPTED, server.submit("alice", commit.message))
        commit.accept()
        server.deliver("carol", commit.welcomes())
        fetch(bob, "bob")
        fetch(carol, "carol")
        assertEquals(3, group.members().size)
    }

    private suspend fun race(alice: MlsClient, bob: MlsClient) {
        val group = alice.group(alice.groups(limit = 1).single())
        val bobs = bob.group(group.id)
        val first = bobs.commit(listOf())
        val second = group.commit(listOf())
        assertEquals(ACCEPTED, server.submit("bob", first.message))
        assertEquals(REFUSED, server.submit("alice", second.message))
        first.accept()
        second.reject()
        fetch(alice, "alice") // the winner
        assertEquals(CommitStatus.SUPERSEDED, second.status())
        assertArrayEquals(bobs.epochAuthenticator(), group.epochAuthenticator())
    }

    private suspend fun part(alice: MlsClient, bob: MlsClient, carol: MlsClient) {
        val group = alice.group(alice.groups(limit = 1).single())
        val bobsLeaf = group.members().single { it.user == "bob" }.leaf
        val commit = group.commit(listOf(Proposal.remove(bobsLeaf)))
        assertEquals(ACCEPTED, server.submit("alice", commit.message))
        commit.accept()
        server.send("alice", group.encrypt("only us".encodeToByteArray()))
        assertEquals("removed by alice", fetch(bob, "bob").first())
        assertEquals(listOf("alice: only us"), fetch(carol, "carol"))
        assertEquals(GroupStatus.CLOSED, bob.group(group.id).status())
    }
}

/** The process that is killed. */
object Killed {
    @JvmStatic
    fun main(args: Array<String>) {
        val (path, key, keyPackage) = args
        fun bytes(hex: String) = hex.chunked(2).map { it.toInt(16).toByte() }.toByteArray()
        val alice = MlsClient.openBlocking(path, bytes(key), Options(trust = Trust.OnFirstUse))
        val group = alice.groupBlocking(alice.groupsBlocking(limit = 1).single())
        group.commitBlocking(listOf(Proposal.add(bytes(keyPackage))))
        Runtime.getRuntime().halt(9)
    }
}
