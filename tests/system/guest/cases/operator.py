# SPDX-License-Identifier: Apache-2.0
"""What an operator does with iopsctl, while the service runs and while it does not; a limit that somebody else
changes; and what journalctl explains."""
import os
import pathlib
import re
import subprocess

import rules
import service
from cases import case
from ctl import (CONFIG, GOOD, NOBODY, NOT_PERMITTED, NOT_RUNNING, REFUSED, USAGE, ctl, document, name_of, outcome,
                 row_of)
from disks import run
from node import EVENTS_ONLY
from report import until

EXAMPLES = pathlib.Path("/opt/lab/man")


@case("operator-asks-iopsctl", cells="v2-systemd")
@case("operator-asks-iopsctl", cells="v1-cgroupfs", long=True)
def asks(node):
    base = node.base()
    node.expect_limited()
    status = document(node, "status")
    assert status["source"] == "service" and status["devices"][0]["text"] in service.status_text(), f"found {status}"
    row = row_of(base)
    assert (row["state"], row["name"], row["pod"]) == ("limited", base.name, base.pod.name), f"found {row}"
    limit = str(node.expected_iops())
    assert f"{limit} IOPS" in ctl("explain", base.pod.name), f"explain does not name {limit}"
    ctl("verify")
    ctl("health")
    path = rules.root() / base.cgroup.lstrip("/")
    rules.write(path, node.devnum, 100000)
    node.expect_limited([base], seconds=20)
    repaired = until(lambda: service.journal("ACTION=repaired", f"CGROUP={base.cgroup}"), "a line about the drift", 10)
    return f"{repaired[-1]['MESSAGE'][:90]}..."


@case("operator-every-verb-while-the-service-runs", cells="v2-systemd")
def verbs_running(node):
    base = node.base()
    name = name_of(base)
    node.expect_limited()
    for verb, *words in (("status",), ("list",), ("devices",), ("top", "--times", "1"), ("explain", name), ("verify",),
                         ("health",), ("check-config",), ("reload",), ("pause", name, "--for", "5m"),
                         ("resume", name)):
        document(node, verb, *words)
        if verb not in ("pause", "resume"):
            assert ctl(verb, *words).strip(), f"iopsctl {verb} prints nothing"
    prefix = ctl("explain", base.id[:8])
    assert base.pod.name in prefix, f"explain by the start of an id: {prefix}"
    assert "no-such-pod" in outcome("explain", "no-such-pod")[2], "an unknown name is not named in the error"
    ctl("explain", "no-such-pod", status=USAGE)
    ctl("no-such-verb", status=USAGE)
    ctl("resume", name, status=REFUSED)
    ctl("pause", name, "--for", "25h", status=USAGE)
    document(node, "clear")
    node.expect_no_rule(base.cgroup)
    document(node, "verify", status=REFUSED)  # no difference, but nothing is in force
    document(node, "reload")
    node.expect_limited([base], seconds=0)
    return "11 verbs in text and as JSON; cleared and limited again by reload; bad names and times refused"


