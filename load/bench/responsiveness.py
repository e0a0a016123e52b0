#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""The effect of a write on the loop: /hello on a fixed schedule, idle and during each method, in turns.

  load/bench/responsiveness.py [--rounds 6] [--seconds 4] [--together N] [--quick] [--json FILE]

A round is one server and one loopscope-probe at 1,000 requests a second. In a round, every method writes for that many
seconds, one write directly after the other, or N side by side. Twice nothing is written: `idle` is the base of the
ratios, and the ratio of `idle again` is the machine's own noise. Latencies count from when a request was due. Nothing
is pinned to a core. Reads build/bin.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from parts import rounds

from loopscope_load import Json, experiment, statistics, terminal, units
from loopscope_load.probe import ProbeRun, Requests
from loopscope_load.statistics import Spread
from loopscope_load.watch import EventWatch, Sample
from loopscope_load.writes import Client

RATE_PER_S = 1000
COUNT = 1_000_000
PROMISE_COUNT = 250_000  # a million may take longer than a phase lasts
SLICE_US = 500
PAUSE_S = 0.5  # the requests that one phase delays have a response before the next begins
EVENT_MS = 100  # how much of the past an event covers
IDLE, AGAIN, SLICED = "idle", "idle again", f"callback {SLICE_US} us"


@dataclasses.dataclass(frozen=True)
class Phase:
    """What is written for some seconds. Without a method, nothing is written."""

    name: str
    method: str | None = None
    count: int = COUNT
    slice_us: int | None = None


@dataclasses.dataclass(frozen=True)
class Window:
    """When a phase was, on the clock of the probe and the events, and its number of writes."""

    started_ms: float
    ended_ms: float
    writes: int


@dataclasses.dataclass(frozen=True)
class Figures:
    """One phase of one round: /hello as its clients saw it, the loop as the server did."""

    p50_us: float | None
    p99_us: float | None
    p99_9_us: float | None
    max_us: float | None
    from_sent_max_us: float | None
    requests: int
    unanswered: int
    writes: int
    loop_lag_max_us: float | None
    stalls: int
    longest_stall_ms: float | None

    def latencies(self) -> dict[str, float | None]:
        return {"p50_us": self.p50_us, "p99_us": self.p99_us, "p99_9_us": self.p99_9_us, "max_us": self.max_us}


@dataclasses.dataclass(frozen=True)
class Summary:
    """The spreads of one phase over the rounds, and of its latencies over those of idle in the same round."""

    over_idle: dict[str, Spread]
    spreads: dict[str, Spread | None]

    def figure(self, name: str, which: str) -> float | None:
        """Such as figure("p99_us", "median")."""
        spread: Mapping[str, Any] | None = self.spreads[name]
        return spread[which] if spread else None


PHASES = (
    Phase(IDLE),
    Phase("stream", "stream"),
    Phase("offload", "offload"),
    Phase("partition", "partition"),
    Phase("promise", "promise", PROMISE_COUNT),
    Phase("callback", "callback"),
    Phase(SLICED, "callback", slice_us=SLICE_US),
    Phase(AGAIN),
)


def callback_takes_slices(methods: Json) -> bool:
    """Whether GET /methods lists a slice for callback. A server without one ignores the parameter."""
    return any(method["name"] == "callback" and "slice_us" in method["defaults"] for method in methods["methods"])


def write_for(clients: Sequence[Client], phase: Phase, seconds: int) -> Window:
    """All clients write, or nobody does, for that many seconds."""
    begun, started_ms = time.monotonic(), time.time() * 1000
    parameters = {} if phase.slice_us is None else {"slice_us": phase.slice_us}

    def write(client: Client) -> int:
        writes = 0
        while phase.method and time.monotonic() - begun < seconds:
            client.write(phase.method, phase.count, verify=False, **parameters)
            writes += 1
        return writes

    with concurrent.futures.ThreadPoolExecutor(len(clients)) as threads:
        writes = sum(threads.map(write, clients))
    if not phase.method:
        time.sleep(seconds)
    return Window(started_ms, started_ms + seconds * 1000, writes)


def one_round(
    phases: Sequence[Phase],
    seconds: int,
    server_binary: str = rounds.LOOPSCOPE,
    probe: str = rounds.PROBE,
    together: int = 1,
) -> tuple[dict[str, Figures], Json]:
    """The figures of each phase, all of one server and one probe, and the probe's figures of itself."""
    windows = {}
    with rounds.loopscope(binary=server_binary) as server, contextlib.ExitStack() as stack:
        assert server.admin_url
        clients = [stack.enter_context(Client(server.url)) for _ in range(together)]
        with EventWatch(server.admin_url) as watch, ProbeRun(probe, server.url, RATE_PER_S) as run:
            for phase in phases:
                time.sleep(PAUSE_S)
                windows[phase.name] = write_for(clients, phase, seconds)
            time.sleep(PAUSE_S)
            report, requests = run.stop()
        stalls = experiment.stalls_of(server.admin_url)
    zero_ms = report["started_unix_ms"]
    found = {name: figures(window, requests, zero_ms, watch.samples, stalls) for name, window in windows.items()}
    return found, {name: report[name] for name in experiment.PROBE_FIGURES}


