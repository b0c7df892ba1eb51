# SPDX-License-Identifier: Apache-2.0
"""Rows of what the runtime's CRI socket costs, beside a service that does not ask it."""
import contextlib
import statistics
import subprocess
import time

from bench_env import BUILD, PATIENCE, PER_POD, SUBJECT_CPU
from table import ROUNDS, Row, quantile, ratio_of_rounds

GOLD = {"policy gold_label.tier": "gold", "policy gold_iops": 900}


@contextlib.contextmanager
def runtime_socket(env, pods, step):
    """containerd's socket, where the environment's service looks for it."""
    words = [BUILD / "bench/bench_cri", env.folder / "run/containerd/containerd.sock", str(pods), str(step)]
    with subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE) as process:
        try:
            if process.stdout.readline() != b"listens\n":
                raise RuntimeError("bench_cri does not listen")
            yield
        finally:
            process.kill()


def rows(bench):
    """With the runtime's CRI socket against without it: from mkdir to limit, and the start with many pods."""
    rounds, each = (2, 40) if bench.quick else (ROUNDS, 400)
    envs = [bench.env("with"), bench.env("without")]
    for env in envs:
        env.configure(**GOLD)
    with runtime_socket(envs[0], each, 1):
        with bench.ours(envs[0], cpu=SUBJECT_CPU), bench.ours(envs[1], cpu=SUBJECT_CPU):
            results = bench.load_in_turn(envs, 10, rounds, each)
    for what, part, target in (("p50", 0.5, 1.1), ("p99", 0.99, 1.5)):
        pooled = [quantile(sum(of, []), part) for of in results]
        ratio = ratio_of_rounds(*results, lambda one, part=part: quantile(one, part))
        yield Row(f"mkdir to limit with the CRI socket, bursts of 10, {what}", "us", *pooled, None, ratio, target,
                  note="beside it: without the socket")
    for env in envs:
        env.clear()
        env.close()
    yield from start_with_socket(bench)


def start_with_socket(bench):
    """A pod for each container: READY with the default limit, and when the labels' limits are in force."""
    pods, times = 100 if bench.quick else 1000, {"with": [], "without": [], "labels": []}
    for _ in range(3):
        for kind in ("with", "without"):
            env = bench.env(kind)
            env.configure(**GOLD)
            paths = [path for pod in range(pods) for path in env.containers(1, first=pod * PER_POD)]
            for path in paths:
                path.mkdir()
            with runtime_socket(env, pods, 1) if kind == "with" else contextlib.nullcontext():
                with bench.ours(env, cpu=SUBJECT_CPU) as subject:
                    times[kind].append(subject.start)
                    begun = time.monotonic()
                    while kind == "with" and env.unlimited(paths, "900") != 0:
                        if time.monotonic() - begun > PATIENCE:
                            raise RuntimeError("the labels have no effect")
                        time.sleep(0.02)
                    if kind == "with":
                        times["labels"].append(time.monotonic() - begun)
            env.clear()
            env.close()
    start = [statistics.median(times[kind]) * 1e3 for kind in ("with", "without")]
    yield Row(f"start with {pods:,} pods and the CRI socket", "ms", *start,
              ratio=ratio_of_rounds(times["with"], times["without"], lambda one: one), target=1.2)
    yield Row(f"from READY to the limits by label of {pods:,} pods", "ms", statistics.median(times["labels"]) * 1e3,
              target=2000, of_target="ours")
