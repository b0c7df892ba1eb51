# SPDX-License-Identifier: Apache-2.0
"""Containers that use the disk at once, each in its own way, and what the kernel counts of them meanwhile. fio runs in
the container's cgroup like a process of its own: to have the runtime start it takes seconds in an emulated machine."""
import bisect
import contextlib
import json
import os
import signal
import subprocess
import threading
import time

import disks
import rules
from report import repeating, until

FILE_BYTES = 16 << 20
WORK = {"read": "randread", "write": "randwrite", "mixed": "randrw"}
# libaio waits for many requests in one thread, which raises no pressure. Threads that wait for one request each do.
QUEUE = ("--ioengine=libaio", "--iodepth=32")
THREADS = ("--ioengine=psync", "--numjobs=32", "--group_reporting")
FEW_THREADS = ("--ioengine=psync", "--numjobs=4", "--group_reporting")
BUFFERED = ("--direct=0", *THREADS)
WINDOW_SECONDS = 1.0


def lay_out(name, directory=disks.MOUNT, size=FILE_BYTES):
    """A file with blocks to read; written by the node, which no limit holds back."""
    path = os.path.join(directory, f"load-{name}")
    with open(path, "wb") as file:
        for _ in range(size >> 20):
            file.write(b"\1" * (1 << 20))
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return path


class Fio:
    def __init__(self, container, path, words):
        # Threads, because a job that is a process leaves the session, and signals would not reach it.
        command = ["/usr/bin/fio", f"--filename={path}", f"--size={os.path.getsize(path)}", "--direct=1",
                   "--fallocate=none", "--thread", "--time_based", "--output-format=json", "--name=load", *words]
        entry = rules.root() / container.cgroup.strip("/") / "cgroup.procs"
        self._process = subprocess.Popen(["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', str(entry), *command],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                         text=True, start_new_session=True)

    def signal(self, number):
        os.killpg(self._process.pid, number)

    def end(self):
        self.signal(signal.SIGKILL)
        self._process.communicate()

    def result(self):
        """fio's report on its only job."""
        out, errors = self._process.communicate()
        if self._process.returncode != 0:
            raise RuntimeError(f"fio: exit status {self._process.returncode}: {errors[-400:]}")
        return json.loads(out[out.index("{"):])["jobs"][0]


class Hog:
    """Wants all it can get while it is on; it comes with a full queue."""

    def __init__(self, container, devnum, how=THREADS, work="read", block="4k", directory=disks.MOUNT, size=FILE_BYTES):
        self.container, self.name, self.direction = container, container.name, int(work == "write")
        self.path = lay_out(container.name, directory, size)
        before = rules.operations(container.cgroup, devnum)
        self._fio = Fio(container, self.path, ["--runtime=36000", f"--rw={WORK[work]}", f"--bs={block}", *how])
        try:
            until(lambda: rules.operations(container.cgroup, devnum) != before, f"the first I/O of {self.name}")
        except AssertionError:
            self.end()
            raise
        self.off()

    def on(self):
        self._fio.signal(signal.SIGCONT)
        return time.monotonic()

    def off(self):
        self._fio.signal(signal.SIGSTOP)
        return time.monotonic()

    def end(self):
        self._fio.end()


@contextlib.contextmanager
def uncached(hogs, every=0.5):
    """While the block runs, the page cache forgets what they have read: else buffered reads of large blocks have soon read
    all of their files, and need the disk no more."""
    def forget():
        for hog in hogs:
            with open(hog.path, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    with repeating(forget, every):
        yield


class Quiet:
    """Wants `rate` reads a second, one at a time."""

    def __init__(self, container, rate, directory=disks.MOUNT):
        self.container, self.name, self.rate = container, container.name, rate
        self._path = lay_out(container.name, directory)

    def run(self, seconds, before=0):
        """What it got of what it wanted, as a fraction, and how long a read took, in ms. `before`: seconds for which it
        works without being measured."""
        words = ["--rw=randread", "--bs=4k", "--ioengine=psync", f"--rate_iops={self.rate}"]
        measured = Fio(self.container, self._path, [*words, f"--runtime={seconds}", f"--startdelay={before}"])
        if before:
            Fio(self.container, self._path, [*words, f"--runtime={before}"]).result()
        job = measured.result()["read"]
        percentiles = job["clat_ns"].get("percentile", {})  # without a single read there are none
        times = {f"p{number}": percentiles.get(f"{number}.000000", seconds * 1e9) / 1e6 for number in (50, 95, 99)}
        return {"share": job["iops"] / self.rate, **times}


class Watch:
    """What the kernel has counted, and has in force, for each container, many times a second while the block runs.
    `direction`: 0 are reads, 1 writes."""

    def __init__(self, containers, devnum, direction=0, every=0.1):
        self._containers, self._devnum = {one.name: one for one in containers}, devnum
        self.direction, self.every = direction, every
        self._times, self._counts, self._limits = [], [], []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        while not self._over.wait(self.every):
            self._look()

    def _look(self):
        counts = {name: rules.operations(one.cgroup, self._devnum) for name, one in self._containers.items()}
        limits = {name: limit_of(one, self._devnum) for name, one in self._containers.items()}
        self._counts.append(counts)
        self._limits.append(limits)
        self._times.append(time.monotonic())

    def _count(self, name, moment):
        """Between two looks as if it had grown evenly."""
        after = min(max(bisect.bisect_left(self._times, moment), 1), len(self._times) - 1)
        early, late = self._times[after - 1], self._times[after]
        first, last = (self._counts[at][name][self.direction] for at in (after - 1, after))
        return first + (last - first) * min(1.0, max(0.0, (moment - early) / (late - early)))

    def rate(self, name, begin, end):
        """Operations a second between two moments."""
        return (self._count(name, end) - self._count(name, begin)) / (end - begin)

    def windows(self, name, begin, end, step=WINDOW_SECONDS):
        """The rates of the windows of one second that begin every `step` seconds."""
        count = int((end - begin - WINDOW_SECONDS) / step + 1e-6) + 1
        return [self.rate(name, begin + number * step, begin + number * step + WINDOW_SECONDS)
                for number in range(count)]

    def changes(self, name, begin, end):
        """[(moment, limit)] of each time that the limit was another one than at the look before."""
        return [(moment, now[name]) for moment, before, now in zip(self._times[1:], self._limits, self._limits[1:])
                if begin < moment <= end and now[name] != before[name]]

    def limits(self, name, begin, end):
        """[(moment, limit)] of all looks."""
        looks = slice(bisect.bisect_left(self._times, begin), bisect.bisect_right(self._times, end))
        return [(moment, limits[name]) for moment, limits in zip(self._times[looks], self._limits[looks])]


def limit_of(container, devnum):
    """(reads, writes) a second that the kernel allows; None for each that it does not limit."""
    rule = rules.of(container.cgroup).get(devnum, rules.UNLIMITED)
    return tuple(None if rule[key] == "max" else int(rule[key]) for key in ("riops", "wiops"))


def jain(rates):
    """1 when all are equal, 1 / n when one has everything."""
    squares = len(rates) * sum(rate * rate for rate in rates)
    return sum(rates) ** 2 / squares if squares else 0.0
