"""Runs the programs that tools/accept.py judges, each command once, and evaluates metrics."""

import ast
import csv
import glob
import operator
import os
import re
import shlex
import signal
import statistics
import subprocess
import time

import peers

_RUNS = 5
_RUNS_IN_DOUBT = 15  # when some of five runs are on either side of the limit
_QUIET_RUNS_TRIED = 20
_QUIET_STALL_MS = 1.0
_IDLE_SECONDS = 3
_PROGRAM_TIMEOUT = 900
_SCRIPT_TIMEOUT = 2700
_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
              ast.Div: operator.truediv}


class NotMeasurable(Exception):
    """Nothing could be said; `seen` is what was seen all the same."""

    def __init__(self, why, seen=""):
        super().__init__(why)
        self.seen = seen


class Broken(Exception):
    """The program ran and failed: a breach, not a gap."""


def _last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:160] if lines else "no message"


def evaluate(expression, names):
    """The value of an arithmetic expression; `names` maps dotted names to numbers."""
    def value(node):
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("min", "max"):
            return {"min": min, "max": max}[ast.unparse(node.func)](map(value, node.args))
        name = ast.unparse(node)
        if name in names:
            return names[name]
        raise NotMeasurable(f"the programs print no {name}")

    try:
        return float(value(ast.parse(expression, mode="eval").body))
    except ZeroDivisionError as error:
        raise NotMeasurable(f"{expression} divides by zero") from error


def _rows_to_names(rows):
    """{who.column: number} of one program's CSV rows."""
    names = {}
    for row in rows:
        who = "gen" if row.get("query") == "gen" else row.get("variant") or "engine"
        for column, text in row.items():
            try:
                names[f"{who}.{column}"] = float(text)
            except (TypeError, ValueError):
                continue  # a name or an empty cell
    return names


