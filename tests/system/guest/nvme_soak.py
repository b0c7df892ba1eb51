# SPDX-License-Identifier: Apache-2.0
"""Keeps the emulated NVMe disk at work, on and off, until the time is over or the disk no longer answers."""
import os
import pathlib
import re
import subprocess
import time

import disks

FIO = ["fio", "--direct=1", "--ioengine=libaio", "--iodepth=16", "--size=64m", "--output-format=terse"]
SMALL = ["--bs=4k", "--time_based", "--name=read", "--rw=randread", "--name=write", "--rw=randwrite", "--offset=64m"]
# In turns: big writes, as fast as it goes, below a limit as the tests set it.
TURNS = [(None, ["--name=lay-out", "--rw=write", "--bs=1m", "--size=128m"]), (None, ["--runtime=8", *SMALL]),
         (500, ["--runtime=3", *SMALL])]
TIMEOUT = re.compile(r"nvme nvme\d+: I/O \d+ (\(.*\) )?QID \d+ timeout, ")
CGROUP = pathlib.Path("/sys/fs/cgroup/soak")
AFTERMATH_SECONDS = 20


def kernel_lines():
    lines = subprocess.run(["dmesg"], capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if "nvme nvme" in line]


def timed_out():
    return any(map(TIMEOUT.search, kernel_lines()))


def limit(devnum, iops):
    CGROUP.mkdir(exist_ok=True)
    (CGROUP / "io.max").write_text(f"{devnum} riops={iops or 'max'} wiops={iops or 'max'}")


def turn(device, iops, work):
    """False when the disk did not answer."""
    limit(disks.number(device), iops)
    fio = subprocess.Popen([*FIO, f"--filename=/dev/{device}", *work], stdout=subprocess.DEVNULL,
                           preexec_fn=lambda: (CGROUP / "cgroup.procs").write_text(str(os.getpid())))
    while True:
        try:
            fio.wait(1)
            return not timed_out()
        except subprocess.TimeoutExpired:
            if timed_out():
                return False


def main(plan, report):
    device = disks.by_serial(disks.DATA_SERIAL)
    pathlib.Path("/sys/fs/cgroup/cgroup.subtree_control").write_text("+io")
    started, answers, turns = time.monotonic(), True, 0
    while answers and time.monotonic() - started < plan["seconds"]:
        answers = turn(device, *TURNS[turns % len(TURNS)])
        turns += 1
    done, seconds = sum(disks.operations(disks.number(device)).values()), time.monotonic() - started
    if not answers:
        time.sleep(AFTERMATH_SECONDS)  # what the kernel does about it is of interest too
    report.send("soaked", operations=done, seconds=seconds, turns=turns, kernel=[] if answers else kernel_lines())
