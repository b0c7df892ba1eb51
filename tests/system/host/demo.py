# SPDX-License-Identifier: Apache-2.0
"""`./dev demo`: boots the machine, follows the demonstration, and draws the result."""
import accelerator
import demo_screen
import demo_sharing_screen
import image
from machine import Machine, MachineFailed
from payload import Payload

CPUS = 2
DEMO_SECONDS = 600
TOLERANCE = 0.05
# A container without a rule shares only the total of all pods: less than this part of it would be a limit.
FREE = 0.5


class Findings:
    """What the guest reported, by container in the order of their creation."""

    def __init__(self):
        self.node, self.status, self.journal = {}, "", []
        self.before, self.after, self.rules, self.seconds, self.first_look = {}, {}, {}, [], {}
        self.started_at = None
        self.shared, self.loans = [], []

    def take(self, event):
        kind = event["event"]
        if kind == "node":
            self.node = event
        elif kind == "measured":
            into = self.before if event["when"] == "before" else self.after
            into[event["container"]] = {"read": event["read"], "write": event["write"]}
        elif kind == "second":
            self.seconds.append(event["rates"])
        elif kind == "started":
            self.started_at = event["second"]
        elif kind == "rule":
            self.rules[event["container"]] = event["rule"]
        elif kind == "first-look":
            self.first_look[event["container"]] = event["seen"]
        elif kind == "status":
            self.status = event["text"]
        elif kind == "shared":
            self.shared.append(event)
        elif kind == "loan":
            self.loans.append(event)
        elif kind == "journal-lines":
            self.journal = event["lines"]


def complaints(findings):
    """Everything that is not as the service promises."""
    wanted = ["noisy", "quiet", "istio-proxy", "newcomer"]
    missing = [name for name in wanted if name not in findings.after or name not in findings.rules]
    if missing:
        return [f"no result for {', '.join(missing)}"]
    found = []
    if findings.rules["istio-proxy"]:
        found.append(f"istio-proxy is exempt but has the rule {findings.rules['istio-proxy']}")
    for direction, iops in findings.after["istio-proxy"].items():
        free = min(findings.before["istio-proxy"][direction], findings.node["total"])
        if iops < FREE * free:
            found.append(f"istio-proxy is exempt but its {direction} fell to {iops:.0f} IOPS")
    for name in ("noisy", "quiet", "newcomer"):
        limit = demo_screen.limit_of(findings.rules[name])
        if limit is None:
            found.append(f"{name} has no limit on {findings.node['devnum']}")
            continue
        for direction, iops in findings.after[name].items():
            if abs(iops / limit[direction] - 1) > TOLERANCE:
                found.append(f"{name}: {direction} {iops:.0f} IOPS is more than 5 % off {limit[direction]}")
    return found + demo_sharing_screen.complaints(findings)


def main(arguments, progress):
    parts = image.ensure(arguments.cache, progress)
    accelerated = accelerator.choose(parts.kernel, arguments.cache, progress)
    how = "KVM" if "kvm" in " ".join(accelerated) else "software emulation"
    progress(f"booting Debian in QEMU ({how}, {CPUS} CPUs, 2 NVMe disks, cgroup {arguments.hierarchy})")
    plan = {"role": "demo", "hierarchy": arguments.hierarchy, "driver": "systemd", "layout": "ext4-partition"}
    machine = Machine("demo", arguments.work / "demo", parts, accelerated, plan["hierarchy"],
                      Payload(plan, arguments.program), cpus=CPUS)
    findings, failures = Findings(), []
    try:
        for event in machine.run(DEMO_SECONDS):
            findings.take(event)
            if event["event"] == "step":
                progress(event["text"])
            elif event["event"] == "failure":
                failures.append(event["text"])
            elif event["event"] == "journal":
                (machine.folder / "journal.txt").write_text(event["text"])
    except MachineFailed as failure:
        failures.append(str(failure))
    failures = failures or complaints(findings)
    if findings.after:
        demo_screen.show(findings, failures)
    if findings.shared and findings.loans:
        demo_sharing_screen.show(findings)
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0
