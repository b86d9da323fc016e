# The XCFramework, as far as Linux goes: objects for Apple's platforms that clang makes here, in place of the library, are
# laid out, described, checked and packed as a release is; the module map is compiled for each platform; and what is
# wrong is noticed.
. tests/suites/env.sh
command -v clang >/dev/null || skip "no clang"
command -v llvm-ar >/dev/null && llvm=$(dirname "$(readlink -f "$(command -v llvm-ar)")") || skip "no llvm-ar"
[ -e "$llvm/llvm-lipo" ] || skip "no llvm-lipo"
fresh
headers=$WORK/headers
mkdir "$headers"
cp build/mobile/include/MLSFFI/* include/mls.h "$headers/"

archive() { # OUT TRIPLE...: a library of two objects for each, universal if there are several
    local out=$1 triple part parts=()
    shift
    for triple in "$@"; do
        part=$WORK/$triple
        mkdir -p "$part"
        echo 'int mls_one(void) { return 1; }' | clang -target "$triple" -ffreestanding -c -x c - -o "$part/one.o"
        echo 'int mls_two(void) { return 2; }' | clang -target "$triple" -ffreestanding -c -x c - -o "$part/two.o"
        rm -f "$part/lib.a"
        llvm-ar --format=darwin rcs "$part/lib.a" "$part/one.o" "$part/two.o"
        parts+=("$part/lib.a")
    done
    "$llvm/llvm-lipo" -create "${parts[@]}" -output "$out"
}
archive "$WORK/ios.a" arm64-apple-ios15.0
archive "$WORK/simulator.a" arm64-apple-ios15.0-simulator x86_64-apple-ios15.0-simulator
archive "$WORK/macos.a" arm64-apple-macos12.0 x86_64-apple-macos12.0
framework=$WORK/MLSFFI.xcframework
python3 swift/xcframework.py assemble "$framework" "$headers" "$WORK"/{ios,simulator,macos}.a
[ "$(ls "$framework" | tr '\n' ' ')" = "Info.plist ios-arm64 ios-arm64_x86_64-simulator macos-arm64_x86_64 " ]

# The module is found by its name below Headers, as Xcode gives it: another framework's module map does not collide.
for triple in arm64-apple-ios15.0 arm64-apple-ios15.0-simulator arm64-apple-macos12.0; do
    case $triple in *simulator) at=ios-arm64_x86_64-simulator ;; *ios*) at=ios-arm64 ;; *) at=macos-arm64_x86_64 ;; esac
    printf '@import MLSFFI;\nRustBuffer empty(void) { RustBuffer b = {0}; return b; }\n' >"$WORK/module.m"
    clang -target "$triple" -ffreestanding -fmodules -fmodules-cache-path="$WORK/modules" -fsyntax-only -Werror \
        -I "$framework/$at/Headers" "$WORK/module.m"
    printf '#include <MLSFFI/mls.h>\nmls_client_t *client;\n' >"$WORK/c.c"
    clang -target "$triple" -ffreestanding -fsyntax-only -Werror -I "$framework/$at/Headers" "$WORK/c.c"
done

# The same content is the same archive, and the checksum is SwiftPM's.
checksum=$(python3 swift/xcframework.py zip "$framework")
[ "$checksum" = "$(sha256sum "$framework.zip" | cut -d' ' -f1)" ]
touch "$framework/Info.plist"
[ "$checksum" = "$(python3 swift/xcframework.py zip "$framework")" ]
if tools/swift.sh true >/dev/null; then
    [ "$checksum" = "$(tools/swift.sh swift package compute-checksum "$framework.zip")" ]
fi

wrong() { # LIBRARY FOR-IOS
    python3 swift/xcframework.py assemble "$WORK/bad.xcframework" "$headers" "$1" "$WORK"/{simulator,macos}.a
}
archive "$WORK/new.a" arm64-apple-ios15.1
must_fail "one.o needs ios 15.1" wrong "$WORK/new.a"
must_fail "two libraries" wrong "$WORK/macos.a"
echo 'int x;' | clang -c -x c - -o "$WORK/elf.o"
llvm-ar --format=gnu rcs "$WORK/elf.a" "$WORK/elf.o"
must_fail "no Mach-O" wrong "$WORK/elf.a"
rm "$framework/ios-arm64/Headers/MLSFFI/module.modulemap"
must_fail "Headers has" python3 swift/xcframework.py check "$framework"
must_fail "needs macOS" bash swift/xcframework.sh "$WORK/none"
echo "laid out for $(grep -c LibraryIdentifier "$framework/Info.plist") platforms"
