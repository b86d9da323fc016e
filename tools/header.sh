#!/bin/sh
# include/mls.h, as cbindgen makes it of src/capi: tools/header.sh [OUTPUT]
#
# The version of cbindgen is pinned, since another one writes another header; it is built once, into build/tools.
set -eu
cd "$(dirname "$0")/.."
version=0.29.4
output=${1:-include/mls.h}

if [ "$(cbindgen --version 2>/dev/null)" = "cbindgen $version" ]; then
    cbindgen=cbindgen
else
    cbindgen=build/tools/bin/cbindgen
    [ "$($cbindgen --version 2>/dev/null)" = "cbindgen $version" ] ||
        CARGO_TARGET_DIR=build/tools/target cargo install --quiet --locked --root build/tools cbindgen --version "=$version"
fi
mkdir -p "$(dirname "$output")"
$cbindgen --quiet --config cbindgen.toml --output "$output.new" src/capi/mod.rs
cat -s "$output.new" >"$output" # the seams between modules
rm "$output.new"
