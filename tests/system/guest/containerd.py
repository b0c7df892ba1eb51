# SPDX-License-Identifier: Apache-2.0
"""containerd with its CRI plugin, set up for one cgroup driver, with the images of the machine's own archive."""
import json
import os
import pathlib
import shutil

from disks import run
from report import until

CONFIG = pathlib.Path("/etc/containerd/config.toml")
IMAGES = "/opt/lab-images/images.tar"
BUNDLES = pathlib.Path("/run/containerd/io.containerd.runtime.v2.task/k8s.io")
PLUGIN = 'plugins."io.containerd.grpc.v1.cri"'
CRUN = "crun"  # a pod's runtime handler; others are made by runc


def configure(driver):
    systemd_cgroup = "true" if driver == "systemd" else "false"
    # With one driver containerd passes no annotation on, as its own configuration has it: the service asks its socket.
    passed_on = "" if driver == "systemd" else 'pod_annotations = ["iopslimit.org/*", "kubediskguard.io/*"]'
    CONFIG.parent.mkdir(exist_ok=True)
    CONFIG.write_text(f"""version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.tracing"]
# The defaults are 2 to 5 s: too short for a shim of an emulated machine that starts fifty containers at once.
[timeouts]
  "io.containerd.timeout.task.state" = "60s"
  "io.containerd.timeout.shim.load" = "60s"
  "io.containerd.timeout.shim.cleanup" = "60s"
  "io.containerd.timeout.shim.shutdown" = "60s"
[{PLUGIN}]
  sandbox_image = "registry.k8s.io/pause:3.9"
[{PLUGIN}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  {passed_on}
[{PLUGIN}.containerd.runtimes.runc.options]
  SystemdCgroup = {systemd_cgroup}
[{PLUGIN}.containerd.runtimes.{CRUN}]
  runtime_type = "io.containerd.runc.v2"
[{PLUGIN}.containerd.runtimes.{CRUN}.options]
  BinaryName = "/usr/bin/crun"
  SystemdCgroup = {systemd_cgroup}
""")


def restart(runtime):
    run("systemctl", "restart", "containerd.service")
    until(runtime.answers, "an answer on the CRI socket")


def start(runtime):
    restart(runtime)
    # The default of 10 s is too short for a machine whose host is busy.
    run("ctr", "--connect-timeout", "5m", "-n", "k8s.io", "images", "import", IMAGES)


def write_bundle(like, container_id, pod, name, image, cgroups_path):
    """A bundle's config.json as containerd wrote it for the container `like`, with another's names."""
    record = json.loads((BUNDLES / like / "config.json").read_text())
    kind = "io.kubernetes.cri."
    record["annotations"].update({
        kind + "container-name": name, kind + "image-name": image, kind + "sandbox-name": pod.name,
        kind + "sandbox-namespace": pod.namespace, kind + "sandbox-uid": pod.uid, kind + "sandbox-id": pod.sandbox_id})
    record["linux"]["cgroupsPath"] = cgroups_path
    (BUNDLES / container_id).mkdir(mode=0o700)
    (BUNDLES / container_id / "config.json").write_text(json.dumps(record))


def remove_bundle(container_id):
    """As containerd does it: renamed first, so that nobody finds half a bundle."""
    gone = BUNDLES / f".{container_id}"
    os.rename(BUNDLES / container_id, gone)
    shutil.rmtree(gone)
