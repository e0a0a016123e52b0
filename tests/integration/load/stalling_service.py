# SPDX-License-Identifier: MIT

"""A stand-in for loopscope whose stalls have a known length: the outside truth for the tests of the load kit.

It has the parts of the contract that load/ uses: the ready line, /hello, /methods, /write and its report, problem+json.
It has one thread and one event loop, so that a blocking method really blocks /hello. STANDIN_WRITE_S is the length of a write,
STANDIN_MAX the largest count, STANDIN_FAIL names a method that ends the process, and STANDIN_LOOP=report adds loop figures
to the report. STANDIN_STARTED is a file to which every start appends its pid and address.
"""

import argparse
import asyncio
import json
import os
import signal
import time
import urllib.parse
from collections.abc import Mapping

from loopscope_load import Json

METHODS = ("sync", "promise", "callback", "stream", "partition", "offload")
MAX_COUNT = int(os.environ.get("STANDIN_MAX", "10000000"))
WRITE_S = float(os.environ.get("STANDIN_WRITE_S", "0.3"))
STARTED = os.environ.get("STANDIN_STARTED", "")
FAIL = os.environ.get("STANDIN_FAIL", "")
REPORTS_LOOP = os.environ.get("STANDIN_LOOP") == "report"


class Refused(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


async def write(query: Mapping[str, str]) -> Json:
    method = query.get("method", "")
    count = int(query.get("count", "1000000"))
    if method not in METHODS:
        raise Refused(400, f"method: '{method}' is not one of {', '.join(METHODS)}")
    if count > MAX_COUNT:
        raise Refused(422, f"count: {count} is above the limit of {MAX_COUNT}")
    if method == FAIL:
        os._exit(7)
    started = time.monotonic()
    stall_s = {"sync": WRITE_S, "callback": WRITE_S / 4}.get(method, 0.0)
    time.sleep(stall_s)
    queued = time.monotonic()
    await asyncio.sleep(WRITE_S - stall_s)
    checked = query.get("verify") == "true"
    return report(method, count, queued - started, time.monotonic() - started, stall_s, checked)


def report(method: str, count: int, queued_s: float, completed_s: float, stall_s: float, checked: bool) -> Json:
    ordered = method != "callback"
    return {
        "run_id": 1,
        "method": method,
        "io": "threads",
        "io_reason": "stand-in",
        "count": count,
        "bytes": count * 8,
        "file": f"{method}.txt",
        "timing_ms": {"queued": queued_s * 1e3, "completed": completed_s * 1e3, "durable": None},
        "throughput": {"records_per_s": count / completed_s, "bytes_per_s": count * 8 / completed_s},
        "syscalls": {"write": 121 if method == "stream" else count, "fsync": 0},
        "memory": {
            "rss_before_bytes": 8_000_000,
            "rss_peak_bytes": 9_400_000,
            "rss_after_bytes": 9_000_000,
            "pending_peak_records": 1,
            "pending_peak_bytes": 8,
        },
        "cpu": {"process_user_ms": 1.0, "process_system_ms": 1.0, "loop_thread_ms": 1.0},
        "loop": {
            "lag_p50_us": 90,
            "lag_p99_us": 100,
            "lag_max_us": stall_s * 1e6,
            "stalls": int(stall_s > 0),
            "longest_stall_ms": stall_s * 1e3 if stall_s > 0 else None,
        }
        if REPORTS_LOOP
        else None,
        "backpressure": {"high_water_mark": 65536, "drains": 120, "waited_ms": 5.0} if method == "stream" else None,
        "page_cache": None,
        "content": {
            "checked": checked,
            "complete": True if checked else None,
            "in_order": ordered if checked else None,
            "out_of_order_records": (0 if ordered else 312_044) if checked else None,
            "first_out_of_order": None,
        },
    }


async def respond(target: str) -> tuple[int, str, str]:
    """Status, media type and body."""
    url = urllib.parse.urlsplit(target)
    if url.path in ("/hello", "/healthz"):
        return 200, "text/plain", "hello\n"
    if url.path == "/methods":
        return 200, "application/json", json.dumps({"methods": [{"name": name} for name in METHODS]})
    if url.path != "/write":
        return 404, "application/problem+json", json.dumps({"status": 404, "detail": f"no {url.path} here"})
    try:
        return 200, "application/json", json.dumps(await write(dict(urllib.parse.parse_qsl(url.query))))
    except Refused as refused:
        problem = {"status": refused.status, "title": "Refused", "detail": str(refused)}
        return refused.status, "application/problem+json", json.dumps(problem)


async def serve_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            status, kind, body = await respond(head.split(b" ", 2)[1].decode())
            writer.write(
                f"HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--version", action="version", version="stand-in")
    options.add_argument("--listen", default="127.0.0.1:0")
    options.add_argument("--admin", default="127.0.0.1:0")
    options.add_argument("--data-dir", required=True)
    options.add_argument("--file-io", choices=("auto", "threads", "uring"), default="auto")
    arguments = options.parse_args()

    host, port = arguments.listen.rsplit(":", 1)
    server = await asyncio.start_server(serve_connection, host, int(port), backlog=1024)
    with open(os.path.join(arguments.data_dir, "sync.txt"), "w", encoding="ascii") as file:
        file.write(" 0 ")
    listen = "{}:{}".format(*server.sockets[0].getsockname())
    if STARTED:
        with open(STARTED, "a", encoding="ascii") as file:
            file.write(f"{os.getpid()} {listen}\n")
    print(
        json.dumps({"event": "ready", "listen": listen, "admin": None, "file_io": "threads", "pid": os.getpid()}),
        flush=True,
    )
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main())
