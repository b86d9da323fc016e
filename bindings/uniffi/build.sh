#!/usr/bin/env bash
# build.sh OUT [TARGET]: the native library of the Swift and Kotlin packages.
#
#   OUT/libmlsffi.so  stripped: what the -jvm jar and the AAR carry
#   OUT/libmlsffi.a   one object, nothing global but what is called from outside: what Swift links
#   OUT/include/      mls.h, and the header and module map of the generated Swift
#   OUT/mlsffi.pc     how SwiftPM finds the .a on Linux
#   OUT/natives/      the .so where JNA looks for it in a jar: what the -jvm jar carries (only of a build for this host)
#   OUT/swift/ OUT/kotlin/    the generated code; both layers hide it
#
# TARGET is a Rust target to build for; the generated code is the same for all of them.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$1 target=${2:-}
built=${CARGO_TARGET_DIR:-target}/${target:+$target/}release
debug=${CARGO_TARGET_DIR:-target}/debug
rustc=(cargo rustc --quiet --locked -p mlsffi --lib --release ${target:+--target "$target"})
case $target in *apple*) shared=libmlsffi.dylib ;; *) shared=libmlsffi.so ;; esac
mkdir -p "$out"

"${rustc[@]}" --crate-type cdylib
"${STRIP:-strip}" --strip-unneeded -o "$out/$shared" "$built/$shared"
if [ -z "$target" ]; then
    jna=$(uname -sm | tr '[:upper:] _' '[:lower:]--' | sed 's/arm64/aarch64/')
    rm -rf "$out/natives"
    mkdir -p "$out/natives/$jna"
    cp "$out/$shared" "$out/natives/$jna/"
fi

# From the unstripped one: the metadata is in its symbols.
cargo build --quiet --locked -p mlsffi --features bindgen --bin bindgen
for language in swift kotlin; do
    "$debug/bindgen" generate --language "$language" --out-dir "$out/new/$language" --no-format --metadata-no-deps \
        --config bindings/uniffi/uniffi.toml "$built/$shared"
    rm -rf "${out:?}/$language"
    mv "$out/new/$language" "$out/$language"
done
rm -rf "$out/new" "$out/include"
# UniFFI 0.32.2 never frees the buffer that an error object comes in.
perl -0pi -e 's/(__as_error: FfiConverterRustBuffer \{\n    public static func lift.*\n)/$1        defer { buf.deallocate() }\n/
    or die "no place for the buffer of an error\n"' "$out/swift/MLSGenerated.swift"
mkdir -p "$out/include/MLSFFI"
cp include/mls.h "$out/include/"
mv "$out/swift/"*.h "$out/include/MLSFFI/"
mv "$out/swift/"*.modulemap "$out/include/MLSFFI/module.modulemap"

"${rustc[@]}" --crate-type staticlib
bindings/c/hide-symbols.sh "$built/libmlsffi.a" "$out/libmlsffi.a" '(mls|uniffi_mls|ffi_mls)_'
cat >"$out/mlsffi.pc" <<'PC'
Name: mlsffi
Description: the native library of the Swift package MLS
Version: 0.1.0
Libs: -L${pcfiledir} -l:libmlsffi.a -lm -lpthread -ldl
PC
ls -l "$out/$shared" "$out/libmlsffi.a"
