# The tests in C and C++ under ASan, UBSan and LSan, against a debug build: its assertions are on, and what it
# allocates is watched too. Both sanitizers are shown to notice.
. tests/suites/env.sh
fresh
cargo rustc --quiet --locked -p libmls --lib --features capi,faults --crate-type cdylib
ln -sf "$(realpath "$TARGET/debug/libmls.so")" "$WORK/libmls.so"
ln -sf libmls.so "$WORK/libmls.so.0"
export LD_LIBRARY_PATH=$PWD/$WORK
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
options="-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer $WARNINGS -DMLS_FAULTS"
options="$options -Iinclude -Itests/c -Itests/cpp -L$WORK"
programs=0

build_and_run() { # COMPILER SOURCE
    local program
    program=$WORK/$(basename "$2").run
    # shellcheck disable=SC2086 # a list of options
    $1 $options "$2" -o "$program" -lmls -pthread || return 1
    "$program" || return 1
    programs=$((programs + 1))
}

for source in tests/c/*.c; do build_and_run "gcc -std=gnu11" "$source"; done
for source in tests/c/*.py; do
    [ -e "$source" ] || continue
    python3 "$source" include/mls.h >"$WORK/$(basename "$source" .py).c"
    build_and_run "gcc -std=gnu11" "$WORK/$(basename "$source" .py).c"
done
for source in tests/cpp/*.cpp; do build_and_run "g++ -std=c++17" "$source"; done

cat >"$WORK/read_after_free.c" <<'C'
#include "mls.h"
int main(void) {
    mls_error_t *error = NULL;
    const char *message;
    if (mls_client_open_in_memory(NULL, NULL, &error) == MLS_OK) return 0;
    message = mls_error_message(error);
    mls_error_free(error);
    return message[0] == 1; /* the string ended with the error */
}
C
cat >"$WORK/leak.c" <<'C'
#include "mls.h"
int main(void) {
    mls_bytes_t none = {NULL, 0};
    mls_credential_t *credential = NULL;
    if (mls_credential_new_device("a", "b", &credential, NULL) != MLS_OK) return 0;
    if (mls_credential_bytes(credential, &none, NULL) != MLS_OK) return 0;
    none.data = NULL; /* lost */
    mls_credential_free(credential);
    return 0;
}
C
echo 'int main(int argc, char **argv) { (void)argv; return (1 << (argc + 31)) & 1; }' >"$WORK/shift.c"
must_fail heap-use-after-free build_and_run gcc "$WORK/read_after_free.c"
must_fail "LeakSanitizer: detected memory leaks" build_and_run gcc "$WORK/leak.c"
must_fail "shift exponent" build_and_run gcc "$WORK/shift.c"
echo "$programs programs"
