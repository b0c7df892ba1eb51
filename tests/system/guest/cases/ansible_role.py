# SPDX-License-Identifier: Apache-2.0
"""packaging/ansible over a local connection: a node without the package gets it, and a second application changes nothing."""
import json
import os
import re
import subprocess

import apt
import disks
import service
from cases import case
from ctl import ctl
from disks import run

ROLE = "/opt/lab/ansible/site.yml"
CONFIGURATION = {"policy batch": {"namespace": "batch-*", "exempt": True}, "exclude": {"keywords": ["pause", "istio-proxy"]}}


def apply(iops):
    """{what: how many} of the play's recap."""
    variables = {"ansible_become": False, "iops_limitd_package": str(apt.deb()),
                 "iops_limitd_config": {"limits": {"iops": iops}, **CONFIGURATION}}
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0", "HOME": "/root",
                   "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", json.dumps(variables), ROLE],
                          capture_output=True, text=True, env=environment)
    assert done.returncode == 0, f"ansible-playbook: {done.stdout[-1500:]}{done.stderr[-500:]}"
    recap = done.stdout[done.stdout.index("PLAY RECAP"):]
    return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", recap)}


@case("deployment-ansible-role-twice", fresh=True, cells="v2-systemd", long=True)
def role(node):
    usual = node.iops
    if not os.path.ismount(disks.MOUNT):
        node.disk.mount()
    apt.make_way()
    node.base()
    try:
        node.iops = 350
        first = apply(350)
        assert first["changed"] >= 4, f"package, configuration and service, found {first}"
        assert apt.installed() == apt.version_of(apt.deb())
        assert run("systemctl", "is-enabled", service.UNIT).strip() == "enabled"
        node.expect_limited()
        second = apply(350)
        assert (second["changed"], second["failed"]) == (0, 0), f"the second application: {second}"
        node.iops = 360
        third = apply(360)
        assert third["changed"] == 2, f"a new limit: the file and the reload, found {third}"
        node.expect_limited(seconds=0)
        ctl("verify")
    finally:
        node.iops = usual
        apt.remove("--purge")
    return f"{first['changed']} changes, then {second['changed']}, then the new limit alone"