class Bench:
    """Runs commands; one command's runs serve every line that names it."""

    def __init__(self, root, build, quick, slow):
        self._root, self._build = root, build
        self._quick, self._slow = quick, slow
        self._results = {}  # command -> list of {name: number}, one a run, or an exception

    def value(self, command, metric, limit):
        """The metric's median over the command's runs; more runs where they do not agree about the limit."""
        if command not in self._results:
            try:
                self._results[command] = self._measure(command)
            except (NotMeasurable, Broken) as error:
                self._results[command] = error
        result = self._results[command]
        if isinstance(result, NotMeasurable) and result.seen:
            runs = result.args[1] if len(result.args) > 1 else []
            seen = "; ".join(f"{evaluate(metric, run):.4g}" for run in runs[:2])
            raise NotMeasurable(str(result.args[0]), seen or result.seen)
        if isinstance(result, Exception):
            raise result
        values = [evaluate(metric, names) for names in result]
        if len(result) == _RUNS and min(values) <= limit <= max(values) and self._in_turns(command):
            parts = command.split(" ;; ")
            result += [self._turn(parts) for _ in range(_RUNS_IN_DOUBT - _RUNS)]
            values = [evaluate(metric, names) for names in result]
        return statistics.median(values)

    @staticmethod
    def _in_turns(command):
        return command.startswith("benchmarks/") and "benchmarks/latency" not in command

    def _measure(self, command):
        if command.startswith("slow:"):
            if not self._slow:
                raise NotMeasurable("takes many minutes: --slow, or see docs/nightly.md")
            command = command[5:].strip()
        kind, _, rest = command.partition(" ")
        single = {"gtest": self._gtest, "ctest": self._ctest, "script": self._script,
                  "rss": self._rss}
        if kind == "none":
            raise NotMeasurable(rest)
        if kind in single:
            return [single[kind](rest)]
        parts = command.split(" ;; ")
        if "benchmarks/latency" in command:
            return self._quiet_runs(parts[0])
        return [self._turn(parts) for _ in range(1 if self._quick else _RUNS)]

    def _turn(self, parts):
        """One run of each command; the first one's names go without a letter too."""
        names = {}
        for letter, part in zip("abcdefgh", parts):
            times = 2 if part.startswith("2x ") else 1
            outputs = [self._java()] if part == "script-java" else \
                self._programs([part.removeprefix("2x ")] * times)
            merged = {}
            for output in outputs:  # of two at once the slower counts
                for name, value in output.items():
                    merged[name] = max(value, merged.get(name, value))
            names.update({f"{letter}.{name}": value for name, value in merged.items()})
            if letter == "a":
                names.update(merged)
        return names

    def _quiet_runs(self, command):
        wanted, tried = (1, 3) if self._quick else (_RUNS, _QUIET_RUNS_TRIED)
        quiet, loud = [], []
        for _ in range(tried):
            names = self._programs([command])[0]
            if "engine.stall_p999_ms" not in names:
                raise NotMeasurable("the program prints no stall_p999_ms")
            (quiet if names["engine.stall_p999_ms"] < _QUIET_STALL_MS else loud).append(names)
            if len(quiet) == wanted:
                return quiet
        error = NotMeasurable(f"only {len(quiet)} of {tried} runs were quiet", "seen")
        error.args = (error.args[0], (quiet + loud)[:2])
        raise error

    def _arguments(self, command):
        words = shlex.split(command)
        if self._quick:
            for i, word in enumerate(words[:-1]):
                if word in ("--events", "--records"):
                    words[i + 1] = re.sub(
                        r"^(\d+)M$", lambda m: f"{int(m.group(1)) * 100}K", words[i + 1])
                elif word == "--seconds":
                    words[i + 1] = "5"
        words[0] = os.path.join(self._build, words[0])
        if not os.access(words[0], os.X_OK):
            raise NotMeasurable(f"{os.path.relpath(words[0], self._root)} does not exist")
        return words

    def _programs(self, commands):
        """The names of each command's CSV; all run at once."""
        running = [subprocess.Popen(self._arguments(command), stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                   for command in commands]
        results = []
        for process, command in zip(running, commands):
            try:
                out, err = process.communicate(timeout=_PROGRAM_TIMEOUT)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise Broken(f"{command}: not done after {_PROGRAM_TIMEOUT} s") from error
            if process.returncode == 2:
                raise NotMeasurable(f"{command}: {_last_line(err)}")
            if process.returncode != 0:
                raise Broken(f"{command}: exit code {process.returncode}, {_last_line(err)}")
            lines = [line for line in out.splitlines() if line and not line.startswith("#")]
            results.append(_rows_to_names(csv.DictReader(lines)))
        return results

    def _rss(self, command):
        process = subprocess.Popen(self._arguments(command), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        peak, end = 0, time.monotonic() + _IDLE_SECONDS
        while process.poll() is None and time.monotonic() < end:
            try:
                with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                    found = re.search(r"VmHWM:\s*(\d+) kB", file.read())
                peak = max(peak, int(found.group(1))) if found else peak
            except OSError:
                break
            time.sleep(0.002)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=10)
        elif process.returncode != 0:
            raise Broken(f"{command}: exit code {process.returncode}")
        if not peak:
            raise NotMeasurable(f"{command} ended before its memory could be read")
        return {"process.peak_rss_mb": peak / 1024}

    def _java(self):
        """The Java generator's rate; NotMeasurable without Java, Maven or the baseline's sources."""
        try:
            folder = peers.build_flink()
        except (peers.Missing, subprocess.TimeoutExpired) as error:
            raise NotMeasurable(str(error)) from error
        out = subprocess.run([os.path.join(folder, "run.sh"), "nexmark.GeneratorCheck"],
                             capture_output=True, text=True, check=False, timeout=_PROGRAM_TIMEOUT)
        speed = re.search(r"^speed: ([\d.]+) M events/s", out.stdout, re.MULTILINE)
        if out.returncode != 0 or not speed:
            raise NotMeasurable(f"GeneratorCheck: {_last_line(out.stdout + out.stderr)}")
        return {"java.events_per_s": float(speed.group(1)) * 1e6}

    def _gtest(self, pattern):
        failed = ran = skipped = 0
        for program in sorted(glob.glob(os.path.join(self._build, "tests", "*_test"))):
            out = subprocess.run([program, f"--gtest_filter={pattern}"], capture_output=True,
                                 text=True, check=False, timeout=_SCRIPT_TIMEOUT)
            count = re.search(r"^\[==========\] (\d+) tests? from .* ran", out.stdout, re.MULTILINE)
            ran += int(count.group(1)) if count else 0
            skip = re.search(r"^\[  SKIPPED \] (\d+) tests?", out.stdout, re.MULTILINE)
            skipped += int(skip.group(1)) if skip else 0
            if out.returncode != 0:
                failed += max(1, len(re.findall(r"^\[  FAILED  \] \S+ \(", out.stdout, re.MULTILINE)))
        if ran == 0 and failed == 0:
            raise Broken(f"no test matches {pattern}")
        if ran == skipped and failed == 0:
            raise NotMeasurable(f"all {skipped} tests that match {pattern} were skipped")
        return {"failed": failed, "ran": ran - skipped}

    def _ctest(self, pattern):
        out = subprocess.run(["ctest", "--test-dir", os.path.join(self._build, "cmake"), "-R", pattern,
                              "--no-tests=error"], capture_output=True, text=True, check=False,
                             timeout=_SCRIPT_TIMEOUT)
        found = re.search(r"tests passed, (\d+) tests? failed out of (\d+)", out.stdout)
        if not found:
            raise Broken(f"no test matches {pattern}")
        return {"failed": int(found.group(1)), "ran": int(found.group(2))}

    def _script(self, command):
        try:
            out = subprocess.run(command, shell=True, cwd=self._root, capture_output=True,
                                 text=True, check=False, stdin=subprocess.DEVNULL,
                                 timeout=_SCRIPT_TIMEOUT)
        except subprocess.TimeoutExpired as error:
            raise Broken(f"{command}: not done after {_SCRIPT_TIMEOUT} s") from error
        if out.returncode == 77:
            raise NotMeasurable(_last_line(out.stdout + out.stderr))
        names = {"exit_code": out.returncode}
        for name, value in re.findall(r"^(\w+)=([\d.]+)$", out.stdout, re.MULTILINE):
            names[name] = float(value)
        return names
