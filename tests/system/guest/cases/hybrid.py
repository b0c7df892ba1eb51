# SPDX-License-Identifier: Apache-2.0
"""The hybrid hierarchy: the controllers are those of v1, and beside them stands a v2 hierarchy without controllers."""
import pathlib

import podman
import rules
import service
from cases import case

BLKIO = "/sys/fs/cgroup/blkio"
UNIFIED = pathlib.Path("/sys/fs/cgroup/unified")


@case("hybrid-hierarchy-limits-by-blkio", cells="hybrid")
def limits_by_blkio(node):
    """The service says which of the two it uses, and the v2 one has nothing to limit by."""
    assert "io" not in (UNIFIED / "cgroup.controllers").read_text().split(), "v2 has the io controller: not a hybrid"
    said = f"cgroup v1 at {BLKIO}"
    found = [line for line in service.messages() if said in line]
    assert found, f"expected {said!r} in the journal, found {service.messages()[:6]}"
    assert said in service.status_text(), f"expected {said!r} in StatusText, found {service.status_text()!r}"
    pod = node.kubelet.run_pod("hybrid")
    container = node.run_limited(pod, "app")
    rule = node.expect_limited()
    pid = (rules.root() / container.cgroup.lstrip("/") / "cgroup.procs").read_text().split()[0]
    unified = UNIFIED / podman.cgroup_of_processes(pid, "").lstrip("/")
    assert not (unified / "io.max").exists(), f"{unified} has an io.max"
    node.remove_pods(pod)
    return f"{said}; {rule}"
