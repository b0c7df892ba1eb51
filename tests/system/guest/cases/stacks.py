# SPDX-License-Identifier: Apache-2.0
"""What /data can be: each stack is built, mounted while the service runs, measured through a container, and taken
apart. The mount is a change of its own: a container that has been there before gets its rules on the new devices."""
import contextlib
import functools
import re

import disks
import fio
import mounts
import race
import rules
import service
import volumes
from cases import case
from disks import run
from node import DEFAULT_TOTAL
from nvme_disks import LIMIT, container_on_data, expect_rules, in_force, limited, mounted, running
from report import until
from stack import Stack, rule_devices, letters, paths, said

# A limit in parts is reached while all parts are busy. Random I/O leaves one of them idle now and then: with N requests
# in flight over two devices N / (N + 1) of the limit is used (a closed queue with two stations). And at the end of fio
# one of them is empty before the other, which a longer run makes up for.
IN_PARTS = {"seconds": 20, "more": ("--iodepth=128",)}


def mount_bound(devices):
    run("mkdir", "-p", volumes.BASE)
    run("mount", devices[0], volumes.BASE)
    run("mkdir", "-p", f"{volumes.BASE}/sub")
    run("mount", "--bind", f"{volumes.BASE}/sub", disks.MOUNT)
    run("umount", volumes.BASE)


def mount_subvolume(devices):
    run("mkdir", "-p", volumes.BASE)
    run("mount", devices[0], volumes.BASE)
    run("btrfs", "subvolume", "create", f"{volumes.BASE}/sub")
    run("umount", volumes.BASE)
    run("mount", "-o", "subvol=sub", devices[0], disks.MOUNT)


def striped(first, second):
    return volumes.logical_volume(first, second, create=("--extents", "100%FREE", "--stripes", "2"))


def thin(device):
    return volumes.logical_volume(device, create=("--type", "thin", "--thinpool", "pool", "--size", "700m",
                                                  "--virtualsize", "700m"))


@contextlib.contextmanager
def array_of_partitions(level, first, second):
    with volumes.partitions(first) as one, volumes.partitions(second) as other, \
            volumes.array(level, *one, *other) as made:
        yield made


def on_partition(outer, device):
    return volumes.nested(outer, volumes.partitions(device))


def array_of(level):
    return functools.partial(volumes.array, level)


ONE = "{0} ({rule}); rule on {rule}{disk}"
SEVERAL = "can reach 2 times its limit"
PARTS = "carries 1/2 of a container's limit"
ESCAPE = "writes to /data are NOT limited"

# Rules stay while nothing is mounted, so each stack has to ask for others than the one before it in this table, with
# and without the stacks of --all: a mount that changes no rule would prove nothing (run_stack checks it).
TABLE = [
    Stack("unpartitioned disk, xfs", letters("a"), volumes.plain, "xfs on " + ONE, "xfs"),
    Stack("GPT partition", letters("b"), volumes.partitions, "ext4 on {0}p1; rule on {0} ({rule}){disk}", daily=True),
    Stack("bind mount of a folder", letters("a"), volumes.plain, "ext4 on " + ONE, mount=mount_bound),
    Stack("NVMe namespace 2 of a controller", ["two-namespaces#2"], volumes.plain, "ext4 on " + ONE),
    Stack("NVMe native multipath, two controllers", ["shared-namespace"], volumes.plain, "ext4 on " + ONE, daily=True),
    Stack("LVM linear", letters("a"), volumes.logical_volume,
          "ext4 on lab-data ({rule}) on {0}; rule on {rule}{disk}"),
    Stack("LVM over a partition", letters("a"), functools.partial(on_partition, volumes.logical_volume),
          "ext4 on lab-data ({rule}) on {0}p1; rule on {rule}{disk}"),
    Stack("LVM striped over two disks, xfs", letters("ab"), striped,
          "xfs on lab-data ({rule}) on {all}; rule on {rule}", "xfs", cells="v2 v1", daily=True),
    Stack("LVM thin", letters("a"), thin,
          "ext4 on lab-data ({rule}) on lab-pool-tpool on lab-pool_tmeta, lab-pool_tdata on {0}; rule on {rule}{disk}"),
    Stack("LUKS (dm-crypt)", letters("a"), volumes.luks,
          "ext4 on lab-crypt ({rule}) on {0}; rule on {rule}{disk}", cells="v2 v1", daily=True),
    Stack("LVM over LUKS", letters("a"), lambda device: volumes.nested(volumes.logical_volume, volumes.luks(device)),
          "ext4 on lab-data ({rule}) on lab-crypt on {0}; rule on {rule}{disk}"),
    Stack("md raid0", letters("ab"), array_of(0), "ext4 on md127 raid0 ({rule}) on {all}; rule on {rule}"),
    Stack("md raid1", letters("ab"), array_of(1), "ext4 on md127 raid1 ({rule}) on {all}; rule on {rule}",
          cells="v2 v1", daily=True),
    Stack("md raid10 over four disks", letters("abcd"), array_of(10),
          "ext4 on md127 raid10 ({rule}) on {all}; rule on {rule}"),
    Stack("md raid5 over three disks", letters("abc"), array_of(5),
          "ext4 on md127 raid5 ({rule}) on {all}; rule on {rule}"),
    Stack("md raid1 over partitions", letters("ab"), functools.partial(array_of_partitions, 1),
          "ext4 on md127 raid1 ({rule}) on {partitions}; rule on {rule}"),
    Stack("btrfs on one disk", letters("a"), volumes.plain, "btrfs on " + ONE, "btrfs"),
    Stack("btrfs subvolume", letters("b"), volumes.plain, "btrfs on " + ONE, "btrfs", mount=mount_subvolume),
    Stack("btrfs on two disks, data raid0", letters("ab"), volumes.plain,
          "btrfs on {numbered}; rules on {rules}", "btrfs", ("--data", "raid0"), divisor=2, warning=PARTS,
          cells="v2 v1"),
    Stack("btrfs on two disks, data single", letters("cd"), volumes.plain,
          "btrfs on {numbered}; rules on {rules}", "btrfs", ("--data", "single"), times=2, warning=SEVERAL, daily=True),
    Stack("LVM striped, limit_at = disk", letters("bc"), striped,
          "ext4 on lab-data on {numbered}; rules on {rules}", limit_at="disk", times=2, warning=SEVERAL),
    Stack("md raid0, limit_at = disk", letters("ab"), array_of(0),
          "ext4 on md127 raid0 on {numbered}; rules on {rules}", limit_at="disk", divisor=2, warning=PARTS),
    Stack("LUKS, limit_at = disk", letters("a"), volumes.luks, "ext4 on lab-crypt on " + ONE, limit_at="disk"),
    Stack("loop device", letters("a"), volumes.loop,
          "ext4 on loop0 of " + volumes.LOOP_FILE + " ({rule}); rule on {rule}"),
]


