#!/usr/bin/env python3
"""Runs Apache Flink and timely dataflow once on this machine, our programs on the same shapes, and prints the ratios.

The peers' programs are those of ../shared/baseline (flink, peers/timely), copied to build/baseline and built there
with Maven and cargo; what was built is kept. Flink runs at parallelism 2 beside ours at 2, timely with one worker
beside ours at 1. What counts is records per second of CPU; timely has neither state backends nor checkpoints, and its
shapes are its own (baseline/peers/README.md): for orientation.

Output: CSV shape,peer,peer_M_per_s_per_core,ours_M_per_s_per_core,ratio; a line of # for what went wrong.
Exit code 0; 1 if a program failed; 77 if a peer could not be built here.
"""

import argparse
import csv
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.path.join(os.environ.get("MILLRACE_SHARED", os.path.join(ROOT, "..", "shared")), "baseline")
TIMEOUT = 1500

# Our shape: (Flink's runner and spec, how much it gets, heap), our program's size.
FLINK = {
    **{f"nexmark-{q}": ("nexmark.NexmarkRunner", "--query", f"{q}:{n}", "4g", "20M") for q, n in (
        ("q0", "20M"), ("q1", "20M"), ("q2", "20M"), ("q5", "10M"), ("q7", "3M"), ("q8", "12M"),
        ("q11", "5M"), ("q12e", "12M"), ("q17", "10M"))},
    **{ours: ("micro.MicroRunner", "--bench", f"{theirs}:{n}", heap, size)
       for ours, theirs, n, heap, size in (
           ("mapSinkLong", "mapSink", "400M", "3g", "400M"),
           ("mapRebalanceMapSink", "mapRebalanceMapSink", "100M", "3g", "100M"),
           ("keyedSum1K", "keyedSum", "60M", "3g", "100M"),
           ("keyedSum10M", "keyedSum10M", "15M", "8g", "60M"),
           ("tumbling", "tumbling", "40M", "3g", "80M"),
           ("sliding", "sliding", "6M", "3g", "80M"),
           ("session", "session", "8M", "3g", "60M"),
           ("wordCount", "wordCount", "5M", "3g", "5M"))},
}
# Our shape: timely's workload, its records, its further arguments, our program's size.
TIMELY = {
    "keyedSum1K": ("reduce", "200000000", ["1000"], "100M"),
    "keyedSum1M": ("reduce", "40000000", ["1000000"], "60M"),
    "sliding1K_1s": ("window", "100000000", ["1000", "10000", "1000"], "40M"),
    "sliding10K_1s": ("window", "60000000", ["10000", "10000", "1000"], "40M"),
}


class Missing(Exception):
    """A peer can't be built or run here."""


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:160] if lines else "no message"


def copied(source, name, tools):
    """The peer's copy below build/; its own build results stay when the sources are copied again."""
    for tool in tools:
        if not shutil.which(tool):
            raise Missing(f"{name}: {tool} is not installed")
    if not os.path.isdir(source):
        raise Missing(f"{name}: {os.path.relpath(source, ROOT)} does not exist")
    folder = os.path.join(ROOT, "build", "baseline", name)
    shutil.copytree(source, folder, dirs_exist_ok=True)
    return folder


def built(name, folder, command, result):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=TIMEOUT)
    if done.returncode != 0 or not os.path.exists(os.path.join(folder, result)):
        errors = re.findall(r"^.*error.*$", done.stdout + done.stderr, re.MULTILINE | re.IGNORECASE)
        raise Missing(f"{name}: {' '.join(command)}: "
                      f"{errors[0][:160] if errors else last_line(done.stdout + done.stderr)}")
    return folder


def build_flink():
    """The folder with run.sh; raises Missing."""
    folder = copied(os.path.join(SHARED, "flink"), "flink", ["java", "mvn"])
    jar = "target/flink-baseline.jar"
    if os.path.exists(os.path.join(folder, jar)) and os.path.isdir(os.path.join(folder, "target/lib")):
        return folder
    return built("flink", folder, ["mvn", "-q", "-B", "package"], jar)


