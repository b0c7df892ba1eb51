# SPDX-License-Identifier: Apache-2.0
"""What a kubelet does to the node: cgroups for QoS classes and pods, then pods and containers through the CRI."""
import dataclasses
import json
import os
import pathlib
import threading
import time
import uuid

import cri
import disks
import rules
from disks import run

GUARANTEED, BURSTABLE, BESTEFFORT = "guaranteed", "burstable", "besteffort"
QOS_LEVELS = (BURSTABLE, BESTEFFORT)
# As image/container_images.py names them. The last one is exempt by its image's name alone.
WORKLOAD_IMAGE, PROXY_IMAGE = "docker.io/library/workload:1", "docker.io/istio/proxyv2:1"
DATABASE_IMAGE = "docker.io/percona/psmdb:6"
LOGS = pathlib.Path("/var/log/pods")


class SystemdDriver:
    """cgroupDriver: systemd. Slices are units, made as the kubelet does, by StartTransientUnit."""

    def kubepods(self):
        return "/kubepods.slice"

    def pod(self, qos, uid):
        level = "kubepods" if qos == GUARANTEED else f"kubepods-{qos}"
        parents = "/kubepods.slice" if qos == GUARANTEED else f"/kubepods.slice/{level}.slice"
        return f"{parents}/{level}-pod{uid.replace('-', '_')}.slice"

    def container(self, pod_cgroup, container_id):
        return f"{pod_cgroup}/cri-containerd-{container_id}.scope"

    def create(self, cgroup):
        name = os.path.basename(cgroup)
        accounting = "BlockIOAccounting" if rules.hierarchy() == "v1" else "IOAccounting"
        properties = [("Description", "s", f"libcontainer container {name}"), ("DefaultDependencies", "b", "false"),
                      ("MemoryAccounting", "b", "true"), ("CPUAccounting", "b", "true"),
                      ("TasksAccounting", "b", "true"), (accounting, "b", "true")]
        flat = [word for one in properties for word in one]
        run("busctl", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
            "org.freedesktop.systemd1.Manager", "StartTransientUnit", "ssa(sv)a(sa(sv))", name, "replace",
            str(len(properties)), *flat, "0")
        make_directories(cgroup)

    def remove(self, cgroup):
        run("systemctl", "stop", os.path.basename(cgroup))
        remove_directories(cgroup)


class CgroupfsDriver:
    """cgroupDriver: cgroupfs. Plain directories."""

    def kubepods(self):
        return "/kubepods"

    def pod(self, qos, uid):
        return f"/kubepods/pod{uid}" if qos == GUARANTEED else f"/kubepods/{qos}/pod{uid}"

    def container(self, pod_cgroup, container_id):
        return f"{pod_cgroup}/{container_id}"

    def create(self, cgroup):
        make_directories(cgroup)

    def remove(self, cgroup):
        remove_directories(cgroup)


DRIVERS = {"systemd": SystemdDriver, "cgroupfs": CgroupfsDriver}


def controller_roots():
    if rules.hierarchy() == "v2":
        return [pathlib.Path("/sys/fs/cgroup")]
    mounts = [line.split() for line in open("/proc/self/mounts")]
    return [pathlib.Path(m[1]) for m in mounts if m[2] == "cgroup" and "name=systemd" not in m[3]]


def make_directories(cgroup):
    """libcontainer's CreateCgroupPath: on v2 every controller is passed down to, but not into, the last level."""
    for root in controller_roots():
        levels = [root, *(root / part for part in accumulate(cgroup))]
        for parent, level in zip(levels, levels[1:]):
            if rules.hierarchy() == "v2":
                controllers = (root / "cgroup.controllers").read_text().split()
                (parent / "cgroup.subtree_control").write_text(" ".join("+" + name for name in controllers))
            level.mkdir(exist_ok=True)
            if root.name == "cpuset":  # v1: no process may enter before these two are set
                for file in ("cpuset.cpus", "cpuset.mems"):
                    if not (level / file).read_text().strip():
                        (level / file).write_text((parent / file).read_text())


