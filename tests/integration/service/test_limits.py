# SPDX-License-Identifier: MIT

"""The limits of clients over the real service: the flags reach them, and what only a whole process shows.

tests/unit/http has a test for each limit.
"""

import contextlib
import http.client
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import tempfile
import unittest
from typing import Any

from loopscope import BINARY, Address, Loopscope, has_memory_for_rings
from polling import wait_until
from raw_http import RawClient, request

HELLO = request()

PROBE = os.environ["LOOPSCOPE_PROBE"]


def sockets(service: Loopscope) -> int:
    """How many sockets the service has open."""
    count = 0
    for each in pathlib.Path(f"/proc/{service.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(each).startswith("socket:")
    return count


def is_served(service: Loopscope) -> bool:
    try:
        return service.ask("/hello", timeout=10)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def descriptor_limit(soft: int, hard: int) -> Any:
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Flags(unittest.TestCase):
    def test_reach_the_limits(self) -> None:
        with Loopscope("--header-timeout", "1s", environment={"LOOPSCOPE_MAX_BODY_BYTES": "2MiB"}) as service:
            config = service.admin_json("/info")["config"]
            self.assertEqual((config["header_timeout_ms"], config["max_body_bytes"]), (1000, 2 << 20))
            with RawClient(service.address) as client:
                client.send(request(method=b"POST", fields=b"Content-Length: 2097153\r\n"))
                self.assertEqual(client.answer().status, 413)
            with RawClient(service.address) as slow:
                slow.send(b"GET /hello HTTP/1.1\r\nX-A: ")
                self.assertEqual(slow.answer().status, 408)
                self.assertEqual(slow.rest(), b"")

    def test_write_timeout_drops_a_client_that_reads_nothing_and_delays_no_other(self) -> None:
        with Loopscope("--write-timeout", "300ms") as service, RawClient(service.address) as client:
            client.send(HELLO)
            self.assertEqual(client.answer().status, 200)
            open_with_it = sockets(service)
            client.send(request(b"/openapi.json") * 4000)  # responses of tens of megabytes
            self.assertEqual(service.ask("/hello")[0], 200)
            wait_until(lambda: sockets(service) < open_with_it, "the client is dropped")
            with self.assertRaises(ConnectionResetError):
                client.rest()


class Connections(unittest.TestCase):
    def test_one_more_than_the_limit_gets_503(self) -> None:
        for flags, word in (
            (("--max-connections", "2"), "no connection left"),
            (("--max-connections-per-address", "2"), "address"),
        ):
            with self.subTest(flags=flags), Loopscope(*flags) as service:
                with RawClient(service.address) as first, RawClient(service.address) as second:
                    for client in (first, second):
                        client.send(HELLO)
                        self.assertEqual(client.answer().status, 200)
                    with RawClient(service.address) as third:
                        third.send(HELLO)
                        response = third.answer()
                        self.assertEqual((response.status, response.headers["retry-after"]), (503, "1"))
                        self.assertIn(word, json.loads(response.body)["detail"])
                        self.assertEqual(third.rest(), b"")
                    first.send(HELLO)
                    self.assertEqual(first.answer().status, 200)
                wait_until(lambda: is_served(service), "there is room again")

    def test_two_thousand_leave_nothing(self) -> None:
        with Loopscope() as service:
            before = sockets(service)
            for i in range(2000):
                client = socket.create_connection(service.address, timeout=10)
                if i % 3 == 0:
                    client.sendall(HELLO)
                elif i % 3 == 1:
                    client.sendall(b"GET /hel")
                client.close()
            # They are accepted in order: once this one is answered, all others have been accepted.
            self.assertEqual(service.ask("/hello")[0], 200)
            wait_until(lambda: sockets(service) <= before, "all sockets are closed")


class Descriptors(unittest.TestCase):
    def test_a_low_soft_limit_is_raised(self) -> None:
        with Loopscope(preexec=descriptor_limit(48, 4096)) as service, contextlib.ExitStack() as clients:
            for _ in range(200):
                client = clients.enter_context(RawClient(service.address))
                client.send(HELLO)
                self.assertEqual(client.answer().status, 200)

    def test_idle_clients_cannot_shut_out_the_admin_plane(self) -> None:
        for limit, flags in ((256, ()), (256, ("--io-threads", "2")), (64, ())):
            with self.subTest(limit=limit, flags=flags), Loopscope(
                *flags, preexec=descriptor_limit(limit, limit)
            ) as service, contextlib.ExitStack() as clients:
                max_connections = int(service.admin_json("/info")["config"]["max_connections"])
                self.assertLess(max_connections, limit)
                for _ in range(limit + 50):
                    clients.enter_context(socket.create_connection(service.address, timeout=10))
                wait_until(lambda: sockets(service) > max_connections // 2, "many are accepted")
                for _ in range(20):  # while they are being accepted, and when no more of them are
                    self.assertEqual(service.ask_admin("/livez")[0], 200)
                    self.assertEqual(service.ask_admin("/metrics")[0], 200)
                clients.close()
                wait_until(lambda: is_served(service), "there is room again")
                service.stop(signal.SIGTERM)
                self.assertRegex(service.log, "too few file descriptors for --max-connections")
                self.assertNotIn("accept failed", service.log)

    def test_idle_clients_of_the_admin_plane_cannot_shut_out_the_data_plane(self) -> None:
        for limit in (256, 64):
            with self.subTest(limit=limit), Loopscope(
                preexec=descriptor_limit(limit, limit)
            ) as service, contextlib.ExitStack() as clients:
                for _ in range(limit + 50):
                    clients.enter_context(socket.create_connection(service.admin_address, timeout=10))
                for _ in range(20):  # while they are being accepted, and when no more of them are
                    self.assertEqual(service.ask("/hello")[0], 200)
                status, report = service.write(method="stream", count=1000, verify="true", durability="disk")
                self.assertEqual(status, 200, report)
                clients.close()
                wait_until(lambda: service.ask_admin("/livez")[0] == 200, "the admin plane has room again")
                service.stop(signal.SIGTERM)
                self.assertNotIn("accept failed", service.log)

    def test_too_few_for_a_command_are_named_as_the_cause(self) -> None:
        def run(limit: int, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
            with tempfile.TemporaryDirectory() as directory:
                return subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                    cwd=directory,
                    preexec_fn=descriptor_limit(limit, limit),
                )

        write = ("write", "stream", "--count", "10", "--io", "threads", "--durability", "disk")
        with Loopscope() as service:
            url = f"http://{service.ready['listen']}/healthz"
            probe = (PROBE, "--url", url, "--rate", "10", "--duration", "200ms", "--connections", "1", "--quiet")
            for command in (
                (BINARY, "healthcheck", "--url", url),
                (BINARY, *write),
                (*probe, "--max-error-rate", "1"),
            ):
                found = re.search(r"too few file descriptors to \w+: 5, needed: (\d+)", run(5, command).stderr)
                assert found, command
                fewest = int(found.group(1))
                for limit in range(5, fewest):
                    with self.subTest(command=command, limit=limit):
                        result = run(limit, command)
                        self.assertEqual((result.returncode, result.stdout), (1, ""))
                        self.assertIn(f": {limit}, needed: {fewest}; raise the limit", result.stderr)
                with self.subTest(command=command, limit=fewest):
                    result = run(fewest, command)
                    self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_without_enough_to_serve_the_start_fails_and_the_fewest_do_serve(self) -> None:
        def needed(limit: int, flags: tuple[str, ...]) -> int:
            with tempfile.TemporaryDirectory() as directory:
                result = subprocess.run(
                    [BINARY, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data-dir", directory, *flags],
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                    preexec_fn=descriptor_limit(limit, limit),
                )
            self.assertEqual((result.returncode, result.stdout), (1, ""), result.stderr)
            found = re.search(r"too few file descriptors to serve: \d+, needed: (\d+)", result.stderr)
            assert found, result.stderr
            return int(found.group(1))

        for flags in ((), ("--io-threads", "3")):
            fewest = needed(10, flags)
            for limit in range(6, fewest):
                with self.subTest(flags=flags, limit=limit):
                    self.assertEqual(needed(limit, flags), fewest)
            with self.subTest(flags=flags, limit=fewest), Loopscope(
                *flags, preexec=descriptor_limit(fewest, fewest)
            ) as service:
                self.check_everything_works(service)

    def check_everything_works(self, service: Loopscope) -> None:
        admin = http.client.HTTPConnection(*service.admin_address, timeout=60)  # keeps its connection

        def ask(path: str) -> tuple[int, bytes]:
            admin.request("GET", path)
            response = admin.getresponse()
            return response.status, response.read()

        wait_until(lambda: ask("/readyz")[0] == 200, "readiness")  # a busy machine stalls a loop by itself
        for path in ("/livez", "/metrics", "/info"):
            status, body = ask(path)
            self.assertEqual(status, 200)
        back_ends = ["threads"]
        if json.loads(body)["io_uring"]["available"] and has_memory_for_rings():
            back_ends.append("uring")
        writes: list[dict[str, str | int]] = [{"method": "sync", "count": 300_000}]
        for io in back_ends:
            writes.append({"method": "stream", "count": 1000, "verify": "true", "durability": "disk", "io": io})
        for write in writes:
            status, report = service.write(**write)
            self.assertEqual(status, 200, report)

        def has_named_a_function() -> bool:
            stalls = json.loads(ask("/stalls")[1])["stalls"]
            return any(frame["file"] for stall in stalls for frame in stall["stack"])

        wait_until(has_named_a_function, "a stall's function has its file")
        self.assertEqual(service.ask("/hello")[0], 200)
        admin.close()
        service.stop(signal.SIGTERM)
        self.assertNotIn("Too many open files", service.log)


class Shedding(unittest.TestCase):
    def test_a_loop_that_was_blocked_admits_no_write_until_its_lag_is_low(self) -> None:
        limit_ms = 400  # more than a busy machine adds
        with Loopscope() as service:
            count = service.count_that_takes(4 * limit_ms, method="sync")
        with Loopscope("--shed-lag", f"{limit_ms}ms") as service:
            self.assertEqual(service.write(method="stream", count=10)[0], 200)
            # Pipelined, so that the service reads the second request right after the stall.
            with RawClient(service.address, timeout=120) as client:
                client.send(request(b"/write?method=sync&count=%d" % count) + request(b"/write?method=stream&count=10"))
                self.assertEqual(client.answer().status, 200)
                shed = client.answer()
            problem = json.loads(shed.body)
            self.assertEqual((shed.status, problem.get("limit_name")), (503, "shed-lag"), problem)
            self.assertGreater(problem["lag_ms"], limit_ms)
            self.assertEqual(shed.headers["retry-after"], "1")
            self.assertEqual(service.ask("/hello")[0], 200)
            wait_until(lambda: service.write(method="stream", count=10)[0] == 200, "writes are admitted again")

    def test_is_off_by_default(self) -> None:
        with Loopscope() as service:
            service.write(method="sync", count=500_000)
            self.assertEqual(service.write(method="stream", count=10)[0], 200)


class Names(unittest.TestCase):
    def ask_as(self, address: Address, host: str, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(*address, timeout=60)
        try:
            connection.request("GET", path, headers={"Host": host})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def test_of_other_sites_reach_neither_writes_nor_stalls(self) -> None:
        with Loopscope() as service:
            for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "192.0.2.1"):
                for address, path in (
                    (service.address, "/write?method=stream&count=10"),
                    (service.admin_address, "/stalls"),
                    (service.admin_address, "/info"),
                    (service.admin_address, "/metrics"),
                    (service.admin_address, "/events"),
                ):
                    with self.subTest(host=host, path=path):
                        status, body = self.ask_as(address, host, path)
                        self.assertEqual(status, 421)
                        self.assertIn("--allowed-host", json.loads(body)["detail"])
            self.assertEqual(list(service.data_dir.iterdir()), [])
            self.assertEqual(self.ask_as(service.address, "evil.example", "/hello")[0], 200)

    def test_of_this_machine_and_allowed_hosts_reach_everything(self) -> None:
        with Loopscope("--allowed-host", "demo.example") as service:
            for host in ("localhost", "demo.localhost:1", "127.0.0.1", "127.1.2.3", "[::1]:8080", "Demo.Example:80"):
                with self.subTest(host=host):
                    self.assertEqual(self.ask_as(service.address, host, "/write?method=stream&count=10")[0], 200)
                    self.assertEqual(self.ask_as(service.admin_address, host, "/stalls")[0], 200)

    def test_are_not_checked_beyond_loopback_and_the_log_warns(self) -> None:
        with Loopscope(listen="0.0.0.0:0") as service:
            address = ("127.0.0.1", service.address[1])
            self.assertEqual(self.ask_as(address, "app:8080", "/write?method=stream&count=10")[0], 200)
            service.stop(signal.SIGTERM)
            self.assertRegex(service.log, r"not on loopback")

    def test_on_loopback_cause_no_warning(self) -> None:
        with Loopscope() as service:
            service.stop(signal.SIGTERM)
            self.assertNotIn("not on loopback", service.log)


class Safety(unittest.TestCase):
    def core_dump(self, service: Loopscope) -> tuple[str, int]:
        """The limit of a core dump's size and the memory that it would contain."""
        process = pathlib.Path(f"/proc/{service.process.pid}")
        limit = re.search(r"Max core file size\s+(\S+)", (process / "limits").read_text())
        assert limit
        return limit.group(1), int((process / "coredump_filter").read_text(), 16)

    def test_core_dumps_need_their_flag(self) -> None:
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        if most != resource.RLIM_INFINITY and most < 4096:
            self.skipTest("core dumps are off here")

        def small_core_dumps() -> None:
            resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096))

        as_inherited = int(pathlib.Path("/proc/self/coredump_filter").read_text(), 16)
        # The run-time of the sanitizers disables core dumps by default.
        sanitizer_options = {
            name: f"{os.environ.get(name, '')}:disable_coredump=0" for name in ("ASAN_OPTIONS", "TSAN_OPTIONS")
        }
        with Loopscope(preexec=small_core_dumps, environment=sanitizer_options) as service:
            self.assertEqual(self.core_dump(service), ("1", 0))  # see forbid_core_dumps()
        with Loopscope("--core-dumps", preexec=small_core_dumps, environment=sanitizer_options) as service:
            self.assertEqual(self.core_dump(service), ("4096", as_inherited))

    def test_a_stall_still_names_function_file_and_line(self) -> None:
        with Loopscope() as service:

            def frames() -> list[dict[str, Any]]:
                stalls = service.admin_json("/stalls")["stalls"]
                return [frame for stall in stalls for frame in stall["stack"] if frame["file"] and frame["line"]]

            with contextlib.closing(service.connect()) as client:  # its write lasts until the service is killed
                client.request("GET", "/write?method=sync&count=100000000")
                wait_until(lambda: any("writers/" in each["file"] for each in frames()), "a frame of the writers")


if __name__ == "__main__":
    unittest.main()
