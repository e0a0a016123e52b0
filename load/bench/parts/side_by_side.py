# SPDX-License-Identifier: MIT

"""Writes side by side: several that start together, until the last one has ended."""

import concurrent.futures
import dataclasses
import threading
import time

from loopscope_load.servers import ServerProcess
from loopscope_load.writes import Client
from parts import rounds


@dataclasses.dataclass(frozen=True)
class Together:
    """As the clients saw it: from the common start to the end of the last write."""

    seconds: float
    cores: float


def write_together(server: ServerProcess, method: str, count: int, writes: int) -> Together:
    begin = threading.Barrier(writes + 1)

    def one(_: int) -> None:
        with Client(server.url) as client:
            client.check_hello()  # opens the connection
            begin.wait()
            client.write(method, count, verify=False)

    with concurrent.futures.ThreadPoolExecutor(writes) as clients:
        ends = [clients.submit(one, number) for number in range(writes)]
        cpu_before_ns = rounds.cpu_ns([server.pid])
        begin.wait()
        begun = time.monotonic()
        for end in ends:
            end.result()
        seconds = time.monotonic() - begun
    return Together(seconds, (rounds.cpu_ns([server.pid]) - cpu_before_ns) / 1e9 / seconds)


def over_linear(server: ServerProcess, method: str, count: int, numbers: tuple[int, ...]) -> dict[int, float]:
    """For each number of writes, the time over that many times a single write: 1 is linear."""
    alone = write_together(server, method, count, 1)
    return {
        writes: write_together(server, method, count, writes).seconds / (writes * alone.seconds) for writes in numbers
    }
