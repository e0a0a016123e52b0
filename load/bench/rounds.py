"""What the benchmarks of /hello share: pinned servers, rounds of wrk by turns, ratios within one run."""

import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "load"))

from loopscope_load import wrk  # noqa: E402  (found through the path above)


def cores():
    """(the servers' core, wrk's core); (None, None), which pins nothing, where there is one only."""
    cpus = sorted(os.sched_getaffinity(0))
    return (cpus[0], cpus[1]) if len(cpus) > 1 else (None, None)


def pinned(cpu, command):
    return command if cpu is None else ["taskset", "-c", str(cpu), *command]


def cpu_ns(pids):
    """CPU time that all threads of these processes have used."""
    return sum(int(schedstat.read_text().split()[0])
               for pid in pids for schedstat in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"))


def one_round(url, pids, cpu, seconds, connections=64, pipelined=1):
    """Asks /hello as fast as one wrk thread can; returns the figures of one round."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", "-s", wrk.SCRIPT, f"{url}/hello"]
    if pipelined > 1:
        command[-1:] = [f"{url}/hello", "--", f"pipelined={pipelined}"]
    before = cpu_ns(pids)
    done = subprocess.run(pinned(cpu, command), capture_output=True, text=True, check=True)
    figures = wrk.parse(done.stdout, done.stderr)
    if sum(figures["errors"].values()):
        raise SystemExit(f"{url}: wrk reports errors: {figures['errors']}")
    return {"requests_per_s": figures["requests_per_s"],
            "cpu_us_per_request": (cpu_ns(pids) - before) / 1000 / figures["requests"],
            "p50_us": figures["p50_us"], "p99_us": figures["p99_us"]}


def by_turns(names, count):
    """Yields (round number, name), every other round backwards, so that a drift of the machine favours none."""
    for number in range(count):
        for name in names if number % 2 == 0 else reversed(names):
            yield number, name


def ratios(rounds, base_rounds):
    """Per figure: the median, least and greatest of the ratios to the base in the same round."""
    out = {}
    for figure in rounds[0]:
        each = [mine[figure] / other[figure] for mine, other in zip(rounds, base_rounds) if other[figure]]
        if each:
            out[figure] = {"median": statistics.median(each), "least": min(each), "greatest": max(each)}
    return out
