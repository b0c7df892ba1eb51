# SPDX-License-Identifier: Apache-2.0
"""What /data stands on changes while a container does I/O on it and the service runs on: every container's rules are on
the right devices at once, the old ones are gone, and the container notices nothing. Timed as guest/race.py says."""
import contextlib
import pathlib
import re
import time

import disks
import mounts
import race
import rules
import service
import volumes
from cases import case
from disks import run
from nvme_disks import LIMIT, container_on_data, expect_rules, in_force, limited, mounted, running
from report import until
from volumes import disk
from workload import measure_new, working


TIMES_SLOWER = 10


def within(condition, seconds):
    """Whether it came true in that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


def expect_chain(text):
    until(lambda: text in service.status_text(),
          lambda: f"expected {text!r} in the status, found {service.status_text()!r}", 10)


def names(*devices):
    return ", ".join(sorted(device.removeprefix("/dev/") for device in devices))


@case("data-moves-to-another-disk", fresh=True, cells="v2")
def moved(node):
    running(node, limited())
    first, second = disk("a"), disk("b")
    old, new = [disks.number(first)], [disks.number(second)]
    with volumes.plain(second), volumes.plain(first), mounted(first):
        volumes.make_file_system("xfs", second)
        with working(node) as work:
            expect_rules(work.container, in_force(old, LIMIT))
            run("umount", "--lazy", disks.MOUNT)
            waiting = service.wait_status(["not mounted"], 10)
            with container_on_data(node, "late") as late:
                assert service.reload(), "systemctl reload failed"  # it has gone through all containers then
                assert rules.of(late.cgroup) == {}, f"expected no rule without /data, found {rules.of(late.cgroup)}"
                expect_rules(work.container, in_force(old, LIMIT), seconds=0)
                rate = work.expect_rate(old)
                said = work.change("/data mounted on another disk", new, lambda: run("mount", second, disks.MOUNT))
                expect_rules(late, in_force(new, LIMIT))
            measured = measure_new(node)
    return f"{waiting[:30]}...: {rate}; {said}; a new container: {measured}"


def extend(volume, onto):
    return lambda: run("lvextend", "--quiet", "--size", "+100m", "--resizefs", volume, onto)


def move_off(device):
    return lambda: run("pvmove", "--quiet", "--interval", "1", device)


@contextlib.contextmanager
def growing(node, first, second):
    """A volume on the first disk at /data, its group ready to grow onto the second, and a container at work."""
    with volumes.plain(second), volumes.logical_volume(first, create=("--size", "300m")) as [volume], \
            mounted(volume), working(node) as work:
        run("pvcreate", "--quiet", "--yes", second)
        run("vgextend", "--quiet", volumes.GROUP, second)
        yield volume, work


@case("volume-grows-onto-a-second-disk", fresh=True, cells="v2", long=True)
def volume_grows(node):
    running(node, limited())
    first, second = disk("a"), disk("b")
    with growing(node, first, second) as (volume, work):
        rule = disks.number(volume)
        chain = f"/data = ext4 on lab-data ({rule}) on {{}}; rule on {rule}"
        expect_rules(work.container, in_force([rule], LIMIT))
        said = [work.hold("lvextend onto a second disk", [rule], extend(volume, second))]
        expect_chain(chain.format(names(first, second)))
        said += [work.hold("pvmove off the first disk", [rule], move_off(first)), work.expect_rate([rule])]
        expect_chain(chain.format(names(second)))
    return "; ".join(said)


@case("volume-grows-onto-a-second-disk-limit-at-disk", fresh=True, cells="v2")
def volume_grows_at_disk(node):
    running(node, limited("disk"))
    first, second = disk("a"), disk("b")
    one, other = disks.number(first), disks.number(second)
    with growing(node, first, second) as (volume, work):
        expect_rules(work.container, in_force([one], LIMIT))
        said = [work.change("lvextend onto a second disk, limit_at = disk", [one, other], extend(volume, second),
                            "disk"),
                work.change("pvmove off the first disk, limit_at = disk", [other], move_off(first), "disk"),
                work.expect_rate([other])]
    return "; ".join(said)


class Replacement:
    """md copies everything from `old` to `new`, after which `old` can be taken out."""

    def __init__(self, array, old, new):
        self._began = time.monotonic()
        run("mdadm", array, "--replace", old, "--with", new)
        self._state = mounts.BLOCK / array[5:] / f"md/dev-{old[5:]}/state"

    def is_over(self):
        return "faulty" in self._state.read_text()

    def wait(self, seconds=60):
        """Returns how long it took."""
        until(self.is_over, lambda: f"the end of the copy to the new member, {copied()}", seconds)
        return time.monotonic() - self._began


def copied():
    """How far md's copy is, as it tells."""
    said = re.search(r"recovery = *[0-9.]+%", pathlib.Path("/proc/mdstat").read_text())
    return said[0] if said else "no recovery"


