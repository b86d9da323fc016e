package org.libmls

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.file.Path
import kotlin.io.path.createParentDirectories
import kotlin.io.path.readLines
import kotlin.io.path.writeLines
import kotlin.metadata.Modality
import kotlin.metadata.isData
import kotlin.metadata.modality

/** The public API, one declaration a line, is what api/mls.api says. `-Dapi.update=true` writes it. */
class ApiTest {
    private val recorded = Path.of("api", "mls.api")
    private val dump = ApiDump(MlsClient::class.java)

    @Test
    fun `the public API is the recorded one`() {
        val now = dump.lines()
        if (System.getProperty("api.update") == "true") recorded.createParentDirectories().writeLines(now)
        assertEquals(recorded.readLines().joinToString("\n"), now.joinToString("\n"))
    }

    @Test
    fun `nothing generated is public, and nothing public is a data class or closed to growth`() {
        assertFalse(dump.lines().any { "ffi" in it })
        assertTrue(dump.classes.isNotEmpty())
        assertTrue(dump.classes.none { it.isData })
        assertTrue(dump.classes.none { it.modality == Modality.SEALED })
    }

    /** For tests/surface_mobile.py, which compares it with mls.h and with this API. */
    @Test
    fun `what UniFFI made is written down`() {
        val lines = ApiDump(org.libmls.ffi.Client::class.java).lines()
        assertTrue(lines.size > 100)
        Path.of(System.getProperty("mobile"), "ffi.api").writeLines(lines)
    }
}
