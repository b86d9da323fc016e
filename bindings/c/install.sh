#!/usr/bin/env bash
# install.sh LIB VERSION: installs the headers, the libraries that are in LIB, what finds them, and the licences.
#
# PREFIX is where they will be used, DESTDIR what is put before it for a packager; LIBDIR and INCLUDEDIR are below PREFIX.
# LIBMLS_PRIVATE_LIBS is what a program that links libmls.a needs besides.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
lib=$1 version=$2
prefix=${PREFIX:-/usr/local} libdir=${LIBDIR:-lib} includedir=${INCLUDEDIR:-include}
case $prefix in /*) ;; *) echo "PREFIX must be absolute: $prefix" >&2; exit 1 ;; esac
case $libdir$includedir in /*) echo "LIBDIR and INCLUDEDIR are below PREFIX: $libdir, $includedir" >&2; exit 1 ;; esac
into=${DESTDIR:-}$prefix
soname=$(readelf -d "$lib/libmls.so.$version" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
[ -n "$soname" ] || { echo "libmls.so.$version has no soname" >&2; exit 1; }

case $(od -An -tu1 -j4 -N1 "$lib/libmls.so.$version" | tr -d ' ') in 1) pointer_bytes=4 ;; *) pointer_bytes=8 ;; esac
# The C library is every linker's last word already.
cmake_libs=
for flag in $LIBMLS_PRIVATE_LIBS; do
    [ "$flag" = -lc ] || cmake_libs="$cmake_libs${cmake_libs:+;}${flag#-l}"
done

fill() { # TEMPLATE FILE
    sed -e "s|@PREFIX@|$prefix|g" -e "s|@LIBDIR@|$libdir|g" -e "s|@INCLUDEDIR@|$includedir|g" \
        -e "s|@PC_LIBDIR@|\${prefix}/$libdir|g" -e "s|@PC_INCLUDEDIR@|\${prefix}/$includedir|g" \
        -e "s|@VERSION@|$version|g" -e "s|@MAJOR@|$(cut -d. -f1 <<<"$version")|g" -e "s|@MINOR@|$(cut -d. -f2 <<<"$version")|g" \
        -e "s|@SONAME@|$soname|g" -e "s|@POINTER_BYTES@|$pointer_bytes|g" \
        -e "s|@PRIVATE_LIBS@|$LIBMLS_PRIVATE_LIBS|g" -e "s|@CMAKE_PRIVATE_LIBS@|$cmake_libs|g" \
        -e "s|@CMAKE_TO_PREFIX@|$(realpath -ms --relative-to="/$libdir/cmake/mls" /)|g" "$here/$1" >"$work/$(basename "$2")"
    ! grep '@[A-Z_]*@' "$work/$(basename "$2")" || { echo "$1 is not filled in" >&2; return 1; }
    install -m 644 "$work/$(basename "$2")" "$2"
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

install -d "$into/$includedir" "$into/$libdir/pkgconfig" "$into/$libdir/cmake/mls" "$into/share/doc/libmls"
install -m 644 "$root/include/mls.h" "$root/include/mls.hpp" "$into/$includedir/"
install -m 755 "$lib/libmls.so.$version" "$into/$libdir/"
ln -sf "libmls.so.$version" "$into/$libdir/$soname"
ln -sf "$soname" "$into/$libdir/libmls.so"
install -m 644 "$lib/libmls.a" "$into/$libdir/"
install -m 644 "$root/LICENSE-APACHE" "$root/LICENSE-MIT" "$into/share/doc/libmls/"
fill mls.pc.in "$into/$libdir/pkgconfig/mls.pc"
fill mlsConfig.cmake.in "$into/$libdir/cmake/mls/mlsConfig.cmake"
fill mlsConfigVersion.cmake.in "$into/$libdir/cmake/mls/mlsConfigVersion.cmake"
echo "libmls $version is in $into"
