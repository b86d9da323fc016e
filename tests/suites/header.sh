# include/mls.h is what src/capi says; a change on either side is noticed.
. tests/suites/env.sh
fresh
tools/header.sh "$WORK/mls.h"

compare() {
    diff -u "$1" "$2" || { echo "differs: make header, then look at what changed"; return 1; }
}
compare include/mls.h "$WORK/mls.h"

sed 's/uint32_t mls_abi_version(void)/int32_t mls_abi_version(void)/' include/mls.h >"$WORK/changed.h"
must_fail "make header" compare "$WORK/changed.h" "$WORK/mls.h"
echo "$(grep -c '^[^/#].*\bmls_[a-z0-9_]*(' include/mls.h) functions"