@case("raid-member-replaced", fresh=True, cells="v2", long=True)
def member_replaced(node):
    running(node, limited("disk"))
    first, second, third = disk("a"), disk("b"), disk("c")
    number = {device: disks.number(device) for device in (first, second, third)}
    with volumes.plain(third), volumes.array(1, first, second, size="100M") as [array], mounted(array):
        with working(node) as work:
            expect_rules(work.container, in_force([number[first], number[second]], LIMIT))
            said = [work.change("md raid1: a spare added, limit_at = disk", list(number.values()),
                                lambda: run("mdadm", array, "--add", third), "disk")]
        Replacement(array, first, third).wait()  # without the container's I/O: see the next case
        with working(node) as work:
            expect_rules(work.container, in_force(list(number.values()), LIMIT))
            said += [work.change("md raid1: a member replaced, limit_at = disk", [number[second], number[third]],
                                 lambda: run("mdadm", array, "--remove", first), "disk"),
                     work.expect_rate([number[second], number[third]])]
            expect_chain(f"on md127 raid1 on {min(second, third)[5:]} (")
    return "; ".join(said)


@case("raid-copy-beside-a-limited-container", fresh=True, cells="v2", long=True)
def copy_beside(node):
    """md's copy waits for I/O that is under way, and I/O that is held back below md is under way for long: with the
    rules on the members it is not over in many times what it takes with the rule on the array. Then the container's I/O
    ends, and the copy with it."""
    first, second, third = disk("a"), disk("b"), disk("c")

    @contextlib.contextmanager
    def with_a_spare(limit_at):
        running(node, limited(limit_at))
        with volumes.plain(third), volumes.array(1, first, second, size="100M") as [array], mounted(array):
            run("mdadm", array, "--add", third)
            yield array

    with with_a_spare("volume") as array, working(node):
        alone = Replacement(array, first, third).wait()
    with with_a_spare("disk") as array:
        with working(node):
            copy = Replacement(array, first, third)
            over = within(copy.is_over, TIMES_SLOWER * alone)
            half_way = copied()
        took = copy.wait()
    assert not over, f"the copy has to wait for what is held back on the disks (docs/storage.md), it took {took:.1f} s"
    return f"md copies 100 MB to a new member beside a container with {LIMIT} IOPS in {alone:.1f} s with the rule on " \
           f"the array; with rules on the members after {TIMES_SLOWER * alone:.1f} s: {half_way}; over {took:.1f} s " \
           f"after it began, once the container's I/O had ended"


@case("btrfs-device-added-and-removed", fresh=True, cells="v2", long=True)
def btrfs_grows(node):
    base = running(node, limited())
    first, second = disk("a"), disk("b")
    one, other = disks.number(first), disks.number(second)
    with volumes.plain(first, second), mounted(first, kind="btrfs"):
        with working(node) as work:
            expect_rules(work.container, in_force([one], LIMIT))
            said = [work.change("btrfs: a device added", [one, other],
                                lambda: run("btrfs", "device", "add", "-f", second, disks.MOUNT)),
                    work.expect_rate([one, other])]
        # Without the container's I/O: moving its blocks would go on for as long as it writes new ones.
        took = race.run([base.cgroup], in_force([other], LIMIT),
                        lambda: run("btrfs", "device", "remove", first, disks.MOUNT))
        said.append(f"a device removed: {race.spelled(took)}")
        expect_chain(f"/data = btrfs on {names(second)} ({other}); rule on {other}")
    return "; ".join(said)
