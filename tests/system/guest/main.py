# SPDX-License-Identifier: Apache-2.0
"""The machine's side: reads the plan that came with the payload, does its work, reports, switches the machine off."""
import importlib
import json
import os
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(__file__))

from report import Report  # noqa: E402


def main():
    plan = json.load(open(os.path.join(os.path.dirname(__file__), "plan.json")))
    report = Report()
    report.step("the machine is up")
    try:
        importlib.import_module(plan["role"]).main(plan, report)
    except BaseException:
        report.send("failure", text=traceback.format_exc(), at=time.monotonic())
    if plan["role"] != "login":
        journal = subprocess.run(["journalctl", "-q", "--no-pager", "-o", "short-monotonic"], capture_output=True,
                                 text=True, errors="replace").stdout
        report.send("journal", text=journal[-60000:])
        report.send("done")


if __name__ == "__main__":
    main()
