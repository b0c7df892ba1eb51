# SPDX-License-Identifier: Apache-2.0
"""Container images without a registry: a docker-archive tar, as `docker save` writes it.

The workload's image holds busybox and first_look only; fio and its sixty libraries come from the machine's own
/usr, which the pods mount read-only. That keeps the import short, and fio is Debian's all the same.
"""
import hashlib
import io
import json
import pathlib
import sys
import tarfile

WORKLOAD_DIRECTORIES = ["bin", "data", "dev", "etc", "proc", "scratch", "sys", "tmp", "usr"]
WORKLOAD_LINKS = {"lib": "usr/lib", "lib64": "usr/lib64", "bin/sh": "busybox", "bin/sleep": "busybox",
                  "bin/cat": "busybox"}


def add(archive, name, content=None, link=None, mode=0o755):
    member = tarfile.TarInfo(name)
    member.mode = mode
    if link:
        member.type, member.linkname = tarfile.SYMTYPE, link
    elif content is None:
        member.type = tarfile.DIRTYPE
    else:
        member.size = len(content)
    archive.addfile(member, io.BytesIO(content) if content is not None else None)


def layer(directories, files, links):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in directories:
            add(archive, name)
        for name, content in files.items():
            add(archive, name, content)
        for name, target in links.items():
            add(archive, name, link=target)
    return buffer.getvalue()


def add_image(archive, tag, content, command):
    """Adds one image and returns its line of the manifest. The tag goes into the config too, so that two images of
    one layer have two ids: with one id, containerd would report whichever name comes first."""
    digest = hashlib.sha256(content).hexdigest()
    config = json.dumps({
        "architecture": "amd64", "os": "linux",
        "config": {"Entrypoint": command, "Labels": {"tag": tag}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]},
    }).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    if digest + "/layer.tar" not in archive.getnames():
        add(archive, digest)
        add(archive, digest + "/layer.tar", content)
    add(archive, config_name, config)
    return {"Config": config_name, "RepoTags": [tag], "Layers": [digest + "/layer.tar"]}


def main():
    programs, out = map(pathlib.Path, sys.argv[1:3])
    workload = layer(WORKLOAD_DIRECTORIES,
                     {"bin/busybox": (programs / "busybox").read_bytes(),
                      "bin/first-look": (programs / "first_look").read_bytes(),
                      "etc/passwd": b"root:x:0:0:root:/:/bin/sh\n"}, WORKLOAD_LINKS)
    sandbox = layer([], {"pause": (programs / "pause").read_bytes()}, {})
    with tarfile.open(out / "images.tar", "w") as archive:
        manifest = [add_image(archive, "docker.io/library/workload:1", workload, ["/bin/first-look"]),
                    add_image(archive, "docker.io/istio/proxyv2:1", workload, ["/bin/first-look"]),
                    add_image(archive, "docker.io/percona/psmdb:6", workload, ["/bin/first-look"]),
                    add_image(archive, "registry.k8s.io/pause:3.9", sandbox, ["/pause"])]
        add(archive, "manifest.json", json.dumps(manifest).encode())


if __name__ == "__main__":
    main()
