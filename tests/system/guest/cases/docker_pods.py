# SPDX-License-Identifier: Apache-2.0
"""Docker: pods that cri-dockerd made, and containers that no kubelet knows."""
import contextlib

import re

import docker
import kubelet
import rules
import service
from cases import case
from cases.policies import DEFAULT, NO_DIVISION, POLICIES, rows_of_a_whole_record, shares
from limit_table import NO_RULE, configured, expect, expect_table, made
from node import DEFAULT_IOPS

# Small enough to be divided between db-0 and the plain containers, if they counted.
TOTAL = 600
STANDALONE = f"""[limits]
total_iops = {TOTAL}
fair_total = no
[runtime]
standalone = docker
[policy named]
container = plain-*
iops = 250
"""
TABLE = rows_of_a_whole_record(docker.WORKLOAD_IMAGE, docker.PROXY_IMAGE)


@contextlib.contextmanager
def engine(node):
    running = docker.Docker()
    running.start(node.plan["driver"])
    try:
        yield running
    finally:
        running.stop()


def run_plain(node, running, name, image=docker.WORKLOAD_IMAGE):
    made_id = running.run(name, image, ["/bin/sleep", "1000000"], {"app": "plain"}, kubelet.binds())
    return docker.plain_cgroup(node.plan["driver"], made_id)


def part_of_the_total(node):
    """What a pod's container with the default limit gets: v1 divides among the pods' containers, and nobody else."""
    share = shares(TOTAL, [DEFAULT_IOPS] * len(node.bystanders()))[0] if node.v1 else DEFAULT_IOPS
    return rules.limits(share, share)


def standalone(node, running, cgroup):
    divided = part_of_the_total(node)
    with configured(STANDALONE):
        later = run_plain(node, running, "other")
        expect(node, [("plain-1", cgroup, rules.limits(250, 250)), ("other", later, DEFAULT),
                      ("db-0, which divides no total with them", node.base().cgroup, divided)])
    expect(node, [("plain-1", cgroup, NO_RULE), ("other", later, NO_RULE)])


@case("docker-pods", cells="v2 v1-cgroupfs", long=True)
def docker_pods(node):
    with engine(node) as running:
        plain = run_plain(node, running, "plain-1")
        nodelet = docker.DockerKubelet(node.plan["driver"], running)
        with configured((NO_DIVISION if node.v1 else "") + POLICIES), made(node, TABLE, nodelet) as pairs:
            expect_table(node, pairs)
            expect(node, [("plain-1", plain, NO_RULE)])
            pauses = [pod for pod in nodelet.pods if rules.of(nodelet.sandbox_cgroup(pod))]
            assert pauses, "no sandbox is limited as its pod is"
            assert re.search(r"\d+ left alone", service.status_text()), f"{plain} is not counted as left alone"
            assert any(line.startswith("left alone: ") for line in service.messages()), "nobody said what is left alone"
            seen = "".join(pairs[0][1].first_look() or [])
            assert "300" in seen, f"{pairs[0][0].pod}: expected its policy's limit at its first look, it saw {seen!r}"
        standalone(node, running, plain)
    return f"{len(pairs)} containers right, {len(pauses)} sandboxes limited as their pods; plain ones only when asked for"
