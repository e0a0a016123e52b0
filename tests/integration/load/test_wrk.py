# SPDX-License-Identifier: MIT

"""hello.lua and the measuring window, on a service whose stalls have a known length."""

import json
import re
import subprocess
import time
import unittest

import support
from loopscope_load import Json, wrk
from loopscope_load.terminal import Failure
from loopscope_load.writes import Client

WRITE_S = 1.5
CONNECTIONS = 8


class HelloScript(support.StandIn):
    def run_wrk(self, url: str, *options: str) -> Json:
        command = ["wrk", "-t1", "-c8", *options, "-s", wrk.SCRIPT, url, "--", "pause_max_ms=20"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        figures: Json = json.loads(done.stdout.splitlines()[-1])
        return figures

    def test_reports_ordered_percentiles_with_units_and_no_errors(self) -> None:
        figures = self.run_wrk(self.serve(0) + "/hello", "-d1s")
        latencies = [figures[name] for name in ("p50_us", "p75_us", "p90_us", "p99_us", "p99_9_us", "max_us")]
        self.assertEqual(latencies, sorted(latencies))
        self.assertGreater(latencies[0], 0)
        self.assertGreater(figures["requests"], 8)
        self.assertGreaterEqual(figures["duration_us"], 900_000)
        self.assertAlmostEqual(figures["requests_per_s"], figures["requests"] * 1e6 / figures["duration_us"], 0)
        self.assertEqual(set(figures["errors"].values()), {0})

    def test_has_the_recorded_samples_beside_the_corrected_ones(self) -> None:
        url = self.serve(WRITE_S)
        load = wrk.Load.at_rate(1000, timeout_s=60)
        with wrk.WrkRun(load, url) as run, Client(url) as client:
            time.sleep(0.5)
            client.write("sync", 1000, verify=False)
            time.sleep(0.5)
            figures = run.stop()
        raw, corrected = figures["raw_curve"], figures["corrected_curve"]
        # Each connection waited once: a handful of samples, of which the correction makes hundreds.
        self.assertEqual(raw["x"][-1], figures["requests"])
        self.assertGreater(corrected["x"][-1], raw["x"][-1])
        self.assertEqual(raw["us"][-1], figures["max_us"])
        self.assertLess(dict(zip(raw["x"], raw["us"]))[1.9953], 100_000)
        self.assertEqual(corrected["us"][-1], figures["max_us"])
        self.assertGreater(figures["max_us"], 0.9e6 * WRITE_S)

    def test_counts_error_statuses(self) -> None:
        figures = self.run_wrk(self.serve(0) + "/nothing-here", "-d1s")
        self.assertEqual(figures["errors"]["status"], figures["requests"])

    def test_drops_samples_above_the_timeout_as_its_header_says(self) -> None:
        figures = self.run_wrk(self.serve(WRITE_S) + "/write?method=promise", "-d2s", "--timeout", "1s")
        self.assertEqual(figures["errors"]["timeout"], figures["requests"])
        self.assertGreater(figures["requests"], 0)
        self.assertIsNone(figures["p50_us"])
        self.assertIsNone(figures["max_us"])

    def test_refuses_an_unknown_argument(self) -> None:
        done = subprocess.run(
            ["wrk", "-d1s", "-s", wrk.SCRIPT, self.serve(0) + "/hello", "--", "pause=1"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("unknown argument 'pause=1'", done.stderr + done.stdout)


class StallScript(support.StandIn):
    def run_wrk(self, *arguments: str, seconds: int = 5) -> str:
        command = [
            "wrk",
            "-t2",
            f"-c{CONNECTIONS}",
            f"-d{seconds}s",
            "--timeout",
            "20s",
            "-s",
            str(support.LOAD / "stall.lua"),
        ]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True, timeout=60)
        _, figures = done.stdout.split("\n\n")
        return figures

    def responses(self, figures: str) -> tuple[int, int]:
        """The number of /hello responses during the write, and before and after it."""
        during, apart = map(int, re.findall(r"(\d+) /hello responses in ", figures))
        return during, apart

    def test_a_write_that_blocks_lets_no_hello_through(self) -> None:
        during, apart = self.responses(self.run_wrk(self.serve(WRITE_S)))
        self.assertLessEqual(during, CONNECTIONS)
        self.assertGreater(apart, 10 * CONNECTIONS)

    def test_a_write_that_does_not_block_delays_no_hello(self) -> None:
        during, apart = self.responses(self.run_wrk(self.serve(WRITE_S), "--", "promise", "200000"))
        self.assertGreater(during, 10 * CONNECTIONS)
        self.assertGreater(apart, 10 * CONNECTIONS)

    def test_a_write_without_a_report_has_a_reason(self) -> None:
        url = self.serve(WRITE_S)
        self.assertIn("Pass a longer -d", self.run_wrk(url, seconds=1))
        self.assertRegex(self.run_wrk(url, "--", "bogus"), "status 400: .*'bogus'")


class Window(support.StandIn):
    def test_covers_the_whole_stall_and_little_else(self) -> None:
        hello, reports = wrk.during_write(self.serve(WRITE_S), wrk.Load(), "sync", 1000)
        stall_us = max(report["timing_ms"]["completed"] for report in reports) * 1000
        self.assertGreater(hello["max_us"], 0.9 * stall_us)
        self.assertGreater(hello["p50_us"], 0.2 * stall_us)
        self.assertEqual(hello["errors"]["timeout"], 0)

    def test_has_no_stall_where_there_is_none(self) -> None:
        hello, reports = wrk.during_write(self.serve(WRITE_S), wrk.Load(), "promise", 1000)
        self.assertLess(hello["p99_us"], 0.5 * reports[0]["timing_ms"]["completed"] * 1000)

    def test_repeats_a_short_write_and_verifies_the_first_only(self) -> None:
        runs: list[int] = []
        _, reports = wrk.during_write(self.serve(0.2), wrk.Load(), "stream", 1000, progress=runs.append)
        self.assertGreater(len(reports), 2)
        self.assertEqual(runs, list(range(1, len(reports) + 1)))
        self.assertEqual([report["content"]["checked"] for report in reports], [True] + [False] * (len(reports) - 1))

    def test_ends_a_run_long_before_its_planned_end(self) -> None:
        url = self.serve(0)
        began = time.monotonic()
        with wrk.WrkRun(wrk.Load(), url) as run:
            self.assertIn("errors", run.stop())
        self.assertLess(time.monotonic() - began, wrk.RUN_MAX_S / 1000)

    def test_a_run_without_figures_has_a_reason(self) -> None:
        with self.assertRaisesRegex(Failure, "unable to connect"):
            with wrk.WrkRun(wrk.Load(), "http://127.0.0.1:1") as run:
                run.stop()


if __name__ == "__main__":
    unittest.main()
