#!/usr/bin/env python3
"""Compiles a case that must not compile, and judges the compiler's message.

    compile_fail.py --compiler g++ --root SOURCE --build FOLDER precompile
    compile_fail.py --compiler g++ --root SOURCE --build FOLDER case CASE.cc
    compile_fail.py --compiler g++ --root SOURCE --build FOLDER repaired CASE.cc ...
    compile_fail.py --compiler g++ --root SOURCE --build FOLDER compiles CASE.cc
    compile_fail.py --compiler g++ --root SOURCE --build FOLDER unchanged CASE.cc

`precompile` makes the header that the others use, `repaired` compiles cases with -DFIXED, `compiles` is the control,
`unchanged` holds that the message is the same without the precompiled header. A case says in comments what its message must be:

    // expects: a text of the message            (one or more lines)
    // types: text; text                         each must stand in it
    // lines: 15                                 at most; 10 unless said
    // errors: 2                                 1 unless said: where a macro stands wrong, the compiler speaks first

and compiles with -DFIXED: so it fails for the reason it names.
"""

import argparse
import os
import re
import subprocess
import sys

HEADER = "millrace/millrace.h"
TEST_KIT = "millrace/testing/testing.h"  # is not precompiled
LINES = 10
SENTENCE = 100  # characters of a static_assert's text


class Compiler:
    def __init__(self, arguments):
        self._compiler = arguments.compiler
        self.build = arguments.build

    def run(self, *arguments, precompiled=True):
        """Whether it compiled, and the message; paths relative to the root, as a user sees them."""
        folders = ["-I", self.build] if precompiled else []
        done = subprocess.run(
            [self._compiler, "-std=c++20", "-fsyntax-only", "-fdiagnostics-color=never", *folders,
             "-I", "include", "-I", ".", *arguments],
            capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
        message = done.stderr
        if precompiled:
            message = self._with_includer(message, arguments[-1])
        return done.returncode == 0, message

    def _with_includer(self, message, path):
        """With a precompiled header gcc forgets who included it; `unchanged` holds that this is all."""
        with open(path, encoding="utf-8") as file:
            line = file.read().split(f'"{HEADER}"')[0].count("\n") + 1
        return re.sub(rf"(include/{HEADER}:\d+):\n", rf"\1,\n{' ' * 17}from {path}:{line}:\n", message, count=1)

    def precompile(self):
        header = os.path.join(self.build, HEADER + ".gch")
        os.makedirs(os.path.dirname(header), exist_ok=True)
        subprocess.run([self._compiler, "-std=c++20", "-w", "-x", "c++-header", "-I", "include", "-I", ".",
                        f"include/{HEADER}", "-o", header], check=True)


def demands(text, name):
    """The values of a case's comments `// name: value`."""
    return re.findall(rf"^// {name}: (.+)$", text, re.MULTILINE)


def faults(text, message):
    """What is wrong with the compiler's message about a case."""
    lines = message.rstrip("\n").split("\n")
    most = int((demands(text, "lines") or [LINES])[0])
    if len(lines) > most:
        yield f"the message has {len(lines)} lines, at most {most} are allowed"
    errors = len(re.findall(r"\berror: ", message))
    if errors != int((demands(text, "errors") or [1])[0]):
        yield f"the message has {errors} errors: one mistake is one error"
    wanted = demands(text, "expects")
    if not wanted:
        yield "the case does not say what it expects"
    for part in wanted + [part for types in demands(text, "types") for part in types.split("; ")]:
        if part not in message:
            yield f"the message does not say: {part}"
    for sentence in re.findall(r"static assertion failed: (.*)", message):
        if len(sentence) > SENTENCE:
            yield f"the sentence has {len(sentence)} characters, at most {SENTENCE} are allowed"


def check_case(compiler, path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    compiled, message = compiler.run(path, precompiled=TEST_KIT not in text)
    return (["it compiles"] if compiled else list(faults(text, message))), message


def check_repaired(compiler, paths):
    """All in one go, a namespace each: the compiler's start takes longer than a case."""
    name = os.path.join(compiler.build, os.path.basename(os.path.dirname(paths[0])) + "_repaired.cc")
    headers = {f'#include "{HEADER}"': None}
    for path in paths:  # what a case includes stands outside of its namespace
        with open(path, encoding="utf-8") as file:
            headers.update(dict.fromkeys(re.findall(r"^#include .*$", file.read(), re.MULTILINE)))
    with open(name, "w", encoding="utf-8") as file:
        file.write("\n".join(headers) + "\n")
        for number, path in enumerate(paths):
            file.write(f'namespace case_{number} {{\n#include "{path}"\n}}\n')
    compiled, message = compiler.run("-DFIXED", name, precompiled=f'#include "{TEST_KIT}"' not in headers)
    return ([] if compiled else ["a case does not compile with -DFIXED either"]), message


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("compiler", "root", "build"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("action", choices=["precompile", "case", "repaired", "compiles", "unchanged"])
    parser.add_argument("paths", nargs="*")
    arguments = parser.parse_args()
    os.chdir(arguments.root)
    compiler = Compiler(arguments)
    path = arguments.paths[0] if arguments.paths else ""
    found, message = [], ""
    if arguments.action == "precompile":
        compiler.precompile()
    elif arguments.action == "case":
        found, message = check_case(compiler, path)
    elif arguments.action == "repaired":
        found, message = check_repaired(compiler, arguments.paths)
    elif arguments.action == "compiles":
        compiled, message = compiler.run(path)
        found = [] if compiled else ["it does not compile"]
    else:
        message = compiler.run(path)[1]
        plain = compiler.run(path, precompiled=False)[1]
        if message != plain:
            found = ["the precompiled header changes the message"]
            message += "\nwithout it:\n" + plain
    if found:
        sys.exit("\n".join([f"{path}: {fault}" for fault in found] + [message]))


if __name__ == "__main__":
    main()
