# SPDX-License-Identifier: Apache-2.0
"""From the package of the first version to that of the tree, and back. As those of `package`, the case ends a boot."""
import apt
import fio
import limit_reader
import rules
import service
from cases import case
from cases.package import expect_service
from ctl import ctl, name_of, row_of
from node import DEFAULT_IOPS

FIRST = "0.1.0"
IOPS, TOTAL = 400, 2000
# In words that the first version knew.
CONFIG = f"""
[limits]
iops = {IOPS}
total_iops = {TOTAL}
[policy quiet]
pod = quiet-*
read_iops = 300
write_iops = 250
"""


def expect_understood(node, what, wanted, paused, until, noted, mark):
    """The running version goes on with what another has left: rules, notes, the pause, the configuration."""
    expect_service(what)
    found = {cgroup: rules.of(cgroup) for cgroup in wanted}
    assert found == wanted, f"{what}: expected {wanted}, found {found}"
    lost = noted - set(apt.NOTES.read_text().splitlines())
    assert lost == set(), f"{what}: the notes of the rules have lost {lost}"
    row = row_of(paused)
    # Reckoned from the boot's clock, so that it is the one second or the next.
    assert row["state"] == "paused" and abs(row["paused_until"] - until) <= 1, f"{what}: not paused until {until}: {row}"
    node.expect_no_rule(paused.cgroup)
    for verb in ("check-config", "verify"):
        ctl(verb)
    errors = [entry["MESSAGE"] for entry in service.journal("PRIORITY=3", cursor=mark)]
    assert errors == [], f"{what}: expected no errors in the journal, found {errors}"


@case(f"package-upgraded-from-{FIRST}", fresh=True, cells="v2-systemd", long=True)
def upgraded(node):
    first, second = apt.earlier(FIRST), apt.deb()
    apt.ensure_none(node)
    apt.install(first)
    expect_service(f"installed {FIRST}")  # that version's package enabled and started it
    with open(apt.CONFFILE, "a") as conffile:
        conffile.write(CONFIG)
    node.iops, loads, pods = IOPS, [], []
    try:
        ctl("reload")
        base, kubepods = node.base(), node.kubelet.driver.kubepods()
        pods = [node.kubelet.run_pod(name) for name in ("quiet-0", "spared-0")]
        quiet, paused = (node.kubelet.run_container(pod, "app") for pod in pods)
        ctl("pause", name_of(paused), "--for", "30m")
        until = row_of(paused)["paused_until"]
        wanted = {base.cgroup: node.expected(), quiet.cgroup: {node.devnum: rules.limits(300, 250)},
                  kubepods: {node.devnum: rules.limits(TOTAL, TOTAL)}}
        noted = {f"+ {node.devnum} {cgroup}" for cgroup in wanted}
        expect_understood(node, FIRST, wanted, paused, until, noted, service.cursor())
        loads = [fio.Background(node.runtime, container) for container in (base, quiet)]
        pids = [service.pid()]
        with limit_reader.reading(node, base) as reader, limit_reader.never_off(wanted):
            for package in (second, first):
                mark = service.cursor()
                apt.install(package, "--allow-downgrades", *apt.KEEP_MINE)
                expect_understood(node, f"after the change to {package.name}", wanted, paused, until, noted, mark)
                pids.append(service.pid())
        assert len(set(pids)) == 3, f"expected another process after each change, found {pids}"
        while loads:
            errors = loads.pop().stop()
            assert set(errors.values()) == {0}, f"expected no I/O error, found {errors}"
        held = {f"/{cgroup}": found for cgroup, found in rules.below(kubepods)}
        assert held == wanted, f"{FIRST} again: expected no others than {wanted}, such as sandboxes', found {held}"
        apt.remove()  # takes away what both versions have noted
        found = list(rules.below(kubepods))
        assert found == [], f"after the removal: expected no rule below {kubepods}, found {found}"
    finally:
        for load in loads:
            load.stop()
        node.iops = DEFAULT_IOPS
        node.remove_pods(*pods)
    return f"to {apt.version_of(second)} and back: paused as before, and limited at each of {reader.reads} reads"
