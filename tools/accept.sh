#!/usr/bin/env bash
# Prints each line of an issue's "Done when" as `line, measured, limit, PASS | FAIL | NOT MEASURABLE
# (why)`, measured now with the programs of build/release. See tools/accept.py --help.
set -euo pipefail
exec python3 -B "$(dirname "${BASH_SOURCE[0]}")/accept.py" "$@"
