# SPDX-License-Identifier: MIT

"""The command of lying-tools.sh: stalls of the same number of records, as four measurements show them.

Each measurement gets a stall of its own. The length in the server's own record stands beside it as the truth. How many requests
waited depends on the tool: one a connection in a closed loop, all that were due in an open one.
"""

import argparse
import contextlib
import csv
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from loopscope_load import Json, build, experiment, terminal, units, wrk
from loopscope_load.servers import Loopscope, running
from loopscope_load.terminal import Failure
from loopscope_load.writes import Client

STALL_S = 3.0
CALIBRATION_COUNT = 500_000
TRIALS = 3
HEAD_S = 1
TAIL_S = 0.5
INSIDE_S = 2  # HEAD_S and a part of the stall
PROBE_S = 5  # the probe also waits for the requests that have no response at its end
WRK_DEFAULT_TIMEOUT_S = 2
CONNECTIONS = 16
RATE_PER_S = 1000

WAITED_US = 100_000  # a request that took so long waited for the stall

WIDTH = 79
COLUMNS = "{:<28} {:>8} {:>8} {:>8} {:>6} {:>7} {:>8}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="load/lying-tools.sh",
        description=f"Shows how a stall of about {STALL_S:g} s appears in wrk with its default --timeout, in wrk with a "
        "long one, in a run that ends inside the stall, and in an open-loop probe.",
    )
    parser.add_argument("--server", metavar="FILE", help="this loopscope instead of building one; needs --probe")
    parser.add_argument("--probe", metavar="FILE", help="this loopscope-probe instead of building one; needs --server")
    options = parser.parse_args()
    if bool(options.server) != bool(options.probe):
        parser.error("--server and --probe go together")
    return options


@dataclasses.dataclass(frozen=True)
class View:
    """What one measurement shows of /hello. `lost` requests are in none of its figures.

    `waited` is the number that waited for the stall; None where the tool does not say, and the server's record has it.
    """

    p50_us: float | None
    p99_us: float | None
    max_us: float | None
    lost: int
    waited: int | None = None


@dataclasses.dataclass(frozen=True)
class Truth:
    """A stall in the server's own record, and the requests that it delayed."""

    ms: float
    delayed: int


class Stage:
    """A server that stalls on demand, and its own record of that."""

    def __init__(self, url: str, admin_url: str, count: int) -> None:
        self.url = url
        self._admin_url = admin_url
        self.count = count

    @contextlib.contextmanager
    def stall_after(self, seconds: float) -> Iterator[None]:
        """Blocks the loop `seconds` after the beginning of the context, which ends after the stall."""
        failures: list[Failure] = []

        def write_later() -> None:
            time.sleep(seconds)
            try:
                with Client(self.url) as client:
                    client.write("sync", self.count, verify=False)
            except Failure as failure:
                failures.append(failure)

        thread = threading.Thread(target=write_later)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if failures:
            raise failures[0]

    def truth(self, since_unix_ms: float) -> Truth:
        """The longest stall that the server recorded since then. Shorter ones may come from the machine or the load."""
        return max(
            (
                Truth(float(stall["duration_ms"]), int(stall["delayed_requests"]["count"]))
                for stall in experiment.stalls_of(self._admin_url)
                if stall["started_ms"] >= since_unix_ms
            ),
            key=lambda truth: truth.ms,
        )


def by_wrk(stage: Stage, timeout_s: int | None, inside: bool = False) -> View:
    """wrk from HEAD_S before the stall to TAIL_S after it, or to INSIDE_S after its own start."""
    with wrk.WrkRun(wrk.Load(CONNECTIONS, None, timeout_s), stage.url) as run:
        with stage.stall_after(HEAD_S):
            if inside:
                time.sleep(INSIDE_S)
                figures = run.stop()
        if not inside:
            time.sleep(TAIL_S)
            figures = run.stop()
    return View(figures["p50_us"], figures["p99_us"], figures["max_us"], figures["errors"]["timeout"])


