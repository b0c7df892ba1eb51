# SPDX-License-Identifier: Apache-2.0
"""A disk of a known capacity and containers that share it: what they get in each mode of the service."""
import contextlib
import dataclasses
import math
import statistics
import time

import disks
import service
from disk_load import FEW_THREADS, Hog, Quiet, Watch, jain, limit_of
from node import EVENTS_ONLY, in_parallel
from report import until

ALONE_SECONDS, GROW_SECONDS, WAKE_SECONDS, BOTH_SECONDS, QUIET_SECONDS = 7, 5, 5, 5, 10
SETTLE_SECONDS = 2
# After so long the service shares. The kernel takes 2 s to tell of pressure (cgroup/pressure_trigger.hpp).
NOTICED_SECONDS = 6


@dataclasses.dataclass(frozen=True)
class Scale:
    """What there is and who wants how much of it, in operations a second. An emulated machine that shares two cores
    with another one does hardly more than 600 (measured), so the tests stay below that."""
    total: int = 400
    capacity: int = 600  # of the disk; QEMU sees to it
    guarantee: int = 100  # four of them fit
    large: int = 250  # four of them do not
    quiet: int = 40

    def modes(self):
        unfair, lend = "fair_total = no\n", "lend = yes\n"
        return {"no limits": limits(0, 0), "total": limits(0, self.total, unfair), "static": limits(self.guarantee, 0),
                "limits and total": limits(self.large, self.total, unfair), "fair": limits(self.large, self.total),
                "lend": limits(self.guarantee, self.total, lend)}


def limits(iops, total, more=""):
    """A configuration."""
    return f"[limits]\niops = {iops}\ntotal_iops = {total}\n{more}"


@contextlib.contextmanager
def capacity(report, iops, serials=(disks.DATA_SERIAL,)):
    """Each of the disks does so many operations a second while the block runs. Yields what makes them slower for a while:
    a function of the part that they do then."""
    def set_to(number):
        for serial in serials:
            report.ask("capacity", serial, iops=number)

    @contextlib.contextmanager
    def slower(part):
        set_to(int(part * iops))
        try:
            yield
        finally:
            set_to(iops)

    set_to(iops)
    try:
        yield slower
    finally:
        set_to(0)


class LoadGroup:
    """Hogs, all off, and a quiet container, which is the lender when it wakes up: then some threads of it want all they
    can get."""

    def __init__(self, hogs, quiet, lender, devnum, scale):
        self.hogs, self.quiet, self.lender, self.devnum, self.scale = hogs, quiet, lender, devnum, scale
        self.containers = [one.container for one in [*hogs, quiet]]
        self.settle_seconds, self.noticed_seconds, self.quiet_seconds = SETTLE_SECONDS, NOTICED_SECONDS, QUIET_SECONDS
        self.service, self.more = EVENTS_ONLY, ""  # what each configuration begins and ends with
        self.slower = None  # what capacity() yields

    def watch(self):
        return Watch(self.containers, self.devnum, self.hogs[0].direction)

    @contextlib.contextmanager
    def configured(self, text, iops=None):
        """The running service has this configuration, each container the limit `iops` if one is given, and no hog is
        on; at the end the tests' own."""
        service.configure(self.service + text + self.more)
        try:
            assert service.reload(), f"the service refused the configuration: {service.status_text()!r}"
            for one in self.containers if iops else ():
                until(lambda c=one: limit_of(c, self.devnum) == (iops, iops),
                      lambda c=one: f"expected {iops} on {c.name}, found {limit_of(c, self.devnum)}", 20)
            time.sleep(self.settle_seconds)  # what was queued before is done then
            yield
        finally:
            self.all_off()
            service.configure(EVENTS_ONLY + self.more)
            service.reload()

    def all_on(self):
        for hog in self.hogs:
            hog.on()

    def all_off(self):
        for one in [*self.hogs, self.lender]:
            one.off()


@contextlib.contextmanager
def load_on(containers, devnum, scale=Scale(), directory=disks.MOUNT, **how):
    """The last one is the quiet one. `how`: what Hog() is told of the hogs' work."""
    made = []
    try:
        for container in containers[:-1]:
            made.append(Hog(container, devnum, directory=directory, **how))
        made.append(Hog(containers[-1], devnum, FEW_THREADS, directory=directory))
        yield LoadGroup(made[:-1], Quiet(containers[-1], scale.quiet, directory), made[-1], devnum, scale)
    finally:
        for hog in made:
            hog.end()


@contextlib.contextmanager
def load_group(node, hogs=("hog-a", "hog-b"), devnum=None, **more):
    """With new containers, in one pod. `more`: as load_on() has it."""
    pod = node.kubelet.run_pod("sharing")
    try:
        in_parallel([lambda n=name: node.kubelet.run_container(pod, n) for name in (*hogs, "quiet")])
        containers = sorted(pod.containers, key=lambda one: (one.name == "quiet", one.name))
        with load_on(containers, devnum or node.devnum, **more) as made:
            yield made
    finally:
        node.remove_pods(pod)


def first_reached(watch, name, begin, end, rate):
    """After how many seconds a window of one second begins in which it gets `rate`; None when none does."""
    for number, found in enumerate(watch.windows(name, begin, end, step=0.25)):
        if found >= rate:
            return number * 0.25
    return None


