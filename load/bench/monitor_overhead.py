#!/usr/bin/env python3
"""What watching a loop costs it: /hello with the monitor on against off, by turns in one run.

  load/bench/monitor_overhead.py [--rounds 10] [--seconds 3] [--json FILE]

The server has one core and wrk the other, where there are two. Prints requests/s and server CPU per request of each
round, and the ratios on/off of the medians. Reads build/bin/hello_server.
"""

import argparse
import json
import pathlib
import subprocess

import rounds


class Server:
    def __init__(self, mode, cpu):
        command = [str(rounds.ROOT / "build/bin/hello_server"), mode]
        self.process = subprocess.Popen(rounds.pinned(cpu, command), stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    server_cpu, load_cpu = rounds.cores()
    servers = {mode: Server(mode, server_cpu) for mode in ("on", "off")}
    measured = {mode: [] for mode in servers}
    try:
        for number, mode in rounds.by_turns(list(servers), options.rounds):
            server = servers[mode]
            figures = rounds.one_round(server.url, [server.process.pid], load_cpu, options.seconds)
            measured[mode].append(figures)
            print(
                f"round {number + 1:2} monitor {mode:3}  {figures['requests_per_s']:9.0f} requests/s  "
                f"{figures['cpu_us_per_request']:6.2f} us CPU a request",
                flush=True,
            )
    finally:
        for server in servers.values():
            server.stop()

    ratios = rounds.ratios(measured["on"], measured["off"])
    for name, ratio in ratios.items():
        print(f"on/off {name}: {ratio['median']:.3f} ({ratio['least']:.3f} .. {ratio['greatest']:.3f})")
    if options.json:
        options.json.write_text(json.dumps({"rounds": measured, "ratios": ratios}, indent=2) + "\n")


if __name__ == "__main__":
    main()
