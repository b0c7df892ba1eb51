# SPDX-License-Identifier: Apache-2.0
"""A container that can write to its own cgroup's files lifts its limit in a loop, and writes to the disk meanwhile. The
numbers are those of docs/limitations.md."""
import contextlib
import pathlib
import subprocess
import time

import disk_load
import disks
import rules
import service
from cases.fault import LIMIT, fault
from ctl import ctl, name_of, prop
from disks import run
from kubelet import PROXY_IMAGE
from node import DEFAULT_IOPS
from report import until

LOOP = """import os, sys, time
files = [os.open(path, os.O_WRONLY) for path in sys.argv[3:]]
while True:
    for file in files:
        os.pwrite(file, sys.argv[1].encode(), 0)
    time.sleep(float(sys.argv[2]))
"""
ONCE = "import os, sys; os.pwrite(os.open(sys.argv[2], os.O_WRONLY), sys.argv[1].encode(), 0)"
PAUSES = 0.1, 0.01, 0.001  # seconds between two writes
SETTLE_SECONDS, WINDOW_SECONDS = 3, 5
# What the pod may do beyond its limit: the kernel lets a burst pass when a rule is new.
FACTOR = 1.2
AGENT = pathlib.Path("/run/agent-cgroup")
CALM_SECONDS = 60  # after the last change of a limit, as docs/limitations.md says


def inside(container, *command):
    """What runs the command as the container's root: in its cgroup and in its namespaces."""
    entry = rules.root() / container.cgroup.strip("/") / "cgroup.procs"
    pid = entry.read_text().split()[0]
    return ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', str(entry),
            "nsenter", "--target", pid, "--mount", "--cgroup", "--", *command]


def own_files(node, container):
    """(what lifts the limits of both directions, the files that it is written to), as the container sees them."""
    if node.v1:
        return f"{node.devnum} 0", [f"/sys/fs/cgroup/blkio/{rules.V1_FILES[key]}" for key in ("riops", "wiops")]
    return f"{node.devnum} riops=max wiops=max", [f"/sys/fs/cgroup{container.cgroup}/io.max"]


def repairs():
    """How often the service has restored a limit; the journal has only some of so many lines."""
    return int(prop("Repaired").split()[1])


@contextlib.contextmanager
def lifting(node, container, pause):
    """The container lifts its own limit all the while."""
    text, files = own_files(node, container)
    before = repairs()
    with subprocess.Popen(inside(container, "/usr/bin/python3", "-c", LOOP, text, str(pause), *files)) as loop:
        try:
            # The service answers one user only so often.
            until(lambda: repairs() > before + 1 or loop.poll() is not None, "two repairs", 20, pause=1)
            assert loop.poll() is None, f"the container cannot write to {files}: exit status {loop.poll()}"
            yield
        finally:
            loop.kill()


def rate(node):
    """Writes a second that the disk completes; only the container at hand uses it."""
    time.sleep(SETTLE_SECONDS)
    before, began = disks.operations(node.devnum)["write"], time.monotonic()
    time.sleep(WINDOW_SECONDS)
    return (disks.operations(node.devnum)["write"] - before) / (time.monotonic() - began)


def rate_without_the_service(node, container):
    """What the loop gains where nobody restores the limit."""
    service.stop()
    rules.write(rules.root() / container.cgroup.strip("/"), node.devnum, 0 if node.v1 else "max")
    free = rate(node)
    service.start()
    until(lambda: rules.of(container.cgroup) == {node.devnum: LIMIT}, "the limit again", 20)
    return free


@contextlib.contextmanager
def writer(node, container):
    hog = disk_load.Hog(container, node.devnum, disk_load.QUEUE, "write")
    hog.on()
    try:
        yield
    finally:
        hog.end()


