# SPDX-License-Identifier: Apache-2.0
"""The NVMe disks, found by serial number through sysfs: the same question the service answers, asked another way."""
import os
import pathlib
import subprocess

DATA_SERIAL, OTHER_SERIAL = "data-disk", "other-disk"  # as in host/machine.py
MOUNT, LOGS, SCRATCH = "/data", "/logs", "/scratch"
NVME_DISKS = "nvme_disks"  # the layout of a machine with many disks: each case there makes its own /data


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()[-600:]}")
    return done.stdout


def present(serial, namespace=1):
    """The kernel name of the NVMe disk, such as nvme0n1, or None. The last number in it is not the namespace's."""
    for disk in pathlib.Path("/sys/class/block").glob("nvme*n*"):
        try:
            found = (disk / "device/serial").read_text().strip(), int((disk / "nsid").read_text())
        except OSError:
            continue  # a partition, or a disk that goes just now
        if found == (serial, namespace) and (disk / "dev").exists():  # a path of a multipath disk has no number
            return disk.name
    return None


def by_serial(serial, namespace=1):
    name = present(serial, namespace)
    if name is None:
        raise RuntimeError(f"no NVMe disk with serial {serial} and namespace {namespace}")
    return name


def devnum(serial):
    """major:minor of the whole disk."""
    return number(by_serial(serial))


def number(device):
    """major:minor of a block device, given by its kernel name or any path."""
    name = os.path.basename(os.path.realpath(os.path.join("/dev", device)))
    return pathlib.Path("/sys/class/block", name, "dev").read_text().strip()


def operations(devnum):
    """{"read": ..., "write": ...} that the disk has completed since it is there."""
    fields = pathlib.Path(f"/sys/dev/block/{devnum}/stat").read_text().split()
    return {"read": int(fields[0]), "write": int(fields[4])}


class DataDisk:
    """The file system behind /data. `layout` is ext4-partition, or a disk as it is."""

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
