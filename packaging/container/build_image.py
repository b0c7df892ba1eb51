#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The container image without a container engine and without a registry: Debian's own libraries by mmdebstrap, the two
programs on top, as a docker-archive tar for `docker load` and `ctr -n k8s.io images import`.

There is no shell in it: `kubectl exec` runs iopsctl. The same input gives the same bytes. IMAGE.spdx.json beside the
image says what is in it."""
import argparse
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

from host_apt import apt_options, debian_sources, suite

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "packaging/sbom"))
from document import OWN_LICENSE, Document  # noqa: E402

# What the programs are linked with; their dependencies come along. libc-bin: the locale C.UTF-8, for iopsctl's tables.
LIBRARIES = ["libc-bin", "libc6", "libinih1", "libnghttp2-14", "libprometheus-cpp-core1.0", "libsimdjson14", "libsmartcols1",
             "libstdc++6", "libsystemd0", "libudev1"]
# Of a Debian system only what a program needs, and the licences.
KEPT = re.compile(r"(etc/(os-release|debian_version)|usr/lib/os-release|(usr/)?lib(64)?(/.*)?|usr/share/doc/[^/]+/copyright)$")
LEFT_OUT = re.compile(r"(usr/)?lib/([^/]+/(gconv|audit)(/|$)|(systemd|udev|init|apt|dpkg)(/|$)|locale/(?!C\.utf8(/LC_CTYPE)?$))")


def reproducible(archive, member, content=None):
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.pax_headers = {}
    archive.addfile(member, content)


def debian_layer(cache):
    """The libraries' layer as bytes, and dpkg's fields of its packages; from the cache when neither the list, this file
    nor the archives have changed."""
    recipe = [pathlib.Path(__file__).read_bytes(), debian_sources().encode(), archive_state()]
    path = cache / f"debian-{hashlib.sha256(b'|'.join(recipe)).hexdigest()[:16]}.tar"
    packages = path.with_suffix(".json")
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="iops-limitd-container.") as scratch:
            whole = pathlib.Path(scratch, "whole.tar")
            bootstrap(whole, scratch)
            for old in cache.glob("debian-*"):
                old.unlink()
            half = path.with_suffix(".half")
            half.write_bytes(selected(whole))
            packages.write_text(json.dumps(in_layer(half, sorted(pathlib.Path(scratch).glob("*.deb")))))
            half.rename(path)
    return path.read_bytes(), json.loads(packages.read_text())


def in_layer(layer, debs):
    """dpkg's fields of those packages that a file in the layer is from, apart from their copyright files."""
    with tarfile.open(layer) as archive:
        kept = {name for name in archive.getnames() if not name.startswith("usr/share/doc/")}
    found = []
    for deb in debs:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as unpacked:
            with tarfile.open(fileobj=unpacked.stdout, mode="r|") as archive:
                names = {one.name.removeprefix("./") for one in archive if not one.isdir()}
        # On a merged system /lib is in /usr.
        if kept & (names | {"usr/" + name for name in names}):
            text = subprocess.run(["dpkg-deb", "-f", deb], check=True, capture_output=True, text=True).stdout
            fields = dict(re.findall(r"^(\S+): (.*)$", text, re.M))
            found.append({**fields, "Source": fields.get("Source", fields["Package"])})
    return found


def archive_state():
    """The libraries' versions that apt would install: a security update makes a new layer."""
    return subprocess.run(["apt-cache", "policy", *LIBRARIES], check=True, capture_output=True).stdout


def bootstrap(path, scratch):
    """--variant=extract unpacks the packages and runs none of their scripts: seconds, and no chroot."""
    done = subprocess.run(["mmdebstrap", "--variant=extract", "--include=" + ",".join(LIBRARIES), *apt_options(),
                           f'--extract-hook=cp "$1"/var/cache/apt/archives/*.deb {scratch}', "--format=tar", suite(),
                           str(path), "-"], input=debian_sources(), text=True,
                          capture_output=True, env=dict(os.environ, TMPDIR=scratch))
    if done.returncode != 0:
        raise SystemExit("mmdebstrap failed:\n" + done.stderr[-3000:])


