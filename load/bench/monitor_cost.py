#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""The cost of the monitor in a program with one thread and with four: throughput, CPU of its threads, a handler.

  load/bench/monitor_cost.py [--rounds 10] [--seconds 3] [--json FILE]

Three servers answer wrk in turns: one without a monitor, one that runs its loop itself ("plain"), one whose monitor
runs the loop and counts its handlers ("counted"). With one thread, the server has one core and wrk the other, where
there are two. With four, nothing is pinned. Reads build/bin/pool_server and build/bin/handler_cost.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

from parts import rounds

from loopscope_load import statistics, terminal
from loopscope_load.statistics import Spread

MODES = ("off", "plain", "counted")
WATCHED = MODES[1:]
THREADS = (1, 4)
IDLE_S = 5
OWN_THREADS = "serve-"  # the server's own; the others are the library's


@dataclasses.dataclass(frozen=True)
class Server:
    url: str
    pid: int


@contextlib.contextmanager
def running_server(threads: int, mode: str, cpu: int | None) -> Iterator[Server]:
    command = rounds.pinned(cpu, [os.path.join(rounds.BINARIES, "pool_server"), str(threads), mode])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Server(f"http://127.0.0.1:{int(process.stdout.readline())}", process.pid)
        finally:
            process.terminate()


def library_cpu_ns(pid: int) -> dict[str, int]:
    """The CPU time of each thread that the library has started, by name."""
    used: dict[str, int] = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # the thread has ended
            name = (task / "comm").read_text().strip()
            if not name.startswith(OWN_THREADS):
                used[name] = used.get(name, 0) + int((task / "schedstat").read_text().split()[0])
    return used


def cpu_ms_per_s(before: Mapping[str, int], after: Mapping[str, int], seconds: float) -> dict[str, float]:
    return {name: (ns - before.get(name, 0)) / 1e6 / seconds for name, ns in after.items()}


def measure_servers(threads: int, count: int, seconds: int) -> tuple[dict[str, list[rounds.Round]], dict[str, object]]:
    """The rounds of each mode, and the library's CPU a second: idle, and in each round under load."""
    server_cpu, wrk_cpu = rounds.cores() if threads == 1 else (None, None)
    measured: dict[str, list[rounds.Round]] = {mode: [] for mode in MODES}
    cpu: dict[str, object] = {}
    with contextlib.ExitStack() as stack:
        servers = {mode: stack.enter_context(running_server(threads, mode, server_cpu)) for mode in MODES}
        for mode in WATCHED:
            before, begun = library_cpu_ns(servers[mode].pid), time.monotonic()
            time.sleep(IDLE_S)
            cpu[f"{mode} idle"] = cpu_ms_per_s(before, library_cpu_ns(servers[mode].pid), time.monotonic() - begun)
        under_load: dict[str, list[dict[str, float]]] = {mode: [] for mode in WATCHED}
        for number, mode in rounds.in_turns(list(MODES), count):
            pid = servers[mode].pid
            before, begun = library_cpu_ns(pid), time.monotonic()
            one = rounds.one_round(servers[mode].url, [pid], wrk_cpu, seconds, rounds.Load(connections=32))
            if mode in under_load:
                used = cpu_ms_per_s(before, library_cpu_ns(pid), time.monotonic() - begun)
                under_load[mode].append(used)
            measured[mode].append(one)
            print(
                f"{threads} threads, round {number + 1:2} {mode:8} {one.requests_per_s:9.0f} requests/s  "
                f"{one.cpu_us_per_request:6.2f} us CPU a request",
                file=sys.stderr,
            )
        for mode in WATCHED:
            names = sorted({name for used in under_load[mode] for name in used})
            cpu[f"{mode} under load"] = {
                name: statistics.median(used.get(name, 0.0) for used in under_load[mode]) for name in names
            }
    return measured, cpu


def measure_handlers(count: int) -> list[dict[str, float]]:
    cpu, _ = rounds.cores()
    command = rounds.pinned(cpu, [os.path.join(rounds.BINARIES, "handler_cost"), str(count)])
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def handler_lines(measured: Sequence[Mapping[str, float]]) -> Iterator[str]:
    for mode in MODES:
        spread: Spread | None = statistics.spread(one[mode] for one in measured if mode in one)
        if spread is None:
            yield f"{mode:8} the monitor has no run loop"
        else:
            yield f"{mode:8} {spread['median']:7.1f} ns a handler ({spread['min']:.1f} .. {spread['max']:.1f})"


def main() -> int:
    parser = rounds.parser(__doc__)
    parser.add_argument("--rounds", type=terminal.positive_number, default=10, metavar="N")
    parser.add_argument("--seconds", type=terminal.positive_number, default=3, metavar="N", help="of each round (3)")
    options = parser.parse_args()

    def work(_progress: terminal.Progress) -> None:
        document: dict[str, object] = {}
        lines: list[str] = []
        for threads in THREADS:
            measured, cpu = measure_servers(threads, options.rounds, options.seconds)
            for mode in WATCHED:
                for name, ratio in rounds.ratios(measured[mode], measured["off"]).items():
                    if name in ("requests_per_s", "cpu_us_per_request", "p99_us"):
                        lines.append(f"{threads} threads, {mode + '/off':12} {name:20} {rounds.in_words(ratio)}")
            for when, used in cpu.items():
                assert isinstance(used, dict)
                each = ", ".join(f"{name} {ms:.1f}" for name, ms in used.items())
                lines.append(f"{threads} threads, {when:20} ms of CPU a second: {each or 'no thread of the library'}")
            made = {mode: list(map(dataclasses.asdict, each)) for mode, each in measured.items()}
            document[f"{threads} threads"] = {"rounds": made, "library_cpu_ms_per_s": cpu}
        handlers = measure_handlers(options.rounds)
        document["ns_a_handler"] = handlers
        print("\n".join([*lines, *handler_lines(handlers)]))
        rounds.write_json(options.json, document)

    return terminal.run_command("monitor_cost", work)


if __name__ == "__main__":
    sys.exit(main())
