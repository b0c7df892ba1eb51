# SPDX-License-Identifier: Apache-2.0
"""iopsctl and busctl as an operator calls them, as root or as somebody who is not."""
import json
import subprocess

from disks import run

BUS = ("org.iopslimit1", "/org/iopslimit1")
MANAGER = (*BUS, "org.iopslimit1.Manager")
NOBODY = ("runuser", "-u", "nobody", "--")
GOOD, REFUSED, USAGE, NOT_RUNNING, NOT_PERMITTED, CONFIG = 0, 1, 2, 3, 4, 78


def outcome(*words, user=()):
    """(exit status, standard output, standard error)."""
    done = subprocess.run([*user, "iopsctl", *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def ctl(*words, status=GOOD, user=()):
    """What it prints; fails when it ends with another status."""
    found, out, err = outcome(*words, user=user)
    assert found == status, f"iopsctl {' '.join(words)}: expected exit status {status}, found {found}: {out}{err}"
    return out


def document(node, verb, *words, status=GOOD):
    """The verb's JSON, which the host holds against the schema."""
    found = json.loads(ctl(verb, *words, "--json", status=status))
    node.report.send("document", verb=verb, document=found)
    return found


def row_of(container):
    listed = json.loads(ctl("list", "--all", "--json"))["containers"]
    return next(row for row in listed if row["id"] == container.id)


def name_of(container):
    return f"{container.pod.name}/{container.name}"


def call(method, *arguments, user=()):
    return run(*user, "busctl", "call", *MANAGER, method, *arguments)


def prop(name, user=()):
    return run(*user, "busctl", "get-property", *MANAGER, name)
