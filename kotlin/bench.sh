#!/usr/bin/env bash
# What a call costs through C and through Kotlin, in one process: kotlin/bench.sh, after `make mobile`.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v mvn >/dev/null || { echo "skipped: no Maven"; exit 0; }
mkdir -p build/kotlin
gcc -std=gnu11 -O2 -shared -fPIC -Wall -Wextra -Werror -Iinclude benches/c/bench.c -o build/kotlin/libbench.so \
    -Lbuild/mobile -lmlsffi -Wl,-rpath,"$PWD/build/mobile"
log=build/kotlin/bench.log
mvn --batch-mode --file kotlin/pom.xml test -Dtest=Bench -Dsurefire.failIfNoSpecifiedTests=false \
    -Dbench.library="$PWD/build/kotlin/libbench.so" >"$log" || { cat "$log"; exit 1; }
sed -n '/^1 KiB encrypted/,/is to cost/p' "$log"
