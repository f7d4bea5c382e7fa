#!/usr/bin/env python3
"""Installs Millrace, builds hello/ against the installed package alone, runs it, its test, a job of
Protobuf messages and the examples.

    package_test.py --build BUILD_FOLDER [--cmake CMAKE] [--keep FOLDER] [--only hello]

--keep leaves the prefix and the programs (FOLDER/hello/hello, FOLDER/examples/...) behind; what of them is up to date
is not built again.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# What every Debian has. Anything else would have to be installed where the job runs.
ALLOWED = {"linux-vdso", "libc", "libm", "libgcc_s", "libstdc++", "ld-linux-x86-64"}
EXPECTED = ["hello", "streaming", "world"]


def run(*command):
    done = subprocess.run([str(part) for part in command], text=True, capture_output=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        sys.exit(f"package: exit code {done.returncode}: {' '.join(map(str, command))}")
    return done.stdout


def build(cmake, project, folder):
    run(cmake, "-G", "Ninja", "-S", HERE / project, "-B", folder / project,
        f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}")
    run(cmake, "--build", folder / project, "--parallel", 2)


def needs_nothing_of_ours(program):
    needed = {re.split(r"\.so", line.split()[0].split("/")[-1])[0]
              for line in run("ldd", program).splitlines()}
    print(f"package: {program.name} needs", ", ".join(sorted(needed)))
    if needed - ALLOWED:
        sys.exit(f"package: {program.name} needs {', '.join(sorted(needed - ALLOWED))}")


def check_hello(cmake, folder):
    build(cmake, "hello", folder)
    program = folder / "hello" / "hello"
    output = run(program)
    print(output, end="")
    for word in EXPECTED:
        if word not in output:
            sys.exit(f"package: the job did not print {word}")
    needs_nothing_of_ours(program)


def check_kit(cmake, folder):
    build(cmake, "kit", folder)
    crash = subprocess.run([folder / "kit" / "crash", "--isolated"], text=True, capture_output=True,
                           check=False)
    if crash.returncode != 1 or "TripOverNothing" not in crash.stderr:
        sys.exit(f"package: --isolated does not name the function that crashed:\n{crash.stderr}")
    ctest = pathlib.Path(cmake).with_name("ctest") if "/" in cmake else "ctest"
    passed = run(ctest, "--test-dir", folder / "kit", "--output-on-failure", "--no-tests=error")
    print(passed.strip().split("\n")[-3])


def check_protobuf(cmake, folder):
    build(cmake, "protobuf", folder)
    program = folder / "protobuf" / "readings"
    output = run(program, "-D", "exchange=serialized")
    if '{sensor: "roof" time_ms: 2000 value: 4}' not in output:
        sys.exit(f"package: the job of Protobuf messages printed:\n{output}")
    needs_nothing_of_ours(program)


def check_examples(cmake, folder):
    build(cmake, "examples", folder)
    for source in sorted((ROOT / "examples").glob("*.cc")):
        needs_nothing_of_ours(folder / "examples" / source.stem)
    run(sys.executable, "-B", ROOT / "tests" / "e2e" / "examples_test.py", folder / "examples")
    print("package: the examples pass tests/e2e/examples_test.py")


def check(arguments, folder):
    run(arguments.cmake, "--install", arguments.build, "--prefix", folder / "prefix")
    check_hello(arguments.cmake, folder)
    if arguments.only != "hello":
        check_kit(arguments.cmake, folder)
        check_protobuf(arguments.cmake, folder)
        check_examples(arguments.cmake, folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--only", choices=["hello"])
    arguments = parser.parse_args()
    if arguments.keep:
        check(arguments, arguments.keep.resolve())
        return
    with tempfile.TemporaryDirectory(prefix="millrace_package_") as folder:
        check(arguments, pathlib.Path(folder))


if __name__ == "__main__":
    main()
