# SPDX-License-Identifier: MIT

"""What the benchmarks share: servers of their own, rounds in turns, one round of wrk, tables and the JSON file."""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import resource
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from loopscope_load import Json, results, statistics, table, wrk
from loopscope_load.build import ROOT
from loopscope_load.servers import Loopscope, ServerProcess, running
from loopscope_load.statistics import Spread
from loopscope_load.terminal import Failure

Name = TypeVar("Name")

BINARIES = os.path.join(ROOT, "build", "bin")
LOOPSCOPE = os.path.join(BINARIES, "loopscope")
PROBE = os.path.join(BINARIES, "loopscope-probe")


def parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser whose description is the first line of a module's docstring, with --json."""
    made = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    made.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the figures and the machine to FILE")
    return made


def write_json(path: pathlib.Path | None, figures: Json, data_dir: str | None = None) -> None:
    """Writes the figures and the machine to the file that --json names, if it names one."""
    if path:
        document = {"machine": results.machine(data_dir), **figures}
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def cores() -> tuple[int | None, int | None]:
    """The core of the servers and the core of wrk. (None, None), which pins nothing, where there is only one core."""
    cpus = sorted(os.sched_getaffinity(0))
    return (cpus[0], cpus[1]) if len(cpus) > 1 else (None, None)


def pinned(cpu: int | None, command: Sequence[str]) -> list[str]:
    return list(command) if cpu is None else ["taskset", "-c", str(cpu), *command]


@contextlib.contextmanager
def loopscope(*flags: str, binary: str = LOOPSCOPE) -> Iterator[ServerProcess]:
    """A loopscope with a data directory of its own and everything on: admin plane, monitor, metrics."""
    with tempfile.TemporaryDirectory(prefix="loopscope-bench-") as data_dir:
        with running([*Loopscope(binary, "auto").command(data_dir), *flags]) as server:
            yield server


def cpu_ns(pids: Iterable[int]) -> int:
    """The CPU time that all threads of these processes have used."""
    return sum(
        int(schedstat.read_text().split()[0])
        for pid in pids
        for schedstat in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    )


def ended_children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


ONE_REQUEST_EACH = ("Connection: close",)


@dataclasses.dataclass(frozen=True)
class Load:
    """What wrk sends: each of `fields` is a header field, `pipelined` the number of requests sent at once.

    With ONE_REQUEST_EACH as fields, every request has a connection of its own.
    """

    connections: int = 64
    pipelined: int = 1
    target: str = "/hello"
    fields: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Round:
    requests_per_s: float
    cpu_us_per_request: float
    wrk_cpu_us_per_request: float
    p50_us: float | None
    p99_us: float | None


def one_round(url: str, pids: Sequence[int], cpu: int | None, seconds: int, load: Load = Load()) -> Round:
    """Sends requests as fast as one wrk thread on that core can. `pids` are the processes of the server."""
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{seconds}s", "--timeout", "5s", "-s", wrk.SCRIPT]
    command += [part for field in load.fields for part in ("-H", field)]
    command += [url + load.target] + (["--", f"pipelined={load.pipelined}"] if load.pipelined > 1 else [])
    server_before_ns, wrk_before_s = cpu_ns(pids), ended_children_cpu_s()
    done = subprocess.run(pinned(cpu, command), capture_output=True, text=True, check=True)
    figures = wrk.parse(done.stdout, done.stderr)
    if sum(figures["errors"].values()):
        raise Failure(f"{url}: wrk reports errors: {wrk.errors_in_words(figures['errors'])}.")
    return Round(
        requests_per_s=figures["requests_per_s"],
        cpu_us_per_request=(cpu_ns(pids) - server_before_ns) / 1000 / figures["requests"],
        wrk_cpu_us_per_request=(ended_children_cpu_s() - wrk_before_s) * 1e6 / figures["requests"],
        p50_us=figures["p50_us"],
        p99_us=figures["p99_us"],
    )


def in_turns(names: Sequence[Name], count: int) -> Iterator[tuple[int, Name]]:
    """Yields (round number, name), every other round backwards, so that a drift of the machine favours none."""
    for number in range(count):
        for name in names if number % 2 == 0 else reversed(names):
            yield number, name


def spreads(rounds: Sequence[Round]) -> dict[str, Spread | None]:
    """The spread of each figure over the rounds."""
    return {
        field.name: statistics.spread(getattr(one, field.name) for one in rounds) for field in dataclasses.fields(Round)
    }


def ratios(rounds: Sequence[Round], base_rounds: Sequence[Round]) -> dict[str, Spread]:
    """For each figure, the spread of its ratios to the base in the same round."""
    return statistics.ratios(list(map(dataclasses.asdict, rounds)), list(map(dataclasses.asdict, base_rounds)))


def in_words(spread: Spread | None) -> str:
    """A spread of ratios, as "1.05 (0.86 .. 1.17)"."""
    if spread is None:
        return "n/a"
    median, minimum, maximum = (
        f"{value:.{2 if value < 9.995 else 0}f}" for value in (spread["median"], spread["min"], spread["max"])
    )
    return f"{median} ({minimum} .. {maximum})"


def footer(note: str) -> list[str]:
    """The last lines of a table: what its figures mean."""
    return ["-" * table.WIDTH, *textwrap.wrap(note, table.WIDTH)]


def wait_for(condition: Callable[[], bool], seconds: float, failure: str) -> None:
    """Returns once the condition holds. Raises the failure after that many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(failure)
        time.sleep(0.02)
