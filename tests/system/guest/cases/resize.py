# SPDX-License-Identifier: Apache-2.0
"""What a kubelet does to pods that run: resize in place, the CPU manager, memory QoS. None of it may cost a limit."""
import os

import fio
import limit_reader
import rules
from cases import NODE_CELLS, case
from disks import run
from kubelet import SystemdDriver

MEMORY = 512 << 20
# A step of each is the pod's or the container's new size.
SIZES = [{"cpu": 50000, "weight": 20, "memory": MEMORY}, {"cpu": 80000, "weight": 40, "memory": 2 * MEMORY}]


def set_properties(cgroup, *properties):
    """As the kubelet and runc change a unit that exists: at run time, without a drop-in of an administrator."""
    flat = [word for one in properties for word in one]
    run("busctl", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
        "SetUnitProperties", "sba(sv)", os.path.basename(cgroup), "true", str(len(properties)), *flat)


def write_values(cgroup, values):
    """On v1 each of them is in a hierarchy of its own."""
    for name, value in values.items():
        root = rules.root() if rules.hierarchy() == "v2" else rules.root().parent / name.split(".")[0]
        (root / cgroup.strip("/") / name).write_text(str(value))


def resize_pod(node, cgroup, size):
    if isinstance(node.kubelet.driver, SystemdDriver):
        weigh(node, cgroup, size)
        memory = "MemoryMax" if rules.hierarchy() == "v2" else "MemoryLimit"
        set_properties(cgroup, ("CPUQuotaPerSecUSec", "t", str(size["cpu"] * 10)), (memory, "t", str(size["memory"])))
    elif rules.hierarchy() == "v2":
        write_values(cgroup, {"cpu.max": f"{size['cpu']} 100000", "memory.max": size["memory"]})
    else:
        write_values(cgroup, {"cpu.cfs_quota_us": size["cpu"], "memory.limit_in_bytes": size["memory"]})


def weigh(node, cgroup, size):
    """All that a kubelet changes of a QoS class, and a part of a pod's new size."""
    if not isinstance(node.kubelet.driver, SystemdDriver):
        write_values(cgroup, {"cpu.weight": size["weight"]} if rules.hierarchy() == "v2" else
                     {"cpu.shares": size["weight"] * 10})
    elif rules.hierarchy() == "v2":
        set_properties(cgroup, ("CPUWeight", "t", str(size["weight"])))
    else:
        set_properties(cgroup, ("CPUShares", "t", str(size["weight"] * 10)))


def resize_container(node, container, size, **more):
    node.runtime.call("UpdateContainerResources", container_id=container.id,
                      linux={"cpu_period": 100000, "cpu_quota": size["cpu"], "cpu_shares": size["weight"] * 10,
                             "memory_limit_in_bytes": size["memory"], **more})


def acts(node, container):
    """Each in turn, as (what, function)."""
    pod, qos = container.pod.cgroup, os.path.dirname(container.pod.cgroup)
    for size in SIZES:
        yield "the pod's cgroup", lambda size=size: resize_pod(node, pod, size)
        yield "the container", lambda size=size: resize_container(node, container, size)
        yield "the cgroup of the QoS class", lambda size=size: weigh(node, qos, size)
    yield "the CPU manager's set", lambda: resize_container(node, container, SIZES[0], cpuset_cpus="0")
    if rules.hierarchy() == "v2":
        yield "memory QoS", lambda: resize_container(node, container, SIZES[1], unified={"memory.high": str(MEMORY)})
    yield "daemon-reload", lambda: run("systemctl", "daemon-reload")


@case("kubelet-acts-on-running-pods", cells=" ".join(NODE_CELLS), long=True)
def acted(node):
    container = node.base()
    node.expect_limited()
    wanted = {container.cgroup: rules.of(container.cgroup)}
    load = fio.Background(node.runtime, container)
    done = []
    try:
        with limit_reader.never_off(wanted):
            for what, act in acts(node, container):
                act()
                done.append(what)
            late = node.run_limited(container.pod, f"late-{len(done)}")
    finally:
        errors = load.stop()
    assert set(errors.values()) == {0}, f"expected no I/O error, found {errors}"
    node.kubelet.remove_container(late)
    return f"{len(done)} changes under load, and its limit was there at each reading: {', '.join(done)}"
