# SPDX-License-Identifier: Apache-2.0
"""fio inside a container: 4 KiB random direct I/O on a file of its own, reading and writing at the same time. The
limits of the two directions are separate, so one run measures both. Each direction has a part of the file to itself and
takes its blocks in turns: btrfs holds a request for a block back until the one under way is done, and io_submit with
it (measured: up to half a second), so that less than the limit is asked for."""
import json
import os
import pathlib
import signal
import threading

import rules
from report import until

PART_BYTES = 32 << 20
RAMP_SECONDS = 1
JOBS = {"read": "randread", "write": "randwrite"}
BOTH = tuple(JOBS)
TOLERANCE = 0.05
# Too much is a failure at once. Too little can also mean that the emulated machine got no CPU: measured again.
ATTEMPTS = 3


def file_of(container, directory):
    return f"--filename={directory}/{container.pod.name}-{container.name}"


def command(container, directions, seconds, directory="/data", more=(), part=PART_BYTES):
    words = ["/usr/bin/fio", file_of(container, directory), f"--size={part}", "--bs=4k", "--direct=1",
             "--ioengine=libaio", "--iodepth=16", "--time_based", f"--runtime={seconds}",
             f"--ramp_time={RAMP_SECONDS}", "--fallocate=none", "--output-format=json", *more]
    for direction in directions:
        words += [f"--name={direction}", f"--rw={JOBS[direction]}", f"--offset={BOTH.index(direction) * part}"]
    return words


def prepare(runtime, container, directory="/data", part=PART_BYTES):
    """Writes the file, so that reads find blocks. Big blocks: an IOPS limit makes this no slower than it must be."""
    runtime.execute(container.id, "/usr/bin/fio", "--name=lay-out", file_of(container, directory), "--rw=write",
                    f"--size={len(BOTH) * part}", "--bs=1m", "--direct=1", "--fallocate=none", "--end_fsync=1")


def iops(runtime, container, directions=BOTH, seconds=8, directory="/data", more=(), part=PART_BYTES):
    """{direction: IOPS}. `more` are further arguments for both jobs; `part` is what prepare() was given."""
    text = runtime.execute(container.id, *command(container, directions, seconds, directory, more, part))
    jobs = json.loads(text[text.index("{"):])["jobs"]
    return {job["jobname"]: job[job["jobname"]]["iops"] for job in jobs}


def deviation(found, limit):
    """As a fraction: +0.02 is two per cent above the limit."""
    return found / limit - 1


def within(limit, who, measure, times=1):
    """What `measure` returns, as iops() does, once each direction is within the tolerance of the limit, or of the way
    from the limit to `times` the limit."""
    for _ in range(ATTEMPTS):
        measured = measure()
        most, least = max(measured.values()), min(measured.values())
        assert deviation(most, times * limit) <= TOLERANCE, \
            f"fio in {who}: expected at most {times * limit} IOPS, found {spelled(measured)}"
        if deviation(least, limit) >= -TOLERANCE:
            return measured
    raise AssertionError(f"fio in {who}: expected {limit} IOPS each way, found {spelled(measured)}")


def spelled(measured):
    return ", ".join(f"{direction} {found:.0f}" for direction, found in measured.items())


def expect(limit, who, measure):
    """The same in words."""
    return f"fio at {limit}: {spelled(within(limit, who, measure))}"


class Background:
    """fio in a container, reading and writing as fast as it may, from now until stop(). The first error ends a job."""
    SECONDS = 600

    def __init__(self, runtime, container):
        prepare(runtime, container)
        self._container, self._answer = container, {}
        self._thread = threading.Thread(target=lambda: self._answer.update(runtime.call(
            "ExecSync", container_id=container.id, cmd=command(container, BOTH, self.SECONDS), timeout=self.SECONDS)))
        self._thread.start()
        until(lambda: len(self._processes()) > len(BOTH), "fio at work in the container")

    def _processes(self):
        """{process ID: its parent's}"""
        found = {}
        for pid in (rules.root() / self._container.cgroup.strip("/") / "cgroup.procs").read_text().split():
            try:
                name, fields = pathlib.Path("/proc", pid, "stat").read_text().split("(", 1)[1].rsplit(")", 1)
                if name == "fio":
                    found[int(pid)] = int(fields.split()[1])
            except FileNotFoundError:
                pass  # ended meanwhile
        return found

    def stop(self):
        """{direction: errno of its first I/O error, 0 for none}."""
        # It ends orderly and reports. Only the one that started the others is told: one of them that is interrupted
        # itself waits for ever now and then, for I/O that is not under way.
        processes = self._processes()
        for pid in set(processes) & set(processes.values()):
            os.kill(pid, signal.SIGINT)
        self._thread.join()
        text = self._answer["stdout"].decode(errors="replace")
        return {job["jobname"]: job["error"] for job in json.loads(text[text.index("{"):])["jobs"]}
