"""Runs loopscope-probe in the background, for as long as the measured thing takes; reads its files.

The probe sends /hello on a schedule that knows nothing of the answers, and counts each latency from when the
request was due. It is started for longer than any write and ended with SIGINT, on which it reports.
"""

import csv
import json
import os
import signal
import subprocess
import tempfile
import time

from loopscope_load.failure import Failure

LONGEST_RUN_S = 1200
MOST_REQUESTS = 10_000_000  # of one run: the probe's own limit
STOP_TIMEOUT_S = 30
CONNECTIONS = 64
CLOCK_SET_S = 0.1  # a clock that is adjusted gradually (NTP) moves less in the minutes of a run
CONNECTIONS_MAX = 512  # a stall holds up more requests than that; they wait in the probe and keep their due time


class Requests:
    """Every request of a run, by its due time in microseconds from the start; latency None where none came.

    answer_us is the latency without what the probe itself was late.
    """

    def __init__(self, scheduled_us, latency_us, answer_us=None):
        self.scheduled_us = scheduled_us
        self.latency_us = latency_us
        self.answer_us = answer_us

    def from_sent(self):
        """The same requests, each counted from when it was sent: of a probe that was not waiting for a connection."""
        return Requests(self.scheduled_us, self.answer_us)

    def within(self, windows_ms):
        """The latencies of the requests that were due in one of the ordered, disjoint windows."""
        kept = []
        windows = iter(windows_ms)
        window = next(windows, None)
        for due_us, latency_us in zip(self.scheduled_us, self.latency_us):
            while window and due_us > window[1] * 1000:
                window = next(windows, None)
            if window is None:
                break
            if due_us >= window[0] * 1000:
                kept.append(latency_us)
        return kept


class WallClock:
    """Whether the system clock was set: probe, server and script agree on when things happened only by that clock."""

    def __init__(self, wall=time.time, monotonic=time.monotonic):
        self.apart_ = lambda: wall() - monotonic()
        self.before_s_ = self.apart_()

    def check(self):
        moved_s = self.apart_() - self.before_s_
        if abs(moved_s) > CLOCK_SET_S:
            raise Failure(
                f"The system clock was set by {moved_s:+.1f} s meanwhile, so what happened when is not known."
            )


class Run:
    """One probe process; a context manager that leaves neither it nor its files behind."""

    def __init__(self, binary, url, rate_per_s):
        self.binary_ = binary
        self.url_ = url + "/hello"
        self.rate_ = rate_per_s
        self.folder_ = None
        self.process_ = None
        self.clock_ = WallClock()

    def __enter__(self):
        self.folder_ = tempfile.TemporaryDirectory(prefix="loopscope-probe-")
        longest_s = min(LONGEST_RUN_S, MOST_REQUESTS // self.rate_)
        command = [
            self.binary_,
            "--url",
            self.url_,
            "--rate",
            str(self.rate_),
            "--duration",
            f"{longest_s}s",
            "--connections",
            str(CONNECTIONS),
            "--max-connections",
            str(CONNECTIONS_MAX),
            "--schedule",
            "uniform",
            "--max-error-rate",
            "1",
            "--quiet",
            "--json",
            self.file_("json"),
            "--csv",
            self.file_("csv"),
        ]
        try:
            # Its own session: Ctrl-C at the terminal is ours to handle.
            self.process_ = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        except OSError as error:
            self.folder_.cleanup()
            raise Failure(f"Cannot start {self.binary_}: {error.strerror}.") from error
        return self

    def __exit__(self, *_):
        if self.process_.poll() is None:
            self.process_.kill()
            self.process_.wait()
        self.process_.stderr.close()
        self.folder_.cleanup()

    def file_(self, kind):
        return os.path.join(self.folder_.name, "run." + kind)

    def stop(self):
        """Ends the run; returns (the probe's own report, Requests)."""
        self.process_.send_signal(signal.SIGINT)
        try:
            _, errors = self.process_.communicate(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise Failure(f"The probe did not end within {STOP_TIMEOUT_S} s of being told to.") from None
        try:
            with open(self.file_("json"), encoding="utf-8") as file:
                report = json.load(file)
            with open(self.file_("csv"), encoding="ascii", newline="") as file:
                requests = read_requests(file)
        except (OSError, ValueError) as error:
            said = errors.strip().splitlines()[:1] or [str(error)]
            raise Failure(f"The probe reported nothing: {said[0]}") from error
        if report["started_unix_ms"] is None:
            raise Failure(f"The probe could not reach {self.url_}: {(errors.strip() or 'no reason given')}")
        if not report["interrupted"]:
            raise Failure(
                f"The probe was over before the write: {report['requests']['scheduled']:,} /hello is all that it asks."
            )
        self.clock_.check()
        return report, requests


def read_requests(lines):
    scheduled, latencies, answers = [], [], []
    for row in csv.DictReader(lines):
        if row["status"] == "skipped":  # never sent: the probe itself stood still
            continue
        due_us = float(row["scheduled_us"])
        answered = row["done_us"] and row["status"] == "200"  # else empty while waiting, or the cause of the failure
        scheduled.append(due_us)
        latencies.append(float(row["done_us"]) - due_us if answered else None)
        answers.append(float(row["done_us"]) - float(row["sent_us"]) if answered else None)
    return Requests(scheduled, latencies, answers)
