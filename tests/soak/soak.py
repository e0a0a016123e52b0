#!/usr/bin/env python3
"""Writes, stalls, load and clients that misbehave, for minutes, against the real binary: answers stay right and nothing
grows.

    tests/soak/soak.py --binary build/tsan/bin/loopscope --minutes 10

Exits 1 when an answer was wrong, the process reported something or did not end well, or its memory, descriptors or
threads grew after the first minute. With a sanitizer's build, what the sanitizer finds is among what is reported, leaks
too; memory is not judged then, since a sanitizer's own records grow with whatever has been touched.
"""

import argparse
import collections
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

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration" / "service"))

WARM_UP_S = 60
SETTLE_S = 15
ALLOWED_GROWTH_KIB = 5 * 1024
METHODS = ("sync", "promise", "callback", "stream", "partition", "offload")
SANITIZER_OPTIONS = {  # a quarantine is memory that grows by design
    "ASAN_OPTIONS": "quarantine_size_mb=4:detect_leaks=1",
    "TSAN_OPTIONS": "halt_on_error=0:history_size=2",
}


class Load:
    """Clients that ask /hello on kept connections, each on a thread; a context manager."""

    def __init__(self, service, clients):
        self.service_ = service
        self.stop_ = threading.Event()
        self.answers = 0
        self.wrong = []
        self.lock_ = threading.Lock()
        self.threads_ = [threading.Thread(target=self.ask_) for _ in range(clients)]

    def __enter__(self):
        for each in self.threads_:
            each.start()
        return self

    def __exit__(self, *_):
        self.stop_.set()
        for each in self.threads_:
            each.join()

    def ask_(self):
        connection = self.service_.connect()
        while not self.stop_.is_set():
            try:
                connection.request("GET", "/hello")
                answer = connection.getresponse()
                right = (answer.status, answer.read()) == (200, b"hello\n")
            except (OSError, http.client.HTTPException) as error:
                right, answer = False, error
                connection.close()  # the next request opens it again
            with self.lock_:
                self.answers += 1
                if not right:
                    self.wrong.append(repr(answer))
            time.sleep(0.002)
        connection.close()


def has_sanitizer(binary):
    text = pathlib.Path(binary).read_bytes()
    return b"__asan_init" in text or b"__tsan_init" in text


class Nuisances:
    """Clients that do what clients should not, a few at a time, each on a thread; a context manager."""

    def __init__(self, service, seed, clients):
        self.service_ = service
        self.stop_ = threading.Event()
        self.done = collections.Counter()
        self.wrong = []
        self.threads_ = [threading.Thread(target=self.bother_, args=(random.Random(seed + number),))
                         for number in range(clients)]

    def __enter__(self):
        for each in self.threads_:
            each.start()
        return self

    def __exit__(self, *_):
        self.stop_.set()
        for each in self.threads_:
            each.join()

    def bother_(self, pick):
        while not self.stop_.wait(pick.uniform(0, 0.2)):
            misbehave = pick.choice(MISBEHAVIOURS)
            try:
                with socket.create_connection(self.service_.address, timeout=30) as client:
                    if (wrong := misbehave(client, pick)) is not None:
                        self.wrong.append((misbehave.__name__, wrong))
            except OSError:  # to be reset is what such a client may expect
                pass
            self.done[misbehave.__name__] += 1


def a_write(pick):
    method = pick.choice(METHODS)
    count = pick.choice((1_000, 100_000, 10_000_000 if method in ("stream", "offload", "partition") else 300_000))
    return f"GET /write?method={method}&count={count} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def leaves_in_the_middle_of_a_write(client, pick):
    client.sendall(a_write(pick))
    time.sleep(pick.uniform(0, 0.3))


def resets_in_the_middle_of_a_write(client, pick):
    leaves_in_the_middle_of_a_write(client, pick)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stops_sending_in_the_middle_of_a_write(client, pick):
    """It must hear what became of the write."""
    leaves_in_the_middle_of_a_write(client, pick)
    client.shutdown(socket.SHUT_WR)
    answer = whole_answer(client)
    return None if answer[9:12] in (b"200", b"429", b"503") else answer[:80]


def sends_a_byte_at_a_time(client, pick):
    for byte in b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n":
        client.sendall(bytes([byte]))
        time.sleep(pick.uniform(0, 0.01))
    answer = whole_answer(client)
    return None if answer[9:12] == b"200" else answer[:80]


def sends_garbage(client, pick):
    client.sendall(pick.randbytes(pick.randrange(1, 4096)) + b"\r\n\r\n")
    client.shutdown(socket.SHUT_WR)
    answer = whole_answer(client)
    return None if answer[:9] in (b"HTTP/1.1 ", b"") and answer[9:12] not in (b"200", b"500") else answer[:80]


def reads_nothing(client, pick):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
    time.sleep(pick.uniform(0, 1))


