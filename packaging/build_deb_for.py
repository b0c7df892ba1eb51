# SPDX-License-Identifier: Apache-2.0
"""Makes the Debian package of another suite, with that suite's compiler and libraries; its lintian has to be content.
Needs root.

Usage: build_deb_for.py SUITE FOLDER PACKAGE...   (FOLDER gets the package, PACKAGEs are what the build needs)
"""
import pathlib
import shutil
import sys

import suite_chroot

BUILD = """
set -e
/source/packaging/build-deb /packages
lintian --fail-on error,warning --allow-root /packages/*.changes
"""


def main():
    suite, folder, packages = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return suite_chroot.run(suite, packages, BUILD, ("/packages", folder))


if __name__ == "__main__":
    sys.exit(main())
