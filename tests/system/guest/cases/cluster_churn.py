# SPDX-License-Identifier: Apache-2.0
"""Pods of a real Kubernetes come and go as fast as the machine makes them: no limit is lost, and nothing is left."""
import os
import pathlib
import re
import time

import race
import rules
import service
from cases import case
from cases.cluster_workloads import succeeded
from cluster import apply, wait
from cluster_node import DEFAULT
from cluster_objects import (api_pods, await_running, container, delete, expect_in_force, expect_looks, expect_nothing_left,
                             listed, on_node, pod, pod_spec, spelled, workload)
from report import until

SECONDS, PODS = 240, 8
LOOK_SECONDS = 0.1
GROWTH_KIB = 512  # of a heap that has seen one round already


def round_of_pods(node, number):
    """A Job's pods, some of them with a container that ends at once and some with two; returns how many containers saw
    their limit first."""
    name = f"churn-{number}"
    template = pod_spec(container("app", "/bin/busybox", "true"), container("beside", "/bin/sleep", "1"), restartPolicy="Never")
    apply(workload("Job", name, template, "batch/v1", completions=PODS, parallelism=PODS))
    wait(lambda: succeeded(name) == PODS, lambda: f"{PODS} pods of {name} to end well; {spelled('default')}")
    seen = expect_looks(node, f"{name}-.*", 2 * PODS, DEFAULT)
    pods = [on_node(node, one) for one in api_pods(app=name)]
    delete("job", name)
    expect_nothing_left(*pods)
    return seen


def used():
    """(watches, KiB of memory that are its own, containers) of the service. Watches beside those of the directories below
    kubepods: with systemd's driver on v2 the kubelet 1.20 makes an empty /kubepods/QOS/podUID for each pod and leaves it."""
    status = pathlib.Path(f"/proc/{service.pid()}/status").read_text()
    directories = sum(1 for tree in rules.root().glob("kubepods*") for _ in os.walk(tree))
    return service.inotify_watches() - directories, int(re.search(r"RssAnon:\s+(\d+)", status)[1]), len(listed())


@case("cluster-churn")
def churn(node):
    apply(pod("steady", container("app")))
    steady = await_running(node, "steady")
    expect_in_force(node, steady, DEFAULT)
    pid = service.pid()
    round_of_pods(node, 0)
    before, began, seen, rounds = used(), time.monotonic(), 0, 0

    def rounds_of_pods():
        nonlocal seen, rounds
        while time.monotonic() < began + SECONDS:
            rounds += 1
            seen += round_of_pods(node, rounds)

    race.hold([steady[0].containers[0].cgroup], {node.devnum: DEFAULT}, rounds_of_pods, LOOK_SECONDS)
    until(lambda: used()[0] == before[0] and used()[2] == before[2],
          lambda: f"watches and containers as before, {before}; they are {used()}")
    after = used()
    assert after[1] <= before[1] + GROWTH_KIB, f"expected at most {before[1] + GROWTH_KIB} KiB, found {after[1]}"
    assert service.pid() == pid, "the service was restarted"
    delete("pod", "steady")
    expect_nothing_left(*steady)
    return f"{seen} containers in {rounds} rounds of {PODS} pods, each limited at its first look; watches beside directories " \
        f"{before[0]}, then {after[0]}; memory {before[1]} KiB, then {after[1]}"
