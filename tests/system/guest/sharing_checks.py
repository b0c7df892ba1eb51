# SPDX-License-Identifier: Apache-2.0
"""What containers that share a disk must get. Each check compares the service with what happens without it in the same
run, and fails as void when nothing bad happens then. One check is one round or three, whose modes take turns, judged by
the medians: a machine that gets no CPU for a moment shows that, and not what the service does."""
import contextlib
import os
import signal
import time

import service
from disk_load import limit_of
from report import until
from sharing import NOTICED_SECONDS, measure, measure_wake, median_of, spelled

ROUNDS = 3
WHOLE_SHARE, STARVED_SHARE = 0.95, 0.7
CLEARLY_SHORTER = 0.2
LONGER = 1.5  # a read of the quiet one beside hogs, compared with hogs whose limits fit
USED, TIMES_STATIC, EQUAL, BACK = 0.85, 3, 0.95, 0.9
ALONE_IN_SECONDS, RECALL_SECONDS = 3, 2
NEAR = 0.1  # of what it should be
THREE = ("hog-a", "hog-b", "hog-c")


def reported(node, found):
    node.report.step(spelled(found))
    return found


def until_good(one_round, judge):
    """What `judge` says of the only round, or, when that is not as it should be, of ROUNDS of them."""
    found = [one_round()]
    try:
        return judge(found)
    except AssertionError:
        return judge(found + [one_round() for _ in range(ROUNDS - 1)])


def quiet_served(node, load_group, strict=True):
    """Beside hogs that together want more than the total the quiet one gets what it wants, at once. Not `strict`: its
    reads may take longer than beside hogs whose limits fit, but nothing like as long as without the service."""
    # v1 has no total of all pods that the kernel could enforce, so there the disk itself is the baseline.
    unfair = "no limits" if node.v1 else "limits and total"
    modes = ("static", unfair, "fair")

    def judge(rounds):
        share, slow = ({mode: median_of([one[mode] for one in rounds], "quiet", key) for mode in modes}
                       for key in ("share", "p95"))
        said = (f"quiet got {share['fair']:.0%} of its reads, p95 {slow['fair']:.1f} ms; with static limits "
                f"{share['static']:.0%} and {slow['static']:.1f} ms, with {unfair} {share[unfair]:.0%} and "
                f"{slow[unfair]:.1f} ms")
        assert share[unfair] <= STARVED_SHARE, f"void, {unfair} starves nobody here: {said}"
        soon = LONGER * slow["static"] if strict else max(LONGER * slow["static"], slow[unfair] * CLEARLY_SHORTER)
        assert share["fair"] >= WHOLE_SHARE and slow["fair"] <= soon, said
        return said

    return until_good(lambda: {mode: reported(node, measure(load_group, mode, ["quiet"])) for mode in modes}, judge)


def lent(node, load_group):
    """A hog alone gets almost the whole total, and soon."""
    def judge(rounds):
        alone, took = (median_of([one["lend"] for one in rounds], key) for key in ("alone", "alone_in"))
        static = median_of([one["static"] for one in rounds], "alone")
        said = f"a hog alone got {alone:.0f} of {load_group.scale.total}, static {static:.0f}; there in {took} s"
        assert alone >= USED * load_group.scale.total and alone >= TIMES_STATIC * static, said
        assert took <= ALONE_IN_SECONDS, said
        return said

    return until_good(lambda: {mode: reported(node, measure(load_group, mode, ["alone"])) for mode in ("static", "lend")},
                      judge)


def divided(node, load_group):
    """Two hogs get almost the whole total together, in equal parts."""
    def judge(rounds):
        together, equal = (median_of(rounds, key) for key in ("together", "jain"))
        said = f"two hogs got {together:.0f} of {load_group.scale.total}, Jain {equal:.3f}"
        assert together >= USED * load_group.scale.total and equal >= EQUAL, said
        return said

    return until_good(lambda: reported(node, measure(load_group, "lend", ["both"])), judge)


def settled(made, mode, seconds, text=""):
    """All hogs work in that mode; (watch, begin, end) of a time in which the service has long known it."""
    with made.configured(text or made.scale.modes()[mode]), made.watch() as watch:
        made.all_on()
        time.sleep(NOTICED_SECONDS + 2)
        began = time.monotonic()
        time.sleep(seconds)
        return watch, began, time.monotonic()


