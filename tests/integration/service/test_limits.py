"""What clients may take of the real service, by its flags: time, connections, memory, and under which name."""

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
import threading
import time
import unittest

from http_cases import NEXT, coding, field, length, method, target
from loopscope import BINARY, Loopscope
from raw_http import RawClient


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def sockets(service):
    """How many the service has open."""
    count = 0
    for each in pathlib.Path(f"/proc/{service.process.pid}/fd").iterdir():
        try:
            count += os.readlink(each).startswith("socket:")
        except FileNotFoundError:
            pass
    return count


class Time(unittest.TestCase):
    def test_slow_bytes_extend_no_header(self):
        with Loopscope("--header-timeout", "300ms") as service, RawClient(service.address) as client:
            ended = threading.Event()

            def drip():
                client.send(b"GET /hello HTTP/1.1\r\nX-A: ")
                while not ended.wait(0.02):
                    client.send(b"a")

            dripping = threading.Thread(target=drip)
            dripping.start()
            try:
                self.assertEqual(client.answer().status, 408)
            finally:
                ended.set()
                dripping.join()

    def test_a_body_and_an_idle_connection_have_their_time(self):
        with Loopscope("--body-timeout", "200ms", "--idle-timeout", "200ms") as service:
            with RawClient(service.address) as client:
                client.send(field(b"Content-Length: 9") + b"abc")
                self.assertEqual(client.answer().status, 408)
                self.assertEqual(client.rest(), b"")
            with RawClient(service.address) as client:
                client.send(NEXT)
                self.assertEqual(client.answer().status, 200)
                self.assertEqual(client.rest(), b"")

    def test_who_reads_nothing_is_dropped_and_holds_nobody(self):
        with Loopscope("--write-timeout", "300ms") as service, RawClient(service.address) as client:
            client.send(NEXT)
            self.assertEqual(client.answer().status, 200)
            open_with_it = sockets(service)
            client.send(target(b"/openapi.json") * 4000)  # answers for tens of megabytes
            self.assertEqual(service.ask("/hello")[0], 200)
            self.assertTrue(wait_until(lambda: sockets(service) < open_with_it))
            with self.assertRaises(ConnectionResetError):
                client.rest()

    def test_who_reads_slowly_gets_everything(self):
        with Loopscope("--write-timeout", "1s") as service, RawClient(service.address) as client:
            client.send(target(b"/openapi.json") * 600)
            for _ in range(600):
                self.assertEqual(client.answer().status, 200)
                time.sleep(0.003)


