# SPDX-License-Identifier: Apache-2.0
"""`./dev bench --share`, the machine's side: what containers that share a disk get, in each mode of the service and
with the kernel's own io.cost, in turns."""
import contextlib
import pathlib

import sharing
from node import Node

IO_COST = "io.cost"
QOS, MODEL = (pathlib.Path("/sys/fs/cgroup", f"io.cost.{file}") for file in ("qos", "model"))
SERVICE_MODES = ("no limits", "total", "static", "limits and total", "fair", "lend")


@contextlib.contextmanager
def io_cost(devnum, total):
    """The kernel's model of the disk is the total, and its speed is fixed to that."""
    rates = " ".join(f"{way}{kind}={value}" for way in "rw"
                     for kind, value in (("bps", 1 << 40), ("seqiops", total), ("randiops", total)))
    MODEL.write_text(f"{devnum} ctrl=user model=linear {rates}")
    QOS.write_text(f"{devnum} enable=1 ctrl=user min=100.00 max=100.00")
    try:
        yield
    finally:
        QOS.write_text(f"{devnum} enable=0")


def measure(load_group, mode):
    if mode != IO_COST:
        return sharing.measure(load_group, mode)
    with io_cost(load_group.devnum, load_group.scale.total):
        return {**sharing.measure(load_group, "no limits"), "mode": IO_COST}


def main(plan, report):
    node = Node(plan, report)
    node.set_up()
    node.ensure_running()
    scale = sharing.Scale(**plan["scale"])
    modes = [*SERVICE_MODES, *([IO_COST] if QOS.exists() else [])]
    with sharing.capacity(report, scale.capacity), sharing.load_group(node, scale=scale) as load_group:
        for number in range(plan["rounds"]):
            for mode in modes:
                found = measure(load_group, mode)
                report.send("measured", round=number, found=found)
        first, second = load_group.hogs
        report.send("played", tracks=sharing.play(load_group, [
            (5, first.on), (15, second.on), (25, load_group.lender.on), (35, load_group.lender.off), (45, second.off)], 55))
