# SPDX-License-Identifier: MIT

"""Programs that nobody here wrote, under `loopscope watch`: what they measure themselves is what is told of them."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from collections.abc import Iterator
from typing import Any

from polling import wait_until
from watcher import BINARY, watch_command

NODE_SERVER = """
const fs = require("fs"), http = require("http");

function writeAll(count) {
  const file = fs.openSync("test.txt", "w");
  for (let i = 0; i < count; ++i) fs.writeSync(file, "record " + i + "\\n");
  fs.closeSync(file);
}
function compute(ms) {
  const end = Date.now() + ms;
  let sum = 0;
  while (Date.now() < end) sum += Math.sqrt(sum + 1);
  return sum;
}
http.createServer((request, response) => {
  const start = process.hrtime.bigint();
  if (request.url === "/write") writeAll(300000);
  if (request.url === "/compute") compute(200);
  response.end(String(Number(process.hrtime.bigint() - start) / 1e6));
}).listen(Number(process.argv[2]), "127.0.0.1");
"""
ASYNCIO_PROGRAM = """
import asyncio, json, time

async def main():
    for _ in range(10):
        await asyncio.sleep(0.02)
    begin = time.monotonic()
    time.sleep(0.3)
    slept = time.monotonic() - begin
    for _ in range(5):
        await asyncio.sleep(0.02)
    begin = time.monotonic()
    while time.monotonic() - begin < 0.2:
        pass
    computed = time.monotonic() - begin
    for _ in range(5):
        await asyncio.sleep(0.02)
    print(json.dumps([slept * 1000, computed * 1000]))

