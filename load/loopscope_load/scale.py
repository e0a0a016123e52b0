# SPDX-License-Identifier: MIT

"""Measures each method from ten records upwards: time, memory, the longest stall of the loop, and /hello.

One server and one probe serve all counts of a method: /hello idle first, then the writes of each count, one directly after
the other until a window is full. Like this even a write of ten records has /hello due meanwhile.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence

from loopscope_load import Json, statistics, units, writes
from loopscope_load.probe import ProbeRun, Requests
from loopscope_load.servers import ServerProcess, System, running
from loopscope_load.terminal import Failure, Refused

SETTLE_S = 0.3  # the probe's connections are open by then
QUIET_S = 0.1  # before the first write, which would delay the last of the idle requests
GAP_S = 0.05  # after each count, and GAP_SHARE of its last write's time: the requests that it delayed have a response by then
GAP_SHARE = 0.2
TAIL_S = 0.3  # new requests are due while those that waited get their responses
WRITE_MAX_S = 60  # a write that would take longer is left out
GROWTH_MAX_BYTES = 1_000_000_000  # a write that would need more memory is left out

FIGURES = (
    "writes",
    "time_ms",
    "cpu_share",
    "peak_bytes",
    "growth_bytes",
    "stalled_writes",
    "longest_stall_ms",
    "lag_max_us",
    "hello_requests",
    "hello_unanswered",
    "hello_p99_us",
    "hello_max_us",
    "idle_p99_us",
    "probe_late",
    "complete",
    "in_order",
)

Show = Callable[[str], object]  # shows what is going on


@dataclasses.dataclass(frozen=True, kw_only=True)
class Extent:
    """The counts, and for how long /hello is sent idle and during the writes of each count."""

    counts: Sequence[int]
    idle_s: float
    window_s: float


SHORT = Extent(counts=tuple(10**power for power in range(1, 6)), idle_s=0.4, window_s=0.2)
FULL = Extent(counts=tuple(10**power for power in range(1, 8)), idle_s=1.0, window_s=1.0)


def new_point(system: str, method: str, count: int, outcome: str, reason: str | None = None, **figures: object) -> Json:
    """A point of results.schema.json. A figure that is not given is None: not measured."""
    point = {"system": system, "method": method, "count": count, "outcome": outcome, "reason": reason}
    return {**point, **dict.fromkeys(FIGURES), **figures}


def measure(
    system: System,
    method: str,
    counts: Sequence[int],
    extent: Extent,
    probe: str,
    rate_per_s: int,
    data_dir: str,
    show: Show,
) -> list[Json]:
    """The points of one method, one for each count, whatever happens to the server."""
    found: list[tuple[Json, list[writes.Write]]] = []
    try:
        with running(system.command(data_dir)) as server, ProbeRun(probe, server.url, rate_per_s) as run:
            show("idle")
            time.sleep(SETTLE_S + extent.idle_s + QUIET_S)
            found.extend(write_each(server, system.name, method, counts, extent.window_s, show))
            time.sleep(TAIL_S)
            report, requests = run.stop()
    except Failure as failure:
        if not found:
            return [new_point(system.name, method, count, "failed", str(failure)) for count in counts]
        for point, done in found:
            point["reason"] = f"/hello was not measured: {failure}" if done else point["reason"]
    else:
        add_hello(found, requests, report["started_unix_ms"], report["probe_was_bottleneck"])
    return [point for point, _ in found]


def write_each(
    server: ServerProcess, system: str, method: str, counts: Sequence[int], window_s: float, show: Show
) -> Iterator[tuple[Json, list[writes.Write]]]:
    """The point of each count without its /hello, and its writes."""
    before: Json | None = None  # the last point that was measured
    start_bytes: float | None = None
    failed_at: int | None = None
    for count in counts:
        reason = too_much(before, count)
        if failed_at is not None:
            yield new_point(system, method, count, "left_out", f"It failed at {units.count(failed_at)} records."), []
            continue
        if reason:
            yield new_point(system, method, count, "left_out", reason), []
            continue
        show(units.count(count, "record"))
        try:
            done = writes.write_for(server.url, method, count, window_s, pauses=False)
        except Refused as refused:
            yield new_point(system, method, count, "refused", str(refused)), []
            continue
        except Failure as failure:
            words = server.last_words() if server.has_ended() else ""
            failed_at = count
            yield new_point(system, method, count, "failed", f"{failure}{words}"), []
            continue
        summed_up = writes.summary([write.report for write in done])
        if before is None:
            start_bytes = summed_up["start_bytes"]
        figures = {name: summed_up[name] for name in FIGURES if name in summed_up}
        # The counts rise, so the growth since the first write is that of this count.
        if start_bytes is not None and summed_up["peak_bytes"] is not None:
            figures["growth_bytes"] = max(0, summed_up["peak_bytes"] - start_bytes)
        before = new_point(system, method, count, "measured", **figures)
        yield before, done
        time.sleep(GAP_S + GAP_SHARE * done[-1].report["timing_ms"]["completed"] / 1000)


def too_much(before: Json | None, count: int) -> str | None:
    """Why a write of that many records is left out, judged by the point before; None when it is not."""
    if before is None:
        return None
    times = count / before["count"]
    by = f"By its cost at {units.count(before['count'])} records"
    if before["time_ms"] * times > WRITE_MAX_S * 1000:
        return f"{by} it would take {units.duration(before['time_ms'] * times)}; the limit is {WRITE_MAX_S} s."
    if before["growth_bytes"] is not None and before["growth_bytes"] * times > GROWTH_MAX_BYTES:
        would_need = units.megabytes(before["growth_bytes"] * times)
        return f"{by} it would need {would_need} of memory; the limit is {units.megabytes(GROWTH_MAX_BYTES)}."
    return None


def add_hello(
    found: Sequence[tuple[Json, Sequence[writes.Write]]], requests: Requests, zero_ms: float, probe_late: bool
) -> None:
    """Adds the figures of /hello due during the writes of each count, and those of the idle time before all."""
    windows = [[[one.started_unix_ms - zero_ms, one.ended_unix_ms - zero_ms] for one in done] for _, done in found]
    first_ms = next((each[0][0] for each in windows if each), None)
    if first_ms is None:
        return
    idle = statistics.latency(requests.within([[SETTLE_S * 1000, first_ms - QUIET_S * 1000]]))
    for (point, done), window in zip(found, windows):
        if done:
            during = statistics.latency(requests.within(window))
            point.update(
                hello_requests=during["requests"],
                hello_unanswered=during["unanswered"],
                hello_p99_us=during["p99_us"],
                hello_max_us=during["max_us"],
                idle_p99_us=idle["p99_us"],
                probe_late=probe_late,
            )


def point_of(entry: Json) -> Json | None:
    """The point that the comparison itself has measured; None when it has no repeat of that method."""
    system, method, count = entry["system"], entry["method"], entry["count"]
    if not entry["repeats"]:
        return (
            None
            if entry["outcome"] == "interrupted"
            else new_point(system, method, count, entry["outcome"], entry["reason"])
        )
    repeats, summary = entry["repeats"], entry["summary"]
    stalled = [stalled for repeat in repeats if (stalled := repeat["write"].get("stalled_writes")) is not None]

    def median(name: str) -> float | None:
        spread: statistics.Spread | None = summary[name]
        return spread["median"] if spread else None

    return new_point(
        system,
        method,
        count,
        "measured",
        writes=summary["writes"],
        time_ms=median("time_ms"),
        cpu_share=median("cpu_share"),
        peak_bytes=median("peak_bytes"),
        growth_bytes=statistics.median(repeat["write"].get("growth_bytes") for repeat in repeats),
        stalled_writes=sum(stalled) if len(stalled) == len(repeats) else None,
        longest_stall_ms=statistics.maximum(repeat["write"]["longest_stall_ms"] for repeat in repeats),
        lag_max_us=statistics.maximum(repeat["write"]["lag_max_us"] for repeat in repeats),
        hello_requests=sum(repeat["during"]["requests"] for repeat in repeats),
        hello_unanswered=summary["hello_unanswered"],
        hello_p99_us=median("hello_p99_us"),
        hello_max_us=median("hello_max_us"),
        idle_p99_us=median("idle_p99_us"),
        probe_late=any(repeat["probe"]["probe_was_bottleneck"] for repeat in repeats),
        complete=summary["complete"],
        in_order=summary["in_order"],
    )


def in_short(points: Sequence[Json]) -> str:
    """One line about the points of a method, for progress."""
    last = next((point for point in reversed(points) if point["outcome"] == "measured"), None)
    if last is None:
        return f"not measured: {points[0]['reason']}" if points else "nothing to measure"
    stalled = "not known" if last["stalled_writes"] is None else units.count(last["stalled_writes"])
    return (
        f"{units.count(last['count'], 'record')} in {units.duration(last['time_ms'])}, "
        f"{stalled} of {units.count(last['writes'], 'write')} stalled the loop"
    )
