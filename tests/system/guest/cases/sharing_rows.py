# SPDX-License-Identifier: Apache-2.0
"""Sharing the disk with other hogs, other weights, more containers and other I/O than in `sharing`: long cases."""
import functools
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
    with sharing.capacity(node.report, sharing.Scale().capacity), sharing.load_group(node, how=how) as made:
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

COUNT, SECONDS, MOST_WRITES = 20, 300, 4
HEADROOM = 0.03  # the default
ON_SECONDS, OFF_SECONDS = (3, 10), (3, 20)
STEP_SECONDS = 0.25


def switch(hogs, seconds):
    """Each goes on and off at random; {name: [(from, to)] in which it is on}."""
    chance, spans = random.Random(20), {hog.name: [] for hog in hogs}
    began = time.monotonic()
    due = [(began + chance.uniform(0, OFF_SECONDS[1]), number) for number in range(len(hogs))]
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
            due.append((time.monotonic() + chance.uniform(*OFF_SECONDS), number))
        else:
            mine.append((hogs[number].on(),))
            due.append((time.monotonic() + chance.uniform(*ON_SECONDS), number))
    ended = time.monotonic()
    return {name: [span if len(span) == 2 else (*span, ended) for span in mine] for name, mine in spans.items()}


class Twenty:
    """What each of them had while it was on, from one second after it went on."""

    def __init__(self, watch, hogs, scale):
        self.watch, self.hogs, self.scale = watch, hogs, scale
        # When all are on, each is cut to its part of what is handed out: the guarantee without the headroom.
        self.entitled = checks.BACK * scale.guarantee * (1 - HEADROOM)
        self.counted = self.skipped = 0

    def least_limit(self, name, spans):
        """The lowest limit in force."""
        return min(limit[self.watch.direction] for begin, end in spans if end > begin + 1
                   for _, limit in self.watch.limits(name, begin + 1, end))

    def below(self, name, spans):
        """The longest time in seconds in which it got less than it is entitled to, while all together got what there
        is to get. When they do not, the emulated machine lacks the CPU time, which says nothing about the service."""
        longest = 0.0
        for begin, end in spans:
            lasted, moment = 0.0, begin + 1
            for rate in self.watch.windows(name, begin + 1, end, step=STEP_SECONDS):
                able = sum(self.watch.rate(hog.name, moment, moment + WINDOW_SECONDS) for hog in self.hogs)
                moment += STEP_SECONDS
                if able < checks.USED * self.scale.total:
                    self.skipped += 1
                    continue
                self.counted += 1
                lasted = lasted + STEP_SECONDS if rate < self.entitled else 0.0
                longest = max(longest, lasted)
        return longest


@case("sharing-twenty-on-and-off", cells=CELLS, long=True)
def twenty(node):
    scale = sharing.Scale(guarantee=sharing.Scale().total // COUNT)
    names = tuple(f"hog-{number:02}" for number in range(COUNT - 1))
    with sharing.capacity(node.report, scale.capacity), \
            sharing.load_group(node, names, scale=scale, how=FEW_THREADS) as made:
        hogs = [*made.hogs, made.lender]
        with made.configured(scale.modes()["lend"], scale.guarantee), \
                Watch(made.containers, made.devnum, every=0.2) as watch:
            began = time.monotonic()
            spans = switch(hogs, SECONDS)
            ended = time.monotonic()
    writes = sum(len(watch.changes(hog.name, began, ended)) for hog in hogs) / (ended - began)
    all_of_them = Twenty(watch, hogs, scale)
    hungry = {hog.name: all_of_them.below(hog.name, spans[hog.name]) for hog in hogs}
    least = min(all_of_them.least_limit(hog.name, spans[hog.name]) for hog in hogs)
    worst = max(hungry, key=hungry.get)
    judged = all_of_them.counted / (all_of_them.counted + all_of_them.skipped)
    said = (f"{writes:.1f} changes a second; the lowest limit was {least}, {worst} got less than its part for "
            f"{hungry[worst]:.2f} s at most, in the {judged:.0%} of the time in which the machine kept up")
    assert judged >= 0.5, f"void: {said}"
    assert writes <= MOST_WRITES and least >= all_of_them.entitled and hungry[worst] <= 1, said
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
