# SPDX-License-Identifier: Apache-2.0
"""Containers that come while the service runs."""
import containerd
import disks
import fio
import kubelet
import rules
import service
from cases import BOTH, case
from disks import run
from limit_table import configured, expect
from node import DEFAULT_TOTAL, in_parallel
from report import until


@case("containers-made-while-it-runs", spread=f"{BOTH} hybrid")
def while_running(node):
    pods = [node.kubelet.run_pod(f"new-{qos}", qos=qos) for qos in ("guaranteed", "burstable", "besteffort")]
    pods.append(node.kubelet.run_pod("new-static", namespace="infra", static=True))
    made = [node.run_limited(pod, "app") for pod in pods]
    rule = node.expect_limited()
    speed = node.expect_fio(made[2])
    node.remove_pods(*pods)
    return f"three QoS classes and a static pod: {rule}; {speed}"


@case("crun-below-containerd", long=True)
def crun(node):
    """On v2 with systemd's driver the processes are in the cgroup "container" below the scope that has the rule
    (run.oci.systemd.subgroup in crun(1)), and see no rule of their own. Newer ones do the same on v1, where the service
    limits that cgroup too."""
    pod = node.kubelet.run_pod("by-crun", handler=containerd.CRUN)
    container = node.kubelet.run_container(pod, "app")
    inner = rules.root() / container.cgroup.lstrip("/") / "container"
    if not node.v1 and inner.is_dir():
        seen = until(container.first_look, f"the first look of {container.name}")
        assert "".join(seen) == "", f"expected no rule in {inner}, its process saw {seen}"
    else:
        node.expect_first_look(container)
    rule = node.expect_limited()
    speed = node.expect_fio(container)
    node.remove_pods(pod)
    return f"{run('crun', '--version').splitlines()[0]}: {rule}; {speed}"


@case("exempt-container-has-no-rule", spread="v2-systemd")
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


@case("sandboxes-are-limited-as-their-pods", spread="v2-systemd")
def sandboxes(node):
    """With gVisor and Kata all processes of a pod are in its sandbox's cgroup. pause takes no share of a total."""
    for pod in node.kubelet.pods:
        cgroup = node.kubelet.sandbox_cgroup(pod)
        until(lambda c=cgroup: rules.of(c) == node.expected(),
              lambda c=cgroup: f"expected {node.expected()} on {c}, found {rules.of(c)}")
    assert node.kubelet.pods, "no pod, so nothing is proved"
    return f"{len(node.kubelet.pods)} sandboxes with {node.expected_iops()} IOPS"


@case("total-of-all-pods", cells="v2 v1-systemd")
@case("total-of-all-pods", cells="v1-cgroupfs", long=True)
def total(node):
    kubepods = node.kubelet.driver.kubepods()
    if node.v1:
        pods = [node.kubelet.run_pod(f"share-{number}") for number in range(4)]
        in_parallel([lambda p=pod, n=name: node.kubelet.run_container(p, n) for pod in pods for name in "ab"])
        busy = node.expect_limited()
        node.expect_no_rule(kubepods)
        part = DEFAULT_TOTAL // len(node.limited())
        assert part < node.iops, "too few containers to prove the division"
        with configured("[limits]\nfair_total = no\n"):
            expect(node, [(one.name, one.cgroup, rules.limits(part, part)) for one in node.limited()])
        node.remove_pods(*pods)
        return f"{busy} each while nobody is busy; with fair_total = no divided: {part} of {DEFAULT_TOTAL} each"
    expected = {node.devnum: rules.limits(DEFAULT_TOTAL, DEFAULT_TOTAL)}
    until(lambda: rules.of(kubepods) == expected,
          lambda: f"expected {expected} on {kubepods}, found {rules.of(kubepods)}")
    return f"{DEFAULT_TOTAL} on {kubepods}"


@case("other-disk-stays-unlimited", spread="v2-systemd")
def other_disk(node):
    other = disks.devnum(disks.OTHER_SERIAL)
    found = {number for _, rule in rules.below("/") for number in rule}
    assert found == {node.devnum}, f"expected rules for {node.devnum} only (never {other}), found {sorted(found)}"
    container = node.base()
    fio.prepare(node.runtime, container, disks.SCRATCH)
    speed = fio.iops(node.runtime, container, ["read"], seconds=4, directory=disks.SCRATCH)["read"]
    assert speed > 1.5 * node.iops, f"expected far more than {node.iops} IOPS on the other disk, found {speed:.0f}"
    return f"{other}: no rule in the whole tree, {speed:.0f} IOPS from a limited container"


def many_at_once(node, pod_count):
    """Five containers in each pod; the pods side by side, as the kubelet makes them."""
    pods = [None] * pod_count

    def run_pod(number):
        pods[number] = node.kubelet.run_pod(f"many-{number}", qos=("burstable", "besteffort")[number % 2])

    def run_containers(pod):
        for number in range(5):
            node.kubelet.run_container(pod, f"c{number}")

    in_parallel([lambda n=number: run_pod(n) for number in range(pod_count)])
    in_parallel([lambda p=pod: run_containers(p) for pod in pods])
    made, failures = [container for pod in pods for container in pod.containers], []
    assert len(made) == 5 * pod_count, f"expected {5 * pod_count} containers, made {len(made)}"
    for container in made:
        try:
            node.expect_first_look(container)
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, f"{len(made) - len(failures)} of {len(made)} limited at their first look; {failures[:3]}"
    rule = node.expect_limited()
    node.remove_pods(*pods)
    return f"{len(made)} of {len(made)} limited at their first look; {rule}"


@case("fifteen-containers-at-once", cells="v2-systemd")
def fifteen(node):
    return many_at_once(node, 3)


@case("fifty-containers-at-once", long=True)
def fifty(node):
    """The emulated machine takes ten seconds and more to make each of them."""
    return many_at_once(node, 10)


@case("container-restarted-in-its-pod", spread=BOTH)
def restarted(node):
    pod = node.kubelet.run_pod("restarting")
    old = node.run_limited(pod, "app")
    new = node.kubelet.restart_container(old)
    node.expect_first_look(new)
    assert new.id != old.id
    rule = node.expect_limited()
    node.remove_pods(pod)
    return rule


@case("journal-fields", spread="v2-systemd")
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
