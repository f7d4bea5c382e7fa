"""Plants what a page may hold, right and wrong, and expects the test of pages to see it."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import page

PROGRAM = """# A page
```cpp
#include <cstdio>
int main(int argc, char** argv) {
  std::printf("%s has %d\\n", argv[0], argc - 1);
  return argc - 1;
}
```
"""


class PageTest(unittest.TestCase):
    def check(self, text):
        """(exit code, output) of docs_test.py for a page with this text."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "page.md"
            path.write_text(text)
            done = subprocess.run(
                [sys.executable, "-B", os.path.join(HERE, "docs_test.py"), "--page", str(path), "--root", folder,
                 "--work", folder + "/work", "--compiler", os.environ.get("CXX", "c++")],
                text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            return done.returncode, done.stdout

    def test_messages_of_a_page(self):
        proto = '<!-- file: a.proto -->\n```proto\nsyntax = "proto3";\nmessage A { int32 number = 1; }\n```\n'
        code = '```cpp\n#include "a.pb.h"\nA a;\na.set_number(1);\n```\n'
        self.assertEqual(self.check(proto + code), (0, "page.md: 1 blocks compile, 0 programs run, 0 failures\n"))
        self.assertEqual(self.check(proto + code.replace("number", "nunber"))[0], 1)
        self.assertEqual(self.check(proto.replace("int32", "int33") + code)[0], 1)

    def test_a_program_that_prints_what_the_page_says(self):
        code, said = self.check(PROGRAM + "```console\n$ ./job one\n./job has 1\n$ echo $?\n1\n```\n")
        self.assertEqual(code, 0, said)
        self.assertIn("1 blocks compile, 1 programs run, 0 failures", said)

    def test_a_program_that_prints_something_else(self):
        code, said = self.check(PROGRAM + "```console\n$ ./job one\n./job has 2\n```\n")
        self.assertEqual(code, 1)
        self.assertIn("page.md:10: `./job one` (exit code 1)", said)

    def test_a_program_without_a_console_must_end_well(self):
        self.assertEqual(self.check(PROGRAM)[0], 0)
        code, said = self.check(PROGRAM.replace("argc - 1;", "3;"))
        self.assertEqual(code, 1)
        self.assertIn("page.md:3: the program ends with exit code 3", said)

    def test_a_block_that_does_not_compile_is_named_by_page_and_line(self):
        code, said = self.check(PROGRAM.replace("return argc", "return argcc"))
        self.assertEqual(code, 1)
        self.assertIn("page.md:6:", said)

    def test_files_are_there_when_the_program_runs(self):
        text = PROGRAM.replace('std::printf("%s has %d\\n", argv[0], argc - 1)',
                               'std::printf("%d\\n", std::fgetc(std::fopen("a/b.txt", "r")))')
        code, said = self.check("<!-- file: a/b.txt -->\n```text\nA\n```\n" + text + "```console\n$ ./job\n65\n```\n")
        self.assertEqual(code, 0, said)

    def test_comments_and_blocks_that_do_not_end(self):
        for text in ("<!-- setup\nint a;\n", "```cpp\nint a;\n"):
            self.assertRaises(page.PageError, page.read, text)


class FragmentsTest(unittest.TestCase):
    def source(self, text):
        return page.fragments_source(page.read(text), "page.md")

    def test_declarations_stand_outside_and_statements_inside_a_function(self):
        source = self.source("```cpp\nstruct A {\n  int a;\n};\nMILLRACE_RECORD(A, a);\n\nA x;\nx.a = 1;\n```\n")
        self.assertIn('#line 2 "page.md"\nstruct A {\n  int a;\n};\nMILLRACE_RECORD(A, a);\n', source)
        self.assertIn('void Block0() {\n#line 6 "page.md"\n\nA x;\nx.a = 1;\n}', source)

    def test_functions_are_declarations_and_conditions_are_not(self):
        source = self.source("```cpp\nauto F(int a) {\n  return a;\n}\nif (F(1)) {\n  F(2);\n}\n```\n")
        self.assertLess(source.index("return a;"), source.index("void Block0"))
        self.assertLess(source.index("void Block0"), source.index("if (F(1))"))

    def test_setup_is_hidden_and_begins_afresh(self):
        text = "<!-- setup\n#include <map>\nint a;\n---\nint b = a;\n-->\n```cpp\nb = 2;\n```\n"
        source = self.source(text + text)
        self.assertEqual(source.count("#include <map>"), 1)
        self.assertEqual(source.count("int b = a;"), 2)
        self.assertIn("namespace part_2", source)

    def test_what_is_not_compiled(self):
        self.assertEqual(self.source("<!-- not compiled -->\n```cpp\nwrong\n```\n```text\nx\n```\n"), "")


class SameTest(unittest.TestCase):
    def test_dots_stand_for_text_and_for_lines(self):
        self.assertTrue(page.same(["a ... c", "...", "z"], "a b c\nx\ny\nz\n"))
        self.assertTrue(page.same(["a", "...", "z"], "a\nz\n"))
        self.assertFalse(page.same(["a ... c"], "a b\n"))
        self.assertFalse(page.same(["a"], "a\nb\n"))
        self.assertTrue(page.same([], ""))


if __name__ == "__main__":
    unittest.main()
