# SPDX-License-Identifier: MIT

"""The probe against the service: the longest wait of a /hello is the stall that the service reports."""

import json
import os
import subprocess
import unittest

from loopscope import Loopscope

PROBE = os.environ["LOOPSCOPE_PROBE"]


class SyncWrite(unittest.TestCase):
    def test_the_highest_latency_is_the_duration_of_the_stall(self) -> None:
        with Loopscope("--file-io", "threads") as service:
            done = subprocess.run(
                [
                    PROBE,
                    "--url",
                    "http://{}:{}/hello".format(*service.address),
                    "--rate",
                    "1000",
                    "--duration",
                    "3s",
                    "--trigger",
                    "POST /write?method=sync&count=500000",
                    "--trigger-at",
                    "500ms",
                    "--quiet",
                    "--drain",
                    "20s",
                    "--json",
                    "-",
                ],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
            run = json.loads(done.stdout)
            status, text = service.ask_admin("/stalls")
        self.assertEqual(status, 200)
        stalls = json.loads(text)
        stall_ms = max(stall["duration_ms"] for stall in stalls["stalls"])
        report_ms = run["trigger"]["body"]["timing_ms"]["completed"]
        highest_ms, lateness_ms = run["latency_us"]["max"] / 1e3, run["lateness_us"]["max"] / 1e3
        print(
            f"highest latency {highest_ms:.1f} ms, the service's stall {stall_ms:.1f} ms, "
            f"its write {report_ms:.1f} ms, own lateness {lateness_ms:.2f} ms",
            flush=True,
        )
        # The request that was due when the stall began waits for all of it, and then for the requests ahead of it.
        self.assertGreater(highest_ms, 0.95 * stall_ms)
        self.assertLess(highest_ms, 1.25 * stall_ms + 2 * lateness_ms)
        self.assertGreater(highest_ms, 50)
        self.assertEqual(run["requests"]["completed"], 3000)


if __name__ == "__main__":
    unittest.main()
