#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bench/document.py on the document itself: measured rows replace their old values, all others stay.

Usage: performance_document_test.py SOURCE_FOLDER
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1]).resolve()
ROW = {"unit": "ms", "script": None, "note": "", "met": None, "target": 2, "of_target": "ratio"}


def result(version, *rows):
    return {"machine": {"cpu": "2 x Example", "kernel": "6.1", "cgroup": version, "load": 0.1, "load_at_end": 0.2},
            "rows": [{**ROW, **row} for row in rows]}


class Document(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.document = self.folder / "performance.md"
        self.before = (SOURCE / "docs/performance.md").read_text()
        self.document.write_text(self.before)

    def put(self, measured):
        file = self.folder / "result.json"
        file.write_text(json.dumps(measured))
        subprocess.run([sys.executable, SOURCE / "bench/document.py", self.document, file], check=True)
        return self.document.read_text()

    def places(self, text):
        return dict(re.findall(r"<!-- measured: (v[12]) -->\n(.*?)<!-- end -->", text, re.DOTALL))

    def test_replaces_a_measured_row_in_its_place(self):
        row = {"name": "first pass over 1,000", "ours": 25.04, "floor": 13.0, "ratio": 1.926}
        for version, other in (("v1", "v2"), ("v2", "v1")):
            with self.subTest(version):
                self.document.write_text(self.before)
                after = self.places(self.put(result(version, row)))
                before = self.places(self.before)
                self.assertEqual(after[other], before[other])
                lines = after[version].splitlines()
                at = lines.index("| first pass over 1,000 | ms | 25.0 | 13 | | 1.93 | ratio <= 2 | met |")
                self.assertIn("| first pass over 100 |", lines[at - 1])
                self.assertIn("| first pass over 10,000 |", lines[at + 1])
                self.assertEqual(len([one for one in lines if one.startswith("| ")]),
                                 len([one for one in before[version].splitlines() if one.startswith("| ")]))
                self.assertIn("Measured on 2 x Example, Linux 6.1", lines[0])
                self.assertEqual(lines[1], "All rows but these are from earlier runs: first pass over 1,000.")

    def test_adds_a_new_row_behind_the_one_before_it(self):
        rows = ({"name": "start to READY", "ours": 3.0, "floor": 1.0, "ratio": 3.0},
                {"name": "one more", "ours": 8.0, "floor": 4.0, "ratio": 2.5})
        lines = self.places(self.put(result("v1", *rows)))["v1"].splitlines()
        self.assertIn("| start to READY | ms | 3 | 1 | | 3.00 | ratio <= 2 | MISSED |",
                      lines[lines.index("| one more | ms | 8 | 4 | | 2.50 | ratio <= 2 | MISSED |") - 1])

    def test_is_stable(self):
        once = self.put(result("v2", {"name": "one more", "ours": 8.0, "floor": 4.0, "ratio": 2.0}))
        self.assertEqual(self.put(result("v2", {"name": "one more", "ours": 8.0, "floor": 4.0, "ratio": 2.0})), once)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
