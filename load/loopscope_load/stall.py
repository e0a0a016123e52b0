"""The command of stall.sh: the latencies of /hello before and during one method's write, side by side."""

import argparse
import sys

from loopscope_load import build, terminal, units, writes, wrk
from loopscope_load.claims import METHODS
from loopscope_load.verdict import Figures

PAUSE_MAX_MS = 1000
LATENCIES = ("p50_us", "p99_us", "p99_9_us", "max_us")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="load/stall.sh",
        description="Runs wrk on /hello of a running loopscope before and during a write by METHOD.",
    )
    parser.add_argument("method", metavar="METHOD", help=", ".join(METHODS))
    parser.add_argument(
        "url", metavar="URL", nargs="?", default="http://127.0.0.1:8080", help="the server (http://127.0.0.1:8080)"
    )
    parser.add_argument(
        "--count",
        type=terminal.positive_number,
        default=1_000_000,
        metavar="N",
        help="number of records of a write (1000000)",
    )
    return parser.parse_args()


def measure(options: argparse.Namespace, progress: terminal.Progress) -> None:
    method, count = options.method, options.count
    build.install("demo")
    url = writes.base_url(options.url)
    load = wrk.Load(pause_max_ms=PAUSE_MAX_MS, timeout_s=wrk.timeout_s(count))
    with writes.Client(url) as client:
        client.check_hello()
    with progress.step("before: /hello while nothing is written"):
        before = wrk.while_idle(url, load)
    with progress.step(f"during: {method} writes {units.count(count, 'record')}"):
        during, reports = wrk.during_write(url, load, method, count)

    write = writes.summary(reports)
    figures = Figures.of(
        {
            **write,
            "count": count,
            **{"hello_" + name: during[name] for name in LATENCIES},
            **{"idle_" + name: before[name] for name in LATENCIES},
            "hello_unanswered": sum(during["errors"].values()),
        }
    )
    lines = wrk.table(["before", "during"], [before, during])
    lines += [
        "",
        f"{method}: {units.count(write['writes'], 'write')} of {units.count(count, 'record')}, "
        f"{units.duration(figures.time_ms)} each (median). Loop: {figures.verdict.loop or units.NOT_MEASURED}.",
        figures.sentence(),
        f"wrk: {load.connections} connections, each pausing 0-{PAUSE_MAX_MS / 1000:g} s between requests.",
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    chosen = parse()
    sys.exit(terminal.run_command("stall", lambda progress: measure(chosen, progress)))
