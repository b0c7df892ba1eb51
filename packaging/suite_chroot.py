# SPDX-License-Identifier: Apache-2.0
"""Runs a script beside a copy of the source in a chroot of a Debian suite, which mmdebstrap makes from the host's own
archives and throws away. Needs root."""
import os
import pathlib
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "packaging/container"))
from host_apt import apt_options, sources_of  # noqa: E402


def run(suite, packages, script, made=()):
    """Returns mmdebstrap's exit status. The source is in /source. `made`: (folder in the chroot, folder of the host) of
    what to copy out when the script succeeds."""
    # The caller's compiler launcher is not in the chroot.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CMAKE_")}
    with tempfile.TemporaryDirectory(prefix="iops-limitd-chroot.") as scratch:
        source, file = pathlib.Path(scratch, "source"), pathlib.Path(scratch, "build.sh")
        file.write_text(script)
        subprocess.run([str(REPOSITORY / "packaging/source-tree"), str(source)], check=True)
        copy = [f"--customize-hook=sync-out {made[0]} {made[1]}"] if made else []
        done = subprocess.run(
            ["mmdebstrap", "--variant=apt", "--include=" + ",".join(packages), *apt_options(),
             f"--customize-hook=copy-in {source} {file} /", '--customize-hook=chroot "$1" sh /build.sh', *copy,
             "--format=null", suite, "/dev/null", "-"],
            input=sources_of(suite), text=True, check=False, env=environment)
    return done.returncode
