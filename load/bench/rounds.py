"""What the benchmarks share: servers of their own, rounds by turns, wrk, ratios within one run."""

import contextlib
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "load"))

from loopscope_load import machine, server_process, systems, table, wrk  # noqa: E402  (found through the path above)

LOOPSCOPE = str(ROOT / "build/bin/loopscope")
PROBE = str(ROOT / "build/bin/loopscope-probe")


def cores():
    """(the servers' core, wrk's core); (None, None), which pins nothing, where there is one only."""
    cpus = sorted(os.sched_getaffinity(0))
    return (cpus[0], cpus[1]) if len(cpus) > 1 else (None, None)


def pinned(cpu, command):
    return command if cpu is None else ["taskset", "-c", str(cpu), *command]


@contextlib.contextmanager
def loopscope(*flags):
    """A loopscope of our own that writes to a folder of its own, as users have it: admin plane, monitor, metrics."""
    with tempfile.TemporaryDirectory(prefix="loopscope-bench-") as data_dir:
        command = [*systems.Loopscope(LOOPSCOPE, "auto").command(data_dir), *flags]
        with server_process.running(command) as server:
            yield server


def cpu_ns(pids):
    """CPU time that all threads of these processes have used."""
    return sum(
        int(schedstat.read_text().split()[0])
        for pid in pids
        for schedstat in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    )


def ended_children_cpu_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def one_round(url, pids, cpu, seconds, connections=64, pipelined=1, target="/hello", fields=()):
    """Asks for the target as fast as one wrk thread can; returns the figures of one round.

    `fields` are header fields that each request has besides.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", "-s", wrk.SCRIPT]
    command += [part for field in fields for part in ("-H", field)]
    command += [url + target] + (["--", f"pipelined={pipelined}"] if pipelined > 1 else [])
    before, asking_before = cpu_ns(pids), ended_children_cpu_s()
    done = subprocess.run(pinned(cpu, command), capture_output=True, text=True, check=True)
    figures = wrk.parse(done.stdout, done.stderr)
    if sum(figures["errors"].values()):
        raise SystemExit(f"{url}: wrk reports errors: {figures['errors']}")
    return {
        "requests_per_s": figures["requests_per_s"],
        "cpu_us_per_request": (cpu_ns(pids) - before) / 1000 / figures["requests"],
        "asking_cpu_us_per_request": (ended_children_cpu_s() - asking_before) * 1e6 / figures["requests"],
        "p50_us": figures["p50_us"],
        "p99_us": figures["p99_us"],
    }


def by_turns(names, count):
    """Yields (round number, name), every other round backwards, so that a drift of the machine favours none."""
    for number in range(count):
        for name in names if number % 2 == 0 else reversed(names):
            yield number, name


def spread(values):
    """The median, least and greatest of those that were measured; None of none."""
    known = [value for value in values if value is not None]
    return {"median": statistics.median(known), "least": min(known), "greatest": max(known)} if known else None


def median(values):
    """Of those that were measured; None of none."""
    found = spread(values)
    return found and found["median"]


def ratios(rounds, base_rounds):
    """Per figure: the spread of the ratios to the base in the same round."""
    out = {}
    for figure in rounds[0]:
        each = [
            mine[figure] / other[figure]
            for mine, other in zip(rounds, base_rounds)
            if other[figure] and mine[figure] is not None
        ]
        if each:
            out[figure] = spread(each)
    return out


def in_words(ratios_spread):
    """A spread of ratios, as "1.05 (0.86 .. 1.17)"."""
    if ratios_spread is None:
        return "n/a"
    median, least, greatest = (
        f"{value:.{2 if value < 9.995 else 0}f}"
        for value in (ratios_spread[name] for name in ("median", "least", "greatest"))
    )
    return f"{median} ({least} .. {greatest})"


def under_rule(note):
    """The last lines of a table: what its figures mean."""
    return ["-" * table.WIDTH, *textwrap.wrap(note, table.WIDTH)]


def write_json(path, figures, data_dir=None):
    """The figures and where they were measured, to the file that --json names, if it does."""
    if path:
        document = {"machine": machine.facts(str(ROOT), data_dir), **figures}
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
