"""The house rules. Each takes a Tree and yields findings (file, line, what is wrong and what to do)."""

import ast
import os
import re

import layers
import source_text

FILE_LINES = 600
TEST_FILE_LINES = 800
FUNCTION_LINES = 80
FOLDER_FILES = 24
WALK_LIMITS = {"record": (11, 3000), "barrier": (10, None), "submission": (13, None)}
CODE = (".h", ".cc", ".proto", ".py", ".sh", ".cmake")
_SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__", ".ccache"}
_HEAVY_HEADERS = {"iostream", "regex", "filesystem", "thread", "mutex", "ranges"}
_FORBIDDEN_PACKAGES = ("spdlog/", "boost/", "google/protobuf/", "grpc", "rocksdb/")
_OPT_IN_HEADERS = {"include/millrace/protobuf.h"}
_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
_SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep|sleep)\s*\(")


class Tree:
    """The files of a checkout, by path from its root."""

    def __init__(self, root):
        self.root = root
        self._texts = {}
        self.files = []
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(f for f in folders if f not in _SKIPPED_FOLDERS)
            for name in sorted(names):
                self.files.append(os.path.relpath(os.path.join(folder, name), root))

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                self._texts[path] = file.read()
        return self._texts[path]

    def cpp(self):
        return [path for path in self.files if path.endswith((".h", ".cc"))]

    def includes(self, path):
        """(line, kind of quote, included path) of each #include outside comments."""
        text = source_text.strip(self.text(path), keep_strings=True)
        for found in _INCLUDE.finditer(text):
            yield text.count("\n", 0, found.start(2)) + 1, found.group(1), found.group(2)


def undeclared_include(tree):
    libraries = layers.parse_libraries(tree)
    owners = layers.Owners(libraries)
    for path in tree.cpp():
        owner = owners.of(path)
        if owner is None:
            continue
        for line, quote, included in tree.includes(path):
            if quote == "<" and not included.startswith("millrace/"):
                continue
            target = owners.of_include(included)
            if included.startswith(("tests/", "benchmarks/", "examples/")) and \
                    not path.startswith("tests/"):
                yield path, line, f'includes "{included}": shipped code never needs {included}'
            elif target is None:
                if quote == '"' and os.path.exists(
                        os.path.join(tree.root, os.path.dirname(path), included)):
                    yield path, line, (f'includes "{included}" by its bare name: write the path '
                                       f'from the root ("{os.path.dirname(path)}/{included}")')
            elif target != owner:
                declared = libraries.get(owner)
                if declared is None:
                    yield path, line, (f'includes "{included}", but no millrace_library({owner} '
                                       "...) declares what this folder may include: add one")
                elif target not in declared.deps:
                    yield path, line, (f'includes "{included}" of library {target}, which '
                                       f"{declared.cmake_file}:{declared.line} does not declare: add "
                                       f"{target} to DEPS of {owner} if its level allows, or "
                                       "remove the include")


def dependency_cycle(tree):
    libraries = layers.parse_libraries(tree)
    done = set()

    def visit(name, trail):
        if name in trail:
            cycle = trail[trail.index(name):] + [name]
            library = libraries[name]
            yield library.cmake_file, library.line, ("libraries depend on each other in a cycle: "
                                                     + " -> ".join(cycle) + "; cut one edge")
            return
        if name in done or name not in libraries:
            return
        for dep in libraries[name].deps:
            yield from visit(dep, trail + [name])
        done.add(name)

    for name in sorted(libraries):
        yield from visit(name, [])


def forbidden_edge(tree):
    libraries = layers.parse_libraries(tree)
    for library in libraries.values():
        if library.place is None:
            yield library.cmake_file, library.line, (
                f"library {library.name} has no row in ALLOWED of tests/house/layers.py: decide "
                "its level, add the row there and to docs/architecture.md")
            continue
        allowed = layers.ALLOWED[library.place]
        for dep in library.deps if allowed is not None else []:
            place = libraries[dep].place if dep in libraries else dep
            if place not in allowed and not (place == library.place == "coldstore"):
                yield library.cmake_file, library.line, (
                    f"{library.name} may not include {dep}; allowed for it: "
                    f"{', '.join(sorted(allowed)) or 'nothing'} (docs/architecture.md, layers)")


def file_length(tree):
    for path in tree.files:
        if not path.endswith(CODE) and os.path.basename(path) != "CMakeLists.txt":
            continue
        limit = TEST_FILE_LINES if path.startswith("tests/") else FILE_LINES
        lines = tree.text(path).count("\n")
        if lines > limit:
            yield path, limit + 1, f"{lines} lines (limit {limit}): split it by idea"


def _python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def function_length(tree):
    for path in tree.files:
        if path.endswith((".h", ".cc")):
            functions = source_text.functions(tree.text(path))
        elif path.endswith(".py"):
            functions = _python_functions(tree.text(path))
        else:
            continue
        for name, line, lines in functions:
            if lines > FUNCTION_LINES:
                yield path, line, (f"function {name} has {lines} lines (limit {FUNCTION_LINES}): "
                                   "give its parts names of their own")


def folder_size(tree):
    counts = {}
    for path in tree.files:
        if path.endswith(CODE):
            counts[os.path.dirname(path)] = counts.get(os.path.dirname(path), 0) + 1
    for folder, count in sorted(counts.items()):
        if count > FOLDER_FILES:
            yield folder or ".", 1, f"{count} code files in a folder (limit {FOLDER_FILES}): split it"


def public_header(tree):
    for path in tree.files:
        if not path.endswith(".h"):
            continue
        if "#pragma once" not in tree.text(path):
            yield path, 1, "no #pragma once: add it"
        if not path.startswith("include/millrace/") or path in _OPT_IN_HEADERS:
            continue
        for line, _, included in tree.includes(path):
            if included in _HEAVY_HEADERS:
                yield path, line, (f"a public header includes <{included}>, which is slow to "
                                   "compile: hide it in a .cc file")
            elif included.startswith(_FORBIDDEN_PACKAGES) or included.endswith(".pb.h"):
                yield path, line, (f"a public header includes {included}: the contract is free "
                                   "of package types; hide it in a .cc file")


def walks(tree):
    path = "docs/walks.md"
    if path not in tree.files:
        yield path, 1, "missing: write the walk of one record, file by file"
        return
    section, line_of, files = "", {}, {}
    for number, line in enumerate(tree.text(path).split("\n"), 1):
        if line.startswith("#"):
            section = line.strip("# ").lower()
            line_of[section] = number
            files.setdefault(section, [])
        for named in re.findall(r"`([\w.-]+(?:/[\w.-]+)+\.\w+)(?::\d+)?`", line):
            if not os.path.exists(os.path.join(tree.root, named)):
                yield path, number, f"{named} does not exist: say where the walk goes now"
            elif named.endswith((".h", ".cc")) and named not in files.setdefault(section, []):
                files[section].append(named)
    for section, named in files.items():
        for word, (most, most_lines) in WALK_LIMITS.items():
            if not re.search(rf"\b{word}\b", section):
                continue
            lines = sum(tree.text(f).count("\n") for f in named)
            if len(named) > most:
                yield path, line_of[section], (f"the {word} walk visits {len(named)} files "
                                               f"(limit {most}): shorten the way, not the page")
            if most_lines and lines > most_lines:
                yield path, line_of[section], (f"the files of the {word} walk have {lines} lines "
                                               f"(limit {most_lines})")


def sleeping_test(tree):
    advice = "use the manual clock, or Eventually(deadline, predicate)"
    for path in tree.files:
        if not path.startswith("tests/"):
            continue
        if path.endswith((".h", ".cc")):
            text = source_text.strip(tree.text(path))
            for found in _SLEEP.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                yield path, line, f"calls {found.group(1)}: {advice}"
        elif path.endswith(".py"):
            for node in ast.walk(ast.parse(tree.text(path))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "sleep":
                    yield path, node.lineno, f"calls sleep: {advice}"
        elif path.endswith(".sh"):
            for number, line in enumerate(tree.text(path).split("\n"), 1):
                if re.match(r"[^#]*(^|[\s;&|(])u?sleep\s+[\d.$]", line):
                    yield path, number, f"calls sleep: {advice}"


RULES = {
    "undeclared-include": undeclared_include,
    "cycle": dependency_cycle,
    "forbidden-edge": forbidden_edge,
    "file-length": file_length,
    "function-length": function_length,
    "folder-size": folder_size,
    "public-header": public_header,
    "walks": walks,
    "sleeping-test": sleeping_test,
}
