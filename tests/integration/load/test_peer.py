# SPDX-License-Identifier: MIT

"""load/peers/node responds as loopscope does, and compare.py measures it."""

import os
import shutil
import unittest
import unittest.mock
from contextlib import AbstractContextManager

import support
from loopscope_load.servers import NodePeer, ServerProcess, running
from loopscope_load.terminal import Failure
from loopscope_load.writes import Client
from polling import wait_until

COUNT = 5000
SIZE = sum(len(f" {number} ") for number in range(COUNT))
NO_NODE = shutil.which("node") is None and shutil.which("nodejs") is None


@unittest.skipIf(NO_NODE, "Node.js is not installed (Debian package nodejs)")
class Peer(support.Folder):
    def peer(self) -> AbstractContextManager[ServerProcess]:
        return running(NodePeer().command(self.folder))

    def parts(self) -> list[str]:
        return [name for name in os.listdir(self.folder) if name.endswith(".part")]

    def test_every_method_writes_every_record_and_reports_it(self) -> None:
        for method in NodePeer.methods:
            with self.subTest(method=method), self.peer() as server, Client(server.url) as client:
                client.check_hello()
                report = client.write(method, COUNT, verify=True)
                self.assertEqual((report["method"], report["count"], report["bytes"]), (method, COUNT, SIZE))
                self.assertIs(report["content"]["complete"], True)
                if method != "callback":
                    self.assertIs(report["content"]["in_order"], True)
                self.assertGreaterEqual(report["timing_ms"]["completed"], report["timing_ms"]["queued"])
                self.assertGreater(report["memory"]["rss_peak_bytes"], 10_000_000)
                with open(os.path.join(self.folder, f"{method}.txt"), encoding="ascii") as file:
                    self.assertEqual(sorted(map(int, file.read().split())), list(range(COUNT)))

    def test_sync_blocks_the_loop_and_its_own_delay_says_so(self) -> None:
        with self.peer() as server, Client(server.url) as client:
            report = client.write("sync", 200_000, verify=False)
            self.assertGreater(report["loop"]["lag_max_us"] / 1000, 0.8 * report["timing_ms"]["completed"])
            # Node's stream holds the loop only while it fills its buffer.
            stream = client.write("stream", 200_000, verify=False)
            self.assertLess(stream["loop"]["lag_max_us"], report["loop"]["lag_max_us"])
            self.assertGreater(stream["backpressure"]["drains"], 0)

    def test_the_variants_of_callback_write_the_same_records_with_their_copies(self) -> None:
        for method, copies in (("callback", 2), ("callback-buffer", 2), ("callback-copies", 4)):
            with self.subTest(method=method), self.peer() as server, Client(server.url) as client:
                report = client.write(method, COUNT, verify=True, durability="disk")
                self.assertEqual((report["copies_per_record"], report["bytes"]), (copies, SIZE))
                self.assertIs(report["content"]["complete"], True)
                self.assertGreaterEqual(report["timing_ms"]["durable"], report["timing_ms"]["completed"])
                node = report["node"]
                self.assertGreater(node["heap_used_bytes"], 1_000_000)
                self.assertGreater(node["allocated_bytes"], COUNT)
                self.assertGreater(node["heap_spaces_bytes"]["new_space"], 100_000)
                self.assertAlmostEqual(
                    sum(node["heap_spaces_bytes"].values()), node["heap_used_bytes"], delta=1_000_000
                )
                self.assertEqual(set(node["phases"]), {"queueing", "writing"})
                for phase in node["phases"].values():
                    self.assertLessEqual(phase["loop_cpu_ms"], phase["cpu_ms"] + 20)
                self.assertAlmostEqual(
                    node["loop_active_ms"] + node["loop_idle_ms"], report["timing_ms"]["completed"], delta=50
                )

    def test_a_stream_has_the_mark_that_was_asked_for_or_nodes_own(self) -> None:
        with self.peer() as server, Client(server.url) as client:
            marks: dict[int | str, set[int]] = {16384: {16384}, 65536: {65536}, "node": {16384, 65536}}
            for mark, expected in marks.items():
                report = client.write("stream", COUNT, verify=False, high_water_mark=mark)
                self.assertIn(report["backpressure"]["high_water_mark"], expected)
                self.assertEqual(report["node"]["writes_at_once"], 1)
                self.assertLess(report["syscalls"]["write"], COUNT / 10)
            with self.assertRaisesRegex(Failure, "'high_water_mark' is '-1'"):
                client.write("stream", COUNT, verify=False, high_water_mark=-1)

    def test_a_stream_tells_how_full_its_buffer_is_and_the_cpu_time_of_its_phases(self) -> None:
        with self.peer() as server, Client(server.url) as client:
            report = client.write("stream", 100_000, verify=False, high_water_mark=16384)
            buffer, phases = report["node"]["buffer"], report["node"]["phases"]
            self.assertEqual(len(buffer["drains_at_us"]), 4)
            self.assertEqual(buffer["at_us"], sorted(buffer["at_us"]))
            self.assertGreaterEqual(max(buffer["bytes"]), 16384)
            at_drains = [size for at, size in zip(buffer["at_us"], buffer["bytes"]) if at in buffer["drains_at_us"]]
            self.assertEqual(at_drains, [0, 0, 0, 0])
            self.assertGreater(len({size for size in buffer["bytes"] if size < 16384}), 20)
            spent_ms = phases["filling"]["time_ms"] + phases["waiting"]["time_ms"]
            self.assertAlmostEqual(spent_ms, report["timing_ms"]["completed"], delta=0.1 * spent_ms)
            self.assertGreater(phases["waiting"]["time_ms"], 0.8 * report["backpressure"]["waited_ms"])
            few = client.write("stream", 100, verify=False)["node"]["buffer"]
            self.assertEqual(few["drains_at_us"], [])

    def test_a_timer_that_is_due_during_sync_fires_after_it(self) -> None:
        with self.peer() as server, Client(server.url) as client:
            report = client.write("sync", 200_000, verify=False)
            timer = report["node"]["timer"]
            self.assertGreaterEqual(timer["fired_ms"], report["timing_ms"]["completed"])
            self.assertGreater(report["node"]["calls_ms"], report["node"]["loop_alone_ms"])

    def test_refuses_what_it_cannot_do(self) -> None:
        with self.peer() as server, Client(server.url) as client:
            for method, count, said in (("partition", 1, "'method' is 'partition'"), ("sync", 10**9, "'count'")):
                with self.assertRaisesRegex(Failure, said):
                    client.write(method, count, verify=False)

    def test_a_failed_write_leaves_nothing_and_has_a_reason(self) -> None:
        with self.peer() as server, Client(server.url) as client:
            os.mkdir(os.path.join(self.folder, "stream.txt"))  # the rename cannot succeed
            with self.assertRaisesRegex(Failure, "status 500: .*(EISDIR|ENOTEMPTY|EEXIST)"):
                client.write("stream", 10, verify=False)
            self.assertEqual(self.parts(), [])
            self.assertEqual(client.write("sync", 10, verify=True)["content"]["in_order"], True)

    def test_a_client_that_disconnects_ends_its_write(self) -> None:
        with self.peer() as server:
            with Client(server.url, timeout_s=0.5) as client, self.assertRaises(Failure):
                client.write("promise", 10_000_000, verify=False)
            wait_until(lambda: self.parts() == [], "the end of the write", timeout=20)

    def test_is_measured_beside_loopscope(self) -> None:
        out = os.path.join(self.folder, "out")
        code, output, progress = self.run_script(
            "compare.py",
            "--quick",
            "--peer",
            "node",
            "--methods",
            "stream,partition",
            "--count",
            "20000",
            "--idle",
            "0.5",
            "--window",
            "0.5",
            "--server",
            os.environ["LOOPSCOPE_BINARY"],
            "--probe",
            os.environ["LOOPSCOPE_PROBE"],
            "--out",
            out,
        )
        self.assertEqual(code, 0, progress)
        self.assertRegex(output, r"(?m)^  node ")
        results = self.read_results(os.path.join(out, "results.json"))
        self.assertEqual(
            [(entry["system"], entry["method"]) for entry in results["entries"]],
            [("loopscope", "stream"), ("loopscope", "partition"), ("node", "stream")],
        )
        node = results["entries"][-1]
        self.assertIsNone(node["repeats"][0]["stalls"])
        self.assertGreater(max(filter(None, node["repeats"][0]["samples"]["resident_bytes"])), 10_000_000)


class WithoutNode(unittest.TestCase):
    def test_names_the_missing_package(self) -> None:
        with unittest.mock.patch.dict(os.environ, {"PATH": "/nonexistent"}):
            with self.assertRaisesRegex(Failure, "needs Node.js .*nodejs"):
                NodePeer()


if __name__ == "__main__":
    unittest.main()
