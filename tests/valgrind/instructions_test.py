#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How many instructions a decision takes, and that nothing grows faster than the number of containers.

Usage: instructions_test.py INSTRUCTIONS SOURCE_FOLDER. Counts of callgrind do not vary from run to run, but with compiler
and libraries: so each is compared with another of the same run, a floor or the same with fewer. A bound is a decision:
change it here with the reason.
"""
import functools
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM, SOURCE = sys.argv[1:3]
sys.path.insert(0, SOURCE + "/bench")
import record  # noqa: E402  the folder is known by now

# Ten times as many containers cost ten times as much, and a little for maps that are deeper.
LINEAR = 12
# The floor is a record parsed whole. A decision takes apart only what comes before the end of the annotations; it also
# copies the names, decides, and formats the limit.
DECISION = 0.7
# From the event to the written limit, by the whole service, in units of that floor; 0.76 measured, 0.79 on v1. It was
# 1.16 before a path was parsed once and a record read only as far as its annotations; simdjson's first pass over the
# record is most of it.
EVENT = 0.8
# A path is copied and parted at each '/', which is the floor; on top of it each part is understood and copied.
PATH = 9
# Ten times as many policies that do not match: a pattern each, beside what the record costs.
POLICIES = 3


@functools.cache
def count(what, number=0, record_file=""):
    """Instructions. simdjson's portable code: what it picks else depends on the CPU."""
    found = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=measured", PROGRAM, what,
         str(number), record_file],
        check=True, capture_output=True, text=True, env={**os.environ, "SIMDJSON_FORCE_IMPLEMENTATION": "fallback"})
    return int(re.search(r"Collected : (\d+)", found.stderr)[1])


class Instructions(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.record = pathlib.Path(folder.name, "config.json")
        pod = "0a1b2c3d-0000-4000-8000-000000000001"
        self.record.write_text(record.text("c" * 64, pod, f"kubepods-burstable-pod{pod.replace('-', '_')}.slice"))

    def within(self, what, cost, floor, bound):
        print(f"{what}: {cost} to {floor} instructions, {cost / floor:.2f} of at most {bound}")
        self.assertGreater(floor, 0)
        self.assertLessEqual(cost, bound * floor, what)

    def test_a_decision(self):
        cost = count("decision", 0, str(self.record))
        self.within("decision", cost, count("floor_of_a_decision", 0, str(self.record)), DECISION)

    def test_an_event(self):
        floor = count("floor_of_a_decision", 0, str(self.record))  # of 100 records
        for what in ("event", "event_v1"):
            with self.subTest(what):
                self.within(what, 2 * count(what, 50, str(self.record)), floor, EVENT)

    def test_a_path(self):
        self.within("path", count("path"), count("floor_of_a_path"), PATH)

    def test_many_policies(self):
        few, many = (count("decision", policies, str(self.record)) for policies in (100, 1000))
        self.within("1,000 policies", many, few, POLICIES)

    def test_many_containers(self):
        for what in ("appear", "appear_v1", "rescan", "reload", "overview", "vanish"):
            with self.subTest(what):
                self.within(f"1,000 containers {what}", count(what, 1000), count(what, 100), LINEAR)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
