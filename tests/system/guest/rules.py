# SPDX-License-Identifier: Apache-2.0
"""What the kernel has in force: io.max (v2) or blkio.throttle.* (v1), read from the files."""
import os
import pathlib

V1_FILES = {"riops": "blkio.throttle.read_iops_device", "wiops": "blkio.throttle.write_iops_device",
            "rbps": "blkio.throttle.read_bps_device", "wbps": "blkio.throttle.write_bps_device"}
UNLIMITED = {"riops": "max", "wiops": "max", "rbps": "max", "wbps": "max"}


def hierarchy():
    return "v2" if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else "v1"


def booted():
    """The hierarchy that systemd set up; in the hybrid one hierarchy() is v1, since that has the controllers."""
    return "hybrid" if os.path.exists("/sys/fs/cgroup/unified/cgroup.controllers") else hierarchy()


def root():
    """The directory that cgroup paths are relative to: the one whose files hold the limits."""
    return pathlib.Path("/sys/fs/cgroup" if hierarchy() == "v2" else "/sys/fs/cgroup/blkio")


def parse_io_max(text):
    rules = {}
    for line in text.splitlines():
        devnum, *pairs = line.split()
        rules[devnum] = dict(pair.split("=", 1) for pair in pairs)
    return rules


def of_directory(directory):
    """{devnum: {riops, wiops, rbps, wbps}}, each a decimal string or "max". {} when the directory is gone."""
    try:
        if hierarchy() == "v2":
            return parse_io_max((directory / "io.max").read_text())
        rules = {}
        for key, file in V1_FILES.items():
            for line in (directory / file).read_text().splitlines():
                number, value = line.split()
                rules.setdefault(number, dict(UNLIMITED))[key] = value
        return rules
    except (FileNotFoundError, OSError):
        return {}


def of(cgroup):
    return of_directory(root() / cgroup.lstrip("/"))


def write(directory, devnum, iops):
    """A rule by hand."""
    if hierarchy() == "v2":
        (directory / "io.max").write_text(f"{devnum} riops={iops} wiops={iops}")
    else:
        for key in ("riops", "wiops"):
            (directory / V1_FILES[key]).write_text(f"{devnum} {iops}")


def limits(read_iops, write_iops, read_bps="max", write_bps="max"):
    """The four keys as the kernel shows them; a bandwidth is in bytes per second."""
    return {"riops": str(read_iops), "wiops": str(write_iops), "rbps": str(read_bps), "wbps": str(write_bps)}


def operations(cgroup, devnum):
    """(reads, writes) that the kernel has counted for the cgroup and what is below it on the disk. v2 counts them as
    they go to the disk, v1 as they are submitted."""
    directory = root() / cgroup.strip("/")
    if hierarchy() == "v1":
        text = (directory / "blkio.throttle.io_serviced_recursive").read_text()
        counts = dict(line.split()[1:] for line in text.splitlines() if line.startswith(devnum + " "))
        return int(counts.get("Read", 0)), int(counts.get("Write", 0))
    for line in (directory / "io.stat").read_text().splitlines():
        number, *pairs = line.split()
        if number == devnum:
            counts = dict(pair.split("=") for pair in pairs if "=" in pair)
            return int(counts.get("rios", 0)), int(counts.get("wios", 0))
    return 0, 0


def below(cgroup):
    """(path, rules) of every directory at and below `cgroup` that has a rule."""
    for directory, _, _ in os.walk(root() / cgroup.lstrip("/")):
        found = of_directory(pathlib.Path(directory))
        if found:
            yield os.path.relpath(directory, root()), found
