# The documents say what is there: quotes, links, names; mls.h is documented without a warning of doxygen's.
. tests/suites/env.sh
fresh
said=$(python3 tests/docs.py) || { echo "$said"; exit 1; }

mkdir -p "$WORK/wrong/docs"
cp README.md "$WORK/wrong/"
cp docs/*.md "$WORK/wrong/docs/"
cp -r include tests "$WORK/wrong/"
sed -n 's/^<!-- quote \(.*\) -->$/\1/p' README.md | xargs cp --parents --target-directory="$WORK/wrong"
must_fail "no docs/decisions" python3 tests/docs.py "$WORK/wrong"
sed -i 's/mls_client_create_group(alice/&s/' "$WORK/wrong/tests/c/story.c"
must_fail "not what tests/c/story.c says" python3 tests/docs.py "$WORK/wrong"
echo '#define MLS_ERROR_UNSAID 999' >>"$WORK/wrong/include/mls.h"
must_fail "MLS_ERROR_UNSAID is nowhere" python3 tests/docs.py "$WORK/wrong"

document() { # HEADER
    sed "s|^INPUT .*|INPUT = $1|; s|^OUTPUT_DIRECTORY .*|OUTPUT_DIRECTORY = $WORK/out|" bindings/c/Doxyfile >"$WORK/Doxyfile"
    doxygen "$WORK/Doxyfile"
}
if ! command -v doxygen >/dev/null; then
    echo "$said; doxygen is not installed"
    exit 0
fi
document include/mls.h
sed 's|^/// The library.s version.*|& \\param nothing is there.|' include/mls.h >"$WORK/mls.h"
must_fail "nothing" document "$WORK/mls.h"
echo "$said, $(find "$WORK/out/html" -name '*.html' | wc -l) pages"
