# SPDX-License-Identifier: Apache-2.0
"""What this machine's own apt knows of Debian archives, for mmdebstrap: no mirror is named anywhere here."""
import os
import pathlib
import subprocess

# What the host needs to reach its mirror, and nothing else of its apt configuration.
APT_SETTINGS_TAKEN_OVER = ("Acquire::http", "Acquire::https", "Acquire::Check-Valid-Until", "Acquire::Check-Date",
                           "Acquire::Retries")


def debian_sources():
    """One-line sources of every Debian archive the host itself uses: no mirror is named here."""
    lines = subprocess.run(
        ["apt-get", "indextargets", "--format", "deb $(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages",
         "Origin: Debian"], check=True, capture_output=True, text=True).stdout
    if not lines.strip():
        raise SystemExit("apt knows no Debian archive: run `apt-get update` and look at /etc/apt/sources.list")
    return "".join(line + "\n" for line in dict.fromkeys(lines.splitlines()))


def sources_of(other):
    """The host's archive of its own suite, with the suite `other`; for its own suite the updates too."""
    if other == suite():
        return debian_sources()
    lines = [line.split() for line in debian_sources().splitlines()]
    return "".join(f"deb {uri} {other} {part}\n" for _, uri, release, part in lines if release == suite())


def suite():
    for line in pathlib.Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.split("=", 1)[1].strip('"')
    raise SystemExit("/etc/os-release names no VERSION_CODENAME: this needs Debian 12")


def apt_options():
    dump = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True).stdout
    options = [line for line in dump.splitlines() if line.startswith(APT_SETTINGS_TAKEN_OVER)]
    for kind, path in (("netrc", "/etc/apt/auth.conf"), ("netrcparts", "/etc/apt/auth.conf.d")):
        if os.path.exists(path):
            options.append(f'Dir::Etc::{kind} "{path}";')
    return [f"--aptopt={option}" for option in options]
