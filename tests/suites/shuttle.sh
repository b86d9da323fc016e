# The table of handles under a scheduler that tries the orders in which threads may come; and a table whose list of free
# slots takes an old head for a new one, which it has to find.
. tests/suites/env.sh
fresh
export CARGO_TARGET_DIR=$TARGET/shuttle RUST_BACKTRACE=0
cargo test --quiet --locked --manifest-path tests/shuttle/Cargo.toml --lib

mkdir -p "$WORK/tests" "$WORK/src/capi/handle"
cp -r tests/shuttle "$WORK/tests/"
sed 's/(head >> 32).wrapping_add(1)/(head >> 32)/' src/capi/handle/table.rs >"$WORK/src/capi/handle/table.rs"
must_fail "panicked at" cargo test --quiet --locked --manifest-path "$WORK/tests/shuttle/Cargo.toml" --lib -- never_show_another
echo "3 tests, each at random and with few changes of thread"
