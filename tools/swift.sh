#!/usr/bin/env bash
# swift.sh COMMAND...: runs a command where Swift 6 is, in the directory where it was called: tools/swift.sh swift build
#
# That is here if `swift` is on the PATH. Else, as root on Debian and its kin, it is a small Debian trixie beside this
# system, which has a package of Swift: made once (some minutes, 3.5 GB) in MLS_SWIFT_ROOT, by default
# ~/.cache/libmls/swift-trixie, entered with chroot, and gone when that directory is deleted. The repository and
# /tmp are mounted at their own paths; mounts are in a namespace of the command's own, so they end with it.
#
# Exit 77, and the reason as the last line, where neither can be had.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
root=${MLS_SWIFT_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/libmls/swift-trixie}

skip() {
    echo "skipped: no Swift 6: $*"
    exit 77
}

case $(swift --version 2>/dev/null || true) in
*"Swift version "[6-9]* | *"Swift version "[1-9][0-9]*) exec "$@" ;;
esac

command -v apt-get >/dev/null 2>&1 || skip "it is not on the PATH, and this is no Debian"
[ "$(id -u)" = 0 ] || skip "it is not on the PATH, and only root can make a Debian that has it"
unshare --mount true 2>/dev/null || skip "it is not on the PATH, and this container may not mount anything"

# One at a time makes it; the mark is written last, so what was broken off is made anew.
make_root() {
    [ -e "$root/.complete" ] && return
    rm -rf "$root"
    export DEBIAN_FRONTEND=noninteractive
    command -v debootstrap >/dev/null 2>&1 ||
        { apt-get update && apt-get install --yes --no-install-recommends debootstrap; } || return
    debootstrap --variant=minbase --include=ca-certificates trixie "$root" || return
    enter / sh -c 'apt-get update &&
        apt-get install --yes --no-install-recommends swiftlang libc6-dev libstdc++-14-dev git && apt-get clean && rm -rf /var/lib/apt/lists/*' || return
    ln -sf ../libexec/swift/bin/docc "$root/usr/bin/docc" && touch "$root/.complete"
}

# DIRECTORY COMMAND...: runs it there, inside.
enter() {
    unshare --mount --propagation private bash -euc '
        root=$1 here=$2 directory=$3
        shift 3
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount --rbind /tmp "$root/tmp"
        mkdir -p "$root$here"
        mount --rbind "$here" "$root$here"
        exec chroot "$root" sh -euc "cd \"\$0\"; exec \"\$@\"" "$directory" "$@"' - "$root" "$here" "$@"
}

mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock 9
log=$root.log
make_root >"$log" 2>&1 || { tail -n 20 "$log"; skip "a Debian that has it could not be made (the log is $log)"; }
exec 9>&-
HOME=/root LC_ALL=C.UTF-8 enter "$PWD" "$@"
