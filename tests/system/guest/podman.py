# SPDX-License-Identifier: Apache-2.0
"""Rootful podman as Debian sets it up: crun, and cgroups made by systemd."""
import contextlib
import json
import pathlib

import containerd
import kubelet
from disks import run

PAUSE_IMAGE = "registry.k8s.io/pause:3.9"
CONFIG = pathlib.Path("/etc/containers/containers.conf")
QUADLETS = pathlib.Path("/etc/containers/systemd")


def start():
    # No journal driver: the service under test is read from that journal, and nothing else should fill it.
    CONFIG.parent.mkdir(parents=True, exist_ok=True)
    CONFIG.write_text('[containers]\nlog_driver = "k8s-file"\nnetns = "host"\n'
                      '[engine]\nruntime = "crun"\ncgroup_manager = "systemd"\nevents_logger = "file"\n')
    run("podman", "load", "--quiet", "--input", containerd.IMAGES)


def run_container(name, image=kubelet.WORKLOAD_IMAGE, pod=""):
    """A started container's id."""
    binds = [f"--volume={bind}" for bind in kubelet.binds()]
    membership = [f"--pod={pod}"] if pod else []
    return run("podman", "run", "--detach", "--pull=never", f"--name={name}", *binds, *membership, image,
               "/bin/sleep", "1000000").strip()


def make_pod(name):
    """An empty pod; its id. Its infra container is the lab's: podman would build one."""
    return run("podman", "pod", "create", f"--infra-image={PAUSE_IMAGE}", f"--name={name}").strip()


def inspect(container_id):
    return json.loads(run("podman", "inspect", "--type=container", container_id))[0]


@contextlib.contextmanager
def quadlet(name, image=kubelet.WORKLOAD_IMAGE):
    """A container as a unit: podman's generator makes NAME.service of the file. Its id, while it runs."""
    volumes = "".join(f"Volume={bind}\n" for bind in kubelet.binds())
    QUADLETS.mkdir(parents=True, exist_ok=True)
    file = QUADLETS / f"{name}.container"
    file.write_text(f"[Container]\nImage={image}\nContainerName={name}\nExec=/bin/sleep 1000000\nPull=never\n{volumes}")
    try:
        run("systemctl", "daemon-reload")
        run("systemctl", "start", f"{name}.service")
        yield inspect(name)["Id"]
    finally:
        run("systemctl", "stop", f"{name}.service")
        file.unlink()
        run("systemctl", "daemon-reload")


def remove_all():
    run("podman", "pod", "rm", "--all", "--force", "--time=0")
    run("podman", "rm", "--all", "--force", "--time=0")


class Podman:
    """`execute` as cri.Runtime has it."""

    def execute(self, container_id, *command):
        return run("podman", "exec", container_id, *command)


def cgroup_of_processes(pid, controller):
    """The directory that holds the process: /proc/PID/cgroup's line for `controller` ("" is v2's)."""
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path
    raise RuntimeError(f"process {pid} is in no cgroup of controller {controller!r}")
