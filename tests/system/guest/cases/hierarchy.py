# SPDX-License-Identifier: Apache-2.0
"""Other mounts of the cgroup hierarchy beside the usual one, mounts over it, and inotify instances that are used up."""
import contextlib
import os
import pathlib
import time

import bulk_containers
import service
from cases.fault import CHECK_SECONDS, LIMIT, configured, fault
from cases.scale import Sysctl
from disks import run
from report import until

ROOT = "/sys/fs/cgroup"
CHOSEN = "cgroup v2 at " + ROOT


@contextlib.contextmanager
def mounted(at, *words):
    pathlib.Path(at).mkdir(parents=True, exist_ok=True)
    run("mount", *words, at)
    try:
        yield
    finally:
        run("umount", at)


def expect_new_limited(node, count=1):
    with bulk_containers.pods(node, count) as pods:
        made = [bulk_containers.Bare(node, pod) for pod in pods]
        for one in made:
            one.make()
        bulk_containers.expect_limited(node, made, LIMIT)
        for one in made:
            one.remove()


@fault("hierarchy-mounted-by-agents", cells="v2-faults")
def agents(node):
    """The whole of it once more, as Cilium does, and a part."""
    part = os.path.join(ROOT, "system.slice")
    with mounted("/run/cilium/cgroupv2", "-t", "cgroup2", "none"), mounted("/run/part", "--bind", part):
        mark = service.cursor()
        run("systemctl", "restart", service.UNIT)
        said = [line for line in service.messages(after=mark) if line == CHOSEN]
        assert said, f"expected {CHOSEN!r} in the journal, found {service.messages(after=mark)}"
        status = service.wait_status([CHOSEN], 10)
        expect_new_limited(node)
    return status


@fault("hierarchy-is-covered", cells="v2-faults")
def covered(node):
    """For longer than a check takes to come. The limits are read by another mount of the hierarchy."""
    view = "/run/view"
    limits = {path: path.read_text() for path in pathlib.Path(ROOT).glob("kubepods*/**/*.scope/io.max")}
    with configured(check=CHECK_SECONDS), mounted(view, "-t", "cgroup2", "none"):
        mark = service.cursor()
        with mounted(ROOT, "-t", "tmpfs", "none"):
            until(lambda: any("no longer leads to" in line for line in service.messages(after=mark)), "a line about it")
            time.sleep(2 * CHECK_SECONDS)  # nothing tells that a check found nothing to do
            for path, text in limits.items():
                found = pathlib.Path(view, path.relative_to(ROOT)).read_text()
                assert found == text, f"{path}: expected {text!r}, found {found!r}"
        until(lambda: any("over now: " in line for line in service.messages(after=mark)), "a line that it is over")
        expect_new_limited(node)
    return f"{len(limits)} limits held"


@fault("hierarchy-without-inotify-instance", cells="v2-faults")
def no_instance(node):
    """The service starts, says so, and finds what comes within seconds, without a safety net."""
    mark = service.cursor()
    with Sysctl("fs.inotify.max_user_instances", 0):
        run("systemctl", "restart", service.UNIT)
        expect_new_limited(node)
        said = until(lambda: [line for line in service.messages(after=mark) if "no inotify instance is left" in line],
                     lambda: f"a line about it, found {service.messages(after=mark)}", 20)
    until(lambda: any("over now: " in line for line in service.messages(after=mark)), "a line that it is over")
    return said[0]
