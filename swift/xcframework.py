#!/usr/bin/env python3
"""MLSFFI.xcframework by hand: a directory that Xcode reads, of static libraries with their headers.

    xcframework.py assemble OUT HEADERS LIBRARY...   HEADERS: a directory with MLSFFI.h, module.modulemap and mls.h
    xcframework.py check XCFRAMEWORK                 fails if it is not one that an iOS 15 or a macOS 12 can use
    xcframework.py zip XCFRAMEWORK                   makes XCFRAMEWORK.zip, always the same bytes; prints its checksum

A LIBRARY says by what is in it which platform and which architectures it is for: every member is a Mach-O object with
the platform and the oldest system in its LC_BUILD_VERSION, or LC_VERSION_MIN_* before.
"""
import hashlib
import plistlib
import shutil
import struct
import sys
import zipfile
from pathlib import Path

MINIMUM = {"ios": (15, 0), "ios-simulator": (15, 0), "macos": (12, 0)}
WANTED = {"ios": {"arm64"}, "ios-simulator": {"arm64", "x86_64"}, "macos": {"arm64", "x86_64"}}
PLATFORMS = {1: "macos", 2: "ios", 7: "ios-simulator"}
CPUS = {0x0100000C: "arm64", 0x01000007: "x86_64"}
LIBRARY = "libmlsffi.a"
# Each header directory has the module in one of its own: Xcode copies the headers of all frameworks into one place.
HEADERS = {"MLSFFI/MLSFFI.h", "MLSFFI/module.modulemap", "MLSFFI/mls.h"}


class Wrong(Exception):
    pass


def slices(data):
    """The archives in a library, which is one or a universal file of several."""
    if data[:4] != b"\xca\xfe\xba\xbe":
        return [data]
    count = struct.unpack(">I", data[4:8])[0]
    parts = [struct.unpack(">5I", data[8 + 20 * i:28 + 20 * i]) for i in range(count)]
    return [data[offset:offset + size] for _, _, offset, size, _ in parts]


def members(archive):
    """(name, bytes) of what is in an ar archive, but its table of symbols."""
    if archive[:8] != b"!<arch>\n":
        raise Wrong("not an archive")
    at = 8
    while at < len(archive):
        header = archive[at:at + 60]
        name, size = header[:16].decode().strip(), int(header[48:58])
        content = archive[at + 60:at + 60 + size]
        if name.startswith("#1/"):  # BSD: the name is in front of the content
            length = int(name[3:])
            name, content = content[:length].rstrip(b"\0").decode(), content[length:]
        if not name.startswith("__.SYMDEF") and name not in ("/", "//"):
            yield name, content
        at += 60 + size + size % 2


def target(name, macho):
    """(platform, architecture, oldest system) of an object."""
    if len(macho) < 32 or macho[:4] != b"\xcf\xfa\xed\xfe":
        raise Wrong(f"{name} is no Mach-O object of 64 bits")
    cpu, _, kind, count = struct.unpack("<4I", macho[4:20])
    if cpu not in CPUS or kind != 1:
        raise Wrong(f"{name} is no object for arm64 or x86_64")
    at = 32
    for _ in range(count):
        command, size = struct.unpack("<2I", macho[at:at + 8])
        if command == 0x32:  # LC_BUILD_VERSION
            platform, oldest = struct.unpack("<2I", macho[at + 8:at + 16])
            if platform not in PLATFORMS:
                raise Wrong(f"{name} is for the platform {platform}")
            return PLATFORMS[platform], CPUS[cpu], (oldest >> 16, oldest >> 8 & 255)
        if command in (0x24, 0x25):  # LC_VERSION_MIN_MACOSX, LC_VERSION_MIN_IPHONEOS
            oldest = struct.unpack("<I", macho[at + 8:at + 12])[0]
            platform = "macos" if command == 0x24 else "ios" if CPUS[cpu] == "arm64" else "ios-simulator"
            return platform, CPUS[cpu], (oldest >> 16, oldest >> 8 & 255)
        at += size
    raise Wrong(f"{name} says no platform and no oldest system")


