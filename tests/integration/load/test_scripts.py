"""demo.sh, stall.sh and baseline.sh as a person runs them, against the stand-in."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import unittest

import support


class Demo(support.StandIn):
    def demo(self, *arguments, **more):
        self.out = os.path.join(self.folder, "results", "out.json")
        return self.start("demo.sh", "--server", self.binary, "--out", self.out, *arguments, **more)

    def results(self):
        with open(self.out, encoding="utf-8") as file:
            return json.load(file)

    def test_measures_prints_and_leaves_nothing_behind(self):
        process = self.demo("--methods", "sync,stream", STANDIN_WRITE_S="0.5", STANDIN_LOOP="report")
        output, progress = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, progress)

        self.assertLessEqual(max(map(len, output.splitlines())), 80)
        self.assertNotIn("\033", output + progress)
        self.assertRegex(output, r"(?m)^sync +\d+ .*MB  yes +BLOCKED$")
        self.assertRegex(output, r"(?m)^stream +\d+ .*MB  yes +free$")
        self.assertRegex(output, r"(?m)^  article +2-3 s +2,500 ms +50-70 MB +BLOCKED$")
        self.assertIn("sync: writing 1,000,000 records ...", progress)

        results = self.results()
        self.assertIsNotNone(results["finished"])
        self.assertEqual([row["method"] for row in results["rows"]], ["sync", "stream"])
        self.assertEqual(results["rows"][0]["verdict"]["from"], "report")
        self.assertEqual(results["rows"][0]["runs"], len(results["rows"][0]["times_ms"]))
        self.assertEqual(len({pid for pid, _ in self.servers()}), 3, "a fresh server for idle and each method")
        self.assert_nothing_left()

    def test_keeps_what_was_measured_when_interrupted(self):
        process = self.demo("--methods", "stream,sync", STANDIN_WRITE_S="4")
        for line in process.stderr:
            if line.startswith("sync"):
                break
        time.sleep(1)  # into the write, so that the loop is blocked when the signal comes
        process.send_signal(signal.SIGINT)
        output, progress = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 128 + signal.SIGINT, progress)
        self.assertIn("stopped by SIGINT", progress)
        self.assertRegex(output, r"(?m)^stream ")
        self.assertEqual([row["method"] for row in self.results()["rows"]], ["stream"])
        self.assertIsNone(self.results()["finished"])
        self.assert_nothing_left()

    def test_goes_on_after_a_method_that_ends_the_server(self):
        process = self.demo("--methods", "sync,stream", STANDIN_FAIL="sync")
        output, progress = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertIn("Not measured: sync", progress)
        self.assertRegex(output, r"(?m)^sync +failed\n  No answer from .*\n(.*\n)*?.*exit status 7")
        self.assertRegex(output, r"(?m)^stream +\d+ ")
        self.assert_nothing_left()

    def test_shows_a_refusal_with_its_reason(self):
        process = self.demo("--methods", "sync", "--count", "99000000")
        output, progress = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, progress)
        self.assertRegex(output, r"(?m)^sync +refused\n.*above the limit")

    def test_uses_a_running_server_and_leaves_it_running(self):
        url = self.serve(0.5)
        out = os.path.join(self.folder, "out.json")
        for _ in range(2):
            code, output, progress = self.run_script("demo.sh", "--methods", "offload", "--url", url, "--out", out)
            self.assertEqual(code, 0, progress)
            self.assertIn("one process for all methods", output)

    def test_says_what_is_wrong_and_exits_non_zero(self):
        out = os.path.join(self.folder, "out.json")
        for arguments, code, message in (
                (["--count", "0"], 2, "'0' is not a whole number above 0"),
                (["--methods", "sync,bogus"], 2, "bogus given, known are sync"),
                (["--url", "ftp://x"], 2, "not a server's address"),
                (["--url", "127.0.0.1:1", "--out", out], 1, "No answer from 127.0.0.1:1 to GET /hello"),
                (["--server", "/nonexistent", "--out", out], 1, "Cannot start /nonexistent"),
                (["--server", "/bin/true", "--out", out], 1, "ended before it was ready. (exit status 0)"),
                (["--server", self.binary, "--out", "/proc/x/y"], 1, "Cannot write /proc/x/y")):
            with self.subTest(arguments=arguments):
                done, output, progress = self.run_script("demo.sh", *arguments)
                self.assertEqual(done, code, progress)
                self.assertIn(message, progress)
                self.assertNotIn("Traceback", progress)
                self.assertEqual(output, "")

    def test_draws_a_live_line_on_a_terminal_and_honours_no_color(self):
        for colour in ("", "1"):
            screen = self.on_terminal(NO_COLOR=colour)
            self.assertIn("\r\033[K", screen)
            self.assertRegex(screen, r"offload: writing 1,000,000 records, run \d+  \d+ s")
            self.assertEqual("\033[32m" in screen, not colour)
            self.assertEqual(re.search(r"\033\[\d*m", screen) is None, bool(colour))

    def on_terminal(self, **more):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        command = [os.path.join(support.LOAD, "demo.sh"), "--server", self.binary, "--methods", "offload",
                   "--out", os.path.join(self.folder, "out.json")]
        process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                                   env=self.environment(TERM="xterm", **more))
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


class Stall(support.StandIn):
    def test_prints_before_and_during_side_by_side(self):
        code, output, progress = self.run_script("stall.sh", "sync", self.serve(1))
        self.assertEqual(code, 0, progress)
        self.assertLessEqual(max(map(len, output.splitlines())), 80)
        self.assertRegex(output, r"^/hello +before +during\n")
        self.assertRegex(output, r"(?m)^max +[\d.]+ u?m?s +1\.\d+ s$")
        self.assertIn("Loop: BLOCKED.", output)

    def test_passes_on_why_a_write_was_refused(self):
        code, output, progress = self.run_script("stall.sh", "bogus", self.serve(0))
        self.assertEqual((code, output), (1, ""))
        self.assertIn("method: 'bogus' is not one of", progress)


class Baseline(support.StandIn):
    def test_prints_a_table_and_the_same_as_json(self):
        code, output, progress = self.run_script("baseline.sh", "-d", "1", self.serve(0) + "/hello")
        self.assertEqual(code, 0, progress)
        *lines, last = output.splitlines()
        figures = json.loads(last)
        self.assertIn(f"{figures['requests']:,}", "\n".join(lines))
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_says_what_is_wrong_and_exits_non_zero(self):
        for arguments, code, message in ((["-d", "0"], 2, "'0' is not a whole number"), (["-x"], 2, "load/baseline.sh"),
                                         (["-d", "1", "127.0.0.1:1"], 1, "unable to connect")):
            with self.subTest(arguments=arguments):
                done, _, progress = self.run_script("baseline.sh", *arguments)
                self.assertEqual(done, code)
                self.assertIn(message, progress)


if __name__ == "__main__":
    unittest.main()
