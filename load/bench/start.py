#!/usr/bin/env python3
"""What a start costs: the time to the ready line, the binary's size, memory at idle.

  load/bench/start.py [--starts 20] [--quick] [--json FILE]

Times are from the spawn of the process, so exec and dynamic linking are in them; beside them is `--version`, which needs
little else. Memory is read when the ready line is there and, of the last start, 5 seconds later. Reads build/bin/loopscope.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import rounds
from loopscope_load import command, units

IDLE_S = 5
MEMORY = {
    "rss_bytes": ("status", "VmRSS"),
    "anonymous_bytes": ("status", "RssAnon"),
    "pss_bytes": ("smaps_rollup", "Pss"),
}


def memory(pid):
    """Of a process; None where the kernel does not say."""
    texts = {}
    for file in ("status", "smaps_rollup"):
        try:
            texts[file] = pathlib.Path(f"/proc/{pid}/{file}").read_text(encoding="ascii", errors="replace")
        except OSError:
            texts[file] = ""
    return {name: kib_of(texts[file], key) for name, (file, key) in MEMORY.items()}


def kib_of(text, key):
    """The bytes of the line "key:  N kB"; None without one."""
    found = re.search(rf"^{key}:\s+(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def stripped_bytes(binary):
    """None where there is no strip(1)."""
    if shutil.which("strip") is None:
        return None
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "-o", copy.name, binary], check=True)
        return os.path.getsize(copy.name)


def version_ms():
    begun = time.monotonic()
    subprocess.run([rounds.LOOPSCOPE, "--version"], stdout=subprocess.DEVNULL, check=True)
    return (time.monotonic() - begun) * 1000


def one_start(idle_s):
    """The figures of one server, which is watched for idle_s."""
    spawned = time.monotonic()
    with rounds.loopscope() as server:
        found = {"ready_ms": (time.monotonic() - spawned) * 1000, "at_start": memory(server.pid), "idle": None}
        if idle_s:
            time.sleep(idle_s)
            found["idle"] = memory(server.pid)
    return found


def summary(starts, versions_ms):
    return {
        "ready_ms": rounds.spread([start["ready_ms"] for start in starts]),
        "version_ms": rounds.spread(versions_ms),
        "binary_bytes": os.path.getsize(rounds.LOOPSCOPE),
        "stripped_bytes": stripped_bytes(rounds.LOOPSCOPE),
        "at_start": {name: rounds.spread([start["at_start"][name] for start in starts]) for name in MEMORY},
        "idle": starts[-1]["idle"],
    }


def table(found, starts):
    def times(of):
        return f"{units.duration(of['median']):>9}  ({units.duration(of['least'])} .. {units.duration(of['greatest'])})"

    def sizes(of):
        return "".join(f"{units.megabytes(of[name]):>11}" for name in MEMORY)

    at_start = {name: of and of["median"] for name, of in found["at_start"].items()}
    return [
        f"{'to the ready line':<24}{times(found['ready_ms'])}   {units.count(starts, 'start')}",
        f"{'--version, whole':<24}{times(found['version_ms'])}",
        f"{'binary':<24}{units.megabytes(found['binary_bytes']):>9}  (stripped {units.megabytes(found['stripped_bytes'])})",
        "",
        f"{'':<22}{'resident':>11}{'anonymous':>11}{'Pss':>11}",
        f"{'when ready':<22}{sizes(at_start)}",
        f"{f'after {IDLE_S} s':<22}{sizes(found['idle'])}",
    ]


def measure(options, progress):
    starts, versions_ms = [], []
    with progress.step(units.count(options.starts, "start")):
        for number in range(options.starts):
            versions_ms.append(version_ms())
            starts.append(one_start(IDLE_S if number + 1 == options.starts else 0))
    found = summary(starts, versions_ms)
    print("\n".join(table(found, options.starts)))
    rounds.write_json(options.json, {"summary": found, "starts": starts}, tempfile.gettempdir())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=command.positive_number)
    parser.add_argument("--quick", action="store_true", help="5 starts instead of 20")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    options.starts = options.starts or (5 if options.quick else 20)
    sys.exit(command.run("start", lambda progress: measure(options, progress)))


if __name__ == "__main__":
    main()
