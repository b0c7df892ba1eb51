# SPDX-License-Identifier: Apache-2.0
"""What no rule can limit, or only with limit_at = volume: said clearly, and everything goes on once /data is right.
NFS, CIFS and ZFS cannot be mounted in this machine: the unit tests of disk/mountinfo have them."""
import contextlib
import ctypes
import os

import disks
import mounts
import rules
import service
import volumes
from cases import case
from disks import run
from nvme_disks import LIMIT, container_on_data, expect_refused, expect_rules, in_force, limited, running
from volumes import disk


@contextlib.contextmanager
def tmpfs():
    run("mount", "-t", "tmpfs", "lab", disks.MOUNT)
    yield
    mounts.unmount()


@contextlib.contextmanager
def overlay():
    for name in ("lower", "upper", "work"):
        os.makedirs(f"/run/lab-overlay/{name}", exist_ok=True)
    run("mount", "-t", "overlay", "lab", "-o",
        "lowerdir=/run/lab-overlay/lower,upperdir=/run/lab-overlay/upper,workdir=/run/lab-overlay/work", disks.MOUNT)
    yield
    mounts.unmount()


@contextlib.contextmanager
def silent_fuse():
    """A FUSE file system whose process never answers: whoever touches it hangs, as with a dead NFS server."""
    handle = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={handle},rootmode=40000,user_id=0,group_id=0"
    if libc.mount(b"lab", disks.MOUNT.encode(), b"fuse", 0, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), "mount of a FUSE file system")
    try:
        yield
    finally:
        os.close(handle)  # ends it: nobody hangs any more
        mounts.unmount()


REFUSED = {
    "tmpfs": (tmpfs, "/data (lab) cannot be limited: tmpfs lives in memory"),
    "overlay": (overlay, "/data (lab) cannot be limited: overlay only lies over other file systems"),
    "FUSE that never answers": (silent_fuse, "/data (lab) cannot be limited: fuse does its I/O in a process"),
}


@case("file-systems-that-no-rule-reaches", fresh=True, cells="v2 v1")
def refused(node):
    """A disk is at /data before and after each."""
    base = running(node, limited())
    good, said = disk("a"), []
    wanted = in_force([disks.number(good)], LIMIT)
    with volumes.plain(good):
        volumes.make_file_system("ext4", good)
        for name, (make, text) in REFUSED.items():
            run("mount", good, disks.MOUNT)
            expect_rules(base, wanted)
            mounts.unmount()
            mark = service.cursor()
            with make():
                said.append(f"{name}: {expect_refused(text, mark)[:60]!r}")
                expect_rules(base, wanted, seconds=0)  # it may still have the disk open
        run("mount", good, disks.MOUNT)
        expect_rules(base, wanted)
        mounts.unmount()
    return "; ".join(said)


@case("loop-device-with-limit-at-disk", fresh=True, cells="v2")
def loop_at_disk(node):
    running(node, limited("disk"))
    with volumes.loop(disk("a")) as [loop]:
        volumes.make_file_system("ext4", loop)
        mark = service.cursor()
        run("mount", loop, disks.MOUNT)
        try:
            status = expect_refused("/data ends at the loop device", mark)
            assert "limit_at = volume" in status, f"expected what to do in the status, found {status!r}"
            with container_on_data(node) as container:
                assert service.reload(), "systemctl reload failed"  # it has gone through all containers then
                assert rules.of(container.cgroup) == {}, f"expected no rule, found {rules.of(container.cgroup)}"
        finally:
            mounts.unmount()
    return status
