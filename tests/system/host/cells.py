# SPDX-License-Identifier: Apache-2.0
"""The matrix of the system tests."""
from typing import NamedTuple

import image


class Cell(NamedTuple):
    hierarchy: str  # v2, v1, or hybrid: the controllers are those of v1, and a v2 without any is mounted beside them
    driver: str  # of cgroups
    layout: str  # what /data is on
    suite: str = ""  # of Debian; "" is the host's own
    apparmor: bool = False  # as on a Debian node; elsewhere it would only make containers start later
    cluster: bool = False  # a real Kubernetes makes the pods
    runtime: str = "containerd"  # of the real Kubernetes


CELLS = {
    "v2-systemd": Cell("v2", "systemd", "ext4-partition", apparmor=True),  # the longest comes first
    "v2-stacks": Cell("v2", "systemd", "nvme_disks", apparmor=True),
    "v2-cgroupfs": Cell("v2", "cgroupfs", "xfs-disk"),
    "v1-systemd": Cell("v1", "systemd", "xfs-disk", apparmor=True),
    "v1-cgroupfs": Cell("v1", "cgroupfs", "ext4-partition"),
    "trixie-v2-systemd": Cell("v2", "systemd", "ext4-partition", "trixie"),
    "v1-stacks": Cell("v1", "systemd", "nvme_disks"),
    "v2-faults": Cell("v2", "systemd", "ext4-partition"),
    "v1-faults": Cell("v1", "cgroupfs", "xfs-disk"),
    "trixie-v2-cgroupfs": Cell("v2", "cgroupfs", "xfs-disk", "trixie"),
    "trixie-v1-systemd": Cell("v1", "systemd", "xfs-disk", "trixie"),
    "sid-v2-systemd": Cell("v2", "systemd", "ext4-partition", "sid"),
    "sid-v2-cgroupfs": Cell("v2", "cgroupfs", "xfs-disk", "sid"),
    "hybrid-v1-systemd": Cell("hybrid", "systemd", "ext4-partition"),
    "cluster-v2-systemd": Cell("v2", "systemd", "ext4-partition", cluster=True),
    "cluster-v1-cgroupfs": Cell("v1", "cgroupfs", "xfs-disk", cluster=True),
    "cluster-docker-v1-systemd": Cell("v1", "systemd", "xfs-disk", cluster=True, runtime="docker"),
}
# With --all, or when asked for.
LONG_CELLS = {"v1-stacks", "v1-faults", "hybrid-v1-systemd",
              *(cell for cell, what in CELLS.items() if what.cluster or what.suite)}

# The case that upgrades from an earlier version, its cell, and the commit that the version's package is made of.
EARLIER = [("package-upgraded-from-0.1.0", "v2-systemd", "0.1.0", "eaae69caf65b0ffa970902f7b78b194c3f2fa1be")]

# The case that installs out of an apt repository, its cell, and the address of the repository in the machine.
FROM_REPOSITORY = "package-from-an-apt-repository", "v2-systemd", "http://127.0.0.1:8089"


def chosen(arguments):
    unknown = [cell for cell in arguments.cells if cell not in CELLS]
    if unknown:
        raise SystemExit(f"no such cell: {', '.join(unknown)}; there are {', '.join(CELLS)}")
    return [cell for cell in CELLS if cell in arguments.cells
            or not arguments.cells and (arguments.all or cell not in LONG_CELLS)
            and not (arguments.own_suite and CELLS[cell].suite)]


def suites(cells):
    """Of the cells' machines, "" for the host's own."""
    return sorted({CELLS[cell].suite for cell in cells})


def runs(case, cell, arguments):
    """Whether a long case is among the chosen ones."""
    return cell in chosen(arguments) and (arguments.filter in case if arguments.filter else arguments.all)


def earlier(arguments):
    """[(version, commit)] of the earlier packages that the chosen cases need."""
    return [(version, commit) for case, cell, version, commit in EARLIER if runs(case, cell, arguments)]


def sites(arguments):
    """The address of the repositories that the chosen cases need, or None."""
    case, cell, url = FROM_REPOSITORY
    return url if runs(case, cell, arguments) else None


def images(cells, cache, progress):
    """{suite: Image}"""
    return {suite: image.ensure(cache, progress, suite) for suite in suites(cells)}