def measure_alone(load_group, watch):
    """The first hog works and nobody else."""
    hog = load_group.hogs[0]
    began = hog.on()
    time.sleep(ALONE_SECONDS)
    ended = time.monotonic()
    hog.off()
    return {"alone": watch.rate(hog.name, began + 3, ended),
            "alone_in": first_reached(watch, hog.name, began, ended, 0.85 * load_group.scale.total)}


def measure_wake(load_group, watch, before=lambda: None):
    """The first hog works and has what there is for it; after `before` the quiet container wakes up."""
    hog = load_group.hogs[0]
    hog.on()
    time.sleep(GROW_SECONDS)
    before()
    woke = load_group.lender.on()
    time.sleep(WAKE_SECONDS)
    ended = time.monotonic()
    hog.off()
    load_group.lender.off()
    name, guarantee = load_group.lender.name, load_group.scale.guarantee
    return {"woken": watch.windows(name, woke, ended),
            "back_in": first_reached(watch, name, woke, ended, 0.9 * guarantee),
            "least": min(watch.windows(name, woke + 1, ended, step=0.25)) / guarantee}


def measure_both(load_group, watch):
    """All hogs work, and the service has seen that they do."""
    load_group.all_on()
    time.sleep(NOTICED_SECONDS)
    began = time.monotonic()
    time.sleep(BOTH_SECONDS)
    rates = [watch.rate(hog.name, began, time.monotonic()) for hog in load_group.hogs]
    load_group.all_off()
    return {"both": rates, "together": sum(rates), "jain": jain(rates)}


def measure_quiet(load_group, watch):
    """The quiet container, while all hogs work: after some seconds, in which the service has seen that they do."""
    load_group.all_on()
    began = time.monotonic()
    quiet = load_group.quiet.run(load_group.quiet_seconds, load_group.noticed_seconds)
    ended = time.monotonic()
    load_group.all_off()
    measured = ended - load_group.quiet_seconds
    return {"quiet": quiet, "hogs": [watch.rate(hog.name, measured, ended) for hog in load_group.hogs],
            "served_in": first_reached(watch, load_group.quiet.name, began, ended, 0.9 * load_group.quiet.rate)}


PARTS = {"alone": measure_alone, "wake": measure_wake, "both": measure_both, "quiet": measure_quiet}


def measure(load_group, mode, parts=tuple(PARTS)):
    """What the containers get in one mode."""
    found = {"mode": mode}
    fixed = {"static": load_group.scale.guarantee, "fair": load_group.scale.large, "lend": load_group.scale.guarantee}
    with load_group.configured(load_group.scale.modes()[mode], fixed.get(mode)), load_group.watch() as watch:
        began = time.monotonic()
        for part in parts:
            found.update(PARTS[part](load_group, watch))
        ended = time.monotonic()
        found.update(changes=sum(len(watch.changes(one.name, began, ended)) for one in load_group.containers),
                     seconds=ended - began)
    return found


def play(load_group, acts, seconds):
    """Each act at its second while the service lends; for each container how much it got in each half second, and
    [second, limit] of each limit that it had."""
    guarantee, step = load_group.scale.guarantee, 0.5
    with load_group.configured(load_group.scale.modes()["lend"], guarantee), load_group.watch() as watch:
        began = time.monotonic()
        for second, act in [*acts, (seconds, load_group.all_off)]:
            time.sleep(max(0.0, began + second - time.monotonic()))
            act()
        time.sleep(watch.every)  # one more look
    return [{"container": one.name, "guarantee": guarantee, "step": step,
             "rates": [watch.rate(one.name, began + number * step, began + (number + 1) * step)
                       for number in range(int(seconds / step))],
             "limits": [[0.0, guarantee], *([moment - began, limit[0]] for moment, limit
                                            in watch.changes(one.name, began, began + seconds))]}
            for one in load_group.containers]


def spelled(found):
    """One measurement in words."""
    text = []
    if "alone" in found:
        text.append(f"hog alone {found['alone']:.0f} (at 85 % of the total in {found['alone_in']} s)")
    if "woken" in found:
        text.append("the lender wakes with " + "/".join(f"{rate:.0f}" for rate in found["woken"]) +
                    f" (at 90 % of its guarantee in {found['back_in']} s, from 1 s on never below "
                    f"{found['least']:.0%})")
    if "both" in found:
        text.append("hogs " + " and ".join(f"{rate:.0f}" for rate in found["both"]) + f" (Jain {found['jain']:.3f})")
    if "quiet" in found:
        quiet = found["quiet"]
        text.append(f"quiet {quiet['share']:.0%}, p50 {quiet['p50']:.1f}, p95 {quiet['p95']:.1f}, "
                    f"p99 {quiet['p99']:.1f} ms beside hogs at " +
                    " and ".join(f"{rate:.0f}" for rate in found["hogs"]) + f" (at 90 % after {found['served_in']} s)")
    return f"{found['mode']}: {', '.join(text)}; {found['changes']} changes in {found['seconds']:.0f} s"


def median_of(rounds, *path):
    """The median of a number in several measurements of one mode, found by its keys; None counts as never."""
    values = []
    for found in rounds:
        for key in path:
            found = found[key]
        values.append(math.inf if found is None else found)
    return statistics.median(values)
