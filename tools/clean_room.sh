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

fail() {
  echo "clean room: FAIL ($*)"
  exit 1
}

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
[[ $(id -u) -eq 0 ]] || fail "needs root for chroot and mount"
shared=$(realpath "${MILLRACE_SHARED:-../shared}")
[[ -d "$shared" ]] || fail "no $shared; set MILLRACE_SHARED"
[[ ! -e "$room" || -e "$room/etc/millrace-clean-room" || -z "$(ls -A "$room")" ]] ||
  fail "$room exists and is not a clean room of ours; name another folder"

unmount() {
  local point
  for point in work/shared dev/pts dev/shm dev sys proc; do
    mountpoint -q "$room/$point" && umount "$room/$point"
  done
  return 0
}

# Never deletes below a mount: that would reach into the host's files.
clear_room() {
  unmount
  ! grep -qF " $room/" /proc/self/mounts || fail "something is still mounted below $room"
  rm -rf --one-file-system "$room"
}

leave() {
  unmount || true
  $keep || clear_room || true
}

# Says that this folder may be deleted by the next run.
mark() { mkdir -p "$room/etc" && touch "$room/etc/millrace-clean-room"; }

# The first Debian archive among this machine's sources, without security or third-party ones.
mirror() {
  { cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '
      /^$/ {uri = ""; suites = ""}
      /^URIs:/ {uri = $2}
      /^Suites:/ {suites = $0; if (suites ~ / bookworm( |$)/ && uri != "") print uri}'
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      sed -E 's/^(deb +)\[[^]]*\] +/\1/' | awk '$1 == "deb" && $3 == "bookworm" {print $2}'
  } | sed -n 1p || true  # a list that is not there is no error
}

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
  mount -t proc proc "$room/proc"
  mount -t sysfs -o ro sysfs "$room/sys"
  mount --bind /dev "$room/dev"
  mount --make-private "$room/dev"  # so that what is mounted in it stays in it
  mount -t tmpfs tmpfs "$room/dev/shm"
  mount --bind "$shared" "$room/work/shared"
  mount -o remount,bind,ro "$room/work/shared"
}

inside() {
  chroot "$room" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    bash -c "cd /work/main && $1" </dev/null
}

tools/install-deps.sh --what nightly
archive=$(mirror)
[[ -n "$archive" ]] || fail "no source for bookworm under /etc/apt"
clear_room
trap leave EXIT
trap 'exit 130' INT TERM
mark
echo "clean room: debootstrap into $room"
debootstrap --variant=minbase bookworm "$room" "$archive" >"$room.log" 2>&1 ||
  { tail -20 "$room.log"; fail "debootstrap; its log is $room.log"; }
mark
furnish

if [[ -z "$only" || "$only" == demo ]]; then
  echo "clean room: tools/demo.sh"
  inside 'tools/demo.sh --seconds 5 >/tmp/demo.out' || fail "tools/demo.sh, exit code $?"
  lines=$(wc -l <"$room/tmp/demo.out")
  [[ $lines -gt 0 ]] || fail "tools/demo.sh printed no data"
  echo "clean room: the demo printed $lines lines, the first: $(head -1 "$room/tmp/demo.out")"
fi
if [[ -z "$only" || "$only" == test ]]; then
  echo "clean room: tools/test.sh"
  inside 'tools/test.sh' || fail "tools/test.sh, exit code $?"
fi
echo "clean room: PASS"
