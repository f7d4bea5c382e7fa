#!/usr/bin/env python3
"""Checks a checkout against the house rules: check_house.py [ROOT] [--rule NAME].

Prints `file:line: [rule] what is wrong: what to do`, one line a finding; exit code 1 if any.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rules


def findings(root, names=None):
    """(rule, file, line, message) of every breach, in the order of the rules."""
    tree = rules.Tree(root)
    for name in names or rules.RULES:
        for path, line, message in rules.RULES[name](tree):
            yield name, path, line, message


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("root", nargs="?", default=os.path.join(here, "..", ".."))
    parser.add_argument("--rule", action="append", choices=sorted(rules.RULES))
    arguments = parser.parse_args()
    found = 0
    for name, path, line, message in findings(arguments.root, arguments.rule):
        print(f"{path}:{line}: [{name}] {message}")
        found += 1
    print(f"house: {found} finding{'' if found == 1 else 's'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
