"""The measurement: /hello asked by wrk while a write runs, and not much longer.

The wrk run begins HEAD_S before the first write and ends TAIL_S after the last, so that its percentiles
are about the write. One write fills the window when it takes long enough; short ones are repeated back
to back until WINDOW_S have passed. Only the first is verified: reading the file back is not writing.
"""

import statistics
import time

import wrk
from failure import Failure
from service import Client

WINDOW_S = 3.0
HEAD_S = 0.1   # wrk's connections must stand before the loop may stop
TAIL_S = 0.1   # and the answers that waited for the loop must reach it


def idle(url, load):
    """Asks /hello while nothing is written; returns hello.lua's figures."""
    with wrk.Run(load, url) as run:
        time.sleep(HEAD_S + WINDOW_S)
        return usable(run.stop())


def during_write(url, load, method, count, progress=lambda run: None):
    """Asks /hello while `method` writes; returns (hello.lua's figures, the write reports in order).

    progress(n) is called before the n-th write.
    """
    reports = []
    with Client(url) as client, wrk.Run(load, url) as run:
        time.sleep(HEAD_S)
        started = time.monotonic()
        while not reports or time.monotonic() - started < WINDOW_S:
            progress(len(reports) + 1)
            reports.append(client.write(method, count, verify=not reports))
        time.sleep(TAIL_S)
        return usable(run.stop()), reports


def usable(hello):
    if hello["p50_us"] is None:
        raise Failure("wrk got no answer from /hello: " + ", ".join(
            f"{number} {cause} errors" for cause, number in hello["errors"].items()) + ".")
    return hello


def summary(reports):
    """One row's figures out of the reports of its runs: median time, highest memory, verified content."""
    def figures(part, name):
        return [report[part][name] for report in reports
                if report.get(part) and report[part].get(name) is not None]

    def highest(part, name):
        return max(figures(part, name), default=None)

    def median(part, name):
        values = figures(part, name)
        return statistics.median(values) if values else None

    first = reports[0]
    content = first.get("content") or {}
    return {
        "runs": len(reports),
        "io": first.get("io"),
        "count": first.get("count"),
        "bytes": first.get("bytes"),
        "time_ms": median("timing_ms", "completed"),
        "queued_ms": median("timing_ms", "queued"),
        "peak_bytes": highest("memory", "rss_peak_bytes"),
        "pending_peak_bytes": highest("memory", "pending_peak_bytes"),
        "write_calls": (first.get("syscalls") or {}).get("write"),
        "drains": (first.get("backpressure") or {}).get("drains"),
        "longest_stall_ms": highest("loop", "longest_stall_ms"),
        "complete": content.get("complete"),
        "in_order": content.get("in_order"),
        "out_of_order_records": content.get("out_of_order_records"),
    }
