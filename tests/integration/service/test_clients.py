# SPDX-License-Identifier: MIT

"""Clients that disconnect during a write: it is cancelled if its loop can notice, and others are not disturbed."""

import http.client
import json
import socket
import struct
import threading
import time
import unittest
from collections.abc import Callable
from typing import Any, Self

from loopscope import Loopscope, holds_every_record
from polling import wait_until

EARLIER = 100
LONG_WRITE = {  # records of a write that still runs when its client disconnects
    "promise": 2_000_000,
    "callback": 1_000_000,
    "stream": 90_000_000,
    "partition": 20_000_000,
    "offload": 20_000_000,
}
# sync is not here: its loop reads nothing until every record is written.
NOTICED: list[tuple[str, str | None]] = [
    ("promise", "threads"),
    ("promise", "uring"),
    ("callback", "threads"),
    ("callback", "uring"),
    ("stream", "threads"),
    ("stream", "uring"),
    ("partition", None),
    ("offload", None),
]


def close(client: socket.socket) -> None:
    client.close()


def half_close(client: socket.socket) -> None:
    """The client still reads. Before it writes, a server cannot tell this from a close, so it treats both alike."""
    client.shutdown(socket.SHUT_WR)


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


WAYS: tuple[Callable[[socket.socket], None], ...] = (close, half_close, reset)


class Bystander:
    """A context manager: sends /hello and small writes by turns on one connection."""

    def __init__(self, service: Loopscope) -> None:
        self._service = service
        self._stop = threading.Event()
        self.wrong: list[Any] = []
        self.responses = 0
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        connection = self._service.connect()
        while not self._stop.is_set():
            for target in ("/hello", "/write?method=stream&count=100"):
                try:
                    connection.request("GET", target)
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status != 200:
                        self.wrong.append((target, answer.status))
                except (OSError, http.client.HTTPException) as error:
                    self.wrong.append((target, repr(error)))
                self.responses += 1
            time.sleep(0.002)
        connection.close()


class LeavingClients(unittest.TestCase):
    def setUp(self) -> None:
        self.service = self.enterContext(Loopscope("--shutdown-grace", "60s"))
        self.uring = self.service.has_io_uring()

    def kinds(self) -> list[tuple[str, str | None]]:
        return [(method, io) for method, io in NOTICED if io != "uring" or self.uring]

    def begin(self, method: str, io: str | None, count: int) -> socket.socket:
        client = socket.create_connection(self.service.address, timeout=60)
        self.addCleanup(client.close)
        target = f"/write?method={method}&count={count}" + (f"&io={io}" if io else "")
        parts = set(self.service.data_dir.glob(f"{method}.txt.*.part"))
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        wait_until(lambda: set(self.service.data_dir.glob(f"{method}.txt.*.part")) - parts, "the write has begun")
        return client

    def cancelled(self, method: str, io: str | None) -> int:
        return self.service.writes_ended("cancelled", method=method, **({"io": io} if io else {}))

    def check_earlier_file(self, method: str) -> None:
        content = (self.service.data_dir / f"{method}.txt").read_bytes()
        self.assertTrue(holds_every_record(content, EARLIER), content[:100])

    def test_a_write_is_cancelled_when_its_client_disconnects(self) -> None:
        for method, io in self.kinds():
            self.assertEqual(self.service.write(method=method, count=EARLIER, **({"io": io} if io else {}))[0], 200)
        before = self.service.idle_footprint()
        for method, io in self.kinds():
            for leave in WAYS:
                with self.subTest(method=method, io=io, leave=leave.__name__):
                    counted = self.cancelled(method, io)
                    client = self.begin(method, io, LONG_WRITE[method])
                    leave(client)
                    wait_until(lambda: self.cancelled(method, io) == counted + 1, "counted as cancelled")
                    self.check_earlier_file(method)
                    self.assertEqual(list(self.service.data_dir.glob(f"{method}.txt.*.part")), [])
                    if leave is half_close:
                        answer = http.client.HTTPResponse(client)
                        answer.begin()
                        self.assertEqual(answer.status, 503)
                        self.assertIn("cancelled", json.loads(answer.read())["detail"])
                        client.close()
        self.service.wait_until_nothing_is_held(before)
        self.assertEqual(self.service.writes_ended("failed"), 0)

    def test_other_clients_are_not_disturbed(self) -> None:
        with Bystander(self.service) as other:
            for method, io in self.kinds():
                if method == "callback":
                    continue  # its operations keep the pool busy and, while it queues them, the loop
                for leave in WAYS:
                    counted = self.cancelled(method, io)
                    earlier = other.responses
                    leave(self.begin(method, io, LONG_WRITE[method]))
                    wait_until(lambda: self.cancelled(method, io) == counted + 1, "counted as cancelled")
                    wait_until(lambda: other.responses >= earlier + 2, "a response to the other client")
        self.assertEqual(other.wrong, [])

    def test_sync_notices_when_it_has_written_everything(self) -> None:
        """The disconnection and the rename race. Whichever wins, metrics, file and response agree."""
        self.assertEqual(self.service.write(method="sync", count=EARLIER)[0], 200)
        before = self.service.idle_footprint()
        for leave in WAYS:
            with self.subTest(leave=leave.__name__):
                completed = self.service.writes_ended("completed", method="sync")
                cancelled = self.cancelled("sync", None)
                self.assertEqual(self.service.write(method="sync", count=EARLIER)[0], 200)
                client = self.begin("sync", None, 300_000)
                leave(client)
                wait_until(
                    lambda: self.service.writes_ended("completed", method="sync") + self.cancelled("sync", None)
                    == completed + cancelled + 2,
                    "ended",
                )
                whole = self.cancelled("sync", None) == cancelled
                content = (self.service.data_dir / "sync.txt").read_bytes()
                self.assertTrue(holds_every_record(content, 300_000 if whole else EARLIER), len(content))
                self.assertEqual(self.service.parts(), [])
                if leave is half_close:
                    answer = http.client.HTTPResponse(client)
                    answer.begin()
                    self.assertEqual(answer.status, 200 if whole else 503)
                    client.close()
        self.service.wait_until_nothing_is_held(before)

    def test_many_cancelled_at_once_release_everything(self) -> None:
        self.assertEqual(self.service.write(method="offload", count=EARLIER)[0], 200)
        before = self.service.idle_footprint()
        counted = self.service.writes_ended("cancelled")
        clients = [
            self.begin(method, io, LONG_WRITE[method])
            for method, io in (("promise", "threads"), ("partition", None), ("stream", "threads")) * 2
        ]
        for number, client in enumerate(clients):
            WAYS[number % len(WAYS)](client)
        wait_until(lambda: self.service.writes_ended("cancelled") == counted + len(clients), "all are cancelled")
        for client in clients:
            client.close()
        self.service.wait_until_nothing_is_held(before)
        self.assertEqual(self.service.parts(), [])
        self.assertEqual(self.service.write(method="stream", count=EARLIER)[0], 200)


if __name__ == "__main__":
    unittest.main()
