#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The completions as bash and zsh really offer them: typed on a terminal, with an iopsctl that knows two names.

Usage: completion_test.py IOPSCTL COMPLETION_FOLDER
"""
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

IOPSCTL, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
PROMPT = "ready> "
DEADLINE_SECONDS = 20
# `names` is for the completions alone; the program's own help is the list of verbs.
VERBS = re.findall(r"^  ([a-z-]+) ", subprocess.run([IOPSCTL, "--help"], capture_output=True, text=True,
                                                   check=True).stdout.partition("Subcommands:")[2], re.MULTILINE)


class Shell:
    """An interactive shell on a terminal, its prompt PROMPT."""

    def __init__(self, home, *command):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(HOME=str(home), PATH=f"{home}:{os.environ['PATH']}", TERM="dumb", PS1=PROMPT, COLUMNS="200")
            os.execvp(command[0], command)
        self.read_until(PROMPT)

    def read_until(self, pattern, after=0):
        while not re.search(pattern, self.text[after:], re.DOTALL):
            ready, _, _ = select.select([self.fd], [], [], DEADLINE_SECONDS)
            assert ready, f"expected {pattern!r}, read {self.text[after:]!r}"
            self.text += os.read(self.fd, 65536).decode(errors="replace")

    def type(self, text, pattern):
        """Everything that comes until `pattern` has, after `text` was typed."""
        after = len(self.text)
        os.write(self.fd, text.encode())
        self.read_until(pattern, after)
        return self.text[after:]

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


class Completion:
    """What both shells must do."""

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="completion-test."))
        fake = self.home / "iopsctl"
        fake.write_text("#!/bin/sh\n[ \"$1\" = names ] && printf '%s\\n' shop/db-0 web/index-1\n")
        fake.chmod(0o755)
        self.shell = Shell(self.home, *self.command)
        for line in self.preparation:
            self.shell.type(line + "\n", f"\n{PROMPT}")

    def tearDown(self):
        self.shell.close()
        shutil.rmtree(self.home)

    def offered(self, typed, *words):
        everything = "".join(rf"(?=.*\s{re.escape(word)}\s)" for word in words)
        return self.shell.type(typed + "\t\t", everything)

    def test_every_verb(self):
        self.assertGreater(len(VERBS), 10)
        self.offered("iopsctl ", *VERBS)

    def test_a_verb_begun(self):
        self.shell.type("iopsctl expl\t", "iopsctl explain ")

    def test_a_pod_begun(self):
        self.shell.type("iopsctl explain sh\t", "shop/db-0 ")

    def test_pods_to_pause_and_for_how_long(self):
        self.offered("iopsctl pause ", "shop/db-0", "web/index-1")

    def test_times(self):
        self.offered("iopsctl pause shop/db-0 --for ", "10m", "30m", "1h", "2h")


class Bash(Completion, unittest.TestCase):
    command = ("bash", "--norc", "--noprofile", "-i")
    preparation = ("bind 'set enable-bracketed-paste off'", f"source {FOLDER}/iopsctl")


class Zsh(Completion, unittest.TestCase):
    command = ("zsh", "-f", "-i")
    preparation = ("unsetopt zle_bracketed_paste prompt_cr prompt_sp always_last_prompt",
                   f"fpath=({FOLDER} $fpath); autoload -U compinit; compinit -u -D")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
