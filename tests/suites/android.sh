# The library of the Kotlin package type-checks for Android on arm64. There is no NDK here, so nothing in C is compiled: an
# empty object stands in for each file of AWS-LC and SQLite. It is a check of the Rust in it and no build.
. tests/suites/env.sh
target=aarch64-linux-android
command -v clang >/dev/null || skip "no clang"
rustup --quiet target add $target 2>/dev/null || skip "no rustup to bring the standard library for $target"
fresh
cat >"$WORK/cc" <<'CC'
#!/bin/sh
# A compiler of nothing: the object that is asked for, empty.
out=
while [ $# -gt 0 ]; do
    case $1 in
    -o) out=$2; shift ;;
    -E | --version) exec clang --target=aarch64-linux-android "$@" ;; # which compiler it is
    esac
    shift
done
[ -z "$out" ] || exec clang --target=aarch64-linux-android -c -x c /dev/null -o "$out"
CC
chmod +x "$WORK/cc"
check() {
    CC_aarch64_linux_android=$PWD/$WORK/cc CXX_aarch64_linux_android=$PWD/$WORK/cc AR_aarch64_linux_android=ar \
        AWS_LC_SYS_NO_JITTER_ENTROPY=1 CARGO_TARGET_DIR=$TARGET/android cargo check --quiet --locked --target $target -p mlsffi
}
check
echo "mlsffi type-checks for $target; nothing in C was compiled, and nothing was run"
