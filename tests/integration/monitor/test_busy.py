# SPDX-License-Identifier: MIT

"""Under busy neighbours: no sleeper is acquitted, nothing is invented, every verdict has its place.

LOOPSCOPE_LAB_BLOCKS is the number of blocks of each kind: 1 in the suite, 50 in a trial.
"""

import concurrent.futures
import os
import unittest

from programs import KINDS, Program, busy_neighbours, get
from truth import Comparison

BLOCKS = int(os.environ.get("LOOPSCOPE_LAB_BLOCKS", "1"))
NEIGHBOURS = 3
BLOCK_MS = 100
FAULTS = ("missed", "in_pieces", "wrong_place", "wrong_verdict", "acquitted", "without_place", "phantoms")


def blocks_under_neighbours(threads: int) -> Comparison:
    targets = [f"/{kind}?ms={BLOCK_MS}" for _ in range(BLOCKS) for kind in KINDS]
    with Program("beast_server", f"threads={threads}") as server, busy_neighbours(NEIGHBOURS):
        port = server.first("port")
        with concurrent.futures.ThreadPoolExecutor(max(1, threads - 1)) as clients:
            answers = list(clients.map(lambda target: get(port, target), targets))
        server.terminate()
        return server.comparison(answers)


class UnderBusyNeighbours(unittest.TestCase):
    def assert_true(self, comparison: Comparison) -> None:
        self.assertEqual(comparison.counts()["truths"], BLOCKS * len(KINDS), comparison.table())
        self.assertEqual(comparison.faults(*FAULTS), {}, "\n" + comparison.table())

    def test_one_thread_tells_the_truth(self) -> None:
        self.assert_true(blocks_under_neighbours(1))

    def test_four_threads_tell_the_truth(self) -> None:
        self.assert_true(blocks_under_neighbours(4))


if __name__ == "__main__":
    unittest.main()
