# SPDX-License-Identifier: Apache-2.0
"""The system tests' host side: one machine for each cell of the matrix, one line for each test."""
import functools
import json
import math
import pathlib
import queue
import threading
import time
import traceback

import jsonschema

import accelerator
import cells as matrix
import control_plane
import deployment
import kubernetes
import nvme_timeouts
from machine import Machine, MachineFailed, MachineHung
from measured_tables import TABLES, MeasuredTables
from payload import REPOSITORY, Payload

CELL_SECONDS, LONG_CELL_SECONDS = 2700, 4800
SLOWEST = 30  # cases, named at the end
# Two machines side by side with one CPU each keep two cores as busy as one machine with two CPUs, and emulation then has
# no CPUs to keep in step: with two, a v1 machine can hang (docs/development/testing.md). maxcpus=2 leaves room for a second
# CPU that is never plugged in. Without it QEMU does not emit the guest's memory barriers, and the NVMe disk, which another
# thread emulates, misses doorbells and stops answering (docs/development/decisions/0018-nvme-in-the-test-machine.md).
CPUS = "1,maxcpus=2"


class Results:
    """Prints each test as it ends, and counts the runs that are valid. Machines report from several threads."""

    def __init__(self):
        self.counts = {"pass": 0, "fail": 0, "skip": 0}
        self._texts, self._seconds = [], {}
        self._lock = threading.Lock()

    def show(self, name, result, text="", seconds=0.0, evidence=(), place=""):
        """`place`: which of the cell's cases it is, such as "12/54"."""
        first, *more = text.splitlines() or [""]
        took = ", ".join(filter(None, [place, f"{seconds:.1f} s"]))
        self.announce(f"{result.upper()}  {name}  ({took})  {first}", [*more, *evidence])

    def announce(self, text, evidence=()):
        with self._lock:
            print(text, flush=True)
            for line in evidence:
                print(f"      | {line}", flush=True)

    def count(self, run):
        with self._lock:
            for result in run.outcomes:
                self.counts[result] += 1
            self._texts += run.texts
            self._seconds.update(run.seconds)

    def show_texts(self):
        for text in filter(None, self._texts):
            print(text, flush=True)

    def show_slowest(self):
        slowest = sorted(self._seconds.items(), key=lambda one: -one[1])[:SLOWEST]
        print("The slowest cases: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in slowest), flush=True)


def plan_of(cell, arguments):
    return {"role": "tests", "cell": cell, **matrix.CELLS[cell]._asdict(), "filter": arguments.filter,
            "all": arguments.all}


def schema_error(verb, document):
    """What `iopsctl VERB --json` printed against what we promise; "" when it fits."""
    schema = json.loads((REPOSITORY / "conf/schema/iopsctl.json").read_text())
    try:
        jsonschema.validate(document, {**schema, "$ref": f"#/$defs/{verb}"})
    except jsonschema.ValidationError as wrong:
        return f"iopsctl {verb} --json: {wrong.message} at {list(wrong.absolute_path)}"
    return ""


def add_exception(cell, run):
    """For an error of the test code itself: without a result the cell would look as if it had not been asked for."""
    run.add(f"{cell}.machine", "fail", traceback.format_exc())


def run_once(cell, parts, arguments, run):
    """Boots one machine and runs its tests. Returns the text of the guest's console."""
    if not matrix.CELLS[cell].cluster:
        return boot(cell, parts, arguments, run, {})
    try:
        with control_plane.running(parts["kubernetes"], arguments.work / f"{cell}.control-plane") as more:
            return boot(cell, parts, arguments, run, more)
    except Exception:
        add_exception(cell, run)
        return ""


def boot(cell, parts, arguments, run, more):
    """`more`: what the machine is made with."""
    plan = plan_of(cell, arguments)
    started = time.monotonic()
    program = arguments.program.parent / plan["suite"] / arguments.program.name
    machine = Machine(cell, arguments.work / cell, parts["images"][plan["suite"]], parts["accelerator"],
                      plan["hierarchy"], Payload(plan, program, parts["files"].get(cell)), cpus=CPUS,
                      with_nvme_disks=plan["layout"] == "nvme_disks", kernel_arguments=["apparmor=1"] * plan["apparmor"],
                      **more)
    table = MeasuredTables(machine.folder)
    number, total = 0, 0
    try:
        for event in machine.run(LONG_CELL_SECONDS if arguments.all or plan["cluster"] else CELL_SECONDS):
            if event["event"] == "cases":
                total = event["count"]
            elif event["event"] == "case":
                number += 1
                run.add(f"{cell}.{event['name']}", event["result"], event["text"], event["seconds"],
                        event.get("journal", ()), at=event["at"], place=f"{number}/{total}")
            elif event["event"] == "failure":
                run.add(f"{cell}.machine", "fail", event["text"], time.monotonic() - started, at=event["at"])
            elif event["event"] in TABLES:
                table.add(event)
            elif event["event"] == "document":
                wrong = schema_error(event["verb"], event["document"])
                if wrong:
                    run.add(f"{cell}.iopsctl-{event['verb']}-json", "fail", wrong)
            elif event["event"] == "screen":
                (machine.folder / "screen.txt").write_text(event["text"] + "\n")
            elif event["event"] == "journal":
                (machine.folder / "journal.txt").write_text(event["text"])
            elif event["event"] == "step" and arguments.verbose:
                print(f"      {cell} {time.monotonic() - started:6.1f} s  {event['text']}", flush=True)
        if not run.outcomes:
            run.add(f"{cell}.machine", "fail", f"no test ran (filter: {arguments.filter!r})")
    except MachineHung as failure:
        run.add(f"{cell}.machine", "fail", str(failure), time.monotonic() - started, at=math.inf)
    except MachineFailed as failure:
        run.add(f"{cell}.machine", "fail", str(failure), time.monotonic() - started)
    except Exception:
        add_exception(cell, run)
    run.texts.append(table.text(cell))
    return machine.console()


def main(arguments, progress):
    cache = arguments.cache
    cells = matrix.chosen(arguments)
    parts = {"images": matrix.images(cells, cache, progress)}
    parts["accelerator"] = accelerator.choose(next(iter(parts["images"].values())).kernel, cache, progress)
    if any(matrix.CELLS[cell].cluster for cell in cells):
        parts["kubernetes"] = kubernetes.ensure(cache, progress)
    results, waiting = Results(), queue.SimpleQueue()
    deployed = [cell for cell in cells if cell in deployment.CELLS]
    parts["files"] = dict.fromkeys(deployed, deployed and deployment.build(
        arguments.program, arguments.packages, arguments.work.parent / "container"))
    for version, _ in matrix.earlier(arguments):
        earlier = deployment.debs(arguments.earlier / version, f"opt/lab/packages/{version}")
        parts["files"] = {cell: {**files, **earlier} for cell, files in parts["files"].items()}
    if matrix.sites(arguments):
        sites = deployment.files(arguments.sites, "opt/lab/apt-sites")
        parts["files"] = {cell: {**files, **sites} for cell, files in parts["files"].items()}
    for cell in cells:
        if matrix.CELLS[cell].suite:
            parts["files"][cell] = deployment.packages(arguments.packages / matrix.CELLS[cell].suite)
        if matrix.CELLS[cell].cluster:
            parts["files"][cell] = deployment.cluster(arguments.program, arguments.work.parent / "container")
    for cell in cells:
        waiting.put(cell)

    def work():
        while True:
            try:
                cell = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                nvme_timeouts.run_cell(arguments.work / cell, functools.partial(run_once, cell, parts, arguments), results)
            except Exception:
                run = nvme_timeouts.CellRun(results)
                add_exception(cell, run)
                results.count(run)

    progress(f"booting {', '.join(cells)}, {arguments.machines} at a time")
    threads = [threading.Thread(target=work) for _ in range(arguments.machines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.show_texts()
    results.show_slowest()
    pathlib.Path(arguments.counts).write_text(" ".join(str(results.counts[k]) for k in ("pass", "fail", "skip")) + "\n")
    return 1 if results.counts["fail"] else 0
