# SPDX-License-Identifier: Apache-2.0
"""The system tests' host side: one machine for each cell of the matrix, one line for each test."""
import json
import pathlib
import queue
import threading
import time
import traceback

import jsonschema

import accelerator
import deployment
import image
from machine import Machine, MachineFailed
from measured_tables import TABLES, MeasuredTables
from payload import REPOSITORY, Payload

# hierarchy, cgroup driver, what /data is on
CELLS = {
    "v2-systemd": ("v2", "systemd", "ext4-partition"),  # the longest comes first
    "v2-stacks": ("v2", "systemd", "rack"),
    "v2-cgroupfs": ("v2", "cgroupfs", "xfs-disk"),
    "v1-systemd": ("v1", "systemd", "xfs-disk"),
    "v1-cgroupfs": ("v1", "cgroupfs", "ext4-partition"),
    "v1-stacks": ("v1", "systemd", "rack"),
    "v2-faults": ("v2", "systemd", "ext4-partition"),
    "v1-faults": ("v1", "cgroupfs", "xfs-disk"),
}
LONG_CELLS = {"v1-stacks", "v1-faults"}  # with --all, or when asked for
CELL_SECONDS, LONG_CELL_SECONDS = 2700, 4800
# Two machines side by side with one CPU each keep two cores as busy as one machine with two CPUs, and emulation then has
# no CPUs to keep in step: with two, a v1 machine can hang (docs/development/testing.md).
CPUS = 1


class Results:
    """Prints each test as it ends, and counts. Machines report from several threads."""

    def __init__(self):
        self.counts = {"pass": 0, "fail": 0, "skip": 0}
        self._texts = []
        self._lock = threading.Lock()

    def add(self, name, result, text="", seconds=0.0, evidence=()):
        with self._lock:
            self.counts[result] += 1
            first, *more = text.splitlines() or [""]
            print(f"{result.upper()}  {name}  ({seconds:.1f} s)  {first}", flush=True)
            for line in [*more, *evidence]:
                print(f"      | {line}", flush=True)

    def add_text(self, text):
        """For the end of the run."""
        with self._lock:
            self._texts.append(text)

    def show_texts(self):
        for text in filter(None, self._texts):
            print(text, flush=True)


def plan_of(cell, arguments):
    hierarchy, driver, layout = CELLS[cell]
    return {"role": "tests", "cell": cell, "hierarchy": hierarchy, "driver": driver, "layout": layout,
            "filter": arguments.filter, "all": arguments.all}


def schema_error(verb, document):
    """What `iopsctl VERB --json` printed against what we promise; "" when it fits."""
    schema = json.loads((REPOSITORY / "conf/schema/iopsctl.json").read_text())
    try:
        jsonschema.validate(document, {**schema, "$ref": f"#/$defs/{verb}"})
    except jsonschema.ValidationError as wrong:
        return f"iopsctl {verb} --json: {wrong.message} at {list(wrong.absolute_path)}"
    return ""


def run_cell(cell, parts, arguments, results):
    plan = plan_of(cell, arguments)
    started, seen = time.monotonic(), 0
    machine = Machine(cell, arguments.work / cell, parts["image"], parts["accelerator"], plan["hierarchy"],
                      Payload(plan, arguments.program, parts["files"].get(cell)), cpus=CPUS,
                      racked=plan["layout"] == "rack")
    table = MeasuredTables(machine.folder)
    try:
        for event in machine.run(LONG_CELL_SECONDS if arguments.all else CELL_SECONDS):
            if event["event"] == "case":
                seen += 1
                results.add(f"{cell}.{event['name']}", event["result"], event["text"], event["seconds"],
                            event.get("journal", ()))
            elif event["event"] == "failure":
                results.add(f"{cell}.machine", "fail", event["text"], time.monotonic() - started)
            elif event["event"] in TABLES:
                table.add(event)
            elif event["event"] == "document":
                wrong = schema_error(event["verb"], event["document"])
                if wrong:
                    results.add(f"{cell}.iopsctl-{event['verb']}-json", "fail", wrong)
            elif event["event"] == "screen":
                (machine.folder / "screen.txt").write_text(event["text"] + "\n")
            elif event["event"] == "journal":
                (machine.folder / "journal.txt").write_text(event["text"])
            elif event["event"] == "step" and arguments.verbose:
                print(f"      {cell} {time.monotonic() - started:6.1f} s  {event['text']}", flush=True)
        if not seen:
            results.add(f"{cell}.machine", "fail", f"no test ran (filter: {arguments.filter!r})")
    except MachineFailed as failure:
        results.add(f"{cell}.machine", "fail", str(failure), time.monotonic() - started)
    results.add_text(table.text(cell))


def main(arguments, progress):
    cache = arguments.cache
    parts = {"image": image.ensure(cache, progress)}
    parts["accelerator"] = accelerator.choose(parts["image"].kernel, cache, progress)
    results, waiting = Results(), queue.SimpleQueue()
    cells = [cell for cell in CELLS if cell in arguments.cells
             or not arguments.cells and (arguments.all or cell not in LONG_CELLS)]
    deployed = [cell for cell in cells if cell in deployment.CELLS]
    parts["files"] = dict.fromkeys(deployed, deployed and deployment.build(
        arguments.program, arguments.packages, arguments.work.parent / "container"))
    for cell in cells:
        waiting.put(cell)

    def work():
        while True:
            try:
                cell = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                run_cell(cell, parts, arguments, results)
            except Exception:  # of the test's own: without a word the cell would count as nothing
                results.add(f"{cell}.machine", "fail", traceback.format_exc())

    progress(f"booting {', '.join(cells)}, {arguments.machines} at a time")
    threads = [threading.Thread(target=work) for _ in range(arguments.machines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.show_texts()
    pathlib.Path(arguments.counts).write_text(" ".join(str(results.counts[k]) for k in ("pass", "fail", "skip")) + "\n")
    return 1 if results.counts["fail"] else 0
