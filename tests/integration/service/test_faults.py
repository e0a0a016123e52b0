# SPDX-License-Identifier: MIT

"""Real faults on the way to disk: the response says what failed, the earlier file stays, nothing leaks."""

import contextlib
import errno
import functools
import http.client
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from forbid_io_uring import forbid_io_uring
from loopscope import BINARY, METHODS, WITH_BACK_END, Footprint, Loopscope, expected_text
from polling import wait_until

EARLIER = 100
NOBODY = 65534
ROOM_BYTES = 64 * 1024
TOO_MANY = 20_000  # 128,890 bytes
LISTENERS = 2
# What a service keeps open while its clients stay. Other files are those of its programs: the monitor has them open for some
# seconds after a stall, to name functions.
KEPT = ("socket:", "pipe:", "anon_inode:", "/proc/", "/sys/", "/dev/")
as_root = unittest.skipUnless(os.geteuid() == 0, "SKIPPED, NOT TESTED: mounting needs root")


def back_ends(service: Loopscope) -> list[tuple[str, str | None]]:
    """Every method with every back end that it can use here."""
    here = ("threads", "uring") if service.has_io_uring() else ("threads",)
    return [(method, io) for method in METHODS for io in (here if method in WITH_BACK_END else (None,))]


def kept_descriptors(service: Loopscope, clients: int) -> set[int]:
    """Those that stay open while so many clients stay and nobody else comes."""

    def sockets() -> int:
        return sum(link.startswith("socket:") for link in service.descriptors().values())

    wait_until(lambda: sockets() == LISTENERS + clients, "the connections of other clients are closed")
    kept = set(service.descriptors())
    for _ in range(4):  # some are open for a moment
        kept &= {number for number, link in service.descriptors().items() if link.startswith(KEPT)}
        time.sleep(0.02)
    return kept


@contextlib.contextmanager
def limited(pid: int, which: int, soft: int) -> Iterator[None]:
    """Lowers a limit of a running process inside the block."""
    before = resource.prlimit(pid, which)
    resource.prlimit(pid, which, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, which, before)


@contextlib.contextmanager
def tmpfs(options: str) -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory(prefix="loopscope-tmpfs.") as directory:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory], check=False).returncode:
            raise unittest.SkipTest("SKIPPED, NOT TESTED: this machine does not mount a tmpfs")
        try:
            yield pathlib.Path(directory)
        finally:
            subprocess.run(["umount", directory], check=True)


Response = tuple[int, dict[str, str], Any]


class Faults(unittest.TestCase):
    def one_connection(self, service: Loopscope) -> http.client.HTTPConnection:
        """An open connection, so that no fault can keep the request out."""
        connection = service.connect()
        self.addCleanup(connection.close)
        connection.connect()
        return connection

    def write(self, connection: http.client.HTTPConnection, method: str, io: str | None, count: int) -> Response:
        target = f"/write?method={method}&count={count}" + (f"&io={io}" if io else "")
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), json.loads(answer.read())

    def warm_up(self, service: Loopscope, connection: http.client.HTTPConnection) -> Footprint:
        """Runs every method once: for the earlier files and for what a process opens only once."""
        for method, io in back_ends(service):
            self.assertEqual(self.write(connection, method, io, EARLIER)[0], 200)
        return service.idle_footprint()

    def check_problem(self, response: Response, status: int, error_value: int, operation: str) -> None:
        got, headers, problem = response
        self.assertEqual((got, problem["status"]), (status, status), problem)
        self.assertEqual(headers["Content-Type"], "application/problem+json")
        self.assertEqual((problem["errno"], problem["operation"]), (error_value, operation), problem)
        self.assertIn(os.strerror(error_value), problem["detail"])

    def check_intact(self, service: Loopscope, method: str) -> None:
        content = (service.data_dir / f"{method}.txt").read_bytes()
        self.assertEqual(sorted(content.split()), sorted(expected_text(EARLIER).split()))
        self.assertEqual(len(content), len(expected_text(EARLIER)))
        self.assertEqual(service.parts(), [])

    def check_each(
        self,
        service: Loopscope,
        fault: Callable[[], AbstractContextManager[None]],
        status: int,
        error_value: int,
        operation: str,
    ) -> None:
        """With every method and back end: it fails as expected, the earlier file stays, and the next write succeeds."""
        connection = self.one_connection(service)
        before = self.warm_up(service, connection)
        failed = service.writes_ended("failed")
        for method, io in back_ends(service):
            with self.subTest(method=method, io=io):
                with fault():
                    response = self.write(connection, method, io, TOO_MANY)
                self.check_problem(response, status, error_value, operation)
                self.check_intact(service, method)
                failed += 1
                self.assertEqual(service.writes_ended("failed"), failed)
                self.assertEqual(self.write(connection, method, io, EARLIER)[0], 200)
                self.check_intact(service, method)
        service.wait_until_nothing_is_held(before)


