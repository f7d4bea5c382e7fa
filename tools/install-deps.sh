#!/usr/bin/env bash
# Installs the Debian 12 packages that Millrace's build, tests and nightly parts need.
#
#   tools/install-deps.sh [--what build|test|nightly] [--list]
#
# Groups build on each other: test (the default) includes build, nightly includes both. Asks dpkg
# first, so a call on a machine that has everything costs well under a second and no network.
set -euo pipefail

build_packages=(
  g++ cmake ninja-build ccache mold git ca-certificates pkg-config
  libprotobuf-dev protobuf-compiler libfmt-dev libspdlog-dev
  libxxhash-dev libzstd-dev libgtest-dev libgmock-dev
  python3)  # configuring the tests asks for it
test_packages=(clang-19 clang-format-19 lld-19 llvm-19 libclang-rt-19-dev doxygen)
nightly_packages=(debootstrap)

fail() {
  echo "install-deps: $*" >&2
  exit 1
}

what=test
list=false
while [[ $# -gt 0 ]]; do
  case "$1" in
    --what) what="${2:-}"; shift; [[ $# -gt 0 ]] && shift ;;
    --what=*) what="${1#--what=}"; shift ;;
    --list) list=true; shift ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown argument '$1' (known: --what build|test|nightly, --list)" ;;
  esac
done
case "$what" in
  build) wanted=("${build_packages[@]}") ;;
  test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
  nightly) wanted=("${build_packages[@]}" "${test_packages[@]}" "${nightly_packages[@]}") ;;
  *) fail "unknown group '$what' (known: build, test, nightly)" ;;
esac
if $list; then
  printf '%s\n' "${wanted[@]}"
  exit 0
fi

command -v dpkg-query >/dev/null ||
  fail "no dpkg-query here: this script knows Debian 12 only; install by hand: ${wanted[*]}"

# dpkg-query exits 1 when it does not know a package; the missing ones are then simply not printed.
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
  awk '$1 == "installed" {print $2}' || true)
missing=()
for package in "${wanted[@]}"; do
  grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null ||
    fail "cannot install ${missing[*]}: neither root nor sudo; run this script as root"
  root=(sudo)
fi
apt_get() {
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y \
    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@" </dev/null >&2
}

echo "install-deps: installing ${missing[*]}" >&2
# The lists at hand are often good enough; if they are old or absent, fetch them and try again.
if ! apt_get -qq install --no-install-recommends "${missing[@]}" 2>/dev/null; then
  apt_get -qq update || apt_get -qq update ||
    fail "apt-get update failed twice; are the sources under /etc/apt right and reachable?"
  apt_get -qq install --no-install-recommends "${missing[@]}" ||
    fail "apt-get could not install: ${missing[*]} (Debian 12, component main, has them all)"
fi
