# SPDX-License-Identifier: Apache-2.0
"""The machine's disk image, one for each Debian suite: built once by mmdebstrap from the host's own Debian sources,
then cached."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SYSTEM_TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SYSTEM_TESTS.parent.parent / "packaging/container"))
from host_apt import apt_options, sources_of, suite  # noqa: E402

RECIPE = SYSTEM_TESTS / "image"


class Image:
    def __init__(self, folder):
        self.disk, self.kernel, self.initrd = folder / "root.img", folder / "vmlinuz", folder / "initrd"


def recipe_hash(release):
    """Of what the image of the suite is made of: the list of another suite is no part of it."""
    digest = hashlib.sha256()
    for path in sorted(RECIPE.rglob("*")):
        others = path.stem == "packages" and path.suffix not in ("", f".{release}")
        if path.is_file() and "__pycache__" not in path.parts and not others:
            digest.update(str(path.relative_to(RECIPE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def packages(release):
    """Those of every suite, and those whose names differ from suite to suite."""
    lines = [line for name in ("packages", f"packages.{release}") for line in (RECIPE / name).read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def build(folder, log_path, release):
    trimmed = [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale", "info")]
    with open(log_path, "w") as log, tempfile.TemporaryDirectory(prefix="iops-limitd-image.") as scratch:
        command = ["mmdebstrap", "--variant=minbase", "--include=" + ",".join(packages(release)), *trimmed,
                   *apt_options(),
                   f"--customize-hook={RECIPE / 'customize'}", "--format=null", release, "/dev/null", "-"]
        done = subprocess.run(command, input=sources_of(release), text=True, stdout=log, stderr=subprocess.STDOUT,
                              env=dict(os.environ, LAB_OUT=str(folder), TMPDIR=scratch))
    if done.returncode != 0:
        tail = "".join(open(log_path).readlines()[-25:])
        raise SystemExit(f"building the machine's image failed; the end of {log_path}:\n{tail}")


def ensure(cache, progress, release=None):
    """The image of the suite `release` (None: the host's own) for the present recipe, built if it is not in the cache;
    those of the suite that an older recipe made are thrown away."""
    release = release or suite()
    folder = cache / f"{recipe_hash(release)}-{release}"
    if (folder / "root.img").exists():
        progress(f"machine image of {release} is in the cache")
        return Image(folder)
    cache.mkdir(parents=True, exist_ok=True)
    for old in cache.iterdir():
        if old.is_dir() and old.stem.endswith(f"-{release}"):
            shutil.rmtree(old)
    progress(f"building the machine image of {release} with mmdebstrap ({len(packages(release))} packages, about a "
             "minute and a half)")
    half = folder.with_suffix(".building")
    half.mkdir()
    build(half, cache / f"image-{release}.log", release)
    half.rename(folder)
    return Image(folder)