def make_container_directory(cgroup):
    """What a runtime leaves below a pod's cgroup, in the hierarchy that limits alone: for containers without a
    process."""
    directory = rules.root() / cgroup.strip("/")
    if rules.hierarchy() == "v2":
        (directory.parent / "cgroup.subtree_control").write_text("+io")
    directory.mkdir()


def accumulate(cgroup):
    parts = cgroup.strip("/").split("/")
    return ["/".join(parts[:count + 1]) for count in range(len(parts))]


def remove_directories(cgroup):
    for root in controller_roots():
        for directory, _, _ in os.walk(root / cgroup.strip("/"), topdown=False):
            remove_directory(directory)


def remove_directory(directory, seconds=20):
    """A cgroup stays busy until the kernel has buried its last process."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return os.rmdir(directory)
        except FileNotFoundError:
            return None
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def logged_lines(log):
    """The lines that a container wrote. Docker's log is JSON, a CRI log has time, stream, tag and text."""
    entries = log.read_text().splitlines()
    if entries and entries[0].startswith("{"):
        return "".join(json.loads(entry)["log"] for entry in entries).splitlines()
    return [entry.split(" ", 3)[3] for entry in entries]


def first_look(lines):
    """What a first process saw as its first action; None while its log is not complete."""
    if "first-look end" not in lines:
        return None
    return [line.removeprefix("first-look ") for line in lines[:lines.index("first-look end")]]


@dataclasses.dataclass
class Container:
    pod: "Pod"
    name: str
    attempt: int
    id: str
    cgroup: str

    def log(self):
        return LOGS / self.pod.log_name() / self.name / f"{self.attempt}.log"

    def lines(self):
        return logged_lines(self.log())

    def first_look(self):
        return first_look(self.lines())


@dataclasses.dataclass
class Pod:
    name: str
    namespace: str
    uid: str
    qos: str
    cgroup: str
    sandbox_id: str = ""
    containers: list = dataclasses.field(default_factory=list)
    labels: dict = dataclasses.field(default_factory=dict)
    annotations: dict = dataclasses.field(default_factory=dict)
    privileged: bool = False
    handler: str = ""  # of the runtime; "" is its default

    def log_name(self):
        return f"{self.namespace}_{self.name}_{self.uid}"

    def identity(self):
        """The labels by which a kubelet finds its containers again."""
        return {"io.kubernetes.pod.name": self.name, "io.kubernetes.pod.namespace": self.namespace,
                "io.kubernetes.pod.uid": self.uid}

    def all_labels(self):
        return {**self.labels, **self.identity()}

    def all_annotations(self):
        return {**self.annotations, "kubernetes.io/config.source": "api"}


def binds():
    """What every container has of the node, as SOURCE:TARGET[:ro]."""
    return ["/usr:/usr:ro", *(f"{path}:{path}" for path in (disks.MOUNT, disks.LOGS, disks.SCRATCH)
                              if os.path.ismount(path))]


