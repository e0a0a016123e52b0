# SPDX-License-Identifier: MIT

"""Measures methods on systems, repeat by repeat: /hello on a schedule, first idle and then during writes; then wrk.

The repeats take turns: one of each method, then the next, so that a drift of the machine affects all methods alike.
Whatever was measured is kept when something fails.
"""

import dataclasses
import datetime
import math
import tempfile
import time
from collections.abc import Callable, Sequence

from loopscope_load import Json, claims, evidence, scale, statistics, units, writes, wrk
from loopscope_load.probe import ProbeRun, Requests
from loopscope_load.results import Results
from loopscope_load.servers import System, running
from loopscope_load.terminal import Failure, Progress, Refused
from loopscope_load.watch import EventWatch, ProcessWatch, Sample

SETTLE_S = 0.3  # the probe's connections are open by then
QUIET_S = 0.3  # before the first write, which would delay the last of the idle requests
TAIL_S = 0.5  # new requests are due while those that waited get their responses
POINTS_MAX = 4000
PROBE_FIGURES = ("requests", "lateness_us", "probe_was_bottleneck", "bottleneck_reasons", "connections")
STALL_FIGURES = ("duration_ms", "verdict", "culprit", "request", "sentence", "delayed_requests")

# A record of promise waits for another thread, which costs 2 us on one machine and 60 in Node.js. It is the only method
# that could take minutes where the others take seconds.
TRIED_METHOD = "promise"
TRIAL_COUNT = 10_000
QUICK_WRITE_S = 90

