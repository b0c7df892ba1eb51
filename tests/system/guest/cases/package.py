# SPDX-License-Identifier: Apache-2.0
"""The Debian package in an operator's hands. These cases are the last of a boot: they replace the program that the
payload installed by the package's, and remove that in the end."""
import pathlib
import shutil

import apt
import disks
import fio
import limit_reader
import rules
import service
from cases import case
from ctl import NOBODY, ctl
from disks import run
from node import EVENTS_ONLY

CELLS = "v2-systemd"
FOREIGN_IOPS = 12345


def expect_service(what, active="active", enabled="enabled"):
    for name, expected in (("ActiveState", active), ("UnitFileState", enabled)):
        assert service.show(name) == expected, f"{what}: expected {name}={expected}, it is {service.show(name)}"


def expect_no_rule(node, what):
    found = list(rules.below(node.kubelet.driver.kubepods()))
    assert found == [], f"{what}: expected no rule, found {found}"


def left_by(package_paths):
    return [str(path) for path in package_paths if path.exists()]


@case("package-installed-by-apt", fresh=True, cells=CELLS)
def installed(node):
    assert not shutil.which("cc") and not shutil.which("cmake"), "this machine has build tools, so nothing is proved"
    apt.ensure_none(node)
    base = node.base()
    apt.install(apt.deb())
    expect_service("after the install", "inactive", "disabled")
    expect_no_rule(node, "after the install")
    changed = [line for line in apt.run("dpkg", "--verify", apt.PACKAGE).splitlines()
               if "/usr/share/doc/" not in line and "/usr/share/man/" not in line]  # left out in this machine
    assert changed == [], f"dpkg --verify finds {changed}"
    assert "iops-limitd" in run("journalctl", "--dump-catalog"), "the catalog was not taken up"
    enable, look, switch_on = apt.documented("## The way into production")
    apt.run_documented(enable)
    expect_service("with dry_run")
    shown = apt.run_documented(look)
    assert base.name in shown, f"expected {base.name} in {shown}"
    expect_no_rule(node, "with dry_run")
    apt.run_documented(switch_on)
    expect_service("switched on")
    node.expect_limited()
    ctl("status", user=NOBODY)  # the bus knows our policy without a restart
    ctl("verify")
    return f"{apt.installed()}: started nothing; as documented: a dry run without a rule, then {node.expect_fio(base)}"


@case("package-upgraded-and-downgraded-under-load", fresh=True, cells=CELLS)
def upgraded(node):
    base = apt.ensure_installed(node)
    first, second = apt.deb(), apt.later("second", "# A line that the second version has more.\n")
    pids = [service.pid()]
    load = fio.Background(node.runtime, base)
    try:
        with limit_reader.reading(node, base) as reader:
            for package in (second, first):
                apt.install(package, "--allow-downgrades")
                expect_service(f"after the change to {package.name}")
                pids.append(service.pid())
    finally:
        errors = load.stop()
    assert len(set(pids)) == 3, f"expected another process after each change, found {pids}"
    assert set(errors.values()) == {0}, f"expected no I/O error, found {errors}"
    ctl("verify")  # the total too
    return f"{apt.version_of(second)} and back: its own limit was there at each of {reader.reads} reads"


@case("package-upgraded-while-stopped", fresh=True, cells=CELLS, long=True)
def upgraded_while_stopped(node):
    apt.ensure_installed(node)
    first, second = apt.deb(), apt.later("second", "# A line that the second version has more.\n")
    run("systemctl", "disable", "--now", service.UNIT)
    apt.install(second)
    expect_service("stopped before the upgrade", "inactive", "disabled")
    rule = node.expect_limited(seconds=0)
    service.start()
    before = service.pid()
    apt.install(first, "--allow-downgrades")
    expect_service("running, not enabled", "active", "disabled")
    assert service.pid() != before, "a running service was not restarted"
    node.expect_limited(seconds=0)
    return f"stopped: stays so, its limits too ({rule}); running: restarted; neither is enabled"


@case("package-keeps-the-conffile-of-the-admin", fresh=True, cells=CELLS, long=True)
def conffile(node):
    apt.ensure_installed(node)
    shipped = apt.CONFFILE.read_text()
    edited = shipped + "\n[limits]\niops = 400\n"
    apt.CONFFILE.write_text(edited)
    try:
        apt.install(apt.later("same-conffile"))  # a question would fail it
        assert apt.CONFFILE.read_text() == edited, "an upgrade without a new conffile changed the edited one"
        node.iops = 400
        rule = node.expect_limited()
        apt.install(apt.later("second-conffile", "# new\n"), "--allow-downgrades", *apt.KEEP_MINE)
        assert apt.CONFFILE.read_text() == edited, "an upgrade with a new conffile changed the edited one"
        assert apt.CONFFILE.with_suffix(".conf.dpkg-dist").exists(), "the new conffile is nowhere to be seen"
        node.expect_limited(seconds=0)
    finally:
        node.iops = 500
        apt.CONFFILE.write_text(shipped)
        service.reload()
    return f"edited before two upgrades, in force after both: {rule}"


@case("package-removed-and-purged", fresh=True, cells=CELLS)
def removed(node):
    base = apt.ensure_installed(node)
    other, kubepods = disks.devnum(disks.OTHER_SERIAL), node.kubelet.driver.kubepods()
    directory = rules.root() / base.cgroup.strip("/")
    rules.write(directory, other, FOREIGN_IOPS)
    foreign = {other: rules.limits(FOREIGN_IOPS, FOREIGN_IOPS)}
    assert node.devnum in rules.of(kubepods), "there is no total, so its removal is not proved"
    pathlib.Path("/etc/default/iops-limitd").write_text("# of the admin\n")
    apt.remove()
    kept = rules.of(base.cgroup)
    assert kept == foreign, f"expected the foreign rule alone, {foreign}, found {kept}"
    found = [one for one in rules.below(kubepods) if one != (base.cgroup.strip("/"), foreign)]
    assert found == [], f"expected no other rule below {kubepods}, found {found}"
    rules.write(directory, other, "max")
    left = left_by(path for path in apt.contents() if path not in apt.CONFFILES)
    assert left == [], f"removal left {left}"
    assert apt.CONFFILE.exists() and service.CONFIG.exists(), "removal took the configuration away"
    apt.remove("--purge")
    left = left_by([apt.CONFFILE.parent, *apt.CONFFILES, *map(pathlib.Path, ("/run/iops-limitd", "/etc/default/iops-limitd"))])
    left += [str(path) for folder in ("/etc/systemd", "/var/lib/systemd")
             for path in pathlib.Path(folder).rglob("*iops-limitd*")]
    assert left == [], f"purge left {left}"
    return "removed: our rules gone, a foreign one stays, configuration kept; purged: nothing left"


@case("package-installed-again", fresh=True, cells=CELLS, long=True)
def again(node):
    if apt.installed():
        apt.remove("--purge")
    service.configure(EVENTS_ONLY)
    base = apt.ensure_installed(node)
    apt.remove()
    apt.install(apt.deb())
    expect_service("removed, not purged, and installed again", "inactive")
    expect_no_rule(node, "after the second install")
    service.start()
    pod = node.kubelet.run_pod("after-reinstall")
    node.run_limited(pod, "app")
    node.remove_pods(pod)
    return f"not started; then {node.expect_limited()}; {node.expect_fio(base)}"
