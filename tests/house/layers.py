"""Who may include whom: the table of docs/architecture.md, and the libraries CMake declares."""

import os
import re

# Library (by folder) -> libraries it may name in DEPS. A folder not listed here has no place yet.
_GROUND = {"base", "proto", "io", "storage", "net", "state", "graph", "operators"}
ALLOWED = {
    "base": set(),
    "proto": set(),
    "io": {"base"},
    "storage": {"base", "io"},
    "net": {"base"},
    "state": {"base", "io"},
    "graph": {"base", "io", "proto"},
    "operators": {"base", "io", "state"},
    "connectors": {"base", "io", "state", "operators"},
    "plugin": _GROUND | {"connectors"},
    "api": _GROUND | {"connectors", "plugin"},
    "network": _GROUND | {"connectors"},
    "coldstore": _GROUND | {"connectors"},
    "checkpoint": _GROUND | {"connectors"},
    "task": {"base", "io", "state", "graph", "proto", "operators", "connectors", "network",
             "checkpoint", "coldstore"},
    "taskmanager": _GROUND | {"connectors", "network", "coldstore", "checkpoint", "task"},
    "jobmanager": {"base", "io", "storage", "net", "state", "graph", "proto", "operators", "checkpoint"},
    "rest": _GROUND | {"connectors", "network", "checkpoint", "task", "taskmanager", "jobmanager"},
    "local": _GROUND | {"connectors", "network", "coldstore", "checkpoint", "task", "taskmanager",
                        "jobmanager", "rest"},
    "workers": _GROUND | {"connectors", "network", "checkpoint", "task", "local"},
    "millrace": None,  # level 9: the link library, may see both sides
    "testing": None,  # the shipped test kit (headers), linked by tests only
}
LIBRARY_ROOTS = ("src", "api", "runtime", "connectors", "proto")


class Library:
    """One millrace_library(...) call."""

    def __init__(self, name, folder, cmake_file, line, sources, deps):
        self.name, self.folder = name, folder
        self.cmake_file, self.line = cmake_file, line
        self.sources, self.deps = sources, deps

    @property
    def place(self):
        """The library's row in ALLOWED, from its folder; None if the folder has no row."""
        parts = self.folder.split("/")
        if self.name == "testing":
            return "testing"
        if parts[0] == "proto":
            return "proto"
        if parts[0] == "connectors":
            return "connectors" if len(parts) == 1 else "plugin"
        if parts[0] == "api":
            return "api"
        if parts[0] == "runtime":
            row = "millrace" if len(parts) == 1 else parts[1]
            return row if row in ALLOWED else None
        row = parts[1] if len(parts) > 1 else parts[0]
        return row if row in ALLOWED else None


def _arguments(text, keyword):
    words = re.findall(r"[^\s()]+", text)
    if keyword not in words:
        return []
    picked = []
    for word in words[words.index(keyword) + 1:]:
        if word in ("SRCS", "DEPS", "LINK"):
            break
        picked.append(word)
    return picked


def parse_libraries(tree):
    """All libraries of the tree by name; proto may be declared with a plain add_library."""
    libraries = {}
    for path in tree.files:
        if os.path.basename(path) != "CMakeLists.txt" or path.startswith("tests/"):
            continue
        text = re.sub(r"#[^\n]*", "", tree.text(path))
        folder = os.path.dirname(path)
        for call in re.finditer(r"\bmillrace_library\s*\(\s*([\w-]+)([^)]*)\)", text):
            line = text.count("\n", 0, call.start()) + 1
            libraries[call.group(1)] = Library(
                call.group(1), folder, path, line,
                _arguments(call.group(2), "SRCS"), _arguments(call.group(2), "DEPS"))
        for call in re.finditer(r"\badd_library\s*\(\s*millrace_(\w+)", text):
            line = text.count("\n", 0, call.start()) + 1
            libraries.setdefault(
                call.group(1), Library(call.group(1), folder, path, line, [], []))
    return libraries


class Owners:
    """Which library a file belongs to."""

    def __init__(self, libraries):
        self._libraries = libraries
        self._by_folder = {}
        for library in libraries.values():
            self._by_folder.setdefault(library.folder, []).append(library)

    def of(self, path):
        """The library's name; None for files of no library (tests, benchmarks, ...)."""
        parts = path.split("/")
        if parts[0] == "include":
            return parts[2] if len(parts) > 3 else "api"
        if parts[0] not in LIBRARY_ROOTS:
            return None
        folder = os.path.dirname(path)
        while folder:
            if folder in self._by_folder:
                return self._among(self._by_folder[folder], os.path.relpath(path, folder)).name
            folder = os.path.dirname(folder)
        return "/".join(parts[:-1])  # no declaration yet: the folder stands for it

    @staticmethod
    def _among(libraries, relative):
        stem = os.path.splitext(relative)[0]
        for library in libraries:
            if any(os.path.splitext(source)[0] == stem for source in library.sources):
                return library
        return libraries[0]

    def of_include(self, included):
        """The library that an #include "..." leads to; None if it is not one of ours."""
        if included.endswith(".pb.h"):
            return "proto"
        if included.startswith("millrace/"):
            return self.of("include/" + included)
        if included.split("/")[0] in LIBRARY_ROOTS:
            return self.of(included)
        return None
