"""Writes by one method for a while, one write after the other, and remembers when each was under way."""

import time

from loopscope_load.client import Client

PAUSE_SHARE = 0.5  # of the write's time: the requests that it held up have been answered when the next begins
PAUSE_MIN_S = 0.005


class Write:
    """One write: when it was under way, as its client saw it, and the server's report."""

    def __init__(self, started_unix_ms, ended_unix_ms, report):
        self.started_unix_ms = started_unix_ms
        self.ended_unix_ms = ended_unix_ms
        self.report = report


def write_for(url, method, count, window_s, progress=lambda number: None, pauses=True):
    """Writes until window_s have passed, at least once; returns the Writes in order.

    Short writes are repeated so that there are enough /hello to speak of; only the first is verified: reading
    the file back is not writing. progress(n) is called before the n-th.
    """
    writes = []
    with Client(url) as client:
        begun = time.monotonic()
        while not writes or time.monotonic() - begun < window_s:
            progress(len(writes) + 1)
            started = time.time() * 1000
            report = client.write(method, count, verify=not writes)
            # Reading back comes after the write; the client waits for it, but the write was over before.
            ended = started + report["timing_ms"]["completed"] if not writes else time.time() * 1000
            writes.append(Write(started, ended, report))
            if pauses:
                time.sleep(max(PAUSE_MIN_S, PAUSE_SHARE * report["timing_ms"]["completed"] / 1000))
    return writes


def summary(reports):
    """One measurement's figures out of the reports of its writes: median time, highest memory, verified content."""
    first = reports[0]
    content = first.get("content") or {}
    return {
        "writes": len(reports),
        "io": first.get("io"),
        "bytes": first.get("bytes"),
        "time_ms": median(figures(reports, "timing_ms", "completed")),
        "queued_ms": median(figures(reports, "timing_ms", "queued")),
        "peak_bytes": max(figures(reports, "memory", "rss_peak_bytes"), default=None),
        "pending_peak_bytes": max(figures(reports, "memory", "pending_peak_bytes"), default=None),
        "cpu_share": median([share for share in map(cpu_share, reports) if share is not None]),
        "write_calls": (first.get("syscalls") or {}).get("write"),
        "drains": (first.get("backpressure") or {}).get("drains"),
        "stalls": sum(stalls) if (stalls := figures(reports, "loop", "stalls")) else None,
        "longest_stall_ms": max(figures(reports, "loop", "longest_stall_ms"), default=None),
        "lag_max_us": max(figures(reports, "loop", "lag_max_us"), default=None),
        "dirty_bytes": (first.get("page_cache") or {}).get("dirty_bytes"),
        "complete": content.get("complete"),
        "in_order": content.get("in_order"),
        "out_of_order_records": content.get("out_of_order_records"),
    }


def figures(reports, part, name):
    return [report[part][name] for report in reports if report.get(part) and report[part].get(name) is not None]


def cpu_share(report):
    """CPU time of the whole process over the write's time: 1 is one core."""
    cpu = report.get("cpu") or {}
    times = [cpu.get("process_user_ms"), cpu.get("process_system_ms")]
    completed_ms = report["timing_ms"]["completed"]
    return None if None in times or not completed_ms else sum(times) / completed_ms


def median(values):
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
