# SPDX-License-Identifier: Apache-2.0
"""Sharing the disk where /data is a logical volume or an array, and on the second of two data mounts: long cases."""
import contextlib
import functools

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
        yield made, disks.MOUNT, ""


@contextlib.contextmanager
def mirror():
    with volumes.array(1, disk("a"), disk("b")) as [made], mounted(made):
        yield made, disks.MOUNT, ""


@contextlib.contextmanager
def second_mount():
    data, logs = disk("a"), disk("b")
    with volumes.plain(data, logs), mounted(data), mounted(logs, disks.LOGS):
        yield logs, disks.LOGS, TWO_MOUNTS


STACKS = {"lvm": volume, "md-raid1": mirror, "second-data-mount": second_mount}


def on_stack(build, node):
    running(node, "")
    scale = sharing.Scale()
    # The mirror's halves share the reads, so together they can do more than one; the total is what counts.
    with sharing.capacity(node.report, scale.capacity, ("disk-a", "disk-b")), build() as (device, directory, more):
        place = {"devnum": disks.number(device), "directory": directory}
        with sharing.load_group(node, **place) as made:
            made.more = more
            said = [checks.quiet_served(node, made), checks.lent(node, made), checks.divided(node, made),
                    checks.woken(node, made), checks.recalled_after_kill(made)]
        with sharing.load_group(node, checks.THREE, **place) as made:
            made.more = more
            return "; ".join([*said, checks.over_committed(node, made)])


for name, build in STACKS.items():
    case(f"sharing-on-{name}", fresh=True, cells="v2 v1", long=True)(functools.partial(on_stack, build))
