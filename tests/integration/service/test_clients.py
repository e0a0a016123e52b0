"""Clients that leave during a write: it is cancelled where the loop can notice, and nobody else is disturbed."""

import http.client
import json
import socket
import struct
import threading
import time
import unittest

from loopscope import Loopscope, holds_every_record, wait_until

EARLIER = 100
SECONDS_OF_WORK = {  # records of a run that is certainly under way when its client leaves
    "promise": 2_000_000, "callback": 1_000_000, "stream": 90_000_000, "partition": 20_000_000, "offload": 20_000_000}
# The loop that sync holds reads nothing until every record is written, so sync is not among these.
NOTICED = [("promise", "threads"), ("promise", "uring"), ("callback", "threads"), ("callback", "uring"),
           ("stream", "threads"), ("stream", "uring"), ("partition", None), ("offload", None)]


def close(client):
    client.close()


def half_close(client):
    """The client still reads. A server cannot tell this from a close before it writes, and takes it for one."""
    client.shutdown(socket.SHUT_WR)


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


WAYS = (close, half_close, reset)


class Bystander:
    """Asks /hello on one kept connection and writes a little on another; a context manager."""

    def __init__(self, service):
        self.service_ = service
        self.stop_ = threading.Event()
        self.wrong = []
        self.answers = 0
        self.thread_ = threading.Thread(target=self.ask_)

    def __enter__(self):
        self.thread_.start()
        return self

    def __exit__(self, *_):
        self.stop_.set()
        self.thread_.join()

    def ask_(self):
        connection = self.service_.connect()
        while not self.stop_.is_set():
            for target in ("/hello", "/write?method=stream&count=100"):
                try:
                    connection.request("GET", target)
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status != 200:
                        self.wrong.append((target, answer.status))
                except (OSError, http.client.HTTPException) as error:
                    self.wrong.append((target, repr(error)))
                self.answers += 1
            time.sleep(0.002)
        connection.close()


class LeavingClients(unittest.TestCase):
    def setUp(self):
        self.service = Loopscope("--shutdown-grace", "60s").__enter__()
        self.addCleanup(self.service.__exit__)
        self.uring = json.loads(self.service.ask_admin("/info")[1])["io_uring"]["available"]

    def kinds(self):
        return [(method, io) for method, io in NOTICED if io != "uring" or self.uring]

    def begin(self, method, io, count):
        client = socket.create_connection(self.service.address, timeout=60)
        self.addCleanup(client.close)
        target = f"/write?method={method}&count={count}" + (f"&io={io}" if io else "")
        parts = set(self.service.data_dir.glob(f"{method}.txt.*.part"))
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        wait_until(lambda: set(self.service.data_dir.glob(f"{method}.txt.*.part")) - parts, "the write has begun")
        return client

    def cancelled(self, method, io):
        return self.service.writes_ended("cancelled", method=method, **({"io": io} if io else {}))

    def check_earlier_file(self, method):
        content = (self.service.data_dir / f"{method}.txt").read_bytes()
        self.assertTrue(holds_every_record(content, EARLIER), content[:100])

    def held(self):
        wait_until(lambda: self.service.running() == 0, "no write under way")
        time.sleep(0.1)  # the admin plane's own connections close
        return {name: value for name, value in self.service.footprint().items() if name != "rss_kib"}

    def check_nothing_held(self, before):
        """There may be less: what measures the service at its start has ended."""
        def more():
            return {name: value for name, value in self.held().items() if value > before[name]}
        wait_until(lambda: not more(), f"no more descriptors and threads than before: {before}, {more()}")

    def test_a_write_whose_client_leaves_is_cancelled(self):
        for method, io in self.kinds():
            self.assertEqual(self.service.write(method=method, count=EARLIER, **({"io": io} if io else {}))[0], 200)
        before = self.held()
        for method, io in self.kinds():
            for leave in WAYS:
                with self.subTest(method=method, io=io, leave=leave.__name__):
                    counted = self.cancelled(method, io)
                    client = self.begin(method, io, SECONDS_OF_WORK[method])
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
        self.check_nothing_held(before)
        self.assertEqual(self.service.writes_ended("failed"), 0)

    def test_others_are_not_disturbed(self):
        with Bystander(self.service) as other:
            for method, io in self.kinds():
                if method == "callback":
                    continue  # its flood holds the pool and, while it queues, the loop
                for leave in WAYS:
                    counted = self.cancelled(method, io)
                    asked = other.answers
                    leave(self.begin(method, io, SECONDS_OF_WORK[method]))
                    wait_until(lambda: self.cancelled(method, io) == counted + 1, "counted as cancelled")
                    wait_until(lambda: other.answers >= asked + 2, "the other client is answered")
        self.assertEqual(other.wrong, [])

    def test_sync_hears_of_it_when_it_has_written_everything(self):
        """Then the client's leaving and the file's renaming race; whichever wins, all three say the same."""
        self.assertEqual(self.service.write(method="sync", count=EARLIER)[0], 200)
        before = self.held()
        for leave in WAYS:
            with self.subTest(leave=leave.__name__):
                completed = self.service.writes_ended("completed", method="sync")
                cancelled = self.cancelled("sync", None)
                self.assertEqual(self.service.write(method="sync", count=EARLIER)[0], 200)
                client = self.begin("sync", None, 300_000)
                leave(client)
                wait_until(lambda: self.service.writes_ended("completed", method="sync") +
                           self.cancelled("sync", None) == completed + cancelled + 2, "ended")
                whole = self.cancelled("sync", None) == cancelled
                content = (self.service.data_dir / "sync.txt").read_bytes()
                self.assertTrue(holds_every_record(content, 300_000 if whole else EARLIER), len(content))
                self.assertEqual(self.service.parts(), [])
                if leave is half_close:
                    answer = http.client.HTTPResponse(client)
                    answer.begin()
                    self.assertEqual(answer.status, 200 if whole else 503)
                    client.close()
        self.check_nothing_held(before)

    def test_many_at_once_give_everything_back(self):
        self.assertEqual(self.service.write(method="offload", count=EARLIER)[0], 200)
        before = self.held()
        counted = self.service.writes_ended("cancelled")
        clients = [self.begin(method, io, SECONDS_OF_WORK[method])
                   for method, io in (("promise", "threads"), ("partition", None), ("stream", "threads")) * 2]
        for number, client in enumerate(clients):
            WAYS[number % len(WAYS)](client)
        wait_until(lambda: self.service.writes_ended("cancelled") == counted + len(clients), "all are cancelled")
        for client in clients:
            client.close()
        self.check_nothing_held(before)
        self.assertEqual(self.service.parts(), [])
        self.assertEqual(self.service.write(method="stream", count=EARLIER)[0], 200)


if __name__ == "__main__":
    unittest.main()
