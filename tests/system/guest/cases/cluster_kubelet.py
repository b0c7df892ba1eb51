# SPDX-License-Identifier: Apache-2.0
"""What a node goes through under a real Kubernetes: static pods, a restart of the kubelet, a drain."""
import json

import cluster
import rules
from cases import case
from cluster import apply, kubectl
from cluster_node import DEFAULT
from cluster_objects import (api_pods, await_running, await_set, container, delete, expect_in_force, expect_looks,
                             expect_nothing_left, pod, pod_spec, spelled, workload)
from disks import run


@case("cluster-static-pod")
def static_pod(node):
    file = cluster.MANIFESTS / "fixed.json"
    file.write_text(json.dumps(pod("fixed", container("app"))))
    pods = await_running(node, f"fixed-{cluster.NODE}")
    assert "-" not in pods[0].uid, f"{pods[0].uid} is not a static pod's"
    expect_in_force(node, pods, DEFAULT)
    expect_looks(node, "fixed-.*", 1, DEFAULT)
    file.unlink()
    expect_nothing_left(*pods)
    return f"limited at its first look, named as the kubelet names it; its cgroup is {pods[0].cgroup}"


@case("cluster-kubelet-restarted")
def restarted(node):
    apply(pod("stays", container("app")))
    before = await_running(node, "stays")
    expect_in_force(node, before, DEFAULT)
    run("systemctl", "restart", "kubelet.service")
    apply(pod("later", container("app")))
    pods = await_running(node, "stays", "later")
    expect_in_force(node, pods, DEFAULT)
    stays = next(one for one in pods if one.name == "stays")
    assert [one.id for one in stays.containers] == [one.id for one in before[0].containers], "its container was restarted"
    expect_looks(node, "later", 1, DEFAULT)
    for one in pods:
        delete("pod", one.name)
    expect_nothing_left(*pods)
    return "the limit stayed, and a pod that came meanwhile was limited at its first look"


@case("cluster-node-drained")
def drained(node):
    apply(workload("Deployment", "web", pod_spec(container("app")), replicas=2), pod("alone", container("app")))
    pods = [*await_set(node, "web", 2), *await_running(node, "alone")]
    expect_in_force(node, pods, DEFAULT)
    kubectl("drain", cluster.NODE, "--force", "--delete-emptydir-data", "--ignore-daemonsets", "--timeout=600s")
    expect_nothing_left(*pods)
    assert not any(one["status"].get("phase") == "Running" for one in api_pods()), spelled("default")
    left = list(rules.below(node.kubelet.driver.kubepods()))
    assert left == [], f"rules are left at {left}"
    kubectl("uncordon", cluster.NODE)
    again = await_set(node, "web", 2)
    expect_in_force(node, again, DEFAULT)
    expect_looks(node, "web-.*", 2, DEFAULT)
    delete("deployment", "web")
    expect_nothing_left(*again)
    return "3 pods went and left nothing; the two that came back were limited at their first look"
