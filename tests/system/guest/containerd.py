# SPDX-License-Identifier: Apache-2.0
"""containerd with its CRI plugin, set up for one cgroup driver, with the images of the machine's own archive."""
import pathlib

from disks import run
from report import until

CONFIG = pathlib.Path("/etc/containerd/config.toml")
IMAGES = "/opt/lab-images/images.tar"
PLUGIN = 'plugins."io.containerd.grpc.v1.cri"'


def configure(driver):
    systemd_cgroup = "true" if driver == "systemd" else "false"
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
[{PLUGIN}.containerd.runtimes.runc.options]
  SystemdCgroup = {systemd_cgroup}
""")


def restart(runtime):
    run("systemctl", "restart", "containerd.service")
    until(runtime.answers, "an answer on the CRI socket")


def start(runtime):
    restart(runtime)
    run("ctr", "-n", "k8s.io", "images", "import", IMAGES)
