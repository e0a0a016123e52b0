#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""/hello beside what a user would use instead: loopscope, nginx, Node.js and the least that epoll takes, in turns.

  load/bench/hello_peers.py [--rounds 7] [--seconds 3] [--connections 64] [--json FILE]

All servers share one core, and wrk has the other, where there are two. loopscope runs with everything on: monitor,
metrics, limits, admin plane. wrk saturates before a fast server does, so the honest figure is the server's CPU time per
request. A second series sends 16 requests at once on each connection; wrk cannot tell how long each of them took. A
third opens a connection for each request. The floor is in the first one alone: an epoll loop that reads once and sends a
fixed response, whatever it has read. Prints each server's medians and the ratios to nginx with their spread. Reads
build/bin. A peer that is not installed is left out with a message.
"""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping

from parts import rounds
from parts.rounds import Load, Round

from loopscope_load import Json, terminal, units
from loopscope_load.servers import Loopscope, NodePeer, System, running
from loopscope_load.statistics import Spread
from loopscope_load.terminal import Failure

PIPELINED = 16
FLOOR = os.path.join(rounds.BINARIES, "hello_floor")
NGINX_PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
NGINX_START_S = 10
NGINX = """\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location = /hello {{ default_type text/plain; return 200 "hello\\n"; }}
  }}
}}
"""


@dataclasses.dataclass(frozen=True)
class Server:
    url: str
    pids: list[int]


@contextlib.contextmanager
def system_server(system: System, cpu: int | None) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as data_dir:
        with running(rounds.pinned(cpu, system.command(data_dir))) as server:
            yield Server(server.url, [server.pid])


@contextlib.contextmanager
def floor_server(cpu: int | None) -> Iterator[Server]:
    with subprocess.Popen(rounds.pinned(cpu, [FLOOR]), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Server(f"http://127.0.0.1:{int(process.stdout.readline())}", [process.pid])
        finally:
            process.terminate()


@contextlib.contextmanager
def nginx_server(binary: str, cpu: int | None) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder).chmod(0o755)  # its worker is another user
        config = pathlib.Path(folder) / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port))
        command = rounds.pinned(cpu, [binary, "-e", f"{folder}/error.log", "-c", str(config)])
        with subprocess.Popen(command) as process:
            try:
                rounds.wait_for(lambda: is_listening(port), NGINX_START_S, "nginx did not start.")
                rounds.wait_for(lambda: children(process.pid) != [], NGINX_START_S, "nginx started no worker.")
                yield Server(f"http://127.0.0.1:{port}", [process.pid, *children(process.pid)])
            finally:
                process.terminate()


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def children(pid: int) -> list[int]:
    return list(map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def start_servers(cpu: int | None, stack: contextlib.ExitStack) -> dict[str, Server]:
    """Starts the servers that are installed."""
    servers = {"loopscope": stack.enter_context(system_server(Loopscope(rounds.LOOPSCOPE, "auto"), cpu))}
    servers["floor"] = stack.enter_context(floor_server(cpu))
    nginx = shutil.which("nginx", path=NGINX_PATH)
    if nginx:
        servers["nginx"] = stack.enter_context(nginx_server(nginx, cpu))
    else:
        print("nginx is not installed (Debian package nginx-light): left out.")
    try:
        servers["node"] = stack.enter_context(system_server(NodePeer(), cpu))
    except Failure as missing:
        print(f"{missing} Left out.")
    return servers


def microseconds(value: float | None) -> str:
    return units.NOT_MEASURED if value is None else f"{value:,.0f}"


def measure_series(
    servers: Mapping[str, Server], wrk_cpu: int | None, options: argparse.Namespace, load: Load
) -> dict[str, list[Round]]:
    measured: dict[str, list[Round]] = {name: [] for name in servers}
    for number, name in rounds.in_turns(list(servers), options.rounds):
        one = rounds.one_round(servers[name].url, servers[name].pids, wrk_cpu, options.seconds, load)
        measured[name].append(one)
        print(
            f"round {number + 1:2}  {name:10} {one.requests_per_s:9,.0f} requests/s "
            f"{one.cpu_us_per_request:6.2f} us CPU  p99 {microseconds(one.p99_us):>6} us",
            file=sys.stderr,
        )
    return measured


def table(measured: Mapping[str, list[Round]], against_nginx: Mapping[str, Mapping[str, Spread]]) -> list[str]:
    lines = ["", f"{'':10} {'requests/s':>11} {'us CPU each':>12} {'p50 us':>8} {'p99 us':>8}"]
    for name, each in measured.items():
        medians = {key: spread and spread["median"] for key, spread in rounds.spreads(each).items()}
        lines.append(
            f"{name:10} {microseconds(medians['requests_per_s']):>11} {medians['cpu_us_per_request']:12.2f} "
            f"{microseconds(medians['p50_us']):>8} {microseconds(medians['p99_us']):>8}"
        )
    for name, ratios in against_nginx.items():
        lines += [f"{name}/nginx {figure}: {rounds.in_words(ratio)}" for figure, ratio in ratios.items()]
    return [*lines, ""]


def measure(options: argparse.Namespace, _progress: terminal.Progress) -> None:
    server_cpu, wrk_cpu = rounds.cores()
    document: Json = {}
    with contextlib.ExitStack() as stack:
        servers = start_servers(server_cpu, stack)
        for series, load in (
            ("one_at_a_time", Load(options.connections)),
            ("pipelined", Load(options.connections, PIPELINED)),
            ("one_request_each", Load(options.connections, fields=rounds.ONE_REQUEST_EACH)),
        ):
            at_once = "one request each" if load.fields else f"{units.count(load.pipelined, 'request')} at once on each"
            print(f"{options.connections} connections, {at_once}")
            of_series = {
                name: server for name, server in servers.items() if name != "floor" or series == "one_at_a_time"
            }
            measured = measure_series(of_series, wrk_cpu, options, load)
            base = measured.get("nginx")
            against_nginx = {
                name: rounds.ratios(each, base) for name, each in measured.items() if base and name != "nginx"
            }
            print("\n".join(table(measured, against_nginx)))
            document[series] = {
                "requests_at_once": load.pipelined,
                "rounds": {name: list(map(dataclasses.asdict, each)) for name, each in measured.items()},
                "against_nginx": against_nginx,
            }
    rounds.write_json(options.json, document)


def main() -> int:
    parser = rounds.parser(__doc__)
    parser.add_argument("--rounds", type=terminal.positive_number, default=7, metavar="N")
    parser.add_argument("--seconds", type=terminal.positive_number, default=3, metavar="N", help="of each round (3)")
    parser.add_argument("--connections", type=terminal.positive_number, default=64, metavar="N")
    options = parser.parse_args()
    return terminal.run_command("hello_peers", lambda progress: measure(options, progress))


if __name__ == "__main__":
    sys.exit(main())