class Connections(unittest.TestCase):
    def test_one_too_many_is_told_so(self):
        for flags, word in ((("--max-connections", "2"), "no connection left"),
                            (("--max-connections-per-address", "2"), "address")):
            with self.subTest(flags=flags), Loopscope(*flags) as service:
                with RawClient(service.address) as first, RawClient(service.address) as second:
                    for client in (first, second):
                        client.send(NEXT)
                        self.assertEqual(client.answer().status, 200)
                    with RawClient(service.address) as third:
                        third.send(NEXT)
                        answer = third.answer()
                        self.assertEqual((answer.status, answer.headers["retry-after"]), (503, "1"))
                        self.assertIn(word, json.loads(answer.body)["detail"])
                        self.assertEqual(third.rest(), b"")
                    first.send(NEXT)
                    self.assertEqual(first.answer().status, 200)
                self.assertTrue(wait_until(lambda: service.ask("/hello")[0] == 200))

    def test_requests_of_a_connection_are_counted(self):
        with Loopscope("--max-requests-per-connection", "3") as service, RawClient(service.address) as client:
            client.send(NEXT * 9)
            self.assertEqual([client.answer().headers.get("connection") for _ in range(3)], [None, None, "close"])
            self.assertEqual(client.rest(), b"")

    def test_two_thousand_come_and_go_and_leave_nothing(self):
        with Loopscope() as service:
            before = sockets(service)
            for i in range(2000):
                client = socket.create_connection(service.address, timeout=10)
                if i % 3 == 0:
                    client.sendall(NEXT)
                elif i % 3 == 1:
                    client.sendall(b"GET /hel")
                client.close()
            # Accepted in their order: when this one is answered, none of the others is still to come.
            self.assertEqual(service.ask("/hello")[0], 200)
            self.assertTrue(wait_until(lambda: sockets(service) <= before))

    def test_a_low_soft_limit_of_descriptors_is_raised(self):
        def low():
            resource.setrlimit(resource.RLIMIT_NOFILE, (48, 4096))

        with Loopscope(preexec=low) as service, contextlib.ExitStack() as clients:
            for _ in range(200):
                client = clients.enter_context(RawClient(service.address))
                client.send(NEXT)
                self.assertEqual(client.answer().status, 200)

    def test_too_few_descriptors_to_serve_are_said_and_the_fewest_do_serve(self):
        def refused(most, flags):
            with tempfile.TemporaryDirectory() as directory:
                result = subprocess.run([BINARY, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data-dir",
                                         directory, *flags], capture_output=True, text=True, timeout=60, check=False,
                                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))
            self.assertEqual((result.returncode, result.stdout), (1, ""), result.stderr)
            return int(re.search(r"too few file descriptors to serve: \d+, needed: (\d+)", result.stderr).group(1))

        for flags in ((), ("--io-threads", "3")):
            fewest = refused(10, flags)
            for most in range(6, fewest):
                with self.subTest(flags=flags, most=most):
                    self.assertEqual(refused(most, flags), fewest)

            def just_enough():
                resource.setrlimit(resource.RLIMIT_NOFILE, (fewest, fewest))

            with self.subTest(flags=flags, most=fewest), Loopscope(*flags, preexec=just_enough) as service:
                admin = http.client.HTTPConnection(*service.admin_address, timeout=10)  # keeps its connection
                for path in ("/livez", "/metrics", "/readyz", "/info"):
                    admin.request("GET", path)
                    answer = admin.getresponse()
                    body = answer.read()
                    self.assertEqual(answer.status, 200)
                back_ends = ["threads"] + ["uring"] * json.loads(body)["io_uring"]["available"]
                for written in [dict(method="sync", count=300_000)] + [
                        dict(method="stream", count=1000, verify="true", durability="disk", io=io) for io in back_ends]:
                    status, report = service.write(**written)
                    self.assertEqual(status, 200, report)

                def named():
                    admin.request("GET", "/stalls")
                    stalls = json.loads(admin.getresponse().read())["stalls"]
                    return any(frame["file"] for stall in stalls for frame in stall["stack"])

                self.assertTrue(wait_until(named))
                self.assertEqual(service.ask("/hello")[0], 200)
                admin.close()
                service.stop(signal.SIGTERM)
                service.log_reader_.join()
                self.assertNotIn("Too many open files", service.log)

    def test_no_descriptor_left_is_neither_the_end_nor_a_busy_loop(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))

        with Loopscope(preexec=few) as service:
            clients = [socket.create_connection(service.address, timeout=10) for _ in range(80)]
            time.sleep(1)
            stat = pathlib.Path(f"/proc/{service.process.pid}/stat")

            def cpu_ticks():
                return sum(int(each) for each in stat.read_text().rsplit(")", 1)[1].split()[11:13])

            before = cpu_ticks()
            time.sleep(1)
            self.assertLess(cpu_ticks() - before, 60)  # of 100 that a thread which spins would burn
            for each in clients:
                each.close()
            self.assertTrue(wait_until(lambda: self.answers(service)))

    def answers(self, service):
        try:
            return service.ask("/hello", timeout=2)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def test_memory_for_requests_ends_where_it_is_told_to(self):
        with Loopscope("--max-connection-bytes", "100KiB") as service:
            clients = []
            refused = 0
            for _ in range(8):
                client = RawClient(service.address)
                clients.append(client)
                client.send(b"POST /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n" + b"a" * 30_000)
                client.socket.settimeout(0.5)
                try:
                    refused += client.answer().status == 503
                except OSError:
                    pass
            self.assertGreater(refused, 3)
            for each in clients:
                each.__exit__()
            self.assertTrue(wait_until(lambda: self.answers(service)))


