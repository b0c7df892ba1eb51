# SPDX-License-Identifier: Apache-2.0
"""The NVMe disks, found by serial number through sysfs: the same question the service answers, asked another way."""
import os
import pathlib
import subprocess

DATA_SERIAL, OTHER_SERIAL = "data-disk", "other-disk"  # as in host/machine.py
MOUNT, SCRATCH = "/data", "/scratch"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()[-600:]}")
    return done.stdout


def by_serial(serial):
    """The kernel name of the NVMe disk, such as nvme0n1."""
    for controller in pathlib.Path("/sys/class/nvme").iterdir():
        if (controller / "serial").read_text().strip() == serial:
            return next(entry.name for entry in controller.iterdir() if entry.name.startswith("nvme"))
    raise RuntimeError(f"no NVMe disk with serial {serial}")


def devnum(serial):
    """major:minor of the whole disk."""
    return pathlib.Path("/sys/class/block", by_serial(serial), "dev").read_text().strip()


class DataDisk:
    """The file system behind /data. `layout` is ext4-partition or xfs-disk."""

    def __init__(self, layout):
        self.layout = layout
        self.disk = "/dev/" + by_serial(DATA_SERIAL)
        self.device = self.disk

    def format(self):
        if self.layout == "ext4-partition":
            run("sfdisk", "--quiet", self.disk, input="label: gpt\nstart=1MiB, type=linux\n")
            run("udevadm", "settle")
            self.device = self.disk + "p1"
            run("mkfs.ext4", "-q", "-E", "lazy_itable_init=1", self.device)
        else:
            run("mkfs.xfs", "-q", self.device)
        os.makedirs(MOUNT, exist_ok=True)

    def mount(self):
        run("mount", self.device, MOUNT)


def format_other():
    """The disk that no rule may name: ext4 at /scratch."""
    device = "/dev/" + by_serial(OTHER_SERIAL)
    run("mkfs.ext4", "-q", "-E", "lazy_itable_init=1", device)
    os.makedirs(SCRATCH, exist_ok=True)
    run("mount", device, SCRATCH)
