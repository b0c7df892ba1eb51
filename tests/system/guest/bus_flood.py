#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Calls a service on the system bus without pause, as any local user may.

Usage: bus_flood.py CONNECTIONS CALLS read|unread DESTINATION PATH INTERFACE METHOD [STRING]. Sends CALLS calls on each
connection, and then again if it reads the answers. Prints a line when all have been sent once; ends with its parent."""
import ctypes
import os
import selectors
import signal
import socket
import struct
import sys

SOCKET = "/run/dbus/system_bus_socket"
PR_SET_PDEATHSIG = 1
PATH, INTERFACE, MEMBER, DESTINATION, SIGNATURE = 1, 2, 3, 6, 8  # header fields


def padded(data, size=8):
    return data + bytes(-len(data) % size)


def string(text):
    data = text.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


def field(code, kind, text):
    value = string(text) if kind != "g" else bytes([len(text)]) + text.encode() + b"\0"
    return bytes([code, 1]) + kind.encode() + b"\0" + value


def call(serial, destination, path, interface, member, *strings):
    body = b""
    for text in strings:
        body = padded(body, 4) + string(text)
    fields = [field(PATH, "o", path), field(INTERFACE, "s", interface), field(MEMBER, "s", member),
              field(DESTINATION, "s", destination)]
    if strings:
        fields.append(field(SIGNATURE, "g", "s" * len(strings)))
    array = b""
    for one in fields:
        array = padded(array) + one
    return padded(b"l\1\0\1" + struct.pack("<III", len(body), serial, len(array)) + array) + body


def connect():
    bus = socket.socket(socket.AF_UNIX)
    bus.connect(SOCKET)
    bus.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    assert bus.recv(4096).startswith(b"OK"), "the bus does not let us in"
    bus.sendall(b"BEGIN\r\n" + call(1, *["org.freedesktop.DBus", "/org/freedesktop/DBus"], "org.freedesktop.DBus", "Hello"))
    return bus


def main():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    connections, calls, mode, *target = sys.argv[1:]
    batch = b"".join(call(serial + 2, *target) for serial in range(int(calls)))
    everyone = [connect() for _ in range(int(connections))]
    ready = selectors.DefaultSelector()
    left = {bus: batch for bus in everyone}
    for bus in everyone:
        bus.setblocking(False)
        ready.register(bus, selectors.EVENT_WRITE | (selectors.EVENT_READ if mode == "read" else 0))
    sent = 0
    while True:
        for key, events in ready.select():
            bus = key.fileobj
            try:
                if events & selectors.EVENT_READ and not bus.recv(1 << 20):
                    return
                if events & selectors.EVENT_WRITE:
                    left[bus] = left[bus][bus.send(left[bus]):]
            except BlockingIOError:
                continue
            if left[bus]:
                continue
            sent += 1
            if sent == len(everyone):
                print("sent", flush=True)
            if mode == "read":
                left[bus] = batch
            else:
                ready.unregister(bus)
                if sent == len(everyone):
                    signal.pause()


if __name__ == "__main__":
    main()
