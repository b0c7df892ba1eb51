# SPDX-License-Identifier: Apache-2.0
"""org.iopslimit1 on the real system bus: busctl, signals, who may do what, and what happens when the bus, the journal or
udev is started anew."""
import contextlib
import json
import os
import pathlib
import subprocess

import mounts
import rules
import service
from cases import case
from ctl import BUS, MANAGER, NOBODY, NOT_PERMITTED, call, ctl, name_of, outcome, prop
from disks import run
from report import until

PROPERTIES = ("Version", "Devices", "Waiting", "LastReload", "Limited", "Exempt", "Failed", "Paused", "Repaired", "Writes",
              "Errors", "LeftAlone")
METHODS = ("ListContainers", "ListPods", "ListAdvice", "Explain", "Reload", "Clear", "Pause", "Resume")
SIGNALS = ("ContainerLimited", "ContainerExempted", "DriftRepaired", "DeviceChanged")
POLKIT_RULE = pathlib.Path("/etc/polkit-1/rules.d/10-lab.rules")


@contextlib.contextmanager
def heard():
    """Yields a function that returns the signals so far: [(member, data)]."""
    listener = subprocess.Popen(["busctl", "monitor", "--json=short", "--match",
                                 f"type='signal',interface='{MANAGER[2]}'"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
    heard_so_far = bytearray()
    try:
        assert b"Monitoring" in listener.stderr.readline(), "busctl monitor does not listen"
        os.set_blocking(listener.stdout.fileno(), False)

        def signals():
            heard_so_far.extend(listener.stdout.read() or b"")
            whole = heard_so_far[:heard_so_far.rfind(b"\n") + 1]
            messages = [json.loads(line) for line in whole.splitlines()]
            return [(one["member"], one["payload"]["data"]) for one in messages if one.get("type") == "signal"]

        yield signals
    finally:
        listener.terminate()
        listener.wait()


def member(signals, name, text):
    return next((data for found, data in signals() if found == name and text in json.dumps(data)), None)


@case("bus-is-what-its-manual-says", cells="v2-systemd")
def bus(node):
    base = node.base()
    node.expect_limited()
    shown = run("busctl", "introspect", *BUS, MANAGER[2])
    for name in (*PROPERTIES, *METHODS, *SIGNALS):
        assert f".{name} " in shown, f"{name} is not there: {shown}"
    for name in PROPERTIES:
        prop(name, NOBODY)
    for method, *arguments in (("ListContainers",), ("ListPods",), ("Explain", "s", name_of(base))):
        answer = call(method, *arguments, user=NOBODY)
        assert base.pod.name in answer, f"{method}: {answer}"
    call("Pause", "st", name_of(base), "60")
    node.expect_no_rule(base.cgroup)
    call("Resume", "s", name_of(base))
    node.expect_limited([base], seconds=0)
    call("Clear")
    node.expect_no_rule(base.cgroup)
    call("Reload")
    node.expect_limited([base], seconds=0)
    return f"{len(PROPERTIES)} properties, {len(METHODS)} methods, {len(SIGNALS)} signals; everyone may read"


@case("bus-signals-what-happens", cells="v2-systemd")
def signals(node):
    base = node.base()
    node.expect_limited()
    with heard() as told:
        pod = node.kubelet.run_pod("signalled")
        node.run_limited(pod, "app")
        until(lambda: member(told, "ContainerLimited", "signalled"), lambda: f"ContainerLimited, heard {told()}", 20)
        node.run_exempt(pod, "istio-proxy")
        until(lambda: member(told, "ContainerExempted", "istio-proxy"), lambda: f"ContainerExempted, heard {told()}", 20)
        rules.write(rules.root() / base.cgroup.lstrip("/"), node.devnum, 100000)
        until(lambda: member(told, "DriftRepaired", base.pod.name), lambda: f"DriftRepaired, heard {told()}", 20)
        mounts.unmount()
        until(lambda: member(told, "DeviceChanged", "not mounted"), lambda: f"DeviceChanged, heard {told()}", 20)
        node.disk.mount()
        until(lambda: member(told, "DeviceChanged", node.devnum), lambda: f"DeviceChanged, heard {told()}", 20)
    node.remove_pods(pod)
    node.expect_limited([base])
    return "all four were heard, each with its container or device"


@case("bus-lets-only-the-right-ones-change-things", cells="v2-systemd")
def polkit(node):
    base = node.base()
    node.expect_limited()
    name = name_of(base)
    for verb, *words in (("pause", name), ("resume", name), ("clear",), ("reload",)):
        found, out, err = outcome(verb, *words, user=NOBODY)
        assert found == NOT_PERMITTED and out == "" and err, f"iopsctl {verb} as nobody: {found}, {out}{err}"
    node.expect_limited([base], seconds=0)
    POLKIT_RULE.write_text('polkit.addRule(function(action, subject) { if (action.id == "org.iopslimit1.pause" && '
                           'subject.user == "nobody") return polkit.Result.YES; });\n')
    try:
        run("systemctl", "restart", "polkit.service")
        ctl("pause", name, user=NOBODY)
        node.expect_no_rule(base.cgroup)
        ctl("resume", name, user=NOBODY)
        node.expect_limited([base], seconds=0)
        ctl("clear", user=NOBODY, status=NOT_PERMITTED)
    finally:
        POLKIT_RULE.unlink()
        run("systemctl", "stop", "polkit.service")
    node.expect_limited([base], seconds=0)
    return f"refused: {err.strip()!r}; allowed where polkit says so, and only that"


def on_the_bus():
    return subprocess.run(["busctl", "get-property", *MANAGER, "Version"], capture_output=True).returncode == 0


@case("bus-journal-and-udev-start-anew", cells="v2-systemd")
def restarts(node):
    """The service stays the same process, limits what comes meanwhile, and is heard again."""
    node.base()
    pid, said = service.pid(), []
    pod = node.kubelet.run_pod("meanwhile")
    for unit in ("dbus.service", "systemd-journald.service", "systemd-udevd.service"):
        run("systemctl", "restart", unit)
        container = node.run_limited(pod, unit.split(".")[0])
        until(on_the_bus, f"the service on the bus after {unit} started anew", 30)
        until(lambda c=container: service.journal(f"CONTAINER_ID={c.id}"), f"a line about {container.name}", 30)
        ctl("verify")
        said.append(unit)
    assert service.pid() == pid, "the service did not stay the same process"
    node.remove_pods(pod)
    return ", ".join(said)
