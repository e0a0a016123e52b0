"""What stall.sh shows: the answer times of /hello before and during one method's write, side by side."""

import argparse
import sys

import build
import command
import hello_table
import reading
import service
import units
import window
import wrk
from claims import METHODS


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="load/stall.sh", description="Asks /hello with wrk while a running loopscope writes with METHOD.")
    parser.add_argument("method", metavar="METHOD", help=", ".join(METHODS))
    parser.add_argument("url", metavar="URL", nargs="?", default="http://127.0.0.1:8080",
                        help="the server (http://127.0.0.1:8080)")
    parser.add_argument("--count", type=command.positive_number, default=1_000_000, metavar="N",
                        help="records (1000000)")
    return parser.parse_args(arguments)


def measure(options, report_progress):
    build.install(["demo"])
    url = service.base_url(options.url)
    load = wrk.Load(timeout_s=wrk.timeout_s(options.count))
    with service.Client(url) as client:
        client.check_hello()
    with report_progress.step("before: asking /hello while nothing is written"):
        before = window.idle(url, load)
    with report_progress.step(f"during: {options.method} writes {units.count(options.count, 'record')}"):
        during, reports = window.during_write(url, load, options.method, options.count)

    row = {**window.summary(reports), "hello": during}
    row["verdict"] = reading.verdict(row, before)
    lines = hello_table.render(["before", "during"], [before, during])
    lines += [
        "",
        f"{options.method}: {units.count(row['runs'], 'write')} of {units.count(options.count, 'record')}, "
        f"{units.duration(row['time_ms'])} each (median). Loop: {row['verdict']['loop']}.",
        reading.sentence(row, before),
        f"wrk: {load.connections} connections, each pausing 0-{load.pause_max_ms / 1000:g} s between requests.",
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    chosen = parse(sys.argv[1:])
    sys.exit(command.run("stall", lambda report_progress: measure(chosen, report_progress)))
