# SPDX-License-Identifier: Apache-2.0
"""Sharing the disk where /data is a logical volume or an array, and on the second of two data mounts: long cases."""
import contextlib
import functools
from typing import Callable, NamedTuple

import disks
import sharing
import sharing_checks as checks
import volumes
from cases import case
from nvme_disks import mounted, running
from volumes import disk

TWO_MOUNTS = f"[device]\nmount = {disks.MOUNT}\n[device logs]\nmount = {disks.LOGS}\n"


@contextlib.contextmanager
def volume():
    with volumes.logical_volume(disk("a")) as [made], mounted(made):
        yield made, disks.MOUNT


@contextlib.contextmanager
def mirror():
    with volumes.array(1, disk("a"), disk("b")) as [made], mounted(made):
        yield made, disks.MOUNT


@contextlib.contextmanager
def second_mount():
    data, logs = disk("a"), disk("b")
    with volumes.plain(data, logs), mounted(data), mounted(logs, disks.LOGS):
        yield logs, disks.LOGS


class Stack(NamedTuple):
    build: Callable
    configuration: str = ""
    readers: int = 1  # disks that share the reads


STACKS = {"lvm": Stack(volume), "md-raid1": Stack(mirror, readers=2),
          "second-data-mount": Stack(second_mount, TWO_MOUNTS)}


def on_stack(stack, node):
    running(node, stack.configuration)
    scale = sharing.Scale()
    # A mirror's halves together can do more than one; the total is what counts.
    with sharing.capacity(node.report, scale.capacity, ("disk-a", "disk-b")) as slower, \
            stack.build() as (device, directory):
        place = {"devnum": disks.number(device), "directory": directory}
        with sharing.load_group(node, **place) as made:
            made.more, made.slower = stack.configuration, lambda part: slower(part / stack.readers)
            said = [checks.quiet_served(node, made), checks.lent(node, made), checks.divided(node, made),
                    checks.woken(node, made), checks.recalled_after_kill(made)]
        with sharing.load_group(node, checks.THREE, **place) as made:
            made.more = stack.configuration
            return "; ".join([*said, checks.over_committed(node, made)])


for name, stack in STACKS.items():
    case(f"sharing-on-{name}", fresh=True, cells="v2 v1", long=True)(functools.partial(on_stack, stack))
