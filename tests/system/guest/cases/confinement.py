# SPDX-License-Identifier: Apache-2.0
"""What the running service cannot do: by its unit, and under its AppArmor profile, which the machines of some cells
have in force for all of their cases."""
import os
import pathlib
import subprocess

import disks
import service
from apparmor import PROFILE
from cases import case
from node import EVENTS_ONLY

OUTSIDE = pathlib.Path("/root/outside.conf")  # that the profile does not let it read


# Where it can write, beside the places of the kernel's own file systems: its state, and folders that it has to itself.
WRITABLE = {"/run/iops-limitd", "/var/lib/iops-limitd", "/tmp", "/var/tmp"}


def of_process(name):
    return pathlib.Path(f"/proc/{service.pid()}/{name}").read_text().splitlines()


@case("service-has-no-privilege", cells="v2-systemd v1-cgroupfs")
def no_privilege(node):
    node.base()
    service.stop()  # what is mounted after its start it could write to
    service.start()
    node.expect_limited()
    status = dict(line.split(":\t", 1) for line in of_process("status"))
    found = {name: status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp")}
    none = "0" * 16
    assert found == {"CapEff": none, "CapPrm": none, "CapBnd": none, "NoNewPrivs": "1", "Seccomp": "2"}, found
    mounts = [line.split()[4:6] for line in of_process("mountinfo")]
    assert any(place == disks.MOUNT for place, _ in mounts), f"it sees no {disks.MOUNT}, so nothing is proved: {mounts}"
    writable = {place for place, options in mounts if "rw" in options.split(",")}
    kernels = {place for place in writable if place.startswith(("/proc", "/dev", "/sys/fs/"))}
    assert writable - kernels <= WRITABLE, f"it can write to {sorted(writable - kernels)}"
    children = [one for task in pathlib.Path(f"/proc/{service.pid()}/task").iterdir()
                for one in (task / "children").read_text().split()]
    assert children == [], f"it has started processes: {children}"
    held = {os.readlink(one) for one in pathlib.Path(f"/proc/{service.pid()}/fd").iterdir()}
    inet = {f"socket:[{line.split()[9]}]" for kind in ("tcp", "tcp6", "udp", "udp6")
            for line in pathlib.Path(f"/proc/net/{kind}").read_text().splitlines()[1:]}
    assert not held & inet, f"it has sockets of the network: {held & inet}"
    return f"no capability, system calls filtered, no process, no network; writes to {sorted(writable)}"


def check_outside(*properties):
    """The service's program reads OUTSIDE as a unit with these properties."""
    return subprocess.run(["systemd-run", "--quiet", "--wait", "--pipe", *(f"-p{one}" for one in properties),
                           "/usr/sbin/iops-limitd", "--check-config", str(OUTSIDE)], capture_output=True, text=True)


@case("apparmor-confines-the-service", cells="v2-systemd v1-systemd")
def confines(node):
    mode = pathlib.Path(f"/proc/{service.pid()}/attr/current").read_text().strip()
    assert mode == f"{PROFILE} (enforce)", f"the service runs as {mode!r}"
    OUTSIDE.write_text(EVENTS_ONLY)
    free, confined = check_outside(), check_outside(f"AppArmorProfile={PROFILE}")
    assert free.returncode == 0, f"without the profile: expected exit status 0, found {free}"
    assert confined.returncode != 0 and "denied" in confined.stderr + confined.stdout, \
        f"with the profile: expected that it is denied, found {confined}"
    base = node.base()
    return f"{mode}; {node.expect_limited()}; {node.expect_fio(base)}; a file outside of the profile is denied"
