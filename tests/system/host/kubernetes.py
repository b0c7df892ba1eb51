# SPDX-License-Identifier: Apache-2.0
"""The programs of a Kubernetes node, as a drive for the machine, and those of its control plane: built once, from Debian's
source package in a chroot, then cached."""
import hashlib
import os
import shutil
import subprocess
import tempfile

import image

BUILD = image.SYSTEM_TESTS / "kubernetes/build"
PACKAGES = ("golang-1.19-go", "dpkg-dev", "etcd-server", "kubernetes-client", "containernetworking-plugins")
SUITE = "bookworm"  # newer ones have no source of a kubelet
DRIVE_SIZE = "200M"


def version():
    """Of the source package: that of the one binary package that is made of it."""
    shown = subprocess.run(["apt-cache", "show", "--no-all-versions", "kubernetes-client"], check=True,
                           capture_output=True, text=True).stdout
    return next(line.split(": ", 1)[1] for line in shown.splitlines() if line.startswith("Version: "))


def build(folder, log_path):
    archives = image.sources_of(SUITE)
    archives += "".join("deb-src" + line.removeprefix("deb") + "\n" for line in archives.splitlines())
    with open(log_path, "w") as log, tempfile.TemporaryDirectory(prefix="iops-limitd-kubernetes.") as scratch:
        done = subprocess.run(
            ["mmdebstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES), *image.apt_options(),
             '--customize-hook=mkdir "$1/source" && cd "$1/source" && '
             'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -q source --download-only kubernetes',
             f"--customize-hook=copy-in {BUILD} /", '--customize-hook=chroot "$1" /build',
             f"--customize-hook=sync-out /programs {folder}", "--format=null", SUITE, "/dev/null", "-"],
            input=archives, text=True, stdout=log, stderr=subprocess.STDOUT, env=dict(os.environ, TMPDIR=scratch))
        if done.returncode == 0:
            done = subprocess.run(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-d", folder / "node",
                                   folder / "node.img", DRIVE_SIZE], stdout=log, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        tail = "".join(open(log_path).readlines()[-25:])
        raise SystemExit(f"building Kubernetes failed; the end of {log_path}:\n{tail}")
    shutil.rmtree(folder / "node")


def ensure(cache, progress):
    """The folder with node.img, the drive, and with control-plane, for the present source package and script."""
    key = hashlib.sha256(" ".join([version(), *PACKAGES]).encode() + BUILD.read_bytes()).hexdigest()[:16]
    folder = cache / f"{key}-kubernetes"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob("*-kubernetes*"):
            shutil.rmtree(old)
        progress(f"building Kubernetes {version()} from Debian's source, about ten minutes of CPU")
        half = folder.with_suffix(".building")
        half.mkdir()
        build(half, cache / "kubernetes.log")
        half.rename(folder)
    return folder
