import io.grpc.Server;
import io.grpc.ServerBuilder;
import org.bouncycastle.mls.client.MLSClientImpl;

/** Bouncy Castle's client of the harness on any free port, which it prints: its own main has a fixed one. */
public final class BouncyCastle {
    public static void main(String[] arguments) throws Exception {
        Server server = ServerBuilder.forPort(0).addService(new MLSClientImpl()).build().start();
        System.out.println("127.0.0.1:" + server.getPort());
        server.awaitTermination();
    }
}
