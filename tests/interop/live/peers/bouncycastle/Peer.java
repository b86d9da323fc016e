// Bouncy Castle's MLS as one member, driven by lines: see ../README.md.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.mls.TreeKEM.LeafIndex;
import org.bouncycastle.mls.TreeKEM.LeafNode;
import org.bouncycastle.mls.TreeKEM.LifeTime;
import org.bouncycastle.mls.TreeKEM.TreeKEMPublicKey;
import org.bouncycastle.mls.codec.*;
import org.bouncycastle.mls.crypto.MlsCipherSuite;
import org.bouncycastle.mls.crypto.Secret;
import org.bouncycastle.mls.protocol.Group;
import org.bouncycastle.util.encoders.Hex;

public final class Peer {
    private static final SecureRandom RANDOM = new SecureRandom();

    private static final class KeyPair {
        AsymmetricCipherKeyPair init;
        AsymmetricCipherKeyPair encryption;
        KeyPackage keyPackage;
    }

    private MlsCipherSuite suite;
    private byte[] identity;
    private boolean encrypt;
    private AsymmetricCipherKeyPair signer;
    private final List<KeyPair> keyPackages = new ArrayList<>();
    private final Map<Secret, byte[]> psks = new HashMap<>();
    private Group group;
    // Whom late messages are given to.
    private final TreeMap<Long, Group> past = new TreeMap<>();
    private Group pending;

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        Peer peer = new Peer();
        for (String line; (line = in.readLine()) != null; ) {
            String answer;
            try {
                answer = "ok " + peer.answer(line.split(" "));
            } catch (Throwable error) {
                String where = error.getStackTrace().length == 0 ? "" : " at " + error.getStackTrace()[0];
                answer = "error " + (error + where).replace('\n', ' ');
            }
            System.out.println(answer);
            System.out.flush();
        }
    }

    private static byte[] bytes(String word) {
        return word.equals("-") ? new byte[0] : Hex.decode(word);
    }

    private static String hex(byte[] bytes) {
        return bytes.length == 0 ? "-" : Hex.toHexString(bytes);
    }

    private static MLSMessage message(String word) throws Exception {
        return (MLSMessage) MLSInputStream.decode(bytes(word), MLSMessage.class);
    }

    private static String encode(Object value) throws Exception {
        return hex(MLSOutputStream.encode(value));
    }

    private TreeKEMPublicKey tree(String word) throws Exception {
        if (word.equals("-")) {
            return null;
        }
        TreeKEMPublicKey tree = (TreeKEMPublicKey) MLSInputStream.decode(bytes(word), TreeKEMPublicKey.class);
        tree.setSuite(suite);
        return tree;
    }

    private byte[] random() {
        byte[] random = new byte[suite.getKDF().getHashLength()];
        RANDOM.nextBytes(random);
        return random;
    }

    private String answer(String[] words) throws Exception {
        switch (words[0]) {
        case "new":
            suite = MlsCipherSuite.getSuite(Short.parseShort(words[1]));
            identity = bytes(words[2]);
            encrypt = words[3].equals("0");
            signer = suite.generateSignatureKeyPair();
            return "";
        case "keypackage": {
            KeyPair pair = keyPackage();
            keyPackages.add(pair);
            return encode(MLSMessage.keyPackage(pair.keyPackage));
        }
        case "addpsk":
            psks.put(new Secret(bytes(words[1])), bytes(words[2]));
            if (group != null) {
                group.insertExternalPsk(new Secret(bytes(words[1])), bytes(words[2]));
            }
            return "";
        case "create": {
            KeyPair pair = keyPackage();
            LeafNode leaf = pair.keyPackage.getLeafNode();
            group = new Group(bytes(words[1]), suite, pair.encryption, signature(), leaf.copy(leaf.getEncryptionKey()),
                new ArrayList<Extension>());
            givePsks();
            return "";
        }
        case "join":
            return join(words[1], words[2]);
        case "external":
            return external(words);
        case "propose":
            return propose(words);
        case "commit":
            return commit(words);
        case "accept":
            advance(pending);
            pending = null;
            return "";
        case "reject":
            pending = null;
            return "";
        case "handle":
            return handle(words[1]);
        case "encrypt":
            return encode(group.protect(bytes(words[2]), bytes(words[1]), 0));
        case "state":
            return state(words);
        case "info":
            return encode(group.getGroupInfo(words[1].equals("1")));
        case "tree":
            return encode(group.getTree());
        default:
            throw new Exception("an unknown verb " + words[0]);
        }
    }

    private byte[] signature() throws Exception {
        return suite.serializeSignaturePrivateKey(signer.getPrivate());
    }

    private KeyPair keyPackage() throws Exception {
        KeyPair pair = new KeyPair();
        pair.init = suite.getHPKE().generatePrivateKey();
        pair.encryption = suite.getHPKE().generatePrivateKey();
        LeafNode leaf = new LeafNode(suite, suite.getHPKE().serializePublicKey(pair.encryption.getPublic()),
            suite.serializeSignaturePublicKey(signer.getPublic()), Credential.forBasic(identity), new Capabilities(),
            new LifeTime(), new ArrayList<Extension>(), signature());
        pair.keyPackage = new KeyPackage(suite, suite.getHPKE().serializePublicKey(pair.init.getPublic()), leaf,
            new ArrayList<Extension>(), signature());
        return pair;
    }

    // It keeps its PSKs in the group, and loses none when it moves on.
    private void givePsks() {
        for (Map.Entry<Secret, byte[]> psk : psks.entrySet()) {
            group.insertExternalPsk(psk.getKey(), psk.getValue());
        }
    }

    private void advance(Group next) {
        if (group != null && Arrays.equals(group.getGroupID(), next.getGroupID()) && group.getEpoch() + 1 == next.getEpoch()) {
            past.put(group.getEpoch(), group);
            while (past.size() > 4) {
                past.pollFirstEntry();
            }
        }
        group = next;
        givePsks();
    }

    private String join(String welcome, String tree) throws Exception {
        MLSMessage message = message(welcome);
        for (KeyPair pair : keyPackages) {
            if (message.welcome.find(pair.keyPackage) != -1) {
                group = new Group(suite.getHPKE().serializePrivateKey(pair.init.getPrivate()), pair.encryption, signature(),
                    pair.keyPackage, message.welcome, tree(tree), psks, new HashMap<Group.EpochRef, byte[]>());
                past.clear();
                keyPackages.remove(pair);
                givePsks();
                return "";
            }
        }
        throw new Exception("the Welcome is for nobody here");
    }

    private String external(String[] words) throws Exception {
        GroupInfo info = message(words[1]).groupInfo;
        TreeKEMPublicKey tree = tree(words[2]);
        Map<Secret, byte[]> used = new HashMap<>();
        if (!words[3].equals("-")) {
            Secret id = new Secret(bytes(words[3]));
            used.put(id, psks.get(id));
        }
        LeafIndex old = null;
        if (words[4].equals("1")) {
            TreeKEMPublicKey known = tree;
            for (Extension extension : info.getExtensions()) {
                known = known == null ? extension.getRatchetTree() : known;
            }
            old = leaf(known);
        }
        Group.GroupWithMessage made = Group.externalJoin(new Secret(random()), signer, keyPackage().keyPackage, info, tree,
            new Group.MessageOptions(false, "external".getBytes(), 0), old, used);
        pending = made.group;
        return encode(made.message);
    }

    private LeafIndex leaf(TreeKEMPublicKey tree) throws Exception {
        for (int i = 0; i < tree.getSize().leafCount(); i++) {
            LeafNode leaf = tree.getLeafNode(new LeafIndex(i));
            if (leaf != null && Arrays.equals(leaf.getCredential().getIdentity(), identity)) {
                return new LeafIndex(i);
            }
        }
        throw new Exception("no old leaf");
    }

    // The extensions behind the word at `from`, which says how many they are.
    private List<Extension> context(String[] words, int from) {
        List<Extension> extensions = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(words[from]); i++) {
            extensions.add(new Extension(Integer.parseInt(words[from + 1 + 2 * i]), bytes(words[from + 2 + 2 * i])));
        }
        return extensions;
    }

    private String propose(String[] words) throws Exception {
        Group.MessageOptions options = new Group.MessageOptions(encrypt, bytes(words[1]), 0);
        MLSMessage made;
        switch (words[2]) {
        case "add":
            made = group.add(message(words[3]).keyPackage, options);
            break;
        case "update": {
            AsymmetricCipherKeyPair leaf = suite.getHPKE().generatePrivateKey();
            made = group.update(group.updateProposal(leaf, new Group.LeafNodeOptions()), options);
            break;
        }
        case "remove":
            // It counts members, not leaves.
            made = group.remove(new LeafIndex(roster(Integer.parseInt(words[3]))), options);
            break;
        case "psk":
            made = group.preSharedKey(bytes(words[3]), options);
            break;
        case "resumption":
            made = group.preSharedKey(group.getGroupID(), Long.parseLong(words[3]), options);
            break;
        case "context":
            made = group.groupContextExtensions(context(words, 3), options);
            break;
        default:
            throw new Exception("an unknown change " + words[2]);
        }
        byte[] encoded = MLSOutputStream.encode(made);
        // Own proposals are cached when they come back.
        if (group.handle(encoded, null) != null) {
            throw new Exception("a proposal made an epoch");
        }
        return hex(encoded);
    }

    private int roster(int leaf) throws Exception {
        int count = 0;
        for (int i = 0; i < leaf; i++) {
            count += group.getTree().getLeafNode(new LeafIndex(i)) == null ? 0 : 1;
        }
        return count;
    }

    private String commit(String[] words) throws Exception {
        List<Proposal> proposals = new ArrayList<>();
        for (int i = 4; i < words.length; i += 2) {
            switch (words[i]) {
            case "add":
                proposals.add(Proposal.add(message(words[i + 1]).keyPackage));
                break;
            case "remove":
                proposals.add(Proposal.remove(new LeafIndex(Integer.parseInt(words[i + 1]))));
                break;
            case "psk":
                proposals.add(Proposal.preSharedKey(PreSharedKeyID.external(bytes(words[i + 1]), random())));
                break;
            case "resumption":
                proposals.add(Proposal.preSharedKey(PreSharedKeyID.resumption(ResumptionPSKUsage.APPLICATION,
                    group.getGroupID(), Long.parseLong(words[i + 1]), random())));
                break;
            case "context":
                proposals.add(Proposal.groupContextExtensions(context(words, i + 1)));
                i += 2 * Integer.parseInt(words[i + 1]);
                break;
            default:
                throw new Exception("an unknown change " + words[i]);
            }
        }
        Group.GroupWithMessage made = group.commit(new Secret(random()),
            new Group.CommitOptions(proposals, words[2].equals("1"), words[1].equals("1"), null),
            new Group.MessageOptions(encrypt, bytes(words[3]), 0), new Group.CommitParameters(Group.NORMAL_COMMIT_PARAMS));
        pending = made.group;
        String commit = encode(made.message);
        made.message.wireFormat = WireFormat.mls_welcome;
        return commit + " " + encode(made.message);
    }

    private String handle(String word) throws Exception {
        MLSMessage message = message(word);
        if (message.getContentType() == ContentType.APPLICATION) {
            Group reader = message.getEpoch() == group.getEpoch() ? group : past.get(message.getEpoch());
            if (reader == null) {
                throw new Exception("an unknown epoch");
            }
            byte[][] opened = reader.unprotect(message);
            return "message " + hex(opened[1]) + " " + hex(opened[0]);
        }
        Group next = group.handle(bytes(word), null);
        if (next == null) {
            return "proposal";
        }
        advance(next);
        return "commit";
    }

    private String state(String[] words) throws Exception {
        StringJoiner out = new StringJoiner(" ");
        out.add(Long.toString(group.getEpoch()));
        out.add(hex(group.getEpochAuthenticator()));
        out.add(hex(group.getTree().getRootHash()));
        out.add(hex(group.getKeySchedule().MLSExporter(new String(bytes(words[1])), bytes(words[2]), Integer.parseInt(words[3]))));
        TreeKEMPublicKey tree = group.getTree();
        for (int i = 0; i < tree.getSize().leafCount(); i++) {
            LeafNode leaf = tree.getLeafNode(new LeafIndex(i));
            if (leaf != null) {
                out.add(Integer.toString(i));
                out.add(hex(leaf.getCredential().getIdentity()));
            }
        }
        return out.toString();
    }
}
