#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""Compares the write methods by their effect on the loop: prints a table, writes results.json and report.html.

When it is interrupted or a method fails, it keeps what was measured and leaves no process and no data behind.
Exit status: 0 done, 1 something failed or got worse, 2 bad usage, 128 + N ended by signal N.
"""

import argparse
import datetime
import json
import os
import sys
import tempfile
import textwrap
from collections.abc import Callable, Sequence

from loopscope_load import (
    Json,
    build,
    claims,
    diff,
    experiment,
    findings,
    recommendations,
    report_page,
    results,
    scale,
    session,
    table,
    terminal,
)
from loopscope_load.servers import Loopscope, NodePeer, System
from loopscope_load.terminal import Failure, Progress

RATE_PER_S = 1000
WINDOW_S = 3.0
REPEATS, QUICK_REPEATS = 3, 1
IDLE_S, QUICK_IDLE_S = 3.0, 2.0


def run_flags() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(add_help=False)
    group = flags.add_argument_group("flags of run")
    group.add_argument(
        "--methods",
        type=terminal.names,
        metavar="A,B",
        help="the methods to measure (all that the service has at /methods)",
    )
    group.add_argument(
        "--count",
        type=terminal.positive_number,
        default=1_000_000,
        metavar="N",
        help="number of records of a write (1000000)",
    )
    group.add_argument(
        "--repeats",
        type=terminal.positive_number,
        metavar="N",
        help=f"number of measurements of each method ({REPEATS}; {QUICK_REPEATS} with --quick)",
    )
    group.add_argument(
        "--rate",
        type=terminal.positive_number,
        default=RATE_PER_S,
        metavar="N",
        help=f"number of /hello a second ({RATE_PER_S})",
    )
    group.add_argument(
        "--peer", choices=("node",), help="measure load/peers/node as well, and confront every claim of the articles"
    )
    group.add_argument(
        "--quick",
        action="store_true",
        help="one repeat, less idle time, and fewer records by promise if its write would take more than "
        f"{experiment.QUICK_WRITE_S} s here",
    )
    group.add_argument(
        "--scale",
        action="store_true",
        help=f"measure 10 to {scale.FULL.counts[-1]:,} records, each for {scale.FULL.window_s:g} s or one write; adds about "
        f"2 minutes. Without it, 10 to {scale.SHORT.counts[-1]:,} are measured for {scale.SHORT.window_s:g} s each, which adds "
        "15 seconds",
    )
    group.add_argument(
        "--idle",
        type=terminal.positive_seconds,
        metavar="S",
        help=f"seconds of /hello before the first write ({IDLE_S:g}; {QUICK_IDLE_S:g} with --quick)",
    )
    group.add_argument(
        "--window",
        type=terminal.positive_seconds,
        metavar="S",
        default=WINDOW_S,
        help=f"a shorter write is repeated for that many seconds ({WINDOW_S:g})",
    )
    group.add_argument(
        "--out", metavar="DIR", help="directory for results.json and report.html (load/results/<UTC time>)"
    )
    group.add_argument(
        "--io",
        choices=("auto", "threads", "uring"),
        default="threads",
        help="the back end of loopscope (threads: a pool as in Node.js)",
    )
    group.add_argument("--server", metavar="FILE", help="this loopscope instead of building one; needs --probe")
    group.add_argument("--probe", metavar="FILE", help="this loopscope-probe instead of building one; needs --server")
    return flags


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options; `work` is the function of the command. Without a command it is run, so its flags may stand alone."""
    title, _, notes = (__doc__ or "").partition("\n\n")
    flags = run_flags()
    parser = argparse.ArgumentParser(
        prog="load/compare.py",
        usage="%(prog)s [run] [flags of run]\n       %(prog)s report FILE [--out FILE]\n"
        "       %(prog)s recommend FILE [--out FILE]\n"
        "       %(prog)s diff OLD NEW",
        description=title,
        epilog=notes.strip() + " NO_COLOR turns colours off. The files of the writes are below TMPDIR.",
        parents=[flags],
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", prog="load/compare.py")

    run_parser = commands.add_parser("run", parents=[flags], help="measures; the default", description=title)
    run_parser.set_defaults(name="compare", work=run, usage_error=run_parser.error)

    report_parser = commands.add_parser(
        "report",
        help="makes report.html from results.json or from the JSON that the page downloads",
        description="Makes report.html from results.json, or from a session that the dashboard page downloaded as JSON.",
    )
    report_parser.add_argument("document", metavar="FILE", help="a results.json or a downloaded session")
    report_parser.add_argument("--out", metavar="FILE", help="the report (report.html beside FILE)")
    report_parser.set_defaults(name="compare report", work=report)

    recommend_parser = commands.add_parser(
        "recommend",
        help="makes the recommendations that the page shows from a results.json of --scale",
        description="Makes the recommendations that the page shows from a results.json of --scale.",
    )
    recommend_parser.add_argument("document", metavar="FILE", help="a results.json")
    recommend_parser.add_argument("--out", metavar="FILE", help="the recommendations (load/recommendations.json)")
    recommend_parser.set_defaults(name="compare recommend", work=recommend)

    diff_parser = commands.add_parser(
        "diff",
        help="prints what changed between two measurements beyond noise; exit status 1 on a regression, for CI",
        description="Prints what changed beyond noise. The exit status is 1 on a regression.",
        epilog=diff.__doc__,
    )
    diff_parser.add_argument("old", metavar="OLD", help="a results.json")
    diff_parser.add_argument("new", metavar="NEW", help="a later results.json")
    diff_parser.set_defaults(name="compare diff", work=show_changes)

    if not arguments or arguments[0] not in (*commands.choices, "-h", "--help"):
        arguments = ["run", *arguments]
    options = parser.parse_args(arguments)
    if options.work is run:
        if bool(options.server) != bool(options.probe):
            run_parser.error("--server and --probe go together")
        options.repeats = options.repeats or (QUICK_REPEATS if options.quick else REPEATS)
        options.idle = options.idle or (QUICK_IDLE_S if options.quick else IDLE_S)
    return options


def run(options: argparse.Namespace, progress: Progress) -> None:
    server, probe = build.programs(options, progress)
    loopscope = Loopscope(server, options.io)
    methods = list(loopscope.methods) if options.methods is None else options.methods
    if error := terminal.unknown_among(methods, loopscope.methods):
        options.usage_error(f"argument --methods: {error}")
    systems: list[System] = [loopscope]
    absent = {}
    if options.peer == "node":
        try:
            build.install("peer")
            systems.append(NodePeer())
        except Failure as failure:
            absent["node"] = str(failure)
            progress.say(f"Node.js is not measured: {failure}")
    plan = experiment.Plan(
        probe=probe,
        methods=methods,
        count=options.count,
        repeats=options.repeats,
        quick=options.quick,
        rate_per_s=options.rate,
        idle_s=options.idle,
        window_s=options.window,
        extent=scale.FULL if options.scale else scale.SHORT,
    )
    settings = {
        "count": plan.count,
        "methods": plan.methods,
        "repeats": plan.repeats,
        "quick": plan.quick,
        "rate_per_s": plan.rate_per_s,
        "io": options.io,
        "peer": options.peer,
        "idle_s": plan.idle_s,
        "window_s": plan.window_s,
        "scale": list(plan.extent.counts),
    }
    folder = options.out or os.path.join(
        build.ROOT, "load", "results", datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    )
    with tempfile.TemporaryDirectory(prefix="loopscope-compare-") as data_dir:
        found = results.Results(os.path.join(folder, "results.json"), settings, systems, data_dir, absent)
        try:
            failed = [*absent] + experiment.compare(systems, plan, found, data_dir, progress)
        finally:
            found.save()  # also what was being measured when it ended
            if any(entry["summary"] or entry["reason"] for entry in found.document["entries"]):
                print("\n".join(table.render(found.document, terminal.wants_colour(sys.stdout))), flush=True)
                if options.peer:
                    print(
                        "\n".join(textwrap.wrap(findings.claims_in_short(found.document["claims"]), table.WIDTH)),
                        flush=True,
                    )
                save_report(found.document, os.path.join(folder, "report.html"), progress)
    if failed:
        raise Failure(f"Not measured: {', '.join(failed)}; the table says why.")


def report(options: argparse.Namespace, progress: Progress) -> None:
    path = options.out or os.path.join(os.path.dirname(os.path.abspath(options.document)), "report.html")
    document = results.read_json(options.document)
    if session.is_session(document):
        document = session.to_document(document)
    elif document.get("schema") != results.SCHEMA:
        raise Failure(f"{options.document} is neither a {results.SCHEMA} document nor a {session.FORMAT}.")
    document["claims"] = claims.rows(document)  # by the rules of today
    save_report(document, path, progress)


def recommend(options: argparse.Namespace, progress: Progress) -> None:
    path = options.out or os.path.join(build.ROOT, "load", "recommendations.json")
    document = results.read(options.document)
    counts = [point["count"] for point in document.get("scale", []) if point["outcome"] == "measured"]
    if max(counts, default=0) < scale.FULL.counts[-1]:
        raise Failure(
            f"{options.document} has no measurement at {scale.FULL.counts[-1]:,} records: compare.py --scale does."
        )
    results.write_whole(path, json.dumps(recommendations.page_part(document), indent=2, ensure_ascii=False) + "\n")
    progress.say(f"Recommendations: {path}")


def save_report(document: Json, path: str, progress: Progress) -> None:
    if not report_page.has_charts():
        progress.say(f"Note: {report_page.NO_CHARTS}.")
    results.write_whole(path, report_page.render(document))
    progress.say(f"Report: {path}")


def show_changes(options: argparse.Namespace, _progress: Progress) -> None:
    old, new = results.read(options.old), results.read(options.new)
    for doubt in diff.doubts(old, new):
        print(f"Note: {doubt}")
    changes = diff.changes(old, new)
    for change in changes:
        print(change)
    if not changes:
        print("Nothing changed beyond noise.")
    worse = sum(change.worse for change in changes)
    if worse:
        raise Failure(f"{worse} worse.")


def main() -> int:
    options = parse(sys.argv[1:])
    work: Callable[[argparse.Namespace, Progress], None] = options.work
    return terminal.run_command(options.name, lambda progress: work(options, progress))


if __name__ == "__main__":
    sys.exit(main())
