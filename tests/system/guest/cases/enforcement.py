# SPDX-License-Identifier: Apache-2.0
"""What the kernel makes of a limit: every direction, three limits, direct and buffered I/O. A table for
docs/kernel-enforcement.md; of what the kernel promises to enforce (direct I/O and fsync everywhere, buffered writes on
v2) each row is a test."""
import contextlib
import threading
import time

import disks
import fio
import rules
import service
from cases import case
from disks import run
from node import EVENTS_ONLY
from report import until

LIMITS = (100, 500, 5000)
DIRECTIONS = {"read": ("read",), "write": ("write",), "mixed": fio.BOTH}
MODES = {"direct": (), "buffered, fsync": ("--direct=0", "--ioengine=psync", "--fsync=1"),
         "buffered": ("--direct=0", "--ioengine=psync")}
FIO_SECONDS, SETTLE_SECONDS, WINDOW_SECONDS = 9, 3, 5
PART_BYTES = 128 << 20  # more than a buffered reader gets through meanwhile: it shall not find all of it in memory
# Dirty pages go to the disk within a second, as they do on a node whose memory is in use; usual is half a minute.
WRITEBACK = ("vm.dirty_writeback_centisecs=20", "vm.dirty_expire_centisecs=50")


@contextlib.contextmanager
def early_writeback():
    names = [one.split("=")[0] for one in WRITEBACK]
    before = [f"{name}={run('sysctl', '-n', name).strip()}" for name in names]
    run("sysctl", "-qw", *WRITEBACK)
    try:
        yield
    finally:
        run("sysctl", "-qw", *before)


def rates_of(devnum, seconds):
    """{direction: operations a second} of the whole disk, in a window from now."""
    before, began = disks.operations(devnum), time.monotonic()
    time.sleep(seconds)
    after, lasted = disks.operations(devnum), time.monotonic() - began
    return {direction: (after[direction] - before[direction]) / lasted for direction in fio.BOTH}


def run_fio(node, container, directions, more):
    """What fio says, and what the disk did meanwhile."""
    found = {}
    thread = threading.Thread(target=lambda: found.update(
        fio.iops(node.runtime, container, directions, FIO_SECONDS, more=more, part=PART_BYTES)))
    start = disks.operations(node.devnum)
    thread.start()
    try:
        # A buffered write may reach the disk late, but dirty pages are old after half a second.
        until(lambda: disks.operations(node.devnum) != start, "the first I/O of fio at the disk", 60)
        time.sleep(SETTLE_SECONDS)
        on_disk = rates_of(node.devnum, WINDOW_SECONDS)
    finally:
        thread.join()
    return found, {direction: on_disk[direction] for direction in directions}


def most_allowed(node, mode, limit, by_fio, on_disk):
    """(what must not exceed the limit, by how much it may): what the kernel promises. Writes of the page cache come in
    bursts."""
    if mode == "buffered":
        return ({}, 0) if node.v1 else (on_disk, 2 * fio.TOLERANCE)
    if mode == "buffered, fsync" and "read" in on_disk:
        return {**by_fio, "read": on_disk["read"]}, fio.TOLERANCE  # fio counts what the page cache gave it
    return by_fio, fio.TOLERANCE


def measure(node, container, directions, mode, limit, ceiling):
    """Too much is a failure at once; too little of direct I/O is measured again, as in fio.within()."""
    for _ in range(fio.ATTEMPTS):
        by_fio, on_disk = run_fio(node, container, directions, MODES[mode])
        rates, tolerance = most_allowed(node, mode, limit, by_fio, on_disk)
        where = f"{'/'.join(directions)}, {mode}, at {limit}: {fio.spelled(by_fio)}; on the disk {fio.spelled(on_disk)}"
        assert all(rate <= limit * (1 + tolerance) for rate in rates.values()), where
        if mode != "direct" or limit > ceiling / 2 or min(by_fio.values()) >= limit * (1 - fio.TOLERANCE):
            return by_fio, on_disk
    raise AssertionError(where)


@contextlib.contextmanager
def limited_to(node, container, limit):
    service.configure(EVENTS_ONLY + f"[limits]\niops = {limit}\ntotal_iops = 0\n")
    assert service.reload(), "the service refused the configuration"
    value = limit or "max"
    until(lambda: rules.of(container.cgroup) == ({node.devnum: rules.limits(value, value)} if limit else {}),
          lambda: f"expected {limit} in {container.cgroup}, found {rules.of(container.cgroup)}", 20)
    try:
        yield
    finally:
        service.configure(EVENTS_ONLY)
        assert service.reload(), "the service refused the configuration"


@case("what-the-kernel-enforces", cells="v2-systemd v1-systemd", long=True)
def enforcement(node):
    container = node.base()
    fio.prepare(node.runtime, container, part=PART_BYTES)
    with limited_to(node, container, 0):
        free, _ = run_fio(node, container, fio.BOTH, MODES["direct"])
    ceiling, rows = min(free.values()), 0
    with early_writeback():
        for limit in LIMITS:
            with limited_to(node, container, limit):
                for mode in MODES:
                    for name, directions in DIRECTIONS.items():
                        by_fio, on_disk = measure(node, container, directions, mode, limit, ceiling)
                        node.report.send("enforcement", hierarchy=rules.hierarchy(), directions=name, mode=mode,
                                         limit=limit, fio=by_fio, disk=on_disk)
                        rows += 1
            with limited_to(node, container, 0):
                run("sync", "--file-system", disks.MOUNT)  # a direct read waits for dirty pages
    return f"{rows} rows; without a limit {fio.spelled(free)}"
