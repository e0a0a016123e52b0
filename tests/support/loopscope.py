# SPDX-License-Identifier: MIT

"""Starts a loopscope process on free loopback ports and sends requests to it."""

import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, Self

from polling import wait_until

Address = tuple[str, int]

BINARY = os.environ.get("LOOPSCOPE_BINARY") or str(pathlib.Path(__file__).resolve().parents[2] / "build/bin/loopscope")
METHODS = ("sync", "promise", "callback", "stream", "partition", "offload")
WITH_BACK_END = ("promise", "callback", "stream")


@dataclasses.dataclass(frozen=True)
class Footprint:
    rss_kib: int
    fds: int
    threads: int

    def grown_beyond(self, earlier: "Footprint") -> bool:
        """Whether there are more descriptors or threads. There may be fewer: the service's first measurements end."""
        return self.fds > earlier.fds or self.threads > earlier.threads


class Loopscope:
    """A context manager: starts the service, waits for its ready line, kills it at the end if it still runs."""

    process: subprocess.Popen[bytes]
    ready: dict[str, Any]
    address: Address
    admin_address: Address

    def __init__(
        self,
        *flags: str,
        listen: str = "127.0.0.1:0",
        data_dir: str | os.PathLike[str] | None = None,
        preexec: Callable[[], None] | None = None,
        environment: Mapping[str, str] | None = None,
        binary: str | None = None,
    ) -> None:
        self._flags = flags
        self._listen = listen
        self._owns_directory = data_dir is None
        self.data_dir = pathlib.Path(data_dir or tempfile.mkdtemp(prefix="loopscope-test."))
        self._preexec = preexec
        self._environment = {**os.environ, **(environment or {})}
        self._binary = binary or BINARY
        self.log = ""
        self.log_reader_ = threading.Thread(target=self._read_log)

    def __enter__(self) -> Self:
        command = [self._binary, "--listen", self._listen, "--admin", "127.0.0.1:0", "--data-dir", str(self.data_dir)]
        self.process = subprocess.Popen(
            command + list(self._flags),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=self._preexec,
            env=self._environment,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        self.log_reader_.start()
        if not line:
            self.__exit__()
            raise AssertionError("no ready line: " + self.log)
        self.ready = json.loads(line)
        self.address = split_address(self.ready["listen"])
        self.admin_address = split_address(self.ready["admin"])
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log_reader_.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream
            stream.close()
        if self._owns_directory:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def _read_log(self) -> None:
        assert self.process.stderr
        self.log = self.process.stderr.read().decode(errors="replace")

    def connect(self, timeout: float = 120) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self.address, timeout=timeout)

    def ask(
        self, target: str, method: str = "GET", headers: Mapping[str, str] | None = None, timeout: float = 120
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request on a connection of its own."""
        with contextlib.closing(self.connect(timeout)) as connection:
            connection.request(method, target, headers=headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()

    def ask_admin(self, target: str, timeout: float = 30) -> tuple[int, str]:
        """Status and text of one request to the admin plane."""
        with contextlib.closing(http.client.HTTPConnection(*self.admin_address, timeout=timeout)) as connection:
            connection.request("GET", target)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def admin_json(self, target: str) -> Any:
        status, text = self.ask_admin(target)
        assert status == 200, (status, text)
        return json.loads(text)

    def events(self, timeout: float = 30) -> Generator[Any, None, None]:
        """Generates the samples of /events until it is closed."""
        with contextlib.closing(http.client.HTTPConnection(*self.admin_address, timeout=timeout)) as connection:
            connection.request("GET", "/events")
            for line in connection.getresponse():
                if line.startswith(b"data: "):
                    yield json.loads(line[len(b"data: ") :])

    def write(self, **parameters: str | int) -> tuple[int, Any]:
        """Status and JSON of one /write."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        status, _, body = self.ask("/write?" + query)
        return status, json.loads(body)

    def count_that_takes(self, milliseconds: float, **parameters: str | int) -> int:
        """A number of records whose write takes about so long with this build on this machine."""
        count = 10_000
        while True:
            status, report = self.write(count=count, **parameters)
            assert status == 200, report
            took_ms = report["timing_ms"]["completed"]
            if took_ms > milliseconds / 5 or count >= 20_000_000:
                return int(min(count * max(milliseconds / took_ms, 1), 90_000_000))
            count *= 5

    def methods(self) -> list[dict[str, Any]]:
        """The write methods as /methods describes them."""
        methods: list[dict[str, Any]] = json.loads(self.ask("/methods")[2])["methods"]
        return methods

    def has_io_uring(self) -> bool:
        return has_memory_for_rings() and bool(self.admin_json("/info")["io_uring"]["available"])

    def parts(self) -> list[pathlib.Path]:
        return list(self.data_dir.glob("*.part"))

    def footprint(self) -> Footprint:
        return footprint(self.process.pid)

    def idle_footprint(self) -> Footprint:
        """The footprint once no write is running and the connections of earlier requests have been closed."""
        wait_until(lambda: self.running() == 0, "no running write")
        previous = [self.footprint()]

        def unchanged() -> bool:
            time.sleep(0.02)
            previous.append(self.footprint())
            same = [(each.fds, each.threads) for each in previous[-4:]]
            return len(same) == 4 and len(set(same)) == 1

        wait_until(unchanged, "a constant number of descriptors and threads")
        return previous[-1]

    def wait_until_nothing_is_held(self, before: Footprint) -> None:
        """Until no write is running and there are no more descriptors and threads than before."""
        wait_until(lambda: self.running() == 0, "no running write")
        try:
            wait_until(lambda: not self.footprint().grown_beyond(before), "no more descriptors and threads than before")
        except AssertionError as error:
            held = sorted(self.descriptors().values())
            raise AssertionError(
                f"{error}: {before}, {self.footprint()}, {held}, {self.admin_json('/stalls')}"
            ) from error

    def descriptors(self) -> dict[int, str]:
        """What each open descriptor leads to."""
        links = {}
        for each in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                links[int(each.name)] = os.readlink(each)
        return links

    def fail_writes(self) -> None:
        """From now on no file may have a byte: every running write fails with its next record."""
        resource.prlimit(
            self.process.pid,
            resource.RLIMIT_FSIZE,
            (0, resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1]),
        )

    def running(self) -> int:
        """The number of running writes."""
        return len(self.admin_json("/runs")["running"])

    def writes_ended(self, outcome: str, **labels: str) -> int:
        """loopscope_writes_total with that outcome, summed over the labels that are not given."""
        wanted = [f'{name}="{value}"' for name, value in {**labels, "outcome": outcome}.items()]
        lines = [
            line
            for line in self.ask_admin("/metrics")[1].splitlines()
            if line.startswith("loopscope_writes_total{") and all(each in line for each in wanted)
        ]
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines)

    def stop(self, signal_number: int) -> int:
        """Sends the signal and returns the exit code. The log is complete afterwards."""
        self.process.send_signal(signal_number)
        code = self.process.wait(timeout=60)
        self.log_reader_.join()
        return code


