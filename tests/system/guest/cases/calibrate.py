# SPDX-License-Identifier: Apache-2.0
"""iopsctl calibrate on a disk whose capacity is known, because QEMU sees to it."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time

import disks
import service
import sharing
from cases import case
from ctl import NOBODY, NOT_PERMITTED, REFUSED, outcome
from disks import run
from report import until

CAPACITIES = (600, 1200, 2400)
TOLERANCE = 0.10
# Too much is a failure at once. Too little can also mean that the emulated machine got no CPU: measured again.
ATTEMPTS = 2
SCOPE = "iops-limitd-calibrate.scope"
SESSION_IOPS = 50
MEBIBYTE, GIBIBYTE = 1 << 20, 1 << 30
FIO_FILE = pathlib.Path(disks.MOUNT, "calibrate-fio")


def in_limited_session(node):
    """Words that run a command where a limit holds for it, as it may for a login session."""
    if node.v1:
        return ()
    limits = [f"--property=IO{way}IOPSMax={node.disk.disk} {SESSION_IOPS}" for way in ("Read", "Write")]
    return ("systemd-run", "--quiet", "--scope", *limits)


def calibrated(node):
    """The document, which the host holds against the schema."""
    found = json.loads(run(*in_limited_session(node), "iopsctl", "calibrate", "--yes", "--seconds", "30", "--json"))
    node.report.send("document", verb="calibrate", document=found)
    return found


def fio(work, depth, seconds=6, **more):
    """The arguments of fio with so many requests at a time."""
    options = {"filename": FIO_FILE, "size": "256m", "bs": "4k", "direct": 1, "ioengine": "libaio", "iodepth": depth,
               "rw": work, "runtime": seconds, "ramp_time": 1, "output-format": "json", "name": "fio", **more}
    return ["fio", "--time_based", "--fallocate=none", *(f"--{name}={value}" for name, value in options.items())]


def fio_iops(work, depth, session=()):
    text = run(*session, *fio(work, depth))
    job = json.loads(text[text.index("{"):])["jobs"][0]
    return job[work.removeprefix("rand")]["iops"]


def compared(found, capacity):
    """[(what, what calibrate found, what fio gets with as many requests at a time)]. fio counts only where the machine
    did not reach the capacity."""
    rows = []
    for what, work in (("read", "randread"), ("write", "randwrite"), ("sustained", "randwrite")):
        iops = found[what]["iops"]
        slow = iops < (1 - TOLERANCE) * capacity
        rows.append((what, iops, fio_iops(work, found[what]["depth"]) if slow else None))
    return rows


def wrong(rows, capacity):
    """The rows with too much, and those with too little."""
    high = [row for row in rows if row[1] > (1 + TOLERANCE) * capacity]
    low = [row for row in rows if row[1] < (1 - TOLERANCE) * min(capacity, row[2] or capacity)]
    return high, low


def spelled(found, rows):
    return f"{found['read']['depth']} at a time: " + ", ".join(
        f"{what} {iops:.0f}" + (f" (fio {other:.0f})" if other else "") for what, iops, other in rows)


def measure(node, capacity):
    with sharing.capacity(node.report, capacity):
        for _ in range(ATTEMPTS):
            found = calibrated(node)
            rows = compared(found, capacity)
            high, low = wrong(rows, capacity)
            assert not high, f"a disk that does {capacity}: {spelled(found, rows)}"
            if not low:
                break
        assert not low, f"a disk that does {capacity}: {spelled(found, rows)}"
    weakest = min(found[what]["iops"] for what in ("read", "mixed", "write", "sustained"))
    total = found["advice"]["total_iops"]
    assert 0.8 * weakest / 1.1 <= total <= 0.8 * weakest, f"80 % of {weakest} is not {total}"
    return f"{capacity} with {spelled(found, rows)}, total {total}"


@case("calibrate-finds-the-capacity", cells="v2-cgroupfs v1-systemd", long=True)
def capacities(node):
    run("dd", "if=/dev/urandom", f"of={FIO_FILE}", "bs=1M", "count=256", "oflag=direct", "status=none")
    try:
        held = fio_iops("randread", 8, in_limited_session(node))
        assert node.v1 or held <= 1.2 * SESSION_IOPS, f"the session is not limited, so nothing is proved: {held:.0f}"
        return "; ".join(measure(node, capacity) for capacity in CAPACITIES) + f" (fio in that session {held:.0f})"
    finally:
        FIO_FILE.unlink()


def free_bytes():
    found = os.statvfs(disks.MOUNT)
    return found.f_bavail * found.f_frsize


@contextlib.contextmanager
def started():
    """A calibration that has written a good part of its file."""
    before = free_bytes()
    process = subprocess.Popen(["iopsctl", "calibrate", "--yes"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True)
    try:
        until(lambda: process.poll() is not None or free_bytes() < before - 200 * MEBIBYTE, "a file of 200 MiB")
        assert process.poll() is None, f"calibrate ended: {process.stdout.read()}"
        yield process
    finally:
        process.kill()
        process.communicate()
    until(lambda: free_bytes() > before - 16 * MEBIBYTE,
          lambda: f"{before} bytes free again, there are {free_bytes()}", 20)
    until(lambda: service.show("ActiveState", SCOPE) == "inactive", f"the end of {SCOPE}", 20)


@case("calibrate-leaves-nothing", cells="v2-cgroupfs")
@case("calibrate-leaves-nothing", cells="v1-systemd", long=True)
def killed(node):
    with started() as process:
        cgroup = pathlib.Path(f"/proc/{process.pid}/cgroup").read_text()
        assert f"/system.slice/{SCOPE}" in cgroup, f"it is not in {SCOPE}: {cgroup}"
        names = list(pathlib.Path(disks.MOUNT).rglob("*calibrate*"))
        assert not names, f"its file has a name: {names}"
        status, _, said = outcome("calibrate", "--yes")
        assert (status, "runs already" in said) == (REFUSED, True), f"a second run: {status} {said}"
        process.kill()
        process.wait()
    with started() as process:
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
        took = time.monotonic() - began
        assert process.returncode == REFUSED and "interrupted" in said, f"SIGINT: {process.returncode} {said}"
    return f"space and {SCOPE} are gone after SIGKILL and SIGINT, which took {took:.1f} s"


def expect_refused(words, text, prefix=(), status=REFUSED):
    done = subprocess.run([*prefix, "iopsctl", "calibrate", *words], capture_output=True, text=True)
    assert (done.returncode, text in done.stderr, done.stdout) == (status, True, ""), \
        f"expected status {status} and {text!r}, found {done.returncode}: {done.stdout}{done.stderr}"


@contextlib.contextmanager
def busy():
    process = subprocess.Popen(fio("randread", 8, 600), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@case("calibrate-refuses", cells="v2-cgroupfs")
@case("calibrate-refuses", cells="v1-systemd", long=True)
def refused(node):
    expect_refused([], "containers run on this node (")
    expect_refused(["--yes"], "only root can measure /data", NOBODY, NOT_PERMITTED)
    expect_refused(["--yes"], "iopsctl runs in a container", ["unshare", "--cgroup"])
    run("dd", "if=/dev/zero", f"of={FIO_FILE}", "bs=1M", "count=256", "oflag=direct", "status=none")
    with sharing.capacity(node.report, 100), busy():
        until(lambda: "is busy" in outcome("calibrate")[2], "a refusal of a busy disk", 30)
    FIO_FILE.unlink()
    full = pathlib.Path(disks.MOUNT, "full")
    run("fallocate", "-l", str(free_bytes() - 4 * GIBIBYTE), str(full))
    try:
        expect_refused(["--yes"], "are free on /data, at least 5.0 GiB are needed")
    finally:
        full.unlink()
    return "beside containers, in a container, by others than root, on a busy disk, on a full one"
