# The Kotlin packages as an application has them: the jar from a repository, with the host's library inside; the AAR, its
# layout, and its rules for shrinking. There is no NDK here, so the AAR's library is the Linux build as a stand-in.
. tests/suites/env.sh
repository=$PWD/build/kotlin/repository
[ -e "$repository" ] || skip "the Kotlin packages were not built"
fresh
out=$PWD/$WORK
version=$(sed -n '0,/<version>/s/.*<version>\(.*\)<.*/\1/p' kotlin/pom.xml)
place=$repository/org/libmls/mls-jvm/$version
maven() { mvn --batch-mode --quiet "$@"; }

# What is published, and what is in it.
for kind in .jar .pom -sources.jar -javadoc.jar; do
    compgen -G "$place/mls-jvm-$version$kind" >/dev/null || { echo "there is no mls-jvm-$version$kind"; exit 1; }
done
jar=$place/mls-jvm-$version.jar
unzip -Z1 "$jar" >"$WORK/jar"
grep -qE '^(linux|darwin)-[a-z0-9-]+/libmlsffi\.(so|dylib)$' "$WORK/jar" || { echo "the jar has no library"; exit 1; }
grep -q '^org/libmls/ffi/' "$WORK/jar" || { echo "the jar has no generated code"; exit 1; }
grep -q '<artifactId>mls-ffi' "$place/mls-jvm-$version.pom" && { echo "the POM asks for mls-ffi, which nobody publishes"; exit 1; }
unzip -Z1 "$place/mls-jvm-$version-javadoc.jar" | grep -qiE 'mls-?client' || { echo "the documentation has no MlsClient"; exit 1; }

# An application that knows the repository only. Its own copy of libmls, so that no older one is found.
rm -rf ~/.m2/repository/org/libmls/mls-jvm ~/.m2/repository/org/libmls/mls-parent
maven --file tests/kotlin/consumer/pom.xml package -Dout="$out/app" -Drepository="file:$repository"
said="alice says hello; asked: true; after the close: CLOSED, FIX_CALL"
says() { # CLASSPATH JAVA-OPTION...: what the application has to print
    local path=$1 printed
    shift
    printed=$(java "$@" -cp "$path" App) || return 1
    [ "$printed" = "$said" ] || { echo "printed: $printed"; return 1; }
}
says "$out/app/app-1.jar:$(echo "$out"/app/lib/*.jar | tr ' ' ':')"

# The AAR: made, checked, and the check seen to work.
jna=$out/app/proguard/jna-5.17.0.aar
aar=$(kotlin/android/aar.py make "$WORK/aar" "$jar" x86_64=build/mobile/libmlsffi.so)
kotlin/android/aar.py check "$aar" --stand-in "$jna" | tee "$WORK/aar.said"
must_fail "is no Android library" kotlin/android/aar.py check "$aar"
without() { # FILE REASON: an AAR that lacks it
    cp "$aar" "$WORK/broken.aar"
    zip --quiet --delete "$WORK/broken.aar" "$1"
    must_fail "$2" kotlin/android/aar.py check "$WORK/broken.aar" --stand-in
}
without 'prefab/modules/mlsffi/include/mls.h' "prefab has another mls.h"
without 'jni/*' "there is no library"
without R.txt "there is no R.txt"
without proguard.txt "there is no proguard.txt"
other() { # REASON: an AAR of this library
    must_fail "$1" kotlin/android/aar.py check "$(kotlin/android/aar.py make "$WORK/other" "$jar" "$2")" --stand-in
}
gcc -shared -fPIC -x c -Wl,-soname,libmlsffi.so -Wl,-z,max-page-size=4096 - -o "$WORK/small.so" <<<'int mls_version;'
other "not aligned to pages of 16 KB" x86_64="$WORK/small.so"
other "does not export mls_" x86_64="$WORK/small.so"
other "is for machine 62" arm64-v8a=build/mobile/libmlsffi.so
must_fail "There is no Android NDK" env -u ANDROID_NDK_HOME -u ANDROID_NDK_ROOT kotlin/android/build.sh "$WORK/none"

# Shrunk by the AAR's rules: it runs, and what it does not use is gone. Without the rules it does not.
unzip -q -o "$aar" classes.jar proguard.txt -d "$WORK/aar"
maven --file tests/kotlin/shrinker/pom.xml dependency:copy-dependencies -DoutputDirectory="$out/shrinker"
shrink() { # OUT RULES
    java -cp "$WORK/shrinker/*" proguard.ProGuard "@tests/kotlin/consumer/app.pro" "@$2" \
        -injars "$out/app/app-1.jar" -injars "$out/aar/classes.jar" \
        -injars "$out/app/lib/kotlin-stdlib.jar(!META-INF/**)" -injars "$out/app/lib/annotations.jar(!META-INF/**)" \
        -injars "$out/app/lib/kotlinx-coroutines-core-jvm.jar(!META-INF/**)" \
        -injars "$out/app/lib/jna.jar(com/sun/jna/**.class)" -outjars "$1" -printmapping "$1.map" \
        -libraryjars "<java.home>/jmods/java.base.jmod(!**.jar;!module-info.class)" \
        -libraryjars "<java.home>/jmods/java.logging.jmod(!**.jar;!module-info.class)" >"$1.log" 2>&1 ||
        { cat "$1.log"; return 1; }
}
# The desktop's JNA brings its native half along in the jar: here it comes from beside it.
unzip -q -o "$out/app/lib/jna.jar" 'com/sun/jna/linux-*/*' -d "$WORK/natives"
dispatch=$(dirname "$(find "$out/natives" -path "*$(uname -m | tr _ -)/libjnidispatch.so")")
options=(-Djna.library.path="$PWD/build/mobile" -Djna.boot.library.path="$dispatch" -Djna.nounpack=true)
shrink "$out/shrunk.jar" "$WORK/aar/proguard.txt"
says "$out/shrunk.jar" "${options[@]}"
kept() { # CLASS: it is in the shrunk application, under whatever name
    grep -q "^$1 -> " "$out/shrunk.jar.map"
}
for used in org.libmls.MlsClient org.libmls.ffi.Client com.sun.jna.Native; do
    kept $used || { echo "$used is gone, and the application runs"; exit 1; }
done
unzip -Z1 "$WORK/aar/classes.jar" >"$WORK/all"
for unused in org.libmls.MessageInfo org.libmls.StorageException org.libmls.KeyPackageSecrets; do
    grep -q "^${unused//.//}.class" "$WORK/all" || { echo "there is no $unused to vanish"; exit 1; }
    ! kept $unused || { echo "kept, although nothing uses it: $unused"; exit 1; }
done
kept com.sun.jna.win32.W32APIOptions && { echo "all of JNA is kept"; exit 1; }
echo "-dontwarn **" >"$WORK/no.rules"
shrink "$out/broken.jar" "$WORK/no.rules"
must_fail "Exception\|Error" says "$out/broken.jar" "${options[@]}"
kept=$(unzip -Z1 "$WORK/shrunk.jar" | grep -c '\.class$')
echo "mls-jvm $(stat -c %s "$jar") bytes; $(cat "$WORK/aar.said"); shrunk to $kept classes, $(stat -c %s "$WORK/shrunk.jar") bytes"
