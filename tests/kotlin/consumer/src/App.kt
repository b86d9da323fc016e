import kotlinx.coroutines.runBlocking
import org.libmls.Device
import org.libmls.EventKind
import org.libmls.MlsClient
import org.libmls.MlsException
import org.libmls.Options
import org.libmls.Proposal
import org.libmls.Trust
import org.libmls.Validator
import org.libmls.Verdict

/** Two devices, a message, a callback and an error: what native code has to find again when the application is shrunk. */
object App {
    @JvmStatic
    fun main(args: Array<String>) = runBlocking {
        var asked = 0
        val validator = Validator {
            asked++
            Verdict.ACCEPT
        }
        val alice = MlsClient.openInMemory(Options(Device("alice", "phone"), Trust.validator(validator)))
        val bob = MlsClient.openInMemory(Options(Device("bob", "phone"), Trust.OnFirstUse))
        val group = alice.createGroup()
        val commit = group.commit(listOf(Proposal.add(bob.createKeyPackages(1).single())))
        commit.accept()
        val invited = bob.receive(commit.welcomes().single()).single().kind as EventKind.Invited
        bob.join(invited.invitation)
        val message = bob.receive(group.encrypt("hello".encodeToByteArray())).single().kind as EventKind.Message
        alice.close()
        val error = try {
            group.epoch()
            "none"
        } catch (error: MlsException) {
            "${error.code}, ${error.advice}"
        }
        println("${message.sender.user} says ${message.data.decodeToString()}; asked: ${asked > 0}; after the close: $error")
    }
}
