# SPDX-License-Identifier: MIT

"""SIGTERM in every situation: accepted requests get their responses, readiness drops first, no partial file is left."""

import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
from typing import Any

from loopscope import BINARY, METHODS, Loopscope, holds_every_record, split_address
from polling import wait_until

HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
EARLIER = 100
# A write of that length still runs when the signal comes.
A_MOMENT_MS = 700
# A stream is as slow as the others when it drains after each record.
SLOW: dict[str, dict[str, int]] = {"stream": {"high_water_mark": 1}}
TOO_LONG = {**dict.fromkeys(METHODS, 90_000_000), "callback": 2_500_000}


class Writer:
    """A write that has begun, on a connection of its own."""

    def __init__(self, service: Loopscope, method: str, count: int, **more: int) -> None:
        self._connection = service.connect()
        query = "".join(f"&{name}={value}" for name, value in more.items())
        self._connection.request("GET", f"/write?method={method}&count={count}{query}")
        wait_until(service.parts, "the write has begun")

    def response(self) -> tuple[int, Any]:
        """Status and JSON. Raises IncompleteRead when the response was cut off."""
        response = self._connection.getresponse()
        return response.status, json.loads(response.read())

    def last_response(self) -> tuple[int, Any]:
        """Closes the connection too, so that the service does not wait for that."""
        with contextlib.closing(self):
            return self.response()

    def close(self) -> None:
        self._connection.close()


def blocked(service: Loopscope) -> bool:
    """Whether a sync write has written something, which means that it holds the loop."""
    return any(each.stat().st_size for each in service.parts())


class KeptConnections:
    """Clients that send /hello on kept connections until a response says that it is the last one."""

    def __init__(self, service: Loopscope, clients: int) -> None:
        self._service = service
        self._lock = threading.Lock()
        self.responses = 0
        self.clients_served = 0
        self.said_close = 0
        self.cut_off: list[Any] = []
        self.closed_between_requests = 0
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]
        for each in self._threads:
            each.start()

    def join(self) -> None:
        for each in self._threads:
            each.join()

    def _ask(self) -> None:
        with contextlib.closing(self._service.connect()) as connection:
            for number in range(10_000_000):
                try:
                    connection.request("GET", "/hello")
                    answer = connection.getresponse()
                    body = answer.read()
                except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                    with self._lock:
                        # A server may close an idle connection. The client's next request may be on its way then.
                        self.closed_between_requests += number > 0
                        if number == 0:
                            self.cut_off.append(repr(error))
                    return
                except (OSError, http.client.HTTPException) as error:
                    with self._lock:
                        self.cut_off.append(repr(error))
                    return
                with self._lock:
                    self.responses += 1
                    self.clients_served += number == 0
                    if (answer.status, body) != (200, b"hello\n"):
                        self.cut_off.append((answer.status, body))
                    if answer.will_close:
                        self.said_close += 1
                        return


