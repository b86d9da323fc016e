# The native library of the mobile packages builds; it exports mls_* and UniFFI's functions, its archive nothing else,
# and the C library has none of UniFFI's.
. tests/suites/env.sh
fresh
make --no-print-directory mobile

grep -o '\bmls_[a-z0-9_]*(' include/mls.h | tr -d '(' | sort -u >"$WORK/declared"
# What the generated code calls.
grep -oE '\b(uniffi|ffi)_mls_[a-z0-9_]+' build/mobile/include/MLSFFI/MLSFFI.h | sort -u >"$WORK/called"
cat "$WORK/declared" "$WORK/called" | sort >"$WORK/needed"

exports() { # shared | static: what is needed, or say which is missing; and nothing of others
    if [ "$1" = shared ]; then
        nm --dynamic --defined-only --format=posix build/mobile/libmlsffi.so
    else
        nm --extern-only --defined-only --format=posix build/mobile/libmlsffi.a
    fi | awk 'NF > 1 { print $1 }' | sort >"$WORK/$1"
    comm -23 "$WORK/needed" "$WORK/$1" >"$WORK/$1.missing"
    [ ! -s "$WORK/$1.missing" ] || { echo "$1: not exported:"; cat "$WORK/$1.missing"; return 1; }
    grep -vE '^(mls|uniffi_mls|ffi_mls|UNIFFI_META)_' "$WORK/$1" >"$WORK/$1.strangers" || return 0
    echo "$1: exported, and nobody's business:"
    cat "$WORK/$1.strangers"
    return 1
}
exports shared
exports static
echo mls_nobody_has_this >>"$WORK/needed"
must_fail "not exported" exports shared
sed -i '$d' "$WORK/needed"

without() { # LIBRARY: has none of UniFFI's symbols
    ! nm --dynamic --defined-only "$1" | grep -i uniffi
}
without build/lib/libmls.so
must_fail uniffi without build/mobile/libmlsffi.so

tools/sizes.py
sed 's/^\(build.mobile.libmlsffi.so *\)[0-9]*/\14000/' bindings/sizes >"$WORK/sizes"
must_fail "too large by" tools/sizes.py "$WORK/sizes"
readelf --program-headers --wide build/mobile/libmlsffi.so | awk '$1 == "LOAD" && $NF != "0x4000" { exit 1 }' ||
    { echo "libmlsffi.so is not aligned to pages of 16 KB"; exit 1; }
echo "$(wc -l <"$WORK/called") functions of UniFFI beside $(wc -l <"$WORK/declared") of C, libmlsffi.so $(stat -c %s build/mobile/libmlsffi.so) bytes"