def expect_near(found, wanted, what):
    assert abs(found / wanted - 1) <= NEAR, f"{what}: expected {wanted:.0f} within {NEAR:.0%}, found {found:.0f}"


def over_committed(node, load_group):
    """Three hogs and a quiet one whose limits are far above the total: each hog has the same part of what is left."""
    said = quiet_served(node, load_group)
    watch, began, ended = settled(load_group, "fair", 10)
    rates = [watch.rate(hog.name, began, ended) for hog in load_group.hogs]
    mean = sum(rates) / len(rates)
    for hog, rate in zip(load_group.hogs, rates):
        expect_near(rate, mean, hog.name)
    assert sum(rates) >= USED * load_group.scale.total, f"the hogs got {rates} of {load_group.scale.total}"
    return f"{said}; without it the hogs got " + ", ".join(f"{rate:.0f}" for rate in rates)


def stopped_wake(load_group):
    """The service is stopped by a signal while the loan is out, so that it stays out."""
    pid = service.pid()

    def stop():
        expect_loan(load_group)
        os.kill(pid, signal.SIGSTOP)

    with load_group.configured(load_group.scale.modes()["lend"], load_group.scale.guarantee), load_group.watch() as watch:
        began = time.monotonic()
        try:
            found = measure_wake(load_group, watch, stop)
        finally:
            os.kill(pid, signal.SIGCONT)
        return {"mode": "lend, then stopped", "changes": 0, "seconds": time.monotonic() - began, **found}


def woken(node, load_group):
    """A lender that wakes up has its guarantee back. The kernel holds no total on v1: there the disk does no more than the
    total, so that a lender needs the service."""
    scale = load_group.scale
    disk = load_group.slower(scale.total / scale.capacity) if node.v1 else contextlib.nullcontext()

    def one_round():
        return {"lend": reported(node, measure(load_group, "lend", ["wake"])),
                "stopped": reported(node, stopped_wake(load_group))}

    def judge(rounds):
        least, without = (median_of([one[mode] for one in rounds], "least") for mode in ("lend", "stopped"))
        said = (f"a waking lender has from 1 s on never less than {least:.0%} of its guarantee, {without:.0%} while "
                "the service is stopped")
        assert without < BACK, f"void, the lender needs no service here: {said}"
        assert least >= BACK, said
        return said

    with disk:
        return until_good(one_round, judge)


def expect_loan(load_group, times=2):
    hog = load_group.hogs[0]
    until(lambda: (limit_of(hog.container, load_group.devnum)[0] or 0) > times * load_group.scale.guarantee,
          lambda: f"expected a loan for {hog.name}, its limit is {limit_of(hog.container, load_group.devnum)}", 20)


def expect_guarantees(load_group, seconds=RECALL_SECONDS):
    """Each container has the configured limit within that time; returns after how long."""
    began, guarantee = time.monotonic(), load_group.scale.guarantee
    for one in load_group.containers:
        until(lambda c=one: limit_of(c, load_group.devnum) == (guarantee, guarantee),
              lambda c=one: f"expected {guarantee} on {c.name}, found {limit_of(c, load_group.devnum)}", seconds)
    return time.monotonic() - began


def expect_never_unlimited(load_group, watch, begin, end, but=()):
    for one in load_group.containers:
        gone = [round(moment - begin, 1) for moment, limit in watch.limits(one.name, begin, end) if None in limit]
        assert not gone or one.name in but, f"{one.name} has no limit at {gone} s"


def recalled_after_kill(load_group):
    """The service is killed with a loan out. No limit is gone then, and soon after the restart each is the configured
    one. The hog stops meanwhile, else the service lends again at once."""
    with load_group.configured(load_group.scale.modes()["lend"], load_group.scale.guarantee), load_group.watch() as watch:
        load_group.hogs[0].on()
        expect_loan(load_group)
        pid, killed = service.pid(), time.monotonic()
        os.kill(pid, signal.SIGKILL)
        load_group.all_off()
        service.await_restart(pid)
        took = expect_guarantees(load_group)
        expect_never_unlimited(load_group, watch, killed, time.monotonic())
    return f"killed with a loan out: taken back {took:.1f} s after the restart"
