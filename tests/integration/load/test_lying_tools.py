# SPDX-License-Identifier: MIT

"""lying-tools.sh on the real service and the real probe. LOOPSCOPE_BINARY and LOOPSCOPE_PROBE name them."""

import os
import re
import unittest

import support


class LyingTools(support.Folder):
    def test_shows_which_measurements_miss_the_stall(self) -> None:
        binaries = ("--server", os.environ["LOOPSCOPE_BINARY"], "--probe", os.environ["LOOPSCOPE_PROBE"])
        code, output, progress = self.run_script("lying-tools.sh", *binaries)
        self.assertEqual(code, 0, progress)
        self.assertLessEqual(max(map(len, output.splitlines())), 80)
        shares = [float(share) for share in re.findall(r"([\d.]+) %\s+of\s+the\s+stall", output)]
        self.assertEqual(len(shares), 4, output)
        default, long, inside, probe = shares
        self.assertLess(max(default, inside), 67)
        self.assertGreater(min(long, probe), 90)
        waited = [int(count.replace(",", "")) for count in re.findall(r"([\d,]+) +[\d.]+ m?s$", output, re.MULTILINE)]
        self.assertEqual(len(waited), 4, output)
        self.assertLessEqual(
            max(waited[:3]), 48
        )  # wrk has 16 connections; before and after the stall they are read, too
        self.assertGreater(waited[3], 10 * max(waited[:3]))
        self.assertEqual(os.listdir(self.temporary), [])


if __name__ == "__main__":
    unittest.main()
