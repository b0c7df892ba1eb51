# SPDX-License-Identifier: Apache-2.0
"""How long after a change the service has its rules in place, next to a bare loop that does nothing else: it waits for
the same three words of the kernel and udev, looks where the mount stands, and writes one rule for each device.

Both are timed in the same run, from the moment at which the change was there: when the bare loop woke up to it, or when
the command ended, whichever was first. The bare loop is the measure of what the machine can do just now. The service
may need TIMES_BARE times as long: it asks more (every mount, every layer, the system's own folders), writes to every
container and the total, and shares the one CPU with them and with this test, which looks every few milliseconds. No
safety net runs in these tests: a change that was not noticed is never followed, and fails with the last `seconds`."""
import os
import select
import socket
import threading
import time

import mounts
import rules
from report import repeating

NETLINK_KOBJECT_UEVENT, FROM_UDEV = 15, 2
BARE_GROUP, ANY_IOPS = "bare-loop", 100000
TIMES_BARE = 10
POLL_SECONDS = 0.003


class Watch:
    """One poll of everything that tells of a change: mountinfo, udev's events, md's status."""

    def __init__(self):
        self._files = [open(path) for path in ("/proc/self/mountinfo", "/proc/mdstat") if os.path.exists(path)]
        self._udev = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT)
        self._udev.bind((0, FROM_UDEV))
        self._poll = select.poll()
        for file in self._files:
            self._poll.register(file, select.POLLPRI)
            file.read()
        self._poll.register(self._udev, select.POLLIN)

    def wait(self, seconds):
        for descriptor, _ in self._poll.poll(seconds * 1000):
            if descriptor == self._udev.fileno():
                self._udev.recv(65536)
            for file in self._files:
                if descriptor == file.fileno():  # read to the end: only then it tells of the next change
                    file.seek(0)
                    file.read()

    def close(self):
        for file in [*self._files, self._udev]:
            file.close()


class Race:
    """The two runners, from before the change on."""

    def __init__(self, cgroups, wanted, limit_at="volume", seconds=60):
        self._cgroups, self._wanted, self._limit_at = cgroups, wanted, limit_at
        self._deadline = time.monotonic() + seconds
        self._watch = Watch()
        self._times = {}
        self._threads = [threading.Thread(target=self._bare), threading.Thread(target=self._service)]
        for thread in self._threads:
            thread.start()

    def _bare(self):
        devices, directory = sorted(self._wanted), rules.root() / BARE_GROUP
        directory.mkdir(exist_ok=True)
        woke = time.monotonic()
        while mounts.rule_devices(limit_at=self._limit_at) != devices:
            if woke > self._deadline:
                return
            self._watch.wait(1)
            woke = time.monotonic()
        for device in devices:
            rules.write(directory, device, ANY_IOPS)
        self._times.update(woke=woke, bare=time.monotonic())
        directory.rmdir()

    def _service(self):
        while any(rules.of(cgroup) != self._wanted for cgroup in self._cgroups):
            if time.monotonic() > self._deadline:
                return
            time.sleep(POLL_SECONDS)
        self._times["service"] = time.monotonic()

    def join(self):
        """When the bare loop woke up to the change ("woke") and was done ("bare"), and when the service was done."""
        for thread in self._threads:
            thread.join()
        self._watch.close()
        found = {cgroup: rules.of(cgroup) for cgroup in self._cgroups}
        assert "service" in self._times, f"expected {self._wanted}, found {found}"
        assert "bare" in self._times, f"the test itself never found the mount on {sorted(self._wanted)}"
        return self._times


def run(cgroups, wanted, change, limit_at="volume"):
    """Makes the change; seconds: how long it took itself ("command"), and from when it was there, how long until every
    cgroup had exactly `wanted` from the service ("service"), and one of its own from the bare loop ("bare")."""
    race = Race(cgroups, wanted, limit_at)
    began = time.monotonic()
    change()
    ended = time.monotonic()
    times = race.join()
    there = min(ended, times["woke"])
    took = {"command": ended - began, "service": max(0, times["service"] - there), "bare": times["bare"] - there}
    assert took["service"] <= TIMES_BARE * took["bare"], \
        f"expected the rules within {TIMES_BARE} times what a bare loop needs, took {took}"
    return took


def hold(cgroups, wanted, change, pause=POLL_SECONDS):
    """Makes a change that is none for the rules: they are `wanted` before, and all the time. `pause`: between two looks, in
    seconds."""
    strays = []

    def look():
        strays.extend(found for found in map(rules.of, cgroups) if found != wanted)

    with repeating(look, pause):
        change()
    assert strays == [], f"expected {wanted} all the time, found {strays[:3]}"


def spelled(took):
    return f"limited {took['service'] * 1000:.0f} ms after the change (bare loop {took['bare'] * 1000:.0f})"
