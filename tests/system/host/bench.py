# SPDX-License-Identifier: Apache-2.0
"""`./dev bench --v2`: the benchmark in a machine whose disks are limited by cgroup v2."""
import json
import sys

import accelerator
import image
from machine import Machine, MachineFailed
from payload import REPOSITORY, File, Payload

# One for what is measured, one for what makes the load: as bench/bench_env.py shares them out.
CPUS, MEMORY_MIB, SECONDS = 2, 4096, 3600
ROWS = ["appear", "burst", "cpu", "first_pass", "reload", "pause"]  # the others do not ask the kernel's hierarchy
PLACE = "opt/bench"


def files(release):
    """{path in the machine: File} of the benchmark and what it runs."""
    paths = [*(REPOSITORY / "bench").glob("*.py"), *(REPOSITORY / "bench/baselines").glob("*.sh"),
             *(REPOSITORY / "tests/support").glob("*.py"), *(release / "bench").glob("bench_*"),
             release / "iops-limitd", release / "iopsctl"]
    return {f"{PLACE}/{path.relative_to(REPOSITORY)}": File(path.read_bytes(), path.stat().st_mode & 0o777)
            for path in paths if path.is_file()}


def main(arguments, progress):
    parts = image.ensure(arguments.cache, progress)
    accelerated = accelerator.choose(parts.kernel, arguments.cache, progress)
    plan = {"role": "bench", "rows": arguments.cells or ROWS, "place": "/" + PLACE}
    machine = Machine("bench", arguments.work / "bench", parts, accelerated, "v2",
                      Payload(plan, arguments.program, files(arguments.program.parent)), cpus=CPUS, memory_mib=MEMORY_MIB)
    progress("booting")
    result = None
    try:
        for event in machine.run(SECONDS):
            if event["event"] == "line":
                print(event["text"], flush=True)
            elif event["event"] == "result":
                result = event["document"]
            elif event["event"] == "failure":
                print(event["text"], file=sys.stderr)
    except MachineFailed as failure:
        print(failure, file=sys.stderr)
    if result is None:
        return 1
    written = REPOSITORY / "build/bench/result-v2.json"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(result, indent=1) + "\n")
    print(written.relative_to(REPOSITORY))
    return 0
