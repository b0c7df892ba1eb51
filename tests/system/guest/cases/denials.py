# SPDX-License-Identifier: Apache-2.0
"""What AppArmor denied the service in all of this boot, or would have denied it once the package was installed, whose
profile only complains: the last case."""
from apparmor import PROFILE
from cases import case
from cases.confinement import OUTSIDE
from disks import run


@case("apparmor-denied-nothing", fresh=True, cells="v2-systemd v1-systemd v2-stacks")
def denied_nothing(_):
    run("journalctl", "--sync")
    lines = run("journalctl", "-q", "-o", "cat", "_TRANSPORT=kernel", "+", "_TRANSPORT=audit").splitlines()
    audited = [line for line in lines if "apparmor=" in line and f'"{PROFILE}"' in line]
    loaded = [line for line in audited if 'apparmor="STATUS"' in line]
    assert loaded, "the kernel does not say that the profile was loaded, so nothing is proved"
    denied = [line for line in audited
              if ('apparmor="DENIED"' in line or 'apparmor="ALLOWED"' in line) and str(OUTSIDE) not in line]
    assert denied == [], "denied: " + "; ".join(sorted(set(denied))[:20])
    return f"{len(loaded)} times loaded, nothing denied"
