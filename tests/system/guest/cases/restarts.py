# SPDX-License-Identifier: Apache-2.0
"""What may restart or reload on a node while containers run: their limits hold, and new containers get theirs."""
import os
import signal

import containerd
import rules
import service
from cases import BOTH, case
from disks import run
from report import until


def in_force(node):
    return {container.cgroup: rules.of(container.cgroup) for container in node.limited()}


def expect_unchanged(node, before, what):
    now = in_force(node)
    assert now == before, f"{what}: expected {before}, found {now}"


def expect_new_container_limited(node):
    pod = node.kubelet.run_pod("after")
    node.run_limited(pod, "app")
    rule = node.expect_limited()
    node.remove_pods(pod)
    node.expect_limited()
    return rule


@case("service-killed", spread=BOTH)
def killed(node):
    node.expect_limited()
    before, pid = in_force(node), service.pid()
    os.kill(pid, signal.SIGKILL)
    until(lambda: service.pid() != pid, "the end of the killed service")
    expect_unchanged(node, before, "after kill -9")
    # Whether this container comes before or after systemd has restarted the service: it has its rule in the end.
    pod = node.kubelet.run_pod("meanwhile")
    node.kubelet.run_container(pod, "app")
    service.await_restart(pid)
    node.expect_limited()
    node.remove_pods(pod)
    rule = expect_new_container_limited(node)
    return f"limits held; after the restart {rule}; {node.expect_fio(node.base())}"


@case("systemctl-daemon-reload", spread="v2-systemd")
def daemon_reload(node):
    before = in_force(node)
    run("systemctl", "daemon-reload")
    expect_unchanged(node, before, "after daemon-reload")
    return expect_new_container_limited(node)


@case("systemctl-daemon-reexec", spread="v2-systemd")
def daemon_reexec(node):
    before, pid = in_force(node), service.pid()
    run("systemctl", "daemon-reexec")
    until(lambda: service.show("ActiveState") == "active", "systemd's answer")
    expect_unchanged(node, before, "after daemon-reexec")
    assert service.pid() == pid, "the service was restarted"
    return expect_new_container_limited(node)


@case("containerd-restarted", spread="v2-systemd")
def containerd_restarted(node):
    before = in_force(node)
    containerd.restart(node.runtime)
    expect_unchanged(node, before, "after the restart of containerd")
    return expect_new_container_limited(node)
