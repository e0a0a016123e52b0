"""Whether streams that run at the same time share fairly: eight to the same file, begun at the same moment."""

import concurrent.futures
import statistics
import threading
import time

import rounds
from loopscope_load import units
from loopscope_load.client import Client

STREAMS = 8


def together(url, count, verify=False):
    """[(duration in ms, report) of each stream], as its client saw it."""
    begin = threading.Barrier(STREAMS)

    def one(_):
        with Client(url) as client:
            client.check_hello()  # the connection stands
            begin.wait()
            begun = time.monotonic()
            report = client.write("stream", count, verify)
            return (time.monotonic() - begun) * 1000, report

    with concurrent.futures.ThreadPoolExecutor(STREAMS) as clients:
        return list(clients.map(one, range(STREAMS)))


def figures(durations_ms, alone_ms):
    mean_ms = statistics.mean(durations_ms)
    return {
        "mean_ms": mean_ms,
        "slowest_ms": max(durations_ms),
        "slowest_over_mean": max(durations_ms) / mean_ms,
        "fastest_over_mean": min(durations_ms) / mean_ms,
        "slowest_over_one_after_another": max(durations_ms) / (len(durations_ms) * alone_ms),
    }


def measure(number_of_rounds, count, progress):
    """{loops: {"rounds": [figures], "all_complete": whether every file was, read back in a round of its own}}"""
    found = {}
    for loops in (1, 2):
        with rounds.loopscope("--io-threads", str(loops)) as server:
            with progress.step(f"{STREAMS} streams at once, {units.count(loops, 'loop')}"):
                each = [one_round(server.url, count) for _ in range(number_of_rounds)]
                contents = [report["content"] for _, report in together(server.url, count, verify=True)]
        found[loops] = {
            "rounds": each,
            **{name: rounds.spread([one[name] for one in each]) for name in each[0]},
            "all_complete": all(one["complete"] and one["in_order"] for one in contents),
        }
    return found


def one_round(url, count):
    with Client(url) as client:
        begun = time.monotonic()
        client.write("stream", count, verify=False)
        alone_ms = (time.monotonic() - begun) * 1000
    return figures([duration_ms for duration_ms, _ in together(url, count)], alone_ms)


ROW = "{:<8}{:>9}{:>9}  {:<22}{:<22}{:>8}"


def table(found):
    lines = [ROW.format("", "mean", "slowest", "slowest over mean", "over one by one", "complete"), "-" * 80]
    for loops, of in found.items():
        lines.append(
            ROW.format(
                units.count(loops, "loop"),
                units.duration(of["mean_ms"]["median"]),
                units.duration(of["slowest_ms"]["median"]),
                rounds.in_words(of["slowest_over_mean"]),
                rounds.in_words(of["slowest_over_one_after_another"]),
                "all" if of["all_complete"] else "NOT ALL",
            )
        )
    return lines + rounds.under_rule(f"{STREAMS} streams to the same stream.txt, begun at the same moment.")
