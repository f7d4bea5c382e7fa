"""Reads C++ as far as the house rules need: text without comments and strings, function lengths."""

import re

_RAW = re.compile(r'(?:u8|u|U|L)?R"([^()\\ ]{0,16})\(')
_TYPE_WORD = re.compile(r"\b(class|struct|union|enum|namespace|concept)\b")
_ACCESS = re.compile(r"\b(public|private|protected)\s*$")
_CONSTRUCTOR_COLON = re.compile(r"\)[\s\w()]*:(?!:)")


def _blank(text):
    """Spaces instead of everything but line ends, so that line numbers stay true."""
    return re.sub(r"[^\n]", " ", text)


def _literal_end(text, start):
    quote = text[start]
    i = start + 1
    while i < len(text) and text[i] not in (quote, "\n"):
        i += 2 if text[i] == "\\" else 1
    return min(i + 1, len(text))


def strip(text, keep_strings=False):
    """C++ without comments and, unless kept, without the contents of literals; same line numbers."""
    out = []
    i = 0
    while i < len(text):
        two = text[i:i + 2]
        raw = _RAW.match(text, i) if text[i] in "RuUL" else None
        if raw and not (i and (text[i - 1].isalnum() or text[i - 1] == "_")):
            close = text.find(")" + raw.group(1) + '"', raw.end())
            end = len(text) if close < 0 else close + len(raw.group(1)) + 2
            out.append(text[i:end] if keep_strings else '""' + _blank(text[i + 2:end]))
        elif two == "//":
            end = text.find("\n", i)
            end = len(text) if end < 0 else end
            out.append(_blank(text[i:end]))
        elif two == "/*":
            end = text.find("*/", i + 2)
            end = len(text) if end < 0 else end + 2
            out.append(_blank(text[i:end]))
        elif text[i] == '"' or (text[i] == "'" and not _is_digit_separator(text, i)):
            end = _literal_end(text, i)
            out.append(text[i:end] if keep_strings else text[i] + _blank(text[i + 1:end - 1]) + text[i])
        else:
            end = i + 1
            out.append(text[i])
        i = end
    return "".join(out)


def _is_digit_separator(text, i):
    before = re.search(r"[\w']+$", text[max(0, i - 40):i])
    return bool(before and before.group()[0].isdigit())


def _without_preprocessor(text):
    lines = text.split("\n")
    in_directive = False
    for i, line in enumerate(lines):
        if in_directive or line.lstrip().startswith("#"):
            in_directive = line.rstrip().endswith("\\")
            lines[i] = ""
    return "\n".join(lines)


def _without_template_parameters(header):
    """Drops `template <...>`, whose parameters say `class` without opening a type."""
    while True:
        start = re.search(r"\btemplate\s*<", header)
        if not start:
            return header
        depth, i = 1, start.end()
        while i < len(header) and depth:
            depth += {"<": 1, ">": -1}.get(header[i], 0)
            i += 1
        header = header[:start.start()] + header[i:]


def _kind(header):
    """What a brace opens after `header`: scope (namespace, type), function, member (a brace in a
    constructor's initializer list) or value (any other braced initializer)."""
    header = _without_template_parameters(header).strip()
    type_word = _TYPE_WORD.search(header.split("(")[0])
    if type_word or re.match(r'extern\s*"', header):
        return "scope"
    if "(" not in header or header.endswith(("=", ",", "return")):
        return "value"
    if _CONSTRUCTOR_COLON.search(header) and re.search(r"[\w>]$", header):
        last_colon_part = header[_CONSTRUCTOR_COLON.search(header).end():]
        if re.search(r"(^|,)\s*[\w:]+\s*(<.*>)?$", last_colon_part):
            return "member"
    return "function"


def _name(header):
    header = _without_template_parameters(header)
    found = re.search(r"(operator\s*[^\s(]+|operator\s*\(\)|[\w:~]+)\s*\(", header)
    return found.group(1) if found else "lambda"


def functions(text):
    """Yields (name, first line, lines) of each function; lambdas count with what holds them."""
    text = _without_preprocessor(strip(text))
    opened = []  # kinds of the open braces, outermost first
    header_start = 0
    header_extra = ""  # a header's text before a member's braces
    function = None
    parens = 0
    for i, c in enumerate(text):
        inside = function is not None or any(k in ("value", "member") for k in opened)
        if c in "()":
            parens += 1 if c == "(" else -1
        elif c == "{":
            kind = "inner" if inside or parens > 0 else _kind(header_extra + text[header_start:i])
            if kind == "function":
                header = header_extra + text[header_start:i]
                lead = len(text[header_start:i]) - len(text[header_start:i].lstrip())
                first = header_start + lead if not header_extra else function_start
                function = (_name(header), text.count("\n", 0, first) + 1, len(opened), parens)
            elif kind == "member":
                if not header_extra:
                    piece = text[header_start:i]
                    function_start = header_start + len(piece) - len(piece.lstrip())
                header_extra += text[header_start:i] + "()"
            elif kind == "scope":
                header_start, header_extra = i + 1, ""
            opened.append(kind)
        elif c == "}" and opened:
            kind = opened.pop()
            if kind == "function":
                name, first, _, parens = function
                yield name, first, text.count("\n", 0, i) + 2 - first
                function = None
            if kind in ("function", "scope", "value"):
                header_extra = ""
            if kind != "inner":
                header_start = i + 1
        elif c == ";" and not inside and parens <= 0:
            header_start, header_extra, parens = i + 1, "", 0
        elif c == ":" and not inside and _ACCESS.search(text, max(0, i - 12), i):
            header_start = i + 1
