#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon as a whole: the machine's cgroup hierarchy, in cgroups of the test's own, which the daemon sees in the place
of the hierarchy's root, in a mount namespace with /etc and /run of its own.

Usage: service_test.py PROGRAM IOPSCTL; PROGRAM may be a command with words. Exits with 77 where it cannot be: not root,
or no hierarchy that limits disks.
"""
import contextlib
import itertools
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import hierarchy  # noqa: E402

PROGRAM, IOPSCTL = shlex.split(sys.argv[1]), sys.argv[2]
PATIENCE = 120  # seconds until a wait counts as failed
PODS = "kubepods.slice/kubepods-burstable.slice"
RECORDS = "run/containerd/io.containerd.runtime.v2.task/k8s.io"

# The cgroup namespace makes the test's own cgroup the root of the hierarchy: seen from outside it is a part, which the
# daemon refuses. Its root is the shell's cgroup, so the mount's root is "/..", as the node's is in a container.
IN_NAMESPACE = """set -e
echo $$ > "$1/own/cgroup.procs"
exec unshare -C bash -c "$IN_CGROUP_NAMESPACE" node "$@"
"""
IN_CGROUP_NAMESPACE = """set -e
echo $$ > "$2/cgroup.procs"
mount --make-rprivate /
mount --bind "$1" "$2"
mount --bind "$3/run" /run
mount --bind "$3/etc" /etc
mounted=$4
eval "$5"
shift 5
[ -z "$mounted" ] || mount --bind "$mounted" "$mounted"
exec "$@"
"""


# The sanitizer's library wants to be the first one, which it need not be for this.
PRELOADED = "export LD_PRELOAD=/run/failing.so ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0"
# In front of libc: a read of mountinfo fails with EIO, and an open below /sys/dev/block with ENOMEM, while /run/fail is there.
FAILING = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
ssize_t pread64(int fd, void* to, size_t size, off64_t at) {
  char link[64], path[256] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (readlink(link, path, sizeof path - 1) > 0 && strstr(path, "/mountinfo") && access("/run/fail", F_OK) == 0)
    return errno = EIO, -1;
  return ((ssize_t(*)(int, void*, size_t, off64_t))dlsym(RTLD_NEXT, "pread64"))(fd, to, size, at);
}
ssize_t pread(int fd, void* to, size_t size, off_t at) { return pread64(fd, to, size, at); }
struct udev_device* udev_device_new_from_devnum(void* udev, char type, unsigned long number) {
  if (access("/run/fail-sysfs", F_OK) == 0) return errno = ENOMEM, (struct udev_device*)0;
  return ((struct udev_device*(*)(void*, char, unsigned long))dlsym(RTLD_NEXT, "udev_device_new_from_devnum"))(
      udev, type, number);
}
"""


VERSION, MOUNT = hierarchy.find()
LIMIT_FILE = "io.max" if VERSION == "v2" else "blkio.throttle.read_iops_device"


