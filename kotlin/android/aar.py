#!/usr/bin/env python3
"""Makes the AAR and its POM, and checks an AAR.

    aar.py make OUT JAR ABI=LIBRARY...       OUT/mls-android-VERSION.aar and .pom, from the classes of the -jvm jar
    aar.py check AAR [--stand-in] [JNA.aar]  what it has to have, and no more

The layout is Android's "Anatomy of an AAR file" and prefab's schema 2. --stand-in accepts libraries that were built for
Linux, to try the rest where there is no NDK; such an AAR is no Android library, and is refused without it.
"""
import io
import json
import re
import struct
import sys
import xml.etree.ElementTree as xml
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MIN_SDK = 24
PAGE = 16384
# The machine of an ELF file, and its class.
ABIS = {"arm64-v8a": (183, 64), "x86_64": (62, 64), "armeabi-v7a": (40, 32), "x86": (3, 32)}
SYSTEM = {"libc.so", "libm.so", "libdl.so", "liblog.so"}
METADATA = """aarFormatVersion=1.0
aarMetadataVersion=1.0
minCompileSdk=1
minCompileSdkExtension=0
minAndroidGradlePluginVersion=1.0.0
coreLibraryDesugaringEnabled=false
"""
HEADERS = ("mls.h", "mls.hpp")


def version(name="version"):
    pom = (ROOT / "kotlin/pom.xml").read_text()
    return re.search(rf"<{re.escape(name)}>(.*?)<", pom)[1]


def add(archive, name, data):
    # The same bytes every time: no date.
    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def classes(jar):
    """classes.jar: the package without the host's library and without Maven's papers."""
    out = io.BytesIO()
    with zipfile.ZipFile(jar) as source, zipfile.ZipFile(out, "w") as target:
        for name in sorted(source.namelist()):
            if re.match(r"org/libmls/.*\.class$|META-INF/.*\.kotlin_module$", name):
                add(target, name, source.read(name))
    return out.getvalue()


def make(out, jar, libraries):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out / f"mls-android-{version()}.aar", "w") as aar:
        add(aar, "AndroidManifest.xml", (HERE / "AndroidManifest.xml").read_bytes())
        add(aar, "classes.jar", classes(jar))
        add(aar, "R.txt", b"")
        add(aar, "proguard.txt", (HERE / "proguard.txt").read_bytes())
        add(aar, "META-INF/com/android/build/gradle/aar-metadata.properties", METADATA)
        add(aar, "prefab/prefab.json", json.dumps(
            {"schema_version": 2, "name": "mls", "version": version(), "dependencies": []}))
        add(aar, "prefab/modules/mlsffi/module.json", json.dumps({"export_libraries": [], "library_name": "libmlsffi"}))
        for header in HEADERS:
            add(aar, f"prefab/modules/mlsffi/include/{header}", (ROOT / "include" / header).read_bytes())
        for abi, library in sorted(libraries.items()):
            data = Path(library).read_bytes()
            add(aar, f"jni/{abi}/libmlsffi.so", data)
            place = f"prefab/modules/mlsffi/libs/android.{abi}"
            add(aar, f"{place}/libmlsffi.so", data)
            add(aar, f"{place}/abi.json", json.dumps(
                {"abi": abi, "api": MIN_SDK, "ndk": 27, "stl": "none", "static": False}))
    pom = re.sub(r"@([\w.]+)@", lambda found: version(found[1].lower()), (HERE / "pom.xml").read_text())
    (out / f"mls-android-{version()}.pom").write_text(pom)
    print(out / f"mls-android-{version()}.aar")


class Elf:
    """What the loader reads of a shared library: machine, class, alignment of its segments, what it needs and exports."""

    def __init__(self, data):
        if data[:4] != b"\x7fELF":
            raise ValueError("is no ELF file")
        self.bits = {1: 32, 2: 64}[data[4]]
        wide = self.bits == 64
        self.machine = struct.unpack_from("<H", data, 18)[0]
        at, = struct.unpack_from("<Q", data, 32) if wide else struct.unpack_from("<I", data, 28)
        size, count = struct.unpack_from("<HH", data, 54 if wide else 42)
        self.alignments, dynamic, loads = [], None, []
        for i in range(count):
            if wide:
                kind, _, offset, address, _, length, _, align = struct.unpack_from("<IIQQQQQQ", data, at + i * size)
            else:
                kind, offset, address, _, length, _, _, align = struct.unpack_from("<IIIIIIII", data, at + i * size)
            if kind == 1:
                self.alignments.append(align)
                loads.append((address, offset, length))
            elif kind == 2:
                dynamic = (offset, length)
        step, form = (16, "<QQ") if wide else (8, "<II")
        entries = [struct.unpack_from(form, data, dynamic[0] + i) for i in range(0, dynamic[1], step)]
        tags = dict(entries)
        file = lambda address: next(o + address - a for a, o, n in loads if a <= address < a + n)
        strings = file(tags[5])
        text = lambda offset: data[strings + offset:data.index(b"\0", strings + offset)].decode()
        self.needed = {text(value) for tag, value in entries if tag == 1}
        self.soname = text(tags[14]) if 14 in tags else ""
        self.exported = set()
        at, = struct.unpack_from("<Q", data, 40) if wide else struct.unpack_from("<I", data, 32)
        size, count = struct.unpack_from("<HH", data, 58 if wide else 46)
        for i in range(count):
            if wide:
                kind, _, _, begin, length = struct.unpack_from("<IQQQQ", data, at + i * size + 4)
            else:
                kind, _, _, begin, length = struct.unpack_from("<IIIII", data, at + i * size + 4)
            if kind != 11:  # the dynamic symbols
                continue
            for symbol in range(begin, begin + length, 24 if wide else 16):
                name, = struct.unpack_from("<I", data, symbol)
                section, = struct.unpack_from("<H", data, symbol + (6 if wide else 14))
                if name and section:
                    self.exported.add(text(name))


