# SPDX-License-Identifier: MIT

"""The load kit on the real service and the real probe. LOOPSCOPE_BINARY and LOOPSCOPE_PROBE name them."""

import os
import unittest

import support
from loopscope_load import Json
from loopscope_load.claims import CLAIMS
from loopscope_load.servers import Loopscope

COUNT = 20_000
SIZE = sum(len(f" {number} ") for number in range(COUNT))
REAL = ("--server", os.environ["LOOPSCOPE_BINARY"], "--probe", os.environ["LOOPSCOPE_PROBE"])


class RealService(support.Folder):
    def compare(self, *arguments: str) -> Json:
        out = os.path.join(self.folder, "out")
        code, output, progress = self.run_script("demo.sh", *REAL, "--out", out, *arguments)
        self.assertEqual(code, 0, progress + output)
        results = self.read_results(os.path.join(out, "results.json"))
        self.assertEqual(os.listdir(self.temporary), [])
        return results

    def test_every_method_is_measured_complete_and_leaves_nothing_behind(self) -> None:
        results = self.compare("--count", str(COUNT), "--idle", "0.3", "--window", "0.3")
        methods = Loopscope(os.environ["LOOPSCOPE_BINARY"], "threads").methods
        self.assertGreater(set(methods), set(CLAIMS))
        self.assertEqual([entry["method"] for entry in results["entries"]], list(methods))
        for entry in results["entries"]:
            with self.subTest(method=entry["method"]):
                summary = entry["summary"]
                self.assertEqual(summary["bytes"], SIZE)
                self.assertIs(summary["complete"], True)
                if entry["method"] != "callback":
                    self.assertIs(summary["in_order"], True)
                repeat = entry["repeats"][0]
                self.assertEqual(repeat["probe"]["requests"]["failed"]["total"], 0)
                self.assertEqual(sum(repeat["wrk"]["errors"].values()), 0)
                self.assertGreater(len(repeat["samples"]["at_ms"]), 3)
                self.assertTrue(any(repeat["samples"]["resident_bytes"]))

    def test_the_slowest_hello_of_the_open_loop_waited_for_the_stall_that_the_server_recorded(self) -> None:
        sync, offload = self.compare("--methods", "sync,offload", "--idle", "0.5", "--window", "0.5")["entries"]
        self.assertEqual(sync["summary"]["verdict"]["loop"], "BLOCKED")
        stall_ms = sync["summary"]["longest_stall_ms"]["median"]
        slowest_ms = sync["summary"]["hello_max_us"]["median"] / 1000
        # Within a tenth here, where the test suite's neighbours share the cores.
        self.assertAlmostEqual(slowest_ms / stall_ms, 1, delta=0.1)
        self.assertLess(offload["summary"]["hello_p99_us"]["median"] / 1000, 0.5 * stall_ms)


if __name__ == "__main__":
    unittest.main()
