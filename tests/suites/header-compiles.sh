# The headers compile, alone and without a warning, as every C and C++ since C99 and C++11, by gcc and by clang.
. tests/suites/env.sh
fresh
strict="$WARNINGS -Wconversion -Wshadow -fsyntax-only -Iinclude"
echo '#include "mls.h"
int main(void) { return mls_status_advice(MLS_OK) + (MLS_DEFAULTS != NULL); }' | tee "$WORK/c.c" >"$WORK/cc.cc"
echo '#include "mls.hpp"
int main() { return mls::Error(MLS_OK).code(); }' >"$WORK/hpp.cc"
compiled=0

compile() { # COMPILER STANDARD FILE: a standard that this compiler does not know yet is left out
    "$1" "-std=$2" -fsyntax-only -x "${4:-c}" /dev/null 2>/dev/null || return 0
    # shellcheck disable=SC2086 # a list of options
    "$1" "-std=$2" $strict "$3" || return 1
    compiled=$((compiled + 1))
}

for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    for standard in c99 c11 c17 c2x; do compile $compiler $standard "$WORK/c.c"; done
done
for compiler in g++ clang++; do
    command -v $compiler >/dev/null || continue
    for standard in c++11 c++17 c++20 c++2b; do compile $compiler $standard "$WORK/cc.cc" c++; done
    for standard in c++17 c++20 c++2b; do compile $compiler $standard "$WORK/hpp.cc" c++; done
done
[ "$compiled" -ge 11 ] || { echo "only $compiled combinations: is there a compiler?"; exit 1; }

mkdir "$WORK/include"
cp include/mls.h* "$WORK/include/"
echo 'static int unused(long l) { return l; }' >>"$WORK/include/mls.h"
strict="$WARNINGS -Wconversion -Wshadow -fsyntax-only -I$WORK/include"
must_fail "unused" compile gcc c99 "$WORK/c.c"
echo "$compiled combinations of header, language and compiler"
