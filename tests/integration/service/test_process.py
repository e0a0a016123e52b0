# SPDX-License-Identifier: MIT

"""The process: start, ready line, signals, exit codes, commands."""

import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest
from collections.abc import Callable, Mapping
from typing import Any

from loopscope import BINARY, Loopscope, expected_text, split_address
from polling import wait_until
from raw_http import RawClient


def run(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BINARY, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )


class Start(unittest.TestCase):
    def test_the_ready_line_names_the_addresses(self) -> None:
        with Loopscope() as service:
            self.assertEqual(service.ready["event"], "ready")
            self.assertEqual(service.ready["pid"], service.process.pid)
            self.assertEqual(service.ready["file_io"], "threads")
            self.assertNotEqual(service.address[1], 0)
            self.assertEqual(service.ask("/hello")[2], b"hello\n")

    def test_loops_and_workers_ask_for_the_same_time_slice(self) -> None:
        def names_of_those_that(asked: bool) -> list[str]:
            return [
                (task / "comm").read_text().strip()
                for task in tasks.iterdir()
                if asked == bool(os.sched_getscheduler(int(task.name)) & os.SCHED_RESET_ON_FORK)
            ]

        with Loopscope("--io-threads", "2", "--pool-threads", "3") as service:
            tasks = pathlib.Path(f"/proc/{service.process.pid}/task")
            try:
                wait_until(lambda: "loop-watchdog" in names_of_those_that(asked=True), "the watchdog", timeout=10)
            except AssertionError:
                self.skipTest("the kernel or its sandbox refuses sched_setattr")
            wait_until(lambda: names_of_those_that(asked=True).count("io-pool") == 3, "the pool's threads")
            wait_until(lambda: {"io-0", "io-1"} <= set(names_of_those_that(asked=True)), "the loops")
            self.assertIn("loopscope", names_of_those_that(asked=False))  # the main thread

    def test_an_address_in_use_is_exit_1(self) -> None:
        with Loopscope() as service:
            second = run("--listen", service.ready["listen"], "--admin", "off", "--data-dir", str(service.data_dir))
            self.assertEqual(second.returncode, 1)
            self.assertIn(
                f"cannot listen on {service.ready['listen']} (--listen): Address already in use by loopscope "
                f"(process {service.process.pid}); choose another with --listen",
                second.stderr,
            )

    def test_a_data_directory_that_cannot_be_made_is_exit_1(self) -> None:
        result = run("--listen", "127.0.0.1:0", "--admin", "off", "--data-dir", "/proc/nonexistent/data")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/proc/nonexistent/data", result.stderr)

    def test_the_default_data_directory_is_made(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            process = subprocess.Popen(
                [BINARY, "--listen", "127.0.0.1:0", "--admin", "off"],
                cwd=directory,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self.assertTrue(ready_line(process))
            process.terminate()
            self.assertEqual(process.wait(timeout=20), 0)
            process.communicate()
            self.assertTrue((pathlib.Path(directory) / "loopscope-data").is_dir())

    def test_bad_usage_is_exit_2(self) -> None:
        for arguments in (
            ("--listen", "nowhere"),
            ("--no-such-flag",),
            ("write", "turbo"),
            ("write", "sync", "--count", "0"),
        ):
            with self.subTest(arguments=arguments):
                self.assertEqual(run(*arguments).returncode, 2)
        self.assertEqual(run("--print-config", environment={"LOOPSCOPE_IO_THREADS": "none"}).returncode, 2)

    def test_the_configuration_is_printed_as_json(self) -> None:
        result = run("--print-config", environment={"LOOPSCOPE_MAX_WRITES": "3"})
        self.assertEqual(result.returncode, 0)
        self.assertEqual(json.loads(result.stdout)["max_writes"], 3)

    def test_logs_are_json_when_asked(self) -> None:
        with Loopscope("--log-format", "json") as service:
            service.stop(signal.SIGTERM)
            lines = [json.loads(line) for line in service.log.splitlines()]
            self.assertIn("serving", [line["event"] for line in lines])


def ready_line(process: subprocess.Popen[Any]) -> Any:
    """The first line on stdout; empty when the process has ended."""
    assert process.stdout
    return process.stdout.readline()


class Ports(unittest.TestCase):
    def start(self, listen: str, io_threads: int, directory: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [BINARY, "--listen", listen, "--admin", "off", "--io-threads", str(io_threads), "--data-dir", directory],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def refused(self, process: subprocess.Popen[str]) -> bool:
        output, errors = process.communicate(timeout=30)
        return process.returncode == 1 and output == "" and "Address already in use" in errors

    def stop(self, process: subprocess.Popen[str]) -> int:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        return process.returncode

    def test_a_port_in_use_is_refused_for_any_number_of_loops(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            for first in (1, 2):
                for at, others in (
                    ("127.0.0.1:0", ("127.0.0.1", "0.0.0.0", "[::]")),
                    ("0.0.0.0:0", ("127.0.0.1",)),
                    ("[::1]:0", ("[::1]", "[::]")),
                ):
                    one = self.start(at, first, directory)
                    line = ready_line(one)
                    if not line:
                        self.assertIn("[::1]", at)  # a machine without IPv6
                        one.communicate(timeout=30)
                        continue
                    port = json.loads(line)["listen"].rsplit(":", 1)[1]
                    for second in (1, 2, 3):
                        for host in others:
                            with self.subTest(first=first, at=at, second=second, host=host):
                                self.assertTrue(self.refused(self.start(f"{host}:{port}", second, directory)))
                    self.assertEqual(self.stop(one), 0)

    def test_of_two_that_start_at_once_one_serves(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            port = 0
            for _ in range(8):
                free = self.start(f"127.0.0.1:{port}", 2, directory)  # also: at once after a stop
                port = json.loads(ready_line(free))["listen"].rsplit(":", 1)[1]
                self.assertEqual(self.stop(free), 0)
                both = [self.start(f"127.0.0.1:{port}", io_threads, directory) for io_threads in (2, 3)]
                lines = [ready_line(each) for each in both]
                with self.subTest(lines=lines):
                    self.assertEqual(sum(bool(line) for line in lines), 1)
                for each, line in zip(both, lines):
                    self.assertTrue(self.stop(each) == 0 if line else self.refused(each))

    def test_a_restart_takes_the_port_of_connections_that_are_closing(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            at = "127.0.0.1:0"
            for _ in range(3):
                process = self.start(at, 3, directory)
                at = json.loads(ready_line(process))["listen"]
                for _ in range(20):  # the service closes first, so its side is in TIME_WAIT
                    with RawClient(split_address(at)) as client:
                        client.send(b"GET /hello HTTP/1.0\r\n\r\n")
                        self.assertEqual(client.answer().status, 200)
                        self.assertEqual(client.rest(), b"")
                self.assertEqual(self.stop(process), 0)


class Commands(unittest.TestCase):
    def test_write_prints_the_report(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            result = run("write", "stream", "--count", "1000", "--verify", "--data-dir", directory)
            self.assertEqual(result.returncode, 0, result.stderr)
            report = json.loads(result.stdout)
            self.assertTrue(report["content"]["in_order"])
            self.assertEqual((pathlib.Path(directory) / "stream.txt").read_bytes(), expected_text(1000))

    def test_write_ends_at_a_signal_and_leaves_the_earlier_file(self) -> None:
        for method in ("sync", "offload", "callback"):
            with self.subTest(method=method), tempfile.TemporaryDirectory() as directory:
                earlier = pathlib.Path(directory) / f"{method}.txt"
                earlier.write_text("earlier")
                process = subprocess.Popen(
                    [BINARY, "write", method, "--count", "20000000", "--data-dir", directory],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                wait_until(lambda: list(earlier.parent.glob(f"{method}.txt.*.part")), "a part")
                process.send_signal(signal.SIGINT)
                report, errors = process.communicate(timeout=60)
                self.assertEqual((process.returncode, report), (1, ""), errors)
                self.assertIn("canceled", errors)
                self.assertEqual(os.listdir(directory), [earlier.name])
                self.assertEqual(earlier.read_text(), "earlier")

    def test_write_removes_the_part_of_a_killed_process(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            (pathlib.Path(directory) / "stream.txt.AbCdEf.part").write_text("left")
            self.assertEqual(run("write", "stream", "--count", "1", "--data-dir", directory).returncode, 0)
            self.assertEqual(os.listdir(directory), ["stream.txt"])

    def test_write_refuses_a_back_end_that_the_method_does_not_use(self) -> None:
        result = run("write", "sync", "--io", "uring", "--count", "1", "--data-dir", tempfile.gettempdir())
        self.assertEqual(result.returncode, 1)
        self.assertIn("--io uring: method 'sync' calls write(2) on the I/O thread itself", result.stderr)

    def test_write_without_a_directory_is_exit_1(self) -> None:
        result = run("write", "sync", "--count", "1", "--data-dir", "/proc/nonexistent/data")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/proc/nonexistent", result.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become a user without other threads")
    def test_a_thread_that_cannot_be_started_ends_the_start_with_a_message(self) -> None:
        somebody = 54321
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="loopscope-for-somebody."))
        program = shutil.copy(BINARY, folder)  # which the home that it is in may hide from others
        os.chmod(folder, 0o755)

        def few_threads(limit: int) -> Callable[[], None]:
            def apply() -> None:
                resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
                os.setgroups([])
                os.setuid(somebody)

            return apply

        # A leak checker needs a thread of its own.
        environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        for limit in range(1, 12):
            for command in (
                ("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"),
                ("write", "offload", "--count", "10"),
            ):
                with self.subTest(limit=limit, command=command), tempfile.TemporaryDirectory() as directory:
                    os.chmod(directory, 0o777)
                    process = subprocess.Popen(
                        [program, *command, "--data-dir", directory],
                        stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE,
                        text=True,
                        env=environment,
                        preexec_fn=few_threads(limit),
                    )
                    if "ready" in ready_line(process):  # the limit was high enough
                        process.terminate()
                    errors = process.communicate(timeout=30)[1]
                    self.assertIn(process.returncode, (0, 1), errors)
                    if process.returncode == 1:
                        self.assertIn("cannot start a thread", errors)

    def test_healthcheck_distinguishes_a_free_loop_from_a_blocked_one(self) -> None:
        with Loopscope() as service:
            url = f"http://{service.ready['listen']}/healthz"
            self.assertEqual(run("healthcheck", "--url", url).returncode, 0)
            self.assertEqual(run("healthcheck", "--url", url.replace("healthz", "nowhere")).returncode, 1)
            with contextlib.closing(service.connect()) as client:
                client.request("GET", "/write?method=sync&count=90000000")  # ends with the service
                wait_until(lambda: any(part.stat().st_size for part in service.parts()), "the loop is blocked")
                self.assertEqual(run("healthcheck", "--url", url, "--timeout", "200ms").returncode, 1)
        self.assertEqual(run("healthcheck", "--url", url).returncode, 1)


if __name__ == "__main__":
    unittest.main()
