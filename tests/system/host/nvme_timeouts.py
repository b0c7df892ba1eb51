# SPDX-License-Identifier: Apache-2.0
"""Recognizes the one failure that QEMU causes and not the service: the emulated NVMe disk stops answering commands. The
lines of the guest's kernel tell it from every other failure. A cell that failed so is repeated once, from its start; no
other failure is repeated. See docs/development/decisions/0018-nvme-in-the-test-machine.md."""
import re
import shutil
import typing

COMMAND_SECONDS = 30  # the guest's nvme_core.io_timeout: how long a command has waited when the kernel reports it
CLOCK_SECONDS = 5     # the kernel's log and the report line use different clocks
# "completion polled" is not included: in that case the disk did answer. Newer kernels add "tag" and the opcode.
LINE = re.compile(r"^\[ *(\d+\.\d+)\] (nvme nvme\d+: I/O (?:tag )?\d+ .*?QID \d+ timeout, "
                  r"(?:aborting|reset controller|disable controller).*)$", re.MULTILINE)
LINES_SHOWN = 5


class Timeout(typing.NamedTuple):
    at: float  # seconds since the guest booted
    text: str


def find_timeouts(console):
    """The NVMe command timeouts that the guest's kernel reported on its console."""
    return [Timeout(float(match[1]), match[2].rstrip()) for match in LINE.finditer(console)]


class CellRun:
    """One run of a cell. Its results are printed as they come; they are counted only with Results.count()."""

    def __init__(self, results):
        self._results, self.outcomes, self.texts, self.seconds = results, [], [], {}
        self._failed_at = []

    def add(self, name, result, text="", seconds=0.0, evidence=(), at=None, place=""):
        """`at`: when it ended, in seconds since the guest booted; None if a disk cannot be the cause of a failure.
        `place`: which of the cell's cases it is; see Results.show()."""
        self.outcomes.append(result)
        self.seconds[name] = seconds
        if result == "fail":
            self._failed_at.append(at)
        self._results.show(name, result, text, seconds, evidence, place)

    def failed_because_of(self, timeouts):
        """True if the run failed and no failure is older than the first command that the disk did not answer."""
        if not timeouts or not self._failed_at or None in self._failed_at:
            return False
        return min(self._failed_at) >= min(timeout.at for timeout in timeouts) - COMMAND_SECONDS - CLOCK_SECONDS


def run_cell(folder, run_once, results):
    """Runs a cell, and repeats it once if its NVMe disk failed. `run_once(run)` boots the machine, adds its results to
    `run` and returns the text of the guest's console. `folder` holds the files of the cell and is named after it."""
    cell, first = folder.name, folder.with_name(f"{folder.name}.first-run")
    shutil.rmtree(first, ignore_errors=True)
    run = CellRun(results)
    timeouts = find_timeouts(run_once(run))
    if run.failed_because_of(timeouts):
        results.announce(f"REPEAT  {cell}: QEMU's NVMe disk stopped answering. The results of {cell} above do not count; the "
                         f"cell is repeated once, from its start. Files of the first run: {first}. Its kernel said:",
                         [f"[{timeout.at:.6f}] {timeout.text}" for timeout in timeouts[:LINES_SHOWN]])
        folder.rename(first)
        run = CellRun(results)
        if run.failed_because_of(find_timeouts(run_once(run))):
            results.announce(f"{cell}: QEMU's NVMe disk stopped answering in the second run too. This run counts.")
    results.count(run)
