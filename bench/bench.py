# SPDX-License-Identifier: Apache-2.0
"""./dev bench: measures, prints a table, writes build/bench/result.json. Runs as root in a mount namespace of its own."""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys

import rows
import table
from bench_env import DATA, SOURCE, Hierarchy, end_all


def machine(hierarchy):
    names = [line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return {"cpu": f"{len(names)} x {names[0] if names else platform.machine()}", "kernel": platform.release(),
            "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20, "cgroup": hierarchy.version,
            "load": os.getloadavg()[0]}


def measure(names, quick):
    hierarchy = Hierarchy()
    work = SOURCE / "build/bench/work"
    work.mkdir(parents=True, exist_ok=True)
    pathlib.Path(DATA).mkdir(exist_ok=True)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "bench", work], check=True)
    about = machine(hierarchy)
    print(f"{about['cpu']}, Linux {about['kernel']}, cgroup {about['cgroup']}", flush=True)
    measured = []
    try:
        bench = rows.Bench(hierarchy, work, quick)
        for name in names:
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            measured += rows.ALL[name](bench)
    finally:
        end_all()
        hierarchy.remove(hierarchy.ours)
    about["load_at_end"] = os.getloadavg()[0]
    return about, measured


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description="Every number as a ratio to baselines of the same run")
    parser.add_argument("rows", nargs="*", choices=[*rows.ALL, []], metavar="ROWS", help=", ".join(rows.ALL))
    parser.add_argument("--quick", action="store_true", help="few of everything: does it run at all?")
    arguments = parser.parse_args()
    about, measured = measure(arguments.rows or list(rows.ALL), arguments.quick)
    print(table.markdown(measured))
    for row in measured:
        if row.note:
            print(f"{row.name}: {row.note}")
    result = SOURCE / "build/bench/result.json"
    result.write_text(json.dumps({"machine": about, "rows": table.plain(measured)}, indent=1) + "\n")
    print(result.relative_to(SOURCE))


if __name__ == "__main__":
    main()
