# SPDX-License-Identifier: Apache-2.0
"""An environment: cgroups and files of its own on which one subject (the service, or what it is compared with) plays.

The subject sees its environment in the place of the machine's cgroup hierarchy, /etc, and /run: nothing else of this machine
is touched, and two environments do not see each other.
"""
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import typing

import record

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests/support"))

import hierarchy  # noqa: E402

BUILD = SOURCE / "build" / "release"
QOS = "kubepods.slice/kubepods-burstable.slice"
RECORDS = "run/containerd/io.containerd.runtime.v2.task/k8s.io"
PER_POD = 20
PATIENCE = 120
LOAD_CPU, SUBJECT_CPU = (0, 1) if (os.cpu_count() or 1) > 1 else (0, 0)
# Longer than every delay of the service's own: 20 ms after a burst, 250 ms before a repair.
QUIET = 0.3

# The cgroup namespace makes the environment's own cgroup the root of the hierarchy: seen from outside it is a part, which the
# daemon refuses. Its root is the shell's cgroup, so the mount's root is "/..", as the node's is in a container. On v2
# no process can leave its cgroup namespace (nsdelegate, cgroups(7)), so the program stays in that cgroup.
IN_NAMESPACE = """set -e
echo $$ >"$1/own/cgroup.procs"
exec unshare -C bash -c "$IN_CGROUP_NAMESPACE" env "$@"
"""
IN_CGROUP_NAMESPACE = """set -e
mount --make-rprivate /
mount --bind "$1" "$2"
mount --bind "$3/run" /run
mount --bind "$3/etc" /etc
mount --bind "$4" "$4"
started=$3/started
shift 4
echo "$EPOCHREALTIME" >"$started"
exec "$@"
"""

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true"/><allow receive_sender="*"/></policy></busconfig>"""


class Hierarchy:
    """Where this machine limits disks: v2's io controller or v1's blkio."""

    def __init__(self):
        self.version, self.mount = hierarchy.find()
        if self.mount is None:
            raise SystemExit("neither cgroup v2 with io nor v1 with blkio is mounted here")
        self.files = (["io.max"] if self.version == "v2" else
                      ["blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device"])
        self.ours = self.mount / f"iops-limitd-bench-{os.getpid()}"

    def make(self, path):
        """A cgroup whose children have limit files."""
        hierarchy.make(self.version, path)

    @staticmethod
    def remove(path):
        for folder, _, _ in os.walk(path, topdown=False):
            for _ in range(100):
                try:
                    os.rmdir(folder)
                    break
                except OSError:  # its last process is on its way out
                    time.sleep(0.01)


def container_id(number):
    return f"{number:08x}".rjust(64, "c")


def pod_uid(number):
    return f"0a1b2c3d-0000-4000-8000-{number:012x}"


