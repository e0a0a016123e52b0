"""loopscope-probe against the stand-in, whose stalls have a known length. LOOPSCOPE_PROBE names the binary.

A uniform schedule of length D with one stall of S has quantile q at S - (1 - q) D, where that is positive, wherever the
stall is, also at the very end. LOOPSCOPE_PROBE_FULL=1 adds the long runs: S of 0.5, 1 and 3 s in D of 8 s.
"""

import csv
import json
import os
import signal
import socket
import subprocess
import time
import unittest

import support

PROBE = os.environ["LOOPSCOPE_PROBE"]
FULL = os.environ.get("LOOPSCOPE_PROBE_FULL") == "1"
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999, "max": 1.0}
SHARE_OF_D = 0.02
# Low, so that the stand-in is soon through with what has gathered in the stall.
RATE_PER_S = 100


class Probe(support.StandIn):
    def start_probe(self, *arguments):
        process = subprocess.Popen([PROBE, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def probe(self, *arguments):
        """Returns (exit code, stdout, stderr)."""
        process = self.start_probe(*arguments)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    def measure(self, *arguments):
        code, output, errors = self.probe("--json", "-", *arguments)
        self.assertEqual(code, 0, errors)
        return json.loads(output)

    def rows(self):
        with open(os.path.join(self.folder, "rows.csv"), encoding="ascii", newline="") as file:
            return list(csv.DictReader(file))


class Oracle(Probe):
    def stall(self, stall_s, duration_s, *arguments, at_s=None):
        at_the_end = at_s is None
        url = self.serve(stall_s + 1 if at_the_end else stall_s)
        return self.measure("--url", url + "/hello", "--rate", f"{RATE_PER_S}/s", "--duration", f"{duration_s}s", "--quiet",
                            "--trigger", "POST /write?method=sync", "--trigger-at",
                            f"{duration_s - stall_s if at_the_end else at_s}s", *arguments)

    def assert_oracle(self, figures, stall_s, duration_s):
        said = []
        for name, quantile in QUANTILES.items():
            expected_s = stall_s - (1 - quantile) * duration_s
            if expected_s <= 0:
                continue
            measured_s = figures[name] / 1e6
            said.append(f"{name} {measured_s:.3f} s (expected {expected_s:.3f})")
            self.assertAlmostEqual(measured_s, expected_s, delta=SHARE_OF_D * duration_s, msg=name)
        print(f"S {stall_s} s in D {duration_s} s: " + ", ".join(said), flush=True)

    def test_a_stall_inside_the_run(self):
        for stall_s, duration_s in ((0.5, 2), *(((0.5, 8), (1, 8), (3, 8)) if FULL else ())):
            with self.subTest(stall_s=stall_s, duration_s=duration_s):
                run = self.stall(stall_s, duration_s, at_s=duration_s / 4)
                self.assert_oracle(run["latency_us"], stall_s, duration_s)
                self.assertEqual(run["requests"]["failed"]["total"], 0)
                self.assertAlmostEqual(run["trigger"]["ended_ms"] - run["trigger"]["started_ms"], stall_s * 1e3,
                                       delta=SHARE_OF_D * duration_s * 1e3)
            self.doCleanups()
            self.setUp()

    def test_a_stall_at_the_very_end(self):
        for stall_s, duration_s in ((0.5, 2), *(((3, 8),) if FULL else ())):
            with self.subTest(stall_s=stall_s, duration_s=duration_s):
                run = self.stall(stall_s, duration_s)
                self.assert_oracle(run["latency_us"], stall_s, duration_s)
                self.assertAlmostEqual(run["requests"]["waiting_at_end"], RATE_PER_S * stall_s,
                                       delta=RATE_PER_S * SHARE_OF_D * duration_s)
                self.assertIsNone(run["trigger"]["ended_ms"])
                self.assertEqual(run["trigger"]["error"], "unanswered at the end")
            self.doCleanups()
            self.setUp()

    def test_a_queue_for_few_connections_hides_nothing(self):
        run = self.stall(0.5, 2, "--connections", "2", "--max-connections", "4", at_s=0.5)
        self.assert_oracle(run["latency_us"], 0.5, 2)
        self.assertEqual(run["connections"]["peak"], 4)
        self.assertEqual(run["requests"]["scheduled"], 2 * RATE_PER_S)
        # What a closed-loop tool would have told: at most the few in flight have waited.
        self.assertLess(run["service_time_us"]["p90"], 0.1 * run["latency_us"]["p90"])


class Reports(Probe):
    def test_rows_and_figures_agree(self):
        url = self.serve(0.3)
        run = self.measure("--url", url + "/hello", "--rate", "200", "--duration", "1s", "--drain", "5s", "--quiet",
                           "--trigger", "POST /write?method=sync", "--trigger-at", "500ms",
                           "--csv", "rows.csv", "--hgrm", "latency.hgrm")
        rows = self.rows()
        self.assertEqual(len(rows), 200)
        self.assertEqual([int(row["scheduled_us"]) for row in rows], list(range(0, 1_000_000, 5000)))
        self.assertEqual({row["status"] for row in rows}, {"200"})
        for row in rows:
            self.assertLessEqual(int(row["scheduled_us"]), int(row["sent_us"]))
            self.assertLessEqual(int(row["sent_us"]), int(row["done_us"]))
        latencies = sorted(int(row["done_us"]) - int(row["scheduled_us"]) for row in rows)
        for name, rank in (("p50", 100), ("p90", 180), ("p99", 198), ("max", 200)):
            self.assertAlmostEqual(run["latency_us"][name], latencies[rank - 1], delta=1)
        self.assertEqual(run["status"], {"200": 200})
        self.assertEqual(run["requests"]["waiting_at_end"], 0)
        self.assertEqual(run["trigger"]["status"], 200)
        self.assertEqual(run["trigger"]["body"]["method"], "sync")
        with open(os.path.join(self.folder, "latency.hgrm"), encoding="ascii") as file:
            last = [line.split() for line in file if not line.startswith("#")][-1]
        self.assertEqual(last[1:], ["1.000000000000", "200", "inf"])
        self.assertAlmostEqual(float(last[0]) * 1000, latencies[-1], delta=1)

    def test_the_table_is_on_stdout_and_progress_on_stderr(self):
        code, output, errors = self.probe("--url", self.serve(0) + "/hello", "--duration", "1.5s")
        self.assertEqual(code, 0, errors)
        self.assertRegex(output, r"(?m)^latency( +[\d.]+ u?m?s){6}$")
        self.assertRegex(output, r"(?m)^requests +300 scheduled")
        self.assertLessEqual(max(map(len, output.splitlines())), 80)
        self.assertRegex(errors, r"(?m)^1\.\d of 1\.5 s +\d+ due")
        self.assertNotIn("\r", errors)


class Ends(Probe):
    def test_3_when_the_target_is_never_reachable(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        code, output, errors = self.probe("--url", f"http://127.0.0.1:{port}/", "--json", "-")
        self.assertEqual(code, 3)
        self.assertIn("cannot reach", errors)
        run = json.loads(output)
        self.assertIs(run["reached"], False)
        self.assertIsNone(run["latency_us"]["max"])

    def test_4_above_the_error_rate(self):
        url = self.serve(0) + "/nothing-here"
        arguments = ("--url", url, "--rate", "50", "--duration", "1s", "--quiet")
        self.assertEqual(self.probe(*arguments)[0], 4)
        self.assertEqual(self.probe(*arguments, "--max-error-rate", "1")[0], 0)

    def test_2_for_bad_usage_and_1_for_a_file_that_cannot_be_written(self):
        self.assertEqual(self.probe("--url", "ftp://127.0.0.1/")[0], 2)
        code, _, errors = self.probe("--url", "http://127.0.0.1:1/", "--csv", "no/such/folder.csv")
        self.assertEqual(code, 1)
        self.assertIn("cannot write no/such/folder.csv: No such file", errors)

    def test_130_after_ctrl_c_with_what_was_measured(self):
        process = self.start_probe("--url", self.serve(0) + "/hello", "--duration", "60s", "--json", "-")
        process.stderr.readline()  # progress: under way for a second
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - began, 20)
        run = json.loads(output)
        self.assertIs(run["interrupted"], True)
        requests = run["requests"]
        self.assertGreater(requests["completed"], 0)
        self.assertLess(requests["scheduled"], 12_000)
        self.assertEqual(requests["scheduled"],
                         requests["completed"] + requests["failed"]["total"] + requests["waiting_at_end"])
        self.assertIn("INTERRUPTED", errors)


if __name__ == "__main__":
    unittest.main()
