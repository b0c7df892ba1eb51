# SPDX-License-Identifier: Apache-2.0
"""Rows of what the service costs while containers share the disk. They do real reads, whose bytes nobody wants."""
import os
import pathlib
import subprocess
import sys
import time

from bench_env import DATA, SUBJECT_CPU
from table import Row

COUNT, BUSY, TOTAL, GUARANTEE = 1000, 20, 2000, 50
FILE_BYTES, BLOCK = 64 << 20, 4096
# It begins to share within some seconds, and lends more in each of the following.
SETTLE_SECONDS = 15

# A container's process: it enters the cgroup and reads without the page cache until it is ended.
READER = """import mmap, os, random, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as procs:
    procs.write(str(os.getpid()))
file, block = os.open(sys.argv[2], os.O_RDONLY | os.O_DIRECT), mmap.mmap(-1, 4096)
blocks = os.fstat(file).st_size // 4096
print(flush=True)
while True:
    os.preadv(file, [block], random.randrange(blocks) * 4096)
"""


def sharing(bench):
    """1,000 containers, of which 20 want all they can get."""
    seconds = 10 if bench.quick else 60
    env = bench.env("sharing")
    env.configure(limits_iops=GUARANTEE, limits_total_iops=TOTAL, limits_lend="yes")
    paths = env.make(COUNT)
    file = pathlib.Path(DATA, "sharing")
    readers = []
    try:
        with file.open("wb") as out:
            for _ in range(FILE_BYTES >> 20):
                out.write(os.urandom(1 << 20))
            os.fsync(out.fileno())
        with bench.ours(env, cpu=SUBJECT_CPU) as service:
            readers = [start(path, file) for path in paths[::COUNT // BUSY]]
            time.sleep(SETTLE_SECONDS)
            before, switches, reads = service.cpu_ns(), service.switches(), done(bench, paths)
            time.sleep(seconds)
            used, reads = service.cpu_ns() - before, done(bench, paths) - reads
            woken = service.switches() - switches
    finally:
        for reader in readers:
            reader.kill()
            reader.wait()
        file.unlink(missing_ok=True)
    env.close()
    said = f"while {BUSY} of {COUNT:,} containers share"
    yield Row(f"CPU in {seconds} s {said}", "ms", used / 1e6, target=seconds * 10, of_target="ours",
              note=f"{reads / seconds:,.0f} of {TOTAL:,} IOPS used; {woken / seconds:.1f} wake-ups a second")


def start(path, file):
    reader = subprocess.Popen([sys.executable, "-c", READER, path, file], stdout=subprocess.PIPE)
    reader.stdout.readline()
    return reader


def done(bench, paths):
    """Reads of all of them so far on the disk of the data mount, as the kernel counts them."""
    name, line = (("io.stat", "rios=") if bench.hierarchy.version == "v2" else
                  ("blkio.throttle.io_serviced", f"{bench.device} Read "))
    total = 0
    for path in paths:
        for one in (path / name).read_text().splitlines():
            if one.startswith(bench.device) and line in one:
                total += int(one.split(line)[1].split()[0])
    return total
