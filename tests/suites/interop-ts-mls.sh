# libmls and ts-mls in one group, by random scripts.
. tests/suites/env.sh
fresh
for tool in node npm; do
    command -v $tool >/dev/null || skip "no $tool: NOTHING was shown with ts-mls"
done
[ "$(node --version | sed 's/^v\([0-9]*\).*/\1/')" -ge 20 ] || skip "ts-mls needs Node.js 20: NOTHING was shown with it"
cp tests/interop/live/peers/ts-mls/* "$WORK"
(cd "$WORK" && npm ci --no-audit --no-fund --silent) || skip "ts-mls cannot be fetched: NOTHING was shown with it"
cargo build --quiet --locked --manifest-path tests/interop/live/Cargo.toml --target-dir "$TARGET"
scripts=10
[ -z "${MLS_TORTURE:-}" ] || scripts=200
MLS_INTEROP_PEER="node $WORK/peer.js" "$TARGET/debug/interop" ts-mls --scripts $scripts