@case("operator-sees-what-a-reload-would-change", cells="v2-systemd")
@case("operator-sees-what-a-reload-would-change", cells="v1-cgroupfs", long=True)
def differs(node):
    """What `diff` foretells is what `list` shows after the reload."""
    base = node.base()
    node.expect_limited()
    assert ctl("diff").strip() == "nothing would change", "a difference without a change"
    before = service.CONFIG.read_text()
    try:
        policy = f"[policy foretold]\npod = {base.pod.name}\nread_iops = 710\nwrite_iops = 720\n"
        service.CONFIG.write_text(before + policy)
        foretold = document(node, "diff", status=REFUSED)
        sections = {one["section"] for one in foretold["settings"]}
        assert sections == {"[policy foretold]"}, f"found {sections}"
        changes = {one["cgroup"]: one for one in foretold["containers"]}
        assert base.cgroup in changes, f"{base.cgroup} is not in {list(changes)}"
        listed = {row["cgroup"]: row for row in document(node, "list", "--all")["containers"]}
        document(node, "reload")
        then = {row["cgroup"]: row for row in document(node, "list", "--all")["containers"]}
        for cgroup, row in then.items():
            change = changes.get(cgroup)
            was, will = guarantees(listed[cgroup]), guarantees(row)
            told = (change["rules_before"], change["rules_after"]) if change else (was, was)
            assert told == (was, will), f"{row['name']}: foretold {told}, listed {was} and then {will}"
            assert not change or change["state_after"] == row["state"], f"foretold {change}, found {row}"
        ctl("diff", user=NOBODY, status=NOT_PERMITTED)
        service.CONFIG.write_text(before + "[limits]\niopss = 1\n")
        assert f"{service.CONFIG}:" in outcome("diff")[2] and outcome("diff")[0] == CONFIG, f"found {outcome('diff')}"
    finally:
        service.CONFIG.write_text(before)
        ctl("reload")
    return ctl("diff").strip() + f" now; {len(changes)} changes were foretold"


def guarantees(row):
    return row["configured"] or row["rules"]


@case("operator-every-verb-while-the-service-is-stopped", cells="v2-systemd")
def verbs_stopped(node):
    base = node.base()
    node.expect_limited()
    service.stop()
    for verb, *words in (("status",), ("list",), ("devices",), ("top", "--times", "1")):
        shown = document(node, verb, *words, status=NOT_RUNNING)
        assert shown["source"] == "kernel", f"iopsctl {verb}: found {shown}"
        found, out, err = outcome(verb, *words)
        assert found == NOT_RUNNING and out.strip() and "systemctl start iops-limitd" in err, f"{verb}: {out}{err}"
    listed = ctl("list", status=NOT_RUNNING)
    assert base.pod.name in listed and "500" in listed, f"the kernel's rules with names: {listed}"
    for verb, *words in (("explain", "db-0"), ("verify",), ("reload",), ("pause", "db-0"), ("resume", "db-0")):
        found, out, err = outcome(verb, *words)
        assert (found, out) == (NOT_RUNNING, "") and "not running" in err, f"{verb}: {found} {out}{err}"
    document(node, "check-config")
    document(node, "health", status=REFUSED)
    node.expect_limited([base], seconds=0)
    cleared = ctl("clear")
    node.expect_no_rule(base.cgroup)
    service.start()
    node.expect_limited([base], seconds=0)
    return f"{cleared.strip()!r}; limited again by the start"


@case("operator-pauses-a-container", cells="v2-systemd")
def pauses(node):
    base = node.base()
    node.expect_limited()
    ctl("pause", name_of(base), "--for", "10m")
    node.expect_no_rule(base.cgroup)
    run("systemctl", "restart", service.UNIT)
    until(lambda: row_of(base)["state"] == "paused", lambda: f"still paused after a restart: {row_of(base)}", 20)
    node.expect_no_rule(base.cgroup)
    ctl("resume", name_of(base))
    node.expect_limited([base], seconds=0)
    ctl("pause", base.pod.name, "--for", "3s")
    node.expect_no_rule(base.cgroup)
    service.stop()  # it ends while nobody is there
    service.start()
    node.expect_limited([base], seconds=20)
    return "no rule while paused, over a restart too; limited again at once, and by itself"


@case("operator-tries-it-dry", cells="v2-cgroupfs")
def dry_run(node):
    """Everything but the writes, logged as it would be."""
    base = node.base()
    ctl("clear")
    service.stop()
    mark = service.cursor()
    service.configure(EVENTS_ONLY + "dry_run = yes\n")
    try:
        service.start()
        said = [line for line in service.messages(after=mark) if f"/{base.pod.name} " in line]
        assert said and "limited" in said[0] and str(node.expected_iops()) in said[0], f"found {said}"
        node.expect_no_rule(base.cgroup)
        assert service.status_text().startswith("dry run, nothing is written"), f"found {service.status_text()!r}"
    finally:
        service.stop()
        service.configure(EVENTS_ONLY)
    service.start()
    node.expect_limited([base], seconds=20)
    return said[0]


