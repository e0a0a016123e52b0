# SPDX-License-Identifier: MIT

"""Documents of comparisons that were never made, for tests of their readers. The summaries come from the real code."""

from collections.abc import Sequence
from typing import Any

from loopscope_load import Json, claims, evidence, findings, recommendations, results, scale
from loopscope_load.statistics import Latency
from loopscope_load.verdict import summary

MACHINE = {
    "cpu": "A Processor With A Very Long Name @ 2.00GHz",
    "cores": 128,
    "kernel": "6.18.44-with-a-long-suffix",
    "file_system": "overlay",
    "load_average_1m": 0.1,
    "commit": "0123456789abcdef",
    "uncommitted_changes": True,
}

COUNTS = [10**power for power in range(1, 7)]  # of records in the points of a scale


def latency(
    p50_us: float | None, p99_us: float | None, max_us: float | None, requests: int = 2000, unanswered: int = 0
) -> Latency:
    return {
        "requests": requests,
        "unanswered": unanswered,
        "p50_us": p50_us,
        "p90_us": p99_us,
        "p99_us": p99_us,
        "p99_9_us": max_us if requests >= 1000 else None,
        "max_us": max_us,
    }


IDLE = latency(100, 300, 4_000)


def write(**figures: Any) -> Json:
    return {
        "writes": 1,
        "io": "threads",
        "io_reason": "asked for",
        "bytes": 7_888_890,
        "time_ms": 1000.0,
        "queued_ms": 1000.0,
        "peak_bytes": 9_400_000,
        "start_bytes": 9_000_000,
        "growth_bytes": 400_000,
        "pending_peak_bytes": 8,
        "cpu_share": 0.9,
        "write_calls": 1_000_000,
        "drains": None,
        "stalls": None,
        "stalled_writes": None,
        "longest_stall_ms": None,
        "lag_max_us": None,
        "dirty_bytes": 7_888_896,
        "complete": True,
        "in_order": True,
        "out_of_order_records": 0,
        **figures,
    }


def repeat(hello: Latency | None = None, idle: Latency | None = None, **figures: Any) -> Json:
    """One measurement. `figures` are those of its write."""
    hello = hello or latency(100, 300, 5_000)
    curve = {"x": [1.0, 10.0, 2000], "us": [50, hello["p50_us"], hello["max_us"]]}
    return {
        "started_unix_ms": 1_795_275_892_943.5,
        "idle": idle or IDLE,
        "during": hello,
        "probe": {"requests": {}, "lateness_us": None, "probe_was_bottleneck": False, "connections": {}},
        "write": write(**figures),
        "windows_ms": [[2000.0, 3000.0]],
        "stalls": [
            {
                "started_ms": 2000.0,
                "duration_ms": 990.0,
                "verdict": "on_cpu",
                "culprit": None,
                "request": None,
                "sentence": "</script><b>not markup</b>",
                "delayed_requests": {"count": 1, "max_ms": 1.0},
            }
        ],
        "samples": {
            "at_ms": [0, 1000, 2000, 3000],
            "resident_bytes": [1, 2, 3, 4],
            "cpu_share": [None, 0.1, 1.0, 0.1],
            "lag_max_us": [None, 100, 990_000, 100],
            "cached_bytes": [0, 0, 2, 2],
            "dirty_bytes": [0, 0, 1, 2],
            "writeback_bytes": [0, 0, 1, 0],
        },
        "points": {"answered": 4, "at_ms": [0, 1000, 2000, 3000], "latency_us": [90, 100, 990_000, 80]},
        "open_loop_curve": curve,
        "wrk": {
            "requests": 100,
            "p50_us": 90,
            "p99_us": 100,
            "max_us": 990_000,
            "raw_curve": curve,
            "corrected_curve": None,
            "errors": {"timeout": 0},
            "load": {},
            "write": write(**figures),
        },
    }


def entry(
    method: str = "sync",
    repeats: Sequence[Json] = (),
    system: str = "loopscope",
    count: int = 1_000_000,
    cut_from: int | None = None,
) -> Json:
    repeats = list(repeats) or [repeat()]
    return {
        **results.new_entry(system, method, count),
        "cut_from": cut_from,
        "outcome": "measured",
        "repeats": repeats,
        "summary": summary(repeats, count),
    }


def failed(method: str, reason: str) -> Json:
    return {**results.new_entry("loopscope", method, 1_000_000), "outcome": "failed", "reason": reason}


def document(entries: Sequence[Json], points: Sequence[Json] = (), found: Json | None = None, **settings: Any) -> Json:
    """`points` are those of further counts; `found`: the evidence of evidence.measure()."""
    made: Json = {
        "schema": results.SCHEMA,
        "started": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T00:01:00+00:00",
        "machine": dict(MACHINE),
        "settings": {
            "count": 1_000_000,
            "methods": [each["method"] for each in entries],
            "repeats": 1,
            "quick": False,
            "rate_per_s": 1000,
            "io": "threads",
            "peer": None,
            "idle_s": 3.0,
            "window_s": 3.0,
            "scale": [],
            **settings,
        },
        "systems": {system: {"version": "1"} for system in {"loopscope"} | {each["system"] for each in entries}},
        "entries": list(entries),
    }
    made["evidence"] = found or evidence.empty()
    made["scale"] = results.all_points(entries, points)
    made["recommendations"] = recommendations.document_part(made["scale"])
    made["claims"] = claims.rows(made)
    made["finding"] = findings.sentences(made)
    made["caveats"] = findings.caveats(made)
    return made


def point(count: int, method: str = "stream", **figures: Any) -> Json:
    """A point at which nothing is wrong, but for `figures`."""
    return scale.new_point(
        figures.pop("system", "loopscope"),
        method,
        count,
        figures.pop("outcome", "measured"),
        figures.pop("reason", None),
        **{
            "writes": 9,
            "time_ms": 0.1 + count * 1.6e-5,
            "cpu_share": 0.9,
            "peak_bytes": 12_000_000,
            "growth_bytes": 600_000,
            "stalled_writes": 0,
            "longest_stall_ms": None,
            "lag_max_us": None,
            "hello_requests": 200,
            "hello_unanswered": 0,
            "hello_p99_us": 900.0,
            "hello_max_us": 2000.0,
            "idle_p99_us": 400.0,
            "probe_late": False,
            "complete": True,
            "in_order": True,
            **figures,
        },
    )


def of(method: str, *changed: Json, system: str = "loopscope") -> list[Json]:
    """The points of a method at all COUNTS; those in `changed` replace them, and may be at further counts."""
    whole = [point(count, method, system=system) for count in COUNTS]
    by_count = {each["count"]: each for each in [*whole, *changed]}
    return list(by_count.values())


def blocked(count: int, method: str = "sync", **figures: Any) -> Json:
    time_ms = count / 1000
    stalled: Json = {
        "time_ms": time_ms,
        "stalled_writes": 9,
        "longest_stall_ms": time_ms,
        "hello_p99_us": time_ms * 1000,
    }
    return point(count, method, **{**stalled, **figures})
