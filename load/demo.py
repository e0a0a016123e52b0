"""The demonstration behind demo.sh: every method writes while wrk asks /hello; one table, one JSON file.

Keeps what was measured when it is interrupted or a method fails, and leaves no process and no data behind.
Exit: 0 all measured, 1 something failed, 2 bad usage, 128 + N ended by signal N.
"""

import argparse
import datetime
import json
import os
import sys
import tempfile

import build
import command
import machine
import progress
import reading
import service
import table
import units
import window
import wrk
from build import ROOT
from claims import METHODS
from failure import Failure, Refused



def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="load/demo.sh", description="Measures /hello with wrk while each method writes a million records, and "
        "prints one table. Installs and builds what is missing first.",
        epilog="NO_COLOR turns colours off. TMPDIR holds the files that are written.")
    parser.add_argument("--count", type=command.positive_number, default=1_000_000, metavar="N",
                        help="records a write (1000000)")
    parser.add_argument("--methods", default=",".join(METHODS), metavar="A,B",
                        help=f"which ({','.join(METHODS)})")
    parser.add_argument("--out", metavar="FILE", help="results as JSON (load/results/demo-<UTC time>.json)")
    parser.add_argument("--io", choices=("auto", "threads", "uring"), default="threads",
                        help="the own server's back end (threads: a pool as in Node.js)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", metavar="URL", help="measure the server that runs there instead of an own one")
    where.add_argument("--server", metavar="FILE", help="start this binary instead of building one")
    options = parser.parse_args(arguments)
    options.methods = list(dict.fromkeys(name.strip() for name in options.methods.split(",") if name.strip()))
    unknown = [name for name in options.methods if name not in METHODS]
    if unknown or not options.methods:
        parser.error(f"argument --methods: {', '.join(unknown) or 'none'} given, known are {', '.join(METHODS)}")
    try:
        options.url = service.base_url(options.url) if options.url else None
    except Failure as failure:
        parser.error(f"argument --url: {failure}")
    return options


class Results:
    """The document that is saved, complete after every step."""

    def __init__(self, options, load, data_dir):
        now = datetime.datetime.now(datetime.timezone.utc)
        self.path = options.out or os.path.join(ROOT, "load", "results",
                                                now.strftime("demo-%Y%m%dT%H%M%SZ.json"))
        self.document = {
            "schema": "loopscope-demo-1",
            "started": now.isoformat(timespec="seconds"),
            "finished": None,
            "machine": machine.facts(ROOT, None if options.url else data_dir),
            "settings": {"count": options.count, "methods": options.methods, "url": options.url,
                         "io": None if options.url else options.io,
                         "window_s": window.WINDOW_S, "load": load.as_dict()},
            "idle": None,
            "rows": [],
        }
        self.save()

    def save(self):
        try:
            os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
            with open(self.path + ".part", "w", encoding="utf-8") as file:
                json.dump(self.document, file, indent=1)
                file.write("\n")
            os.replace(self.path + ".part", self.path)
        except OSError as error:
            raise Failure(f"Cannot write {self.path}: {error.strerror}.") from error

    def finish(self):
        self.document["finished"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        self.save()


class Paper:
    """Prints the table's parts as they come on a terminal; elsewhere whole, after the progress lines."""

    def __init__(self):
        self.at_once_ = progress.is_rich(sys.stdout)
        self.colours = progress.wants_colour(sys.stdout)
        self.held_ = []

    def put(self, lines):
        self.held_ += lines
        if self.at_once_:
            self.flush()

    def flush(self):
        for line in self.held_:
            print(line)
        sys.stdout.flush()
        self.held_.clear()


def measure(method, options, load, idle, data_dir, report_progress):
    """One method's row; a method that cannot be measured is a row too."""
    what = f"{method}: writing {units.count(options.count, 'record')}"
    try:
        with report_progress.step(what), service.target(options.url, options.server, data_dir, options.io) as url:
            hello, reports = window.during_write(
                url, load, method, options.count, lambda run: report_progress.show(f"{what}, run {run}"))
    except Refused as refused:
        return {"method": method, "outcome": "refused", "reason": str(refused)}
    except Failure as failure:
        return {"method": method, "outcome": "failed", "reason": str(failure)}
    row = {"method": method, "outcome": "measured", **window.summary(reports), "hello": hello}
    row["verdict"] = reading.verdict(row, idle)
    row["reading"] = reading.sentence(row, idle)
    row["article"] = table.claim(method, options.count)
    row["times_ms"] = [report["timing_ms"]["completed"] for report in reports]
    row["first_report"] = reports[0]
    return row


def prepare(options, report_progress):
    build.install(["demo"] if options.url or options.server else ["build", "demo"])
    if options.url:
        with service.Client(options.url) as client:
            client.check_hello()
    elif not options.server:
        options.server = build.build(report_progress)


def demonstrate(options, report_progress):
    prepare(options, report_progress)
    load = wrk.Load(timeout_s=wrk.timeout_s(options.count))
    paper = Paper()
    with tempfile.TemporaryDirectory(prefix="loopscope-demo-") as data_dir:
        results = Results(options, load, data_dir)
        document = results.document
        try:
            with report_progress.step("idle: asking /hello while nothing is written"), \
                    service.target(options.url, options.server, data_dir, options.io) as url:
                document["idle"] = window.idle(url, load)
            paper.put(table.head(document, paper.colours))
            for method in options.methods:
                row = measure(method, options, load, document["idle"], data_dir, report_progress)
                document["rows"].append(row)
                results.save()
                paper.put(["", *table.block(row, options.count, paper.colours)])
            results.finish()
        finally:
            if document["idle"]:
                paper.put(table.foot(document, paper.colours))
                paper.flush()
                report_progress.say(f"Results: {results.path}")
    failed = [row["method"] for row in document["rows"] if row["outcome"] == "failed"]
    if failed:
        raise Failure(f"Not measured: {', '.join(failed)}; the table says why.")


if __name__ == "__main__":
    chosen = parse(sys.argv[1:])
    sys.exit(command.run("demo", lambda report_progress: demonstrate(chosen, report_progress)))
