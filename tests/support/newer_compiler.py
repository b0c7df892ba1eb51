# SPDX-License-Identifier: Apache-2.0
"""Compiles the programs and the tests with the compiler and the libraries of a newer Debian, in a chroot; a warning is an
error, and no test runs. Needs root.

Usage: newer_compiler.py SUITE PACKAGE...
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "packaging"))
import suite_chroot  # noqa: E402

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


if __name__ == "__main__":
    sys.exit(suite_chroot.run(sys.argv[1], sys.argv[2:], BUILD))
