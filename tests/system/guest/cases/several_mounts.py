# SPDX-License-Identifier: Apache-2.0
"""[device NAME]: several data mounts, each with its own limit."""
import disks
import fio
import rules
import service
import volumes
from cases import case
from nvme_disks import container_on_data, expect_rules, mounted, running
from report import until
from volumes import disk

DATA_IOPS, LOGS_IOPS = 250, 200
BOTH_MOUNTS = (f"[limits]\niops = {DATA_IOPS}\n[device]\nmount = {disks.MOUNT}\n"
               f"[device logs]\nmount = {disks.LOGS}\niops = {LOGS_IOPS}\n")


def both(data, logs):
    return {disks.number(data): rules.limits(DATA_IOPS, DATA_IOPS),
            disks.number(logs): rules.limits(LOGS_IOPS, LOGS_IOPS)}


def fio_at(node, container, mount, limit):
    fio.prepare(node.runtime, container, mount)
    return f"{mount}: " + fio.expect(limit, container.name, lambda: fio.iops(node.runtime, container, seconds=4,
                                                                             directory=mount))


@case("two-mounts-on-two-disks", fresh=True, cells="v2 v1")
def two_disks(node):
    running(node, BOTH_MOUNTS)
    data, logs = disk("a"), disk("b")
    with volumes.plain(data, logs), mounted(data, disks.MOUNT), mounted(logs, disks.LOGS), \
            container_on_data(node) as container:
        expect_rules(container, both(data, logs))
        status = service.status_text()
        for mount, device in ((disks.MOUNT, data), (disks.LOGS, logs)):
            chain = f"{mount} = ext4 on {device[5:]} ({disks.number(device)})"
            assert chain in status, f"expected {chain!r} in the status, found {status!r}"
        return "; ".join([fio_at(node, container, disks.MOUNT, DATA_IOPS),
                          fio_at(node, container, disks.LOGS, LOGS_IOPS)])


@case("two-mounts-on-one-disk", fresh=True, cells="v2 v1")
def one_disk(node):
    running(node, BOTH_MOUNTS)
    whole = disk("a")
    strict = {disks.number(whole): rules.limits(LOGS_IOPS, LOGS_IOPS)}
    with volumes.partitions(whole, 2) as [data, logs], mounted(data, disks.MOUNT):
        mark = service.cursor()
        with mounted(logs, disks.LOGS), container_on_data(node) as container:
            expect_rules(container, strict)
            said = until(lambda: [line for line in service.messages(after=mark) if "are on one device" in line],
                         "a journal line that both are on one device", 10)
            assert len(said) == 1 and disks.MOUNT in said[0] and disks.LOGS in said[0], f"found {said}"
            speed = fio_at(node, container, disks.MOUNT, LOGS_IOPS)
    return f"{said[0]}; {speed}"


@case("one-of-two-mounts-missing", fresh=True, cells="v2")
def one_missing(node):
    running(node, BOTH_MOUNTS)
    data, logs = disk("a"), disk("b")
    with volumes.plain(data, logs), mounted(data, disks.MOUNT):
        with container_on_data(node) as container:
            expect_rules(container, {disks.number(data): rules.limits(DATA_IOPS, DATA_IOPS)})
            status = service.wait_status([f"waiting: {disks.LOGS}"], 10)
            assert f"{disks.MOUNT} = ext4 on" in status, f"expected /data's chain in the status, found {status!r}"
            with mounted(logs, disks.LOGS):
                expect_rules(container, both(data, logs))
    return status
