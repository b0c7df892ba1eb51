# SPDX-License-Identifier: Apache-2.0
"""The Debian package under test, which came with the payload, and apt as an operator calls it. There is no network in
the machine: what the package depends on is in the image."""
import os
import pathlib
import re
import shutil
import textwrap

import disks
import service
from node import EVENTS_ONLY

PACKAGE = "iops-limitd"
# mmdebstrap forbids services to start while it makes the image, and takes this away only after the image is packed.
NO_SERVICES = pathlib.Path("/usr/sbin/policy-rc.d")
ARRIVED, MADE = pathlib.Path("/opt/lab/packages"), pathlib.Path("/opt/lab/made")
INSTALL_DOCUMENT = pathlib.Path("/opt/lab/install.md")
NOTES = pathlib.Path("/run/iops-limitd/rules")
CONFFILE = pathlib.Path("/etc/iops-limitd/iops-limitd.conf")
CONFFILES = (CONFFILE, pathlib.Path("/etc/apparmor.d/iops-limitd"))
KEEP_MINE = ("-o", "Dpkg::Options::=--force-confold")


def run(*command):
    """Nobody answers questions here: a package that asks one fails."""
    return disks.run(*command, stdin=open(os.devnull), env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))


def deb():
    arrived = sorted(ARRIVED.glob("*.deb"))
    assert arrived, "no package came with the payload: ./dev package makes it"
    return arrived[0]


def earlier(version):
    """The package of an earlier version, which ./dev makes of that version's commit."""
    found = list((ARRIVED / version).glob("*.deb"))
    assert found, f"no package of {version} came along; ./dev test --system makes it, or says why it cannot"
    return found[0]


def version_of(path):
    return run("dpkg-deb", "-f", str(path), "Version").strip()


def installed():
    """The version that is installed, "" for none."""
    known = run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status} ${Version}\n")
    words = next((line.split() for line in known.splitlines() if line.startswith(PACKAGE + " ")), [])
    return words[2] if words[1:2] == ["installed"] else ""


def later(suffix, conffile_line=""):
    """The same package as the version after it, made by taking it apart; its conffile may have a line more."""
    tree, made = MADE / "tree", MADE / f"{PACKAGE}_{suffix}.deb"
    shutil.rmtree(tree, ignore_errors=True)
    MADE.mkdir(exist_ok=True)
    run("dpkg-deb", "-R", str(deb()), str(tree))
    control = tree / "DEBIAN/control"
    old = version_of(deb())
    control.write_text(control.read_text().replace(f"\nVersion: {old}\n", f"\nVersion: {old}+{suffix}\n"))
    with open(tree / str(CONFFILE).lstrip("/"), "a") as conffile:
        conffile.write(conffile_line)
    run("dpkg-deb", "-Znone", "-b", str(tree), str(made))
    return made


def install(path, *options):
    run("apt-get", "install", "-y", "-q", *options, str(path))
    assert installed() == version_of(path), f"expected version {version_of(path)}, found {installed() or 'none'}"


def documented(heading):
    """The commands of each block below this heading of docs/install.md. Everybody is root here, and there is no sudo."""
    section = INSTALL_DOCUMENT.read_text().split(f"\n{heading}\n", 1)[1].split("\n## ", 1)[0]
    return [textwrap.dedent(block) for block in re.findall(r"^ *```\n(.*?)^ *```$", section, re.M | re.S)]


def run_documented(block):
    return run("bash", "-euc", 'sudo() { "$@"; }\n' + block)


def remove(*options):
    run("apt-get", "remove", "-y", "-q", *options, PACKAGE)


def contents():
    """The files of the package."""
    listed = run("dpkg-deb", "-c", str(deb())).splitlines()
    return [pathlib.Path("/", line.split()[5]) for line in listed if not line.endswith("/")]


def make_way():
    """Takes away what the payload installed by hand, and the limits that it wrote. No later case of this boot may need it."""
    if service.show("ActiveState") == "active":
        service.stop()
    if NOTES.exists():
        run("iopsctl", "clear")
    for path in contents():
        path.unlink(missing_ok=True)
    NO_SERVICES.unlink(missing_ok=True)
    service.install()
    service.configure(EVENTS_ONLY)


def ensure_none(node):
    """Neither a package nor what the payload installed is there; /data is."""
    if not os.path.ismount(disks.MOUNT):
        node.disk.mount()
    if installed():
        remove("--purge")
    make_way()


def ensure_installed(node):
    """Each case starts with the first version installed, enabled, running, and a container that is limited."""
    if not os.path.ismount(disks.MOUNT):
        node.disk.mount()
    if not installed():
        make_way()
    if installed() != version_of(deb()):
        install(deb(), "--allow-downgrades")
    run("systemctl", "enable", "--now", service.UNIT)
    base = node.base()
    node.expect_limited()
    return base
