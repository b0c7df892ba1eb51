# SPDX-License-Identifier: Apache-2.0
"""The order in which disk, service and containers come."""
import os

import disks
import rules
import service
from cases import case
from report import until


@case("data-mounted-after-the-service-started", fresh=True)
def late_mount(node):
    pod = node.kubelet.run_pod("early", qos="guaranteed")
    node.kubelet.run_container(pod, "app")
    assert not os.path.ismount(disks.MOUNT)
    service.start()
    assert service.show("ActiveState") == "active", f"expected active, found {service.show('ActiveState')}"
    waiting = service.wait_status(["wait"])
    found = list(rules.below(node.kubelet.driver.kubepods()))
    assert found == [], f"expected no rule while /data is not mounted, found {found}"
    node.disk.mount()
    rule = node.expect_limited()
    until(lambda: "wait" not in service.status_text().lower(), service.status_text)
    return f"READY and {waiting!r}; after the mount: {rule}"


@case("containers-there-before-the-service", fresh=True)
def before_service(node):
    if not os.path.ismount(disks.MOUNT):
        node.disk.mount()
    service.stop()
    container = node.base()
    second = node.kubelet.run_container(container.pod, "second")
    for one in (container, second):
        node.expect_no_rule(one.cgroup)
    service.start()
    # Type=notify: start returns at READY, and READY comes after the first full pass. Nothing to wait for.
    rule = node.expect_limited(seconds=0)
    node.kubelet.remove_container(second)
    return f"{rule} at READY; {node.expect_fio(container)}"
