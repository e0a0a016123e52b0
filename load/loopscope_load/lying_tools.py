"""What lying-tools.sh shows: one and the same stall as four measurements see it, beside the server's own record.

Each measurement gets a stall of its own, of the same number of records; the truth stands in its row.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

from loopscope_load import build, command, experiment, units, wrk
from loopscope_load.client import Client
from loopscope_load.failure import Failure
from loopscope_load.server_process import running
from loopscope_load.systems import Loopscope

STALL_S = 3.0
CALIBRATION_COUNT = 500_000
HEAD_S = 1
WHOLE_S = 9
INSIDE_S = 2  # HEAD_S and a part of the stall
WRK_DEFAULT_TIMEOUT_S = 2
CONNECTIONS = 16
RATE_PER_S = 1000

WIDTH = 79
COLUMNS = "{:<31} {:>9} {:>9} {:>9} {:>7} {:>9}"


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="load/lying-tools.sh",
        description=f"Shows how one stall of about {STALL_S:g} s looks to wrk with its default "
        "time-out, to wrk with a long one, to a run that ends inside the stall, and to an open-loop probe.",
    )
    parser.add_argument("--server", metavar="FILE", help="this loopscope instead of building one; needs --probe")
    parser.add_argument("--probe", metavar="FILE", help="this loopscope-probe instead of building one; needs --server")
    options = parser.parse_args(arguments)
    if bool(options.server) != bool(options.probe):
        parser.error("--server and --probe go together")
    return options


class Stage:
    """A server that is made to stall, and its record of that."""

    def __init__(self, server, count):
        self.url = server.url
        self.admin_url_ = server.admin_url
        self.count = count

    def write(self):
        with Client(self.url) as client:
            return client.write("sync", self.count, verify=False)

    @contextlib.contextmanager
    def stall_after(self, seconds):
        """Lets the loop stall so long after this begins; waits for the stall's end."""
        failures = []

        def later():
            time.sleep(seconds)
            try:
                self.write()
            except Failure as failure:
                failures.append(failure)

        thread = threading.Thread(target=later)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if failures:
            raise failures[0]

    def truth_ms(self, since_unix_ms):
        """The longest stall that the server recorded since: others may be the machine's, or the tool's own load."""
        return max(
            stall["duration_ms"]
            for stall in experiment.stalls_of(self.admin_url_)
            if stall["started_ms"] >= since_unix_ms
        )


def by_wrk(stage, seconds, *options):
    command_line = [
        "wrk",
        "--threads",
        "1",
        "--connections",
        str(CONNECTIONS),
        "--duration",
        f"{seconds}s",
        *options,
        "--script",
        wrk.SCRIPT,
        stage.url + "/hello",
    ]
    with stage.stall_after(HEAD_S):
        done = subprocess.run(command_line, capture_output=True, text=True, check=False, timeout=seconds + 60)
    figures = wrk.parse(done.stdout, done.stderr)
    return figures["p50_us"], figures["p99_us"], figures["max_us"], figures["errors"]["timeout"]


def by_probe(stage, binary):
    with tempfile.TemporaryDirectory(prefix="loopscope-lying-tools-") as folder:
        path = os.path.join(folder, "probe.json")
        done = subprocess.run(
            [
                binary,
                "--url",
                stage.url + "/hello",
                "--rate",
                str(RATE_PER_S),
                "--duration",
                f"{WHOLE_S}s",
                "--trigger",
                f"POST /write?method=sync&count={stage.count}",
                "--trigger-at",
                f"{HEAD_S}s",
                "--drain",
                "30s",
                "--quiet",
                "--json",
                path,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=WHOLE_S + 120,
        )
        if done.returncode:
            raise Failure(f"The probe ended with exit status {done.returncode}: {done.stderr.strip()}")
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
    latency, requests = report["latency_us"], report["requests"]
    return (
        latency["p50"],
        latency["p99"],
        latency["max"],
        (requests["failed"]["total"] + requests["unexpected"] + requests["waiting_at_end"]),
    )


def calibrated(server):
    """How many records make a stall of STALL_S: the faster of two tries, so that it is not shorter."""
    times_ms = []
    with Client(server.url) as client:
        for _ in range(2):
            times_ms.append(client.write("sync", CALIBRATION_COUNT, verify=False)["timing_ms"]["completed"])
    return round(CALIBRATION_COUNT * STALL_S * 1000 / min(times_ms))


def show(options, progress):
    build.install(["demo"] if options.server else ["build", "demo"])
    server_binary, probe = (options.server, options.probe) if options.server else build.build(progress)
    with tempfile.TemporaryDirectory(prefix="loopscope-lying-tools-") as data_dir, running(
        Loopscope(server_binary, "threads").command(data_dir)
    ) as server:
        with progress.step("finding how many records make the stall"):
            stage = Stage(server, calibrated(server))
        views = (
            (f"wrk, its own time-out ({WRK_DEFAULT_TIMEOUT_S} s)", lambda: by_wrk(stage, WHOLE_S)),
            ("wrk --timeout 60s", lambda: by_wrk(stage, WHOLE_S, "--timeout", "60s")),
            ("wrk, ends inside the stall", lambda: by_wrk(stage, INSIDE_S, "--timeout", "60s")),
            ("loopscope-probe, open loop", lambda: by_probe(stage, probe)),
        )
        rows = []
        for name, view in views:
            began_unix_ms = time.time() * 1000
            with progress.step(name):
                figures = view()
            rows.append((name, figures, stage.truth_ms(began_unix_ms)))
    print("\n".join(render(stage.count, rows)))


def render(count, rows):
    lines = [
        f"sync writes {units.count(count, 'record')}; meanwhile each tool asks /hello.",
        "",
        COLUMNS.format("", "p50", "p99", "max", "lost", "truth"),
        "-" * WIDTH,
    ]
    for name, (p50_us, p99_us, max_us, lost), truth_ms in rows:
        lines.append(
            COLUMNS.format(
                name, *map(units.duration_of_us, (p50_us, p99_us, max_us)), units.count(lost), units.duration(truth_ms)
            )
        )
    lines += [
        "-" * WIDTH,
        "truth: the stall in the server's own record. lost: requests that the tool gave",
        "up and whose time is in none of its figures.",
        "",
    ]
    for name, (_, _, max_us, lost), truth_ms in rows:
        lines += textwrap.wrap(f"{name}: {verdict(max_us, lost, truth_ms)}", WIDTH, subsequent_indent="  ")
    return lines


def verdict(max_us, lost, truth_ms):
    if max_us is None:
        return "nothing was answered, so it has no figure."
    share = max_us / 1000 / truth_ms
    if share > 0.9:
        return f"its maximum is {share * 100:.0f} % of the stall."
    if lost:
        return f"dropped the {units.count(lost, 'request')} that waited; what it shows is {share * 100:.1f} % of the stall."
    return (
        f"those that waited had no answer at its end and vanished; what it shows is {share * 100:.1f} % of the stall."
    )


if __name__ == "__main__":
    chosen = parse(sys.argv[1:])
    sys.exit(command.run("lying-tools", lambda report_progress: show(chosen, report_progress)))
