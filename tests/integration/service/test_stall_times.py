# SPDX-License-Identifier: MIT

"""The times in the record of a stall, against the kernel's accounting of the thread and the test's own clock."""

import dataclasses
import os
import pathlib
import time
import unittest
from typing import Any

from loopscope import Loopscope
from polling import wait_until


@dataclasses.dataclass
class ThreadTimes:
    """What the kernel has counted for a thread, in milliseconds, and the time of the test's clock."""

    cpu_ms: float
    run_queue_ms: float
    clock_ms: float

    def since(self, start: "ThreadTimes") -> "ThreadTimes":
        return ThreadTimes(
            self.cpu_ms - start.cpu_ms, self.run_queue_ms - start.run_queue_ms, self.clock_ms - start.clock_ms
        )


def read_times(service: Loopscope, thread_name: str) -> ThreadTimes:
    for task in pathlib.Path(f"/proc/{service.process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == thread_name:
            cpu_ns, run_queue_ns, _ = map(int, (task / "schedstat").read_text().split())
            return ThreadTimes(cpu_ns / 1e6, run_queue_ns / 1e6, time.monotonic() * 1e3)
    raise AssertionError(f"no thread {thread_name}")


class StallTimes(unittest.TestCase):
    def stall_of_a_sync_write(self, service: Loopscope, count: int) -> tuple[dict[str, Any], ThreadTimes]:
        """The ended stall, and the times of the I/O thread during the request."""
        before = read_times(service, "io-0")
        status, report = service.write(method="sync", count=count)
        during = read_times(service, "io-0").since(before)
        self.assertEqual(status, 200, report)

        def ended() -> list[dict[str, Any]]:
            stalls = service.admin_json("/stalls")["stalls"]
            return [
                each
                for each in stalls
                if each["request"] and "method=sync" in each["request"]["query"] and not each["in_progress"]
            ]

        wait_until(lambda: bool(ended()), "the end of the stall")
        return ended()[0], during

    def assert_bounded_by(self, stall: dict[str, Any], during: ThreadTimes) -> None:
        """No part of a stall is longer than the kernel and the clock say; 1 ms is for rounding."""
        self.assertLessEqual(stall["cpu_ms"], during.cpu_ms + 1)
        self.assertLessEqual(stall["run_queue_ms"], during.run_queue_ms + 1)
        self.assertLessEqual(stall["duration_ms"], during.clock_ms + 1)
        not_running_ms = during.clock_ms - during.cpu_ms - during.run_queue_ms
        self.assertLessEqual(stall["off_cpu_ms"], not_running_ms + 1)

    def test_a_computing_loop_has_the_cpu_time_that_the_kernel_counted(self) -> None:
        with Loopscope() as service:
            stall, during = self.stall_of_a_sync_write(service, 200_000)
            self.assert_bounded_by(stall, during)
            self.assertGreater(stall["cpu_ms"], 0.9 * during.cpu_ms - 10)

    def test_a_sleeping_loop_has_the_time_that_it_slept(self) -> None:
        delay_ms, count = 150, 4
        environment = {
            "LD_PRELOAD": os.environ["LOOPSCOPE_FILE_FAULTS"],
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
            "FAULT_WRITE_DELAY_MS": str(delay_ms),
        }
        with Loopscope(environment=environment) as service:
            stall, during = self.stall_of_a_sync_write(service, count)
            self.assert_bounded_by(stall, during)
            self.assertGreater(stall["off_cpu_ms"], 0.9 * delay_ms * count)
            self.assertEqual(stall["verdict"], "off_cpu")
            self.assertEqual(stall["syscall"], "clock_nanosleep")


if __name__ == "__main__":
    unittest.main()
