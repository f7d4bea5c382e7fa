#!/usr/bin/env python3
"""Installs Millrace, builds hello/ against the installed package alone, runs it and its test.

    package_test.py --build BUILD_FOLDER [--cmake CMAKE] [--keep FOLDER]

--keep leaves the prefix and the program (FOLDER/hello/hello) behind.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# What every Debian has. Anything else would have to be installed where the job runs.
ALLOWED = {"linux-vdso", "libc", "libm", "libgcc_s", "libstdc++", "ld-linux-x86-64"}
EXPECTED = ["hello", "streaming", "world"]


def run(*command):
    done = subprocess.run([str(part) for part in command], text=True, capture_output=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        sys.exit(f"package: exit code {done.returncode}: {' '.join(map(str, command))}")
    return done.stdout


def check(cmake, build, folder):
    prefix = folder / "prefix"
    program = folder / "hello" / "hello"
    run(cmake, "--install", build, "--prefix", prefix)
    run(cmake, "-S", HERE / "hello", "-B", folder / "hello", f"-DCMAKE_PREFIX_PATH={prefix}")
    run(cmake, "--build", folder / "hello")
    output = run(program)
    print(output, end="")
    for word in EXPECTED:
        if word not in output:
            sys.exit(f"package: the job did not print {word}")
    crash = subprocess.run([folder / "hello" / "crash", "--isolated"], text=True, capture_output=True, check=False)
    if crash.returncode != 1 or "TripOverNothing" not in crash.stderr:
        sys.exit(f"package: --isolated does not name the function that crashed:\n{crash.stderr}")
    ctest = pathlib.Path(cmake).with_name("ctest") if "/" in cmake else "ctest"
    passed = run(ctest, "--test-dir", folder / "hello", "--output-on-failure", "--no-tests=error")
    print(passed.strip().split("\n")[-3])
    needed = {re.split(r"\.so", line.split()[0].split("/")[-1])[0]
              for line in run("ldd", program).splitlines()}
    print("package: needs", ", ".join(sorted(needed)))
    if needed - ALLOWED:
        sys.exit(f"package: the job needs {', '.join(sorted(needed - ALLOWED))}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.keep:
        check(arguments.cmake, arguments.build, arguments.keep.resolve())
        return
    with tempfile.TemporaryDirectory(prefix="millrace_package_") as folder:
        check(arguments.cmake, arguments.build, pathlib.Path(folder))


if __name__ == "__main__":
    main()
