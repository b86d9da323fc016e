# libmls and Bouncy Castle's MLS in one group, by random scripts.
. tests/suites/env.sh
fresh
for tool in java javac mvn; do
    command -v $tool >/dev/null || skip "no $tool: NOTHING was shown with Bouncy Castle"
done
PEER=tests/interop/live/peers/bouncycastle
mvn --quiet --batch-mode --file $PEER/pom.xml dependency:copy-dependencies -DoutputDirectory="$PWD/$WORK/lib" ||
    skip "Bouncy Castle cannot be fetched: NOTHING was shown with it"
javac -d "$WORK/classes" -cp "$WORK/lib/*" $PEER/Peer.java
cargo build --quiet --locked --manifest-path tests/interop/live/Cargo.toml --target-dir "$TARGET"
scripts=10
[ -z "${MLS_TORTURE:-}" ] || scripts=200
export MLS_INTEROP_PEER="java -cp $WORK/classes:$WORK/lib/* Peer"
"$TARGET/debug/interop" bouncycastle --scripts $scripts
