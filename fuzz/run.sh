#!/usr/bin/env bash
# Builds the fuzz targets with coverage, which a stable compiler can do, and runs each for SECONDS_EACH (60) seconds:
# fuzz/run.sh [TARGET...]. New inputs go to build/fuzz/corpus, what crashes to build/fuzz. The planted target has to crash.
set -euo pipefail
cd "$(dirname "$0")/.."
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-trace-compares"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
host=$(rustc -vV | sed -n 's/^host: //p')
target=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
# With a target given the flags do not go to build scripts.
RUSTFLAGS="--cfg fuzzing $coverage" CARGO_TARGET_DIR=$target \
    cargo build --quiet --locked --release --target "$host" --manifest-path fuzz/Cargo.toml

out=build/fuzz
mkdir -p "$out"
run() { # TARGET SECONDS
    mkdir -p "$out/corpus/$1"
    "$target/$host/release/$1" -max_total_time="$2" -max_len=4096 -timeout=30 -rss_limit_mb=4096 -verbosity=0 \
        -print_final_stats=1 -artifact_prefix="$out/$1-" "$out/corpus/$1" "fuzz/corpus/$1" 2>&1 |
        tee "$out/$1.log" | grep -E 'stat::(number_of_executed_units|new_units_added)|ERROR|panicked' || true
    ! grep -q 'ERROR: libFuzzer' "$out/$1.log"
}

mkdir -p "$out/corpus/planted"
if "$target/$host/release/planted" -max_total_time=120 -artifact_prefix="$out/planted-" "$out/corpus/planted" fuzz/corpus/message \
    >"$out/planted.log" 2>&1; then
    echo "the planted mistake was not found" && exit 1
fi
grep -q "the planted mistake" "$out/planted.log"
failed=
for name in ${*:-message receive welcome key_package group_info credential store sequence}; do
    echo "$name"
    run "$name" "${SECONDS_EACH:-60}" || failed="$failed $name"
done
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
