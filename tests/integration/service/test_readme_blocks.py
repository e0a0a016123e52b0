# SPDX-License-Identifier: MIT

"""Every code block of every README: its commands run here, or a comment above it names the test that runs them."""

import itertools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from loopscope import BINARY, Loopscope
from polling import wait_until
from readme_blocks import ROOT, Block, all_blocks

PROBE = os.environ["LOOPSCOPE_PROBE"]
OUTPUT = "text"
COMMANDS = ("sh", "console")
# The programs that the blocks name, and those that this test runs in their place.
PROGRAMS = {
    "build/bin/loopscope": BINARY,
    "build/bin/loopscope-probe": PROBE,
    "loopscope": BINARY,
}
# Shorter writes and runs than a reader wants to see.
SHORTER = (
    ("method=sync&count=3000000", "method=sync&count=300000"),
    ("--duration 8s", "--duration 500ms"),
    ("--trigger-at 2s", "--trigger-at 100ms"),
    ("-d8s", "-d5s"),
    ("load/compare.py --quick", "load/compare.py --quick --idle 0.2 --window 0.2 --count 100000"),
)
SERVES = "build/bin/loopscope"


def keys_of(text: str) -> set[str]:
    return set(re.findall(r'"(\w+)":', text))


class Blocks(unittest.TestCase):
    def test_each_is_a_command_a_part_of_a_program_or_output(self) -> None:
        languages = {block.language for block in all_blocks()}
        self.assertLessEqual(languages, {*COMMANDS, "cpp", "cmake", OUTPUT})

    def test_a_named_test_exists_and_runs_the_programs_of_the_block(self) -> None:
        named = [block for block in all_blocks() if block.runners]
        self.assertGreater(len(named), 3)
        for block in named:
            with self.subTest(path=block.path, line=block.line):
                texts = "".join(source_of(runner) for runner in block.runners)
                self.assertTrue(texts, f"there is no {block.runners}")
                if block.path in texts:  # that test reads the README itself
                    continue
                for command, _ in block.commands():
                    words = [os.path.basename(word) for word in shlex.split(command, comments=True)]
                    program = next(word for word in words if not word.startswith("-") and word not in ("cd", "&&"))
                    self.assertTrue(program in texts, f"{block.runners} do not run {program}")

    def test_programs_in_the_readme_are_parts_of_the_tested_one(self) -> None:
        program = (ROOT / "tests/package/stranger/watch_your_own_loop.cpp").read_text()
        tested = {line.strip() for line in program.splitlines()}
        [block] = [block for block in all_blocks() if block.path == "README.md" and block.language == "cpp"]
        self.assertEqual([line for line in block.text.splitlines() if line and line.strip() not in tested], [])
        self.assertLessEqual(len([line for line in block.text.splitlines() if line]), 9)


def source_of(runner: str) -> str:
    """The text of a test, or of all tests of a folder."""
    path = ROOT / runner
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return "".join(file.read_text(errors="replace") for file in files if file.is_file())


