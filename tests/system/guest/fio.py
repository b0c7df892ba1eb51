# SPDX-License-Identifier: Apache-2.0
"""fio inside a container: 4 KiB random direct I/O on a file of its own, reading and writing at the same time. The
limits of the two directions are separate, so one run measures both."""
import json

FILE_BYTES = 64 << 20
RAMP_SECONDS = 1
JOBS = {"read": "randread", "write": "randwrite"}
BOTH = tuple(JOBS)
TOLERANCE = 0.05
# Too much is a failure at once. Too little can also mean that the emulated machine got no CPU: measured again.
ATTEMPTS = 3


def file_of(container, directory):
    return f"--filename={directory}/{container.pod.name}-{container.name}"


def command(container, directions, seconds, directory="/data", more=()):
    words = ["/usr/bin/fio", file_of(container, directory), f"--size={FILE_BYTES}", "--bs=4k", "--direct=1",
             "--ioengine=libaio", "--iodepth=16", "--time_based", f"--runtime={seconds}",
             f"--ramp_time={RAMP_SECONDS}", "--fallocate=none", "--norandommap", "--output-format=json", *more]
    for direction in directions:
        words += [f"--name={direction}", f"--rw={JOBS[direction]}"]
    return words


def prepare(runtime, container, directory="/data"):
    """Writes the file, so that reads find blocks. Big blocks: an IOPS limit makes this no slower than it must be."""
    runtime.execute(container.id, "/usr/bin/fio", "--name=lay-out", file_of(container, directory),
                    f"--size={FILE_BYTES}", "--rw=write", "--bs=1m", "--direct=1", "--fallocate=none", "--end_fsync=1")


def iops(runtime, container, directions=BOTH, seconds=8, directory="/data", more=()):
    """{direction: IOPS}. `more` are further arguments for both jobs."""
    text = runtime.execute(container.id, *command(container, directions, seconds, directory, more))
    jobs = json.loads(text[text.index("{"):])["jobs"]
    return {job["jobname"]: job[job["jobname"]]["iops"] for job in jobs}


def deviation(found, limit):
    """As a fraction: +0.02 is two per cent above the limit."""
    return found / limit - 1


def expect(limit, who, measure):
    """What `measure` returns, as iops() does, is the limit within the tolerance in each direction; says what it was."""
    said = ""
    for _ in range(ATTEMPTS):
        measured = measure()
        said = ", ".join(f"{direction} {found:.0f}" for direction, found in measured.items())
        deviations = [deviation(found, limit) for found in measured.values()]
        assert max(deviations) <= TOLERANCE, f"fio in {who}: expected at most {limit} IOPS, found {said}"
        if min(deviations) >= -TOLERANCE:
            return f"fio at {limit}: {said}"
    raise AssertionError(f"fio in {who}: expected {limit} IOPS each way, found {said}")