class BenchEnv:
    all = []

    def __init__(self, hierarchy, work, name):
        self.hierarchy, self.name = hierarchy, name
        self.cgroup = hierarchy.ours / name
        if hierarchy.version == "v2":
            (hierarchy.mount / "cgroup.subtree_control").write_text("+io")
        hierarchy.make(self.cgroup / QOS)
        (self.cgroup / "own").mkdir()
        self.folder = work / name
        self.data = work / "data"  # on a disk, and the same for every environment
        for inner in ("run/systemd/journal", "run/iops-limitd", "run/dbus", "etc/iops-limitd", RECORDS):
            (self.folder / inner).mkdir(parents=True, exist_ok=True)
        shutil.copy("/etc/ld.so.cache", self.folder / "etc")
        shutil.copy("/etc/passwd", self.folder / "etc")
        self.configure()
        self.helpers = [subprocess.Popen([BUILD / "bench/bench_journal", self.folder / "run/systemd/journal/socket"])]
        BenchEnv.all.append(self)

    def configure(self, **keys):
        """keys: SECTION_KEY=value; everything else is the default, but for a total: v1 has none, so that it divides the
        total among all containers whenever one comes, which is another row."""
        keys = {"limits_total_iops": 0, **keys}
        sections = {}
        for name, value in keys.items():
            section, key = name.split("_", 1)
            sections.setdefault(section, []).append(f"{key} = {value}\n")
        text = "".join(f"[{section}]\n{''.join(lines)}" for section, lines in sections.items())
        (self.folder / "etc/iops-limitd/iops-limitd.conf").write_text(f"[device]\nmount = {DATA}\n{text}")

    def containers(self, count, first=0):
        """Paths of containers to be made; their pods and records are there on return."""
        paths = []
        for number in range(first, first + count):
            pod = pod_uid(number // PER_POD)
            slice_name = f"kubepods-burstable-pod{pod.replace('-', '_')}.slice"
            self.hierarchy.make(self.cgroup / QOS / slice_name)
            name = container_id(number)
            folder = self.folder / RECORDS / name
            folder.mkdir(exist_ok=True)
            (folder / "config.json").write_text(record.text(name, pod, slice_name))
            paths.append(self.cgroup / QOS / slice_name / f"cri-containerd-{name}.scope")
        return paths

    def make(self, count):
        paths = self.containers(count)
        for path in paths:
            path.mkdir()
        return paths

    def unlimited(self, paths, value="500"):
        """How many of them the kernel does not hold at `value`."""
        wanted = {f"{value}", f"riops={value}", f"wiops={value}"}
        return sum(not wanted & set((path / file).read_text().split()) for path in paths for file in self.hierarchy.files)

    def empty(self):
        """The pods go, and what holds them stays."""
        for pod in (self.cgroup / QOS).glob("*.slice"):
            self.hierarchy.remove(pod)

    def clear(self):
        self.empty()
        for name in ("rules", "pauses"):
            (self.folder / "run/iops-limitd" / name).unlink(missing_ok=True)
        shutil.rmtree(self.folder / RECORDS)
        (self.folder / RECORDS).mkdir()

    def command(self, *words):
        """`words` as a command that sees the environment."""
        return ["env", f"IN_CGROUP_NAMESPACE={IN_CGROUP_NAMESPACE}", "unshare", "-m", "bash", "-c", IN_NAMESPACE, "env",
                str(self.cgroup), str(self.hierarchy.mount), str(self.folder), DATA, *map(str, words)]

    def start_bus(self):
        """A system bus of the environment's own, that lets everybody do everything."""
        config = self.folder / "run/dbus/bus.conf"
        config.write_text(BUS_CONFIG.format(socket=self.folder / "run/dbus/system_bus_socket"))
        reading, writing = os.pipe()
        self.helpers.append(subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--nosyslog",
             f"--print-address={writing}"], pass_fds=[writing]))
        os.close(writing)
        os.read(reading, 1)
        os.close(reading)

    def close(self):
        for helper in self.helpers:
            helper.kill()
            helper.wait()


DATA = str(SOURCE / "build/bench/data")


def pinned(cpu):
    """On one CPU, and before whatever else runs on this machine: the same for all that are compared."""
    return ["nice", "-n", "-19", "taskset", "-c", str(cpu)]


def end_all():
    """Nothing that was started here is left, however the bench ends."""
    for subject in Subject.all:
        subject.stop()
    for env in BenchEnv.all:
        env.close()


