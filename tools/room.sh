# A minimal Debian 12 to run something in. Sourced by clean_room.sh and package_chroot.sh, which set
# `room` (its folder), `keep` (true or false) and `title` (what their messages begin with).
#
# The mirror, its keys and the apt settings are those of this machine, read at run time; passwords
# for apt are not copied. Needs root (chroot, mount).

fail() {
  echo "$title: FAIL ($*)"
  exit 1
}

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

# A fresh system in `room`, gone when the script ends unless `keep`.
make_room() {
  local archive
  [[ $(id -u) -eq 0 ]] || fail "needs root for chroot and mount"
  [[ ! -e "$room" || -e "$room/etc/millrace-clean-room" || -z "$(ls -A "$room")" ]] ||
    fail "$room exists and is not a clean room of ours; name another folder"
  tools/install-deps.sh --what nightly
  archive=$(mirror)
  [[ -n "$archive" ]] || fail "no source for bookworm under /etc/apt"
  clear_room
  trap leave EXIT
  trap 'exit 130' INT TERM
  mark
  echo "$title: debootstrap into $room"
  debootstrap --variant=minbase bookworm "$room" "$archive" >"$room.log" 2>&1 ||
    { tail -20 "$room.log"; fail "debootstrap; its log is $room.log"; }
  mark
  mount -t proc proc "$room/proc"
}

# A command in `room`, with nothing of this machine's environment but the way to the network.
inside() {
  chroot "$room" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    bash -c "$1" </dev/null
}
