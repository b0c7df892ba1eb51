# SPDX-License-Identifier: Apache-2.0
"""What goes leaves nothing behind. These cases come last: they remove every pod."""
import os
import pathlib
import uuid

import kubelet
import rules
import service
from cases import BOTH, case
from disks import run
from report import until


def watches_of_a_fresh_start():
    run("systemctl", "restart", service.UNIT)
    return service.inotify_watches()


@case("nothing-is-left-when-all-pods-are-gone", spread=BOTH)
def all_gone(node):
    with_pods = service.inotify_watches()
    node.remove_pods(*list(node.kubelet.pods))
    kubepods = node.kubelet.driver.kubepods().strip("/")
    left = [path for path, _ in rules.below(kubepods) if path != kubepods]
    assert left == [], f"expected no rule below {kubepods}, found {left}"
    until(lambda: service.inotify_watches() < with_pods, "a lower number of inotify watches than with pods")
    settled = []

    def settle():  # equal twice in a row with the service's queue empty: READY comes after a full pass
        settled.append(service.inotify_watches())
        service.reload()
        return len(settled) > 1 and settled[-1] == settled[-2]

    until(settle, lambda: f"a steady number of watches, found {settled}")
    fresh = watches_of_a_fresh_start()
    assert settled[-1] == fresh, f"expected {fresh} inotify watches as after a fresh start, found {settled[-1]}"
    return f"{with_pods} watches with pods, {settled[-1]} without, {fresh} after a fresh start"


@case("ten-thousand-cgroups-come-and-go", long=True)
def come_and_go(node):
    """Plain directories shaped as pods and containers: only the watching is tested, so no runtime is needed."""
    node.remove_pods(*list(node.kubelet.pods))
    before = watches_of_a_fresh_start()
    pods, containers = 200, 50
    burstable = pathlib.PurePath(node.kubelet.driver.pod(kubelet.BURSTABLE, "x")).parent
    for _ in range(pods):
        pod = rules.root() / str(burstable).strip("/") / os.path.basename(
            node.kubelet.driver.pod(kubelet.BURSTABLE, str(uuid.uuid4())))
        pod.mkdir()
        names = [os.path.basename(node.kubelet.driver.container("", uuid.uuid4().hex * 2)) for _ in range(containers)]
        for name in names:
            (pod / name).mkdir()
        for name in names:
            (pod / name).rmdir()
        pod.rmdir()
    count = until(lambda: service.inotify_watches() == before and before,
                  lambda: f"expected {before} inotify watches, found {service.inotify_watches()}", seconds=120)
    assert service.show("NRestarts") == "0" or service.show("ActiveState") == "active"
    return f"{pods * containers} containers in {pods} pods: {before} watches before, {count} after"