def build_timely():
    """The folder with target/release/tim; raises Missing."""
    folder = copied(os.path.join(SHARED, "peers", "timely"), "timely", ["cargo"])
    return built("timely", folder, ["cargo", "build", "--release", "--quiet"], "target/release/tim")


def output_of(command, **kwargs):
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=TIMEOUT, **kwargs)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}, "
                           f"{last_line(done.stderr or done.stdout)}")
    return done.stdout


def tenth(size, quick):
    if not quick:
        return size
    if size.endswith("M"):
        return f"{int(size[:-1]) * 100}K"
    return str(int(size) // 10)


def ours(shape, size, parallelism, quick):
    """Our records per second of CPU, in millions."""
    query = shape.startswith("nexmark-")
    command = [os.path.join(ROOT, "build/release/benchmarks", "nexmark" if query else "micro")]
    command += ["--queries", shape[len("nexmark-"):], "--events"] if query else \
        ["--shapes", shape, "--records"]
    command += [tenth(size, quick), "--parallelism", str(parallelism), "--splits", str(parallelism)]
    row = next(csv.DictReader(output_of(command).splitlines()))
    return float(row["events_per_s_per_core"]) / 1e6


def flink(folder, shape, quick):
    runner, flag, spec, heap, size = FLINK[shape]
    name, events = spec.split(":")
    command = [os.path.join(folder, "run.sh"), runner, flag, f"{name}:{tenth(events, quick)}", "--p", "2"]
    out = output_of(command, env={**os.environ, "HEAP": heap, "GC": "Parallel"})
    for line in out.splitlines():  # what,parallelism,backend,events,seconds,cores,events/s,events/s/core,notes
        cells = line.split(",")
        if len(cells) >= 8 and cells[0].startswith(("nexmark-", "micro-")):
            return float(cells[7]) / 1e6, ours(shape, size, 2, quick)
    raise RuntimeError(f"{' '.join(command)}: no row in its output")


def timely(folder, shape, quick):
    workload, records, arguments, size = TIMELY[shape]
    out = output_of([os.path.join(folder, "target/release/tim"), workload, "1", tenth(records, quick),
                     "1", *arguments])
    found = re.search(r"Mrec/s/core=([\d.]+)", out)
    if not found:
        raise RuntimeError(f"timely {workload}: no rate in its output")
    return float(found.group(1)), ours(shape, size, 1, quick)


def compare(peer, build, run, shapes, options):
    """Prints a row per shape; how many programs failed, or None if the peer is not there."""
    shapes = [s for s in shapes if options.match in s]
    if not shapes:
        return 0
    try:
        folder = build()
    except (Missing, subprocess.TimeoutExpired) as error:
        print(f"# {error}", flush=True)
        return None
    failed = 0
    for shape in shapes:
        try:
            theirs, our_rate = run(folder, shape, options.quick)
            print(f"{shape},{peer},{theirs:.3f},{our_rate:.3f},{our_rate / theirs:.2f}", flush=True)
        except (RuntimeError, subprocess.TimeoutExpired, OSError, StopIteration) as error:
            print(f"# {shape}, {peer}: {error}", flush=True)
            failed += 1
    return failed


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--match", default="", help="only shapes that contain this text")
    parser.add_argument("--peer", choices=["flink", "timely"])
    parser.add_argument("--quick", action="store_true", help="a tenth of the events: a look, no proof")
    options = parser.parse_args()
    for program in ("nexmark", "micro"):
        if not os.access(os.path.join(ROOT, "build/release/benchmarks", program), os.X_OK):
            print(f"build/release/benchmarks/{program} does not exist: build the preset release first")
            return 77
    print("shape,peer,peer_M_per_s_per_core,ours_M_per_s_per_core,ratio", flush=True)
    outcomes = []
    if options.peer != "timely":
        outcomes.append(compare("flink", build_flink, flink, FLINK, options))
    if options.peer != "flink":
        outcomes.append(compare("timely", build_timely, timely, TIMELY, options))
    missing, failed = outcomes.count(None), sum(filter(None, outcomes))
    print(f"# peers: {missing} of {len(outcomes)} can't be built here, {failed} shapes failed")
    return 1 if failed else 77 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
