"""Plants each breach of the house rules in a small tree and expects it to be found there."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_house
import source_text

HEADER = "#pragma once\n"
CLEAN = {
    "src/base/CMakeLists.txt": "millrace_library(base SRCS time.cc)\n",
    "src/base/time.cc": '#include "millrace/base/time.h"\n',
    "include/millrace/base/time.h": HEADER + "#include <cstdint>\n",
    "src/io/CMakeLists.txt": "millrace_library(io\n  SRCS codec.cc\n  DEPS base\n  LINK x::x)\n",
    "src/io/codec.cc": '#include "millrace/io/codec.h"\n#include "millrace/base/time.h"\n',
    "include/millrace/io/codec.h": HEADER,
    "src/state/CMakeLists.txt": "millrace_library(state SRCS table.cc DEPS base io)\n",
    "src/state/table.cc": '#include "src/state/rows.h"\n#include "millrace/io/codec.h"\n',
    "src/state/rows.h": HEADER,
    "api/CMakeLists.txt": "millrace_library(api SRCS env.cc DEPS base io)\n",
    "api/env.cc": '#include "millrace/millrace.h"\n',
    "include/millrace/millrace.h": HEADER,
    "runtime/task/CMakeLists.txt": "millrace_library(task SRCS task.cc DEPS base io)\n",
    "runtime/task/task.cc": "// a comment may say sleep(1)\n",
    "tests/io/codec_test.cc": 'TEST(Codec, Works) { Say("sleep(1)"); }\n',
    "docs/walks.md": "# Walks\n\n## One record\n\n1. `runtime/task/task.cc`: the loop\n",
}


class HouseRulesTest(unittest.TestCase):
    def breaches(self, planted):
        """(rule, file, line) of what is found in the clean tree with `planted` laid over it."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**CLEAN, **planted}.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
            return [(rule, path, line) for rule, path, line, _ in check_house.findings(root)]

    def test_clean_tree_has_no_findings(self):
        self.assertEqual(self.breaches({}), [])

    def test_include_of_an_undeclared_library(self):
        found = self.breaches({"src/state/CMakeLists.txt":
                               "millrace_library(state SRCS table.cc DEPS base)\n"})
        self.assertEqual(found, [("undeclared-include", "src/state/table.cc", 2)])

    def test_dependencies_of_dependencies_do_not_count(self):
        found = self.breaches({
            "src/state/CMakeLists.txt": "millrace_library(state SRCS table.cc DEPS io)\n",
            "include/millrace/state/value.h": HEADER + '#include "millrace/base/time.h"\n'})
        self.assertEqual(found, [("undeclared-include", "include/millrace/state/value.h", 2)])

    def test_include_by_bare_name(self):
        found = self.breaches({"src/state/table.cc": '#include "rows.h"\n'})
        self.assertEqual(found, [("undeclared-include", "src/state/table.cc", 1)])

    def test_commented_include_does_not_count(self):
        self.assertEqual(self.breaches({
            "src/base/time.cc": '// #include "millrace/io/codec.h"\n/*\n#include "api/x.h"\n*/\n'}), [])

    def test_folder_without_a_library(self):
        found = self.breaches({"src/net/loop.cc": '\n#include "millrace/base/time.h"\n'})
        self.assertEqual(found, [("undeclared-include", "src/net/loop.cc", 2)])

    def test_shipped_code_that_includes_tests(self):
        found = self.breaches({"src/io/codec.cc": '#include "tests/support/x.h"\n'})
        self.assertEqual(found, [("undeclared-include", "src/io/codec.cc", 1)])

    def test_cycle(self):
        found = self.breaches({
            "src/base/CMakeLists.txt": "\nmillrace_library(base SRCS time.cc DEPS state)\n"})
        self.assertIn(("cycle", "src/base/CMakeLists.txt", 2), found)

    def test_api_and_runtime_never_meet(self):
        for lower, upper in (("api", "runtime/task"), ("runtime/task", "api")):
            name, dep = os.path.basename(lower), os.path.basename(upper)
            path = lower + "/CMakeLists.txt"
            found = self.breaches({path: f"millrace_library({name} SRCS env.cc task.cc DEPS {dep})\n"})
            self.assertEqual(found, [("forbidden-edge", path, 1)])

    def test_connector_that_depends_on_runtime(self):
        found = self.breaches({"connectors/file/CMakeLists.txt": "millrace_library(file DEPS task)\n"})
        self.assertEqual(found, [("forbidden-edge", "connectors/file/CMakeLists.txt", 1)])

    def test_job_manager_never_depends_on_task(self):
        path = "runtime/jobmanager/CMakeLists.txt"
        found = self.breaches({path: "millrace_library(jobmanager DEPS task)\n"})
        self.assertEqual(found, [("forbidden-edge", path, 1)])

    def test_library_without_a_level(self):
        found = self.breaches({"src/misc/CMakeLists.txt": "millrace_library(misc DEPS base)\n"})
        self.assertEqual(found, [("forbidden-edge", "src/misc/CMakeLists.txt", 1)])

    def test_long_files(self):
        found = self.breaches({"src/io/codec.cc": "\n" * 601, "src/base/time.cc": "\n" * 600,
                               "tests/io/codec_test.cc": "\n" * 801,
                               "tests/io/other_test.cc": "\n" * 800})
        self.assertEqual(found, [("file-length", "src/io/codec.cc", 601),
                                 ("file-length", "tests/io/codec_test.cc", 801)])

    def test_long_function(self):
        def function(lines):
            return "int Long() {\n" + "  a();\n" * (lines - 2) + "}\n"

        found = self.breaches({"src/io/codec.cc": function(80) + "\n" + function(81)})
        self.assertEqual(found, [("function-length", "src/io/codec.cc", 82)])
        found = self.breaches({"tools/x.py": "def f():\n" + "    a()\n" * 80})
        self.assertEqual(found, [("function-length", "tools/x.py", 1)])

    def test_full_folder(self):
        files = {f"examples/job_{i}.cc": "" for i in range(24)}
        self.assertEqual(self.breaches(files), [])
        found = self.breaches({**files, "examples/one_more.cc": ""})
        self.assertEqual(found, [("folder-size", "examples", 1)])

    def test_public_headers(self):
        for heavy in ("<iostream>", "<thread>", '"spdlog/spdlog.h"', "<boost/asio.hpp>",
                      "<google/protobuf/message.h>", "<grpcpp/grpcpp.h>", '"millrace/v1/job.pb.h"'):
            found = self.breaches({
                "src/io/CMakeLists.txt": "millrace_library(io SRCS codec.cc DEPS base proto)\n",
                "include/millrace/io/codec.h": HEADER + "\n#include " + heavy + "\n"})
            self.assertIn(("public-header", "include/millrace/io/codec.h", 3), found, heavy)

    def test_header_without_pragma_once(self):
        found = self.breaches({"src/state/rows.h": "int x;\n"})
        self.assertEqual(found, [("public-header", "src/state/rows.h", 1)])

    def test_walk_that_names_a_missing_file(self):
        found = self.breaches({"docs/walks.md": "## One record\n\n1. `runtime/task/gone.cc`\n"})
        self.assertEqual(found, [("walks", "docs/walks.md", 3)])

    def test_walk_that_is_too_long(self):
        files = {f"examples/step_{i}.cc": "" for i in range(12)}
        walk = "# Walks\n## One record\n" + "".join(f"- `{name}`\n" for name in files)
        self.assertEqual(self.breaches({**files, "docs/walks.md": walk}),
                         [("walks", "docs/walks.md", 2)])
        lines = {f"examples/step_{i}.cc": "\n" * 590 for i in range(6)}
        walk = "## One record\n" + "".join(f"- `{name}`\n" for name in lines)
        self.assertEqual(self.breaches({**lines, "docs/walks.md": walk}),
                         [("walks", "docs/walks.md", 1)])

    def test_sleeping_tests(self):
        for call in ("std::this_thread::sleep_for(1ms);", "usleep(5);", "::sleep (1);"):
            found = self.breaches({"tests/io/codec_test.cc": "void F() {\n  " + call + "\n}\n"})
            self.assertEqual(found, [("sleeping-test", "tests/io/codec_test.cc", 2)])
        found = self.breaches({"tests/e2e/x.py": "import time\ntime.sleep(1)\n"})
        self.assertEqual(found, [("sleeping-test", "tests/e2e/x.py", 2)])
        found = self.breaches({"tests/e2e/x.sh": "true\ntrue && sleep 1\n"})
        self.assertEqual(found, [("sleeping-test", "tests/e2e/x.sh", 2)])


