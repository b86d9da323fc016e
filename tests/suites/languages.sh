# Devices in C, C++ and Kotlin, and in Swift where it was built, each a process, in one group; and a device that does not
# agree is noticed.
. tests/suites/env.sh
repository=$PWD/build/kotlin/repository
[ -e "$repository" ] || skip "the Kotlin package was not built"
fresh
out=$PWD/$WORK
ONLY_BUILD=1 OUT=$WORK/programs examples/demo/run.sh
rm -rf ~/.m2/repository/org/libmls/mls-jvm ~/.m2/repository/org/libmls/mls-parent
mvn --batch-mode --quiet --file examples/languages/kotlin/pom.xml package -Dout="$out/kotlin" -Drepository="file:$repository"
directory=$(mktemp -d "${TMPDIR:-/tmp}/mls-languages-XXXXXX")
trap 'rm -rf "$directory"' EXIT
kotlin="java -cp $out/kotlin/device-1.jar:$(echo "$out"/kotlin/lib/*.jar | tr ' ' ':') DeviceKt"
devices=("clara=$WORK/programs/device-c" "cyrus=$WORK/programs/device-cpp" "kate=$kotlin")
if tools/swift.sh true >"$WORK/no-swift"; then
    PKG_CONFIG_PATH=$PWD/build/mobile tools/swift.sh swift build --package-path swift --scratch-path "$PWD/build/swiftpm" \
        --product Device >"$WORK/swift.log" 2>&1 || { cat "$WORK/swift.log"; exit 1; }
    devices+=("selma=tools/swift.sh $PWD/build/swiftpm/debug/Device")
fi

run() { # NAME DEVICE...
    rm -rf "${directory:?}/$1"
    mkdir "$directory/$1"
    examples/languages/run.py "$directory/$1" "$WORK/programs/mailbox" "${@:2}"
}
run all "${devices[@]}"
# Kotlin makes the group, and C removes it.
run kotlin "kate=$kotlin" "cyrus=$WORK/programs/device-cpp" "clara=$WORK/programs/device-c" >/dev/null
# One that says another authenticator, and one that shows nothing.
printf '#!/bin/sh\n"%s" "$@" | sed -u "s/^= \\([0-9]* [0-9a-f]\\{60\\}\\).*/= \\1beef/"\n' "$WORK/programs/device-c" >"$WORK/liar"
printf '#!/bin/sh\n"%s" "$@" | sed -u "s/ says: .*/ mumbles/"\n' "$WORK/programs/device-c" >"$WORK/mumbler"
chmod +x "$WORK/liar" "$WORK/mumbler"
must_fail "they do not agree" run liar "clara=$WORK/liar" "cyrus=$WORK/programs/device-cpp"
must_fail "and not \"cyrus says: hello from cyrus\" once" run mumbler "clara=$WORK/mumbler" "cyrus=$WORK/programs/device-cpp"
echo "${#devices[@]} languages in one group$(sed 's/skipped: /, /' "$WORK/no-swift")"
