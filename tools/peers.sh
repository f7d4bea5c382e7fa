#!/usr/bin/env bash
# Runs Apache Flink and timely dataflow beside Millrace on this machine. See tools/peers.py --help.
set -euo pipefail
exec python3 -B "$(dirname "${BASH_SOURCE[0]}")/peers.py" "$@"
