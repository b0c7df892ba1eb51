# SPDX-License-Identifier: Apache-2.0
"""[limits] scope = pod: the pod's cgroup has the limit, and its containers share it."""
import threading
import time

import fio
import rules
import service
from cases import case
from limit_table import NO_RULE, configured, expect
from node import DEFAULT_IOPS, EVENTS_ONLY
from report import until

POLICY = "[policy small]\nnamespace = small\niops = 300\n"
PER_POD, PER_CONTAINER = "[limits]\nscope = pod\n" + POLICY, "[limits]\nscope = container\n" + POLICY
DEFAULT, SMALL = rules.limits(DEFAULT_IOPS, DEFAULT_IOPS), rules.limits(300, 300)
MEASURED_SECONDS, SPARE_SECONDS = 8, 8


def expect_scope(node, scope):
    """Every container, the sandbox among them, is limited by its pod or by itself, never both, and nothing else has a rule."""
    wanted = []
    for pod in node.kubelet.pods:
        limit = SMALL if pod.namespace == "small" else DEFAULT
        wanted.append((pod.name, pod.cgroup, limit if scope == "pod" else NO_RULE))
        inside = [(f"{pod.name}/{one.name}", one.cgroup) for one in pod.containers]
        inside += [(f"sandbox of {pod.name}", node.kubelet.sandbox_cgroup(pod))] if pod.sandbox_id else []
        wanted += [(name, cgroup, limit if scope == "container" else NO_RULE) for name, cgroup in inside]
    expect(node, wanted)
    kubepods = node.kubelet.driver.kubepods().strip("/")
    right = {cgroup.strip("/") for _, cgroup, limit in wanted if limit is not NO_RULE} | {kubepods}
    found = {path for path, _ in rules.below(kubepods)}
    assert found <= right, f"a rule is left behind on {sorted(found - right)}"


def pod_rates(node, pod):
    """{direction: IOPS} of the whole pod, counted by the kernel while fio runs in all its containers."""
    for container in pod.containers:
        fio.prepare(node.runtime, container)
    idle = {one.cgroup: rules.operations(one.cgroup, node.devnum) for one in pod.containers}
    running = [threading.Thread(target=fio.iops, args=(node.runtime, container),
                                kwargs={"seconds": MEASURED_SECONDS + SPARE_SECONDS}) for container in pod.containers]
    for thread in running:
        thread.start()
    until(lambda: all(now > before + 100 for cgroup, both in idle.items()
                      for now, before in zip(rules.operations(cgroup, node.devnum), both)),
          "fio at work in every container")
    before, started = rules.operations(pod.cgroup, node.devnum), time.monotonic()
    time.sleep(MEASURED_SECONDS)  # a rate needs a time
    after, took = rules.operations(pod.cgroup, node.devnum), time.monotonic() - started
    for thread in running:
        thread.join()
    return {direction: (now - then) / took for direction, now, then in zip(fio.BOTH, after, before)}


def expect_shared(node, pod, limit):
    return fio.expect(limit, f"{len(pod.containers)} containers of one pod", lambda: pod_rates(node, pod))


def one_pod_shares(node, pods):
    shared = node.kubelet.new_pod("shared")
    pods.append(shared)
    expect(node, [("a pod without any container", shared.cgroup, DEFAULT)])
    shared.sandbox_id = node.kubelet.make_sandbox(shared)
    first = node.kubelet.run_container(shared, "first")
    node.kubelet.run_container(shared, "second")
    expect_scope(node, "pod")
    speed = expect_shared(node, shared, DEFAULT_IOPS)
    node.kubelet.restart_container(first)
    expect_scope(node, "pod")
    said = service.journal(f"POD_UID={shared.uid}", "ACTION=limited")
    assert said and not any(entry.get("CONTAINER_ID") for entry in said), \
        f"expected lines about the pod and none about a container, found {[entry['MESSAGE'] for entry in said]}"
    return speed


@case("scope-pod", cells="v2-systemd v2-cgroupfs", long=True)
def scope_pod(node):
    pods = []
    try:
        with configured(PER_POD):
            speed = one_pod_shares(node, pods)
            pods.append(node.kubelet.new_pod("little", "small"))
            expect(node, [("a pod whose namespace is not known yet", pods[1].cgroup, DEFAULT)])
            pods[1].sandbox_id = node.kubelet.make_sandbox(pods[1])
            expect(node, [("the pod, once its record names it", pods[1].cgroup, SMALL)])
            node.kubelet.run_container(pods[1], "app")
            expect_scope(node, "pod")
        for scope, text in (("container", PER_CONTAINER), ("pod", PER_POD), ("container", PER_CONTAINER)):
            with configured(text):
                expect_scope(node, scope)
    finally:
        node.remove_pods(*pods)
    return f"two containers of one pod, {speed}; each container limited by exactly one after container -> pod -> container"


@case("scope-pod-is-refused", fresh=True, cells="v1-cgroupfs")
@case("scope-pod-is-refused", fresh=True, cells="v1-systemd", long=True)
def refused(node):
    service.stop()
    mark = service.cursor()
    service.configure(EVENTS_ONLY + PER_POD)
    try:
        assert service.refuses_to_start(), "v1 cannot limit a pod, but the service started"
        status = service.show("ExecMainStatus")
        assert status == str(service.EXIT_CONFIG), f"expected exit status {service.EXIT_CONFIG}, found {status}"
        said = until(lambda: [line for line in service.messages(after=mark) if "scope" in line and "v1" in line],
                     lambda: f"a message with scope and v1, found {service.messages(after=mark)}")
    finally:
        service.configure(EVENTS_ONLY)
        service.reset()
        service.start()
    return f"exit status {status}: {said[0]!r}"
