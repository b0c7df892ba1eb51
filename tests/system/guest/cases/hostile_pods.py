# SPDX-License-Identifier: Apache-2.0
"""What a pod's author can do against the limits with a huge record, and what a node without its disk says."""
import json
import os
import statistics
import time

import containerd
import bulk_containers
import mounts
import rules
import service
from cases.fault import LIMIT, TEXT, fault
from ctl import REFUSED, ctl, outcome
from node import DEFAULT_IOPS
from report import until

CELL = "v2-faults"
STRICT = rules.limits(100, 100)
POLICY = "[policy strict]\nnamespace = shop\npod = strict*\niops = 100\n[policy other]\nnamespace = bank\niops = 90\n"
ENVIRONMENT_BYTES = 12 << 20


def enlarge(container):
    """As two large ConfigMaps with envFrom do: the annotations stand behind the environment."""
    file = containerd.BUNDLES / container.id / "config.json"
    record = json.loads(file.read_text())
    record["process"]["env"] = ["A=" + "x" * ENVIRONMENT_BYTES]
    annotations = record.pop("annotations")
    file.write_text(json.dumps({**record, "annotations": annotations}))


def latency(container):
    """Seconds from mkdir to the limit."""
    begin = time.monotonic()
    container.make()
    while not rules.of(container.cgroup):
        assert time.monotonic() - begin < 30, f"{container.cgroup} has no limit"
    return time.monotonic() - begin


@fault("hostile-large-record", cells=CELL)
def large_record(node):
    service.configure(TEXT.format(check=0, iops=DEFAULT_IOPS) + POLICY)
    service.reload()
    with bulk_containers.pods(node, 1, "strict") as (strict,), bulk_containers.pods(node, 1, "beside") as (beside,):
        usual = statistics.median(latency(bulk_containers.Bare(node, beside)) for _ in range(5))
        large, behind = [], []
        for _ in range(5):
            large.append(bulk_containers.Bare(node, strict))
            enlarge(large[-1])
            neighbour = bulk_containers.Bare(node, beside)
            large[-1].make()
            behind.append(latency(neighbour))
        bulk_containers.expect_limited(node, large, STRICT)
        until(lambda: all(service.journal(f"CONTAINER_ID={one.id}", "ACTION=limited") for one in large),
              "a line about each", 20)
        found = statistics.median(behind)
        assert found < usual + 0.1, f"behind a large record {found:.3f} s to the limit, else {usual:.3f} s"
    return f"12 MiB: policy in force; {found * 1000:.1f} ms to the neighbour's limit, else {usual * 1000:.1f} ms"


@fault("hostile-verify-without-the-disk", cells=CELL)
def verify_without_the_disk(node):
    service.stop()
    mounts.unmount()
    try:
        service.start()
        with bulk_containers.pods(node, 1, "early") as (pod,):
            early = bulk_containers.Bare(node, pod)
            early.make()
            until(lambda: "app is not limited yet" in outcome("verify")[1], lambda: f"it named, found {outcome('verify')}", 20)
            shown = ctl("verify", status=REFUSED)
            assert "/data is waited for" in shown and "nothing is in force for" in shown, shown
            health = ctl("health", status=REFUSED)
            assert "BAD   devices: /data is waited for" in health, health
            ctl("health", "--live")
            node.disk.mount()
            bulk_containers.expect_limited(node, [early], LIMIT)
    finally:
        if not os.path.ismount("/data"):
            node.disk.mount()
    return shown.splitlines()[-1]
