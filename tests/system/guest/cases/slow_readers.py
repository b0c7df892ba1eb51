# SPDX-License-Identifier: Apache-2.0
"""Who reads slowly, or asks too much: a container is limited as soon as without them, and the service stays small. Each
case compares with the same containers in the same run, before the attack."""
import contextlib
import functools
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import time

import bulk_containers
import rules
import service
from cases.fault import LIMIT, fault, memory
from ctl import MANAGER, NOBODY, ctl, outcome
from disks import run
from report import until

FLOOD = pathlib.Path(__file__).resolve().parents[1] / "bus_flood.py"
CONTAINERS, ROUNDS, TIMES, PATIENCE = 20, 3, 3, 20
MOST_MEMORY = 64 << 20
QUESTIONS_OF_ONE_USER, PATIENCE_OF_POLKIT = 4, 120  # seconds
JOURNAL = "/run/systemd/journal/socket"
PROPERTIES = "org.freedesktop.DBus.Properties"


def latency(node):
    """Seconds until the limit of a container is in the kernel: the median of the quietest of some rounds. What else the
    machine does in a round delays that round alone; what an attack costs is in each."""
    return min(one_round(node) for _ in range(ROUNDS))


def one_round(node):
    took = []
    with bulk_containers.pods(node, 1) as [pod]:
        for _ in range(CONTAINERS):
            one = bulk_containers.Bare(node, pod)
            begin = time.monotonic()
            one.make()
            while rules.of(one.cgroup) != {node.devnum: LIMIT}:
                assert time.monotonic() < begin + PATIENCE, f"{one.cgroup} has no limit after {PATIENCE} s"
                time.sleep(0.0005)  # the kernel tells nobody that a limit was written
            took.append(time.monotonic() - begin)
            one.remove()
    return statistics.median(took)


def compared(without, during):
    """What the case says; fails when the attack delayed the limits or filled the memory."""
    found = f"{during * 1000:.1f} ms (without {without * 1000:.1f}), {memory() >> 20} MB"
    assert during <= TIMES * without, f"expected at most {TIMES} times as long: {found}"
    assert memory() < MOST_MEMORY, f"expected less than {MOST_MEMORY >> 20} MB: {found}"
    return found


@contextlib.contextmanager
def flood(connections, calls, mode, *target):
    """Calls by a user who is not root while the block runs. Yields when all were sent once."""
    copy = pathlib.Path("/var/tmp/bus_flood.py")  # where that user can read it
    copy.write_text(FLOOD.read_text())
    copy.chmod(0o644)
    caller = subprocess.Popen([*NOBODY, sys.executable, copy, str(connections), str(calls), mode, *target],
                              stdout=subprocess.PIPE)
    try:
        assert caller.stdout.readline() == b"sent\n", "the calls could not be sent"
        yield
    finally:
        caller.kill()
        caller.wait()
        copy.unlink()


def filled_journal():
    """A socket that has sent to the journal what it takes."""
    filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    filler.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            filler.sendto(b"MESSAGE=filler\n", JOURNAL)
    return filler


@fault("slow-readers-journal-is-stopped", cells="v2-faults")
def journal(node):
    without, mark = latency(node), service.cursor()
    journald = int(service.show("MainPID", "systemd-journald.service"))
    os.kill(journald, signal.SIGSTOP)
    try:
        filler = filled_journal()
        said = compared(without, latency(node))
    finally:
        os.kill(journald, signal.SIGCONT)
    filler.close()
    until(lambda: len(service.journal("ACTION=limited", cursor=mark)) >= ROUNDS * CONTAINERS,
          lambda: f"a line for each container, once the journal runs; found {service.messages(mark)[-3:]}", 20)
    return said


