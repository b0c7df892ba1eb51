# SPDX-License-Identifier: Apache-2.0
"""Which devices carry the rules of a mount, asked of the kernel in the fewest lines: what the tests compare the service
with, and what the bare loop of `race` does."""
import os
import pathlib

import disks
from disks import run

BLOCK = pathlib.Path("/sys/class/block")


def source(mount):
    """(major:minor, file system, source) of what is mounted there last; None when nothing is. Asks mountinfo, because a
    look at the mount itself can hang."""
    found = None
    for line in open("/proc/self/mountinfo"):
        fields, kind = (part.split() for part in line.split(" - ", 1))
        if fields[4] == mount:
            found = fields[2], kind[0], kind[1]
    return found


def whole_disk(device):
    """The name of the device that a rule for this one goes to: a partition's disk, or itself."""
    path = (BLOCK / os.path.basename(os.path.realpath(device))).resolve()
    return path.parent.name if (path / "partition").exists() else path.name


def bottom(name):
    """The disks below a device, by name."""
    below = [one.name for one in (BLOCK / whole_disk(name) / "slaves").iterdir()]
    return {disk for one in below for disk in bottom(one)} if below else {whole_disk(name)}


def members(mount):
    """The names of the devices that the mounted file system is on."""
    found = source(mount)
    if found is None:
        return []
    devnum, kind, device = found
    if kind != "btrfs":
        return [(pathlib.Path("/sys/dev/block") / devnum).resolve().name]
    name = os.path.basename(os.path.realpath(device))
    for folder in pathlib.Path("/sys/fs/btrfs").glob("*/devices"):
        names = [one.name for one in folder.iterdir()]
        if name in names:
            return names
    return []


def rule_devices(mount=disks.MOUNT, limit_at="volume"):
    """The numbers of the devices that carry the mount's rules, sorted."""
    found = members(mount)
    names = {disk for one in found for disk in bottom(one)} if limit_at == "disk" else {whole_disk(one) for one in found}
    return sorted(disks.number(name) for name in names)


def unmount(mount=disks.MOUNT):
    while source(mount):
        run("umount", mount)
