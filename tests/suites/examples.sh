# The examples build without a warning and tell the story: what Alice says is what Bob's device shows, once.
. tests/suites/env.sh
fresh
export LD_LIBRARY_PATH=$PWD/build/lib

tell() { # SOURCE: builds it, runs it on fresh stores, compares what it shows
    local compiler program=$WORK/program
    case $1 in *.c) compiler="gcc -std=c99" ;; *) compiler="g++ -std=c++17" ;; esac
    rm -f "$WORK"/*.db*
    # shellcheck disable=SC2086 # a list of options
    $compiler -g -O1 $WARNINGS -Iinclude "$1" -o "$program" -Lbuild/lib -lmls || return 1
    "$program" "$WORK/alice.db" "$WORK/bob.db" >"$WORK/shown" || return 1
    diff - "$WORK/shown" <<<"alice@example.org: hello" || { echo "$1 shows something else"; return 1; }
}

stories=0
for source in examples/c/story.c examples/cpp/story.cpp; do
    tell "$source"
    stories=$((stories + 1))

    # Another word, and a device that never joins.
    broken=$WORK/broken.${source##*.}
    sed 's/"hello"/"hallo"/' "$source" >"$broken"
    must_fail "shows something else" tell "$broken"
    sed 's/TRY(mls_client_join(.*/break;/; s/if (auto invitation = .*//' "$source" >"$broken"
    must_fail "shows something else" tell "$broken"
done
echo "$stories stories"
