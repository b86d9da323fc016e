# The Kotlin package: compiled with warnings as errors, its public API the recorded one, its tests run on this JVM; what is
# public is documented. build/kotlin/repository is what would be published.
. tests/suites/env.sh
command -v mvn >/dev/null || skip "no Maven (tools/setup.sh installs it on Debian)"
fresh
kotlin/documented.py
cp -r kotlin/mls/src/main "$WORK/broken"
sed -i '/The bytes for the members/d' "$WORK/broken/kotlin/org/libmls/Commit.kt"
must_fail "Commit.kt:.*no comment: public val message" kotlin/documented.py "$WORK/broken"
mvn --batch-mode --quiet --file kotlin/pom.xml --activate-profiles release deploy \
    -DaltDeploymentRepository="built::file:$PWD/build/kotlin/repository"
results=$(cat build/mobile/maven/mls-jvm/surefire-reports/*.txt | sed -n 's/^Tests run: \([0-9]*\), Failures: 0, Errors: 0, Skipped: 0.*/\1/p')
awk '{ n += $1 } END { if (n == 0) exit 1; print n " tests" }' <<<"$results"