class CpuTimes(typing.NamedTuple):
    """Nanoseconds of a process on a CPU, from its clocks (clock_getcpuclockid(3)). `total` is exact: the scheduler adds
    it up, and the clock, unlike /proc/PID/schedstat, has the current turn of a running process in it. How much of it is
    user time is known from samples only: the kernel books a whole timer tick (4 ms at 250 Hz) on what it interrupts.
    /proc/PID/stat rounds these samples to 10 ms and scales them to the total; the clocks have them as they were taken,
    so their differences can be added up over many rounds."""

    total: int
    sampled: int
    sampled_user: int

    @classmethod
    def of(cls, pid):
        # The kernel's number of a process's clock (include/linux/posix-timers_types.h): 0 user and system, 1 user
        # alone, 2 the scheduler's.
        sampled, user, total = (time.clock_gettime_ns(~pid << 3 | which) for which in (0, 1, 2))
        return cls(total, sampled, user)

    def since(self, before):
        return CpuTimes(*(now - then for now, then in zip(self, before)))

    def part(self, which):
        """The part "user" or "system" of the total; None if there is no sample."""
        if self.sampled == 0:
            return None
        user = self.sampled_user / self.sampled
        return self.total * (user if which == "user" else 1 - user)


class Subject:
    """A running program in an environment; `start` is how long it took to say READY=1, in seconds."""

    all = []

    def __init__(self, env, words, cpu=None, says_ready=True, **options):
        Subject.all.append(self)
        address = f"iops-limitd-bench-{os.getpid()}-{len(Subject.all)}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address)
        self.said = queue.Queue()
        self.process = None
        threading.Thread(target=self.listen, daemon=True).start()
        pin = pinned(cpu) if cpu is not None else []
        # As in the unit: the watchdog belongs to what is measured.
        environment = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": "@" + address, "WATCHDOG_USEC": "180000000"}
        self.log = env.folder / "log"
        with self.log.open("w") as log:
            about = os.fstat(log.fileno())
            environment["JOURNAL_STREAM"] = f"{about.st_dev}:{about.st_ino}"
            self.process = subprocess.Popen(env.command(*pin, *words), env=environment, stderr=log, **options)
        self.pid = self.process.pid
        if says_ready:
            self.start = self.wait_ready() - float((env.folder / "started").read_text())

    def listen(self):
        while True:
            text = self.socket.recv(65536)
            if not text:
                return
            if b"READY=1" in text:
                self.said.put(time.time())

    def wait_ready(self):
        """The moment it says READY=1."""
        try:
            return self.said.get(timeout=PATIENCE)
        except queue.Empty:
            raise RuntimeError(f"not READY after {PATIENCE} s, status {self.process.poll()}: {self.log.read_text()[-2000:]}")

    def reload(self):
        """Seconds from the signal until it says READY=1 again."""
        started = time.time()
        os.kill(self.pid, signal.SIGHUP)
        return self.wait_ready() - started

    def pss(self):
        """Bytes resident, with its share of what others map too."""
        for line in pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no Pss")

    def cpu_ns(self):
        """Time on a CPU: its own to the nanosecond, that of its ended children in ticks."""
        own = int(pathlib.Path(f"/proc/{self.pid}/schedstat").read_text().split()[0])
        ticks = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[13:15]
        return own + sum(map(int, ticks)) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")

    def idle(self):
        """Its CPU times once it has nothing left to do: they have not grown for QUIET seconds."""
        end = time.monotonic() + PATIENCE
        times = CpuTimes.of(self.pid)
        while time.monotonic() < end:
            time.sleep(QUIET)
            before, times = times, CpuTimes.of(self.pid)
            if times == before:
                return times
        raise RuntimeError("never idle")

    def switches(self):
        """How often it gave up the CPU of itself and so was woken."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                return int(line.split()[1])
        raise RuntimeError("no voluntary_ctxt_switches")

    def count_waits(self, seconds):
        """perf, which counts how often the event loop lays itself down to wait: a switch of context may also be a wait
        for a lock of the kernel's, in the middle of a check."""
        return subprocess.Popen(["perf", "stat", "-x", ",", "-e", "syscalls:sys_enter_epoll_wait", "--filter",
                                 "timeout != 0", "-p", str(self.pid), "--", "sleep", str(seconds)],
                                stderr=subprocess.PIPE, text=True)

    def stop(self):
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
