"""What stall.sh shows: the answer times of /hello before and during one method's write, side by side."""

import argparse
import sys

from loopscope_load import build, client, command, hello_table, reading, units, writing, wrk, wrk_window
from loopscope_load.claims import METHODS

LATENCIES = ("p50_us", "p99_us", "p99_9_us", "max_us")


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="load/stall.sh", description="Asks /hello with wrk while a running loopscope writes with METHOD."
    )
    parser.add_argument("method", metavar="METHOD", help=", ".join(METHODS))
    parser.add_argument(
        "url", metavar="URL", nargs="?", default="http://127.0.0.1:8080", help="the server (http://127.0.0.1:8080)"
    )
    parser.add_argument(
        "--count", type=command.positive_number, default=1_000_000, metavar="N", help="records (1000000)"
    )
    return parser.parse_args(arguments)


def measure(options, report_progress):
    build.install(["demo"])
    url = client.base_url(options.url)
    load = wrk.Load(timeout_s=wrk.timeout_s(options.count))
    with client.Client(url) as server:
        server.check_hello()
    with report_progress.step("before: asking /hello while nothing is written"):
        before = wrk_window.idle(url, load)
    with report_progress.step(f"during: {options.method} writes {units.count(options.count, 'record')}"):
        during, reports = wrk_window.during_write(url, load, options.method, options.count)

    row = {
        **writing.summary(reports),
        "count": options.count,
        **{"hello_" + name: during[name] for name in LATENCIES},
        **{"idle_" + name: before[name] for name in LATENCIES},
        "hello_unanswered": sum(during["errors"].values()),
    }
    row["verdict"] = reading.verdict(row)
    lines = hello_table.render(["before", "during"], [before, during])
    lines += [
        "",
        f"{options.method}: {units.count(row['writes'], 'write')} of {units.count(options.count, 'record')}, "
        f"{units.duration(row['time_ms'])} each (median). Loop: {row['verdict']['loop']}.",
        reading.sentence(row),
        f"wrk: {load.connections} connections, each pausing 0-{load.pause_max_ms / 1000:g} s between requests.",
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    chosen = parse(sys.argv[1:])
    sys.exit(command.run("stall", lambda report_progress: measure(chosen, report_progress)))
