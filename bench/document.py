#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Puts the results of `./dev bench` and `./dev bench --v2` into the tables of docs/performance.md.

Usage: document.py DOCUMENT RESULT.json...

The document has a place for each version of cgroup, between `<!-- measured: VERSION -->` and `<!-- end -->`. Rows that a
result does not have stay as they are, and the document says so.
"""
import dataclasses
import json
import pathlib
import re
import sys

import table

FIELDS = [field.name for field in dataclasses.fields(table.Row)]


def line(cells):
    return re.sub(" +", " ", "| " + " | ".join(cells) + " |")


def place(version):
    return re.compile(rf"(?<=<!-- measured: {version} -->\n).*?(?=<!-- end -->)", re.DOTALL)


def merged(old, new):
    """The lines of the old table by name, with the new ones in their places; one without a place follows its forerunner."""
    names = list(old)
    at = 0
    for name in new:
        if name not in old:
            names.insert(at, name)
        at = names.index(name) + 1
    return [new.get(name, old.get(name)) for name in names]


def measured(text, result):
    """The new text of a place."""
    machine = result["machine"]
    new = {row["name"]: line(table.Row(**{name: row[name] for name in FIELDS}).cells()) for row in result["rows"]}
    old = {row.split("|")[1].strip(): row for row in text.split("\n") if row.startswith("| ") and "---" not in row}
    old.pop("", None)  # the head
    head = [f"Measured on {machine['cpu']}, Linux {machine['kernel']}, cgroup {machine['cgroup']}. The load of the machine was "
            f"{machine['load']:.1f} before and {machine['load_at_end']:.1f} after."]
    kept = [name for name in old if name not in new]
    if kept and len(kept) < len(new):
        head.append("These rows are from earlier runs: " + "; ".join(kept) + ".")
    elif kept:
        head.append("All rows but these are from earlier runs: " + "; ".join(new) + ".")
    lines = [line(table.HEADS), line(["---"] * len(table.HEADS)), *merged(old, new)]
    return "\n".join([*head, "", *lines, ""])


def main():
    document = pathlib.Path(sys.argv[1])
    text = document.read_text()
    for file in sys.argv[2:]:
        result = json.loads(pathlib.Path(file).read_text())
        where = place(result["machine"]["cgroup"])
        if not where.search(text):
            raise SystemExit(f"{document} has no place for cgroup {result['machine']['cgroup']}")
        text = where.sub(lambda found, result=result: measured(found[0], result), text)
    document.write_text(text)


if __name__ == "__main__":
    main()
