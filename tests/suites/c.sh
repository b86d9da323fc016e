# The tests in C, against the shared library that is installed.
. tests/suites/env.sh
fresh
export LD_LIBRARY_PATH=$PWD/build/lib
tests=0

for source in tests/c/*.c tests/c/*.py; do
    name=$(basename "$source")
    name=${name%.*}
    case $source in
    *.py) # writes one
        python3 "$source" include/mls.h >"$WORK/$name.c"
        source=$WORK/$name.c
        ;;
    esac
    # shellcheck disable=SC2086 # a list of options
    gcc -std=gnu11 -g -O1 $WARNINGS -Iinclude -Itests/c "$source" -o "$WORK/$name" -Lbuild/lib -lmls -pthread
    "$WORK/$name" | tee "$WORK/$name.output"
    tests=$((tests + $(grep -c '^ok ' "$WORK/$name.output" || true)))
done
echo "$tests tests"
