# SPDX-License-Identifier: Apache-2.0
"""The node of a real Kubernetes: its kubelet is a unit of systemd, its control plane runs on the host."""
import json
import os
import pathlib
import ssl
import subprocess
import urllib.error
import urllib.request

import disks
import docker
from disks import run
from report import until

PROGRAMS = pathlib.Path("/opt/kubernetes")
FOLDER = pathlib.Path("/etc/kubernetes")
MANIFESTS = FOLDER / "manifests"
KUBECONFIG = FOLDER / "kubeconfig"
UNITS = pathlib.Path("/etc/systemd/system")
NODE, PODS = "lab", "198.51.100.0/24"
GATEWAY, ADDRESS = "10.0.2.2", "10.0.2.15"  # as QEMU has them
# On the data disk: there a pod's emptyDir is limited too.
KUBELET_FOLDER = f"{disks.MOUNT}/kubelet"
PLUGINS, NETWORK = pathlib.Path("/opt/cni/bin"), pathlib.Path("/etc/cni/net.d/10-lab.conflist")
RUNTIMES = {
    "containerd": "--container-runtime=remote --container-runtime-endpoint=unix:///run/containerd/containerd.sock",
    # The dockershim is a part of the kubelet.
    "docker": f"--container-runtime=docker --network-plugin=cni --cni-bin-dir={PLUGINS} --cni-conf-dir={NETWORK.parent} "
              f"--pod-infra-container-image={docker.PAUSE_IMAGE}",
}


def kubelet(runtime):
    # Logs of ended containers stay: what their first processes saw is in them.
    return f"""kubelet --config={FOLDER}/kubelet.json --kubeconfig={KUBECONFIG} --root-dir={KUBELET_FOLDER}
      --hostname-override={NODE} --node-ip={ADDRESS} {RUNTIMES[runtime]} --maximum-dead-containers-per-container=100
      --minimum-container-ttl-duration=0"""


def kubelet_configuration(driver):
    return {"kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1", "cgroupDriver": driver,
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"}, "staticPodPath": str(MANIFESTS), "runtimeRequestTimeout": "10m",
            "makeIPTablesUtilChains": False, "evictionHard": {"memory.available": "50Mi"}, "fileCheckFrequency": "2s",
            "imageGCHighThresholdPercent": 100}


def write_network():
    """Each pod has an address of its own that the node reaches: probes ask it."""
    PLUGINS.parent.mkdir(parents=True, exist_ok=True)
    PLUGINS.symlink_to(PROGRAMS / "cni")
    NETWORK.parent.mkdir(parents=True, exist_ok=True)
    NETWORK.write_text(json.dumps({"cniVersion": "0.3.1", "name": "lab", "plugins": [
        {"type": "ptp", "ipam": {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}))


def install(driver, runtime):
    """Everything but the start: what is written stays over a reboot."""
    for folder in (PROGRAMS, MANIFESTS):
        folder.mkdir(parents=True, exist_ok=True)
    write_network()
    (FOLDER / "kubelet.json").write_text(json.dumps(kubelet_configuration(driver)))
    (UNITS / "kubelet.service").write_text(f"""[Unit]
After={runtime}.service
[Service]
ExecStartPre=/bin/sh -c 'mountpoint -q {PROGRAMS} || mount -o ro /dev/disk/by-id/virtio-programs {PROGRAMS}'
ExecStartPre=/usr/sbin/ip address replace {ADDRESS}/24 dev eth0
ExecStartPre=/usr/sbin/ip link set eth0 up
ExecStartPre=/usr/sbin/ip route replace default via {GATEWAY}
ExecStart={PROGRAMS}/{" ".join(kubelet(runtime).split())}
Restart=always
RestartSec=2
TimeoutStopSec=20
[Install]
WantedBy=multi-user.target
""")
    run("systemctl", "daemon-reload")
    run("systemctl", "enable", "kubelet.service")


def start():
    run("systemctl", "start", "kubelet.service")


def await_ready(step):
    """`step` is told how far it is."""
    step("waiting for the kubelet")
    wait(ready, lambda: f"the node to be ready\n{evidence()}")
    await_account("default")


def ask(path):
    """(status, body) of the API server's answer."""
    config = json.loads(KUBECONFIG.read_text())
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    request = urllib.request.Request(config["clusters"][0]["cluster"]["server"] + path,
                                     headers={"Authorization": "Bearer " + config["users"][0]["user"]["token"]})
    try:
        with urllib.request.urlopen(request, timeout=120, context=trusting) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def wait(condition, what, seconds=600):
    """until() for what the API server is asked: each question takes time from the pods, on the one CPU."""
    return until(condition, what, seconds, pause=2)


def exists(path):
    return ask(path)[0] == 200


def get(path):
    status, body = ask(path)
    if status != 200:
        raise RuntimeError(f"GET {path}: {status}: {body.decode(errors='replace')[-300:]}")
    return json.loads(body)


def ready():
    if not exists(f"/api/v1/nodes/{NODE}"):
        return False
    conditions = get(f"/api/v1/nodes/{NODE}")["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def make_namespace(name):
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    await_account(name)


def await_account(name):
    """Before a namespace has its service account there are no pods in it."""
    wait(lambda: exists(f"/api/v1/namespaces/{name}/serviceaccounts/default"), f"the service account of {name}")


def kubectl(*words, text=None, program=PROGRAMS / "kubectl"):
    """Its output; RuntimeError when it fails."""
    return run(str(program), *words, input=text, env=dict(os.environ, KUBECONFIG=str(KUBECONFIG)))


def apply(*objects):
    """Makes them. Not held against the description of every type, which is slow to read under emulation."""
    kubectl("apply", "--validate=false", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def evidence():
    """What the kubelet said last."""
    return subprocess.run(["journalctl", "-q", "--no-pager", "-o", "short-monotonic", "-u", "kubelet", "-n", "40"],
                          capture_output=True, text=True).stdout
