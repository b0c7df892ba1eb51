# SPDX-License-Identifier: Apache-2.0
"""QEMU's control line: JSON commands, answers and events (docs/interop/qmp-spec.rst)."""
import json
import socket

ANSWER_SECONDS = 60


class Monitor:
    def __init__(self):
        self._here, self._there = socket.socketpair()
        self._here.settimeout(ANSWER_SECONDS)
        self._lines = self._here.makefile("r")

    def command_line(self):
        return ["-chardev", f"socket,id=monitor,fd={self._there.fileno()}", "-mon", "monitor,mode=control"]

    def handle(self):
        """The file descriptor that QEMU inherits."""
        return self._there.fileno()

    def greet(self):
        """Once QEMU runs: before this it answers nothing else."""
        self._there.close()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        self._here.sendall(json.dumps({"execute": name, "arguments": arguments}).encode())
        self._wait(lambda message: "return" in message)

    def wait_event(self, name, device):
        self._wait(lambda message: message.get("event") == name and message["data"].get("device") == device)

    def set_capacity(self, device, iops):
        """The disk does so many operations a second, reads and writes together; 0 means as many as it can."""
        self.command("block_set_io_throttle", id=device, iops=iops, iops_rd=0, iops_wr=0, bps=0, bps_rd=0, bps_wr=0)

    def _wait(self, wanted):
        for line in self._lines:
            message = json.loads(line)
            if "error" in message:
                raise RuntimeError(message["error"]["desc"])
            if wanted(message):
                return
        raise RuntimeError("QEMU closed its control line")

    def close(self):
        self._lines.close()
        self._here.close()
        self._there.close()
