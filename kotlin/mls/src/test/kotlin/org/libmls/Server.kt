package org.libmls

/** What a delivery service says to a commit. */
enum class Answer { ACCEPTED, REFUSED, UNKNOWN }

/** A delivery service in memory: one commit for each epoch of a group, and a mailbox for each device. */
class Server(vararg devices: String) {
    private val boxes = devices.associateWith { ArrayDeque<ByteArray>() }
    private val taken = mutableSetOf<String>()

    fun submit(from: String, commit: ByteArray): Answer {
        val info = Mls.inspect(commit)
        if (!taken.add(info.groupId!!.toHex() + info.epoch)) return Answer.REFUSED
        send(from, commit)
        return Answer.ACCEPTED
    }

    fun send(from: String, message: ByteArray) = boxes.filterKeys { it != from }.values.forEach { it += message }

    fun deliver(to: String, welcomes: List<ByteArray>) = boxes.getValue(to).addAll(welcomes)

    fun fetch(device: String): List<ByteArray> = boxes.getValue(device).let { box -> box.toList().also { box.clear() } }
}

fun ByteArray.toHex(): String = joinToString("") { "%02x".format(it) }
