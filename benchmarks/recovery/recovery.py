#!/usr/bin/env python3
"""How long a job with keyed state is without output when one of its workers is killed.

    recovery.py [--rows 1000000] [--workers 2] [--rate 20000] [--interval 1s] [--kills 10] [--program recovery_job]
                [--detection-ms LIMIT] [--first-output-ms LIMIT]

Fills the rows (8-byte key, 88-byte value), then kills a random worker with SIGKILL, again and again, each time after two
more checkpoints. One CSV line: medians and maxima, in milliseconds from the kill, of the moment at which the master says
that it restarts (detection: the clock of its log has milliseconds), of the first update that comes out of a restarted
subtask, and of the last subtask's first one. With limits the exit code is 1 when a median is over its limit, or a maximum
over twice that.
"""

import argparse
import datetime
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "build/release/benchmarks/recovery_job"


def wait_for(what, condition, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.002)
    sys.exit(f"recovery: waited {seconds} s for {what}")


def children(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def newest(folder):
    ids = [int(m.group(1)) for p in folder.glob("checkpoint-*.manifest") if (m := re.search(r"-(\d+)\.", p.name))]
    return max(ids, default=0)


class Job:
    def __init__(self, arguments, folder):
        self.folder, self.checkpoints, self.log = folder, folder / "checkpoints", folder / "log"
        command = [str(arguments.program), str(folder), str(arguments.rows), str(arguments.rate),
                   "--parallelism", str(arguments.workers), "--workers", str(arguments.workers),
                   "-D", f"checkpoint.dir={self.checkpoints}", "-D", f"checkpoint.interval={arguments.interval}",
                   "-D", "memory=8GiB",
                   # The wait of a first failure each time: the default doubles it from one to the next.
                   "-D", "restart-strategy.type=fixed-delay", "-D", "restart-strategy.fixed-delay.attempts=1000000",
                   "-D", "restart-strategy.fixed-delay.delay=50ms"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=open(self.log, "wb"))
        self.seen = 0

    def check(self):
        if self.process.poll() is not None:
            sys.exit("recovery: the job has ended:\n" + self.log.read_text())

    def firsts(self):
        """(process, subtask, nanoseconds) of each first row so far."""
        path = self.folder / "first"
        lines = path.read_text().splitlines() if path.exists() else []
        return [tuple(int(n) for n in line.split()) for line in lines]

    def two_more_checkpoints(self):
        begin = newest(self.checkpoints)
        wait_for("two checkpoints", lambda: self.check() or newest(self.checkpoints) >= begin + 2)

    def detected(self, since):
        """The milliseconds from `since` to the newest restart that the log tells of."""
        times = re.findall(r"^(\S+Z) warning restart", self.log.read_text(), re.M)
        at = datetime.datetime.fromisoformat(times[-1].replace("Z", "+00:00")).timestamp()
        return (at - since) * 1e3

    def kill_one(self, workers):
        known = {first[0] for first in self.firsts()}
        victim = random.choice(children(self.process.pid))
        wall, began = time.time(), time.monotonic_ns()
        os.kill(victim, signal.SIGKILL)

        def after():
            self.check()
            found = [f for f in self.firsts() if f[0] not in known]
            return found if len(found) >= workers else None
        found = wait_for("output of all subtasks", after)
        nanos = [f[2] - began for f in found]
        return max(0.0, self.detected(wall)), min(nanos) / 1e6, max(nanos) / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=int, default=20000)
    parser.add_argument("--interval", default="1s")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("--detection-ms", type=float)
    parser.add_argument("--first-output-ms", type=float)
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-recovery-", dir=os.environ.get("MILLRACE_BENCHMARK_DIR")))
    job = Job(arguments, folder)
    try:
        wait_for("the state", lambda: job.check() or (folder / "filled").exists(), 300)
        results = []
        for _ in range(arguments.kills):
            job.two_more_checkpoints()
            results.append(job.kill_one(arguments.workers))
    finally:
        job.process.kill()
        job.process.wait()
        shutil.rmtree(folder)
    columns = list(zip(*results))
    figures = [f"{f(c):.1f}" for c in columns for f in (statistics.median, max)]
    print("rows,state_mb,workers,interval,kills,detection_ms,detection_ms_max,first_output_ms,first_output_ms_max,"
          "all_output_ms,all_output_ms_max")
    print(f"{arguments.rows},{arguments.rows * 96 / 1e6:.0f},{arguments.workers},{arguments.interval},"
          f"{arguments.kills},{','.join(figures)}")
    for column, limit in zip(columns, (arguments.detection_ms, arguments.first_output_ms)):
        if limit is not None and (statistics.median(column) > limit or max(column) > 2 * limit):
            sys.exit(1)


if __name__ == "__main__":
    main()
