#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""Whether writes side by side cost what they cost one after another: 1, 2, 4 and 8 of each method, on each back end.

  load/bench/side_by_side.py [--rounds 5] [--methods sync,...] [--one-core] [--old BINARY] [--json FILE]

The ratio is the time from the start of all writes to the end of the last one, over their number times the time of one
write in the same round. cores is the CPU time of the server over that time. With --old, that build is measured in turns
with build/bin/loopscope. The servers of --one-core run on one core; otherwise nothing is pinned.
"""

import argparse
import contextlib
import dataclasses
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence

from parts import rounds
from parts.side_by_side import Together, write_together

from loopscope_load import Json, statistics, terminal
from loopscope_load.servers import Loopscope, ServerProcess, running
from loopscope_load.statistics import Spread
from loopscope_load.terminal import Progress

TOGETHER = (1, 2, 4, 8)
BACK_ENDS = ("threads", "uring")
# Long enough that a write takes some 30 ms or more, and 8 of the slowest method a second or two.
COUNTS = {
    "sync": 100_000,
    "promise": 30_000,
    "callback": 100_000,
    "stream": 2_000_000,
    "partition": 100_000,
    "offload": 100_000,
}
WITH_BACK_END = ("promise", "callback", "stream")  # the others write with write(2) whatever --file-io says


@dataclasses.dataclass(frozen=True)
class MethodFigures:
    build: str
    back_end: str
    method: str
    us_per_record: float | None
    cores: dict[int, float | None]
    over_linear: dict[int, Spread | None]


@contextlib.contextmanager
def server_of(binary: str, back_end: str, one_core: bool) -> Iterator[ServerProcess]:
    with tempfile.TemporaryDirectory(prefix="loopscope-bench-") as data_dir:
        command = [*Loopscope(binary, back_end).command(data_dir), "--max-writes", str(max(TOGETHER))]
        with running(rounds.pinned(rounds.cores()[0] if one_core else None, command)) as server:
            yield server


def figures(build: str, back_end: str, method: str, measured: Sequence[dict[int, Together]]) -> MethodFigures:
    one = statistics.median(each[1].seconds for each in measured)
    return MethodFigures(
        build=build,
        back_end=back_end if method in WITH_BACK_END else "none" if method != "offload" else "threads",
        method=method,
        us_per_record=one and one * 1e6 / COUNTS[method],
        cores={number: statistics.median(each[number].cores for each in measured) for number in TOGETHER},
        over_linear={
            number: statistics.spread(each[number].seconds / (number * each[1].seconds) for each in measured)
            for number in TOGETHER[1:]
        },
    )


COLUMNS = "{:<5}{:<9}{:<10}{:>8}{:>6}  {:<20}{:<20}{:<20}"


def heading() -> list[str]:
    titles = (f"{n} over {n} x one" for n in TOGETHER[1:])
    return [COLUMNS.format("", "io", "method", "one: us", "cores", *titles).rstrip()]


def row(found: MethodFigures) -> str:
    return COLUMNS.format(
        found.build,
        found.back_end,
        found.method,
        f"{found.us_per_record:.3f}",
        f"{found.cores[1]:.2f}",
        *(rounds.in_words(found.over_linear[number]) for number in TOGETHER[1:]),
    ).rstrip()


def measure(options: argparse.Namespace, progress: Progress) -> None:
    builds = {"new": rounds.LOOPSCOPE} | ({"old": os.path.abspath(options.old)} if options.old else {})
    found = []
    print("\n".join(heading()), flush=True)
    for back_end in BACK_ENDS:
        with contextlib.ExitStack() as stack:
            servers = {
                name: stack.enter_context(server_of(binary, back_end, options.one_core))
                for name, binary in builds.items()
            }
            for method in options.methods:
                if back_end != "threads" and method not in WITH_BACK_END:
                    continue
                measured: dict[str, list[dict[int, Together]]] = {name: [] for name in builds}
                with progress.step(f"{method} on {back_end}"):
                    for _, build in rounds.in_turns(list(builds), options.rounds):
                        measured[build].append(
                            {n: write_together(servers[build], method, COUNTS[method], n) for n in TOGETHER}
                        )
                for build in reversed(builds):
                    found.append(figures(build, back_end, method, measured[build]))
                    print(row(found[-1]), flush=True)
    print("\n".join(rounds.footer("Medians of the rounds, with minimum and maximum. one: us a record, and cores.")))
    document: Json = {
        "rounds": options.rounds,
        "one_core": options.one_core,
        "figures": [dataclasses.asdict(each) for each in found],
    }
    rounds.write_json(options.json, document, tempfile.gettempdir())


def main() -> int:
    parser = rounds.parser(__doc__)
    parser.add_argument("--rounds", type=terminal.positive_number, default=5, metavar="N", help="number of rounds (5)")
    parser.add_argument("--methods", type=terminal.names_among(tuple(COUNTS)), default=list(COUNTS), metavar="A,B")
    parser.add_argument("--one-core", action="store_true", help="the servers run on one core")
    parser.add_argument("--old", metavar="BINARY", help="another build of loopscope, in turns")
    options = parser.parse_args()
    return terminal.run_command("side_by_side", lambda progress: measure(options, progress))


if __name__ == "__main__":
    sys.exit(main())
