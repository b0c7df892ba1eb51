# SPDX-License-Identifier: Apache-2.0
"""Rows of CPU time that the service takes: for containers in a burst, for a GetAll, for a pause."""
import subprocess

from bench_env import BUILD, LOAD_CPU, SUBJECT_CPU, CpuTimes, pinned
from table import Row, ratio_of_rounds

# The check of every 30 s is no part of what is measured here, and may fall into any round.
NO_CHECK = {"service_check_interval": 0}


def containers(bench):
    """CPU time for each container of a burst, with the work that is done after it."""
    for size, bursts, rounds in ((100, 4, 16), (1000, 1, 8)):
        yield from containers_rows(size, size * bursts, *alternate(bench, size, bursts, 2 if bench.quick else rounds))
    size, rounds = 1000, 2 if bench.quick else 8
    used = with_bus(bench, size, rounds)
    yield Row(f"CPU for each container, bursts of {size:,}, with a system bus", "us", used / size / rounds / 1000)


def alternate(bench, size, bursts, rounds):
    """CPU times of each round's bursts, ours and the floor's in turn."""
    envs = [bench.env("ours"), bench.env("floor")]
    envs[0].configure(**NO_CHECK)
    used = [[], []]
    with bench.ours(envs[0], cpu=SUBJECT_CPU) as ours, bench.floor(envs[1], cpu=SUBJECT_CPU) as floor:
        for turn in range(rounds):
            for which in (0, 1) if turn % 2 == 0 else (1, 0):
                used[which].append(of_bursts(bench, envs[which], (ours, floor)[which], size, bursts))
    for env in envs:
        env.close()
    return used


def with_bus(bench, size, rounds):
    """Nanoseconds of `rounds` bursts when each container's signal goes out on a bus: no other row of bursts has one."""
    env = bench.env("bus")
    env.configure(**NO_CHECK)
    env.start_bus()
    with bench.ours(env, cpu=SUBJECT_CPU) as service:
        used = sum(of_bursts(bench, env, service, size, 1).total for _ in range(rounds))
    env.close()
    return used


def of_bursts(bench, env, subject, size, bursts):
    """CPU times of bursts, each from before the first mkdir until all limits are in force and the deferred work is
    done."""
    paths = env.containers(size * bursts)
    before = subject.idle()  # the pods' directories have been seen
    for first in range(0, len(paths), size):
        bench.load(paths[first:first + size], size, pause_ms=0)
        after = subject.idle()
    env.empty()
    return after.since(before)


def containers_rows(size, of_a_round, ours, floor):
    name = f"CPU for each container, bursts of {size:,}"
    sums = [CpuTimes(*map(sum, zip(*rounds))) for rounds in (ours, floor)]
    means = [CpuTimes(*(time / len(ours) / of_a_round / 1000 for time in one)) for one in sums]
    yield Row(name, "us", *(one.total for one in means), ratio=ratio_of_rounds(ours, floor, lambda one: one.total),
              target=2, note="user and system are split by samples of {:.0f} and {:.0f} ms".format(
                  *(one.sampled / 1e6 for one in sums)))
    for part in ("user", "system"):
        yield Row(f"{name}, {part}", "us", *(one.part(part) for one in means))


class Caller:
    """bench_get_all, connected to the service of an environment."""

    def __init__(self, env):
        words = [*pinned(LOAD_CPU), BUILD / "bench/bench_get_all", env.folder / "run/iops-limitd/private"]
        self.process = subprocess.Popen([*map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def call(self, count):
        print(count, file=self.process.stdin, flush=True)
        if self.process.stdout.readline() != f"{count}\n":
            raise RuntimeError("GetAll has no answer")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()  # it ends by itself
        self.process.wait()


def cpu_of(subject, act):
    """Microseconds of CPU that `subject` takes for `act` and what follows from it."""
    before = subject.idle()
    act()
    return subject.idle().since(before).total / 1000


def get_all(bench):
    """The properties of the service, read with many containers: unchanged, and after each new one."""
    count, calls, changes = (1000, 50, 5) if bench.quick else (10000, 500, 20)
    env = bench.env("get_all")
    env.configure(**NO_CHECK)
    paths = env.containers(count + changes)
    for path in paths[:count]:
        path.mkdir()
    changed = []
    with bench.ours(env, cpu=SUBJECT_CPU) as service, Caller(env) as caller:
        caller.call(1)
        unchanged = cpu_of(service, lambda: caller.call(calls)) / calls
        for path in paths[count:]:
            bench.load([path])
            changed.append(cpu_of(service, lambda: caller.call(1)))
    env.close()
    yield Row(f"CPU for a GetAll, {count:,} containers", "us", unchanged, target=1000, of_target="ours")
    yield Row("CPU for the first GetAll after a container came", "us", sum(changed) / changes)


def pause(bench):
    """`iopsctl pause` of one container among 1,000."""
    rounds = 3 if bench.quick else 20
    env = bench.env("pause")
    env.configure(**NO_CHECK)
    path = env.make(1000)[500]
    container = path.stem.rsplit("-", 1)[1]
    used = []
    with bench.ours(env, cpu=SUBJECT_CPU) as service:
        for _ in range(rounds):
            used.append(cpu_of(service, lambda: iopsctl(env, "pause", container)))
            if env.unlimited([path]) == 0:
                raise RuntimeError("paused, and limited all the same")
            iopsctl(env, "resume", container)
    env.close()
    yield Row("CPU for a pause of one container of 1,000", "us", sum(used) / rounds)


def iopsctl(env, *words):
    subprocess.run(env.command(BUILD / "iopsctl", *words), check=True, stdout=subprocess.DEVNULL)
