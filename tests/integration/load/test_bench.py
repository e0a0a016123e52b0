# SPDX-License-Identifier: MIT

"""The arithmetic of load/bench on figures that are known; no process runs."""

import argparse
import dataclasses
import pathlib
import socket
import tempfile
import time
import unittest

import regression
import responsiveness
import start
from loopscope_load import Json
from loopscope_load.probe import Requests
from loopscope_load.watch import Sample
from parts import eight_streams, more_loops, one_loop_blocked, rounds
from parts.steady_clients import Response, SteadyClient


class Rounds(unittest.TestCase):
    def test_take_turns_and_go_backwards_every_other_time(self) -> None:
        self.assertEqual([name for _, name in rounds.in_turns("abc", 2)], list("abccba"))

    def test_a_spread_of_ratios_has_two_decimals_where_they_matter(self) -> None:
        self.assertEqual(rounds.in_words({"median": 1.046, "min": 0.5, "max": 143.2}), "1.05 (0.50 .. 143)")
        self.assertEqual(rounds.in_words(None), "n/a")


class Responsiveness(unittest.TestCase):
    WINDOW = responsiveness.Window(10_000, 12_000, 7)

    def test_has_the_requests_and_the_loop_of_the_window(self) -> None:
        requests = Requests(
            [999_000, 1_500_000, 2_500_000, 3_000_500], [1, 20, 30, 400], [1, 15, 12, 300]
        )  # us from 9,000 ms
        samples = [
            Sample(at, None, None, lag)
            for at, lag in ((10_050, 900), (10_150, 5), (12_000, 7), (12_001, 800), (11_000, None))
        ]
        stalls: list[Json] = [{"started_ms": 9_999, "duration_ms": 300}, {"started_ms": 11_000, "duration_ms": 40.0}]
        found = responsiveness.figures(self.WINDOW, requests, 9_000, samples, stalls)
        self.assertEqual((found.requests, found.max_us, found.p99_9_us), (2, 30, None))
        self.assertEqual(found.from_sent_max_us, 15)
        self.assertEqual((found.loop_lag_max_us, found.stalls, found.longest_stall_ms, found.writes), (7, 1, 40.0, 7))

    def test_has_no_longest_stall_where_there_was_none(self) -> None:
        found = responsiveness.figures(self.WINDOW, Requests([], [], []), 9_000, [], [])
        self.assertEqual((found.stalls, found.longest_stall_ms), (0, None))

    def test_a_phase_without_a_round_has_no_figures(self) -> None:
        quiet = responsiveness.Figures(
            p50_us=1000,
            p99_us=1000,
            p99_9_us=1000,
            max_us=1000,
            from_sent_max_us=1000,
            requests=4000,
            unanswered=0,
            writes=0,
            loop_lag_max_us=1000,
            stalls=0,
            longest_stall_ms=None,
        )
        found = responsiveness.summary(
            {
                responsiveness.IDLE: [quiet],
                "stream": [dataclasses.replace(quiet, p99_9_us=1500)],
                responsiveness.SLICED: [],
            }
        )
        self.assertIsNone(found[responsiveness.SLICED])
        assert found["stream"]
        self.assertEqual(found["stream"].over_idle["p99_9_us"]["median"], 1.5)
        self.assertTrue(all(len(line) <= 80 for line in responsiveness.table(found)))

    def test_knows_from_the_list_of_methods_whether_callback_takes_slices(self) -> None:
        takes_slices: tuple[tuple[Json, bool], ...] = (({"slice_us": None}, True), ({"count": 1}, False))
        for defaults, takes in takes_slices:
            methods = {
                "methods": [
                    {"name": "partition", "defaults": {"slice_us": 500}},
                    {"name": "callback", "defaults": defaults},
                ]
            }
            self.assertIs(responsiveness.callback_takes_slices(methods), takes)


