# SPDX-License-Identifier: Apache-2.0
"""systemctl reload, with a changed, the same and a broken configuration."""
import service
from cases import BOTH, case
from node import DEFAULT_IOPS, EVENTS_ONLY

CHANGED_IOPS = 400


def reload_with(node, iops):
    node.iops = iops
    service.configure(EVENTS_ONLY + f"[limits]\niops = {iops}\n")
    assert service.reload(), "systemctl reload failed for a good configuration"


def container_lines(after):
    """The lines about single containers."""
    return [entry for entry in service.journal(cursor=after) if entry.get("CONTAINER_ID")]


@case("reload-with-a-changed-limit", spread=BOTH)
def changed(node):
    node.expect_limited()
    before, pid = node.expected_iops(), service.pid()
    mark = service.cursor()
    reload_with(node, CHANGED_IOPS)
    rule = node.expect_limited()
    changed_ids = sorted(entry["CONTAINER_ID"] for entry in container_lines(mark))
    expected_ids = sorted(c.id for c in node.limited()) if node.expected_iops() != before else []
    assert changed_ids == expected_ids, f"expected one line for each of {expected_ids}, found {changed_ids}"
    assert service.pid() == pid, "a reload is no restart"
    speed = node.expect_fio(node.base())
    reload_with(node, DEFAULT_IOPS)
    node.expect_limited()
    return f"{before} became {rule}; {speed}"


@case("reload-without-a-change-is-quiet", spread="v2-systemd")
def unchanged(node):
    node.expect_limited()
    reload_with(node, node.iops)
    mark = service.cursor()
    reload_with(node, node.iops)
    found = [entry.get("MESSAGE") for entry in container_lines(mark)]
    assert found == [], f"expected no line about a container in the journal, found {found}"
    node.expect_limited(seconds=0)
    return "no line about a container, every rule as it was"


@case("reload-with-errors-keeps-the-old-configuration", spread="v2-systemd")
def garbage(node):
    rule, pid = node.expect_limited(), service.pid()
    mark = service.cursor()
    service.configure(EVENTS_ONLY + "[limits]\niops = many\nipos = 7\n")
    assert not service.reload(), "systemctl reload reported success for a configuration with errors"
    said = service.wait_status(["error"])
    place = f"{service.CONFIG}:4:"
    lines = service.messages(after=mark)
    assert any(place in line for line in lines), f"expected {place} in the journal, found {lines}"
    node.expect_limited(seconds=0)
    assert service.pid() == pid and service.show("ActiveState") == "active", "the service did not go on"
    reload_with(node, DEFAULT_IOPS)
    assert "error" not in service.status_text(), f"expected a clean status, found {service.status_text()!r}"
    return f"{rule} stayed; status: {said!r}"