Show = Callable[[str], object]  # shows what is going on


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What is measured and how. `quick` reduces the count of a write that would take longer than QUICK_WRITE_S."""

    probe: str
    methods: Sequence[str]
    count: int
    repeats: int
    quick: bool
    rate_per_s: int
    idle_s: float
    window_s: float
    extent: scale.Extent


def compare(systems: Sequence[System], plan: Plan, results: Results, data_dir: str, progress: Progress) -> list[str]:
    """Fills the results; returns the names of what failed."""
    failed: list[str] = []
    for number in range(1, plan.repeats + 1):
        for system in systems:
            for method in (name for name in plan.methods if name in system.methods):
                entry = results.entry(system.name, method, plan.count)
                if f"{system.name} {method}" in failed or entry["outcome"] == "refused":
                    continue
                step = title(system, method, plan, number)
                try:
                    with progress.step(step):
                        repeat = measure_repeat(system, entry, number, plan, data_dir, step, progress)
                except Refused as refused:
                    results.set_outcome(entry, "refused", str(refused))
                    progress.say(f"{step}: refused: {refused}")
                except Failure as failure:
                    results.set_outcome(entry, "failed", str(failure))
                    failed.append(f"{system.name} {method}")
                    progress.say(f"{step}: failed")
                else:
                    results.add_repeat(entry, repeat)
                    progress.say(f"{step}: {in_short(repeat)}")
    for system in systems:
        for method in (name for name in plan.methods if name in system.methods):
            failed += measure_scale(system, method, plan, results, data_dir, progress)
    # With a peer every claim is confronted, and without one those on the methods that were asked for.
    methods = plan.methods if len(systems) == 1 else claims.CLAIMS
    found = results.document["evidence"]
    evidence.measure(systems, methods, plan.count, plan.quick, found, results.conclude, data_dir, progress)
    results.finish()
    return failed


def measure_scale(
    system: System, method: str, plan: Plan, results: Results, data_dir: str, progress: Progress
) -> list[str]:
    """Adds the points of the counts that the comparison has not measured; returns the names of what failed."""
    counts = [count for count in plan.extent.counts if count != results.entry(system.name, method, plan.count)["count"]]
    name = method if system.name == "loopscope" else f"{system.name} {method}"
    step = f"{name}: {units.count(counts[0])} to {units.count(counts[-1], 'record')}"

    def show(part: str) -> None:
        progress.show(f"{step}, {part}")

    with progress.step(step):
        points = scale.measure(system, method, counts, plan.extent, plan.probe, plan.rate_per_s, data_dir, show)
    results.add_points(points)
    progress.say(f"{step}: {scale.in_short(points)}")
    return [f"{system.name} {method} at {point['count']:,}" for point in points if point["outcome"] == "failed"]


def measure_repeat(
    system: System, entry: Json, number: int, plan: Plan, data_dir: str, step: str, progress: Progress
) -> Json:
    def show(part: str) -> None:
        progress.show(f"{step}, {part}")

    method = entry["method"]
    if number == 1:
        entry["count"], entry["cut_from"] = records(system, method, plan, data_dir)
    repeat = measure_with_probe(system, method, entry["count"], plan, data_dir, show)
    repeat["wrk"] = measure_with_wrk(system, method, entry["count"], plan, data_dir, show)
    return repeat


def records(system: System, method: str, plan: Plan, data_dir: str) -> tuple[int, int | None]:
    """How many records to write, and how many were asked for if that is more."""
    if not plan.quick or method != TRIED_METHOD or plan.count <= TRIAL_COUNT:
        return plan.count, None
    with running(system.command(data_dir)) as server, writes.Client(server.url) as client:
        trial_ms = client.write(method, TRIAL_COUNT, verify=False)["timing_ms"]["completed"]
    affordable = affordable_count(trial_ms / TRIAL_COUNT)
    return (plan.count, None) if affordable >= plan.count else (affordable, plan.count)


def affordable_count(record_ms: float) -> int:
    """The number of such records that fit into QUICK_WRITE_S, as a round number and at least the trial's."""
    count = int(QUICK_WRITE_S * 1000 / record_ms)
    power_of_ten = int(10 ** (len(str(count)) - 1))
    return max(TRIAL_COUNT, count // power_of_ten * power_of_ten)


def title(system: System, method: str, plan: Plan, number: int) -> str:
    repeat = f", repeat {number} of {plan.repeats}" if plan.repeats > 1 else ""
    name = method if system.name == "loopscope" else f"{system.name} {method}"
    return f"{name}: {units.count(plan.count, 'record')}{repeat}"


def in_short(repeat: Json) -> str:
    time_ms, during_us, idle_us = repeat["write"]["time_ms"], repeat["during"]["max_us"], repeat["idle"]["max_us"]
    return (
        f"{units.duration(time_ms)}, /hello max {units.duration_of_us(during_us)} "
        f"(idle {units.duration_of_us(idle_us)})"
    )


def measure_with_probe(system: System, method: str, count: int, plan: Plan, data_dir: str, show: Show) -> Json:
    """One repeat without wrk, as results.schema.json describes it. Raises Failure or Refused.

    The samples sum the pages of the files in the folder of the writes, so each repeat has a folder of its own.
    """
    with tempfile.TemporaryDirectory(dir=data_dir) as folder, running(system.command(folder)) as server:
        watch = EventWatch(server.admin_url) if server.admin_url else ProcessWatch(server.pid, folder)
        with watch, ProbeRun(plan.probe, server.url, plan.rate_per_s) as run:
            show("idle")
            time.sleep(SETTLE_S + plan.idle_s + QUIET_S)
            done = writes.write_for(server.url, method, count, plan.window_s, lambda number: show(f"write {number}"))
            time.sleep(TAIL_S)
            report, requests = run.stop()
        stalls = stalls_of(server.admin_url) if server.admin_url else None

    zero_ms = report["started_unix_ms"]
    windows = [[write.started_unix_ms - zero_ms, write.ended_unix_ms - zero_ms] for write in done]
    reports = [write.report for write in done]
    return {
        "started_unix_ms": zero_ms,
        "idle": statistics.latency(requests.within([[SETTLE_S * 1000, windows[0][0] - QUIET_S * 1000]])),
        "during": statistics.latency(requests.within(windows)),
        "probe": {name: report.get(name) for name in PROBE_FIGURES},
        "write": {**writes.summary(reports), "io_reason": reports[0].get("io_reason")},
        "windows_ms": [[round(edge, 1) for edge in window] for window in windows],
        "stalls": stalls and [{**stall, "started_ms": round(stall["started_ms"] - zero_ms, 1)} for stall in stalls],
        "samples": columns(watch.samples, zero_ms),
        "points": points(requests),
        # As wrk has it: from the first write to the end of the last, with the pauses between them.
        "open_loop_curve": statistics.curve(requests.within([[windows[0][0], windows[-1][1]]])),
    }


def measure_with_wrk(system: System, method: str, count: int, plan: Plan, data_dir: str, show: Show) -> Json:
    load = wrk.Load.at_rate(plan.rate_per_s, wrk.timeout_s(count))
    with running(system.command(data_dir)) as server:
        figures, reports = wrk.during_write(
            server.url, load, method, count, plan.window_s, lambda number: show(f"wrk, write {number}"), pauses=True
        )
    return {**figures, "load": dataclasses.asdict(load), "write": writes.summary(reports)}


def stalls_of(admin_url: str) -> list[Json]:
    """The server's own record of its stalls, oldest first. started_ms counts from 1970."""
    with writes.Client(admin_url) as admin:
        listed = admin.json("/stalls")["stalls"]
    stalls = [
        {"started_ms": unix_ms(stall["started"]), **{name: stall[name] for name in STALL_FIGURES}} for stall in listed
    ]
    return sorted(stalls, key=lambda stall: float(stall["started_ms"]))


def unix_ms(rfc3339: str) -> float:
    return datetime.datetime.fromisoformat(rfc3339).timestamp() * 1000


def columns(samples: Sequence[Sample], zero_ms: float) -> Json:
    return {
        "at_ms": [round(sample.unix_ms - zero_ms, 1) for sample in samples],
        "resident_bytes": [sample.resident_bytes for sample in samples],
        "cpu_share": [sample.cpu_share for sample in samples],
        "lag_max_us": [sample.lag_max_us for sample in samples],
        "cached_bytes": [sample.cached_bytes for sample in samples],
        "dirty_bytes": [sample.dirty_bytes for sample in samples],
        "writeback_bytes": [sample.writeback_bytes for sample in samples],
    }


def points(requests: Requests) -> Json:
    """The points of a scatter plot: all of the slowest requests, and of the others evenly as many as fit."""
    every = [(due, latency) for due, latency in zip(requests.due_us, requests.latency_us) if latency is not None]
    kept = every
    if len(every) > POINTS_MAX:
        slowest = set(sorted(range(len(every)), key=lambda index: every[index][1])[-POINTS_MAX // 2 :])
        stride = math.ceil(len(every) / (POINTS_MAX // 2))
        kept = [point for index, point in enumerate(every) if index in slowest or index % stride == 0]
    return {
        "answered": len(every),
        "at_ms": [round(due / 1000, 1) for due, _ in kept],
        "latency_us": [round(latency, 1) for _, latency in kept],
    }
