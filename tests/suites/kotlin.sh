# The Kotlin package: compiled with warnings as errors, its public API the recorded one, its tests run on this JVM.
. tests/suites/env.sh
command -v mvn >/dev/null || skip "no Maven (tools/setup.sh installs it on Debian)"
fresh
mvn --batch-mode --quiet --file kotlin/pom.xml verify
results=$(cat build/mobile/maven/mls-jvm/surefire-reports/*.txt | sed -n 's/^Tests run: \([0-9]*\), Failures: 0, Errors: 0, Skipped: 0.*/\1/p')
awk '{ n += $1 } END { if (n == 0) exit 1; print n " tests" }' <<<"$results"