def expect_total(node, devices, divisor):
    expected = {} if node.v1 else in_force(devices, DEFAULT_TOTAL // divisor)
    kubepods = node.kubelet.driver.kubepods()
    until(lambda: rules.of(kubepods) == expected,
          lambda: f"expected {expected} on {kubepods}, found {rules.of(kubepods)}", 20)


def expect_said(chain, warning, mark):
    until(lambda: chain in service.status_text(),
          lambda: f"expected {chain!r} in the status, found {service.status_text()!r}", 10)
    lines = service.messages(after=mark)
    assert any(line.startswith(chain) for line in lines), f"expected {chain!r} in the journal, found {lines}"
    found = [line for line in lines if SEVERAL in line or PARTS in line]
    assert all(warning in line for line in found) and bool(found) == bool(warning), \
        f"expected the warning {warning!r} in the journal, found {found}"


def measure(node, container, stack, limit):
    fio.prepare(node.runtime, container)
    how = IN_PARTS if stack.divisor > 1 else {"seconds": 4}
    return fio.within(limit, container.name, lambda: fio.iops(node.runtime, container, **how), times=stack.times)


def run_stack(stack, node):
    limit = stack.divisor * LIMIT  # the kernel rounds a smaller part down: 100 is 98 (measured, 250 Hz)
    base = running(node, limited(stack.limit_at, limit))
    with stack.build(*paths(stack)) as made:
        volumes.make_file_system(stack.kind, *made, options=stack.options)
        devices, mark = rule_devices(stack, made), service.cursor()
        wanted = in_force(devices, LIMIT)
        assert rules.of(base.cgroup) != wanted, "the rules are there before the mount, so nothing is proved"
        try:
            took = race.run([base.cgroup], wanted, lambda: stack.mount(made), stack.limit_at)
            chain = said(stack, devices)
            expect_said(chain, stack.warning, mark)
            expect_total(node, devices, stack.divisor)
            with container_on_data(node) as container:
                expect_rules(container, wanted)
                measured = measure(node, container, stack, limit)
        finally:
            mounts.unmount()
    node.report.send("stack", name=stack.name, chain=chain, rules=devices, limit=limit, measured=measured,
                     said=f"{limit}" if stack.divisor == 1 else f"{limit} in {stack.divisor} parts",
                     remark=f" (up to {stack.times} x, the log says so)" if stack.times > 1 else "")
    return f"{chain}; fio at {limit}: {fio.spelled(measured)}; {race.spelled(took)}"


@case("raid5-limit-at-disk-lets-writes-through", fresh=True, cells="v2", long=True)
def raid5_at_disk(node):
    """raid5d sends them on in the kernel's name. The log says so, and it is true."""
    running(node, limited("disk"))
    members = [volumes.disk(letter) for letter in "abc"]
    with volumes.array(5, *members) as [array]:
        mark = service.cursor()
        with mounted(array), container_on_data(node) as container:
            expect_rules(container, in_force([disks.number(member) for member in members], LIMIT))
            said = until(lambda: [line for line in service.messages(after=mark) if ESCAPE in line],
                         lambda: f"expected {ESCAPE!r} in the journal, found {service.messages(after=mark)}", 10)
            fio.prepare(node.runtime, container)
            measured = fio.iops(node.runtime, container, seconds=4)
    assert measured["write"] > 1.5 * LIMIT, f"writes are limited after all: {fio.spelled(measured)}"
    return f"{said[0]}; fio at {LIMIT}: {fio.spelled(measured)}"


for one in TABLE:
    case("stack-" + "-".join(re.findall("[a-z0-9]+", one.name.lower())), fresh=True, cells=one.cells,
         long=not one.daily)(
        functools.partial(run_stack, one))
