# SPDX-License-Identifier: Apache-2.0
"""The demonstration's guest side: three pods, fio in each before and after the service starts, and a fourth pod that
comes later; then a disk that is too small for them (demo_sharing)."""
import threading
import time

import containerd
import demo_sharing
import disks
import fio
import kubelet
import rules
import service
from node import DEFAULT_IOPS, DEFAULT_TOTAL
from report import until

BEFORE_SECONDS, AFTER_SECONDS = 3, 5
TIMELINE_SECONDS, START_AT_SECOND = 16, 5
# How the containers behave when all run at once: one wants everything, one needs little.
HABITS = {"noisy": ["--iodepth=64"], "quiet": ["--rate_iops=100"]}


class Demo:
    def __init__(self, plan, report):
        self.report, self.plan = report, plan
        self.kubelet = kubelet.Kubelet(plan["driver"])
        self.runtime = self.kubelet.runtime
        self.devnum = disks.devnum(disks.DATA_SERIAL)
        self.containers = []

    def set_up(self):
        disk = disks.DataDisk(self.plan["layout"])
        disk.format()
        disk.mount()
        self.report.send("node", devnum=self.devnum, device=disk.device, hierarchy=rules.hierarchy(),
                         kernel=disks.run("uname", "-r").strip(), iops=DEFAULT_IOPS, total=DEFAULT_TOTAL,
                         systemd=disks.run("systemctl", "--version").split()[1])
        self.report.step(f"/data is {disk.layout.replace('-', ' on a ')} {disk.device} ({self.devnum}); "
                         "starting containerd")
        containerd.configure(self.plan["driver"])
        containerd.start(self.runtime)
        self.kubelet.start()
        service.install()

    def add(self, name, image=kubelet.WORKLOAD_IMAGE, qos=kubelet.BURSTABLE):
        container = self.kubelet.run_container(self.kubelet.run_pod(f"{name}-0", qos=qos), name, image=image)
        self.containers.append(container)
        return container

    def measure(self, when, container, seconds):
        fio.prepare(self.runtime, container)
        measured = fio.iops(self.runtime, container, seconds=seconds)
        self.report.send("measured", when=when, container=container.name, **measured)
        self.report.step(f"{when} the service: {container.name} reads {measured['read']:,.0f} and writes "
                         f"{measured['write']:,.0f} IOPS")

    def timeline(self):
        """fio in all containers at once, and each second what the kernel counted; in the middle the service starts."""
        idle = self.all_operations()
        running = [threading.Thread(target=fio.iops, args=(self.runtime, container),
                                    kwargs={"seconds": TIMELINE_SECONDS + 5, "more": HABITS.get(container.name, ())})
                   for container in self.containers]
        for thread in running:
            thread.start()
        until(lambda: all(count > idle[name] + 100 for name, count in self.all_operations().items()),
              "fio at work in every container")
        starter = threading.Thread(target=service.start)
        before, before_time = self.all_operations(), time.monotonic()
        for second in range(TIMELINE_SECONDS):
            if second == START_AT_SECOND:
                self.report.send("started", second=second)
                starter.start()
            time.sleep(1)
            now, now_time = self.all_operations(), time.monotonic()
            rates = {name: (count - before[name]) / (now_time - before_time) for name, count in now.items()}
            self.report.send("second", number=second, rates=rates)
            before, before_time = now, now_time
        for thread in [*running, starter]:
            thread.join()

    def all_operations(self):
        """Reads and writes so far on the data disk."""
        return {container.name: sum(rules.operations(container.cgroup, self.devnum)) for container in self.containers}

    def rule(self, container):
        found = rules.of(container.cgroup).get(self.devnum)
        self.report.send("rule", container=container.name, rule=found, cgroup=container.cgroup)


def main(plan, report):
    demo = Demo(plan, report)
    demo.set_up()
    report.step("creating three pods through the CRI socket: noisy, quiet and istio-proxy")
    demo.add("noisy", qos=kubelet.BESTEFFORT)
    demo.add("quiet")
    demo.add("istio-proxy", image=kubelet.PROXY_IMAGE)
    for container in demo.containers:
        demo.measure("before", container, BEFORE_SECONDS)
    report.step(f"fio in all three at once; the service starts after {START_AT_SECOND} s")
    demo.timeline()
    report.send("status", text=service.status_text())
    report.step("a fourth pod comes while the service runs: newcomer")
    newcomer = demo.add("newcomer", qos=kubelet.GUARANTEED)
    report.send("first-look", container=newcomer.name, seen=newcomer.first_look())
    for container in demo.containers:
        demo.measure("after", container, AFTER_SECONDS)
        demo.rule(container)
    report.send("journal-lines", lines=[line for line in service.messages() if "limit" in line or "exempt" in line])
    noisy, quiet, _, newcomer = demo.containers
    demo_sharing.show(report, [noisy, newcomer, quiet], demo.devnum)
