# mls.h, the generated code, Kotlin and Swift have the same surface; what one of them misses is noticed, in each of them.
. tests/suites/env.sh
[ -e build/mobile/ffi.api ] || skip "what UniFFI generated is written down by the Kotlin tests, which did not run"
fresh

broken() { # OPTION FILE PATTERN REASON: the surface without the lines of the pattern
    sed -E "/$3/d" "$2" >"$WORK/broken"
    cmp -s "$2" "$WORK/broken" && { echo "nothing to break in $2: $3"; exit 1; }
    must_fail "$4" python3 tests/surface_mobile.py "$1" "$WORK/broken"
}
edited() { # OPTION FILE EXPRESSION REASON
    sed -E "$3" "$2" >"$WORK/broken"
    cmp -s "$2" "$WORK/broken" && { echo "nothing to break in $2: $3"; exit 1; }
    must_fail "$4" python3 tests/surface_mobile.py "$1" "$WORK/broken"
}

kotlin=kotlin/mls/api/mls.api
python3 tests/surface_mobile.py
broken --kotlin $kotlin 'EventKind.Committed.contextChanged' "eventkind.committed.contextchanged is not in Kotlin"
edited --kotlin $kotlin 's/(exportSecret(Blocking)?\(.*), len: Int\)/\1)/' "group.exportsecret.len is not in Kotlin"
edited --kotlin $kotlin 's/(INBOX_FULL: ErrorCode) = 100/\1 = 102/' "errorcode.inboxfull is 102 in Kotlin and 100 in"
broken --kotlin $kotlin 'Group.encryptBlocking' "Group.encrypt has not both a suspending and a blocking form"
edited --header include/mls.h 's/`psks`, `context_changed`/`psks`/' "eventkind.committed.contextchanged is not in C"
edited --header include/mls.h 's/^#define MLS_ERROR_INBOX_FULL 100//' "errorcode.inboxfull is not in C"
edited --header include/mls.h 's/^mls_status_t mls_events_psks\(/mls_status_t mls_events_others(/' "there is no mls_events_psks"
broken --ffi build/mobile/ffi.api 'Committed.contextChanged:' "eventkind.committed.contextchanged is in Kotlin only"
edited --ffi build/mobile/ffi.api 's/(Client.receive\()message: ByteArray/\1/' "client.receive.message is in C only"
if [ -e swift/api/mls.txt ]; then
    broken --swift swift/api/mls.txt '^MLSEvent.Committed.contextChanged' "eventkind.committed.contextchanged is not in Swift"
    edited --swift swift/api/mls.txt '/^MLSGroup.exportSecret/s/, length: Int//' "group.exportsecret.len is not in Swift"
    broken --swift swift/api/mls.txt '^MLSError.Code.inboxFull' "errorcode.inboxfull is not in Swift"
fi
python3 tests/surface_mobile.py
