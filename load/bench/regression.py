#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""Compares two builds: every figure of speed and size as a ratio new/old, the builds in turns in one run.

  load/bench/regression.py OLD NEW [--rounds 10] [--quick] [--parts hello,writes,...] [--json FILE]

OLD and NEW are build directories, or folders that have loopscope and loopscope-probe. In every round each figure is
measured three times, in changing order: with the old build, with the old build again, and with the new one. The ratio
"again/old" is the noise of the machine. A figure is worse when the median of new/old lies beyond every again/old of the
run, in either direction, and beyond 2 %. Chance alone does that to one figure in 1,500 with 10 rounds, and to one in 200
with the 6 of --quick (simulated, normal noise): repeat a run that surprises. Exit
status: 0 nothing is worse, 1 something is worse or failed, 2 bad usage.

Times over the floor need writers_bench in both folders. `taskset -c 0 load/bench/regression.py OLD NEW` is the same
on one core. It takes about half an hour, and a few minutes with --quick.
"""

import argparse
import dataclasses
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import responsiveness
import start
from parts import idle_connections, rounds, side_by_side
from parts.rounds import Load

from loopscope_load import Json, statistics, terminal, units
from loopscope_load.servers import Loopscope, running
from loopscope_load.statistics import Spread
from loopscope_load.terminal import Failure, Progress
from loopscope_load.writes import Client, cpu_share

ROUNDS, QUICK_ROUNDS = 10, 6
CHANGE_MIN = 1.02  # a smaller change is none, however quiet the machine is
SIDES = ("old", "again", "new")
PROGRAMS = ("loopscope", "loopscope-probe")
TOGETHER = (2, 4, 8)
HIGHER_IS_BETTER = "requests/s"

Figures = dict[str, float | None]
Verdict = Literal["", "worse", "better"]


@dataclasses.dataclass(frozen=True)
class Build:
    """One of the two builds. `bench` is None where writers_bench is not built."""

    server: str
    probe: str
    bench: str | None


@dataclasses.dataclass(frozen=True)
class Effort:
    """How long the parts measure. Counts are records of one write."""

    seconds: int
    count: int
    promise_count: int
    together_count: int
    connections: int

    def records(self, method: str) -> int:
        return self.promise_count if method == "promise" else self.count


@dataclasses.dataclass(frozen=True)
class Row:
    """One figure over all rounds: medians, ratios, and what follows from them."""

    name: str
    old: float | None
    new: float | None
    change: Spread | None
    noise: Spread | None
    verdict: Verdict


def sizes(build: Build, _effort: Effort) -> Figures:
    return {"size of loopscope, bytes": os.path.getsize(build.server)}


def starts(build: Build, _effort: Effort) -> Figures:
    return {
        "time to the ready line, ms": start.one_start(0, build.server).ready_ms,
        "time of --version, ms": start.version_ms(build.server),
    }


def memory(build: Build, effort: Effort) -> Figures:
    return {"memory of a connection, bytes": idle_connections.bytes_each(build.server, effort.connections)}


def hello(build: Build, effort: Effort) -> Figures:
    server_cpu, wrk_cpu = rounds.cores()
    found: Figures = {}
    with tempfile.TemporaryDirectory() as data_dir:
        command = Loopscope(build.server, "auto").command(data_dir)
        with running(rounds.pinned(server_cpu, command)) as server:
            for name, load in (
                ("/hello", Load()),
                ("/hello x 16", Load(pipelined=16)),
                ("/hello, new connections", Load(fields=rounds.ONE_REQUEST_EACH)),
            ):
                one = rounds.one_round(server.url, [server.pid], wrk_cpu, effort.seconds, load)
                found[f"{name}: CPU, us"] = one.cpu_us_per_request
                found[f"{name}: {HIGHER_IS_BETTER}"] = one.requests_per_s
                if load.pipelined == 1:
                    found |= {f"{name}: p50, us": one.p50_us, f"{name}: p99, us": one.p99_us}
    return found


def writes(build: Build, effort: Effort) -> Figures:
    found: Figures = {}
    with rounds.loopscope(binary=build.server) as server, Client(server.url) as client:
        for method in Loopscope(build.server, "auto").methods:
            count = effort.records(method)
            report = client.write(method, count, verify=False)
            found[f"{method}: a record, ns"] = report["timing_ms"]["completed"] * 1e6 / count
            if method == "promise":
                found["promise: cores"] = cpu_share(report)
    return found


def floors(build: Build, _effort: Effort) -> Figures:
    """The times of writers_bench, whose floor runs directly before each method."""
    if build.bench is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "bench.json"
        command = [build.bench, "--benchmark_repetitions=1", f"--benchmark_out={out}", "--benchmark_out_format=json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"{build.bench} failed: {done.stderr.strip()}")
        return over_floor(json.loads(out.read_text(encoding="utf-8")))


def over_floor(document: Json) -> Figures:
    """A figure is None where an older writers_bench does not name its floor."""
    return {
        f"{run['name'].split('/')[0]}: time over the floor": (
            run["real_time"] / 1000 / run["floor_seconds"] if "floor_seconds" in run else None
        )
        for run in document["benchmarks"]
        if run["run_type"] == "iteration" and not run["name"].split("/")[0].endswith("two threads")  # no build's own
    }


def together(build: Build, effort: Effort) -> Figures:
    found: Figures = {}
    with rounds.loopscope("--max-writes", str(max(TOGETHER)), binary=build.server) as server:
        for method in Loopscope(build.server, "auto").methods:
            times = side_by_side.over_linear(server, method, effort.together_count, TOGETHER)
            found |= {f"{method} x {writes}: over linear": ratio for writes, ratio in times.items()}
    return found


def during(build: Build, effort: Effort) -> Figures:
    """/hello of one server during each method, in turns. The probe is the old build's for both."""
    phases = [phase for phase in responsiveness.PHASES if phase.name != responsiveness.AGAIN]
    found, _ = responsiveness.one_round(phases, effort.seconds, build.server, build.probe)
    return {
        f"/hello, {name}: {label}, us": figures.latencies()[key]
        for name, figures in found.items()
        for label, key in (("p50", "p50_us"), ("p99", "p99_us"), ("p99.9", "p99_9_us"))
    }


