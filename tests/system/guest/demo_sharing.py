# SPDX-License-Identifier: Apache-2.0
"""The demonstration's second part: a disk that can do less than the containers want, first without the service's help,
then shared."""
import time

import sharing

SCALE = sharing.Scale()
MODES = ("no limits", "limits and total", "lend")
SETTLE_SECONDS, NOTICED_SECONDS, QUIET_SECONDS = 1, 4, 4
AWAKE_AT, ASLEEP_AT, END_AT = 6, 11, 17  # seconds of the timeline in which the lender wakes and sleeps
BARS_PER_SECOND = 2


def timeline(stage, report):
    """One hog borrows; the quiet container wakes up, takes back what is its own, and sleeps again."""
    hog, lender, guarantee = stage.hogs[0], stage.lender, stage.scale.guarantee
    acts = [(AWAKE_AT, lender.on), (ASLEEP_AT, lender.off), (END_AT, hog.off)]
    with stage.configured(stage.scale.modes()["lend"], guarantee), stage.watch() as watch:
        began = hog.on()
        for second, act in acts:
            time.sleep(max(0.0, began + second - time.monotonic()))
            act()
        time.sleep(watch.every)  # one more look
    step = 1 / BARS_PER_SECOND
    for one in (hog, lender):
        bars = [watch.rate(one.name, began + number * step, began + (number + 1) * step)
                for number in range(END_AT * BARS_PER_SECOND)]
        changes = [limit[0] for _, limit in watch.changes(one.name, began, began + END_AT)]
        report.send("loan", container=one.name, bars=bars, limits=[guarantee, *changes],
                    marks=[AWAKE_AT * BARS_PER_SECOND, ASLEEP_AT * BARS_PER_SECOND])


def show(report, containers, devnum):
    """`containers`: two hogs and the quiet one."""
    report.step(f"the disk is given a capacity of {SCALE.capacity:,} IOPS; {containers[0].name} and "
                f"{containers[1].name} want all of it, quiet wants {SCALE.quiet} reads a second")
    with sharing.capacity(report, SCALE.capacity), sharing.on_stage(containers, devnum, SCALE) as stage:
        stage.settle_seconds, stage.noticed_seconds = SETTLE_SECONDS, NOTICED_SECONDS
        stage.quiet_seconds = QUIET_SECONDS
        for mode in MODES:
            found = sharing.measure(stage, mode, ["quiet"])
            report.send("shared", scale=vars(SCALE), **found)
            report.step(sharing.spelled(found))
        report.step("one of them borrows; quiet wakes up, then sleeps again")
        timeline(stage, report)
