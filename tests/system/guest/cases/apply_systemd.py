# SPDX-License-Identifier: Apache-2.0
"""[service] apply: what systemd knows of the limits, and that they hold whatever makes it write a unit's files anew."""
import contextlib
import os
import threading

import rules
import service
from cases import case
from ctl import ctl, name_of
from disks import run
from limit_table import configured
from node import DEFAULT_IOPS, DEFAULT_TOTAL, EVENTS_ONLY
from report import until

PROPERTIES = {"riops": "IOReadIOPSMax", "wiops": "IOWriteIOPSMax", "rbps": "IOReadBandwidthMax",
              "wbps": "IOWriteBandwidthMax"}
SYSTEMD = "apply = systemd\n"  # continues the section [service]
SLICE = "/kubepods.slice"


def known(cgroup):
    """{property: its text} as systemd shows it, which it does for those that are set."""
    shown = run("systemctl", "show", *(f"--property={name}" for name in PROPERTIES.values()), os.path.basename(cgroup))
    return dict(line.split("=", 1) for line in shown.splitlines())


def expect_known(node, cgroup, limit):
    """systemd knows all four values by one name of the disk; None: it knows none."""
    wanted = {PROPERTIES[key]: f"/dev/block/{node.devnum} {value}" for key, value in (limit or {}).items()
              if value != "max"}
    until(lambda: known(cgroup) == wanted,
          lambda: f"systemd should know {wanted} of {cgroup}, it knows {known(cgroup)}", 20)
    found, rule = rules.of(cgroup), {} if limit is None else {node.devnum: limit}
    assert found == rule, f"the kernel should have {rule} in {cgroup}, it has {found}"


@contextlib.contextmanager
def never_off(node, *wanted):
    """While it lasts, the rules of [(cgroup, limit)] are read again and again, and are always so."""
    over, seen, reads = threading.Event(), [], [0]

    def read():
        while not over.is_set():
            for cgroup, limit in wanted:
                found = rules.of(cgroup)
                reads[0] += 1
                if found != {node.devnum: limit}:
                    seen.append((cgroup, found))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield reads
    finally:
        over.set()
        reader.join()
    assert reads[0] > 20, f"only {reads[0]} reads: nothing is proved"
    assert not seen, f"of {reads[0]} reads {len(seen)} were not {wanted}: {seen[:3]}"


def systemd_anew(node, *wanted):
    """daemon-reload and daemon-reexec; returns how often the rules were read meanwhile."""
    with never_off(node, *wanted) as reads:
        run("systemctl", "daemon-reload")
        run("systemctl", "daemon-reexec")
        run("systemctl", "daemon-reload")
    for cgroup, limit in wanted:
        expect_known(node, cgroup, limit)
    return reads[0]


@case("apply-auto-tells-systemd-the-total", cells="v2-systemd")
def total(node):
    base = node.base()
    node.expect_limited()
    both = rules.limits(DEFAULT_TOTAL, DEFAULT_TOTAL)
    expect_known(node, SLICE, both)
    assert not known(base.cgroup), f"a container is limited by its file, but systemd knows {known(base.cgroup)}"
    mark = service.cursor()
    reads = systemd_anew(node, (SLICE, both))
    run("systemctl", "set-property", "--runtime", os.path.basename(SLICE), "MemoryMax=90%")
    expect_known(node, SLICE, both)
    run("systemctl", "restart", "dbus")
    with configured("[limits]\ntotal_iops = 2000\n"):
        expect_known(node, SLICE, rules.limits(2000, 2000))
        ctl("clear")
        expect_known(node, SLICE, None)
        run("systemctl", "daemon-reload")
        expect_known(node, SLICE, None)
    expect_known(node, SLICE, both)
    said = [entry["MESSAGE"] for entry in service.journal("ACTION=repaired", cursor=mark)]
    assert not said, f"what systemd itself writes is no drift, the journal says {said}"
    return f"{both['riops']} IOPS, in {reads} reads never off while systemd read and executed itself anew"


