# What is installed is found by pkg-config and by CMake, shared and static, from C and from C++; and libmls.a lives with
# another SQLite and with OpenSSL in one program.
. tests/suites/env.sh
command -v cmake >/dev/null || skip "no cmake"
command -v pkg-config >/dev/null || skip "no pkg-config"
fresh
consumer=tests/consumer
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
define="-DCONSUMER_EXPECTS=\"$version\""

# A packager's install first, moved to where it says it is: DESTDIR is in no file.
prefix=$PWD/$WORK/prefix
make --no-print-directory install PREFIX="$prefix" DESTDIR="$PWD/$WORK/package"
must_fail "^$" grep -rIl "$WORK/package" "$WORK/package"
mv "$WORK/package$prefix" "$prefix"
for link in libmls.so libmls.so.0; do
    [ "$(readlink -f "$prefix/lib/$link")" = "$prefix/lib/libmls.so.$version" ] || { echo "$link is astray"; exit 1; }
done
for file in include/mls.h include/mls.hpp lib/libmls.a share/doc/libmls/LICENSE-APACHE share/doc/libmls/LICENSE-MIT; do
    [ -s "$prefix/$file" ] || { echo "$file is not installed"; exit 1; }
done
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
[ "$(pkg-config --modversion mls)" = "$version" ]

needs_shared() { # PROGRAM: whether it loads libmls.so
    readelf -d "$1" | grep -q 'NEEDED.*libmls\.so\.0'
}
built=0
check() { # KIND PROGRAM: it runs, and holds libmls as it should
    LD_LIBRARY_PATH=$prefix/lib "$2" || return 1
    case $1 in
    shared) needs_shared "$2" || { echo "$2 does not load libmls.so"; return 1; } ;;
    static) ! needs_shared "$2" || { echo "$2 loads libmls.so"; return 1; } ;;
    esac
    built=$((built + 1))
}

# shellcheck disable=SC2046,SC2086 # lists of options
for language in c cpp; do
    case $language in c) compiler="gcc -std=c99" ;; cpp) compiler="g++ -std=c++17" ;; esac
    $compiler $WARNINGS "$define" $consumer/consumer.$language -o "$WORK/shared-$language" $(pkg-config --cflags --libs mls)
    check shared "$WORK/shared-$language"
    $compiler $WARNINGS "$define" $consumer/consumer.$language -o "$WORK/static-$language" $(pkg-config --cflags mls) \
        $(pkg-config --static --libs mls | sed 's/-lmls/-l:libmls.a/')
    check static "$WORK/static-$language"
done

cmake -S $consumer -B "$WORK/cmake" -DCMAKE_PREFIX_PATH="$prefix" -DVERSION="$version" >"$WORK/cmake.log"
cmake --build "$WORK/cmake" >>"$WORK/cmake.log" || { cat "$WORK/cmake.log"; exit 1; }
for language in c cpp; do
    check shared "$WORK/cmake/mls-$language"
    check static "$WORK/cmake/mls_static-$language"
done

# The package is not what it is not: another version, a prefix without libraries, a program that needs more than it asks for.
find_package() { # PREFIX VERSION
    rm -rf "$WORK/found"
    cmake -S $consumer -B "$WORK/found" -DCMAKE_PREFIX_PATH="$1" -DVERSION="$2"
}
find_package "$prefix" "${version%.*}" >/dev/null
must_fail "version: $version" find_package "$prefix" 0.999
must_fail "version: $version" find_package "$prefix" 7
cp -r "$prefix" "$WORK/empty"
rm "$WORK"/empty/lib/libmls.*
must_fail "neither libmls.so" find_package "$PWD/$WORK/empty" "$version"
must_fail "loads libmls.so" check static "$WORK/shared-c"
must_fail "does not load libmls.so" check shared "$WORK/static-c"
# shellcheck disable=SC2086 # a list of options
must_fail "libmls 0" env LD_LIBRARY_PATH="$prefix/lib" "$(
    gcc $WARNINGS '-DCONSUMER_EXPECTS="9.9.9"' $consumer/consumer.c -o "$WORK/other" $(pkg-config --cflags --libs mls)
    echo "$WORK/other")"

# shellcheck disable=SC2046,SC2086 # lists of options
collide() { # ARCHIVE: a program with a SQLite of its own and OpenSSL runs with it
    gcc -std=gnu11 -g $WARNINGS -I"$prefix/include" $consumer/collision.c -o "$WORK/collision" "$1" -lcrypto \
        $(pkg-config --static --libs mls | sed 's/-lmls//') || return 1
    rm -f "$WORK"/collision.db*
    "$WORK/collision" "$WORK/collision.db"
}
collide "$prefix/lib/libmls.a"
# With the names of the SQLite inside global, either the linker says so or ours is called.
objcopy --globalize-symbol=sqlite3_open_v2 "$prefix/lib/libmls.a" "$WORK/global.a"
must_fail "multiple definition of .sqlite3_open_v2" collide "$WORK/global.a"
echo "$built consumers, and one with SQLite and OpenSSL"
