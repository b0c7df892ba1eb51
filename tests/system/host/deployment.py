# SPDX-License-Identifier: Apache-2.0
"""What a cluster, or Ansible, would bring to the node, for the machine: the image's tar and the DaemonSet as the API server
has it; the role, and the Debian package."""
import json
import subprocess
import sys

import yaml

from control_plane import SERVER_IN_GUEST, kubeconfig
from payload import REPOSITORY, File

BASE = REPOSITORY / "packaging/kubernetes/base"
# Where the case that needs it runs: elsewhere it would only be carried along.
CELLS = ("v2-systemd", "v1-cgroupfs")


def config_maps():
    """{name: {key: text}} of what kustomize generates from the files beside the DaemonSet."""
    maps = {}
    for one in yaml.safe_load((BASE / "kustomization.yaml").read_text())["configMapGenerator"]:
        data = {name: (BASE / name).read_text() for name in one.get("files", ())}
        for name in one.get("envs", ()):
            lines = (BASE / name).read_text().splitlines()
            data.update(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        maps[one["name"]] = data
    return maps


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return done.stdout


def debs(folder, place="opt/lab/packages"):
    return {f"{place}/{path.name}": File(path.read_bytes()) for path in sorted(folder.glob("iops-limitd_*.deb"))}


def packages(folder):
    """The Debian package as ./dev package makes it, and what the documents say of it."""
    return {**debs(folder), "opt/lab/install.md": File((REPOSITORY / "docs/install.md").read_bytes())}


def files(folder, place):
    return {f"{place}/{path.relative_to(folder)}": File(path.read_bytes())
            for path in sorted(folder.rglob("*")) if path.is_file()}


def role():
    return files(REPOSITORY / "packaging/ansible", "opt/lab/ansible")


def container_image(program, folder):
    """The image's tar. `program`: the built iops-limitd; `folder`: for what is made."""
    image = folder / "iops-limitd-image.tar"
    run(sys.executable, str(REPOSITORY / "packaging/container/build_image.py"), f"--programs={program.parent}",
        f"--cache={folder}", f"--output={image}")
    return {"opt/lab/iops-limitd-image.tar": File(image.read_bytes())}


def cluster(program, folder):
    """For a real Kubernetes: the image, what the documents say of the DaemonSet, all that they name, and the kubectl of
    ./dev, since Debian's is too old for the overlays."""
    kubectl = REPOSITORY / "build/tools/kubectl"
    if not kubectl.exists():
        raise SystemExit("no build/tools/kubectl: ./dev test --cluster fetches it")
    named = [REPOSITORY / "docs/kubernetes.md", REPOSITORY / "CMakeLists.txt", *(REPOSITORY / "packaging/kubernetes").rglob("*")]
    return {**container_image(program, folder), "opt/lab/kubectl": File(kubectl.read_bytes(), 0o755),
            "etc/kubernetes/kubeconfig": File(json.dumps(kubeconfig(SERVER_IN_GUEST)).encode()),
            **{f"opt/lab/repository/{path.relative_to(REPOSITORY)}": File(path.read_bytes(), path.stat().st_mode & 0o777)
               for path in named if path.is_file()}}


def build(program, packages_folder, folder):
    """{path in the machine: File}; the arguments are those of container_image()."""
    manifest = {"daemonset": yaml.safe_load((BASE / "daemonset.yaml").read_text()), "config_maps": config_maps()}
    return {"opt/lab/daemonset.json": File(json.dumps(manifest).encode()),
            **container_image(program, folder), **packages(packages_folder), **role()}
