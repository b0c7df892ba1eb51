# SPDX-License-Identifier: Apache-2.0
"""CRI-O's cgroups and records."""
import time

import crio
import kubelet
import rules
from cases import case
from cases.policies import DEFAULT, NO_DIVISION, POLICIES, rows_of_a_whole_record
from limit_table import NO_RULE, configured, expect, expect_table, made
from report import until

SOON = 1.0  # seconds, for what an event should tell
TABLE = rows_of_a_whole_record()


def seconds_until(condition, what):
    started = time.monotonic()
    until(condition, what, 10)
    return time.monotonic() - started


def late_record(node, nodelet):
    """The record comes after the cgroup: limited at once with the default, corrected when it comes."""
    pod = nodelet.run_pod("late", "prod-eu")
    try:
        late = crio.new_id()
        cgroup = nodelet.container_cgroup(pod, late)
        nodelet.make_directories(pod, late)
        default, policy = {node.devnum: DEFAULT}, {node.devnum: rules.limits(5000, 5000)}
        baseline = seconds_until(lambda: rules.of(cgroup) == default,
                                 lambda: f"the default on a container without record, found {rules.of(cgroup)}")
        crio.write_record(late, nodelet.container_annotations(pod, late, "app", kubelet.WORKLOAD_IMAGE), cgroup)
        took = seconds_until(lambda: rules.of(cgroup) == policy,
                             lambda: f"[policy production] on the container whose record came late, "
                                     f"found {rules.of(cgroup)}")
        assert took < SOON + baseline, f"corrected {took:.1f} s after its record came: no event told it"
        return f"a late record corrects within {took:.2f} s"
    finally:
        nodelet.remove_pod(pod)
        crio.remove_record(late)


@case("crio-files", cells="v2-systemd v1-cgroupfs")
def crio_files(node):
    nodelet = crio.CrioKubelet(node.plan["driver"])
    with configured((NO_DIVISION if node.v1 else "") + POLICIES):
        with made(node, TABLE, nodelet) as pairs:
            expect_table(node, pairs)
            # Below a slice it is no scope; below a directory it has a container's name, and is limited as a sandbox.
            bystanders = [(f"infra of {pod.name}", nodelet.infra_cgroup(pod), NO_RULE) for pod in nodelet.pods
                          if node.plan["driver"] == "systemd"]
            bystanders += [(f"conmon of {one.name}", nodelet.conmon_cgroup(one.pod, one.id), NO_RULE)
                           for _, one in pairs]
            expect(node, bystanders)
        late = late_record(node, nodelet)
    return f"{len(pairs)} containers right, {len(bystanders)} infra and conmon cgroups without a rule; {late}"
