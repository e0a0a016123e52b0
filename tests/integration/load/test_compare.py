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

import jsonschema

import sample_results
import support

PROBE = os.environ["LOOPSCOPE_PROBE"]


class Compare(support.StandIn):
    def compare(self, *arguments, script="demo.sh", **more):
        self.out = os.path.join(self.folder, "the results")
        return self.start(
            script,
            "--server",
            self.binary,
            "--probe",
            PROBE,
            "--out",
            self.out,
            "--idle",
            "0.5",
            "--window",
            "0.5",
            *arguments,
            **more,
        )

    def results(self):
        """Whatever a run leaves behind is a document of the schema."""
        with open(os.path.join(self.out, "results.json"), encoding="utf-8") as file:
            document = json.load(file)
        support.check_schema(document)
        return document

    def test_measures_prints_and_leaves_nothing_behind(self):
        process = self.compare("--methods", "sync,stream", STANDIN_WRITE_S="0.5", STANDIN_LOOP="report")
        output, progress = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, progress)

        self.assertLessEqual(max(map(len, output.splitlines())), 80)
        self.assertNotIn("\033", output + progress)
        self.assertRegex(output, r"(?m)^sync +\d+ ms .*MB  yes +BLOCKED$")
        self.assertRegex(output, r"(?m)^stream +\d+ ms .*MB  yes +free$")
        self.assertRegex(output, r"(?m)^  article +2-3 s +2,500 ms +50-70 MB +BLOCKED$")
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
        self.assertEqual(
            len({pid for pid, _ in self.servers()}), 4, "a fresh server for the probe and for wrk of each method"
        )
        self.assert_nothing_left()

    def test_repeats_go_round_and_give_ranges(self):
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

    def test_keeps_what_was_measured_when_interrupted(self):
        process = self.compare("--methods", "stream,sync", STANDIN_WRITE_S="2.5")
        for line in process.stderr:
            if line.startswith("sync"):
                break
        time.sleep(1.8)  # past the idle time into the write, so that the loop is blocked when the signal comes
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

    def test_goes_on_after_a_method_that_ends_the_server(self):
        process = self.compare("--methods", "sync,stream", STANDIN_FAIL="sync", STANDIN_WRITE_S="0.2")
        output, progress = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertIn("Not measured: loopscope sync", progress)
        self.assertRegex(output, r"(?m)^sync +failed\n  No answer from .*\n(.*\n)*?.*exit status 7")
        self.assertRegex(output, r"(?m)^stream +\d+ ")
        self.results()
        self.assert_nothing_left()

    def test_shows_a_refusal_with_its_reason(self):
        process = self.compare("--methods", "sync", "--count", "99000000")
        output, progress = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, progress)
        self.assertRegex(output, r"(?m)^sync +refused\n.*above the limit")
        self.assertEqual(self.results()["entries"][0]["outcome"], "refused")

    def test_says_what_is_wrong_and_exits_non_zero(self):
        mine = ["--server", self.binary, "--probe", PROBE]
        for arguments, code, message in (
            (["--count", "0"], 2, "'0' is not a whole number above 0"),
            (["--methods", "sync,bogus"], 2, "bogus given, known are sync"),
            (["--server", "/bin/true"], 2, "--server and --probe go together"),
            (["--server", "/nonexistent", "--probe", PROBE, "--out", self.folder], 1, "Cannot start /nonexistent"),
            (
                ["--server", "/bin/true", "--probe", PROBE, "--out", self.folder],
                1,
                "ended before it was ready. (exit status 0)",
            ),
            ([*mine, "--probe", "/nonexistent", "--out", self.folder], 1, "Cannot start /nonexistent"),
            ([*mine, "--probe", "/bin/true", "--out", self.folder], 1, "The probe reported nothing"),
            ([*mine, "--out", "/proc/x/y"], 1, "Cannot write /proc/x/y"),
        ):
            with self.subTest(arguments=arguments):
                done, output, progress = self.run_script(
                    "demo.sh",
                    "--methods",
                    "sync",
                    "--idle",
                    "0.1",
                    "--window",
                    "0.1",
                    *arguments,
                    STANDIN_WRITE_S="0.1",
                )
                self.assertEqual(done, code, progress)
                self.assertIn(message, progress + output)
                self.assertNotIn("Traceback", progress)

    def test_draws_a_live_line_on_a_terminal_and_honours_no_color(self):
        for colour in ("", "1"):
            screen = self.on_terminal(NO_COLOR=colour, STANDIN_WRITE_S="0.3")
            self.assertIn("\r\033[K", screen)
            self.assertRegex(screen, r"offload: 1,000,000 records, write \d+  \d+ s")
            self.assertEqual("\033[32m" in screen, not colour)
            self.assertEqual(re.search(r"\033\[\d*m", screen) is None, bool(colour))

    def on_terminal(self, **more):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        command = [
            os.path.join(support.LOAD, "demo.sh"),
            "--server",
            self.binary,
            "--probe",
            PROBE,
            "--methods",
            "offload",
            "--idle",
            "0.5",
            "--window",
            "1",
            "--out",
            os.path.join(self.folder, "out"),
        ]
        process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=self.environment(TERM="xterm", **more)
        )
        os.close(slave)
        screen = b""
        while True:
            try:
                if select.select([master], [], [], 60)[0]:
                    screen += os.read(master, 65536)
                    continue
            except OSError:
                pass
            break
        self.assertEqual(process.wait(10), 0, screen)
        return screen.decode()


class Diff(support.StandIn):
    def saved(self, name, entries, **settings):
        path = os.path.join(self.folder, name)
        document = sample_results.document(entries, **settings)
        support.check_schema(document)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file)
        return path

    def stream(self, name, *times_ms):
        repeats = [sample_results.repeat(time_ms=time_ms, stalls=0) for time_ms in times_ms]
        return self.saved(name, [sample_results.entry("stream", repeats)], repeats=len(times_ms))

    def test_exits_1_on_a_regression_and_0_on_none(self):
        fast, slow = self.stream("fast", 10, 11, 12), self.stream("slow", 20, 21, 22)
        code, output, errors = self.run_script("compare.py", "diff", fast, slow)
        self.assertEqual((code, errors), (1, "compare diff: 1 worse.\n"))
        self.assertIn("WORSE   stream               time 11 ms", output)
        self.assertEqual(self.run_script("compare.py", "diff", slow, fast)[0], 0)
        self.assertEqual(self.run_script("compare.py", "diff", fast, fast), (0, "Nothing changed beyond noise.\n", ""))

    def test_says_what_cannot_be_read(self):
        fast = self.stream("fast", 10, 11, 12)
        for other, message in (("/nonexistent", "Cannot read"), (support.__file__, "is not JSON")):
            code, _, errors = self.run_script("compare.py", "diff", fast, other)
            self.assertEqual(code, 1)
            self.assertIn(message, errors)


class Schema(unittest.TestCase):
    def test_refuses_what_it_does_not_describe(self):
        document = sample_results.document([sample_results.entry()])
        support.check_schema(document)
        document["entries"][0]["summary"]["time_ms"] = 3
        with self.assertRaises(jsonschema.ValidationError):
            support.check_schema(document)


if __name__ == "__main__":
    unittest.main()