class Kubelet:
    container_type = Container

    def __init__(self, driver, runtime=None):
        self.driver = DRIVERS[driver]()
        self.runtime = runtime or cri.Runtime()
        self.pods = []
        self._lock = threading.Lock()

    def start(self):
        self.driver.create(self.driver.kubepods())
        for qos in QOS_LEVELS:
            self.driver.create(os.path.dirname(self.driver.pod(qos, "uid")))

    def stop(self):
        for qos in QOS_LEVELS:
            self.driver.remove(os.path.dirname(self.driver.pod(qos, "uid")))
        self.driver.remove(self.driver.kubepods())

    def run_pod(self, name, namespace="shop", qos=BURSTABLE, static=False, labels=None, annotations=None,
                privileged=False, handler=""):
        pod = self.new_pod(name, namespace, qos, static, labels, annotations)
        pod.privileged, pod.handler = privileged, handler
        pod.sandbox_id = self.make_sandbox(pod)
        return pod

    def new_pod(self, name, namespace="shop", qos=BURSTABLE, static=False, labels=None, annotations=None):
        """The pod's cgroup alone: what a kubelet does before it asks the runtime for anything."""
        uid = uuid.uuid4().hex if static else str(uuid.uuid4())
        pod = Pod(name, namespace, uid, qos, self.driver.pod(qos, uid), labels=labels or {},
                  annotations=annotations or {})
        self.driver.create(pod.cgroup)
        with self._lock:
            self.pods.append(pod)
        return pod

    def run_container(self, pod, name, image=WORKLOAD_IMAGE, attempt=0):
        made = self.make_container(pod, name, image, attempt)
        container = self.container_type(pod, name, attempt, made, self.container_cgroup(pod, made))
        with self._lock:
            pod.containers.append(container)
        return container

    def restart_container(self, container):
        """The container's process ended; as the kubelet does, a new one with the same name takes its place."""
        self.remove_container(container)
        return self.run_container(container.pod, container.name, attempt=container.attempt + 1)

    def remove_container(self, container):
        self.delete_container(container)
        with self._lock:
            container.pod.containers.remove(container)

    def remove_pod(self, pod):
        if pod.sandbox_id:
            self.delete_sandbox(pod)
        self.driver.remove(pod.cgroup)
        with self._lock:
            self.pods.remove(pod)

    def containers(self):
        return [container for pod in self.pods for container in pod.containers]

    def sandbox_cgroup(self, pod):
        return self.container_cgroup(pod, pod.sandbox_id)

    # ---- the runtime's part; other runtimes have their own ----------------------------------------------------------

    def container_cgroup(self, pod, container_id):
        return self.driver.container(pod.cgroup, container_id)

    def make_sandbox(self, pod):
        return self.runtime.call("RunPodSandbox", config=self._sandbox_config(pod),
                                 runtime_handler=pod.handler)["pod_sandbox_id"]

    def make_container(self, pod, name, image, attempt):
        (LOGS / pod.log_name() / name).mkdir(parents=True, exist_ok=True)
        made = self.runtime.call("CreateContainer", pod_sandbox_id=pod.sandbox_id,
                                 config=self._container_config(pod, name, image, attempt),
                                 sandbox_config=self._sandbox_config(pod))["container_id"]
        self.runtime.call("StartContainer", container_id=made)
        return made

    def delete_container(self, container):
        self.runtime.call("StopContainer", container_id=container.id, timeout=0)
        self.runtime.call("RemoveContainer", container_id=container.id)

    def delete_sandbox(self, pod):
        self.runtime.call("StopPodSandbox", pod_sandbox_id=pod.sandbox_id)
        self.runtime.call("RemovePodSandbox", pod_sandbox_id=pod.sandbox_id)

    def _container_config(self, pod, name, image, attempt):
        mounts = [{"container_path": target, "host_path": source, "readonly": int(mode == ["ro"])}
                  for source, target, *mode in (bind.split(":") for bind in binds())]
        return {
            "metadata": {"name": name, "attempt": attempt}, "image": {"image": image},
            "command": ["/bin/first-look"], "args": ["/bin/sleep", "1000000"], "mounts": mounts,
            "labels": {**pod.identity(), "io.kubernetes.container.name": name},
            "annotations": {"io.kubernetes.container.restartCount": str(attempt)},
            "log_path": f"{name}/{attempt}.log",
            "linux": {"security_context": self._security_context(pod)},
        }

    def _sandbox_config(self, pod):
        return {
            "metadata": {"name": pod.name, "uid": pod.uid, "namespace": pod.namespace, "attempt": 0},
            "log_directory": str(LOGS / pod.log_name()), "labels": pod.all_labels(),
            "annotations": pod.all_annotations(),
            "linux": {"cgroup_parent": pod.cgroup, "security_context": self._security_context(pod)},
        }

    @staticmethod
    def _security_context(pod):
        return {"namespace_options": {"network": cri.NETWORK_OF_THE_NODE, "pid": cri.CONTAINER_ITSELF},
                "privileged": pod.privileged}
