"""Plants bugs, one after the other, and looks whether the seeded tests find them.

usage: planted_test.py PROGRAM

PROGRAM is the seeded tests with the planted bugs in. A bug is found when a test fails and names a seed, when that seed alone makes it
fail again, and when without the bug it does not.
"""

import os
import re
import subprocess
import sys
import unittest

BUGS = {
    1: "a dropped pre-image",
    2: "a barrier that passes one row too many",
    3: "a commit before the manifest",
    4: "a timer that is not restored",
    5: "an in-flight batch that is recorded twice",
}
PROGRAM = ""


def run(bug, seeds=None, test="SeededChaos.*"):
    """Exit code and output of the tests with a bug (0: none), on the one seed if it is given."""
    environment = dict(os.environ, MILLRACE_PLANT=str(bug))
    environment.pop("MILLRACE_SEEDS", None)
    if seeds is not None:
        environment["MILLRACE_SEEDS"] = f"0@{seeds}"
    done = subprocess.run([PROGRAM, f"--gtest_filter={test}", "--gtest_fail_fast"], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200)
    return done.returncode, done.stdout


class Planted(unittest.TestCase):
    def test_planted_bugs_are_found(self):
        for bug, what in BUGS.items():
            with self.subTest(bug=bug, what=what):
                code, output = run(bug)
                self.assertNotEqual(code, 0, "not found:\n" + output)
                found = re.search(r"\bseed (\d+)", output)
                failed = re.search(r"\[  FAILED  \] (SeededChaos\.\w+)", output)
                self.assertTrue(found and failed, "no seed is named:\n" + output)
                seed, test = found[1], failed[1]
                print(f"planted bug {bug}, {what}: found by {test} with seed {seed}; again with "
                      f"MILLRACE_PLANT={bug} MILLRACE_SEEDS=0@{seed} {PROGRAM} --gtest_filter={test}", flush=True)
                self.assertNotEqual(run(bug, seed, test)[0], 0, f"seed {seed} alone does not find it")
                code, output = run(0, seed, test)
                self.assertEqual(code, 0, f"seed {seed} fails without the bug:\n" + output)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop()
    unittest.main(verbosity=2)
