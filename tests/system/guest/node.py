# SPDX-License-Identifier: Apache-2.0
"""One test node: disks, containerd, kubelet's work, the service, and what limits are expected on it."""
import os
import threading

import containerd
import disks
import fio
import kubelet
import rules
import service
from report import until

DEFAULT_IOPS, DEFAULT_TOTAL = 500, 3000
# The safety net would find in its next pass what an event should have told: without it a missed event is a failure.
EVENTS_ONLY = "[service]\ncheck_interval = 0\n"


class Node:
    def __init__(self, plan, report):
        self.plan, self.report = plan, report
        self.iops = DEFAULT_IOPS
        self.exempt = set()  # container ids
        self.disk = disks.DataDisk(plan["layout"])
        self.devnum = disks.devnum(disks.DATA_SERIAL)
        self.kubelet = kubelet.Kubelet(plan["driver"])
        self.runtime = self.kubelet.runtime
        self.v1 = rules.hierarchy() == "v1"

    def set_up(self):
        """Everything but the service and /data."""
        if rules.booted() != self.plan["hierarchy"]:
            raise RuntimeError(f"booted cgroup {rules.booted()}, wanted {self.plan['hierarchy']}")
        disks.format_other()
        self.disk.format()
        containerd.configure(self.plan["driver"])
        containerd.start(self.runtime)
        self.kubelet.start()
        service.install()

    def ensure_running(self):
        if not os.path.ismount(disks.MOUNT):
            self.disk.mount()
        if service.show("ActiveState") != "active":
            service.start()
        self.base()

    def evidence(self):
        """Lines for a failing test, beside what the service said."""
        return []

    def base(self):
        """A container with /data that lives as long as the machine."""
        for container in self.kubelet.containers():
            if container.pod.name == "db-0":
                return container
        return self.kubelet.run_container(self.kubelet.run_pod("db-0"), "db")

    def limited(self):
        return [one for one in self.kubelet.containers() if one.id not in self.exempt]

    def bystanders(self):
        """The limited containers of other cases, at least one: on v1 they have a part in every division."""
        self.base()
        return list(self.limited())

    def expected_iops(self):
        """A container's limit, while nobody has to share."""
        return self.iops

    def expected(self):
        value = self.expected_iops()
        return {self.devnum: rules.limits(value, value)}

    def expect_limited(self, containers=None, seconds=60):
        """Every container that is to be limited has exactly its rule; returns what it is."""
        for container in self.limited() if containers is None else containers:
            until(lambda c=container: rules.of(c.cgroup) == self.expected(),
                  lambda c=container: f"expected {self.expected()} on {c.pod.name}/{c.name}, found "
                                      f"{rules.of(c.cgroup)} in {c.cgroup}", seconds)
        return f"{self.devnum} at {self.expected_iops()}"

    def expect_fixed_limit(self, limit, seconds=20):
        """Every container that is to be limited has this limit, whatever the others have."""
        for container in self.limited():
            until(lambda c=container: rules.of(c.cgroup) == {self.devnum: limit},
                  lambda c=container: f"expected {limit} on {c.pod.name}/{c.name}, found {rules.of(c.cgroup)}", seconds)

    def expect_no_rule(self, cgroup):
        assert (rules.root() / cgroup.lstrip("/")).is_dir(), f"{cgroup} does not exist, so nothing is proved"
        found = rules.of(cgroup)
        assert found == {}, f"expected no rule in {cgroup}, found {found}"

    def expect_first_look(self, container):
        """The limit was in force before the container's first instruction: its first process saw it."""
        seen = until(container.first_look, f"the first look of {container.name}")
        if self.v1:  # two files, riops and wiops; the number depends on how many containers there were just then
            values = [line.split() for line in seen]
            right = len(values) == 2 and all(len(pair) == 2 and pair[0] == self.devnum
                                             and 0 < int(pair[1]) <= self.iops for pair in values)
        else:
            right = rules.parse_io_max("\n".join(seen)) == {self.devnum: rules.limits(self.iops, self.iops)}
        assert right, f"{container.name}: expected {self.devnum} limited at its first look, it saw {seen}"

    def run_limited(self, pod, name, **options):
        """A new container while the service runs: limited at its first look."""
        container = self.kubelet.run_container(pod, name, **options)
        self.expect_first_look(container)
        return container

    def run_exempt(self, pod, name, **options):
        container = self.kubelet.run_container(pod, name, **options)
        self.exempt.add(container.id)
        return container

    def expect_fio(self, container, limit=None, runtime=None):
        """What the container really gets is its limit, within 5 %, reading and writing."""
        runtime = runtime or self.runtime
        fio.prepare(runtime, container)
        return fio.expect(limit or self.expected_iops(), container.name, lambda: fio.iops(runtime, container))

    def remove_pods(self, *pods):
        in_parallel([lambda p=pod: self.kubelet.remove_pod(p) for pod in pods])


def in_parallel(jobs, workers=8):
    """Runs the jobs in threads; the first exception is raised here once all have ended."""
    pending, failures, lock = list(jobs), [], threading.Lock()

    def work():
        while True:
            with lock:
                if not pending:
                    return
                job = pending.pop(0)
            try:
                job()
            except Exception as failure:  # handed to the caller below
                failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
