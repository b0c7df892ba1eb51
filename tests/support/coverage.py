#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the tests reach of the files that decide and of the service, file by file, and whether it is enough.

Usage: coverage.py SUMMARY SOURCE_FOLDER PERCENT; the summary is that of `llvm-cov export -summary-only`.
"""
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "rules"))
import rooms  # noqa: E402  the folder is known by now

LINE = "{:<28}{:>7}{:>8}{:>9}{:>9}{:>8}{:>9}"


def row(name, counts):
    words = []
    for kind in ("lines", "branches"):
        count, covered = counts[kind]
        words += [count, count - covered, f"{100 * covered / count:.1f} %" if count else "-"]
    return LINE.format(name, *words)


def main():
    summary, source, least = sys.argv[1:4]
    surfaces = rooms.SURFACES - {"service/service"}
    total = {"lines": (0, 0), "branches": (0, 0)}
    print(LINE.format("", "lines", "missed", "", "branches", "missed", ""))
    for file in json.loads(pathlib.Path(summary).read_text())["data"][0]["files"]:
        path = pathlib.Path(os.path.normpath(file["filename"]))
        if source not in map(str, path.parents) or path.name == "main.cpp":
            continue
        name = str(path.relative_to(source))
        if str(path.relative_to(source).with_suffix("")) in surfaces or name.startswith("iopsctl/"):
            continue
        counts = {kind: (file["summary"][kind]["count"], file["summary"][kind]["covered"]) for kind in total}
        print(row(name, counts))
        total = {kind: tuple(map(sum, zip(total[kind], counts[kind]))) for kind in total}
    print(row("all", total))
    short = [kind for kind, (count, covered) in total.items() if 100 * covered < float(least) * count]
    for kind in short:
        print(f"{kind}: less than {least} %")
    return 1 if short or not total["lines"][0] else 0


if __name__ == "__main__":
    sys.exit(main())