@fault("hostile-own-limit-in-a-loop", long=True)
def own_limit_in_a_loop(node):
    pod = node.kubelet.run_pod("loop", privileged=True)
    one = node.kubelet.run_container(pod, "app")
    beside = node.run_exempt(pod, "istio-proxy", image=PROXY_IMAGE)
    node.expect_fixed_limit(LIMIT)
    with writer(node, one):
        free = rate_without_the_service(node, one)
        usual = rate(node)
        most = FACTOR * DEFAULT_IOPS
        assert usual <= most, f"expected at most {most:.0f} writes/s without a loop, found {usual:.0f}"
        found = {}
        for pause in PAUSES:  # a container without a limit in the pod: the pod has none
            with lifting(node, one, pause):
                found[pause] = rate(node)
        said = f"writes/s at a limit of {DEFAULT_IOPS}: {usual:.0f}, without any {free:.0f}; with its own limit lifted " + \
               ", ".join(f"every {pause * 1000:.0f} ms {count:.0f}" for pause, count in found.items())
        assert free > 2 * most, f"the disk does no more than the limit, so nothing is proved: {said}"
        assert node.v1 or max(found.values()) < free / 2, f"the loop frees the container: {said}"
        if not node.v1:
            said += "; " + with_the_pods_rule(node, pod, one, beside)
    until(lambda: rules.of(one.cgroup) == {node.devnum: LIMIT}, "the limit, once the loop has ended", 20)
    node.kubelet.remove_container(one)
    if node.v1:
        node.kubelet.remove_container(beside)
    node.kubelet.remove_pod(pod)
    return said


def with_the_pods_rule(node, pod, one, beside):
    mark = service.cursor()
    node.kubelet.remove_container(beside)
    with lifting(node, one, PAUSES[-1]):
        until(lambda: rules.of(pod.cgroup) == {node.devnum: LIMIT},
              lambda: f"expected {LIMIT} in {pod.cgroup}, found {rules.of(pod.cgroup)}", 20)
        held = rate(node)
        assert held <= FACTOR * DEFAULT_IOPS, f"expected at most {FACTOR} times {DEFAULT_IOPS} writes/s, found {held:.0f}"
        steps = ctl("explain", name_of(one))
        assert "others keep changing a limit in the pod" in steps, steps
    ended = time.monotonic()
    until(lambda: rules.of(one.cgroup) == {node.devnum: LIMIT}, "the limit, once the loop has ended", 20)
    until(lambda: not rules.of(pod.cgroup), "the end of the pod's rule", CALM_SECONDS + 30)
    took = time.monotonic() - ended
    lines = [text for text in service.messages(mark) if "limited as a whole" in text]
    assert len(lines) == 2 and lines[1].startswith("no longer"), lines
    return f"and the pod limited {held:.0f}, until {took:.0f} s after the last change"


def lift_once(node, container):
    """What the container, which has a cgroup namespace of its own, is told when it lifts its limit; "" if it may."""
    done = subprocess.run(inside(container, "/usr/bin/python3", "-c", ONCE, f"{node.devnum} riops=max wiops=max",
                                 "/sys/fs/cgroup/io.max"), capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.splitlines()[-1]


@fault("hostile-own-limit-in-a-cgroup-namespace", cells="v2-faults")
def own_limit_in_a_cgroup_namespace(node):
    """Its cgroup is the root of what it sees. With the mount option nsdelegate, which systemd sets, the kernel lets nobody
    in there change the files of that one. Whoever mounts cgroup2 in the node's cgroup namespace without the option takes
    it from all: an agent, or runc for a privileged container."""
    run("mount", "-o", "remount,nsdelegate,memory_recursiveprot", "/sys/fs/cgroup")
    pod = node.kubelet.run_pod("namespaced")
    one = node.run_limited(pod, "app")
    subprocess.run(inside(one, "/usr/bin/mount", "-o", "remount,bind,rw", "/sys/fs/cgroup"), check=True)
    told = lift_once(node, one)
    assert told == "PermissionError: [Errno 1] Operation not permitted", told
    assert rules.of(one.cgroup) == {node.devnum: LIMIT}, rules.of(one.cgroup)
    mark = service.cursor()
    AGENT.mkdir()
    run("mount", "-t", "cgroup2", "none", str(AGENT))
    try:
        assert lift_once(node, one) == "", "nsdelegate is still in force"
        until(lambda: service.journal(f"CONTAINER_ID={one.id}", "ACTION=repaired", cursor=mark), "a repair", 20)
        assert rules.of(one.cgroup) == {node.devnum: LIMIT}, rules.of(one.cgroup)
    finally:
        run("umount", str(AGENT))
        AGENT.rmdir()
        run("mount", "-o", "remount,nsdelegate,memory_recursiveprot", "/sys/fs/cgroup")
    assert lift_once(node, one) == told, "nsdelegate is not in force again"
    node.kubelet.remove_container(one)
    node.kubelet.remove_pod(pod)
    return f"writable, and refused ({told}); without nsdelegate restored"
