# SPDX-License-Identifier: Apache-2.0
"""The test node when a real Kubernetes makes its pods."""
import pathlib
import time

import cluster
import containerd
import disks
import docker
import rules
import service
from disks import run
from node import EVENTS_ONLY, Node

REBOOTED = pathlib.Path("/var/lib/lab-rebooted")
# So little that a pod with a small share of the one emulated CPU reaches it.
IOPS = 200
NAMESPACE_IOPS, LABEL_IOPS, LABEL = 300, 420, {"example.org/tier": "gold"}
# Without a total: on v1 it would be divided among the containers that there are just then.
CONFIGURATION = EVENTS_ONLY + f"""[limits]
iops = {IOPS}
total_iops = 0
[policy production]
namespace = prod-*
iops = {NAMESPACE_IOPS}
[policy gold]
label.example.org/tier = gold
iops = {LABEL_IOPS}
"""
DEFAULT, BY_NAMESPACE, BY_LABEL = (rules.limits(iops, iops) for iops in (IOPS, NAMESPACE_IOPS, LABEL_IOPS))


class ClusterNode(Node):
    def set_up(self):
        if rules.booted() != self.plan["hierarchy"]:
            raise RuntimeError(f"booted cgroup {rules.booted()}, wanted {self.plan['hierarchy']}")
        self.disk.format()
        self.disk.mount()
        service.configure(CONFIGURATION)
        self.iops = IOPS
        service.install()
        self.start_runtime()
        cluster.install(self.plan["driver"], self.plan["runtime"])
        cluster.start()
        cluster.await_ready(self.report.step)

    def start_runtime(self):
        if self.plan["runtime"] == "docker":
            self.runtime = docker.Docker()
            self.kubelet = docker.DockerKubelet(self.plan["driver"], self.runtime)
            self.runtime.start(self.plan["driver"])
        else:
            containerd.configure(self.plan["driver"])
            containerd.start(self.runtime)

    def reboot(self, case):
        """What the node needs is started by systemd at the next boot, as on a real node; then `case` goes on."""
        uuid = run("blkid", "-o", "value", "-s", "UUID", self.disk.device).strip()
        with open("/etc/fstab", "a") as fstab:
            fstab.write(f"UUID={uuid} {disks.MOUNT} auto defaults 0 0\n")
        run("systemctl", "enable", service.UNIT, f"{self.plan['runtime']}.service")
        REBOOTED.write_text(case)
        run("systemctl", "reboot")
        time.sleep(600)
        raise AssertionError("the machine did not reboot")

    def evidence(self):
        return cluster.evidence().splitlines()

    def ensure_running(self):
        if service.show("ActiveState") != "active":
            service.start()


def rebooted():
    """The case that has rebooted the machine, once; else None."""
    if not REBOOTED.exists():
        return None
    case = REBOOTED.read_text()
    REBOOTED.unlink()
    return case
