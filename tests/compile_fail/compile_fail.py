#!/usr/bin/env python3
"""Compiles every case of an author's mistake and holds what the compiler says against its budget.

    compile_fail.py [--compiler g++] [--jobs N] [--show] [CASE...]

A case says in its first two lines which phrase must appear and in how many lines of output, at
most. ok.cc must compile: it shows that the cases fail for their own reasons. Lines are counted
without the compiler's quotes of the source (carets).
"""

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def compile_case(compiler, path):
    command = [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
               "-fno-diagnostics-show-caret", f"-I{ROOT / 'include'}", f"-I{HERE}", str(path)]
    done = subprocess.run(command, text=True, capture_output=True,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))
    return done.returncode, done.stderr.splitlines()


def header(path, key):
    for line in path.read_text().splitlines()[:2]:
        if line.startswith(f"// {key}: "):
            return line.split(": ", 1)[1]
    sys.exit(f"compile_fail: {path} has no line '// {key}: '")


def judge(compiler, path):
    """The case's fault, or none, and the output."""
    code, lines = compile_case(compiler, path)
    if path.name == "ok.cc":
        return (None if code == 0 else "does not compile"), lines
    phrase, budget = header(path, "expect"), int(header(path, "lines"))
    if code == 0:
        return "compiles", lines
    if not any(phrase in line for line in lines):
        return f"the phrase '{phrase}' is missing", lines
    if len(lines) > budget:
        return f"{len(lines)} lines, at most {budget} allowed", lines
    return None, lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--show", action="store_true", help="print every output")
    parser.add_argument("cases", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    cases = arguments.cases or sorted(HERE.glob("*/*.cc")) + [HERE / "ok.cc"]
    if not arguments.cases and len(cases) < 21:
        sys.exit("compile_fail: cases are missing")
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = pool.map(lambda path: judge(arguments.compiler, path), cases)
        for path, (fault, lines) in zip(cases, results):
            failed += fault is not None
            print(f"{'FAILED' if fault else 'ok':6} {len(lines):3} {path.stem}: {fault or ''}")
            if fault or arguments.show:
                print("\n".join("    " + line[:300] for line in lines[:16]))
    print(f"{len(cases) - failed} as expected, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
