#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""The time of a write on the working file system, xfs (a loop device) and tmpfs, and what takes it.

  load/bench/file_systems.py [--rounds 5] [--json FILE]

Runs each way of build/bin/file_writes in turns: plain write(2), the service's two back ends awaited and as a batch, one Asio
file object, and liburing alone with its features. Prints the median time and CPU of a write with the minimum and the
maximum. One more run of each way is counted by perf: io_uring_enter calls, writes that the kernel handed to a worker
thread, context switches, and all system calls, of a write. xfs needs root. What cannot be measured is null with a reason.
"""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from parts import rounds, scratch_file_systems

from loopscope_load import Json, statistics, terminal
from loopscope_load.statistics import Spread

PROGRAM = os.path.join(rounds.BINARIES, "file_writes")
EVENTS = {
    "io_uring_enter": "syscalls:sys_enter_io_uring_enter",
    "punted": "io_uring:io_uring_queue_async_work",
    "context_switches": "context-switches",
    "system_calls": "raw_syscalls:sys_enter",
}
Counts = dict[str, float | None]  # of one write, by the names of EVENTS; None where perf cannot count it


@dataclasses.dataclass(frozen=True)
class Result:
    """`reason` is why there are no figures."""

    us: Spread | None
    cpu_us: Spread | None
    counts: Counts
    reason: str | None = None


def ways() -> list[str]:
    return subprocess.run([PROGRAM], capture_output=True, text=True, check=True).stdout.splitlines()


def run(directory: pathlib.Path, way: str, prefix: Sequence[str] = ()) -> Json | str:
    """One run's figures, or the reason why it failed."""
    done = subprocess.run([*prefix, PROGRAM, str(directory), way], capture_output=True, text=True)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1]
    figures: Json = json.loads(done.stdout)
    return figures


def counts(directory: pathlib.Path, way: str) -> Counts:
    nothing: Counts = dict.fromkeys(EVENTS)
    if not shutil.which("perf"):
        return nothing
    out = directory / "counts"
    events = [part for event in EVENTS.values() for part in ("-e", event)]
    figures = run(directory, way, ("perf", "stat", "-x", ",", "-o", str(out), *events, "--"))
    if isinstance(figures, str):
        return nothing
    counted: dict[str, float] = {}
    for line in out.read_text().splitlines():
        value, _, event = (line.split(",") + ["", "", ""])[:3]
        if value.isdigit():
            counted[event] = int(value) / figures["writes"]
    out.unlink()
    return {name: counted.get(event) for name, event in EVENTS.items()}


def decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def table(name: str, results: Mapping[str, Result]) -> list[str]:
    columns = "".join(f"{event.replace('_', ' '):>18}" for event in EVENTS)
    lines = ["", f"{name:34}{'us a write':>12}  {'min .. max':18}{'CPU us':>8}{columns}"]
    for way, result in results.items():
        if result.us is None or result.cpu_us is None:
            lines.append(f"{way:34}{'-':>12}  {result.reason}")
            continue
        us = result.us
        lines.append(
            f"{way:34}{us['median']:12.2f}  {us['min']:6.2f} .. {us['max']:<8.2f}{result.cpu_us['median']:8.2f}"
            + "".join(f"{decimal(result.counts[event]):>18}" for event in EVENTS)
        )
    return lines


def measure(directory: pathlib.Path, names: Sequence[str], number_of_rounds: int) -> dict[str, Result]:
    measured: dict[str, list[Json]] = {name: [] for name in names}
    reasons: dict[str, str] = {}
    for _, name in rounds.in_turns(names, number_of_rounds):
        figures = run(directory, name)
        if isinstance(figures, str):
            reasons[name] = figures
        else:
            measured[name].append(figures)
    results = {}
    for name in names:
        if name in reasons:
            results[name] = Result(None, None, dict.fromkeys(EVENTS), reasons[name])
            continue
        us, cpu_us = (statistics.spread(each[key] for each in measured[name]) for key in ("us", "cpu_us"))
        results[name] = Result(us, cpu_us, counts(directory, name))
    return results


def main() -> int:
    parser = rounds.parser(__doc__)
    parser.add_argument("--rounds", type=terminal.positive_number, default=5, metavar="N")
    options = parser.parse_args()

    def work(_progress: terminal.Progress) -> None:
        names = ways()
        document: Json = {}
        with scratch_file_systems.directories() as found:
            for name, directory in found.items():
                if isinstance(directory, scratch_file_systems.Unavailable):
                    document[name] = {"results": None, "reason": str(directory)}
                    print(f"\n{name}: not measured, {directory}", flush=True)
                    continue
                results = measure(directory, names, options.rounds)
                plain = {way: dataclasses.asdict(result) for way, result in results.items()}
                document[name] = {"results": plain, "reason": None}
                print("\n".join(table(name, results)), flush=True)
        rounds.write_json(options.json, {"rounds": options.rounds, "file_systems": document})

    return terminal.run_command("file_systems", work)


if __name__ == "__main__":
    sys.exit(main())
