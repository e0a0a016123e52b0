# SPDX-License-Identifier: MIT

"""Whether concurrent streams share fairly: eight to the same file, started at the same moment."""

import concurrent.futures
import dataclasses
import threading
import time
from collections.abc import Sequence

from loopscope_load import Json, statistics, units
from loopscope_load.statistics import Spread
from loopscope_load.terminal import Progress
from loopscope_load.writes import Client
from parts import rounds

STREAMS = 8


@dataclasses.dataclass(frozen=True)
class StreamRound:
    mean_ms: float
    slowest_ms: float
    slowest_over_mean: float
    fastest_over_mean: float
    slowest_over_one_by_one: float


@dataclasses.dataclass(frozen=True)
class LoopFigures:
    rounds: list[StreamRound]
    all_complete: bool  # every file was complete and in order, read back in a round of its own

    def spread(self, name: str) -> Spread | None:
        return statistics.spread(getattr(one, name) for one in self.rounds)


def write_together(url: str, count: int, verify: bool = False) -> list[tuple[float, Json]]:
    """The duration in milliseconds, as its client saw it, and the report of each stream."""
    begin = threading.Barrier(STREAMS)

    def one(_: int) -> tuple[float, Json]:
        with Client(url) as client:
            client.check_hello()  # opens the connection
            begin.wait()
            begun = time.monotonic()
            report = client.write("stream", count, verify)
            return (time.monotonic() - begun) * 1000, report

    with concurrent.futures.ThreadPoolExecutor(STREAMS) as clients:
        return list(clients.map(one, range(STREAMS)))


def figures(durations_ms: Sequence[float], alone_ms: float) -> StreamRound:
    mean_ms = sum(durations_ms) / len(durations_ms)
    return StreamRound(
        mean_ms=mean_ms,
        slowest_ms=max(durations_ms),
        slowest_over_mean=max(durations_ms) / mean_ms,
        fastest_over_mean=min(durations_ms) / mean_ms,
        slowest_over_one_by_one=max(durations_ms) / (len(durations_ms) * alone_ms),
    )


def one_round(url: str, count: int) -> StreamRound:
    with Client(url) as client:
        begun = time.monotonic()
        client.write("stream", count, verify=False)
        alone_ms = (time.monotonic() - begun) * 1000
    return figures([duration_ms for duration_ms, _ in write_together(url, count)], alone_ms)


def measure(number_of_rounds: int, count: int, progress: Progress) -> dict[int, LoopFigures]:
    """The figures by the number of loops."""
    found = {}
    for loops in (1, 2):
        with rounds.loopscope("--io-threads", str(loops)) as server:
            with progress.step(f"{STREAMS} streams at once, {units.count(loops, 'loop')}"):
                each = [one_round(server.url, count) for _ in range(number_of_rounds)]
                contents = [report["content"] for _, report in write_together(server.url, count, verify=True)]
        found[loops] = LoopFigures(each, all(one["complete"] and one["in_order"] for one in contents))
    return found


COLUMNS = "{:<8}{:>9}{:>9}  {:<22}{:<22}{:>8}"


def table(found: dict[int, LoopFigures]) -> list[str]:
    lines = [COLUMNS.format("", "mean", "slowest", "slowest over mean", "over one by one", "complete"), "-" * 80]
    for loops, of_loops in found.items():
        lines.append(
            COLUMNS.format(
                units.count(loops, "loop"),
                units.duration(statistics.median(one.mean_ms for one in of_loops.rounds)),
                units.duration(statistics.median(one.slowest_ms for one in of_loops.rounds)),
                rounds.in_words(of_loops.spread("slowest_over_mean")),
                rounds.in_words(of_loops.spread("slowest_over_one_by_one")),
                "all" if of_loops.all_complete else "NOT ALL",
            )
        )
    return lines + rounds.footer(f"{STREAMS} streams to the same stream.txt, started at the same moment.")
