# SPDX-License-Identifier: Apache-2.0
"""The NVMe disk below /data is pulled out and put back, under another number or the same."""
import disks
import rules
import service
import volumes
from cases import case
from disks import run
from nvme_disks import LIMIT, container_on_data, expect_rules, in_force, limited, mounted, running
from report import until
from volumes import disk
from workload import Workload, measure_new


def plug_in(node, letter):
    """Puts the disk back and returns its path, which may be another than before."""
    node.report.ask("plug", f"disk-{letter}")
    return "/dev/" + until(lambda: disks.present(f"disk-{letter}"), "the disk that was plugged in")


@case("disk-back-under-its-old-number", fresh=True, cells="v2")
def same_number(node):
    """The kernel dropped the rule with the disk, though the number looks as if nothing had changed."""
    base = running(node, limited())
    out = disk("d")
    with mounted(out):
        expect_rules(base, in_force([disks.number(out)], LIMIT))
    old = disks.number(out)
    node.report.ask("pull", "disk-d")
    until(lambda: rules.of(base.cgroup) == {}, "the end of the rule on the disk that is out")
    back = plug_in(node, "d")
    assert disks.number(back) == old, f"expected the number {old} again, nothing had it: {disks.number(back)}"
    with mounted(back):
        expect_rules(base, in_force([disks.number(back)], LIMIT))
        measured = measure_new(node)
    volumes.wipe(back)
    return f"{out[5:]} came back as {back[5:]} ({disks.number(back)}): {measured}"


@case("disk-pulled-out-under-io-and-back", fresh=True, cells="v2")
def pulled(node):
    running(node, limited())
    out = disk("d")
    old = disks.number(out)
    with mounted(out):
        with container_on_data(node, "at-work") as container:
            work = Workload(node, container)
            expect_rules(container, in_force([old], LIMIT))
            node.report.ask("pull", "disk-d")
            waiting = service.wait_status(["waiting"], 20)
            found = work.errors()
            assert found["write"] != 0, f"the disk was out, expected I/O errors, found {found}"
            back = plug_in(node, "d")
            new = disks.number(back)
            assert new != old, f"expected another number than {old}: the container still has the old file system"
            run("umount", "--lazy", disks.MOUNT)
            said = work.change("the NVMe pulled out and back under another number", [new],
                               lambda: run("mount", back, disks.MOUNT), errors="yes: the disk was out")
        measured = measure_new(node)
    volumes.wipe(back)
    return f"{old} became {new}; {waiting[:60]!r}; {said}; a new container: {measured}"
