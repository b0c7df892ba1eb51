#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the software bill of materials of a package beside it. To be run where the package was built: dpkg there says
which Debian packages the linked libraries and the headers are from.

Usage: package_sbom.py PACKAGE SOURCE   (SOURCE: the archive that it was built from)
"""
import pathlib
import re
import subprocess
import sys
import tempfile

from document import OWN_LICENSE, REPOSITORY, Document

PROGRAMS = ("usr/sbin/iops-limitd", "usr/bin/iopsctl")
FIELDS = ("Package", "Version", "Architecture", "Source")


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


def unpack(package, folder):
    if package.suffix == ".deb":
        run("dpkg-deb", "-x", str(package), str(folder))
        return
    archive = subprocess.run(["rpm2cpio", str(package)], check=True, capture_output=True).stdout
    subprocess.run(["cpio", "-idm", "--quiet"], input=archive, check=True, cwd=folder)


def contents(folder):
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*")}
    return {name: (path.read_bytes(), OWN_LICENSE) for name, path in files.items()
            if path.is_file() and not path.is_symlink()}


def fields(package):
    form = "\t".join(f"${{{name}}}" for name in FIELDS[:3]) + "\t${source:Package} (${source:Version})"
    return dict(zip(FIELDS, run("dpkg-query", "-W", "-f", form, package).split("\t")))


def owner(path):
    """The Debian package of a file, which dpkg may know without the /usr of merged systems."""
    for one in (path, path.removeprefix("/usr"), "/usr" + path):
        found = subprocess.run(["dpkg-query", "-S", one], capture_output=True, text=True).stdout
        if found:
            return found.split(": ")[0].split(",")[0]
    raise SystemExit(f"dpkg knows no package of {path}")


def linked(program):
    """The packages of the libraries that the program names itself."""
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-dW", str(program)))
    places = dict(re.findall(r"^\s*(\S+) => (\S+)", run("ldd", str(program)), re.M))
    return {owner(places[name]) for name in needed if name in places}


def build_dependencies():
    """Those of debian/control that are installed, without versions and alternatives that are not."""
    text = (REPOSITORY / "debian/control").read_text()
    listed = re.search(r"^Build-Depends:((?:.*\n)(?:[ \t].*\n)*)", text, re.M).group(1)
    names = re.findall(r"[a-z0-9][a-z0-9.+-]+", re.sub(r"\([^)]*\)", "", listed))
    found = (subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${binary:Package}\n", name],
                            capture_output=True, text=True).stdout.split() for name in names)
    return [words[1] for words in found if words[:1] == ["installed"]]


def has_headers(package):
    return any(line.startswith("/usr/include/") for line in run("dpkg-query", "-L", package).splitlines())


def main():
    package, source = map(pathlib.Path, sys.argv[1:])
    version = run(str(REPOSITORY / "packaging/version")).strip()
    release = re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M).group(1)
    document, sources = Document(package, version), set()

    def add(name, kind):
        data = fields(name)
        text = pathlib.Path("/usr/share/doc", data["Package"], "copyright").read_text()
        ident = document.add_debian(data, text, release)
        if kind == "BUILD_DEPENDENCY_OF":
            document.relate(ident, kind, document.main)
        else:
            document.relate(document.main, kind, ident)
        return data["Source"]

    with tempfile.TemporaryDirectory() as scratch:
        folder, libraries = pathlib.Path(scratch), set()
        unpack(package, folder)
        comment = ""
        if package.suffix == ".rpm":
            header = run("rpm", "-qp", "--qf", "%{SHA256HEADER}", str(package))
            comment = f"The checksum is that of the unsigned package. Signed or not, its SHA256HEADER is {header}"
        document.describe("APPLICATION", contents(folder), source, comment)
        for program in PROGRAMS:
            libraries |= linked(folder / program)
        for name in sorted(libraries):
            sources.add(add(name, "DYNAMIC_LINK"))
    for name in sorted(build_dependencies()):
        # Headers of a library that nothing is linked with: their code is in the programs.
        inside = has_headers(name) and fields(name)["Source"] not in sources
        add(name, "STATIC_LINK" if inside else "BUILD_DEPENDENCY_OF")
    print(document.write())


if __name__ == "__main__":
    main()