class Shutdown(unittest.TestCase):
    def test_an_idle_service_stops_at_once(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            with Loopscope() as service:
                service.ask("/hello")
                self.assertEqual(service.stop(number), 0)

    def test_a_write_in_flight_is_completed_and_answered(self) -> None:
        for method in METHODS:
            with self.subTest(method=method), Loopscope("--shutdown-grace", "60s") as service:
                slow = SLOW.get(method, {})
                count = service.count_that_takes(A_MOMENT_MS, method=method, **slow)
                with contextlib.closing(Writer(service, method, count, **slow)) as writer:
                    service.process.send_signal(signal.SIGTERM)
                    status, report = writer.last_response()
                    self.assertEqual(service.process.wait(timeout=60), 0)
                self.assertEqual((status, report["count"]), (200, count))
                content = (service.data_dir / f"{method}.txt").read_bytes()
                self.assertTrue(holds_every_record(content, count))
                self.assertEqual([each.name for each in service.data_dir.iterdir()], [f"{method}.txt"])

    def test_a_write_longer_than_the_grace_is_cancelled_and_leaves_nothing(self) -> None:
        for method in METHODS:
            with self.subTest(method=method), Loopscope("--shutdown-grace", "200ms") as service:
                self.assertEqual(service.write(method=method, count=EARLIER)[0], 200)
                with contextlib.closing(Writer(service, method, TOO_LONG[method])) as writer:
                    self.assertEqual(service.stop(signal.SIGTERM), 0)
                    # callback holds the loop while it queues. If that exceeds the grace, no response is sent.
                    with contextlib.suppress(
                        *((http.client.RemoteDisconnected, ConnectionResetError) if method == "callback" else ())
                    ):
                        self.assertEqual(writer.response()[0], 503)
                content = (service.data_dir / f"{method}.txt").read_bytes()
                self.assertTrue(holds_every_record(content, EARLIER))
                if method != "callback":
                    self.assertEqual(service.parts(), [])

    def test_a_second_signal_does_not_wait(self) -> None:
        for method in ("sync", "callback", "offload"):  # a blocked loop, a busy pool, one busy thread of the pool
            with self.subTest(method=method), Loopscope("--shutdown-grace", "60s") as service:
                self.assertEqual(service.write(method=method, count=EARLIER)[0], 200)
                with contextlib.closing(Writer(service, method, TOO_LONG[method])):
                    service.process.send_signal(signal.SIGTERM)
                    wait_until(lambda: "shutdown" in service.ask_admin("/readyz")[1], "the first signal is handled")
                    self.assertIsNone(service.process.poll())
                    self.assertEqual(service.stop(signal.SIGTERM), 128 + signal.SIGTERM)
                content = (service.data_dir / f"{method}.txt").read_bytes()
                self.assertTrue(holds_every_record(content, EARLIER))
                with Loopscope(data_dir=service.data_dir) as again:
                    self.assertEqual(again.parts(), [])

    def test_new_connections_are_refused_while_it_drains(self) -> None:
        with Loopscope("--shutdown-grace", "60s") as service:
            with contextlib.closing(Writer(service, "offload", 1_000_000)) as writer:
                service.process.send_signal(signal.SIGTERM)

                def refuses() -> bool:
                    try:
                        socket.create_connection(service.address, timeout=2).close()
                    except ConnectionRefusedError:
                        return True
                    return False

                wait_until(refuses, "connections are refused")
                self.assertEqual(writer.last_response()[0], 200)
                self.assertEqual(service.process.wait(timeout=60), 0)

    def test_a_write_after_the_signal_is_503(self) -> None:
        with Loopscope("--shutdown-grace", "60s") as service, contextlib.closing(service.connect()) as late:
            late.connect()
            late.sock.sendall(
                b"GET /write?method=stream&count=10 HTTP/1.1\r\n"
            )  # an unfinished request keeps its connection open
            with contextlib.closing(Writer(service, "offload", 1_000_000)) as writer:
                service.process.send_signal(signal.SIGTERM)
                wait_until(lambda: "shutdown" in service.ask_admin("/readyz")[1], "the signal is handled")
                late.sock.sendall(b"Host: localhost\r\n\r\n")
                answer = http.client.HTTPResponse(late.sock)
                answer.begin()
                self.assertEqual(answer.status, 503)
                self.assertIsNotNone(answer.getheader("Retry-After"))
                late.close()
                self.assertEqual(writer.last_response()[0], 200)
                self.assertEqual(service.process.wait(timeout=60), 0)


class Log(unittest.TestCase):
    @unittest.skipIf(os.environ.get("LOOPSCOPE_SANITIZE") == "thread", "ThreadSanitizer's _exit(2) flushes stderr")
    def test_a_log_that_nobody_reads_delays_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as directory, subprocess.Popen(
            [BINARY, "--listen", "127.0.0.1:0", "--admin", "off", "--data-dir", directory, "--log-level", "debug"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout and process.stderr
            fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)
            host, port = split_address(json.loads(process.stdout.readline())["listen"])
            for _ in range(200):  # lines of some 80 bytes
                with socket.create_connection((host, port), timeout=10) as client:
                    client.sendall(b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    self.assertIn(b" 400 ", client.recv(1000))
            process.send_signal(signal.SIGTERM)
            try:
                self.assertEqual(process.wait(timeout=20), 0)
            finally:
                process.kill()


class UnderLoad(unittest.TestCase):
    def test_no_response_is_cut_off(self) -> None:
        for threads in ("1", "2"):
            with self.subTest(io_threads=threads), Loopscope("--io-threads", threads) as service:
                load = KeptConnections(service, clients=16)
                wait_until(lambda: load.responses > 500 and load.clients_served == 16, "there is load from each client")
                code = service.stop(signal.SIGTERM)
                load.join()
                self.assertEqual((code, load.cut_off), (0, []))
                self.assertEqual(load.said_close + load.closed_between_requests, 16)

    def test_readiness_drops_before_the_listener_closes_and_waiting_requests_are_served(self) -> None:
        """While sync holds the loop nothing else can happen on it, so the order can be observed."""
        with Loopscope("--shutdown-grace", "60s") as service, contextlib.ExitStack() as clients:

            def connected() -> socket.socket:
                client = clients.enter_context(contextlib.closing(socket.create_connection(service.address, 60)))
                client.sendall(HELLO)
                return client

            kept = [connected() for _ in range(16)]
            for each in kept:
                self.assertTrue(each.recv(65536).endswith(b"hello\n"))
            writer = clients.enter_context(contextlib.closing(Writer(service, "sync", TOO_LONG["sync"])))
            wait_until(lambda: blocked(service), "sync holds the loop")
            for each in kept:
                each.sendall(HELLO)
            service.process.send_signal(signal.SIGTERM)
            wait_until(lambda: "shutdown under way" in service.ask_admin("/readyz")[1], "readiness drops")
            self.assertEqual(service.ask_admin("/readyz")[0], 503)
            waiting = [connected() for _ in range(16)]  # the listener is still there
            service.fail_writes()
            self.assertEqual(writer.last_response()[0], 507)
            for each in kept + waiting:
                answer = http.client.HTTPResponse(each)
                answer.begin()
                self.assertEqual((answer.status, answer.read()), (200, b"hello\n"))
                self.assertTrue(answer.will_close)
                each.close()
            self.assertEqual(service.process.wait(timeout=60), 0)


if __name__ == "__main__":
    unittest.main()
