# The MLS working group's vectors: the passive client over the C ABI, and what Rust can reach of the others.
. tests/suites/env.sh
fresh
[ -n "${MLS_TEST_VECTORS:-}" ] || skip "MLS_TEST_VECTORS names no folder with the MLS working group's test vectors: NOTHING was shown"
[ -d "$MLS_TEST_VECTORS" ] || { echo "MLS_TEST_VECTORS=$MLS_TEST_VECTORS is no folder"; exit 1; }
export LD_LIBRARY_PATH=$PWD/build/lib

# shellcheck disable=SC2086 # a list of options
g++ -std=c++17 -g -O1 $WARNINGS -Iinclude tests/interop/passive.cpp -o "$WORK/libmls-passive" -Lbuild/lib -lmls -pthread
passive() { # FILE...: all files that are expected, and no others
    "$WORK/libmls-passive" --expect tests/interop/passive.expected "$@"
}
passive "$MLS_TEST_VECTORS"/passive-client-*.json | tee "$WORK/passive"

# It notices a missing file, and a vector that is not so.
must_fail "MISSING passive-client-random.json" passive "$MLS_TEST_VECTORS"/passive-client-welcome.json
sed 's/"epoch_authenticator": *"[0-9a-f]\{2\}/"epoch_authenticator": "00/' "$MLS_TEST_VECTORS/passive-client-random.json" >"$WORK/passive-client-random.json"
must_fail "epoch authenticator" passive "$WORK/passive-client-random.json"
must_fail "no suite ran" bash -c "echo '[]' >$WORK/empty.json; $WORK/libmls-passive $WORK/empty.json"

cargo test --quiet --locked -p libmls --features capi,faults --test vectors -- --nocapture | tee "$WORK/rust"
grep -q 'messages.json: [1-9]' "$WORK/rust"
tail -1 "$WORK/passive"
