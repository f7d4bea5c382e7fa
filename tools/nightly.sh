#!/usr/bin/env bash
# Runs what CI leaves out, in parts of at most 45 minutes.
#
#   tools/nightly.sh [PART...] [--list] [--again]
#
# Without PART: every part that this round has not finished yet, so that a broken-off round goes on
# where it stopped; --again begins a new round. Each part writes its line (date, part, result,
# minutes) into docs/nightly.md and its output to build/nightly/PART.log. Exit code 1 if one failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8

# name, minutes it may take (45 at most), what it does; the command is the function part_NAME.
parts=(
  "fuzz-long 40 every fuzz target for minutes instead of seconds"
  "results-all 45 every pair of settings against the expected results, 10 seeds"
  "clean-room 45 the README's two commands in a minimal Debian 12"
  "speed 45 tools/accept.sh 3: speed, latency, memory against their limits"
)
state=build/nightly
page=docs/nightly.md

# A part prints what it saw; its last line is kept as the result's detail. Exit code 77: could not
# run (the last line says why), which is neither passed nor failed.
part_fuzz_long() {
  cmake --preset asan && cmake --build --preset asan --target fuzzers || return 1
  local programs=(build/asan/fuzz/*_fuzz)
  [[ -x "${programs[0]}" ]] || { echo "no fuzz target exists"; return 77; }
  MILLRACE_FUZZ_SECONDS=$((35 * 60 / ${#programs[@]})) tools/test.sh --only fuzz
}

part_results_all() {
  local program=build/release/tests/e2e_test
  cmake --preset release && cmake --build --preset release || return 1
  [[ -x $program ]] || { echo "$program does not exist"; return 77; }
  "$program" --gtest_also_run_disabled_tests --gtest_filter='*Nightly*' --gtest_list_tests |
    grep -q '^  ' || { echo "$program has no test named *Nightly*"; return 77; }
  MILLRACE_NIGHTLY=1 "$program" --gtest_also_run_disabled_tests --gtest_filter='*Nightly*'
}

part_clean_room() { tools/clean_room.sh; }

part_speed() {
  cmake --preset release && cmake --build --preset release || return 1
  tools/accept.sh 3
}

run_part() {
  local name=$1 minutes=$2 begin=$SECONDS code result detail
  echo "nightly: $name, at most $minutes minutes, output in $state/$name.log"
  export -f "part_${name//-/_}"
  timeout --kill-after=60 "${minutes}m" bash -c "part_${name//-/_}" >"$state/$name.log" 2>&1 </dev/null
  code=$?
  detail=$(grep -v '^[[:space:]]*$' "$state/$name.log" | tail -1 | tr '|' '/' | cut -c1-120)
  case $code in
    0) result="passed: $detail" ;;
    77) result="not run: $detail" ;;
    124 | 137) result="failed: not done after $minutes minutes" ;;
    *) result="failed: $detail" ;;
  esac
  printf '| %s | %s | %s | %s | %s |\n' "$(date -u +%F)" "$(git rev-parse --short HEAD)" "$name" \
    "$result" "$(awk -v s=$((SECONDS - begin)) 'BEGIN {printf "%.1f", s / 60}')" >>"$page"
  echo "nightly: $name $result"
  [[ $code -eq 0 || $code -eq 77 ]]
}

chosen=()
again=false
for argument in "$@"; do
  case "$argument" in
    --list) printf '%s\n' "${parts[@]}"; exit 0 ;;
    --again) again=true ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *)
      printf '%s\n' "${parts[@]}" | grep -q -- "^$argument " ||
        { echo "nightly: unknown part '$argument'; the parts:" >&2
          printf '  %s\n' "${parts[@]}" >&2; exit 2; }
      chosen+=("$argument") ;;
  esac
done

mkdir -p "$state"
$again && rm -f "$state/done"
touch "$state/done"
tools/install-deps.sh --what nightly || exit 1
exit_code=0
left=0
for part in "${parts[@]}"; do
  read -r name minutes _ <<<"$part"
  if [[ ${#chosen[@]} -gt 0 ]]; then
    [[ " ${chosen[*]} " == *" $name "* ]] || continue
  elif grep -qxF "$name" "$state/done"; then
    echo "nightly: $name is done in this round"
    continue
  fi
  if run_part "$name" "$minutes"; then
    grep -qxF "$name" "$state/done" || echo "$name" >>"$state/done"
  else
    exit_code=1
  fi
done
for part in "${parts[@]}"; do
  grep -qxF "${part%% *}" "$state/done" || left=$((left + 1))
done
# A round in which every part came through is over; the next call begins a new one.
if [[ $left -eq 0 ]]; then rm -f "$state/done"; else echo "nightly: $left parts left in this round"; fi
exit $exit_code
