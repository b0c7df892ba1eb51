# SPDX-License-Identifier: Apache-2.0
"""Sharing the disk with other hogs, other weights, more containers and other I/O than in `sharing`: long cases."""
import functools
import math
import random
import time

import sharing
import sharing_checks as checks
from cases import case
from disk_load import BUFFERED, FEW_THREADS, QUEUE, THREADS, WINDOW_SECONDS, Watch, uncached

CELLS = "v2-systemd v1-systemd"
CONSTANT_SECONDS, SPAN_SECONDS = 30, 10


def rows(how, node):
    """All of the checks. QUEUE raises no pressure, so the service notices it when it looks by itself."""
    with sharing.capacity(node.report, sharing.Scale().capacity) as slower, sharing.load_group(node, how=how) as made:
        made.slower = slower
        if how == QUEUE:
            made.service = "[service]\ncheck_interval = 1\n"
        return "; ".join([checks.quiet_served(node, made), checks.lent(node, made), checks.divided(node, made),
                          checks.woken(node, made)])


case("sharing-hogs-of-32-threads", cells=CELLS, long=True)(functools.partial(rows, THREADS))
case("sharing-hogs-with-a-queue-of-32", cells=CELLS, long=True)(functools.partial(rows, QUEUE))


@case("sharing-over-committed", cells=CELLS, long=True)
def over_committed(node):
    with sharing.capacity(node.report, sharing.Scale().capacity), sharing.load_group(node, checks.THREE) as made:
        return checks.over_committed(node, made)


@case("sharing-by-weight", cells=CELLS, long=True)
def weights(node):
    with sharing.capacity(node.report, sharing.Scale().capacity), sharing.load_group(node) as made:
        text = sharing.limits(50, made.scale.total, "lend = yes\n[policy heavy]\ncontainer = hog-b\nweight = 300\n")
        watch, began, ended = checks.settled(made, "", 10, text)
        light, heavy = (watch.rate(hog.name, began, ended) for hog in made.hogs)
    checks.expect_near(heavy, 3 * light, "the heavy one, three times the light one")
    assert light + heavy >= checks.USED * made.scale.total, f"the hogs got {light:.0f} and {heavy:.0f}"
    return f"with weights of 1 and 3 {light:.0f} and {heavy:.0f}"


@case("sharing-constant-load-changes-nothing", cells=CELLS, long=True)
def constant(node):
    said = []
    with sharing.capacity(node.report, sharing.Scale().capacity), sharing.load_group(node) as made:
        for mode in ("fair", "lend"):
            watch, began, _ = checks.settled(made, mode, CONSTANT_SECONDS)
            for one in made.containers:
                spans = [len(watch.changes(one.name, began + at, began + at + SPAN_SECONDS))
                         for at in range(0, CONSTANT_SECONDS, SPAN_SECONDS)]
                assert max(spans) <= 1, f"{mode}: {one.name} had {spans} changes in spans of {SPAN_SECONDS} s"
                said.append(f"{mode} {one.name} {sum(spans)}")
    return f"changes in {CONSTANT_SECONDS} s: " + ", ".join(said)


# ---- twenty on and off ----------------------------------------------------------------------------------------------

COUNT, SECONDS, MOST_CHANGES = 20, 300, 4
HEADROOM = 0.03  # the default
ON_SECONDS, OFF_SECONDS = 15, 30  # on average, as in the simulation (tests/control/fair_share_test.cpp)
STEP_SECONDS = 0.25


def switch(hogs, seconds):
    """Each goes on and off at random; {name: [(from, to)] in which it is on}."""
    chance, spans = random.Random(20), {hog.name: [] for hog in hogs}
    began = time.monotonic()

    def after(seconds):
        return time.monotonic() + chance.expovariate(1 / seconds)

    due = [(after(OFF_SECONDS), number) for number in range(len(hogs))]
    while True:
        due.sort()
        moment, number = due.pop(0)
        if moment > began + seconds:
            break
        time.sleep(max(0.0, moment - time.monotonic()))
        mine = spans[hogs[number].name]
        if mine and len(mine[-1]) == 1:
            mine[-1] = (*mine[-1], time.monotonic())
            hogs[number].off()
            due.append((after(OFF_SECONDS), number))
        else:
            mine.append((hogs[number].on(),))
            due.append((after(ON_SECONDS), number))
    ended = time.monotonic()
    return {name: [span if len(span) == 2 else (*span, ended) for span in mine] for name, mine in spans.items()}


