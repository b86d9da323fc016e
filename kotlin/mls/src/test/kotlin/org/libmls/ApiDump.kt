package org.libmls

import java.nio.file.FileSystems
import java.nio.file.Path
import kotlin.io.path.extension
import kotlin.io.path.isDirectory
import kotlin.io.path.walk
import kotlin.metadata.ClassKind
import kotlin.metadata.KmClass
import kotlin.metadata.KmClassifier
import kotlin.metadata.KmFunction
import kotlin.metadata.KmProperty
import kotlin.metadata.KmType
import kotlin.metadata.KmValueParameter
import kotlin.metadata.Modality
import kotlin.metadata.Visibility
import kotlin.metadata.declaresDefaultValue
import kotlin.metadata.isNullable
import kotlin.metadata.isSuspend
import kotlin.metadata.isVar
import kotlin.metadata.jvm.KotlinClassMetadata
import kotlin.metadata.kind
import kotlin.metadata.modality
import kotlin.metadata.visibility

/**
 * What the module of a class shows to others, one declaration a line, as Kotlin's own metadata has it: `MlsClient.inbox(..)`
 * for a member, `static` before one of a companion, and the number of a constant behind it.
 */
class ApiDump(private val of: Class<*>) {
    val metadata: List<KotlinClassMetadata> by lazy {
        val place = Path.of(of.protectionDomain.codeSource.location.toURI())
        if (place.isDirectory()) read(place) else FileSystems.newFileSystem(place).use { read(it.getPath("/")) }
    }

    val classes: List<KmClass>
        get() = metadata.filterIsInstance<KotlinClassMetadata.Class>().map { it.kmClass }

    private fun read(root: Path) = root.walk().filter { it.extension == "class" && "META-INF" !in it.toString() }
        .map { root.relativize(it).toString().removeSuffix(".class").replace('/', '.') }.sorted()
        .mapNotNull { Class.forName(it, false, of.classLoader).getAnnotation(Metadata::class.java) }
        .map { KotlinClassMetadata.readStrict(it) }.toList()

    fun lines(): List<String> = metadata.flatMap { metadata ->
        when (metadata) {
            is KotlinClassMetadata.Class -> of(metadata.kmClass)
            is KotlinClassMetadata.FileFacade ->
                metadata.kmPackage.functions.filter { it.visibility == Visibility.PUBLIC }.map { "fun ${text("", it)}" }
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
        val constructors = it.constructors.filter { it.visibility == Visibility.PUBLIC && head.isNotEmpty() }
        val properties = it.properties.filter { it.visibility == Visibility.PUBLIC }
        val functions = it.functions.filter { it.visibility == Visibility.PUBLIC }
        return head + (
            constructors.map { "$owner${text(it.valueParameters)}" } +
                it.kmEnumEntries.map { "$owner.${it.name}" } +
                properties.map { "$companion${text("$owner.", it)}" + number(name, it.name) } +
                functions.map { "$companion${text("$owner.", it)}" }
            ).map { "    $it" }
    }

    /** ` = 4` for what C has the number 4 for. */
    private fun number(name: String, property: String): String {
        val owner = name.removeSuffix(".Companion")
        if (owner == name || '.' in owner) return ""
        val declared = Class.forName("${of.packageName}.$owner").fields.find { it.name == property } ?: return ""
        return when (val constant = declared.get(null)) {
            is Code -> " = ${constant.value}"
            is CipherSuite -> " = ${constant.value}"
            else -> ""
        }
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

    private fun text(owner: String, it: KmFunction): String {
        val returns = text(it.returnType)
        return (if (it.isSuspend) "suspend " else "") + owner + it.name + text(it.valueParameters) +
            if (returns == "Unit") "" else ": $returns"
    }

    private fun text(owner: String, it: KmProperty) =
        "$owner${it.name}: ${text(it.returnType)}" + if (it.isVar) " (var)" else ""

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
}
