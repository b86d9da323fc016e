import kotlinx.coroutines.runBlocking
import org.libmls.Device
import org.libmls.Event
import org.libmls.EventKind
import org.libmls.Group
import org.libmls.MlsClient
import org.libmls.Options
import org.libmls.Proposal
import org.libmls.Trust
import java.io.DataInputStream
import java.net.UnixDomainSocketAddress
import java.nio.ByteBuffer
import java.nio.channels.Channels
import java.nio.channels.SocketChannel
import kotlin.system.exitProcess

/** What the mailbox answers (examples/demo/wire.h): one request and one answer for each connection. */
class Answer(val word: String, val body: ByteArray)

class Mailbox(private val path: String) {
    fun ask(verb: String, name: String, body: ByteArray = ByteArray(0), number: Int = 0): Answer =
        SocketChannel.open(UnixDomainSocketAddress.of(path)).use { socket ->
            val request = ByteBuffer.wrap("$verb $name $number ${body.size}\n".encodeToByteArray() + body)
            while (request.hasRemaining()) socket.write(request)
            val answer = DataInputStream(Channels.newInputStream(socket).buffered())
            val line = generateSequence { answer.read() }.takeWhile { it != '\n'.code && it >= 0 }
            val (word, length) = line.map { it.toChar() }.joinToString("").split(' ')
            Answer(word, ByteArray(length.toInt()).also { answer.readFully(it) })
        }

    fun must(verb: String, name: String, body: ByteArray = ByteArray(0)) {
        val answer = ask(verb, name, body)
        check(answer.word == "OK") { "the mailbox does not $verb: ${answer.word}" }
    }
}

/**
 * A device in Kotlin, as the devices of examples/demo in C and C++ are: it does what it reads on its standard input, and
 * answers with a line that begins with "=". What they do beyond it is to be killed and to go on.
 */
class Application(private val name: String, private val client: MlsClient, private val mailbox: Mailbox) {
    private var group: Group? = null
    private var pulled = 0
    private var shown = 0

    /** Answers with what there is to say. */
    suspend fun obey(line: String): String {
        val rest = line.substringAfter(' ', "")
        return when (line.substringBefore(' ')) {
            "publish" -> "published".also {
                client.createKeyPackages(2).forEach { mailbox.must("PUBLISH", name, it) }
            }
            "create" -> "created".also { group = client.createGroup() }
            "invite" -> commit(rest.split(' ').map { Proposal.add(mailbox.ask("FETCH", it).body) })
            "update" -> commit(listOf(Proposal.update()))
            "remove" -> commit(listOf(Proposal.remove(mine().members().single { it.user == rest }.leaf)))
            "submit" -> submit()
            "say" -> "said".also { mailbox.must("SEND", name, mine().encrypt("text\n$rest".encodeToByteArray())) }
            "sync" -> sync()
            "authenticator" -> "${mine().epoch()} " + mine().epochAuthenticator().joinToString("") { "%02x".format(it) }
            else -> "what?"
        }
    }

    private fun mine() = checkNotNull(group) { "$name is in no group" }

    private suspend fun commit(proposals: List<Proposal>): String {
        mine().commit(proposals)
        return "pending"
    }

    private suspend fun submit(): String {
        val commit = mine().pendingCommits().first()
        if (mailbox.ask("SUBMIT", name, commit.message).word != "ACCEPTED") return "refused"
        commit.accept()
        client.inbox().forEach { take(it) }
        return "accepted"
    }

    private suspend fun sync(): String {
        shown = 0
        while (true) {
            val answer = mailbox.ask("PULL", name, number = pulled)
            if (answer.word != "OK") break
            client.receive(answer.body).forEach { take(it) }
            pulled++
        }
        client.inbox().forEach { take(it) } // what a join has released
        return "shown $shown"
    }

    private suspend fun take(event: Event) {
        when (val kind = event.kind) {
            is EventKind.Message -> {
                println("  ${kind.sender.user} says: ${kind.data.decodeToString().substringAfter('\n')}")
                shown++
            }
            is EventKind.Invited -> group = client.join(kind.invitation)
            is EventKind.Committed -> kind.commit?.let { id ->
                if (kind.added.isEmpty()) return@let
                val welcome = mine().findCommit(id).welcomes().first()
                kind.added.forEach { mailbox.must("WELCOME", it.user!!, welcome) }
            }
            is EventKind.Removed -> println("  was removed by ${kind.sender.user}")
            else -> {} // kinds only grow
        }
        client.acknowledge(event)
    }
}

fun main(arguments: Array<String>) {
    val (name, directory, socket) = arguments
    val key = ByteArray(32) { 7 } // an application keeps its own in the platform's keystore
    runBlocking {
        MlsClient.open("$directory/$name.db", key, Options(Device(name, "demo"), Trust.OnFirstUse)).use { client ->
            val mailbox = Mailbox(socket)
            mailbox.must("HELLO", name)
            println("= ready")
            val application = Application(name, client, mailbox)
            for (line in generateSequence(::readlnOrNull)) println("= " + application.obey(line))
        }
    }
    exitProcess(0)
}
