# SPDX-License-Identifier: MIT

"""A server that nothing blocks: no stall is told that the answers of a client do not show.

LOOPSCOPE_LAB_SECONDS is the time of each load: 2 in the suite, 60 in a trial.
"""

import os
import unittest

from programs import Program, busy_neighbours, closed_loop_load

SECONDS = float(os.environ.get("LOOPSCOPE_LAB_SECONDS", "2"))
CONNECTIONS = 8


class WithoutABlock(unittest.TestCase):
    def assert_no_phantom(self, *arguments: str, neighbours: int = 0) -> None:
        with Program("beast_server", *arguments) as server, busy_neighbours(neighbours):
            load = closed_loop_load(server.first("port"), CONNECTIONS, SECONDS)
            server.terminate()
            comparison = server.comparison(load.slow)
        self.assertGreater(load.answers, CONNECTIONS)
        phantoms = [each for each in comparison.phantoms if load.contains(each)]
        slowest_ms = max((each.duration_ms for each in load.slow), default=0.0)
        told = "".join(f"\n{each.duration_ms:.1f} ms: {each.sentence}" for each in phantoms)
        self.assertFalse(phantoms, f"{load.answers} answers, the slowest {slowest_ms:.1f} ms{told}")

    def test_one_thread_tells_no_stall_that_no_answer_shows(self) -> None:
        self.assert_no_phantom("threads=1", neighbours=3)

    def test_four_threads_tell_no_stall_that_no_answer_shows(self) -> None:
        self.assert_no_phantom("threads=4", "run=counted")

    def test_nor_do_they_uncounted(self) -> None:
        self.assert_no_phantom("threads=4", "run=plain")

    def test_nor_do_they_under_busy_neighbours(self) -> None:
        self.assert_no_phantom("threads=4", neighbours=3)


if __name__ == "__main__":
    unittest.main()
