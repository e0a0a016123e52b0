# SPDX-License-Identifier: MIT

"""Clients that each have one keep-alive connection and send /hello at a steady rate, whatever the responses do.

A request is sent when it is due, also while responses are outstanding, and its latency counts from then. loopscope-probe
sends on any idle connection; these clients show what each connection saw.
"""

import collections
import dataclasses
import selectors
import socket
import threading
import time
import urllib.parse
from typing import Self

REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
BEGIN_AFTER_S = 0.1  # all clients are connected by then
END_OF_RESPONSE = b"\r\n\r\nhello\n"


@dataclasses.dataclass(frozen=True)
class Response:
    due_s: float
    latency_us: float


class SteadyClient:
    """One client. `responses` are those that have arrived, in order."""

    def __init__(self, connection: socket.socket, first_due_s: float) -> None:
        self.socket = connection
        self.next_due_s = first_due_s
        self.responses: list[Response] = []
        self._waiting: collections.deque[float] = collections.deque()
        self._unread = b""

    def send(self) -> None:
        self._waiting.append(self.next_due_s)
        self.socket.sendall(REQUEST)

    def receive(self) -> None:
        self._unread += self.socket.recv(65536)
        now = time.monotonic()
        complete = self._unread.count(END_OF_RESPONSE)
        for _ in range(complete):
            due_s = self._waiting.popleft()
            self.responses.append(Response(due_s, (now - due_s) * 1e6))
        if complete:
            self._unread = self._unread[self._unread.rindex(END_OF_RESPONSE) + len(END_OF_RESPONSE) :]


class SteadyClients:
    """All clients, on a thread; a context manager. `responses` has a list for each client after it has ended."""

    def __init__(self, url: str, clients: int, rate_per_s: int) -> None:
        parts = urllib.parse.urlsplit(url)
        self._period_s = clients / rate_per_s
        begin_s = time.monotonic() + BEGIN_AFTER_S
        self._clients = [
            SteadyClient(connect(parts.hostname or "", parts.port or 80), begin_s + number / rate_per_s)
            for number in range(clients)
        ]
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.responses: list[list[Response]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        for client in self._clients:
            client.socket.close()
        self.responses = [client.responses for client in self._clients]

    def _run(self) -> None:
        in_turn = collections.deque(self._clients)  # in the order of their due times, which are a period apart
        with selectors.DefaultSelector() as selector:
            for client in self._clients:
                selector.register(client.socket, selectors.EVENT_READ, client)
            while not self._ending.is_set():
                for key, _ in selector.select(max(0.0, in_turn[0].next_due_s - time.monotonic())):
                    key.data.receive()
                while in_turn[0].next_due_s <= time.monotonic():
                    in_turn[0].send()
                    in_turn[0].next_due_s += self._period_s
                    in_turn.rotate(-1)


def connect(host: str, port: int) -> socket.socket:
    connection = socket.create_connection((host, port), 5)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
