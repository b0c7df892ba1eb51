#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""iopsctl against a fake service on a bus of the test's own, and a cgroup tree of files.

Usage: iopsctl_test.py IOPSCTL FAKE_SERVICE SCHEMA
"""
import contextlib
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))
import on_terminal  # noqa: E402

IOPSCTL, FAKE_SERVICE, SCHEMA = sys.argv[1:4]
NOBODY = 65534

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={socket}</listen><auth>EXTERNAL</auth><policy context="default">
<allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true"/><allow receive_sender="*"/></policy></busconfig>
"""


def as_nobody():
    if os.geteuid() == 0:
        os.setuid(NOBODY)


class Machine:
    """A root directory with a v2 hierarchy of plain files, and a bus."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="iopsctl-test."))
        self.root.chmod(0o777)
        self.cgroups = self.root / "cgroup"
        self.write("cgroup/cgroup.controllers", "cpu io memory\n")
        self.write("proc/self/mountinfo",
                   f"30 1 0:26 / {self.cgroups} rw - cgroup2 cgroup2 rw\n")
        self.write("run/iops-limitd/rules", "")
        self.address = f"unix:path={self.root}/bus"
        self.processes = []

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def container(self, digit, pod, rules):
        """A container of the sample overview (tests/support/sample_overview.hpp)."""
        path = f"/kubepods/burstable/pod00000000-0000-4000-8000-00000000000{pod}/{digit * 64}"
        self.write(f"cgroup{path}/io.max", rules)
        self.write(f"cgroup{path}/io.stat", "259:0 rbytes=4096 wbytes=0 rios=1 wios=0\n")
        self.write(f"cgroup{path}/io.pressure",
                   "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\nfull avg10=0 total=0\n")
        return path

    def sample(self):
        limit = "259:0 rbps=max wbps=max riops=500 wiops=500\n"
        self.write("cgroup/kubepods/io.max", "259:0 rbps=max wbps=max riops=3000 wiops=3000\n")
        self.db = self.container("a", 0, limit)
        self.container("b", 1, limit)
        for digit, pod in (("c", 1), ("d", 1), ("e", 2), ("f", 3)):
            self.container(digit, pod, "")

    def start(self, command, **more):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                   env=self.environment(), **more)
        self.processes.append(process)
        return process

    def bus(self):
        self.write("bus.conf", BUS_CONFIG.format(socket=self.root / "bus"))
        daemon = self.start(["dbus-daemon", f"--config-file={self.root}/bus.conf", "--nofork",
                             "--nopidfile", "--nosyslog", "--print-address=1"],
                            preexec_fn=as_nobody)
        assert "unix:" in daemon.stdout.readline()

    def service(self, mood="good"):
        """On the bus; its socket is where the command does not look."""
        service = self.listening("aside/private", mood)
        assert "on the bus" in service.stdout.readline()
        return service

    def listening(self, socket, mood="good"):
        (self.root / socket).parent.mkdir(exist_ok=True)
        service = self.start([FAKE_SERVICE, mood, str(self.root / socket)])
        assert service.stdout.readline() == "listening\n"
        return service

    def environment(self, **more):
        names = {"PATH": os.environ["PATH"], "TZ": "UTC", "DBUS_SYSTEM_BUS_ADDRESS": self.address}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                names[name] = os.environ[name]
        return {**names, **more}

    def run(self, *arguments, user=None, **environment):
        command = [IOPSCTL, "--root", str(self.root), *arguments]
        if user is not None:
            command = ["setpriv", f"--reuid={user}", "--clear-groups", *command]
        return subprocess.run(command, env=self.environment(**environment), capture_output=True,
                              text=True, timeout=60, check=False)

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()
        shutil.rmtree(self.root)


class Terminal:
    """A command on a terminal of its own; `read_until` waits for text on its screen."""

    def __init__(self, machine, *arguments, columns=80, rows=24):
        command = [IOPSCTL, "--root", str(machine.root), *arguments]
        self.pid, self.fd = on_terminal.start(command, machine.environment(TERM="xterm"), rows, columns)
        self.text = ""

    def resize(self, columns, rows):
        on_terminal.resize(self.fd, rows, columns)

    def read_until(self, pattern, after=0):
        deadline = time.monotonic() + 30
        while not re.search(pattern, self.text[after:], re.DOTALL):
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"no {pattern!r} in {self.text[after:][:2000]!r}"
            try:
                self.text += os.read(self.fd, 65536).decode()
            except OSError:
                assert False, f"ended without {pattern!r}: {self.text[after:]!r}"
        return self.text[after:]

    def end(self):
        """The exit status, when it has ended; what it still said is in `text`."""
        with contextlib.suppress(OSError):
            while data := os.read(self.fd, 65536):
                self.text += data.decode()
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


class Case(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.close)
        self.machine.sample()

    def ends(self, result, status, *patterns):
        said = result.stdout + result.stderr
        self.assertEqual(result.returncode, status, said)
        for pattern in patterns:
            self.assertRegex(said, pattern)

    def valid(self, verb, result):
        document = json.loads(result.stdout)
        with open(SCHEMA, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.validate(document, {**schema, "$ref": f"#/$defs/{verb}"})
        return document


class WithService(Case):
    def setUp(self):
        super().setUp()
        self.machine.bus()
        self.service = self.machine.service()

    def run_as_root(self, *arguments):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        return self.machine.run(*arguments)

    def test_status(self):
        self.ends(self.machine.run("status"), 0, "iops-limitd 1.2.3, running since Sun 2001-09-09",
                  "Device: /data = ext4 on nvme0n1", "/logs is not mounted",
                  "2 limited, 1 exempt, 1 sandbox, 1 failed, 1 paused", "33% of the total of 3000")

    def test_list(self):
        result = self.machine.run("list")
        self.ends(result, 0, r"shop/db-0 +db +limited +500 +0 +\[limits\] iops", "1 sandbox is not",
                  "lab/job-2 +job +paused +- +0 +limited again in", "io controller is not enabled")
        self.assertEqual(self.machine.run("list", "--all").stdout.count("\n"), 7)

    def test_a_terminal_cuts_and_a_pipe_does_not(self):
        narrow = self.machine.run("list", COLUMNS="60").stdout.splitlines()
        self.assertTrue(all(len(line) <= 60 for line in narrow), narrow)
        self.assertIn("…", "".join(narrow))
        self.assertNotIn("…", self.machine.run("list").stdout)

    def test_devices(self):
        self.ends(self.machine.run("devices"), 0, r"/data +limited +259:0 +3000 +1000 +/data = ext4",
                  "/logs +waiting +-")

    def test_explain(self):
        self.ends(self.machine.run("explain", "db"), 0, "shop/db-0/db: limited",
                  r"1\. \[exclude\]: no keyword", r"2\. \[limits\] applies",
                  "Kernel: 259:0: read 500 IOPS, write 500 IOPS")
        self.ends(self.machine.run("explain", "shop/web-1"), 0, "web: limited",
                  "istio-proxy: exempt", "holds no rule")

    def test_advise(self):
        self.ends(self.machine.run("advise"), 0, r"all pods +- +6\.2 +3,000", "could lend 454", "too early: 46",
                  "at least 690r 46w: raise, look again in a day")
        self.ends(self.machine.run("advise", "db-0"), 0, r"shop/db-\* +db")
        self.assertEqual(self.machine.run("advise", "db-0").stdout.count("\n"), 2)
        self.ends(self.machine.run("advise", "nobody"), 2, "is called 'nobody', or none was observed yet")
        shown = self.valid("advise", self.machine.run("advise", "--json"))["advice"]
        self.assertEqual([one["read_target"] for one in shown], [3335, 690, 46, 46, 10])
        self.ends(self.machine.run("advise", "--ini", "--json"), 2)

    def test_what_advise_prints_is_a_configuration(self):
        ini = self.machine.run("advise", "--ini")
        self.ends(ini, 0, r"\[policy shop/db/db\]", "read_iops = 690")
        self.machine.write("conf.d/advice.conf", ini.stdout)
        self.ends(self.machine.run("check-config", f"{self.machine.root}/conf.d/advice.conf"), 0, "no errors")

    def test_names_are_exact_or_the_start_of_one(self):
        self.ends(self.machine.run("explain", "aaaa"), 0, "shop/db-0/db")
        self.ends(self.machine.run("explain", "web"), 2, "'web' may be any of:",
                  r"shop/web-1/web \(bbbbbbbbbbbb\)", "lab/web-3/web")
        self.ends(self.machine.run("explain", "nobody"), 2, "no container or pod is called")

    def test_verify(self):
        self.ends(self.machine.run("verify"), 1, "/logs is waited for: /logs is not mounted",
                  "lab/web-3/web is not limited: the io controller", "3 rules compared: all hold",
                  "nothing is in force for 2")
        for rules, what in (("259:0 rbps=max wbps=max riops=501 wiops=500\n", "read 501 IOPS"),
                            ("", "the kernel holds no rule")):
            self.machine.write(f"cgroup{self.machine.db}/io.max", rules)
            self.ends(self.machine.run("verify"), 1, f"shop/db-0/db should hold.*{what}",
                      "1 difference")
        self.valid("verify", self.machine.run("verify", "--json"))

    def test_verify_sees_rules_that_should_not_be(self):
        self.machine.container("c", 1, "259:0 rbps=max wbps=max riops=7 wiops=max\n")
        self.machine.container("9", 9, "")
        self.ends(self.machine.run("verify"), 1, "istio-proxy should hold no rule; the kernel holds",
                  "that the service does not know")

    def test_health(self):
        self.ends(self.machine.run("health"), 1, "good  service: it answers",
                  "BAD   containers: 1 container is not limited", "good  rules: 3 rules hold")
        self.machine.write(f"cgroup{self.machine.db}/io.max", "")
        self.ends(self.machine.run("health"), 1, "BAD   rules: 1 rule does not hold")

    def test_pause_and_resume(self):
        self.ends(self.run_as_root("pause", "db", "--for", "30m"), 0,
                  "shop/db-0/db is not limited for 30 min")
        self.assertEqual(self.service.stdout.readline(), f"pause {self.machine.db} 1800\n")
        self.ends(self.machine.run("list"), 0, "db +paused +- +0 +limited again in")
        self.ends(self.machine.run("resume", "db"), 0, "shop/db-0/db is limited again")
        self.ends(self.machine.run("resume", "web-1/web"), 1, "is not paused")
        self.ends(self.machine.run("pause", "web"), 2, "'web' may be any of:")
        self.ends(self.machine.run("resume", "nobody"), 2, "no container or pod is called")
        self.ends(self.machine.run("resume", "--json", "--", "-x"), 2, "no container or pod is called '-x'")

    def test_a_pause_is_bounded(self):
        for span in ("25h", "0", "ten", "-1", "10m5"):
            self.ends(self.machine.run("pause", "db", f"--for={span}"), 2, "at most 24h")

    def test_reload_and_clear(self):
        self.ends(self.run_as_root("reload"), 0, "read again")
        self.ends(self.machine.run("clear"), 0, "every limit is taken away")
        self.assertEqual([self.service.stdout.readline() for _ in range(2)], ["reload\n", "clear\n"])

    def test_others_may_not_change(self):
        user = NOBODY if os.geteuid() == 0 else None
        for verb in (("reload",), ("clear",), ("pause", "db"), ("resume", "db"), ("diff",)):
            self.ends(self.machine.run(*verb, user=user), 4, "only root may do this: polkit")

    def test_json(self):
        for verb in ("status", "list", "devices", "health", "verify", "check-config"):
            self.valid(verb, self.machine.run(verb, "--json"))
        status = self.valid("status", self.machine.run("status", "--json"))
        self.assertEqual((status["source"], status["service"]["paused"]), ("service", 1))
        shown = self.valid("explain", self.machine.run("explain", "web-1", "--json"))["containers"]
        self.assertEqual([one["name"] for one in shown], ["web", "istio-proxy", ""])
        self.valid("top", self.machine.run("top", "-n", "1", "--json"))
        for verb in (("pause", "db"), ("resume", "job"), ("reload",), ("clear",)):
            self.valid(verb[0], self.run_as_root(*verb, "--json"))
        paused = json.loads(self.run_as_root("pause", "db", "--json").stdout)
        self.assertEqual(paused, {"done": "pause", "name": "shop/db-0/db", "cgroup": self.machine.db, "seconds": 600})
        uid = json.loads(self.run_as_root("pause", "shop/db-0", "--json").stdout)["pod_uid"]
        self.assertIn(uid, self.machine.db)

    def test_diff(self):
        shown = self.run_as_root("diff")
        self.ends(shown, 1, "an operator took every limit away", r"\[limits\] iops +not set +800 +/etc/c.conf:7\n",
                  r"dry_run +no +not set +/etc/c.conf:9, not any more; at the next restart",
                  r"\[device logs\] +- +/logs: limited 259:5, total 900",
                  r"shop/db-0/db +500 +800 \(lend, weight 200\) +\[policy db\] \(/etc/c.conf:12\)",
                  r"shop/web-1/web +500 +exempt +\[exclude\] keywords",
                  r"1 setting and 2 containers \(and 1 sandbox\) would change by a reload, 1 setting by a restart")
        found = self.valid("diff", self.machine.run("diff", "--json"))
        self.assertTrue(found["changes"])
        self.assertEqual([one["value_before"] for one in found["settings"]], [None, "no"])
        self.assertEqual(found["containers"][0]["rules_after"][0]["read_iops"], 800)
        self.assertEqual([one["seen_after"] for one in found["containers"]], [True, True, False])

    def test_lines_are_the_same_in_every_locale(self):
        lines = self.machine.run("list", COLUMNS="70", LANG="C.UTF-8").stdout
        self.assertIn("…", lines)
        for environment in ({}, {"LANG": "C"}, {"LC_ALL": "POSIX"}, {"LANG": "no_SUCH.locale"}):
            self.assertEqual(self.machine.run("list", COLUMNS="70", **environment).stdout, lines)

    def test_names_for_completion(self):
        names = self.machine.run("names").stdout.split()
        self.assertIn("shop/db-0", names)
        self.assertIn("db", names)
        self.assertNotIn("web", names)

    def test_top_in_a_pipe_is_one_screen(self):
        self.ends(self.machine.run("top"), 0, "2 containers limited, 1 exempt",
                  r"shop/db-0/db +0 +0 +0 +0 +500 +\[ +\]   0% +0%")

    def test_top_on_a_terminal(self):
        terminal = Terminal(self.machine, "top", columns=80, rows=12)
        terminal.read_until(r"\x1b\[\?1049h.*q quit")
        self.machine.write(f"cgroup{self.machine.db}/io.stat",
                           "259:0 rbytes=4096 wbytes=0 rios=100000 wios=0\n")
        terminal.read_until(r"shop/db-0/db\s+\S*[1-9]")
        for key, title in ((b"n", r"\*CONTAINER"), (b"u", r"\*OF ITS LIMIT"), (b"b", r"\*B/S"),
                           (b"w", r"\*STALL"), (b"\x1b[B\x1b[A\x1b[6~i", r"\*READ/S")):
            seen = len(terminal.text)
            os.write(terminal.fd, key)
            terminal.read_until(title, seen)
        seen = len(terminal.text)
        terminal.resize(140, 12)
        terminal.read_until("WRITE B/S", seen)
        os.write(terminal.fd, b"q")
        self.assertEqual(terminal.end(), 0)
        self.assertIn("\x1b[?25h\x1b[?1049l", terminal.text)

    def test_top_gives_the_terminal_back_when_it_is_ended(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            terminal = Terminal(self.machine, "top")
            terminal.read_until("q quit")
            before = termios.tcgetattr(terminal.fd)[3]
            os.kill(terminal.pid, number)
            terminal.read_until(r"\x1b\[\?25h\x1b\[\?1049l")
            after = termios.tcgetattr(terminal.fd)[3]
            self.assertEqual(terminal.end(), 0)
            self.assertEqual((before & termios.ECHO, after & termios.ECHO), (0, termios.ECHO))

    def test_colours_on_a_terminal_only(self):
        terminal = Terminal(self.machine, "list")
        terminal.read_until("limited")
        terminal.end()
        self.assertIn("\x1b[32mlimited", terminal.text)
        self.assertNotIn("\x1b", self.machine.run("list").stdout)


class Working:
    """db's counters grow for as long as the block lasts: so many reads a second, each of which takes the disk so long.
    They are counted once more on another device."""

    def __init__(self, machine, iops, waiting, wait_msec):
        self.machine, self.iops, self.waiting, self.wait_msec = machine, iops, waiting, wait_msec
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.began = time.monotonic()

    def __enter__(self):
        self.write()
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def run(self):
        while not self.over.wait(0.02):
            self.write()

    def write(self):
        seconds = 1 + time.monotonic() - self.began
        reads = int(self.iops * seconds)
        stat = "".join(f"{device} rbytes={reads} wbytes=0 rios={reads} wios=0\n" for device in ("259:0", "8:16"))
        for path, text in ((f"cgroup{self.machine.db}/io.stat", stat),
                           (f"cgroup{self.machine.db}/io.pressure",
                            f"some avg10=0 avg60=0 avg300=0 total={int(self.waiting * seconds * 1e6)}\n"),
                           ("sys/dev/block/259:0/stat", f"{reads} 0 {reads} {reads * self.wait_msec} 0 0 0 0 1 "
                                                        f"{int(seconds * 1000)} {reads * self.wait_msec}\n")):
            self.machine.write(path + ".new", text)
            (self.machine.root / (path + ".new")).replace(self.machine.root / path)


class Why(Case):
    """Who is held back, and by what. The service knows all of it but the counters, which are files."""

    def setUp(self):
        super().setUp()
        self.machine.bus()

    def test_own_limit(self):
        self.machine.service()
        with Working(self.machine, iops=600, waiting=0.9, wait_msec=0):
            self.ends(self.machine.run("why", "shop/db-0"), 10,
                      r"shop/db-0/db: its own limit: read \d+ of 500 IOPS in 5 of 5 seconds; waiting [89]\d%",
                      r"\n  limit 500 from \[limits\] iops \(default\)\n",
                      "259:0 answers in 0.0 ms, 100% busy; all pods read .* of 3,000 IOPS")
            result = self.machine.run("why", "--json")
            self.assertEqual(result.returncode, 10)
            one, = self.valid("why", result)["containers"]
            self.assertEqual((one["name"], one["verdict"], one["limit"]["key"], len(one["samples"])),
                             ("db", "own_limit", "read_iops", 2))

    def test_disk(self):
        self.machine.service()
        with Working(self.machine, iops=50, waiting=0.9, wait_msec=20):
            result = self.machine.run("why", "db", "--json")
        self.assertEqual(result.returncode, 12)
        one, = self.valid("why", result)["containers"]
        self.assertEqual((one["verdict"], one["disk"]["wait_msec"], len(one["samples"])), ("disk", 20, 5))
        self.assertEqual([other["device"] for other in one["others"]], ["8:16"])

    def test_device_below_the_limited_one_is_no_other_storage(self):
        self.machine.service()
        self.machine.write("sys/devices/sdb/dev", "8:16\n")
        self.machine.write("sys/devices/sdb/sdb1/dev", "8:17\n")
        self.machine.write("sys/devices/sdb/sdb1/partition", "1\n")
        slaves = self.machine.root / "sys/dev/block/259:0/slaves"
        slaves.mkdir(parents=True)
        (slaves / "sdb1").symlink_to(self.machine.root / "sys/devices/sdb/sdb1")
        with Working(self.machine, iops=600, waiting=0.9, wait_msec=0):
            one, = self.valid("why", self.machine.run("why", "db", "--json"))["containers"]
        self.assertEqual(one["others"], [])

    def test_cut(self):
        self.machine.service("sharing")  # its container web writes at most 330 of its 500
        web = self.machine.container("b", 1, "259:0 rbps=max wbps=max riops=500 wiops=330\n")
        self.machine.db = web
        with Working(self.machine, iops=0, waiting=0, wait_msec=0):
            self.ends(self.machine.run("why"), 0, "nobody is held back; 6 containers sampled for 2 seconds")
        self.machine.container("b", 1, "259:0 rbps=max wbps=max riops=330 wiops=330\n")
        with Working(self.machine, iops=400, waiting=0.2, wait_msec=0):
            self.ends(self.machine.run("why", "shop/web-1/web"), 11,
                      "the total of all pods: it is cut to 330 of its 500 read IOPS")

    def test_all_of_a_pod(self):
        self.machine.service()
        result = self.machine.run("why", "web-1")
        self.ends(result, 0, "shop/web-1/web: not I/O: it waits 0% of the time",
                  "shop/web-1/istio-proxy: not I/O", r"it has no limit: exempt, \[exclude\] keywords: istio-proxy")
        self.assertNotIn("sandbox", result.stdout)

    def test_container_that_is_gone(self):
        self.machine.service()
        shutil.rmtree(self.machine.cgroups / self.machine.db[1:])
        self.ends(self.machine.run("why", "db"), 14, "cannot tell: it ended before anything was measured")

    def test_without_pressure(self):
        self.machine.service()
        (self.machine.cgroups / self.machine.db[1:] / "io.pressure").unlink()
        self.ends(self.machine.run("why", "db"), 14, "cannot tell: it is not at a limit", "it uses 0% of its limit")
        self.ends(self.machine.run("why"), 0, "nobody is held back", "of 1 of them it cannot be told")

    def test_names(self):
        self.machine.service()
        self.ends(self.machine.run("why", "nobody"), 2, "no container or pod is called")
        self.ends(self.machine.run("why", "web"), 2, "'web' may be any of:")

    def test_without_the_service(self):
        with Working(self.machine, iops=600, waiting=0.9, wait_msec=0):
            result = self.machine.run("why", "aaaa", "--json")
        self.ends(result, 3, "iops-limitd is not running")
        found = self.valid("why", result)
        self.assertEqual((found["source"], found["containers"][0]["verdict"]), ("kernel", "own_limit"))
        self.assertEqual(found["containers"][0]["total"]["total"], 3000)


class OtherServices(Case):
    def setUp(self):
        super().setUp()
        self.machine.bus()

    def test_a_refused_reload(self):
        self.machine.service("refuse")
        if os.geteuid() == 0:
            self.ends(self.machine.run("reload"), 1, "iopsctl: /etc/x.conf:3: no such key")

    def test_diff_of_what_is_refused_and_of_nothing(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        service = self.machine.service("refuse")
        self.ends(self.machine.run("diff"), 78, "^:2: no such key\n$")
        service.kill()
        service.wait()
        self.machine.service("same")
        self.ends(self.machine.run("diff"), 0, "^nothing would change\n$")
        self.assertFalse(self.valid("diff", self.machine.run("diff", "--json"))["changes"])

    def test_the_service_looks_names_up_in_one_call(self):
        for verb, said in (("explain", "shop/db-0/db: limited"), ("pause", "shop/db-0/db is not limited for 10 min")):
            if verb == "pause" and os.geteuid() != 0:
                continue
            service = self.machine.service("once")
            self.ends(self.machine.run(verb, "db"), 0, said)
            service.kill()
            service.wait()

    def test_a_service_that_does_not_turn(self):
        self.machine.service("mute")
        self.ends(self.machine.run("health"), 1, "BAD   service: the service does not answer")


class SharedDisk(Case):
    """The service has raised the limit of db, and lowered that of web."""

    def setUp(self):
        super().setUp()
        self.machine.bus()
        self.machine.service("sharing")
        self.machine.container("a", 0, "259:0 rbps=max wbps=max riops=1840 wiops=500\n")
        self.machine.container("b", 1, "259:0 rbps=max wbps=max riops=500 wiops=330\n")
        self.machine.container("9", 4, "259:0 rbps=max wbps=max riops=500 wiops=500\n")

    def test_screens(self):
        self.ends(self.machine.run("status"), 0, r"Sharing: sharing: 2 containers have another limit",
                  "/data: 1,340 reads/s lent, 170 writes/s cut", "57 limits raised, 49 lowered, the slowest in 1.2 ms")
        self.ends(self.machine.run("list"), 0, r"db +limited +500 \+1,340r +0 .*\(default\); borrows 1,340 reads/s\n",
                  r"web +limited +500 -170w +0 .*; cut by 170 writes/s: the busy ones want more than the total\n",
                  r"cache +limited +500 +0 .*; lends 423 reads/s, 500 writes/s\n")
        self.ends(self.machine.run("top"), 0, r"shop/db-0/db .* 500 +\[ +\]   0% \+1.3Kr")
        self.ends(self.machine.run("explain", "db"), 0, "Guarantee: 259:0: read 500 IOPS, write 500 IOPS",
                  "Sharing: it borrows 1,340 reads/s", "Kernel: 259:0: read 1840 IOPS, write 500 IOPS")

    def test_a_borrowed_limit_is_not_wrong(self):
        self.ends(self.machine.run("verify"), 1, "4 rules compared: all hold", "nothing is in force for 2")
        self.ends(self.machine.run("health"), 1, "good  rules: 4 rules hold")

    def test_json(self):
        service = self.valid("status", self.machine.run("status", "--json"))
        self.assertEqual({name: service["service"][name] for name in ("share_state", "share_changed", "grants")},
                         {"share_state": "sharing", "share_changed": 2, "grants": 57})
        self.assertEqual(service["devices"][0]["lent_read_iops"], 1340)
        for verb in (("list",), ("explain", "db"), ("top", "-n", "1")):
            listed = self.valid(verb[0], self.machine.run(*verb, "--json"))["containers"]
            [db] = [one for one in listed if one["name"] == "db"]
            self.assertEqual((db["rules"][0]["read_iops"], db["configured"][0]["read_iops"]), (1840, 500))
        for verb in ("devices", "verify", "health"):
            self.valid(verb, self.machine.run(verb, "--json"))

    def test_top_on_a_narrow_terminal(self):
        terminal = Terminal(self.machine, "top", columns=80, rows=12)
        terminal.read_until(r"shop/db-0/db [^\n]*\] +\d+% \+1\.3Kr\S* +\S*\d+%")
        os.write(terminal.fd, b"q")
        self.assertEqual(terminal.end(), 0)
        text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", terminal.text.replace("\x1b[H", "\n"))
        for line in text.split("\n"):
            self.assertLessEqual(len(line), 80, line)


class WithoutBus(Case):
    """A container: root's own socket is all there is."""

    SOCKET = "run/iops-limitd/private"

    def test_every_verb_works(self):
        service = self.machine.listening(self.SOCKET)
        self.ends(self.machine.run("list"), 0, "shop/db-0 +db +limited")
        self.ends(self.machine.run("explain", "db"), 0, "no keyword is part of db")
        self.ends(self.machine.run("verify"), 1, "/logs is waited for: /logs is not mounted",
                  "lab/web-3/web is not limited: the io controller", "3 rules compared: all hold",
                  "nothing is in force for 2")
        self.ends(self.machine.run("pause", "db"), 0, "is not limited for 10 min")
        self.assertEqual(service.stdout.readline(), f"pause {self.machine.db} 600\n")
        self.ends(self.machine.run("clear"), 0, "every limit is taken away")

    def test_health(self):
        self.machine.listening(self.SOCKET)
        self.ends(self.machine.run("health"), 1, "good  service: it answers", "good  rules: 3 rules hold")
        self.machine.write(f"cgroup{self.machine.db}/io.max",
                           "259:0 rbps=max wbps=max riops=501 wiops=500\n")
        self.ends(self.machine.run("health"), 1, "BAD   rules: 1 rule does not hold")
        result = self.machine.run("health", "--live", "--json")
        self.assertEqual([one["name"] for one in self.valid("health", result)["checks"]], ["service"])
        self.assertEqual(result.returncode, 0)

    def test_a_service_that_is_stopped_midway_does_not_answer(self):
        service = self.machine.listening(self.SOCKET)
        service.send_signal(signal.SIGSTOP)
        for words in (("health",), ("health", "--live")):
            self.ends(self.machine.run(*words), 1, "BAD   service: the service does not answer")
        self.ends(self.machine.run("status"), 1, "the service does not answer")
        service.send_signal(signal.SIGCONT)
        self.ends(self.machine.run("health", "--live"), 0, "good  service: it answers")

    def test_what_a_killed_service_left_is_no_service(self):
        service = self.machine.listening(self.SOCKET)
        service.kill()
        service.wait()
        self.assertTrue((self.machine.root / self.SOCKET).exists())
        self.ends(self.machine.run("health", "--live"), 1, "BAD   service: it is not running")
        self.ends(self.machine.run("status"), 3, "what the kernel holds")

    def test_the_socket_alone_says_whether_the_loop_turns(self):
        self.machine.write("run/iops-limitd/alive", "")  # of an earlier version
        for words in (("health",), ("health", "--live")):
            self.ends(self.machine.run(*words), 1, "BAD   service: it is not running")
        self.machine.listening(self.SOCKET)
        (self.machine.root / "run/iops-limitd/alive").unlink()
        self.ends(self.machine.run("health", "--live"), 0, "good  service: it answers")

    def test_others_than_root_go_by_the_bus(self):
        self.machine.listening(self.SOCKET)
        if os.geteuid() == 0:
            self.ends(self.machine.run("list", user=NOBODY), 3, "cannot be reached: no system bus", "only root can")
            self.ends(self.machine.run("clear", user=NOBODY), 3, "only root can")


