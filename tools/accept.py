#!/usr/bin/env python3
"""Holds an issue's "Done when" lines against what the programs measure now.

The lines are in benchmarks/data/limits.csv: issue,line,command,metric,op,limit,kind,note.

command  what to run, from build/release; several joined by ` ;; ` run in turn as a, b, c ...
         benchmarks/X ...  prints CSV; five runs, fifteen where the five do not agree about the limit,
                           the metric's median (latency: quiet runs only)
         2x benchmarks/X   the same program twice at once; the slower of the two counts
         script-java       the Java generator of ../shared/baseline/flink: java.events_per_s
         rss benchmarks/X  the process's peak memory, taken when it ends or after three seconds
         gtest FILTER      all test programs; metrics `failed`, `ran`; FAIL if nothing matches
         ctest REGEX       tests by name; metrics `failed`, `ran`; FAIL if nothing matches
         script COMMAND    from the root; metric `exit_code`
         slow: before one  only with --slow
metric   an expression over WHO.COLUMN or a.WHO.COLUMN; WHO is engine, handwritten or gen
limit    a number, or from benchmarks/data/targets.csv: must_x_hand(SHAPE), goal_x_hand(SHAPE),
         hand_over_gen(SHAPE), the last with the allowance of the methods page added
kind     must or goal

Exit code 0 if every must passes, 1 if one fails, 3 if none fails but one was not measurable.
"""

import argparse
import collections
import csv
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import accept_measure as measure

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLUMNS = ["issue", "line", "command", "metric", "op", "limit", "kind", "note"]


def read_limits(path):
    """The lines of the limits file; a malformed one ends the program, it is never skipped."""
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            sys.exit(f"accept: {path}: the header is not {','.join(COLUMNS)}")
        rows = list(reader)
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values() or row["kind"] not in ("must", "goal") or \
                row["op"] not in ("<=", ">="):
            sys.exit(f"accept: {path}:{number}: wrong number of fields, kind or op")
    return rows


def read_targets(path):
    with open(path, newline="", encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    return {row["shape"].split(" ")[0]: row for row in csv.DictReader(lines)}


def resolve_limit(text, targets):
    """The number a limit stands for; raises NotMeasurable if targets.csv has no figure."""
    if "(" not in text:
        return float(text)
    column, shape = text.rstrip(")").split("(")
    figure = targets.get(shape, {}).get(column, "").lstrip("~")
    if not figure:
        raise measure.NotMeasurable(f"targets.csv has no {column} for {shape}")
    value = float(figure)
    if column == "hand_over_gen":
        return value + 0.12 if value < 1.5 else value * 1.25
    return value


def judge(row, targets, bench):
    """(measured, limit, verdict) as text."""
    limit_text = row["limit"]
    try:
        limit = resolve_limit(row["limit"], targets)
        limit_text = f"{row['op']} {limit:g}"
        value = bench.value(row["command"], row["metric"], limit)
    except measure.NotMeasurable as error:
        return error.seen or "-", limit_text, f"NOT MEASURABLE ({error})"
    except measure.Broken as error:
        return "-", limit_text, f"FAIL ({error})"
    passed = value <= limit if row["op"] == "<=" else value >= limit
    return f"{value:.4g}", limit_text, "PASS" if passed else "FAIL"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("issue", help="the issue's number")
    parser.add_argument("--quick", action="store_true",
                        help="a tenth of the events and one run: a look, no proof")
    parser.add_argument("--slow", action="store_true", help="also what takes many minutes")
    parser.add_argument("--match", default="", help="only lines that contain this text")
    parser.add_argument("--without", help="only lines that do not contain this text")
    parser.add_argument("--kind", choices=["must", "goal"])
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--limits", default=os.path.join(ROOT, "benchmarks/data/limits.csv"))
    parser.add_argument("--targets", default=os.path.join(ROOT, "benchmarks/data/targets.csv"))
    options = parser.parse_args()
    rows = [row for row in read_limits(options.limits) if row["issue"] == options.issue]
    if not rows:
        print(f"accept: {options.limits} has no line for issue {options.issue}", file=sys.stderr)
        return 2
    targets = read_targets(options.targets)
    bench = measure.Bench(ROOT, options.build, options.quick, options.slow)
    counts = {"must": collections.Counter(), "goal": collections.Counter()}
    for row in rows:
        if options.without and options.without in row["line"]:
            continue
        if options.match not in row["line"] or options.kind not in (None, row["kind"]):
            continue
        measured, limit, verdict = judge(row, targets, bench)
        counts[row["kind"]][verdict.split(" (")[0]] += 1
        goal = "goal: " if row["kind"] == "goal" else ""
        print(f"{goal}{row['line']}, {measured}, {limit}, {verdict}", flush=True)
    summary = "; ".join(
        f"{kind}: " + ", ".join(f"{count[v]} {v}" for v in ("PASS", "FAIL", "NOT MEASURABLE"))
        for kind, count in counts.items())
    print(f"accept {options.issue}{' --quick' if options.quick else ''}: {summary}")
    return 1 if counts["must"]["FAIL"] else 3 if counts["must"]["NOT MEASURABLE"] else 0


if __name__ == "__main__":
    sys.exit(main())
