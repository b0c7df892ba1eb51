# SPDX-License-Identifier: Apache-2.0
"""Policies and annotations: which limit a container gets, and why."""
import containerd
import ctl
import kubelet
import rules
import service
from cases import case
from limit_table import NO_RULE, Row, configured, expect, expect_table, made
from node import DEFAULT_TOTAL
from report import until

# The total is divided on v1: a table of limits is easier to read without one.
NO_DIVISION = "[limits]\ntotal_iops = 0\n"
POLICIES = """[exclude]
namespaces = trusted
[annotations]
prefix = iopslimit.org, kubediskguard.io
max_iops = 800
[policy never-reached]
namespace = trusted
iops = 100
[policy databases]
namespace = prod-*
pod = db-*
iops = 300
[policy production]
namespace = prod-*
iops = 5000
[policy workers]
container = worker-?
read_iops = 120
write_iops = 240
read_bps = 8M
[policy meshes]
image = *istio/proxyv2:*
iops = 350
[policy idle]
namespace = tiers
qos = besteffort
bps = 2M
[policy batch]
namespace = batch
exempt = yes
[policy labelled]
label.app.kubernetes.io/name = post*
iops = 420
"""
LABELS = {"app.kubernetes.io/name": "postgres"}
DEFAULT = rules.limits(500, 500)
MALFORMED = Row("malformed", DEFAULT, "[limits]", annotations={"iopslimit.org/iops": "lots"})
TABLE = [
    Row("db-7", rules.limits(300, 300), "[policy databases]", "prod-eu"),
    Row("web-1", rules.limits(5000, 5000), "[policy production]", "prod-eu"),
    Row("jobs", rules.limits(120, 240, read_bps=8 << 20), "[policy workers]", container="worker-1"),
    Row("jobs", DEFAULT, "[limits]", container="worker-10"),
    Row("jobs", rules.limits(350, 350), "[policy meshes]", container="mesh", image=kubelet.PROXY_IMAGE),
    Row("idle", rules.limits(500, 500, 2 << 20, 2 << 20), "[policy idle]", "tiers", qos=kubelet.BESTEFFORT),
    Row("busy", DEFAULT, "[limits]", "tiers", qos=kubelet.GUARANTEED),
    Row("night", NO_RULE, "[policy batch]", "batch"),
    Row("vault", NO_RULE, "[exclude]", "trusted"),
    Row("lowers", rules.limits(200, 200), annotations={"iopslimit.org/iops": "200"}),
    Row("raises", rules.limits(800, 800), annotations={"iopslimit.org/iops": "5000"}),
    Row("unlimited", rules.limits(800, 800), annotations={"iopslimit.org/iops": "0"}),
    Row("little", rules.limits(50, 50), annotations={"iopslimit.org/iops": "10"}),
    Row("one-way", rules.limits(150, 500, write_bps=3000000),
        annotations={"kubediskguard.io/read-iops": "150", "kubediskguard.io/write-bps": "3000000"}),
    MALFORMED,
]


def rows_of_a_whole_record(workload=kubelet.WORKLOAD_IMAGE, proxy=kubelet.PROXY_IMAGE):
    """For runtimes whose records hold the pod's labels and annotations: a row for each thing that can match."""
    return [
        Row("db-7", rules.limits(300, 300), "[policy databases]", "prod-eu", image=workload),
        Row("labelled", rules.limits(420, 420), "[policy labelled]", image=workload, labels=LABELS),
        Row("labelled", rules.limits(350, 350), "[policy meshes]", container="mesh", image=proxy),
        Row("lowers", rules.limits(200, 200), image=workload, annotations={"iopslimit.org/iops": "200"}),
        Row("night", NO_RULE, "[policy batch]", "batch", image=workload),
        Row("plainly", DEFAULT, "[limits]", image=workload),
    ]


def said_about_annotation(pod):
    """The journal lines, beside the decision itself, that name the pod and its annotation."""
    return [entry["MESSAGE"] for entry in service.journal(f"POD_NAME={pod}")
            if entry.get("ACTION") != "limited" and "iopslimit.org/iops" in entry["MESSAGE"]]


def expect_one_complaint(pod):
    lines = until(lambda: said_about_annotation(pod), f"a journal line about the annotation of {pod}", 10)
    assert len(lines) == 1 and pod in lines[0], f"expected one line that names {pod}, found {lines}"


@case("policies-table", cells="v2-cgroupfs trixie-v2-systemd", long=True)
@case("policies-table-on-v1", cells="v1-systemd", long=True)
def table(node):
    # containerd keeps the pod's labels nowhere on disk; its socket tells them.
    rows = [*TABLE, Row("labelled", rules.limits(420, 420), "[policy labelled]", labels=LABELS)]
    with configured((NO_DIVISION if node.v1 else "") + POLICIES), made(node, rows) as pairs:
        expect_table(node, pairs)
        expect_one_complaint(MALFORMED.pod)
        if not node.v1:
            kubepods = node.kubelet.driver.kubepods()
            expect(node, [("the total", kubepods, rules.limits(DEFAULT_TOTAL, DEFAULT_TOTAL))])
    return f"{len(rows)} containers, each with the limit and the reason it should have"


