package org.libmls

import com.sun.jna.Library
import com.sun.jna.Memory
import com.sun.jna.Native
import com.sun.jna.Pointer
import com.sun.jna.Structure
import com.sun.jna.ptr.PointerByReference
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path

/** The C ABI is in the same binary, so C and Kotlin can have one file open in one process. */
class SameFileTest {
    @Suppress("FunctionName")
    interface C : Library {
        fun mls_options_new(): Pointer
        fun mls_options_set_insecure_accept_any(options: Pointer, error: Pointer?): Int
        fun mls_client_open(path: String, key: ByteArray, keyLen: Long, options: Pointer, out: PointerByReference, error: Pointer?): Int
        fun mls_client_group(client: Pointer, id: ByteArray, len: Long, out: PointerByReference, error: Pointer?): Int
        fun mls_group_encrypt(group: Pointer, data: ByteArray, len: Long, options: Pointer?, out: Bytes, error: Pointer?): Int
        fun mls_bytes_free(bytes: Bytes)
        fun mls_client_free(client: Pointer)
    }

    @Structure.FieldOrder("data", "len")
    class Bytes : Structure() {
        @JvmField var data: Pointer? = null

        @JvmField var len: Long = 0
    }

    @Test
    fun `C and Kotlin open one file in one process, and neither loses anything`(@TempDir dir: Path) {
        val c = Native.load("mlsffi", C::class.java, mapOf(Library.OPTION_STRING_ENCODING to "UTF-8"))
        val path = "$dir/alice.db"
        val key = ByteArray(32) { 9 }
        val alice = MlsClient.openBlocking(path, key, Options(Device("alice", "phone"), Trust.InsecureAcceptAny))
        val bob = device("bob")
        val (group, _) = groupOf(alice, bob)

        val options = c.mls_options_new()
        assertEquals(0, c.mls_options_set_insecure_accept_any(options, null))
        val out = PointerByReference()
        assertEquals(0, c.mls_client_open(path, key, 32, options, out, null))
        val client = out.value
        assertEquals(0, c.mls_client_group(client, group.id, group.id.size.toLong(), out, null))
        val same = out.value

        val said = (1..200).map { n ->
            if (n % 2 == 0) return@map "Kotlin $n" to group.say("Kotlin $n")
            val text = "C $n".encodeToByteArray()
            val bytes = Bytes()
            assertEquals(0, c.mls_group_encrypt(same, text, text.size.toLong(), null, bytes, null))
            "C $n" to bytes.data!!.getByteArray(0, bytes.len.toInt()).also { c.mls_bytes_free(bytes) }
        }
        for ((text, message) in said) assertEquals(text, bob.read(message))
        c.mls_client_free(client)
        assertEquals("still", bob.read(group.say("still")))
    }
}
