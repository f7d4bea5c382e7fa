#!/usr/bin/env bash
# Runs what CI leaves out, in parts of at most 45 minutes.
#
#   tools/nightly.sh [PART...] [--list] [--again]
#
# Without PART: every part that has not passed in this round yet, so that a broken-off round goes on
# where it stopped; --again begins a new round. Each part writes its line (date, part, result,
# minutes) into docs/nightly.md and its output to build/nightly/PART.log. At the end stands what the
# round lacks. Exit code 0 if all parts that were asked for passed, 1 if one failed, 3 if none failed
# but one could not run or came only half way.
#   MILLRACE_NIGHTLY_MINUTES  how long chaos-workers, fuzz-long, models and results-all work, 35 by
#                             default
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8

# name, minutes it may take (45 at most), what it does; the command is the function part_NAME.
parts=(
  "fuzz-long 45 every fuzz target for minutes instead of seconds"
  "results-all 45 Nexmark, every pair of settings against the expected results, 10 seeds"
  "models 45 the property tests (windows, keyed process, timers, ...) on many fresh seeds"
  "chaos-workers 45 every job of the chaos runner, aligned and unaligned, 20 kills, 5 of everything"
  "asan-all 45 all test programs under ASan and UBSan, not only the label core"
  "tsan-all 45 all test programs under TSan, not only the label runtime"
  "package-chroot 15 a job built against the package runs in a minimal Debian 12"
  "clean-room 45 the README's two commands in a minimal Debian 12"
  "speed 45 tools/accept.sh 3 without the latencies: speed, memory, tests"
  "latency 45 tools/accept.sh 3, the latencies"
  "peers 45 Flink and timely on the same shapes, our ratio to them"
)
state=build/nightly
export MILLRACE_NIGHTLY_MINUTES=${MILLRACE_NIGHTLY_MINUTES:-35}
page=docs/nightly.md