class WithoutService(Case):
    def test_reading_verbs_show_the_kernel(self):
        for bus in (False, True):
            if bus:
                self.machine.bus()
            self.ends(self.machine.run("status"), 3, "what the kernel holds", "2 limited, 4 without",
                      "is not running.*\n.*systemctl start iops-limitd")
            self.ends(self.machine.run("list"), 3, "aaaaaaaaaaaa +limited +500 +0 +found in the k")
            self.ends(self.machine.run("devices"), 3, "rules on 259:0")
            for verb in ("status", "list", "devices"):
                result = self.machine.run(verb, "--json")
                self.assertEqual(self.valid(verb, result)["source"], "kernel")
                self.assertEqual(result.returncode, 3)

    def test_the_others_say_what_to_do(self):
        for verb in (("explain", "db"), ("advise",), ("verify",), ("pause", "db"), ("resume", "db"), ("reload",)):
            self.ends(self.machine.run(*verb), 3, "iops-limitd is not running: no system bus",
                      "systemctl start iops-limitd")

    def test_top_says_so(self):
        self.ends(self.machine.run("top"), 3, "NOT RUNNING", "systemctl start iops-limitd")

    def test_health_is_bad(self):
        for words in (("health",), ("health", "--live")):
            self.ends(self.machine.run(*words), 1, "BAD   service: it is not running")
            self.valid("health", self.machine.run(*words, "--json"))

    def test_clear_takes_the_noted_rules_away(self):
        self.machine.write("run/iops-limitd/rules", f"+ 259:0 {self.machine.db}\n")
        self.ends(self.machine.run("clear"), 0, "1 rule taken away")
        text = (self.machine.cgroups / self.machine.db[1:] / "io.max").read_text()
        self.assertTrue(text.startswith("259:0 rbps=max wbps=max riops=max wiops=max"), text)
        noted = (self.machine.root / "run/iops-limitd/rules").read_text().rstrip("\0").splitlines()
        self.assertEqual(noted[-1], f"- 259:0 {self.machine.db}")

    def test_clear_leaves_everything_but_containers_alone(self):
        outside = "259:0 rbps=max wbps=max riops=7 wiops=7\n"
        pod = self.machine.db.rsplit("/", 1)[0]
        link = f"{pod}/{'9' * 64}"
        self.machine.write("elsewhere/io.max", outside)
        self.machine.write("cgroup/system.slice/x.service/io.max", outside)
        (self.machine.cgroups / link[1:]).symlink_to(self.machine.root / "elsewhere")
        (self.machine.cgroups / "kubepods/podaa").symlink_to(self.machine.root / "cgroup/system.slice")
        self.machine.write(f"cgroup/system.slice/{'8' * 64}/io.max", outside)
        bad = ["/../elsewhere", "/kubepods/../../elsewhere", "/kubepods/podx/../../../elsewhere",
               f"/{self.machine.root}/elsewhere", f"//{self.machine.root}/kubepods/podx/{'7' * 64}",
               "/system.slice/x.service", link, f"/kubepods/podaa/{'8' * 64}"]
        self.machine.write(f"{self.machine.root}/kubepods/podx/{'7' * 64}/io.max", outside)
        self.machine.write("run/iops-limitd/rules",
                           "".join(f"+ 259:0 {path}\n" for path in [*bad, self.machine.db]))
        result = self.machine.run("clear")
        self.ends(result, 1, "1 rule taken away")
        for path in bad:
            self.assertIn(path, result.stderr)
        for file in ("elsewhere/io.max", "cgroup/system.slice/x.service/io.max",
                     f"cgroup/system.slice/{'8' * 64}/io.max", f"kubepods/podx/{'7' * 64}/io.max"):
            self.assertEqual((self.machine.root / file).read_text(), outside, file)

    def test_clear_says_what_systemd_still_has(self):
        scope = "/kubepods.slice/kubepods-pod00000000_0000_4000_8000_000000000001.slice"
        for cgroup in (scope, "/system.slice/sshd.service", "/kubepods"):
            with open(self.machine.root / "run/iops-limitd/properties", "a", encoding="ascii") as notes:
                notes.write(f"+ 259:0 {cgroup}\n")
        result = self.machine.run("clear")
        self.assertEqual(result.returncode, 1, result)
        self.assertEqual(result.stderr.count("systemd still has the limit"), 1, result.stderr)
        self.assertIn(scope.rsplit("/", maxsplit=1)[1], result.stderr)
        self.assertIn(scope, (self.machine.root / "run/iops-limitd/properties").read_text())

    def test_check_config(self):
        self.machine.write("etc/iops-limitd/iops-limitd.conf", "[limits]\niopss = 4\n")
        self.ends(self.machine.run("check-config"), 78, "iops-limitd.conf:2: .*did you mean 'iops'")
        result = self.machine.run("check-config", "--json")
        self.assertEqual(self.valid("check-config", result)["errors"][0]["line"], 2)
        self.machine.write("good.conf", "[limits]\niops = 400\n")
        self.ends(self.machine.run("check-config", f"{self.machine.root}/good.conf"), 0, "no errors")

    def test_wrong_arguments(self):
        for words in ((), ("nonsense",), ("explain",), ("list", "--nonsense")):
            self.ends(self.machine.run(*words), 2)
        self.ends(self.machine.run("--help"), 0, "Exit status: 0 good", "check-config")
        self.assertNotIn("names", self.machine.run("--help").stdout.split())
        self.ends(self.machine.run("--version"), 0, r"^iopsctl \d+\.\d+\.\d+$")


