# SPDX-License-Identifier: Apache-2.0
"""What a machine measured, as tables that docs/ can quote: what /data can be, how fast a change is followed,
what the kernel makes of a limit, and what shared I/O gets."""


def markdown(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def stack_row(event):
    limit, measured = event["limit"], event["measured"]
    return [event["name"], f"`{event['chain']}`", ", ".join(event["rules"]), event["said"],
            f"{measured['read']:.0f}", f"{measured['write']:.0f}", deviation(measured, limit) + event["remark"]]


def change_row(event):
    took = event["took"]
    times = [f"{took[key] * 1000:.0f} ms" for key in ("command", "service", "bare")] if took else ["", "never off", ""]
    return [event["name"], *times, event["errors"]]


def enforcement_row(event):
    return [event["hierarchy"], event["directions"], event["mode"], f"{event['limit']:,}", spelled(event["fio"]),
            deviation(event["fio"], event["limit"]), spelled(event["disk"])]


def sharing_row(event):
    rates = [f"{event[key]:.0f}" for key in ("total", "static", "alone", "together")]
    return [event["io"], *rates, f"{event['jain']:.3f}"]


def deviation(measured, limit):
    """Of the direction that is farthest from the limit."""
    return f"{max((found / limit - 1 for found in measured.values()), key=abs):+.1%}"


def spelled(measured):
    return ", ".join(f"{found:,.0f}" for found in measured.values())


# event: (head, row of an event)
TABLES = {
    "stack": (["/data", "what STATUS says", "rule on", "IOPS limit", "fio read", "fio write", "deviation"], stack_row),
    "change": (["change, with a container doing I/O", "the command takes", "rules in place after",
                "a bare loop's after", "I/O errors"], change_row),
    "shared-kind": (["I/O", "total", "static limit, one hog", "lent, one hog", "two hogs", "Jain"], sharing_row),
    "enforcement": (["cgroup", "I/O", "how", "limit", "fio's IOPS", "deviation", "the disk's IOPS"], enforcement_row),
}


class MeasuredTables:
    """Of one machine; every row is written to tables.md as it comes."""

    def __init__(self, folder):
        self._file = folder / "tables.md"
        self._rows = {}

    def add(self, event):
        self._rows.setdefault(event["event"], []).append(TABLES[event["event"]][1](event))
        self._file.write_text(self._text())

    def _text(self):
        return "\n".join(markdown(TABLES[kind][0], rows) for kind, rows in self._rows.items())

    def text(self, cell):
        """For the end of the run; empty when nothing was measured."""
        return f"\n{cell}, also in {self._file}:\n{self._text()}" if self._rows else ""
