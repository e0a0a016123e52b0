# SPDX-License-Identifier: MIT

"""Runs wrk with hello.lua in the background for as long as a write takes, and prints hello.lua's figures as a table.

wrk has no option "until": it is started for longer than any write and ended with SIGINT. On SIGINT it stops at its next
100 ms tick and reports. It handles SIGINT only once its threads run, and must not get one before.

    python3 -m loopscope_load.wrk before during < lines of JSON, one a run
"""

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from loopscope_load import Json, units
from loopscope_load.terminal import Failure
from loopscope_load.writes import write_for

SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hello.lua")
RUN_MAX_S = 24 * 3600
START_TIMEOUT_S = 10
STOP_TIMEOUT_S = 10

WINDOW_S = 3.0
HEAD_S = 0.1  # wrk's connections must be open before the loop may stop
TAIL_S = 0.1  # the responses that waited for the loop must reach wrk

LATENCIES = (
    ("p50", "p50_us"),
    ("p75", "p75_us"),
    ("p90", "p90_us"),
    ("p99", "p99_us"),
    ("p99.9", "p99_9_us"),
    ("max", "max_us"),
)


def timeout_s(count: int) -> int:
    """A --timeout above any stall of a write of `count` records: a minute for each million.

    wrk reserves 8 bytes of address space for every microsecond of it, hence the upper limit.
    """
    return min(600, max(60, count * 60 // 1_000_000))


@dataclasses.dataclass(frozen=True)
class Load:
    """The number of connections, the maximum pause between two requests of one, and the --timeout that drops a sample.

    Without pause_max_ms there is no pause. Without timeout_s, wrk's default of 2 s applies.
    """

    connections: int = 256
    pause_max_ms: int | None = 1000
    timeout_s: int | None = 60

    @classmethod
    def at_rate(cls, rate_per_s: int, timeout_s: int, connections: int = 16) -> "Load":
        """The closed loop that has about this rate while nothing is slow."""
        return cls(connections, max(1, round(2 * 1000 * connections / rate_per_s)), timeout_s)

    def command(self, url: str) -> list[str]:
        command = ["wrk", "--threads", "1", "--connections", str(self.connections), "--duration", f"{RUN_MAX_S}s"]
        if self.timeout_s is not None:
            command += ["--timeout", f"{self.timeout_s}s"]
        command += ["--script", SCRIPT, url + "/hello", "--", f"connections={self.connections}"]
        if self.pause_max_ms is not None:
            command.append(f"pause_max_ms={self.pause_max_ms}")
        return command


class WrkRun:
    """One wrk process; a context manager that leaves none behind."""

    def __init__(self, load: Load, url: str) -> None:
        self._load = load
        self._url = url

    def __enter__(self) -> Self:
        if shutil.which("wrk") is None:
            raise Failure("wrk is not installed.")
        # Its own session: Ctrl-C at the terminal is for this program to handle.
        self._process = subprocess.Popen(
            self._load.command(self._url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            self._await_threads()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            assert stream
            stream.close()

    def _await_threads(self) -> None:
        """Returns once wrk sends requests, or has ended: then stop() says why."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while self._process.poll() is None and not handles_signal(self._process.pid, signal.SIGINT):
            if time.monotonic() > deadline:
                raise Failure(f"wrk did not begin within {START_TIMEOUT_S} s.")
            time.sleep(0.01)

    def stop(self) -> Json:
        """Ends the run and returns hello.lua's figures."""
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self._process.poll() is None:
            if time.monotonic() > deadline:
                raise Failure(f"wrk did not end within {STOP_TIMEOUT_S} s of SIGINT.")
            # Repeatedly, because a signal that arrives just before wrk begins to sleep does not wake it.
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.5)
        assert self._process.stdout and self._process.stderr
        return parse(self._process.stdout.read(), self._process.stderr.read())


def handles_signal(pid: int, number: int) -> bool:
    """Whether that process has a handler for that signal."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
            for line in status:
                if line.startswith("SigCgt:"):
                    return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    except OSError:
        pass
    return False


def parse(output: str, errors: str = "") -> Json:
    """The figures in wrk's output: its last line that is JSON."""
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            figures: Json = json.loads(line)
            return figures
    said = (errors.strip() or output.strip()).splitlines()
    raise Failure("wrk reported nothing" + (f": {said[-1]}" if said else "."))


def during_write(
    url: str,
    load: Load,
    method: str,
    count: int,
    window_s: float = WINDOW_S,
    progress: Callable[[int], object] = lambda number: None,
    pauses: bool = False,
) -> tuple[Json, list[Json]]:
    """Sends /hello while `method` writes, and not much longer, so that wrk's percentiles are about the write.

    Returns hello.lua's figures and the write reports in order.
    """
    with WrkRun(load, url) as run:
        time.sleep(HEAD_S)
        writes = write_for(url, method, count, window_s, progress, pauses)
        time.sleep(TAIL_S)
        return usable(run.stop()), [write.report for write in writes]


def usable(hello: Json) -> Json:
    if hello["p50_us"] is None:
        errors = ", ".join(f"{number} {cause} errors" for cause, number in hello["errors"].items())
        raise Failure(f"wrk got no response from /hello: {errors}.")
    return hello


def table(titles: Sequence[str], runs: Sequence[Json]) -> list[str]:
    """The lines of a table of hello.lua's figures: one column a run."""
    rows = [("/hello", list(titles))]
    rows += [(name, [units.duration_of_us(run[key]) for run in runs]) for name, key in LATENCIES]
    rows.append(("responses", [units.count(run["requests"]) for run in runs]))
    rows.append(("a second", [f"{run['requests_per_s']:,.0f}" for run in runs]))
    rows.append(("errors", [errors_in_words(run["errors"]) for run in runs]))
    return ["".join([f"{name:<10}", *(f"{cell:>14}" for cell in cells)]) for name, cells in rows]


def errors_in_words(counts: Mapping[str, int]) -> str:
    return " ".join(f"{number:,} {cause}" for cause, number in counts.items() if number) or "none"


if __name__ == "__main__":
    print("\n".join(table(sys.argv[1:], [json.loads(line) for line in sys.stdin])))
