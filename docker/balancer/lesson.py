#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""The effect of one blocked replica of three on all clients, measured through each configuration of haproxy.cfg.

Runs inside the compose network. Nine keep-alive connections send /hello at a fixed rate through the balancer. Meanwhile
replica-1 gets a request, not through the balancer, to write with sync for some seconds. Prints a table; --json keeps the
figures. Needs load/ in PYTHONPATH.
"""

import argparse
import csv
import dataclasses
import http.client
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from loopscope_load import statistics, terminal, units

BLOCKED = "replica-1"
REPLICAS = ("replica-1", "replica-2", "replica-3")
RATE_PER_S = 300
CONNECTIONS = 9
BEFORE_S = 2.0
AFTER_S = 4.0
SLOW_MS = 500
TRIAL_COUNT = 500_000
READY_TIMEOUT_S = 60
WIDTH = 79


@dataclasses.dataclass(frozen=True)
class Configuration:
    """One of haproxy.cfg: its port and its settings in words."""

    port: int
    words: str


CONFIGURATIONS = {
    "l4": Configuration(8001, "roundrobin  is the port open?"),
    "healthz": Configuration(8002, "roundrobin  /healthz"),
    "healthz-shutdown": Configuration(8003, "roundrobin  /healthz shutdown"),
    "leastconn": Configuration(8004, "leastconn   /healthz"),
    "leastconn-shutdown": Configuration(8005, "leastconn   /healthz shutdown"),
    "readyz": Configuration(8006, "roundrobin  /readyz"),
    "readyz-shutdown": Configuration(8007, "roundrobin  /readyz shutdown"),
    "readyz-retry": Configuration(8090, "leastconn   /readyz retry"),
}


@dataclasses.dataclass(frozen=True)
class Clients:
    """What the clients saw. None was not measured."""

    requests: int
    answered: int
    lost: int
    status: dict[str, int]
    failed: dict[str, int]
    slow: int
    p99_ms: float | None
    slowest_ms: float | None
    without_service_ms: float | None
    own_lateness_max_ms: float | None
    bottleneck_reasons: list[str]


@dataclasses.dataclass(frozen=True)
class Result:
    """One configuration. `states_unseen` counts the times when HAProxy's statistics could not be read."""

    configuration: str
    blocked_ms: int
    out_after_ms: int | None
    states_unseen: int
    clients: Clients

    def json(self) -> dict[str, Any]:
        figures = dataclasses.asdict(self)
        return {**{name: value for name, value in figures.items() if name != "clients"}, **figures["clients"]}


def block(count: int) -> tuple[float, float]:
    """Lets the replica write `count` records on its loop; returns the start and end on the wall clock."""
    connection = http.client.HTTPConnection(BLOCKED, 8080, timeout=120)
    began = time.time()
    connection.request("GET", f"/write?method=sync&count={count}")
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != 200:
        raise terminal.Failure(f"{BLOCKED} returned status {response.status}: {body[:300]!r}")
    return began, time.time()


def states() -> dict[tuple[str, str], str]:
    """The state of each replica in each configuration, from HAProxy's statistics."""
    with urllib.request.urlopen("http://balancer:8404/;csv", timeout=5) as response:
        text = response.read().decode()
    rows = csv.DictReader(io.StringIO(text.removeprefix("# ")))
    return {(row["pxname"], row["svname"]): row["status"] for row in rows if row["svname"] in REPLICAS}


