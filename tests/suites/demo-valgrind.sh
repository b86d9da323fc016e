# The demo under valgrind: no device reads or writes where it must not, and none that ends by itself leaks.
. tests/suites/env.sh
command -v valgrind >/dev/null || skip "no valgrind"
fresh
export OUT=$WORK/programs FIRST=LICENSE-APACHE SECOND=LICENSE-MIT # it is slow
valgrind="valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite"
DEMO_UNDER=$valgrind examples/demo/run.sh 1

cp -r examples/demo "$WORK/broken"
sed -i 's/    mls_bytes_free(&authenticator);/    authenticator.data = NULL;/' "$WORK/broken/device.c"
must_fail "carol ends with status" env DEMO_UNDER="$valgrind" SOURCE="$WORK/broken" examples/demo/run.sh 1
echo "1 seed"
