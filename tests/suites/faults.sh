# The scenarios of tests/disk.rs once more, with a device that uses the C ABI: over SQLite's store, and over one of the
# application's own. (The rust suite has them with a device in Rust.) A store of its own that forgets to sync is caught.
. tests/suites/env.sh
[ "$(uname)" = Linux ] || skip "the disk that fails is preloaded, which is done so on Linux only"
fresh
cargo rustc --quiet --locked -p libmls --lib --features capi,faults --crate-type cdylib
ln -sf "$(realpath "$TARGET/debug/libmls.so")" "$WORK/libmls.so"
ln -sf libmls.so "$WORK/libmls.so.0"
export LD_LIBRARY_PATH=$PWD/$WORK

device() { # SOURCES PROGRAM
    # shellcheck disable=SC2086 # a list of options
    gcc -std=gnu11 -g -O1 $WARNINGS -Iinclude "$1/device.c" -o "$WORK/$2" -L"$WORK" -lmls -pthread
}
device tests/faults device
run() { # DEVICE TEST...
    local device=$1
    shift
    MLS_DEVICE="$PWD/$WORK/$device" cargo test --quiet --locked -p libmls --features capi,faults --test disk -- "$@"
}
run "device" killed power lies fails full
run "device own" killed power fails full

cp -r tests/faults "$WORK/careless.c"
sed -i 's/ && fsync(fd) == 0;/;/' "$WORK/careless.c/store.h"
device "$WORK/careless.c" careless
must_fail "panicked" run "careless own" power
echo "SQLite's store and one of the application's own"
