# The tests in Rust: the core's through its public surface, the store's contract, the facade's mechanics.
. tests/suites/env.sh
mkdir -p "$WORK"
cargo test --quiet --locked -p libmls --features capi,faults 2>&1 | tee "$WORK/output"
grep -h '^test result: ok' "$WORK/output" | awk '{ n += $4; i += $8 } END { if (n == 0) exit 1; print n " tests, " i " ignored" }'
