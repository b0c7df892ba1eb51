# SPDX-License-Identifier: Apache-2.0
"""A container that reads and writes on /data all the while something below it changes."""
import contextlib
import time

import fio
import race
import rules
import service
from nvme_disks import LIMIT, container_on_data, in_force

NO_ERRORS = dict.fromkeys(fio.BOTH, 0)
WINDOW_SECONDS = 3


class Workload:
    """A container with /data that reads and writes all the while, and one that has been there before."""

    def __init__(self, node, container):
        self.node, self.container = node, container
        self.cgroups = [node.base().cgroup, container.cgroup]
        self._fio = fio.Background(node.runtime, container)

    def change(self, name, devices, act, limit_at="volume", errors="none"):
        """Makes the change, after which the rules are on `devices`; reports how long that took."""
        pid = service.pid()
        took = race.run(self.cgroups, in_force(devices, LIMIT), act, limit_at)
        assert service.pid() == pid, "the service was restarted"
        self.node.report.send("change", name=name, errors=errors, took=took)
        return f"{name}: {race.spelled(took)}"

    def hold(self, name, devices, act):
        """Makes a change below the rules' device, which stay where they are."""
        race.hold(self.cgroups, in_force(devices, LIMIT), act)
        self.node.report.send("change", name=name, errors="none", took=None)
        return f"{name}: the rules stayed"

    def expect_rate(self, devices):
        """Not more than its limit on each device, as the kernel counts."""
        def counts():
            return [rules.operations(self.container.cgroup, device) for device in devices]

        before, began = counts(), time.monotonic()
        time.sleep(WINDOW_SECONDS)
        after, seconds = counts(), time.monotonic() - began
        rates = [(b - a) / seconds for old, new in zip(before, after) for a, b in zip(old, new)]
        most = LIMIT * (1 + fio.TOLERANCE)
        assert max(rates) <= most, f"expected at most {most:.0f} on each of {devices}, found {rates}"
        assert max(rates) > 0, "the container did no I/O, so nothing is proved"
        return "then " + ", ".join(f"{rate:.0f}" for rate in rates) + " IOPS"

    def errors(self):
        """{direction: errno of the first I/O error, 0 for none}; ends its I/O."""
        return self._fio.stop()


@contextlib.contextmanager
def working(node):
    with container_on_data(node, "at-work") as container:
        work = Workload(node, container)
        try:
            yield work
        finally:
            found = work.errors()
        assert found == NO_ERRORS, f"expected no I/O error, found {found}"


def measure_new(node):
    """fio in a container that came after the change."""
    with container_on_data(node, "after") as container:
        fio.prepare(node.runtime, container)
        return fio.expect(LIMIT, container.name, lambda: fio.iops(node.runtime, container, seconds=4))
