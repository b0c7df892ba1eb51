# SPDX-License-Identifier: Apache-2.0
"""Reads limits in a loop and tells of each time they were others: a container its own io.max, or the node those of
cgroups."""
import contextlib
import os
import threading

import disks
import rules
from report import repeating, until

STARTED, ENOUGH = f"{disks.MOUNT}/reading", f"{disks.MOUNT}/read-enough"
LOOP = f"""
n=0; strays=0
: >{STARTED}
while [ ! -e {ENOUGH} ]; do
  line=; read line </sys/fs/cgroup/io.max; n=$((n+1))
  [ "$line" = "$0" ] || {{ strays=$((strays+1)); [ $strays -gt 5 ] || echo "at read $n: '$line'"; }}
done
echo "$n $strays"
"""


class Reader:
    """After the block: `reads`, how many there were."""

    def __init__(self, expected):
        self.expected, self.reads = expected, 0

    def expect_never_off(self, lines):
        *strays, last = lines
        self.reads, count = map(int, last.split())
        assert count == 0, f"expected {self.expected!r} at each of {self.reads} reads, {count} were others: {strays}"
        assert self.reads > 100, f"{self.reads} reads are too few to prove anything"


@contextlib.contextmanager
def reading(node, container):
    """While the block runs, the container reads; afterwards it must have seen nothing but the limit of now."""
    for mark in (STARTED, ENOUGH):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(mark)
    devnum, limit = node.devnum, node.expected_iops()
    reader, answer = Reader(f"{devnum} rbps=max wbps=max riops={limit} wiops={limit}"), {}
    thread = threading.Thread(target=lambda: answer.update(node.runtime.call(
        "ExecSync", container_id=container.id, cmd=["/bin/sh", "-c", LOOP, reader.expected], timeout=600)))
    thread.start()
    try:
        until(lambda: os.path.exists(STARTED), "the container's first read")
        yield reader
    finally:
        open(ENOUGH, "w").close()
        thread.join()
    reader.expect_never_off(answer["stdout"].decode().splitlines())


@contextlib.contextmanager
def never_off(wanted):
    """While the block runs, the rules of these cgroups are read in a loop; afterwards each read must have found
    `wanted`, {cgroup: {devnum: limits}}."""
    strays = []

    def read():
        found = {cgroup: rules.of(cgroup) for cgroup in wanted}
        if found != wanted:
            strays.append(found)

    with repeating(read, 0.02):
        yield
    assert strays == [], f"expected {wanted} at each read, {len(strays)} found others, such as {strays[0]}"
