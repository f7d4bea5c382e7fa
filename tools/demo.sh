#!/usr/bin/env bash
# Builds Millrace and runs the example job host_sensors: live sensors of this machine, averaged over
# sliding windows. Arguments go to the job: tools/demo.sh --help
#
# Standard output carries the job's data only; the build reports on standard error.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
from=$PWD
cd "$root"

{
  tools/install-deps.sh --what build
  echo "demo: building host_sensors (the first time takes minutes)"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  if ! { cmake --preset release -DMILLRACE_BUILD_TESTS=ON &&
    cmake --build --preset release --target host_sensors; } >"$log" 2>&1; then
    cat "$log"
    echo "demo: the build failed; its output is above"
    exit 1
  fi
  rm -f "$log"
  trap - EXIT
} >&2

cd "$from"
exec "$root/build/release/examples/host_sensors" "$@"
