#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""The cost of being watched from outside: nginx, Redis and a Node.js server under `loopscope watch` and without it.

  load/bench/watch_overhead.py [--rounds 10] [--seconds 3] [--json FILE]

Each program has one core and its client the other, where there are two; the watcher may run on both. Both copies of a
program run all the time, and are measured in turns. nginx and Node.js answer wrk, Redis answers redis-benchmark. What
is not installed is left out.
"""

import contextlib
import csv
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence

from parts import rounds

from loopscope_load import statistics, terminal, wrk

WAYS = ("alone", "watched")
REDIS_REQUESTS_PER_S = 60_000  # about so many; a round is a number of requests there
NODE_SERVER = (
    'require("http").createServer((_, response) => response.end("hello\\n"))'
    '.listen(Number(process.argv[1]), "127.0.0.1")'
)
NGINX = """worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello"; }} }} }}
"""


def nginx(folder: pathlib.Path, port: int) -> list[str]:
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port))
    return ["nginx", "-p", str(folder), "-c", str(configuration), "-e", str(folder / "start.log")]


def redis(folder: pathlib.Path, port: int) -> list[str]:
    flags = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "no"]
    return ["redis-server", *flags]


def node(_folder: pathlib.Path, port: int) -> list[str]:
    return ["node", "-e", NODE_SERVER, str(port)]


def requests_per_s_of_wrk(port: int, cpu: int | None, seconds: int) -> float:
    command = ["wrk", "-t1", "-c64", f"-d{seconds}s", "--timeout", "5s", "-s", wrk.SCRIPT, f"http://127.0.0.1:{port}/"]
    done = subprocess.run(rounds.pinned(cpu, command), capture_output=True, text=True, check=True)
    return float(wrk.parse(done.stdout, done.stderr)["requests_per_s"])


def requests_per_s_of_redis(port: int, cpu: int | None, seconds: int) -> float:
    count = str(seconds * REDIS_REQUESTS_PER_S)
    command = ["redis-benchmark", "-p", str(port), "-t", "get", "-c", "50", "-n", count, "--csv"]
    done = subprocess.run(rounds.pinned(cpu, command), capture_output=True, text=True, check=True)
    return float(list(csv.reader(done.stdout.splitlines()))[-1][1])


Client = Callable[[int, int | None, int], float]
PROGRAMS: dict[str, tuple[Callable[[pathlib.Path, int], list[str]], Client]] = {
    "nginx": (nginx, requests_per_s_of_wrk),
    "redis-server": (redis, requests_per_s_of_redis),
    "node": (node, requests_per_s_of_wrk),
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def running(command: Sequence[str], port: int, cpu: int | None, is_watched: bool) -> Iterator[None]:
    pinned = rounds.pinned(cpu, command)
    if is_watched:
        pinned = [os.path.join(rounds.BINARIES, "loopscope"), "watch", "--quiet", "--", *pinned]
    with subprocess.Popen(pinned, stdout=subprocess.DEVNULL) as process:
        try:
            rounds.wait_for(lambda: accepts(port), 30, f"{command[0]} does not listen.")
            yield
        finally:
            process.terminate()


def measure(name: str, number_of_rounds: int, seconds: int) -> dict[str, list[float]]:
    """Requests/s of each round, alone and watched."""
    make_command, client = PROGRAMS[name]
    server_cpu, client_cpu = rounds.cores()
    measured: dict[str, list[float]] = {way: [] for way in WAYS}
    with contextlib.ExitStack() as stack:
        ports = {}
        for way in WAYS:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loopscope-bench-")))
            ports[way] = free_port()
            command = make_command(folder, ports[way])
            stack.enter_context(running(command, ports[way], server_cpu, way == "watched"))
        for number, way in rounds.in_turns(WAYS, number_of_rounds):
            measured[way].append(client(ports[way], client_cpu, seconds))
            print(f"{name:12} round {number + 1:2} {way:8} {measured[way][-1]:9.0f} requests/s", flush=True)
    return measured


def main() -> int:
    parser = rounds.parser(__doc__)
    parser.add_argument("--rounds", type=terminal.positive_number, default=10, metavar="N")
    parser.add_argument("--seconds", type=terminal.positive_number, default=3, metavar="N", help="of each round (3)")
    options = parser.parse_args()

    def work(_progress: terminal.Progress) -> None:
        made, ratios = {}, {}
        for name in filter(shutil.which, PROGRAMS):
            made[name] = measure(name, options.rounds, options.seconds)
            pairs = zip(made[name]["watched"], made[name]["alone"], strict=True)
            ratios[name] = statistics.spread(watched / alone for watched, alone in pairs)
            print(f"{name}: watched/alone requests/s {rounds.in_words(ratios[name])}", flush=True)
        rounds.write_json(options.json, {"requests_per_s": made, "ratios": ratios})

    return terminal.run_command("watch_overhead", work)


if __name__ == "__main__":
    sys.exit(main())
