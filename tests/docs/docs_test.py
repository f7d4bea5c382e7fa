#!/usr/bin/env python3
"""Compiles the C++ blocks of one page, runs its programs, and compares what the page says that they print.

    docs_test.py --headers --work FOLDER --compiler CXX [--flag=FLAG]...
    docs_test.py --page PAGE.md --work FOLDER --compiler CXX [--flag=FLAG]... [--link=FLAG]...

--headers compiles Millrace's headers once for all pages: without, each page takes seconds longer.

An error names the page and the line. The conventions are in docs/README.md.
"""

import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import page as pages

SECONDS = 60


def write(folder, block):
    path = folder / block.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(block.lines) + "\n", encoding="utf-8")


def compile_messages(folder, block, arguments):
    """Makes NAME.pb.h of a block that is the file NAME.proto; what the compiler says goes to stdout."""
    write(folder, block)
    done = subprocess.run([arguments.protoc, f"--cpp_out={folder}", f"-I{folder}", str(folder / block.file)],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        print(done.stdout)
    return done.returncode == 0


def compile_source(source, output, arguments, extra):
    """True when `source` compiles; what the compiler says goes to stdout."""
    command = shlex.split(arguments.compiler) + [f"-I{arguments.work}"] + arguments.flag + extra + [str(source)]
    if output is not None:
        command += ["-o", str(output)]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        print(done.stdout)
    return done.returncode == 0


def run(program, block, words, folder):
    """Exit code and output (stdout and stderr) of a program of the page."""
    environment = {**os.environ, "DOCS_BLOCK": str(block)}
    done = subprocess.run([words[0]] + words[1:], executable=program, cwd=folder, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=SECONDS, check=False)
    return done.returncode, done.stdout


class Runner:
    """Runs a page's commands in the order in which they stand."""

    def __init__(self, name, program, folder):
        self.name, self.program, self.folder = name, program, folder
        self.block, self.failures, self.ran, self.seen, self.code = None, 0, 0, set(), 0

    def fail(self, line, text):
        self.failures += 1
        print(f"{self.name}:{line}: {text}")

    def command(self, line, text, expected):
        words = shlex.split(text, comments=True)
        if words[:2] == ["echo", "$?"]:
            output = str(self.code)
        elif words[0] == "cat" and len(words) == 2 and (self.folder / words[1]).is_file():
            output = (self.folder / words[1]).read_text()
        elif words[0].startswith("./"):
            if self.block is None:
                return self.fail(line, "no program stands before this command")
            self.ran += 1
            self.seen.add(self.block)
            self.code, output = run(self.program, self.block, words, self.folder)
        else:
            return None
        if not pages.same(expected, output):
            self.fail(line, f"`{text}` (exit code {self.code}) does not print what stands there, but:\n{output}")
        return None

    def page(self, blocks):
        for number, block in enumerate(blocks):
            if block.is_program:
                self.block = number
                if block.note == "not run":
                    self.seen.add(number)
            elif block.file:
                write(self.folder, block)
            elif block.language == "console" and block.note != "not run":
                for line, text, expected in pages.commands(block):
                    self.command(line, text, expected)
        for number, block in enumerate(blocks):  # a program that no console runs must end with 0
            if block.is_program and number not in self.seen:
                self.ran += 1
                code, output = run(self.program, number, ["./program"], self.folder)
                if code != 0:
                    self.fail(block.line, f"the program ends with exit code {code}:\n{output}")


def compile_headers(arguments):
    arguments.work.mkdir(parents=True, exist_ok=True)
    header = arguments.work / pages.HEADERS
    header.write_text(pages.HEADERS_TEXT, encoding="utf-8")
    made = compile_source(header, header.with_suffix(".h.gch"), arguments, ["-O0", "-x", "c++-header"])
    return 0 if made else 1


def check(arguments):
    name = os.path.relpath(arguments.page, arguments.root)
    blocks = pages.read(arguments.page.read_text(encoding="utf-8"))
    stem = re.sub(r"\W", "_", name.removesuffix(".md"))
    arguments.work.mkdir(parents=True, exist_ok=True)
    if not (arguments.work / pages.HEADERS).exists():
        (arguments.work / pages.HEADERS).touch()
    headers = arguments.work / stem
    for block in blocks:
        if block.file and block.language == "cpp":
            write(headers, block)
        if block.file.endswith(".proto") and not compile_messages(headers, block, arguments):
            return 1
    arguments.flag.append(f"-I{headers}")
    fragments = pages.fragments_source(blocks, name)
    programs = pages.programs_source(blocks, name)
    if fragments:
        source = arguments.work / f"{stem}_fragments.cc"
        source.write_text(fragments, encoding="utf-8")
        if not compile_source(source, None, arguments, ["-O0", "-fsyntax-only", "-Wno-unused"]):
            return 1
    program, ran, failures = None, 0, 0
    if programs:
        source = arguments.work / f"{stem}_programs.cc"
        source.write_text(programs, encoding="utf-8")
        program = arguments.work / f"{stem}_programs"
        objects = program.with_suffix(".o")
        if not compile_source(source, objects, arguments, ["-O0", "-c"]):
            return 1
        link = shlex.split(arguments.compiler) + [str(objects), "-o", str(program)] + arguments.link
        if subprocess.run(link, stderr=subprocess.STDOUT, check=False).returncode != 0:
            return 1
        with tempfile.TemporaryDirectory() as folder:
            runner = Runner(name, program, pathlib.Path(folder))
            runner.page(blocks)
            ran, failures = runner.ran, runner.failures
        program.unlink()
    count = sum(block.language == "cpp" for block in blocks)
    print(f"{name}: {count} blocks compile, {ran} programs run, {failures} failures")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--page", type=pathlib.Path)
    parser.add_argument("--headers", action="store_true")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[2])
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", required=True, help="the command, e.g. 'g++'")
    parser.add_argument("--protoc", default="protoc", help="the compiler of .proto files")
    parser.add_argument("--flag", action="append", default=[])
    parser.add_argument("--link", action="append", default=[])
    try:
        arguments = parser.parse_args()
        sys.exit(compile_headers(arguments) if arguments.headers else check(arguments))
    except pages.PageError as error:
        sys.exit(f"docs: {error}")


if __name__ == "__main__":
    main()
