# SPDX-License-Identifier: MIT

"""What each write method does to /hello: the promise of the project, on the real service and for every method.

One run of loopscope-probe a method: /hello at a fixed rate, first on an idle service, then during a write. A request's
latency counts from when it was due. All bounds are ratios within the run, so that they hold on a slow machine too.
"""

import csv
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time
import unittest
from typing import Any

from loopscope import Loopscope
from polling import wait_until

PROBE = os.environ["LOOPSCOPE_PROBE"]
IDLE_MS = 300
WRITE_MS = 800  # about the time that a measured write takes; its count follows from a first, smaller write
RATE = 250


@dataclasses.dataclass(frozen=True)
class Measured:
    """Latencies of /hello in milliseconds, and the report of the write."""

    idle: list[float]
    during: list[float]
    report: dict[str, Any]

    @property
    def write_ms(self) -> float:
        return float(self.report["timing_ms"]["completed"])

    @property
    def longest_stall_ms(self) -> float:
        return float(self.report["loop"]["longest_stall_ms"] or 0)

    def __str__(self) -> str:
        return (
            f"/hello idle {statistics.median(self.idle):.2f} ms (max {max(self.idle):.1f}), during the write "
            f"{statistics.median(self.during):.2f} ms (max {max(self.during):.1f}); the write took "
            f"{self.write_ms:.0f} ms, longest stall {self.longest_stall_ms:.0f} ms"
        )


def measure(service: Loopscope, **parameters: str | int) -> Measured:
    count = service.count_that_takes(WRITE_MS, **parameters)
    query = "&".join(f"{name}={value}" for name, value in [*parameters.items(), ("count", count)])
    with tempfile.TemporaryDirectory() as directory:
        rows_file = pathlib.Path(directory) / "rows.csv"
        command = [PROBE, "--url", f"http://{service.ready['listen']}/hello", "--rate", f"{RATE}/s", "--quiet"]
        command += ["--duration", f"{IDLE_MS + 3 * WRITE_MS // 2}ms", "--drain", "30s"]
        command += ["--trigger", f"POST /write?{query}", "--trigger-at", f"{IDLE_MS}ms"]
        command += ["--json", "-", "--csv", str(rows_file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        with open(rows_file, newline="") as file:
            rows = list(csv.DictReader(file))
    assert all(row["status"] == "200" for row in rows), [row for row in rows if row["status"] != "200"][:3]
    trigger = json.loads(done.stdout)["trigger"]
    assert trigger["status"] == 200, trigger
    idle, during = [], []
    for row in rows:
        due_ms, latency_ms = int(row["scheduled_us"]) / 1e3, (int(row["done_us"]) - int(row["scheduled_us"])) / 1e3
        if due_ms < trigger["started_ms"] - 1:
            idle.append(latency_ms)
        elif trigger["started_ms"] + 1 < due_ms < trigger["ended_ms"]:
            during.append(latency_ms)
    return Measured(idle, during, trigger["body"])


class EveryMethod(unittest.TestCase):
    def test_a_method_does_to_hello_what_it_says(self) -> None:
        with Loopscope("--max-pending-bytes", "2GiB") as service:
            methods = {str(each["name"]): str(each["loop"]) for each in service.methods()}
            self.assertEqual({loop.split()[0] for loop in methods.values()}, {"blocked", "free", "stressed"})
            blocked_ms = WRITE_MS * 10.0
            for name in sorted(methods, key=lambda name: methods[name] != "blocked"):  # the blocking ones first
                with self.subTest(method=name):
                    measured = measure(service, method=name)
                    print(f"{name}: {measured}", flush=True)
                    self.assertGreater(len(measured.during), 10, measured)
                    match methods[name].split()[0]:  # "free between slices" is free
                        case "blocked":
                            self.check_blocked(measured)
                            blocked_ms = min(blocked_ms, max(measured.during))
                        case "free":
                            self.check_free(measured, blocked_ms)
                        case "stressed":
                            self.check_stressed(measured)

    def check_blocked(self, measured: Measured) -> None:
        """/hello waits as long as the loop stands still, and that is nearly the whole write."""
        self.assertGreater(measured.longest_stall_ms, 0.8 * measured.write_ms, measured)
        self.assertGreater(max(measured.during), 0.8 * measured.longest_stall_ms, measured)
        self.assertGreater(max(measured.during), 3 * max(measured.idle), measured)
        # Every request of the write waits for its end, so the median is half of it.
        self.assertGreater(statistics.median(measured.during), 5 * statistics.median(measured.idle), measured)

    def check_free(self, measured: Measured, blocked_ms: float) -> None:
        """No /hello waits for the write's end, nor for anything near what the blocking method makes it wait."""
        self.assertLess(max(measured.during), 0.5 * measured.write_ms, measured)
        self.assertLess(max(measured.during), 0.5 * blocked_ms, measured)
        self.assertLess(statistics.median(measured.during), 0.1 * blocked_ms, measured)

    def check_stressed(self, measured: Measured) -> None:
        """/hello waits while the method queues its records in one go, but not for the write's end."""
        queued_ms = measured.report["timing_ms"]["queued"]
        self.assertGreater(measured.longest_stall_ms, 0.5 * queued_ms, measured)
        self.assertGreater(max(measured.during), 0.5 * queued_ms, measured)
        self.assertLess(queued_ms, 0.8 * measured.write_ms, measured)
        self.assertLess(max(measured.during), 0.8 * measured.write_ms, measured)

    def test_slices_keep_the_loop_of_callback_free_while_it_queues(self) -> None:
        with Loopscope("--max-pending-bytes", "2GiB") as service:
            measured = measure(service, method="callback", slice_us=500)
            print(f"callback in slices: {measured}", flush=True)
            self.assertLess(max(measured.during), 0.5 * measured.write_ms, measured)
            self.assertLess(statistics.median(measured.during), 0.1 * measured.write_ms, measured)


class TwoLoops(unittest.TestCase):
    def test_a_blocked_loop_holds_its_own_connections_and_no_others(self) -> None:
        with Loopscope("--io-threads", "2") as service:
            connections = [service.connect() for _ in range(24)]
            for connection in connections:  # the kernel spreads them over both loops
                self.addCleanup(connection.close)
                connection.request("GET", "/hello")
                connection.getresponse().read()
            count = service.count_that_takes(1500, method="sync")
            reports: list[Any] = []
            writer = threading.Thread(target=lambda: reports.append(service.write(method="sync", count=count)))
            writer.start()
            wait_until(lambda: any(part.stat().st_size for part in service.parts()), "one loop is blocked")
            asked = time.monotonic()
            waited_ms: list[float] = []

            def receive(connection: Any) -> None:
                connection.getresponse().read()
                waited_ms.append((time.monotonic() - asked) * 1e3)

            receivers = []
            for connection in connections:
                connection.request("GET", "/hello")
                receivers.append(threading.Thread(target=receive, args=(connection,)))
                receivers[-1].start()
            writer.join()
            left_ms = (time.monotonic() - asked) * 1e3
            for receiver in receivers:
                receiver.join()
            self.assertEqual(reports[0][0], 200, reports)
            self.assertGreater(reports[0][1]["loop"]["longest_stall_ms"] or 0, left_ms / 2)
            held = [ms for ms in waited_ms if ms > 0.8 * left_ms]
            free = [ms for ms in waited_ms if ms < 0.4 * left_ms]
            self.assertEqual((len(held) > 0, len(free) > 0), (True, True), (left_ms, sorted(waited_ms)))
            self.assertEqual(len(held) + len(free), len(connections), (left_ms, sorted(waited_ms)))


if __name__ == "__main__":
    unittest.main()
