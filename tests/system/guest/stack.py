# SPDX-License-Identifier: Apache-2.0
"""A stack below /data, and what the service must say and do about it: from the disks' serial numbers and the way it was
built, never from the service."""
import dataclasses

import disks
import volumes
from disks import run


@dataclasses.dataclass
class Stack:
    """`build` yields the devices for the file system. In `says`, {0}, {1}... are the names of the disks, {all} all of
    them sorted, {rule} the number of the one device with the rule, {disk} what is said of an only disk."""
    name: str
    serials: list
    build: object
    says: str
    kind: str = "ext4"
    options: tuple = ()  # of mkfs
    mount: object = lambda devices: run("mount", devices[0], disks.MOUNT)
    limit_at: str = "volume"
    divisor: int = 1  # each rule is this part of the limit
    times: int = 1  # what the container can reach, in limits
    warning: str = ""  # what the journal must say of it
    cells: str = "v2"
    daily: bool = False  # else with --all, or by its name


def letters(text):
    return [f"disk-{letter}" for letter in text]


def at(serial):
    """(serial, namespace) of "two-namespaces#2"."""
    name, _, namespace = serial.partition("#")
    return name, int(namespace or 1)


def paths(stack):
    return [f"/dev/{disks.by_serial(*at(serial))}" for serial in stack.serials]


def said(stack, devices):
    """What STATUS= says of /data, from the disks' names and the devices with rules."""
    names = [path.removeprefix("/dev/") for path in paths(stack)]
    numbered = {name: disks.number(name) for name in names}
    serial, namespace = at(stack.serials[0])
    one = f", QEMU NVMe Ctrl, serial {serial}, namespace {namespace}" if len(names) == 1 else ""
    return f"{disks.MOUNT} = " + stack.says.format(
        *names, all=", ".join(sorted(names)), partitions=", ".join(sorted(f"{name}p1" for name in names)),
        numbered=", ".join(f"{name} ({numbered[name]})" for name in sorted(names)),
        rules=", ".join(numbered[name] for name in sorted(names)), rule=devices[0], disk=one)


def rule_devices(stack, made):
    """The numbers of the devices that must have the rules, in sorted order."""
    if stack.limit_at == "disk" or stack.kind == "btrfs" or stack.build is volumes.partitions:
        return sorted(disks.number(path) for path in paths(stack))
    return [disks.number(made[0])]
