package org.libmls

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.TreeMap

class CallbackTest {
    private val bob = device("bob")

    /** Alice, whose validator is this, in a group with Bob. */
    private fun alice(validator: Validator): MlsClient =
        MlsClient.openInMemoryBlocking(Options(Device("alice", "phone"), Trust.validator(validator)))

    private fun MlsClient.add(group: Group, other: MlsClient): Commit =
        group.commitBlocking(listOf(Proposal.add(other.createKeyPackagesBlocking(1).single())))

    @Test
    fun `a validator is told who it is, and its word counts`() {
        val seen = mutableListOf<ValidationRequest>()
        var verdict = Verdict.ACCEPT
        val alice = alice { request -> verdict.also { seen += request } }
        val group = alice.createGroupBlocking()
        seen.clear()
        alice.add(group, bob)
        assertEquals("bob", seen.single().user)
        assertEquals(Purpose.ADD, seen.single().purpose)
        verdict = Verdict.DENY
        assertCode(ErrorCode.CREDENTIAL_DENIED) { alice.add(group, bob) }
        verdict = Verdict.LATER
        assertCode(ErrorCode.CREDENTIAL_LATER) { alice.add(group, bob) }
    }

    @Test
    fun `a validator that throws fails the call and changes nothing`() {
        var broken = false
        val alice = alice { if (broken) error("the directory is down") else Verdict.ACCEPT }
        val group = alice.createGroupBlocking()
        broken = true
        val error = assertCode(ErrorCode.CALLBACK_FAILED) { alice.add(group, bob) }
        assertTrue("the directory is down" in error.detail, error.detail)
        assertEquals(listOf<Commit>(), group.pendingCommitsBlocking())
        broken = false
        alice.add(group, bob).acceptBlocking()
        assertEquals(2, group.memberCountBlocking())
    }

    @Test
    fun `whatever a callback throws, also what no sane one would, is an error of the call`() {
        val alice = alice { throw StackOverflowError("deep") }
        val group = alice.createGroupBlocking()
        assertCode(ErrorCode.CALLBACK_FAILED) { alice.add(group, bob) }
    }

    @Test
    fun `a callback that calls into its own group is told so, by either form of the call`() {
        var group: Group? = null
        val errors = mutableListOf<MlsException>()
        val alice = alice {
            group?.let {
                errors += assertCode(ErrorCode.REENTRANT) { it.encryptBlocking(byteArrayOf(1)) }
                errors += assertCode(ErrorCode.REENTRANT) { runBlocking { it.encrypt(byteArrayOf(1)) } }
            }
            Verdict.ACCEPT
        }
        group = alice.createGroupBlocking()
        alice.add(group, bob)
        runBlocking { group.commit(listOf(Proposal.add(device("carol").createKeyPackages(1).single()))) }
        assertEquals(4, errors.size)
    }

    @Test
    fun `a callback may use another group`() {
        var other: Group? = null
        val alice = alice {
            other?.encryptBlocking(byteArrayOf(1))
            runBlocking { other?.encrypt(byteArrayOf(1)) }
            Verdict.ACCEPT
        }
        val group = alice.createGroupBlocking()
        other = alice.createGroupBlocking()
        alice.add(group, bob).acceptBlocking()
        assertEquals(2, group.memberCountBlocking())
    }

    @Test
    fun `a clock that throws fails the call`() {
        var broken = false
        val alice = device("alice") { clock = Clock { if (broken) error("stopped") else 1_800_000_000 } }
        broken = true
        val error = assertCode(ErrorCode.CALLBACK_FAILED) { alice.createKeyPackagesBlocking(1) }
        assertTrue("stopped" in error.detail)
    }

    @Test
    fun `a codec names devices in the application's own way`() {
        val codec = object : CredentialCodec {
            override fun encode(device: Device) = "${device.user}#${device.device}".encodeToByteArray()

            override fun decode(bytes: ByteArray) =
                bytes.decodeToString().split('#').takeIf { it.size == 2 }?.let { (user, name) -> Device(user, name) }
        }
        val alice = device("alice") { this.codec = codec }
        val (group, _) = groupOf(alice, device("bob") { this.codec = codec })
        assertEquals(listOf("alice", "bob"), group.membersBlocking().map { it.user })
        val identity = (alice.credentialBlocking() as Credential.Basic).identity
        assertEquals("alice#phone", identity.decodeToString())
    }

    @Test
    fun `a store in Kotlin keeps everything, and an older copy of it is noticed by the anchor`() {
        var mark: Long? = null
        val options = Options(Device("alice", "phone"), Trust.InsecureAcceptAny) {
            anchor = object : Anchor {
                override fun load() = mark

                override fun store(mark: Long) = assertTrue(mark > (load() ?: 0)).also { setMark(mark) }

                private fun setMark(new: Long) {
                    mark = new
                }
            }
        }
        val key = ByteArray(32) { 3 }
        val storage = MapStorage()
        val alice = MlsClient.openStorageBlocking(storage, key, options)
        val (group, _) = groupOf(alice, bob)
        assertEquals("one", bob.read(group.say("one")))
        val copy = storage.copy()
        alice.close()
        val again = MlsClient.openStorageBlocking(storage, key, options)
        val same = again.groupBlocking(group.id)
        repeat(100) { bob.read(same.say("$it")) }
        same.commitBlocking().acceptBlocking()
        again.close()
        val old = MlsClient.openStorageBlocking(copy, key, options)
        assertCode(ErrorCode.STORE_ROLLED_BACK) { old.groupBlocking(group.id).say("twice") }
    }

    @Test
    fun `what a store throws is the error of the call`() {
        val storage = MapStorage()
        val alice = MlsClient.openStorageBlocking(
            storage, ByteArray(32), Options(Device("alice", "phone"), Trust.InsecureAcceptAny),
        )
        storage.failure = StorageException(StorageException.Kind.FULL, "no room")
        val full = assertCode(ErrorCode.STORE_FULL) { alice.createGroupBlocking() }
        assertEquals("no room", full.detail)
        storage.failure = IllegalStateException("a bug")
        assertCode(ErrorCode.CALLBACK_FAILED) { alice.createGroupBlocking() }
        storage.failure = null
        alice.createGroupBlocking()
    }
}

/** A store in a sorted map. */
class MapStorage private constructor(private val rows: TreeMap<ByteArray, ByteArray>) : Storage {
    constructor() : this(TreeMap(java.util.Arrays::compareUnsigned))

    private var version = 1L
    var failure: Exception? = null

    @Synchronized fun copy(): MapStorage = MapStorage(TreeMap(rows))

    @Synchronized override fun version(): Long = version

    @Synchronized override fun get(key: ByteArray): ByteArray? = rows[key]

    @Synchronized
    override fun scan(range: KeyRange, reverse: Boolean, limit: Int): List<Row> {
        if (java.util.Arrays.compareUnsigned(range.from, range.to) >= 0) return listOf()
        val part = rows.subMap(range.from, range.to).map { (key, value) -> Row(key, value) }
        return (if (reverse) part.asReversed() else part).take(limit)
    }

    @Synchronized
    override fun commit(version: Long, writes: List<Write>): Long? {
        failure?.let { throw it }
        if (version != this.version) return null
        for (write in writes) {
            when (write) {
                is Write.Put -> rows[write.key] = write.value
                is Write.Delete -> rows.remove(write.key)
                is Write.DeleteRange -> rows.subMap(write.from, write.to).clear()
            }
        }
        return ++this.version
    }
}
