# SPDX-License-Identifier: MIT

"""stall.sh, watch-node.sh and baseline.sh as a person runs them."""

import json
import os
import re
import shutil
import unittest

import support
from loopscope_load import servers
from loopscope_load.writes import Client


class Stall(support.StandIn):
    """stall.sh starts the real service (LOOPSCOPE_BINARY), or asks a running one."""

    REAL = os.environ["LOOPSCOPE_BINARY"]

    def test_prints_wrk_before_during_and_after_and_the_sentence(self) -> None:
        code, output, progress = self.run_script("stall.sh", "sync", LOOPSCOPE=self.REAL)
        self.assertEqual(code, 0, progress)
        before, during, after = output.split("=== ")[1:]
        for part, title in ((before, "before"), (during, "during"), (after, "after")):
            self.assertTrue(part.startswith(title), part)
            self.assertIn("Latency Distribution", part)
        took = re.search(r"the last took ([\d.]+) ms", after)
        assert took, after
        self.assertGreater(slowest_ms(during), 0.5 * float(took[1]))
        self.assertRegex(after, r"sync: \d+ writes? of 1000000 records")
        self.assertRegex(after, r"loop io-0 was blocked for .* in blocking_write_some .*method=sync&count=1000000")
        self.assertEqual(os.listdir(self.temporary), [])
        self.assertNotIn(self.temporary, support.command_lines())

    def test_asks_a_running_server_for_its_latest_stall(self) -> None:
        data_dir = os.path.join(self.folder, "data")
        with servers.running(servers.Loopscope(self.REAL, "threads").command(data_dir)) as server:
            assert server.admin_url
            with Client(server.url) as client:
                client.write("sync", 300_001, verify=False)
            code, output, progress = self.run_script("stall.sh", "sync", server.url, server.admin_url, COUNT="300000")
            self.assertEqual(code, 0, progress)
            self.assertIn(f"Running 2s test @ {server.url}/hello", output)
            self.assertRegex(output, r"sync: \d+ writes? of 300000 records")
            self.assertRegex(output, r"loop io-0 was blocked for .*method=sync&count=300000 ")
            self.assertNotIn("count=300001", output)

    def test_says_when_the_loop_was_free(self) -> None:
        # A busy machine may stall the loop during a write, but not for so long.
        code, output, progress = self.run_script(
            "stall.sh", "stream", LOOPSCOPE=self.REAL, COUNT="1000", LOOPSCOPE_STALL_THRESHOLD="1s"
        )
        self.assertEqual(code, 0, progress)
        self.assertRegex(output, r"stream: \d+ writes of 1000 records")
        self.assertIn("The server has no stall of it", output)

    def test_a_refused_write_has_its_reason(self) -> None:
        code, _, progress = self.run_script("stall.sh", "bogus", self.serve(0), "http://127.0.0.1:1")
        self.assertEqual(code, 1)
        self.assertIn("method: 'bogus' is not one of", progress)

    def test_wrong_usage_and_a_missing_program_are_named(self) -> None:
        code, _, progress = self.run_script("stall.sh")
        self.assertEqual((code, "load/stall.sh METHOD" in progress), (2, True))
        code, _, progress = self.run_script("stall.sh", "sync", LOOPSCOPE="/nowhere/loopscope")
        self.assertEqual((code, "/nowhere/loopscope is not there" in progress), (1, True))


def slowest_ms(output: str) -> float:
    """The maximum latency in wrk's own output."""
    found = re.search(r"Latency +\S+ +\S+ +([\d.]+)(us|ms|s|m)", output)
    assert found, output
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[found[2]]


@unittest.skipUnless(shutil.which("node"), "Node.js is not installed")
class WatchNode(support.Folder):
    def test_says_what_blocked_node_in_each_method(self) -> None:
        arguments = ("--server", os.environ["LOOPSCOPE_BINARY"], "--count", "100000")
        code, output, progress = self.run_script("watch-node.sh", *arguments)
        self.assertEqual(code, 0, progress)
        for method in ("sync", "promise", "callback", "stream"):
            self.assertRegex(output, rf"(?m)^{method} +[\d.]+ m?s +\d+ ")
        self.assertRegex(output, r"(?s)sync: loop node .* was\s+blocked")
        self.assertEqual(os.listdir(self.temporary), [])


class Baseline(support.StandIn):
    def test_prints_a_table_and_the_same_as_json(self) -> None:
        code, output, progress = self.run_script("baseline.sh", "-d", "1", self.serve(0) + "/hello")
        self.assertEqual(code, 0, progress)
        *lines, last = output.splitlines()
        figures = json.loads(last)
        self.assertIn(f"{figures['requests']:,}", "\n".join(lines))
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_an_error_has_a_message_and_a_status(self) -> None:
        for arguments, code, message in (
            (("-d", "0"), 2, "'0' is not a whole number"),
            (("-x",), 2, "load/baseline.sh"),
            (("-d", "1", "127.0.0.1:1"), 1, "unable to connect"),
        ):
            with self.subTest(arguments=arguments):
                done, _, progress = self.run_script("baseline.sh", *arguments)
                self.assertEqual(done, code)
                self.assertIn(message, progress)


if __name__ == "__main__":
    unittest.main()
