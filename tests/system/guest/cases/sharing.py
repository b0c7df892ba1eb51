# SPDX-License-Identifier: Apache-2.0
"""Sharing the disk: busy containers are cut so that quiet ones do not wait behind them, and are lent what is left. The
disk has a fixed capacity, above the total. The hogs are threads that wait, as applications do; sharing_rows has
others."""
import contextlib
import os
import signal
import time

import containerd
import rules
import service
import sharing
import sharing_checks as checks
from cases import case
from ctl import ctl, name_of
from disk_load import limit_of
from report import until

LONG_CELLS = "v2-systemd v1-systemd"


@contextlib.contextmanager
def load_group(node):
    with sharing.capacity(node.report, sharing.Scale().capacity) as slower, sharing.load_group(node) as made:
        made.slower = slower
        yield made


@case("sharing", cells="v2-systemd")
def daily(node):
    with load_group(node) as made:
        return "; ".join([checks.quiet_served(node, made, strict=False), checks.lent(node, made),
                          checks.woken(node, made), checks.recalled_after_kill(made)])


@contextlib.contextmanager
def loan_out(made):
    """A loan is out, and whatever happens in the block takes no limit away."""
    with made.configured(made.scale.modes()["lend"], made.scale.guarantee), made.watch() as watch:
        made.hogs[0].on()
        checks.expect_loan(made)
        began = time.monotonic()
        yield watch
        checks.expect_never_unlimited(made, watch, began, time.monotonic())


def lender_gets_its_guarantee(made, watch):
    """From 1 s on. Too little can also mean that the machine got no CPU: then it wakes once more."""
    for _ in range(checks.ROUNDS):
        woke = made.lender.on()
        time.sleep(3)
        rates = watch.windows(made.lender.name, woke + 1, made.lender.off())
        if min(rates) >= checks.BACK * made.scale.guarantee:
            return f"{min(rates):.0f} of {made.scale.guarantee}"
        checks.expect_loan(made)
    raise AssertionError(f"the lender got {rates} of {made.scale.guarantee}")


@case("sharing-service-stopped-and-continued", cells=LONG_CELLS, long=True)
def stopped(node):
    """A round that comes seconds late takes all loans back."""
    with load_group(node) as made, loan_out(made):
        pid, hog = service.pid(), made.hogs[0]
        os.kill(pid, signal.SIGSTOP)
        time.sleep(5)
        hog.off()
        os.kill(pid, signal.SIGCONT)
        return f"taken back after {checks.expect_guarantees(made):.1f} s"


@case("sharing-reload-with-a-loan-out", cells=LONG_CELLS, long=True)
def reload(node):
    with load_group(node) as made, loan_out(made) as watch:
        assert service.reload(), "the service refused the configuration"
        got = lender_gets_its_guarantee(made, watch)
        checks.expect_loan(made)
        return f"the lender then got {got}; lent again afterwards"


@case("sharing-pause-with-a-loan-out", cells=LONG_CELLS, long=True)
def pause(node):
    """The paused one has no limit, as asked for; its limit comes back as the configured one or a loan."""
    with load_group(node) as made:
        hog = made.hogs[0]
        with made.configured(made.scale.modes()["lend"], made.scale.guarantee), made.watch() as watch:
            hog.on()
            checks.expect_loan(made)
            began = time.monotonic()
            ctl("pause", name_of(hog.container), "--for", "1m")
            until(lambda: limit_of(hog.container, made.devnum) == (None, None), "no limit while paused", 10)
            hog.off()
            ctl("resume", name_of(hog.container))
            checks.expect_guarantees(made)
            checks.expect_never_unlimited(made, watch, began, time.monotonic(), but=[hog.name])
    return "no limit while paused, the configured one afterwards"


@case("sharing-limit-changed-by-another", cells=LONG_CELLS, long=True)
def drift(node):
    """Who writes a limit gets the configured one back, and for a while no loan."""
    with load_group(node) as made, loan_out(made) as watch:
        hog, guarantee = made.hogs[0], made.scale.guarantee
        rules.write(rules.root() / hog.container.cgroup.strip("/"), made.devnum, 100000)
        written = time.monotonic()
        until(lambda: limit_of(hog.container, made.devnum) == (guarantee, guarantee),
              lambda: f"expected {guarantee}, found {limit_of(hog.container, made.devnum)}", checks.RECALL_SECONDS)
        took = time.monotonic() - written
        time.sleep(5)
        later = {limit for moment, limit in watch.limits(hog.name, written + took + 0.5, time.monotonic())}
        assert later == {(guarantee, guarantee)}, f"expected no loan after the change, found {later}"
    return f"the configured limit after {took:.1f} s, and no loan for 5 s"


@case("sharing-containerd-restarted", cells=LONG_CELLS, long=True)
def runtime(node):
    with load_group(node) as made, loan_out(made) as watch:
        containerd.restart(node.runtime)
        return f"the lender then got {lender_gets_its_guarantee(made, watch)}"


@case("sharing-killed-with-loans-out", cells="v1-systemd", long=True)
def killed(node):
    with load_group(node) as made:
        return checks.recalled_after_kill(made)
