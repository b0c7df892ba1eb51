# SPDX-License-Identifier: Apache-2.0
"""`./dev vm`: the machine with its console on this terminal."""
import accelerator
import image
from machine import Machine
from payload import Payload

CPUS = 2


def main(arguments, progress):
    parts = image.ensure(arguments.cache, progress)
    accelerated = accelerator.choose(parts.kernel, arguments.cache, progress)
    progress("booting; root logs in by itself. Ctrl-a x ends the machine")
    plan = {"role": "login", "hierarchy": arguments.hierarchy, "driver": "systemd", "layout": "ext4-partition"}
    machine = Machine("login", arguments.work / "login", parts, accelerated, plan["hierarchy"],
                      Payload(plan, arguments.program), cpus=CPUS)
    try:
        return machine.login()
    finally:
        machine.stop()
