# SPDX-License-Identifier: Apache-2.0
"""The metrics as a real node_exporter and a real prometheus see them; the dashboard's and the alerts' expressions."""
import contextlib
import os
import pathlib

import disks
import fio
import prometheus
import rules
import service
from cases import case
from ctl import document, row_of
from node import EVENTS_ONLY
from report import until

FILE = pathlib.Path("/run/iops-limitd/iops-limitd.prom")
WRITE_BPS = 1 << 30
METERED = f"[policy metered]\npod = metered\nwrite_bps = {WRITE_BPS}\n"
FEATURES = pathlib.Path("/etc/kubernetes/node-feature-discovery/features.d/iops-limitd")
SECONDS = 120  # the file is written every 15, and scraped every 8
# What has no value on this node: nothing is failed, pending or paused, and there is no advice on the first day; v1 has
# neither a total for all nor io.pressure.
EMPTY = {"Not limited", "Advised limits",
         "Limits that are not the guarantee", "From the reading to lowered limits"}
EMPTY_ON_V1 = {"Waiting for I/O", "IOPS of all containers and the total"}


@contextlib.contextmanager
def configured(text):
    service.configure(EVENTS_ONLY + text)
    try:
        assert service.reload(), "the reload failed"
        yield
    finally:
        service.configure(EVENTS_ONLY)
        assert service.reload(), "the reload failed"


def shown(expression, wanted):
    until(lambda: prometheus.value(expression) == wanted,
          lambda: f"{expression}: expected {wanted}, found {prometheus.query(expression)}", SECONDS)


def expect_as_iopsctl(node, base, disk):
    one = f'id="{base.id}", namespace="{base.pod.namespace}", pod="{base.pod.name}", container="{base.name}"'
    rule = row_of(base)["rules"][0]
    for direction in ("read", "write"):
        shown(f'iopslimit_container_limit_iops{{{one}, device="{disk}", direction="{direction}"}}',
              rule[f"{direction}_iops"])
    status = document(node, "status")["service"]
    for state in ("limited", "exempt", "sandbox", "failed", "paused", "pending"):
        shown(f'iopslimit_containers{{state="{state}"}}', status[state])
    shown("iopslimit_drift_repaired_total", status["repaired"])
    shown("iopslimit_rule_writes_total", status["writes"])
    shown('iopslimit_mount_state{mount="/data", state="limited"}', 1)
    shown(f'iopslimit_build_info{{version="{status["version"]}", cgroup_version="{rules.hierarchy()}"}}', 1)
    return rule


def expect_as_the_kernel(node, base, disk):
    """What the kernel has counted for it, after it has written something."""
    fio.prepare(node.runtime, base)
    fio.iops(node.runtime, base)  # at its limit, for the panels that show the time there
    expression = f'iopslimit_container_ios_total{{id="{base.id}", device="{disk}", direction="write"}}'
    until(lambda: prometheus.value(expression) == counted(base.cgroup, node) > 0,
          lambda: f"expected {counted(base.cgroup, node)} writes, found {prometheus.query(expression)}", SECONDS)
    return counted(base.cgroup, node)


def counted(cgroup, node):
    """Writes to /data's disk that the kernel has counted for the cgroup."""
    if not node.v1:
        return rules.operations(cgroup, node.devnum)[1]
    file = rules.root() / cgroup.lstrip("/") / "blkio.throttle.io_serviced"
    lines = [line.split() for line in file.read_text().splitlines()]
    return next((int(line[2]) for line in lines if line[:2] == [node.devnum, "Write"]), 0)


def expect_expressions(node):
    """Each of the dashboard's is answered, with a value where there is one to have."""
    empty = EMPTY | (EMPTY_ON_V1 if node.v1 else set())
    panels = prometheus.dashboard()
    for title, expression in panels:
        if title in empty:
            prometheus.query(expression)
            continue
        until(lambda e=expression: prometheus.query(e), f"a value for {title}: {expression}", SECONDS)
    for rule in until(lambda: all(one["health"] != "unknown" for one in prometheus.rules()) and prometheus.rules(),
                      "every alert rule to be evaluated", SECONDS):
        assert rule["health"] == "ok", f"{rule['name']}: {rule}"
    return len(panels)


