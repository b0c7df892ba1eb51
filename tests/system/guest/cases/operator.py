# SPDX-License-Identifier: Apache-2.0
"""What an operator does: iopsctl and busctl, the catalog, and a limit that somebody else changes."""
import json
import subprocess

import rules
import service
from cases import case
from disks import run
from report import until


def ctl(*words, status=0):
    done = subprocess.run(["iopsctl", *words], capture_output=True, text=True)
    assert done.returncode == status, \
        f"iopsctl {' '.join(words)}: expected exit status {status}, found {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def row_of(container):
    listed = json.loads(ctl("list", "--all", "--json"))["containers"]
    return next(row for row in listed if row["id"] == container.id)


@case("operator-asks-iopsctl", cells="v2-systemd v1-cgroupfs")
def asks(node):
    base = node.base()
    node.expect_limited()
    status = json.loads(ctl("status", "--json"))
    assert status["source"] == "service" and status["devices"][0]["text"] in service.status_text(), f"found {status}"
    row = row_of(base)
    assert (row["state"], row["name"], row["pod"]) == ("limited", base.name, base.pod.name), f"found {row}"
    limit = str(node.expected_iops())
    assert f"{limit} IOPS" in ctl("explain", base.pod.name), f"explain does not name {limit}"
    ctl("verify")
    ctl("health")
    version = run("busctl", "get-property", "org.iopslimit1", "/org/iopslimit1", "org.iopslimit1.Manager", "Version")
    path = rules.root() / base.cgroup.lstrip("/")
    rules.write(path, node.devnum, 100000)
    node.expect_limited([base], seconds=20)
    repaired = until(lambda: service.journal("ACTION=repaired", f"CGROUP={base.cgroup}"), "a line about the drift", 10)
    run("journalctl", "--update-catalog")
    explained = run("journalctl", "-x", "-q", "-u", service.UNIT, "ACTION=repaired")
    assert "Somebody else changed a limit" in explained, f"journalctl -x does not explain it: {explained}"
    return f"version {version.split()[-1]}; {repaired[-1]['MESSAGE'][:60]}...; explained"


@case("operator-pauses-a-container", cells="v2-systemd")
def pauses(node):
    base = node.base()
    node.expect_limited()
    ctl("pause", f"{base.pod.name}/{base.name}", "--for", "10m")
    node.expect_no_rule(base.cgroup)
    run("systemctl", "restart", service.UNIT)
    until(lambda: row_of(base)["state"] == "paused", lambda: f"still paused after a restart: {row_of(base)}", 20)
    node.expect_no_rule(base.cgroup)
    ctl("resume", f"{base.pod.name}/{base.name}")
    node.expect_limited([base], seconds=0)
    run("systemctl", "stop", service.UNIT)
    out = subprocess.run(["iopsctl", "list"], capture_output=True, text=True)
    assert out.returncode == 3 and "not running" in out.stderr + out.stdout, f"found {out}"
    service.start()
    return "no rule while paused, over a restart too; limited again at once; a stopped service is said"
