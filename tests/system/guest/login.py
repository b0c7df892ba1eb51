# SPDX-License-Identifier: Apache-2.0
"""`./dev vm`: brings the node up to the point where a person takes over on the console."""
import pathlib

import service
from node import Node

MOTD = """
iops-limitd lab: cgroup {hierarchy}, /data on {device}, containerd with the {driver} driver, the service running.
  systemctl status iops-limitd       journalctl -u iops-limitd -f       ctr -n k8s.io containers ls
A pod and a container through the CRI, as a kubelet makes them:  lab-pod NAME [CONTAINER]
poweroff ends the machine (Ctrl-a x does it the hard way).
"""
POD_COMMAND = """#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
import sys
sys.path.insert(0, "/opt/lab")
import kubelet
lab = kubelet.Kubelet("{driver}")
made = lab.run_container(lab.run_pod(sys.argv[1]), (sys.argv + ["app"])[2])
print(made.id, made.cgroup)
"""


def main(plan, report):
    node = Node(plan, report)
    node.set_up()
    node.disk.mount()
    service.start()
    command = pathlib.Path("/usr/local/bin/lab-pod")
    command.write_text(POD_COMMAND.format(driver=plan["driver"]))
    command.chmod(0o755)
    text = MOTD.format(hierarchy=plan["hierarchy"], driver=plan["driver"], device=node.disk.device)
    pathlib.Path("/etc/motd").write_text(text)
    pathlib.Path("/dev/console").write_text(text.replace("\n", "\r\n"))