def by_probe(stage: Stage, binary: str) -> View:
    with tempfile.TemporaryDirectory(prefix="loopscope-lying-tools-") as folder:
        path, rows_path = os.path.join(folder, "probe.json"), os.path.join(folder, "probe.csv")
        flags = {
            "--url": stage.url + "/hello",
            "--rate": str(RATE_PER_S),
            "--duration": f"{PROBE_S}s",
            "--trigger": f"POST /write?method=sync&count={stage.count}",
            "--trigger-at": f"{HEAD_S}s",
            "--drain": "30s",
            "--json": path,
            "--csv": rows_path,
        }
        command = [binary, "--quiet", *(part for flag in flags.items() for part in flag)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PROBE_S + 120)
        if done.returncode:
            raise Failure(f"The probe ended with exit status {done.returncode}: {done.stderr.strip()}")
        with open(path, encoding="utf-8") as file:
            report: Json = json.load(file)
        with open(rows_path, encoding="ascii", newline="") as rows:
            waited = sum(
                row["done_us"] != "" and int(row["done_us"]) - int(row["scheduled_us"]) >= WAITED_US
                for row in csv.DictReader(rows)
            )
    latency, requests = report["latency_us"], report["requests"]
    lost = requests["failed"]["total"] + requests["unexpected"] + requests["waiting_at_end"]
    return View(latency["p50"], latency["p99"], latency["max"], lost, waited)


def calibrated_count(url: str) -> int:
    """The number of records that makes a stall of STALL_S, or longer: the fastest of the trials counts."""
    with Client(url) as client:
        trials = [client.write("sync", CALIBRATION_COUNT, verify=False) for _ in range(TRIALS)]
    return round(CALIBRATION_COUNT * STALL_S * 1000 / min(float(trial["timing_ms"]["completed"]) for trial in trials))


def show(options: argparse.Namespace, progress: terminal.Progress) -> None:
    server_binary, probe = build.programs(options, progress)
    with tempfile.TemporaryDirectory(prefix="loopscope-lying-tools-") as data_dir, running(
        Loopscope(server_binary, "threads").command(data_dir)
    ) as server:
        assert server.admin_url
        with progress.step("finding how many records make the stall"):
            stage = Stage(server.url, server.admin_url, calibrated_count(server.url))
        measurements: tuple[tuple[str, Callable[[], View]], ...] = (
            (f"wrk, its own time-out ({WRK_DEFAULT_TIMEOUT_S} s)", lambda: by_wrk(stage, None)),
            ("wrk --timeout 60s", lambda: by_wrk(stage, 60)),
            ("wrk, ends inside the stall", lambda: by_wrk(stage, 60, inside=True)),
            ("loopscope-probe, open loop", lambda: by_probe(stage, probe)),
        )
        rows = []
        for name, measure in measurements:
            began_unix_ms = time.time() * 1000
            with progress.step(name):
                view = measure()
            rows.append((name, view, stage.truth(began_unix_ms)))
    print("\n".join(render(stage.count, rows)))


def render(count: int, rows: Sequence[tuple[str, View, Truth]]) -> list[str]:
    """The lines of the table: each measurement's view with the truth about its stall."""
    lines = [
        f"sync writes {units.count(count, 'record')}; meanwhile each tool asks /hello.",
        "",
        COLUMNS.format("", "p50", "p99", "max", "lost", "waited", "truth"),
        "-" * WIDTH,
    ]
    for name, view, truth in rows:
        latencies = map(units.duration_of_us, (view.p50_us, view.p99_us, view.max_us))
        waited = truth.delayed if view.waited is None else view.waited
        counts = (units.count(view.lost), units.count(waited))
        lines.append(COLUMNS.format(name, *latencies, *counts, units.duration(truth.ms)))
    lines += [
        "-" * WIDTH,
        "truth: the stall in the server's own record. lost: requests that the tool gave",
        "up and whose time is in none of its figures. waited: requests that waited for",
        "the end of the stall; wrk does not count them, so the server's record has them.",
        "",
    ]
    for name, view, truth in rows:
        lines += textwrap.wrap(f"{name}: {judgement(view, truth.ms)}", WIDTH, subsequent_indent="  ")
    closing = (
        "wrk with a time-out above the stall is right about its length. What a closed loop cannot show is how many would "
        f"have waited: at {RATE_PER_S:,} requests a second {units.count(rows[-1][1].waited)} came during the last stall, and "
        f"wrk has {CONNECTIONS} connections to wait on."
    )
    return [*lines, "", *textwrap.wrap(closing, WIDTH)]


def judgement(view: View, truth_ms: float) -> str:
    if view.max_us is None:
        return "it got no response, so it has no figure."
    share = view.max_us / 1000 / truth_ms
    if share > 0.9:
        return f"its maximum is {share * 100:.0f} % of the stall."
    if view.lost:
        requests = units.count(view.lost, "request")
        return f"dropped the {requests} that waited; what it shows is {share * 100:.1f} % of the stall."
    return (
        "the requests that waited had no response at its end and vanished; "
        f"what it shows is {share * 100:.1f} % of the stall."
    )


if __name__ == "__main__":
    chosen = parse()
    sys.exit(terminal.run_command("lying-tools", lambda progress: show(chosen, progress)))
