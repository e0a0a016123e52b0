"""SIGKILL in the middle of writes and a start at once: a complete file is always whole, and nothing else is left."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "soak"))

from kill import kill_often

KILLS = 100


class Kill(unittest.TestCase):
    def test_the_earlier_file_is_whole_and_nothing_is_left_after_every_kill(self):
        done = kill_often(KILLS, seed=7)
        self.assertEqual(done["kills"], KILLS)


if __name__ == "__main__":
    unittest.main()
