#!/usr/bin/env python3
"""/hello beside what a user would pick instead: loopscope, nginx and Node.js by turns in one run.

  load/bench/hello_peers.py [--rounds 7] [--seconds 3] [--connections 64] [--json FILE]

Every server has one core, the same, and wrk the other, where there are two; all of loopscope is on as users have it:
monitor, metrics, limits, admin plane. wrk saturates before a fast server does, so the honest figure is the server's CPU
time per request. A second series sends 16 requests at once on each connection, of which wrk can't say how long each
took. Prints each server's medians and the ratios to nginx with their spread. Reads build/bin/loopscope; a peer that is
not installed is left out, and said so.
"""

import argparse
import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import rounds
from loopscope_load import machine, server_process, systems
from loopscope_load.failure import Failure

PIPELINED = 16
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


@contextlib.contextmanager
def own_server(system, cpu):
    """loopscope or the Node peer: (URL, process ids)."""
    with tempfile.TemporaryDirectory() as data_dir:
        with server_process.running(rounds.pinned(cpu, system.command(data_dir))) as server:
            yield server.url, [server.pid]


@contextlib.contextmanager
def nginx_server(binary, cpu):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder).chmod(0o755)  # its worker is another user
        config = pathlib.Path(folder) / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port))
        process = subprocess.Popen(rounds.pinned(cpu, [binary, "-e", f"{folder}/error.log", "-c", str(config)]))
        try:
            await_listening(port, process)
            yield f"http://127.0.0.1:{port}", [process.pid, *await_workers(process.pid)]
        finally:
            process.terminate()
            process.wait()


def await_listening(port, process):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise Failure("nginx did not start.")


def await_workers(pid):
    """The process ids of nginx's workers, which it starts once it listens."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        workers = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if workers:
            return workers
        time.sleep(0.02)
    raise Failure("nginx started no worker.")


def present_servers(binary, cpu, stack):
    """{name: (URL, process ids)} of those that can be had, started."""
    servers = {"loopscope": stack.enter_context(own_server(systems.Loopscope(binary, "auto"), cpu))}
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if nginx:
        servers["nginx"] = stack.enter_context(nginx_server(nginx, cpu))
    else:
        print("nginx is not installed (Debian package nginx-light): left out.")
    try:
        servers["node"] = stack.enter_context(own_server(systems.NodePeer(), cpu))
    except Failure as missing:
        print(f"{missing} Left out.")
    return servers


def us(value):
    return "n/a" if value is None else f"{value:,.0f}"


def series(servers, load_cpu, options, pipelined):
    measured = {name: [] for name in servers}
    for number, name in rounds.by_turns(list(servers), options.rounds):
        url, pids = servers[name]
        figures = rounds.one_round(url, pids, load_cpu, options.seconds, options.connections, pipelined)
        measured[name].append(figures)
        print(
            f"round {number + 1:2}  {name:10} {figures['requests_per_s']:9,.0f} requests/s "
            f"{figures['cpu_us_per_request']:6.2f} us CPU  p99 {us(figures['p99_us']):>6} us",
            flush=True,
        )
    return measured


def table(measured):
    print(f"\n{'':10} {'requests/s':>11} {'us CPU each':>12} {'p50 us':>8} {'p99 us':>8}")
    for name, each in measured.items():
        medians = {figure: rounds.median(one[figure] for one in each) for figure in each[0]}
        print(
            f"{name:10} {medians['requests_per_s']:11,.0f} {medians['cpu_us_per_request']:12.2f} "
            f"{us(medians['p50_us']):>8} {us(medians['p99_us']):>8}"
        )
    against_nginx = {}
    for name, each in measured.items():
        if name == "nginx" or "nginx" not in measured:
            continue
        against_nginx[name] = rounds.ratios(each, measured["nginx"])
        for figure, ratio in against_nginx[name].items():
            print(f"{name}/nginx {figure}: {ratio['median']:.3f} ({ratio['least']:.3f} .. {ratio['greatest']:.3f})")
    print()
    return against_nginx


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    server_cpu, load_cpu = rounds.cores()
    document = {"machine": machine.facts(str(rounds.ROOT), None)}
    with contextlib.ExitStack() as stack:
        servers = present_servers(str(rounds.ROOT / "build/bin/loopscope"), server_cpu, stack)
        for name, pipelined in (("one_at_a_time", 1), ("pipelined", PIPELINED)):
            print(f"{options.connections} connections, {pipelined} request{'s' * (pipelined > 1)} at once on each")
            measured = series(servers, load_cpu, options, pipelined)
            document[name] = {"requests_at_once": pipelined, "rounds": measured, "against_nginx": table(measured)}
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        raise SystemExit(str(failure)) from None