@case("metrics-reach-prometheus", cells="v2 v1-cgroupfs", long=True)
def reach(node):
    base, disk = node.base(), disks.by_serial(disks.DATA_SERIAL)
    for words in (("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")):
        prometheus.promtool(*words)
    with configured(f"metrics = {FILE}\n{METERED}"), prometheus.scraping(FILE):
        pod = node.kubelet.run_pod("metered")
        metered = node.kubelet.run_container(pod, "app")
        shown(f'iopslimit_container_limit_bytes_per_second{{id="{metered.id}", device="{disk}"}}', WRITE_BPS)
        rule = expect_as_iopsctl(node, base, disk)
        said = prometheus.promtool("check", "metrics", stdin=FILE.read_text())
        assert said == "", f"promtool check metrics: {said}"
        kernel = expect_as_the_kernel(node, base, disk)
        expressions = expect_expressions(node)
        timed = until(lambda: prometheus.value("iopslimit_event_to_limit_seconds_count"), "a limit that was timed", SECONDS)
        raised = prometheus.alerts()
        assert not raised & {"IopsLimitdDown", "IopsLimitContainerUnlimited"}, f"nothing is wrong, but {raised}"
        expect_alerts(node, base)
        node.remove_pods(pod)
    assert not os.path.lexists(FILE), f"{FILE} is still there, though the metrics are off"
    node.expect_limited([base])
    return (f"limit {rule['read_iops']}, {kernel} writes, {timed:.0f} limits timed; {expressions} expressions of the "
            "dashboard answered; drift and a stopped service raised their alerts")


def expect_alerts(node, base):
    (_, before), = until(lambda: prometheus.query("iopslimit_drift_repaired_total"), "the drifts so far", SECONDS)
    rules.write(rules.root() / base.cgroup.lstrip("/"), node.devnum, 100000)
    until(lambda: prometheus.query(f"iopslimit_drift_repaired_total > {before}"), "the drift to be counted", SECONDS)
    until(lambda: "IopsLimitDrift" in prometheus.alerts(), lambda: f"IopsLimitDrift, found {prometheus.alerts()}", SECONDS)
    service.stop()
    try:
        until(lambda: "IopsLimitdDown" in prometheus.alerts(), lambda: f"IopsLimitdDown, found {prometheus.alerts()}",
              SECONDS)
    finally:
        service.start()
    until(lambda: "IopsLimitdDown" not in prometheus.alerts(), "IopsLimitdDown to go", SECONDS)


@case("metrics-that-cannot-be-written", cells="v2-systemd")
def forbidden(node):
    """Said once with what to do, and no limit is lost."""
    node.base()
    mark = service.cursor()
    with configured("metrics = /var/lib/iops-limitd.prom\n"):
        pod = node.kubelet.run_pod("unmetered")
        node.run_limited(pod, "app")
        node.expect_limited()
        said = [line for line in service.messages(after=mark) if "metrics" in line]
        assert len(said) == 1 and "/run/iops-limitd" in said[0] and "ReadWritePaths=" in said[0], f"found {said}"
        node.remove_pods(pod)
    return said[0][:120]


@case("features-for-node-feature-discovery", cells="v2-systemd")
def features(node):
    """In the directory that the unit opens to the service if it exists at the start."""
    FEATURES.parent.mkdir(parents=True)
    service.stop()
    service.start()
    node.base()
    with configured(f"features = {FEATURES}\n"):
        def reported():
            return dict(line.split("=", 1) for line in FEATURES.read_text().splitlines() if not line.startswith("#"))

        def agreed():
            device, = document(node, "status")["devices"]
            return reported() == {"iopslimit.org/total-iops": str(device["total_iops"]),
                                  "iopslimit.org/limits-read-iops": str(device["used_read_iops"]),
                                  "iopslimit.org/limits-write-iops": str(device["used_write_iops"]),
                                  "iopslimit.org/model": "QEMU_NVMe_Ctrl"}

        until(agreed, lambda: f"the features of iopsctl status, found {reported()}", SECONDS)
        found = reported()
        mark = service.cursor()
        service.stop()
        left = os.path.lexists(FEATURES)
        service.start()
        assert not left, f"{FEATURES} is still there, though the service has stopped"
        assert reported() == found, f"after a restart {reported()}, before {found}"
        said = [line for line in service.messages(after=mark) if "features" in line]
        assert not said, f"found {said}"
    assert not os.path.lexists(FEATURES), f"{FEATURES} is still there, though the features are off"
    return ", ".join(f"{name}={value}" for name, value in found.items())
