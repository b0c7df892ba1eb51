# SPDX-License-Identifier: Apache-2.0
"""Containers that come while the service runs."""
import disks
import fio
import kubelet
import rules
import service
from cases import case
from node import DEFAULT_TOTAL, in_parallel
from report import until


@case("containers-made-while-it-runs")
def while_running(node):
    pods = [node.kubelet.run_pod(f"new-{qos}", qos=qos) for qos in ("guaranteed", "burstable", "besteffort")]
    pods.append(node.kubelet.run_pod("new-static", namespace="infra", static=True))
    made = [node.run_limited(pod, "app") for pod in pods]
    rule = node.expect_limited()
    speed = node.expect_fio(made[2])
    node.remove_pods(*pods)
    return f"three QoS classes and a static pod: {rule}; {speed}"


@case("exempt-container-has-no-rule", cells="v2-systemd v1-cgroupfs")
@case("exempt-container-has-no-rule", cells="v2-cgroupfs v1-systemd", long=True)
def exempt(node):
    mesh, system = node.kubelet.run_pod("mesh"), node.kubelet.run_pod("dns", namespace="kube-system")
    proxy = node.run_exempt(mesh, "istio-proxy", image=kubelet.PROXY_IMAGE)
    exempted = [proxy, node.run_exempt(system, "dns"),
                node.run_exempt(mesh, "mongod", image=kubelet.DATABASE_IMAGE)]
    node.run_limited(mesh, "app")
    node.expect_limited()
    for container in exempted:
        node.expect_no_rule(container.cgroup)
        seen = until(container.first_look, f"the first look of {container.name}")
        assert "".join(seen) == "", f"{container.name} is exempt, but saw {seen} at its first look"
        service_said = service.journal(f"CONTAINER_ID={container.id}", "ACTION=exempted")
        assert len(service_said) == 1, f"expected one line ACTION=exempted for {container.name}, found {service_said}"
    fio.prepare(node.runtime, proxy)
    found = fio.iops(node.runtime, proxy, ["read"], seconds=4)["read"]
    assert found > 1.5 * node.iops, f"istio-proxy is exempt: expected far more than {node.iops} IOPS, found {found:.0f}"
    node.remove_pods(mesh, system)
    return f"by name, by image and by namespace: no rule, {found:.0f} IOPS; their neighbours are limited"


@case("pause-container-has-no-rule")
def pause(node):
    for pod in node.kubelet.pods:
        node.expect_no_rule(node.kubelet.sandbox_cgroup(pod))
    assert node.kubelet.pods, "no pod, so nothing is proved"
    return f"{len(node.kubelet.pods)} sandboxes without a rule"


@case("total-of-all-pods", cells="v2 v1-systemd")
@case("total-of-all-pods", cells="v1-cgroupfs", long=True)
def total(node):
    kubepods = node.kubelet.driver.kubepods()
    if node.v1:
        pods = [node.kubelet.run_pod(f"share-{number}") for number in range(4)]
        in_parallel([lambda p=pod, n=name: node.kubelet.run_container(p, n) for pod in pods for name in "ab"])
        rule = node.expect_limited()
        used = node.expected_iops() * len(node.limited())
        assert used <= DEFAULT_TOTAL and node.expected_iops() < node.iops, "too few containers to prove the division"
        node.expect_no_rule(kubepods)
        node.remove_pods(*pods)
        node.expect_limited()
        return f"divided: {rule} each, together {used} of {DEFAULT_TOTAL}; given back when containers go"
    expected = {node.devnum: rules.limits(DEFAULT_TOTAL, DEFAULT_TOTAL)}
    until(lambda: rules.of(kubepods) == expected,
          lambda: f"expected {expected} on {kubepods}, found {rules.of(kubepods)}")
    return f"{DEFAULT_TOTAL} on {kubepods}"


@case("other-disk-stays-unlimited")
def other_disk(node):
    other = disks.devnum(disks.OTHER_SERIAL)
    found = {number for _, rule in rules.below("/") for number in rule}
    assert found == {node.devnum}, f"expected rules for {node.devnum} only (never {other}), found {sorted(found)}"
    container = node.base()
    fio.prepare(node.runtime, container, disks.SCRATCH)
    speed = fio.iops(node.runtime, container, ["read"], seconds=4, directory=disks.SCRATCH)["read"]
    assert speed > 1.5 * node.iops, f"expected far more than {node.iops} IOPS on the other disk, found {speed:.0f}"
    return f"{other}: no rule in the whole tree, {speed:.0f} IOPS from a limited container"


@case("fifty-containers-at-once", cells="v2-systemd")
@case("fifty-containers-at-once", cells="v2-cgroupfs v1-systemd v1-cgroupfs", long=True)
def fifty(node):
    pods = [None] * 10

    def run_pod(number):
        pods[number] = node.kubelet.run_pod(f"many-{number}", qos=("burstable", "besteffort")[number % 2])

    def run_containers(pod):  # like the kubelet: pods side by side, the containers of one pod one after the other
        for number in range(5):
            node.kubelet.run_container(pod, f"c{number}")

    in_parallel([lambda n=number: run_pod(n) for number in range(10)])
    in_parallel([lambda p=pod: run_containers(p) for pod in pods])
    made = [container for pod in pods for container in pod.containers]
    assert len(made) == 50, f"expected 50 containers, made {len(made)}"
    failures = []
    for container in made:
        try:
            node.expect_first_look(container)
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, f"{50 - len(failures)} of 50 limited at their first look; {failures[:3]}"
    rule = node.expect_limited()
    node.remove_pods(*pods)
    return f"50 of 50 limited at their first look; {rule}"


@case("container-restarted-in-its-pod")
def restarted(node):
    pod = node.kubelet.run_pod("restarting")
    old = node.run_limited(pod, "app")
    new = node.kubelet.restart_container(old)
    node.expect_first_look(new)
    assert new.id != old.id
    rule = node.expect_limited()
    node.remove_pods(pod)
    return rule


@case("journal-fields")
def journal_fields(node):
    pod = node.kubelet.run_pod("journal")
    name = "journal-fields"
    container = node.run_limited(pod, name)
    entries = until(lambda: service.journal(f"CONTAINER_NAME={name}", "ACTION=limited"), "a journal line for it")
    assert len(entries) == 1, f"expected one line for the container, found {len(entries)}"
    expected = {"CONTAINER_ID": container.id, "CONTAINER_NAME": name, "POD_UID": pod.uid, "POD_NAME": pod.name,
                "POD_NAMESPACE": pod.namespace, "DEVICE": node.devnum, "CGROUP": container.cgroup.lstrip("/"),
                "ACTION": "limited"}
    found = {key: entries[0].get(key, "").lstrip("/") for key in expected}
    assert found == expected, f"expected {expected}, found {found}"
    for key in ("READ_IOPS", "WRITE_IOPS"):
        assert 0 < int(entries[0][key]) <= node.iops, f"{key}={entries[0][key]}"
    node.remove_pods(pod)
    return f"{len(expected) + 2} fields, found by CONTAINER_NAME"
