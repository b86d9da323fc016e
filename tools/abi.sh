#!/usr/bin/env bash
# The ABI that is recorded in abi/: what libmls.so exports, the constants of mls.h, and its functions and types.
#
#     tools/abi.sh check [HEADER [LIBRARY [RECORD]]]    compares; a difference of any kind fails, an addition too
#     tools/abi.sh update [HEADER [LIBRARY [RECORD]]]   records what is
#
# Rust's debug information knows Rust's types and not those of mls.h, and a release has none. So the functions and types
# are taken from a library in C that defines every function as the header declares it. That the header is what the Rust
# says is the suite `header`'s to show, and that the names are the same, this script's.
set -euo pipefail
export LC_ALL=C
what=${1:-check}
header=${2:-include/mls.h} library=${3:-build/lib/libmls.so} record=${4:-abi}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Who needs a symbol is no part of the ABI, nor are the versions, which change with every release.
nm --dynamic --defined-only --format=posix "$library" | awk '{ print $1 }' | sort >"$work/symbols.txt"
gcc -E -dM "$header" | sed -n 's/^#define \(MLS_[A-Z0-9_]* [-0-9"].*\)/\1/p' | grep -v '^MLS_VERSION_' | sort >"$work/constants.txt"

# -P would take away the lines that say which declarations are the header's.
gcc -E "$header" | sed -zE 's/(\bmls_[a-z0-9_]+\([^;{}()]*\));/\1 { __builtin_trap(); }/g' >"$work/mls.c"
gcc -g -O0 -w -shared -fPIC -nostdlib -Wl,-soname,libmls.so.0 "$work/mls.c" -o "$work/libmls.so"
abidw --headers-dir "$(dirname "$header")" --drop-private-types --drop-undefined-syms --exported-interfaces-only \
    --no-corpus-path --no-comp-dir-path --no-show-locs --out-file "$work/mls.abi" "$work/libmls.so"
sed -i "s#path='[^']*/mls.c'#path='mls.c'#" "$work/mls.abi" # where it was made is nobody's business

case $what in
update)
    mkdir -p "$record"
    cp "$work/symbols.txt" "$work/constants.txt" "$work/mls.abi" "$record/"
    echo "recorded in $record: look at what changed, and whether MLS_ABI_VERSION has to"
    exit
    ;;
check) ;;
*) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

broken=0 grown=0
say() { # REMOVED ADDED RECORDED FOUND: what two sorted lists do not share
    comm -23 "$3" "$4" | sed "s/^/$1: /" >"$work/removed"
    comm -13 "$3" "$4" | sed "s/^/$2: /" >"$work/added"
    cat "$work/removed" "$work/added"
    [ ! -s "$work/removed" ] || broken=1
    [ ! -s "$work/added" ] || grown=1
}
say "no longer exported" "newly exported" "$record/symbols.txt" "$work/symbols.txt"
say "constant gone or changed" "new constant" "$record/constants.txt" "$work/constants.txt"
nm --dynamic --defined-only --format=posix "$work/libmls.so" | awk '{ print $1 }' | sort >"$work/declared.txt"
say "declared, not exported" "exported, not declared" "$work/declared.txt" "$work/symbols.txt"

# abidiff calls a changed parameter compatible, since it cannot tell; here only an addition is. The architecture is that of
# whoever recorded.
result=0
abidiff --no-architecture "$record/mls.abi" "$work/libmls.so" >"$work/report" || result=$?
cat "$work/report"
[ $((result & 3)) = 0 ] || { echo "abidiff failed: $result"; exit 1; }
! grep -qE '[1-9][0-9]* (Removed|Changed)' "$work/report" || broken=1
[ "$result" = 0 ] || grown=1

if [ $broken = 1 ]; then
    echo "the ABI is broken: programs that were built against it would not work"
elif [ $grown = 1 ]; then
    echo "the ABI has changed, or grown: make abi-update, and look at what changed"
fi
[ $broken = 0 ] && [ $grown = 0 ]
