# SPDX-License-Identifier: MIT

"""What a command says to the person who started it, and how it ends: progress, failures, signals, argument types."""

import argparse
import contextlib
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import TextIO

INTERVAL_S = 0.2
PLAIN_INTERVAL_S = 15
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failure(Exception):
    """Something did not work. The message is a sentence for the person at the terminal."""


def first_line(reason: str | None) -> str:
    """The sentence of a reason, without the log of the server that may follow."""
    return (reason or "").strip().split("\n", maxsplit=1)[0]


class Refused(Failure):
    """The service declined the request for a documented reason and continues to work."""


class Stopped(BaseException):
    """A signal asked the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def is_rich(stream: TextIO) -> bool:
    """Whether the stream is a terminal that understands control sequences."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def wants_colour(stream: TextIO) -> bool:
    return is_rich(stream) and not os.environ.get("NO_COLOR")


class Progress:
    """Says what is going on: one line that is redrawn on a terminal, plain lines elsewhere.

    step() wraps one piece of work. show() changes the text of its line. say() prints a line that stays. Outside a
    terminal, show() prints a line at most every PLAIN_INTERVAL_S. Everything goes to stderr, so that stdout holds the
    result alone.
    """

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._live = is_rich(stream)
        self._lock = threading.Lock()
        self._text = ""
        self._started = self._shown = 0.0

    def say(self, text: str) -> None:
        with self._lock:
            self._clear()
            self._write(text + "\n")

    def show(self, text: str) -> None:
        self._text = text
        if not self._live and time.monotonic() - self._shown > PLAIN_INTERVAL_S:
            self._shown = time.monotonic()
            self.say(text + " ...")

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        self._text = text
        self._started = self._shown = time.monotonic()
        if not self._live:
            self.say(text + " ...")
            yield
            return
        done = threading.Event()
        painter = threading.Thread(target=self._paint, args=(done,), daemon=True)
        painter.start()
        try:
            yield
        finally:
            done.set()
            painter.join()
            with self._lock:
                self._clear()
                self._stream.flush()

    def _paint(self, done: threading.Event) -> None:
        while not done.is_set():
            with self._lock:
                width = shutil.get_terminal_size().columns - 1
                elapsed = f"  {time.monotonic() - self._started:.0f} s"
                self._clear()
                self._write(self._text[: max(0, width - len(elapsed))] + elapsed)
            done.wait(INTERVAL_S)

    def _clear(self) -> None:
        if self._live:
            self._stream.write("\r\033[K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def run_command(name: str, work: Callable[[Progress], None]) -> int:
    """Calls work(progress). Returns the exit code: 0 done, 1 failed, 128 + N ended by signal N."""
    progress = Progress()
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        work(progress)
    except Failure as failure:
        progress.say(f"{name}: {failure}")
        return 1
    except Stopped as stopped:
        progress.say(f"{name}: stopped by {stopped}; nothing is left running.")
        return 128 + stopped.number
    return 0


def _stop(number: int, _frame: FrameType | None) -> None:
    # The clean-up takes seconds at most, and a second Ctrl-C must not interrupt it and leave a server behind.
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(number)


def positive_number(text: str) -> int:
    """An argparse type."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def positive_seconds(text: str) -> float:
    """An argparse type."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds above 0 and below an hour")
    return seconds


def names_among(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    """An argparse type: some of the known names, separated by commas, each at most once."""

    def parse(text: str) -> list[str]:
        given = names(text)
        if error := unknown_among(given, known):
            raise argparse.ArgumentTypeError(error)
        return given

    return parse


def names(text: str) -> list[str]:
    """An argparse type: names, separated by commas, each at most once."""
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def unknown_among(given: Sequence[str], known: Sequence[str]) -> str | None:
    """What is wrong with the given names; None when they are all known."""
    unknown = [name for name in given if name not in known]
    if given and not unknown:
        return None
    return f"{', '.join(unknown) or 'none'} given, known are {', '.join(known)}"
