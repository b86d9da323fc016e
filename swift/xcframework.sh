#!/usr/bin/env bash
# xcframework.sh OUT: OUT/MLSFFI.xcframework.zip for iOS, its simulator and macOS, and its checksum. Needs macOS, Xcode
# and rustup.
#
# One static library for each platform; that of two architectures is a universal file. Every member of each has to run on
# iOS 15 or macOS 12. Written by Apple's and Rust's manuals; what Linux can check of it is checked there
# (tests/suites/xcframework.sh), and nobody has run it yet.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1
[ "$(uname -s)" = Darwin ] || { echo "make xcframework needs macOS with Xcode: this is $(uname -s)" >&2; exit 1; }
command -v xcrun >/dev/null && command -v rustup >/dev/null || { echo "Xcode and rustup are needed" >&2; exit 1; }
export IPHONEOS_DEPLOYMENT_TARGET=15.0 MACOSX_DEPLOYMENT_TARGET=12.0
targets=(aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin x86_64-apple-darwin)
rustup target add "${targets[@]}"

mkdir -p "$out"
for target in "${targets[@]}"; do
    bindings/uniffi/build.sh "$out/$target" "$target"
done
lipo -create "$out"/{aarch64-apple-ios-sim,x86_64-apple-ios}/libmlsffi.a -output "$out/simulator.a"
lipo -create "$out"/{aarch64,x86_64}-apple-darwin/libmlsffi.a -output "$out/macos.a"

headers=$out/headers
rm -rf "$headers"
mkdir "$headers"
cp "$out/aarch64-apple-ios/include/MLSFFI/"* include/mls.h "$headers/"
swift/xcframework.py assemble "$out/MLSFFI.xcframework" "$headers" \
    "$out/aarch64-apple-ios/libmlsffi.a" "$out/simulator.a" "$out/macos.a"
checksum=$(swift/xcframework.py zip "$out/MLSFFI.xcframework")
[ "$(swift package compute-checksum "$out/MLSFFI.xcframework.zip")" = "$checksum" ]
ln -sfn "../$out/MLSFFI.xcframework" swift/MLSFFI.xcframework
echo "$out/MLSFFI.xcframework.zip: checksum $checksum"