class Edit(Case):
    """With scripts for editors: each gets the path of the copy."""

    GOOD, NEW = "[limits]\niops = 400\n", "[limits]\niops = 600\n"

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root")
        self.folder = self.machine.root / "etc/iops-limitd"
        self.file = self.folder / "iops-limitd.conf"
        self.machine.write("etc/iops-limitd/iops-limitd.conf", self.GOOD)
        self.file.chmod(0o640)

    def editor(self, *scripts):
        """One that runs the first script at its first call, and so on; $1 is the copy."""
        for number, script in enumerate(scripts):
            self.machine.write(f"editor.{number}", f"#!/bin/sh\n{script}\n")
        self.machine.write("editor", f"""#!/bin/sh
calls=$(cat {self.machine.root}/calls 2>/dev/null || echo 0)
echo $((calls + 1)) >{self.machine.root}/calls
exec sh {self.machine.root}/editor.$calls "$1"
""")
        (self.machine.root / "editor").chmod(0o755)
        return {"EDITOR": str(self.machine.root / "editor")}

    def write(self, text):
        return f"printf '{text}' >\"$1\"".replace("\n", "\\n")

    def terminal(self, *words, **environment):
        self.machine.environment = lambda **more: Machine.environment(self.machine, **{**environment, **more})
        return Terminal(self.machine, "edit", *words)

    def assert_as_before(self):
        self.assertEqual(self.file.read_text(), self.GOOD)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["iops-limitd.conf"])

    def test_installs_and_reloads(self):
        self.machine.bus()
        service = self.machine.service()
        self.ends(self.machine.run("edit", **self.editor(self.write(self.NEW))), 0, "shop/db-0/db +500 +800",
                  "iops-limitd.conf is installed", "read again and is in force")
        self.assertEqual([service.stdout.readline() for _ in range(2)], [f"preview {self.file}\n", "reload\n"])
        self.assertEqual((self.file.read_text(), self.file.stat().st_mode & 0o777), (self.NEW, 0o640))

    def test_without_the_service_it_checks_by_itself(self):
        self.ends(self.machine.run("edit", **self.editor(self.write(self.NEW))), 0, "is installed", "is not running")
        self.assertEqual(self.file.read_text(), self.NEW)

    def test_a_file_in_conf_d_with_the_editor_of_sudo(self):
        environment = {"SUDO_EDITOR": self.editor(self.write(self.NEW))["EDITOR"], "VISUAL": "false", "EDITOR": "false"}
        self.ends(self.machine.run("edit", "10-db.conf", **environment), 0, "conf.d/10-db.conf is installed")
        self.assertEqual((self.folder / "conf.d/10-db.conf").read_text(), self.NEW)
        for name in ("10-db", ".x.conf", "a/b.conf", "../x.conf"):
            self.ends(self.machine.run("edit", name, **environment), 2, "name a file in conf.d that ends in .conf")

    def test_nothing_changed(self):
        self.ends(self.machine.run("edit", **self.editor("true")), 0, "iops-limitd.conf is unchanged")
        self.assert_as_before()

    def test_breaks_it_then_mends_it(self):
        self.machine.bus()
        self.machine.service()
        terminal = self.terminal(**self.editor(self.write("[limits]\nnonsense = 1\n"),
                                               "grep -q nonsense \"$1\" && " + self.write(self.NEW)))
        terminal.read_until(r"iops-limitd.conf:2: no such key.*\[e\]dit again, or \[t\]hrow it away\? ")
        self.assertEqual(self.file.read_text(), self.GOOD)
        os.write(terminal.fd, b"what\ne\n")
        terminal.read_until("is in force")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(self.file.read_text(), self.NEW)

    def test_what_is_bad_can_be_thrown_away(self):
        broken = self.editor(*[self.write("[limits]\niopss = 1\n")] * 3)
        for answer in (b"t\n", b"\x04", b"\x03"):  # Ctrl-D, Ctrl-C
            (self.machine.root / "calls").unlink(missing_ok=True)
            with self.subTest(answer=answer):
                terminal = self.terminal(**broken)
                terminal.read_until(r"iops-limitd.conf:2: .*did you mean 'iops'.*hrow it away\? ")
                os.write(terminal.fd, answer)
                terminal.read_until("nothing is installed")
                self.assertEqual(terminal.end(), 1)
                self.assert_as_before()

    def test_an_editor_that_does_not_end_well(self):
        for script, why in ((f"{self.write(self.NEW)}; kill -9 $$", "was ended by signal 9|ended with status 137"),
                            (f"{self.write(self.NEW)}; exit 3", "ended with status 3"),
                            ('rm "$1"', "No such file")):
            (self.machine.root / "calls").unlink(missing_ok=True)
            self.ends(self.machine.run("edit", **self.editor(script)), 1, why)
            self.assert_as_before()

    def test_a_reload_that_is_refused(self):
        self.machine.bus()
        self.machine.service("late")
        self.ends(self.machine.run("edit", **self.editor(self.write(self.NEW))), 1, "is installed",
                  "the reload was refused: what was in force before stays in force")

    def test_names_of_files_for_completion(self):
        for name in ("20-b.conf", "10-a.conf", ".x.conf", "README"):
            self.machine.write(f"etc/iops-limitd/conf.d/{name}", "")
        self.ends(self.machine.run("names", "--files"), 0, "^10-a.conf\n20-b.conf\n$")

    def test_two_editors(self):
        other = f"{IOPSCTL} --root {self.machine.root} edit 10-db.conf >{self.machine.root}/other 2>&1 || true"
        self.ends(self.machine.run("edit", **self.editor(other)), 0, "unchanged")
        self.assertIn("somebody else edits the configuration now", (self.machine.root / "other").read_text())

    def test_only_root_edits(self):
        self.ends(self.machine.run("edit", user=NOBODY), 4, "only root may change the configuration: sudo iopsctl")


