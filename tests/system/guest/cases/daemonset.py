# SPDX-License-Identifier: Apache-2.0
"""The service in a container, as its DaemonSet runs it: the node's own service is stopped meanwhile."""
import contextlib
import json
import os
import pathlib
import signal

import grpc

import deployed
import mounts
import rules
import service
from cases import case
from ctl import GOOD, REFUSED
from report import until

IOPS = 400  # not the default: the environment is heard
ENVIRONMENT = {"CONTAINER_IOPS_LIMIT": str(IOPS), "CHECK_INTERVAL": "0"}


@contextlib.contextmanager
def in_place_of_the_service(node):
    """Yields the DaemonSet's kubelet and its container; in the end the node's service is back."""
    node.ensure_running()
    node.expect_limited()
    service.stop()
    node.expect_limited(seconds=0)
    deployed.network()
    cluster, usual = deployed.Deployed(node.plan["driver"], ENVIRONMENT), node.iops
    node.iops = IOPS
    try:
        container = until(lambda: started(cluster), "the DaemonSet's pod")
        yield cluster, container
    finally:
        node.iops = usual
        for pod in list(cluster.pods):
            cluster.remove_pod(pod)
        service.start()
        node.expect_limited()


def started(cluster):
    try:
        return cluster.start_pod()
    except grpc.RpcError as error:
        if "initialized" not in str(error):  # containerd has not seen the network's configuration yet
            raise
        for pod in list(cluster.pods):
            cluster.remove_pod(pod)
        return None


def log(container):
    """The JSON lines it wrote."""
    return [json.loads(line) for line in container.lines()]


def logged(container, **fields):
    return [line for line in log(container) if fields.items() <= line.items()]


def healthy(cluster, container):
    status, text = cluster.probe(container, "readinessProbe")
    return status == GOOD and text


def expect_probe(cluster, container, kind, status, text):
    found = cluster.probe(container, kind)
    assert found[0] == status and text in found[1], f"{kind}: expected {status} and {text!r}, found {found}"


def process(container):
    root = rules.root() if rules.hierarchy() == "v2" else pathlib.Path("/sys/fs/cgroup/memory")
    return int((root / container.cgroup.strip("/") / "cgroup.procs").read_text().split()[0])


def peak(container):
    if rules.hierarchy() == "v2":
        return int((rules.root() / container.cgroup.strip("/") / "memory.peak").read_text())
    folder = pathlib.Path("/sys/fs/cgroup/memory") / container.cgroup.strip("/")
    return int((folder / "memory.max_usage_in_bytes").read_text())


def expect_no_privilege(container):
    pid = process(container)
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    found = {name: status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp")}
    assert found == {"CapEff": "0" * 16, "CapPrm": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}, found
    data = [line for line in pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines() if " /data " in line]
    assert data == [], f"the data disk is mounted in it: {data}"
    assert os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/1/ns/net"), "it has the node's network"


@case("deployment-daemonset-limits-and-logs", fresh=True, cells="v2-systemd")
@case("deployment-daemonset-limits-and-logs", fresh=True, cells="v1-cgroupfs", long=True)
def limits(node):
    with in_place_of_the_service(node) as (cluster, container):
        until(lambda: healthy(cluster, container), lambda: f"ready, found {cluster.probe(container, 'readinessProbe')}")
        node.expect_limited()
        expect_no_privilege(container)
        pod = node.kubelet.run_pod("beside")
        beside = node.run_limited(pod, "app")
        node.expect_limited()
        line = until(lambda: logged(container, action="limited", container_id=beside.id), "a line about it")[0]
        assert (line["pod_name"], line["container_name"], line["level"]) == ("beside", "app", "info"), line
        measured = node.expect_fio(beside)
        mounts.unmount()
        until(lambda: logged(container, action="waiting"), lambda: f"a word about /data, found {log(container)[-3:]}")
        node.disk.mount()
        node.run_limited(pod, "after")
        shown = cluster.execute(container, "iopsctl", "list")
        assert shown[0] == GOOD and "beside" in shown[1], shown
        node.remove_pods(pod)
        node.expect_limited()
        used = peak(container)
        assert used < cluster.memory_limit, f"{used} of {cluster.memory_limit} bytes"
        return f"no capability, {measured}, at most {used >> 10} KiB of {cluster.memory_limit >> 10} KiB of memory"


@case("deployment-daemonset-probes-and-removal", fresh=True, cells="v1-cgroupfs")
@case("deployment-daemonset-probes-and-removal", fresh=True, cells="v2-systemd", long=True)
def probes(node):
    with in_place_of_the_service(node) as (cluster, container):
        until(lambda: healthy(cluster, container), lambda: f"ready, found {cluster.probe(container, 'readinessProbe')}")
        expect_probe(cluster, container, "livenessProbe", GOOD, "its loop turns")
        # Nobody watches the file of a container without a limit, and there is no safety net here: it stays so.
        pod = node.kubelet.run_pod("free")
        free = node.run_exempt(pod, "istio-proxy")
        until(lambda: logged(container, action="exempted", container_id=free.id), "a line about it")
        folder = rules.root() / free.cgroup.strip("/")
        rules.write(folder, node.devnum, 77)
        expect_probe(cluster, container, "readinessProbe", REFUSED, "1 rule does not hold")
        expect_probe(cluster, container, "livenessProbe", GOOD, "its loop turns")
        node.remove_pods(pod)
        until(lambda: healthy(cluster, container), "ready again")
        pid = process(container)
        os.kill(pid, signal.SIGSTOP)
        try:
            for kind in ("readinessProbe", "livenessProbe"):
                expect_probe(cluster, container, kind, REFUSED, "the service does not answer")
        finally:
            os.kill(pid, signal.SIGCONT)
        until(lambda: healthy(cluster, container), "ready when it turns again")
        cleared = cluster.execute(container, "iopsctl", "clear")  # as deploy.sh --uninstall does
        assert cleared[0] == GOOD, cleared
        node.expect_no_rule(node.base().cgroup)
        cluster.remove_pod(container.pod)
        assert not os.path.exists("/run/iops-limitd/private"), "it left its socket"
        return "not ready with a wrong rule, not alive when it does not turn; cleared and gone"