asyncio.run(main())
"""
TOLERANCE = 0.05
TOLERANCE_MS = 20  # a turn has more in it than what the program measures
START_TIMEOUT_S = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def get(port: int, target: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{target}", timeout=60) as response:
        return str(response.read().decode())


class Watched:
    """A command under watch, in a folder of its own, and its report at the end."""

    def __init__(self, *command: str, flags: tuple[str, ...] = ()) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="loopscope-watch.")
        self.folder = pathlib.Path(self._folder.name)
        self._json = self.folder / "report.json"
        self._command = watch_command(*command, flags=("--json", str(self._json), "--quiet", *flags))
        self.report: dict[str, Any] = {}

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder
        )

    def read_report(self) -> None:
        self.report = json.loads(self._json.read_text())
        self._folder.cleanup()

    def stalls(self, expected: int, longer_than_ms: float = 0) -> list[dict[str, Any]]:
        found = [each for each in self.report["stalls"] if each["duration_ms"] > longer_than_ms]
        if len(found) != expected:
            raise AssertionError(f"{len(found)} stalls, not {expected}: {self.report}")
        return found


@contextlib.contextmanager
def server(watched: Watched, port: int) -> Iterator[subprocess.Popen[str]]:
    """Runs the server, ends it with SIGTERM and reads the report."""
    with watched.start() as process:
        try:
            wait_until(lambda: accepts(port), "the server listens", START_TIMEOUT_S)
            yield process
            process.terminate()
            process.wait(START_TIMEOUT_S)
        finally:
            process.kill()
    watched.read_report()


class Programs(unittest.TestCase):
    def assert_near(self, told_ms: float, measured_ms: float) -> None:
        self.assertLess(abs(told_ms - measured_ms), max(TOLERANCE_MS, TOLERANCE * measured_ms), f"told {told_ms} ms")

    def assert_computed(self, stall: dict[str, Any]) -> None:
        """It was on a CPU, or ready for one that other programs had."""
        # What is off the CPU are the looks at its stack, which take longer where others have the CPU.
        self.assertLess(stall["off_cpu_ms"], stall["duration_ms"] / 4, stall)
        had_a_cpu = stall["cpu_ms"] >= stall["run_queue_ms"]
        self.assertEqual(stall["verdict"], "on_cpu" if had_a_cpu else "run_queue", stall)

    @unittest.skipUnless(shutil.which("node"), "Node.js is not installed")
    def test_a_script_of_node_is_blamed_by_function_and_line(self) -> None:
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "server.js"
            script.write_text(NODE_SERVER)
            watched = Watched("node", str(script), str(port))
            with server(watched, port):
                for _ in range(5):
                    get(port, "/")
                computed_ms = float(get(port, "/compute"))
                time.sleep(0.1)
                written_ms = float(get(port, "/write"))
        computed, written = watched.stalls(2, longer_than_ms=150)
        self.assert_near(written["duration_ms"], written_ms)
        self.assertEqual(written["culprit"], {"function": "writeAll", "file": str(script), "line": 4}, written)
        self.assertEqual((written["syscall"], written["path"]), ("write", str(watched.folder / "test.txt")), written)
        self.assert_near(computed["duration_ms"], computed_ms)
        self.assert_computed(computed)
        self.assertEqual(computed["culprit"], {"function": "compute", "file": str(script), "line": 9}, computed)
        self.assertEqual(watched.report["exit"], {"signal": 15})

    def test_a_coroutine_of_python_that_sleeps_and_one_that_computes(self) -> None:
        watched = Watched(sys.executable, "-c", ASYNCIO_PROGRAM, flags=("--threshold", "100ms"))
        with watched.start() as process:
            output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        watched.read_report()
        slept_ms, computed_ms = json.loads(output)
        self.assert_near(slept_ms, 300)
        slept, computed = watched.stalls(2)
        self.assert_near(slept["duration_ms"], slept_ms)
        self.assertEqual((slept["verdict"], slept["syscall"]), ("off_cpu", "clock_nanosleep"))
        self.assert_near(computed["duration_ms"], computed_ms)
        self.assert_computed(computed)
        loops = watched.report["processes"][0]["loops"]
        self.assertEqual([each["stalls"] for each in loops], [2])

    @unittest.skipUnless(shutil.which("redis-server") and shutil.which("redis-cli"), "Redis is not installed")
    def test_a_server_in_c_is_blamed_by_function(self) -> None:
        port = free_port()
        watched = Watched(
            *("redis-server", "--port", str(port), "--save", "", "--appendonly", "no"),
            *("--enable-debug-command", "yes", "--bind", "127.0.0.1"),
        )
        with server(watched, port):
            client = ["redis-cli", "-p", str(port)]
            for _ in range(5):  # a thread is known to be a loop after some turns
                subprocess.run([*client, "PING"], check=True, capture_output=True)
            time.sleep(0.1)
            subprocess.run([*client, "DEBUG", "SLEEP", "0.3"], check=True, capture_output=True)
            loop = "local x = 0; for i = 1, 30000000 do x = x + i end return x"
            subprocess.run([*client, "EVAL", loop, "0"], check=True, capture_output=True)
        slept, looped = watched.stalls(2, longer_than_ms=60)
        self.assert_near(slept["duration_ms"], 300)
        self.assertEqual((slept["verdict"], slept["culprit"]["function"]), ("off_cpu", "debugCommand"), slept)
        self.assertIn("evalGenericCommand", [each["function"] for each in looped["stack"]])
        self.assert_computed(looped)

    @unittest.skipUnless(os.path.exists(BINARY.parent / "lab_beast_server"), "the Asio server is not built")
    def test_threads_that_wait_for_the_leader_of_their_loop_are_not_blocked(self) -> None:
        watched = Watched(
            str(BINARY.parent / "lab_beast_server"), "threads=4", "run=plain", flags=("--threshold", "100ms")
        )
        with watched.start() as process:
            assert process.stdout
            port = next(json.loads(line)["port"] for line in process.stdout if '"port"' in line)
            for _ in range(20):
                get(port, "/sleep?ms=1")
            get(port, "/sleep?ms=300")
            time.sleep(0.5)
            process.terminate()
            process.stdout.read()
        watched.read_report()
        (slept,) = watched.stalls(1)
        self.assert_near(slept["duration_ms"], 300)
        self.assertEqual((slept["verdict"], slept["threads"]), ("off_cpu", 4))
        self.assertEqual(slept["culprit"]["function"], "lab::app::back_off", slept)


if __name__ == "__main__":
    unittest.main()