def figures(
    window: Window, requests: Requests, zero_ms: float, samples: Sequence[Sample], stalls: Sequence[Json]
) -> Figures:
    due_ms = [(window.started_ms - zero_ms, window.ended_ms - zero_ms)]
    latency = statistics.latency(requests.within(due_ms))
    stalled_ms = [
        stall["duration_ms"] for stall in stalls if window.started_ms <= stall["started_ms"] <= window.ended_ms
    ]
    return Figures(
        p50_us=latency["p50_us"],
        p99_us=latency["p99_us"],
        p99_9_us=latency["p99_9_us"],
        max_us=latency["max_us"],
        from_sent_max_us=statistics.maximum(requests.from_sent().within(due_ms)),
        requests=latency["requests"],
        unanswered=latency["unanswered"],
        writes=window.writes,
        loop_lag_max_us=statistics.maximum(
            sample.lag_max_us for sample in samples if window.started_ms + EVENT_MS <= sample.unix_ms <= window.ended_ms
        ),
        stalls=len(stalled_ms),
        longest_stall_ms=max(stalled_ms, default=None),
    )


def summary(measured: Mapping[str, Sequence[Figures]]) -> dict[str, Summary | None]:
    """The summary of each phase; None of a phase without a round."""
    idle = [one.latencies() for one in measured[IDLE]]
    return {
        name: Summary(
            over_idle=statistics.ratios([one.latencies() for one in each], idle),
            spreads={
                field.name: statistics.spread(getattr(one, field.name) for one in each)
                for field in dataclasses.fields(Figures)
            },
        )
        if each
        else None
        for name, each in measured.items()
    }


COLUMNS = "{:<16}{:>8}{:>8}{:>8}{:>9}  {:<20}{:>9}"


def table(found: Mapping[str, Summary | None]) -> list[str]:
    lines = [
        f"{'':<16}{'/hello':>17}{'':<18}{'p99.9 over idle':<20}{'loop':>9}",
        COLUMNS.format("", "p99.9", "max", "worst", "sent*", "median (of rounds)", "lag"),
        "-" * 80,
    ]
    us = units.duration_of_us
    for name, phase in found.items():
        if phase is None:
            lines.append(f"{name:<17}not offered by this server")
            continue
        lines.append(
            COLUMNS.format(
                name,
                us(phase.figure("p99_9_us", "median")),
                us(phase.figure("max_us", "median")),
                us(phase.figure("max_us", "max")),
                us(phase.figure("from_sent_max_us", "max")),
                rounds.in_words(phase.over_idle.get("p99_9_us")),
                us(phase.figure("loop_lag_max_us", "max")),
            )
        )
    return lines + rounds.footer(
        f"{RATE_PER_S:,} /hello a second. p99.9, max: medians of the rounds; worst: the maximum of all rounds. lag: the "
        "maximum that the server itself measured. idle again: the machine's own noise. * the maximum from sent to response; "
        "the difference to worst is the lateness of the probe itself."
    )


def measure(options: argparse.Namespace, progress: terminal.Progress) -> None:
    number_of_rounds = options.rounds or (2 if options.quick else 6)
    seconds = options.seconds or (2 if options.quick else 4)
    with rounds.loopscope() as server, Client(server.url) as client:
        sliced = callback_takes_slices(client.json("/methods"))
    phases = [phase for phase in PHASES if sliced or phase.name != SLICED]
    measured: dict[str, list[Figures]] = {phase.name: [] for phase in PHASES}
    probes = []
    for number in range(number_of_rounds):
        with progress.step(f"round {number + 1} of {number_of_rounds}"):
            found, probe = one_round(phases if number % 2 == 0 else phases[::-1], seconds, together=options.together)
        probes.append(probe)
        for name, one in found.items():
            measured[name].append(one)
        progress.say(
            "p99.9: " + ", ".join(f"{name} {units.duration_of_us(one.p99_9_us)}" for name, one in found.items())
        )
    summaries = summary(measured)
    print("\n".join(table(summaries)))
    document: Json = {
        "rate_per_s": RATE_PER_S,
        "seconds": seconds,
        "together": options.together,
        "summary": {name: one and dataclasses.asdict(one) for name, one in summaries.items()},
        "rounds": {name: list(map(dataclasses.asdict, each)) for name, each in measured.items()},
        "probes": probes,
    }
    rounds.write_json(options.json, document)


def main() -> int:
    parser = rounds.parser(__doc__)
    parser.add_argument(
        "--rounds", type=terminal.positive_number, metavar="N", help="number of rounds (6; 2 with --quick)"
    )
    parser.add_argument(
        "--seconds", type=terminal.positive_number, metavar="N", help="of each phase (4; 2 with --quick)"
    )
    parser.add_argument(
        "--together", type=terminal.positive_number, default=1, metavar="N", help="writes side by side (1)"
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    options = parser.parse_args()
    return terminal.run_command("responsiveness", lambda progress: measure(options, progress))


if __name__ == "__main__":
    sys.exit(main())
