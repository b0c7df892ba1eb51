# SPDX-License-Identifier: Apache-2.0
"""The DaemonSet's pod as a kubelet makes it: image, mounts, environment, limits and probes are those of the manifest."""
import json
import os
import pathlib

import cri
import kubelet
from disks import run

MANIFEST, IMAGE = "/opt/lab/daemonset.json", "/opt/lab/iops-limitd-image.tar"
CONFIG_MAPS = pathlib.Path("/run/lab-config-maps")
PROPAGATION = {None: 0, "HostToContainer": 1, "Bidirectional": 2}
CPU_PERIOD = 100000
# What a kubelet asks for when the pod's procMount is the default one.
MASKED = ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
          "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
# A network of its own without anything in it: what the pod has when it needs none.
CNI_CONFIG = pathlib.Path("/etc/cni/net.d/10-lab.conf")
CNI_PLUGINS = pathlib.Path("/opt/cni/bin")
CNI_PLUGIN = """#!/bin/sh
[ "$CNI_COMMAND" != ADD ] || echo '{"cniVersion": "0.3.1", "interfaces": [{"name": "'$CNI_IFNAME'", "sandbox": "'$CNI_NETNS'"}],
  "ips": [{"version": "4", "address": "192.0.2.2/24", "interface": 0}]}'
"""


def quantity(text):
    """Bytes, or cores: "128Mi", "100m"."""
    for suffix, factor in (("Mi", 1 << 20), ("Gi", 1 << 30), ("m", 0.001)):
        if text.endswith(suffix):
            return float(text.removesuffix(suffix)) * factor
    return float(text)


def network():
    CNI_PLUGINS.mkdir(parents=True, exist_ok=True)
    for name in ("loopback", "lab"):
        (CNI_PLUGINS / name).write_text(CNI_PLUGIN)
        (CNI_PLUGINS / name).chmod(0o755)
    CNI_CONFIG.parent.mkdir(parents=True, exist_ok=True)
    CNI_CONFIG.write_text('{"cniVersion": "0.3.1", "name": "lab", "type": "lab"}')


class Deployed(kubelet.Kubelet):
    """`environment` is added to the manifest's, as an operator does in environment.env."""

    def __init__(self, driver, environment):
        super().__init__(driver)
        manifest = json.loads(pathlib.Path(MANIFEST).read_text())
        self.namespace = manifest["daemonset"]["metadata"]["namespace"]
        self.spec = manifest["daemonset"]["spec"]["template"]["spec"]
        (self.template,) = self.spec["containers"]
        self.config_maps, self.environment = manifest["config_maps"], environment
        self.memory_limit = int(quantity(self.template["resources"]["limits"]["memory"]))

    def start_pod(self):
        run("ctr", "-n", "k8s.io", "images", "import", IMAGE)
        pod = self.run_pod("iops-limitd-x7k2p", namespace=self.namespace)
        return self.run_container(pod, self.template["name"], image=self.template["image"])

    def remove_pod(self, pod):
        for container in list(pod.containers):
            self.remove_container(container)
        super().remove_pod(pod)

    def delete_container(self, container):
        self.runtime.call("StopContainer", container_id=container.id, timeout=self.spec["terminationGracePeriodSeconds"])
        self.runtime.call("RemoveContainer", container_id=container.id)

    def probe(self, container, kind):
        """What the manifest's probe of this kind ("livenessProbe") says: (exit status, output)."""
        return self.execute(container, *self.template[kind]["exec"]["command"])

    def execute(self, container, *command):
        answer = self.runtime.call("ExecSync", container_id=container.id, cmd=command, timeout=120)
        return answer.get("exit_code", 0), (answer.get("stdout", b"") + answer.get("stderr", b"")).decode()

    def _security(self):
        mine = self.template["securityContext"]
        pid = cri.NODE if self.spec.get("hostPID") else cri.CONTAINER_ITSELF
        assert mine["seccompProfile"] == {"type": "RuntimeDefault"}, mine
        return {"capabilities": {"drop_capabilities": mine["capabilities"]["drop"],
                                 "add_capabilities": mine["capabilities"].get("add", [])},
                "privileged": mine["privileged"], "namespace_options": {"network": self._network(), "pid": pid},
                "run_as_user": {"value": mine["runAsUser"]}, "readonly_rootfs": mine["readOnlyRootFilesystem"],
                "no_new_privs": not mine["allowPrivilegeEscalation"], "run_as_group": {"value": mine["runAsGroup"]},
                "masked_paths": MASKED, "readonly_paths": READ_ONLY, "seccomp": {"profile_type": 0}}

    def _network(self):
        return cri.NODE if self.spec.get("hostNetwork") else cri.POD

    def _source(self, name):
        """The directory on the node behind a volume."""
        (volume,) = (one for one in self.spec["volumes"] if one["name"] == name)
        if "configMap" in volume:
            folder = CONFIG_MAPS / name
            folder.mkdir(parents=True, exist_ok=True)
            for key, text in self.config_maps[volume["configMap"]["name"]].items():
                (folder / key).write_text(text)
            return str(folder)
        if volume["hostPath"]["type"] == "DirectoryOrCreate":
            os.makedirs(volume["hostPath"]["path"], exist_ok=True)
        assert os.path.isdir(volume["hostPath"]["path"]), volume
        return volume["hostPath"]["path"]

    def _mounts(self):
        return [{"container_path": one["mountPath"], "host_path": self._source(one["name"]),
                 "readonly": one.get("readOnly", False), "propagation": PROPAGATION[one.get("mountPropagation")]}
                for one in self.template["volumeMounts"]]

    def _environment(self):
        merged = dict(self.environment)
        for one in self.template["envFrom"]:
            merged = {**self.config_maps[one["configMapRef"]["name"]], **merged}
        return [{"key": key, "value": value} for key, value in merged.items()]

    def _resources(self):
        limits, requests = self.template["resources"]["limits"], self.template["resources"]["requests"]
        quota = {"cpu_period": CPU_PERIOD, "cpu_quota": int(quantity(limits["cpu"]) * CPU_PERIOD)} if "cpu" in limits else {}
        return {**quota, "cpu_shares": int(quantity(requests["cpu"]) * 1024), "memory_limit_in_bytes": self.memory_limit}

    def _container_config(self, pod, name, image, attempt):
        config = super()._container_config(pod, name, image, attempt)
        del config["command"]  # the image's own entry point
        return {**config, "args": self.template["args"], "mounts": self._mounts(), "envs": self._environment(),
                "linux": {"resources": self._resources(), "security_context": self._security()}}

    def _sandbox_config(self, pod):
        config = super()._sandbox_config(pod)
        pid = cri.NODE if self.spec.get("hostPID") else cri.CONTAINER_ITSELF
        config["linux"]["security_context"] = {"namespace_options": {"network": self._network(), "pid": pid}}
        return config
