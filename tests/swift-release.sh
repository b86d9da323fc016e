#!/usr/bin/env bash
# swift-release.sh WORK: the distribution repository, taken by git URL by an application that is built and run. On Linux
# libmlsffi.a stands in for the binary target: PKG_CONFIG_PATH says where it is.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
mkdir -p "$1"
work=$(cd "$1" && pwd)
export GIT_AUTHOR_NAME=release GIT_AUTHOR_EMAIL=release@example.org
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
checksum=$(printf %064d 0)
swift/release.sh "$work/MLS" 0.1.0 https://example.org/MLSFFI.xcframework.zip "$checksum"
! swift/release.sh "$work/bad" 0.1 https://example.org/x.zip "$checksum" 2>/dev/null
[ ! -e "$work/bad" ]

mkdir -p "$work/app/Sources/App"
cat >"$work/app/Package.swift" <<SWIFT
// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "App",
    dependencies: [.package(url: "file://$work/MLS", from: "0.1.0")],
    targets: [.executableTarget(name: "App", dependencies: [.product(name: "MLS", package: "MLS")])]
)
SWIFT
cat >"$work/app/Sources/App/main.swift" <<'SWIFT'
import Foundation
import MLS

let options = MLSOptions(device: MLSDevice(user: "alice", device: "phone"), trust: .onFirstUse)
let alice = try await MLSClient.openInMemory(options: options)
let message = try await alice.createGroup().encrypt(Data("hello".utf8))
print("\(MLSLibrary.version): \(try MLSLibrary.inspect(message).wireFormat)")
SWIFT
cd "$work/app"
"$root/tools/swift.sh" env PKG_CONFIG_PATH="$root/build/mobile" swift run --quiet --scratch-path "$work/build" App >"$work/said"
cat "$work/said"
[ "$(tail -n 1 "$work/said")" = "0.1.0: privateMessage" ]
# None of the generated code is seen by the application.
sed -i '1i import MLS\nlet generated: Group? = nil' Sources/App/main.swift
! "$root/tools/swift.sh" env PKG_CONFIG_PATH="$root/build/mobile" swift build --scratch-path "$work/build" >"$work/hidden" 2>&1
grep -q "cannot find type 'Group'" "$work/hidden"
