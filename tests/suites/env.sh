# What every suite begins with: `. tests/suites/env.sh`.
set -euo pipefail
TARGET=${CARGO_TARGET_DIR:-target}
WORK=build/$(basename "${BASH_SOURCE[1]}" .sh)
WARNINGS="-Wall -Wextra -Wpedantic -Werror"
export CARGO_TERM_COLOR=never

# Ends the suite: what it needs cannot be had here.
skip() {
    echo "skipped: $*"
    exit 77
}

# A fresh directory of the suite's own.
fresh() {
    rm -rf "$WORK"
    mkdir -p "$WORK"
}

# A checker's self-test: the command must fail, and for the reason that its output then has. In a function that is
# called so, the shell does not stop at the first failure: each command says `|| return 1`.
must_fail() {
    local reason=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "not noticed: $*" && exit 1
    fi
    grep -q -- "$reason" <<<"$output" || { echo "$output"; echo "failed, but not because of \"$reason\": $*"; exit 1; }
}
