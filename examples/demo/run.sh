#!/bin/sh
# Builds the demo's programs against the library in build/lib, and runs it: examples/demo/run.sh [SEED]
#
# For tests: LIBRARY is another directory of the library, OUT another one to build in, SOURCE another one of sources, FIRST and
# SECOND files to send, DEMO_UNDER a command to run the devices under, ONLY_BUILD ends it before the demo is run.
set -eu
cd "$(dirname "$0")/../.."
library=${LIBRARY:-build/lib}
out=${OUT:-build/demo}
source=${SOURCE:-examples/demo}
rm -rf "$out"
mkdir -p "$out"
warnings="-Wall -Wextra -Wpedantic -Werror"
link="-Iinclude -L$library -lmls -Wl,-rpath,$(realpath "$library")"
# shellcheck disable=SC2086 # lists of options
{
    gcc -std=gnu11 -O1 -g $warnings "$source/demo.c" -o "$out/demo"
    gcc -std=gnu11 -O1 -g $warnings "$source/mailbox.c" -o "$out/mailbox" $link
    gcc -std=gnu11 -O1 -g $warnings "$source/device.c" -o "$out/device-c" $link
    g++ -std=c++17 -O1 -g $warnings "$source/device.cpp" -o "$out/device-cpp" $link
}
[ -z "${ONLY_BUILD:-}" ] || exit 0
directory=$(mktemp -d "${TMPDIR:-/tmp}/mls-demo-XXXXXX")
trap 'rm -rf "$directory"' EXIT
"$out/demo" "$out" "$directory" "${FIRST:-include/mls.hpp}" "${SECOND:-LICENSE-APACHE}" "$@"
