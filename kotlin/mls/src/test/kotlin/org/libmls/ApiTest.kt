package org.libmls

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.nio.file.Path
import kotlin.io.path.extension
import kotlin.io.path.name
import kotlin.io.path.readLines
import kotlin.io.path.walk
import kotlin.io.path.writeLines
import kotlin.metadata.ClassKind
import kotlin.metadata.KmClass
import kotlin.metadata.KmClassifier
import kotlin.metadata.KmConstructor
import kotlin.metadata.KmFunction
import kotlin.metadata.KmProperty
import kotlin.metadata.KmType
import kotlin.metadata.KmValueParameter
import kotlin.metadata.Modality
import kotlin.metadata.Visibility
import kotlin.metadata.declaresDefaultValue
import kotlin.metadata.isData
import kotlin.metadata.isNullable
import kotlin.metadata.isSuspend
import kotlin.metadata.isVar
import kotlin.metadata.jvm.KotlinClassMetadata
import kotlin.metadata.kind
import kotlin.metadata.modality
import kotlin.metadata.visibility

/** The public API, one declaration a line, is what api/mls.api says. `-Dapi.update=true` writes it. */
class ApiTest {
    private val classes = MlsClient::class.java.protectionDomain.codeSource.location.toURI().let(Path::of)
    private val recorded = Path.of("api", "mls.api")

    private fun metadata(): List<KotlinClassMetadata> = classes.walk()
        .filter { it.extension == "class" }.sortedBy { it.toString() }.mapNotNull { file ->
            val name = classes.relativize(file).toString().removeSuffix(".class").replace(File.separatorChar, '.')
            Class.forName(name, false, javaClass.classLoader).getAnnotation(Metadata::class.java)
        }.map { KotlinClassMetadata.readStrict(it) }.toList()

    private fun api(): List<String> = metadata().flatMap { metadata ->
        when (metadata) {
            is KotlinClassMetadata.Class -> of(metadata.kmClass)
            is KotlinClassMetadata.FileFacade ->
                metadata.kmPackage.functions.filter { it.visibility == Visibility.PUBLIC }.map { "fun ${text(it)}" }
            else -> listOf()
        }
    }

    private fun of(it: KmClass): List<String> {
        if (it.visibility != Visibility.PUBLIC) return listOf()
        val name = it.name.substringAfterLast('/')
        val companion = if (name.endsWith(".Companion")) "static " else ""
        val owner = name.removeSuffix(".Companion")
        val supertypes = it.supertypes.map(::text).filter { it != "Any" && !it.startsWith("Enum<") }
        val head = if (companion.isEmpty()) {
            listOf("${kind(it)} $name" + if (supertypes.isEmpty()) "" else " : " + supertypes.joinToString())
        } else {
            listOf()
        }
        return head + (
            it.constructors.filter { it.visibility == Visibility.PUBLIC && head.isNotEmpty() }.map { "$owner${text(it)}" } +
                it.kmEnumEntries.map { "$owner.${it.name}" } +
                it.properties.filter { it.visibility == Visibility.PUBLIC }.map { "$companion$owner.${text(it)}" } +
                it.functions.filter { it.visibility == Visibility.PUBLIC }.map { "$companion$owner.${text(it)}" }
            ).map { "    $it" }
    }

    private fun kind(it: KmClass): String {
        val abstract = if (it.modality == Modality.ABSTRACT && it.kind == ClassKind.CLASS) "abstract " else ""
        val kind = when (it.kind) {
            ClassKind.INTERFACE -> "interface"
            ClassKind.ENUM_CLASS -> "enum"
            ClassKind.OBJECT -> "object"
            else -> "class"
        }
        return abstract + kind
    }

    private fun text(it: KmConstructor) = text(it.valueParameters)

    private fun text(it: KmFunction): String {
        val returns = text(it.returnType)
        return (if (it.isSuspend) "suspend " else "") + it.name + text(it.valueParameters) +
            if (returns == "Unit") "" else ": $returns"
    }

    private fun text(it: KmProperty) = "${it.name}: ${text(it.returnType)}" + if (it.isVar) " (var)" else ""

    private fun text(parameters: List<KmValueParameter>) = parameters.joinToString(", ", "(", ")") {
        "${it.name}: ${text(it.type)}" + if (it.declaresDefaultValue) " = .." else ""
    }

    private fun text(type: KmType): String {
        val name = when (val classifier = type.classifier) {
            is KmClassifier.Class -> classifier.name.substringAfterLast('/')
            is KmClassifier.TypeAlias -> classifier.name
            is KmClassifier.TypeParameter -> "T"
        }
        val arguments = type.arguments.mapNotNull { it.type }.map(::text)
        return name + (if (arguments.isEmpty()) "" else arguments.joinToString(", ", "<", ">")) +
            if (type.isNullable) "?" else ""
    }

    @Test
    fun `the public API is the recorded one`() {
        val now = api()
        if (System.getProperty("api.update") == "true") recorded.writeLines(now)
        assertEquals(recorded.readLines().joinToString("\n"), now.joinToString("\n"))
    }

    @Test
    fun `nothing generated is public, and nothing public is a data class or closed to growth`() {
        assertFalse(api().any { "ffi" in it })
        val all = metadata().filterIsInstance<KotlinClassMetadata.Class>().map { it.kmClass }
        assertTrue(all.none { it.isData })
        assertTrue(all.none { it.modality == Modality.SEALED })
    }
}
