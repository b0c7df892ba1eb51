# SPDX-License-Identifier: Apache-2.0
"""iopsctl why in front of five causes, several containers at a time. Pressure alone, which is all that a node had
before, cannot tell two of them apart."""
import contextlib
import json
import pathlib
import re
import time

import disks
import rules
import service
import sharing
from cases import case
from ctl import outcome
from disk_load import FEW_THREADS, Fio, Hog, limit_of
from limit_table import configured
from node import in_parallel
from report import until

GOOD, OWN_LIMIT, TOTAL, DISK, OTHER_STORAGE, CANNOT_TELL = 0, 10, 11, 12, 13, 14
STATUS = {"own_limit": OWN_LIMIT, "total": TOTAL, "disk": DISK, "other_storage": OTHER_STORAGE,
          "cannot_tell": CANNOT_TELL, "own_pace": GOOD, "not_io": GOOD}
POD, FILE_BYTES = "why", 4 << 20
LIMIT, MORE, SLOW_DISK = 40, 100000, 100
LARGE, SHARED_TOTAL = 250, 300  # of two that want all they can get: each is cut to half of the total
HALF = 0.5


@contextlib.contextmanager
def working(containers, devnum, directory=disks.MOUNT):
    """Each of them waits for the disk with four threads."""
    hogs = []
    try:
        for container in containers:
            hogs.append(Hog(container, devnum, FEW_THREADS, directory=directory, size=FILE_BYTES))
        for hog in hogs:
            hog.on()
        yield
    finally:
        for hog in hogs:
            hog.end()


@contextlib.contextmanager
def own_limit(node, containers):
    with configured(sharing.limits(LIMIT, 0)):
        for one in containers:
            until(lambda c=one: limit_of(c, node.devnum) == (LIMIT, LIMIT), f"{LIMIT} IOPS for {one.name}")
        with working(containers, node.devnum):
            yield


@contextlib.contextmanager
def total(node, containers):
    with configured(sharing.limits(LARGE, SHARED_TOTAL)), working(containers, node.devnum):
        for one in containers:
            until(lambda c=one: limit_of(c, node.devnum)[0] < LARGE, f"a cut limit for {one.name}")
        yield


@contextlib.contextmanager
def slow_disk(node, containers):
    with configured(sharing.limits(0, 0)), sharing.capacity(node.report, SLOW_DISK), \
            working(containers, node.devnum):
        yield


@contextlib.contextmanager
def other_disk(node, containers):
    with sharing.capacity(node.report, SLOW_DISK, (disks.OTHER_SERIAL,)), \
            working(containers, disks.devnum(disks.OTHER_SERIAL), disks.SCRATCH):
        yield


@contextlib.contextmanager
def processor(_, containers):
    jobs = []
    try:
        for one in containers:
            jobs.append(Fio(one, "/dev/null", ["--ioengine=cpuio", "--cpuload=100", "--runtime=36000"]))
        yield
    finally:
        for job in jobs:
            job.end()


# Cause, the verdict, and how many containers have it at once (0: all of them).
CAUSES = ((own_limit, "own_limit", 0), (total, "total", 2), (slow_disk, "disk", 0), (other_disk, "other_storage", 0),
          (processor, "not_io", 0))


def waited(container):
    """Seconds in which some process of the container waited for I/O; None where the kernel does not measure it."""
    try:
        text = (rules.root() / container.cgroup.strip("/") / "io.pressure").read_text()
    except OSError:
        return None
    return int(text.split("total=", 1)[1].split()[0]) / 1e6


def ask(node, containers):
    """({container's name: its row}, {container's name: part of the time in which it waited}) of one sample."""
    before, began = [waited(one) for one in containers], time.monotonic()
    status, out, err = outcome("why", POD, "--json")
    after, seconds = [waited(one) for one in containers], time.monotonic() - began
    assert status in STATUS.values(), f"iopsctl why: exit status {status}: {out}{err}"
    found = json.loads(out)
    node.report.send("document", verb="why", document=found)
    rows = {row["name"]: row for row in found["containers"]}
    said = {STATUS[row["verdict"]] for row in rows.values()}
    assert status == (min(said - {GOOD}) if said != {GOOD} else GOOD), f"exit status {status} for {said}"
    return rows, {one.name: None if late is None else (late - early) / seconds
                  for one, early, late in zip(containers, before, after)}


