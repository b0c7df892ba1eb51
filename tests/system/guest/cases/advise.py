# SPDX-License-Identifier: Apache-2.0
"""What a container uses is in the advice, in a dry run too; a restart keeps it, and a damaged history is said once."""
import pathlib

import disk_load
import service
from cases import case
from ctl import ctl, document
from node import EVENTS_ONLY
from report import until

HISTORY = pathlib.Path("/var/lib/iops-limitd/history")
CONFIG = "[service]\ncheck_interval = 5\n"
RATE = 100
SECONDS = 240  # the minute in which it begins, one more, and the reading after it


def advised(node):
    """The row of the workload; None while there is none."""
    rows = document(node, "advise")["advice"]
    return next((row for row in rows if row["workload"] == "advised"), None)


def is_near(row):
    return row is not None and 0.8 * RATE <= row["read_p95"] <= 1.2 * RATE


def expect_known(node, seconds=0):
    until(lambda: is_near(advised(node)), lambda: f"a p95 near {RATE}, found {advised(node)}", seconds)
    row = advised(node)
    assert row["early"] and row["pods"] == "advised-*" and row["container"] == "app", f"found {row}"
    assert row["read_limit"] == node.expected_iops() and row["write_p95"] == 0, f"found {row}"
    return row


@case("advise-shows-what-a-container-uses", cells="v2-systemd", long=True)
@case("advise-shows-what-a-container-uses", cells="v1-cgroupfs", long=True)
def uses(node):
    service.stop()
    # On v1 the kernel of the machine counts nothing for a cgroup without a rule (docs/advise.md).
    service.configure(CONFIG + ("" if node.v1 else "dry_run = yes\n"))
    pod = None
    try:
        service.start()
        pod = node.kubelet.run_pod("advised-0")
        container = node.kubelet.run_container(pod, "app")
        load = disk_load.Fio(container, disk_load.lay_out("advised"),
                             ["--rw=randread", "--bs=4k", "--ioengine=psync", f"--rate_iops={RATE}", "--runtime=36000"])
        try:
            row = expect_known(node, SECONDS)
        finally:
            load.end()
        assert f"too early: {row['read_target']}" in ctl("advise", "advised-0"), ctl("advise", "advised-0")
        service.stop()
        assert HISTORY.stat().st_mode & 0o777 == 0o600, f"found mode {HISTORY.stat().st_mode:o}"
        service.start()
        expect_known(node)
        expect_damage_said(node)
    finally:
        service.stop()
        service.configure(EVENTS_ONLY)
        service.start()
        if pod is not None:
            node.remove_pods(pod)
    node.expect_limited(seconds=20)
    return f"{RATE} reads a second: p95 {row['read_p95']}, advice {row['read_target']}; known after a restart"


def expect_damage_said(node):
    service.stop()
    HISTORY.write_text("rubbish\n")
    HISTORY.with_name("history.old").unlink(missing_ok=True)
    mark = service.cursor()
    service.start()
    assert service.reload()
    said = [line for line in service.messages(after=mark) if str(HISTORY) in line]
    assert len(said) == 1 and "is damaged" in said[0], f"found {said}"
    assert not is_near(advised(node)), f"found {advised(node)} after the history was lost"
