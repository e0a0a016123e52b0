"""stdin, stdout and stderr: what a command was asked for is written or the command fails; the log ends nobody."""

import http.client
import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import unittest

from loopscope import BINARY, Loopscope, split_address, wait_until
from raw_http import RawClient

PROBE = os.environ["LOOPSCOPE_PROBE"]
SERVE = ("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
MALFORMED = b"GET / HTTP/9.9\r\n\r\n"


def run(binary, *arguments, redirect, directory=None):
    """The exit code and what is on stderr."""
    result = subprocess.run(["sh", "-c", f'exec "$0" "$@" {redirect}', binary, *arguments], stderr=subprocess.PIPE,
                            stdout=subprocess.DEVNULL, text=True, timeout=60, check=False, cwd=directory)
    return result.returncode, result.stderr


def descriptors(pid):
    links = {}
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            links[int(entry.name)] = os.readlink(entry)
        except FileNotFoundError:
            pass
    return links


def listeners(pid):
    """The ports on which a process listens, for one whose ready line nobody reads."""
    own = {link[8:-1] for link in descriptors(pid).values() if link.startswith("socket:[")}
    rows = [line.split() for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and row[9] in own]


def hello(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/hello")
        return connection.getresponse().status
    finally:
        connection.close()


def complain(address, times):
    """Makes the service log a line at level debug, each time."""
    for _ in range(times):
        with RawClient(address) as client:
            client.send(MALFORMED)
            client.answer()


class Closed(unittest.TestCase):
    def test_closed_standard_descriptors_become_nobody_elses(self):
        for closed in ((0, 1, 2), (0,), (1, 2), (2,)):
            with self.subTest(closed=closed), tempfile.TemporaryDirectory() as directory:
                redirect = " ".join(f"{descriptor}>&-" for descriptor in closed)
                process = subprocess.Popen(["sh", "-c", f'exec "$0" "$@" {redirect}', BINARY, *SERVE, "--log-level",
                                            "debug", "--data-dir", directory], stdin=subprocess.DEVNULL,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    wait_until(lambda: len(listeners(process.pid)) == 2, "two listeners")
                    for port in listeners(process.pid):
                        complain(("127.0.0.1", port), 20)
                    links = descriptors(process.pid)
                    for descriptor in range(3):
                        self.assertEqual(links[descriptor], "/" if descriptor in closed else "/dev/null")
                    self.assertIn(200, [hello(port) for port in listeners(process.pid)])
                    process.terminate()
                    self.assertEqual(process.wait(timeout=30), 0)
                finally:
                    process.kill()
                    process.wait()

    def test_a_command_whose_stdout_is_closed_has_failed(self):
        for binary in (BINARY, PROBE):
            with self.subTest(binary=binary):
                code, said = run(binary, "--version", redirect=">&-")
                self.assertEqual(code, 1)
                self.assertIn("stdout", said)


class Stdout(unittest.TestCase):
    def test_what_cannot_be_written_is_exit_1(self):
        with tempfile.TemporaryDirectory() as directory:
            for arguments in (("--version",), ("--help",), ("write", "--help"), ("--print-config",),
                              ("write", "sync", "--count", "10"), SERVE):
                with self.subTest(arguments=arguments):
                    code, said = run(BINARY, *arguments, redirect=">/dev/full", directory=directory)
                    self.assertEqual(code, 1)
                    self.assertRegex(said, r"stdout: No space left")

    def test_nor_is_it_where_stderr_is_full_too(self):
        with tempfile.TemporaryDirectory() as directory:
            for arguments in (("--version",), ("write", "sync", "--count", "10"), SERVE):
                with self.subTest(arguments=arguments):
                    self.assertEqual(run(BINARY, *arguments, redirect=">/dev/full 2>&1", directory=directory)[0], 1)

    def test_of_the_probe_it_is_the_same(self):
        for arguments in (("--version",), ("--help",)):
            with self.subTest(arguments=arguments):
                code, said = run(PROBE, *arguments, redirect=">/dev/full")
                self.assertEqual(code, 1)
                self.assertIn("No space left", said)
        with Loopscope() as service:
            asked = ("--url", f"http://{service.ready['listen']}/hello", "--rate", "100/s", "--duration", "100ms")
            for arguments in ((), ("--json", "-"), ("--csv", "-"), ("--hgrm", "-")):
                with self.subTest(arguments=arguments):
                    self.assertEqual(run(PROBE, *asked, *arguments, redirect=">/dev/null")[0], 0)
                    code, said = run(PROBE, *asked, *arguments, redirect=">/dev/full")
                    self.assertEqual(code, 1)
                    self.assertIn("No space left", said)

    def test_a_supervisor_that_has_gone_is_not_served_for(self):
        reader, writer = os.pipe()
        os.close(reader)
        with tempfile.TemporaryDirectory() as directory:
            result = subprocess.run([BINARY, *SERVE, "--data-dir", directory], stdout=writer, stderr=subprocess.PIPE,
                                    text=True, timeout=60, check=False)
        os.close(writer)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"ready line.*Broken pipe")

    def test_a_ready_line_that_nobody_takes_ends_the_start_instead_of_holding_it(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(writer, bytes(4096))
        os.set_blocking(writer, True)
        with tempfile.TemporaryDirectory() as directory:
            result = subprocess.run([BINARY, *SERVE, "--data-dir", directory], stdout=writer, stderr=subprocess.PIPE,
                                    text=True, timeout=60, check=False)
        os.close(reader)
        os.close(writer)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"ready line.*timed out")

    def test_after_the_ready_line_its_reader_may_go(self):
        with Loopscope() as service:
            service.process.stdout.close()
            self.assertEqual(service.write(method="stream", count=10)[0], 200)
            self.assertEqual(service.stop(signal.SIGTERM), 0)


class Log(unittest.TestCase):
    def start(self, stderr, *flags, directory):
        process = subprocess.Popen([BINARY, *SERVE, "--data-dir", directory, "--log-level", "debug", *flags],
                                   stdout=subprocess.PIPE, stderr=stderr)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        self.assertTrue(line)
        return process, split_address(json.loads(line)["listen"])

    def serves_and_stops(self, process, address):
        complain(address, 200)
        self.assertEqual(hello(address[1]), 200)
        process.terminate()
        self.assertEqual(process.wait(timeout=30), 0)

    def test_a_log_that_takes_nothing_ends_nobody(self):
        with tempfile.TemporaryDirectory() as directory:
            with open("/dev/full", "wb") as full:
                self.serves_and_stops(*self.start(full, directory=directory))
            reader, writer = os.pipe()
            os.close(reader)
            try:
                self.serves_and_stops(*self.start(writer, directory=directory))
            finally:
                os.close(writer)

    def test_lines_that_a_full_disk_took_are_counted_when_there_is_room_again(self):
        for form in ("json", "text"):
            with self.subTest(form=form), tempfile.TemporaryDirectory() as directory:
                log = pathlib.Path(directory) / "log"
                with open(log, "wb") as file:
                    process, address = self.start(file, "--log-format", form, directory=directory)
                complain(address, 3)
                wait_until(lambda: log.read_text().count("bad request") == 3, "three lines")
                full = log.stat().st_size + 20  # in the middle of a line
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
                complain(address, 10)
                wait_until(lambda: log.stat().st_size == full, "a full file")
                self.assertEqual(hello(address[1]), 200)
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                complain(address, 1)
                process.terminate()
                self.assertEqual(process.wait(timeout=30), 0)
                lines = log.read_text().splitlines()
                told = [line for line in lines if "lines of the log were lost" in line]
                self.assertEqual(len(told), 1, lines)
                lost = json.loads(told[0])["lines"] if form == "json" else int(told[0].rsplit("=", 1)[1])
                self.assertEqual(sum("bad request" in line for line in lines) + lost, 14, lines)

    def test_lines_that_a_slow_reader_cost_are_counted(self):
        reader, writer = os.pipe()
        with tempfile.TemporaryDirectory() as directory:
            process, address = self.start(writer, directory=directory)
            os.close(writer)
            complain(address, 3000)  # more than the pipe and the queue hold
            process.terminate()
            with os.fdopen(reader, "rb") as pipe:
                text = pipe.read().decode()
            self.assertEqual(process.wait(timeout=30), 0)
            self.assertIn("lines of the log were lost lines=", text)


if __name__ == "__main__":
    unittest.main()
