#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon as a whole while nobody reads its log and its notifications: containers are limited all the same.

Usage: slow_readers_test.py PROGRAM IOPSCTL, as service_test.py.
"""
import fcntl
import json
import os
import signal
import socket
import sys
import time
import unittest

from service_test import PATIENCE, PROGRAM, VERSION, Node, limit

PIPE_BYTES = 4096  # of the pipe on standard output
DIGITS = "0123456789abcdef"


class SilentNode(Node):
    """Its daemon writes to a pipe that is read at the end, or not at all."""

    def start(self, *words, mounted=True):
        self.out, own = os.pipe()
        fcntl.fcntl(self.out, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.launch([*PROGRAM, *words], mounted, stdout=own)
        os.close(own)

    def lines(self):
        """What was written until the daemon ended."""
        with open(self.out, "rb") as stream:
            return stream.read().splitlines()

    def expect_limited(self, digits):
        """Each container is limited, and the service goes on to the end of its work, the lines of the log included."""
        for number, digit in enumerate(digits, 1):
            self.after(lambda one=digit: self.container(one), f"{number} container{'s' if number > 1 else ''} limited")
            assert limit(self.path(digit)) == "500", f"container {digit} has no limit"


class SlowReaders(unittest.TestCase):
    def setUp(self):
        self.node = SilentNode()
        self.addCleanup(self.node.close)

    def test_a_pipe_that_nobody_reads(self):
        node = self.node
        with node.daemon("--log", "json"):
            node.expect_limited(DIGITS)
            node.process.send_signal(signal.SIGTERM)
            lines = node.lines()
            self.assertEqual(node.process.wait(PATIENCE), 0)
        self.assertGreater(sum(map(len, lines)), PIPE_BYTES)
        actions = [json.loads(line).get("action") for line in lines]  # each line is whole
        self.assertEqual(actions.count("limited"), len(DIGITS))

    def test_a_reader_that_is_gone(self):
        node = self.node
        with node.daemon("--log", "text"):
            os.close(node.out)
            node.expect_limited(DIGITS)
            node.stop()

    def test_a_journal_that_is_stopped(self):
        node = self.node
        (node.folder / "run/systemd/journal").mkdir(parents=True)
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        journal.bind(str(node.folder / "run/systemd/journal/socket"))
        journal.setblocking(False)
        filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        filler.setblocking(False)
        with node.daemon("--log", "journal"):
            with self.assertRaises(BlockingIOError):
                while True:
                    filler.sendto(b"MESSAGE=x\n", str(node.folder / "run/systemd/journal/socket"))
            node.expect_limited(DIGITS)
            said, end = [], time.monotonic() + PATIENCE
            while sum(b"ACTION=limited" in one for one in said) < len(DIGITS):
                try:
                    said.append(journal.recv(65536))
                except BlockingIOError:
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.001)
        os.close(node.out)
        journal.close()
        filler.close()


if __name__ == "__main__":
    if os.geteuid() != 0 or VERSION is None:
        print("skipped: it needs root, and a hierarchy that limits disks")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
