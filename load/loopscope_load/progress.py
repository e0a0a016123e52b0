"""Says what is going on: one line that renews itself on a terminal, plain lines elsewhere.

Everything goes to stderr, so that stdout holds the result alone.
"""

import contextlib
import os
import shutil
import sys
import threading
import time

INTERVAL_S = 0.2
PLAIN_INTERVAL_S = 15


def is_rich(stream):
    """True when the stream is a terminal that understands control sequences."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def wants_colour(stream):
    return is_rich(stream) and not os.environ.get("NO_COLOR")


class Progress:
    """step() wraps one piece of work; show() changes what its line says; say() leaves a line standing.

    Off a terminal, show() prints a line at most every PLAIN_INTERVAL_S.
    """

    def __init__(self, stream=sys.stderr):
        self.stream_ = stream
        self.live_ = is_rich(stream)
        self.lock_ = threading.Lock()
        self.text_ = None
        self.started_ = self.shown_ = 0.0

    def say(self, text):
        with self.lock_:
            self.clear_()
            self.write_(text + "\n")

    def show(self, text):
        self.text_ = text
        if not self.live_ and time.monotonic() - self.shown_ > PLAIN_INTERVAL_S:
            self.shown_ = time.monotonic()
            self.say(text + " ...")

    @contextlib.contextmanager
    def step(self, text):
        self.text_ = text
        self.started_ = self.shown_ = time.monotonic()
        if not self.live_:
            self.say(text + " ...")
            yield
            return
        done = threading.Event()
        painter = threading.Thread(target=self.paint_, args=(done,), daemon=True)
        painter.start()
        try:
            yield
        finally:
            done.set()
            painter.join()
            with self.lock_:
                self.clear_()
                self.stream_.flush()

    def paint_(self, done):
        while not done.is_set():
            with self.lock_:
                width = shutil.get_terminal_size().columns - 1
                elapsed = f"  {time.monotonic() - self.started_:.0f} s"
                self.clear_()
                self.write_(self.text_[: max(0, width - len(elapsed))] + elapsed)
            done.wait(INTERVAL_S)

    def clear_(self):
        if self.live_:
            self.stream_.write("\r\033[K")

    def write_(self, text):
        self.stream_.write(text)
        self.stream_.flush()
