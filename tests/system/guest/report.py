# SPDX-License-Identifier: Apache-2.0
"""The line to the host: one JSON object a line on the second serial port. The host speaks only when asked."""
import contextlib
import json
import os
import threading
import time
import tty

PORT = "/dev/ttyS1"


class Report:
    def __init__(self):
        self._port = os.open(PORT, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._port)
        self._lock = threading.Lock()

    def send(self, event, **values):
        line = b"\n" + json.dumps({"event": event, **values}, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            while line:
                line = line[os.write(self._port, line):]

    def ask(self, action, disk, **values):
        """Has the host pull a disk out or plug it in ("pull", "plug"), or give it so many operations a second
        ("capacity", with `iops`); returns when it has."""
        self.send("ask", action=action, disk=disk, **values)
        answer = b""
        while not answer.endswith(b"\n"):
            answer += os.read(self._port, 4096)
        if answer.strip():
            raise RuntimeError(f"the host could not {action} {disk}: {answer.decode().strip()}")

    def step(self, text):
        self.send("step", text=text)


def until(condition, what, seconds=60.0, pause=0.05):
    """Waits for condition() to be true and returns its value. `what` says in the failure what never came; it may be
    a function, so that the failure can say what was there instead. `pause`: between two looks, in seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what() if callable(what) else what}")
        time.sleep(pause)


@contextlib.contextmanager
def repeating(action, every):
    """While the block runs, another thread calls action() every so many seconds; what it raises is raised at the end."""
    over, raised = threading.Event(), []

    def repeat():
        try:
            while not over.wait(every):
                action()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if raised:
        raise raised[0]
