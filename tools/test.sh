#!/usr/bin/env bash
# Builds Millrace and runs all its tests.
#
#   tools/test.sh [--only unit|integration|asan|tsan|fuzz]...
#
# Steps: install, build (preset release), unit and integration (ctest labels), asan (preset asan,
# label core), tsan (preset tsan, label runtime), fuzz (each target on its stored corpus and a few
# seconds beyond). The minutes of each step, its sanitizer build included, are printed at the end and
# held against the budgets below; with CI=true a step over its budget is a failure.
#   MILLRACE_FUZZ_SECONDS  seconds a fuzz target runs, 5 by default
#   MILLRACE_JOBS          jobs of build and ctest, all cores by default
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Minutes from an empty build folder on 2 cores; docs/architecture.md.
declare -A budget=([install]=1 [build]=10 [unit]=4 [integration]=10 [asan]=7 [tsan]=5 [fuzz]=1)
declare -A seconds=() result=()
steps=()
all_steps=(install build unit integration asan tsan fuzz)
only=()
jobs=${MILLRACE_JOBS:-$(nproc)}
passed=0
failed=0

usage() { sed -n '2,11s/^# \{0,1\}//p' "$0"; }

while [[ $# -gt 0 ]]; do
  case "$1" in
    --only) only+=("${2:-}"); shift; [[ $# -gt 0 ]] && shift ;;
    --only=*) only+=("${1#--only=}"); shift ;;
    -h | --help) usage; exit 0 ;;
    *) echo "test: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
  esac
done
for step in "${only[@]}"; do
  case "$step" in
    unit | integration | asan | tsan | fuzz) ;;
    *) echo "test: unknown step '$step' (known: unit integration asan tsan fuzz)" >&2; exit 2 ;;
  esac
done

wanted() {
  [[ ${#only[@]} -eq 0 ]] && return 0
  case "$1" in
    install) return 0 ;;
    build) [[ " ${only[*]} " == *" unit "* || " ${only[*]} " == *" integration "* ]] ;;
    *) [[ " ${only[*]} " == *" $1 "* ]] ;;
  esac
}

# ctest of one label; its totals are added to ours. A label without a test is a failure: a renamed
# label must not turn a step green.
run_ctest() {
  local preset=$1 label=$2 log total bad status
  log=$(mktemp)
  ctest --test-dir "build/$preset/cmake" -L "^$label\$" -j "$jobs" --output-on-failure \
    --no-tests=error 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  total=$(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+).*/\2/p' "$log")
  bad=$(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+).*/\1/p' "$log")
  rm -f "$log"
  failed=$((failed + ${bad:-0}))
  passed=$((passed + ${total:-0} - ${bad:-0}))
  return "$status"
}

build() {
  local preset=$1
  shift
  cmake --preset "$preset" -DMILLRACE_BUILD_TESTS=ON &&
    cmake --build --preset "$preset" -j "$jobs" "$@"
}

step_install() { tools/install-deps.sh --what test; }
step_build() { build release; }
step_unit() { run_ctest release unit; }
step_integration() { run_ctest release integration; }
# Half of the seeds: that the results are right all of them have shown in the step `unit`, and nightly's asan-all has all.
step_asan() { build asan --target tests_core && MILLRACE_SEEDS=0.5 run_ctest asan core; }
step_tsan() { build tsan --target tests_runtime && run_ctest tsan runtime; }

# One target on its stored corpus and what earlier runs have found; its output goes into a file.
# What is found new goes into build/fuzz/NAME; the stored corpus is only read.
fuzz() {
  local name=$1 corpus=tests/fuzz/corpus/$1
  mkdir -p "build/fuzz/$name"
  "build/asan/fuzz/${name}_fuzz" -max_total_time="${MILLRACE_FUZZ_SECONDS:-5}" -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/fuzz/$name-" \
    "build/fuzz/$name" $([[ -d "$corpus" ]] && echo "$corpus") >"build/fuzz/$name.log" 2>&1
}

# As many targets at a time as there are jobs.
step_fuzz() {
  local status=0 program name names=() next=0 i
  declare -A pids=()
  build asan --target fuzzers || return 1
  mkdir -p build/fuzz
  for program in build/asan/fuzz/*_fuzz; do
    [[ -x "$program" ]] || { echo "test: no fuzz target exists yet"; return 0; }
    names+=("$(basename "$program" _fuzz)")
  done
  echo "test: fuzzing ${names[*]}, ${MILLRACE_FUZZ_SECONDS:-5} s each, $jobs at a time"
  for ((i = 0; i < ${#names[@]}; ++i)); do
    while ((next < ${#names[@]} && next < i + jobs)); do
      fuzz "${names[next]}" &
      pids[${names[next]}]=$!
      next=$((next + 1))
    done
    name=${names[i]}
    if wait "${pids[$name]}"; then
      passed=$((passed + 1))
      echo "test: $name, $(grep -E 'stat::number_of_executed_units' "build/fuzz/$name.log")"
    else
      tail -60 "build/fuzz/$name.log"
      echo "test: fuzz target $name failed; its input is build/fuzz/$name-*"
      failed=$((failed + 1))
      status=1
    fi
  done
  return $status
}

run_step() {
  local step=$1 begin=$EPOCHREALTIME
  echo "== $step"
  if "step_$step"; then result[$step]=ok; else result[$step]=FAILED; fi
  steps+=("$step")
  seconds[$step]=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.1f", b - a}')
}

over() { awk -v s="$1" -v m="$2" 'BEGIN {exit !(s > m * 60)}'; }

# The table of minutes; false if a step is over its budget, or the sum over the sum of the budgets.
report() {
  local step within=0 sum=0 sum_budget=0 note
  printf '\n%-12s %8s %8s  %s\n' step minutes budget result
  for step in "${steps[@]}"; do
    note=${result[$step]}
    if over "${seconds[$step]}" "${budget[$step]}"; then
      note="$note, OVER BUDGET"
      within=1
    fi
    sum=$(awk -v a="$sum" -v b="${seconds[$step]}" 'BEGIN {print a + b}')
    sum_budget=$((sum_budget + budget[$step]))
    printf '%-12s %8.2f %8d  %s\n' "$step" \
      "$(awk -v s="${seconds[$step]}" 'BEGIN {print s / 60}')" "${budget[$step]}" "$note"
  done
  over "$sum" "$sum_budget" && within=1
  printf '%-12s %8.2f %8d\n' sum "$(awk -v s="$sum" 'BEGIN {print s / 60}')" "$sum_budget"
  return $within
}

exit_code=0
for step in "${all_steps[@]}"; do
  wanted "$step" || continue
  run_step "$step"
  [[ ${result[$step]} == ok ]] && continue
  exit_code=1
  # Nothing after these two can mean anything without them; other failures let the rest run.
  if [[ $step == install || $step == build ]]; then
    failed=$((failed + 1))
    break
  fi
done
if ! report; then
  if [[ ${CI:-} == true ]]; then
    echo "test: over budget, and CI=true makes that a failure"
    exit_code=1
  else
    echo "test: over budget (a failure only with CI=true)"
  fi
fi
# A step that failed without a failed test (its build, or no test found) still shows in the count.
[[ $exit_code -ne 0 && $failed -eq 0 ]] && failed=1
echo "$passed passed, $failed failed"
exit $exit_code