PARTS: Mapping[str, Callable[[Build, Effort], Figures]] = {
    "size": sizes,
    "start": starts,
    "memory": memory,
    "hello": hello,
    "writes": writes,
    "floors": floors,
    "together": together,
    "during": during,
}
ONCE = ("size",)  # the same in every round


def build_at(text: str) -> Build:
    """An argparse type."""
    for folder in (os.path.join(text, "bin"), text):
        server, probe, bench = (os.path.abspath(os.path.join(folder, name)) for name in (*PROGRAMS, "writers_bench"))
        if all(os.path.isfile(each) and os.access(each, os.X_OK) for each in (server, probe)):
            return Build(server, probe, bench if os.access(bench, os.X_OK) else None)
    wanted = "expected a build directory, or a folder with loopscope and loopscope-probe"
    raise argparse.ArgumentTypeError(f"'{text}' has no {' and '.join(PROGRAMS)}: {wanted}")


def order(number: int) -> Sequence[str]:
    """The sides in a round. All orders are used in turn, so that none of them has a drift of the machine."""
    orders = list(itertools.permutations(SIDES))
    return orders[number % len(orders)]


def row(name: str, measured: Mapping[str, Sequence[float | None]]) -> Row:
    """`measured`: the values of each side, one a round."""
    change, noise = (
        statistics.spread(
            mine / base for mine, base in zip(measured[side], measured["old"]) if mine is not None and base
        )
        for side in ("new", "again")
    )
    verdict = verdict_of(change, noise, higher_is_better=name.endswith(HIGHER_IS_BETTER))
    old, new = (statistics.median(measured[side]) for side in ("old", "new"))
    return Row(name, old, new, change, noise, verdict)


