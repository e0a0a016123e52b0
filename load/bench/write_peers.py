#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""A write beside what a user would take instead: C++, spdlog, Python and Node.js in turns with loopscope's methods.

  load/bench/write_peers.py [--rounds 5] [--count 1000000] [--json FILE]

All write the same records into the same folder, each in a new process, and every file is read back. The ratio is the
time over that of the C++ loop of the same kind in the same round: one write(2) for each record, or one for 64 KiB. The
programs' time ends when the file is closed. That of loopscope and Node.js is from their own report of a write on a
running server, which has served a small one before; it ends with the last record, before the file is closed. CPU is
user and system time of all threads. TMPDIR chooses the file system. Reads build/bin/write_peers and
build/bin/loopscope. A peer that is not installed is not measured, and the table says why.
"""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import NamedTuple

from parts import python_writes, rounds

from loopscope_load import statistics, terminal, units
from loopscope_load.servers import Loopscope, NodePeer, System, running
from loopscope_load.statistics import Spread
from loopscope_load.terminal import Failure, Progress
from loopscope_load.writes import Client

PROGRAM = os.path.join(rounds.BINARIES, "write_peers")
EACH_RECORD = "C++ write(2)"
BUFFERED = "C++ write(2), 64 KiB"
KINDS = {EACH_RECORD: "one write for each record", BUFFERED: "a buffer of records for each write"}
BUFFERED_METHOD = "stream"
UNORDERED_METHOD = "callback"
WARM_UP_COUNT = 10_000


class Missing(Failure):
    """A peer is not installed."""


class Written(NamedTuple):
    path: pathlib.Path
    ms: float
    cpu_ms: float
    peak_bytes: int | None


Write = Callable[[pathlib.Path, int], Written]  # into a folder, so many records


@dataclasses.dataclass(frozen=True)
class Way:
    """`base` is the loop of the same kind."""

    base: str
    write: Write
    keeps_order: bool = True


@dataclasses.dataclass(frozen=True)
class Figures:
    """One write: microseconds a record, and the peak resident memory of the process."""

    us: float
    cpu_us: float
    peak_bytes: int | None
    in_order: bool


@dataclasses.dataclass(frozen=True)
class Result:
    """`reason` is why there are no figures."""

    us: Spread | None = None
    cpu_us: Spread | None = None
    peak_bytes: Spread | None = None
    in_order: bool | None = None
    over_base: Spread | None = None
    reason: str | None = None


def by_program(*command: str) -> Write:
    def write(folder: pathlib.Path, count: int) -> Written:
        path = folder / "records.txt"
        try:
            done = subprocess.run([*command, str(path), str(count)], capture_output=True, text=True)
        except OSError as error:
            raise Failure(f"Cannot start {command[0]}: {error.strerror}.") from error
        if done.returncode:
            raise Failure((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
        return Written(path, **json.loads(done.stdout))

    return write


def by_server(system: System, method: str) -> Write:
    def write(folder: pathlib.Path, count: int) -> Written:
        with running(system.command(str(folder))) as server, Client(server.url) as client:
            client.write(method, WARM_UP_COUNT, verify=False)
            report = client.write(method, count, verify=False)
        cpu_ms = report["cpu"]["process_user_ms"] + report["cpu"]["process_system_ms"]
        path = pathlib.Path(report["file"])
        return Written(path, report["timing_ms"]["completed"], cpu_ms, report["memory"]["rss_peak_bytes"])

    return write


def by_node(method: str) -> Write:
    def write(folder: pathlib.Path, count: int) -> Written:
        try:
            peer = NodePeer()
        except Failure as reason:
            raise Missing(str(reason)) from None
        return by_server(peer, method)(folder, count)

    return write


def of_methods(name: str, methods: tuple[str, ...], by_method: Callable[[str], Write], base: str) -> dict[str, Way]:
    return {
        f"{name} {method}": Way(base, by_method(method), method != UNORDERED_METHOD)
        for method in methods
        if (method == BUFFERED_METHOD) == (base == BUFFERED)
    }


def ways(program: str = PROGRAM, loopscope: str = rounds.LOOPSCOPE) -> dict[str, Way]:
    """In the order of the table: the ways of a kind behind their loop."""
    server = Loopscope(loopscope, "auto")
    python = (sys.executable, python_writes.__file__)

    def servers(base: str) -> dict[str, Way]:
        return {
            **of_methods("Node.js", NodePeer.methods, by_node, base),
            **of_methods("loopscope", server.methods, lambda method: by_server(server, method), base),
        }

    return {
        EACH_RECORD: Way(EACH_RECORD, by_program(program, "record")),
        "Python os.write": Way(EACH_RECORD, by_program(*python, "record")),
        **servers(EACH_RECORD),
        BUFFERED: Way(BUFFERED, by_program(program, "buffer")),
        "C++ std::ofstream": Way(BUFFERED, by_program(program, "ofstream")),
        "spdlog, async": Way(BUFFERED, by_program(program, "spdlog")),
        "Python file.write": Way(BUFFERED, by_program(*python, "file")),
        **servers(BUFFERED),
    }


def expected_content(count: int) -> bytes:
    return "".join(f" {number} " for number in range(count)).encode()


def is_in_order(content: bytes, expected: bytes) -> bool:
    """Raises Failure when the content does not have each record exactly once."""
    if content == expected:
        return True
    same_ends = (content[:1], content[-1:]) == (b" ", b" ")
    if not same_ends or sorted(content[1:-1].split(b"  ")) != sorted(expected[1:-1].split(b"  ")):
        raise Failure("its file does not have every record exactly once")
    return False


def measure_one(way: Way, folder: pathlib.Path, count: int, expected: bytes) -> Figures:
    written = way.write(folder, count)
    in_order = is_in_order(written.path.read_bytes(), expected)
    if way.keeps_order and not in_order:
        raise Failure("its file has the records in another order")
    written.path.unlink()  # before the kernel writes it to the disk during the next measurement
    return Figures(written.ms * 1e3 / count, written.cpu_ms * 1e3 / count, written.peak_bytes, in_order)


def measure(
    selected: Mapping[str, Way], number_of_rounds: int, count: int, progress: Progress
) -> tuple[dict[str, Result], list[str]]:
    """Returns the results, and the names of the ways that failed. A missing peer did not fail."""
    expected = expected_content(count)
    measured: dict[str, list[Figures]] = {name: [] for name in selected}
    failures: dict[str, Failure] = {}
    with tempfile.TemporaryDirectory(prefix="loopscope-bench-") as folder:
        for number, name in rounds.in_turns(list(selected), number_of_rounds):
            if name in failures:
                continue
            with progress.step(f"round {number + 1}: {name}"):
                try:
                    measured[name].append(measure_one(selected[name], pathlib.Path(folder), count, expected))
                except Failure as failure:
                    failures[name] = failure
    results = {
        name: Result(reason=str(failures[name]))
        if name in failures
        else result(measured[name], [] if way.base in failures else measured[way.base])
        for name, way in selected.items()
    }
    return results, [name for name, failure in failures.items() if not isinstance(failure, Missing)]


def result(own: list[Figures], base: list[Figures]) -> Result:
    return Result(
        us=statistics.spread(one.us for one in own),
        cpu_us=statistics.spread(one.cpu_us for one in own),
        peak_bytes=statistics.spread(one.peak_bytes for one in own),
        in_order=all(one.in_order for one in own),
        over_base=statistics.spread(mine.us / loop.us for mine, loop in zip(own, base)),
    )


COLUMNS = "{:<20} {:<22}{:>8}{:>8}  {:<19}"


def table(selected: Mapping[str, Way], results: Mapping[str, Result]) -> list[str]:
    lines = []
    for base, kind in KINDS.items():
        lines += ["", kind, COLUMNS.format("", "us a record", "CPU us", "peak", "time over the loop").rstrip()]
        lines += [row(name, results[name]) for name, way in selected.items() if way.base == base]
    note = "Medians of the rounds, with minimum and maximum. * Not every file had the records in order."
    return [*lines, *rounds.footer(note)]


def row(name: str, found: Result) -> str:
    if found.us is None or found.cpu_us is None:
        return f"{name:<20} not measured: {found.reason}"
    least, most = decimal(found.us["min"]), decimal(found.us["max"])
    return COLUMNS.format(
        name + ("" if found.in_order else " *"),
        f"{decimal(found.us['median'])} ({least} .. {most})",
        decimal(found.cpu_us["median"]),
        units.megabytes(found.peak_bytes and found.peak_bytes["median"]),
        rounds.in_words(found.over_base),
    ).rstrip()


def decimal(us: float) -> str:
    return f"{us:.{3 if us < 9.9995 else 1}f}"


def main() -> int:
    parser = rounds.parser(__doc__)
    parser.add_argument("--rounds", type=terminal.positive_number, default=5, metavar="N", help="number of rounds (5)")
    parser.add_argument("--count", type=terminal.positive_number, default=1_000_000, metavar="N", help="of records")
    options = parser.parse_args()

    def work(progress: Progress) -> None:
        selected = ways()
        results, failed = measure(selected, options.rounds, options.count, progress)
        print("\n".join(table(selected, results)))
        plain = {name: dataclasses.asdict(found) for name, found in results.items()}
        document = {"rounds": options.rounds, "count": options.count, "ways": plain}
        rounds.write_json(options.json, document, tempfile.gettempdir())
        if failed:
            raise Failure(f"These failed: {', '.join(failed)}.")

    return terminal.run_command("write_peers", work)


if __name__ == "__main__":
    sys.exit(main())
