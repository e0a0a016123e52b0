# SPDX-License-Identifier: MIT

"""The gain of a second loop: requests a second of --io-threads 2 over 1, on two cores that wrk shares.

wrk needs CPU time too. Where a request costs wrk as much as the server, one loop and wrk fill both cores, and nothing is
left for a second loop. The table therefore also shows what two loops would have served if a request had cost server and
wrk the same as with one loop, and both cores had always been busy.
"""

import dataclasses

from loopscope_load import statistics, units
from loopscope_load.statistics import Spread
from loopscope_load.terminal import Progress
from parts import rounds
from parts.rounds import Load, Round

CORES = 2
MANY_FIELDS = tuple(f"X-Field-{number}: {'value ' * 8}{number}" for number in range(80))
LOADS = {
    "/hello": Load(),
    "/hello x 16": Load(pipelined=16),
    "/hello x 16, 80 fields": Load(fields=MANY_FIELDS, pipelined=16, connections=16),
    "sync write of 5,000": Load(target="/write?method=sync&count=5000", connections=32),
}
MANY_WRITES = ("--max-writes", "1000")


@dataclasses.dataclass(frozen=True)
class LoadFigures:
    one_loop: dict[str, Spread | None]
    two_loops: dict[str, Spread | None]
    two_over_one: dict[str, Spread]
    at_the_same_cost: Spread | None


def measure(number_of_rounds: int, seconds: int, progress: Progress) -> dict[str, LoadFigures]:
    found = {}
    with rounds.loopscope(*MANY_WRITES, "--io-threads", "1") as one, rounds.loopscope(
        *MANY_WRITES, "--io-threads", "2"
    ) as two:
        servers = {1: one, 2: two}
        for name, load in LOADS.items():
            measured: dict[int, list[Round]] = {1: [], 2: []}
            for number, loops in rounds.in_turns([1, 2], number_of_rounds):
                with progress.step(f"{name}: {units.count(loops, 'loop')}, round {number + 1} of {number_of_rounds}"):
                    server = servers[loops]
                    measured[loops].append(rounds.one_round(server.url, [server.pid], None, seconds, load))
            found[name] = LoadFigures(
                one_loop=rounds.spreads(measured[1]),
                two_loops=rounds.spreads(measured[2]),
                two_over_one=rounds.ratios(measured[2], measured[1]),
                at_the_same_cost=statistics.spread(at_the_same_cost(each) for each in measured[1]),
            )
    return found


def at_the_same_cost(one: Round, cores: int = CORES) -> float:
    """The ratio of requests that the cores could serve at this cost of a request if they were always busy."""
    both_us = one.cpu_us_per_request + one.wrk_cpu_us_per_request
    return cores * 1e6 / both_us / one.requests_per_s


COLUMNS = "{:<23}{:>10}{:>8}{:>12}  {:<20}{:>5}"


def table(found: dict[str, LoadFigures]) -> list[str]:
    lines = [
        f"{'':<27}CPU a request{'':>14}two loops over one",
        COLUMNS.format("", "server", "wrk", "requests/s", "measured", "same*"),
        "-" * 80,
    ]
    for name, figures in found.items():
        medians = {key: spread["median"] for key, spread in figures.one_loop.items() if spread}
        lines.append(
            COLUMNS.format(
                name,
                units.cost(medians["cpu_us_per_request"] / 1000),
                units.cost(medians["wrk_cpu_us_per_request"] / 1000),
                f"{medians['requests_per_s']:,.0f}",
                rounds.in_words(figures.two_over_one.get("requests_per_s")),
                f"{figures.at_the_same_cost['median']:.2f}" if figures.at_the_same_cost else units.NOT_MEASURED,
            )
        )
    return lines + rounds.footer(
        "CPU and requests/s: with one loop. x 16: 16 requests at once on each connection. * if a request cost the server "
        "and wrk the same as with one loop, and both cores were always busy."
    )
