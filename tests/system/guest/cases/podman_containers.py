# SPDX-License-Identifier: Apache-2.0
"""podman's containers: nobody's pods, limited only when asked for."""
import contextlib

import kubelet
import podman
import rules
from cases import case
from cases.docker_pods import TOTAL, part_of_the_total
from limit_table import NO_RULE, configured, expect
from node import DEFAULT_IOPS

DEFAULT = rules.limits(DEFAULT_IOPS, DEFAULT_IOPS)
# Small enough to be divided between db-0 and podman's containers, if they counted.
STANDALONE = f"""[limits]
total_iops = {TOTAL}
fair_total = no
[runtime]
standalone = podman
[policy by-name]
container = alo*
iops = 250
[policy by-image]
image = *istio/proxyv2:*
iops = 350
"""


@contextlib.contextmanager
def podman_in_use():
    podman.start()
    try:
        yield
    finally:
        podman.remove_all()


def limited_cgroup(node, container_id):
    """v1 is flat: only the directory with the processes in it counts. v2's limit belongs on the container's scope."""
    pid = podman.inspect(container_id)["State"]["Pid"]
    cgroup = podman.cgroup_of_processes(pid, "blkio" if node.v1 else "")
    assert f"libpod-{container_id}.scope" in cgroup, f"podman put the container into {cgroup}"
    return cgroup if node.v1 else cgroup[:cgroup.index(".scope") + len(".scope")]


def as_fio_knows_it(name, container_id, cgroup):
    return kubelet.Container(kubelet.Pod("podman", "", "", "", ""), name, 0, container_id, cgroup)


@case("podman-containers", cells="v1-systemd")
@case("podman-containers", cells="v2-cgroupfs", long=True)
def podman_containers(node):
    with podman_in_use():
        alone = podman.run_container("alone")
        podman.make_pod("together")
        inside = podman.run_container("inside", kubelet.PROXY_IMAGE, pod="together")
        cgroups = {name: limited_cgroup(node, one) for name, one in (("alone", alone), ("inside", inside))}
        node.expect_limited([node.base()])  # the service has seen what came after it started
        found = list(rules.below("/machine.slice"))
        assert found == [], f"expected podman's containers untouched by default, found {found}"
        divided = part_of_the_total(node)
        with configured(STANDALONE):
            later = podman.run_container("later")
            expect(node, [("alone", cgroups["alone"], rules.limits(250, 250)),
                          ("inside", cgroups["inside"], rules.limits(350, 350)),
                          ("later", limited_cgroup(node, later), DEFAULT),
                          ("db-0, which divides no total with them", node.base().cgroup, divided)])
            assert "libpod_pod" in cgroups["inside"], f"not in the slice of its podman pod: {cgroups['inside']}"
            speed = node.expect_fio(as_fio_knows_it("alone", alone, cgroups["alone"]), 250, podman.Podman())
        expect(node, [(name, cgroup, NO_RULE) for name, cgroup in cgroups.items()])
    return f"limited in {cgroups['alone'].replace(alone, 'ID')}; {speed}"


@case("podman-quadlet", cells="trixie sid", long=True)
def quadlet(node):
    """Debian 12's podman 4.3 has no quadlets."""
    with podman_in_use(), podman.quadlet("alone") as made:
        pid = podman.inspect(made)["State"]["Pid"]
        cgroup = podman.cgroup_of_processes(pid, "blkio" if node.v1 else "")
        assert cgroup.startswith("/system.slice/alone.service/"), f"podman put the container into {cgroup}"
        node.expect_limited([node.base()])
        found = list(rules.below("/system.slice"))
        assert found == [], f"expected podman's containers untouched by default, found {found}"
        with configured(STANDALONE):
            speed = node.expect_fio(as_fio_knows_it("alone", made, cgroup), 250, podman.Podman())
            held = [path for path, _ in rules.below("/system.slice")]
            assert held, "fio was limited, but by no rule below system.slice"
        assert not list(rules.below("/system.slice")), "a rule is left after the configuration of before"
    return f"limited in {', '.join(held).replace(made, 'ID')}; {speed}"
