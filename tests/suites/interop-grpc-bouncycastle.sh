# libmls with Bouncy Castle's own client of the MLS working group's harness.
. tests/suites/env.sh
fresh
for tool in java javac mvn; do
    command -v $tool >/dev/null || skip "no $tool: NOTHING was shown with Bouncy Castle"
done
. tests/interop/grpc/grpc.sh
mvn --quiet --batch-mode --file $GRPC/pom.xml dependency:copy-dependencies -DoutputDirectory="$PWD/$WORK/lib" ||
    skip "Bouncy Castle cannot be fetched: NOTHING was shown with it"
javac -d "$WORK/classes" -cp "$WORK/lib/*" $GRPC/BouncyCastle.java
build_harness
start "$WORK/ours" "$TARGET/debug/libmls-grpc" --port 0
start "$WORK/theirs" java -cp "$WORK/classes:$WORK/lib/*" BouncyCastle
# Either begins, and the other has the others; every division of the actors, on every suite, in the long form.
some=(--few --suites "1,2")
[ -z "${MLS_TORTURE:-}" ] || some=()
scenarios "${some[@]}" --expected $GRPC/expected --client "$(cat "$WORK/ours")" --client "$(cat "$WORK/theirs")" "${FILES[@]}"
echo "$OFFICIAL" >"$WORK/official"
