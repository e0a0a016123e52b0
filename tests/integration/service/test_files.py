# SPDX-License-Identifier: MIT

"""The data directory: its contents, file systems without locks, and a directory that goes away."""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
import unittest
from typing import Any

from loopscope import BINARY, METHODS, Loopscope, expected_text
from polling import wait_until
from test_faults import as_root, tmpfs

EARLIER = b"earlier"
LEFTOVER = "stream.txt.AbCdEf.part"
NOT_UTF8 = os.fsdecode(b"bad\xffdir")


def faults(**values: object) -> dict[str, str]:
    """The environment of a process with these faults. A value is an errno or what file_faults.cpp says."""
    return {
        "LD_PRELOAD": os.environ["LOOPSCOPE_FILE_FAULTS"],
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        **{"FAULT_" + name.upper(): str(value) for name, value in values.items()},
    }


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([BINARY, *arguments], capture_output=True, timeout=60, check=False, env=env)


class Directories(unittest.TestCase):
    def setUp(self) -> None:
        self.parent = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="loopscope-files.")))
        self.directory = self.parent / "data"
        self.directory.mkdir()

    def put_earlier(self) -> None:
        for method in METHODS:
            (self.directory / f"{method}.txt").write_bytes(EARLIER)

    def names(self) -> list[str]:
        return sorted(os.listdir(self.directory))


class ResultsThatCount(Directories):
    """The results of the last system calls of a write decide whether there is a file."""

    def check_earlier_survives(self, fault: dict[str, int], status: int, operation: str, **parameters: str) -> None:
        self.put_earlier()
        [(name, error_value)] = fault.items()
        with Loopscope(data_dir=self.directory, environment=faults(**fault)) as service:
            for method in METHODS:
                with self.subTest(method=method, fault=name):
                    got, problem = service.write(method=method, count=1000, **parameters)
                    self.assertEqual(
                        (got, problem.get("operation"), problem.get("errno")), (status, operation, error_value), problem
                    )
                    self.assertIn("nothing was kept of it", problem["detail"])
                    self.assertEqual((self.directory / f"{method}.txt").read_bytes(), EARLIER)
            self.assertEqual(self.names(), sorted(f"{method}.txt" for method in METHODS))
            self.assertEqual(service.writes_ended("failed"), len(METHODS))

    def test_a_quota_that_only_close_reports_is_507(self) -> None:
        self.check_earlier_survives({"close": errno.EDQUOT}, 507, "close")

    def test_a_full_disk_that_only_close_reports_is_507(self) -> None:
        self.check_earlier_survives({"close": errno.ENOSPC}, 507, "close")

    def test_an_error_of_close_is_500(self) -> None:
        self.check_earlier_survives({"close": errno.EIO}, 500, "close")

    def test_a_device_that_fails_is_500(self) -> None:
        self.check_earlier_survives({"fdatasync": errno.EIO}, 500, "fdatasync", durability="disk")

    def test_a_rename_that_fails_is_500(self) -> None:
        self.check_earlier_survives({"rename": errno.EIO}, 500, "rename")

    def test_a_close_that_a_signal_interrupts_has_closed(self) -> None:
        with Loopscope(data_dir=self.directory, environment=faults(close=errno.EINTR)) as service:
            self.assertEqual(service.write(method="stream", count=10)[0], 200)

    def test_the_command_reports_an_error_of_close(self) -> None:
        self.put_earlier()
        done = run(
            "write",
            "offload",
            "--count",
            "10",
            "--data-dir",
            str(self.directory),
            env={**os.environ, **faults(close=errno.EDQUOT)},
        )
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"close ", done.stderr)
        self.assertEqual((self.directory / "offload.txt").read_bytes(), EARLIER)
        self.assertEqual(len(self.names()), len(METHODS))


class WithoutLocks(Directories):
    def test_it_serves_and_warns_once(self) -> None:
        for error_value in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            with self.subTest(errno=errno.errorcode[error_value]):
                with Loopscope(
                    "--log-format", "json", data_dir=self.directory, environment=faults(flock=error_value)
                ) as service:
                    for method in METHODS:
                        self.assertEqual(service.write(method=method, count=10)[0], 200)
                    self.assertEqual(service.stop(signal.SIGTERM), 0)
                lines = [json.loads(line) for line in service.log.splitlines()]
                about_locks = [line for line in lines if "flock" in line]
                self.assertEqual(
                    [(line["level"], line["flock"]) for line in about_locks], [("warning", os.strerror(error_value))]
                )
                self.assertEqual(service.parts(), [])

    def test_a_file_system_with_locks_is_no_reason_to_warn(self) -> None:
        with Loopscope(data_dir=self.directory) as service:
            service.stop(signal.SIGTERM)
        self.assertNotIn("flock", service.log)

    def test_leftovers_are_recognised_by_their_age(self) -> None:
        old, young = self.directory / "sync.txt.oooooo.part", self.directory / "sync.txt.yyyyyy.part"
        for each in (old, young):
            each.touch()
        os.utime(old, (time.time() - 3600,) * 2)
        with Loopscope(data_dir=self.directory, environment=faults(flock=errno.ENOLCK)) as service:
            self.assertEqual(service.parts(), [young])

    def test_the_command_writes_and_warns(self) -> None:
        done = run(
            "write",
            "stream",
            "--count",
            "10",
            "--data-dir",
            str(self.directory),
            env={**os.environ, **faults(flock=errno.ENOLCK)},
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["count"], 10)
        self.assertIn(os.strerror(errno.ENOLCK).encode(), done.stderr)