# A part prints what it saw; its last line is kept as the result's detail. Exit code 77: could not
# run, or not to its end (the last line says why), which is neither passed nor failed.
part_fuzz_long() {
  cmake --preset asan && cmake --build --preset asan --target fuzzers || return 1
  local programs=(build/asan/fuzz/*_fuzz)
  [[ -x "${programs[0]}" ]] || { echo "no fuzz target exists"; return 77; }
  MILLRACE_JOBS=2 MILLRACE_FUZZ_SECONDS=$((MILLRACE_NIGHTLY_MINUTES * 60 / ((${#programs[@]} + 1) / 2))) \
    tools/test.sh --only fuzz
}

part_results_all() {
  local program=build/release/tests/nexmark_results_test log=build/nightly/results-all.out left
  cmake --preset release &&
    cmake --build --preset release --target nexmark_results_test nexmark_job || return 1
  MILLRACE_NIGHTLY=1 MILLRACE_NIGHTLY_STATE=build/nightly/results-all.$(git rev-parse --short HEAD) \
    "$program" --gtest_filter='NexmarkNightly.*' | tee "$log" || return 1
  left=$(sed -nE 's/^nightly results: .*, ([0-9]+) left$/\1/p' "$log")
  [[ -n "$left" ]] || { echo "$program ran no test"; return 1; }
  grep '^nightly results: ' "$log"
  [[ "$left" -eq 0 ]] || return 77
  rm -f build/nightly/results-all.[0-9a-f]*
}

# Files that many processes sync ten times a second: in memory, where there is room.
part_chaos_workers() {
  local end=$((SECONDS + MILLRACE_NIGHTLY_MINUTES * 60)) folder=/tmp seed exact=0 failed=0 left=0
  cmake --preset release && cmake --build --preset release --target chaos_runner || return 1
  [[ -w /dev/shm && $(df --output=avail -k /dev/shm | tail -1) -gt 4000000 ]] && folder=/dev/shm
  seed=${MILLRACE_SEED:-$((1000000 + (RANDOM << 15 | RANDOM)))}
  for job in all_features q4 q5 q8 q9 q11 q17; do
    for mode in "" --unaligned; do
      if ((SECONDS > end)); then left=$((left + 1)); continue; fi
      if build/release/tests/chaos/chaos_runner --job $job --seed $seed --records 1M --rate 50K \
        --workers 4 --kills 20 --kill-all 5 --folder $folder $mode; then
        exact=$((exact + 1))
      else
        failed=$((failed + 1))
      fi
    done
  done
  echo "chaos-workers: seed $seed, $exact runs exact, $failed not, $left left"
  [[ $failed -eq 0 ]] || return 1
  [[ $left -eq 0 ]] || return 77
}

# Rounds of twenty times as many seeds as CI has, each from another first seed.
part_models() {
  local end=$((SECONDS + MILLRACE_NIGHTLY_MINUTES * 60)) program tests first rounds=0
  cmake --preset release && cmake --build --preset release --target tests_program || return 1
  declare -A property_tests=()
  for program in build/release/tests/*_test; do
    # Whether they pass is asked below: one seed is too few for some.
    tests=$(MILLRACE_SEEDS=0@1 "$program" --gtest_filter='-*Nightly*:*NexmarkResults*' 2>/dev/null |
      awk '/^\[ RUN / {name = $NF} /^seeds [0-9]+ to/ {print name}' | sort -u | paste -sd:)
    [[ -z "$tests" ]] || property_tests[$program]=$tests
  done
  [[ ${#property_tests[@]} -gt 0 ]] || { echo "no test prints its seeds"; return 1; }
  while ((SECONDS < end)); do
    first=$((1000000 + (RANDOM << 30 | RANDOM << 15 | RANDOM)))
    echo "round from MILLRACE_SEEDS=20@$first"
    for program in "${!property_tests[@]}"; do
      MILLRACE_SEEDS=20@$first \
        "$program" --gtest_filter="${property_tests[$program]}" ||
        { echo "MILLRACE_SEEDS=20@$first $program failed"; return 1; }
    done
    rounds=$((rounds + 1))
  done
  echo "$rounds rounds of 20 x the seeds of CI, ${#property_tests[@]} programs"
}

all_programs() {
  cmake --preset "$1" && cmake --build --preset "$1" --target tests_program || return 1
  ctest --test-dir "build/$1/cmake" -L '^program$' -j 2 --output-on-failure --no-tests=error |
    tee "build/nightly/$1-all.out" || return 1
  grep 'tests passed' "build/nightly/$1-all.out"
}
part_asan_all() { all_programs asan; }
part_tsan_all() { all_programs tsan; }

part_package_chroot() { tools/package_chroot.sh; }
part_clean_room() { tools/clean_room.sh; }

# Exit code 3: no must fails, but one could not be measured: the part came only half way. The last
# line counts them.
accepted() {
  cmake --preset release && cmake --build --preset release || return 1
  tools/accept.sh 3 "$@"
  case $? in 0) ;; 3) return 77 ;; *) return 1 ;; esac
}
part_speed() { accepted --without 'latency '; }
part_latency() { accepted --match 'latency '; }
part_peers() {
  cmake --preset release && cmake --build --preset release --target nexmark micro || return 1
  tools/peers.sh
}

run_part() {
  local name=$1 minutes=$2 begin=$SECONDS code result detail
  echo "nightly: $name, at most $minutes minutes, output in $state/$name.log"
  timeout --kill-after=60 "${minutes}m" bash -c "set -o pipefail; part_${name//-/_}" \
    >"$state/$name.log" 2>&1 </dev/null
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
  outcome[$name]=$result
  return $code
}

chosen=()
again=false
for argument in "$@"; do
  case "$argument" in
    --list) printf '%s\n' "${parts[@]}"; exit 0 ;;
    --again) again=true ;;
    -h | --help) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *)
      printf '%s\n' "${parts[@]}" | grep -q -- "^$argument " ||
        { echo "nightly: unknown part '$argument'; the parts:" >&2
          printf '  %s\n' "${parts[@]}" >&2; exit 2; }
      chosen+=("$argument") ;;
  esac
done

declare -A outcome=()
mkdir -p "$state"
$again && rm -f "$state/done"
touch "$state/done"
tools/install-deps.sh --what nightly || exit 1
export -f all_programs accepted
for part in "${parts[@]}"; do
  name=${part%% *}
  export -f "part_${name//-/_}"
done
exit_code=0
for part in "${parts[@]}"; do
  read -r name minutes _ <<<"$part"
  if [[ ${#chosen[@]} -gt 0 ]]; then
    [[ " ${chosen[*]} " == *" $name "* ]] || continue
  elif grep -qxF "$name" "$state/done"; then
    echo "nightly: $name is done in this round"
    continue
  fi
  run_part "$name" "$minutes"
  case $? in
    0) grep -qxF "$name" "$state/done" || echo "$name" >>"$state/done" ;;
    77) [[ $exit_code -ne 0 ]] || exit_code=3; sed -i "/^$name\$/d" "$state/done" ;;
    *) exit_code=1; sed -i "/^$name\$/d" "$state/done" ;;
  esac
done

# What the round lacks. A round in which every part passed is over; the next call begins a new one.
left=0
for part in "${parts[@]}"; do
  name=${part%% *}
  grep -qxF "$name" "$state/done" && continue
  left=$((left + 1))
  echo "nightly: lacking in this round: $name (${outcome[$name]:-not tried now})"
done
if [[ $left -eq 0 ]]; then
  echo "nightly: the round is complete"
  rm -f "$state/done"
fi
exit $exit_code
