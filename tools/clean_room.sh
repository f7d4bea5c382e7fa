#!/usr/bin/env bash
# Runs the two README commands where nothing of ours is installed: in a fresh minimal Debian 12.
#
#   tools/clean_room.sh [FOLDER] [--only demo|test] [--keep]
#
# FOLDER is build/clean_room by default and is made anew. A git clone of HEAD goes to /work/main in
# it, ../shared to /work/shared. Needs root (chroot, mount). The mirror, its keys and the apt
# settings are those of this machine, read at run time; passwords for apt are not copied. --keep
# leaves FOLDER behind. The last line is `clean room: PASS` or `clean room: FAIL (...)`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
title="clean room"
. tools/room.sh

room=$PWD/build/clean_room
only=
keep=false
while [[ $# -gt 0 ]]; do
  case "$1" in
    --only) only=${2:-}; shift; [[ $# -gt 0 ]] && shift ;;
    --keep) keep=true; shift ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "clean_room: unknown option '$1'" >&2; exit 2 ;;
    *) room=$(realpath -m "$1"); shift ;;
  esac
done
case "$only" in '' | demo | test) ;; *) echo "clean_room: --only demo or test" >&2; exit 2 ;; esac
shared=$(realpath "${MILLRACE_SHARED:-../shared}")
[[ -d "$shared" ]] || fail "no $shared; set MILLRACE_SHARED"

# What apt needs, and the two folders.
furnish() {
  printf '#!/bin/sh\nexit 101\n' >"$room/usr/sbin/policy-rc.d"  # packages start no services
  chmod 755 "$room/usr/sbin/policy-rc.d"
  cp -L /etc/resolv.conf "$room/etc/resolv.conf"
  cp /etc/hosts "$room/etc/hosts"
  rm -f "$room/etc/apt/sources.list"
  cp /etc/apt/sources.list.d/debian.sources "$room/etc/apt/sources.list.d/" 2>/dev/null ||
    grep -hE '^deb .*bookworm' /etc/apt/sources.list >"$room/etc/apt/sources.list"
  apt-config dump Acquire | grep -iE 'proxy|Check-|Retries' \
    >"$room/etc/apt/apt.conf.d/90host" || true
  mkdir -p "$room/work"/{main,shared} "$room/dev/pts" "$room/dev/shm"
  git clone -q --no-hardlinks . "$room/work/main"
  mount -t sysfs -o ro sysfs "$room/sys"
  mount --bind /dev "$room/dev"
  mount --make-private "$room/dev"  # so that what is mounted in it stays in it
  mount -t tmpfs tmpfs "$room/dev/shm"
  mount --bind "$shared" "$room/work/shared"
  mount -o remount,bind,ro "$room/work/shared"
}

make_room
furnish

if [[ -z "$only" || "$only" == demo ]]; then
  echo "clean room: tools/demo.sh"
  inside 'cd /work/main && HOST_SENSORS_SECONDS=5 tools/demo.sh >/tmp/demo.out' ||
    fail "tools/demo.sh, exit code $?"
  lines=$(wc -l <"$room/tmp/demo.out")
  [[ $lines -gt 0 ]] || fail "tools/demo.sh printed no data"
  echo "clean room: the demo printed $lines lines, the first: $(head -1 "$room/tmp/demo.out")"
fi
if [[ -z "$only" || "$only" == test ]]; then
  echo "clean room: tools/test.sh"
  inside 'cd /work/main && tools/test.sh' || fail "tools/test.sh, exit code $?"
fi
echo "clean room: PASS"
