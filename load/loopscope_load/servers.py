# SPDX-License-Identifier: MIT

"""The systems that can be measured, and a process of one: started on free loopback ports and stopped again."""

import contextlib
import functools
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Protocol, Self

from loopscope_load import Json
from loopscope_load.build import ROOT
from loopscope_load.claims import CLAIMS
from loopscope_load.terminal import Failure, Refused
from loopscope_load.writes import Client

READY_TIMEOUT_S = 20
STOP_TIMEOUT_S = 5
NODE_MAJOR_MIN = 18
LOG_LINES_MAX = 8


class System(Protocol):
    """A system that can be measured: its methods and how it is started."""

    name: str

    @property
    def methods(self) -> tuple[str, ...]:
        ...

    def command(self, data_dir: str) -> list[str]:
        ...

    def version(self) -> str | None:
        ...


class Loopscope:
    name = "loopscope"

    def __init__(self, binary: str, file_io: str) -> None:
        self._binary = binary
        self._file_io = file_io

    def command(self, data_dir: str) -> list[str]:
        planes = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
        return [self._binary, *planes, "--data-dir", data_dir, "--file-io", self._file_io]

    @functools.cached_property
    def methods(self) -> tuple[str, ...]:
        """The service's own list. Raises Failure when it does not start."""
        with tempfile.TemporaryDirectory() as folder, running(self.command(folder)) as server:
            with Client(server.url) as client:
                return tuple(each["name"] for each in client.json("/methods")["methods"])

    def version(self) -> str | None:
        return version_of(self._binary)


class NodePeer:
    """load/peers/node, which has the methods of the articles: no partition and no offload."""

    name = "node"
    methods = tuple(CLAIMS)

    def __init__(self) -> None:
        node = shutil.which("node") or shutil.which("nodejs")
        if node is None:
            raise Failure("--peer node needs Node.js (Debian package nodejs), which is not installed.")
        self._node = node
        version = self.version()
        major = re.match(r"v(\d+)\.", version or "")
        if major is None or int(major[1]) < NODE_MAJOR_MIN:
            raise Failure(f"--peer node needs Node.js {NODE_MAJOR_MIN} or newer; {node} is {version or 'not usable'}.")

    def command(self, data_dir: str, *node_flags: str) -> list[str]:
        return [*self.script("server.js", *node_flags), "--listen", "127.0.0.1:0", "--data-dir", data_dir]

    def script(self, name: str, *node_flags: str) -> list[str]:
        return [self._node, *node_flags, os.path.join(ROOT, "load", "peers", "node", name)]

    def version(self) -> str | None:
        return version_of(self._node)


def version_of(program: str) -> str | None:
    """The first line that the program prints for --version; None when there is none."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return next(iter(done.stdout.strip().splitlines()), None)


class ServerProcess:
    """One server process, which prints a ready line in JSON; a context manager that leaves no process behind.

    url is its data plane. admin_url is its admin plane, or None when it has none.
    """

    url: str
    admin_url: str | None
    ready: Json

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._log = tempfile.TemporaryFile()

    def __enter__(self) -> Self:
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,
            )
        except OSError as error:
            self._log.close()
            raise Failure(f"Cannot start {self._command[0]}: {error.strerror}.") from error
        try:
            self.ready = self._ready_line()
            self.url = "http://" + self.ready["listen"]
            self.admin_url = "http://" + self.ready["admin"] if self.ready.get("admin") else None
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                pass
            finally:
                # Also when a second Ctrl-C ends the wait.
                if self._process.poll() is None:
                    self._process.kill()
                    self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()
        self._log.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _ready_line(self) -> Json:
        assert self._process.stdout
        deadline = time.monotonic() + READY_TIMEOUT_S
        received = b""
        descriptor = self._process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in received:
                if not selector.select(max(0, deadline - time.monotonic())):
                    raise Failure(f"The server printed no ready line within {READY_TIMEOUT_S} s." + self.last_words())
                piece = os.read(descriptor, 4096)
                if not piece:
                    raise Failure("The server ended before it was ready." + self.last_words())
                received += piece
        line = received.split(b"\n", 1)[0].decode(errors="replace")
        try:
            ready: Json = json.loads(line)
            if ready["event"] == "ready" and ":" in ready["listen"]:
                return ready
        except (ValueError, KeyError, TypeError):
            pass
        raise Failure(f"Expected the server's ready line, got: {line[:200]}")

    def has_ended(self) -> bool:
        """Whether the process has ended. Waits a moment for one that is about to end."""
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def exit_status(self) -> int | None:
        """Negative: the signal that ended it. None: it runs."""
        return self._process.returncode

    def log(self) -> str:
        """What it has written to stderr."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def last_words(self) -> str:
        """How the process ended and the end of its log, for a message."""
        ending = "still running"
        if self.has_ended():
            code = self._process.returncode
            ending = f"exit status {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        lines = self.log().splitlines()[-LOG_LINES_MAX:]
        return f" ({ending})" + "".join(f"\n  | {line}" for line in lines)


@contextlib.contextmanager
def running(command: Sequence[str]) -> Iterator[ServerProcess]:
    """A server process. If the server ended, a Failure inside the context also says how it ended."""
    with ServerProcess(command) as server:
        try:
            yield server
        except Refused:
            raise
        except Failure as failure:
            raise (Failure(f"{failure}{server.last_words()}") if server.has_ended() else failure) from None