class Node:
    """What a daemon finds, and the daemon."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="iops-limitd-service.", dir="/var/tmp"))
        self.cgroup = MOUNT / self.folder.name
        self.data = self.folder / "data"
        self.process = None
        for inner in ("run/iops-limitd", "etc/iops-limitd", RECORDS, "data"):
            (self.folder / inner).mkdir(parents=True)
        for file in ("/etc/ld.so.cache", "/etc/passwd"):
            shutil.copy(file, self.folder / "etc")
        self.make(PODS)
        (self.cgroup / "own").mkdir()
        self.configure()
        self.said, self.told = [], threading.Condition()  # what it logged and notified, in order
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind("\0" + self.folder.name)
        threading.Thread(target=self.hear_notifications, daemon=True).start()

    def make(self, path):
        """A cgroup whose children have limit files."""
        hierarchy.make(VERSION, self.cgroup / path)

    def configure(self, **keys):
        """SECTION_KEY=value"""
        keys = {"limits_total_iops": 0, **keys}
        text = "".join(f"[{name.split('_', 1)[0]}]\n{name.split('_', 1)[1]} = {value}\n"
                       for name, value in keys.items())
        (self.folder / "etc/iops-limitd/iops-limitd.conf").write_text(f"[device]\nmount = {self.data}\n{text}")

    def path(self, digit):
        return (self.cgroup / PODS / f"kubepods-burstable-pod0a1b2c3d_0000_4000_8000_{digit * 12}.slice"
                / f"cri-containerd-{digit * 64}.scope")

    def record(self, digit, name="web", records=RECORDS):
        folder = self.folder / records / (digit * 64)
        folder.mkdir(parents=True)
        kubernetes = "io.kubernetes.cri."
        (folder / "new").write_text(json.dumps({"ociVersion": "1.1.0", "annotations": {
            kubernetes + "container-type": "container", kubernetes + "container-name": name,
            kubernetes + "image-name": "example.org/image:1", kubernetes + "sandbox-id": "5" * 64,
            kubernetes + "sandbox-name": f"pod-{digit}", kubernetes + "sandbox-namespace": "shop"}}))
        (folder / "new").rename(folder / "config.json")

    def container(self, digit, **record):
        """A container of a pod of its own, with its record."""
        self.record(digit, **record)
        return self.bare_container(digit)

    def bare_container(self, digit):
        self.make(str(self.path(digit).parent.relative_to(self.cgroup)))
        self.path(digit).mkdir()
        return self.path(digit)

    @contextlib.contextmanager
    def daemon(self, *words, **how):
        """Started and READY; ended by SIGTERM unless it has ended already."""
        try:
            self.after(lambda: self.start(*words, **how), "READY=1")
            yield
            if self.process.poll() is None:
                self.stop()
        finally:
            self.process.kill()
            self.process.wait()

    def start(self, *words, mounted=True, before="", inotify=None):
        """`before`: what a shell does first, with the daemon's mounts. `inotify`: ("instances" or "watches", how many)."""
        self.launch([*(self.few(*inotify) if inotify else ()), *PROGRAM, "--log", "json", *words], mounted, before,
                    stdout=subprocess.PIPE, text=True)

        def lines(stream):
            with stream:
                for line in stream:
                    self.hear(json.loads(line)["message"])

        threading.Thread(target=lines, args=(self.process.stdout,), daemon=True).start()

    def launch(self, command, mounted, before="", **how):
        """In namespaces of its own, with systemd's variables."""
        data = str(self.data) if mounted else ""
        self.process = subprocess.Popen(
            ["unshare", "-m", "bash", "-c", IN_NAMESPACE, "node", self.cgroup, MOUNT, self.folder, data, before, *command],
            env={**os.environ, "IN_CGROUP_NAMESPACE": IN_CGROUP_NAMESPACE, "NOTIFY_SOCKET": "@" + self.folder.name,
                 "WATCHDOG_USEC": "60000000"}, **how)

    @staticmethod
    def few(what, count):
        """A user namespace in which root has so few of them (namespaces(7), user.max_inotify_*)."""
        return "unshare", "-Ur", "bash", "-c", f'echo {count} > /proc/sys/user/max_inotify_{what}; exec "$@"', "few"

    def more(self, what):
        subprocess.run(["nsenter", f"--target={self.process.pid}", "--user", "bash", "-c",
                        f"echo 1000 > /proc/sys/user/max_inotify_{what}"], check=True)

    def hear(self, text):
        with self.told:
            self.said.append(text)
            self.told.notify()

    def hear_notifications(self):
        while text := self.notified.recv(65536).decode():
            self.hear(text)

    def wait(self, truth, since=0):
        """Until `truth` of what was said from `since` on, as one text."""
        def now():
            return truth("\n".join(self.said[since:]))
        with self.told:
            assert self.told.wait_for(now, PATIENCE), "\n".join(self.said)

    def after(self, act, *texts):
        """Does `act` and waits until all `texts` have been said."""
        since = len(self.said)
        act()
        self.wait(lambda said: all(text in said for text in texts), since)

    def reload(self, *texts, **keys):
        self.configure(**keys)
        self.after(lambda: self.process.send_signal(signal.SIGHUP), "RELOADING=1", "READY=1", *texts)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        assert self.process.wait(PATIENCE) == 0
        self.wait(lambda said: "STOPPING=1" in said)

    def inside(self, *words):
        return subprocess.run(["nsenter", f"--target={self.process.pid}", "--mount", "--cgroup", *words], check=True,
                              capture_output=True, text=True).stdout

    def health(self):
        """(exit status, what it prints) of `iopsctl health`"""
        done = subprocess.run(["nsenter", f"--target={self.process.pid}", "--mount", "--cgroup", IOPSCTL, "health"],
                              check=False, capture_output=True, text=True)
        return done.returncode, done.stdout

    def close(self):
        self.notified.shutdown(socket.SHUT_RD)
        self.notified.close()
        for folder, _, _ in os.walk(self.cgroup, topdown=False):
            os.rmdir(folder)
        shutil.rmtree(self.folder)


