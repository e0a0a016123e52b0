# SPDX-License-Identifier: MIT

"""The cost of writes side by side: the slowest of N that start together, over N times a single one. 1 is linear."""

import concurrent.futures
import threading
import time

from loopscope_load.writes import Client


def together_ms(url: str, method: str, count: int, writes: int) -> float:
    """The time from the common start to the end of the last write, as the clients saw it."""
    begin = threading.Barrier(writes + 1)

    def one(_: int) -> None:
        with Client(url) as client:
            client.check_hello()  # opens the connection
            begin.wait()
            client.write(method, count, verify=False)

    with concurrent.futures.ThreadPoolExecutor(writes) as clients:
        running = [clients.submit(one, number) for number in range(writes)]
        begin.wait()
        begun = time.monotonic()
        for each in running:
            each.result()
        return (time.monotonic() - begun) * 1000


def over_linear(url: str, method: str, count: int, numbers: tuple[int, ...]) -> dict[int, float]:
    """For each number of writes, the time over that many times a single write."""
    alone_ms = together_ms(url, method, count, 1)
    return {writes: together_ms(url, method, count, writes) / (writes * alone_ms) for writes in numbers}
