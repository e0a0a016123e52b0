#!/usr/bin/env python3
"""What watching a loop costs it: /hello with the monitor on against off, by turns in one run.

  load/bench/monitor_overhead.py [--rounds 10] [--seconds 3] [--json FILE]

The server has one core and wrk the other, where there are two. Prints requests/s and server CPU per request of each
round, and the ratios on/off of the medians. Reads build/bin/hello_server.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, mode, cpu):
        command = [str(ROOT / "build/bin/hello_server"), mode]
        self.process = subprocess.Popen(pinned(cpu, command), stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def pinned(cpu, command):
    return command if cpu is None else ["taskset", "-c", str(cpu), *command]


def one_round(server, cpu, seconds):
    before = server.cpu_s()
    command = ["wrk", "-t1", "-c64", f"-d{seconds}s", "--timeout", "5s", f"http://127.0.0.1:{server.port}/hello"]
    text = subprocess.run(pinned(cpu, command), capture_output=True, text=True, check=True).stdout
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    return {"requests_per_s": rate, "cpu_us_per_request": (server.cpu_s() - before) / requests * 1e6}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    cpus = sorted(os.sched_getaffinity(0))
    server_cpu, load_cpu = (cpus[0], cpus[1]) if len(cpus) > 1 else (None, None)
    servers = {mode: Server(mode, server_cpu) for mode in ("on", "off")}
    rounds = {mode: [] for mode in servers}
    try:
        for number in range(options.rounds):
            # Alternating order, so that a drift of the machine favours neither.
            for mode in sorted(servers, reverse=number % 2 == 1):
                measured = one_round(servers[mode], load_cpu, options.seconds)
                rounds[mode].append(measured)
                print(f"round {number + 1:2} monitor {mode:3}  {measured['requests_per_s']:9.0f} requests/s  "
                      f"{measured['cpu_us_per_request']:6.2f} us CPU a request", flush=True)
    finally:
        for server in servers.values():
            server.stop()

    ratios = {}
    for name in ("requests_per_s", "cpu_us_per_request"):
        each = [on[name] / off[name] for on, off in zip(rounds["on"], rounds["off"])]
        ratios[name] = {"median": statistics.median(each), "least": min(each), "greatest": max(each)}
        print(f"on/off {name}: {ratios[name]['median']:.3f} ({ratios[name]['least']:.3f} .. "
              f"{ratios[name]['greatest']:.3f})")
    if options.json:
        options.json.write_text(json.dumps({"rounds": rounds, "ratios": ratios}, indent=2) + "\n")


if __name__ == "__main__":
    main()
