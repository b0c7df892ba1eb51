# SPDX-License-Identifier: Apache-2.0
"""What the machine gets to run, as a raw tar on a drive of its own."""
import io
import json
import pathlib
import tarfile
from typing import NamedTuple

SYSTEM_TESTS = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = SYSTEM_TESTS.parent.parent

# Of conf/: file to the folder that it is installed in.
INSTALLED = {"iops-limitd.conf": "etc/iops-limitd", "org.iopslimit1.conf": "usr/share/dbus-1/system.d",
             "org.iopslimit1.policy": "usr/share/polkit-1/actions", "apparmor/iops-limitd": "etc/apparmor.d",
             "iops-limitd.catalog": "usr/lib/systemd/catalog"}


class File(NamedTuple):
    content: bytes
    mode: int = 0o644


class Payload:
    """`plan` tells the guest side what to do; see guest/main.py. `program`: the built iops-limitd, with iopsctl
    and the unit beside it; None for a machine without the service. `more`: {path: File} of further files."""

    def __init__(self, plan, program, more=None):
        self.plan, self.program, self.more = plan, program and pathlib.Path(program), more or {}

    def write(self, path):
        with tarfile.open(path, "w") as archive:
            self._add_guest_side(archive)
            self._add_bytes(archive, "opt/lab/plan.json", json.dumps(self.plan).encode())
            if self.program:
                self._add_service(archive)
            for name, file in self.more.items():
                self._add_bytes(archive, name, *file)
        size = path.stat().st_size
        with open(path, "ab") as archive:
            archive.truncate((size + 511) // 512 * 512)

    def _add_guest_side(self, archive):
        guest = SYSTEM_TESTS / "guest"
        for path in sorted(guest.rglob("*.py")):
            self._add_file(archive, f"opt/lab/{path.relative_to(guest)}", path, 0o644)

    def _add_service(self, archive):
        self._add_file(archive, "usr/sbin/iops-limitd", self.program, 0o755)
        # usr/lib, not lib: a directory named lib in the tar would replace the machine's symbolic link
        self._add_file(archive, "usr/lib/systemd/system/iops-limitd.service",
                       self.program.parent / "iops-limitd.service", 0o644)
        self._add_file(archive, "usr/bin/iopsctl", self.program.parent / "iopsctl", 0o755)
        for name, folder in INSTALLED.items():
            self._add_file(archive, f"{folder}/{pathlib.Path(name).name}", REPOSITORY / "conf" / name, 0o644)
        for page in sorted((REPOSITORY / "man").iterdir()):
            self._add_file(archive, f"opt/lab/man/{page.name}", page, 0o644)
        for page in sorted([*(REPOSITORY / "packaging/grafana").iterdir(),
                            *(REPOSITORY / "packaging/prometheus").iterdir()]):
            self._add_file(archive, f"opt/lab/{page.relative_to(REPOSITORY)}", page, 0o644)

    def _add_file(self, archive, name, path, mode):
        self._add_bytes(archive, name, path.read_bytes(), mode)

    @staticmethod
    def _add_bytes(archive, name, content, mode=0o644):
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), mode
        archive.addfile(member, io.BytesIO(content))
