# SPDX-License-Identifier: MIT

"""load/bench/write_peers.py measures every way once, with few records, and reads every file back."""

import io
import os
import pathlib
import shutil
import unittest
import unittest.mock

import support
import write_peers
from loopscope_load.terminal import Failure, Progress
from parts import rounds

LOOPSCOPE = os.environ.get("LOOPSCOPE_BINARY", rounds.LOOPSCOPE)
PROGRAM = os.path.join(os.path.dirname(LOOPSCOPE), "write_peers")
COUNT = 3000
QUIET = Progress(io.StringIO())
RECORDS = b" 0  1  2  3 "


class Content(unittest.TestCase):
    def test_has_every_record_exactly_once(self) -> None:
        self.assertEqual(write_peers.expected_content(4), RECORDS)
        self.assertTrue(write_peers.is_in_order(RECORDS, RECORDS))
        self.assertFalse(write_peers.is_in_order(b" 1  0  2  3 ", RECORDS))
        for wrong in (
            b"",
            b" 0  1  2 ",
            b" 0  1  1  3 ",
            b" 0  1  2  3  3 ",
            b" 0  1  2  3",
            b" 0 1  2  3 ",
            b" 0  12 3 ",
        ):
            with self.subTest(wrong), self.assertRaisesRegex(Failure, "every record exactly once"):
                write_peers.is_in_order(wrong, RECORDS)


class Ways(support.Folder):
    def way(self, content: bytes, keeps_order: bool = True, ms: float = 8) -> write_peers.Way:
        """A way whose file has that content."""

        def write(folder: pathlib.Path, _count: int) -> write_peers.Written:
            path = folder / "records.txt"
            path.write_bytes(content)
            return write_peers.Written(path, ms, 4, 1_000_000)

        return write_peers.Way("loop", write, keeps_order)

    def measure(self, **ways: write_peers.Way) -> tuple[dict[str, write_peers.Result], list[str]]:
        return write_peers.measure(ways, 2, 4, QUIET)

    def test_are_compared_with_their_loop(self) -> None:
        found, failed = self.measure(loop=self.way(RECORDS), peer=self.way(b" 1  0  2  3 ", False, 12))
        self.assertEqual(failed, [])
        assert found["peer"].us and found["peer"].over_base
        self.assertEqual((found["peer"].us["median"], found["peer"].over_base["median"]), (3000, 1.5))
        self.assertEqual((found["loop"].in_order, found["peer"].in_order), (True, False))
        self.assertIn("peer *", write_peers.row("peer", found["peer"]))

    def test_have_no_figures_of_a_wrong_file(self) -> None:
        found, failed = self.measure(loop=self.way(RECORDS), short=self.way(b" 0 "), other=self.way(b" 1  0  2  3 "))
        self.assertEqual(failed, ["short", "other"])
        self.assertRegex(
            write_peers.row("short", found["short"]), "^short +not measured: .* every record exactly once$"
        )
        self.assertRegex(write_peers.row("other", found["other"]), "^other +not measured: .* in another order$")
        self.assertIsNotNone(found["loop"].us)

    def test_without_their_loop_have_no_ratio(self) -> None:
        found, failed = self.measure(loop=self.way(b""), peer=self.way(RECORDS))
        self.assertEqual((failed, found["peer"].over_base), (["loop"], None))
        self.assertIsNotNone(found["peer"].us)

    @unittest.skipUnless(os.path.exists(PROGRAM), "write_peers is not built (LOOPSCOPE_BUILD_BENCH)")
    def test_all_write_the_same_records(self) -> None:
        selected = write_peers.ways(PROGRAM, LOOPSCOPE)
        results, failed = write_peers.measure(selected, 1, COUNT, QUIET)
        self.assertEqual(failed, [], "\n".join(write_peers.table(selected, results)))
        no_node = shutil.which("node") is None and shutil.which("nodejs") is None
        for name, found in results.items():
            with self.subTest(name):
                if no_node and name.startswith("Node.js"):
                    self.assertRegex(str(found.reason), "not installed")
                    continue
                assert found.us and found.over_base and found.peak_bytes
                self.assertGreater(found.us["median"], 0)
                self.assertGreater(found.peak_bytes["median"], 500_000)
        self.assertTrue(
            all(len(line) <= 80 for line in write_peers.table(selected, results) if "not measured" not in line)
        )

    def test_a_peer_that_is_not_installed_is_not_measured(self) -> None:
        selected = {name: way for name, way in write_peers.ways().items() if name == "Node.js stream"}
        with unittest.mock.patch.dict(os.environ, PATH=self.folder):
            results, failed = write_peers.measure(selected, 1, COUNT, QUIET)
        self.assertEqual(failed, [])
        self.assertRegex(write_peers.row("Node.js stream", results["Node.js stream"]), "not measured: .* not installed")

    def test_a_program_that_is_not_built_has_failed(self) -> None:
        selected = write_peers.ways(os.path.join(self.folder, "write_peers"))
        loop = {name: way for name, way in selected.items() if name == write_peers.BUFFERED}
        results, failed = write_peers.measure(loop, 1, COUNT, QUIET)
        self.assertEqual(failed, [write_peers.BUFFERED])
        self.assertRegex(str(results[write_peers.BUFFERED].reason), "^Cannot start .*: No such file")


if __name__ == "__main__":
    unittest.main()
