#!/usr/bin/env bash
# library.sh shared BUILT.so LIB VERSION CEILING | static BUILT.a LIB CARGO...: puts what cargo built into LIB.
#
# shared: strips it, with its debug information beside it, makes the soname chain, and refuses more than CEILING bytes.
# static: runs the given cargo command, checks what a static link needs, and hides every symbol but mls_*.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kind=$1 built=$2 lib=$3
shift 3
mkdir -p "$lib"

shared() {
    local version=$1 ceiling=$2 name=libmls.so.$1 size
    mkdir -p "$lib/debug"
    cp "$built" "$lib/debug/$name"
    objcopy --strip-all --add-gnu-debuglink="$lib/debug/$name" "$built" "$lib/.new"
    size=$(stat -c %s "$lib/.new")
    if [ "$size" -gt "$ceiling" ]; then
        rm "$lib/.new"
        echo "$name is $size bytes, over its ceiling of $ceiling" >&2
        exit 1
    fi
    mv "$lib/.new" "$lib/$name"
    ln -sf "$name" "$lib/libmls.so.0"
    ln -sf libmls.so.0 "$lib/libmls.so"
    echo "$lib/$name: $size bytes (ceiling $ceiling)"
}

static() {
    # rustc says it only when it links, so it is asked in the same run.
    local said
    said=$("$@" -- --print native-static-libs 2>&1 | tee >(cat >&2) | sed -n 's/^note: native-static-libs: //p') 2>&1
    for flag in $said; do
        case " $LIBMLS_PRIVATE_LIBS " in
        *" $flag "*) ;;
        *) echo "rustc wants $flag in LIBMLS_PRIVATE_LIBS" >&2; exit 1 ;;
        esac
    done
    "$here/hide-symbols.sh" "$built" "$lib/libmls.a"
    echo "$lib/libmls.a: $(stat -c %s "$lib/libmls.a") bytes"
}

"$kind" "$@"
