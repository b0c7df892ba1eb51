# SPDX-License-Identifier: Apache-2.0
"""A node with several disks, where every case makes its own /data: what these cases have in common."""
import contextlib

import disks
import mounts
import rules
import service
import volumes
from disks import run
from node import EVENTS_ONLY
from report import until

LIMIT = 200  # far below what any stack can do here
POD = "on-stack"
ERROR = "3"  # a journal priority, as in syslog.h


def in_force(devices, iops):
    return {device: rules.limits(iops, iops) for device in devices}


def running(node, configuration):
    """The service runs with this configuration and /data is mounted nowhere; returns a container that has been there
    before."""
    mounts.unmount()
    run("mkdir", "-p", disks.MOUNT)
    text = EVENTS_ONLY + configuration
    if service.CONFIG.read_text() != text:
        service.configure(text)
        if service.show("ActiveState") == "active":
            assert service.reload(), f"the service refused the configuration: {service.status_text()!r}"
    if service.show("ActiveState") != "active":
        service.start()
    return node.base()


def limited(limit_at="volume", iops=LIMIT):
    """A configuration."""
    return f"[device]\nlimit_at = {limit_at}\n[limits]\niops = {iops}\n"


@contextlib.contextmanager
def mounted(device, mount=disks.MOUNT, kind="ext4"):
    """A new file system there; at the end nothing is mounted there."""
    run("mkdir", "-p", mount)
    volumes.make_file_system(kind, device)
    run("mount", device, mount)
    try:
        yield
    finally:
        mounts.unmount(mount)


@contextlib.contextmanager
def container_on_data(node, name="app"):
    """A container with what is mounted now, while it lasts. They share a pod: making one takes the machine seconds."""
    pod = next((pod for pod in node.kubelet.pods if pod.name == POD), None) or node.kubelet.run_pod(POD)
    container = node.kubelet.run_container(pod, name)
    try:
        yield container
    finally:
        node.kubelet.remove_container(container)


def expect_rules(container, wanted, seconds=20):
    until(lambda: rules.of(container.cgroup) == wanted,
          lambda: f"{container.name}: expected {wanted}, found {rules.of(container.cgroup)}", seconds)


def expect_refused(text, mark):
    """The status and one line of the journal, an error, say so; the service goes on."""
    status = service.wait_status([text.lower()], 20)
    said = until(lambda: [entry for entry in service.journal(cursor=mark) if text in entry["MESSAGE"]],
                 lambda: f"expected {text!r} in the journal, found {service.messages(after=mark)}", 10)
    assert [entry["PRIORITY"] for entry in said] == [ERROR], f"expected one error, found {said}"
    assert service.show("ActiveState") == "active", "the service did not go on"
    return status