class Regression(unittest.TestCase):
    OLD = [100.0, 100.0, 100.0]
    AGAIN = [90.0, 100.0, 105.0]  # differs from itself by a ninth at most

    def verdict(self, new: list[float | None], name: str = "a figure, us") -> str:
        return regression.row(name, {"old": self.OLD, "again": self.AGAIN, "new": new}).verdict

    def test_calls_worse_what_lies_beyond_the_noise_of_all_rounds(self) -> None:
        self.assertEqual(self.verdict([112.0, 113.0, 50.0]), "worse")
        self.assertEqual(self.verdict([110.0, 111.0, 500.0]), "")
        self.assertEqual(self.verdict([88.0, 89.0, 200.0]), "better")

    def test_knows_that_more_requests_are_better(self) -> None:
        self.assertEqual(self.verdict([112.0, 113.0, 114.0], "/hello: requests/s"), "better")
        self.assertEqual(self.verdict([89.0, 88.0, 87.0], "/hello: requests/s"), "worse")

    def test_calls_a_change_of_less_than_two_percent_none(self) -> None:
        for size, verdict in ((101.0, ""), (103.0, "worse"), (97.0, "better")):
            measured = {"old": [100.0], "again": [100.0], "new": [size]}
            self.assertEqual(regression.row("size, bytes", measured).verdict, verdict)

    def test_judges_nothing_that_was_not_measured(self) -> None:
        one = regression.row("p99.9, us", {"old": [None, None], "again": [1.0, 1.0], "new": [None, 2.0]})
        self.assertEqual((one.old, one.change, one.verdict), (None, None, ""))
        self.assertIn("n/a", "\n".join(regression.table([one], 2)))

    def test_has_every_order_of_the_builds(self) -> None:
        self.assertEqual(len({tuple(regression.order(number)) for number in range(6)}), 6)

    def test_reads_the_times_over_the_floor(self) -> None:
        run: Json = {"name": "sync/iterations:1", "run_type": "iteration", "real_time": 900.0, "floor_seconds": 0.6}
        document = {"benchmarks": [run, {**run, "run_type": "aggregate"}]}
        self.assertEqual(regression.over_floor(document), {"sync: time over the floor": 1.5})
        del run["floor_seconds"]
        self.assertEqual(regression.over_floor({"benchmarks": [run]}), {"sync: time over the floor": None})

    def test_names_what_a_folder_lacks(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(argparse.ArgumentTypeError, "no loopscope and loopscope-probe"):
                regression.build_at(folder)
            programs = pathlib.Path(folder) / "bin"
            programs.mkdir()
            for name in regression.PROGRAMS:
                (programs / name).touch(0o755)
            found = regression.build_at(folder)
            self.assertEqual((found.server, found.bench), (str(programs / "loopscope"), None))


class MoreLoops(unittest.TestCase):
    def test_gain_what_the_cores_have_left(self) -> None:
        for server_us, wrk_us, rate, times in ((10, 10, 100_000, 1.0), (19, 1, 50_000, 2.0), (10, 10, 50_000, 2.0)):
            one = rounds.Round(rate, server_us, wrk_us, None, None)
            self.assertAlmostEqual(more_loops.at_the_same_cost(one, 2), times)


class OneLoopBlocked(unittest.TestCase):
    def test_distinguishes_the_connections_that_waited(self) -> None:
        idle, write = (0.0, 1.0), (1.0, 3.0)
        waited = [Response(0.5, 100), Response(1.0, 2_000_000), Response(2.9, 100_000), Response(3.0, 5)]
        other = [Response(0.5, 200), Response(2.0, 300)]
        found = one_loop_blocked.figures([waited, other], idle, write)
        self.assertEqual(found.connections_delayed_share, 0.5)
        assert found.requests_delayed_share
        self.assertAlmostEqual(found.requests_delayed_share, 2 / 3)
        self.assertEqual((found.idle["max_us"], found.delayed["max_us"], found.others["max_us"]), (200, 2_000_000, 300))

    def test_a_client_counts_from_the_due_time_and_reads_responses_in_pieces(self) -> None:
        ours, servers = socket.socketpair()
        with ours, servers:
            client = SteadyClient(ours, time.monotonic() - 2)
            client.send()
            client.next_due_s += 1
            client.send()
            response = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"
            servers.sendall(response[:-3])
            client.receive()
            self.assertEqual(client.responses, [])
            servers.sendall(response[-3:] + response)
            client.receive()
            first, second = client.responses
            self.assertGreaterEqual(first.latency_us, 2e6)
            self.assertAlmostEqual(first.latency_us - second.latency_us, 1e6, -1)


class EightStreams(unittest.TestCase):
    def test_are_fair_when_the_slowest_is_the_mean(self) -> None:
        self.assertEqual(eight_streams.figures([100.0] * 8, 25.0).slowest_over_mean, 1)
        unfair = eight_streams.figures([100.0, 300.0], 100.0)
        self.assertEqual((unfair.slowest_over_mean, unfair.fastest_over_mean), (1.5, 0.5))
        self.assertEqual(unfair.slowest_over_one_by_one, 1.5)


class Start(unittest.TestCase):
    def test_a_line_of_the_kernel_is_bytes_and_a_missing_one_is_none(self) -> None:
        status = "VmRSS:\t   10240 kB\nRssAnon:\t    1024 kB\n"
        self.assertEqual(start.bytes_of(status, "VmRSS"), 10240 * 1024)
        self.assertIsNone(start.bytes_of(status, "Pss"))


if __name__ == "__main__":
    unittest.main()
