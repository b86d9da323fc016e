#!/usr/bin/env python3
"""mls.h, UniFFI's metadata, Kotlin and Swift say the same: nouns, verbs, arguments, fields of events, codes and numbers.

    tests/surface_mobile.py [--header FILE] [--ffi FILE] [--kotlin FILE] [--swift FILE]

Every surface is read into paths, `client.receive.message`: a noun, a verb or field or case or constant, and an argument
or field of that; letters only, so that each language may write names in its own way. Each surface is compared with
UniFFI's, both ways. What is named or shaped differently on purpose is in the tables below, each line with its reason;
a line that nothing needs any more is an error too.
"""
import argparse
import re
import sys
from pathlib import Path

from surface import load

ROOT = Path(__file__).resolve().parent.parent


def squash(*names):
    return ".".join(re.sub(r"[^a-z0-9./]", "", name.lower()) for name in names if name)


class Surface:
    """Paths, the numbers of those that have one, and how this surface differs from UniFFI's on purpose."""

    def __init__(self, name, renamed=(), own=(), without=()):
        self.name, self.paths, self.numbers, self.problems = name, set(), {}, []
        self.renamed, self.own, self.without = dict(renamed), dict(own), dict(without)
        self.used = set()

    def add(self, *names, number=None):
        path = squash(*names)
        # The longest beginning that has other names there; what is renamed to nothing is no part of the surface.
        parts = path.split(".")
        for length in range(len(parts), 0, -1):
            begin = ".".join(parts[:length])
            if begin in self.renamed:
                self.used.add(begin)
                for other in self.renamed[begin].split():
                    self.put(".".join([other, *parts[length:]]), number)
                return
        self.put(path, number)

    def put(self, path, number):
        parts = path.split(".")
        self.paths |= {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
        if number is not None:
            self.numbers[path] = number

    def call(self, *names, arguments=()):
        self.add(*names)
        for argument in arguments:
            self.add(*names, argument)

    def covered(self, path, table):
        parts = path.split(".")
        for length in range(len(parts), 0, -1):
            begin = ".".join(parts[:length])
            if begin in table:
                self.used.add(begin)
                return True
        return False

    def compare(self, hub):
        problems = list(self.problems)
        for path in sorted(hub.paths - self.paths):
            if not self.covered(path, self.without):
                problems.append(f"{path} is not in {self.name}")
        for path in sorted(self.paths - hub.paths):
            if not self.covered(path, self.own):
                problems.append(f"{path} is in {self.name} only")
        for path, number in sorted(self.numbers.items()):
            if hub.numbers.get(path, number) != number:
                problems.append(f"{path} is {number} in {self.name} and {hub.numbers[path]} in {hub.name}")
        for table in (self.renamed, self.own, self.without):
            problems += [f"{self.name}: nothing needs the exception {entry}" for entry in table if entry not in self.used]
        return problems


# ---- Kotlin's metadata, of the generated code and of the package --------------------------------------------------------

DECLARATION = re.compile(r"    (static )?(suspend )?([\w.]+?)(\(.*\))?(?:: ([^(]*?))?( \(var\))?( = \d+)?$")
OBJECT = {"equals", "hashCode", "toString", "copy", "destroy", "close", "message"}


def arguments(text):
    """The names in `(first: T, second: Map<K, V> = ..)`."""
    text = re.sub(r"<[^<>]*>", "", re.sub(r"<[^<>]*>", "", (text or "").strip("()")))
    return [part.split(":")[0].strip() for part in text.split(",") if part.strip()]


def declarations(text):
    """(kind, class, bases, [(static, suspends, member, arguments or None, type, number)]) of every class."""
    found = []
    for line in text.splitlines():
        if head := re.match(r"((?:abstract )?(?:class|interface|enum|object)) ([\w.]+)(?: : (.*))?$", line):
            found.append((head[1], head[2], (head[3] or "").split(", "), []))
        elif function := re.match(r"fun (\w+)(\(.*?\))(?:: (.*))?$", line):
            found.append(("fun", function[1], [], [(False, False, function[1], arguments(function[2]), function[3], None)]))
        elif member := DECLARATION.match(line):
            static, suspends, name, given, kind, _, number = member.groups()
            # A companion's members stand behind the class, whatever nested classes come between.
            owner, _, last = name.rpartition(".")
            if given and any(one[1] == name for one in found):
                owner, last = name, None  # a constructor
            place = next((one for one in reversed(found) if one[1] == owner), None)
            if place is None:  # what a class that is not public has
                found.append(place := ("class", owner, [], []))
            place[3].append((bool(static), bool(suspends), last, arguments(given) if given else None, kind,
                             number and int(number[3:])))
    return found


# What UniFFI brings along with every module, and what it makes of callbacks and objects beside the class itself.
PLUMBING = re.compile(r"Uniffi|Ffi|uniffi|RustBuffer|ForeignBytes|Disposable|NoHandle|\w+Interface$|\w+Impl$|use$|"
                      r"InternalException|CallbackException|\w+\.ErrorHandler")
DERIVED = re.compile(r"equals$|hashCode$|toString$|copy$|destroy$|close$|uniffi\w+$|component\d+$")


def ffi(text):
    hub = Surface("UniFFI's metadata", renamed={
        "client.closeclient": "client.close",  # uniffi.toml: UniFFI has a close() of its own in Kotlin
        "basiccredential": "credential.basic",  # UniFFI has no functions of a type without state
        "deviceof": "device.of",
        "supportedciphersuites": "ciphersuite.supported",
        "inspect": "mls.inspect",
        "mediatype": "mls.mediatype",
        "version": "mls.version",
        "extensionlimits": "limits.extension",
        "defaultlimits": "",  # what a new object of the class has
        "defaultpolicy": "",
        "errorcodename": "",  # what a code of the class knows
        "errorcodevalue": "",
        "trust.roots.v1": "trust.roots.roots",  # what is without a name in Rust
        "trust.validator.v1": "trust.validator.validator",
    })
    classes = [one for one in declarations(text) if not PLUMBING.match(one[1])]
    fields = {name: [member for _, _, member, given, _, _ in members if member and given is None]
              for _, name, _, members in classes}
    payload = {name: type_ for _, name, _, members in classes for _, _, member, _, type_, _ in members
               if name.startswith("EventKind.") and member == "v1"}
    for kind, name, _, members in classes:
        if name in payload.values() and name != "Invitation":
            continue  # the record of one kind of event, read with its kind
        if kind == "fun":
            hub.call(name, arguments=members[0][3])
            continue
        hub.add(name)
        for _, _, member, given, _, _ in members:
            if member is None or DERIVED.match(member) or kind == "enum" and member == "value":
                continue
            if name.startswith("StorageException."):
                if member == "detail":
                    hub.add("StorageException", member)
            elif name in payload:
                for field in fields[payload[name]]:
                    hub.add(name, field)
            else:
                hub.call(name, member, arguments=given or [])
    return hub


KOTLIN_OBJECT = ("equals", "hashCode", "toString")


def kotlin(text):
    surface = Surface("Kotlin", renamed={
        "mlsclient": "client",  # Client alone would be anybody's
        "storageexception.kind": "storageexception",  # an exception with a kind, not a class of exception for each
        "eventkind.invited.invitation": "",  # the record itself, which has a name of its own
        "limits.block": "", "policy.block": "", "options.block": "", "capabilities.block": "",  # how they are filled
        "groupoptions.block": "", "commitoptions.block": "", "encryptoptions.block": "", "joinoptions.block": "",
        "keypackageoptions.block": "", "newidentity.block": "",
    }, own={
        "client.events": "a Flow over inbox",
        "client.acknowledge.event": "the event instead of its id",
        "options.dispatcher": "where suspending calls run",
        "code": "what all codes have",
        "ciphersuite": "a number with names",
    }, without={
        "eventkind.invited": "carried as an Invitation",
    })
    blocking, suspending = {}, {}
    for _, name, _, members in declarations(text):
        surface.add(name)
        for _, suspends, member, given, _, number in members:
            if member is None:
                for argument in given:
                    surface.add(name, argument)
                continue
            if member in KOTLIN_OBJECT:
                continue
            if suspends:
                suspending.setdefault((name, member), set()).update([tuple(given)])
            elif member.endswith("Blocking"):
                blocking.setdefault((name, member.removesuffix("Blocking")), set()).add(tuple(given))
                continue
            surface.add(name, member, number=number)
            for argument in given or []:
                surface.add(name, member, argument)
    for name, member in sorted(blocking.keys() | suspending.keys()):
        if not suspending.get((name, member), set()) & blocking.get((name, member), set()):
            surface.problems.append(f"{name}.{member} has not both a suspending and a blocking form with the same arguments")
    return surface


# ---- Swift's symbol graph, a symbol a line ------------------------------------------------------------------------------


def swift(text):
    surface = Surface("Swift", renamed={
        "error": "mlsexception",  # Kotlin calls what is thrown an exception
        "error/code": "errorcode",  # the nouns of one type are inside of it
        "error/advice": "advice",
        "error.description": "",
        "event/kind": "eventkind",
        "event/deniedreason": "deniedreason", "event/heldfor": "heldfor", "event/ignoredreason": "ignoredreason",
        "event/joinedby": "joinedby", "event/rejoinreason": "rejoinreason",
        "library": "mls",  # MLS is the module
        "storageerror": "storageexception",
        "storageerror/kind": "storageexception",
        "client.acknowledge.event": "client.acknowledge.id",  # of an event
        "client.join.id": "client.join.invitation", "client.decline.id": "client.decline.invitation",
        "trust.roots.certificates": "trust.roots.roots",
        "group.exportsecret.length": "group.exportsecret.len",
        "device.init.identity": "device.of.identity",
    }, own={
        "eventkind.unknown": "an enum that grows needs a default from the start",
        "client.events": "an AsyncSequence over inbox",
        "events": "an AsyncSequence over inbox", "events/element": "", "events/iterator": "",
        "storageexception.kind": "an error with a kind, not a class of error for each",
        "code": "what all codes have",
        "ciphersuite": "a number with names",
    }, without={
        "eventkind.invited": "carried as an MLSInvitation",
    })
    for line in text.splitlines():
        name, _, declaration = line.partition("\t")
        # A type inside of another is `event/kind`, the property `event.kind`.
        name = re.sub(r"\.(?=[A-Z])", "/", name.replace("MLS", "", 1))
        # A kind of event carries a record of the same name, MLSEvent.Message; its fields are the kind's.
        name = re.sub(r"^Event/(?!\w+(?:Reason|For|By)\b|Kind\b)", "Event/Kind.", name)
        if re.match(r"(struct|enum|typealias|protocol|final class)\b", declaration):
            surface.add(name)
            continue
        owner, _, member = name.partition("(")[0].rpartition(".")
        given = re.search(r"\((.*)\)", declaration)
        # `label name: Type`: the name that the body uses.
        names = re.findall(r"(?:^|, )(?:\w+ )?`?(\w+)`?: ", given[1]) if given else []
        if member == "init":
            for argument in names:
                surface.add(owner, *(("init", argument) if name == "Device.init(identity:)" else (argument,)))
        elif name.startswith("Client.open(storage"):
            surface.call(owner, "open storage", arguments=names)
        elif member not in ("description", "rawValue") or owner == "Error":
            surface.call(owner, member, arguments=names)
    return surface


# ---- C ------------------------------------------------------------------------------------------------------------------

# The type of a handle, as the others call it. A list is a handle in C, and its functions are those of what is in it.
C_NOUNS = {
    "client": "client", "group": "group", "commit": "commit", "bundle": "commitbundle", "senders": "sender",
    "members": "member", "proposal_infos": "proposalinfo", "key_packages": "keypackageinfo", "preview": "grouppreview",
    "key_package_secrets": "keypackagesecrets", "message_info": "messageinfo", "validation": "validationrequest",
    "options": "options", "commit_options": "commitoptions", "encrypt_options": "encryptoptions",
    "join_options": "joinoptions", "group_options": "groupoptions", "key_package_options": "keypackageoptions",
    "identity": "newidentity", "signing_key": "signingkey", "credential": "credential", "extensions": "extension",
    "error": "mlsexception", "store": "storage", "store_rows": "row", "store_writes": "write", "proposals": "proposal",
    "events": "event", "codec_answer": "credentialcodec",
    # Mechanics: lists of what is no noun, and what is a plain function or value elsewhere.
    "messages": None, "ids": None, "commits": None, "bytes": None, "status": None, "cipher_suites": "ciphersuite",
}
# The beginning of a constant's name: whose constant it is.
C_CONSTANTS = {
    "ERROR": "errorcode", "ADVICE": "advice", "ROLE": "role", "HANDSHAKE": "handshakeencryption", "PADDING": "padding",
    "EXTERNAL_JOIN": "externaljoin", "VERDICT": "verdict", "PURPOSE": "purpose", "CREDENTIAL": "credential",
    "STORE_WRITE": "write", "WIRE_FORMAT": "wireformat", "CONTENT": "contentkind", "GROUP": "groupstatus",
    "COMMIT": "commitstatus", "EVENT": "eventkind", "JOINED_BY": "joinedby", "HELD_FOR": "heldfor",
    "IGNORED": "ignoredreason", "DENIED": "deniedreason", "REJOIN": "rejoinreason", "SENDER": "senderkind",
    "CIPHER_SUITE": "ciphersuite", "CAPABILITY": "member.capabilities", "PROPOSAL": "proposal",
}


def c(header, functions, hub):
    surface = Surface("C", renamed={
        "library": "mls",
        "storage.keylen": "",  # MLS_STORE_KEY_LEN: a number in the text of the others
        "mlsexception.name": "",  # of the code
        "ciphersuite.at": "ciphersuite.supported", "ciphersuite.contains": "ciphersuite.supported",
        "messageinfo.read": "mls.inspect",
        "client.openstore": "client.openstorage",
        "client.openstore.store": "client.openstorage.storage",  # Kotlin and Swift name what is stored in
        "client.exportsigningkey.ciphersuite": "client.exportsigningkey.suite",
        "client.signaturekey.ciphersuite": "client.signaturekey.suite",
        "client.proposeexternal.proposals": "client.proposeexternal.proposal",  # a list of one
        "commitoptions.identity": "commitoptions.newidentity",
        "group.branch.id": "group.branch.groupid",
        "group.info": "group.groupinfo",
        # What the others set as one value, C sets one by one.
        "groupoptions.externalsender": "groupoptions.externalsenders",
        "groupoptions.externalsender.credential": "externalsender.credential",
        "groupoptions.externalsender.signaturekey": "externalsender.signaturekey",
        "groupoptions.requiredextension": "groupoptions.requiredcapabilities",
        "groupoptions.requiredproposal": "groupoptions.requiredcapabilities",
        "groupoptions.requiredcredential": "groupoptions.requiredcapabilities",
        "options.extensioncapability": "capabilities.extensions",
        "options.proposalcapability": "capabilities.proposals",
        "options.credentialcapability": "capabilities.credentials",
        "joinoptions.psk": "joinoptions.psks",
        "options.limitsextension": "limits.extension",
        "options.trustonfirstuse": "trust.onfirstuse", "options.insecureacceptany": "trust.insecureacceptany",
        "options.trustroot": "trust.roots.roots", "options.validator": "trust.validator.validator",
        "options.device.user": "device.user", "options.device.device": "device.device",
        # A number for each kind of capability in place of a list.
        "member.capabilitiescount": "", "member.capability": "",
        "member.capabilities.extension": "member.capabilitiesextensions",
        "member.capabilities.proposal": "member.capabilitiesproposals",
        "member.capabilities.credential": "member.capabilitiescredentials",
        "member.capabilities.ciphersuite": "member.capabilitiesciphersuites",
        "credential.newbasic": "credential.basic", "credential.newx509": "credential.x509",
        "credential.newdevice": "credential.basic.device",
        "credential.newdevice.user": "device.user", "credential.newdevice.device": "device.device",
        "credential.certificate": "credential.x509.chain", "credential.certificatescount": "",
        "credential.kind": "credential.other.kind", "credential.bytes": "credential.other.data",
        "extension.push": "extension", "row.push": "row",
        "write.key": "write.put.key write.delete.key write.deleterange.from",
        "write.value": "write.put.value", "write.end": "write.deleterange.to", "write.kind": "",
        "proposal.psk": "", "proposal.externalinit": "",  # numbers that ProposalInfo.kind can have
        "eventkind.joined.joinedby": "eventkind.joined.by",
        # Callbacks are functions, with `answer`, `rows` and the like for what they return.
        "options.validator.validate": "validator.validate", "callback.validator": "validator.validate",
        "options.codec.encode": "credentialcodec.encode", "options.codec.decode": "credentialcodec.decode",
        "options.clock.now": "clock.now", "callback.clock": "clock.now",
        "options.anchor.load": "anchor.load", "options.anchor.store": "anchor.store",
        "callback.anchorload": "anchor.load", "callback.anchorload.mark": "", "callback.anchorstore": "anchor.store",
        "callback.codecencode": "credentialcodec.encode", "callback.codecencode.answer": "",
        "callback.codecencode.username": "credentialcodec.encode.device",
        "callback.codecencode.devicename": "credentialcodec.encode.device",
        "callback.codecdecode": "credentialcodec.decode", "callback.codecdecode.answer": "",
        "callback.codecdecode.identity": "credentialcodec.decode.bytes",
        "credentialcodec.identity": "", "credentialcodec.device": "",
        "callback.drop": "", "callback.store": "",
        "callback.storeversion": "storage.version", "callback.storeversion.version": "",
        "callback.storeget": "storage.get", "callback.storeget.rows": "",
        "callback.storescan": "storage.scan", "callback.storescan.rows": "",
        "callback.storescan.from": "keyrange.from", "callback.storescan.to": "keyrange.to",
        "callback.storecommit": "storage.commit", "callback.storecommit.newversion": "",
    }, own={
        "mls.abiversion": "a package carries the library that it was built with",
        "ciphersuite": "a number with names",
    }, without={
        "invitation": "the event itself", "eventkind.invited": "preview, key_package, and the event's id",
        "device.of": "the bytes are the user's name, a NUL, the device's name",
        "storageexception": "what a store's callback answers: MLS_ERROR_*",
        "storage.scan.range": "its two ends",
        "options.capabilities": "one by one", "options.limits": "one by one", "options.policy": "one by one",
        "options.trust": "one of four setters",
    })
    for name, number in re.findall(r"^#define MLS_(\w+) (\d+)$", header, re.M):
        begin = next((begin for begin in sorted(C_CONSTANTS, key=len, reverse=True) if name.startswith(begin + "_")), None)
        if begin:
            surface.add(C_CONSTANTS[begin], name.removeprefix(begin + "_"), number=int(number))
        elif not re.match(r"OK$|VERSION_|ABI_VERSION$|STORE_KEY_LEN$", name):
            surface.problems.append(f"MLS_{name} is of no noun")

    # The comment of a kind of event says what it has, and there is a function for each.
    said = {"id", "kind", "deliveries", "group_id"}
    for comment, kind in re.findall(r"((?:^///.*\n)+)#define MLS_EVENT_(\w+) ", header, re.M):
        fields = re.search(r"\bHas (.*)", " ".join(comment.replace("///", " ").split()))
        for field in re.findall(r"`([a-z_]+)`", fields[1] if fields else ""):
            surface.add("eventkind", kind, field)
            said.add(field)
    read = {name.removeprefix("mls_events_") for _, name, _ in functions if name.startswith("mls_events_")}
    read -= {"count", "free"}
    surface.problems += [f"mls_events_{name} is of no kind of event" for name in sorted(read - said)]
    surface.problems += [f"there is no mls_events_{name}" for name in sorted(said - read)]
    surface.call("event", "id"), surface.call("event", "kind")
    surface.call("event", "deliveries"), surface.call("event", "group_id")

    for _, name, parameters in functions:
        noun = next((noun for noun in sorted(C_NOUNS, key=len, reverse=True) if name.startswith(f"mls_{noun}_")), "library")
        verb = name.removeprefix("mls_").removeprefix(f"{noun}_")
        if noun == "events" or noun in C_NOUNS and (C_NOUNS[noun] is None or verb in ("new", "free", "count")):
            continue
        given = [called for kind, called in parameters
                 if called not in ("out", "error", "index", "release") and kind != "void *"
                 and not (called.endswith("_len") and kind == "size_t") and f"mls_{noun}_t " not in kind.replace("const ", "")]
        setter = re.match(r"(set|push)_(\w+)", verb)
        if verb == "open_in_memory" or not setter or noun == "client":
            surface.call(C_NOUNS.get(noun, noun), verb, arguments=given)
            continue
        owner, field = C_NOUNS[noun], setter[2]
        if noun == "options" and field.startswith("limit_"):
            owner, field = "limits", field.removeprefix("limit_")
        elif noun == "options" and squash("policy", field) in hub.paths:
            owner = "policy"
        one = len(given) == 1 and noun != "proposals" and not any(kind.endswith("_fn") for kind, _ in parameters[:2])
        surface.call(owner, field, arguments=[] if one or noun == "store" else given)
    for name, parameters in re.findall(r"^typedef \w+ \(\*mls_(\w+)_fn\)\(([^;]*)\);", header, re.M):
        given = [re.search(r"(\w+)$", " ".join(one.split()))[1] for one in parameters.split(",")]
        surface.call("callback", name, arguments=[one for one in given if one != "user" and not one.endswith("_len")])
    hub.numbers = surface.numbers
    return surface


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--header", type=Path, default=ROOT / "include/mls.h")
    parser.add_argument("--ffi", type=Path, default=ROOT / "build/mobile/ffi.api")
    parser.add_argument("--kotlin", type=Path, default=ROOT / "kotlin/mls/api/mls.api")
    parser.add_argument("--swift", type=Path, default=ROOT / "swift/api/mls.txt")
    given = parser.parse_args()
    hub = ffi(given.ffi.read_text())
    header = given.header.read_text()
    functions = list(load(ROOT / "tests/c/misuse.py").functions(header))
    surfaces = [c(header, functions, hub), kotlin(given.kotlin.read_text())]
    if given.swift.exists():
        surfaces.append(swift(given.swift.read_text()))
    problems = [problem for surface in surfaces for problem in surface.compare(hub)]
    names = ", ".join(surface.name for surface in surfaces)
    print("\n".join(problems) or f"{len(hub.paths)} nouns, verbs, arguments, fields and codes, the same in {names}")
    sys.exit(bool(problems) or len(hub.paths) < 500)


if __name__ == "__main__":
    main()
