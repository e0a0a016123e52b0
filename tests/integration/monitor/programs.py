# SPDX-License-Identifier: MIT

"""Starts the programs that block themselves, and reads their lines."""

import collections
import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, Self

from polling import wait_until
from truth import Answer, Comparison, Record, Truth, compare, record_of, truth_of

BUILT = pathlib.Path(os.environ.get("LOOPSCOPE_PROGRAMS") or pathlib.Path(__file__).resolve().parents[3] / "build/bin")
KINDS = (
    "regex",
    "json",
    "spin",
    "fsync",
    "read",
    "sleep",
    "mutex",
    "usleep",
    "poll",
    "select",
    "recv",
    "sem_timedwait",
)
END_TIMEOUT_S = 15


def program(name: str) -> str:
    return str(BUILT / f"lab_{name}")


class Program:
    """A context manager: starts a program in a folder of its own and reads its lines as they come.

    At the end it has been told to end (SIGTERM; end of its input), and has ended. A program that does not is killed, and
    the test fails.
    """

    process: subprocess.Popen[str]

    def __init__(self, name: str, *arguments: str) -> None:
        self._command = [program(name), *arguments]
        self._lines: dict[str, list[Any]] = collections.defaultdict(list)
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="loopscope-lab.")
        self._reader = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self._folder.name,
            start_new_session=True,  # so that its children can be killed with it
        )
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(1)
        if self._reader.is_alive():  # a daemon has left the session and has the output still
            for pid in self.lines("process"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._reader.join()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            with contextlib.suppress(OSError):
                stream.close()
        self._folder.cleanup()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            for name, value in json.loads(line).items():
                with self._lock:
                    self._lines[name].append(value)

    def lines(self, name: str) -> list[Any]:
        with self._lock:
            return list(self._lines[name])

    def first(self, name: str) -> Any:
        return wait_until(lambda: self.lines(name), f"a line of {name}")[0]

    def truths(self) -> list[Truth]:
        handlers = self.lines("handler")
        return [truth_of(each, handlers) for each in self.lines("truth")]

    def records(self) -> list[Record]:
        return [record_of(each) for each in self.lines("record")]

    def send(self, target: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(target + "\n")
        self.process.stdin.flush()

    def end(self, timeout_s: float = END_TIMEOUT_S) -> int:
        """Waits until the program has ended, and its children, which have its output too. Returns its exit code."""
        assert self.process.stdin
        self.process.stdin.close()
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired as failure:
            raise AssertionError("the program does not end") from failure
        self._reader.join(END_TIMEOUT_S)
        if self._reader.is_alive():
            raise AssertionError("a child of the program does not end")
        return code

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def comparison(self, answers: Sequence[Answer] = ()) -> Comparison:
        """Of what has been read so far: call it after the end."""
        made = compare(self.truths(), self.records(), answers)
        if os.environ.get("LOOPSCOPE_PRINT_TABLES"):
            print(" ".join(self._command), made.table(), sep="\n", file=sys.stderr)
        return made


def get(port: int, target: str) -> Answer:
    """One request on a connection of its own."""
    start_ns = time.monotonic_ns()
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=END_TIMEOUT_S)) as connection:
        connection.request("GET", target)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
    return Answer(start_ns, (time.monotonic_ns() - start_ns) / 1e6)


def ask_line(port: int, target: str) -> None:
    with socket.create_connection(("127.0.0.1", port), END_TIMEOUT_S) as connection:
        connection.sendall(target.encode() + b"\n")
        assert connection.makefile().readline() == target + "\n"


@contextlib.contextmanager
def busy_neighbours(count: int) -> Iterator[None]:
    """Processes that want the CPU all the time."""
    spin = [sys.executable, "-c", "while True: pass"]
    with contextlib.ExitStack() as running:
        for _ in range(count):
            process = running.enter_context(subprocess.Popen(spin))
            running.callback(process.kill)
        yield


@dataclasses.dataclass(frozen=True)
class Load:
    """What a closed-loop client saw: all its connections asked from start_ns to end_ns."""

    answers: int
    slow: tuple[Answer, ...]
    start_ns: int
    end_ns: int

    def contains(self, record: Record) -> bool:
        return self.start_ns <= record.start_ns and record.end_ns <= self.end_ns


def closed_loop_load(port: int, connections: int, seconds: float) -> Load:
    command = [program("closed_loop_client"), str(port), str(connections), str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + END_TIMEOUT_S)
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    return Load(slow=tuple(Answer(**line["answer"]) for line in lines), **last)
