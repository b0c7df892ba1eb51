# SPDX-License-Identifier: Apache-2.0
"""dockerd, and pods in it as cri-dockerd makes them. Spoken to through its socket: Docker's own command line takes
longer to start in an emulated machine than a container does."""
import http.client
import json
import os
import pathlib
import socket
import urllib.parse

import containerd
import kubelet
from disks import run

SOCKET = "/run/docker.sock"
CONFIG = pathlib.Path("/etc/docker/daemon.json")
ROOT = pathlib.Path("/var/lib/docker")
UNITS = ("docker.service", "docker.socket")
# `docker load` drops the default registry's part of a name.
WORKLOAD_IMAGE, PROXY_IMAGE, PAUSE_IMAGE = "workload:1", "istio/proxyv2:1", "registry.k8s.io/pause:3.9"


class Connection(http.client.HTTPConnection):
    def __init__(self, seconds):
        super().__init__("localhost", timeout=seconds)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


class Docker:
    """The engine's API, and `execute` as cri.Runtime has it."""
    CALL_SECONDS = 300

    def call(self, method, path, body=None, content_type="application/json", **query):
        """The answer's body as bytes; RuntimeError when Docker says no."""
        connection = Connection(self.CALL_SECONDS)
        try:
            data = body if content_type != "application/json" else json.dumps(body or {}).encode()
            connection.request(method, f"{path}?{urllib.parse.urlencode(query)}", data, {"Content-Type": content_type})
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status}: {text.decode(errors='replace')[-400:]}")
        return text

    def start(self, driver):
        CONFIG.parent.mkdir(exist_ok=True)
        CONFIG.write_text(json.dumps({"iptables": False, "bridge": "none", "storage-driver": "overlay2",
                                      "exec-opts": [f"native.cgroupdriver={driver}"]}))
        run("systemctl", "start", *UNITS)
        with open(containerd.IMAGES, "rb") as archive:
            self.call("POST", "/images/load", archive, "application/x-tar")

    def stop(self):
        for one in json.loads(self.call("GET", "/containers/json", all=1)):
            self.remove(one["Id"])
        run("systemctl", "stop", *UNITS)

    def run(self, name, image, command=(), labels=None, binds=(), cgroup_parent=""):
        """A started container's id."""
        body = {"Image": image, "Cmd": list(command), "Labels": labels or {},
                "HostConfig": {"NetworkMode": "host", "Binds": list(binds), "CgroupParent": cgroup_parent}}
        made = json.loads(self.call("POST", "/containers/create", body, name=name))["Id"]
        self.call("POST", f"/containers/{made}/start")
        return made

    def remove(self, container_id):
        self.call("DELETE", f"/containers/{container_id}", force=1)

    def pid(self, container_id):
        return json.loads(self.call("GET", f"/containers/{container_id}/json"))["State"]["Pid"]

    def execute(self, container_id, *command):
        """Runs a command in the container, and so in its cgroup; its output. With a terminal the output comes as it
        is, without one in frames."""
        body = {"AttachStdout": True, "AttachStderr": True, "Tty": True, "Cmd": list(command)}
        made = json.loads(self.call("POST", f"/containers/{container_id}/exec", body))["Id"]
        text = self.call("POST", f"/exec/{made}/start", {"Detach": False, "Tty": True}).decode(errors="replace")
        status = json.loads(self.call("GET", f"/exec/{made}/json"))["ExitCode"]
        if status != 0:
            raise RuntimeError(f"{command[0]} in the container: exit status {status}: {text[-400:]}")
        return text


class DockerContainer(kubelet.Container):
    def log(self):
        return ROOT / "containers" / self.id / f"{self.id}-json.log"


class DockerKubelet(kubelet.Kubelet):
    """Pods through cri-dockerd's eyes: names, labels and cgroup parents as it gives them."""
    container_type = DockerContainer

    def container_cgroup(self, pod, container_id):
        systemd = pod.cgroup.endswith(".slice")
        return f"{pod.cgroup}/docker-{container_id}.scope" if systemd else f"{pod.cgroup}/{container_id}"

    def _cgroup_parent(self, pod):
        return os.path.basename(pod.cgroup) if pod.cgroup.endswith(".slice") else pod.cgroup

    def _name(self, pod, container, attempt=0):
        return f"k8s_{container}_{pod.name}_{pod.namespace}_{pod.uid}_{attempt}"

    def make_sandbox(self, pod):
        labels = {**pod.all_labels(), "io.kubernetes.container.name": "POD", "io.kubernetes.docker.type": "podsandbox"}
        labels.update((f"annotation.{key}", value) for key, value in pod.all_annotations().items())
        return self.runtime.run(self._name(pod, "POD"), PAUSE_IMAGE, labels=labels,
                                cgroup_parent=self._cgroup_parent(pod))

    def make_container(self, pod, name, image, attempt):
        labels = {**pod.identity(), "io.kubernetes.container.name": name, "io.kubernetes.docker.type": "container",
                  "io.kubernetes.sandbox.id": pod.sandbox_id,
                  "io.kubernetes.container.logpath": f"{kubelet.LOGS}/{pod.log_name()}/{name}/{attempt}.log",
                  "annotation.io.kubernetes.container.restartCount": str(attempt)}
        return self.runtime.run(self._name(pod, name, attempt), image, ["/bin/sleep", "1000000"], labels,
                                kubelet.binds(), self._cgroup_parent(pod))

    def delete_container(self, container):
        self.runtime.remove(container.id)

    def delete_sandbox(self, pod):
        for container in pod.containers:  # the CRI takes them down with their sandbox, Docker knows no pods
            self.runtime.remove(container.id)
        self.runtime.remove(pod.sandbox_id)


def plain_cgroup(driver, container_id):
    """Where a container goes that no kubelet asked for."""
    return f"/system.slice/docker-{container_id}.scope" if driver == "systemd" else f"/docker/{container_id}"
