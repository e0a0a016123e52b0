# SPDX-License-Identifier: MIT

"""Who waits for a blocked loop of two: many keep-alive connections, each sending /hello steadily, during a sync write."""

import dataclasses
import time
from collections.abc import Iterable, Sequence

from loopscope_load import statistics, units
from loopscope_load.statistics import Latency
from loopscope_load.terminal import Progress
from loopscope_load.writes import Client
from parts import rounds
from parts.steady_clients import Response, SteadyClients

CONNECTIONS = 64
RATE_PER_S = 1000
SETTLE_S = 0.5
IDLE_S = 2.0
TAIL_S = 0.5  # the requests that waited for the loop have a response by then
DELAYED_SHARE = 0.5  # of the write's time: a connection is delayed when one of its requests waited for that long

Interval = tuple[float, float]  # start and end, in seconds


@dataclasses.dataclass(frozen=True)
class WriteFigures:
    write_ms: float
    connections_delayed_share: float
    requests_delayed_share: float | None
    idle: Latency
    delayed: Latency
    others: Latency


@dataclasses.dataclass(frozen=True)
class BlockedRound:
    figures: WriteFigures
    loops_that_stalled: int


def one_round(count: int) -> BlockedRound:
    """One write on a fresh server."""
    with rounds.loopscope("--io-threads", "2") as server, Client(server.url) as client:
        assert server.admin_url
        with SteadyClients(server.url, CONNECTIONS, RATE_PER_S) as clients:
            time.sleep(SETTLE_S)
            begun = time.monotonic()
            time.sleep(IDLE_S)
            idle_end = time.monotonic()
            client.write("sync", count, verify=False)
            write_end = time.monotonic()
            time.sleep(TAIL_S)
        with Client(server.admin_url) as admin:
            stalled = {stall["loop"] for stall in admin.json("/stalls")["stalls"]}
    return BlockedRound(figures(clients.responses, (begun, idle_end), (idle_end, write_end)), len(stalled))


def figures(responses: Sequence[Sequence[Response]], idle_s: Interval, write_s: Interval) -> WriteFigures:
    """The requests of each connection that were due while nothing was written, and during the write."""
    write_us = (write_s[1] - write_s[0]) * 1e6
    during = [within(each, write_s) for each in responses]
    is_delayed = [max(each, default=0) >= DELAYED_SHARE * write_us for each in during]
    delayed = [us for each, waited in zip(during, is_delayed) if waited for us in each]
    others = [us for each, waited in zip(during, is_delayed) if not waited for us in each]
    due = len(delayed) + len(others)
    return WriteFigures(
        write_ms=write_us / 1000,
        connections_delayed_share=sum(is_delayed) / len(responses),
        requests_delayed_share=len(delayed) / due if due else None,
        idle=statistics.latency(us for each in responses for us in within(each, idle_s)),
        delayed=statistics.latency(delayed),
        others=statistics.latency(others),
    )


def within(responses: Iterable[Response], interval_s: Interval) -> list[float]:
    return [response.latency_us for response in responses if interval_s[0] <= response.due_s < interval_s[1]]


def measure(number_of_rounds: int, count: int, progress: Progress) -> list[BlockedRound]:
    found = []
    for number in range(number_of_rounds):
        with progress.step(f"one of two loops blocked, round {number + 1} of {number_of_rounds}"):
            found.append(one_round(count))
    return found


COLUMNS = "{:>9}{:>11}{:>12}{:>13}{:>8}{:>8}{:>11}{:>8}"


def table(found: Sequence[BlockedRound]) -> list[str]:
    lines = [COLUMNS.format("write", "delayed", "waited", "others: p50", "p99", "max", "idle: p99", "max"), "-" * 80]
    us = units.duration_of_us
    for one in found:
        of_write = one.figures
        lines.append(
            COLUMNS.format(
                units.duration(of_write.write_ms),
                units.percent(of_write.requests_delayed_share),
                us(of_write.delayed["max_us"]),
                us(of_write.others["p50_us"]),
                us(of_write.others["p99_us"]),
                us(of_write.others["max_us"]),
                us(of_write.idle["p99_us"]),
                us(of_write.idle["max_us"]),
            )
        )
    loops = sorted({one.loops_that_stalled for one in found})
    return lines + rounds.footer(
        f"{CONNECTIONS} connections, {RATE_PER_S:,} /hello a second. delayed: the share of the requests that were due during "
        "the sync write and were on the connections of its loop. The server recorded stalls of "
        f"{' or '.join(map(str, loops))} of its 2 loops."
    )
