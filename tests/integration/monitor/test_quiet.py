# SPDX-License-Identifier: MIT

"""Every block of a program is told once, with its place and its duration, and the monitor changes none of them."""

import concurrent.futures
import errno
import os
import time
import unittest
from collections.abc import Callable, Sequence

from polling import wait_until
from programs import KINDS, Program, ask_line, get, program
from truth import Comparison, Truth, short_name

CALL_MS = 300
BLOCK_MS = 100
# What the calls return that wait for something that does not come.
UNDISTURBED = {
    "usleep": (0, 0),
    "poll": (0, 0),
    "select": (0, 0),
    "recv": (-1, errno.EAGAIN),
    "sem_timedwait": (-1, errno.ETIMEDOUT),
    "read": (1, 0),
    "fsync": (0, 0),
}
TIME_OF_OTHERS_MS = 50
# A loop that runs itself does not say when a handler ends: two blocks of one thread are told apart by its idle time. And
# one handler that syncs again and again looks like many, if several threads run the loop.
PAUSE_S = 0.05
KINDS_OF_SEVERAL_THREADS = [kind for kind in KINDS if kind != "fsync"]


def ask_server(
    server: Program, ask: Callable[[int, str], object], kinds: Sequence[str], at_once: int, ms: int = BLOCK_MS
) -> Comparison:
    """Has a server block in all these ways, so many at once, and ends it."""
    port = server.first("port")
    with concurrent.futures.ThreadPoolExecutor(at_once) as clients:
        list(clients.map(lambda kind: ask(port, f"/{kind}?ms={ms}"), kinds))
    server.terminate()
    return server.comparison()


def get_after_pause(port: int, target: str) -> object:
    time.sleep(PAUSE_S)
    return get(port, target)


def send_all(running: Program, kinds: Sequence[str], at_once: int) -> Comparison:
    running.first("ready")
    for begin in range(0, len(kinds), at_once):
        time.sleep(PAUSE_S)
        for kind in kinds[begin : begin + at_once]:
            running.send(f"/{kind}?ms={BLOCK_MS}")
        end = min(begin + at_once, len(kinds))
        wait_until(lambda: len(running.lines("truth")) == end, "the end of the blocks")
    running.end()
    return running.comparison()


class EveryBlock(unittest.TestCase):
    def assert_true(self, comparison: Comparison, blocks: int = len(KINDS)) -> None:
        self.assertEqual(comparison.counts()["truths"], blocks, comparison.table())
        self.assertEqual(comparison.faults(), {}, "\n" + comparison.table())

    def assert_undisturbed(self, truths: Sequence[Truth]) -> None:
        for truth in truths:
            if truth.kind in UNDISTURBED:
                self.assertEqual((truth.result, truth.errno), UNDISTURBED[truth.kind], truth)
            # Longer only by what the machine adds: an interrupted call is an early one.
            self.assertGreater(truth.duration_ms, CALL_MS - 1, truth)
            if truth.kind in UNDISTURBED and truth.kind != "fsync":
                self.assertLess(truth.duration_ms, CALL_MS + TIME_OF_OTHERS_MS + truth.queue_ms, truth)

    def test_of_a_server_with_one_thread_is_told_and_lasts_as_long_as_unwatched(self) -> None:
        with Program("beast_server", "threads=1") as server:
            comparison = ask_server(server, get, KINDS, 1, CALL_MS)
        self.assert_undisturbed([each.truth for each in comparison.findings])
        self.assert_true(comparison)

    def test_of_four_threads_is_told_while_two_others_are_blocked_too(self) -> None:
        with Program("beast_server", "threads=4") as server:
            self.assert_true(ask_server(server, get, KINDS, 3))

    def test_is_told_of_a_server_that_runs_its_loop_itself(self) -> None:
        for threads, kinds in ((1, KINDS), (4, KINDS_OF_SEVERAL_THREADS)):
            with self.subTest(threads=threads), Program("beast_server", f"threads={threads}", "run=plain") as server:
                self.assert_true(ask_server(server, get_after_pause, kinds, 1), len(kinds))

    def test_of_a_coroutine_is_told_with_the_coroutines_that_wait_for_it(self) -> None:
        with Program("coroutine_server") as server:
            comparison = ask_server(server, ask_line, KINDS, 1)
        self.assert_true(comparison)
        for record in comparison.records:
            names = [short_name(name) for name in record.told.get("awaited_by", [])]
            self.assertEqual(
                [name for name in names if name in ("middle", "outer", "serve")], ["middle", "outer", "serve"]
            )

    def test_of_a_pool_is_told(self) -> None:
        with Program("pool_program", "threads=4") as pool:
            self.assert_true(send_all(pool, KINDS_OF_SEVERAL_THREADS, 3), len(KINDS_OF_SEVERAL_THREADS))

    @unittest.skipUnless(os.path.exists(program("standalone_asio")), "Asio without Boost is not there (libasio-dev)")
    def test_of_a_loop_without_boost_is_told(self) -> None:
        with Program("standalone_asio") as standalone:
            self.assert_true(send_all(standalone, KINDS, 1))

    def test_on_a_mutex_names_the_thread_that_holds_it_and_what_that_does(self) -> None:
        with Program("beast_server", "threads=4") as server:
            comparison = ask_server(server, get, ["mutex"], 1)
        self.assert_true(comparison, 1)
        record = comparison.findings[0].record
        assert record
        for words in ("flusher", "refresh_cache", "clock_nanosleep"):
            self.assertIn(words, record.sentence)
        self.assertEqual(record.told["holder"], "flusher")


if __name__ == "__main__":
    unittest.main()
