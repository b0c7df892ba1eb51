# SPDX-License-Identifier: Apache-2.0
"""What is measured: one function a row or group of rows, each with its baselines in the same run."""
import itertools
import os
import pathlib
import pty
import re
import shutil
import statistics
import subprocess
import threading
import time

import cpu
import cri_socket
import sharing
from bench_env import BUILD, DATA, LOAD_CPU, RECORDS, SOURCE, SUBJECT_CPU, BenchEnv, Subject, pinned
from table import ROUNDS, Row, quantile, ratio_of_rounds


class Bench:
    def __init__(self, hierarchy, work, quick):
        self.hierarchy, self.work, self.quick = hierarchy, work, quick
        self.numbers = itertools.count()
        device = os.stat(DATA).st_dev
        disk = (pathlib.Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")).resolve()
        if (disk / "partition").exists():
            disk = disk.parent
        self.device = (disk / "dev").read_text().strip()

    def env(self, what):
        return BenchEnv(self.hierarchy, self.work, f"{what}-{next(self.numbers)}")

    def ours(self, env, **options):
        return Subject(env, [BUILD / "iops-limitd"], **options)

    def floor(self, env, **options):
        words = [BUILD / "bench/bench_floor", self.hierarchy.mount, self.device, *self.hierarchy.files]
        return Subject(env, words, **options)

    def script(self, env, which, **options):
        words = ["bash", SOURCE / f"bench/baselines/{which}.sh", self.hierarchy.mount / "kubepods.slice", DATA,
                 f"/{RECORDS}", *self.hierarchy.files]
        return Subject(env, words, says_ready=False, **options)

    def load(self, paths, burst=1, pause_ms=3.0, tell_to=None):
        """Makes the cgroups; microseconds from mkdir to limit, in order."""
        words = [*pinned(LOAD_CPU), BUILD / "bench/bench_load", str(burst), str(int(pause_ms * 1000))]
        if tell_to is not None:
            words.append("--tell")
            words = ["bash", "-c", f'exec "$@" 3>&{tell_to}', "load", *words]
        done = subprocess.run([*map(str, words), *self.hierarchy.files], input="".join(f"{one}\n" for one in paths),
                              text=True, stdout=subprocess.PIPE, check=True,
                              pass_fds=[] if tell_to is None else [tell_to])
        return [int(line) / 1000 for line in done.stdout.split()]

    def load_in_turn(self, envs, burst, rounds, each):
        """Latencies of `rounds` rounds of `each` containers in each of two environments, in turn."""
        results = [[], []]
        for turn in range(rounds):
            for which in (0, 1) if turn % 2 == 0 else (1, 0):
                paths = envs[which].containers(each)
                time.sleep(0.3)  # the pods' directories have been seen; nothing tells
                results[which].append(self.load(paths, burst, pause_ms=3 if burst == 1 else 100))
                envs[which].empty()
                time.sleep(0.3)
        return results


def alternate(bench, burst, rounds, each):
    """Latencies of `rounds` rounds of `each` containers, ours and the floor's in turn."""
    envs = [bench.env("ours"), bench.env("floor")]
    with bench.ours(envs[0], cpu=SUBJECT_CPU), bench.floor(envs[1], cpu=SUBJECT_CPU):
        results = bench.load_in_turn(envs, burst, rounds, each)
    for env in envs:
        env.close()
    return results


def appear_rows(bench, burst, rounds, each, script=None):
    name = f"bursts of {burst:,}" if burst > 1 else "one by one"
    ours, floor = alternate(bench, burst, rounds, each)
    for what, part, target in (("p50", 0.5, 1.5), ("p99", 0.99, 2.0), ("max", 1.0, None)):
        pooled = [quantile(sum(of, []), part) for of in (ours, floor)]
        ratio = ratio_of_rounds(ours, floor, lambda one, part=part: quantile(one, part))
        yield Row(f"mkdir to limit, {name}, {what}", "us", *pooled, script and quantile(script, part), ratio, target)


def appear(bench):
    """mkdir to limit in force, one by one."""
    script = appear_script(bench)
    yield from appear_rows(bench, 1, ROUNDS, 40 if bench.quick else 400, script["events"])
    for what, part in (("p50", 0.5), ("max", 1.0)):
        yield Row(f"mkdir to limit, script of 30 s, {what}", "us", None, None, quantile(script["poll"], part))


def burst(bench):
    """mkdir to limit in force, many at once."""
    for size_, rounds, each in ((10, ROUNDS, 400), (100, ROUNDS, 400), (1000, 3, 1000)):
        yield from appear_rows(bench, size_, rounds, each // 4 if bench.quick and size_ < 1000 else each)


def appear_script(bench):
    """The scripts' times: they are too slow for thousands."""
    times = {}
    env = bench.env("script")
    reading, writing = os.pipe()
    paths = env.containers(20 if bench.quick else 200)
    with bench.script(env, "events", stdin=reading, cpu=SUBJECT_CPU):
        os.close(reading)
        times["events"] = bench.load(paths, tell_to=writing)
        os.close(writing)
    env.clear()
    if bench.quick:
        times["poll"] = [30e6]
    else:
        with bench.script(env, "poll", cpu=SUBJECT_CPU):
            times["poll"] = one_now_and_then(env, count=60, over=30)
    env.clear()
    env.close()
    return times


def one_now_and_then(env, count, over):
    """Microseconds from mkdir to limit of containers made one after the other within `over` seconds. Each one's record
    comes with it: what polls must not find it in its list before."""
    made, taken = {}, {}
    begun = time.monotonic()
    while len(taken) < count:
        now = time.monotonic()
        if len(made) < count and now - begun >= over * len(made) / count:
            [path] = env.containers(1, first=len(made))
            path.mkdir()
            made[path] = now
        for path, since in made.items():
            if path not in taken and env.unlimited([path]) == 0:
                taken[path] = (time.monotonic() - since) * 1e6
        time.sleep(0.02)
    return list(taken.values())


def first_pass(bench):
    """Start with containers there already: the pass and the memory after it."""
    counts = (0, 100, 1000) if bench.quick else (0, 100, 1000, 10000)
    seconds = {kind: {count: [] for count in counts} for kind in ("ours", "floor")}
    pss = {kind: {} for kind in seconds}
    envs = {kind: bench.env(kind) for kind in seconds}
    for count in counts:
        for _ in range(3):
            for kind, env in envs.items():
                paths = env.make(count)
                with getattr(bench, kind)(env, cpu=SUBJECT_CPU) as subject:
                    if env.unlimited(paths) != 0:
                        raise RuntimeError(f"{kind}: READY, and not every one of {count} is limited")
                    seconds[kind][count].append(subject.start)
                    subject.idle()  # limits are read back, watched and announced after READY
                    pss[kind].setdefault(count, []).append(subject.pss())
                env.clear()
    for env in envs.values():
        env.close()
    yield from first_pass_rows(counts, seconds)
    yield from memory_rows(counts, pss)


def first_pass_rows(counts, seconds):
    middle = {kind: {count: statistics.median(times) for count, times in of.items()} for kind, of in seconds.items()}
    for count in counts:
        name = "start to READY" if count == 0 else f"first pass over {count:,}"
        ratio = ratio_of_rounds(seconds["ours"][count], seconds["floor"][count], lambda one: one)
        yield Row(name, "ms", middle["ours"][count] * 1e3, middle["floor"][count] * 1e3, ratio=ratio,
                  target=2 if count == 1000 else None)
    few, many = counts[-2:]
    growth = {kind: of[many] / of[few] for kind, of in middle.items()}
    yield Row(f"first pass, {many:,} against {few:,}", "times", growth["ours"], growth["floor"], target=12,
              of_target="ours")


def memory_rows(counts, pss):
    middle = {kind: {count: statistics.median(sizes) for count, sizes in of.items()} for kind, of in pss.items()}
    for count in counts:
        yield Row(f"PSS with {count:,} containers", "KB", middle["ours"][count] / 1024, middle["floor"][count] / 1024,
                  target=6 * 1024 if count == 100 else None, of_target="ours")
    most = counts[-1]
    more = {kind: (of[most] - of[100]) / (most - 100) / 1024 for kind, of in middle.items()}
    yield Row("PSS for each more container", "KB", more["ours"], more["floor"], target=1.7, of_target="ours")


def reload(bench):
    """A reload that changes every limit of 1,000."""
    count = 100 if bench.quick else 1000
    envs = {kind: bench.env(kind) for kind in ("ours", "floor")}
    paths = {kind: env.make(count) for kind, env in envs.items()}
    times = {kind: [] for kind in envs}
    with bench.ours(envs["ours"], cpu=SUBJECT_CPU) as ours, bench.floor(envs["floor"], cpu=SUBJECT_CPU) as floor:
        for value in (600, 700, 800, 900, 1000):
            envs["ours"].configure(limits_iops=value)
            for kind, subject in (("ours", ours), ("floor", floor)):
                times[kind].append(subject.reload())
                if envs[kind].unlimited(paths[kind], value) != 0:
                    raise RuntimeError(f"{kind}: a limit did not change")
    for env in envs.values():
        env.close()
    yield Row(f"reload that changes all of {count:,}", "ms", statistics.median(times["ours"]) * 1e3,
              statistics.median(times["floor"]) * 1e3, ratio=ratio_of_rounds(*times.values(), lambda one: one), target=2)


def idle(bench):
    """Nothing happens, with 100 containers."""
    seconds = 10 if bench.quick else 60
    kinds = {"ours": bench.ours, "without a check": bench.ours, "floor": bench.floor,
             "script": lambda env, **options: bench.script(env, "poll", **options)}
    envs = {kind: bench.env("idle") for kind in kinds}
    envs["without a check"].configure(service_check_interval=0)
    for env in envs.values():
        env.make(100)
    for kind in ("ours", "without a check"):
        envs[kind].start_bus()
    subjects = {kind: start(envs[kind], cpu=SUBJECT_CPU) for kind, start in kinds.items()}
    time.sleep(3)  # the bus is met, the journal written, the script's first round over
    before = {kind: (one.cpu_ns(), one.switches()) for kind, one in subjects.items()}
    counters = {kind: subjects[kind].count_waits(seconds) for kind in ("ours", "without a check")}
    time.sleep(seconds)
    cpu = {kind: (one.cpu_ns() - before[kind][0]) / 1e6 for kind, one in subjects.items()}
    woken = {kind: one.switches() - before[kind][1] for kind, one in subjects.items()}
    for kind, counter in counters.items():
        number = counter.communicate()[1].split(",")[0]
        woken[kind] = int(number) if number.isdigit() else 0  # "<not counted>": it never ran
    for subject in subjects.values():
        subject.stop()
    for env in envs.values():
        env.close()
    said = f"in {seconds} idle seconds"
    yield Row(f"CPU {said}, 100 containers", "ms", cpu["ours"], cpu["floor"], cpu["script"])
    yield Row(f"CPU {said}, check_interval = 0", "ms", cpu["without a check"], cpu["floor"])
    yield Row(f"wake-ups {said}, 100 containers", "", woken["ours"], woken["floor"], woken["script"], target=2,
              of_target="ours")
    yield Row(f"wake-ups {said}, check_interval = 0", "", woken["without a check"], woken["floor"], target=0,
              of_target="ours")


def syscalls(bench):
    """System calls for one container, counted by strace while 100 come one by one."""
    count = 100
    calls = {"ours": traced(bench, bench.ours, count), "floor": traced(bench, bench.floor, count)}
    total = {kind: sum(of.values()) / count for kind, of in calls.items()}
    by_name = ", ".join(f"{name} {number / count:.1f}" for name, number in
                        sorted(calls["ours"].items(), key=lambda one: -one[1]) if number >= count // 10)
    yield Row("system calls for each container", "", total["ours"], total["floor"],
              ratio=total["ours"] / total["floor"], note=by_name)
    if bench.hierarchy.version == "v1":
        divided = sum(traced(bench, bench.ours, count, limits_total_iops=3000, limits_fair_total="no").values()) / count
        yield Row("the same with total_iops, divided among 1 to 100", "", divided, total["floor"],
                  ratio=divided / total["floor"])


def traced(bench, start, count, **keys):
    """System calls by name of a subject while `count` containers come."""
    env = bench.env("traced")
    env.configure(**keys)
    paths = env.containers(count)
    with start(env, cpu=SUBJECT_CPU) as subject:
        summary = env.folder / "strace"
        tracer = subprocess.Popen(["strace", "-c", "-U", "name,calls", "-o", summary, "-p", str(subject.pid)],
                                  stderr=subprocess.PIPE, text=True)
        tracer.stderr.readline()  # "attached"
        bench.load(paths, pause_ms=10)
        tracer.terminate()
        tracer.wait()
    env.close()
    return {name: int(number) for name, number in re.findall(r"^(\w+) +(\d+)$", summary.read_text(), re.MULTILINE)
            if name != "total"}


def size(bench):
    """The program as it is packaged, and what it is linked with."""
    sizes = {}
    for kind, program in (("ours", BUILD / "iops-limitd"), ("floor", BUILD / "bench/bench_floor")):
        stripped = bench.work / "stripped"
        subprocess.run(["strip", "-o", stripped, program], check=True)
        linked = subprocess.run(["ldd", program], check=True, text=True, stdout=subprocess.PIPE).stdout
        libraries = {pathlib.Path(path).resolve() for path in re.findall(r"(/\S+) \(0x", linked)}
        sizes[kind] = (stripped.stat().st_size, sum(one.stat().st_size for one in libraries))
    yield Row("size of the program, stripped", "KB", sizes["ours"][0] / 1024, sizes["floor"][0] / 1024)
    yield Row("size of its libraries", "KB", sizes["ours"][1] / 1024, sizes["floor"][1] / 1024)


def top(bench):
    """`iopsctl top` with 200 containers: CPU of a redraw, its own and the service's."""
    env = bench.env("top")
    env.make(200)
    env.start_bus()
    screens = 6 if bench.quick else 21
    with bench.ours(env, cpu=SUBJECT_CPU) as service:
        time.sleep(1)  # it is on the bus
        once = on_terminal(env.command(BUILD / "iopsctl", "top", "-n", "1"))
        before = service.cpu_ns()
        often = on_terminal(env.command(BUILD / "iopsctl", "top", "-n", str(screens)))
        answering = (service.cpu_ns() - before) / 1e6 / screens
    env.close()
    yield Row("iopsctl top, CPU for a redraw, 200 containers", "ms", (often - once) / (screens - 1), None, target=10,
              of_target="ours")
    yield Row("the service's CPU for that redraw", "ms", answering)
    if shutil.which("top"):
        once, often = (on_terminal(["top", "-d", "1", "-n", str(number)]) for number in (1, screens))
        yield Row("for comparison: procps top, CPU for a redraw", "ms", None, (often - once) / (screens - 1))


def history(bench):
    """What a start and each metrics file pay for the observed workloads."""
    file = bench.work / "history"
    lines = subprocess.run([BUILD / "bench/bench_history", file, str(ROUNDS)], check=True, capture_output=True, text=True).stdout
    loading, advising = (statistics.median(map(float, times)) for times in zip(*map(str.split, lines.splitlines())))
    yield Row("loading the history of 1,000 workloads", "ms", loading, target=20, of_target="ours")
    yield Row("advice for all of them", "ms", advising)


def on_terminal(words):
    """Milliseconds of CPU that a command takes on a terminal of 50 lines."""
    master, slave = pty.openpty()
    subprocess.run(["stty", "rows", "50", "cols", "160"], stdin=slave, check=True)
    process = subprocess.Popen(words, stdin=slave, stdout=slave, env={**os.environ, "TERM": "xterm"})
    os.close(slave)
    threading.Thread(target=drain, args=(master,), daemon=True).start()
    used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(used[1])
    if process.returncode != 0:
        raise RuntimeError(f"{words[-4:]}: status {process.returncode}")
    return (used[2].ru_utime + used[2].ru_stime) * 1e3


def drain(terminal):
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:  # the other side is closed
        os.close(terminal)


ALL = {"appear": appear, "burst": burst, "cri_socket": cri_socket.rows, "cpu": cpu.containers, "first_pass": first_pass,
       "reload": reload, "idle": idle, "syscalls": syscalls, "size": size, "top": top, "history": history,
       "get_all": cpu.get_all, "pause": cpu.pause, "sharing": sharing.sharing}
