#!/bin/sh
# Sees to it that the tools are there: tools/setup.sh demo | test | docs
#
# As root on Debian and its kin it installs what is missing; elsewhere it prints the commands and fails. When nothing
# is missing it does nothing, and says nothing.
set -eu
cd "$(dirname "$0")/.."
level=${1:-test}

missing=
need() { # PACKAGE COMMAND...: all of the commands come with the package
    package=$1
    shift
    for command in "$@"; do
        command -v "$command" >/dev/null 2>&1 || { missing="$missing $package"; return 0; }
    done
}

need gcc gcc
need g++ g++
need binutils ld objcopy nm strip
case $level in demo) ;; *)
    need python3 python3
    need clang clang clang++
    need llvm llvm-ar
    need valgrind valgrind
    need cmake cmake
    need pkg-config pkg-config
    need abigail-tools abidw abidiff
    need doxygen doxygen
    need xz-utils xz
    need strace strace
    need openssl openssl
    need maven mvn
    need zip zip
    need unzip unzip
    if command -v apt-get >/dev/null 2>&1; then # elsewhere the suite arm64 is skipped
        need qemu-user qemu-aarch64
        need gcc-aarch64-linux-gnu aarch64-linux-gnu-gcc
        [ -e /usr/aarch64-linux-gnu/include/stdio.h ] || missing="$missing libc6-dev-arm64-cross"
    fi
    javac -version >/dev/null 2>&1 || missing="$missing default-jdk-headless"
    [ -e /usr/include/openssl/crypto.h ] || pkg-config --exists libcrypto 2>/dev/null || missing="$missing libssl-dev"
esac

if [ -n "$missing" ]; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        mkdir -p build/log
        echo "installing$missing"
        export DEBIAN_FRONTEND=noninteractive
        # shellcheck disable=SC2086 # a list of names
        { apt-get update && apt-get install --yes --no-install-recommends $missing; } >build/log/setup.log 2>&1 ||
            { cat build/log/setup.log >&2; exit 1; }
    else
        echo "Missing:$missing (Debian's names). Install them, then run this again:" >&2
        if command -v apt-get >/dev/null 2>&1; then
            echo "    sudo apt-get update && sudo apt-get install --yes --no-install-recommends$missing" >&2
        elif command -v dnf >/dev/null 2>&1; then
            echo "    sudo dnf install gcc gcc-c++ binutils python3 clang valgrind cmake pkgconf libabigail doxygen xz strace openssl-devel maven java-17-openjdk-devel" >&2
        elif command -v brew >/dev/null 2>&1; then
            echo "    brew install llvm cmake pkgconf libabigail doxygen xz openssl python3 maven openjdk@17" >&2
        fi
        exit 1
    fi
fi

if ! command -v cargo >/dev/null 2>&1; then
    echo "Rust is missing: install it from https://rustup.rs, then run this again." >&2
    exit 1
fi
if [ "$level" != demo ]; then
    for component in rustfmt clippy; do
        case $component in rustfmt) command=fmt ;; *) command=$component ;; esac
        cargo "$command" --version >/dev/null 2>&1 && continue
        if command -v rustup >/dev/null 2>&1; then
            rustup --quiet component add "$component"
        else
            echo "cargo $command is missing: install it as your Rust was installed." >&2
            exit 1
        fi
    done
fi
