"""hello.lua and the measuring window, on a service whose stalls have a known length."""

import json
import subprocess
import time
import unittest

import support
from loopscope_load import wrk, wrk_window as window, writing
from loopscope_load.client import Client
from loopscope_load.failure import Failure

WRITE_S = 1.5


class HelloScript(support.StandIn):
    def wrk(self, url, *options):
        command = ["wrk", "-t1", "-c8", *options, "-s", wrk.SCRIPT, url, "--", "pause_max_ms=20"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return json.loads(done.stdout.splitlines()[-1])

    def test_reports_ordered_percentiles_with_units_and_no_errors(self):
        figures = self.wrk(self.serve(0) + "/hello", "-d1s")
        latencies = [figures[name] for name in ("p50_us", "p75_us", "p90_us", "p99_us", "p99_9_us", "max_us")]
        self.assertEqual(latencies, sorted(latencies))
        self.assertGreater(latencies[0], 0)
        self.assertGreater(figures["requests"], 8)
        self.assertGreaterEqual(figures["duration_us"], 900_000)
        self.assertAlmostEqual(figures["requests_per_s"], figures["requests"] * 1e6 / figures["duration_us"], 0)
        self.assertEqual(set(figures["errors"].values()), {0})

    def test_shows_what_was_recorded_beside_what_wrk_makes_of_it(self):
        url = self.serve(WRITE_S)
        load = wrk.Load.at_rate(1000, timeout_s=60)
        with wrk.Run(load, url) as run, Client(url) as client:
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

    def test_counts_error_statuses(self):
        figures = self.wrk(self.serve(0) + "/nothing-here", "-d1s")
        self.assertEqual(figures["errors"]["status"], figures["requests"])

    def test_drops_what_is_slower_than_the_time_out_as_its_header_says(self):
        figures = self.wrk(self.serve(WRITE_S) + "/write?method=promise", "-d2s", "--timeout", "1s")
        self.assertEqual(figures["errors"]["timeout"], figures["requests"])
        self.assertGreater(figures["requests"], 0)
        self.assertIsNone(figures["p50_us"])
        self.assertIsNone(figures["max_us"])

    def test_refuses_an_unknown_argument(self):
        done = subprocess.run(
            ["wrk", "-d1s", "-s", wrk.SCRIPT, self.serve(0) + "/hello", "--", "pause=1"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("unknown argument 'pause=1'", done.stderr + done.stdout)


class Window(support.StandIn):
    def test_shows_the_whole_stall_and_mostly_the_stall(self):
        hello, reports = window.during_write(self.serve(WRITE_S), wrk.Load(), "sync", 1000)
        stall_us = max(report["timing_ms"]["completed"] for report in reports) * 1000
        self.assertGreater(hello["max_us"], 0.9 * stall_us)
        self.assertGreater(hello["p50_us"], 0.2 * stall_us)
        self.assertEqual(hello["errors"]["timeout"], 0)

    def test_shows_no_stall_where_there_is_none(self):
        hello, reports = window.during_write(self.serve(WRITE_S), wrk.Load(), "promise", 1000)
        self.assertLess(hello["p99_us"], 0.5 * reports[0]["timing_ms"]["completed"] * 1000)

    def test_repeats_a_short_write_and_verifies_the_first_only(self):
        runs = []
        _, reports = window.during_write(self.serve(0.2), wrk.Load(), "stream", 1000, progress=runs.append)
        self.assertGreater(len(reports), 2)
        self.assertEqual(runs, list(range(1, len(reports) + 1)))
        self.assertEqual([report["content"]["checked"] for report in reports], [True] + [False] * (len(reports) - 1))

    def test_ends_the_load_long_before_its_planned_end(self):
        url = self.serve(0)
        began = time.monotonic()
        with wrk.Run(wrk.Load(), url) as run:
            self.assertIn("errors", run.stop())
        self.assertLess(time.monotonic() - began, wrk.LONGEST_RUN_S / 1000)

    def test_says_why_there_are_no_figures(self):
        with self.assertRaisesRegex(Failure, "unable to connect"):
            with wrk.Run(wrk.Load(), "http://127.0.0.1:1") as run:
                run.stop()


class Summary(unittest.TestCase):
    def test_takes_the_median_time_the_highest_memory_and_the_first_content(self):
        reports = [
            {
                "timing_ms": {"completed": time_ms, "queued": None},
                "memory": {"rss_peak_bytes": peak},
                "loop": None,
                "content": {"in_order": order, "complete": order},
            }
            for time_ms, peak, order in ((30, 5, True), (10, 9, None), (11, 7, None))
        ]
        row = writing.summary(reports)
        self.assertEqual((row["writes"], row["time_ms"], row["peak_bytes"], row["in_order"]), (3, 11, 9, True))
        self.assertIsNone(row["queued_ms"])
        self.assertIsNone(row["longest_stall_ms"])


if __name__ == "__main__":
    unittest.main()
