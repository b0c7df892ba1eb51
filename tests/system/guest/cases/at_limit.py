# SPDX-License-Identifier: Apache-2.0
"""Seconds at the limit: how long a container used up its limit, as a counter that iopsctl, the bus and the metrics show."""
import contextlib
import time

import sharing
from cases import case
from ctl import row_of
from disk_load import THREADS, Hog

BUSY_SECONDS, SPAN_SECONDS = 20, 60
NEAR = 0.1  # of the time that is known


def seconds(container):
    row = row_of(container)
    return {"read": row["at_limit_read_msec"] / 1000, "write": row["at_limit_write_msec"] / 1000,
            "day": row["at_limit_day_msec"] / 1000}


def expect_counted(hog, before, busy):
    direction, other = ("write", "read") if hog.direction else ("read", "write")
    found = {key: value - before[key] for key, value in seconds(hog.container).items()}
    assert abs(found[direction] - busy) <= NEAR * busy, \
        f"{hog.name} was busy for {busy:.1f} s in direction {direction}, counted are {found}"
    assert found[other] == 0, f"{hog.name} does nothing in direction {other}, counted are {found}"
    assert abs(found["day"] - found[direction]) < 0.01, f"the last 24 hours have {found}"
    return f"{hog.name}: {found[direction]:.1f} of {busy:.1f} s"


def counted(made, total):
    """Both work for a part of the time; what the service counts of each."""
    scale, hogs, idle = made.scale, made.hogs, made.quiet.container
    with made.configured(sharing.limits(scale.guarantee, total), scale.guarantee):
        before = {hog.name: seconds(hog.container) for hog in hogs}
        of_idle = seconds(idle)
        began = time.monotonic()
        starts = {hog.name: hog.on() for hog in hogs}
        time.sleep(BUSY_SECONDS)
        busy = {hog.name: hog.off() - starts[hog.name] for hog in hogs}
        time.sleep(max(0.0, began + SPAN_SECONDS - time.monotonic()))
        assert seconds(idle) == of_idle, f"{idle.name} does nothing, counted are {seconds(idle)} after {of_idle}"
        return "; ".join(expect_counted(hog, before[hog.name], busy[hog.name]) for hog in hogs)


@contextlib.contextmanager
def load_group(node):
    """A reader, a writer and one that does nothing."""
    with sharing.load_group(node, ("reader", "writer")) as made:
        reader, other = made.hogs
        writer = Hog(other.container, made.devnum, THREADS, work="write")  # the other one stays off
        try:
            made.hogs = [reader, writer]
            yield made
        finally:
            writer.end()


@case("seconds-at-the-limit", cells="v2-systemd v1-systemd", long=True)
def with_a_total(node):
    """The total is above what the two may do together."""
    with load_group(node) as made:
        return counted(made, made.scale.total)


@case("seconds-at-the-limit-without-a-total", cells="v2-systemd v1-systemd", long=True)
def without_a_total(node):
    """Nothing is shared: on v1 the service notices at its next check that there is I/O."""
    with load_group(node) as made:
        made.service = "[service]\ncheck_interval = 5\n"
        return counted(made, 0)