def someone_sets_the_property(node, base, limit):
    """Put right in the kernel, and known to systemd: the next daemon-reload does not bring it back."""
    run("systemctl", "set-property", "--runtime", os.path.basename(base.cgroup),
        f"IOReadIOPSMax=/dev/block/{node.devnum} 90000")
    node.expect_limited([base], seconds=20)
    expect_known(node, base.cgroup, limit)
    run("systemctl", "daemon-reload")
    expect_known(node, base.cgroup, limit)


def lifted_with_the_rule(node, base, limit):
    ctl("pause", name_of(base), "--for", "10m")
    expect_known(node, base.cgroup, None)
    run("systemctl", "daemon-reload")
    expect_known(node, base.cgroup, None)
    ctl("resume", name_of(base))
    expect_known(node, base.cgroup, limit)


def lifted_at_the_end(node, base, limit):
    """By iopsctl without a service, and by on_stop = clear."""
    service.stop()
    ctl("clear")
    expect_known(node, base.cgroup, None)
    service.start()
    expect_known(node, base.cgroup, limit)
    service.configure(EVENTS_ONLY + SYSTEMD + "on_stop = clear\n")
    assert service.reload()
    service.stop()
    expect_known(node, base.cgroup, None)
    expect_known(node, SLICE, None)
    service.configure(EVENTS_ONLY + SYSTEMD)
    service.start()
    expect_known(node, base.cgroup, limit)


@case("apply-systemd-sets-the-properties", cells="v2-systemd")
def properties(node):
    base, limit = node.base(), rules.limits(DEFAULT_IOPS, DEFAULT_IOPS)
    with configured(SYSTEMD):
        expect_known(node, base.cgroup, limit)
        pod = node.kubelet.run_pod("told")
        try:
            container = node.run_limited(pod, "app")
            exempt = node.run_exempt(pod, "istio-proxy")
            expect_known(node, container.cgroup, limit)
            expect_known(node, exempt.cgroup, None)
            reads = systemd_anew(node, (base.cgroup, limit), (container.cgroup, limit),
                                 (SLICE, rules.limits(DEFAULT_TOTAL, DEFAULT_TOTAL)))
            run("systemctl", "restart", service.UNIT)
            expect_known(node, container.cgroup, limit)
            someone_sets_the_property(node, base, limit)
            lifted_with_the_rule(node, base, limit)
            lifted_at_the_end(node, base, limit)
        finally:
            node.remove_pods(pod)
    ctl("clear")  # with apply = auto: what systemd was told before is lifted too
    expect_known(node, base.cgroup, None)
    assert service.reload()
    node.expect_limited([base], seconds=0)
    assert not known(base.cgroup), f"systemd was told of a container again: {known(base.cgroup)}"
    return f"four properties of each scope; in {reads} reads never off; lifted with the rule"


@case("apply-systemd-falls-back-to-the-file", cells="v2-cgroupfs v1-systemd")
def falls_back(node):
    mark = service.cursor()
    word = "cgroup v1" if node.v1 else "cgroupfs"
    with configured(SYSTEMD):
        pod = node.kubelet.run_pod("by-file")
        try:
            for name in ("one", "two"):
                node.run_limited(pod, name)
            node.expect_limited()
            said = until(lambda: [line for line in service.messages(after=mark) if "apply" in line and word in line],
                         f"a line about {word}", 20)
            assert len(said) == 1, f"expected one line about {word}, found {said}"
            assert str(service.CONFIG) in said[0], f"the line does not name the file: {said[0]!r}"
        finally:
            node.remove_pods(pod)
    mark = service.cursor()
    assert service.reload()
    again = [line for line in service.messages(after=mark) if word in line]
    assert not again, f"nobody asked for systemd, but the journal says {again}"
    return said[0]
