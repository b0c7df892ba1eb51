# SPDX-License-Identifier: Apache-2.0
"""What a stacks machine measured, as two tables that the README can quote: what /data can be, and how fast a change is
followed."""

STACK_HEAD = ["/data", "what STATUS says", "rule on", "IOPS limit", "fio read", "fio write", "deviation"]
CHANGE_HEAD = ["change, with a container doing I/O", "the command takes", "rules in place after", "a bare loop's after",
               "I/O errors"]


def markdown(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def stack_row(event):
    limit, measured = event["limit"], event["measured"]
    worst = max((found / limit - 1 for found in measured.values()), key=abs)
    return [event["name"], f"`{event['chain']}`", ", ".join(event["rules"]), event["said"],
            f"{measured['read']:.0f}", f"{measured['write']:.0f}", f"{worst:+.1%}" + event["remark"]]


def change_row(event):
    took = event["took"]
    times = [f"{took[key] * 1000:.0f} ms" for key in ("command", "service", "bare")] if took else ["", "never off", ""]
    return [event["name"], *times, event["errors"]]


class StackTable:
    """Of one machine; every row is written to stacks.md as it comes."""

    def __init__(self, folder):
        self._file = folder / "stacks.md"
        self._stacks, self._changes = [], []

    def add(self, event):
        if event["event"] == "stack":
            self._stacks.append(stack_row(event))
        else:
            self._changes.append(change_row(event))
        self._file.write_text(self._tables())

    def _tables(self):
        parts = [markdown(STACK_HEAD, self._stacks)] if self._stacks else []
        return "\n".join(parts + ([markdown(CHANGE_HEAD, self._changes)] if self._changes else []))

    def text(self, cell):
        """For the end of the run; empty when nothing was measured."""
        tables = self._tables()
        return f"\n{cell}, also in {self._file}:\n{tables}" if tables else ""
