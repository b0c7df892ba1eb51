# SPDX-License-Identifier: Apache-2.0
"""iopsctl top on a terminal: tmux is one, its screen can be read."""
import contextlib
import re

import fio
from cases import case
from disks import run
from report import until

SESSION = "lab"


def screen():
    return run("tmux", "capture-pane", "-p", "-t", SESSION).rstrip("\n").splitlines()


def keys(*names):
    run("tmux", "send-keys", "-t", SESSION, *names)


@contextlib.contextmanager
def terminal(columns, rows=24):
    run("tmux", "new-session", "-d", "-s", SESSION, "-x", str(columns), "-y", str(rows), "bash", "--norc")
    try:
        yield
    finally:
        run("tmux", "kill-session", "-t", SESSION)


def row_of(lines, name):
    return next(line for line in lines if name in line)


def expect_screen(pattern):
    return until(lambda: next((line for line in screen() if re.search(pattern, line)), None),
                 lambda: f"a line with {pattern!r} on the screen:\n" + "\n".join(screen()), 40)


@case("operator-watches-top", cells="v2-systemd", long=True)
def top(node):
    base = node.base()
    node.expect_limited()
    busy = fio.Background(node.runtime, base)
    shown = {}
    try:
        still = {f"iopsctl {verb}": run("iopsctl", verb).splitlines() for verb in ("status", "list")}
        for columns in (80, 140):
            with terminal(columns):
                keys("iopsctl top", "Enter")
                # It does what it may: the bar says so, within a fifth of its limit.
                expect_screen(rf"{base.pod.name}.*\b(8\d|9\d|10\d)%")
                shown[columns] = screen()
                wide = max(map(len, shown[columns]))
                assert columns // 2 < wide <= columns, f"{wide} of {columns} columns are used: {shown[columns]}"
                keys("n")
                expect_screen(r"\*CONTAINER")
                run("tmux", "resize-window", "-t", SESSION, "-x", "100", "-y", "20")
                until(lambda: 0 < len(screen()) <= 20 and max(map(len, screen())) <= 100, "a redraw after a resize", 20)
                keys("q")
                expect_screen(r"^bash.*[#$] ?$")
    finally:
        busy.stop()
    screens = {**still, "iopsctl top, 80 columns": shown[80], "iopsctl top, 140 columns": shown[140]}
    node.report.send("screen", text="\n".join(line for title, lines in screens.items()
                                              for line in (f"--- {title}", *lines, "")))
    return f"a busy container at 80, 140 and, resized, 100 columns: {row_of(shown[80], base.pod.name)}"
