# SPDX-License-Identifier: MIT

"""Writes the records of loopscope's methods as a Python program does; a program of its own, as write_peers.cpp is.

  python3 python_writes.py record|file FILE COUNT   prints JSON: time until FILE is closed, CPU time, peak memory
"""

import json
import os
import re
import resource
import sys
import time


def write_each_record(path: str, count: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number in range(count):
        os.write(descriptor, b" %d " % number)
    os.close(descriptor)


def write_to_file(path: str, count: int) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            file.write(f" {number} ")


WAYS = {"record": write_each_record, "file": write_to_file}


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_bytes() -> int | None:
    """ru_maxrss would begin with the memory of the parent process."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read(), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def main() -> None:
    way, path, count = sys.argv[1:]
    cpu_before_s, began_s = cpu_s(), time.perf_counter()
    WAYS[way](path, int(count))
    ended_s, cpu_after_s = time.perf_counter(), cpu_s()
    figures = {
        "ms": (ended_s - began_s) * 1e3,
        "cpu_ms": (cpu_after_s - cpu_before_s) * 1e3,
        "peak_bytes": peak_bytes(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