def await_ready() -> None:
    """Returns once every replica has been up in every configuration for a second."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    up_since = None
    while time.monotonic() < deadline:
        try:
            up = all(state.startswith("UP") for state in states().values())
        except OSError:
            up = False
        up_since = (up_since or time.monotonic()) if up else None
        if up_since and time.monotonic() - up_since > 1:
            return
        time.sleep(0.1)
    raise terminal.Failure(f"Not every replica was up within {READY_TIMEOUT_S} s.")


class StateWatch(threading.Thread):
    """The moments, on the wall clock, at which one configuration had taken the blocked replica out."""

    def __init__(self, configuration: str) -> None:
        super().__init__()
        self._configuration = configuration
        self._ending = threading.Event()
        self.out_at: list[float] = []
        self.unseen = 0

    def run(self) -> None:
        while not self._ending.wait(0.02):
            try:
                state = states()[self._configuration, BLOCKED]
            except (OSError, KeyError):  # no statistics, or not all of them
                self.unseen += 1
                continue
            if not state.startswith("UP"):
                self.out_at.append(time.time())

    def stop(self) -> None:
        self._ending.set()
        self.join()


def start_probe(port: int, duration_s: float, folder: str) -> subprocess.Popen[str]:
    """Starts the probe, which leaves its JSON and CSV in the folder."""
    flags = {
        "--url": f"http://balancer:{port}/hello",
        "--rate": f"{RATE_PER_S}/s",
        "--duration": f"{duration_s:.1f}s",
        "--drain": "20s",
        "--connections": str(CONNECTIONS),
        "--max-connections": str(CONNECTIONS),
        "--max-error-rate": "1",
        "--json": os.path.join(folder, "probe.json"),
        "--csv": os.path.join(folder, "probe.csv"),
    }
    command = ["loopscope-probe", "--quiet", *(part for flag in flags.items() for part in flag)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def figures(rows: Iterable[Mapping[str, str]], report: Mapping[str, Any]) -> Clients:
    """The clients' figures from the probe's CSV and JSON."""
    answered = sorted(
        (float(row["done_us"]) / 1000, (float(row["done_us"]) - float(row["scheduled_us"])) / 1000)
        for row in rows
        if row["status"] == "200"
    )
    done = [at for at, _ in answered]
    gaps = [after - before for before, after in zip(done, done[1:])]
    latencies = sorted(latency for _, latency in answered)
    scheduled = report["requests"]["scheduled"]
    lateness_us = report["lateness_us"]["max"]
    return Clients(
        requests=scheduled,
        answered=len(answered),
        lost=scheduled - len(answered),
        status=report["status"],
        failed=report["requests"]["failed"]["by_cause"],
        slow=sum(latency > SLOW_MS for latency in latencies),
        p99_ms=tenth(statistics.quantile(latencies, 0.99)),
        slowest_ms=tenth(statistics.quantile(latencies, 1)),
        without_service_ms=tenth(statistics.maximum(gaps)),
        own_lateness_max_ms=tenth(lateness_us / 1000) if lateness_us else None,
        bottleneck_reasons=report["bottleneck_reasons"],
    )


def tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def measure(name: str, count: int, blocked_s: float) -> Result:
    await_ready()
    with tempfile.TemporaryDirectory() as folder:
        process = start_probe(CONFIGURATIONS[name].port, BEFORE_S + blocked_s + AFTER_S, folder)
        watch = StateWatch(name)
        watch.start()
        try:
            time.sleep(BEFORE_S)
            began, ended = block(count)
            _, errors = process.communicate(timeout=120)
        finally:
            watch.stop()
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            raise terminal.Failure(f"loopscope-probe ended with exit status {process.returncode}: {errors.strip()}")
        with open(os.path.join(folder, "probe.json"), encoding="utf-8") as file:
            report = json.load(file)
        with open(os.path.join(folder, "probe.csv"), encoding="ascii", newline="") as file:
            clients = figures(csv.DictReader(file), report)
    out_at = next((at for at in watch.out_at if began <= at <= ended), None)
    return Result(
        configuration=name,
        blocked_ms=round((ended - began) * 1000),
        out_after_ms=round((out_at - began) * 1000) if out_at else None,
        states_unseen=watch.unseen,
        clients=clients,
    )


def table(results: Sequence[Result]) -> list[str]:
    lines = [
        f"{'':29} {'replica':>8} {'without':>8} {'':>5} {'over':>7}",
        f"{'balancing and check':29} {'out at':>8} {'service':>8} {'lost':>5} {SLOW_MS:>4} ms "
        f"{'p99':>7} {'slowest':>8}",
        "-" * WIDTH,
    ]
    for result in results:
        clients = result.clients
        never = units.NOT_MEASURED if result.states_unseen else "never"
        out_after = never if result.out_after_ms is None else units.duration(result.out_after_ms)
        lines.append(
            f"{CONFIGURATIONS[result.configuration].words:29} {out_after:>8} "
            f"{units.duration(clients.without_service_ms):>8} {clients.lost:>5} {clients.slow:>7} "
            f"{units.duration(clients.p99_ms):>7} {units.duration(clients.slowest_ms):>8}"
        )
    blocked = [result.blocked_ms for result in results]
    own = max(result.clients.own_lateness_max_ms or 0 for result in results)
    return lines + [
        "-" * WIDTH,
        f"One of three replicas blocked for {units.duration(min(blocked))} to {units.duration(max(blocked))}.",
        f"{RATE_PER_S} /hello a second, {results[0].clients.requests:,} in all, on {CONNECTIONS} keep-alive connections, "
        "each counted",
        "from when it was due.",
        "shutdown: the connections of a replica are ended when it is taken out.",
        "retry: a request that is safe to repeat goes to another one after 250 ms.",
        "out at: when the balancer took the replica out, from the start of the block.",
        "without service: the longest time in which no client got a response.",
        f"lost: an error or no response. The probe itself was at most {units.duration(own)} late.",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--block", type=terminal.positive_seconds, default=5.0, metavar="S", help="how long the replica is blocked (5)"
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE")
    parser.add_argument(
        "--only",
        type=terminal.names_among(tuple(CONFIGURATIONS)),
        default=list(CONFIGURATIONS),
        metavar="A,B",
        help="these configurations only",
    )
    options = parser.parse_args()

    def work(progress: terminal.Progress) -> None:
        await_ready()
        began, ended = block(TRIAL_COUNT)
        count = round(TRIAL_COUNT * options.block / (ended - began))
        results = []
        for name in options.only:
            with progress.step(name):
                results.append(measure(name, count, options.block))
        print("\n".join(table(results)))
        if options.json:
            document = {
                "blocked": BLOCKED,
                "records": count,
                "rate_per_s": RATE_PER_S,
                "connections": CONNECTIONS,
                "slow_ms": SLOW_MS,
                "results": [result.json() for result in results],
            }
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(document, file, indent=2)

    return terminal.run_command("lesson", work)


if __name__ == "__main__":
    sys.exit(main())
