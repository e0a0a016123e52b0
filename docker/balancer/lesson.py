#!/usr/bin/env python3
"""What one blocked replica of three does to everyone, measured through each configuration of haproxy.cfg.

Runs inside the compose network: nine keep-alive connections ask /hello at a fixed rate through the balancer while
replica-1 is told, past the balancer, to write synchronously for some seconds. Prints a table; --json keeps the figures.
"""

import argparse
import csv
import http.client
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

BLOCKED = "replica-1"
REPLICAS = ("replica-1", "replica-2", "replica-3")
RATE_PER_S = 300
CONNECTIONS = 9
BEFORE_S = 2.0
AFTER_S = 4.0
SLOW_MS = 500
TRIAL_COUNT = 500_000
READY_TIMEOUT_S = 60
# name in haproxy.cfg: its port, what it does
CONFIGURATIONS = {
    "l4": (8001, "roundrobin  is the port open?"),
    "healthz": (8002, "roundrobin  /healthz"),
    "healthz-shutdown": (8003, "roundrobin  /healthz shutdown"),
    "leastconn": (8004, "leastconn   /healthz"),
    "leastconn-shutdown": (8005, "leastconn   /healthz shutdown"),
    "readyz": (8006, "roundrobin  /readyz"),
    "readyz-shutdown": (8007, "roundrobin  /readyz shutdown"),
    "readyz-retry": (8090, "leastconn   /readyz retry"),
}


def block(count):
    """Has the replica write `count` records on its loop; returns when that began and ended, on the wall clock."""
    connection = http.client.HTTPConnection(BLOCKED, 8080, timeout=120)
    began = time.time()
    connection.request("GET", f"/write?method=sync&count={count}")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{BLOCKED} answered {answer.status}: {body[:300]!r}")
    return began, time.time()


def states():
    """What each configuration thinks of each replica, as HAProxy's own statistics have it."""
    with urllib.request.urlopen("http://balancer:8404/;csv", timeout=5) as answer:
        text = answer.read().decode()
    rows = csv.DictReader(io.StringIO(text.removeprefix("# ")))
    return {(row["pxname"], row["svname"]): row["status"] for row in rows if row["svname"] in REPLICAS}


def await_ready():
    """Returns once every configuration has every replica up, and has had for a second."""
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
    raise RuntimeError(f"not every replica was up within {READY_TIMEOUT_S} s")


class Watch(threading.Thread):
    """Every moment at which one configuration had the blocked replica out, on the wall clock."""

    def __init__(self, configuration):
        super().__init__()
        self.configuration_ = configuration
        self.ending_ = threading.Event()
        self.out_at = []
        self.unseen = 0

    def run(self):
        while not self.ending_.wait(0.02):
            try:
                state = states()[self.configuration_, BLOCKED]
            except (OSError, KeyError):  # the statistics did not answer, or not in full
                self.unseen += 1
                continue
            if not state.startswith("UP"):
                self.out_at.append(time.time())

    def stop(self):
        self.ending_.set()
        self.join()


