#!/usr/bin/env bash
# Builds tests/package/hello against the installed package and runs it where nothing of ours is
# installed: in a fresh minimal Debian 12 without compiler and development packages.
#
#   tools/package_chroot.sh [FOLDER] [--keep]
#
# FOLDER is build/package_room by default and is made anew. Needs root (chroot, mount); where it
# takes its packages from: tools/room.sh. --keep leaves FOLDER behind. The last line is `package
# chroot: PASS` or `package chroot: FAIL (...)`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
title="package chroot"
. tools/room.sh

room=$PWD/build/package_room
keep=false
while [[ $# -gt 0 ]]; do
  case "$1" in
    --keep) keep=true; shift ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "package_chroot: unknown option '$1'" >&2; exit 2 ;;
    *) room=$(realpath -m "$1"); shift ;;
  esac
done

cmake --preset release >/dev/null && cmake --build --preset release --target all >/dev/null ||
  fail "the release build"
python3 -B tests/package/package_test.py --build build/release/cmake --keep build/package \
  --only hello || fail "hello against the installed package"

make_room
[[ ! -e "$room/usr/bin/cc" && ! -d "$room/usr/include/c++" ]] || fail "the room has a compiler"
[[ -z "$(find "$room/usr/lib" -name 'libprotobuf*')" ]] || fail "the room has libprotobuf"
install -m 755 build/package/hello/hello "$room/usr/local/bin/hello"
for options in "" "--parallelism 2 -D exchange=serialized" "--isolated"; do
  inside "/usr/local/bin/hello $options" >"$room.out" || fail "hello $options, exit code $?"
  for word in hello streaming world; do
    grep -q "$word" "$room.out" || fail "hello $options did not print $word"
  done
  echo "package chroot: hello $options printed $(wc -l <"$room.out") lines"
done
echo "package chroot: PASS"
