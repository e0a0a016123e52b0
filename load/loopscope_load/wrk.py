"""Runs wrk with hello.lua in the background, for as long as the measured thing takes.

wrk has no "until": it is started for longer than any write and ended with SIGINT, on which it stops at
its next 100 ms tick and reports. It handles SIGINT once its threads run, and must not get one before.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

from loopscope_load.failure import Failure

SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hello.lua")
LONGEST_RUN_S = 24 * 3600
START_TIMEOUT_S = 10
STOP_TIMEOUT_S = 10


def timeout_s(count):
    """A sample's time limit above any stall of a write of `count` records, a minute for each million.

    wrk reserves 8 bytes of address space for every microsecond of it, hence the upper end.
    """
    return min(600, max(60, count * 60 // 1_000_000))


class Load:
    """What to ask for: how many connections, how long each pauses, when a sample counts as lost."""

    def __init__(self, connections=256, pause_max_ms=1000, timeout_s=60):
        self.connections = connections
        self.pause_max_ms = pause_max_ms
        self.timeout_s = timeout_s

    @classmethod
    def at_rate(cls, rate_per_s, timeout_s, connections=16):
        """The closed loop that asks about as often as an open one at this rate while nothing is slow."""
        return cls(connections, max(1, round(2 * 1000 * connections / rate_per_s)), timeout_s)

    def command(self, url):
        return [
            "wrk",
            "--threads",
            "1",
            "--connections",
            str(self.connections),
            "--duration",
            f"{LONGEST_RUN_S}s",
            "--timeout",
            f"{self.timeout_s}s",
            "--script",
            SCRIPT,
            url + "/hello",
            "--",
            f"pause_max_ms={self.pause_max_ms}",
            f"connections={self.connections}",
        ]

    def as_dict(self):
        return {"connections": self.connections, "pause_max_ms": self.pause_max_ms, "timeout_s": self.timeout_s}


class Run:
    """One wrk process; a context manager that leaves none behind."""

    def __init__(self, load, url):
        self.load_ = load
        self.url_ = url
        self.process_ = None

    def __enter__(self):
        if shutil.which("wrk") is None:
            raise Failure("wrk is not installed.")
        # Its own session: Ctrl-C at the terminal is ours to handle, wrk must not end by itself.
        self.process_ = subprocess.Popen(
            self.load_.command(self.url_),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            self.await_threads_()
        except BaseException:
            self.__exit__()
            raise
        return self

    def await_threads_(self):
        """Returns once wrk asks, or has ended: stop() says why."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.process_.poll() is None and not catches(self.process_.pid, signal.SIGINT):
            if time.monotonic() > deadline:
                raise Failure(f"wrk did not begin within {START_TIMEOUT_S} s.")
            time.sleep(0.01)

    def __exit__(self, *_):
        if self.process_.poll() is None:
            self.process_.kill()
            self.process_.wait()
        self.process_.stdout.close()
        self.process_.stderr.close()

    def stop(self):
        """Ends the run; returns what hello.lua reported."""
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self.process_.poll() is None:
            if time.monotonic() > deadline:
                raise Failure(f"wrk did not end within {STOP_TIMEOUT_S} s of being told to.")
            # Again, because one that comes just before wrk begins to sleep does not wake it.
            self.process_.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process_.wait(0.5)
        return parse(self.process_.stdout.read(), self.process_.stderr.read())


def catches(pid, number):
    """Whether that process has a handler for that signal."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
            for line in status:
                if line.startswith("SigCgt:"):
                    return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    except OSError:
        pass
    return False


def parse(output, errors=""):
    """The figures in wrk's output: its last line that is JSON."""
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    said = (errors.strip() or output.strip()).splitlines()
    raise Failure("wrk reported nothing" + (f": {said[-1]}" if said else "."))