def footprint(pid: int) -> Footprint:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    field = {name: value.split() for name, _, value in (line.partition(":") for line in status.splitlines())}
    return Footprint(int(field["VmRSS"][0]), len(os.listdir(f"/proc/{pid}/fd")), own_threads(pid))


def has_memory_for_rings() -> bool:
    """The rings of all processes of a user share RLIMIT_MEMLOCK, and other tests run meanwhile."""
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return os.geteuid() == 0 or limit == resource.RLIM_INFINITY


def own_threads(pid: int) -> int:
    """The number of threads without io_uring's workers, which the kernel lists too and does not end at once."""
    count = 0
    for name in pathlib.Path(f"/proc/{pid}/task").glob("*/comm"):
        with contextlib.suppress(OSError):  # the thread has ended
            count += not name.read_text().startswith("iou-")
    return count


def split_address(text: str) -> Address:
    host, port = text.rsplit(":", 1)
    return host, int(port)


def expected_text(count: int) -> bytes:
    return "".join(f" {i} " for i in range(count)).encode()


def holds_every_record(content: bytes, count: int) -> bool:
    """Whether the content is every record and nothing else, in any order: callback on threads loses the order."""
    text = expected_text(count)
    return content == text or (len(content) == len(text) and sorted(content.split()) == sorted(text.split()))
