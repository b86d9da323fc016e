# The library runs on arm64, under an emulator: the story, commits and the inbox in Rust, and the story in C against the
# library that is built for it.
. tests/suites/env.sh
target=aarch64-unknown-linux-gnu
for tool in qemu-aarch64 aarch64-linux-gnu-gcc; do
    command -v $tool >/dev/null || skip "no $tool (tools/setup.sh installs it on Debian)"
done
rustup --quiet target add $target 2>/dev/null || skip "no rustup to bring the standard library for $target"
fresh
mkdir -p "$TARGET/arm64"
export CARGO_TARGET_DIR=$(cd "$TARGET/arm64" && pwd)
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc AR_aarch64_unknown_linux_gnu=aarch64-linux-gnu-ar
cargo test --quiet --locked --target $target -p libmls --features capi,faults --test story --test commits --test inbox |
    tee "$WORK/rust"
passed=$(sed -n 's/^test result: ok. \([0-9]*\) passed; 0 failed.*/\1/p' "$WORK/rust" | awk '{ n += $1 } END { print n + 0 }')
[ "$passed" -gt 0 ] || { echo "no test ran"; exit 1; }

cargo rustc --quiet --locked --target $target -p libmls --lib --features capi --crate-type cdylib
# shellcheck disable=SC2086 # a list of options
aarch64-linux-gnu-gcc $WARNINGS -std=gnu11 -Iinclude -Itests/c tests/c/story.c -o "$WORK/story" \
    -L"$CARGO_TARGET_DIR/$target/debug" -lmls -pthread
cd "$WORK"
qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH="$CARGO_TARGET_DIR/$target/debug" ./story
echo "$passed tests in Rust and the story in C, on an emulated arm64"
