#!/usr/bin/env python3

# SPDX-License-Identifier: MIT

"""Runs writes, stalls, load and misbehaving clients against the real binary for minutes: responses stay right and
nothing grows.

    tests/soak/soak.py --binary build/tsan/bin/loopscope --minutes 10

Exits 1 when a response was wrong, when a sanitizer reported something, when the process did not end with 0, or when its
memory, descriptors or threads grew after the first minute. Memory is not judged in a build with a sanitizer, whose own
records grow. LOOPSCOPE_SEED sets the random choices.
"""

import argparse
import collections
import dataclasses
import http.client
import json
import os
import pathlib
import random
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Self

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from loopscope import METHODS, Footprint, Loopscope  # noqa: E402
from polling import wait_until  # noqa: E402
from seed import printed_seed  # noqa: E402

WARM_UP_S = 60
MAX_SETTLE_S = 15
MAX_GROWTH_KIB = 5 * 1024
SANITIZER_OPTIONS = {  # a quarantine is memory that grows on purpose
    "ASAN_OPTIONS": "quarantine_size_mb=4:detect_leaks=1",
    "TSAN_OPTIONS": "halt_on_error=0:history_size=2",
}


class Load:
    """A context manager: clients that send /hello on kept connections, each on a thread."""

    def __init__(self, service: Loopscope, clients: int) -> None:
        self._service = service
        self._stop = threading.Event()
        self.responses = 0
        self.wrong: list[Any] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._threads:
            each.join()

    def _ask(self) -> None:
        connection = self._service.connect()
        while not self._stop.is_set():
            try:
                connection.request("GET", "/hello")
                response = connection.getresponse()
                outcome = repr((response.status, response.read()))
            except (OSError, http.client.HTTPException) as error:
                outcome = repr(error)
                connection.close()  # the next request opens it again
            with self._lock:
                self.responses += 1
                if outcome != repr((200, b"hello\n")):
                    self.wrong.append(outcome)
            time.sleep(0.002)
        connection.close()


def has_sanitizer(binary: str) -> bool:
    text = pathlib.Path(binary).read_bytes()
    return b"__asan_init" in text or b"__tsan_init" in text


class Nuisances:
    """A context manager: clients that misbehave, each on a thread."""

    def __init__(self, service: Loopscope, seed: int, clients: int) -> None:
        self._service = service
        self._stop = threading.Event()
        self.done: collections.Counter[str] = collections.Counter()
        self.wrong: list[Any] = []
        self._threads = [
            threading.Thread(target=self._misbehave, args=(random.Random(seed + number),)) for number in range(clients)
        ]

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._threads:
            each.join()

    def _misbehave(self, pick: random.Random) -> None:
        while not self._stop.wait(pick.uniform(0, 0.2)):
            misbehave = pick.choice(MISBEHAVIOURS)
            try:
                with socket.create_connection(self._service.address, timeout=30) as client:
                    if (wrong := misbehave(client, pick)) is not None:
                        self.wrong.append((misbehave.__name__, wrong))
            except OSError:  # such a client may be reset
                pass
            self.done[misbehave.__name__] += 1


def a_write(pick: random.Random) -> bytes:
    method = pick.choice(METHODS)
    count = pick.choice((1_000, 100_000, 10_000_000 if method in ("stream", "offload", "partition") else 300_000))
    return f"GET /write?method={method}&count={count} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def leaves_in_the_middle_of_a_write(client: socket.socket, pick: random.Random) -> bytes | None:
    client.sendall(a_write(pick))
    time.sleep(pick.uniform(0, 0.3))
    return None


def resets_in_the_middle_of_a_write(client: socket.socket, pick: random.Random) -> bytes | None:
    leaves_in_the_middle_of_a_write(client, pick)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return None


def stops_sending_in_the_middle_of_a_write(client: socket.socket, pick: random.Random) -> bytes | None:
    """The client must still receive a response."""
    leaves_in_the_middle_of_a_write(client, pick)
    client.shutdown(socket.SHUT_WR)
    response = whole_response(client)
    return None if response[9:12] in (b"200", b"429", b"503") else response[:80]


def sends_a_byte_at_a_time(client: socket.socket, pick: random.Random) -> bytes | None:
    for byte in b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n":
        client.sendall(bytes([byte]))
        time.sleep(pick.uniform(0, 0.01))
    response = whole_response(client)
    return None if response[9:12] == b"200" else response[:80]


def sends_garbage(client: socket.socket, pick: random.Random) -> bytes | None:
    client.sendall(pick.randbytes(pick.randrange(1, 4096)) + b"\r\n\r\n")
    client.shutdown(socket.SHUT_WR)
    response = whole_response(client)
    return None if response[:9] in (b"HTTP/1.1 ", b"") and response[9:12] not in (b"200", b"500") else response[:80]


def reads_nothing(client: socket.socket, pick: random.Random) -> bytes | None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
    time.sleep(pick.uniform(0, 1))
    return None


