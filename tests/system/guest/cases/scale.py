# SPDX-License-Identifier: Apache-2.0
"""More containers and cgroups than inotify's queues and watches are made for. Containers are bare (bulk_containers.py)."""
import os
import pathlib
import signal
import subprocess
import sys
import time

import bulk_containers
import rules
import service
from cases.fault import CHECK_SECONDS, LIMIT, configured, fault, memory
from disks import run
from report import until

OVERFLOW = "the kernel dropped cgroup events"
NO_WATCH, REMEDY = "no inotify watch is left on this node: ", "sysctl fs.inotify.max_user_watches="
CHURN = """
import os, sys, time
until, made = time.monotonic() + float(sys.argv[2]), 0
while time.monotonic() < until:
    for number in range(20):
        os.mkdir(sys.argv[1] % number)
    for number in range(20):
        os.rmdir(sys.argv[1] % number)
    made += 20
print(made)
"""


class Sysctl:
    """The kernel's setting has this value while the block runs."""

    def __init__(self, name, value):
        self._file, self._value = pathlib.Path("/proc/sys", name.replace(".", "/")), str(value)

    def __enter__(self):
        self._old = self._file.read_text()
        self._file.write_text(self._value)

    def __exit__(self, *_):
        self._file.write_text(self._old)


@fault("event-queue-overflows")
def overflow(node):
    """1,000 containers made while the service is stopped, with room for 16 events: no safety net runs. (One that runs
    reads each event before the next: the unit has a higher priority than this test.)"""
    mark = service.cursor()
    with Sysctl("fs.inotify.max_queued_events", 16):  # a queue keeps the length that it was made with
        run("systemctl", "restart", service.UNIT)
        with bulk_containers.pods(node, 20) as pods:
            made = [bulk_containers.Bare(node, pod) for pod in pods for _ in range(50)]
            os.kill(service.pid(), signal.SIGSTOP)
            for one in made:
                one.make()
            os.kill(service.pid(), signal.SIGCONT)
            bulk_containers.expect_limited(node, made, LIMIT)
            # Limits come first, and the log when a burst is over.
            said = until(lambda: [line for line in service.messages(after=mark) if OVERFLOW in line],
                         f"a line {OVERFLOW!r}, or nothing is proved", 20)
            assert len(said) == 1, f"expected one line {OVERFLOW!r}, found {said}"
            for one in made:
                one.remove()
    run("systemctl", "restart", service.UNIT)
    return f"{len(made)} of {len(made)} limited; {said[0]!r}"


@fault("no-inotify-watch-is-left")
def no_watch(node):
    """Said with the sysctl to raise; the safety net finds what no event tells of, also after a start without one."""
    said, most = [], 32
    with Sysctl("fs.inotify.max_user_watches", most), configured(check=CHECK_SECONDS):
        for act in ("reload", "restart"):
            mark = service.cursor()
            run("systemctl", act, service.UNIT)
            with bulk_containers.pods(node, most) as pods:  # a watch for each, and those of systemd and of the tree above them
                made = [bulk_containers.Bare(node, pod) for pod in pods]
                for one in made:
                    one.make()
                bulk_containers.expect_limited(node, made, LIMIT)
                said = [line for line in service.messages(after=mark) if NO_WATCH in line and REMEDY in line] or said
                for one in made:
                    one.remove()
    assert said, f"expected {NO_WATCH!r} in the journal, found {service.messages(after=mark)}"
    return f"{most} pods limited after a reload, and after a start; {said[0]!r}"


