#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every link, anchor and path of the repository in a document leads somewhere, and the README stays short.

Usage: links_test.py SOURCE_FOLDER
"""
import os
import pathlib
import re
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1]).resolve()
README_LINES = 120
NOT_OURS = {".git", "build", "__pycache__"}
FOLDERS = r"(?:src|tests|packaging|conf|docs|bench|man|units|debian|\.ci)"
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
# Not behind "/", "." or "-": /usr/share/man/, packaging/tests/.
PATH = re.compile(rf"(?<![\w./-]){FOLDERS}/[\w./*-]*[\w*]|(?<![\w./-])[\w.-]+\.md\b")


def files_below(source):
    for folder, folders, names in os.walk(source):
        folders[:] = [one for one in folders if one not in NOT_OURS]
        yield from (pathlib.Path(folder) / name for name in names)


def documents(source):
    """The texts for readers: Markdown, manual pages, the news, the sample file, the explanations of journal lines."""
    for file in sorted(files_below(source)):
        where = file.relative_to(source)
        if file.suffix == ".md" or where.parts[0] in ("man", "NEWS") or \
                where.parts[0] == "conf" and file.suffix in (".conf", ".catalog"):
            yield file


def prose(text):
    """Markdown without its code, where nothing is a link or a heading."""
    text = re.sub(r"^(```|~~~).*?^\1\s*$", "", text, flags=re.S | re.M)
    return re.sub(r"<!--.*?-->", "", text, flags=re.S)


def anchors(text):
    """The anchors that GitHub makes from the headings."""
    found = set()
    for title in re.findall(r"^#{1,6}\s+(.*?)\s*#*$", prose(text), re.M):
        title = LINK.sub(lambda link: link[0][1:link[0].index("]")], title)
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        number, name = 0, slug
        while name in found:
            number += 1
            name = f"{slug}-{number}"
        found.add(name)
    return found


def broken_links(file, source):
    for target in LINK.findall(re.sub(r"`[^`\n]*`", "", prose(file.read_text()))):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        goal = (file.parent / path).resolve() if path else file
        if not goal.exists() or not goal.is_relative_to(source):
            yield f"link to {target}: no such file"
        elif anchor and (goal.suffix != ".md" or anchor not in anchors(goal.read_text())):
            yield f"link to {target}: no such heading"


def missing_paths(file, source):
    text = LINK.sub("", file.read_text()).replace(r"\-", "-")  # the links have a check of their own
    for path in PATH.findall(text):
        if any(list(folder.glob(path)) for folder in {source, file.parent}):
            continue
        yield f"{path}: no such file or folder in the repository"


def faults(source):
    found = []
    for file in documents(source):
        wrong = list(missing_paths(file, source))
        if file.suffix == ".md":
            wrong += broken_links(file, source)
        found += [f"{file.relative_to(source)}: {one}" for one in wrong]
    lines = len((source / "README.md").read_text().splitlines())
    if lines > README_LINES:
        found.append(f"README.md: {lines} lines, at most {README_LINES}")
    return found


class Documents(unittest.TestCase):
    def test_every_link_and_path_leads_somewhere(self):
        self.assertGreater(len(list(documents(SOURCE))), 20)
        self.assertEqual(faults(SOURCE), [])


class Checker(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.source = pathlib.Path(self.folder.name).resolve()
        (self.source / "docs").mkdir()
        (self.source / "docs/page.md").write_text(
            "# A `page`, with [NAME]\n\n```\n# no heading\n```\n## Again\n## Again\n")

    def tearDown(self):
        self.folder.cleanup()

    def faults_of(self, readme):
        (self.source / "README.md").write_text(readme)
        return faults(self.source)

    def test_good_links(self):
        good = ("[a](docs/page.md) [b](docs/page.md#a-page-with-name) [c](#here)\n# Here\n"
                "[d](docs/page.md#again-1) [e](https://example.org/x.md) /usr/share/man/no docs/*.md\n")
        self.assertEqual(self.faults_of(good), [])

    def test_broken_ones_are_found(self):
        for text in ("[a](docs/none.md)", "[a](docs/page.md#none)", "[a](#none)", "[a](../outside.md)",
                     "[a](docs/page.md#no-heading)", "[a](docs/page.md#again-2)",
                     "see tests/none.cpp", "see `src/none/`", "see docs/*.txt", "see NONE.md"):
            with self.subTest(text):
                self.assertNotEqual(self.faults_of(text + "\n"), [])

    def test_a_long_readme_is_found(self):
        self.assertEqual(self.faults_of("line\n" * README_LINES), [])
        self.assertEqual(len(self.faults_of("line\n" * (README_LINES + 1))), 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
