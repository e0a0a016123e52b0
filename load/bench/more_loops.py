"""What a second loop gives: requests a second of --io-threads 2 over 1, on two cores that the asking wrk shares.

wrk needs a core too: where a request costs it as much as the server, one loop and wrk fill both cores and a second loop
finds nothing left. So beside what two loops served is what they would have served, had a request cost the server and wrk
what it costs with one loop and no time of the cores been unused.
"""

import rounds
from loopscope_load import units

MANY_FIELDS = tuple(f"X-Field-{number}: {'value ' * 8}{number}" for number in range(80))
LOADS = {  # name: what of one_round
    "/hello": {},
    "/hello x 16": {"pipelined": 16},
    "/hello x 16, 80 fields": {"fields": MANY_FIELDS, "pipelined": 16, "connections": 16},
    "sync write of 5,000": {"target": "/write?method=sync&count=5000", "connections": 32},
}
MANY_WRITES = ("--max-writes", "1000")


def measure(number_of_rounds, seconds, progress):
    """{load: {loops: [figures of each round]}}"""
    measured = {name: {1: [], 2: []} for name in LOADS}
    with rounds.loopscope(*MANY_WRITES, "--io-threads", "1") as one, rounds.loopscope(
        *MANY_WRITES, "--io-threads", "2"
    ) as two:
        servers = {1: one, 2: two}
        for name, load in LOADS.items():
            for number, loops in rounds.by_turns([1, 2], number_of_rounds):
                with progress.step(f"{name}: {units.count(loops, 'loop')}, round {number + 1} of {number_of_rounds}"):
                    server = servers[loops]
                    measured[name][loops].append(rounds.one_round(server.url, [server.pid], None, seconds, **load))
    return {name: summary(by_loops[1], by_loops[2]) for name, by_loops in measured.items()}


def summary(one, two, cores=2):
    """The spreads, and beside two over one what it would be at one loop's cost."""
    return {
        "one_loop": {figure: rounds.spread([each[figure] for each in one]) for figure in one[0]},
        "two_loops": {figure: rounds.spread([each[figure] for each in two]) for figure in two[0]},
        "two_over_one": rounds.ratios(two, one),
        "at_the_same_cost": rounds.spread([at_the_same_cost(each, cores) for each in one]),
    }


def at_the_same_cost(figures, cores):
    """How many times its requests the cores could serve at what one costs, if nothing of them were unused."""
    both_us = figures["cpu_us_per_request"] + figures["asking_cpu_us_per_request"]
    return cores * 1e6 / both_us / figures["requests_per_s"]


ROW = "{:<23}{:>10}{:>8}{:>12}  {:<20}{:>5}"


def table(found):
    lines = [
        f"{'':<27}CPU a request{'':>14}two loops over one",
        ROW.format("", "server", "wrk", "requests/s", "measured", "same*"),
        "-" * 80,
    ]
    for name, of in found.items():
        one = of["one_loop"]
        lines.append(
            ROW.format(
                name,
                *(units.cost(one[whose + "cpu_us_per_request"]["median"] / 1000) for whose in ("", "asking_")),
                f"{one['requests_per_s']['median']:,.0f}",
                rounds.in_words(of["two_over_one"]["requests_per_s"]),
                f"{of['at_the_same_cost']['median']:.2f}",
            )
        )
    return lines + rounds.under_rule(
        "CPU and requests/s: with one loop. x 16: so many at once on each connection. * if a request cost the server and wrk "
        "the same as with one loop, and both cores were always busy."
    )