class Calibrate(Case):
    """The disk of / is the one to measure, in a machine that has no service and no system bus."""

    def setUp(self):
        super().setUp()
        self.machine.write("proc/self/cgroup", "0::/user.slice\n")
        self.machine.write("proc/self/ns/none", "")
        self.space = self.machine.root / "proc/self/ns/cgroup"
        self.space.symlink_to("cgroup:[4026531835]")

    def use_root_disk(self):
        mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines(keepends=True)
        line = next((one for one in mounts if one.split()[4] == "/"), "")
        fields = line.split()
        if os.geteuid() != 0 or not line or not os.path.exists(f"/sys/dev/block/{fields[2]}") or \
                fields[fields.index("-") + 1] not in ("ext4", "xfs") or shutil.disk_usage("/").free < 6 << 30:
            self.skipTest("needs root, and / with 6 GiB free on ext4 or xfs on a disk")
        self.machine.write("proc/self/mountinfo",
                           f"{line}999999 {fields[0]} 0:26 / {self.machine.cgroups} rw - cgroup2 cgroup2 rw\n")
        (self.machine.root / "sys/dev").mkdir(parents=True)
        (self.machine.root / "sys/dev/block").symlink_to("/sys/dev/block")
        self.machine.write("etc/iops-limitd/iops-limitd.conf", "[device]\nmount = /\n")

    def test_the_mount_is_a_data_mount(self):
        self.ends(self.machine.run("calibrate", "/nope"), 2, "'/nope' is not a data mount: /data$")
        self.ends(self.machine.run("calibrate"), 1, "iopsctl: /data .*mount")
        self.machine.bus()
        self.machine.service()
        self.ends(self.machine.run("calibrate", "/nope"), 2, "not a data mount: /data, /logs$")
        self.ends(self.machine.run("calibrate", "/logs/"), 1, "iopsctl: /logs .*mount")

    def test_a_container_is_no_place_to_measure(self):
        for cgroup, space in ((self.machine.db, "4026531835"), ("/", "4026532123")):
            self.machine.write("proc/self/cgroup", f"0::{cgroup}\n")
            self.space.unlink()
            self.space.symlink_to(f"cgroup:[{space}]")
            self.ends(self.machine.run("calibrate", "--yes"), 1, "^iopsctl: iopsctl runs in a container.*on the host$")

    def test_seconds_are_bounded(self):
        for seconds in ("29", "3601", "0", "-1", "ten", ""):
            self.ends(self.machine.run("calibrate", f"--seconds={seconds}"), 2, "--seconds")

    def test_refuses_beside_containers(self):
        self.use_root_disk()
        self.ends(self.machine.run("calibrate"), 1, r"containers run on this node \(6\), and .* with --yes")

    def test_only_root_measures(self):
        self.use_root_disk()
        os.chmod(self.machine.root, 0o755)
        self.ends(self.machine.run("calibrate", "--yes", user=NOBODY), 4, "only root can measure /: sudo iopsctl")

    def test_a_signal_ends_it(self):
        self.use_root_disk()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            terminal = Terminal(self.machine, "calibrate", "--yes")
            terminal.read_until(r"no unit of its own.*\rwrites its file  \[[#.]{40}\] +")
            os.kill(terminal.pid, number)
            self.assertEqual(terminal.end(), 1, terminal.text)
            self.assertRegex(terminal.text, r"\r +\riopsctl: calibrate was interrupted; nothing is left")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
