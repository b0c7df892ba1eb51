# SPDX-License-Identifier: Apache-2.0
"""The package out of a signed apt repository, over HTTP, by the commands of docs/install.md. As those of `package`, the
case ends a boot."""
import contextlib
import functools
import http.server
import pathlib
import re
import shutil
import subprocess
import threading

import apt
import limit_reader
import service
from cases import case
from cases.package import expect_service
from disks import run

SITES = pathlib.Path("/opt/lab/apt-sites")
DOCUMENTED_URL = "https://packages.example.org"
SOURCES = pathlib.Path("/etc/apt/sources.list.d")
# In the document apt asks; here nobody answers.
ANSWERS = 'apt() { command apt -y -q "$@" 2>&1; }\n'


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def address():
    """Where the repositories say that they are; the same for each suite."""
    sources = next((SITES / "first").glob("apt/dists/*/iops-limitd.sources"))
    return re.search(r"^URIs: (.*)/apt$", sources.read_text(), re.M)[1]


@contextlib.contextmanager
def served(url):
    """Serves what the link that is yielded points to."""
    link = SITES / "served"
    handler = functools.partial(QuietHandler, directory=str(link))
    with http.server.ThreadingHTTPServer(("127.0.0.1", int(url.rsplit(":", 1)[1])), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield link
        finally:
            server.shutdown()


@contextlib.contextmanager
def no_other_repository():
    """Those of the image are on a network that the machine does not have."""
    there = [path for path in (pathlib.Path("/etc/apt/sources.list"), *SOURCES.iterdir()) if path.exists()]
    for path in there:
        path.rename(path.with_name(path.name + ".aside"))
    try:
        yield
    finally:
        (SOURCES / "iops-limitd.sources").unlink(missing_ok=True)
        for path in there:
            path.with_name(path.name + ".aside").rename(path)


def publish(link, name):
    link.unlink(missing_ok=True)
    link.symlink_to(name)


def expect_refused(first):
    """What is served now is signed by a key that the node does not know."""
    update = subprocess.run(["apt-get", "update"], capture_output=True, text=True)
    assert "NO_PUBKEY" in update.stdout + update.stderr, f"another key: {update.stdout}{update.stderr}"
    install = subprocess.run(["apt-get", "install", "-y", f"{apt.PACKAGE}={first}+later"], capture_output=True, text=True)
    assert install.returncode != 0, f"another key's package was installed: {install.stdout}"
    assert apt.installed() == first, f"expected {first}, found {apt.installed()}"


@case("package-from-an-apt-repository", fresh=True, cells="v2-systemd", long=True)
def from_repository(node):
    apt.ensure_none(node)
    node.base()
    url = address()
    _, install, upgrade, *_ = (ANSWERS + block.replace(DOCUMENTED_URL, url)
                               for block in apt.documented("## From a repository"))
    first = apt.version_of(apt.deb())
    run("ip", "link", "set", "lo", "up")
    with no_other_repository(), served(url) as link:
        publish(link, "first")
        apt.run_documented(install)
        assert apt.installed() == first, f"expected {first}, found {apt.installed() or 'none'}"
        expect_service("after the install", "inactive", "disabled")
        run("systemctl", "enable", "--now", service.UNIT)
        base = node.base()
        node.expect_limited()
        publish(link, "later")
        with limit_reader.reading(node, base) as reader:
            said = apt.run_documented(upgrade)
        steps = re.findall(r"^Unpacking iops-limitd \((.*?)\)", said, re.M)
        assert steps == [f"{first}+later", first], f"expected an upgrade and the way back, found {steps} in {said}"
        expect_service("after the upgrade and the way back")
        publish(link, "other")
        shutil.rmtree("/var/lib/apt/lists")  # else the owner's index is still there
        expect_refused(first)
        expect_service("after another key")
        node.expect_limited(seconds=0)
    return (f"installed, started nothing; {steps[0]} and back with its own limit there at each of {reader.reads} reads; "
            "another key's index refused")
