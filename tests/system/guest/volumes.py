# SPDX-License-Identifier: Apache-2.0
"""What a file system can stand on, made of the machine's disks and taken apart again: context managers that yield
device paths."""
import contextlib
import os
import pathlib

import disks
from disks import run

KEY = pathlib.Path("/run/lab-luks-key")
MAPPED = pathlib.Path("/dev/mapper")
GROUP, VOLUME = "lab", "data"
LOGICAL_VOLUME = f"/dev/{GROUP}/{VOLUME}"
ARRAY = "/dev/md127"
BASE = "/mnt/base"  # where a file system is mounted that another one needs
LOOP_FILE = f"{BASE}/img"


def disk(letter):
    """The path of one of the disks that can be pulled out."""
    return f"/dev/{disks.by_serial('disk-' + letter)}"


def wipe(*devices):
    """Without a trace of what was on them, and with udev done: nothing assembles itself from the rest."""
    for device in devices:
        if os.path.exists(device):
            run("wipefs", "--all", "--quiet", "--force", device)
    run("udevadm", "settle")


@contextlib.contextmanager
def plain(*devices):
    try:
        yield list(devices)
    finally:
        wipe(*devices)


@contextlib.contextmanager
def partitions(device, count=1):
    """`count` partitions of equal size."""
    size = f"size={900 // count}MiB, type=linux\n"
    run("sfdisk", "--quiet", "--wipe", "always", device, input="label: gpt\n" + size * count)
    run("udevadm", "settle")
    made = [f"{device}p{number}" for number in range(1, count + 1)]
    try:
        yield made
    finally:
        wipe(*made)
        run("sfdisk", "--quiet", "--delete", device)
        wipe(device)


@contextlib.contextmanager
def luks(device, name="lab-crypt"):
    KEY.write_text("lab")
    run("cryptsetup", "luksFormat", "--batch-mode", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", device,
        str(KEY))
    run("cryptsetup", "open", "--key-file", str(KEY), device, name)
    try:
        yield [str(MAPPED / name)]
    finally:
        run("cryptsetup", "close", name)
        wipe(device)


@contextlib.contextmanager
def logical_volume(*devices, create=("--extents", "100%FREE")):
    """A volume group of the devices and one volume in it, made with `create`."""
    run("pvcreate", "--quiet", "--yes", *devices)
    run("vgcreate", "--quiet", GROUP, *devices)
    run("lvcreate", "--quiet", "--yes", "--name", VOLUME, *create, GROUP)
    run("udevadm", "settle")
    try:
        yield [LOGICAL_VOLUME]
    finally:
        run("vgremove", "--quiet", "--force", "--yes", GROUP)
        wipe(*devices)


@contextlib.contextmanager
def array(level, *devices, size="max"):
    """`size`: how much of each device; the less, the sooner a replaced one is in step."""
    sized = [] if level == 0 else [f"--size={size}"]  # raid0 always takes all
    run("mdadm", "--create", ARRAY, "--run", "--assume-clean", "--quiet", f"--level={level}", *sized,
        f"--raid-devices={len(devices)}", *devices)
    run("udevadm", "settle")
    try:
        yield [ARRAY]
    finally:
        run("mdadm", "--stop", "--quiet", ARRAY)
        wipe(*devices)


@contextlib.contextmanager
def loop(device):
    """A loop device of a file on an ext4 of the device."""
    make_file_system("ext4", device)
    run("mkdir", "-p", BASE)
    run("mount", device, BASE)
    run("truncate", "--size", "300M", LOOP_FILE)
    made = run("losetup", "--find", "--show", LOOP_FILE).strip()
    try:
        yield [made]
    finally:
        run("losetup", "--detach", made)
        run("umount", BASE)
        wipe(device)


@contextlib.contextmanager
def nested(outer, inner):
    """`outer` on what `inner` yields: nested(luks, partitions("/dev/nvme0n1"))."""
    with inner as devices, outer(*devices) as made:
        yield made


def make_file_system(kind, *devices, options=()):
    force = {"ext4": ("-F", "-E", "lazy_itable_init=1"), "xfs": ("-f",), "btrfs": ("-f",)}[kind]
    run(f"mkfs.{kind}", "-q", *force, *options, *devices)
    run("udevadm", "settle")
