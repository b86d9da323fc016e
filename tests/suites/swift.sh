# The Swift package: compiled in Swift 6 mode without a warning, its tests run, its public API the recorded one and each
# symbol documented, its articles without a broken link; and an application that takes it as a release from git.
. tests/suites/env.sh
tools/swift.sh true || exit $?
fresh
SCRATCH=$PWD/build/swiftpm
export PKG_CONFIG_PATH=$PWD/build/mobile
inside() { # DIRECTORY COMMAND...
    (cd "$1" && shift && "$root/tools/swift.sh" "$@")
}
root=$PWD

# SwiftPM shows the warnings of what it compiles now, so everything of ours is compiled now. Generated code is not ours.
touch swift/Sources/MLS/*.swift swift/Tests/*/*.swift
inside swift swift build --build-tests --scratch-path "$SCRATCH" 2>&1 | tee "$WORK/build.log"
warnings() {
    ! grep -E 'warning:' "$1"
}
warnings "$WORK/build.log"
echo "a.swift:1:1: warning: x" >"$WORK/bad.log"
must_fail warning warnings "$WORK/bad.log"

# Leaks are measured in a process where nothing else runs.
inside swift swift test --skip-build --scratch-path "$SCRATCH" --skip LeakTests 2>&1 | tee "$WORK/tests.log"
inside swift swift test --skip-build --scratch-path "$SCRATCH" --filter LeakTests 2>&1 | tee "$WORK/leaks.log"
passed=$(cat "$WORK/tests.log" "$WORK/leaks.log" | grep -cE '^. Test ".*" passed after')
[ "$passed" -ge 30 ] || { echo "only $passed tests ran"; exit 1; }

inside swift swift package --scratch-path "$SCRATCH" dump-symbol-graph --minimum-access-level public \
    --skip-synthesized-members >"$WORK/symbols.log" 2>&1 || { cat "$WORK/symbols.log"; exit 1; }
mkdir -p "$WORK/symbols"
cp "$SCRATCH"/*/symbolgraph/MLS.symbols.json "$WORK/symbols/"
api() { # FILE
    python3 swift/api/dump.py "$WORK/symbols/MLS.symbols.json" --check "$1"
}
api swift/api/mls.txt
grep -v '^MLSEvent.Message.sender	' swift/api/mls.txt >"$WORK/mls.txt"
must_fail MLSEvent.Message.sender api "$WORK/mls.txt"
! grep -E 'MLSGenerated|MLSFFI|Uniffi|RustBuffer' swift/api/mls.txt

articles() { # CATALOG
    inside . docc convert "$1" --additional-symbol-graph-dir "$WORK/symbols" --fallback-display-name MLS \
        --fallback-bundle-identifier org.libmls.MLS --output-dir "$WORK/docs" --warnings-as-errors
}
articles swift/Sources/MLS/MLS.docc >"$WORK/docc.log" 2>&1 || { cat "$WORK/docc.log"; exit 1; }
cp -r swift/Sources/MLS/MLS.docc "$WORK/Broken.docc"
sed -i 's/MLSClient\/flush()/MLSClient\/flash()/' "$WORK/Broken.docc/KeepingTheStore.md"
must_fail flash articles "$WORK/Broken.docc"

tests/swift-release.sh "$WORK/release"
echo "$passed tests"
