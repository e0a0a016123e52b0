#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""The cost of watching a loop: /hello with the monitor on against off, in turns in one run.

  load/bench/monitor_overhead.py [--rounds 10] [--seconds 3] [--json FILE]

The server has one core and wrk the other, where there are two. Prints requests/s and server CPU per request of each
round, and the ratios on/off. Reads build/bin/hello_server.
"""

import contextlib
import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator

from parts import rounds

from loopscope_load import terminal


@dataclasses.dataclass(frozen=True)
class Server:
    url: str
    pid: int


@contextlib.contextmanager
def running_server(mode: str, cpu: int | None) -> Iterator[Server]:
    command = rounds.pinned(cpu, [os.path.join(rounds.BINARIES, "hello_server"), mode])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Server(f"http://127.0.0.1:{int(process.stdout.readline())}", process.pid)
        finally:
            process.terminate()


def measure(number_of_rounds: int, seconds: int) -> dict[str, list[rounds.Round]]:
    """The rounds with the monitor "on" and "off"."""
    server_cpu, wrk_cpu = rounds.cores()
    measured: dict[str, list[rounds.Round]] = {"on": [], "off": []}
    with running_server("on", server_cpu) as on, running_server("off", server_cpu) as off:
        servers = {"on": on, "off": off}
        for number, mode in rounds.in_turns(list(servers), number_of_rounds):
            one = rounds.one_round(servers[mode].url, [servers[mode].pid], wrk_cpu, seconds)
            measured[mode].append(one)
            print(
                f"round {number + 1:2} monitor {mode:3}  {one.requests_per_s:9.0f} requests/s  "
                f"{one.cpu_us_per_request:6.2f} us CPU a request",
                file=sys.stderr,
            )
    return measured


def main() -> int:
    parser = rounds.parser(__doc__)
    parser.add_argument("--rounds", type=terminal.positive_number, default=10, metavar="N")
    parser.add_argument("--seconds", type=terminal.positive_number, default=3, metavar="N", help="of each round (3)")
    options = parser.parse_args()

    def work(_progress: terminal.Progress) -> None:
        measured = measure(options.rounds, options.seconds)
        ratios = rounds.ratios(measured["on"], measured["off"])
        for name, ratio in ratios.items():
            print(f"on/off {name}: {rounds.in_words(ratio)}")
        made = {mode: list(map(dataclasses.asdict, each)) for mode, each in measured.items()}
        rounds.write_json(options.json, {"rounds": made, "ratios": ratios})

    return terminal.run_command("monitor_overhead", work)


if __name__ == "__main__":
    sys.exit(main())
