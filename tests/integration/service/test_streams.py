# SPDX-License-Identifier: MIT

"""stdin, stdout and stderr: a command writes its output or fails; a log that cannot be written ends nothing."""

import http.client
import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import unittest
from typing import IO

from loopscope import BINARY, Address, Loopscope, split_address
from polling import wait_until
from raw_http import RawClient

PROBE = os.environ["LOOPSCOPE_PROBE"]
SERVE = ("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
MALFORMED = b"GET / HTTP/9.9\r\n\r\n"


def run(binary: str, *arguments: str, redirect: str, directory: str | None = None) -> tuple[int, str]:
    """The exit code and the text on stderr."""
    result = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {redirect}', binary, *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        timeout=60,
        check=False,
        cwd=directory,
    )
    return result.returncode, result.stderr


def descriptors(pid: int) -> dict[int, str]:
    links: dict[int, str] = {}
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            links[int(entry.name)] = os.readlink(entry)
        except FileNotFoundError:
            pass
    return links


def listeners(pid: int) -> list[int]:
    """The ports on which a process listens, for a process without a readable ready line."""
    own = {link[8:-1] for link in descriptors(pid).values() if link.startswith("socket:[")}
    rows = [line.split() for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and row[9] in own]


def hello(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/hello")
        return connection.getresponse().status
    finally:
        connection.close()


def send_malformed(address: Address, times: int) -> None:
    """Each request makes the service log one line at level debug."""
    for _ in range(times):
        with RawClient(address) as client:
            client.send(MALFORMED)
            client.answer()


class Closed(unittest.TestCase):
    def test_closed_standard_descriptors_are_not_reused(self) -> None:
        for closed in ((0, 1, 2), (0,), (1, 2), (2,)):
            with self.subTest(closed=closed), tempfile.TemporaryDirectory() as directory:
                redirect = " ".join(f"{descriptor}>&-" for descriptor in closed)
                process = subprocess.Popen(
                    [
                        "sh",
                        "-c",
                        f'exec "$0" "$@" {redirect}',
                        BINARY,
                        *SERVE,
                        "--log-level",
                        "debug",
                        "--data-dir",
                        directory,
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                try:
                    wait_until(lambda: len(listeners(process.pid)) == 2, "two listeners")
                    for port in listeners(process.pid):
                        send_malformed(("127.0.0.1", port), 20)
                    links = descriptors(process.pid)
                    for descriptor in range(3):
                        self.assertEqual(links[descriptor], "/" if descriptor in closed else "/dev/null")
                    self.assertIn(200, [hello(port) for port in listeners(process.pid)])
                    process.terminate()
                    self.assertEqual(process.wait(timeout=30), 0)
                finally:
                    process.kill()
                    process.wait()

    def test_a_command_fails_when_its_stdout_is_closed(self) -> None:
        for binary in (BINARY, PROBE):
            with self.subTest(binary=binary):
                code, errors = run(binary, "--version", redirect=">&-")
                self.assertEqual(code, 1)
                self.assertIn("stdout", errors)


class Stdout(unittest.TestCase):
    def test_output_that_cannot_be_written_is_exit_1(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            for arguments in (
                ("--version",),
                ("--help",),
                ("--help-all",),
                ("--licenses",),
                ("man",),
                ("completion", "bash"),
                ("write", "--help"),
                ("--print-config",),
                ("write", "sync", "--count", "10"),
                SERVE,
            ):
                with self.subTest(arguments=arguments):
                    code, errors = run(BINARY, *arguments, redirect=">/dev/full", directory=directory)
                    self.assertEqual(code, 1)
                    self.assertRegex(errors, r"stdout: No space left")

    def test_it_is_exit_1_where_stderr_is_full_too(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            for arguments in (("--version",), ("write", "sync", "--count", "10"), SERVE):
                with self.subTest(arguments=arguments):
                    self.assertEqual(run(BINARY, *arguments, redirect=">/dev/full 2>&1", directory=directory)[0], 1)

    def test_the_probe_fails_too_when_its_output_cannot_be_written(self) -> None:
        for flag in ("--version", "--help"):
            with self.subTest(flag=flag):
                code, errors = run(PROBE, flag, redirect=">/dev/full")
                self.assertEqual(code, 1)
                self.assertIn("No space left", errors)
        with Loopscope() as service:
            measurement = ("--url", f"http://{service.ready['listen']}/hello", "--rate", "100/s", "--duration", "100ms")
            for arguments in ((), ("--json", "-"), ("--csv", "-"), ("--hgrm", "-")):
                with self.subTest(arguments=arguments):
                    self.assertEqual(run(PROBE, *measurement, *arguments, redirect=">/dev/null")[0], 0)
                    code, errors = run(PROBE, *measurement, *arguments, redirect=">/dev/full")
                    self.assertEqual(code, 1)
                    self.assertIn("No space left", errors)

    def test_a_closed_pipe_for_the_ready_line_ends_the_start(self) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        with tempfile.TemporaryDirectory() as directory:
            result = subprocess.run(
                [BINARY, *SERVE, "--data-dir", directory],
                stdout=writer,
                stderr=subprocess.PIPE,
                text=True,
                timeout=60,
                check=False,
            )
        os.close(writer)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"ready line.*Broken pipe")

    def test_a_full_pipe_for_the_ready_line_ends_the_start_after_a_time(self) -> None:
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(writer, bytes(4096))
        os.set_blocking(writer, True)
        with tempfile.TemporaryDirectory() as directory:
            result = subprocess.run(
                [BINARY, *SERVE, "--data-dir", directory],
                stdout=writer,
                stderr=subprocess.PIPE,
                text=True,
                timeout=60,
                check=False,
            )
        os.close(reader)
        os.close(writer)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"ready line.*timed out")

    def test_the_reader_of_the_ready_line_may_close_its_pipe(self) -> None:
        with Loopscope() as service:
            assert service.process.stdout
            service.process.stdout.close()
            self.assertEqual(service.write(method="stream", count=10)[0], 200)
            self.assertEqual(service.stop(signal.SIGTERM), 0)


class Log(unittest.TestCase):
    def start(self, stderr: int | IO[bytes], *flags: str, directory: str) -> tuple[subprocess.Popen[bytes], Address]:
        process = subprocess.Popen(
            [BINARY, *SERVE, "--data-dir", directory, "--log-level", "debug", *flags],
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        assert process.stdout
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        self.assertTrue(line)
        return process, split_address(json.loads(line)["listen"])

    def check_serves_and_stops(self, process: subprocess.Popen[bytes], address: Address) -> None:
        send_malformed(address, 200)
        self.assertEqual(hello(address[1]), 200)
        process.terminate()
        self.assertEqual(process.wait(timeout=30), 0)

    def test_a_log_that_cannot_be_written_ends_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            with open("/dev/full", "wb") as full:
                self.check_serves_and_stops(*self.start(full, directory=directory))
            reader, writer = os.pipe()
            os.close(reader)
            try:
                self.check_serves_and_stops(*self.start(writer, directory=directory))
            finally:
                os.close(writer)

    def test_lines_lost_to_a_full_disk_are_counted_when_there_is_room_again(self) -> None:
        for form in ("json", "text"):
            with self.subTest(form=form), tempfile.TemporaryDirectory() as directory:
                log = pathlib.Path(directory) / "log"
                with open(log, "wb") as file:
                    # Of a slow start, no stall is told in between.
                    process, address = self.start(
                        file, "--log-format", form, "--stall-threshold", "100s", directory=directory
                    )
                send_malformed(address, 3)
                # Of a slow start, the line that it serves comes last.
                wait_until(
                    lambda: (text := log.read_text()).count("bad request") == 3 and "serving" in text, "the first lines"
                )
                full = log.stat().st_size + 20  # in the middle of a line
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
                send_malformed(address, 10)
                wait_until(lambda: log.stat().st_size == full, "a full file")
                self.assertEqual(hello(address[1]), 200)
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                send_malformed(address, 1)
                process.terminate()
                self.assertEqual(process.wait(timeout=30), 0)
                lines = log.read_text().splitlines()
                reports = [line for line in lines if "lines of the log were lost" in line]
                self.assertEqual(len(reports), 1, lines)
                lost = json.loads(reports[0])["lines"] if form == "json" else int(reports[0].rsplit("=", 1)[1])
                self.assertEqual(sum("bad request" in line for line in lines) + lost, 14, lines)

    def test_lines_lost_to_a_slow_reader_are_counted(self) -> None:
        reader, writer = os.pipe()
        with tempfile.TemporaryDirectory() as directory:
            process, address = self.start(writer, directory=directory)
            os.close(writer)
            send_malformed(address, 3000)  # more than the pipe and the queue hold
            process.terminate()
            with os.fdopen(reader, "rb") as pipe:
                text = pipe.read().decode()
            self.assertEqual(process.wait(timeout=30), 0)
            self.assertIn("lines of the log were lost lines=", text)


if __name__ == "__main__":
    unittest.main()
