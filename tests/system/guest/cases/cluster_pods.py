# SPDX-License-Identifier: Apache-2.0
"""Pods that kubectl makes and a real kubelet runs: QoS classes, policies, init containers, restarts."""
from cases import case
from cluster import apply, make_namespace, wait
from cluster_node import BY_LABEL, BY_NAMESPACE, DEFAULT, LABEL
from cluster_objects import (api_pod, await_running, container, delete, expect_in_force, expect_looks, expect_names,
                             expect_nothing_left, id_of, pod, present, resources, spelled, statuses)

QOS = {"guaranteed": resources("50m", "64Mi"), "burstable": resources("100m", "64Mi", {"cpu": "20m", "memory": "32Mi"}),
       "besteffort": {}}


@case("cluster-pods-of-each-qos-class")
def each_qos_class(node):
    apply(*[pod(f"qos-{name}", container("app", resources=amount), container("beside", resources=amount))
            for name, amount in QOS.items()])
    pods = await_running(node, *[f"qos-{name}" for name in QOS])
    assert sorted(one.qos for one in pods) == sorted(QOS), pods
    seen = expect_looks(node, "qos-.*", 6, DEFAULT)
    expect_in_force(node, pods, DEFAULT)
    measured = node.expect_fio(next(one for one in pods if one.qos == "besteffort").containers[0])
    for one in pods:
        delete("pod", one.name)
    expect_nothing_left(*pods)
    return f"{seen} containers of 3 pods limited at their first look; on an emptyDir {measured}; nothing left"


@case("cluster-policies-by-namespace-and-label")
def policies(node):
    make_namespace("prod-eu")
    apply(pod("web", container("app"), namespace="prod-eu"), pod("db", container("app"), labels=LABEL),
          pod("other", container("app"), labels={"example.org/tier": "silver"}))
    pods = [*await_running(node, "web", namespace="prod-eu"), *await_running(node, "db", "other")]
    for one, limit in zip(sorted(pods, key=lambda each: each.name), (BY_LABEL, DEFAULT, BY_NAMESPACE)):
        expect_in_force(node, [one], limit)
    # The record names the namespace; the label comes from the runtime's socket a moment later.
    expect_looks(node, "web", 1, BY_NAMESPACE, "prod-eu")
    expect_looks(node, "other", 1, DEFAULT)
    for one in pods:
        delete("pod", one.name, one.namespace)
    expect_nothing_left(*pods)
    return "the namespace's limit at the first look, the label's in force, neither for the third"


@case("cluster-init-containers-and-sidecar")
def init_containers(node):
    apply(pod("staged", container("app"), container("sidecar"),
              initContainers=[container("first", "/bin/busybox", "true"), container("second", "/bin/busybox", "true")]))
    pods = await_running(node, "staged")
    seen = expect_looks(node, "staged", 4, DEFAULT)
    expect_in_force(node, pods, DEFAULT)
    for one in api_pod("staged")["status"]["initContainerStatuses"]:
        expect_names(pods[0], one["name"], id_of(one))
    delete("pod", "staged")
    expect_nothing_left(*pods)
    return f"{seen} containers, two of them init containers, each limited at its first look"


@case("cluster-crash-loop")
def crash_loop(node):
    apply(pod("crashing", container("app", "/bin/busybox", "false"), container("steady")))
    wait(lambda: any(one["restartCount"] >= 3 for one in statuses(api_pod("crashing"))),
          lambda: f"three restarts; {spelled('default')}")
    seen = expect_looks(node, "crashing", 5, DEFAULT)
    one = present(node, "crashing")
    expect_in_force(node, [one], DEFAULT)
    delete("pod", "crashing")
    expect_nothing_left(one)
    return f"{seen} starts, each limited at its first look"