class FunctionsTest(unittest.TestCase):
    """The brace parser, on shapes that are easy to get wrong."""

    def functions(self, text):
        return [(name, line, lines) for name, line, lines in source_text.functions(text)]

    def test_constructor_with_braced_members(self):
        text = ("class A : public B<int> {\n public:\n  A(int a)\n      : B{a}, c_(a),\n"
                "        d_{1} {\n    F();\n  }\n  int c_ = 2;\n};\n")
        self.assertEqual(self.functions(text), [("A", 3, 5)])

    def test_templates_operators_and_trailing_types(self):
        text = ("template <class T, class U = X<T>>\nauto F(T t) -> std::vector<T> {\n}\n"
                "bool operator()(int) const noexcept {\n}\n")
        self.assertEqual(self.functions(text), [("F", 1, 3), ("operator()", 4, 2)])

    def test_lambdas_and_nested_blocks_count_with_what_holds_them(self):
        text = "void F() {\n  auto g = [](int x) {\n    if (x) { return; }\n  };\n}\nint h() { return 1; }\n"
        self.assertEqual(self.functions(text), [("F", 1, 5), ("h", 6, 1)])

    def test_braces_in_literals_comments_and_macros(self):
        text = ("#define OPEN \\\n  {\nconst char* a = R\"x({{{)x\";  // {\nchar b = '{';\n"
                "int n = 1'000;\nint t[] = {1, 2};\nvoid F() { /* } */\n}\n")
        self.assertEqual(self.functions(text), [("F", 7, 2)])


if __name__ == "__main__":
    unittest.main()
