# SPDX-License-Identifier: Apache-2.0
"""KVM or software emulation? /dev/kvm can be there, open, make a machine and then hang in the guest's kernel, so
its presence proves nothing: only a kernel that boots to the end of its own start-up does."""
import os
import pathlib
import subprocess
import tempfile

PROBE_SECONDS = 15
# Printed when the kernel has started everything and finds no root file system: the probe gives it none.
END_OF_START_UP = "VFS: Unable to mount root fs"
EMULATION = ["-accel", "tcg,thread=multi", "-cpu", "max"]
KVM = ["-accel", "kvm", "-cpu", "host"]


def kvm_boots(kernel):
    with tempfile.NamedTemporaryFile(prefix="iops-limitd-kvm.") as serial:
        probe = subprocess.Popen(
            ["qemu-system-x86_64", *KVM, "-m", "256", "-nodefaults", "-display", "none", "-no-reboot",
             "-serial", f"file:{serial.name}", "-kernel", str(kernel), "-append", "console=ttyS0 panic=-1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            probe.wait(PROBE_SECONDS)
        except subprocess.TimeoutExpired:
            probe.kill()
            probe.wait()
        return END_OF_START_UP in pathlib.Path(serial.name).read_text(errors="replace")


def choose(kernel, cache, progress):
    """QEMU's arguments for the accelerator. The answer is kept until the host boots again."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return EMULATION
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    answer = cache / f"kvm-{boot}"
    if not answer.exists():
        progress(f"probing /dev/kvm with a bounded boot (at most {PROBE_SECONDS} s)")
        answer.write_text("works" if kvm_boots(kernel) else "hangs")
    works = answer.read_text() == "works"
    if not works:
        progress("/dev/kvm is there but a machine does not boot on it: software emulation instead")
    return KVM if works else EMULATION
