#!/usr/bin/env bash
# hide-symbols.sh IN.a OUT.a [PREFIX]: an archive of one object in which only mls_* is global, or what begins with the
# regular expression PREFIX.
#
# rustc's static library carries the globals of AWS-LC, SQLite and Rust's std: a program with a SQLite, an OpenSSL or
# another Rust library of its own would not link, or would silently call ours. So the members are linked into one
# relocatable object, from the exports down (what they do not reach is left out), and every other global becomes local.
set -euo pipefail
in=$1 out=$2 prefix=${3:-mls_}
objcopy=${OBJCOPY:-objcopy} ar=${AR:-ar} nm=${NM:-nm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $(uname -s) in
Darwin) # Written by Apple's manuals, never run.
    "$nm" -gU "$in" 2>/dev/null | awk -v prefix="^_$prefix" '$3 ~ prefix {print $3}' | sort -u >"$work/exports"
    [ -s "$work/exports" ] || { echo "hide-symbols: $in exports no $prefix*" >&2; exit 1; }
    # ld -r turns what is not exported into private externs, and -x leaves out the locals.
    ld -r -x -dead_strip -exported_symbols_list "$work/exports" -force_load "$in" -o "$work/libmls.o"
    ;;
*)
    "$nm" -g --defined-only "$in" 2>/dev/null | awk -v prefix="^$prefix" '$3 ~ prefix {print $3}' | sort -u >"$work/exports"
    [ -s "$work/exports" ] || { echo "hide-symbols: $in exports no $prefix*" >&2; exit 1; }
    sed 's/^/--undefined=/' "$work/exports" >"$work/roots"
    # --force-group-allocation: a COMDAT group left in the object would be dropped in favour of another library's group
    # of that name, and our references into it, local by then, would dangle.
    ${LD:-ld.bfd} -r --gc-sections --force-group-allocation @"$work/roots" "$in" -o "$work/linked.o"
    "$objcopy" --remove-section=.llvmbc --remove-section=.llvmcmd --keep-global-symbols="$work/exports" --strip-unneeded "$work/linked.o" "$work/libmls.o"
    ;;
esac

rm -f "$work/libmls.a"
"$ar" rcsD "$work/libmls.a" "$work/libmls.o" 2>/dev/null || "$ar" rcs "$work/libmls.a" "$work/libmls.o"
mv "$work/libmls.a" "$out"
