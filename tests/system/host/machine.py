# SPDX-License-Identifier: Apache-2.0
"""One QEMU machine: throw-away overlay, payload drive, two NVMe disks or several, and the report line as a
stream of events."""
import json
import os
import pathlib
import selectors
import shutil
import subprocess
import time

from monitor import Monitor
from nvme_disks import NvmeDisks

# Serial numbers are how both sides name the disks: the kernel's nvme0/nvme1 order is not fixed.
DATA_SERIAL, OTHER_SERIAL = "data-disk", "other-disk"
DISK_BYTES = 8 << 30  # sparse; iopsctl calibrate wants 5 GiB to be free
QEMU = ("qemu-system-x86_64",)
NO_NETWORK = ("-nic", "none")
HIERARCHY_ARGUMENTS = {
    "v2": "systemd.unified_cgroup_hierarchy=1",
    # systemd 256 and later also want the last word; earlier ones do not know it.
    "v1": "systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1 "
          "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1",
    "hybrid": "systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=0",
}


class MachineFailed(Exception):
    """The machine ended, or ran out of time, before it said that it was done."""


class MachineHung(MachineFailed):
    """It ran out of time."""


class Machine:
    def __init__(self, name, folder, image, accelerator, hierarchy, payload, cpus=2, memory_mib=2048, with_nvme_disks=False,
                 qemu=QEMU, kernel_arguments=(), network=NO_NETWORK, programs=None):
        """`cpus`: a number, or any value of QEMU's -smp. `qemu`: the program and its first arguments. `programs`: the file
        of a further drive, which the machine only reads; a machine with it may reboot."""
        self.name, self.folder = name, pathlib.Path(folder)
        self.image, self.accelerator, self.hierarchy, self.payload = image, accelerator, hierarchy, payload
        self.cpus, self.memory_mib, self.qemu, self.kernel_arguments = cpus, memory_mib, qemu, kernel_arguments
        self.network, self.programs = network, programs
        self.monitor = Monitor()
        self.nvme_disks = NvmeDisks(self.folder, self.monitor) if with_nvme_disks else None
        self.process = None

    def _prepare(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        overlay = self.folder / "root.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", self.image.disk, overlay],
                       check=True)
        for serial in (DATA_SERIAL, OTHER_SERIAL):
            with open(self.folder / f"{serial}.img", "wb") as disk:
                disk.truncate(DISK_BYTES)
        if self.nvme_disks:
            self.nvme_disks.prepare()
        self.payload.write(self.folder / "payload.tar")

    def _drive(self, ident, file, image_format, device):
        # cache=unsafe: the disks are thrown away with the machine, so nobody needs the host's fsync.
        return ["-drive", f"if=none,id={ident},file={self.folder / file},format={image_format},cache=unsafe",
                "-device", f"{device},drive={ident}"]

    def _command(self, serials, kernel_arguments):
        # apparmor: the last word counts.
        # no_timer_check: the kernel expects ten timer interrupts at once, and on a busy host they come late.
        # default_timeout_start_sec: on a busy host the usual 90 s can be too short.
        append = ["root=/dev/vda", "rw", "systemd.default_timeout_start_sec=600", "console=ttyS0", "apparmor=0",
                  "net.ifnames=0", "mitigations=off", "random.trust_cpu=on", "no_timer_check",
                  HIERARCHY_ARGUMENTS[self.hierarchy], *self.kernel_arguments, *kernel_arguments]
        ends = [] if self.programs else ["-no-reboot"]
        return [*self.qemu, *self.accelerator, "-smp", str(self.cpus), "-m", str(self.memory_mib),
                "-nodefaults", "-display", "none", *ends, *self.network, "-device", "virtio-rng-pci",
                "-kernel", str(self.image.kernel), "-initrd", str(self.image.initrd), "-append", " ".join(append),
                *self._drive("root", "root.qcow2", "qcow2", "virtio-blk-pci"),
                *self._drive("payload", "payload.tar", "raw", "virtio-blk-pci,serial=payload"),
                *self._drive("data", f"{DATA_SERIAL}.img", "raw", f"nvme,id={DATA_SERIAL},serial={DATA_SERIAL}"),
                *self._drive("other", f"{OTHER_SERIAL}.img", "raw", f"nvme,id={OTHER_SERIAL},serial={OTHER_SERIAL}"),
                *(self.nvme_disks.command_line() if self.nvme_disks else []), *self._programs(), *serials]

    def _programs(self):
        if not self.programs:
            return []
        return ["-drive", f"if=none,id=programs,file={self.programs},format=raw,readonly=on",
                "-device", "virtio-blk-pci,drive=programs,serial=programs"]

    def run(self, timeout):
        """Boots, and yields the report's events as they come, the last one being {"event": "done"}."""
        self._prepare()
        serials = ["-serial", f"file:{self.folder / 'console.log'}",
                   "-chardev", "stdio,id=report,signal=off", "-serial", "chardev:report",
                   *self.monitor.command_line()]
        # loglevel=5: the kernel reports NVMe timeouts as warnings, which "quiet" alone keeps off the console.
        quiet = ["quiet", "loglevel=5", "systemd.mask=serial-getty@ttyS0.service", "systemd.show_status=0"]
        with open(self.folder / "qemu.log", "wb") as errors, open(self.folder / "report.jsonl", "wb") as copy:
            self.process = subprocess.Popen(self._command(serials, quiet), stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=errors,
                                            pass_fds=[self.monitor.handle()])
            try:
                self.monitor.greet()
                yield from self._events(time.monotonic() + timeout, timeout, copy)
            finally:
                self.stop()

    def _events(self, deadline, timeout, copy):
        selector, pending = selectors.DefaultSelector(), b""
        selector.register(self.process.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise MachineHung(f"{self.name}: not done after {timeout} s; see {self.folder}/console.log")
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                raise MachineFailed(f"{self.name}: the machine ended by itself; see {self.folder}/console.log")
            copy.write(chunk)
            copy.flush()
            *lines, pending = (pending + chunk).split(b"\n")
            for event in filter(None, map(self._parse, lines)):
                if event["event"] == "ask":
                    self._answer(event)
                    continue
                yield event
                if event["event"] == "done":
                    return

    def _answer(self, asked):
        """The guest cannot pull its own disks out, or make them slow: it asks, and waits for one line, empty when all
        went well."""
        try:
            if asked["action"] == "capacity":
                self.monitor.set_capacity(asked["disk"], asked["iops"])
            else:
                self.nvme_disks.do(asked["action"], asked["disk"])
            text = ""
        except (OSError, RuntimeError) as failure:
            text = str(failure)
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    @staticmethod
    def _parse(line):
        try:
            event = json.loads(line)
        except ValueError:
            return None  # not ours: firmware and kernel may greet on the same line
        return event if isinstance(event, dict) and "event" in event else None

    def console(self):
        """The text of the guest's console; after a run that of the whole run."""
        try:
            return (self.folder / "console.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def login(self):
        """Boots with the console on this terminal, for a person. Returns when the machine is off."""
        self._prepare()
        serials = ["-chardev", "stdio,id=console,mux=on,signal=off", "-serial", "chardev:console",
                   "-mon", "chardev=console,mode=readline", "-serial", f"file:{self.folder / 'report.jsonl'}"]
        return subprocess.run(self._command(serials, ["systemd.show_status=0", "quiet"])).returncode

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
        for disk in (DATA_SERIAL + ".img", OTHER_SERIAL + ".img", "root.qcow2"):
            (self.folder / disk).unlink(missing_ok=True)
        self.monitor.close()
        if self.nvme_disks:
            self.nvme_disks.close()
