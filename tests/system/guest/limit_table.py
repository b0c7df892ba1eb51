# SPDX-License-Identifier: Apache-2.0
"""Tables of containers and the limits they should have: made through any kubelet, read back from the kernel, and
compared with what the journal says."""
import contextlib
import dataclasses
import re

import kubelet
import rules
import service
from node import EVENTS_ONLY, in_parallel
from report import until

NO_RULE = None


@dataclasses.dataclass
class Row:
    """A container and its limit, as rules.limits gives it. Rows with the same pod are one pod, as the first says."""
    pod: str
    limit: dict | None
    reason: str = ""  # the section that the journal's line must name, such as "[policy db]"
    namespace: str = "shop"
    container: str = "app"
    image: str = kubelet.WORKLOAD_IMAGE
    qos: str = kubelet.BURSTABLE
    labels: dict = dataclasses.field(default_factory=dict)
    annotations: dict = dataclasses.field(default_factory=dict)


@contextlib.contextmanager
def configured(text):
    """The running service has this configuration, then the tests' own again."""
    service.configure(EVENTS_ONLY + text)
    try:
        assert service.reload(), f"the service refused the configuration: {service.status_text()!r}"
        yield
    finally:
        service.configure(EVENTS_ONLY)
        service.reload()


@contextlib.contextmanager
def made(node, rows, nodelet=None):
    """[(row, container)] while it lasts; every pod is removed, also when something failed."""
    nodelet = nodelet or node.kubelet
    names = list(dict.fromkeys(row.pod for row in rows))
    containers = [None] * len(rows)

    def make(name):
        mine = [number for number, row in enumerate(rows) if row.pod == name]
        first = rows[mine[0]]
        pod = nodelet.run_pod(name, first.namespace, first.qos, labels=first.labels, annotations=first.annotations)
        for number in mine:
            containers[number] = nodelet.run_container(pod, rows[number].container, rows[number].image)

    try:
        in_parallel([lambda n=name: make(n) for name in names])
        yield list(zip(rows, containers))
    finally:
        in_parallel([lambda p=pod: nodelet.remove_pod(p) for pod in list(nodelet.pods) if pod.name in names])


def expected_rules(node, limit):
    return {} if limit is NO_RULE else {node.devnum: limit}


def wrong(node, wanted):
    """What is not as it should be, one text for each; `wanted` is [(name, cgroup, limit)]."""
    return [f"{name}: expected {expected_rules(node, limit)}, found {rules.of(cgroup)}"
            for name, cgroup, limit in wanted if rules.of(cgroup) != expected_rules(node, limit)]


def expect(node, wanted, seconds=20):
    """All of `wanted` is in force, within `seconds` for the whole table, so that a failing one names every row."""
    for name, cgroup, _ in wanted:
        assert (rules.root() / cgroup.lstrip("/")).is_dir(), f"{cgroup} of {name} does not exist: nothing is proved"
    until(lambda: not wrong(node, wanted),
          lambda: f"{len(wrong(node, wanted))} of {len(wanted)} wrong: {'; '.join(wrong(node, wanted))}", seconds)


def expect_table(node, pairs):
    expect(node, [(f"{row.pod}/{row.container}", one.cgroup, row.limit) for row, one in pairs])
    for row, container in pairs:
        expect_said(row, container)


def expect_said(row, container):
    """The last journal line about the container has its limit and why."""
    action = "exempted" if row.limit is NO_RULE else "limited"
    found = until(lambda: service.journal(f"CONTAINER_ID={container.id}", f"ACTION={action}"),
                  f"a journal line ACTION={action} for {row.pod}/{row.container}", 10)[-1]
    said = found["MESSAGE"]
    assert row.reason in said, f"{row.pod}/{row.container}: expected the reason {row.reason}, the journal says {said!r}"
    if row.reason.startswith("[policy"):
        place = re.search(re.escape(row.reason) + rf" \({re.escape(str(service.CONFIG))}:(\d+)\)", said)
        lines = service.CONFIG.read_text().splitlines()
        assert place and lines[int(place[1]) - 1] == row.reason, \
            f"expected file and line of {row.reason}, the journal says {said!r}"
    if row.limit is not NO_RULE:
        fields = {"READ_IOPS": row.limit["riops"], "WRITE_IOPS": row.limit["wiops"]}
        assert {key: found.get(key) for key in fields} == fields, f"expected {fields} in the journal, found {found}"
