# The ABI is the one that is recorded in abi/; a function that is gone from the library, a signature, a type or a constant
# that has changed, and what is new are each noticed.
. tests/suites/env.sh
fresh
tools/abi.sh check

# A copy of the library in which a function has another name.
sed 's/\x00mls_group_encrypt\x00/\x00mls_group_encrypX\x00/' build/lib/libmls.so >"$WORK/libmls.so"
must_fail "no longer exported: mls_group_encrypt" tools/abi.sh check include/mls.h "$WORK/libmls.so"
must_fail "newly exported: mls_group_encrypX" tools/abi.sh check include/mls.h "$WORK/libmls.so"
must_fail "the ABI is broken" tools/abi.sh check include/mls.h "$WORK/libmls.so"

# Copies of the header in which something else has changed.
changed() { # REASON SED-PROGRAM
    sed -zE "$2" include/mls.h >"$WORK/mls.h"
    cmp -s include/mls.h "$WORK/mls.h" && { echo "nothing to change: $2"; exit 1; }
    must_fail "$1" tools/abi.sh check "$WORK/mls.h"
    must_fail "the ABI is broken" tools/abi.sh check "$WORK/mls.h"
}
changed "typedef name changed from uint64_t to uint32_t" 's/(mls_client_decline\(const mls_client_t \*client,[[:space:]]*)uint64_t/\1uint32_t/'
changed "mls_bytes_free.*has some" 's/void (mls_bytes_free\()/int32_t \1/'
changed "type size changed from 128 to 192" 's/size_t len;/size_t len;\n    size_t room;/'
changed "constant gone or changed: MLS_ERROR_CLOSED 4" 's/(MLS_ERROR_CLOSED) 4/\1 104/'
changed "declared, not exported: mls_new" 's/const char \*mls_version\(void\);/&\nint32_t mls_new(void);/'
changed "mls_version is\|\[D\].*mls_version" 's/const char \*mls_version\(void\);//'

# One that has only grown.
sed 's/^#define MLS_OK 0/&\n#define MLS_NEW 7/' include/mls.h >"$WORK/mls.h"
must_fail "changed, or grown" tools/abi.sh check "$WORK/mls.h"

# What was recorded anew is what is there.
tools/abi.sh update "$WORK/mls.h" build/lib/libmls.so "$WORK/abi"
tools/abi.sh check "$WORK/mls.h" build/lib/libmls.so "$WORK/abi"
echo "$(wc -l <abi/symbols.txt) functions, $(wc -l <abi/constants.txt) constants"