class Twenty:
    """What each of them had while it was on, from one second after it went on. `spans`: as switch() returns them."""

    def __init__(self, watch, spans, scale):
        self.watch, self.spans = watch, spans
        self._began = min(mine[0][0] for mine in spans.values() if mine)
        self._ended = max(mine[-1][1] for mine in spans.values() if mine)
        # When all are on, each is cut to its part of what is handed out: the guarantee without the headroom.
        self.entitled = checks.BACK * scale.guarantee * (1 - HEADROOM)
        self._kept_up = [self._keeps_up(moment, moment + WINDOW_SECONDS) for moment in self._moments()]
        self.kept_up = sum(self._kept_up) / len(self._kept_up)

    def changes(self):
        """How often a limit changed, a second."""
        count = sum(len(self.watch.changes(name, self._began, self._ended)) for name in self.spans)
        return count / (self._ended - self._began)

    def lowest_limit(self):
        return min(self._lowest(name, begin + 1, end) for name, mine in self.spans.items() for begin, end in mine
                   if end > begin + 1)

    def below(self, name):
        """The longest time in seconds in which it got less than it is entitled to, while the machine kept up."""
        longest = lasted = 0.0
        for moment, kept_up in zip(self._moments(), self._kept_up):
            if kept_up and self._is_on(name, moment, moment + WINDOW_SECONDS):
                rate = self.watch.rate(name, moment, moment + WINDOW_SECONDS)
                lasted = lasted + STEP_SECONDS if rate < self.entitled else 0.0
                longest = max(longest, lasted)
        return longest

    def _moments(self):
        """At which the windows of a second begin."""
        count = int((self._ended - self._began - WINDOW_SECONDS) / STEP_SECONDS)
        return [self._began + number * STEP_SECONDS for number in range(count)]

    def _is_on(self, name, begin, end):
        return any(one[0] + 1 <= begin and end <= one[1] for one in self.spans[name])

    def _lowest(self, name, begin, end):
        """The lowest limit in force."""
        return min((limit[self.watch.direction] for _, limit in self.watch.limits(name, begin, end)), default=math.inf)

    def _keeps_up(self, begin, end):
        """Those that were on got together what their limits allowed. When they did not, the emulated machine lacks the CPU
        time, which says nothing about the service."""
        on = [name for name in self.spans if self._is_on(name, begin, end)]
        allowed = sum(self._lowest(name, begin, end) for name in on)
        return sum(self.watch.rate(name, begin, end) for name in on) >= checks.USED * allowed


@case("sharing-twenty-on-and-off", cells=CELLS, long=True)
def twenty(node):
    scale = sharing.Scale(guarantee=sharing.Scale().total // COUNT)
    names = tuple(f"hog-{number:02}" for number in range(COUNT - 1))
    with sharing.capacity(node.report, scale.capacity), \
            sharing.load_group(node, names, scale=scale, how=FEW_THREADS) as made:
        hogs = [*made.hogs, made.lender]
        with made.configured(scale.modes()["lend"], scale.guarantee), \
                Watch(made.containers, made.devnum, every=0.2) as watch:
            spans = switch(hogs, SECONDS)
    all_of_them = Twenty(watch, spans, scale)
    hungry = {name: all_of_them.below(name) for name in spans}
    changes, least = all_of_them.changes(), all_of_them.lowest_limit()
    worst = max(hungry, key=hungry.get)
    said = (f"{changes:.1f} changes a second; the lowest limit was {least}, {worst} got less than its part for "
            f"{hungry[worst]:.2f} s at most, in the {all_of_them.kept_up:.0%} of the time in which the machine kept up")
    assert all_of_them.kept_up >= 0.5, f"void: {said}"
    assert changes <= MOST_CHANGES and least >= all_of_them.entitled and hungry[worst] <= 1, said
    return said


# ---- kinds of I/O ---------------------------------------------------------------------------------------------------

KINDS = {"reads": {"work": "read"}, "writes": {"work": "write"}, "mixed": {"work": "mixed"},
         "buffered reads": {"work": "read", "how": BUFFERED, "size": 256 << 20}}


@case("sharing-kinds-of-io", cells=CELLS, long=True)
def kinds(node):
    """What a hog alone and two of them get in each, lent and static; a row each for docs/kernel-enforcement.md. The
    kernel charges what it promises to charge: direct I/O and buffered reads."""
    said = []
    for name, how in KINDS.items():
        for block in ("4k", "128k"):
            with sharing.capacity(node.report, 2 * sharing.Scale().capacity), \
                    sharing.load_group(node, **how, block=block) as made, uncached(made.hogs):
                found = {mode: sharing.measure(made, mode, ["alone", "both"]) for mode in ("static", "lend")}
            for one in found.values():
                node.report.step(sharing.spelled(one))
            lend, static = found["lend"], found["static"]
            node.report.send("shared-kind", io=f"{name}, {block}", static=static["alone"], alone=lend["alone"],
                             together=lend["together"], jain=lend["jain"], total=made.scale.total)
            assert lend["alone"] >= checks.USED * made.scale.total and lend["jain"] >= checks.EQUAL, \
                f"{name}, {block}: {sharing.spelled(lend)}"
            said.append(f"{name}, {block}: {lend['alone']:.0f}, {lend['together']:.0f}")
    return "; ".join(said)
