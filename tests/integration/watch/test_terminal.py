# SPDX-License-Identifier: MIT

"""The terminal belongs to the watched command: its keys, its job control and its modes."""

import functools
import os
import pty
import re
import select
import signal
import sys
import tempfile
import time
import unittest
from typing import Self

from polling import wait_until
from watcher import watch_command

# It waits with sigwait(): a handler in Python would run only after the next signal where one comes right before pause().
COUNTER = """
import signal
noted = {signal.SIGINT, signal.SIGCONT}
signal.pthread_sigmask(signal.SIG_BLOCK, noted)
print("counter is " "ready", flush=True)
count = 0
while count < 2:
    if signal.sigwait(noted) == signal.SIGCONT:
        print("goes on", flush=True)
        continue
    count += 1
    print(f"SIGINT {count}", flush=True)
raise SystemExit(3)
"""


@functools.cache
def counter() -> str:
    """The counter as a file, so that a shell that names its job does not print it."""
    with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
        file.write(COUNTER)
    unittest.addModuleCleanup(os.unlink, file.name)
    return file.name


class Terminal:
    """An interactive shell on a terminal of its own."""

    def __init__(self) -> None:
        self.output = ""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="prompt> ", LC_ALL="C")
            os.environ.pop("PROMPT_COMMAND", None)
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.expect("prompt> ")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, signal.SIGHUP)
        os.close(self.descriptor)
        os.waitpid(self.pid, 0)

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def expect(self, pattern: str, timeout: float = 30) -> re.Match[str]:
        """Reads until the pattern has come. Drops the output up to its end."""
        deadline = time.monotonic() + timeout
        while not (found := re.search(pattern, self.output)):
            ready, _, _ = select.select([self.descriptor], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"no {pattern!r} in {self.output!r}")
            self.output += os.read(self.descriptor, 65536).decode(errors="replace")
        self.output = self.output[found.end() :]
        return found

    def answer(self, command: str) -> str:
        """What the command prints."""
        self.type(command + "; echo end''mark\n")
        self.expect(re.escape(command) + "[^\n]*\n")
        printed = self.expect("(?s)(.*)endmark").group(1)
        self.expect("prompt> ")
        return printed

    def wait_for_job(self, state: str) -> None:
        wait_until(lambda: state in self.answer("jobs"), f"a job to be {state}", timeout=20)

    def wait_for_foreground_job(self) -> None:
        """The shell names a job before it gives it the terminal."""
        wait_until(lambda: os.tcgetpgrp(self.descriptor) != self.pid, "the job to have the terminal")

    def start(self, *command: str) -> None:
        words = ["'" + str(word).replace("'", "'\\''") + "'" for word in watch_command(*command)]
        self.type(" ".join(words) + "\n")


class TerminalKeys(unittest.TestCase):
    def test_ctrl_c_reaches_the_command_once_and_does_not_end_the_watcher(self) -> None:
        with Terminal() as terminal:
            terminal.start(sys.executable, counter())
            terminal.expect("counter is ready")
            terminal.type("\x03")
            terminal.expect("SIGINT 1")
            terminal.type("\x03")
            terminal.expect("SIGINT 2")
            terminal.expect("prompt> ")
            self.assertEqual(terminal.answer("echo status $?").strip(), "status 3")

    def test_ctrl_c_ends_a_command_that_does_not_catch_it(self) -> None:
        with Terminal() as terminal:
            terminal.start("sh", "-c", "echo be''gun; exec sleep 100")
            terminal.expect("begun")
            terminal.type("\x03")
            terminal.expect("prompt> ")
            self.assertEqual(terminal.answer("echo status $?").strip(), "status 130")

    def test_ctrl_z_gives_the_shell_its_terminal_and_fg_gives_it_back(self) -> None:
        with Terminal() as terminal:
            terminal.start(sys.executable, counter())
            terminal.expect("counter is ready")
            for key in ("\x1a", "\x1a", "\x1a"):
                terminal.type(key)
                terminal.expect("Stopped")
                terminal.expect("prompt> ")
                self.assertIn("Stopped", terminal.answer("jobs"))
                terminal.type("fg\n")
                terminal.expect("goes on")
            terminal.type("\x1a")
            terminal.expect("Stopped")
            terminal.expect("prompt> ")
            terminal.type("bg\n")
            terminal.expect("goes on")
            self.assertIn("Running", terminal.answer("jobs"))
            terminal.type("fg\n")
            terminal.expect("[.]py'\r\n")
            terminal.wait_for_foreground_job()
            terminal.type("\x03")
            terminal.expect("SIGINT 1")
            terminal.type("\x03")
            terminal.expect("prompt> ")
            self.assertEqual(terminal.answer("echo status $?").strip(), "status 3")

    def test_a_command_that_stops_itself_gives_the_shell_its_terminal(self) -> None:
        for name in ("STOP", "TSTP"):
            with Terminal() as terminal:
                terminal.start("sh", "-c", f"kill -{name} $$; exit 8")
                terminal.expect("Stopped")
                terminal.expect("prompt> ")
                terminal.type("fg\n")
                terminal.expect("prompt> ")
                self.assertEqual(terminal.answer("echo status $?").strip(), "status 8")

    def test_a_background_command_that_reads_is_stopped_until_it_is_in_front(self) -> None:
        with Terminal() as terminal:
            terminal.type(" ".join(map(str, watch_command("cat"))) + " &\n")
            terminal.expect("prompt> ")
            terminal.wait_for_job("Stopped")
            terminal.type("fg\n")
            terminal.expect("cat\r\n")
            terminal.type("hello\n")
            terminal.expect("hello\r\nhello")
            terminal.type("\x04")
            terminal.expect("prompt> ")

    def test_the_modes_of_the_terminal_are_the_commands(self) -> None:
        with Terminal() as terminal:
            before = terminal.answer("stty -a")
            terminal.start("true")
            terminal.expect("prompt> ")
            self.assertEqual(terminal.answer("stty -a"), before)
            terminal.start("stty", "-echoctl")
            terminal.expect("prompt> ")
            self.assertIn("-echoctl", terminal.answer("stty -a"))


if __name__ == "__main__":
    unittest.main()
