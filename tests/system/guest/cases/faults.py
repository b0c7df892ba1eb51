# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on a node: processes killed, stopped and starved, disks full, clocks set, files replaced. Containers
come and go all the while, or are made in the middle of it."""
import contextlib
import os
import pathlib
import random
import re
import signal
import subprocess
import time

import containerd
import bulk_containers
import limit_reader
import rules
import service
from cases.fault import LIMIT, configured, fault
from ctl import ctl
from disks import run
from node import DEFAULT_IOPS
from report import until

DROP_IN = pathlib.Path("/run/systemd/system/iops-limitd.service.d/lab.conf")


@contextlib.contextmanager
def unit_with(*lines):
    DROP_IN.parent.mkdir(parents=True, exist_ok=True)
    DROP_IN.write_text("[Service]\n" + "\n".join(lines) + "\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", service.UNIT)
    try:
        yield
    finally:
        run("systemctl", "revert", service.UNIT)  # properties that were set while it ran too
        run("systemctl", "restart", service.UNIT)


@fault("killed-fifty-times-under-a-stream", long=True)
def kill_under_a_stream(node):
    """kill -9 at a random moment, at the start of the service too; at READY everything has its limit."""
    chance, lost = random.Random(50), []
    with bulk_containers.pods(node, 4) as pods, bulk_containers.stream(node, pods) as stream:
        for _ in range(50):
            time.sleep(chance.uniform(0, 1))  # the random moment
            pid, held = service.pid(), stream.alive()
            held = [one for one in held if not bulk_containers.unlimited(node, [one], LIMIT)]
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            there = stream.alive()
            lost += bulk_containers.unlimited(node, held, LIMIT)
            if chance.random() < 0.3:
                continue  # the next one meets it while it starts
            service.await_restart(pid)
            late = bulk_containers.unlimited(node, there, LIMIT)
            assert not late, f"{len(late)} of {len(there)} have no limit at READY, such as {late[0].cgroup}"
        assert not lost, f"{len(lost)} lost their limit when the service was killed, such as {lost[0].cgroup}"
        until(lambda: service.show("ActiveState") == "active", "the last restart")
        bulk_containers.expect_limited(node, stream.alive(), LIMIT)
        return f"{stream.made} containers came; at every READY each had its limit, none lost it when it was killed"


@fault("daemons-killed-in-turn")
def daemons(node):
    pid, said = service.pid(), []
    pod = node.kubelet.run_pod("in-turn")
    for unit in ("systemd-udevd", "dbus", "systemd-journald", "containerd"):
        main = service.show("MainPID", unit)
        os.kill(int(main), signal.SIGKILL)
        with bulk_containers.pods(node, 1) as [other]:  # at once, before the daemon is back
            one = bulk_containers.Bare(node, other)
            one.make()
            bulk_containers.expect_limited(node, [one], LIMIT, 20)
            one.remove()
        if unit == "dbus":  # not restarted by itself but by its socket, as on a node
            run("systemctl", "start", "dbus.service")
        until(lambda: service.show("ActiveState", unit) == "active" and service.show("MainPID", unit) != main,
              f"{unit} again")
        until(node.runtime.answers, "an answer on the CRI socket")
        container = node.kubelet.run_container(pod, unit)
        node.expect_first_look(container)
        ctl("verify")
        said.append(unit)
    assert service.pid() == pid, "the service did not stay the same process"
    node.remove_pods(pod)
    return f"{', '.join(said)}: a container at once and one afterwards, each limited; the service stayed"


def reexec_five_times(meanwhile):
    for _ in range(5):
        run("systemctl", "daemon-reexec")
        run("systemctl", "daemon-reload")
        meanwhile()


@fault("daemon-reexec-under-load", long=True)
def reexec(node):
    # Pods with a sandbox, as all are: systemd knows their scopes. It would take the io controller from a slice without
    # one (see the next case), and removes empty cgroups from v1's hierarchies: no stream there.
    pid, pods, made = service.pid(), [node.kubelet.run_pod(f"at-reexec-{number}") for number in range(4)], []
    with contextlib.ExitStack() as load:
        if not node.v1:
            stream = load.enter_context(bulk_containers.stream(node, pods, limit=LIMIT))
            reader = load.enter_context(limit_reader.reading(node, node.base()))
        reexec_five_times(lambda: made.append(node.kubelet.run_container(pods[0], f"c{len(made)}")))
    for container in made:
        node.expect_first_look(container)
    text = f"{len(made)} containers"
    if not node.v1:
        text += f" with a process and {stream.made} without; {reader.reads} reads of its own io.max, never off"
    node.remove_pods(*pods)
    assert service.pid() == pid, "the service was restarted"
    return f"during five daemon-reexec and daemon-reload {text}: all limited"


@fault("io-controller-taken-from-a-pod", cells="v2-faults")
def controller_taken(node):
    """Every limit in the pod goes with it. That is said, and with the controller each limit comes back; no safety net
    runs."""
    def lost():
        return {line["CONTAINER_ID"] for line in service.journal("ACTION=limit_failed", cursor=mark)}

    with bulk_containers.pods(node, 1) as [pod]:
        made, mark = [bulk_containers.Bare(node, pod) for _ in range(3)], service.cursor()
        control = rules.root() / pod.cgroup.strip("/") / "cgroup.subtree_control"
        for one in made:
            one.make()
        bulk_containers.expect_limited(node, made, LIMIT, 20)
        run("systemctl", "daemon-reload")
        until(lambda: "io" not in control.read_text().split(), "systemd takes io from a slice without a unit in it", 20)
        until(lambda: lost() >= {one.id for one in made},
              lambda: f"expected a line for each lost limit, found {service.messages(mark)}", 20)
        assert "3 NOT limited" in service.status_text(), service.status_text()
        control.write_text("+io")
        bulk_containers.expect_limited(node, made, LIMIT, 20)
        control.write_text("-io")  # away and back at once
        control.write_text("+io")
        bulk_containers.expect_limited(node, made, LIMIT, 20)
        for one in made:
            one.remove()
    return "3 of 3 limits lost with the controller, which is said; 3 of 3 back with it, twice"


@fault("stopped-process-is-restarted-by-the-watchdog")
def watchdog(node):
    with unit_with("WatchdogSec=10s"), bulk_containers.pods(node, 1) as [pod]:
        pid, mark = service.pid(), service.cursor()
        os.kill(pid, signal.SIGSTOP)
        meanwhile = bulk_containers.Bare(node, pod)
        meanwhile.make()
        service.await_restart(pid)
        assert not bulk_containers.unlimited(node, [meanwhile], LIMIT), f"{meanwhile.cgroup} has no limit at READY"
        meanwhile.remove()
        said = [line for line in service.messages(after=mark) if "atchdog" in line]
        assert said, f"expected the watchdog in the journal, found {service.messages(after=mark)}"
    return f"{said[0]!r}; what came while it was stopped was limited at READY"


def little_memory(node):
    """Bytes, too few for many more containers. v1 takes no limit that is below what cannot be reclaimed."""
    if not node.v1:
        return 1 << 20
    unit = pathlib.Path("/sys/fs/cgroup/memory/system.slice", service.UNIT)
    anonymous = int(re.search(r"^rss (\d+)$", (unit / "memory.stat").read_text(), re.MULTILINE)[1])
    return anonymous + int((unit / "memory.kmem.usage_in_bytes").read_text()) + (512 << 10)


@fault("memory-at-the-units-limit", long=True)
def memory(node):
    """The kernel ends it for want of memory, again and again; no limit goes with it, and with memory it goes on."""
    with unit_with("MemoryMax=256M"), bulk_containers.pods(node, 10) as pods:
        held = [bulk_containers.Bare(node, pod) for pod in pods]
        for one in held:
            one.make()
        bulk_containers.expect_limited(node, held, LIMIT)
        mark, pid = service.cursor(), service.pid()
        little = little_memory(node)
        run("systemctl", "set-property", "--runtime", service.UNIT, f"MemoryMax={little}", "MemorySwapMax=0")
        later = []
        while service.pid() == pid:
            assert len(later) < 3000, f"it lives with {little} bytes and {len(later)} containers: nothing is proved"
            for pod in pods:
                later += [bulk_containers.Bare(node, pod) for _ in range(10)]
            for one in later[-10 * len(pods):]:
                one.make()
        off = bulk_containers.unlimited(node, held, LIMIT)
        assert not off, f"{len(off)} of {len(held)} lost their limit"
        run("systemctl", "set-property", "--runtime", service.UNIT, "MemoryMax=256M")
        service.reset()
        until(lambda: service.show("ActiveState") == "active", "the start with memory")
        bulk_containers.expect_limited(node, [*held, *later], LIMIT)
        for one in [*held, *later]:
            one.remove()
        said = [line for line in service.messages(after=mark) if "oom" in line.lower()] or ["no line of systemd's"]
    return f"{len(held)} kept their limit, {len(later)} more have theirs; {said[0]}"


@fault("every-core-busy-while-fifty-start", long=True)
def busy(node):
    load = subprocess.Popen(["stress-ng", "--cpu", str(2 * os.cpu_count()), "--quiet"])
    pods = [node.kubelet.run_pod(f"busy-{number}") for number in range(5)]
    try:
        assert load.poll() is None, "stress-ng ended by itself"
        made = [node.kubelet.run_container(pod, f"c{number}") for pod in pods for number in range(10)]
        for container in made:
            node.expect_first_look(container)
        assert load.poll() is None, "stress-ng ended by itself"
    finally:
        load.terminate()
        load.wait()
        node.remove_pods(*pods)
    return f"{len(made)} of {len(made)} limited at their first instruction"


@fault("disk-full-in-run")
def full(node):
    """The ledger cannot be written, limits can; once there is room again a restart knows which rules are ours."""
    filler = pathlib.Path("/run/lab-filler")
    with configured(check=1), bulk_containers.pods(node, 1) as [pod]:
        service.reload()
        # More notes than the ledger has room for in advance (loop/append_file).
        made, mark = [bulk_containers.Bare(node, pod) for _ in range(300)], service.cursor()
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * (1 << 20))
        with open(filler, "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 512)
        for one in made:
            one.make()
        try:
            bulk_containers.expect_limited(node, made, LIMIT)
            said = until(lambda: [line for line in service.messages(after=mark) if "No space left" in line],
                         lambda: f"'No space left' in the journal, found {service.messages(after=mark)}", 20)
        finally:
            filler.unlink()
        made.append(bulk_containers.Bare(node, pod))  # with its note come those that found no room
        made[-1].make()
        ledger = pathlib.Path("/run/iops-limitd/rules")
        until(lambda: all(one.cgroup in ledger.read_text() for one in made), "every rule in the ledger", 20)
        run("systemctl", "restart", service.UNIT)
        ctl("clear")
        kept = [one.cgroup for one in made if rules.of(one.cgroup)]
        assert not kept, f"{len(kept)} rules were not known as ours after the restart, such as {kept[0]}"
        ctl("reload")
        bulk_containers.expect_limited(node, made, LIMIT)
        for one in made:
            one.remove()
    return f"{len(made)} limited with /run full; {said[0]!r}; all known as ours after a restart"


@fault("clock-jumps")
def clock(node):
    """A pause is counted in seconds that pass, whatever the clock on the wall says: an hour is not over after a jump of
    a day, and three seconds are over although the clock was set back."""
    pid, base = service.pid(), node.base()
    name = f"{base.pod.name}/{base.name}"
    said = []

    def jump(days):
        time.clock_settime(time.CLOCK_REALTIME, time.time() + days * 86400)
        said.append(f"{days:+} d")

    with bulk_containers.pods(node, 1) as [pod]:
        for days in (1, -2, 1):
            ctl("pause", name, "--for", "1h")
            node.expect_no_rule(base.cgroup)
            jump(days)
            one = bulk_containers.Bare(node, pod)
            one.make()
            bulk_containers.expect_limited(node, [one], LIMIT, 20)
            one.remove()
            node.expect_no_rule(base.cgroup)
            ctl("pause", name, "--for", "3s")
            node.expect_no_rule(base.cgroup)
            jump(-days)
            node.expect_fixed_limit(LIMIT)
    assert service.pid() == pid, "the service was restarted"
    return f"clock set {', '.join(said)}: new containers are limited, a pause lasts as long as it was to last"


GARBAGE = {
    "random bytes": random.Random(1).randbytes(4096), "one line of a megabyte": b"iops = " + b"9" * (1 << 20),
    "NULs": b"\0" * 65536, "half a section": b"[limits", "a value with no key": b"[limits]\n= 7\n",
    "an endless include of nothing": b"[limits]\n" * 20000 + b"iops\n", "negative": b"[limits]\niops = -1\n",
}


@fault("garbage-for-a-configuration-under-reload", long=True)
def garbage(node):
    """The limit in force is not the built-in one, so that it would be seen if the garbage came into force."""
    pid, iops = service.pid(), DEFAULT_IOPS + 200
    limit = rules.limits(iops, iops)

    def expect_refused(what, stream):
        assert not service.reload(), f"{what}: systemctl reload reported success"
        bulk_containers.expect_limited(node, stream.alive(), limit)
        node.expect_fixed_limit(limit)

    with configured(iops=iops):
        assert service.reload(), "the service refused the configuration"
        with bulk_containers.pods(node, 2) as pods, bulk_containers.stream(node, pods, limit=limit) as stream:
            for what, text in GARBAGE.items():
                service.CONFIG.write_bytes(text)
                expect_refused(what, stream)
            service.CONFIG.unlink()
            service.CONFIG.mkdir()
            try:
                expect_refused("a directory in the place of a file", stream)
            finally:
                service.CONFIG.rmdir()
            made = stream.made
    assert service.pid() == pid, "the service was restarted"
    return f"{len(GARBAGE) + 1} kinds of garbage refused, {made} containers came meanwhile, all limited"


@fault("link-planted-where-a-record-is-expected")
def planted(node):
    """The link leads to a record that would exempt the container. It is not followed: the default limit holds."""
    with bulk_containers.pods(node, 1) as [pod]:
        exempting = bulk_containers.Bare(node, pod, "istio-proxy")
        exempting.make()
        until(lambda: service.journal(f"CONTAINER_ID={exempting.id}", "ACTION=exempted"), "the exempt one's line", 20)
        assert rules.of(exempting.cgroup) == {}, "the record exempts nothing, so nothing is proved"
        bundles, victims = containerd.BUNDLES, [bulk_containers.Bare(node, pod) for _ in range(2)]
        file, folder = victims
        (bundles / file.id / "config.json").unlink()
        (bundles / file.id / "config.json").symlink_to(bundles / exempting.id / "config.json")
        folder.forget()
        (bundles / folder.id).symlink_to(bundles / exempting.id)
        for one in victims:
            one.make()
        bulk_containers.expect_limited(node, victims, LIMIT, 20)
        (bundles / folder.id).unlink()
        for one in victims:
            os.rmdir(one.directory)
        file.forget()
        exempting.remove()
    return "as a file and as a folder: the default limit, because no policy could match"