@fault("slow-readers-properties-in-a-loop", cells="v2-faults", long=True)
def properties(node):
    """The measure is the same flood to the bus itself: it needs the one CPU too."""
    target = (*MANAGER[:2], PROPERTIES, "GetAll", MANAGER[2])
    with flood(4, 50, "read", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListNames"):
        without = latency(node)
    with flood(4, 50, "read", *target):
        said = compared(without, latency(node))
        other = seconds_to_repair(node)
        refused = subprocess.run([*NOBODY, "busctl", "get-property", *MANAGER, "Version"], capture_output=True, text=True)
        ctl("list")
    return f"{said}; a foreign limit was restored after {other:.1f} s; another call of that user: {refused.stderr.strip()!r}"


def seconds_to_repair(node):
    """Seconds until a limit that another process wrote is restored: deferred work runs all the same."""
    with bulk_containers.pods(node, 1) as [pod]:
        one = bulk_containers.Bare(node, pod)
        one.make()
        bulk_containers.expect_limited(node, [one], LIMIT, PATIENCE)
        begin = time.monotonic()
        rules.write(rules.root() / one.cgroup.strip("/"), node.devnum, 100000)
        bulk_containers.expect_limited(node, [one], LIMIT, 5)
        took = time.monotonic() - begin
        one.remove()
    return took


@contextlib.contextmanager
def many_limited(node):
    """A pod with containers enough to make lists long. They have their limits, and still have them after the block."""
    with bulk_containers.pods(node, 1, "many") as [pod]:
        many = [bulk_containers.Bare(node, pod) for _ in range(150)]
        for one in many:
            one.make()
        bulk_containers.expect_limited(node, many, LIMIT)
        yield pod
        bulk_containers.expect_limited(node, many, LIMIT, 1)
        for one in many:
            one.remove()


def lists_of(pod):
    """[(method, its argument if it has one)] of everything that any user may ask for at length."""
    return [("ListContainers",), ("ListPods",), ("ListAdvice",), ("Explain", f"{pod.namespace}/{pod.name}")]


def unread(chosen, node):
    pid, said = service.pid(), []
    with many_limited(node) as pod:
        without = latency(node)
        for question in lists_of(pod)[chosen]:
            with flood(60, 120, "unread", *MANAGER[:2], MANAGER[2], *question):
                until(lambda: outcome("health", "--live")[0] == 0, "an answer to root", 20)
                said.append(f"{question[0]} {compared(without, latency(node))}")
        assert service.pid() == pid, "the service did not stay the same process"
    return "; ".join(said)


fault("slow-readers-connections-that-never-read", cells="v2-faults")(functools.partial(unread, slice(1)))
fault("slow-readers-other-lists-never-read", cells="v2-faults", long=True)(functools.partial(unread, slice(1, None)))


@fault("slow-readers-lists-in-a-loop", cells="v2-faults", long=True)
def lists(node):
    """As with the properties, the measure is the same flood to the bus itself."""
    said = []
    with many_limited(node) as pod:
        with flood(4, 50, "read", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListNames"):
            without = latency(node)
        for question in lists_of(pod):
            with flood(4, 50, "read", *MANAGER[:2], MANAGER[2], *question):
                said.append(f"{question[0]} {compared(without, latency(node))}")
                ctl("list")
    return "; ".join(said)


@contextlib.contextmanager
def silent_polkit():
    """Polkit answers nobody while the block runs."""
    run("systemctl", "start", "polkit.service")
    polkit = int(service.show("MainPID", "polkit.service"))
    os.kill(polkit, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(polkit, signal.SIGCONT)
        run("systemctl", "stop", "polkit.service")


@fault("slow-readers-questions-to-polkit", cells="v2-faults")
def questions(node):
    """Root is answered without polkit."""
    with silent_polkit(), flood(20, 8, "unread", *MANAGER[:2], MANAGER[2], "Clear"):
        run("busctl", "--timeout=10", "call", *MANAGER, "Reload")
        ctl("reload")
    return "root reloads while one user leaves 160 questions open"


def ask(user):
    """A call that polkit may ask the user for a password for."""
    return subprocess.Popen(["runuser", "-u", user, "--", "busctl", "--timeout=300", "--allow-interactive-authorization=yes",
                             "call", *MANAGER, "Clear"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@fault("slow-readers-questions-end-after-two-minutes", cells="v2-faults", long=True)
def questions_end(node):
    """Each user has room for four questions, and has it again when they have waited for too long."""
    with silent_polkit():
        begin = time.monotonic()
        first = [ask("nobody") for _ in range(QUESTIONS_OF_ONE_USER)]
        time.sleep(3)  # they are with polkit: nothing tells an outsider
        refused = ask("nobody")
        assert "too many calls wait" in refused.communicate(timeout=20)[0]
        other = ask("daemon")
        run("busctl", "--timeout=10", "call", *MANAGER, "Reload")
        assert other.poll() is None, f"another user was refused: {other.communicate()[0]}"
        answers = [one.communicate(timeout=PATIENCE_OF_POLKIT + 60)[0] for one in (*first, other)]
        took = time.monotonic() - begin
        # busctl shows this in place of any text that comes with AccessDenied.
        assert set(answers) == {"Call failed: Access denied\n"}, answers
        assert PATIENCE_OF_POLKIT <= took < PATIENCE_OF_POLKIT + 30, f"answered after {took:.0f} s"
        again = ask("nobody")
        time.sleep(3)
        assert again.poll() is None, f"there is no room again: {again.communicate()[0]}"
        again.kill()
        again.wait()
    return f"four questions of one user, one of another, all refused after {took:.0f} s; root reloaded meanwhile"