SOCKET = "/run/containerd/containerd.sock"
TOLD = [
    Row("labelled", rules.limits(420, 420), "[policy labelled]", labels=LABELS),
    Row("labelled", rules.limits(350, 350), "[policy meshes]", container="mesh", image=kubelet.PROXY_IMAGE),
    Row("other-label", DEFAULT, "[limits]", labels={"app.kubernetes.io/name": "mysql"}),
    Row("lowers", rules.limits(200, 200), annotations={"iopslimit.org/iops": "200"}),
    Row("lookalike", DEFAULT, "[limits]", annotations={"app.kubernetes.io/name": "postgres"}),
]
UNTOLD = [Row(row.pod, row.limit if row.container == "mesh" else DEFAULT, container=row.container, image=row.image,
              labels=row.labels, annotations=row.annotations) for row in TOLD]


def expect_origin(row, container):
    """The journal says where label and annotation came from."""
    lines = service.journal(f"CONTAINER_ID={container.id}", "ACTION=limited")
    assert "(runtime's socket)" in lines[-1]["MESSAGE"], f"no origin in {lines[-1]['MESSAGE']!r}"
    explained = ctl.ctl("explain", container.id)
    assert "runtime's socket" in explained, f"iopsctl explain {row.pod}: no origin in {explained!r}"


@case("labels-told-by-the-socket", cells="v2-systemd")
@case("labels-told-by-the-socket", cells="v1-systemd", long=True)
def told(node):
    """containerd's configuration is as it came: it writes neither labels nor annotations down."""
    without = (NO_DIVISION if node.v1 else "") + POLICIES
    assert "pod_annotations =" not in containerd.CONFIG.read_text(), "containerd writes annotations down here"
    with configured(without), made(node, TOLD) as pairs:
        expect_table(node, pairs)
        for row, container in pairs:
            if row.limit in (rules.limits(420, 420), rules.limits(200, 200)):
                expect_origin(row, container)
        status = ctl.ctl("status")
        assert f"{SOCKET} answers (v1)" in status, f"iopsctl status: {status}"
        # A container that starts again has its limit at once: its pod is known.
        again = node.kubelet.restart_container(pairs[0][1])
        expect(node, [("the restarted one", again.cgroup, TOLD[0].limit)])
        lines = service.journal(f"CONTAINER_ID={again.id}", "ACTION=limited")
        assert len(lines) == 1, f"the restarted container had another limit first: {[one['MESSAGE'] for one in lines]}"
        # The service is restarted: the default comes first, and then what the socket tells.
        service.stop()
        service.start()
        expect(node, [("the restarted one", again.cgroup, TOLD[0].limit)])
    with configured(without + "[runtime]\nsocket = no\n"), made(node, UNTOLD) as pairs:
        expect(node, [(f"{row.pod}/{row.container}", one.cgroup, row.limit) for row, one in pairs])
    return f"{len(TOLD)} containers have what the socket tells of their pods, and without it the default"


def shares(total, claims, least=10):
    """The division of the total among containers that want `claims`: in proportion, and never less than `least`."""
    wanted = [min(claim, total) for claim in claims]
    if sum(wanted) <= total:
        return wanted
    return [max(total * one // sum(wanted), min(one, least)) for one in wanted]


DIVIDED = """[limits]
fair_total = no
[policy greedy]
pod = greedy
iops = 4000
[policy middle]
pod = middle
iops = 1000
[policy small]
pod = small
iops = 12
"""


@case("policies-share-the-total", cells="v1-cgroupfs")
@case("policies-share-the-total", cells="v1-systemd", long=True)
def division(node):
    names, claims, others = ["greedy", "middle", "small", "default"], [4000, 1000, 12, 500], node.bystanders()
    with configured(DIVIDED):
        expected = shares(DEFAULT_TOTAL, [*claims, *[500] * len(others)])
        rows = [Row(name, rules.limits(share, share)) for name, share in zip(names, expected)]
        with made(node, rows) as pairs:
            wanted = [(row.pod, one.cgroup, row.limit) for row, one in pairs]
            left = rules.limits(expected[-1], expected[-1])
            expect(node, [*wanted, *((one.name, one.cgroup, left) for one in others)])
        expect(node, [(one.name, one.cgroup, DEFAULT) for one in others])
    assert expected[2] == 10, "the floor does not bind, so it is not proved"
    return f"limits {claims} and {len(others)} of 500 share {DEFAULT_TOTAL} as {expected}; given back when containers go"