def check(path, stand_in, others):
    wrong = []
    say = wrong.append
    with zipfile.ZipFile(path) as aar:
        names = set(aar.namelist())
        read = lambda name: aar.read(name) if name in names else say(f"there is no {name}") or b""
        manifest = xml.fromstring(read("AndroidManifest.xml") or "<manifest/>")
        android = "{http://schemas.android.com/apk/res/android}"
        if manifest.get("package") != "org.libmls":
            say("AndroidManifest.xml is not of org.libmls")
        if [uses.get(android + "minSdkVersion") for uses in manifest.iter("uses-sdk")] != [str(MIN_SDK)]:
            say(f"minSdkVersion is not {MIN_SDK}")
        if manifest.find("application") is not None or manifest.find("uses-permission") is not None:
            say("the manifest asks for more than a library has to")
        read("R.txt") if "R.txt" not in names else None
        properties = dict(line.split("=") for line in read("META-INF/com/android/build/gradle/aar-metadata.properties")
                          .decode().split())
        if not {"aarFormatVersion", "aarMetadataVersion", "minCompileSdk"} <= properties.keys():
            say("aar-metadata.properties has not what the Gradle plugin reads")
        rules = re.sub(r"#.*", "", read("proguard.txt").decode())
        if re.search(r"-dont(shrink|obfuscate|optimize)|-keep\w*\s*(,\w+)*\s+class\s+(\*\*?|com\.sun\.jna\.\*\*?|org\.libmls\.\*\*?)\s*\{",
                     rules):
            say("proguard.txt keeps everything, or a whole package")
        with zipfile.ZipFile(io.BytesIO(read("classes.jar"))) as jar:
            inside = jar.namelist()
        if "org/libmls/MlsClient.class" not in inside or not any(name.startswith("org/libmls/ffi/") for name in inside):
            say("classes.jar has not both the package and the generated code")
        wrong += [f"classes.jar has {name}" for name in inside if not name.startswith(("org/libmls/", "META-INF/"))]

        libraries = {name.split("/")[1]: name for name in names if re.match(r"jni/[^/]+/libmlsffi\.so$", name)}
        wrong += [f"{name} is of no known ABI" for abi, name in libraries.items() if abi not in ABIS]
        wrong += [f"nobody asked for {name}" for name in names if name.startswith("jni/") and name not in libraries.values()]
        if not libraries:
            say("there is no library")
        package = json.loads(read("prefab/prefab.json") or "{}")
        if package.get("schema_version") != 2 or package.get("name") != "mls":
            say("prefab.json is not schema 2 of the package mls")
        module = json.loads(read("prefab/modules/mlsffi/module.json") or "{}")
        if module.get("library_name") != "libmlsffi":
            say("module.json names no libmlsffi")
        for header in HEADERS:
            if read(f"prefab/modules/mlsffi/include/{header}") != (ROOT / "include" / header).read_bytes():
                say(f"prefab has another {header}")
        header = re.sub(r"//[^\n]*|/\*.*?\*/", "", (ROOT / "include/mls.h").read_text(), flags=re.S)
        declared = set(re.findall(r"\b(mls_\w+)\(", header))
        for abi, name in sorted(libraries.items()):
            data = aar.read(name)
            place = f"prefab/modules/mlsffi/libs/android.{abi}"
            about = json.loads(read(f"{place}/abi.json") or "{}")
            if (about.get("abi"), about.get("api")) != (abi, MIN_SDK):
                say(f"{place}/abi.json says something else")
            if read(f"{place}/libmlsffi.so") != data:
                say(f"{abi}: C would get another library than Kotlin")
            elf = Elf(data)
            if (elf.machine, elf.bits) != ABIS.get(abi):
                say(f"{name} is for machine {elf.machine}, {elf.bits} bits")
            if elf.soname != "libmlsffi.so":
                say(f"{name} has the soname {elf.soname or 'nothing'}")
            if elf.bits == 64 and min(elf.alignments) < PAGE:
                say(f"{name} is not aligned to pages of 16 KB")
            if declared - elf.exported:
                say(f"{name} does not export {sorted(declared - elf.exported)[0]}, which mls.h declares")
            if not any(symbol.startswith("uniffi_mls_fn_") for symbol in elf.exported):
                say(f"{name} does not export what the generated code calls")
            if elf.needed - SYSTEM and not stand_in:
                say(f"{name} is no Android library: it needs {', '.join(sorted(elf.needed - SYSTEM))}")
        count = len(libraries)
    for other in others:
        with zipfile.ZipFile(other) as aar:
            found = [name for name in aar.namelist() if name.endswith(".so")]
            for name in found:
                elf = Elf(aar.read(name))
                if elf.bits == 64 and min(elf.alignments) < PAGE:
                    say(f"{other}: {name} is not aligned to pages of 16 KB")
            if not found:
                say(f"{other} has no library")
    print("\n".join(wrong) or f"{Path(path).name}: {count} ABI{'s' * (count > 1)}"
          + (", a STAND-IN built for Linux, not for Android" if stand_in else ""))
    sys.exit(bool(wrong))


def main():
    if sys.argv[1:2] == ["make"]:
        make(sys.argv[2], sys.argv[3], dict(pair.split("=", 1) for pair in sys.argv[4:]))
    elif sys.argv[1:2] == ["check"]:
        given = [argument for argument in sys.argv[2:] if argument != "--stand-in"]
        check(given[0], "--stand-in" in sys.argv, given[1:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
