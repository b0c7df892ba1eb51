# SPDX-License-Identifier: Apache-2.0
"""One measured row, and rows as a table and as JSON."""
import dataclasses
import statistics
from typing import Optional

ROUNDS = 5


@dataclasses.dataclass
class Row:
    name: str
    unit: str
    ours: Optional[float]
    floor: Optional[float] = None
    script: Optional[float] = None
    ratio: Optional[float] = None
    target: Optional[float] = None
    of_target: str = "ratio"  # the field that the target is for
    note: str = ""

    def met(self):
        if self.target is None:
            return None
        return getattr(self, self.of_target) <= self.target

    def noise(self):
        """The floor does a part of what we do: where it is slower, the neighbours were measured."""
        return self.ratio is not None and self.ratio < 1

    def cells(self):
        verdict = {None: "", True: "met", False: "MISSED"}[self.met()]
        if self.noise():
            verdict = "noise"
        target = "" if self.target is None else f"{self.of_target} <= {self.target:g}"
        return [self.name, self.unit, *(number(one) for one in (self.ours, self.floor, self.script)),
                "" if self.ratio is None else f"{self.ratio:.2f}", target, verdict]


def quantile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def ratio_of_rounds(ours, floor, measure):
    """The median of the rounds' ratios: what a busy neighbour does to one round does not count."""
    return statistics.median(measure(one) / measure(other) for one, other in zip(ours, floor))


HEADS = ["", "unit", "iops-limitd", "floor", "script", "ratio to floor", "target", ""]


def number(value):
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value % 1 else f"{value:.0f}"


def markdown(rows):
    lines = [HEADS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |"
                     for line in lines)


def plain(rows):
    return [{**dataclasses.asdict(row), "met": row.met() and not row.noise()} for row in rows]
