# SPDX-License-Identifier: MIT

"""Stalls by the thousand leave nothing behind. LOOPSCOPE_LAB_STALLS is their number: 1,200 in the suite, 10000 in a trial."""

import os
import unittest

from programs import Program

STALLS = int(os.environ.get("LOOPSCOPE_LAB_STALLS", "1200"))
# Ended stalls are kept up to options::recent_capacity, names up to what the program has: all of it is there after some
# hundred stalls.
GROWTH_MAX_KIB = 1024
TIME_MAX_S = 15 + STALLS * 0.02


class Memory(unittest.TestCase):
    def test_does_not_grow_with_the_number_of_stalls(self) -> None:
        with Program("many_stalls", f"stalls={STALLS}") as running:
            self.assertEqual(running.end(TIME_MAX_S), 0)
            told = running.lines("memory")
        self.assertGreater(told[-1]["told"], STALLS // 2, told)
        self.assertLess(told[-1]["rss_kib"] - told[3]["rss_kib"], GROWTH_MAX_KIB, told)


if __name__ == "__main__":
    unittest.main()
