#!/usr/bin/env python3
"""Compiles a job and holds the compiler's CPU seconds (user and system, -O0) and memory against a budget.

    compile_budget.py --compiler g++ --root SOURCE JOB.cc --seconds 2 [--megabytes 1000]
    compile_budget.py --compiler g++ --root SOURCE JOB.cc --seconds 0.15 --more MACRO --steps 10

With --more the budget is for one of the N steps that -DMACRO adds. The figure is the median of three runs. Other
programs on the machine only ever make it larger (they take the caches), so that a median over the budget is measured
again, up to twice, and the least counts.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

RUNS = 3
ROUNDS = 3


def compile_once(arguments, *flags):
    """(CPU seconds, peak megabytes) of one run of the compiler."""
    with tempfile.TemporaryDirectory(prefix="millrace_budget_") as folder:
        process = subprocess.Popen(
            [arguments.compiler, "-std=c++20", "-O0", *flags, "-I", "include", "-c", arguments.job, "-o",
             os.path.join(folder, "job.o")], cwd=arguments.root)
        _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{arguments.job} does not compile")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(arguments):
    """The medians of the runs: seconds that the budget is for, and megabytes."""
    runs = [compile_once(arguments) for _ in range(RUNS)]
    seconds = statistics.median(run[0] for run in runs)
    if arguments.more:
        more = statistics.median(compile_once(arguments, "-D" + arguments.more)[0] for _ in range(RUNS))
        seconds = (more - seconds) / arguments.steps
    return seconds, statistics.median(run[1] for run in runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--megabytes", type=float, default=1000)
    parser.add_argument("--more", help="a macro that adds steps to the job")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("job")
    arguments = parser.parse_args()
    for _ in range(ROUNDS):
        seconds, megabytes = measure(arguments)
        print(f"{arguments.job}: {seconds:.3f} s (budget {arguments.seconds}), {megabytes:.0f} MB "
              f"(budget {arguments.megabytes:.0f})", flush=True)
        if seconds < arguments.seconds and megabytes < arguments.megabytes:
            return
    sys.exit("over the budget: g++ -ftime-report -H says what costs")


if __name__ == "__main__":
    main()
