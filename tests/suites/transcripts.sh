# Our own transcripts, with libmls and OpenMLS in the group, say the same to a member that only follows.
. tests/suites/env.sh
fresh
export LD_LIBRARY_PATH=$PWD/build/lib
# shellcheck disable=SC2086 # a list of options
g++ -std=c++17 -g -O1 $WARNINGS -Iinclude tests/interop/passive.cpp -o "$WORK/libmls-passive" -Lbuild/lib -lmls -pthread
follow() { # FILE...
    "$WORK/libmls-passive" --expect tests/vectors/expected "$@"
}
follow tests/vectors/*.json | tee "$WORK/passive"
must_fail "MISSING openmls.json" follow tests/vectors/libmls.json