def probe(port, duration_s, folder):
    """The probe as a process; its JSON and CSV land in the folder."""
    return subprocess.Popen(
        [
            "loopscope-probe",
            "--url",
            f"http://balancer:{port}/hello",
            "--rate",
            f"{RATE_PER_S}/s",
            "--duration",
            f"{duration_s:.1f}s",
            "--drain",
            "20s",
            "--connections",
            str(CONNECTIONS),
            "--max-connections",
            str(CONNECTIONS),
            "--max-error-rate",
            "1",
            "--quiet",
            "--json",
            os.path.join(folder, "probe.json"),
            "--csv",
            os.path.join(folder, "probe.csv"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def figures(rows, report):
    """What the clients had of it; times in milliseconds from the schedule's start."""
    answered = sorted(
        (float(row["done_us"]) / 1000, (float(row["done_us"]) - float(row["scheduled_us"])) / 1000)
        for row in rows
        if row["status"] == "200"
    )
    done = [at for at, _ in answered]
    gaps = [after - before for before, after in zip(done, done[1:])]
    latencies = sorted(latency for _, latency in answered)
    return {
        "requests": report["requests"]["scheduled"],
        "answered": len(answered),
        "lost": report["requests"]["scheduled"] - len(answered),
        "status": report["status"],
        "failed": report["requests"]["failed"]["by_cause"],
        "slow": sum(latency > SLOW_MS for latency in latencies),
        "p99_ms": round(latencies[math.ceil(len(latencies) * 0.99) - 1], 1) if latencies else None,
        "slowest_ms": round(latencies[-1], 1) if latencies else None,
        "without_service_ms": round(max(gaps), 1) if gaps else None,
        "own_lateness_max_ms": round(report["lateness_us"]["max"] / 1000, 1) if report["lateness_us"]["max"] else None,
        "bottleneck_reasons": report["bottleneck_reasons"],
    }


def measure(name, count, blocked_s):
    port, _ = CONFIGURATIONS[name]
    await_ready()
    with tempfile.TemporaryDirectory() as folder:
        process = probe(port, BEFORE_S + blocked_s + AFTER_S, folder)
        watch = Watch(name)
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
            raise RuntimeError(f"loopscope-probe ended with {process.returncode}: {errors.strip()}")
        with open(os.path.join(folder, "probe.json"), encoding="utf-8") as file:
            report = json.load(file)
        with open(os.path.join(folder, "probe.csv"), encoding="ascii", newline="") as file:
            found = figures(list(csv.DictReader(file)), report)
    out_at = next((at for at in watch.out_at if began <= at <= ended), None)
    return {
        "configuration": name,
        "blocked_ms": round((ended - began) * 1000),
        "out_after_ms": round((out_at - began) * 1000) if out_at else None,
        "states_unseen": watch.unseen,
        **found,
    }


def seconds(ms):
    if ms is None:
        return "-"
    return f"{ms / 1000:.2f} s" if ms >= 1000 else f"{ms:.0f} ms"


def table(results):
    lines = [
        f"{'':29} {'replica':>8} {'without':>8} {'':>5} {'over':>7}",
        f"{'balancing and check':29} {'out at':>8} {'service':>8} {'lost':>5} {SLOW_MS:>4} ms "
        f"{'p99':>7} {'slowest':>8}",
        "-" * 79,
    ]
    for result in results:
        _, what = CONFIGURATIONS[result["configuration"]]
        never = "n/a" if result["states_unseen"] else "never"
        out_after = never if result["out_after_ms"] is None else seconds(result["out_after_ms"])
        lines.append(
            f"{what:29} {out_after:>8} "
            f"{seconds(result['without_service_ms']):>8} {result['lost']:>5} {result['slow']:>7} "
            f"{seconds(result['p99_ms']):>7} {seconds(result['slowest_ms']):>8}"
        )
    blocked = [result["blocked_ms"] for result in results]
    own = max(result["own_lateness_max_ms"] or 0 for result in results)
    return lines + [
        "-" * 79,
        f"One of three replicas blocked for {seconds(min(blocked))} to {seconds(max(blocked))}. "
        f"{RATE_PER_S} /hello a second, {results[0]['requests']:,} in all,",
        f"on {CONNECTIONS} keep-alive connections, each counted from when it was due.",
        "shutdown: what a replica holds is ended when it is taken out. retry: what is",
        "safe to repeat is asked of another one after 250 ms.",
        "out at: when the balancer took the replica out, from the start of the block.",
        "without service: the longest time in which nobody had an answer.",
        f"lost: answered with an error or not at all. The probe itself was at most {seconds(own)} late.",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--block", type=float, default=5.0, metavar="S", help="how long the replica is blocked (5)")
    parser.add_argument("--json", metavar="FILE", help="keep the figures")
    parser.add_argument("--only", metavar="A,B", help="these configurations")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(CONFIGURATIONS)
    unknown = set(chosen) - set(CONFIGURATIONS)
    if unknown:
        parser.error(f"--only: {', '.join(sorted(unknown))}; known are {', '.join(CONFIGURATIONS)}")
    await_ready()
    began, ended = block(TRIAL_COUNT)
    count = round(TRIAL_COUNT * options.block / (ended - began))
    results = []
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        results.append(measure(name, count, options.block))
    print("\n".join(table(results)))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(
                {
                    "blocked": BLOCKED,
                    "records": count,
                    "rate_per_s": RATE_PER_S,
                    "connections": CONNECTIONS,
                    "slow_ms": SLOW_MS,
                    "results": results,
                },
                file,
                indent=2,
            )


if __name__ == "__main__":
    main()
