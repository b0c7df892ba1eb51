# SPDX-License-Identifier: Apache-2.0
"""`lab.py nvme-soak`: does the emulated NVMe disk answer every command? Counts what it did not, for one way of starting
QEMU; docs/development/decisions/0018-nvme-in-the-test-machine.md has what was found."""
import accelerator
import image
from machine import Machine, MachineFailed
from payload import Payload
from tests import CPUS

BOOT_SECONDS = 1200
# The guest gives up on a command after 5 s, not 30: a lost one is found sooner, and none is that slow.
KERNEL_ARGUMENTS = ("nvme_core.io_timeout=5",)
LINES = 30


def main(arguments, progress):
    parts = image.ensure(arguments.cache, progress)
    accelerated = accelerator.choose(parts.kernel, arguments.cache, progress)
    operations, seconds, lost, failed = 0, 0.0, 0, 0
    for boot in range(arguments.boots):
        machine = Machine("nvme-soak", arguments.work / "nvme-soak", parts, accelerated, arguments.hierarchy,
                          Payload({"role": "nvme_soak", "seconds": arguments.seconds}, None),
                          cpus=arguments.smp or CPUS, memory_mib=1024, qemu=arguments.qemu,
                          kernel_arguments=KERNEL_ARGUMENTS)
        try:
            for event in machine.run(arguments.seconds + BOOT_SECONDS):
                if event["event"] == "soaked":
                    operations, seconds = operations + event["operations"], seconds + event["seconds"]
                    lost += bool(event["kernel"])
                    progress(f"boot {boot + 1}: {event['operations']} operations in {event['seconds']:.0f} s, "
                             + ("the disk stopped answering" if event["kernel"] else "all answered"))
                    for line in event["kernel"][-LINES:]:
                        print(f"      | {line}", flush=True)
                elif event["event"] == "failure":
                    failed += 1
                    print(event["text"], flush=True)
        except MachineFailed as failure:
            failed += 1
            print(failure, flush=True)
    print(f"{arguments.boots} boots, {operations} operations, {seconds:.0f} s of fio: the disk stopped answering {lost} "
          f"times; {failed} boots failed otherwise")
    return 1 if lost or failed else 0
