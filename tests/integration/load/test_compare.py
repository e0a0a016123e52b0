# SPDX-License-Identifier: MIT

"""compare.py and demo.sh as a person runs them, against the stand-in. LOOPSCOPE_PROBE names the probe."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import unittest
from typing import Any

import jsonschema
import sample_results
import support
from loopscope_load import Json

PROBE = os.environ["LOOPSCOPE_PROBE"]


class Compare(support.StandIn):
    def setUp(self) -> None:
        super().setUp()
        self.out = os.path.join(self.folder, "the results")
        self.binaries = ("--server", self.binary, "--probe", PROBE)

    def compare(self, *arguments: str, script: str = "demo.sh", **variables: str) -> subprocess.Popen[str]:
        short = ("--idle", "0.3", "--window", "0.3")
        return self.start(script, *self.binaries, "--out", self.out, *short, *arguments, **variables)

    def results(self) -> Json:
        return self.read_results(os.path.join(self.out, "results.json"))

    def test_measures_and_prints_and_leaves_nothing_behind(self) -> None:
        process = self.compare("--methods", "sync,stream", STANDIN_WRITE_S="0.5", STANDIN_LOOP="report")
        output, progress = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, progress)

        self.assertLessEqual(max(map(len, output.splitlines())), 80)
        self.assertNotIn("\033", output + progress)
        self.assertRegex(output, r"(?m)^sync +\d+ ms .*MB  yes +BLOCKED$")
        self.assertRegex(output, r"(?m)^stream +\d+ ms .*MB  yes +free$")
        self.assertRegex(output, r"(?m)^  article +2-3 s +70-90 % +2,500 ms +50-70 MB +BLOCKED$")
        self.assertIn("  production: no, from 10 records on the loop stands still for", output)
        self.assertIn("sync: 1,000,000 records ...", progress)
        self.assertIn(f"Report: {os.path.join(self.out, 'report.html')}", progress)
        self.assertTrue(os.path.exists(os.path.join(self.out, "report.html")))

        results = self.results()
        self.assertIsNotNone(results["finished"])
        sync, stream = results["entries"]
        self.assertEqual((sync["summary"]["verdict"]["from"], sync["summary"]["verdict"]["loop"]), ("stall", "BLOCKED"))
        self.assertGreater(sync["summary"]["hello_max_us"]["median"], 0.9 * 500_000)
        self.assertGreater(sync["summary"]["hello_p50_us"]["median"], 0.2 * 500_000)
        self.assertLess(stream["summary"]["hello_p99_us"]["median"], 0.5 * 500_000)
        self.assertLess(sync["summary"]["idle_p99_us"]["median"], 0.5 * 500_000)
        points = [point for point in results["scale"] if point["method"] == "sync"]
        self.assertEqual([point["count"] for point in points], [10, 100, 1_000, 10_000, 100_000, 1_000_000])
        for point in points:
            self.assertEqual((point["outcome"], point["stalled_writes"]), ("measured", point["writes"]))
            self.assertGreater(point["hello_max_us"], 0.9 * 500_000)
        self.assertEqual(results["recommendations"]["methods"][0]["harmful_from"], 10)
        self.assertEqual(
            len({pid for pid, _ in self.started_servers()}),
            12,
            "one for the names of the methods; a fresh server for the probe, for wrk, for the scale and for the evidence of "
            "each method; for both marks of a stream and for its pages",
        )
        self.assert_nothing_left()

    def test_repeats_take_turns_and_give_ranges(self) -> None:
        process = self.compare(
            "--quick",
            "--methods",
            "stream,offload",
            "--repeats",
            "2",
            "--rate",
            "200",
            script="compare.py",
            STANDIN_WRITE_S="0.2",
        )
        output, progress = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, progress)
        begun = re.findall(r"(?m)^(\w+): 1,000,000 records, repeat (\d) of 2 \.\.\.$", progress)
        self.assertEqual(begun, [("stream", "1"), ("offload", "1"), ("stream", "2"), ("offload", "2")])
        self.assertIn("Medians of 2 repeats", output)
        for entry in self.results()["entries"]:
            self.assertEqual(len(entry["repeats"]), 2)
            self.assertGreater(entry["summary"]["time_ms"]["max"], entry["summary"]["time_ms"]["min"])

    def test_keeps_what_was_measured_when_interrupted(self) -> None:
        process = self.compare("--methods", "stream,sync", STANDIN_WRITE_S="1.5")
        assert process.stderr
        for line in process.stderr:
            if line.startswith("sync"):
                break
        time.sleep(1.6)  # the idle time is over and the write has begun: the loop is blocked when the signal arrives
        process.send_signal(signal.SIGINT)
        output, progress = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 128 + signal.SIGINT, progress)
        self.assertIn("stopped by SIGINT", progress)
        self.assertRegex(output, r"(?m)^stream ")
        results = self.results()
        self.assertEqual(
            [(entry["method"], entry["outcome"]) for entry in results["entries"]],
            [("stream", "measured"), ("sync", "interrupted")],
        )
        self.assertIsNone(results["finished"])
        self.assertTrue(os.path.exists(os.path.join(self.out, "report.html")))
        self.assert_nothing_left()

    def test_continues_after_a_method_that_ends_the_server(self) -> None:
        process = self.compare("--methods", "sync,stream", STANDIN_FAIL="sync", STANDIN_WRITE_S="0.2")
        output, progress = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertIn("Not measured: loopscope sync", progress)
        self.assertRegex(output, r"(?m)^sync +failed\n  No response from .*\n(.*\n)*?.*exit status 7")
        self.assertRegex(output, r"(?m)^stream +\d+ ")
        self.assert_nothing_left()
        points = [point for point in self.results()["scale"] if point["method"] == "sync"]
        self.assertEqual([point["outcome"] for point in points], ["failed", *["left_out"] * 4, "failed"])
        self.assertIn("exit status 7", points[0]["reason"])
        self.assertEqual({point["time_ms"] for point in points}, {None})
        self.assertRegex(output, r"production: not known, not measured at 10 records: No response")

    def test_the_scale_goes_up_to_ten_million_and_keeps_the_reason_of_a_refused_count(self) -> None:
        process = self.compare("--scale", "--methods", "stream", "--count", "1000", STANDIN_MAX="9999999")
        output, progress = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, progress)
        points = self.results()["scale"]
        self.assertEqual([point["count"] for point in points], [10**power for power in range(1, 8)])
        self.assertEqual([point["outcome"] for point in points], [*["measured"] * 6, "refused"])
        self.assertIn("above the limit", points[-1]["reason"])

    def test_a_refused_write_has_its_reason(self) -> None:
        process = self.compare("--methods", "sync", "--count", "99000000")
        output, progress = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, progress)
        self.assertRegex(output, r"(?m)^sync +refused\n.*above the limit")
        self.assertEqual(self.results()["entries"][0]["outcome"], "refused")

    def test_an_error_has_a_message_and_a_status(self) -> None:
        for arguments, code, message in (
            (("--count", "0"), 2, "'0' is not a whole number above 0"),
            ((*self.binaries, "--methods", "sync,bogus"), 2, "bogus given, known are sync, promise"),
            ((*self.binaries, "--methods", ","), 2, "none given, known are sync, promise"),
            (("--server", "/bin/true"), 2, "--server and --probe go together"),
            (("diff",), 2, "unrecognized arguments: diff"),
            (("--scale=10",), 2, "--scale: ignored explicit argument '10'"),
            (("--server", "/nonexistent", "--probe", PROBE), 1, "Cannot start /nonexistent"),
            (("--server", "/bin/true", "--probe", PROBE), 1, "ended before it was ready. (exit status 0)"),
            ((*self.binaries, "--probe", "/nonexistent"), 1, "Cannot start /nonexistent"),
            ((*self.binaries, "--probe", "/bin/true"), 1, "The probe reported nothing"),
            ((*self.binaries, "--out", "/proc/x/y"), 1, "Cannot write /proc/x/y"),
        ):
            with self.subTest(arguments=arguments):
                short = ("--methods", "sync", "--idle", "0.1", "--window", "0.1", "--out", self.out)
                done, output, progress = self.run_script("demo.sh", *short, *arguments, STANDIN_WRITE_S="0.1")
                self.assertEqual(done, code, progress)
                self.assertIn(message, progress + output)
                self.assertNotIn("Traceback", progress)

    def test_a_terminal_has_a_live_line_and_colours(self) -> None:
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        arguments = ("--methods", "offload", "--idle", "0.3", "--window", "1", "--out", self.out)
        process = subprocess.Popen(
            [support.LOAD / "demo.sh", *self.binaries, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=self.environment(TERM="xterm", NO_COLOR="", STANDIN_WRITE_S="0.3"),
        )
        os.close(slave)
        screen = b""
        try:
            while select.select([master], [], [], 60)[0]:
                screen += os.read(master, 65536)
        except OSError:
            pass  # the process has ended
        self.assertEqual(process.wait(10), 0, screen)
        text = screen.decode()
        self.assertIn("\r\033[K", text)
        self.assertRegex(text, r"offload: 1,000,000 records, write \d+  \d+ s")
        self.assertRegex(text, "\033\\[3[123]m")  # which one depends on what this machine measured


class Diff(support.Folder):
    def saved(self, name: str, entries: list[Json], **settings: Any) -> str:
        path = os.path.join(self.folder, name)
        document = sample_results.document(entries, **settings)
        support.check_schema(document)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file)
        return path

    def stream(self, name: str, *times_ms: float) -> str:
        repeats = [sample_results.repeat(time_ms=time_ms, stalls=0) for time_ms in times_ms]
        return self.saved(name, [sample_results.entry("stream", repeats)], repeats=len(times_ms))

    def test_the_status_is_1_on_a_regression_and_0_on_none(self) -> None:
        fast, slow = self.stream("fast", 10, 11, 12), self.stream("slow", 20, 21, 22)
        code, output, errors = self.run_script("compare.py", "diff", fast, slow)
        self.assertEqual((code, errors), (1, "compare diff: 1 worse.\n"))
        self.assertIn("WORSE   stream               time 11 ms", output)
        self.assertEqual(self.run_script("compare.py", "diff", slow, fast)[0], 0)
        self.assertEqual(self.run_script("compare.py", "diff", fast, fast), (0, "Nothing changed beyond noise.\n", ""))

    def test_recommendations_need_the_whole_scale(self) -> None:
        short = self.stream("short", 10)
        code, _, errors = self.run_script("compare.py", "recommend", short, "--out", os.path.join(self.folder, "made"))
        self.assertEqual(code, 1)
        self.assertIn("no measurement at 10,000,000 records: compare.py --scale does", errors)

    def test_a_file_that_cannot_be_read_has_a_message(self) -> None:
        fast = self.stream("fast", 10, 11, 12)
        for other, message in (("/nonexistent", "Cannot read"), (support.__file__, "is not JSON")):
            code, _, errors = self.run_script("compare.py", "diff", fast, other)
            self.assertEqual(code, 1)
            self.assertIn(message, errors)


class Schema(unittest.TestCase):
    def test_refuses_what_it_does_not_describe(self) -> None:
        document = sample_results.document([sample_results.entry()])
        support.check_schema(document)
        document["entries"][0]["summary"]["time_ms"] = 3
        with self.assertRaises(jsonschema.ValidationError):
            support.check_schema(document)


if __name__ == "__main__":
    unittest.main()