class Contents(Directories):
    def test_a_name_of_a_part_that_is_not_a_file_neither_hangs_nor_fails_the_start(self) -> None:
        def named(infix: str) -> pathlib.Path:
            return self.directory / f"sync.txt.{infix}.part"

        os.mkfifo(named("ffffff"))
        named("dddddd").mkdir()
        named("llllll").symlink_to(self.parent / "elsewhere")
        (self.parent / "elsewhere").write_text("somebody's")
        with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(self.directory):
            listening.bind(named("ssssss").name)
        if os.geteuid() == 0:
            with contextlib.suppress(PermissionError):  # this container allows no devices
                os.mknod(named("vvvvvv"), 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        there = self.names()
        (self.directory / LEFTOVER).touch()
        with Loopscope(data_dir=self.directory) as service:
            self.assertEqual(self.names(), there)
            self.assertEqual(service.write(method="sync", count=10)[0], 200)
            with contextlib.closing(service.events()) as events:
                self.assertIn("loops", next(events))
        self.assertEqual(run("write", "sync", "--count", "10", "--data-dir", str(self.directory)).returncode, 0)
        self.assertEqual(self.names(), sorted(there + ["sync.txt"]))
        self.assertEqual((self.parent / "elsewhere").read_text(), "somebody's")

    def test_an_output_that_is_a_fifo_is_replaced_by_the_file(self) -> None:
        os.mkfifo(self.directory / "sync.txt")
        with Loopscope(data_dir=self.directory) as service:
            self.assertEqual(service.write(method="sync", count=10)[0], 200)
            self.assertEqual((self.directory / "sync.txt").read_bytes(), expected_text(10))

    def test_the_lock_of_a_process_that_is_ending_is_waited_for(self) -> None:
        leftover = self.directory / LEFTOVER
        with open(leftover, "w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            release = threading.Timer(0.3, lambda: fcntl.flock(held, fcntl.LOCK_UN))
            release.start()
            with Loopscope(data_dir=self.directory) as service:
                release.join()
                self.assertEqual(service.parts(), [])

    def test_the_part_of_a_living_process_stays(self) -> None:
        leftover = self.directory / LEFTOVER
        with open(leftover, "w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with Loopscope(data_dir=self.directory) as service:
                self.assertEqual(service.parts(), [leftover])

    def test_a_new_part_is_no_leftover_before_it_is_locked(self) -> None:
        """Another service starts between the creation of the part and its lock."""
        self.check_both_complete({}, 100)

    def test_a_new_part_that_another_service_has_locked_is_given_up(self) -> None:
        """The second service holds the lock while the first one's write begins, and then removes the part."""
        self.check_both_complete(faults(flock_pause_ms=600), 2_000_000)

    def check_both_complete(self, second_environment: dict[str, str], count: int) -> None:
        with Loopscope(data_dir=self.directory, environment=faults(flock_delay_ms=400)) as first:
            responses: list[tuple[int, Any]] = []
            writer = threading.Thread(target=lambda: responses.append(first.write(method="sync", count=count)))
            writer.start()
            wait_until(first.parts, "a part")
            with Loopscope(data_dir=self.directory, environment=second_environment) as second:
                responses.append(second.write(method="sync", count=100))
                writer.join()
            self.assertEqual([status for status, _ in responses], [200, 200], responses)
            self.assertEqual(self.names(), ["sync.txt"])


class NotUtf8(Directories):
    """A path is bytes; JSON is UTF-8."""

    def setUp(self) -> None:
        super().setUp()
        self.directory = self.parent / NOT_UTF8
        self.directory.mkdir()

    def test_every_json_is_json(self) -> None:
        with Loopscope("--log-format", "json", data_dir=self.directory) as service:
            for method in METHODS:
                status, report = service.write(method=method, count=10)
                self.assertEqual(status, 200, report)
                self.assertTrue(
                    report["file"].endswith(f"bad\N{REPLACEMENT CHARACTER}dir/{method}.txt"), report["file"]
                )
            for page in ("/info", "/runs", "/loop", "/stalls"):
                status, text = service.ask_admin(page)
                self.assertEqual(status, 200)
                json.loads(text)
            with contextlib.closing(service.events()) as events:
                self.assertIn("loops", next(events))
            shutil.rmtree(self.directory)
            status, problem = service.write(method="sync", count=10)
            self.assertEqual((status, problem["errno"]), (500, errno.ENOENT))
            self.assertEqual(json.loads(service.ask_admin("/runs")[1])["finished"][0]["outcome"], "failed")
            wait_until(lambda: "bad\\ufffddir" in service.ask_admin("/readyz")[1], "not ready")
            service.stop(signal.SIGTERM)
            for line in service.log.splitlines():
                json.loads(line)

    def test_the_commands_print_valid_json(self) -> None:
        done = run("write", "stream", "--count", "10", "--data-dir", str(self.directory))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("bad\N{REPLACEMENT CHARACTER}dir", json.loads(done.stdout)["file"])
        self.assertEqual((self.directory / "stream.txt").read_bytes(), expected_text(10))
        done = run("--print-config", "--data-dir", str(self.directory))
        self.assertIn("bad\N{REPLACEMENT CHARACTER}dir", json.loads(done.stdout)["data_dir"])


class Readiness(Directories):
    def wait_until_ready(self, service: Loopscope) -> None:
        wait_until(lambda: service.ask_admin("/readyz") == (200, "ok\n"), "ready")

    def wait_until_unready(self, service: Loopscope, why: str) -> None:
        """/readyz may also say that a loop is stalled, on a busy machine."""

        def says_so() -> bool:
            status, text = service.ask_admin("/readyz")
            return status == 503 and f'data directory "{service.data_dir}" cannot be used: {why}' in text

        wait_until(says_so, f"not ready: {why}")

    def test_a_directory_that_went_away_is_named_until_it_is_back(self) -> None:
        with Loopscope(data_dir=self.directory) as service:
            self.wait_until_ready(service)
            shutil.rmtree(self.directory)
            self.wait_until_unready(service, os.strerror(errno.ENOENT))
            self.assertIn(f'[-]data directory "{self.directory}"', service.ask_admin("/readyz?verbose")[1])
            self.assertEqual(service.ask_admin("/livez")[0], 200)
            self.assertEqual(service.ask("/hello")[0], 200)
            self.directory.touch()
            self.wait_until_unready(service, os.strerror(errno.ENOTDIR))
            self.directory.unlink()
            self.directory.mkdir()
            self.wait_until_ready(service)
            self.assertEqual(service.write(method="sync", count=10)[0], 200)

    @as_root
    def test_a_directory_that_has_become_read_only_is_not_ready(self) -> None:
        with tmpfs("size=1m") as directory, Loopscope(data_dir=directory) as service:
            subprocess.run(["mount", "-o", "remount,ro", directory], check=True)
            self.wait_until_unready(service, os.strerror(errno.EROFS))
            subprocess.run(["mount", "-o", "remount,rw", directory], check=True)
            self.wait_until_ready(service)

    def test_a_mount_that_does_not_respond_delays_neither_the_admin_plane_nor_the_end(self) -> None:
        gone, waiting = self.directory.with_suffix(".gone"), self.directory.with_suffix(".waiting")
        with Loopscope(data_dir=self.directory, environment=faults(gone_mount=self.directory)) as service:
            gone.touch()
            self.wait_until_unready(service, "it does not ")
            self.assertEqual(service.ask_admin("/livez")[0], 200)
            gone.unlink()
            self.wait_until_ready(service)
            waiting.unlink()
            gone.touch()
            wait_until(waiting.exists, "a system call that waits for the mount")
            self.assertEqual(service.stop(signal.SIGTERM), 0)


class Creation(Directories):
    def test_a_directory_is_created_with_those_above_it(self) -> None:
        for directory in (self.parent / "new", self.parent / "a" / "b" / "c"):
            with Loopscope(data_dir=directory) as service:
                self.assertEqual(service.write(method="sync", count=10)[0], 200)
            self.assertEqual(os.listdir(directory), ["sync.txt"])

    def test_a_directory_below_a_file_is_exit_1(self) -> None:
        (self.parent / "file").touch()
        done = run("--listen", "127.0.0.1:0", "--admin", "off", "--data-dir", str(self.parent / "file" / "a" / "b"))
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.parent / "file" / "a" / "b").encode(), done.stderr)
        self.assertIn(os.strerror(errno.ENOTDIR).encode(), done.stderr)

    def test_a_file_of_that_name_is_exit_1(self) -> None:
        (self.parent / "file").touch()
        for command in (("--listen", "127.0.0.1:0", "--admin", "off"), ("write", "sync", "--count", "1")):
            done = run(*command, "--data-dir", str(self.parent / "file"))
            self.assertEqual(done.returncode, 1)
            self.assertIn(os.strerror(errno.ENOTDIR).encode(), done.stderr)

    def test_the_command_creates_the_directory(self) -> None:
        done = run("write", "sync", "--count", "10", "--data-dir", str(self.parent / "new"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.listdir(self.parent / "new"), ["sync.txt"])


if __name__ == "__main__":
    unittest.main()
