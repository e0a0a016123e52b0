"""What a record costs and how much memory a write takes, from ten thousand records to a hundred million.

The cost at each count is over that at a million in the same minute: the two are measured in turn, each write by a fresh
server. A write also has a cost of its own whatever its count, that of a write of one record.
"""

import statistics
import time

import rounds
from loopscope_load import units
from loopscope_load.client import Client

METHODS = ("sync", "stream", "partition", "offload", "promise")
COUNTS = (10**4, 10**5, 10**6, 10**7, 10**8)
QUICK_COUNTS = (10**4, 10**5, 10**6)
BASE_COUNT = 10**6
PAIRS = 5
PAIRS_S = 6  # after which no further pair is begun
LONGEST_WRITE_S = 300  # what would take longer is left out
SHORT_S = 0.2  # for which short writes are repeated


def one(method, count):
    """The median over writes by one fresh server, and how far its memory rose over what it was before the first."""
    reports = []
    with rounds.loopscope() as server, Client(server.url) as client:
        begun = time.monotonic()
        while not reports or time.monotonic() - begun < SHORT_S:
            reports.append(client.write(method, count, verify=False))
    memory = [report["memory"] for report in reports]
    peaks = [each["rss_peak_bytes"] for each in memory]
    known = None not in peaks and memory[0]["rss_before_bytes"] is not None
    return {
        "ms": statistics.median(report["timing_ms"]["completed"] for report in reports),
        "cpu_ms": statistics.median(
            report["cpu"]["process_user_ms"] + report["cpu"]["process_system_ms"] for report in reports
        ),
        "growth_bytes": max(peaks) - memory[0]["rss_before_bytes"] if known else None,
    }


def at(method, count):
    """The figures of one method at one count."""
    mine, base = [], []
    begun = time.monotonic()
    while not mine or (len(mine) < PAIRS and time.monotonic() - begun < PAIRS_S):
        mine.append(one(method, count))
        base.append(mine[-1] if count == BASE_COUNT else one(method, BASE_COUNT))
    return summary(count, mine, base)


def summary(count, mine, base):
    of_base = [each["ms"] / count / (other["ms"] / BASE_COUNT) for each, other in zip(mine, base)]
    growths = [each["growth_bytes"] for each in mine]
    return {
        "count": count,
        "ns_per_record": statistics.median(each["ms"] for each in mine) * 1e6 / count,
        "cpu_ns_per_record": statistics.median(each["cpu_ms"] for each in mine) * 1e6 / count,
        "over_base": rounds.spread(of_base),
        "growth_bytes": None if None in growths else max(growths),
        "pairs": len(mine),
    }


def measure(methods, counts, progress):
    """{method: {"fixed_ms": of a write of one record, "counts": [figures or, where it would take too long, None]}}"""
    found = {}
    for method in methods:
        with progress.step(f"{method}: one record"):
            fixed_ms = one(method, 1)["ms"]
        rows, ns_per_record = [], 0.0
        for count in counts:
            if count * ns_per_record / 1e9 > LONGEST_WRITE_S:
                rows.append({"count": count, "left_out": f"would take {units.duration(count * ns_per_record / 1e6)}"})
                continue
            with progress.step(f"{method}: {units.count(count, 'record')}"):
                rows.append(at(method, count))
            ns_per_record = rows[-1]["ns_per_record"]
            progress.say(f"{method}: {units.count(count, 'record')}: {nanoseconds(ns_per_record)} each")
        found[method] = {"fixed_ms": fixed_ms, "counts": rows}
    return found


ROW = "{:<11}{:>12} {:>11} {:>11}  {:<22}{:>9}"


def table(found):
    lines = [ROW.format("method", "records", "a record", "CPU", "over a million", "memory"), "-" * 80]
    for method, of in found.items():
        for row in of["counts"]:
            if "left_out" in row:
                lines.append(f"{method:<11}{row['count']:>12,} {row['left_out']}")
                continue
            lines.append(
                ROW.format(
                    method,
                    f"{row['count']:,}",
                    nanoseconds(row["ns_per_record"]),
                    nanoseconds(row["cpu_ns_per_record"]),
                    rounds.in_words(row["over_base"]),
                    units.megabytes(row["growth_bytes"]),
                )
            )
        lines.append(
            f"  A write of one record takes {units.duration(of['fixed_ms'])}, "
            f"{nanoseconds(of['fixed_ms'] * 1e6 / 10**4)} for each of 10,000."
        )
    return lines + rounds.under_rule(
        "over a million: the cost of a record over that of one of a million in the same minute, whose bytes are fewer: a record "
        "of a hundred million has 1.13 times as many. memory: how far the process grew during the write, from just after its "
        "start."
    )


def nanoseconds(value):
    return f"{value:,.0f} ns" if value >= 9.95 else f"{value:.1f} ns"
