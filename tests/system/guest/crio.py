# SPDX-License-Identifier: Apache-2.0
"""What CRI-O leaves on a node, without CRI-O: Debian has no package of it. Cgroup directories and records are made as
its sources make them (internal/config/cgmgr, internal/factory/container, server/sandbox_run_linux.go); no process
runs in them."""
import json
import os
import pathlib
import shutil
import uuid

import kubelet

# A container's own folder and its run folder: CRI-O writes the record to both.
STORAGES = [pathlib.Path("/var/lib/containers/storage/overlay-containers"),
            pathlib.Path("/run/containers/storage/overlay-containers")]
KEY = "io.kubernetes.cri-o."


def new_id():
    return uuid.uuid4().hex * 2


def write_record(container_id, annotations, cgroup):
    systemd = cgroup.endswith(".scope")
    path = f"{os.path.basename(os.path.dirname(cgroup))}:crio:{container_id}" if systemd else cgroup
    record = {"ociVersion": "1.0.2-dev", "process": {"args": ["/bin/sleep"], "cwd": "/"}, "hostname": "lab",
              "annotations": annotations, "linux": {"cgroupsPath": path}}
    for storage in STORAGES:
        folder = storage / container_id / "userdata"
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(record))


def remove_record(container_id):
    for storage in STORAGES:
        shutil.rmtree(storage / container_id, ignore_errors=True)


class CrioKubelet(kubelet.Kubelet):
    """Pods with a dropped infra container, as CRI-O has them unless told otherwise."""

    def __init__(self, driver):
        super().__init__(driver, runtime="files")
        self.scope = ".scope" if driver == "systemd" else ""

    def container_cgroup(self, pod, container_id):
        return f"{pod.cgroup}/crio-{container_id}{self.scope}"

    def infra_cgroup(self, pod):
        return f"{pod.cgroup}/crio-{pod.sandbox_id}"  # never a scope: a plain directory with both drivers

    def conmon_cgroup(self, pod, container_id):
        return f"{pod.cgroup}/crio-conmon-{container_id}{self.scope}"

    def make_sandbox(self, pod):
        pod.sandbox_id = new_id()
        kubelet.make_container_directory(self.infra_cgroup(pod))
        write_record(pod.sandbox_id, self._sandbox_annotations(pod), self.container_cgroup(pod, pod.sandbox_id))
        return pod.sandbox_id

    def make_container(self, pod, name, image, attempt):
        made = new_id()
        write_record(made, self.container_annotations(pod, made, name, image), self.container_cgroup(pod, made))
        self.make_directories(pod, made)
        return made

    def make_directories(self, pod, container_id):
        kubelet.make_container_directory(self.conmon_cgroup(pod, container_id))
        kubelet.make_container_directory(self.container_cgroup(pod, container_id))

    def delete_container(self, container):
        kubelet.remove_directories(container.cgroup)
        kubelet.remove_directories(self.conmon_cgroup(container.pod, container.id))
        remove_record(container.id)

    def delete_sandbox(self, pod):
        for container in pod.containers:
            self.delete_container(container)
        remove_record(pod.sandbox_id)

    def container_annotations(self, pod, container_id, name, image, attempt=0):
        """The pod's annotations come first: what CRI-O itself sets wins. The pod's labels are not among them."""
        labels = {**pod.identity(), "io.kubernetes.container.name": name}
        return {**pod.all_annotations(), **labels, "io.container.manager": "cri-o",
                KEY + "ContainerType": "container", KEY + "ContainerID": container_id,
                KEY + "SandboxID": pod.sandbox_id, KEY + "SandboxName": self._name(pod, "POD"),
                KEY + "Name": self._name(pod, name, attempt),
                KEY + "Image": image, KEY + "ImageName": image, KEY + "Labels": json.dumps(labels),
                KEY + "Metadata": json.dumps({"name": name, "attempt": attempt})}

    def _sandbox_annotations(self, pod):
        """Here the pod's annotations come after CRI-O's own keys, and the labels last."""
        labels = {**pod.all_labels(), "io.kubernetes.container.name": "POD"}
        return {KEY + "ContainerType": "sandbox", KEY + "ContainerID": pod.sandbox_id,
                KEY + "SandboxID": pod.sandbox_id, KEY + "Name": self._name(pod, "POD"),
                KEY + "KubeName": pod.name, KEY + "Namespace": pod.namespace,
                KEY + "Labels": json.dumps(labels), KEY + "Annotations": json.dumps(pod.all_annotations()),
                KEY + "Spoofed": "true", **pod.all_annotations(), **labels}

    def _name(self, pod, container, attempt=0):
        return f"k8s_{container}_{pod.name}_{pod.namespace}_{pod.uid}_{attempt}"
