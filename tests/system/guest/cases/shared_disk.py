# SPDX-License-Identifier: Apache-2.0
"""[device] shared_disk: /data on a partition of the disk that also holds the kubelet's state."""
import contextlib

import disks
import rules
import service
import volumes
from cases import case
from nvme_disks import LIMIT, container_on_data, expect_refused, expect_rules, in_force, mounted, running
from report import until
from volumes import disk

KUBELET = "/var/lib/kubelet"
HOLDS = f"the disk of {disks.MOUNT} also holds {KUBELET}"
WARNING = "4"  # a journal priority, as in syslog.h


def policy(word):
    """A configuration."""
    return f"[limits]\niops = {LIMIT}\n[device]\nshared_disk = {word}\n"


@contextlib.contextmanager
def shared(whole):
    """/data and the kubelet's folder on two partitions of one disk; yields a place in the journal before /data came."""
    with volumes.partitions(whole, 2) as [data, kubelet], mounted(kubelet, KUBELET):
        mark = service.cursor()
        with mounted(data, disks.MOUNT):
            yield mark


@case("shared-disk-warn", fresh=True, cells="v2")
def warn(node):
    base, whole = running(node, policy("warn")), disk("a")
    with shared(whole) as mark:
        expect_rules(base, in_force([disks.number(whole)], LIMIT))
        said = until(lambda: [entry for entry in service.journal(cursor=mark) if HOLDS in entry["MESSAGE"]],
                     lambda: f"expected {HOLDS!r} in the journal, found {service.messages(after=mark)}", 10)
        assert [entry["PRIORITY"] for entry in said] == [WARNING], f"expected one warning, found {said}"
    return said[0]["MESSAGE"]


@case("shared-disk-refuse", fresh=True, cells="v2")
def refuse(node):
    running(node, policy("refuse"))
    with shared(disk("a")) as mark:
        status = expect_refused(HOLDS, mark)
        with container_on_data(node) as container:
            assert service.reload(), "systemctl reload failed"  # it has gone through all containers then
            assert rules.of(container.cgroup) == {}, f"expected no rule, found {rules.of(container.cgroup)}"
    return status


@case("shared-disk-allow", fresh=True, cells="v2")
def allow(node):
    base, whole = running(node, policy("allow")), disk("a")
    with shared(whole) as mark:
        expect_rules(base, in_force([disks.number(whole)], LIMIT))
        assert service.reload(), "systemctl reload failed"  # all that it has to say is said then
        found = [line for line in service.messages(after=mark) if HOLDS in line]
        assert found == [], f"expected silence, found {found}"
    return "limited, and no word of it in the journal"