def selected(whole):
    buffer = io.BytesIO()
    with tarfile.open(whole) as source, tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as layer:
        for member in sorted(source.getmembers(), key=lambda one: one.name):
            member.name = member.name.removeprefix("./")
            if not KEPT.match(member.name) or LEFT_OUT.match(member.name):
                continue
            reproducible(layer, member, source.extractfile(member) if member.isreg() else None)
    return buffer.getvalue()


def stripped(program):
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["strip", "-o", out.name, str(program)], check=True)
        return pathlib.Path(out.name).read_bytes()


def program_layer(programs):
    files = {"etc/iops-limitd/iops-limitd.conf": (0o644, (REPOSITORY / "conf/iops-limitd.conf").read_bytes()),
             "usr/bin/iopsctl": (0o755, stripped(programs / "iopsctl")),
             "usr/sbin/iops-limitd": (0o755, stripped(programs / "iops-limitd")),
             "usr/share/doc/iops-limitd/copyright": (0o644, (REPOSITORY / "LICENSE").read_bytes()),
             "usr/share/iops-limitd/iopsctl.json": (0o644, (REPOSITORY / "conf/schema/iopsctl.json").read_bytes())}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as layer:
        for folder in ("run", "run/iops-limitd", "tmp", "var", "var/lib", "var/lib/iops-limitd"):
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            reproducible(layer, member)
        for name, (mode, content) in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            reproducible(layer, member, io.BytesIO(content))
    return buffer.getvalue()


def version():
    text = (REPOSITORY / "CMakeLists.txt").read_text()
    return re.search(r"project\(iops-limitd VERSION ([0-9.]+)", text).group(1)


def architecture():
    return subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()


def archive(layers, tag):
    """A docker-archive tar as `docker save` writes it: manifest.json, the config, a tar for each layer."""
    digests = [hashlib.sha256(layer).hexdigest() for layer in layers]
    config = json.dumps({
        "architecture": architecture(), "os": "linux",
        "config": {"Entrypoint": ["/usr/sbin/iops-limitd"], "Env": ["PATH=/usr/sbin:/usr/bin"],
                   "Labels": {"org.opencontainers.image.title": "iops-limitd",
                              "org.opencontainers.image.version": version(),
                              "org.opencontainers.image.licenses": "Apache-2.0"}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest for digest in digests]}}).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": config_name, "RepoTags": [tag], "Layers": [f"{digest}/layer.tar" for digest in digests]}]
    files = {f"{digest}/layer.tar": layer for digest, layer in zip(digests, layers)}
    files.update({config_name: config, "manifest.json": json.dumps(manifest).encode()})
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            reproducible(tar, member, io.BytesIO(content))
    return buffer.getvalue()


def write_sbom(image, layers, packages):
    """What is in the layers: the programs' is the last one."""
    document, files = Document(image, version()), {}
    for layer in layers:
        with tarfile.open(fileobj=io.BytesIO(layer)) as content:
            own = OWN_LICENSE if layer is layers[-1] else "NOASSERTION"
            files.update({one.name: (content.extractfile(one).read(), own) for one in content if one.isreg()})
    document.describe("CONTAINER", files)
    for package in packages:
        folder = "usr/share/doc/" + package["Package"]
        text = files.get(f"{folder}/copyright", (b"",))[0].decode()
        document.relate(document.main, "CONTAINS", document.add_debian(package, text, suite()))
    return document.write()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--programs", type=pathlib.Path, default=REPOSITORY / "build/release")
    parser.add_argument("--cache", type=pathlib.Path, default=REPOSITORY / "build/container")
    parser.add_argument("--output", type=pathlib.Path, default=REPOSITORY / "build/container/iops-limitd-image.tar")
    parser.add_argument("--tag", default=f"iops-limitd:{version()}")
    arguments = parser.parse_args()
    if not (arguments.programs / "iops-limitd").exists():
        sys.exit(f"no {arguments.programs}/iops-limitd: run ./dev build first")
    libraries, packages = debian_layer(arguments.cache)
    layers = [libraries, program_layer(arguments.programs)]
    image = archive(layers, arguments.tag)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_bytes(image)
    write_sbom(arguments.output, layers, packages)
    packed = len(gzip.compress(image, 6))
    print(f"{arguments.output}: {arguments.tag}, {len(image) / 1e6:.1f} MB ({packed / 1e6:.1f} MB packed)")


if __name__ == "__main__":
    main()
