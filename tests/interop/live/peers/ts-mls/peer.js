// ts-mls as one member, driven by lines: see ../README.md.

import { createInterface } from "node:readline"
import {
  acceptAll,
  ciphersuites,
  createApplicationMessage,
  createCommit,
  createGroup,
  createGroupInfoWithExternalPub,
  createGroupInfoWithExternalPubAndRatchetTree,
  createProposal,
  decodeMlsMessage,
  defaultCapabilities,
  defaultLifetime,
  bytesToBase64,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  joinGroupExternal,
  makePskIndex,
  mlsExporter,
  processPrivateMessage,
  processPublicMessage,
} from "ts-mls"
import { decodeRatchetTree, encodeRatchetTree } from "ts-mls/ratchetTree.js"
import { makeKeyPackageRef } from "ts-mls/keyPackage.js"
import { nobleCryptoProvider } from "ts-mls"

const bytes = (word) => (word === "-" ? new Uint8Array() : new Uint8Array(Buffer.from(word, "hex")))
const hex = (value) => (value.length === 0 ? "-" : Buffer.from(value).toString("hex"))
const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0

let suite, credential, signer, isPublic
let keyPackages = []
const psks = {}
let group, pending

function message(word, wireformat) {
  const all = bytes(word)
  const [decoded, length] = decodeMlsMessage(all, 0) ?? []
  if (decoded === undefined || length !== all.length) throw new Error("not an MLS message")
  if (wireformat !== undefined && decoded.wireformat !== wireformat) throw new Error(`not ${wireformat}`)
  return decoded
}

const encode = (content) => hex(encodeMlsMessage({ version: "mls10", ...content }))
const index = () => makePskIndex(group, psks)

async function keyPackage() {
  const capabilities = defaultCapabilities()
  capabilities.extensions = [...capabilities.extensions, 0xf042]
  return generateKeyPackageWithKey(credential, capabilities, defaultLifetime, [], signer, suite)
}

function change(kind, words) {
  const psk = (info) => ({
    proposalType: "psk",
    psk: { preSharedKeyId: { ...info, pskNonce: suite.rng.randomBytes(suite.kdf.size) } },
  })
  switch (kind) {
    case "add":
      return { proposalType: "add", add: { keyPackage: message(words.shift(), "mls_key_package").keyPackage } }
    case "remove":
      return { proposalType: "remove", remove: { removed: Number(words.shift()) } }
    case "psk":
      return psk({ psktype: "external", pskId: bytes(words.shift()) })
    case "resumption":
      return psk({
        psktype: "resumption",
        usage: "application",
        pskGroupId: group.groupContext.groupId,
        pskEpoch: BigInt(words.shift()),
      })
    case "context": {
      const extensions = []
      for (let count = Number(words.shift()); count > 0; count--) {
        const number = Number(words.shift())
        const extensionType = number === 3 ? "required_capabilities" : number
        extensions.push({ extensionType, extensionData: bytes(words.shift()) })
      }
      return { proposalType: "group_context_extensions", groupContextExtensions: { extensions } }
    }
    default:
      throw new Error(`an unknown change ${kind}`)
  }
}

async function handle(word) {
  const decoded = message(word)
  const before = group.groupContext.epoch
  let result
  if (decoded.wireformat === "mls_public_message") {
    result = await processPublicMessage(group, decoded.publicMessage, index(), suite, acceptAll)
  } else if (decoded.wireformat === "mls_private_message") {
    result = await processPrivateMessage(group, decoded.privateMessage, index(), suite, acceptAll)
  } else {
    throw new Error("not for a group")
  }
  group = result.newState
  if (result.kind === "applicationMessage") {
    return `message ${hex(result.message)} ${hex(decoded.privateMessage.authenticatedData)}`
  }
  if (group.groupActiveState.kind === "removedFromGroup") return "removed"
  return group.groupContext.epoch === before ? "proposal" : "commit"
}

