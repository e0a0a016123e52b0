"""The cost of a record and the memory of a write, from ten thousand records to a hundred million.

The cost at each count is compared with the cost at a million in the same minute: the two are measured in turns, each by a
fresh server. The cost of a write of one record is measured as well: it is the part that does not depend on the count.
"""

import dataclasses
import time
from collections.abc import Sequence

from loopscope_load import Json, statistics, units
from loopscope_load.statistics import Spread
from loopscope_load.terminal import Progress
from loopscope_load.writes import Client
from parts import rounds

METHODS = ("sync", "stream", "partition", "offload", "promise")
COUNTS = (10**4, 10**5, 10**6, 10**7, 10**8)
QUICK_COUNTS = (10**4, 10**5, 10**6)
BASE_COUNT = 10**6
PAIRS_MAX = 5
PAIRS_S = 6  # after which no further pair begins
WRITE_MAX_S = 300  # a write that would take longer is left out
SHORT_S = 0.2  # short writes are repeated for that long


@dataclasses.dataclass(frozen=True)
class Cost:
    """The medians of the writes by one fresh server, and how far its memory rose above its level before the first."""

    ms: float
    cpu_ms: float
    growth_bytes: int | None


@dataclasses.dataclass(frozen=True)
class CountFigures:
    count: int
    ns_per_record: float
    cpu_ns_per_record: float
    over_base: Spread | None
    growth_bytes: int | None
    pairs: int


@dataclasses.dataclass(frozen=True)
class LeftOut:
    count: int
    left_out: str


@dataclasses.dataclass(frozen=True)
class MethodFigures:
    fixed_ms: float  # of a write of one record
    counts: list[CountFigures | LeftOut]


def one_cost(method: str, count: int) -> Cost:
    reports: list[Json] = []
    with rounds.loopscope() as server, Client(server.url) as client:
        begun = time.monotonic()
        while not reports or time.monotonic() - begun < SHORT_S:
            reports.append(client.write(method, count, verify=False))
    peaks = [report["memory"]["rss_peak_bytes"] for report in reports]
    before = reports[0]["memory"]["rss_before_bytes"]
    cpu_ms = [report["cpu"]["process_user_ms"] + report["cpu"]["process_system_ms"] for report in reports]
    return Cost(
        ms=statistics.median(report["timing_ms"]["completed"] for report in reports) or 0.0,
        cpu_ms=statistics.median(cpu_ms) or 0.0,
        growth_bytes=None if None in (*peaks, before) else max(peaks) - before,
    )


def at_count(method: str, count: int) -> CountFigures:
    """The figures of one method at one count."""
    costs: list[Cost] = []
    base: list[Cost] = []
    begun = time.monotonic()
    while not costs or (len(costs) < PAIRS_MAX and time.monotonic() - begun < PAIRS_S):
        costs.append(one_cost(method, count))
        base.append(costs[-1] if count == BASE_COUNT else one_cost(method, BASE_COUNT))
    return summary(count, costs, base)


def summary(count: int, costs: Sequence[Cost], base: Sequence[Cost]) -> CountFigures:
    growths = [growth for cost in costs if (growth := cost.growth_bytes) is not None]
    return CountFigures(
        count=count,
        ns_per_record=(statistics.median(cost.ms for cost in costs) or 0.0) * 1e6 / count,
        cpu_ns_per_record=(statistics.median(cost.cpu_ms for cost in costs) or 0.0) * 1e6 / count,
        over_base=statistics.spread(
            one.ms / count / (other.ms / BASE_COUNT) for one, other in zip(costs, base) if other.ms
        ),
        growth_bytes=max(growths) if len(growths) == len(costs) else None,
        pairs=len(costs),
    )


def measure(methods: Sequence[str], counts: Sequence[int], progress: Progress) -> dict[str, MethodFigures]:
    found = {}
    for method in methods:
        with progress.step(f"{method}: one record"):
            fixed_ms = one_cost(method, 1).ms
        rows: list[CountFigures | LeftOut] = []
        ns_per_record = 0.0
        for count in counts:
            if count * ns_per_record / 1e9 > WRITE_MAX_S:
                rows.append(LeftOut(count, f"would take {units.duration(count * ns_per_record / 1e6)}"))
                continue
            with progress.step(f"{method}: {units.count(count, 'record')}"):
                figures = at_count(method, count)
            rows.append(figures)
            ns_per_record = figures.ns_per_record
            progress.say(f"{method}: {units.count(count, 'record')}: {nanoseconds(ns_per_record)} each")
        found[method] = MethodFigures(fixed_ms, rows)
    return found


COLUMNS = "{:<11}{:>12} {:>11} {:>11}  {:<22}{:>9}"


def table(found: dict[str, MethodFigures]) -> list[str]:
    lines = [COLUMNS.format("method", "records", "a record", "CPU", "over a million", "memory"), "-" * 80]
    for method, figures in found.items():
        for row in figures.counts:
            if isinstance(row, LeftOut):
                lines.append(f"{method:<11}{row.count:>12,} {row.left_out}")
                continue
            lines.append(
                COLUMNS.format(
                    method,
                    f"{row.count:,}",
                    nanoseconds(row.ns_per_record),
                    nanoseconds(row.cpu_ns_per_record),
                    rounds.in_words(row.over_base),
                    units.megabytes(row.growth_bytes),
                )
            )
        lines.append(
            f"  A write of one record takes {units.duration(figures.fixed_ms)}, "
            f"{nanoseconds(figures.fixed_ms * 1e6 / 10**4)} for each of 10,000."
        )
    return lines + rounds.footer(
        "over a million: the cost of a record over the cost of a record of a million in the same minute. Later records have "
        "more digits: a record of a hundred million has 1.13 times as many bytes. memory: the growth of the process during "
        "the write, from just after its start."
    )


def nanoseconds(value: float) -> str:
    return f"{value:,.0f} ns" if value >= 9.95 else f"{value:.1f} ns"
