# SPDX-License-Identifier: Apache-2.0
"""Compiles the programs and the tests with the compiler and the libraries of a newer Debian, in a chroot that mmdebstrap
makes from the host's own archives; a warning is an error, and no test runs. Needs root.

Usage: newer_compiler.py SUITE PACKAGE...
"""
import pathlib
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "packaging/container"))
from host_apt import apt_options, debian_sources, suite  # noqa: E402

# Optimized, the compiler sees more to warn of; for the tests that would take three times as long.
BUILD = r"""
set -e
g++ --version | head -n 1
cmake -S /source -B /build/programs -G Ninja -DCMAKE_BUILD_TYPE=Release
cmake --build /build/programs
cmake -S /source -B /build/tests -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS=-O0 -DIOPS_LIMITD_TESTS=ON
# -k 0: every warning in one run.
cmake --build /build/tests -- -k 0
"""


def sources(newer):
    """The host's archive of its own suite, with the suite `newer`."""
    lines = [line.split() for line in debian_sources().splitlines()]
    return "".join(f"deb {uri} {newer} {part}\n" for _, uri, release, part in lines if release == suite())


def main():
    newer, packages = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory(prefix="iops-limitd-compiler.") as scratch:
        source, script = pathlib.Path(scratch, "source"), pathlib.Path(scratch, "build.sh")
        script.write_text(BUILD)
        subprocess.run([str(REPOSITORY / "packaging/source-tree"), str(source)], check=True)
        done = subprocess.run(
            ["mmdebstrap", "--variant=apt", "--include=" + ",".join(packages), *apt_options(),
             f"--customize-hook=copy-in {source} {script} /", '--customize-hook=chroot "$1" sh /build.sh',
             "--format=null", newer, "/dev/null", "-"], input=sources(newer), text=True, check=False)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
