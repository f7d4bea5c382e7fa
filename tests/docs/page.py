"""What a page of documentation holds for a compiler: its C++ blocks, its consoles and its files.

The conventions are in docs/README.md ("For those who write these pages").
"""

import re

_FENCE = re.compile(r"^(\s*)```(\w*)\s*$")
_DECLARATION = re.compile(
    r"^(struct|class|enum|union|template|namespace|using|inline|static|constexpr|extern|"
    r"MILLRACE_\w+|#)\b|^#|^[A-Za-z_][\w:<>,&* ]* [\w:]+\([^;=]*\) (const )?\{$")
_STATEMENT = re.compile(r"^(if|for|while|switch|return|do|else|try|co_return|throw)\b")


HEADERS = "docs_headers.h"  # compiled once for all pages; where it was not, it is an ordinary header
HEADERS_TEXT = '#include "millrace/millrace.h"\n#include "millrace/testing/testing.h"\n'


class PageError(Exception):
    """A page that does not keep to the conventions."""


class Block:
    """A fenced block: language, first line of its text (from 1), lines, the comment that stands before it."""

    def __init__(self, language, line, lines, note):
        self.language, self.line, self.lines, self.note = language, line, lines, note

    @property
    def file(self):
        """The name of the file that the block is; "" for other blocks."""
        return self.note[6:] if self.note.startswith("file: ") else ""

    @property
    def compiled(self):
        return self.language == "cpp" and self.note != "not compiled" and not self.file

    @property
    def is_program(self):
        return self.compiled and any(re.match(r"int main\(", text) for text in self.lines)


def read(text):
    """The page's blocks in order; `<!-- setup ... -->` comments are blocks of the language "setup"."""
    blocks, note, lines = [], "", text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("<!--"):
            end = at
            while end < len(lines) and "-->" not in lines[end]:
                end += 1
            if end == len(lines):
                raise PageError(f"line {at + 1}: a comment that does not end")
            word = line[4:].strip().removesuffix("-->").strip()
            if word == "setup":
                blocks.append(Block("setup", at + 2, lines[at + 1:end], ""))
            else:
                note = word
            at = end + 1
            continue
        fence = _FENCE.match(line)
        if fence and fence.group(2):
            end = at + 1
            while end < len(lines) and lines[end].strip() != "```":
                end += 1
            if end == len(lines):
                raise PageError(f"line {at + 1}: a block that does not end")
            indent = len(fence.group(1))
            blocks.append(Block(fence.group(2), at + 2, [t[indent:] for t in lines[at + 1:end]], note))
            note, at = "", end + 1
            continue
        if line.strip():
            note = ""
        at += 1
    return blocks


def _parts(block):
    """Splits a fragment into (declarations, statements, includes), lists of (line, text)."""
    declarations, statements, includes = [], [], []
    inside = False
    for number, text in enumerate(block.lines, block.line):
        if text.startswith("#include"):
            includes.append(text)
            continue
        if inside:
            declarations.append((number, text))
            inside = not (re.match(r"^[})]", text) or (text.endswith(";") and not text.startswith(" ")))
        elif _DECLARATION.match(text) and not _STATEMENT.match(text):
            declarations.append((number, text))
            code = text.split("//")[0].rstrip()
            inside = not (code.endswith((";", "}")) or text.startswith("#"))
        else:
            statements.append((number, text))
    return declarations, statements, includes


def _numbered(lines, name):
    out, expected = [], None
    for number, text in lines:
        if number != expected:
            out.append(f'#line {number} "{name}"')
        out.append(text)
        expected = number + 1
    return out


def _heads(includes):
    return [f'#include "{HEADERS}"'] + sorted(set(includes))


def fragments_source(blocks, name):
    """One translation unit of all blocks that are no programs; "" when there are none."""
    includes, body = [], []
    prologue, part, found = [], 0, False
    body.append("namespace part_0 { using namespace std::chrono_literals;")
    for number, block in enumerate(blocks):
        if block.language == "setup":
            part += 1
            cut = block.lines.index("---") if "---" in block.lines else len(block.lines)
            numbered = list(enumerate(block.lines, block.line))
            body.append(f"}} namespace part_{part} {{ using namespace std::chrono_literals;")
            for at, text in numbered[:cut]:
                if text.startswith("#include"):
                    includes.append(text)
                else:
                    body += [f'#line {at} "{name}"', text]
            prologue = numbered[cut + 1:]
        elif block.compiled and not block.is_program:
            found = True
            declarations, statements, more = _parts(block)
            includes += more
            body += _numbered(declarations, name)
            if any(text.strip() and not text.lstrip().startswith("//") for _, text in statements):
                body.append(f"[[maybe_unused]] inline void Block{number}() {{")
                body += _numbered(prologue, name) + _numbered(statements, name) + ["}"]
    body.append("}")
    return "\n".join(_heads(includes) + body) + "\n" if found else ""


def programs_source(blocks, name):
    """One translation unit of all programs; DOCS_BLOCK in the environment says which one runs."""
    includes, body, cases = [], [], []
    for number, block in enumerate(blocks):
        if not block.is_program:
            continue
        lines, in_main = [], False
        for at, text in enumerate(block.lines, block.line):
            if text.startswith("#include"):
                includes.append(text)
                continue
            in_main = in_main or text.startswith("int main(")
            if in_main and text == "}":  # only main returns 0 without saying so
                lines.append((at, "return 0; }"))
                in_main = False
            else:
                lines.append((at, re.sub(r"^int main\(", "int Main(", text)))
        takes = any(re.match(r"int main\(\s*\)", text) for text in block.lines)
        body += [f"namespace block_{number} {{"] + _numbered(lines, name) + ["}"]
        cases.append(f"if (which == {number}) return block_{number}::Main({'' if takes else 'argc, argv'});")
    if not cases:
        return ""
    includes.append("#include <cstdlib>")
    main = ["int main([[maybe_unused]] int argc, [[maybe_unused]] char** argv) {",
            'const int which = std::atoi(std::getenv("DOCS_BLOCK"));'] + cases + ["return 99;", "}"]
    return "\n".join(_heads(includes) + body + main) + "\n"


def commands(block):
    """Of a console block: [(line, words of the command, expected lines)]; commands are lines that begin with "$ "."""
    found = []
    for number, text in enumerate(block.lines, block.line):
        if text.startswith("$ "):
            found.append((number, text[2:], []))
        elif found:
            found[-1][2].append(text)
    return found


def same(expected, actual):
    """True when output is as expected: "..." stands for any text in a line, a line of "..." for any lines."""
    pattern = ""
    for text in expected:
        if text.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*?".join(re.escape(t) for t in text.rstrip().split("...")) + r"[ \t]*\n"
    return re.fullmatch(pattern, actual if actual.endswith("\n") or not actual else actual + "\n") is not None