def connects_and_says_nothing(client, pick):
    time.sleep(pick.uniform(0, 1))


MISBEHAVIOURS = (leaves_in_the_middle_of_a_write, resets_in_the_middle_of_a_write,
                 stops_sending_in_the_middle_of_a_write, sends_a_byte_at_a_time, sends_garbage, reads_nothing,
                 connects_and_says_nothing)


def whole_answer(client):
    pieces = []
    while piece := client.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def write_once(service, pick, tally, method=None):
    method = method or pick.choice(METHODS)
    # A promise pays for two threads' waking with every record, which a sanitizer makes dearer.
    count = pick.choice((1_000, 5_000, 20_000) if method == "promise" else (10_000, 100_000, 300_000))
    try:
        status, report = service.write(method=method, count=count, verify="true")
        right = status == 200 and report["content"]["complete"]
    except (OSError, ValueError, http.client.HTTPException) as error:
        status, right = repr(error), False
    tally.append((method, right, status))


def settle(service, idle):
    """Waits for what the clients left; what does not go is the finding of the figures that follow."""
    deadline = time.monotonic() + SETTLE_S
    while service.footprint()["fds"] > idle["fds"] and time.monotonic() < deadline:
        time.sleep(0.1)


def soak(options):
    from loopscope import Loopscope, wait_until  # needs the binary's name in the environment

    pick = random.Random(options.seed)
    wrong, writes, warm = [], [], None
    warm_up_s = min(WARM_UP_S, options.minutes * 30)
    with Loopscope("--max-writes", "32", environment=SANITIZER_OPTIONS) as service:
        for method in METHODS:  # and whatever a process opens only once
            write_once(service, pick, writes, method)
        time.sleep(1)
        idle = service.footprint()
        with Load(service, clients=4) as load, Nuisances(service, options.seed, clients=4) as nuisances:
            started = next_line = time.monotonic()
            while (elapsed := time.monotonic() - started) < options.minutes * 60:
                write_once(service, pick, writes)
                service.ask_admin("/metrics")
                service.ask_admin("/stalls")
                now = service.footprint()
                warming_up = elapsed < warm_up_s
                if warm is None or (warming_up and (elapsed < warm_up_s * 5 / 6 or now["rss_kib"] < warm["rss_kib"])):
                    warm = now  # the least of its last moments: a flood under way is no footprint
                if time.monotonic() >= next_line:
                    print(f"{elapsed:6.0f} s  {now['rss_kib']:8d} KiB  {now['fds']} fds  {now['threads']} threads  "
                          f"{load.answers} answers  {len(writes)} writes  {sum(nuisances.done.values())} nuisances",
                          flush=True)
                    next_line += 15
                # A stall's stack is the first use of its code's debug information, which then stays: the first minute
                # provokes as many as it can.
                time.sleep(0 if warming_up else pick.uniform(0, 0.3))
            loops = json.loads(service.ask_admin("/loop")[1])["loops"]
            stalls = sum(kind["stalls"] for loop in loops for kind in loop["ended_stalls"].values())
        wait_until(lambda: service.running() == 0, "no write under way")
        ended = {outcome: service.writes_ended(outcome) for outcome in ("completed", "cancelled", "failed")}
        # The last of them has the header's time, as a connection that says nothing has.
        settle(service, idle)
        end = service.footprint()
        parts = [each.name for each in service.parts()]
        code = service.stop(15)
    log = service.log
    wrong += load.wrong + [each for each in writes if not each[1]] + nuisances.wrong + parts
    if ended["failed"]:
        wrong.append(("failed writes", ended["failed"]))
    reported = [line for line in log.splitlines() if "Sanitizer" in line or "runtime error" in line]
    grown = {"rss_kib": end["rss_kib"] - warm["rss_kib"],
             **{name: end[name] - idle[name] for name in ("fds", "threads")}}
    print(json.dumps({"minutes": options.minutes, "answers": load.answers, "writes": len(writes), "ended": ended,
                      "nuisances": nuisances.done, "wrong": wrong[:10],
                      "exit_code": code, "reported": reported[:10], "idle": idle,
                      "at_the_first_minute": warm, "at_the_end": end, "stalls": stalls}, indent=1))
    if reported:
        print(log, file=sys.stderr)
    # What measures the service at its start has ended, so there may be fewer descriptors and threads.
    fine = not wrong and not reported and code == 0 and grown["fds"] <= 0 and grown["threads"] <= 0
    return 0 if fine and (has_sanitizer(options.binary) or grown["rss_kib"] <= ALLOWED_GROWTH_KIB) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(HERE.parents[1] / "build" / "bin" / "loopscope"))
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["LOOPSCOPE_BINARY"] = options.binary
    return soak(options)


if __name__ == "__main__":
    sys.exit(main())