const verbs = {
  async new(words) {
    const name = Object.keys(ciphersuites).find((key) => ciphersuites[key] === Number(words[0]))
    suite = await getCiphersuiteImpl(getCiphersuiteFromName(name), nobleCryptoProvider)
    credential = { credentialType: "basic", identity: bytes(words[1]) }
    isPublic = words[2] === "1"
    signer = await suite.signature.keygen()
    return ""
  },
  async keypackage() {
    const made = await keyPackage()
    keyPackages.push(made)
    return encode({ wireformat: "mls_key_package", keyPackage: made.publicPackage })
  },
  async addpsk(words) {
    psks[bytesToBase64(bytes(words[0]))] = bytes(words[1])
    return ""
  },
  async create(words) {
    const made = await keyPackage()
    group = await createGroup(bytes(words[0]), made.publicPackage, made.privatePackage, [], suite)
    return ""
  },
  async join(words) {
    const welcome = message(words[0], "mls_welcome").welcome
    const tree = words[1] === "-" ? undefined : decodeRatchetTree(bytes(words[1]), 0)[0]
    for (const made of keyPackages) {
      const reference = await makeKeyPackageRef(made.publicPackage, suite.hash)
      if (welcome.secrets.some((secret) => same(secret.newMember, reference))) {
        const psk = makePskIndex(undefined, psks)
        group = await joinGroup(welcome, made.publicPackage, made.privatePackage, psk, suite, tree)
        keyPackages = keyPackages.filter((other) => other !== made)
        return ""
      }
    }
    throw new Error("the Welcome is for nobody here")
  },
  async external(words) {
    const info = message(words[0], "mls_group_info").groupInfo
    const tree = words[1] === "-" ? undefined : decodeRatchetTree(bytes(words[1]), 0)[0]
    const made = await keyPackage()
    const result = await joinGroupExternal(
      info,
      made.publicPackage,
      made.privatePackage,
      words[3] === "1",
      suite,
      tree,
      undefined,
      new TextEncoder().encode("external"),
    )
    pending = result.newState
    return encode({ wireformat: "mls_public_message", publicMessage: result.publicMessage })
  },
  async propose(words) {
    const [aad, kind, ...rest] = words
    const made = await createProposal(group, isPublic, change(kind, rest), suite, bytes(aad))
    group = made.newState
    return hex(encodeMlsMessage(made.message))
  },
  async commit(words) {
    const [, inside, aad, ...rest] = words
    const extraProposals = []
    while (rest.length > 0) extraProposals.push(change(rest.shift(), rest))
    const made = await createCommit(
      { state: group, pskIndex: index(), cipherSuite: suite },
      {
        wireAsPublicMessage: isPublic,
        extraProposals,
        ratchetTreeExtension: inside === "1",
        authenticatedData: bytes(aad),
      },
    )
    pending = made.newState
    const welcome = made.welcome === undefined ? "-" : encode({ wireformat: "mls_welcome", welcome: made.welcome })
    return `${hex(encodeMlsMessage(made.commit))} ${welcome}`
  },
  async accept() {
    group = pending
    pending = undefined
    return ""
  },
  async reject() {
    pending = undefined
    return ""
  },
  async handle(words) {
    return handle(words[0])
  },
  async encrypt(words) {
    const made = await createApplicationMessage(group, bytes(words[0]), suite, bytes(words[1]))
    group = made.newState
    return encode({ wireformat: "mls_private_message", privateMessage: made.privateMessage })
  },
  async state(words) {
    const [label, context, length] = words
    const exported = await mlsExporter(
      group.keySchedule.exporterSecret,
      new TextDecoder().decode(bytes(label)),
      bytes(context),
      Number(length),
      suite,
    )
    const out = [
      group.groupContext.epoch.toString(),
      hex(group.keySchedule.epochAuthenticator),
      hex(group.groupContext.treeHash),
      hex(exported),
    ]
    group.ratchetTree.forEach((node, i) => {
      if (node?.nodeType === "leaf") out.push(String(i / 2), hex(node.leaf.credential.identity))
    })
    return out.join(" ")
  },
  async info(words) {
    const make = words[0] === "1" ? createGroupInfoWithExternalPubAndRatchetTree : createGroupInfoWithExternalPub
    return encode({ wireformat: "mls_group_info", groupInfo: await make(group, [], suite) })
  },
  async tree() {
    return hex(encodeRatchetTree(group.ratchetTree))
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, ...words] = line.split(" ")
  let answer
  try {
    answer = `ok ${await verbs[verb](words)}`
  } catch (error) {
    const where = error.stack?.split("\n")[1]?.trim() ?? ""
    answer = `error ${error.name}: ${error.message} ${where}`.replaceAll("\n", " ")
  }
  process.stdout.write(`${answer}\n`)
}
