# SPDX-License-Identifier: MIT

"""Makes a results.json document of a session that the dashboard's "download JSON" saved, so that it has the same report."""

import datetime
from collections.abc import Sequence

from loopscope_load import Json, claims, evidence, findings, recommendations, results, statistics, writes
from loopscope_load.experiment import points
from loopscope_load.probe import Requests
from loopscope_load.terminal import Failure
from loopscope_load.verdict import summary

FORMAT = "loopscope-dashboard-session"
RATE_PER_S = 20  # the page sends a /hello every 50 ms
IDLE_S = 3  # the page keeps what it measured from that long before a run
SYSTEM = "loopscope"


def is_session(document: Json) -> bool:
    return document.get("format") == FORMAT


def to_document(session: Json) -> Json:
    """The results.json document of the session. Raises Failure for a session without a run, or of another version."""
    if not session.get("results"):
        raise Failure("The session has no run: run a write on the page before the download.")
    try:
        return _document(session)
    except (KeyError, TypeError, IndexError) as error:
        raise Failure(f"The session is not in the expected form: {type(error).__name__} {error}.") from error


def _document(session: Json) -> Json:
    runs: Sequence[Json] = session["results"]  # the newest first
    methods = {run["method"] for run in runs}
    order = [method for method in claims.CLAIMS if method in methods] + sorted(methods.difference(claims.CLAIMS))
    entries = [_entry(method, [run for run in runs if run["method"] == method]) for method in order]
    machine = session["service"]["machine"]
    document: Json = {
        "schema": results.SCHEMA,
        "started": _rfc3339(min(run["from"] for run in runs)),
        "finished": session["made"],
        "machine": {
            "cpu": None,
            "cores": machine["cores"],
            "kernel": machine["kernel"],
            "file_system": None,
            "load_average_1m": None,
            "commit": None,
            "uncommitted_changes": None,
        },
        "settings": {
            "count": entries[0]["count"],
            "methods": [entry["method"] for entry in entries],
            "repeats": max(len(entry["repeats"]) for entry in entries),
            "quick": False,
            "rate_per_s": RATE_PER_S,
            "io": "auto",
            "peer": None,
            "idle_s": IDLE_S,
            "window_s": IDLE_S,
            "scale": [],
        },
        "systems": {SYSTEM: {"version": session["service"]["version"]}},
        "entries": entries,
    }
    document["evidence"] = evidence.empty()
    document["scale"] = results.all_points(entries, [])
    document["recommendations"] = recommendations.document_part(document["scale"])
    document["claims"] = claims.rows(document)
    document["finding"] = findings.sentences(document)
    document["caveats"] = [
        "A browser measured this through the dashboard. Its own delays are in every latency.",
        f"The page sends {RATE_PER_S} /hello a second and counts each from the time when it was due. A short write has few.",
        "The memory is that of a process that had made earlier writes.",
        "A write is done when the kernel has every record: in the page cache, not on the disk.",
        "n/a: not measured. p99.9 needs at least 1,000 requests.",
    ]
    return document


def _entry(method: str, runs: Sequence[Json]) -> Json:
    """The newest run decides on the count: runs of other counts are not repeats of it."""
    count = runs[0]["count"]
    repeats = [_repeat(run) for run in reversed(runs) if run["count"] == count]
    return {
        **results.new_entry(SYSTEM, method, count),
        "outcome": "measured",
        "repeats": repeats,
        "summary": summary(repeats, count),
    }


def _repeat(run: Json) -> Json:
    evidence, report = run["evidence"], run["report"]
    zero_ms = evidence["started_unix_ms"]
    windows = [[window["from"] - zero_ms, window["to"] - zero_ms] for window in run["windows"]]
    requests = _requests(evidence)
    return {
        "started_unix_ms": zero_ms,
        "idle": statistics.latency(requests.within([[0, windows[0][0]]])),
        "during": statistics.latency(requests.within(windows)),
        "probe": {
            "requests": {"scheduled": len(requests.due_us)},
            "lateness_us": None,
            "probe_was_bottleneck": None,
            "connections": None,
        },
        "write": {
            "writes": run["runs"],
            "io": run["io"],
            "io_reason": report["io_reason"],
            "bytes": report["bytes"],
            "time_ms": run["time_ms"],
            "queued_ms": report["timing_ms"]["queued"],
            "peak_bytes": run["peak_bytes"],
            "pending_peak_bytes": report["memory"]["pending_peak_bytes"],
            "cpu_share": writes.cpu_share(report),
            "write_calls": report["syscalls"]["write"],
            "drains": run["drains"],
            "stalls": run["stalls"],
            "longest_stall_ms": run["longest_stall_ms"],
            "lag_max_us": report["loop"]["lag_max_us"],
            "dirty_bytes": report["page_cache"]["dirty_bytes"],
            "complete": run["complete"],
            "in_order": run["in_order"],
            "out_of_order_records": run["out_of_order_records"],
        },
        "windows_ms": windows,
        "stalls": [
            {
                **{name: stall[name] for name in ("started_ms", "duration_ms", "verdict", "culprit", "request")},
                "sentence": stall.get("sentence"),
                "delayed_requests": stall.get("delayed_requests"),
            }
            for stall in evidence["stalls"]
        ],
        "samples": evidence["samples"],
        "points": points(requests),
        "open_loop_curve": statistics.curve(requests.within([[windows[0][0], windows[-1][1]]])),
        "wrk": None,
    }


def _requests(evidence: Json) -> Requests:
    """The page's requests with and without a response, in the order of their due times."""
    due_ms: list[float] = evidence["due_ms"] + evidence["unanswered_due_ms"]
    latency_ms: list[float | None] = evidence["took_ms"] + [None] * len(evidence["unanswered_due_ms"])
    ordered = sorted(zip(due_ms, latency_ms), key=lambda request: request[0])
    return Requests(
        [due * 1000 for due, _ in ordered], [None if latency is None else latency * 1000 for _, latency in ordered]
    )


def _rfc3339(unix_ms: float) -> str:
    return datetime.datetime.fromtimestamp(unix_ms / 1000, datetime.timezone.utc).isoformat(timespec="seconds")
