#!/usr/bin/env python3
"""Where the time of a write goes, on the working file system, xfs (a loop device) and tmpfs.

  load/bench/file_systems.py [--rounds 5] [--json FILE]

Runs each way of build/bin/file_writes by turns: plain write(2), the service's two back ends awaited and flooded, one
Asio file object, and liburing alone with what it offers. Prints the median time and CPU of a write with the least and the
greatest, and what one more run of each did, counted by perf: io_uring_enter calls, writes that the kernel punted to a
worker thread, context switches, and all system calls, of a write. xfs needs root; what cannot be had is null and says why.
"""

import argparse
import json
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys

import rounds
import scratch_file_systems

PROGRAM = str(rounds.ROOT / "build/bin/file_writes")
EVENTS = {
    "io_uring_enter": "syscalls:sys_enter_io_uring_enter",
    "punted": "io_uring:io_uring_queue_async_work",
    "context_switches": "context-switches",
    "system_calls": "raw_syscalls:sys_enter",
}


def ways():
    return subprocess.run([PROGRAM], capture_output=True, text=True, check=True).stdout.splitlines()


def run(directory, way, before=()):
    """One run's figures, or what kept it from running."""
    done = subprocess.run([*before, PROGRAM, str(directory), way], capture_output=True, text=True)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["failed"])[-1]
    return json.loads(done.stdout), None


def counts(directory, way, scratch):
    """What one run did per write; a figure is None where perf cannot count it."""
    nothing = dict.fromkeys(EVENTS)
    if not shutil.which("perf"):
        return nothing
    out = pathlib.Path(scratch) / "counts"
    events = [part for event in EVENTS.values() for part in ("-e", event)]
    figures, _ = run(directory, way, ("perf", "stat", "-x", ",", "-o", str(out), *events, "--"))
    if figures is None:
        return nothing
    counted = {}
    for line in out.read_text().splitlines():
        value, _, event = (line.split(",") + ["", "", ""])[:3]
        if value.isdigit():
            counted[event] = int(value) / figures["writes"]
    out.unlink()
    return {name: counted.get(event) for name, event in EVENTS.items()}


def summary(measured):
    out = {}
    for figure in ("us", "cpu_us"):
        values = [each[figure] for each in measured]
        out[figure] = {"median": statistics.median(values), "least": min(values), "greatest": max(values)}
    return out


def text(value):
    return "-" if value is None else f"{value:.2f}"


def show(name, results):
    print(
        f"\n{name:34}{'us a write':>12}  {'least .. greatest':18}{'CPU us':>8}"
        + "".join(f"{column.replace('_', ' '):>18}" for column in EVENTS)
    )
    for way, result in results.items():
        if result["us"] is None:
            print(f"{way:34}{'-':>12}  {result['reason']}")
            continue
        us = result["us"]
        print(
            f"{way:34}{us['median']:12.2f}  {us['least']:6.2f} .. {us['greatest']:<8.2f}{result['cpu_us']['median']:8.2f}"
            + "".join(f"{text(result[column]):>18}" for column in EVENTS)
        )


def measure(directory, names, count):
    measured, reasons = {name: [] for name in names}, {}
    for _, name in rounds.by_turns(names, count):
        figures, reason = run(directory, name)
        if figures is None:
            reasons[name] = reason
        else:
            measured[name].append(figures)
    results = {}
    for name in names:
        if name in reasons:
            results[name] = {"us": None, "cpu_us": None, "reason": reasons[name], **dict.fromkeys(EVENTS)}
        else:
            results[name] = {**summary(measured[name]), **counts(directory, name, directory)}
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was made is removed
    names, out = ways(), {}
    with scratch_file_systems.each() as found:
        for name, directory in found.items():
            if isinstance(directory, scratch_file_systems.Unavailable):
                out[name] = {"results": None, "reason": str(directory)}
                print(f"\n{name}: not measured, {directory}", flush=True)
                continue
            results = measure(directory, names, options.rounds)
            out[name] = {"results": results, "reason": None}
            show(name, results)
    if options.json:
        options.json.write_text(json.dumps({"rounds": options.rounds, "file_systems": out}, indent=2) + "\n")


if __name__ == "__main__":
    main()
