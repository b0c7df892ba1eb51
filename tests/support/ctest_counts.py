# SPDX-License-Identifier: Apache-2.0
"""Prints one line a test of ctest's JUnit report, and writes "passed failed skipped" to a file.

Usage: ctest_counts.py REPORT COUNTS"""
import pathlib
import sys
import xml.etree.ElementTree


def main():
    report, counts = sys.argv[1:]
    total = {"PASS": 0, "FAIL": 0, "SKIP": 0}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        status = case.get("status")
        text = case.findtext("system-out") or ""
        skipped = status in ("notrun", "disabled", "skipped") or case.find("skipped") is not None
        result = "PASS" if status == "run" and not skipped else "SKIP" if skipped else "FAIL"
        if "Not Run" in text or "NOT_BUILT" in case.get("name", ""):
            result = "FAIL"  # a test that was not built is no reason to be content
        total[result] += 1
        reason = ""
        if result == "SKIP":
            reason = "  " + next((line.strip() for line in text.splitlines() if "Skipped" in line or "no " in line), "")
        print(f"{result}  {case.get('name')}{reason}")
        if result == "FAIL":
            print("".join(f"      | {line}\n" for line in text.splitlines()), end="")
    pathlib.Path(counts).write_text(" ".join(str(total[key]) for key in ("PASS", "FAIL", "SKIP")) + "\n")


if __name__ == "__main__":
    main()