@case("operator-reads-the-journal", cells="v2-systemd")
def journal(node):
    """journalctl -x explains every kind of line that this boot has seen."""
    node.base()
    run("journalctl", "--update-catalog")
    kinds = {entry["MESSAGE_ID"]: entry for entry in service.journal() if "MESSAGE_ID" in entry
             and entry.get("SYSLOG_IDENTIFIER") == "iops-limitd"}
    assert len(kinds) >= 5, f"expected lines of several kinds, found {list(kinds)}"
    for identity, entry in kinds.items():
        text = run("journalctl", "-x", "-q", "-n", "1", "-u", service.UNIT, f"MESSAGE_ID={identity}")
        explained = [line for line in text.splitlines() if line.startswith("░░")]
        assert len(explained) > 3, f"journalctl -x does not explain {entry['MESSAGE']!r}: {text}"
    return f"{len(kinds)} kinds of lines, each explained"


def examples(page):
    """The lines between .EX and .EE, as a reader sees them."""
    text = re.sub(r"\\(.)", lambda m: {"e": "\\"}.get(m[1], m[1]), (EXAMPLES / page).read_text())
    return [line for block in re.findall(r"^\.EX\n(.*?)^\.EE", text, re.M | re.S) for line in block.splitlines()]


def is_command(line):
    return line.split(" ")[0] in ("iopsctl", "busctl", "iops-limitd", "systemctl", "journalctl")


@case("operator-runs-the-man-pages-examples", cells="v2-systemd")
def manual(node):
    """As they stand: this node has the pod shop/db-0 that they name."""
    base, ran = node.base(), []
    assert (base.pod.namespace, base.pod.name) == ("shop", "db-0"), f"found {base.pod}"
    for page in ("iopsctl.1", "org.iopslimit1.5", "iops-limitd.8", "iops-limitd.conf.5"):
        for line in filter(is_command, examples(page)):
            if "--dry-run" in line:  # runs until it is stopped
                line = f"timeout --preserve-status -s TERM 10 {line}"
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120,
                                  env={**os.environ, "EDITOR": "true"})  # which changes nothing
            assert done.returncode == GOOD, f"{page}: {line}: exit status {done.returncode}, {done.stdout}{done.stderr}"
            ran.append(line)
        if service.show("ActiveState") != "active":
            service.start()
    assert len(ran) > 10, f"expected more examples, ran {ran}"
    ctl("resume", name_of(base), status=REFUSED)  # the last example of the bus's page paused the pod, which is whole
    ctl("resume", base.pod.name)
    node.expect_limited([base], seconds=0)
    return f"{len(ran)} examples of four pages"


@case("operator-checks-a-bad-configuration", cells="v2-systemd")
def bad(node):
    """What reload says is what iopsctl says, with file and line; the old one holds."""
    base = node.base()
    before = rules.of(base.cgroup)
    good = service.CONFIG.read_text()
    service.configure(good + "[limits]\niopps = 100\n")
    try:
        checked = document(node, "check-config", status=CONFIG)
        assert not checked["good"] and checked["errors"][0]["file"] == str(service.CONFIG), f"found {checked}"
        found, _, err = outcome("reload")
        assert found == REFUSED and f"{service.CONFIG}:" in err and "iopps" in err, f"found {found}: {err}"
        assert document(node, "status")["service"]["reload_refused"], "status does not say that the reload was refused"
    finally:
        service.configure(good)
        assert service.reload()
    assert rules.of(base.cgroup) == before, f"expected {before}, found {rules.of(base.cgroup)}"
    return err.strip()[:120]
