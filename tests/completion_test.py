#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The completions as bash, zsh and fish really offer them: typed on a terminal, with an iopsctl that knows a few names.

The author of a pod chooses its containers' names, so a name must never be run, and must arrive as one argument.

Usage: completion_test.py IOPSCTL COMPLETION_FOLDER
"""
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))
import on_terminal  # noqa: E402

IOPSCTL, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
PROMPT = "ready> "
ROWS, COLUMNS = 60, 200
PROMPT_AGAIN = rf"\n[^\n]*{PROMPT}"  # fish erases the line before it
DEADLINE_SECONDS = 20
ESCAPE = re.compile(r"(\x1b(\[[0-9;?>]*[a-zA-Z]|\][^\a]*\a|[()][A-Z0-9]|[=>])|[\x0e\x0f])+")
# `names` is for the completions alone; the program's own help is the list of verbs.
HELP = subprocess.run([IOPSCTL, "--help"], capture_output=True, text=True, check=True).stdout
VERBS = re.findall(r"^  ([a-z-]+) ", HELP.partition("Subcommands:")[2].partition("\n\n")[0], re.MULTILINE)

# Each has a beginning of its own: that is what is typed. `touch ran` shows that a shell has evaluated a name.
NAMES = ("shop/db-0", "web/index-1", "a$(touch ran)", "b`touch ran`", "c;touch ran", "d*", "e'one\"two", "f\\g\\\\h", "g h  i",
         "h$HOME${HOME}", "i|touch ran", "j&touch ran&", "k>ran", "l!!x!", "m~", "n{1,2}", "o#p", "p:q=r:s", "q?[a-z]",
         "r<(touch ran)", "t=$(touch ran)", "u(e:'touch ran':)", "v$'x'", "x^y", "y日本 z", "z,%@+", '0"', "1'", "2`", "3$",
         "4\\")
HARMLESS = ("dx", "qab", "n1")  # files for a glob to find
RECORDING = """#!/bin/sh
if [ "$*" = "names --files" ]; then cat "$HOME/files"; exit; fi
if [ "$1" = names ]; then cat "$HOME/names"; exit; fi
for argument do printf '%s\\0' "$argument"; done >"$HOME/arguments.half"
mv "$HOME/arguments.half" "$HOME/arguments"
"""


class Shell:
    """An interactive shell on a terminal, its prompt PROMPT."""

    def __init__(self, home, terminal, *command):
        self.text = ""
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "LC_ALL")}
        environment.update(HOME=str(home), PATH=f"{home}:{os.environ['PATH']}", TERM=terminal, PS1=PROMPT,
                           COLUMNS=str(COLUMNS), LANG="C.UTF-8")
        # fish shows half a screen of words and cuts off the others
        self.pid, self.fd = on_terminal.start(command, environment, ROWS, COLUMNS, home)
        self.read_until(PROMPT)

    def read_until(self, pattern, after=0):
        while not re.search(pattern, self.text[after:], re.DOTALL):
            ready, _, _ = select.select([self.fd], [], [], DEADLINE_SECONDS)
            assert ready, f"expected {pattern!r}, read {self.text[after:]!r}"
            try:
                self.text += ESCAPE.sub(" ", os.read(self.fd, 65536).decode(errors="replace"))
            except OSError:
                assert False, f"ended without {pattern!r}: {self.text[after:]!r}"

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
    """What every shell must do."""

    terminal = "dumb"
    tabs = "\t\t"  # that show every word
    tilde = ("~",)

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="completion-test."))
        fake = self.home / "iopsctl"
        fake.write_text(RECORDING)
        fake.chmod(0o755)
        self.know("shop/db-0", "web/index-1")
        for name in HARMLESS:
            (self.home / name).touch()
        self.shell = Shell(self.home, self.terminal, *self.command)
        for line in self.preparation:
            self.shell.type(line + "\n", PROMPT_AGAIN)

    def tearDown(self):
        self.shell.close()
        shutil.rmtree(self.home)

    def know(self, *names):
        (self.home / "names").write_text("".join(name + "\n" for name in names))

    def offered(self, typed, *words):
        everything = "".join(rf"(?=.*\s{re.escape(word)}\s)" for word in words)
        return self.shell.type(typed + self.tabs, everything)

    def run_with(self, typed):
        """The arguments that iopsctl gets when `typed` is completed and entered."""
        arguments = self.home / "arguments"
        arguments.unlink(missing_ok=True)
        (self.home / "ran").unlink(missing_ok=True)
        after = len(self.shell.text)
        os.write(self.shell.fd, typed.encode() + b"\t\n")
        self.shell.read_until(PROMPT_AGAIN, after)
        self.assertTrue(arguments.exists(), f"iopsctl was not run: {self.shell.text[after:]!r}")
        return arguments.read_text().split("\0")[:-1]

    def assert_nothing_ran(self, name):
        self.assertFalse((self.home / "ran").exists(), f"{name!r} was evaluated: {self.shell.text[-400:]!r}")

    def test_every_verb(self):
        self.assertGreater(len(VERBS), 10)
        self.offered("iopsctl ", *VERBS)

    def test_a_verb_begun(self):
        self.shell.type("iopsctl expl\t", "iopsctl explain ")

    def test_a_pod_begun(self):
        self.shell.type("iopsctl explain sh\t", "shop/db-0 ")

    def test_pods_to_ask_about(self):
        self.offered("iopsctl why ", "shop/db-0", "web/index-1")

    def test_pods_to_pause_and_for_how_long(self):
        self.offered("iopsctl pause ", "shop/db-0", "web/index-1")

    def test_times(self):
        self.offered("iopsctl pause shop/db-0 --for ", "10m", "30m", "1h", "2h")

    def test_files_to_edit(self):
        (self.home / "files").write_text("10-db.conf\n20-$(touch ran).conf\n")
        self.offered("iopsctl edit ", "10-db.conf")
        self.assert_nothing_ran("a file")

    def test_inserts_a_file_as_one_argument(self):
        (self.home / "files").write_text("20 $(touch ran);x.conf\n")
        self.assertEqual(self.run_with("iopsctl edit 2"), ["edit", "20 $(touch ran);x.conf"])
        self.assert_nothing_ran("a file")

    def test_options_of_new_verbs(self):
        self.shell.type("iopsctl diff --j\t", "--json ")

    def test_options(self):
        self.offered("iopsctl list --", "--json", "--all")

    def test_offering_names_evaluates_none(self):
        self.know(*NAMES, "$(touch ran)", "`touch ran`", ";touch ran", "-rf", "~", "")
        self.offered("iopsctl explain ", "shop/db-0")
        self.assert_nothing_ran("a name")

    def test_inserts_each_name_as_one_argument(self):
        self.know(*NAMES)
        for name in NAMES:
            with self.subTest(name=name):
                self.assertEqual(self.run_with("iopsctl explain " + name[:1]), ["explain", name])
                self.assert_nothing_ran(name)

    def test_inserts_names_that_begin_with_a_special_character(self):
        for name in ("$(touch ran)", "`touch ran`", ";touch ran", "*", *self.tilde, "'", '"', "\\", "#x", "!!", "=ls", " "):
            with self.subTest(name=name):
                self.know(name)
                self.assertEqual(self.run_with("iopsctl explain "), ["explain", name])
                self.assert_nothing_ran(name)

    def test_goes_on_inside_quotes(self):
        self.know(*NAMES)
        for quote in "'\"":
            for name in NAMES:
                with self.subTest(name=name, quote=quote):
                    self.assertEqual(self.run_with(f"iopsctl explain {quote}{name[:1]}"), ["explain", name])
                    self.assert_nothing_ran(name)

    def test_goes_on_after_what_was_inserted(self):
        name = "a $(touch ran):x=y"
        self.know(name + "1", name + "2")
        self.assertEqual(self.run_with("iopsctl explain a\t1"), ["explain", name + "1"])
        self.assert_nothing_ran(name)

    def test_offers_a_name_with_a_leading_dash_after_two_dashes_alone(self):
        self.know("-rf", "shop/db-0")
        self.assertEqual(self.run_with("iopsctl explain "), ["explain", "shop/db-0"])
        self.assertEqual(self.run_with("iopsctl explain -- -r"), ["explain", "--", "-rf"])


class Bash(Completion, unittest.TestCase):
    command = ("bash", "--norc", "--noprofile", "-i")
    preparation = ("bind 'set enable-bracketed-paste off'", f"source {FOLDER}/iopsctl")


class Zsh(Completion, unittest.TestCase):
    command = ("zsh", "-f", "-i")
    preparation = ("unsetopt zle_bracketed_paste prompt_cr prompt_sp always_last_prompt",
                   f"fpath=({FOLDER} $fpath); autoload -U compinit; compinit -u -D")


class Fish(Completion, unittest.TestCase):
    terminal = "xterm"  # on a dumb one it shows no list
    tabs = "\t"
    tilde = ()  # fish would insert it without a quote: such a name is not offered
    command = ("fish", "--no-config", "--interactive", "--init-command",
               f"set -g fish_greeting; function fish_prompt; printf '{PROMPT}'; end")
    preparation = (f"source {FOLDER}/iopsctl.fish",)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
