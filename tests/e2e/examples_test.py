"""Runs the example jobs on real and made files and compares what they print with a naive computation.

usage: examples_test.py FOLDER_OF_PROGRAMS
"""

import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAMS = ""


def run(program, *arguments):
    done = subprocess.run([os.path.join(PROGRAMS, program), *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Examples(unittest.TestCase):
    def test_word_count_equals_a_naive_count(self):
        folder = "/usr/share/common-licenses"
        counts = collections.Counter()
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                counts.update(w.lower() for w in re.findall(rb"[A-Za-z]+", file.read()))
        want = sorted(counts.values(), reverse=True)[:10]
        for parallelism in ("1", "3"):
            code, out, err = run("word_count", "--parallelism", parallelism)
            self.assertEqual(code, 0, err)
            rows = re.findall(r'text: "(\w+)", count: (\d+)', out)
            self.assertEqual([int(n) for _, n in rows], want)
            for word, n in rows:
                self.assertEqual(counts[word.encode()], int(n))

    def test_word_count_of_a_missing_file_fails_with_its_name(self):
        code, out, err = run("word_count", "--files", "/no/such/file")
        self.assertEqual(code, 1)
        self.assertEqual(out, "")
        self.assertIn("read input file '/no/such/file': No such file or directory", err)

    def test_host_sensors_print_a_row_a_sensor_and_second(self):
        os.environ["HOST_SENSORS_SECONDS"] = "2.5"
        code, out, err = run("host_sensors")
        self.assertEqual(code, 0, err)
        rows = [json.loads(line) for line in out.splitlines()]
        self.assertGreaterEqual(len({row["window_end_ms"] for row in rows}), 3)
        self.assertIn("load 1 min", {row["sensor"] for row in rows})
        for row in rows:
            self.assertLessEqual(row["min"], row["average"] + 1e-9)
            self.assertLessEqual(row["average"], row["max"] + 1e-9)
        os.environ["HOST_SENSORS_SECONDS"] = "soon"
        code, out, err = run("host_sensors")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("HOST_SENSORS_SECONDS is no number from 0.1 to 1e9", err)

    def test_package_log_counts_minutes_and_sessions(self):
        with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
            log.write("2025-06-24 14:36:25 startup archives unpack\n")
            log.write("2025-06-24 14:36:25 upgrade libsystemd0:amd64 252.36 252.38\n")
            log.write("2025-06-24 14:36:59 install jq:amd64 <none> 1.6\n")
            log.write("not a line of this log\n")
            log.write("2025-06-24 14:37:00 install bc:amd64 <none> 1.07\n")
            log.write("2025-06-24 15:00:00 install dc:amd64 <none> 1.07\n")
            log.flush()
            code, out, err = run("package_log", "--file", log.name)
        self.assertEqual(code, 0, err)
        minutes = re.findall(r"minute (\S+) to \S+ (\d+) packages", out)
        self.assertEqual(sorted(minutes), [("2025-06-24T14:36:00.000Z", "2"), ("2025-06-24T14:37:00.000Z", "1"),
                                           ("2025-06-24T15:00:00.000Z", "1")])
        sessions = re.findall(r"session (\S+) to (\S+): (\d+) packages", out)
        self.assertEqual(sorted(sessions), [("2025-06-24T14:36:25.000Z", "2025-06-24T14:42:00.000Z", "3"),
                                            ("2025-06-24T15:00:00.000Z", "2025-06-24T15:05:00.000Z", "1")])


if __name__ == "__main__":
    PROGRAMS = sys.argv.pop()
    unittest.main(verbosity=2)
