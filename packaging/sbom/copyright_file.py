# SPDX-License-Identifier: Apache-2.0
"""The licenses in a Debian copyright file (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/), as an
expression of SPDX's."""
import re

# Debian's short names that SPDX spells otherwise or the same way; those of the GNU licenses follow a rule.
SPDX_NAMES = {"expat": "MIT", **{name.lower(): name for name in (
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "Zlib")}}
GNU = re.compile(r"(L?GPL)-([123])(\.[01])?(\+?)$", re.I)
NAME = r"[\w.+/~-]+"


def paragraphs(text):
    """Each as {field: (first line, further lines)}."""
    for block in re.split(r"\n[ \t]*\n", text):
        fields = re.findall(r"^(\S+):[ \t]*(.*(?:\n[ \t].*)*)", block, re.M)
        yield {name: (value.split("\n")[0].strip(), "\n".join(value.split("\n")[1:])) for name, value in fields}


def spdx_name(name):
    """"" for a name that SPDX does not have."""
    gnu = GNU.match(name)
    if gnu:
        family, major, minor, later = gnu.groups()
        return f"{family.upper()}-{major}{minor or '.0'}-{'or-later' if later else 'only'}"
    return SPDX_NAMES.get(name.lower(), "")


def licenses(package, text):
    """(expression, {LicenseRef-ID: its text}). NOASSERTION for a file that is not in the machine-readable format."""
    if not re.match(r"Format:\s*\S+copyright-format/1\.0", text):
        return "NOASSERTION", {}
    parts = list(paragraphs(text))
    texts = {}
    for part in parts:
        name, body = part.get("License", ("", ""))
        if body:
            texts.setdefault(name, body)
    terms, references = set(), {}

    def term(name):
        known = spdx_name(name)
        if known:
            return known
        ident = "LicenseRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", f"{package}-{name}")
        references[ident] = texts.get(name) or f"The copyright file of {package} calls it {name}."
        return ident

    for part in parts:
        name = part.get("License", ("", ""))[0]
        if "Files" not in part or not name:
            continue
        words = re.split(r" (and|or) ", name, flags=re.I)
        operators = {word.lower() for word in words[1::2]}
        if len(operators) == 1 and all(re.fullmatch(NAME, word) for word in words[::2]):
            joined = f" {operators.pop().upper()} ".join(sorted({term(word) for word in words[::2]}))
            terms.add(f"({joined})" if " OR " in joined else joined)
        else:
            terms.add(term(name))
    return " AND ".join(sorted({one for whole in terms for one in whole.split(" AND ")})) or "NOASSERTION", references
