# Every function of mls.h is documented, called in mls.hpp, and misused by the tests in C; one that is not is noticed.
. tests/suites/env.sh
fresh
tests/surface.py

# A function that somebody added to the header, and forgot everywhere else.
sed 's/^const char \*mls_version(void);/&\n\nuint32_t mls_forgotten(const char *text);/' include/mls.h >"$WORK/mls.h"
must_fail "mls_forgotten has no comment" tests/surface.py --header "$WORK/mls.h"
must_fail "mls_forgotten is not called in C++" tests/surface.py --header "$WORK/mls.h"

# One that misuse.py cannot read.
sed 's/^const char \*mls_version(void);/&\n\n\/\/\/ Unread.\nvoid (*mls_unread(void))(int);/' include/mls.h >"$WORK/mls.h"
must_fail "mls_unread is in the header, but misuse.py does not read it" tests/surface.py --header "$WORK/mls.h"

# A call that is only a comment, and one that is gone.
sed 's/\bmls_group_encrypt\b/mls_group_id \/* mls_group_encrypt *\//' include/mls.hpp >"$WORK/mls.hpp"
must_fail "mls_group_encrypt is not called in C++" tests/surface.py --hpp "$WORK/mls.hpp"

# Tests that leave a function out, and a pointer.
cp -r tests/c "$WORK/c"
sed -i 's/    all_functions = list(functions(header))/    all_functions = [f for f in functions(header) if f[1] != "mls_group_encrypt"]/' "$WORK/c/misuse.py"
must_fail "mls_group_encrypt is not called by misuse.py" tests/surface.py --tests "$WORK/c"
cp tests/c/misuse.py "$WORK/c/misuse.py"
sed -i 's/^OPTIONAL = {/&("mls_group_encrypt", "group"),/' "$WORK/c/misuse.py"
must_fail "mls_group_encrypt is never tried with NULL for group" tests/surface.py --tests "$WORK/c"
tests/surface.py
