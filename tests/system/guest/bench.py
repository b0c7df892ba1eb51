# SPDX-License-Identifier: Apache-2.0
"""`./dev bench --v2`, the machine's side: runs the benchmark that came with the payload."""
import json
import pathlib
import subprocess
import sys


def main(plan, report):
    place = pathlib.Path(plan["place"])
    running = subprocess.Popen(["unshare", "-m", sys.executable, place / "bench/bench.py", *plan["rows"]],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in running.stdout:
        report.send("line", text=line.rstrip("\n"))
    if running.wait() != 0:
        raise RuntimeError(f"the benchmark ended with status {running.returncode}")
    report.send("result", document=json.loads((place / "build/bench/result.json").read_text()))
