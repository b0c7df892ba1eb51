# SPDX-License-Identifier: Apache-2.0
"""The demonstration's second part: a disk that can do less than the containers want, first without the service's help,
then shared."""
import sharing

SCALE = sharing.Scale()
MODES = ("no limits", "limits and total", "lend")
SETTLE_SECONDS, NOTICED_SECONDS, QUIET_SECONDS = 1, 4, 4
# Seconds of the timeline: the second hog begins, the quiet container wakes up, it sleeps again, the end.
SECOND_AT, AWAKE_AT, ASLEEP_AT, END_AT = 5, 10, 15, 21


def timeline(load_group, report):
    """One hog borrows, soon two do; the quiet container wakes up, takes back what is its own, and sleeps again."""
    first, second = load_group.hogs
    acts = [(0, first.on), (SECOND_AT, second.on), (AWAKE_AT, load_group.lender.on), (ASLEEP_AT, load_group.lender.off)]
    for track in sharing.play(load_group, acts, END_AT):
        report.send("loan", marks=[at for at, _ in acts[1:]], **track)


def show(report, containers, devnum):
    """`containers`: two hogs and the quiet one."""
    report.step(f"the disk is given a capacity of {SCALE.capacity:,} IOPS; {containers[0].name} and "
                f"{containers[1].name} want all of it, quiet wants {SCALE.quiet} reads a second")
    with sharing.capacity(report, SCALE.capacity), sharing.load_on(containers, devnum, SCALE) as load_group:
        load_group.settle_seconds, load_group.noticed_seconds = SETTLE_SECONDS, NOTICED_SECONDS
        load_group.quiet_seconds = QUIET_SECONDS
        for mode in MODES:
            found = sharing.measure(load_group, mode, ["quiet"])
            report.send("shared", scale=vars(SCALE), **found)
            report.step(sharing.spelled(found))
        report.step("they borrow, one after the other; quiet wakes up, then sleeps again")
        timeline(load_group, report)