class Space(Faults):
    @as_root
    def test_a_full_disk_does_not_prevent_the_start(self) -> None:
        with tmpfs("size=64k") as small:
            ballast = small / "ballast"
            ballast.write_bytes(bytes(1 << 16))
            with Loopscope(data_dir=small) as service:
                self.assertEqual(service.write(method="stream", count=100)[0], 507)
                ballast.unlink()
                self.assertEqual(service.write(method="stream", count=100)[0], 200)

    def test_a_full_disk_is_507(self) -> None:
        with tmpfs("size=1m") as small, Loopscope(data_dir=small) as service:
            (small / "ballast").write_bytes(bytes((1 << 20) - ROOM_BYTES))
            self.check_each(service, contextlib.nullcontext, 507, errno.ENOSPC, "write")

    def test_a_file_size_limit_is_507_and_its_signal_does_not_end_the_process(self) -> None:
        with Loopscope() as service:
            self.check_each(
                service,
                lambda: limited(service.process.pid, resource.RLIMIT_FSIZE, ROOM_BYTES),
                507,
                errno.EFBIG,
                "write",
            )

    def test_the_file_size_signal_does_not_end_the_command(self) -> None:
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, ROOM_BYTES))

        with tempfile.TemporaryDirectory() as directory:
            done = subprocess.run(
                [BINARY, "write", "offload", "--count", str(TOO_MANY), "--data-dir", directory],
                preexec_fn=limit,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            self.assertEqual(done.returncode, 1)
            self.assertIn(os.strerror(errno.EFBIG), done.stderr)
            self.assertEqual(os.listdir(directory), [])


class Descriptors(Faults):
    def exhausted(self, service: Loopscope, spare: int, clients: int = 1) -> AbstractContextManager[None]:
        """Leaves the process `spare` descriptors. RLIMIT_NOFILE bounds their numbers, not how many are open."""
        kept = kept_descriptors(service, clients)
        free = [each for each in range(max(kept) + 2 + spare) if each not in kept]
        return limited(service.process.pid, resource.RLIMIT_NOFILE, free[spare])

    def test_none_left_for_the_file_is_503(self) -> None:
        with Loopscope() as service:
            self.check_each(service, lambda: self.exhausted(service, 0), 503, errno.EMFILE, "open")

    def test_too_few_left_leave_nothing_whether_the_write_fails_or_not(self) -> None:
        """The file takes the first descriptor. Its copy for the ring and its directory need more."""
        with Loopscope() as service:
            connection = self.one_connection(service)
            before = self.warm_up(service, connection)
            for spare in (1, 2):
                for method, io in back_ends(service):
                    for durability in ("cache", "disk"):
                        with self.subTest(spare=spare, method=method, io=io, durability=durability):
                            with self.exhausted(service, spare):
                                connection.request(
                                    "GET",
                                    f"/write?method={method}&count={EARLIER + 1}&durability="
                                    f"{durability}" + (f"&io={io}" if io else ""),
                                )
                                answer = connection.getresponse()
                                problem = json.loads(answer.read())
                            self.assertIn(answer.status, (200, 503), problem)
                            size = (service.data_dir / f"{method}.txt").stat().st_size
                            done = len(expected_text(EARLIER + (1 if answer.status == 200 else 0)))
                            self.assertEqual(size, done, problem)
                            self.assertEqual(service.parts(), [])
                            self.assertEqual(self.write(connection, method, io, EARLIER)[0], 200)
            service.wait_until_nothing_is_held(before)

    def test_none_left_during_a_write_fails_neither_it_nor_hello(self) -> None:
        with Loopscope() as service:
            connection = self.one_connection(service)
            before = self.warm_up(service, connection)
            count = service.count_that_takes(3000, method="offload")
            long = self.one_connection(service)
            long.request("GET", f"/write?method=offload&count={count}&durability=disk&verify=true")
            wait_until(service.parts, "the write has begun")
            with self.exhausted(service, 0, clients=2):
                self.assertEqual(len(service.parts()), 1, "the write has ended too early for this test")
                self.assertEqual(self.write(connection, "stream", "threads", EARLIER)[0], 503)
                connection.request("GET", "/hello")
                self.assertEqual(connection.getresponse().read(), b"hello\n")
                answer = long.getresponse()
                report = json.loads(answer.read())
            self.assertEqual(answer.status, 200, report)
            self.assertTrue(report["content"]["complete"])
            long.close()
            service.wait_until_nothing_is_held(before)


class Directory(Faults):
    @as_root
    def test_a_file_system_that_has_become_read_only_is_500(self) -> None:
        with tmpfs("size=16m") as directory, Loopscope(data_dir=directory) as service:

            @contextlib.contextmanager
            def read_only() -> Iterator[None]:
                subprocess.run(["mount", "-o", "remount,ro", directory], check=True)
                try:
                    yield
                finally:
                    subprocess.run(["mount", "-o", "remount,rw", directory], check=True)

            self.check_each(service, read_only, 500, errno.EROFS, "open")

    def test_a_directory_that_may_not_be_written_is_500(self) -> None:
        with tempfile.TemporaryDirectory() as directory:

            def drop_root() -> None:  # permissions do not bind root
                if os.geteuid() == 0:
                    os.setgid(NOBODY)
                    os.setuid(NOBODY)

            if os.geteuid() == 0:
                os.chown(directory, NOBODY, NOBODY)

            @contextlib.contextmanager
            def forbidden() -> Iterator[None]:
                os.chmod(directory, 0o555)
                try:
                    yield
                finally:
                    os.chmod(directory, 0o755)

            os.chmod(directory, 0o755)
            binary = shutil.copy(BINARY, tempfile.gettempdir() + f"/loopscope-of-nobody.{os.getpid()}")
            self.addCleanup(os.unlink, binary)
            with Loopscope(data_dir=directory, preexec=drop_root, binary=binary) as service:
                self.check_each(service, forbidden, 500, errno.EACCES, "open")

    def test_a_directory_that_is_removed_during_a_write_is_500(self) -> None:
        with Loopscope() as service:
            connection = self.one_connection(service)
            before = self.warm_up(service, connection)
            for method, io in back_ends(service):
                with self.subTest(method=method, io=io):
                    back_end = {"io": io} if io else {}
                    count = service.count_that_takes(1000, method=method, **back_end)
                    connection.request("GET", f"/write?method={method}&count={count}" + (f"&io={io}" if io else ""))
                    wait_until(service.parts, "the write has begun")
                    shutil.rmtree(service.data_dir)
                    answer = connection.getresponse()
                    problem = json.loads(answer.read())
                    self.check_problem((answer.status, dict(answer.getheaders()), problem), 500, errno.ENOENT, "rename")
                    self.assertNotIn(str(service.data_dir), problem["detail"])
                    self.assertEqual(self.write(connection, method, io, EARLIER)[0], 500)
                    service.data_dir.mkdir()
                    self.assertEqual(self.write(connection, method, io, EARLIER)[0], 200)
                    self.check_intact(service, method)
            service.wait_until_nothing_is_held(before)

    def test_a_directory_in_the_place_of_the_file_is_500(self) -> None:
        with Loopscope() as service:
            connection = self.one_connection(service)
            before = self.warm_up(service, connection)
            for method in METHODS:
                with self.subTest(method=method):
                    target = service.data_dir / f"{method}.txt"
                    target.unlink()
                    target.mkdir()
                    response = self.write(connection, method, None, EARLIER)
                    self.check_problem(response, 500, errno.EISDIR, "rename")
                    self.assertEqual(service.parts(), [])
                    target.rmdir()
                    self.assertEqual(self.write(connection, method, None, EARLIER)[0], 200)
            service.wait_until_nothing_is_held(before)


class Uring(Faults):
    def test_threads_are_used_where_io_uring_is_forbidden_or_unknown(self) -> None:
        for error_value, reason in ((errno.EPERM, "EPERM"), (errno.ENOSYS, "ENOSYS")):
            with self.subTest(error_value=error_value), Loopscope(
                preexec=functools.partial(forbid_io_uring, error_value)
            ) as service:
                self.assertEqual(service.ready["file_io"], "threads")
                ring = json.loads(service.ask_admin("/info")[1])["io_uring"]
                self.assertFalse(ring["available"])
                self.assertIn(reason, ring["reason"])
                for method in METHODS:
                    status, report = service.write(method=method, count=EARLIER, verify="true")
                    self.assertEqual(status, 200, report)
                    self.assertTrue(report["content"]["complete"])
                    self.assertNotEqual(report["io"], "uring")
                for method in WITH_BACK_END:
                    status, problem = service.write(method=method, count=EARLIER, io="uring")
                    self.assertEqual((status, problem["parameter"]), (400, "io"))
                    self.assertIn(reason, problem["detail"])
                self.assertEqual(service.parts(), [])
                self.assertEqual(service.stop(signal.SIGTERM), 0)


if __name__ == "__main__":
    unittest.main()
