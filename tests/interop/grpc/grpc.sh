# Sourced by the suites that run scenarios of the MLS working group's harness.
GRPC=tests/interop/grpc
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

build_harness() {
    cargo fetch --quiet --locked --manifest-path $GRPC/Cargo.toml || skip "gRPC cannot be fetched: NOTHING was shown"
    cargo build --quiet --locked --manifest-path $GRPC/Cargo.toml --target-dir "$TARGET"
}

start() { # FILE COMMAND...: a client, which writes its address into the file
    local file=$1
    shift
    "$@" >"$file" 2>"$file.log" &
    for _ in $(seq 600); do
        [ -s "$file" ] && return
        kill -0 $! 2>/dev/null || break
        sleep 0.1
    done
    cat "$file.log"
    echo "does not start: $*"
    exit 1
}

scenarios() { "$TARGET/debug/scenarios" "$@"; }

# Ours, and the official ones where there are any.
FILES=("$GRPC"/scenarios/*.json)
OFFICIAL="without the official configs"
if [ -n "${MLS_INTEROP:-}" ]; then
    [ -d "$MLS_INTEROP" ] || { echo "MLS_INTEROP=$MLS_INTEROP is no folder"; exit 1; }
    FILES+=("$MLS_INTEROP"/*.json)
    OFFICIAL="with the official configs"
else
    echo "MLS_INTEROP names no folder with the working group's configs: NOTHING was shown of them"
fi
