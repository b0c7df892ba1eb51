# SPDX-License-Identifier: Apache-2.0
"""`./dev bench --share`: what containers that share a disk get, in a machine whose disk has a fixed capacity. The modes
take turns, and the table has the medians of all rounds."""
import dataclasses
import json
import math
import statistics
import sys

import accelerator
import image
import share_picture
from machine import Machine, MachineFailed
from measured_tables import markdown
from payload import REPOSITORY, Payload

CPUS, SECONDS, ROUNDS = 2, 3600, 3
SCALE = {"total": 800, "capacity": 1200, "guarantee": 200, "large": 500, "quiet": 50}
FOLDER = REPOSITORY / "build/bench"
HEAD = ["mode", "one hog", "85 % of the total after", "two hogs", "Jain", "waking lender at 90 % after",
        "then never below", "quiet got", "p50 / p95 / p99 ms", "changes of limits"]


@dataclasses.dataclass
class Mode:
    """The rounds of one mode."""
    name: str
    rounds: list = dataclasses.field(default_factory=list)

    def median(self, *path):
        values = []
        for found in self.rounds:
            for key in path:
                found = found[key]
            values.append(math.inf if found is None else found)
        return statistics.median(values)

    def row(self):
        times = " / ".join(f"{self.median('quiet', key):.1f}" for key in ("p50", "p95", "p99"))
        return [self.name, f"{self.median('alone'):.0f}", seconds(self.median("alone_in")),
                f"{self.median('together'):.0f}", f"{self.median('jain'):.3f}", seconds(self.median("back_in")),
                f"{self.median('least'):.0%}", f"{self.median('quiet', 'share'):.0%}", times,
                f"{self.median('changes'):.0f} in {self.median('seconds'):.0f} s"]


def seconds(value):
    return "never" if value == math.inf else f"{value:.2f} s"


def table(modes):
    return markdown(HEAD, [mode.row() for mode in modes.values()])


def explanation(scale):
    return (f"The disk does {scale['capacity']} operations a second, the total is {scale['total']}. static: a limit of "
            f"{scale['guarantee']} each. limits and total, fair: a limit of {scale['large']} each, with fair_total = "
            f"no and yes. lend: a guarantee of {scale['guarantee']} each. The quiet container wants {scale['quiet']} "
            "reads a second beside two hogs.\n")


def main(arguments, progress):
    parts = image.ensure(arguments.cache, progress)
    accelerated = accelerator.choose(parts.kernel, arguments.cache, progress)
    plan = {"role": "share_bench", "hierarchy": arguments.hierarchy, "driver": "systemd", "layout": "ext4-partition",
            "scale": SCALE, "rounds": int((arguments.cells or [ROUNDS])[0])}
    machine = Machine("share", arguments.work / "share", parts, accelerated, arguments.hierarchy,
                      Payload(plan, arguments.program), cpus=CPUS)
    progress("booting")
    modes, tracks, failed = {}, [], False
    try:
        for event in machine.run(SECONDS):
            if event["event"] == "measured":
                found = event["found"]
                modes.setdefault(found["mode"], Mode(found["mode"])).rounds.append(found)
                progress(f"round {event['round'] + 1}, {found['mode']}: quiet got {found['quiet']['share']:.0%}")
            elif event["event"] == "played":
                tracks = event["tracks"]
            elif event["event"] == "failure":
                print(event["text"], file=sys.stderr)
                failed = True
    except MachineFailed as failure:
        print(failure, file=sys.stderr)
        failed = True
    if modes:
        write(modes, tracks)
    return 1 if failed or not modes else 0


def write(modes, tracks):
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = explanation(SCALE) + "\n" + table(modes)
    (FOLDER / "share.md").write_text(text)
    if tracks:
        (FOLDER / "sharing.svg").write_text(share_picture.svg(tracks))
    document = {"scale": SCALE, "modes": {name: mode.rounds for name, mode in modes.items()}, "tracks": tracks}
    (FOLDER / "share.json").write_text(json.dumps(document, indent=1) + "\n")
    print(text)
    print(", ".join(str((FOLDER / name).relative_to(REPOSITORY)) for name in ("share.md", "share.json", "sharing.svg")))
