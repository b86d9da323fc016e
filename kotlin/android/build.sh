#!/usr/bin/env bash
# build.sh OUT: the AAR, with a native library for each ABI of Android that is built here. Needs an NDK and cargo-ndk.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$1
ndk=${ANDROID_NDK_HOME:-${ANDROID_NDK_ROOT:-}}
if [ -z "$ndk" ] || [ ! -e "$ndk/source.properties" ]; then
    echo "There is no Android NDK: set ANDROID_NDK_HOME to one (r27 or newer). No AAR was made." >&2
    exit 1
fi
command -v cargo-ndk >/dev/null || { echo "cargo-ndk is missing: cargo install cargo-ndk. No AAR was made." >&2; exit 1; }
jar=build/mobile/maven/mls-jvm/mls-jvm-$(sed -n '0,/<version>/s/.*<version>\(.*\)<.*/\1/p' kotlin/pom.xml).jar
[ -e "$jar" ] || mvn --batch-mode --quiet --file kotlin/pom.xml package -DskipTests

libraries=()
for pair in arm64-v8a:aarch64-linux-android x86_64:x86_64-linux-android armeabi-v7a:armv7-linux-androideabi; do
    abi=${pair%%:*} target=${pair#*:}
    rustup --quiet target add "$target"
    cargo ndk --target "$abi" --platform 24 rustc --quiet --locked -p mlsffi --lib --release --crate-type cdylib
    mkdir -p "$out/jni/$abi"
    "$ndk"/toolchains/llvm/prebuilt/*/bin/llvm-strip --strip-unneeded -o "$out/jni/$abi/libmlsffi.so" \
        "${CARGO_TARGET_DIR:-target}/$target/release/libmlsffi.so"
    libraries+=("$abi=$out/jni/$abi/libmlsffi.so")
done
aar=$(kotlin/android/aar.py make "$out" "$jar" "${libraries[@]}")
kotlin/android/aar.py check "$aar"
