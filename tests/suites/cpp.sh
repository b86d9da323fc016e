# The tests in C++, against the shared library that is installed.
. tests/suites/env.sh
fresh
export LD_LIBRARY_PATH=$PWD/build/lib
tests=0

for source in tests/cpp/*.cpp; do
    name=$(basename "$source" .cpp)
    # shellcheck disable=SC2086 # a list of options
    g++ -std=c++17 -g -O1 $WARNINGS -Iinclude -Itests/cpp "$source" -o "$WORK/$name" -Lbuild/lib -lmls -pthread
    "$WORK/$name" | tee "$WORK/$name.output"
    tests=$((tests + $(grep -c '^ok ' "$WORK/$name.output" || true)))
done
echo "$tests tests"
