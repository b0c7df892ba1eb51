# SPDX-License-Identifier: Apache-2.0
"""The service under test, seen from outside: systemctl, journalctl, /proc."""
import json
import pathlib
import subprocess

from disks import run
from report import until

EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h
UNIT = "iops-limitd.service"
CONFIG = pathlib.Path("/etc/iops-limitd/conf.d/lab.conf")
CONTAINER_FIELDS = ("CONTAINER_ID", "CONTAINER_NAME", "POD_UID", "POD_NAME", "POD_NAMESPACE", "DEVICE", "READ_IOPS",
                    "WRITE_IOPS", "CGROUP", "ACTION")


def install():
    run("systemctl", "daemon-reload")


def configure(text):
    CONFIG.parent.mkdir(parents=True, exist_ok=True)
    CONFIG.write_text(text)


def start():
    """Returns when the service has said READY."""
    run("systemctl", "start", UNIT)


def refuses_to_start():
    """True when `systemctl start` failed."""
    return subprocess.run(["systemctl", "start", UNIT], capture_output=True).returncode != 0


def reset():
    """Makes systemd forget failures and how often it has restarted the service."""
    subprocess.run(["systemctl", "reset-failed", UNIT], capture_output=True)


def stop():
    run("systemctl", "stop", UNIT)


def reload():
    """True when `systemctl reload` succeeded: it fails for a configuration with errors, as it should."""
    return subprocess.run(["systemctl", "reload", UNIT], capture_output=True).returncode == 0


def show(name, unit=UNIT):
    return run("systemctl", "show", "--value", "-p", name, unit).strip()


def pid():
    return int(show("MainPID"))


def await_restart(old):
    """Waits until systemd has started it anew after process `old`."""
    until(lambda: show("ActiveState") == "active" and pid() not in (0, old), "the restart by systemd")


def status_text():
    return show("StatusText")


def wait_status(words, seconds=60):
    """Waits until STATUS= holds one of the words, and returns it."""
    until(lambda: any(word in status_text().lower() for word in words),
          lambda: f"a StatusText with one of {words}; it is: {status_text()!r}", seconds)
    return status_text()


def journal(*matches, cursor=None):
    """The service's journal entries as dicts."""
    # --after-cursor skips one entry too many when the one at the cursor is not among those asked for.
    since = [f"--cursor={cursor}"] if cursor else []
    text = run("journalctl", "-q", "-o", "json", "-u", UNIT, *since, *matches)
    return [entry for entry in map(json.loads, text.splitlines()) if entry["__CURSOR"] != cursor]


def cursor():
    """A place in the journal: what is logged later comes after it."""
    run("journalctl", "--sync")
    return json.loads(run("journalctl", "-q", "-o", "json", "-n", "1"))["__CURSOR"]


def messages(after=None):
    return [entry.get("MESSAGE", "") for entry in journal(cursor=after)]


def inotify_watches():
    """The number of watches the service holds, as the kernel counts them."""
    count = 0
    for info in pathlib.Path(f"/proc/{pid()}/fdinfo").iterdir():
        count += sum(line.startswith("inotify ") for line in info.read_text().splitlines())
    return count
