package org.libmls

import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.concurrent.thread

class ClientTest {
    @Test
    fun `whatever is used after the close says so`() {
        val alice = device("alice")
        val group = alice.createGroupBlocking()
        val commit = group.commitBlocking()
        alice.close()
        alice.close()
        assertCode(ErrorCode.CLOSED) { alice.createGroupBlocking() }
        assertCode(ErrorCode.CLOSED) { group.encryptBlocking(byteArrayOf(1)) }
        assertCode(ErrorCode.CLOSED) { commit.acceptBlocking() }
        assertCode(ErrorCode.CLOSED) { runBlocking { group.members() } }
        assertCode(ErrorCode.CLOSED) { runBlocking { alice.events().toList() } }
        assertEquals(16, group.id.size) // what was known stays known
    }

    @Test
    fun `closing while other threads are at work is an error for them and nothing else`(@TempDir dir: Path) {
        repeat(20) { round ->
            val alice = MlsClient.openBlocking(
                "$dir/$round.db", ByteArray(32), Options(Device("alice", "phone"), Trust.InsecureAcceptAny),
            )
            val group = alice.createGroupBlocking()
            val failures = List(4) { mutableListOf<Throwable>() }
            val threads = failures.map { mine ->
                thread {
                    try {
                        while (true) group.encryptBlocking(ByteArray(100))
                    } catch (error: Throwable) {
                        mine += error
                    }
                }
            }
            Thread.sleep(5L + round)
            val closers = List(2) { thread { alice.close() } }
            (threads + closers).forEach { it.join() }
            for (error in failures.map { it.single() }) assertEquals(ErrorCode.CLOSED, (error as MlsException).code)
        }
    }

    @Test
    fun `an error has a code, its number, an advice and a sentence`(@TempDir dir: Path) {
        val path = "$dir/alice.db"
        val options = Options(Device("alice", "phone"), Trust.OnFirstUse)
        MlsClient.openBlocking(path, ByteArray(32) { 1 }, options).close()
        val error = assertCode(ErrorCode.STORE_KEY_WRONG) { MlsClient.openBlocking(path, ByteArray(32) { 2 }, options) }
        assertEquals(21, error.code.value)
        assertEquals("STORE_KEY_WRONG", error.code.name)
        assertEquals(Advice.FIX_CALL, error.advice)
        assertTrue(error.message.isNotEmpty())
        assertCode(ErrorCode.INVALID_ARGUMENT) { MlsClient.openBlocking(path, ByteArray(31), options) }
        assertCode(ErrorCode.INVALID_ARGUMENT) { MlsClient.openInMemoryBlocking(Options(Device("alice", "phone"))) }
    }

    @Test
    fun `what is not acknowledged is streamed again, with the same ids`() = runBlocking {
        val alice = device("alice")
        val bob = device("bob")
        val group = groupOf(alice, bob).first()
        val ids = (1..5).map { bob.receive(group.say("$it")).single().id }
        assertEquals(ids, bob.events(page = 2).map { it.id }.toList().takeLast(5))
        bob.events().toList().forEach { bob.acknowledge(it) }
        assertEquals(listOf<Event>(), bob.events().toList())
    }

    @Test
    fun `a number that is not one is turned away`() {
        val alice = device("alice")
        assertCode(ErrorCode.INVALID_ARGUMENT) { alice.createKeyPackagesBlocking(-1) }
        assertCode(ErrorCode.INVALID_ARGUMENT) { alice.inboxBlocking(limit = -1) }
        assertThrows<MlsException> { device("bob") { limits = Limits { inboxEvents = -1 } } }
        assertThrows<MlsException> { device("bob") { cipherSuite = CipherSuite(-1) } }
        assertThrows<MlsException> { device("bob") { cipherSuite = CipherSuite(65_537) } }
    }

    @Test
    fun `there are limits for a process with little memory`() {
        val small = Limits.extension()
        assertTrue(small.messageBytes < Limits().messageBytes)
        val alice = device("alice") {
            role = Role.EXTENSION
            limits = small
        }
        assertCode(ErrorCode.NOT_ALLOWED) { alice.createGroupBlocking() }
    }

    @Test
    fun `a message is looked at without a client`() {
        val alice = device("alice")
        val bob = device("bob")
        val (group, _) = groupOf(alice, bob)
        val info = Mls.inspect(group.say("x"))
        assertEquals(WireFormat.PRIVATE_MESSAGE, info.wireFormat)
        assertEquals(ContentKind.APPLICATION, info.content)
        assertTrue(group.id.contentEquals(info.groupId))
        assertCode(ErrorCode.INVALID_MESSAGE) { Mls.inspect(byteArrayOf(1, 2, 3)) }
        assertEquals("message/mls", Mls.mediaType)
        assertTrue(CipherSuite.X25519_AES128 in CipherSuite.supported())
        assertFalse(CipherSuite(4) in CipherSuite.supported())
    }

    @Test
    fun `names and credentials say who somebody is`() {
        val alice = Device("alice@example.org", "phone")
        val credential = Credential.basic(alice) as Credential.Basic
        assertEquals(alice, Device.of(credential.identity))
        assertNull(Device.of("alice".encodeToByteArray()))
        assertCode(ErrorCode.INVALID_ARGUMENT) { Credential.basic(Device("", "phone")) }
    }

    @Test
    fun `no text of anything carries a secret`() {
        val secret = "correct horse battery staple"
        val key = ByteArray(32) { 0x5a }
        val alice = device("alice") { signingKey = null }
        val bob = device("bob")
        val (group, _) = groupOf(alice, bob)
        val event = bob.receiveBlocking(group.say(secret)).single()
        val signing = alice.exportSigningKeyBlocking()
        val info = alice.createKeyPackagesBlocking(1).let { alice.keyPackagesBlocking().first() }
        val exported = alice.exportKeyPackageBlocking(info.reference)
        val options = Options(Device("alice", "phone"), Trust.OnFirstUse) { signingKey = signing }
        val texts = listOf(
            alice, group, event, event.kind, (event.kind as EventKind.Message).sender, signing, info, exported, options,
            group.commitBlocking(), group.membersBlocking(), Proposal.externalPsk(key), NewIdentity { signingKey = signing },
            Row(key, secret.encodeToByteArray()), EncryptOptions { aad = secret.encodeToByteArray() },
        ).map { it.toString() }
        val secrets = listOf(secret, signing.secret.toHex(), exported.initKey.toHex(), key.toHex(), "[B@",
            signing.secret.take(4).joinToString(), exported.initKey.take(4).joinToString())
        for (text in texts) for (hidden in secrets) assertFalse(hidden in text, text)
    }
}
