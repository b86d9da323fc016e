# The library builds; it exports every function of mls.h and nothing else, and is not larger than it may be.
. tests/suites/env.sh
fresh
make --no-print-directory lib

grep -o '\bmls_[a-z0-9_]*(' include/mls.h | tr -d '(' | sort -u >"$WORK/declared"
exports() { # LIBRARY: the same names, or say which differ
    nm --dynamic --defined-only --format=posix "$1" | awk '{ print $1 }' | sort >"$WORK/exported"
    diff "$WORK/declared" "$WORK/exported" || { echo "exports differ from the header"; return 1; }
}
exports build/lib/libmls.so
echo 'int mls_version; int sqlite3_open;' | gcc -shared -fPIC -x c - -o "$WORK/wrong.so"
must_fail "exports differ" exports "$WORK/wrong.so"

bytes=$(stat -Lc %s build/lib/libmls.so)
[ "$bytes" -le $((4 * 1024 * 1024)) ] || { echo "libmls.so has $bytes bytes, more than 4 MB"; exit 1; }
echo "$(wc -l <"$WORK/declared") functions, libmls.so $bytes bytes"