def trials(node, containers, cause, verdict, at_once):
    """[(whether the verdict is right, its row)] and the parts of the time in which the containers waited."""
    answers, pressure = [], []
    for first in range(0, len(containers), at_once or len(containers)):
        chosen = containers[first:first + (at_once or len(containers))]
        with cause(node, chosen):
            rows, parts = ask(node, chosen)
            if first == 0:
                node.report.step(f"{verdict}: " + outcome("why", f"{POD}/{chosen[0].name}")[1])
        answers += [(rows[one.name]["verdict"] == verdict, rows[one.name]) for one in chosen]
        pressure += parts.values()
    return answers, pressure


@contextlib.contextmanager
def pod_of(node, count):
    pod = node.kubelet.run_pod(POD)
    try:
        in_parallel([lambda n=number: node.kubelet.run_container(pod, f"trial-{n}") for number in range(count)])
        yield sorted(pod.containers, key=lambda one: one.name)
    finally:
        node.remove_pods(pod)


def judged(node, count):
    """How many of the verdicts are right, and what pressure says of each cause."""
    right, wrong, pressure = 0, [], {}
    with pod_of(node, count) as containers:
        for cause, verdict, at_once in CAUSES:
            answers, pressure[verdict] = trials(node, containers, cause, verdict, at_once)
            right += sum(good for good, _ in answers)
            wrong += [f"{verdict} taken for {row['verdict']}: {row['text']}" for good, row in answers if not good]
    return right, wrong, pressure


def expect_told(node, count):
    right, wrong, pressure = judged(node, count)
    all_of_them = count * len(CAUSES)
    said = f"{right} of {all_of_them} verdicts are right"
    assert right >= all_of_them * 38 // 40, f"{said}: {'; '.join(wrong)}"
    least = {verdict: min(pressure[verdict]) for verdict in ("own_limit", "disk")}
    # Void otherwise: a rule that looks at pressure alone would have told them apart.
    assert min(least.values()) >= HALF, f"pressure tells own limit and slow disk apart: {pressure}"
    return f"{said}; by pressure alone an own limit ({least['own_limit']:.0%}) and a slow disk " \
           f"({least['disk']:.0%}) are the same" + "".join(f"; {text}" for text in wrong)


@case("why", cells="v2-cgroupfs")
def daily(node):
    return expect_told(node, 2)


@case("why-leads-to-the-line", cells="v2-cgroupfs")
def line_to_change(node):
    """What an operator does whose pod is slow: ask, change the line that is named, ask again."""
    said = []

    def told(*words):
        status, out, err = outcome("why", *words)
        said.extend([f"$ iopsctl {' '.join(('why', *words))}", out + err])
        return status, out

    with pod_of(node, 1) as (container,), own_limit(node, [container]):
        assert told()[0] == OWN_LIMIT, f"expected somebody to be held back: {said[-1]}"
        status, text = told(POD)
        assert status == OWN_LIMIT, f"exit status {status}: {text}"
        file, line = re.search(r"iops or read_iops in .*\((/\S+):(\d+)\)", text).groups()
        lines = pathlib.Path(file).read_text().splitlines()
        assert lines[int(line) - 1] == f"iops = {LIMIT}", f"{file}:{line} is {lines[int(line) - 1]!r}"
        said.extend([f"$ sed -n {line}p {file}", lines[int(line) - 1]])
        lines[int(line) - 1] = f"iops = {MORE}"
        pathlib.Path(file).write_text("\n".join(lines) + "\n")
        assert service.reload(), "the service refused the configuration"
        until(lambda: limit_of(container, node.devnum) == (MORE, MORE), f"{MORE} IOPS")
        status, text = told(POD)
        assert status == GOOD and ": its own pace: " in text, f"exit status {status}: {text}"
    node.report.step("\n".join(said))
    return f"{file}:{line} holds it back; with {MORE} there nothing does"


@case("why-in-forty-trials", cells="v2-systemd v2-cgroupfs", long=True)
def whole(node):
    return expect_told(node, 8)


@case("why-without-pressure", cells="v1-systemd", long=True)
def without_pressure(node):
    """On v1 limits and the total are told, and of everything else that it cannot be told."""
    with pod_of(node, 2) as containers:
        for cause, verdict in ((own_limit, "own_limit"), (total, "total"), (processor, "cannot_tell")):
            answers, _ = trials(node, containers, cause, verdict, len(containers))
            for right, row in answers:
                assert right, f"expected {verdict}, found {row['verdict']}: {row['text']}"
    return "own limit and total told, and that the rest cannot be"
