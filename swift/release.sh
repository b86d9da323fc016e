#!/usr/bin/env bash
# release.sh OUT VERSION URL CHECKSUM: lays out the distribution repository, which SwiftPM takes by URL, as a commit with
# the tag VERSION in OUT. It has the manifest, the sources and the licences; the binary is the archive at URL, with the
# CHECKSUM that swift/xcframework.sh prints. An OUT that is a clone of the repository gets one more commit.
#
# A release: make xcframework; publish build/xcframework/MLSFFI.xcframework.zip; this; push OUT with its tag.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1 version=$2 url=$3 checksum=$4
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "a version is three numbers: $version" >&2; exit 1; }
[[ $checksum =~ ^[0-9a-f]{64}$ ]] || { echo "a checksum is 64 hexadecimal digits: $checksum" >&2; exit 1; }
[ -e build/mobile/swift/MLSGenerated.swift ] || { echo "make mobile first" >&2; exit 1; }

mkdir -p "$out"
[ -e "$out/.git" ] || git init --quiet --initial-branch=main "$out"
find "$out" -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +
mkdir "$out/Sources"
cp -r swift/Sources/MLS "$out/Sources/"
cp -rL swift/Sources/MLSGenerated swift/Sources/MLSFFI "$out/Sources/"
cp swift/README.md LICENSE-APACHE LICENSE-MIT "$out/"
sed -e "s|@URL@|$url|" -e "s|@CHECKSUM@|$checksum|" swift/dist/Package.swift >"$out/Package.swift"
git -C "$out" add --all
git -C "$out" commit --quiet --message "MLS $version"
git -C "$out" tag "$version"
