# libmls with itself by the MLS working group's harness: every call, every suite, both forms of handshake messages.
. tests/suites/env.sh
fresh
. tests/interop/grpc/grpc.sh
build_harness
start "$WORK/one" "$TARGET/debug/libmls-grpc" --port 0
start "$WORK/two" "$TARGET/debug/libmls-grpc" --port 0
ONE=$(cat "$WORK/one") TWO=$(cat "$WORK/two")

scenarios --client "$ONE" "${FILES[@]}" | tee "$WORK/alone"
# In two processes, so that nothing is shared: every division of the actors on every suite in the long form.
some=(--few --suites 1)
[ -z "${MLS_TORTURE:-}" ] || some=()
scenarios "${some[@]}" --client "$ONE" --client "$TWO" "${FILES[@]}" | tee "$WORK/apart"

# It notices members who disagree, a proposal that a member cannot have, and an expected failure that is none any more.
change() { sed "$1" "$GRPC/scenarios/$2.json" >"$WORK/changed.json"; }
change 's/"clients": \["alice", "bob"\]},/"clients": ["alice"]},/' external
must_fail "FAILED external_join_with_keys" scenarios --suites 1 --client "$ONE" "$WORK/changed.json"
change 's/"members": \["bob", "carol"\]},$/"members": ["bob", "erin"]},/' everything
must_fail "erin is in no group" scenarios --suites 1 --client "$ONE" "$WORK/changed.json"
change 's/"ciphertext": 15/"ciphertext": 14/' everything
must_fail "step 16 (unprotect)" scenarios --suites 1 --client "$ONE" "$WORK/changed.json"
echo 'libmls | branch | no such words | a reason' >"$WORK/expected"
must_fail "NOT MET any more" scenarios --suites 1 --expected "$WORK/expected" --client "$ONE" "$GRPC/scenarios/successors.json"
echo "$(tail -1 "$WORK/alone"); $OFFICIAL"
