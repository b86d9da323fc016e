# The tests in Rust: the core's through its public surface, the store's contract, the facade's mechanics. Those that
# count what is allocated bring an allocator, as the C library does: they go without it.
. tests/suites/env.sh
mkdir -p "$WORK"
{
    cargo test --quiet --locked -p libmls --features capi,faults
    cargo test --quiet --locked -p libmls --test bombs
} 2>&1 | tee "$WORK/output"
grep -h '^test result: ok' "$WORK/output" | awk '{ n += $4; i += $8 } END { if (n == 0) exit 1; print n " tests, " i " ignored" }'
