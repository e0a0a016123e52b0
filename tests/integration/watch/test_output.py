# SPDX-License-Identifier: MIT

"""What `loopscope watch` leaves: the text on stderr, JSON, folded stacks, the log, the live page, the exit status."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from polling import wait_until
from watcher import run, watch_command

WIDTH = 80
# Above what a busy machine adds by itself, and below what the programs block.
THRESHOLD = ("--threshold", "200ms")
# Blocks its loop once, for a second.
BLOCKS = """
import asyncio, time
async def main():
    for _ in range(10): await asyncio.sleep(0.01)
    time.sleep(1)
    for _ in range(10): await asyncio.sleep(0.01)
asyncio.run(main())
"""
BLOCKS_FOR_EVER = """
import asyncio, time
async def main():
    for _ in range(10): await asyncio.sleep(0.01)
    print("blocked", flush=True)
    time.sleep(3600)
asyncio.run(main())
"""
WAITS = """
import asyncio
async def main():
    print("ready", flush=True)
    while True: await asyncio.sleep(0.01)
asyncio.run(main())
"""


def python(code: str) -> tuple[str, str, str]:
    return sys.executable, "-c", code


class Output(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="loopscope-watch.")))

    def test_the_text_says_what_blocked_in_80_columns(self) -> None:
        done = run(*python(BLOCKS), flags=THRESHOLD)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        sentence, *text = done.stderr.splitlines()
        self.assertRegex(
            sentence, r"^loopscope: loop python\S* \(\d+\) was blocked for [\d.]+ m?s, asleep in clock_nanosleep"
        )
        self.assertLessEqual(max(map(len, text)), WIDTH)
        for words in ("how long a turn took", "what blocked", "off_cpu", "Added to the command's environment:"):
            self.assertIn(words, done.stderr)

    def test_quiet_is_silent(self) -> None:
        self.assertEqual(run(*python(BLOCKS)).stderr, "")

    def test_sentences_go_to_the_log(self) -> None:
        log = self.folder / "log"
        done = run(*python(BLOCKS), flags=(*THRESHOLD, "--log", str(log)))
        self.assertNotIn("was blocked for", done.stderr)
        self.assertEqual(log.read_text().count("was blocked for"), 1)

    def test_folded_stacks_have_the_blocked_microseconds(self) -> None:
        folded, report = self.folder / "folded", self.folder / "json"
        run(*python(BLOCKS), flags=("--quiet", *THRESHOLD, "--folded", str(folded), "--json", str(report)))
        weights = [int(line.rsplit(" ", 1)[1]) for line in folded.read_text().splitlines()]
        stalls = json.loads(report.read_text())["stalls"]
        self.assertGreater(sum(weights) / 1000, 990)
        self.assertAlmostEqual(sum(weights) / 1000, sum(stall["duration_ms"] for stall in stalls), delta=1)

    def test_a_stall_above_the_limit_fails(self) -> None:
        self.assertEqual(run(*python(BLOCKS), flags=("--quiet", "--fail-above", "200ms")).returncode, 1)
        self.assertEqual(run(*python(BLOCKS), flags=("--quiet", "--fail-above", "10s")).returncode, 0)

    def test_a_file_that_cannot_be_written_changes_nothing_else(self) -> None:
        done = run(*python("raise SystemExit(7)"), flags=("--quiet", "--json", "/dev/full"))
        self.assertEqual(done.returncode, 7)
        self.assertIn("/dev/full", done.stderr)
        done = run(*python("raise SystemExit(7)"), flags=("--quiet", "--json", str(self.folder / "no" / "file")))
        self.assertEqual(done.returncode, 7)
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_a_program_without_a_loop_is_said_to_have_none(self) -> None:
        done = run(*python("print(1)"), flags=())
        self.assertEqual(done.stdout, "1\n")
        self.assertIn("No thread waited for events", done.stderr)

    def test_a_program_that_is_killed_in_a_stall_was_blocked_until_then(self) -> None:
        report = self.folder / "json"
        command = watch_command(*python(BLOCKS_FOR_EVER), flags=("--quiet", *THRESHOLD, "--json", str(report)))
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watcher:
            assert watcher.stdout
            self.assertEqual(watcher.stdout.readline(), "blocked\n")
            time.sleep(1)  # the stall that is measured
            children = pathlib.Path(f"/proc/{watcher.pid}/task/{watcher.pid}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGKILL)
            self.assertEqual(watcher.wait(30), 128 + signal.SIGKILL)
        document = json.loads(report.read_text())
        self.assertEqual(document["exit"], {"signal": signal.SIGKILL})
        (stall,) = document["stalls"]
        self.assertGreater(stall["duration_ms"], 950)
        self.assertEqual((stall["verdict"], stall["in_progress"]), ("off_cpu", False))

    def test_the_live_page_shows_the_loop_while_it_runs(self) -> None:
        command = watch_command(*python(WAITS), flags=("--admin", "127.0.0.1:0"))
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watcher:
            try:
                assert watcher.stdout and watcher.stderr
                url = watcher.stderr.readline().rsplit(" ", 1)[1].strip()
                self.assertEqual(watcher.stdout.readline(), "ready\n")

                def loops() -> list[dict[str, object]]:
                    with urllib.request.urlopen(url + "loop", timeout=10) as response:
                        found: list[dict[str, object]] = json.load(response)["loops"]
                        return found

                wait_until(lambda: any(each["running"] for each in loops()), "the loop is found")
                with urllib.request.urlopen(url + "info", timeout=10) as response:
                    self.assertEqual(json.load(response)["mode"], "watch")
            finally:
                watcher.terminate()
            self.assertEqual(watcher.wait(30), 128 + signal.SIGTERM)

    def test_an_address_in_use_is_an_error_before_the_command_starts(self) -> None:
        done = run(*python("print(1)"), flags=("--admin", "192.0.2.1:1"))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("192.0.2.1:1 (--admin)", done.stderr)


if __name__ == "__main__":
    unittest.main()