def inspect(library):
    """(platform, architectures) of a library, all of whose members run on the oldest system that we promise."""
    platforms, architectures = set(), set()
    for archive in slices(library.read_bytes()):
        found = [(name, *target(name, content)) for name, content in members(archive)]
        if not found:
            raise Wrong(f"{library} is empty")
        for name, platform, architecture, oldest in found:
            if oldest > MINIMUM[platform]:
                raise Wrong(f"{library}: {name} needs {platform} {oldest[0]}.{oldest[1]}")
            platforms.add(platform)
            architectures.add(architecture)
    if len(platforms) != 1:
        raise Wrong(f"{library} is for {', '.join(sorted(platforms))}")
    return platforms.pop(), architectures


def identifier(platform, architectures):
    system, _, variant = platform.partition("-")
    return "-".join(filter(None, [system, "_".join(sorted(architectures)), variant]))


def assemble(out, headers, libraries):
    shutil.rmtree(out, ignore_errors=True)
    described = []
    for library in libraries:
        platform, architectures = inspect(library)
        name = identifier(platform, architectures)
        system, _, variant = platform.partition("-")
        if (out / name).exists():
            raise Wrong(f"two libraries are for {name}")
        (out / name / "Headers").mkdir(parents=True)
        shutil.copy(library, out / name / LIBRARY)
        shutil.copytree(headers, out / name / "Headers" / "MLSFFI")
        described.append({
            "BinaryPath": LIBRARY,
            "HeadersPath": "Headers",
            "LibraryIdentifier": name,
            "LibraryPath": LIBRARY,
            "SupportedArchitectures": sorted(architectures),
            "SupportedPlatform": system,
        } | ({"SupportedPlatformVariant": variant} if variant else {}))
    information = {
        "AvailableLibraries": sorted(described, key=lambda one: one["LibraryIdentifier"]),
        "CFBundlePackageType": "XFWK",
        "XCFrameworkFormatVersion": "1.0",
    }
    (out / "Info.plist").write_bytes(plistlib.dumps(information))
    check(out)


def check(framework):
    information = plistlib.loads((framework / "Info.plist").read_bytes())
    if information["CFBundlePackageType"] != "XFWK" or information["XCFrameworkFormatVersion"] != "1.0":
        raise Wrong("Info.plist is not an XCFramework's")
    seen = {}
    for library in information["AvailableLibraries"]:
        directory = framework / library["LibraryIdentifier"]
        platform, architectures = inspect(directory / library["LibraryPath"])
        said = "-".join(filter(None, [library["SupportedPlatform"], library.get("SupportedPlatformVariant")]))
        if platform != said or architectures != set(library["SupportedArchitectures"]):
            raise Wrong(f"{directory.name} is for {platform} {sorted(architectures)}, and Info.plist says otherwise")
        if directory.name != identifier(platform, architectures):
            raise Wrong(f"{directory.name} is not how Xcode names it")
        headers = directory / library["HeadersPath"]
        found = {str(path.relative_to(headers)) for path in headers.rglob("*") if path.is_file()}
        if found != HEADERS:
            raise Wrong(f"{headers} has {sorted(found)}")
        seen[platform] = architectures
    if seen != WANTED:
        raise Wrong(f"it is for {seen}, not for {WANTED}")
    entries = {path.name for path in framework.iterdir()}
    if entries != {"Info.plist"} | {library["LibraryIdentifier"] for library in information["AvailableLibraries"]}:
        raise Wrong(f"there is more in it than Info.plist says: {sorted(entries)}")


def archive(framework):
    out = framework.with_name(framework.name + ".zip")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(framework.rglob("*")):
            if path.is_file():
                # A fixed time, so that the same content has the same checksum.
                entry = zipfile.ZipInfo(str(path.relative_to(framework.parent)), (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(entry, path.read_bytes())
    # What `swift package compute-checksum` says: SHA-256 of the file.
    print(hashlib.sha256(out.read_bytes()).hexdigest())


def main():
    command, *paths = sys.argv[1], *map(Path, sys.argv[2:])
    try:
        if command == "assemble":
            assemble(paths[0], paths[1], paths[2:])
        elif command == "check":
            check(paths[0])
        elif command == "zip":
            archive(paths[0])
        else:
            sys.exit(__doc__)
    except Wrong as wrong:
        sys.exit(f"xcframework: {wrong}")


if __name__ == "__main__":
    main()
