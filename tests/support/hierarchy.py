# SPDX-License-Identifier: Apache-2.0
"""Where this machine limits disks: v2's io controller or v1's blkio, and cgroups there."""
import pathlib


def find():
    """("v2" or "v1", where it is mounted), or (None, None)."""
    v1 = None
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, mount, kind, options = line.split()[:4]
        if kind == "cgroup2" and "io" in pathlib.Path(mount, "cgroup.controllers").read_text().split():
            return "v2", pathlib.Path(mount)
        if kind == "cgroup" and "blkio" in options.split(","):
            v1 = pathlib.Path(mount)
    return ("v1", v1) if v1 else (None, None)


def make(version, path):
    """A cgroup whose children have limit files, and those above it."""
    if path.is_dir():
        return
    make(version, path.parent)
    path.mkdir(exist_ok=True)
    if version == "v2":
        (path / "cgroup.subtree_control").write_text("+io")
