# SPDX-License-Identifier: MIT

"""Runs loopscope-probe in the background for as long as a measurement takes, and reads its files.

The probe sends /hello on a schedule that does not depend on the responses, and counts each latency from the time when the
request was due. It is started for longer than any write and ended with SIGINT, on which it waits for the responses that are due
and reports.
"""

import csv
import dataclasses
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Self

from loopscope_load import Json
from loopscope_load.terminal import Failure

RUN_MAX_S = 1200
REQUESTS_MAX = 10_000_000  # of one run: the probe's own limit
DRAIN_S = 20  # a loop that was blocked answers within that time
STOP_TIMEOUT_S = DRAIN_S + 10
CONNECTIONS = 64
CONNECTIONS_MAX = 512  # a stall delays more requests; they wait in the probe and keep their due time
CLOCK_STEP_S = 0.1  # a clock that is adjusted gradually (NTP) moves less in the minutes of a run


@dataclasses.dataclass(frozen=True)
class Requests:
    """Every request of a run by its due time, in microseconds from the start. None stands for no response.

    latency_us counts from the due time, service_us from the time of sending.
    """

    due_us: Sequence[float]
    latency_us: Sequence[float | None]
    service_us: Sequence[float | None] = ()

    def from_sent(self) -> "Requests":
        """The same requests with their latency from the time of sending, without the lateness of the probe itself."""
        return Requests(self.due_us, self.service_us)

    def within(self, windows_ms: Iterable[Sequence[float]]) -> list[float | None]:
        """The latencies of the requests that were due in one of the windows, which are ordered and disjoint."""
        kept = []
        windows = iter(windows_ms)
        window = next(windows, None)
        for due_us, latency_us in zip(self.due_us, self.latency_us):
            while window and due_us > window[1] * 1000:
                window = next(windows, None)
            if window is None:
                break
            if due_us >= window[0] * 1000:
                kept.append(latency_us)
        return kept


class WallClock:
    """Detects a step of the system clock. Probe, server and this program share no other clock."""

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset_s = wall() - monotonic()

    def check(self) -> None:
        step_s = self._wall() - self._monotonic() - self._offset_s
        if abs(step_s) > CLOCK_STEP_S:
            raise Failure(
                f"The system clock was set by {step_s:+.1f} s during the run, so the times do not fit together."
            )


class ProbeRun:
    """One probe process; a context manager that leaves neither it nor its files behind."""

    def __init__(self, binary: str, url: str, rate_per_s: int) -> None:
        self._binary = binary
        self._url = url + "/hello"
        self._rate_per_s = rate_per_s
        self._clock = WallClock()

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="loopscope-probe-")
        try:
            # Its own session: Ctrl-C at the terminal is for this program to handle.
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        except OSError as error:
            self._folder.cleanup()
            raise Failure(f"Cannot start {self._binary}: {error.strerror}.") from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        assert self._process.stderr
        self._process.stderr.close()
        self._folder.cleanup()

    def _command(self) -> list[str]:
        flags = {
            "--url": self._url,
            "--rate": self._rate_per_s,
            "--duration": f"{min(RUN_MAX_S, REQUESTS_MAX // self._rate_per_s)}s",
            "--drain": f"{DRAIN_S}s",
            "--connections": CONNECTIONS,
            "--max-connections": CONNECTIONS_MAX,
            "--schedule": "uniform",
            "--max-error-rate": 1,
            "--json": self._file("json"),
            "--csv": self._file("csv"),
        }
        return [self._binary, "--quiet", *(str(part) for flag in flags.items() for part in flag)]

    def _file(self, kind: str) -> str:
        return os.path.join(self._folder.name, "run." + kind)

    def stop(self) -> tuple[Json, Requests]:
        """Ends the run; returns the probe's own report and its requests."""
        self._process.send_signal(signal.SIGINT)
        try:
            _, errors = self._process.communicate(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise Failure(f"The probe did not end within {STOP_TIMEOUT_S} s of SIGINT.") from None
        try:
            with open(self._file("json"), encoding="utf-8") as file:
                report: Json = json.load(file)
            with open(self._file("csv"), encoding="ascii", newline="") as file:
                requests = read_requests(file)
        except (OSError, ValueError) as error:
            said = errors.strip().splitlines()[:1] or [str(error)]
            raise Failure(f"The probe reported nothing: {said[0]}") from error
        if report["started_unix_ms"] is None:
            raise Failure(f"The probe could not reach {self._url}: {(errors.strip() or 'no reason given')}")
        if not report["interrupted"]:
            scheduled = report["requests"]["scheduled"]
            raise Failure(f"The probe sent all of its {scheduled:,} requests before the write ended.")
        self._clock.check()
        return report, requests


def read_requests(lines: Iterable[str]) -> Requests:
    """The requests of the probe's CSV file. One that was never sent, because the probe stood still, is left out."""
    due: list[float] = []
    latencies: list[float | None] = []
    service_times: list[float | None] = []
    for row in csv.DictReader(lines):
        if row["status"] == "skipped":
            continue
        due_us = float(row["scheduled_us"])
        ok = row["done_us"] and row["status"] == "200"  # done_us is empty for a request that still waits
        due.append(due_us)
        latencies.append(float(row["done_us"]) - due_us if ok else None)
        service_times.append(float(row["done_us"]) - float(row["sent_us"]) if ok else None)
    return Requests(due, latencies, service_times)