class Commands(unittest.TestCase):
    """Runs the commands of the blocks against one service, in a folder in which they may leave files."""

    service: Loopscope
    folder: str

    @classmethod
    def setUpClass(cls) -> None:
        # The budget of the example of a container with 128 MiB.
        cls.service = cls.enterClassContext(Loopscope("--max-pending-bytes", "48MiB"))
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="loopscope-readme-"))
        for name in ("load", "tests", "server", ".ci"):
            os.symlink(ROOT / name, os.path.join(cls.folder, name))

    def here(self, command: str) -> str:
        for documented, address in (("127.0.0.1:8080", "listen"), ("127.0.0.1:8081", "admin")):
            command = command.replace(documented, self.service.ready[address])
        for long, short in SHORTER:
            command = command.replace(long, short)
        command = re.sub(r"(load/stall\.lua http://[\d.:]+)(?![\d.:]| --)", r"\1 -- sync", command)
        command = re.sub(r"(load/stall\.lua http://[\d.:]+ -- \w+)", r"\1 100000", command)
        command = command.replace("load/results/", self.folder + "/results/")
        if command.startswith("load/compare.py --quick"):
            command += f" --server {shlex.quote(BINARY)} --probe {shlex.quote(PROBE)}"
        for documented, binary in PROGRAMS.items():
            command = re.sub(rf"(?<![\w/-]){re.escape(documented)}(?![\w/-])", shlex.quote(binary), command)
        return command

    def run_here(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", "set -o pipefail; " + self.here(command)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            cwd=self.folder,
            env={**os.environ, "LOOPSCOPE": BINARY, "COUNT": "300000"},
        )

    def test_every_command_runs_and_prints_what_is_shown(self) -> None:
        commands = [
            (block, command, shown)
            for block in all_blocks()
            if block.language in COMMANDS and not block.runners
            for command, shown in block.commands()
        ]
        self.assertGreater(len(commands), 12)
        for block, command, shown in commands:
            with self.subTest(path=block.path, line=block.line, command=command):
                if command.strip() == SERVES:  # the service that runs already
                    self.assertLessEqual(keys_of(shown), keys_of(json.dumps(self.service.ready)))
                elif " watch " in command and " -- node " in command:
                    if not shutil.which("node"):
                        self.skipTest("Node.js is not installed")
                    self.check_words(shown, self.watched(command))
                else:
                    done = self.run_here(command)
                    # Two short runs on a busy machine may differ, and `diff` says so with 1.
                    expected = int(" diff " in command and "\nWORSE " in done.stdout)
                    self.assertEqual(done.returncode, expected, done.stderr + done.stdout)
                    self.check(block, command, shown, done.stdout)

    def check(self, block: Block, command: str, shown: str, printed: str) -> None:
        if command.endswith("/stalls"):
            self.assertLessEqual(keys_of(shown), keys_of(json.dumps(self.stall_with_stack(command))))
        elif shown.startswith('{"type":"about:blank"'):
            self.assertEqual(json.loads(shown), json.loads(printed))
        elif shown.startswith("{"):
            self.assertLessEqual(keys_of(shown), keys_of(printed))
        elif "%{time_total}" in command:
            self.assertEqual(shown.splitlines()[0], printed.splitlines()[0])
        elif shown:
            self.check_words(shown, printed)

    def check_words(self, shown: str, printed: str) -> None:
        """The words that begin the lines are printed, too: the names of rows, but no figure."""

        def beginnings(text: str) -> set[str]:
            return set(re.findall(r"^ *([a-z][a-z/]*(?: [a-z]+)*)(?=  |: )", text, re.MULTILINE))

        self.assertLessEqual(beginnings(shown), beginnings(printed), printed)

    def stall_with_stack(self, command: str) -> object:
        """Resolving a stack takes a moment. A busy machine adds stalls without one."""

        def stalls() -> list[dict[str, object]]:
            printed = json.loads(self.run_here(command).stdout)["stalls"]
            return [stall for stall in printed if stall["stack"]]

        return wait_until(stalls, "a stall with its stack")[0]

    def test_the_sentence_that_the_readme_shows_is_that_of_the_latest_stall(self) -> None:
        [command] = [
            command
            for block in all_blocks()
            if block.path == "README.md" and block.language == "console"
            for command, _ in block.commands()
            if '"sentence"' in command
        ]
        self.service.write(method="sync", count=299_999)
        counts = itertools.count(300_000)

        def prints_the_latest() -> bool:
            """A busy machine may add a stall behind that of the write."""
            count = next(counts)
            self.service.write(method="sync", count=count)
            explained = time.monotonic() + 5
            while f"count={count} " not in (printed := self.run_here(command).stdout):
                if time.monotonic() > explained:
                    print(f"not of count={count}: {printed}", file=sys.stderr)
                    return False
            return True

        wait_until(prints_the_latest, "the sentence of the latest write")

    def watched(self, command: str) -> str:
        """What the watcher says of Node.js and of one write of it, until Ctrl-C."""
        command = self.here(command.replace("127.0.0.1:8090", "127.0.0.1:0").replace(" /tmp ", f" {self.folder} "))
        process = subprocess.Popen(
            shlex.split(command),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            start_new_session=True,
        )
        said = ""
        try:
            assert process.stdout
            url = "http://" + json.loads(process.stdout.readline())["listen"]
            for _ in range(20):
                subprocess.run(["curl", "-sf", url + "/hello"], check=True, capture_output=True)
            write = url + "/write?method=sync&count=300000"
            subprocess.run(["curl", "-sf", "-X", "POST", write], check=True, capture_output=True)
            os.killpg(process.pid, signal.SIGINT)
            said = process.communicate(timeout=60)[1]
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        return said


class Links(unittest.TestCase):
    def test_every_link_to_a_file_leads_somewhere(self) -> None:
        for path in sorted({block.path for block in all_blocks()}):
            text = re.sub(r"^```.*?^```", "", (ROOT / path).read_text(encoding="utf-8"), flags=re.M | re.S)
            for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
                with self.subTest(path=path, target=target):
                    self.assertTrue((ROOT / path).parent.joinpath(target).exists())

    def test_the_readme_is_short(self) -> None:
        self.assertLessEqual(len((ROOT / "README.md").read_text().splitlines()), 200)

    def test_every_named_script_exists(self) -> None:
        for path in sorted({block.path for block in all_blocks()}):
            text = (ROOT / path).read_text(encoding="utf-8")
            for script in re.findall(
                r"(?<![\w/.-])((?:load|tests|docker|\.ci)/[\w./-]+\.(?:py|sh|lua|js))\b(?!\.)", text
            ):
                with self.subTest(path=path, script=script):
                    is_command = script.endswith(".sh") or re.fullmatch(r"load/(bench/)?\w+\.py", script)
                    mode = os.X_OK if is_command else os.R_OK
                    self.assertTrue(os.access(ROOT / script, mode), "missing or not executable")


if __name__ == "__main__":
    unittest.main()
