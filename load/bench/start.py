#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""The cost of a start: the time to the ready line, the binary's size, memory at idle.

  load/bench/start.py [--starts 20] [--quick] [--json FILE]

Times count from the spawn of the process, so they include exec and dynamic linking. `--version`, which needs little else,
is timed for comparison. Memory is read at the ready line and, of the last start, 5 seconds later. Reads
build/bin/loopscope.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from parts import rounds

from loopscope_load import statistics, terminal, units
from loopscope_load.statistics import Spread

IDLE_S = 5
STARTS, QUICK_STARTS = 20, 5


@dataclasses.dataclass(frozen=True)
class Memory:
    """Memory of a process. None is not known from the kernel."""

    rss_bytes: float | None
    anonymous_bytes: float | None
    pss_bytes: float | None


@dataclasses.dataclass(frozen=True)
class Start:
    ready_ms: float
    at_start: Memory
    idle: Memory | None


@dataclasses.dataclass(frozen=True)
class Summary:
    ready_ms: Spread | None
    version_ms: Spread | None
    binary_bytes: int
    stripped_bytes: int | None
    at_start: Memory  # medians
    idle: Memory | None


def memory(pid: int) -> Memory:
    def read(name: str) -> str:
        try:
            return pathlib.Path(f"/proc/{pid}/{name}").read_text(encoding="ascii", errors="replace")
        except OSError:
            return ""

    status = read("status")
    return Memory(bytes_of(status, "VmRSS"), bytes_of(status, "RssAnon"), bytes_of(read("smaps_rollup"), "Pss"))


def bytes_of(text: str, key: str) -> int | None:
    """The bytes of the line "key:  N kB"; None without one."""
    found = re.search(rf"^{key}:\s+(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def stripped_bytes(binary: str) -> int | None:
    if not shutil.which("strip"):
        return None
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "-o", copy.name, binary], check=True)
        return os.path.getsize(copy.name)


def version_ms(binary: str = rounds.LOOPSCOPE) -> float:
    begun = time.monotonic()
    subprocess.run([binary, "--version"], stdout=subprocess.DEVNULL, check=True)
    return (time.monotonic() - begun) * 1000


def one_start(idle_s: int, binary: str = rounds.LOOPSCOPE) -> Start:
    """The figures of one server, which is watched for idle_s."""
    spawned = time.monotonic()
    with rounds.loopscope(binary=binary) as server:
        ready_ms = (time.monotonic() - spawned) * 1000
        at_start = memory(server.pid)
        time.sleep(idle_s)
        return Start(ready_ms, at_start, memory(server.pid) if idle_s else None)


def summary(starts: Sequence[Start], versions_ms: Sequence[float]) -> Summary:
    return Summary(
        ready_ms=statistics.spread(start.ready_ms for start in starts),
        version_ms=statistics.spread(versions_ms),
        binary_bytes=os.path.getsize(rounds.LOOPSCOPE),
        stripped_bytes=stripped_bytes(rounds.LOOPSCOPE),
        at_start=Memory(
            statistics.median(start.at_start.rss_bytes for start in starts),
            statistics.median(start.at_start.anonymous_bytes for start in starts),
            statistics.median(start.at_start.pss_bytes for start in starts),
        ),
        idle=starts[-1].idle,
    )


def table(found: Summary, starts: int) -> list[str]:
    def times(spread: Spread | None) -> str:
        if spread is None:
            return units.NOT_MEASURED
        return (
            f"{units.duration(spread['median']):>9}  "
            f"({units.duration(spread['min'])} .. {units.duration(spread['max'])})"
        )

    def sizes(of: Memory | None) -> str:
        return "".join(f"{units.megabytes(size):>11}" for size in dataclasses.astuple(of or Memory(None, None, None)))

    binary, stripped = units.megabytes(found.binary_bytes), units.megabytes(found.stripped_bytes)
    return [
        f"{'to the ready line':<24}{times(found.ready_ms)}   {units.count(starts, 'start')}",
        f"{'--version, whole':<24}{times(found.version_ms)}",
        f"{'binary':<24}{binary:>9}  (stripped {stripped})",
        "",
        f"{'':<22}{'resident':>11}{'anonymous':>11}{'Pss':>11}",
        f"{'when ready':<22}{sizes(found.at_start)}",
        f"{f'after {IDLE_S} s':<22}{sizes(found.idle)}",
    ]


def measure(options: argparse.Namespace, progress: terminal.Progress) -> None:
    count = options.starts or (QUICK_STARTS if options.quick else STARTS)
    starts, versions_ms = [], []
    with progress.step(units.count(count, "start")):
        for number in range(count):
            versions_ms.append(version_ms())
            starts.append(one_start(IDLE_S if number + 1 == count else 0))
    found = summary(starts, versions_ms)
    print("\n".join(table(found, count)))
    document = {"summary": dataclasses.asdict(found), "starts": list(map(dataclasses.asdict, starts))}
    rounds.write_json(options.json, document, tempfile.gettempdir())


def main() -> int:
    parser = rounds.parser(__doc__)
    parser.add_argument(
        "--starts",
        type=terminal.positive_number,
        metavar="N",
        help=f"number of starts ({STARTS}; {QUICK_STARTS} with --quick)",
    )
    parser.add_argument("--quick", action="store_true", help="fewer starts")
    options = parser.parse_args()
    return terminal.run_command("start", lambda progress: measure(options, progress))


if __name__ == "__main__":
    sys.exit(main())