@fault("five-thousand-containers-one-after-the-other", long=True)
def come_and_go(node):
    """The second five thousand are the proof: by the first the service has needed what it ever needs, such as room to
    read the list of its rules with as much history as it may have. No reload in between: it would forget those that
    are gone but were not forgotten when they went."""
    sizes, each, rounds = [], 50, 200
    with bulk_containers.pods(node, 5) as pods:
        for number in range(rounds):
            made = [bulk_containers.Bare(node, pods[number % len(pods)]) for _ in range(each)]
            for one in made:
                one.make()
            bulk_containers.expect_limited(node, made, LIMIT)
            for one in made:
                one.remove()
            if number in (rounds // 2 - 1, rounds - 1):
                until(lambda: service.inotify_watches() <= 2 * len(pods) + 40,
                      lambda: f"fewer watches than {service.inotify_watches()}", 20)
                sizes.append((memory(), len(os.listdir(f"/proc/{service.pid()}/fd")), service.inotify_watches()))
    (early, *before), (late, *after) = sizes
    assert before == after, f"descriptors, watches: {before} after {each * rounds // 2}, {after} after {each * rounds}"
    # A leak of 20 bytes a container would show: less than the shortest thing there is to remember of one.
    assert late - early < each * rounds // 2 * 20, f"{early} bytes became {late}: a leak"
    return f"{each * rounds} containers: {early >> 10} KB after half of them, {late >> 10} KB after all; " \
           f"{after[0]} descriptors, {after[1]} watches"


def beside_a_loop(node, pod, directory, seconds):
    """Containers come in the pod while one makes and removes `directory` at full speed: (how often, the containers that
    are left, the seconds that each waited for its limit)."""
    made, times = [], []
    with subprocess.Popen([sys.executable, "-c", CHURN, str(directory), str(seconds)], stdout=subprocess.PIPE,
                          text=True) as loop:
        try:
            while loop.poll() is None:
                made.append(bulk_containers.Bare(node, pod))
                times.append(-time.monotonic())
                made[-1].make()
                bulk_containers.expect_limited(node, made[-1:], LIMIT)
                times[-1] += time.monotonic()
                if len(made) > 20:
                    made.pop(0).remove()
            return int(loop.stdout.read()), made, times
        finally:
            loop.kill()


# The loop elsewhere takes the same CPU and the same locks of the kernel, but no event of it reaches the service.
TIMES_ELSEWHERE = 20


@fault("cgroups-vanish-between-event-and-write", long=True)
def vanish(node):
    seconds = 60
    with bulk_containers.pods(node, 2) as pods:
        other = rules.root() / pods[0].cgroup.strip("/")
        name = os.path.basename(node.kubelet.driver.container("", "%02x" + "0" * 62))
        for pod in pods:  # their watches are there when these are limited
            first = bulk_containers.Bare(node, pod)
            first.make()
            bulk_containers.expect_limited(node, [first], LIMIT)
            first.remove()
        before, pid = service.inotify_watches(), service.pid()
        _, made, elsewhere = beside_a_loop(node, pods[1], rules.root() / "elsewhere-%02x", seconds // 3)
        for one in made:
            one.remove()
        count, made, times = beside_a_loop(node, pods[1], other / name, seconds)
        run("systemctl", "reload", service.UNIT)  # it is heard
        bulk_containers.expect_limited(node, made, LIMIT)
        for one in made:
            one.remove()
        until(lambda: service.inotify_watches() <= before,
              lambda: f"expected {before} watches as before, found {service.inotify_watches()}", 60)
    assert service.pid() == pid, "the service was restarted"
    waited = f"{max(times):.2f} s at most, {max(elsewhere):.2f} with the loop outside the pods' cgroups"
    assert max(times) < TIMES_ELSEWHERE * max(elsewhere), f"containers were limited after {waited}"
    return f"{count} cgroups made and removed in {seconds} s; {len(times)} containers made meanwhile, each limited, " \
           f"after {waited}"


LOOKALIKES = ("kubepods", "kubepods.slice", "kubepods-burstable.slice", "pod0c0ffee0-1234-4321-8888-0123456789ab",
              "kubepods-burstable-pod0c0ffee0_1234_4321_8888_0123456789ab.slice",
              "cri-containerd-" + "ab" * 32 + ".scope", "crio-" + "cd" * 32 + ".scope",
              "docker-" + "ef" * 32 + ".scope",
              "ab" * 32, "burstable", "system.slice")


def took(node, pod, count=30):
    """Seconds from mkdir to the limit, the median."""
    times = []
    for _ in range(count):
        one = bulk_containers.Bare(node, pod)
        began = time.monotonic()
        one.make()
        while bulk_containers.unlimited(node, [one], LIMIT):
            assert time.monotonic() - began < 60, f"{one.cgroup} never had its limit"
        times.append(time.monotonic() - began)
        one.remove()
    return sorted(times)[count // 2]


@fault("pod-makes-ten-thousand-cgroups-of-its-own", long=True)
def own_subtree(node):
    """It owns its container's subtree, and names what it makes there as it likes."""
    base = node.base()
    mine = pathlib.Path(rules.root() / base.cgroup.strip("/"), "own")
    with bulk_containers.pods(node, 1) as [pod]:
        before, quick, count = (memory(), service.inotify_watches()), took(node, pod), 0
        mine.mkdir()
        try:
            for folder in range(100):
                (mine / str(folder)).mkdir()
                for number in range(99):
                    (mine / str(folder) / str(number)).mkdir()
                count += 100
            nested = mine
            for name in LOOKALIKES:
                (mine / name).mkdir()
                nested = nested / name
                nested.mkdir(exist_ok=True)
            then = took(node, pod)
            found = [path for path, _ in rules.below(base.cgroup) if path != base.cgroup.strip("/")]
            assert found == [], f"expected no rule in the container's own cgroups, found {found}"
            run("systemctl", "reload", service.UNIT)  # reads the whole tree
            found = [path for path, _ in rules.below(base.cgroup) if path != base.cgroup.strip("/")]
            assert found == [], f"expected no rule in the container's own cgroups after a reload, found {found}"
            after = (memory(), service.inotify_watches())
        finally:
            for directory, _, _ in os.walk(mine, topdown=False):
                os.rmdir(directory)
    assert after[1] == before[1], f"{before[1]} watches became {after[1]}"
    assert after[0] - before[0] < 256 << 10, f"{before[0]} bytes became {after[0]}: it pays for the pod's cgroups"
    assert then < 3 * quick, f"others' limits came after {quick * 1000:.1f} ms before, after {then * 1000:.1f} ms then"
    return f"{count} cgroups and {len(LOOKALIKES)} names like ours: no rule in them; another's limit after " \
           f"{then * 1000:.1f} ms, {quick * 1000:.1f} before; memory {(after[0] - before[0]) >> 10:+} KB"
