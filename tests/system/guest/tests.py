# SPDX-License-Identifier: Apache-2.0
"""Runs the system tests of one boot and reports each."""
import subprocess
import time
import traceback

import apparmor
import cases
import cluster_node
import disks
import service
from node import EVENTS_ONLY, Node


def service_journal():
    """The evidence for a failing test: what the service and systemd said about it, and what it says now."""
    lines = subprocess.run(["journalctl", "-q", "--no-pager", "-o", "short-monotonic", "-u", service.UNIT, "-n", "40"],
                           capture_output=True, text=True).stdout.splitlines()
    kernel = subprocess.run(["journalctl", "-q", "--no-pager", "-o", "short-monotonic", "-k", "-p", "err", "-n", "10"],
                            capture_output=True, text=True).stdout.splitlines()
    return lines + kernel + [f"StatusText: {service.status_text()}"]


def run_case(node, name, fresh, function):
    started = time.monotonic()
    result = {"name": name, "result": "pass", "text": ""}
    try:
        if not fresh:
            node.ensure_running()
        result["text"] = function(node)
    except AssertionError as failure:
        result.update(result="fail", text=str(failure), journal=service_journal() + node.evidence())
    except Exception:
        result.update(result="fail", text=traceback.format_exc(), journal=service_journal() + node.evidence())
    ended = time.monotonic()
    node.report.send("case", seconds=round(ended - started, 1), at=ended, **result)


def is_in(cell, words):
    return any(word in cell for word in words)


def wanted(plan, name, daily):
    if plan["all"] or plan["filter"]:
        return True
    return name in cases.NEWER_DAILY if plan["suite"] else is_in(plan["cell"], daily)


def selected(plan):
    """The cases of this cell and plan."""
    chosen = []
    for name, fresh, function, words, daily in cases.ALL:
        if is_in(plan["cell"], words) and plan["filter"] in name and wanted(plan, name, daily):
            chosen.append((name, fresh, function))
    return chosen


def modules(plan):
    if plan["cell"].endswith("faults"):
        return cases.FAULTS
    if plan["cluster"]:
        return cases.CLUSTER
    if plan["layout"] == disks.NVME_DISKS:
        return cases.STACKS
    if plan["suite"]:
        return cases.NEWER
    return cases.HYBRID if plan["hierarchy"] == "hybrid" else cases.NODE


def main(plan, report):
    cases.load(modules(plan))
    node = cluster_node.ClusterNode(plan, report) if plan["cluster"] else Node(plan, report)
    if plan["cluster"] and (name := cluster_node.rebooted()):
        run_case(node, name, True, cases.AFTER_REBOOT[name])
        return
    if plan["apparmor"]:
        apparmor.enforce()
    service.configure(EVENTS_ONLY)
    report.step("formatting disks, starting containerd")
    node.set_up()
    chosen = selected(plan)
    report.send("cases", count=len(chosen))
    for name, fresh, function in chosen:
        report.step(f"running {name}")
        run_case(node, name, fresh, function)
