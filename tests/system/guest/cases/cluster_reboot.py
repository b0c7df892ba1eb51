# SPDX-License-Identifier: Apache-2.0
"""A node with a real Kubernetes is rebooted: the kubelet starts its pods again, and the service was there before it."""
import json

import cluster
import service
from cases import AFTER_REBOOT, case
from cluster import apply
from cluster_node import DEFAULT
from cluster_objects import (await_running, await_set, container, expect_in_force, expect_looks, pod, pod_spec, workload)

NAME = "cluster-node-rebooted"


def await_all(node):
    return [*await_set(node, "web", 2), *await_running(node, "alone", f"fixed-{cluster.NODE}")]


@case(NAME)
def before(node):
    (cluster.MANIFESTS / "fixed.json").write_text(json.dumps(pod("fixed", container("app"))))
    apply(workload("Deployment", "web", pod_spec(container("app")), replicas=2), pod("alone", container("app")))
    expect_in_force(node, await_all(node), DEFAULT)
    node.reboot(NAME)


def after(node):
    cluster.await_ready(node.report.step)
    assert service.show("ActiveState") == "active", "the service is not started at boot"
    # The kubelet makes each container again, with the next number.
    seen = expect_looks(node, "(web|alone|fixed)-?.*", 8, DEFAULT, seconds=600)
    expect_in_force(node, await_all(node), DEFAULT)
    return f"{seen} starts of 4 pods, before and after, each limited at its first look"


AFTER_REBOOT[NAME] = after
