#!/usr/bin/env python3
"""What a write does to everyone else on the loop: /hello on a fixed schedule, idle and during each method, by turns.

  load/bench/responsiveness.py [--rounds 6] [--seconds 4] [--quick] [--json FILE]

A round is one server and one loopscope-probe at 1,000 requests a second; in it, every method writes for so many seconds,
one write at once after the other, and twice nothing is written: `idle`, which the ratios are to, and `idle again`, whose
ratio is the machine's own noise. Latencies count from when a request was due. Nothing is pinned. Reads build/bin.
"""

import argparse
import collections
import pathlib
import sys
import time

import rounds
from loopscope_load import command, experiment, probe, quantiles, units
from loopscope_load.client import Client
from loopscope_load.event_watch import EventWatch

RATE_PER_S = 1000
COUNT = 1_000_000
PROMISE_COUNT = 250_000  # whose million may take longer than a phase lasts
SLICE_US = 500
PAUSE_S = 0.5  # what one phase holds up is answered before the next begins
EVENT_MS = 100  # how much of the past an event tells of
IDLE, AGAIN, SLICED = "idle", "idle again", f"callback {SLICE_US} us"

Phase = collections.namedtuple("Phase", "name method count parameters")
Window = collections.namedtuple("Window", "started_ms ended_ms writes")

PHASES = (
    Phase(IDLE, None, 0, {}),
    Phase("stream", "stream", COUNT, {}),
    Phase("offload", "offload", COUNT, {}),
    Phase("partition", "partition", COUNT, {}),
    Phase("promise", "promise", PROMISE_COUNT, {}),
    Phase("callback", "callback", COUNT, {}),
    Phase(SLICED, "callback", COUNT, {"slice_us": SLICE_US}),
    Phase(AGAIN, None, 0, {}),
)


def callback_takes_slices(methods):
    """Whether GET /methods lists a slice for callback; without one the parameter is read and changes nothing."""
    return any(method["name"] == "callback" and "slice_us" in method["defaults"] for method in methods["methods"])


def write_for(client, phase, seconds):
    """Writes, or waits, for so long; returns when that was, on the clock of the probe and the events."""
    begun, started_ms, writes = time.monotonic(), time.time() * 1000, 0
    while phase.method and time.monotonic() - begun < seconds:
        client.write(phase.method, phase.count, verify=False, **phase.parameters)
        writes += 1
    if not phase.method:
        time.sleep(seconds)
    return Window(started_ms, started_ms + seconds * 1000, writes)


def one_round(phases, seconds):
    """{phase: its figures}, all of one server and one probe."""
    windows = {}
    with rounds.loopscope() as server, Client(server.url) as client, EventWatch(server.admin_url) as watch:
        with probe.Run(rounds.PROBE, server.url, RATE_PER_S) as asking:
            for phase in phases:
                time.sleep(PAUSE_S)
                windows[phase.name] = write_for(client, phase, seconds)
            time.sleep(PAUSE_S)
            report, requests = asking.stop()
        stalls = experiment.stalls_of(server.admin_url)
    zero_ms = report["started_unix_ms"]
    return {name: figures(window, requests, zero_ms, watch.samples, stalls) for name, window in windows.items()}, {
        name: report[name] for name in experiment.PROBE_FIGURES
    }


def figures(window, requests, zero_ms, samples, stalls):
    """One phase: /hello as its clients saw it, the loop as the server did."""
    due_in = [[window.started_ms - zero_ms, window.ended_ms - zero_ms]]
    lags = [
        sample["lag_max_us"]
        for sample in samples
        if window.started_ms + EVENT_MS <= sample["unix_ms"] <= window.ended_ms and sample["lag_max_us"] is not None
    ]
    stalled = [stall["duration_ms"] for stall in stalls if window.started_ms <= stall["started_ms"] <= window.ended_ms]
    return {
        **quantiles.figures(requests.within(due_in)),
        "from_sent_max_us": quantiles.figures(requests.from_sent().within(due_in))["max_us"],
        "writes": window.writes,
        "loop_lag_max_us": max(lags, default=None),
        "stalls": len(stalled),
        "longest_stall_ms": max(stalled, default=None),
    }


def summary(measured):
    """Per phase the spreads over the rounds, and of p99.9 and the maximum over those of idle in the same round."""
    out = {}
    for name, each in measured.items():
        if not each:
            out[name] = None
            continue
        over_idle = rounds.ratios([latencies(one) for one in each], [latencies(one) for one in measured[IDLE]])
        out[name] = {
            "over_idle": over_idle,
            **{figure: rounds.spread([one[figure] for one in each]) for figure in each[0]},
        }
    return out


def latencies(one):
    return {figure: one[figure] for figure in ("p50_us", "p99_us", "p99_9_us", "max_us")}


ROW = "{:<16}{:>8}{:>8}{:>8}{:>9}  {:<20}{:>9}"


def table(found):
    lines = [
        f"{'':<16}{'/hello':>17}{'':<18}{'p99.9 over idle':<20}{'loop':>9}",
        ROW.format("", "p99.9", "max", "worst", "sent*", "median (of rounds)", "lag"),
        "-" * 80,
    ]
    for name, of in found.items():
        if of is None:
            lines.append(f"{name:<17}not offered by this server")
            continue
        us, middle, most = units.duration_of_us, "median", "greatest"
        lines.append(
            ROW.format(
                name,
                us(of["p99_9_us"] and of["p99_9_us"][middle]),
                us(of["max_us"][middle]),
                us(of["max_us"][most]),
                us(of["from_sent_max_us"] and of["from_sent_max_us"][most]),
                rounds.in_words(of["over_idle"].get("p99_9_us")),
                us(of["loop_lag_max_us"] and of["loop_lag_max_us"][most]),
            )
        )
    return lines + rounds.under_rule(
        f"{RATE_PER_S:,} /hello a second. p99.9, max: medians of the rounds; worst: of all of them. lag: the longest that the "
        "server itself saw. idle again: the machine's own noise. * the longest from sent to answered: what is more is what "
        "the machine kept the probe itself from sending."
    )


def measure(options, progress):
    with rounds.loopscope() as server, Client(server.url) as client:
        sliced = callback_takes_slices(client.json("/methods"))
    phases = [phase for phase in PHASES if sliced or phase.name != SLICED]
    measured, probes = {phase.name: [] for phase in PHASES}, []
    for number in range(options.rounds):
        with progress.step(f"round {number + 1} of {options.rounds}"):
            found, probed = one_round(phases if number % 2 == 0 else phases[::-1], options.seconds)
        probes.append(probed)
        for name, one in found.items():
            measured[name].append(one)
        progress.say(
            "p99.9: " + ", ".join(f"{name} {units.duration_of_us(one['p99_9_us'])}" for name, one in found.items())
        )
    found = summary(measured)
    print("\n".join(table(found)))
    rounds.write_json(
        options.json,
        {"rate_per_s": RATE_PER_S, "seconds": options.seconds, "summary": found, "rounds": measured, "probes": probes},
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=command.positive_number)
    parser.add_argument("--seconds", type=command.positive_number, help="of each phase (4; 2 with --quick)")
    parser.add_argument("--quick", action="store_true", help="2 rounds instead of 6")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 6)
    options.seconds = options.seconds or (2 if options.quick else 4)
    sys.exit(command.run("responsiveness", lambda progress: measure(options, progress)))


if __name__ == "__main__":
    main()
