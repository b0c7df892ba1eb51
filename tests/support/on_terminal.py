# SPDX-License-Identifier: Apache-2.0
"""A program on a terminal of its own."""
import fcntl
import os
import pty
import struct
import termios


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def start(command, environment, rows, columns, folder="."):
    """Its process id, and the other side of its terminal. A program that cannot be started says so there."""
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.chdir(folder)
            resize(0, rows, columns)
            os.execvpe(command[0], command, environment)
        except OSError as error:
            os.write(2, f"cannot start {command[0]}: {error.strerror}\n".encode())
        finally:
            os._exit(127)  # not a second copy of the caller
    return pid, terminal