def verdict_of(change: Spread | None, noise: Spread | None, higher_is_better: bool) -> Verdict:
    if not change or not noise:
        return ""
    # Which of the two equal measurements is the base is chance, so the noise counts in both directions.
    beyond = max(CHANGE_MIN, noise["max"], 1 / noise["min"])
    median = 1 / change["median"] if higher_is_better else change["median"]
    return "worse" if median > beyond else "better" if median < 1 / beyond else ""


COLUMNS = "{:<36}{:>11}{:>11}  {:<21}{:<21}{}"


def table(rows: Sequence[Row], number_of_rounds: int) -> list[str]:
    lines = [
        COLUMNS.format("", "old", "new", "new/old", "noise: again/old", "").rstrip(),
        "-" * 107,
    ]
    for one in rows:
        values = (
            units.NOT_MEASURED if value is None else f"{value:,.{decimals(value)}f}" for value in (one.old, one.new)
        )
        ratios = (rounds.in_words(spread) for spread in (one.change, one.noise))
        lines.append(COLUMNS.format(one.name, *values, *ratios, one.verdict).rstrip())
    worse = sum(one.verdict == "worse" for one in rows)
    summary = f"{units.count(worse, 'figure')} worse" if worse else "no figure is worse"
    return [*lines, "-" * 107, f"{units.count(number_of_rounds, 'round')}: medians (minimum .. maximum); {summary}."]


def decimals(value: float) -> int:
    return 0 if value >= 1000 else 1 if value >= 10 else 2


def measure(options: argparse.Namespace, progress: Progress) -> None:
    count = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    connections = idle_connections.possible()
    effort = (
        Effort(1, 200_000, 50_000, 20_000, min(connections, 5_000))
        if options.quick
        else Effort(3, 1_000_000, 250_000, 100_000, connections)
    )
    old, new = options.old, dataclasses.replace(options.new, probe=options.old.probe)
    parts = list(options.parts)
    if "floors" in parts and not (old.bench and new.bench):
        progress.say("Times over the floor are not measured: writers_bench is not in both folders.")
        parts.remove("floors")
    builds = {"old": old, "again": old, "new": new}
    measured: dict[str, dict[str, list[float | None]]] = {}
    for number in range(count):
        for part in parts:
            if number and part in ONCE:
                continue
            with progress.step(f"round {number + 1} of {count}: {part}"):
                for side in order(number):
                    for name, value in PARTS[part](builds[side], effort).items():
                        measured.setdefault(name, {each: [] for each in SIDES})[side].append(value)
    rows = [row(name, values) for name, values in measured.items()]
    print("\n".join(table(rows, count)))
    document = {"rounds": measured, "figures": list(map(dataclasses.asdict, rows))}
    rounds.write_json(options.json, document, tempfile.gettempdir())
    if any(one.verdict == "worse" for one in rows):
        raise Failure("the new build is worse, beyond what the old one differs from itself.")


def main() -> int:
    parser = rounds.parser(__doc__)
    parser.add_argument("old", type=build_at, metavar="OLD", help="build directory, or folder of its binaries")
    parser.add_argument("new", type=build_at, metavar="NEW", help="the same of the build to judge")
    parser.add_argument(
        "--rounds",
        type=terminal.positive_number,
        metavar="N",
        help=f"number of rounds ({ROUNDS}; {QUICK_ROUNDS} with --quick)",
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, fewer records")
    parser.add_argument(
        "--parts",
        type=terminal.names_among(tuple(PARTS)),
        default=list(PARTS),
        metavar="A,B",
        help=f"the parts to measure ({','.join(PARTS)})",
    )
    options = parser.parse_args()
    return terminal.run_command("regression", lambda progress: measure(options, progress))


if __name__ == "__main__":
    sys.exit(main())