class Sizes(unittest.TestCase):
    def assert_boundary(self, service, fits, too_much, status):
        with RawClient(service.address) as client:
            client.send(fits + NEXT)
            self.assertEqual([client.answer().status for _ in range(2)], [200, 200])
        with RawClient(service.address) as client:
            client.send(too_much + NEXT)
            self.assertEqual(client.answer().status, status)
            self.assertEqual(client.rest(), b"")

    def test_a_target_and_a_header_are_as_long_as_they_are_told_and_no_longer(self):
        def with_query(size):
            start = b"/write?method=stream&count="
            return target(start + b"0" * (size - len(start) - 1) + b"1")

        def of_size(size):
            start = field(b"X-A:")[:-4]
            return start + b"a" * (size - len(start) - 4) + b"\r\n\r\n"

        for limit in (100, 100_000):
            with self.subTest(limit=limit), Loopscope("--max-target-bytes", str(limit),
                                                      "--max-header-bytes", str(2 * limit + 100)) as service:
                self.assert_boundary(service, with_query(limit), with_query(limit + 1), 414)
                self.assert_boundary(service, of_size(2 * limit + 100), of_size(2 * limit + 101), 431)

    def test_so_do_its_fields(self):
        def with_fields(count):
            return field(b"\r\n".join([b"X-A: b"] * (count - 1)))  # and Host

        with Loopscope("--max-header-fields", "500", "--max-header-bytes", "64KiB") as service:
            self.assert_boundary(service, with_fields(500), with_fields(501), 431)

    def test_and_a_body_whether_its_length_is_told_or_not(self):
        def with_length(size):
            return length(str(size).encode(), b"a" * size)

        def in_chunks(size):
            return coding(b"chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"a" * size))

        for limit in (10, 1_000_000):
            with self.subTest(limit=limit), Loopscope("--max-body-bytes", str(limit)) as service:
                for body in (with_length, in_chunks):
                    self.assert_boundary(service, body(limit), body(limit + 1), 413)

    def test_flags_and_environment_show_in_info(self):
        with Loopscope("--max-target-bytes", "1KiB", environment={"LOOPSCOPE_MAX_BODY_BYTES": "2MiB"}) as service:
            config = json.loads(service.ask_admin("/info")[1])["config"]
            self.assertEqual(config["max_target_bytes"], 1024)
            self.assertEqual(config["max_body_bytes"], 2 * 1024 * 1024)
            self.assertEqual((config["max_header_bytes"], config["max_header_fields"]), (16_384, 100))


class Shedding(unittest.TestCase):
    def test_a_loop_that_was_blocked_starts_no_write_until_it_has_caught_up(self):
        with Loopscope("--shed-lag", "50ms") as service:
            self.assertEqual(service.write(method="stream", count=10)[0], 200)
            self.assertEqual(service.write(method="sync", count=1_000_000)[0], 200)
            status, headers, body = service.ask("/write?method=stream&count=10")
            problem = json.loads(body)
            self.assertEqual((status, problem["limit_name"]), (503, "shed-lag"))
            self.assertGreater(problem["lag_ms"], 50)
            self.assertEqual(headers["Retry-After"], "1")
            self.assertEqual(service.ask("/hello")[0], 200)
            self.assertTrue(wait_until(lambda: service.write(method="stream", count=10)[0] == 200))

    def test_is_off_unless_asked_for(self):
        with Loopscope() as service:
            service.write(method="sync", count=500_000)
            self.assertEqual(service.write(method="stream", count=10)[0], 200)


class Names(unittest.TestCase):
    def ask_as(self, address, host, path):
        connection = http.client.HTTPConnection(*address, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def test_another_sites_name_reaches_neither_writes_nor_stalls(self):
        with Loopscope() as service:
            for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "192.0.2.1"):
                for address, path in ((service.address, "/write?method=stream&count=10"),
                                      (service.admin_address, "/stalls"), (service.admin_address, "/info"),
                                      (service.admin_address, "/metrics"), (service.admin_address, "/events")):
                    with self.subTest(host=host, path=path):
                        status, body = self.ask_as(address, host, path)
                        self.assertEqual(status, 421)
                        self.assertIn("--allowed-host", json.loads(body)["detail"])
            self.assertEqual(list(service.data_dir.iterdir()), [])
            self.assertEqual(self.ask_as(service.address, "evil.example", "/hello")[0], 200)

    def test_names_of_this_machine_and_those_that_were_added_reach_all(self):
        with Loopscope("--allowed-host", "demo.example") as service:
            for host in ("localhost", "demo.localhost:1", "127.0.0.1", "127.1.2.3", "[::1]:8080", "Demo.Example:80"):
                with self.subTest(host=host):
                    self.assertEqual(self.ask_as(service.address, host, "/write?method=stream&count=10")[0], 200)
                    self.assertEqual(self.ask_as(service.admin_address, host, "/stalls")[0], 200)

    def test_bound_wider_any_name_will_do_and_the_log_warns(self):
        with Loopscope(listen="0.0.0.0:0") as service:
            address = ("127.0.0.1", service.address[1])
            self.assertEqual(self.ask_as(address, "app:8080", "/write?method=stream&count=10")[0], 200)
            service.stop(signal.SIGTERM)
            service.log_reader_.join()
            self.assertRegex(service.log, r"not on loopback")

    def test_on_loopback_the_log_does_not_warn(self):
        with Loopscope() as service:
            service.stop(signal.SIGTERM)
            service.log_reader_.join()
            self.assertNotIn("not on loopback", service.log)


class Safety(unittest.TestCase):
    def core_dump(self, service):
        """The limit, and what would be in it."""
        process = pathlib.Path(f"/proc/{service.process.pid}")
        limit = re.search(r"Max core file size\s+(\S+)", (process / "limits").read_text()).group(1)
        return limit, int((process / "coredump_filter").read_text(), 16)

    def test_a_core_dump_is_left_only_on_demand(self):
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        if most != resource.RLIM_INFINITY and most < 4096:
            self.skipTest("core dumps are off here")

        def some():
            resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096))

        as_inherited = int(pathlib.Path("/proc/self/coredump_filter").read_text(), 16)
        # The sanitizers' own run-time turns dumps off unless it is told not to.
        as_it_is = {name: f"{os.environ.get(name, '')}:disable_coredump=0" for name in ("ASAN_OPTIONS", "TSAN_OPTIONS")}
        with Loopscope(preexec=some, environment=as_it_is) as service:
            self.assertEqual(self.core_dump(service), ("1", 0))  # see forbid_core_dumps()
        with Loopscope("--core-dumps", preexec=some, environment=as_it_is) as service:
            self.assertEqual(self.core_dump(service), ("4096", as_inherited))

    def test_no_answer_is_to_be_guessed_at(self):
        with Loopscope() as service, RawClient(service.address) as client:
            client.send(NEXT + target(b"/write?method=%3Cscript%3E") + method(b"BREW"))
            for _ in range(3):
                self.assertEqual(client.answer().headers["x-content-type-options"], "nosniff")

    def test_a_stall_still_names_function_file_and_line(self):
        with Loopscope() as service:
            service.write(method="sync", count=300_000)

            def stacks():
                stalls = json.loads(service.ask_admin("/stalls")[1])["stalls"]
                return [frame for stall in stalls for frame in stall["stack"] if frame["file"] and frame["line"]]

            self.assertTrue(wait_until(lambda: any("writers/" in each["file"] for each in stacks())), stacks())


if __name__ == "__main__":
    unittest.main()