def limit(path):
    """Read IOPS that the kernel holds the cgroup at, as text; nothing: no limit."""
    words = (path / LIMIT_FILE).read_text().split()
    if VERSION == "v2":
        return next((word[6:] for word in words if word.startswith("riops=")), "")
    return words[1] if words else ""


def device(path):
    return (path / LIMIT_FILE).read_text().split()[0]


class Program(unittest.TestCase):
    def setUp(self):
        self.node = Node()
        self.addCleanup(self.node.close)

    def test_what_is_there_and_what_comes(self):
        node = self.node
        old = node.container("a", name="old")
        with node.daemon():
            self.assertEqual(limit(old), "500")
            node.after(lambda: node.container("b", name="new"), "new of pod shop/pod-b", "2 containers limited")
            self.assertEqual(limit(node.path("b")), "500")
            node.after(node.path("b").rmdir, "1 container limited")
        self.assertEqual(limit(old), "500")  # on_stop = keep

    def test_late_record_exempts(self):
        node = self.node
        with node.daemon():
            node.after(lambda: node.bare_container("a"), "record was not readable")
            self.assertEqual(limit(node.path("a")), "500")
            node.after(lambda: node.record("a", name="istio-proxy"), "istio-proxy of pod shop/pod-a", "keywords")
            self.assertEqual(limit(node.path("a")), "")

    def test_who_changes_a_limit_again_is_answered_at_once(self):
        node = self.node
        path = node.container("a")
        free = []
        with node.daemon():
            lift = f"{device(path)} riops=max" if VERSION == "v2" else f"{device(path)} 0"
            node.after(lambda: (path / LIMIT_FILE).write_text(lift), "restored to")
            for _ in range(30):
                (path / LIMIT_FILE).write_text(lift)
                begin = time.monotonic()
                while limit(path) != "500":
                    assert time.monotonic() - begin < PATIENCE
                free.append(time.monotonic() - begin)
        self.assertLess(sorted(free)[len(free) // 2], 0.1, free)  # the delay of a first change is 0.25 s

    def test_what_is_said_does_not_hold_up_a_burst(self):
        """Nothing is said while containers come one after the other; but when they do so for too long, all the same."""
        node = self.node
        pod = node.path("a").parent
        node.make(str(pod.relative_to(node.cgroup)))

        def told():
            return [text for text in node.said if text.startswith("limited: container")]

        with node.daemon():
            begun = last = time.monotonic()
            longest_pause = 0
            for number in itertools.count(1):
                (pod / f"cri-containerd-{number:064x}.scope").mkdir()
                with node.told:
                    heard = node.told.wait_for(told, 0.001)
                now = time.monotonic()
                longest_pause, last = max(longest_pause, now - last), now
                if heard:
                    break
                self.assertLess(now, begun + PATIENCE, "nothing is said as long as containers come")
            taken = last - begun
            self.assertTrue(taken >= 0.25 or longest_pause >= 0.01, f"{told()[0]} after {taken} s")
            node.wait(lambda said: f"{number} containers limited" in said)

    def test_reload(self):
        node = self.node
        path = node.container("a")
        with node.daemon():
            node.reload("1 of 1 containers changed", limits_iops=700)
            self.assertEqual(limit(path), "700")
            node.reload("iops-limitd.conf:", "the old one stays in force", "configuration has errors", limits_iopss=9)
            self.assertEqual(limit(path), "700")
            node.reload("take effect at the next restart", limits_iops=800, service_dry_run="yes")
            self.assertEqual(limit(path), "800")
            self.assertNotIn("dry run", "".join(text for text in node.said if text.startswith("READY=1")))
            node.reload("[cgroup] version take effect", limits_iops=900, cgroup_version=VERSION)
            self.assertEqual(limit(path), "900")
            node.stop(signal.SIGINT)

    def test_diff_foretells_a_reload_and_edit_does_it(self):
        node = self.node
        path = node.container("a")
        node.container("b", name="job")
        node.inside = lambda *words, inner=node.inside: inner("bash", "-c", '"$@" || [ $? = 1 ]', "-", *words)
        with node.daemon():
            self.assertEqual(node.inside(IOPSCTL, "diff"), "nothing would change\n")
            node.configure(limits_iops=700, exclude_keywords="job")
            shown = json.loads(node.inside(IOPSCTL, "diff", "--json"))
            foretold = {one["name"]: one for one in shown["containers"]}
            self.assertEqual([one["key"] for one in shown["settings"]], ["keywords", "iops"])
            self.assertEqual(limit(path), "500")
            node.reload("2 of 2 containers changed", limits_iops=700, exclude_keywords="job")
            for one in json.loads(node.inside(IOPSCTL, "list", "--json"))["containers"]:
                self.assertEqual((foretold[one["name"]]["state_after"], foretold[one["name"]]["rules_after"]),
                                 (one["state"], one["rules"]))
            self.assertEqual(node.inside(IOPSCTL, "diff"), "nothing would change\n")
            editor = "/etc/iops-limitd/../editor"
            (node.folder / "etc/editor").write_text("sed -i 's/iops = 700/iops = 900/' \"$1\"\n")
            said = node.inside("env", f"EDITOR=bash {editor}", IOPSCTL, "edit")
            self.assertIn("[limits] iops  700", said)
            self.assertEqual(limit(path), "900")

    def test_reload_awaits_late_record_in_new_place(self):
        """Without the safety net nothing else would find it."""
        node = self.node
        (node.folder / "run/other").mkdir()
        node.configure(service_check_interval=0)
        with node.daemon():
            node.after(lambda: node.bare_container("a"), "record was not readable")
            node.reload("configuration reloaded", service_check_interval=0, runtime_state="/run/other")
            node.after(lambda: node.record("a", "istio-proxy", RECORDS.replace("run/containerd", "run/other")),
                       "istio-proxy of pod shop/pod-a", "keywords")
            self.assertEqual(limit(node.path("a")), "")

    def test_put_back(self):
        node = self.node
        path = node.container("a")
        with node.daemon():
            rule = f"{device(path)} riops=7" if VERSION == "v2" else f"{device(path)} 7"
            node.after(lambda: (path / LIMIT_FILE).write_text(rule), "another process", "500")
            self.assertEqual(limit(path), "500")

    def test_total(self):
        node = self.node
        path, other = node.container("a"), node.container("b")
        node.configure(limits_total_iops=600, limits_iops=500, limits_fair_total="no")
        with node.daemon():
            if VERSION == "v2":
                self.assertEqual(limit(node.cgroup / "kubepods.slice"), "600")
            else:  # it is divided
                self.assertEqual([limit(path), limit(other)], ["300", "300"])
                node.after(other.rmdir, "1 container limited")
                self.assertEqual(limit(path), "500")

    def test_dry_run(self):
        path = self.node.container("a")
        with self.node.daemon("--dry-run"):
            self.node.wait(lambda said: "STATUS=dry run, nothing is written" in said and "every limit is decided" in said)
            self.assertEqual(limit(path), "")
            self.node.container("b")
            self.node.wait(lambda said: "2 containers limited" in said)

    def test_stop_that_clears(self):
        path = self.node.container("a")
        self.node.configure(service_on_stop="clear")
        with self.node.daemon():
            self.assertEqual(limit(path), "500")
        self.assertEqual(limit(path), "")

    def test_an_upgrade_lifts_nothing(self):
        node = self.node
        path, gone = node.container("a"), node.container("b")
        with node.daemon():
            pass
        node.configure(exclude_keywords="pod-b")
        with node.daemon():
            self.assertEqual([limit(path), limit(gone)], ["500", ""])

    def test_data_comes_and_goes(self):
        node = self.node
        path = node.container("a")
        with node.daemon(mounted=False):
            self.assertEqual(limit(path), "")
            node.after(lambda: node.inside("mount", "--bind", node.data, node.data), "web of pod shop/pod-a")
            self.assertEqual(limit(path), "500")
            node.after(lambda: node.inside("umount", node.data), "not mounted")
            self.assertEqual(limit(path), "500")  # mount namespaces may hold it

    def test_outside_of_pods(self):
        node = self.node
        with node.daemon():
            path = node.cgroup / "docker" / ("d" * 64)
            path.mkdir(parents=True)
            node.reload("configuration reloaded", runtime_standalone="docker")
            self.assertEqual(limit(path), "500")

    def test_more_events_than_the_kernel_keeps(self):
        """What comes while the queues are full is found nevertheless."""
        node = self.node
        queue = int(pathlib.Path("/proc/sys/fs/inotify/max_queued_events").read_text())
        if queue > 1 << 16:
            self.skipTest(f"a queue of {queue} events takes too long to fill")
        first, second = node.container("a"), node.container("b")
        with node.daemon():
            rule = f"{device(first)} riops=7" if VERSION == "v2" else f"{device(first)} 7"
            node.process.send_signal(signal.SIGSTOP)
            for _ in range(queue // 2 + 1):
                (node.cgroup / PODS / "other").mkdir()
                (node.cgroup / PODS / "other").rmdir()
                for path in (first, second):
                    (path / LIMIT_FILE).write_text(rule)
            third = node.container("c", name="late")
            node.after(lambda: node.process.send_signal(signal.SIGCONT), "late of pod shop/pod-c", "another process")
            node.stop()
        self.assertEqual([limit(path) for path in (first, second, third)], ["500"] * 3)

    def test_agents_mount_is_not_taken(self):
        """A second mount of the hierarchy, and a part of it, both listed before the usual place."""
        node = self.node
        path = node.container("a")
        kind = "cgroup2 none" if VERSION == "v2" else "cgroup -o blkio none"
        agents = "".join(f"mkdir -p /run/{name}; " for name in ("agent", "part")) + "umount $2; " \
            f"mount -t {kind} /run/agent; mount --bind $1/{PODS} /run/part; mount --bind $1 $2"
        with node.daemon(before=agents):
            node.wait(lambda said: f"cgroup {VERSION} at {MOUNT}" in said)
            self.assertEqual(limit(path), "500")

    def watch_degraded(self, what, count, text):
        """Found by scans although the configuration wants none; said, also when it is over."""
        node = self.node
        node.container("a")
        node.configure(service_check_interval=0)
        with node.daemon(inotify=(what, count)):
            node.wait(lambda said: text in said)
            node.after(lambda: node.container("b", name="new"), "new of pod shop/pod-b")
            self.assertEqual([limit(node.path(digit)) for digit in "ab"], ["500", "500"])
            status = json.loads(node.inside(IOPSCTL, "status", "--json"))["service"]
            self.assertIn(text, status["problems"][0])
            self.assertIn("STATUS=" + text, "\n".join(node.said))
            node.after(lambda: node.more(what), "over now: " + text)
            node.after(lambda: node.container("c", name="last"), "last of pod shop/pod-c")
            self.assertEqual(json.loads(node.inside(IOPSCTL, "status", "--json"))["service"]["problems"], [])

    def test_no_inotify_instance(self):
        self.watch_degraded("instances", 0, "no inotify instance is left")

    def test_one_inotify_instance(self):
        self.watch_degraded("instances", 1, "no inotify instance is left")

    def test_no_inotify_watch(self):
        self.watch_degraded("watches", 3, "no inotify watch is left")

    @unittest.skipUnless(shutil.which("cc"), "no C compiler")
    def test_keeps_disks_that_cannot_be_looked_up(self):
        node = self.node
        library = node.folder / "run/failing.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-xc", "-", "-o", library, "-ldl"], input=FAILING, text=True, check=True)
        node.configure(service_check_interval=1)
        node.container("a")
        with node.daemon(before=PRELOADED):
            for name, text in (("fail", "cannot read mountinfo: Input/output error"),
                               ("fail-sysfs", "cannot look up the device")):
                file = node.folder / "run" / name
                node.after(file.touch, text, "STATUS=" + text)
                digit = "b" if name == "fail" else "c"
                node.after(lambda: node.container(digit, name="new"), f"new of pod shop/pod-{digit}")
                self.assertEqual([limit(node.path(one)) for one in "a" + digit], ["500", "500"])
                node.after(file.unlink, "over now: " + text)

    def test_part_or_covered_hierarchy_is_refused(self):
        for before, text in ((f"umount $2; mount --bind $1/{PODS} $2", f"shows only /../{PODS}"),
                             ("mount -t tmpfs none $2", f"something is mounted over {MOUNT}")):
            with self.subTest(text):
                self.node.start(before=before)
                self.assertEqual(self.node.process.wait(PATIENCE), 1)

    def test_limits_hold_while_the_hierarchy_is_covered(self):
        node = self.node
        path = node.container("a")
        node.configure(service_check_interval=1)
        with node.daemon():
            node.after(lambda: node.inside("mount", "-t", "tmpfs", "none", MOUNT), f"{MOUNT} no longer leads to")
            node.after(lambda: node.process.send_signal(signal.SIGHUP), "configuration reloaded", "READY=1")
            self.assertEqual(limit(path), "500")
            status, text = node.health()
            self.assertEqual(status, 1, text)
            self.assertRegex(text, f"(?m)^good  service: .*\nBAD   node: .*something is mounted over {MOUNT}")
            self.assertIn("no longer leads to", node.inside(IOPSCTL, "status"))
            node.inside(IOPSCTL, "health", "--live")
            node.after(lambda: node.container("b", name="new"), "new of pod shop/pod-b", "2 containers limited")
            self.assertEqual(limit(node.path("b")), "500")
            node.after(lambda: node.inside("umount", MOUNT), "over now: ")
            self.assertEqual(limit(path), "500")
            self.assertEqual(node.health()[0], 0, node.health()[1])

    def test_limits_hold_while_a_part_is_covered(self):
        """By another file system, and by another part of the same one, which lstat() cannot tell from it."""
        node, top = self.node, PODS.split("/", 1)[0]
        path = node.container("a")
        node.configure(service_check_interval=1)
        with node.daemon():
            for digit, words in (("b", ("-t", "tmpfs", "none")), ("c", ("--bind", f"{MOUNT}/own"))):
                with self.subTest(words):
                    said = f"something is mounted over the cgroup /{top}; what is limited in"
                    node.after(lambda: node.inside("mount", *words, f"{MOUNT}/{top}"), said)
                    node.after(lambda: node.process.send_signal(signal.SIGHUP), "configuration reloaded", "READY=1")
                    self.assertEqual(limit(path), "500")
                    status, text = node.health()
                    self.assertEqual(status, 1, text)
                    self.assertIn(f"BAD   node: {said}", text)
                    node.container(digit, name="new-" + digit)
                    node.after(lambda: node.inside("umount", f"{MOUNT}/{top}"), "over now: ", f"new-{digit} of pod")
                    self.assertEqual([limit(node.path(one)) for one in "a" + digit], ["500", "500"])
                    self.assertEqual(node.health()[0], 0, node.health()[1])

    def test_operator(self):
        node = self.node
        path = node.container("a")
        with node.daemon():
            node.after(lambda: node.inside(IOPSCTL, "pause", "shop/pod-a", "--for", "1h"), "paused")
            self.assertEqual(limit(path), "")
            node.after(lambda: node.inside(IOPSCTL, "resume", "shop/pod-a"), "resumed")
            self.assertEqual(limit(path), "500")
            node.after(lambda: node.inside(IOPSCTL, "clear"), "took every limit away")
            self.assertEqual(limit(path), "")
            node.after(lambda: node.inside(IOPSCTL, "reload"), "configuration reloaded")
            self.assertEqual(limit(path), "500")

    def test_metrics(self):
        node = self.node
        file = node.folder / "run/node.prom"
        node.configure(service_metrics="/run/node.prom")
        with node.daemon():
            node.after(lambda: node.container("a"), "web of pod shop/pod-a")  # so it is past its start
            self.assertIn("iopslimit_build_info", file.read_text())
        self.assertFalse(file.exists())

    def test_features(self):
        node = self.node
        file = node.folder / "run/features"
        node.configure(service_features="/run/features")
        with node.daemon():
            node.after(lambda: node.container("a"), "web of pod shop/pod-a")  # so it is past its start
            self.assertIn("# +no-label\niopslimit.org/limits-read-iops=", file.read_text())
        self.assertFalse(file.exists())

    @unittest.skipUnless(VERSION == "v1", "cgroup v1 has no limit for a pod")
    def test_what_v1_cannot(self):
        node = self.node
        with node.daemon():
            node.reload("[limits] scope = pod needs cgroup v2", "the old one stays in force", limits_scope="pod")
        node.start()
        self.assertEqual(node.process.wait(PATIENCE), 78)


if __name__ == "__main__":
    if os.geteuid() != 0 or VERSION is None:
        print("skipped: it needs root, and a hierarchy that limits disks")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
