# libmls in one group with itself and with OpenMLS, by random scripts.
. tests/suites/env.sh
fresh
MANIFEST=tests/interop/live/Cargo.toml
cargo fetch --quiet --locked --manifest-path "$MANIFEST" || skip "OpenMLS cannot be fetched: NOTHING was shown"
cargo build --quiet --locked --manifest-path "$MANIFEST" --target-dir "$TARGET" --features openmls
"$TARGET/debug/interop" libmls | tee "$WORK/libmls"
"$TARGET/debug/interop" openmls | tee "$WORK/openmls"
echo "$(tail -1 "$WORK/openmls"); $(tail -1 "$WORK/libmls")"
