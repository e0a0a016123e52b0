#!/usr/bin/env python3
"""Compares the ways of writing by what they do to everyone else on the loop: a table, results.json, report.html.

  load/compare.py [--peer node] [--quick] ...   measures; --help lists the flags
  load/compare.py report RESULTS [--out FILE]   makes the report of an earlier results.json again
  load/compare.py diff OLD NEW                  what changed beyond noise; exit 1 on a regression, for CI

Keeps what was measured when it is interrupted or a method fails, and leaves no process and no data behind.
Exit: 0 done, 1 something failed or got worse, 2 bad usage, 128 + N ended by signal N.
"""

import argparse
import datetime
import os
import sys
import tempfile

from loopscope_load import build, command, comparison, diff, report_page, results, table
from loopscope_load.claims import METHODS
from loopscope_load.experiment import Plan
from loopscope_load.failure import Failure
from loopscope_load.progress import wants_colour
from loopscope_load.systems import Loopscope, NodePeer

RATE_PER_S = 1000
WINDOW_S = 3.0
QUICK = {"repeats": 1, "idle_s": 2.0}
FULL = {"repeats": 3, "idle_s": 3.0}


def parse_run(arguments):
    parser = argparse.ArgumentParser(
        prog="load/compare.py",
        description=__doc__.splitlines()[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(__doc__.splitlines()[1:])
        + "\nNO_COLOR turns colours off. TMPDIR holds the files that are written.",
    )
    parser.add_argument("--methods", default=",".join(METHODS), metavar="A,B", help=f"which ({','.join(METHODS)})")
    parser.add_argument(
        "--count", type=command.positive_number, default=1_000_000, metavar="N", help="records a write (1000000)"
    )
    parser.add_argument(
        "--repeats",
        type=command.positive_number,
        metavar="N",
        help=f"measurements of each method ({FULL['repeats']}; {QUICK['repeats']} with --quick)",
    )
    parser.add_argument(
        "--rate", type=command.positive_number, default=RATE_PER_S, metavar="N", help=f"/hello a second ({RATE_PER_S})"
    )
    parser.add_argument("--peer", choices=("node",), help="measure load/peers/node beside it")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"one repeat, less idle time, and a promise of fewer records if a write of it would take "
        f"more than {comparison.QUICK_WRITE_S} s here",
    )
    parser.add_argument(
        "--idle",
        type=command.positive_seconds,
        metavar="S",
        help=f"seconds of /hello before the first write ({FULL['idle_s']:g}; {QUICK['idle_s']:g} with --quick)",
    )
    parser.add_argument(
        "--window",
        type=command.positive_seconds,
        metavar="S",
        default=WINDOW_S,
        help=f"shorter writes are repeated for so many seconds ({WINDOW_S:g})",
    )
    parser.add_argument("--out", metavar="DIR", help="for results.json and report.html (load/results/<UTC time>)")
    parser.add_argument(
        "--io",
        choices=("auto", "threads", "uring"),
        default="threads",
        help="loopscope's back end (threads: a pool as in Node.js)",
    )
    parser.add_argument("--server", metavar="FILE", help="this loopscope instead of building one; needs --probe")
    parser.add_argument("--probe", metavar="FILE", help="this loopscope-probe instead of building one; needs --server")
    options = parser.parse_args(arguments)
    options.methods = list(dict.fromkeys(name.strip() for name in options.methods.split(",") if name.strip()))
    unknown = [name for name in options.methods if name not in METHODS]
    if unknown or not options.methods:
        parser.error(f"argument --methods: {', '.join(unknown) or 'none'} given, known are {', '.join(METHODS)}")
    if bool(options.server) != bool(options.probe):
        parser.error("--server and --probe go together")
    preset = QUICK if options.quick else FULL
    options.repeats = options.repeats or preset["repeats"]
    options.idle = options.idle or preset["idle_s"]
    return options


def run(options, progress):
    build.install(["demo"] if options.server else ["build", "demo"])
    if options.peer == "node":
        build.install(["peer"])
    server, probe = (options.server, options.probe) if options.server else build.build(progress)
    systems = [Loopscope(server, options.io)] + ([NodePeer()] if options.peer == "node" else [])
    plan = Plan(probe, options.rate, options.idle, options.window)
    folder = options.out or os.path.join(
        build.ROOT, "load", "results", datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    )
    settings = {
        "count": options.count,
        "methods": options.methods,
        "repeats": options.repeats,
        "quick": options.quick,
        "rate_per_s": options.rate,
        "io": options.io,
        "peer": options.peer,
        "idle_s": plan.idle_s,
        "window_s": plan.window_s,
    }
    with tempfile.TemporaryDirectory(prefix="loopscope-compare-") as data_dir:
        found = results.Results(os.path.join(folder, "results.json"), settings, systems, data_dir)
        try:
            failed = comparison.compare(systems, options, plan, found, data_dir, progress)
        finally:
            found.save()  # with what was under way when it ended
            if any(entry["summary"] or entry["reason"] for entry in found.document["entries"]):
                print("\n".join(table.render(found.document, wants_colour(sys.stdout))), flush=True)
                save_report(found.document, os.path.join(folder, "report.html"), progress)
    if failed:
        raise Failure(f"Not measured: {', '.join(failed)}; the table says why.")


def save_report(document, path, progress):
    without_charts = report_page.get_uplot()
    if without_charts:
        progress.say(f"Note: {without_charts}.")
    results.write_whole(path, report_page.render(document))
    progress.say(f"Report: {path}")


def parse_report(arguments):
    parser = argparse.ArgumentParser(prog="load/compare.py report", description="Makes report.html of results.json.")
    parser.add_argument("results", metavar="RESULTS", help="a results.json")
    parser.add_argument("--out", metavar="FILE", help="where to (report.html beside it)")
    options = parser.parse_args(arguments)
    options.out = options.out or os.path.join(os.path.dirname(os.path.abspath(options.results)), "report.html")
    return options


def parse_diff(arguments):
    parser = argparse.ArgumentParser(
        prog="load/compare.py diff",
        description="Prints what changed beyond noise; exit 1 on a regression.",
        epilog=diff.__doc__,
    )
    parser.add_argument("old", metavar="OLD", help="a results.json")
    parser.add_argument("new", metavar="NEW", help="a later one")
    return parser.parse_args(arguments)


def show_changes(options):
    old, new = results.read(options.old), results.read(options.new)
    for doubt in diff.doubts(old, new):
        print(f"Note: {doubt}")
    changes = diff.changes(old, new)
    for change in changes:
        print(change)
    worse = sum(change.worse for change in changes)
    if not changes:
        print("Nothing changed beyond noise.")
    if worse:
        raise Failure(f"{worse} worse.")


def main(arguments):
    if arguments[:1] == ["diff"]:
        options = parse_diff(arguments[1:])
        return command.run("compare diff", lambda progress: show_changes(options))
    if arguments[:1] == ["report"]:
        options = parse_report(arguments[1:])
        return command.run(
            "compare report", lambda progress: save_report(results.read(options.results), options.out, progress)
        )
    options = parse_run(arguments)
    return command.run("compare", lambda progress: run(options, progress))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
