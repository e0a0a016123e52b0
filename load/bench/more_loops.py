"""What a second loop gives: requests a second of --io-threads 2 over 1, on two cores that the asking wrk shares.

wrk needs a core too, so a second loop can give no more than the CPU time that one loop and wrk leave unused: with one loop
a request costs the server S and wrk W, and 1 / (S + W) on both cores is the most that any number of loops can serve.
"""

import rounds
from loopscope_load import units

MANY_FIELDS = tuple(f"X-Field-{number}: {'value ' * 8}{number}" for number in range(80))
LOADS = {  # name: what of one_round
    "/hello": {},
    "/hello, 16 at once": {"pipelined": 16},
    "/hello, 80 header fields": {"fields": MANY_FIELDS},
    "sync write of 5,000": {"target": "/write?method=sync&count=5000", "connections": 32},
}
MANY_WRITES = ("--max-writes", "1000")


def measure(number_of_rounds, seconds, progress):
    """{load: {loops: [figures of each round]}}"""
    measured = {name: {1: [], 2: []} for name in LOADS}
    with rounds.loopscope(*MANY_WRITES, "--io-threads", "1") as one, \
            rounds.loopscope(*MANY_WRITES, "--io-threads", "2") as two:
        servers = {1: one, 2: two}
        for name, load in LOADS.items():
            for number, loops in rounds.by_turns([1, 2], number_of_rounds):
                with progress.step(f"{name}: {units.count(loops, 'loop')}, round {number + 1} of {number_of_rounds}"):
                    server = servers[loops]
                    measured[name][loops].append(rounds.one_round(server.url, [server.pid], None, seconds, **load))
    return {name: summary(by_loops[1], by_loops[2]) for name, by_loops in measured.items()}


def summary(one, two, cores=2):
    """The spreads, and of two over one also what the cores had left for it."""
    return {
        "one_loop": {figure: rounds.spread([each[figure] for each in one]) for figure in one[0]},
        "two_loops": {figure: rounds.spread([each[figure] for each in two]) for figure in two[0]},
        "two_over_one": rounds.ratios(two, one),
        "most_that_the_cores_allow": rounds.spread([most(each, cores) for each in one]),
    }


def most(figures, cores):
    """How many times its requests the cores could serve at what one costs, if nothing of them were unused."""
    both_us = figures["cpu_us_per_request"] + figures["asking_cpu_us_per_request"]
    return cores * 1e6 / both_us / figures["requests_per_s"]


ROW = "{:<25}{:>10}{:>10}{:>10}  {:<21}{:>6}"


def table(found):
    lines = [f"{'':<25}{'CPU a request':^20}",
             ROW.format("two loops over one", "server", "wrk", "requests/s", "times", "at most"), "-" * 80]
    for name, of in found.items():
        one = of["one_loop"]
        lines.append(ROW.format(
            name, units.duration_of_us(one["cpu_us_per_request"]["median"]),
            units.duration_of_us(one["asking_cpu_us_per_request"]["median"]),
            f"{one['requests_per_s']['median']:,.0f}", rounds.in_words(of["two_over_one"]["requests_per_s"]),
            f"{of['most_that_the_cores_allow']['median']:.2f}"))
    return lines + ["-" * 80,
                    "CPU and requests/s: with one loop. at most: what wrk's own need of the two cores",
                    "leaves, were no time of either unused."]