def connects_and_sends_nothing(client: socket.socket, pick: random.Random) -> bytes | None:
    time.sleep(pick.uniform(0, 1))
    return None


MISBEHAVIOURS: tuple[Callable[[socket.socket, random.Random], bytes | None], ...] = (
    leaves_in_the_middle_of_a_write,
    resets_in_the_middle_of_a_write,
    stops_sending_in_the_middle_of_a_write,
    sends_a_byte_at_a_time,
    sends_garbage,
    reads_nothing,
    connects_and_sends_nothing,
)


def whole_response(client: socket.socket) -> bytes:
    pieces = []
    while piece := client.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


Tally = list[tuple[str, bool, int | str]]


def write_once(service: Loopscope, pick: random.Random, tally: Tally, method: str | None = None) -> None:
    method = method or pick.choice(METHODS)
    # promise wakes two threads for every record, which costs more with a sanitizer.
    count = pick.choice((1_000, 5_000, 20_000) if method == "promise" else (10_000, 100_000, 300_000))
    try:
        status, report = service.write(method=method, count=count, verify="true")
        tally.append((method, status == 200 and report["content"]["complete"], status))
    except (OSError, ValueError, http.client.HTTPException) as error:
        tally.append((method, False, repr(error)))


def settle(service: Loopscope, idle: Footprint) -> None:
    """Waits for the connections that the clients left. Those that stay show in the figures that follow."""
    deadline = time.monotonic() + MAX_SETTLE_S
    while service.footprint().fds > idle.fds and time.monotonic() < deadline:
        time.sleep(0.1)


def soak(options: argparse.Namespace) -> int:
    seed = printed_seed()
    pick = random.Random(seed)
    wrong: list[Any] = []
    writes: Tally = []
    warm: Footprint | None = None
    warm_up_s = min(WARM_UP_S, options.minutes * 30)
    with Loopscope("--max-writes", "32", binary=options.binary, environment=SANITIZER_OPTIONS) as service:
        for method in METHODS:  # for what a process opens only once
            write_once(service, pick, writes, method)
        time.sleep(1)
        idle = service.footprint()
        with Load(service, clients=4) as load, Nuisances(service, seed, clients=4) as nuisances:
            started = next_line = time.monotonic()
            while (elapsed := time.monotonic() - started) < options.minutes * 60:
                write_once(service, pick, writes)
                service.ask_admin("/metrics")
                service.ask_admin("/stalls")
                now = service.footprint()
                warming_up = elapsed < warm_up_s
                if warm is None or (warming_up and (elapsed < warm_up_s * 5 / 6 or now.rss_kib < warm.rss_kib)):
                    warm = now  # the minimum of the last moments: a running callback write is no footprint
                if time.monotonic() >= next_line:
                    print(
                        f"{elapsed:6.0f} s  {now.rss_kib:8d} KiB  {now.fds} fds  {now.threads} threads  "
                        f"{load.responses}  responses  {len(writes)} writes  {sum(nuisances.done.values())} nuisances",
                        flush=True,
                    )
                    next_line += 15
                # The first stack of a stall loads debug information, which then stays in memory: the first minute
                # causes as many stalls as it can.
                time.sleep(0 if warming_up else pick.uniform(0, 0.3))
            loops = json.loads(service.ask_admin("/loop")[1])["loops"]
            stalls = sum(kind["stalls"] for loop in loops for kind in loop["ended_stalls"].values())
        wait_until(lambda: service.running() == 0, "no running write")
        ended = {outcome: service.writes_ended(outcome) for outcome in ("completed", "cancelled", "failed")}
        # The last connection ends at the header timeout, as one that sends nothing does.
        settle(service, idle)
        end = service.footprint()
        parts = [each.name for each in service.parts()]
        code = service.stop(15)
    log = service.log
    wrong += load.wrong + [each for each in writes if not each[1]] + nuisances.wrong + parts
    if ended["failed"]:
        wrong.append(("failed writes", ended["failed"]))
    reported = [line for line in log.splitlines() if "Sanitizer" in line or "runtime error" in line]
    assert warm
    grown_kib = end.rss_kib - warm.rss_kib
    print(
        json.dumps(
            {
                "minutes": options.minutes,
                "responses": load.responses,
                "writes": len(writes),
                "ended": ended,
                "nuisances": nuisances.done,
                "wrong": wrong[:10],
                "exit_code": code,
                "reported": reported[:10],
                "idle": dataclasses.asdict(idle),
                "at_the_first_minute": dataclasses.asdict(warm),
                "at_the_end": dataclasses.asdict(end),
                "stalls": stalls,
            },
            indent=1,
        )
    )
    if reported:
        print(log, file=sys.stderr)
    fine = not wrong and not reported and code == 0 and not end.grown_beyond(idle)
    return 0 if fine and (has_sanitizer(options.binary) or grown_kib <= MAX_GROWTH_KIB) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("LOOPSCOPE_BINARY", "build/bin/loopscope"))
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    return soak(options)


if __name__ == "__main__":
    sys.exit(main())
