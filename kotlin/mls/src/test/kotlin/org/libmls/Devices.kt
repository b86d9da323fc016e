package org.libmls

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.assertThrows

/** A device in memory that believes everybody. */
fun device(user: String, block: Options.() -> Unit = {}): MlsClient =
    MlsClient.openInMemoryBlocking(Options(Device(user, "phone"), Trust.InsecureAcceptAny, block))

/** A group of these devices, as each of them has it. */
fun groupOf(first: MlsClient, vararg others: MlsClient): List<Group> {
    val group = first.createGroupBlocking()
    val commit = group.commitBlocking(others.map { Proposal.add(it.createKeyPackagesBlocking(1).single()) })
    commit.acceptBlocking()
    val welcome = commit.welcomesBlocking().single()
    return listOf(group) + others.map { it.joinBlocking(it.invited(welcome).id) }
}

/** The invitation that a Welcome becomes. */
fun MlsClient.invited(welcome: ByteArray): Invitation =
    (receiveBlocking(welcome).single().kind as EventKind.Invited).invitation

/** The text of the one message that these bytes bring. */
fun MlsClient.read(bytes: ByteArray): String =
    (receiveBlocking(bytes).single().kind as EventKind.Message).data.decodeToString()

fun Group.say(text: String): ByteArray = encryptBlocking(text.encodeToByteArray())

/** The call fails with this code. */
inline fun assertCode(code: ErrorCode, crossinline call: () -> Unit): MlsException {
    val error = assertThrows<MlsException> { call() }
    assertEquals(code, error.code, error.toString())
    return error
}
